"""What people ask about, answered in a few lines each: in onboarding, in /help and by hand."""

from bot.i18n import N_
from bot.i18n import gettext as _
from handlers.keyboards import Button

REVIEWING = "reviewing"  # for those who may review
PAYING = "paying"  # for owners and the payouts desk
QUALITY = "quality"  # for those who run the bot

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
            "harmful. You can stop at any time, and /work brings an open task back. Some tasks are "
            "given to several people, more often while you are new to a project; each is paid."
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
            "the language grade your answers. Not passed? You read when you may try again, and get "
            "a message on that day. If many answers in a project go wrong, you may be asked for a "
            "training: work there pauses until you have done it, and you read why."
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
            "many of yours were overturned, and how many were right. Appeals come here too, with "
            "the author's words and the decision that they are about. An answer to a written exam "
            "gets a grade: compare it with the good answer below it. Two people grade each answer, "
            "and a third where they are far apart."
        ),
    ),
    QUALITY: (
        N_("Quality, for admins"),
        N_(
            "A project file says how its answers are checked.\n\n"
            "<b>Skills and exams.</b> Work can demand skills, which exams and gold answers give. "
            "Exams and trainings are projects of their own, in which every task is gold. Exams of "
            "the type text are graded by two people who speak the language.\n\n"
            "<b>Rules</b> say what follows from somebody's last answers: a pause, more answers for "
            "their tasks, a training that they do before they go on. Rules, on a project's card, "
            "tries them on last week. None takes money.\n\n"
            "<b>Answers per task.</b> A fixed number, or as many as it takes to be sure, or by "
            "experience: of a newcomer's first answers every second one is asked of others too, "
            "later fewer.\n\n"
            "<b>Reviewers</b> get some answers whose right decision is known. The card of a "
            "reviewer in /workers shows how many they had right, and how many were overturned.\n\n"
            "<b>Appeals</b> are in /inbox appeals. Somebody else than before decides, within 3 "
            "working days; after that the answer is accepted and paid."
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
FOR_ALL = tuple(name for name in PAGES if name not in (REVIEWING, QUALITY, PAYING))


def page(name: str) -> str:
    title, text = PAGES[name]
    return f"<b>{_(title)}</b>\n\n{_(text)}"


def button(name: str, data: str) -> Button:
    return Button(_(PAGES[name][0]), data)
