"""Queues: where a task stands in one, and what is read of the tasks in it."""

from sqlalchemy import bindparam, exists, select

from bot.models.base import table
from bot.models.work import Assignment, Task

PRIORITIES = 100  # the highest priority
BAND = 2**50  # sequences within one priority

assignments, tasks = table(Assignment), table(Task)

# A probe for each row: without OFFSET PostgreSQL makes it a join over the whole table.
HAD = exists(
    select(assignments.c.id)
    .where(assignments.c.worker_id == bindparam("worker"), assignments.c.task_id == tasks.c.id)
    .correlate(tasks)
    .offset(0)
)
TAKEN = (tasks.c.id, tasks.c.key, tasks.c.body, tasks.c.position, tasks.c.gold)
"""What dispatch reads of a task that somebody gets."""


def position(priority: int, sequence: int) -> int:
    """Where a task stands: below all of a lower priority, behind those that came before it."""
    return (PRIORITIES - priority) * BAND + sequence
