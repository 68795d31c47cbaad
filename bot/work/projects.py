"""Projects: found by name, code or number; made, changed, opened, counted.

The pieces live apart (`revisions`, `states`, `stages`, `progress`) and are one thing from outside:
`projects.apply`, `projects.open_project`, `projects.spec`, `projects.summary`.
"""

from difflib import get_close_matches

from sqlalchemy import or_, select

from bot import i18n
from bot.errors import Invalid
from bot.i18n import N_
from bot.models.work import Project
from bot.store.database import Session
from bot.work import terms
from bot.work.changes import Change
from bot.work.progress import Summary, listing, summary
from bot.work.revisions import apply, change, propose
from bot.work.stages import StageSpec, spec
from bot.work.states import WrongState, close, open_project, pause, settle_closing

__all__ = [
    "Change",
    "MisspeltProject",
    "NoSuchProject",
    "StageSpec",
    "Summary",
    "WrongState",
    "apply",
    "change",
    "close",
    "find",
    "listing",
    "open_project",
    "pause",
    "propose",
    "settle_closing",
    "spec",
    "summary",
]


class NoSuchProject(Invalid):
    msgid = N_("There is no project “{ref}”.")


class MisspeltProject(NoSuchProject):
    msgid = N_("There is no project “{ref}”. Did you mean {nearest}?")


async def find(session: Session, ref: str | int) -> Project:
    """A project by its name, its code ("7k2", "/p_7k2") or its number; raises NoSuchProject."""
    wanted = i18n.strip_marks(str(ref)).strip().lower().partition("@")[0].removeprefix("/")
    code = wanted.removeprefix("p_")
    matches = [Project.slug == wanted, Project.code == code]
    if code.isascii() and code.isdecimal() and len(code) <= 18:
        matches.append(Project.id == int(code))
    found = (await session.scalars(select(Project).where(or_(*matches)))).all()
    if not found:
        raise await _nearest(session, wanted)
    by_name = {project.slug: project for project in found}
    by_code = {project.code: project for project in found}
    return by_name.get(wanted) or by_code.get(code) or found[0]


async def _nearest(session: Session, wanted: str) -> NoSuchProject:
    names = [
        name for row in await session.execute(select(Project.slug, Project.code)) for name in row
    ]
    near = get_close_matches(wanted, names, 1)
    ref = wanted[: terms.WRITTEN]
    return MisspeltProject(ref=ref, nearest=near[0]) if near else NoSuchProject(ref=ref)
