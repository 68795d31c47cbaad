# Two commands: `make demo` to try Kazi, `make test` to prove it. Both set up everything they need:
# Python 3.11 or newer, make, and a package registry are enough.

PYTHON ?= python3
RUN = .venv/bin

.PHONY: demo test lint coverage audit chaos bench catalogs setup clean

demo: setup
	@$(RUN)/kazi demo $(ARGS)

# Three at a time on two cores: storms wait more than they work.
test: lint coverage
	@$(RUN)/pytest -q -n 3 --dist worksteal $(or $(ARGS),--ignore=tests/quality --rest)

lint: setup
	@$(RUN)/ruff check .
	@$(RUN)/ruff format --check .
	@$(RUN)/mypy
	@$(RUN)/lint-imports
	@$(RUN)/python -m bot.catalogs check

# Every branch behind pay and trust, by its own tests. Counting doubles the time of a test, so it is
# done on one database and without the long model; `make test` runs the rest of them uncounted.
coverage: .venv/analytics
	@rm -f .venv/.coverage*
	@$(RUN)/coverage run -m pytest -q -n 2 tests/quality tests/pay -k "not postgresql and not money_model"
	@$(RUN)/coverage combine -q
	@$(RUN)/coverage report

# Known holes in what is locked. Asks the advisory service, so it is no part of `make test`.
audit: setup
	@$(RUN)/uv export --frozen --quiet --no-emit-project --all-extras --format requirements-txt > .venv/locked.txt
	@$(RUN)/uv tool run --quiet pip-audit --strict --disable-pip --require-hashes -r .venv/locked.txt $(ARGS)

# The long forms of what `make test` runs in short: 50 kills of real processes, each started cold,
# 10 minutes of everything at once, 100 races of two who pay, and money moved in any order.
LONG = KAZI_CHAOS_KILLS=50 KAZI_CHAOS_COLD=1 KAZI_CHAOS_SECONDS=600
LONG += KAZI_CHAOS_ROUNDS=100 KAZI_CHAOS_CROWD=200 KAZI_CHAOS_EXAMPLES=200
chaos: setup
	@$(LONG) $(RUN)/pytest tests/chaos tests/pay/test_payout_races.py tests/pay/test_money_model.py -s $(ARGS)

bench: setup
	@$(RUN)/python -m tests.bench $(ARGS)

catalogs: setup
	@$(RUN)/python -m bot.catalogs extract
	@$(RUN)/python -m bot.catalogs update

setup: .venv/ready

# The lock decides every version; uv comes from the registry into the environment itself, and trusts
# the certificates that the machine trusts: behind a proxy of its own a company signs them itself.
.venv/ready: pyproject.toml uv.lock
	@test -x $(RUN)/python || $(PYTHON) -m venv .venv
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.11,<1"
	@VIRTUAL_ENV=$(CURDIR)/.venv UV_SYSTEM_CERTS=1 $(RUN)/uv sync --frozen --quiet --inexact --compile-bytecode
	@touch $@

# crowd-kit, for the tests that run it and compare with it: 700 MB, so no part of `make demo`.
# Not compiled beforehand: 4 s instead of 20, and a tenth of it is ever imported.
.venv/analytics: .venv/ready
	@VIRTUAL_ENV=$(CURDIR)/.venv UV_SYSTEM_CERTS=1 $(RUN)/uv sync --frozen --quiet --inexact --extra analytics
	@touch $@

clean:
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache
