"""Why an answer is not accepted, as reviewers choose it and authors read it."""

from bot.i18n import N_
from bot.i18n import gettext as _

REASONS = {
    "R1": N_("Wrong label"),
    "R2": N_("Incomplete"),
    "R3": N_("A rule was missed"),
    "R4": N_("Language or quality"),
    "R5": N_("Copied or automated"),
    "R6": N_("Photo or recording cannot be used"),
    "R7": N_("Personal data"),
    "R8": N_("Another reason"),
}


def named(code: str) -> str:
    return _(REASONS[code])


def said(code: str) -> str:
    """With its code, which is the same in every language: "R3: A rule was missed"."""
    return _("{code}: {reason}").format(code=code, reason=named(code))
