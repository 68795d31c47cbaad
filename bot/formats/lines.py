r"""Bytes to numbered lines of text, in bounded memory.

`\n`, `\r\n` and a lone `\r` each end a line, as editors count. The ends stay on: a quoted cell may
hold them.
"""

from collections.abc import Iterator
from typing import BinaryIO

from bot.formats.faults import LineTooLong, NotUtf8, NulFound, WideEncoding
from bot.formats.format import Limits, Lines

BLOCK = 128 * 1024
UTF8_MARK = b"\xef\xbb\xbf"
WIDE_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",  # before UTF-16, whose mark is its beginning
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


def lines(stream: BinaryIO, limits: Limits) -> Lines:
    """Numbered from 1; raises at the first line that is not clean UTF-8."""
    for number, raw in enumerate(_raw_lines(stream, limits), 1):
        if len(raw) > limits.line:
            raise LineTooLong(line=number, limit=limits.line)
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            column = len(raw[: error.start].decode()) + 1
            raise NotUtf8(line=number, column=column) from None
        if "\0" in text:
            raise NulFound(line=number, column=text.index("\0") + 1)
        yield number, text


def wide_encoding(head: bytes) -> str | None:
    """The name of an encoding with two or four bytes a character, by its mark or its zeros."""
    for mark, name in WIDE_MARKS.items():
        if head.startswith(mark):
            return name
    return "UTF-16" if _every_second_is_zero(head[:200]) else None


def _raw_lines(stream: BinaryIO, limits: Limits) -> Iterator[bytes]:
    rest = b""
    for block in _blocks(stream):
        rest += block
        whole, rest = _cut(rest)
        yield from whole.splitlines(keepends=True)
        if len(rest) > limits.line + 1:  # a \r held back is not yet known to be the end
            break  # the caller says that it is too long
    yield from rest.splitlines(keepends=True)


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    head = _head(stream)
    if encoding := wide_encoding(head):
        raise WideEncoding(line=1, encoding=encoding)
    yield head.removeprefix(UTF8_MARK)
    while block := stream.read(BLOCK):
        yield block


def _head(stream: BinaryIO) -> bytes:
    """Sockets and pipes may give a byte at a time; the mark needs four."""
    head = b""
    while len(head) < 4 and (more := stream.read(BLOCK)):
        head += more
    return head


def _cut(data: bytes) -> tuple[bytes, bytes]:
    r"""Whole lines and the rest. A `\r` at the very end may be half of `\r\n`: it waits."""
    end = max(data.rfind(b"\n"), data.rfind(b"\r", 0, -1)) + 1
    return data[:end], data[end:]


def _every_second_is_zero(head: bytes) -> bool:
    pairs = len(head) // 2
    return pairs >= 2 and max(head[::2].count(0), head[1::2].count(0)) > 0.6 * pairs
