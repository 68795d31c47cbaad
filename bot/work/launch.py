"""What must be right before people are offered a project's tasks.

An obstacle blocks the opening, a remark is only said. Stages after the first may be empty: their
tasks come from the stage before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import func, select

from bot import i18n
from bot.errors import Refusal
from bot.i18n import N_, gettext, ngettext
from bot.models.work import Project, Queue, Stage, StageVersion, Task
from bot.money import MICRO
from bot.pay import tiers
from bot.quality import exams, gold
from bot.store.database import Session
from bot.work import overlap_terms, review_terms, rule_lines, stages, terms, wage_guard
from bot.work.stages import ENGLISH, StageSpec

RESERVE_PERCENT = 10
_RESERVED = 100 + RESERVE_PERCENT


class NoTasks(Refusal):
    msgid = N_("There are no tasks yet. Add a file of them first.")


class Unworded(Refusal):
    """Words are missing in a language, whose name is said in the reader's own."""

    def say(self) -> str:
        named = {"language": i18n.language_name(str(self.values["language"]))}
        return gettext(self.msgid).format(**self.values | named)


class NoText(Unworded):
    msgid = N_("{stage}: there is no text in {language}.")


class NoLabel(Unworded):
    msgid = N_("{stage}: the option “{option}” has no label in {language}.")


class EnglishOnly(Unworded):
    msgid = N_("{stage}: there is no text in {language}, so workers will read the English one.")


class NoGold(Refusal):
    msgid = N_(
        "{stage}: {share} of what workers get should be gold, but no task has a gold answer, so "
        "nothing is checked by gold."
    )


class GoldNotCompared(Refusal):
    msgid = N_(
        "{stage}: answers of the type {type} cannot be compared with a gold answer, so its gold "
        "tells nothing of anybody."
    )


class NotCompared(Refusal):
    msgid = N_(
        "{stage}: answers of the type {type} cannot be compared with a gold answer, so they make "
        "no training."
    )


class NotGold(Refusal):
    def say(self) -> str:
        count = self.values["count"]
        said = ngettext(
            "{count} task has no gold answer. In a training or an exam each has one.",
            "{count} tasks have no gold answer. In a training or an exam each has one.",
            count,  # type: ignore[arg-type]
        )
        return said.format(count=count)


class HintsMissing(Refusal):
    def say(self) -> str:
        count = self.values["count"]
        said = ngettext(
            "{count} task has no hint, which a training shows after a mistake.",
            "{count} tasks have no hint, which a training shows after a mistake.",
            count,  # type: ignore[arg-type]
        )
        return said.format(count=count)


class TooLittleGold(Unworded):
    msgid = N_(
        "{language}: {attempts} attempts with {tasks} tasks each need {needed} gold tasks, and "
        "there are {there}. Nobody gets a task twice."
    )


class NoSuchTraining(Refusal):
    msgid = N_("{stage}: a rule asks for the training {training}, and there is no such training.")


class NotFunded(Refusal):
    msgid = N_(
        "The budget is {budget}, but all answers, gold, reviews and a reserve of {reserve} % need "
        "{needed}."
    )


class LaunchBlocked(Refusal):
    """The project cannot be opened yet; `obstacles` says all that is in the way."""

    msgid = N_("The project cannot be opened yet.")

    def __init__(self, obstacles: Iterable[Refusal]) -> None:
        super().__init__()
        self.obstacles = tuple(obstacles)

    def say(self) -> str:
        count = len(self.obstacles)
        head = ngettext(
            "The project cannot be opened yet, for {count} reason:",
            "The project cannot be opened yet, for {count} reasons:",
            count,
        )
        return "\n".join([head.format(count=count), *(one.say() for one in self.obstacles)])

    def __str__(self) -> str:
        return "\n".join([self.msgid, *map(str, self.obstacles)])


class Load(NamedTuple):
    """What a stage has to do: tasks that are not gold, the answers they want, and gold tasks."""

    tasks: int = 0
    wanted: int = 0
    gold: int = 0
    hints: int = 0
    """Gold tasks with a hint."""


async def obstacles(session: Session, project: Project) -> list[Refusal]:
    """Everything that keeps the project from being opened."""
    specs = await stages.current(session, project.id)
    there = await loads(session, [spec.stage_id for spec in specs])
    found = list(judge(project, specs, there, await _reviewing(session, project, specs)))
    for spec in specs:
        if spec.project_kind == "exam":
            found += _gold_short(spec, await _gold_by_language(session, spec.stage_id, project))
        found += await _training_missing(session, spec)
    return found + await wage_guard.obstacles(session, project, specs)


async def remarks(session: Session, project: Project) -> list[Refusal]:
    """What an admin should know, and may well have meant."""
    specs = await stages.current(session, project.id)
    found = await loads(session, [spec.stage_id for spec in specs])
    noted: list[Refusal] = [
        EnglishOnly(stage=spec.name, language=language)
        for spec in specs
        for language in project.languages
        if language not in spec.text and ENGLISH in spec.text
    ]
    for spec in specs:
        noted += _gold_missing(spec, found.get(spec.stage_id, Load()))
        noted += _gold_useless(spec, found.get(spec.stage_id, Load()))
    return noted + await wage_guard.remarks(session, project, specs)


async def loads(session: Session, stage_ids: Sequence[int]) -> dict[int, Load]:
    """What each of the stages has to do."""
    found = await session.execute(
        select(
            Task.stage_id,
            func.count().filter(Task.overlap > 0),  # gold that was a task before is one still
            func.coalesce(func.sum(Task.overlap), 0),
            func.count(Task.gold),
            func.count(Task.hint).filter(Task.gold.is_not(None)),
        )
        .where(Task.stage_id.in_(stage_ids))
        .group_by(Task.stage_id)
    )
    return {
        stage_id: Load(tasks, int(wanted), gold, hints)
        for stage_id, tasks, wanted, gold, hints in found
    }


def judge(
    project: Project,
    specs: Sequence[StageSpec],
    loads: Mapping[int, Load],
    reviewing: Mapping[int, int],
) -> Iterator[Refusal]:
    """The obstacles, from what was found; `reviewing` is what a review costs, by stage. Pure."""
    lessons = any(spec.project_kind != "work" for spec in specs)
    if not any(load.gold if lessons else load.tasks for load in loads.values()):
        yield NoTasks()
    for spec in specs:
        yield from _words_missing(spec, project.languages)
        if spec.project_kind != "work":
            yield from _not_teachable(spec, loads.get(spec.stage_id, Load()))
    needed = sum(
        need(spec, loads.get(spec.stage_id, Load()), reviewing.get(spec.stage_id, 0))
        for spec in specs
    )
    if project.budget_micro is not None and needed > project.budget_micro:
        yield NotFunded(
            budget=terms.show_amount(project.budget_micro, project.currency),
            needed=terms.show_amount(needed, project.currency),
            reserve=RESERVE_PERCENT,
        )


def need(spec: StageSpec, load: Load, review_micro: int = 0) -> int:
    """Micro-units for all answers of a stage, the gold among them and the reserve, rounded up.

    And for their reviews, each of `review_micro`: the stage's share in every round and the audits.
    How many newcomers will come is not known; the reserve is for them as well. For a training or
    an exam: what one person can earn there, at the most.
    """
    if spec.project_kind != "work":
        terms_ = exams.terms(spec.quality) if spec.project_kind == "exam" else None
        spare = not gold.comparable(spec.kind.combine)  # an attempt that nobody grades in time
        most = min(load.gold, terms_.tasks * (terms_.most + spare)) if terms_ else load.gold
        return most * spec.price_micro
    share = min(spec.gold_share_ppm, MICRO // 2) if load.gold else 0
    wanted = load.wanted
    overlap = overlap_terms.of(spec.overlap, spec.quality)
    if overlap.grows:  # none of them may be sure before
        wanted = max(wanted, load.tasks * overlap.most)
    # Of ten things a worker gets at 10 %, nine are tasks: gold is paid on top of the nine.
    answers = -(-wanted * MICRO * _RESERVED * spec.price_micro // ((MICRO - share) * 100))
    looks = review_terms.of(spec.review)
    each = looks.share_ppm * (looks.rounds * MICRO + looks.audit_ppm)
    return answers - (-wanted * each * review_micro * _RESERVED // (MICRO * MICRO * 100))


def _words_missing(spec: StageSpec, languages: Sequence[str]) -> Iterator[Refusal]:
    for language in languages:
        if language not in spec.text and ENGLISH not in spec.text:
            yield NoText(stage=spec.name, language=language)
    # A value that nobody gave a label stands for itself; English may leave all of them so.
    options = spec.settings.get("options", ())
    labelled = {key for text in spec.text.values() for key in text.get("options", {})}
    for language, text in spec.text.items():
        for option in options:
            missing = option in labelled and option not in text.get("options", {})
            if missing and language in languages and language != ENGLISH:
                yield NoLabel(stage=spec.name, option=option, language=language)


def _gold_missing(spec: StageSpec, load: Load) -> Iterator[Refusal]:
    if spec.gold_share_ppm and not load.gold and (load.tasks or spec.ordinal == 1):
        yield NoGold(stage=spec.name, share=terms.show_share(spec.gold_share_ppm))


def _gold_useless(spec: StageSpec, load: Load) -> Iterator[Refusal]:
    if load.gold and spec.project_kind == "work" and not gold.comparable(spec.kind.combine):
        yield GoldNotCompared(stage=spec.name, type=spec.type)


def _not_teachable(spec: StageSpec, load: Load) -> Iterator[Refusal]:
    """All is gold, and a training has hints. Only an exam may have a type that is not compared."""
    if spec.project_kind == "training" and not gold.comparable(spec.kind.combine):
        yield NotCompared(stage=spec.name, type=spec.type)
    if load.tasks:
        yield NotGold(count=load.tasks)
    if spec.project_kind == "training" and load.hints < load.gold:
        yield HintsMissing(count=load.gold - load.hints)


async def _reviewing(
    session: Session, project: Project, specs: Sequence[StageSpec]
) -> dict[int, int]:
    """What one review costs, by stage, where it is paid in the project's currency."""
    paid = {spec.stage_id: await tiers.tier(session, spec.tier) for spec in specs}
    return {id: tier.review_micro for id, tier in paid.items() if tier.currency == project.currency}


async def _training_missing(session: Session, spec: StageSpec) -> list[Refusal]:
    """Trainings that the stage's rules name and nobody has made."""
    actions = [action for rule in rule_lines.of_stage(spec.quality) for action in rule.actions]
    named = {action.training for action in actions if action.training}
    found = await session.execute(
        select(Project.slug, StageVersion.quality)
        .join(Stage, Stage.project_id == Project.id)
        .join(StageVersion, StageVersion.stage_id == Stage.id)
        .where(Project.slug.in_(named), StageVersion.version == Stage.version)
    )
    known = {slug for slug, quality in found if quality.get("kind") == "training"}
    return [NoSuchTraining(stage=spec.name, training=one) for one in sorted(named - known)]


async def _gold_by_language(session: Session, stage_id: int, project: Project) -> dict[str, int]:
    counted = await session.execute(
        select(Queue.language, func.count(Task.gold))
        .join(Task, Task.queue_id == Queue.id)
        .where(Queue.stage_id == stage_id)
        .group_by(Queue.language)
    )
    return dict.fromkeys(project.languages, 0) | dict(counted.all())


def _gold_short(spec: StageSpec, there: dict[str, int]) -> Iterator[Refusal]:
    """Each attempt is made of tasks that the worker never had. One that may be void is spare."""
    terms_ = exams.terms(spec.quality)
    attempts = terms_.most + (not gold.comparable(spec.kind.combine))
    needed = terms_.tasks * attempts
    for language, count in there.items():
        if count < needed:
            yield TooLittleGold(
                language=language,
                attempts=attempts,
                tasks=terms_.tasks,
                needed=needed,
                there=count,
            )
