"""callback_data: a prefix that names the handler's file, and small fields after it.

It is a pointer and never trusted: anybody may send any bytes. The use case checks who owns what.
"""

from bot.errors import Gone

LIMIT = 64  # bytes, Telegram's
LONGER = "lg"  # of [Took longer?], which the live card shows
WORK = "w"  # the prefix of /work's own buttons, which other cards show too
BALANCE = "bl"  # of /balance, whose lines a statement opens
STATEMENT = "sm"  # of /statement, to which its lines lead back


def pack(prefix: str, *fields: object) -> str:
    """`pack("p", 7, "open")` is `p:7:open`."""
    data = ":".join([prefix, *map(str, fields)])
    if len(data.encode()) > LIMIT:
        raise ValueError(f"callback data of more than {LIMIT} bytes: {data}")
    return data


def fields(data: str | None, count: int) -> list[str]:
    """The fields after the prefix. Raises Gone when there are not `count` of them."""
    found = (data or "").split(":")[1:]
    if len(found) != count:
        raise Gone
    return found


def number(field: str) -> int:
    """A field that is an id or an index. Raises Gone for anything else."""
    if not field.isascii() or not field.isdecimal() or len(field) > 18:
        raise Gone
    return int(field)
