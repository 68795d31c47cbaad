"""A small HTTP client for webhooks: one address, connections kept alive.

A general client costs about a millisecond of processor time a call; a webhook needs none of what
that buys.
"""

import asyncio
import ssl
from typing import NamedTuple
from urllib.parse import urlsplit

HEAD_LIMIT = 64 * 1024
BODY_LIMIT = 1024 * 1024


class Answer(NamedTuple):
    """What came back. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class BrokenAnswer(Exception):
    """The other side spoke no HTTP, or stopped in the middle."""


class Wire:
    """Posts to one address."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if secure else 80)
        self._ssl = ssl.create_default_context() if secure else None
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._netloc = parts.netloc.rpartition("@")[2]
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, body: bytes, headers: dict[str, str]) -> Answer:
        """Post JSON; OSError or BrokenAnswer when no whole answer comes."""
        reader, writer = await self._connection()
        keep = False
        try:
            writer.write(self._head(len(body), headers) + body)
            await writer.drain()
            answer = await _read(reader)
            keep = answer.headers.get("connection", "").lower() != "close"
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
            raise BrokenAnswer(str(error)) from error
        finally:
            if keep:
                self._idle.append((reader, writer))
            else:
                writer.close()
        return answer

    async def close(self) -> None:
        """Hang up."""
        writers = [writer for _, writer in self._idle]
        self._idle.clear()
        for writer in writers:
            writer.close()
        await asyncio.gather(*(w.wait_closed() for w in writers), return_exceptions=True)

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(
            self._host, self._port, ssl=self._ssl, limit=HEAD_LIMIT
        )

    def _head(self, length: int, headers: dict[str, str]) -> bytes:
        lines = [
            f"POST {self._target} HTTP/1.1",
            f"Host: {self._netloc}",
            "Content-Type: application/json",
            f"Content-Length: {length}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _read(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split(" ")[1]) if head[0].startswith("HTTP/") else 0
    if not status:
        raise BrokenAnswer("no HTTP")
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return Answer(status, headers, await _chunks(reader))
    length = int(headers.get("content-length", 0))
    if length > BODY_LIMIT:
        raise BrokenAnswer("the answer is too long")
    return Answer(status, headers, await reader.readexactly(length) if length else b"")


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
        if len(body) > BODY_LIMIT:
            raise BrokenAnswer("the answer is too long")
    while (await reader.readuntil(b"\r\n")) != b"\r\n":
        pass
    return body
