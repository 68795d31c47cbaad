"""The audit trail of projects: who changed what, and what it was before."""

from bot.models.people import Audit
from bot.models.work import Project
from bot.store.database import Session

MAY_RUN = ("owner", "admin")  # roles that may make and run projects


async def hold(session: Session, project: Project) -> None:
    """Lock the project's row, which nothing on the answer path does, and look again."""
    await session.refresh(project, with_for_update={"key_share": True})


def note(
    session: Session,
    project: Project,
    action: str,
    *,
    actor: int | None,
    change: tuple[str | None, str | None],
    field: str = "",
) -> None:
    """Write down one step; `change` is what was before and what is after it."""
    before, after = change
    subject = f"project:{project.slug} {field}".rstrip()[:80]
    session.add(Audit(actor_id=actor, action=action, subject=subject, before=before, after=after))
