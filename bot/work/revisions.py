"""What a file or a command makes of a project: a draft, or the next versions of its stages."""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, exists, or_, select

from bot.errors import Refusal
from bot.i18n import N_, gettext, language_name
from bot.models.work import Answer, Assignment, Project, Queue, Stage, StageVersion, Task
from bot.pay import tiers
from bot.pay.tiers import Terms
from bot.people import roles
from bot.store.database import Session
from bot.task_types import TASK_TYPES
from bot.task_types.kind import Unfit
from bot.work import changes, pay_terms, record, review_terms, stages, states, terms
from bot.work.changes import Change
from bot.work.project_file import ProjectFile
from bot.work.record import MAY_RUN
from bot.work.stage_file import StageFile
from bot.work.stages import StageSpec

CODE = "23456789abcdefghjkmnpqrstvwxyz"  # nothing that is read or typed as something else
LETTERS = CODE[8:]
CHECKED = 5_000  # tasks looked at together when a stage's settings change


class AlreadyAnswered(Refusal):
    msgid = N_(
        "The project {project} has answers: its kind, currency, stages and their types stay. "
        "Make another project."
    )


class TasksLeft(Refusal):
    msgid = N_("The project {project} has tasks in the stage {stage}, so that stage stays.")


class LanguageInUse(Refusal):
    msgid = N_("The project {project} has tasks in {language}, so that language stays.")

    def say(self) -> str:
        named = {"language": language_name(str(self.values["language"]))}
        return gettext(self.msgid).format(**self.values | named)


class TasksDoNotFit(Refusal):
    msgid = N_("The task “{key}” would not fit the new settings: {reason}")

    def say(self) -> str:
        return gettext(self.msgid).format(
            key=self.values["key"], reason=terms.said(self.values["reason"])
        )


async def apply(session: Session, file: ProjectFile, *, actor: int | None) -> Project:
    """Make the project a draft, or change the one of this name to what the file says.

    Raises a refusal when the change would contradict work that was done; what did not change
    makes no new version.
    """
    await roles.require(session, actor, *MAY_RUN)
    project = await session.scalar(
        select(Project).where(Project.slug == file.slug).with_for_update(key_share=True)
    )
    wanted = [await _columns(session, file, number) for number in range(len(file.stages))]
    if project is None:
        return await _create(session, file, wanted, actor)
    await _update(session, project, file, wanted, actor)
    return project


async def change(
    session: Session, project: Project, wanted: Mapping[str, str], *, actor: int | None
) -> list[Change]:
    """Change terms: price, overlap, tier, gold, review, due, expected_seconds, budget, name.

    Raises terms.FieldFault naming the key. Nothing new changes nothing.
    """
    await roles.require(session, actor, *MAY_RUN)
    await record.hold(session, project)
    states.refuse_ended(project)
    plan = await changes.plan(session, project, wanted)
    await _carry_out(session, project, plan.project, plan.stages)
    for one in plan.changes:
        pair = (one.before, one.after)
        record.note(session, project, "project.set", actor=actor, change=pair, field=one.field)
    return plan.changes


async def propose(
    session: Session, project: Project, wanted: Mapping[str, str], *, actor: int | None
) -> list[Change]:
    """What `change` would change, without doing it."""
    await roles.require(session, actor, *MAY_RUN)
    states.refuse_ended(project)
    return (await changes.plan(session, project, wanted)).changes


async def _create(
    session: Session, file: ProjectFile, wanted: Sequence[dict[str, Any]], actor: int | None
) -> Project:
    project = Project(
        slug=file.slug,
        code=await _free_code(session),
        created_by=actor,
        state="draft",
        **_project_columns(file),
    )
    session.add(project)
    await session.flush()
    for ordinal, values in enumerate(wanted, 1):
        await _add_stage(session, project, ordinal, values)
    record.note(session, project, "project.create", actor=actor, change=(None, file.name))
    await session.flush()
    return project


async def _update(
    session: Session,
    project: Project,
    file: ProjectFile,
    wanted: Sequence[dict[str, Any]],
    actor: int | None,
) -> None:
    states.refuse_ended(project)
    before = await stages.current(session, project.id)
    await _refuse_contradictions(session, project, file, before, wanted)
    fresh = {
        name: value
        for name, value in _project_columns(file).items()
        if value != getattr(project, name)
    }
    revised = [
        (old, new) for old, new in zip(before, wanted, strict=False) if new != stages.columns(old)
    ]
    for old, new in revised:
        await _refuse_misfits(session, old, new)
    if not (fresh or revised or len(before) != len(wanted)):
        return
    was = _picture(project, before)
    await _carry_out(session, project, fresh, revised)
    await _match_stages(session, project, before, wanted)
    now = await stages.current(session, project.id)
    pair = (was, _picture(project, now))
    record.note(session, project, "project.apply", actor=actor, change=pair)


async def _columns(session: Session, file: ProjectFile, index: int) -> dict[str, Any]:
    """A stage of a file as the columns of a version, with the price worked out."""
    stage = file.stages[index]
    path = "stage" if len(file.stages) == 1 else f"stage[{index + 1}]"
    tier = await tiers.nearest(session, stage.tier, file.currency)
    review = {"due_seconds": tier.hold_seconds} | stage.review
    review_terms.refuse_late(review, f"{path}.review")
    return {
        "name": stage.name,
        "type": stage.type,
        "settings": stage.settings,
        "text": stage.text,
        "tier": stage.tier,
        "price_micro": await _price(session, stage, tier, file.currency, f"{path}.price"),
        "currency": file.currency,
        "expected_seconds": stage.expected_seconds,
        "overlap": stage.overlap,
        "gold_share_ppm": stage.gold_share_ppm,
        "review": review,
        "quality": _quality(stage, tier),
    }


async def _price(session: Session, stage: StageFile, tier: Terms, currency: str, path: str) -> int:
    if stage.price:
        return pay_terms.agreed(stage.price, tier, path)
    if tier.currency != currency:
        raise tiers.NoTerms(tier=tier.name, currency=currency)
    return await pay_terms.usual(session, tier, stage.expected_seconds)


def _quality(stage: StageFile, tier: Terms) -> dict[str, Any]:
    """What the file demands, with the tier's own skills where it names none and is no lesson."""
    found = pay_terms.left_to_tier(stage.quality, by_tier=stage.price is None)
    if tier.skills and "skills" not in found and "kind" not in found:
        found["skills"] = list(tier.skills)
    return found


def _project_columns(file: ProjectFile) -> dict[str, Any]:
    return {
        "name": file.name,
        "purpose": file.purpose,
        "languages": list(file.languages),
        "budget_micro": file.budget.micro if file.budget else None,
        "currency": file.currency,
    }


async def _refuse_contradictions(
    session: Session,
    project: Project,
    file: ProjectFile,
    before: Sequence[StageSpec],
    wanted: Sequence[dict[str, Any]],
) -> None:
    types = (
        [(spec.type, spec.quality.get("kind")) for spec in before],
        [(values["type"], values["quality"].get("kind")) for values in wanted],
    )
    another = types[0] != types[1] or file.currency != project.currency
    if another and await _answered(session, project):
        raise AlreadyAnswered(project=project.slug)
    for spec in before[len(wanted) :]:
        if await session.scalar(select(exists().where(Task.stage_id == spec.stage_id))):
            raise TasksLeft(project=project.slug, stage=spec.name)
    for language in set(project.languages) - set(file.languages):
        if await session.scalar(select(exists().where(*_tasks_in(project, language)))):
            raise LanguageInUse(project=project.slug, language=language)


async def _answered(session: Session, project: Project) -> bool:
    query = exists().where(
        Stage.project_id == project.id,
        Assignment.stage_id == Stage.id,
        Answer.assignment_id == Assignment.id,
    )
    return bool(await session.scalar(select(query)))


def _tasks_in(project: Project, language: str) -> list[Any]:
    return [
        Stage.project_id == project.id,
        Queue.stage_id == Stage.id,
        Queue.language == language,
        Task.queue_id == Queue.id,
    ]


async def _refuse_misfits(session: Session, old: StageSpec, new: Mapping[str, Any]) -> None:
    """Tasks that are there must fit the settings that are to come."""
    if (old.type, old.settings) == (new["type"], new["settings"]):
        return
    kind, last = TASK_TYPES[new["type"]], 0
    some = select(Task.id, Task.key, Task.body, Task.gold).where(Task.stage_id == old.stage_id)
    while True:
        page = some.where(Task.id > last).order_by(Task.id).limit(CHECKED)
        rows = (await session.execute(page)).all()
        for row in rows:
            try:
                kind.check(new["settings"], row.body)
                if row.gold is not None:
                    kind.value(new["settings"], row.gold)
            except Unfit as reason:
                raise TasksDoNotFit(key=row.key, reason=reason) from None
        if len(rows) < CHECKED:
            return
        last = rows[-1].id


async def _match_stages(
    session: Session,
    project: Project,
    before: Sequence[StageSpec],
    wanted: Sequence[dict[str, Any]],
) -> None:
    """Add what is new, remove what is gone, and give every stage a queue for each language."""
    for spec in before[: len(wanted)]:
        await stages.ensure_queues(session, spec.stage_id, project.languages)
    for ordinal in range(len(before) + 1, len(wanted) + 1):
        await _add_stage(session, project, ordinal, wanted[ordinal - 1])
    gone = [spec.stage_id for spec in before[len(wanted) :]]
    if gone:
        for table in (Queue, StageVersion):
            await session.execute(delete(table).where(table.stage_id.in_(gone)))
        await session.execute(delete(Stage).where(Stage.id.in_(gone)))
        stages.forget()


async def _add_stage(
    session: Session, project: Project, ordinal: int, values: Mapping[str, Any]
) -> None:
    stage_id = await stages.add(session, project.id, ordinal, values)
    await stages.ensure_queues(session, stage_id, project.languages)


async def _carry_out(
    session: Session,
    project: Project,
    fresh: Mapping[str, Any],
    revised: Sequence[tuple[StageSpec, dict[str, Any]]],
) -> None:
    """Write the project's columns and the stages' next versions.

    A card shows the project's name, so a new name is a new version of every stage.
    """
    for name, value in fresh.items():
        setattr(project, name, value)
    await session.flush()
    done = {spec.stage_id for spec, _values in revised}
    for spec, values in revised:
        await stages.revise(session, spec, values)
    if "name" in fresh:
        for spec in await stages.current(session, project.id):
            if spec.stage_id not in done:
                await stages.revise(session, spec, stages.columns(spec))


async def _free_code(session: Session) -> str:
    """A short code nobody has. It begins with a letter, so that no number is one."""
    for length in (3, 3, 3, 4, 4, 5, 6):
        code = secrets.choice(LETTERS) + "".join(secrets.choice(CODE) for _ in range(length - 1))
        taken = exists().where(or_(Project.code == code, Project.slug == code))
        if not await session.scalar(select(taken)):
            return code
    raise AssertionError("no free code in seven draws of up to 30**6")


def _picture(project: Project, specs: Sequence[StageSpec]) -> str:
    """A project and its terms as one JSON line."""
    names = ("name", "purpose", "languages", "budget_micro", "currency")
    terms_ = [stages.columns(spec) | {"version": spec.version} for spec in specs]
    whole = {name: getattr(project, name) for name in names} | {"stages": terms_}
    return json.dumps(whole, ensure_ascii=False, sort_keys=True)
