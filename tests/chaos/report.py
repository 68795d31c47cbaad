"""What a storm was like."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Report:
    """What happened, for the assertions and for people."""

    seed: int
    back: list[float] = field(default_factory=list)
    """Seconds from the beginning of each mishap to the first update acknowledged after it."""
    reactions: list[float] = field(default_factory=list)
    acts: int = 0
    answers: int = 0
    corrections: int = 0
    late: int = 0
    hurries: int = 0
    mishaps: Counter[str] = field(default_factory=Counter)
    muddled: int = 0
    """Calls of the Bot API that went wrong."""
    letters: int = 0
    repeated: int = 0
    """Calls beyond one a letter."""
    seconds: float = 0.0
    goodbyes: list[tuple[int, float]] = field(default_factory=list)
    """Exit code and seconds of each orderly end."""
    gap: float = 0.0
    """Seconds in which nobody of the replicas took an update, at most."""
    faults: list[str] = field(default_factory=list)
    said: str = ""

    def line(self) -> str:
        slow = sorted(self.reactions)
        back = f"{min(self.back, default=0):.1f}-{max(self.back, default=0):.1f}"
        return (
            f"seed {self.seed}: {self._mishaps()}; {self.acts} updates, {self.answers} answers"
            f" ({self.corrections} corrections, {self.late} surplus), /work again {self.hurries}"
            f" times; {self.letters} letters, {self.muddled} calls went wrong,"
            f" {self.repeated} were repeated; back after {back} s; a person waited"
            f" {slow[len(slow) // 2]:.2f} s in the middle and {slow[-1]:.1f} s at most;"
            f" {self.seconds:.0f} s in all; {len(self.faults)} faults"
        )

    def _mishaps(self) -> str:
        return ", ".join(f"{count} {kind}" for kind, count in sorted(self.mishaps.items()))
