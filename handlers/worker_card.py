"""A worker as a card for those who run the bot: figures, what is limited, what can be done."""

from collections.abc import Iterator

from bot import i18n
from bot.i18n import gettext as _
from bot.models.people import Worker
from bot.work import restrictions
from bot.work.restrictions import Limit
from bot.work.reviews import Tally
from bot.work.roster import Profile
from handlers import choices, restriction_card, review_card, skill_words, wage_words
from handlers.callbacks import pack
from handlers.cards import Message, answers, bold, escape
from handlers.keyboards import Button

# Callback prefixes of /workers, of restricting somebody and of a bonus for them.
WS, RS, BO = "ws", "rs", "bo"


def card(found: Profile, zone: str) -> Message:
    """On one screen; a restriction can be lifted and a proposal decided from here."""
    lines = [
        bold(escape(found.worker.pseudonym)),
        f"/w_{found.worker.id} · {state(found.worker)}",
        *_figures(found),
        *(f"⚠ {line}" for line in _limited(found, zone)),
        *_fired(found),
    ]
    return Message(text="\n".join(line for line in lines if line), rows=_rows(found))


def state(worker: Worker) -> str:
    """In words; somebody whose agreement is missing gets no work either."""
    words = {
        "active": _("can work"),
        "paused": _("an agreement is missing"),
        "joining": _("has not finished joining"),
        "declined": _("has not joined"),
        "gone": _("has left"),
    }
    return words.get(worker.state, worker.state)


def country(worker: Worker) -> str:
    return i18n.country_name(worker.country) if worker.country else _("country not said")


def _figures(found: Profile) -> Iterator[str]:
    spoken = ", ".join(map(i18n.language_name, found.languages))
    yield _("{country}; languages: {languages}").format(
        country=escape(country(found.worker)), languages=escape(spoken or "–")
    )
    yield _("Since {day}").format(day=i18n.full_day(found.worker.created_at, "UTC"))
    if found.worker.field:
        yield _("Field, by their own word: {field}").format(
            field=escape(choices.field(found.worker.field))
        )
    yield answers(found.answers)
    yield from wage_words.week(found.week)
    for name, level in sorted(found.skills.items()):
        yield f"{escape(skill_words.name(name))}: {skill_words.score(level)}"
    if found.acceptance is not None:
        yield _("Accepted of what was decided: {share}").format(
            share=i18n.percent(found.acceptance)
        )
    yield from _decisions(found.tally)


def _decisions(tally: Tally) -> Iterator[str]:
    """Of a reviewer: how their decisions fared."""
    if tally.decided:
        said = _(
            "Decisions as a reviewer: {decided}. Looked at again: {again}, overturned: {share}."
        )
        yield said.format(
            decided=i18n.number(tally.decided),
            again=i18n.number(tally.seen_again),
            share=i18n.percent(tally.overturned / max(tally.seen_again, 1)),
        )
    yield from review_card.known(tally)


def _limited(found: Profile, zone: str) -> Iterator[str]:
    for limit in found.limits:
        yield restriction_card.about(limit, zone)
    for limit in found.proposals:
        text = _("Proposed, waits for a second person: {about}")
        yield text.format(about=_proposal(limit))


def _proposal(limit: Limit) -> str:
    seconds = limit.restriction.seconds
    about = _("{project}, {length}: {reason}").format(
        project=restriction_card.place(limit),
        length=_("until it is lifted") if seconds is None else i18n.duration(seconds),
        reason=restriction_card.why(limit),
    )
    asked = _("Asked for by {name}.").format(name=escape(limit.asker))
    return f"{about} {asked}"


def decided(limit: Limit, worker: Worker, name: str) -> Message:
    """To whoever asked for it: what the second person said."""
    text = _("{name} turned down your restriction of {worker}. They were told nothing.")
    if limit.restriction.confirmed_by is not None:
        text = _(
            "{name} agreed to your restriction of {worker}. It begins now, and they were told."
        )
    who = f"/w_{worker.id} {escape(worker.pseudonym)}"
    return Message(text=text.format(name=escape(name), worker=who))


def _fired(found: Profile) -> Iterator[str]:
    if found.fired:
        yield _("Rules that fired:")
    for firing, project in found.fired:
        day = i18n.day(firing.at, "UTC")
        yield f"• {day} · {escape(project)} · <code>{escape(firing.rule)}</code>"


def _rows(found: Profile) -> list[list[Button]]:
    rows = []
    for limit in found.limits:
        held = limit.restriction.kind == restrictions.HOLD
        label = _("End the review of all: {project}") if held else _("Lift: {project}")
        name = limit.project or _("all projects")
        rows.append([Button(label.format(project=name), pack(RS, "lift", limit.id))])
    for limit in found.proposals:
        rows.append(decide(limit))
    bonus = Button(_("Bonus…"), pack(BO, "where", found.worker.id))
    rows.append([Button(_("Restrict…"), pack(RS, "where", found.worker.id)), bonus])
    rows.append([Button(_("All workers"), pack(WS, "list", 0, ""))])
    return rows


def decide(limit: Limit) -> list[Button]:
    """The second person's choice."""
    return [
        Button(_("Turn down"), pack(RS, "lift", limit.id)),
        Button(_("Agree"), pack(RS, "yes", limit.id), style="danger"),
    ]


def proposed(limit: Limit, worker: Worker) -> Message:
    """To the other owners and admins."""
    text = _("A restriction of {worker} waits for a second person: {about}").format(
        worker=f"/w_{worker.id} {escape(worker.pseudonym)}", about=_proposal(limit)
    )
    return Message(text=text, rows=[decide(limit)])
