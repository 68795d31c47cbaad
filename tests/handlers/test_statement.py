"""/statement: sums in the chat, files to keep, lines that open."""

import csv
import io

import pytest
from sqlalchemy import update

from bot import i18n
from bot.models.base import table
from bot.models.people import Worker
from bot.pay import ledger, monthly
from bot.pay.months import Month
from bot.pay.statements import Line
from handlers import statement_file, statement_pdf
from tests.handlers.office import press, sent, tell
from tests.handlers.people import worker_of
from tests.handlers.test_balance import earn
from tests.life import Life, buttons, last_with_buttons
from tests.pay.test_statements import NOW
from tests.stories import scenes

NOVEMBER = Month(2026, 11)


async def test_a_month_is_told_kept_and_opened(bot: Life) -> None:
    person = await bot.join("Amina")
    worker = await worker_of(bot, person)
    await earn(bot, worker, 8, accepted=3)
    await scenes.change(bot, update(table(Worker)).values(created_at=NOW.replace(month=9)))
    text = await tell(bot, person, "/statement november 2026")
    assert "Balance at the end: $0.16 USD" in text
    assert "Answers: $0.16 USD" in text
    assert "Sentences: $0.16 USD" in text
    assert buttons(last_with_buttons(person))[:3] == ["8 lines", "PDF", "CSV"]

    for label in ("PDF", "CSV", "PDF"):
        await press(bot, person, label)
    files = sent(bot, person)
    assert files["kazi-2026-11.pdf"].startswith(b"%PDF-")
    rows = list(csv.DictReader(io.StringIO(files["kazi-2026-11.csv"].decode())))
    assert [row["Amount"] for row in rows] == ["0.02"] * 8
    assert [row["State"] for row in rows] == ["Accepted"] * 3 + ["Pending"] * 5

    assert "Sentence 1" in await tell(bot, person, rows[0]["Line"])
    await tell(bot, person, "/statement 2026-11")
    await press(bot, person, "8 lines")
    await press(bot, person, "›")
    assert len(buttons(last_with_buttons(person))) == 2 + 3 + 1
    message = last_with_buttons(person)
    await person.tap(message["message_id"], row=0, col=0)
    await bot.settle()
    assert "Inasikika vizuri?" in person.last["text"]
    await press(bot, person, "Back")
    await press(bot, person, "Back")
    assert "Statement: October 2026" in await press(bot, person, "‹ October")
    assert "No money came or went." in await tell(bot, person, "/statement 2026-09")
    assert "“smarch” is not a month" in await tell(bot, person, "/statement smarch")


async def test_nobody_opens_the_lines_of_others_by_number(bot: Life) -> None:
    amina, baraka = await bot.join("Amina"), await bot.join("Baraka")
    await earn(bot, await worker_of(bot, amina), 1)
    assert "no longer there" in await tell(bot, baraka, "/l_1")
    assert "is not a month" in await tap(bot, baraka, "sm:file:2026-99:pdf")
    assert "no longer there" in await tap(bot, baraka, "sm:file:2026-11:exe")
    assert "no longer there" in await tap(bot, baraka, "bl:page:0:2026-11:0")


async def tap(bot: Life, person, data: str) -> str:
    await person.tap_data(person.chat.messages[-1]["message_id"], data)
    await bot.settle()
    return str(person.chat.toasts[-1]["text"])


async def test_the_totals_of_the_file_are_those_of_the_ledger(bot: Life) -> None:
    person = await bot.join("Amina", language="sw")
    worker = await worker_of(bot, person)
    await earn(bot, worker, 3, accepted=2)
    await tell(bot, person, "/statement")
    async with bot.database.reading() as session:
        found = await monthly.statement(
            session, await session.get_one(Worker, worker.id), Month.of(NOW, "Africa/Nairobi")
        )
        (balance,) = await ledger.balances(session, worker.id)
    (sheet,) = found.sheets
    assert sheet.closing == balance.pending + balance.available


def made(*names: str, kind: str = "answer") -> monthly.Statement:
    since, until = NOVEMBER.bounds("Africa/Nairobi")
    lines = [
        Line(number, NOW, kind, 10_001, "USD", name, "accepted", f"c{number}", "R3")
        for number, name in enumerate(names)
    ]
    sheets = (monthly.sheet("USD", 5, lines),)
    return monthly.Statement("w-7k2m9q4", NOVEMBER, "Africa/Nairobi", since, until, sheets)


@pytest.mark.parametrize("language", ["en", "sw"])
def test_the_same_statement_is_the_same_file(language: str) -> None:
    with i18n.speaking(language):
        one = made(*["Sentences"] * 60)
        assert statement_file.pdf(one) == statement_file.pdf(one)
        assert statement_file.csv(one) == statement_file.csv(one)


def test_a_name_the_font_cannot_write_is_a_code(monkeypatch) -> None:
    names = ["Žluťoučký", "Ελληνικά", "Русский", "文章", "جمل", "हिन्दी", "🙂 fun", "a\u2066b\u2069"]
    shown = [statement_pdf.printable(name, "p_7k2") for name in names]
    assert shown == ["Žluťoučký", "Ελληνικά", "Русский", *["p_7k2"] * 4, "ab"]
    assert statement_file.pdf(made(*names, "x" * 300)).startswith(b"%PDF-")


def test_a_name_that_a_spreadsheet_would_run_is_kept_from_it() -> None:
    assert b'"\'=1+1"' in statement_file.csv(made("=1+1"))


def test_what_was_not_accepted_says_why() -> None:
    assert b"R3: A rule was missed" in statement_file.csv(made("Sentences", kind="refuse"))
    assert b"Paid out to you" in statement_file.csv(made("Sentences", kind="payout"))
