"""What can go wrong on purpose: refusals with a message id, translated where they are shown.

Refusal                 the request cannot be done; the person is told why
  NotAllowed            the role or the owner does not fit
  Gone                  what the button pointed at is no longer there
  Invalid               a value does not fit, and which one
"""

from typing import ClassVar

from bot.i18n import N_, gettext


class Refusal(Exception):
    """A request that cannot be done. `values` fill the placeholders of `msgid`."""

    msgid: ClassVar[str] = N_("This cannot be done.")

    def __init__(self, **values: object) -> None:
        super().__init__(values)
        self.values = values

    def say(self) -> str:
        """The sentence in the language being spoken."""
        return gettext(self.msgid).format(**self.values)

    def __str__(self) -> str:
        return self.msgid.format(**self.values)


class NotAllowed(Refusal):
    msgid = N_("This needs another role.")


class Gone(Refusal):
    msgid = N_("This is no longer there.")


class Invalid(Refusal):
    """A value does not fit. Subclasses name the field in their sentence."""

    msgid = N_("This value does not fit.")
