"""What people ask about, answered in a few lines each: in onboarding, in /help and by hand."""

from bot.i18n import N_
from bot.i18n import gettext as _
from handlers.keyboards import Button

REVIEWING = "reviewing"  # for those who may review
PAYING = "paying"  # for owners and the payouts desk

PAGES: dict[str, tuple[str, str]] = {
    "pay": (
        N_("How we pay"),
        N_(
            "Every task shows its pay before you answer. After your answer the pay is pending. "
            "When the answer is accepted, or when its review time is over, the pay is available. "
            "/balance shows both, and each task they come from; /statement adds up a month, as a "
            "PDF or a table to keep. Some work pays more to those with a skill: /ladder shows from "
            "which score on. You never pay anything here."
        ),
    ),
    "rate": (
        N_("Pay per hour"),
        N_(
            "A rate is what you got, divided by your active hours: the time from the showing of a "
            "task to your answer, at most 3 times what it usually takes, or 2 minutes where that "
            "is more. Tasks that you skip, give up or report count too, and so do answers that "
            "are not accepted, trainings, reworks, reviews and appeals. Telegram does not tell "
            "us when you look away, so this is an estimate. A long task took you longer? Say so "
            "with the button after it. A card shows the rate before you answer. What is missing "
            "to the floor of your country after a week is added on Monday; answers that were "
            "copied do not count for it. A project that pays less than the floor is paused."
        ),
    ),
    "payouts": (
        N_("Payouts"),
        N_(
            "/balance, then Withdraw, brings your money to you. You are asked where it should go "
            "when you need it for the first time; it is kept encrypted and shown only in part. A "
            "new destination is used after 72 hours, so that nobody else can turn your money to "
            "themselves. You see the fee and what arrives before you confirm, and you can take a "
            "request back until it is prepared. If a payout fails, the money is back on your "
            "balance, and you read why."
        ),
    ),
    "real": (
        N_("Is this real?"),
        N_(
            "Be careful with offers of work on Telegram. Here nobody asks you for a deposit, a "
            "fee, a code or a password, and staff never write to you first. Somebody says they "
            "work for us? Send /verify and their @name. If you are asked for money, it is not us."
        ),
    ),
    "tasks": (
        N_("Tasks"),
        N_(
            "Send /work for a task. Answer with its buttons, or write when it asks for text. "
            "Skip what is unclear or not for you: it costs nothing. Report what is broken or "
            "harmful. You can stop at any time, and /work brings an open task back."
        ),
    ),
    "review": (
        N_("Reviews"),
        N_(
            "Some answers are looked at by a second person. If nobody does in time, yours counts "
            "as accepted. An answer may be given back to you with a note, to be answered again. "
            "If an answer is not accepted, you get the reason and the rule, and you can appeal "
            "within 14 days: another person decides within 3 working days, and if nobody does, "
            "the answer is accepted and paid."
        ),
    ),
    "skills": (
        N_("Skills and exams"),
        N_(
            "A skill goes from 0 to 100. It comes from exams, and from answers that can be "
            "checked; old ones count for less. Some work needs a skill: /ladder shows yours, what "
            "is missing, and the exams. Trainings and exams are paid whatever the result, and in "
            "both only first answers count. Where an exam asks you to write, two people who speak "
            "the language grade your answers."
        ),
    ),
    "data": (
        N_("Your data"),
        N_(
            "/privacy shows what we store and what you agreed to, and lets you withdraw it. "
            "Customers know you by a random name only."
        ),
    ),
    "problem": (
        N_("Something is wrong"),
        N_(
            "/cancel stops what the bot is waiting for. /start brings you home. /support reaches "
            "a person. Buttons of old messages may no longer work: send /work for the newest."
        ),
    ),
    REVIEWING: (
        N_("For reviewers"),
        N_(
            "/review shows the answer that waits longest. Accept it, fix and accept it, give it "
            "back to its author with a note, or do not accept it, with a reason. The author reads "
            "your words, never your name. Every review is paid, and each card shows how much. You "
            "have 30 minutes for an answer; Skip leaves it to others. You see no answer of your "
            "own, and none that you have decided about. Some of your decisions are looked at by a "
            "second reviewer, and of a few answers the right decision is known: /review shows how "
            "many of yours were overturned, and how many were right."
        ),
    ),
    PAYING: (
        N_("For the payouts desk"),
        N_(
            "/payouts shows the open batches and who is due. Prepare makes a draft; Freeze holds "
            "the money and leaves out who cannot be paid; Approve and Pay are for two people when "
            "the batch is above the limit. Without a provider's API you get a file to pay from: "
            "Export again gives the same bytes. Then mark each payout paid or failed. What is "
            "unknown is never paid again: look at the provider's page, then mark it. Plans "
            "prepare batches by the calendar; limits say what one person may pay alone."
        ),
    ),
}
FOR_ALL = tuple(name for name in PAGES if name not in (REVIEWING, PAYING))


def page(name: str) -> str:
    title, text = PAGES[name]
    return f"<b>{_(title)}</b>\n\n{_(text)}"


def button(name: str, data: str) -> Button:
    return Button(_(PAGES[name][0]), data)
