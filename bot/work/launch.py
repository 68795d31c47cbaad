"""What must be right before people are offered a project's tasks.

An obstacle blocks the opening, a remark is only said. Stages after the first may be empty: their
tasks come from the stage before.
"""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import func, select

from bot import i18n
from bot.errors import Refusal
from bot.i18n import N_, gettext, ngettext
from bot.models.work import Project, Queue, Stage, StageVersion, Task
from bot.pay.forecast import RESERVE_PERCENT, Forecast
from bot.quality import exams, gold
from bot.store.database import Session
from bot.work import forecasts, rule_lines, stages, terms, wage_guard
from bot.work.forecasts import Costs, Done, Load, Rates
from bot.work.stages import ENGLISH, StageSpec


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
        "{needed}: {missing} is missing."
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


async def obstacles(session: Session, project: Project) -> list[Refusal]:
    """Everything that keeps the project from being opened."""
    specs = await stages.current(session, project.id)
    there = await forecasts.loads(session, [spec.stage_id for spec in specs])
    expected = (await forecasts.of(session, [project]))[project.id]
    found = list(judge(project, specs, there, _needed(expected, specs)))
    for spec in specs:
        if spec.project_kind == "exam":
            found += _gold_short(spec, await _gold_by_language(session, spec.stage_id, project))
        found += await _training_missing(session, spec)
    return found + await wage_guard.obstacles(session, project, specs)


async def remarks(session: Session, project: Project) -> list[Refusal]:
    """What an admin should know, and may well have meant."""
    specs = await stages.current(session, project.id)
    found = await forecasts.loads(session, [spec.stage_id for spec in specs])
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


async def unfunded(session: Session, project: Project) -> NotFunded | None:
    """What an open project would lack for all that it has to do, reserve and all."""
    if project.budget_micro is None:
        return None
    specs = await stages.current(session, project.id)
    expected = (await forecasts.of(session, [project]))[project.id]
    return next(_funds(project, _needed(expected, specs)), None)


def judge(
    project: Project,
    specs: Sequence[StageSpec],
    loads: dict[int, Load],
    needed: int | None = None,
) -> Iterator[Refusal]:
    """The obstacles, from what was found; without `needed`, all is still to be done. Pure."""
    lessons = any(spec.project_kind != "work" for spec in specs)
    if not any(load.gold if lessons else load.tasks for load in loads.values()):
        yield NoTasks()
    for spec in specs:
        yield from _words_missing(spec, project.languages)
        if spec.project_kind != "work":
            yield from _not_teachable(spec, loads.get(spec.stage_id, Load()))
    if needed is None:
        needed = sum(need(spec, loads.get(spec.stage_id, Load())) for spec in specs)
    yield from _funds(project, needed)


def _funds(project: Project, needed: int) -> Iterator[NotFunded]:
    if project.budget_micro is not None and needed > project.budget_micro:
        yield NotFunded(
            budget=terms.show_amount(project.budget_micro, project.currency),
            needed=terms.show_amount(needed, project.currency),
            reserve=RESERVE_PERCENT,
            missing=terms.show_amount(needed - project.budget_micro, project.currency),
        )


def need(spec: StageSpec, load: Load, review_micro: int = 0) -> int:
    """Micro-units for all answers of a stage, the gold among them and the reserve, rounded up.

    And for their reviews, each of `review_micro`: the stage's share in every round and the audits.
    How many newcomers will come is not known; the reserve is for them as well. For a training or
    an exam: what one person can earn there, at the most.
    """
    return _needed(
        forecasts.reckon([(spec, load, Done())], Costs(), {spec.stage_id: Rates(review_micro)}),
        [spec],
    )


def _needed(expected: Forecast, specs: Sequence[StageSpec]) -> int:
    """The most that is to come with the reserve; lessons are so many that they need none."""
    if any(spec.project_kind != "work" for spec in specs):
        return expected.total.high
    return expected.needed


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
