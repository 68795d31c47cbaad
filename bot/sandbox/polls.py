"""Polls: made by the bot, voted on by people, stopped by the bot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.sandbox.chats import Message
from bot.sandbox.refusals import bad

if TYPE_CHECKING:
    from bot.sandbox.people import Person
    from bot.sandbox.world import World

# What people chose lies beside the poll: a Poll object itself names nobody.
Votes = dict[int, list[int]]


def made(world: World, params: dict[str, Any], texts: dict[str, Any]) -> dict[str, Any]:
    """A new Poll; `texts` has its question and explanation with their entities."""
    quiz = params.get("type", "regular") == "quiz"
    _check(params, quiz=quiz)
    poll = {
        "id": world.new_id(),
        "options": [
            {"persistent_id": str(n), "text": option["text"], "voter_count": 0}
            for n, option in enumerate(params["options"])
        ],
        "total_voter_count": 0,
        "is_closed": params.get("is_closed", False),
        "is_anonymous": params.get("is_anonymous", True),
        "type": "quiz" if quiz else "regular",
        "allows_multiple_answers": params.get("allows_multiple_answers", False),
        "allows_revoting": params.get("allows_revoting", not quiz),
        "members_only": False,
        **texts,
    }
    kept = ("correct_option_ids", "open_period", "close_date")
    return poll | {key: params[key] for key in kept if key in params}


def vote(world: World, person: Person, message: Message, options: list[int]) -> None:
    """Count a person's choice and tell the bot."""
    poll = message.get("poll")
    if poll is None:
        raise LookupError(f"message {message['message_id']} is no poll")
    votes = world.votes.setdefault(poll["id"], {})
    _check_vote(poll, votes.get(person.id), options)
    votes.pop(person.id, None)
    if options:
        votes[person.id] = options
    _count(poll, votes)
    if not poll["is_anonymous"]:
        answer = {
            "poll_id": poll["id"],
            "user": person.user,
            "option_ids": options,
            "option_persistent_ids": [poll["options"][n]["persistent_id"] for n in options],
        }
        world.updates.add("poll_answer", answer, ("poll", poll["id"]))
    world.updates.add("poll", poll, ("poll", poll["id"]))
    world.events.emit("edit", person.id, message=message)
    person.chat.changed()


def stop(world: World, message: Message) -> dict[str, Any]:
    """Close a poll; the Poll."""
    poll: dict[str, Any] | None = message.get("poll")
    if poll is None:
        raise bad("message with poll to stop not found")
    if poll["is_closed"]:
        raise bad("poll has already been closed")
    poll["is_closed"] = True
    world.updates.add("poll", poll, ("poll", poll["id"]))
    return poll


def _check(params: dict[str, Any], *, quiz: bool) -> None:
    right = params.get("correct_option_ids")
    if quiz and not right:
        raise bad("quiz must have at least one correct option")
    if right and not quiz:
        raise bad("only quizzes have correct options")
    if right and not all(0 <= n < len(params["options"]) for n in right):
        raise bad("wrong correct option ID specified")
    if "open_period" in params and "close_date" in params:
        raise bad("only one of open_period and close_date can be specified")


def _check_vote(poll: dict[str, Any], before: list[int] | None, options: list[int]) -> None:
    if poll["is_closed"]:
        raise LookupError("the poll is closed")
    if before is not None and not poll["allows_revoting"]:
        raise LookupError("the poll takes one vote only")
    if len(options) > 1 and not poll["allows_multiple_answers"]:
        raise LookupError("the poll takes one option only")
    if len(set(options)) != len(options) or not set(options) <= set(range(len(poll["options"]))):
        raise LookupError(f"the poll has no options {options}")


def _count(poll: dict[str, Any], votes: Votes) -> None:
    for n, option in enumerate(poll["options"]):
        option["voter_count"] = sum(n in chosen for chosen in votes.values())
    poll["total_voter_count"] = len(votes)
