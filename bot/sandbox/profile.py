"""What the bot says about itself: names, descriptions, commands, menu buttons."""

from dataclasses import dataclass, field
from typing import Any

Scope = tuple[str, int]
DEFAULT: Scope = ("default", 0)
PRIVATE: Scope = ("all_private_chats", 0)


@dataclass(slots=True)
class Profile:
    """Texts by language ("" for all others), commands by scope and language."""

    names: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    short_descriptions: dict[str, str] = field(default_factory=dict)
    commands: dict[tuple[Scope, str], list[dict[str, str]]] = field(default_factory=dict)
    menu_button: dict[str, Any] = field(default_factory=lambda: {"type": "commands"})

    def menu(self, chat_id: int, language_code: str) -> list[dict[str, str]]:
        """The commands a person sees: the narrowest scope first, its language before all others."""
        for scope in (("chat", chat_id), PRIVATE, DEFAULT):
            for language in (language_code[:2], ""):
                if (scope, language) in self.commands:
                    return self.commands[scope, language]
        return []


def said(texts: dict[str, str], language_code: str) -> str:
    """A text in a language, or the one for all others."""
    return texts.get(language_code) or texts.get("", "")
