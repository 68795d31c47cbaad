"""The kazi command as an operator runs it: a process, its words and its exit code."""

import csv
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.store.database import Database
from tests.work import crowd
from tests.work.crowd import Given

Kazi = Callable[..., subprocess.CompletedProcess[str]]

PROJECT = """
[project]
id = "quick"
name = "Is it right?"
languages = ["en"]
budget = "10 USD"
[stage]
type = "choice"
options = ["yes", "no"]
show = ["text"]
price = "0.02 USD"
overlap = 2
gold_share = 0
[stage.text.en]
question = "Is it right?"
"""


@pytest.fixture
def kazi(database_url: str, tmp_path: Path) -> Kazi:
    """Runs `kazi …` in a folder of its own on a database of its own."""
    folder = {"KAZI_DATABASE_URL": database_url, "PYTHONPATH": str(Path.cwd())}

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bot", *args],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=os.environ | folder,
        )

    (tmp_path / "quick.toml").write_text(PROJECT)
    (tmp_path / "tasks.csv").write_text("key,text\na,one and one is two\nb,one and one is three\n")
    return run


def test_a_project_goes_from_a_file_to_an_export(kazi: Kazi, tmp_path: Path):
    applied = kazi("project", "apply", "quick.toml", "--json")
    assert json.loads(applied.stdout) == {"project": "quick", "state": "draft"}
    loaded = json.loads(kazi("import", "quick", "tasks.csv", "--json").stdout)
    assert (loaded["added"], loaded["known"]) == (2, 0)
    assert json.loads(kazi("import", "quick", "tasks.csv", "--json").stdout)["known"] == 2
    assert kazi("project", "open", "quick").stdout == "quick: open\n"

    exported = kazi("export", "quick", "--output", "r.csv", "--manifest", "m.json")
    assert exported.returncode == 0, exported.stderr
    content = (tmp_path / "r.csv").read_bytes()
    rows = list(csv.DictReader(content.decode().splitlines()))
    assert [(row["task"], row["status"]) for row in rows] == [("a", "open"), ("b", "open")]
    manifest = json.loads((tmp_path / "m.json").read_text())
    assert manifest["files"]["r.csv"]["sha256"] == hashlib.sha256(content).hexdigest()
    assert kazi("export", "quick").stdout.encode() == content


def test_check_says_what_it_looked_at(kazi: Kazi):
    checks = {one["name"]: one for one in json.loads(kazi("check", "--json").stdout)}
    assert set(checks) == {
        *("settings", "database", "migrations", "key"),
        *("catalogs", "ledger", "chains", "invariants", "payouts"),
    }
    assert all(one["ok"] for one in checks.values())


def test_wrong_things_are_said_in_a_sentence_and_exit_with_1(kazi: Kazi, tmp_path: Path):
    missing = kazi("project", "open", "nothing")
    assert (missing.returncode, "nothing" in missing.stderr) == (1, True)
    (tmp_path / "bad.toml").write_text(PROJECT.replace("overlap = 2", "overlap = 0"))
    refused = kazi("project", "apply", "bad.toml")
    assert refused.returncode == 1
    assert "stage.overlap" in refused.stderr
    kazi("project", "apply", "quick.toml")
    (tmp_path / "bad.csv").write_text("key,text\na,one\nb\n")
    faults = kazi("import", "quick", "bad.csv")
    assert faults.returncode == 1
    assert "Line 3" in faults.stderr
    assert "Traceback" not in missing.stderr + refused.stderr + faults.stderr


def test_rules_are_shown_and_rehearsed(kazi: Kazi, tmp_path: Path):
    line = "gold_accuracy < 60% over 10: pause 3d"
    ruled = PROJECT.replace("overlap = 2", f'overlap = 2\nrules = ["{line}"]')
    (tmp_path / "quick.toml").write_text(ruled)
    kazi("project", "apply", "quick.toml")
    assert kazi("project", "rules", "quick").stdout == f"{line}\n"
    assert json.loads(kazi("project", "rules", "quick", "--json").stdout) == [line]
    rehearsed = kazi("project", "rules", "quick", "--dry-run", "--days", "3")
    assert "0 of 0 people, 0 answers" in rehearsed.stdout
    assert json.loads(kazi("project", "rules", "quick", "--dry-run", "--json").stdout) == []
    wrong = kazi("project", "rules", "quick", "--dry-run", "--rule", "skips >= 3: pause 1d")
    assert (wrong.returncode, "skipping is free" in wrong.stderr) == (1, True)


def test_usage_exits_with_2(kazi: Kazi):
    assert kazi("export").returncode == 2
    assert kazi("export", "quick", "--format", "xml").returncode == 2


def test_a_bot_without_a_token_says_where_to_get_one(kazi: Kazi):
    refused = kazi("run")
    assert (refused.returncode, "@BotFather" in refused.stderr) == (1, True)


def test_without_a_key_postgresql_says_that_names_are_open_and_sqlite_makes_one(
    kazi: Kazi, monkeypatch
):
    monkeypatch.setenv("KAZI_DATA_KEY", "")
    told = {one["name"]: one for one in json.loads(kazi("check", "--json").stdout)}
    sealed = told["database"]["detail"].startswith("sqlite")
    assert told["key"]["ok"]
    assert ("names are sealed" if sealed else "`kazi key` prints one") in told["key"]["detail"]


def test_what_is_no_key_is_told_by_check(kazi: Kazi, monkeypatch):
    monkeypatch.setenv("KAZI_DATA_KEY", kazi("key").stdout.strip())
    assert kazi("check").returncode == 0
    monkeypatch.setenv("KAZI_DATA_KEY", "my dog's name")
    assert "holds something that is not a key" in kazi("check").stdout


def test_a_ranking_of_nothing_says_what_is_missing(kazi: Kazi):
    kazi("project", "apply", "quick.toml")
    refused = kazi("project", "ranking", "quick", "--fields", "ours", "theirs")
    assert refused.returncode == 1
    assert "no task with the fields “ours” and “theirs” has been compared" in refused.stderr


async def test_tasks_that_everybody_agrees_on_become_gold_when_asked(kazi: Kazi, database_url: str):
    database = Database(database_url)
    settings = {"options": ["yes", "no"], "show": ["text"], "photo": None, "audio": None}
    await crowd.fill(database, [Given("a", worker, "yes") for worker in "xyz"], settings=settings)
    await database.dispose()
    told = kazi("project", "gold", "sw-fluency", "--json")
    assert json.loads(told.stdout) == [
        {"key": "a", "language": "sw", "label": "yes", "answers": 3}
    ], told.stderr
    assert json.loads(kazi("project", "gold", "sw-fluency", "--make", "a", "--json").stdout)
    assert json.loads(kazi("project", "gold", "sw-fluency", "--json").stdout) == []
    refused = kazi("project", "gold", "sw-fluency", "--make", "a")
    assert refused.returncode == 1
    assert "not among those that could become gold" in refused.stderr


def test_tiers_are_listed_changed_and_shown_with_their_history(kazi: Kazi):
    listed = json.loads(kazi("tier", "list", "--json").stdout)
    assert [one["tier"] for one in listed["tiers"]] == ["basic", "expert", "language", "quality"]
    assert {"field": "biology", "wage": "25 USD"} in listed["fields"]
    changed = kazi("tier", "set", "basic", "wage=500", "floor=300", "--currency", "kes", "--json")
    assert json.loads(changed.stdout)["wage"] == "500 KES"
    refused = kazi("tier", "set", "basic", "wage=200", "--currency", "KES")
    assert refused.returncode == 1
    assert "200 KES, below its floor of 300 KES" in refused.stderr
    assert kazi("tier", "set", "basic", "wage", "--json").returncode == 2
    later = ("--begins", "2999-01-01", "--country", "ke")
    assert kazi("tier", "set", "basic", "wage=5", *later).returncode == 0
    shown = json.loads(kazi("tier", "show", "basic", "--json").stdout)
    assert sorted((one["country"], one["wage"]) for one in shown) == [
        ("*", "4 USD"),
        ("*", "500 KES"),
        ("KE", "5 USD"),
    ]
    assert kazi("tier", "field", "geology", "31 USD").stdout == "geology: 31 USD\n"
    assert "geology" in kazi("tier", "list").stdout
