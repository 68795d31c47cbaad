"""A task as messages: the same card for a worker and for an admin's preview."""

from collections.abc import Callable, Sequence

from bot.task_types.kind import Ask, Block, Wording
from handlers import cards
from handlers.cards import Message, escape
from handlers.keyboards import Button, Rows

POLL_QUESTION = 300  # characters, Telegram's
LONGEST = 3000  # UTF-16 units of a row on one card: 4096, less question, terms and marks


def messages(
    *,
    wording: Wording,
    ask: Ask,
    head: Sequence[str],
    data: Callable[[int], str],
    rows: Rows = (),
    foot: str = "",
) -> list[Message]:
    """What shows the task; the last one has the buttons. `data` gives an answer button's data."""
    asked = f"<b>{escape(wording.question)}</b>"
    text = _joined([*head, asked, *_body(ask), foot])
    before = _media(ask)
    if _length(ask) > LONGEST:
        text = _joined([*head, asked, escape(ask.rule) if ask.rule else "", foot])
        before += _long_blocks(ask)
    buttons = [*_answers(ask, data), *rows]
    if ask.poll:
        question = wording.question[:POLL_QUESTION]
        poll = Message(text=question, poll=ask.poll, rows=buttons, protect=True)
        return [*before, Message(text=text, protect=True), poll]
    if before and before[-1].kind in ("photo", "audio") and len(text) <= cards.CAPTION:
        return [*before[:-1], cards.with_rows(cards.with_text(before[-1], text), buttons)]
    return [*before, Message(text=text, rows=buttons, protect=True)]


def _joined(parts: Sequence[str]) -> str:
    return "\n".join(part for part in parts if part)


def _body(ask: Ask) -> list[str]:
    quoted = [_quote(block) for block in ask.blocks if block.kind == "text"]
    return [*quoted, escape(ask.rule)] if ask.rule else quoted


def _quote(block: Block) -> str:
    """Task content in a paragraph of its own: it may run in another direction than the bot."""
    title = f"<b>{escape(block.title)}</b>\n" if block.title else ""
    return f"<blockquote>{title}{escape(block.content)}</blockquote>"


def _answers(ask: Ask, data: Callable[[int], str]) -> list[list[Button]]:
    index, made = 0, []
    for row in ask.buttons:
        made.append([Button(label, data(index + at)) for at, label in enumerate(row)])
        index += len(row)
    return made


def _media(ask: Ask) -> list[Message]:
    return [_medium(block) for block in ask.blocks if block.kind != "text"]


def _long_blocks(ask: Ask) -> list[Message]:
    """Texts that do not fit on the card come before it, each in messages of its own."""
    return [
        Message(text=_quote(Block("text", piece, block.title)), protect=True)
        for block in ask.blocks
        if block.kind == "text"
        for piece in _pieces(block.content)
    ]


def _pieces(text: str) -> list[str]:
    """The text cut between words where possible, each piece short enough for one message."""
    pieces = []
    while _units(text) > LONGEST:
        window = text[: LONGEST // 2] if _units(text[:LONGEST]) > LONGEST else text[:LONGEST]
        cut = max(window.rfind("\n"), window.rfind(" ")) + 1 or len(window)
        pieces.append(text[:cut])
        text = text[cut:]
    return [*pieces, text] if text else pieces


def _length(ask: Ask) -> int:
    return sum(_units(block.title + block.content) for block in ask.blocks if block.kind == "text")


def _units(text: str) -> int:
    """Telegram counts text in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def _medium(block: Block) -> Message:
    if block.kind == "photo":
        return Message(text="", photo=block.content, protect=True)
    return Message(text="", audio=block.content, protect=True)
