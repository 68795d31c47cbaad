"""What a worker agrees to: three plain documents of one page, each in one version at a time.

The words are messages like any other, so that catalogs carry them. Whoever changes what a document
says raises VERSION: everybody is then asked again, and old agreements keep the version they were
given to.
"""

from dataclasses import dataclass

from bot.errors import Gone
from bot.i18n import N_, gettext

VERSION = "2026-11"


@dataclass(frozen=True, slots=True)
class Document:
    """One page. Everything but the name is a message id."""

    name: str
    title: str
    summary: str
    paragraphs: tuple[str, ...]

    def page(self) -> str:
        """The whole document as HTML, in the language being spoken."""
        heading = f"<b>{gettext(self.title)}</b>"
        return "\n\n".join([heading, *map(gettext, self.paragraphs)])


TERMS = Document(
    "terms",
    N_("Work terms"),
    N_(
        "You choose each task yourself, you see its pay before you answer, and you keep what you "
        "earned."
    ),
    (
        N_(
            "You work when you want. There is no minimum and no penalty for skipping a task, "
            "taking a break or stopping for good."
        ),
        N_(
            "The pay of a task is shown before you answer and does not change afterwards. "
            "Example, training and check tasks are paid as well."
        ),
        N_(
            "An answer is pending until it was reviewed or its review time is over. If nobody "
            "reviews it by then, it counts as accepted. If it is not accepted, you get the reason."
        ),
        N_(
            "Answer by yourself and with care, from one account. Do not pass on what you see in "
            "tasks."
        ),
        N_(
            "You never pay anything here: no deposit, no fee to start, no fee for better tasks. "
            "Staff never ask for money, codes or passwords."
        ),
        N_("You must be 18 or older. Taxes on what you earn are yours to declare."),
        N_(
            "We may pause your access to a project when check tasks show many wrong answers. We "
            "then say why. What you have earned stays yours."
        ),
    ),
)

PRIVACY = Document(
    "privacy",
    N_("Privacy"),
    N_("What we store about you, why, and who sees it."),
    (
        N_(
            "We store your Telegram ID and name, the language, country, time zone and "
            "languages you told us, what you agreed to, and your messages to support."
        ),
        N_(
            "We store which tasks you got, your answers, when you gave them and how long they "
            "took, and every amount you earned. We need this to pay you and to check quality."
        ),
        N_(
            "Customers and reviewers know you by a random name like w-7k2m9q4, never by your "
            "Telegram name. The people who run this bot can see your Telegram name."
        ),
        N_(
            "We do not see your phone number, contacts, location or other chats. We sell nothing "
            "about you."
        ),
        N_(
            "We keep records of payments as long as the law asks. Ask with /support for a copy of "
            "your data or to have it deleted."
        ),
    ),
)

ANSWERS = Document(
    "answers",
    N_("Use of your answers"),
    N_("Your answers go to the customer of a project, who builds or tests AI with them."),
    (
        N_(
            "Each project has a customer. The customer gets the answers to its tasks and uses "
            "them to build, train or test AI systems."
        ),
        N_(
            "With each answer the customer gets your random name, the language, the time and how "
            "long it took. The customer does not get your Telegram name or ID."
        ),
        N_(
            "You give answers of your own free will, task by task. What you write yourself may be "
            "used by the customer without naming you."
        ),
        N_(
            "You can withdraw this agreement at any time in /privacy. You then get no new tasks, "
            "and later files for customers leave your answers out. Files already delivered stay "
            "with the customer. What you have earned stays yours."
        ),
    ),
)

DOCUMENTS = {document.name: document for document in (TERMS, PRIVACY, ANSWERS)}


def find(name: str) -> Document:
    """Raises Gone for a name that is no document's."""
    if name not in DOCUMENTS:
        raise Gone
    return DOCUMENTS[name]
