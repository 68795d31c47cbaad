"""Order in a queue: one number for each task, higher priority first, then arrival."""

PRIORITIES = 100  # the highest priority
BAND = 2**50  # sequences within one priority


def position(priority: int, sequence: int) -> int:
    """Where a task stands: below all of a lower priority, behind those that came before it."""
    return (PRIORITIES - priority) * BAND + sequence
