"""`kazi ledger …` as an operator runs it, in this process: eleven of them would take long."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.errors import Refusal
from bot.store.database import Database
from tests.pay.bookkeeping import PRICE, earn, people


def kazi(*args: str) -> Result:
    found = CliRunner().invoke(app, ["ledger", *args])
    if isinstance(found.exception, Refusal):
        raise found.exception
    return found


async def fill(url: str) -> int:
    database = Database(url)
    worker, project = await people(database)
    async with database.transaction() as session:
        await earn(session, worker, project, 1)
    await database.dispose()
    return worker


def test_the_books_are_read_proven_exported_and_corrected(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAZI_DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")
    worker = asyncio.run(fill(database_url))

    one = json.loads(kazi("balance", "w-test234", "--json").stdout)
    assert one["balances"]["USD"] == {"pending": 0, "available": PRICE, "held": 0}
    assert "0.0125" in kazi("balance").stdout
    assert json.loads(kazi("trial", "--json").stdout)["sums"] == {"USD": 0}
    assert kazi("trial").exit_code == 0
    assert "-0.0125" in kazi("lines", f"w_{worker}").stdout
    newest = json.loads(kazi("lines", str(worker), "--limit", "1", "--json").stdout)
    assert [(line["account"], line["micro"]) for line in newest] == [("available", PRICE)]

    output = tmp_path / "k.beancount"
    made = kazi("export", "--format", "beancount", "--output", str(output))
    assert (made.exit_code, made.stderr) == (0, "2 postings\n")
    assert "W-test234:Available:USD -0.0125 USD" in output.read_text()
    assert kazi("export", "--until", "2020-01-01").stdout.count("\n") == 1
    assert kazi("export").stdout.count("\n") == 1 + 4
    assert kazi("export", "--format", "xml").exit_code == 2

    assert kazi("reverse", "2", "--reason", "paid twice").stdout == "posting 3 reverses 2\n"
    with pytest.raises(Refusal, match="Posting 2 was reversed already"):
        kazi("reverse", "2", "--reason", "paid twice")
    with pytest.raises(Refusal, match="There is no worker “w-nobody”"):
        kazi("balance", "w-nobody")

    proof = kazi("verify")
    assert (proof.exit_code, "wrong: none" in proof.stdout) == (0, True)
    assert json.loads(kazi("verify", "--json").stdout)["wrong"] == []
