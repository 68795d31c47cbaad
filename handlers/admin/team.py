"""/team: who has which role, invitations by link, and taking a role away in two steps."""

from datetime import timedelta
from difflib import get_close_matches

from telegram import Update
from telegram.ext import CallbackQueryHandler, CommandHandler

from bot import i18n
from bot.errors import Gone, Invalid
from bot.i18n import N_, pgettext
from bot.i18n import gettext as _
from bot.people import invites, roles, staff, team
from bot.people.team import Member
from bot.store import outbox
from handlers import callbacks
from handlers.admin import desk
from handlers.callbacks import pack
from handlers.cards import Message, bold, escape
from handlers.keyboards import Button, pairs
from handlers.turn import Turn

TS = "ts"  # callback prefix
INVITED = ("admin", "payouts", "reviewer", "requester", "worker")
SHOWN = 20  # members with a button; the others by /team remove
LINES = 40  # members in the text, which holds 4096 characters


class NotAnAction(Invalid):
    msgid = N_("I do not know “{word}” here. Try {form}.")


async def show_team(update: Update, turn: Turn) -> None:
    """/team, /team invite reviewer, /team remove w-7k2m9q4 reviewer"""
    await desk.admit(turn)
    match [word.lower() for word in turn.args or []]:
        case []:
            turn.say(await _card(turn))
        case ["invite", role]:
            turn.say(await _invitation(turn, role))
        case ["remove", ref, role]:
            turn.say(await _removal(turn, ref, role))
        case [word, *_rest]:
            near = get_close_matches(word, ("invite", "remove"), 1, cutoff=0.4)
            form = "/team remove w-… reviewer" if near == ["remove"] else "/team invite reviewer"
            raise NotAnAction(word=word[:40], form=form)


async def open_card(update: Update, turn: Turn) -> None:
    turn.replace(await _card(turn))


async def open_member(update: Update, turn: Turn) -> None:
    _verb, worker = callbacks.fields(turn.query.data, 2)
    member = await _member(turn, worker)
    rows = [
        [
            Button(
                _("Take away: {role}").format(role=roles.name(role)),
                pack(TS, "ask", member.worker_id, role),
            )
        ]
        for role in member.roles
    ]
    text = "\n".join([_line(member), f"<code>{escape(member.pseudonym)}</code>"])
    turn.replace(Message(text=text, rows=[[_back()], *rows]))


async def invite(update: Update, turn: Turn) -> None:
    """The link comes as a message of its own, to be passed on."""
    _verb, role = callbacks.fields(turn.query.data, 2)
    turn.say(await _invitation(turn, role))


async def ask(update: Update, turn: Turn) -> None:
    _verb, worker, role = callbacks.fields(turn.query.data, 3)
    member = await _member(turn, worker)
    turn.replace(await _removal(turn, member.pseudonym, role))


async def remove(update: Update, turn: Turn) -> None:
    """The second step; the person is told."""
    _verb, worker, role, asked_at = callbacks.fields(turn.query.data, 4)
    member = await _member(turn, worker)
    desk.check_fresh(asked_at, turn.now)
    await team.remove(turn.session, member, role, actor=turn.worker.id)
    turn.toast(_("Taken away."))
    if member.worker_id == turn.worker.id:
        turn.replace(Message(text=_("You no longer have this role.")))
        return
    await _tell(turn, member, role)
    turn.replace(await _card(turn))


async def _card(turn: Turn) -> Message:
    found = await team.members(turn.session, actor=turn.worker.id)
    lines = [bold(_("Team")), *map(_line, found[:LINES])]
    lines += ["…"] if len(found) > LINES else []
    lines += ["", _("Tap a person to take a role away. An invitation is a link for one person.")]
    people = [
        [Button(i18n.isolate(_named(member)), pack(TS, "member", member.worker_id))]
        for member in found[:SHOWN]
    ]
    labels = {
        "admin": _("Invite admin"),
        "payouts": _("Invite to the payouts desk"),
        "reviewer": _("Invite reviewer"),
        "requester": _("Invite requester"),
        "worker": _("Invite worker"),
    }
    links = [Button(labels[role], pack(TS, "invite", role)) for role in INVITED]
    return Message(text="\n".join(lines), rows=[*people, *pairs(links)])


def _line(member: Member) -> str:
    return _("{name}: {roles}").format(
        name=f"<b>{escape(_named(member))}</b>", roles=", ".join(map(roles.name, member.roles))
    )


def _named(member: Member) -> str:
    return member.name or member.pseudonym


async def _invitation(turn: Turn, role: str) -> Message:
    secret = await invites.create(turn.session, role, actor=turn.worker.id, now=turn.now)
    ends = turn.now + timedelta(hours=invites.HOURS)
    lines = [
        _("A link that gives one person the role {role}:").format(
            role=f"<b>{roles.name(role)}</b>"
        ),
        f"<code>https://t.me/{turn.bot.username}?start=i_{secret}</code>",
        _("It works once, until {moment}. Send it only to the person it is for.").format(
            moment=i18n.when(ends, turn.zone)
        ),
    ]
    return Message(text="\n".join(lines))


async def _removal(turn: Turn, ref: str, role: str) -> Message:
    """The first step, which names who and what."""
    member = await team.find(turn.session, ref, actor=turn.worker.id)
    await team.check_removal(turn.session, member, role, actor=turn.worker.id)
    left = len(member.roles) - 1
    lines = [
        _("Take the role {role} away from {name}?").format(
            role=f"<b>{roles.name(role)}</b>", name=f"<b>{escape(_named(member))}</b>"
        ),
        _("Roles left after that: {count}. What they earned as a worker stays theirs.").format(
            count=i18n.number(left)
        ),
    ]
    data = pack(TS, "remove", member.worker_id, role, desk.stamp(turn.now))
    rows = [
        [Button(_("Leave it as it is"), pack(TS, "card"))],
        [Button(_("Take it away"), data, style="danger")],
    ]
    return Message(text="\n".join(lines), rows=rows)


async def _tell(turn: Turn, member: Member, role: str) -> None:
    found = await staff.reach(turn.session, turn.bot_id, member.worker_id)
    if found is None:
        return
    chat, worker = found
    with i18n.speaking(worker.locale or i18n.ENGLISH):
        text = _("The role {role} was taken from you. Questions? /support").format(
            role=roles.name(role)
        )
        turn.tell(chat, Message(text=text), lane=outbox.MONEY)


async def _member(turn: Turn, worker: str) -> Member:
    await desk.admit(turn)
    wanted = callbacks.number(worker)
    for member in await team.members(turn.session, actor=turn.worker.id):
        if member.worker_id == wanted:
            return member
    raise Gone


def _back() -> Button:
    return Button(pgettext("button", "Back"), pack(TS, "card"))


HANDLERS = [
    CommandHandler("team", show_team),
    CallbackQueryHandler(open_card, pattern=f"^{TS}:card$"),
    CallbackQueryHandler(open_member, pattern=f"^{TS}:member:"),
    CallbackQueryHandler(invite, pattern=f"^{TS}:invite:"),
    CallbackQueryHandler(ask, pattern=f"^{TS}:ask:"),
    CallbackQueryHandler(remove, pattern=f"^{TS}:remove:"),
]
