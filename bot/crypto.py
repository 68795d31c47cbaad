"""Names encrypted at rest: the keys, and marks by which a name is found without being read.

The key is the operator's and lies apart from the database, so a copy of the database alone tells
no names. Rotation makes erasure reach backups: a new key in front of the list, every row is soon
sealed with it, the old key is destroyed, and backups from before tell no names any more. A key
for each person would have to be kept in the database, and so in the same backups.
"""

import base64
import hashlib
import hmac
import os
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.errors import Refusal
from bot.i18n import N_

SETTING = "KAZI_DATA_KEY"
ID, MARK = 8, 32  # hexadecimal digits
OTHERS = 0o007  # of a file's mode
# What seals without a key of one's own. Everybody can read it here: it protects nothing, but the
# rows look alike, and the first real key takes them over.
NOBODYS = base64.urlsafe_b64encode(hashlib.sha256(b"kazi: no key was given").digest()).decode()


class NotAKey(Refusal):
    msgid = N_("{place} holds something that is not a key. `kazi key` prints a fresh one.")


class KeyLiesOpen(Refusal):
    msgid = N_("Everybody on this machine can read {place}. Close it first: chmod 600 {place}")


class WrongKey(Refusal):
    msgid = N_(
        "Names in this database are encrypted with another key than {place} holds. Add the earlier "
        "key behind the present one: KAZI_DATA_KEY=present,earlier"
    )


class _Key(NamedTuple):
    id: str
    fernet: Fernet
    marking: bytes


class Vault:
    """Seals and opens texts. The first key seals, all open.

    `given` is the setting's value: keys separated by commas. Without any, the key is in `file`,
    made at the first use; with neither, names are not protected (`protects`).
    """

    def __init__(self, given: str = "", file: Path | None = None) -> None:
        self._given, self._file = given, file

    @property
    def place(self) -> str:
        """Where the keys come from."""
        return str(self._file) if self._file and not self._given else SETTING

    @property
    def protects(self) -> bool:
        """Whether the key that seals is a secret."""
        return len(self._keys) > 1

    @property
    def current(self) -> str:
        """The id of the key that seals; marks begin with the id of theirs."""
        return self._keys[0].id

    @property
    def ids(self) -> set[str]:
        return {key.id for key in self._keys}

    def seal(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises WrongKey when none of the keys fits."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise WrongKey(place=self.place) from None

    def mark(self, text: str) -> str:
        """Equal for equal texts, and says nothing of them to who has no key. About 2 µs."""
        return _mark(self._keys[0], text)

    def marks(self, text: str) -> list[str]:
        """The marks that a text has under any of the keys."""
        return [_mark(key, text) for key in self._keys]

    @cached_property
    def _keys(self) -> list[_Key]:
        words = (self._given or self._kept()).replace(",", " ").split()
        if not words and (self._given or self._file):
            raise NotAKey(place=self.place)
        return [self._key(word) for word in (*words, NOBODYS)]

    @cached_property
    def _fernet(self) -> MultiFernet:
        return MultiFernet([key.fernet for key in self._keys])

    def _key(self, word: str) -> _Key:
        try:
            fernet = Fernet(word)
        except ValueError:
            raise NotAKey(place=self.place) from None
        id = hmac.digest(word.encode(), b"kazi: id of a key", "sha256").hex()[:ID]
        return _Key(id, fernet, hmac.digest(word.encode(), b"kazi: marks", "sha256"))

    def _kept(self) -> str:
        """What the key file holds; it is made when there is none."""
        if self._file is None:
            return ""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        try:
            made = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            if self._file.stat().st_mode & OTHERS:
                raise KeyLiesOpen(place=self._file) from None
            return self._file.read_text(encoding="ascii", errors="replace")
        with os.fdopen(made, "w", encoding="ascii") as file:
            word = fresh()
            file.write(f"{word}\n")
        return word


def fresh() -> str:
    """A new key: 32 random bytes in urlsafe base64."""
    return Fernet.generate_key().decode()


def _mark(key: _Key, text: str) -> str:
    return f"{key.id}:{hmac.digest(key.marking, text.encode(), 'sha256').hex()[:MARK]}"
