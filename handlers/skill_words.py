"""Skills, what demands them, and how one comes by them, in words."""

from bot import i18n, money
from bot.i18n import gettext as _
from bot.people.skills import Level
from bot.quality.requirements import MISSING, PRESENT, PROOF, Condition, Gap
from bot.work.access import Closed
from bot.work.ladder import Ladder, Rung
from bot.work.stages import StageSpec
from handlers import choices
from handlers.cards import bold, escape

HOUR = 3600
CENT = 10_000  # micro-units


def name(skill: str) -> str:
    """fluency_sw is "fluency (Swahili)", language_sw the proof of the language."""
    for code in i18n.LANGUAGES:
        ending = f"_{code.lower()}"
        if skill == PROOF[:-1] + ending:
            return _("proof of {language}").format(language=i18n.language_name(code))
        if skill.endswith(ending):
            words = skill.removesuffix(ending).replace("_", " ")
            return f"{words} ({i18n.language_name(code)})"
    return skill.replace("_", " ")


def demand(one: Condition) -> str:
    """One condition: "fluency (Swahili): 80 or more." """
    said = {
        ">=": _("{skill}: {score} or more."),
        ">": _("{skill}: more than {score}."),
        "<=": _("{skill}: {score} or less."),
        "<": _("{skill}: less than {score}."),
        "=": _("{skill}: exactly {score}."),
        PRESENT: _("{skill} is needed."),
        MISSING: _("{skill}: only for those who do not have it yet."),
    }[one.comparator]
    return said.format(skill=escape(name(one.skill)), score=i18n.number(one.score))


def score(level: Level) -> str:
    """Rounded down: 79.99 is not 80."""
    return i18n.number(int(level.score))


def gap(one: Gap, ladder: Ladder) -> str:
    """What is demanded, where the worker stands, and how to get there."""
    if not one.any_of:
        return _("{language}, at least at the level “{level}”. Yours is in /settings.").format(
            language=escape(i18n.language_name(one.language)),
            level=escape(_(choices.LEVELS[one.level])),
        )
    each = [f"{demand(condition)} {_stands(condition, ladder)}" for condition in one.any_of]
    if len(each) == 1:
        return each[0]
    return "\n".join([_("One of these is enough:"), *(f"– {line}" for line in each)])


def closed(one: Closed, ladder: Ladder) -> str:
    """A project that demands something: what it pays, and what is lacking."""
    lines = [f"{bold(one.spec.project_name)} · {pay(one.spec)}"]
    return "\n".join([*lines, *(f"• {gap(each, ladder)}" for each in one.gaps)])


def rung(one: Rung, ladder: Ladder) -> str:
    """What an answer pays now, and from which score on it would pay more."""
    currency = one.spec.currency
    now = _("{project} ({language}): {price} an answer now.").format(
        project=escape(one.spec.project_name),
        language=escape(i18n.language_name(one.language)),
        price=escape(money.show(one.micro, currency)),
    )
    if one.following is None:
        return f"• {now} {_('It is the highest.')}"
    above = _("From {score} in {skill} on: {price}.").format(
        score=i18n.number(one.following.start),
        skill=escape(name(one.following.skill)),
        price=escape(money.show(one.following_micro, currency)),
    )
    stands = _stands(Condition(one.following.skill, ">=", one.following.start), ladder)
    return f"• {now} {above} {stands}"


def pay(spec: StageSpec) -> str:
    """What an answer pays, and an hour at the expected speed, to the cent."""
    wage = spec.price_micro * HOUR // spec.expected_seconds // CENT * CENT
    return _("tier {tier}, {price} an answer, about {wage} an hour").format(
        tier=escape(spec.tier),
        price=escape(money.show(spec.price_micro, spec.currency)),
        wage=escape(money.show(wage, spec.currency)),
    )


def _stands(one: Condition, ladder: Ladder) -> str:
    if one.comparator == MISSING:
        return ""
    mine = ladder.skills.get(one.skill)
    stands = _("You do not have it yet.")
    if mine is not None:
        stands = _("Yours is {score}.").format(score=score(mine))
    return f"{stands} {_how(one.skill, ladder)}"


def _how(skill: str, ladder: Ladder) -> str:
    exam = ladder.exam_for(skill)
    if exam is not None:
        said = _("The exam “{project}” gives it.")
        if exam.spec.project_kind == "training":
            said = _("The training “{project}” counts for it.")
        return said.format(project=escape(exam.spec.project_name))
    if skill in ladder.earned_by:
        said = _("Checked answers of “{project}” count for it.")
        return said.format(project=escape(ladder.earned_by[skill]))
    return _("Ask how to get it: /support.")
