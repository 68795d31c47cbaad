"""A warm start: the bot's code is loaded once, and each bot is a fork that runs `kazi` from there.

Lines on standard input, in JSON: {"start": how}, answered with the bot's process id; {"wait": id},
answered with its exit code; {"ended": id}, answered with null while it lives. The end of the input
ends them all.

The bot's own clock is ahead by as many seconds as the file named in KAZI_CHAOS_CLOCK says, as
soon as it says so. And KAZI_CHAOS_WITHOUT takes guards away from the bot, see `controls.py`.
"""

import importlib
import json
import os
import signal
import sys
import time
from datetime import datetime, tzinfo
from pathlib import Path

from bot.cli import main
from tests.chaos import controls

LOADED = ("bot.app", "bot.cli.live", "bot.web.server", "uvicorn.protocols.http.auto")
# All that asks for the time of day; the database has a clock of its own.
ASKING = ("bot.clock", "apscheduler.schedulers.base", "apscheduler.triggers.interval")


def answer_orders() -> None:
    """Do as told until the input ends."""
    living: set[int] = set()
    for line in sys.stdin:
        ((order, what),) = json.loads(line).items()
        if order == "start":
            answer: int | None = _start(**what)
            living.add(answer)
        else:
            answer = _end(what, 0 if order == "wait" else os.WNOHANG)
            living -= {what} if answer is not None else set()
        print(json.dumps(answer), flush=True)
    for pid in living:
        os.kill(pid, signal.SIGKILL)


def _start(command: str, log: str, environment: dict[str, str]) -> int:
    pid = os.fork()
    if not pid:
        _become_the_bot(command, log, environment)
    return pid


def _end(pid: int, options: int) -> int | None:
    ended, status = os.waitpid(pid, options)
    return os.waitstatus_to_exitcode(status) if ended else None


def bend_clock(file: Path) -> None:
    """From now on the time of day is what the host says and as many seconds as `file` says."""
    right = time.time

    def wrong() -> float:
        return right() + (float(file.read_text() or 0) if file.exists() else 0)

    class Bent(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.fromtimestamp(wrong(), tz)

    time.time = wrong
    for name in ASKING:
        importlib.import_module(name).datetime = Bent


def _become_the_bot(command: str, log: str, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    os.chdir(Path(log).parent)
    bend_clock(Path(environment["KAZI_CHAOS_CLOCK"]))
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for mine, theirs in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(mine, theirs)
    sys.argv = ["kazi", command]
    code = 1
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        os._exit(code)  # nothing of the process we were forked from may run


if __name__ == "__main__":
    for name in LOADED:
        importlib.import_module(name)
    controls.weaken()
    answer_orders()
