#!/bin/sh
# Installs this checkout into .venv beside it, without the tools of development; run it again after
# `git pull`. Needs Python 3.11 or newer with its venv module.
set -eu
cd "$(dirname "$0")/.."
test -x .venv/bin/python || "${PYTHON:-python3}" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check "uv>=0.9,<1"
# By its number a version looks installed already: only --reinstall-package takes the new code.
VIRTUAL_ENV=$PWD/.venv .venv/bin/uv sync --quiet --frozen --no-dev --no-editable --inexact \
    --compile-bytecode --reinstall-package kazi
.venv/bin/kazi --help >/dev/null
echo "installed: $PWD/.venv/bin/kazi"
