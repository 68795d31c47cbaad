"""A project as a card, and a list to choose one from."""

from collections.abc import Callable, Sequence

from bot import i18n, money
from bot.i18n import gettext as _
from bot.i18n import ngettext, pgettext
from bot.models.work import Project
from bot.money import MICRO
from bot.pay import prices
from bot.pay.forecast import Span
from bot.quality import exams, requirements
from bot.quality.gold import comparable
from bot.store.database import Session
from bot.work import overlap_terms, pay_terms, progress, sittings, stages, wage_guard
from bot.work.progress import Summary
from bot.work.stages import StageSpec
from handlers import wage_words
from handlers.callbacks import pack
from handlers.cards import Message, escape
from handlers.keyboards import Button, pairs

PJ = "pj"  # callback prefix of the card's own buttons
GO = "go"  # and of the gold that a project's answers propose
CHOICES = 8
LABEL = 40  # characters of a name on a button
SPENT, SKIPPED = 0.8, 0.15  # shares from which an alert is due
OFFERED = 20  # of fewer offers a share of skips says nothing: the first skip would be all of them
ORDER = ("open", "paused", "draft", "closing", "closed")


async def card(session: Session, project: Project, *, note: str = "") -> Message:
    """Everything about a project on one screen, with what can be done in its state."""
    found = await progress.summary(session, project)
    specs = await stages.current(session, project.id)
    lines = [
        *([note, ""] if note else []),
        title(project),
        f"/p_{project.code} · <code>{escape(project.slug)}</code>",
        *([f"<i>{escape(project.purpose)}</i>"] if project.purpose else []),
        "",
        _tasks(found),
        _("Languages: {languages}").format(languages=escape(languages(project))),
        *(_terms(spec, several=len(specs) > 1) for spec in specs),
        *(line for spec in specs for line in _people(spec)),
        *(line for spec in specs for line in _pay(spec)),
        *[await _sat(session, spec) for spec in specs if spec.project_kind != "work"],
        done(found),
        *reviews(found),
        cost(found),
        *forecast(found),
        *(f"⚠ {alert}" for alert in alerts(found)),
        *(f"⚠ {line}" for line in await _wage(session, project)),
    ]
    rows = _rows(project, waiting=bool(found.reviews), reported=bool(found.reports))
    if await wage_guard.waiver(session, project.id) is not None:
        restore = pack(PJ, "ask", project.code, "restore")
        rows.insert(-1, [Button(_("Hold to the floor…"), restore)])
    return Message(text="\n".join(lines), rows=rows)


async def choose(session: Session, text: str, data: Callable[[str], str]) -> Message:
    """A list of projects to tap; `data` gives a button's data for a project's code."""
    found = [one.project for one in await progress.listing(session)]
    if not found:
        return none_yet()
    found.sort(key=lambda project: ORDER.index(project.state))
    return Message(text=text, rows=[[name_button(one, data(one.code))] for one in found[:CHOICES]])


def none_yet() -> Message:
    text = _("There is no project yet. Send a file of tasks with the caption /newproject.")
    return Message(text=text)


def name_button(project: Project, data: str) -> Button:
    name = project.name if len(project.name) <= LABEL else f"{project.name[: LABEL - 1]}…"
    return Button(i18n.isolate(name), data)


def back(project: Project) -> Button:
    """From a page about a project to its card."""
    return Button(pgettext("button", "Back"), pack(PJ, "card", project.code))


def title(project: Project) -> str:
    return f"<b>{escape(project.name)}</b> · {state(project.state)}"


def state(name: str) -> str:
    words = {
        "draft": pgettext("project", "draft"),
        "open": pgettext("project", "open"),
        "paused": pgettext("project", "paused"),
        "closing": pgettext("project", "closing"),
        "closed": pgettext("project", "closed"),
    }
    return words.get(name, name)


def languages(project: Project) -> str:
    return ", ".join(map(i18n.language_name, project.languages))


def tasks(count: int) -> str:
    return ngettext("{count} task", "{count} tasks", count).format(count=i18n.number(count))


def amount(micro: int, currency: str) -> str:
    """An amount to the cent; less than ten cents exactly."""
    cent = MICRO // 100
    shown = micro if abs(micro) < 10 * cent else (micro + cent // 2) // cent * cent
    return escape(money.show(shown, currency))


def done(found: Summary) -> str:
    """How far the answers are, those in hand included."""
    return _("Answers: {given} of {wanted} ({share}), {accepted} accepted, {held} in hand").format(
        given=i18n.number(found.answers),
        wanted=i18n.number(found.wanted),
        share=i18n.percent(found.share),
        accepted=i18n.number(found.accepted),
        held=i18n.number(found.held),
    )


def reviews(found: Summary) -> list[str]:
    """How many answers wait for a reviewer; nothing when none does."""
    if not found.reviews:
        return []
    return [_("Waiting for review: {count}").format(count=i18n.number(found.reviews))]


def cost(found: Summary) -> str:
    """Spent and forecast, against the budget where there is one."""
    currency, budget = found.project.currency, found.project.budget_micro
    values = {
        "spent": amount(found.cost_micro, currency),
        "forecast": between(found.forecast.total, currency),
    }
    if budget is None:
        return _("Cost: {spent} so far, {forecast} in the end; no budget is set").format(**values)
    return _("Cost: {spent} so far, {forecast} in the end, of {budget}").format(
        **values, budget=amount(budget, currency)
    )


def between(found: Span, currency: str) -> str:
    """One amount, or from the low one to the high one."""
    low, high = amount(found.low, currency), amount(found.high, currency)
    return low if low == high else _("{low} to {high}").format(low=low, high=high)


def forecast(found: Summary) -> list[str]:
    """What the cost to come is made of, and what an answer costs in the end, all in all."""
    expected, currency = found.forecast, found.project.currency
    words = {
        "answers": _("answers {amount}"),
        "gold": _("gold {amount}"),
        "lessons": _("lessons {amount} a person"),
        "reviews": _("reviews {amount}"),
        "broken": _("broken tasks {amount}"),
        "topups": _("top-ups {amount}"),
        "fees": _("fees {amount}"),
    }
    parts = [
        words[name].format(amount=between(span, currency)) for name, span in expected.parts.items()
    ]
    lines = [_("Still to come: {parts}").format(parts=" + ".join(parts))] if parts else []
    if expected.per_answer is not None:
        each = between(expected.per_answer, currency)
        lines.append(_("An answer costs {amount}, all in all").format(amount=each))
    return lines


def alerts(found: Summary) -> list[str]:
    """What somebody should look at, in words."""
    budget, told = found.project.budget_micro, []
    if budget is not None and found.cost_micro >= SPENT * budget:
        share = i18n.percent(found.cost_micro / max(1, budget))
        told.append(_("{share} of the budget is spent.").format(share=share))
    elif budget is not None and found.forecast.total.high > budget:
        told.append(_("The budget will not be enough."))
    if found.offered >= OFFERED and found.skipped > SKIPPED:
        share = i18n.percent(found.skipped)
        text = _("Workers skip or report {share} of what they are offered: look at the task.")
        told.append(text.format(share=share))
    if found.reports:
        told.append(
            ngettext(
                "{count} report waits for you.", "{count} reports wait for you.", found.reports
            ).format(count=i18n.number(found.reports))
        )
    if found.idle:
        told.append(_("No answer in the last hour."))
    return told


def _tasks(found: Summary) -> str:
    if not found.gold:
        return _("Tasks: {tasks}").format(tasks=i18n.number(found.tasks))
    return _("Tasks: {tasks}, and {gold} gold").format(
        tasks=i18n.number(found.tasks), gold=i18n.number(found.gold)
    )


def _terms(spec: StageSpec, *, several: bool) -> str:
    """Type, price, tier and overlap; with its name where a project has several stages."""
    most = overlap_terms.of(spec.overlap, spec.quality).most
    overlap = ngettext("{count} answer per task", "{count} answers per task", most).format(
        count=i18n.number(spec.overlap)
        if most == spec.overlap
        else f"{i18n.number(spec.overlap)}-{i18n.number(most)}"
    )
    words = _("Stage: {type}, {price} an answer, tier {tier}, {overlap}")
    return words.format(
        type=escape(f"{spec.name}, {spec.type}" if several else spec.type),
        price=escape(money.show(spec.price_micro, spec.currency)),
        tier=escape(spec.tier),
        overlap=overlap,
    )


def _people(spec: StageSpec) -> list[str]:
    """What a stage demands of people, and what it does to their skills."""
    lines = []
    if spec.project_kind == "training":
        lines.append(_("A training: every task is gold, mistakes are explained."))
    if spec.project_kind == "exam":
        terms = exams.terms(spec.quality)
        said = _("An exam: {needed} of {count} right pass, {attempts} attempts at the most.")
        if not comparable(spec.kind.combine):
            said = _("An exam that people grade: {share} passes, {attempts} attempts at the most.")
        lines.append(
            said.format(
                share=i18n.percent(terms.pass_ppm / MICRO),
                needed=i18n.number(terms.needed),
                count=i18n.number(terms.tasks),
                attempts=i18n.number(terms.most),
            )
        )
    if spec.quality.get("skill"):
        skill = escape(str(spec.quality["skill"]))
        lines.append(_("Skill: {skill}").format(skill=f"<code>{skill}</code>"))
    if requirements.demanding(spec.quality):
        written = escape(requirements.written(spec.quality))
        lines.append(_("Demands: {demands}").format(demands=f"<code>{written}</code>"))
    return lines


def _pay(spec: StageSpec) -> list[str]:
    """Who gets more than the price, and whether the tier says what the price is."""
    lines = []
    if prices.by_tier(spec.quality):
        lines.append(_("The price is the tier's wage for the time, and follows it."))
    written = pay_terms.written(spec)
    if written:
        lines.append(_("Pays more: {ranges}").format(ranges=f"<code>{escape(written)}</code>"))
    return lines


async def _wage(session: Session, project: Project) -> list[str]:
    """That the floor does not hold here, by whose word; that too little was paid."""
    lines = []
    waiver = await wage_guard.waiver(session, project.id)
    if waiver is not None:
        said = _("Pay below the floor is allowed here, by {owner}, since {day}.")
        day = i18n.full_day(waiver.at, "UTC")
        lines.append(said.format(owner=escape(waiver.owner), day=day))
    stop = await wage_guard.stopped(session, project.id)
    if stop is not None:
        lines.append(_("Paused: it pays below the floor.") + " " + wage_words.stopped(stop))
    return lines


async def _sat(session: Session, spec: StageSpec) -> str:
    """How people fare in an exam or a training."""
    found = await sittings.counts(session, spec.stage_id)
    under_way = sum(found.get(state, 0) for state in (*sittings.GOING, sittings.GRADING))
    if spec.project_kind == "training":
        said = _("{done} have done it, {going} are under way")
    else:
        said = _("Attempts: {passed} passed, {failed} failed, {going} under way")
    return said.format(
        done=i18n.number(found.get("done", 0)),
        passed=i18n.number(found.get("passed", 0)),
        failed=i18n.number(found.get("failed", 0)),
        going=i18n.number(under_way),
    )


def _rows(project: Project, *, waiting: bool, reported: bool) -> list[list[Button]]:
    code, state = project.code, project.state

    def ask(label: str, action: str) -> Button:
        return Button(label, pack(PJ, "ask", code, action))

    changes: Sequence[Button] = {
        "draft": [ask(_("Open…"), "open"), ask(_("Close…"), "close")],
        "open": [ask(_("Pause…"), "pause"), ask(_("Close…"), "close")],
        "paused": [ask(_("Open…"), "open"), ask(_("Close…"), "close")],
    }.get(state, [])
    lively = [
        Button(pgettext("button", "Preview"), pack(PJ, "preview", code)),
        Button(pgettext("button", "Settings"), pack("se", "card", code)),
        Button(_("Add tasks"), pack("np", "add", code)),
        Button(_("Gold…"), pack(GO, "list", code)),
        Button(pgettext("button", "Rules"), pack("ru", "card", code)),
    ]
    always = [
        Button(pgettext("button", "Status"), pack("sx", "one", code)),
        Button(pgettext("button", "Export"), pack("ex", "card", code)),
    ]
    if waiting:
        always.append(Button(pgettext("button", "Review"), pack("rv-next", code)))
    lively = [] if state == "closed" else lively
    if reported:
        always.append(Button(_("Reported tasks"), pack("rp", "of", code, 0)))
    rows = pairs([*lively[:1], *changes, *lively[1:], *always])
    return [*rows, [Button(_("All projects"), pack(PJ, "list", "all", 0))]]
