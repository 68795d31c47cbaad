"""A statement as a file: PDF to keep and show, CSV to calculate with. The same bytes each time."""

import asyncio
from collections.abc import Mapping
from io import StringIO
from typing import Any

from bot import formats, i18n
from bot.errors import Gone
from bot.i18n import gettext as _
from bot.models.people import Worker
from bot.money import decimal
from bot.pay import monthly
from bot.pay.monthly import Statement
from bot.pay.months import Month
from bot.store.database import Session
from handlers import money_words

FORMATS = ("pdf", "csv")


async def render(session: Session, wanted: Mapping[str, Any]) -> tuple[str, bytes]:
    """A document of the outbox as file name and bytes, in the worker's language."""
    worker = await session.get(Worker, wanted["worker"])
    if worker is None or wanted["format"] not in FORMATS:
        raise Gone
    found = await monthly.statement(session, worker, Month.parse(wanted["month"]))
    name = f"kazi-{found.month}.{wanted['format']}"
    with i18n.speaking(worker.locale or i18n.ENGLISH):
        if wanted["format"] == "csv":
            return name, csv(found)
        # A page of lines takes 20 ms: a long month must not stop the loop.
        return name, await asyncio.to_thread(pdf, found)


def csv(found: Statement) -> bytes:
    """Every line; the amounts of a currency sum to closing less opening."""
    columns = (*money_words.columns(), _("Currency"), _("Project code"))
    stream = StringIO()
    rows = (
        dict(
            zip(
                columns,
                (
                    *money_words.when(line, found.zone),
                    line.project or "",
                    money_words.kind(line.kind),
                    decimal(line.micro),
                    money_words.state(line),
                    line.currency,
                    f"p_{line.code}" if line.code else "",
                ),
                strict=True,
            )
        )
        for sheet in found.sheets
        for line in sheet.lines
    )
    formats.write(columns, rows, stream, "csv")
    return stream.getvalue().encode()


def pdf(found: Statement) -> bytes:
    """All sheets, each with its sums, then line by line."""
    from handlers import statement_pdf  # its libraries take half a second to import

    return statement_pdf.drawn(found)
