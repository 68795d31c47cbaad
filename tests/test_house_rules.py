"""Rules of the house that no linter knows."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = sorted((ROOT / "bot").rglob("*.py")) + sorted((ROOT / "handlers").rglob("*.py"))
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "service", "processor"}


def test_only_the_database_module_commits_or_rolls_back():
    assert not [
        found for found in _calls({"commit", "rollback"}) if not found.startswith("bot/store/")
    ]


def test_only_deliver_and_the_app_await_telegram():
    """A message leaves by the outbox; the sandbox is a server, not a caller."""
    wire = {"call", "fetch", "get_file", "send_message", "send_document", "edit_message_text"}
    allowed = ("handlers/deliver.py", "bot/app.py", "bot/cli/", "bot/sandbox/")
    assert not [found for found in _calls(wire, "wire", "bot") if not found.startswith(allowed)]


def test_no_module_is_named_after_nothing():
    assert not [path for path in OURS if path.stem in FORBIDDEN_NAMES]


def test_every_module_says_what_it_is_for():
    silent = [path for path in OURS if not ast.get_docstring(ast.parse(path.read_text()))]
    assert [path for path in silent if "versions" not in path.parts] == []


def _calls(methods: set[str], *owners: str) -> Iterator[str]:
    """`file:line` of calls of these methods (on attributes or names called `owners`, if given)."""
    for path in OURS:
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner = node.func.value
            name = getattr(owner, "attr", getattr(owner, "id", ""))
            if node.func.attr in methods and (not owners or name in owners):
                yield f"{path.relative_to(ROOT)}:{node.lineno}"
