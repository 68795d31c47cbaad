"""What money came or went for, in words of statements."""

from bot import i18n
from bot.i18n import gettext as _
from bot.pay.statements import Line
from handlers import reasons

PENDING = ("answered", "returned")  # states of assignments whose pay waits for a verdict


def kind(name: str) -> str:
    """A kind of posting as the heading of its sum."""
    words = {
        "answer": _("Answers"),
        "refuse": _("Answers not accepted"),
        "accept": _("Answers graded"),
        "appeal": _("Appeals won"),
        "audit": _("Second looks"),
        "review": _("Reviews"),
        "report": _("Broken tasks"),
        "topup": _("Top-ups to the hourly floor"),
        "bonus": _("Bonuses"),
        "payout": _("Paid out to you"),
        "reverse": _("Corrections"),
    }
    return words.get(name, name)


def state(line: Line) -> str:
    """What became of it: pending, accepted, or not and why."""
    if line.kind == "refuse":
        return reasons.said(line.reason) if line.reason in reasons.REASONS else _("Not accepted")
    if line.kind != "answer":
        return ""
    if line.state in PENDING:
        return _("Pending")
    return _("Accepted") if line.state == "accepted" else _("Not accepted")


def columns() -> tuple[str, ...]:
    """The heads of a listing of lines."""
    return _("Line"), _("Date"), _("Project"), _("For"), _("Amount"), _("State")


def when(line: Line, zone: str) -> tuple[str, str]:
    """What opens a line in the chat, and its moment."""
    day = f"{i18n.full_day(line.at, zone)}, {i18n.clock_time(line.at, zone)}"
    return f"/l_{line.posting_id}", day
