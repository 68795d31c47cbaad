"""Reviews whose right verdict is known: when one is handed out, which, and what it showed. Pure.

Chance is a hash of ids, so that the same reviewer comes to the same review twice.
"""

from collections.abc import Sequence
from hashlib import sha256

MILLION = 1_000_000


def draw(*ids: int) -> int:
    """A number from 0 up to a million, always the same for the same ids."""
    digest = sha256(":".join(map(str, ids)).encode()).digest()
    return int.from_bytes(digest[:8]) % MILLION


def due(share_ppm: int, reviewer_id: int, looked: int) -> bool:
    """Whether the next look of a reviewer, after so many, is at an answer to gold."""
    return draw(reviewer_id, looked) < share_ppm


def choose(found: Sequence[tuple[int, bool]], reviewer_id: int, looked: int) -> int | None:
    """One of answers, each with whether it is right: as often a wrong one as a right one.

    Most answers to gold are right: whoever accepted everything would be right with them.
    """
    right = bool(draw(looked, reviewer_id) % 2)
    of_kind = [id for id, is_right in found if is_right == right] or [id for id, _ in found]
    return of_kind[draw(reviewer_id, looked, len(found)) % len(of_kind)] if of_kind else None


def is_right(verdict: str, *, answer: bool, mended: bool) -> bool:
    """Whether a verdict is the one that is known.

    `answer` is whether the answer was right, `mended` whether the reviewer's correction is. A right
    answer is accepted; a wrong one is corrected to the right one, given back or not accepted.
    """
    if verdict == "fixed":
        return mended
    return (verdict == "accepted") == answer
