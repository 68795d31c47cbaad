"""A warm start: the bot's code is loaded once, and each bot is a fork that runs `kazi` from there.

Lines on standard input: `start run` (or another command) answers with the process id, `wait` with
the exit code. The end of the input ends the bot. With KAZI_CHAOS_FORGETFUL=1 the inbox remembers
nothing, so that every repeated delivery is handled again: the storm must then notice.
"""

import importlib
import os
import signal
import sys
from datetime import datetime

from bot.cli import main
from bot.store import inbox
from bot.store.database import Session, now

LOADED = ("bot.app", "bot.cli.live", "bot.web.server", "uvicorn.protocols.http.auto")


def answer_orders(log: str) -> None:
    """Do as told until the input ends."""
    pid = 0
    for line in sys.stdin:
        order, *arguments = line.split()
        if order == "start":
            pid = os.fork()
            if not pid:
                _become_the_bot(arguments, log)
            print(pid, flush=True)
        else:
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
            pid = 0
    if pid:
        os.kill(pid, signal.SIGKILL)


def forget_updates() -> None:
    """The negative control: the key that stops redelivery is gone."""
    taken = inbox.take

    async def take(session: Session, bot_id: int, update_id: int, kind: str) -> datetime:
        return await taken(session, bot_id, update_id, kind) or await now(session)

    inbox.take = take


def _become_the_bot(arguments: list[str], log: str) -> None:
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for mine, theirs in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(mine, theirs)
    sys.argv = ["kazi", *arguments]
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
    if os.environ.get("KAZI_CHAOS_FORGETFUL") == "1":
        forget_updates()
    answer_orders(sys.argv[1])
