"""A sandbox, somebody to talk to, and a webhook that answers as it is told."""

import asyncio
import json
from collections.abc import Callable

import httpx
import pytest

from bot.sandbox import Sandbox

TOKEN = "4242:test-token"


class Clock:
    """A clock that is moved by hand."""

    def __init__(self):
        self.at = 1_800_000_000.0

    def __call__(self):
        return self.at


class Api:
    """Calls the Bot API as plain HTTP."""

    def __init__(self, sandbox, client):
        self.sandbox = sandbox
        self.client = client

    def address(self, method):
        return f"{self.sandbox.url}/bot{TOKEN}/{method}"

    async def raw(self, method, **params):
        return await self.client.post(self.address(method), json=params)

    async def __call__(self, method, **params):
        answer = (await self.raw(method, **params)).json()
        assert answer["ok"], answer
        return answer["result"]

    async def refused(self, method, **params):
        answer = (await self.raw(method, **params)).json()
        assert not answer["ok"], answer
        return f"{answer['error_code']} {answer['description']}"


class Hook:
    """A webhook; `answer(n, update)` gives (status, headers, body) of the n-th request."""

    def __init__(self):
        self.requests = []
        self.answer: Callable = lambda n, update: (200, {}, b"")
        self.connections = 0
        self.at_once = self.most_at_once = 0
        self.pause = 0.0
        self._news = asyncio.Condition()
        self._writers = set()

    async def start(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/telegram/1"

    async def stop(self):
        self._server.close()
        for writer in self._writers:
            writer.close()
        await self._server.wait_closed()

    @property
    def updates(self):
        return [update for update, _ in self.requests]

    async def received(self, count):
        async with asyncio.timeout(5), self._news:
            await self._news.wait_for(lambda: len(self.requests) >= count)
        return self.updates

    async def _serve(self, reader, writer):
        self.connections += 1
        self._writers.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
                update = json.loads(await reader.readexactly(int(headers["Content-Length"])))
                await self._respond(writer, update, headers)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _respond(self, writer, update, headers):
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.requests.append((update, headers))
        number = len(self.requests)
        await asyncio.sleep(self.pause)
        status, more, body = self.answer(number, update)
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in more.items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
        self.at_once -= 1
        async with self._news:
            self._news.notify_all()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def sandbox(clock):
    async with Sandbox(token=TOKEN, clock=clock, retry_scale=0.01) as sandbox:
        yield sandbox


@pytest.fixture
async def client():
    async with httpx.AsyncClient(timeout=10, verify=False) as client:
        yield client


@pytest.fixture
def api(sandbox, client):
    return Api(sandbox, client)


@pytest.fixture
async def asha(sandbox):
    """Somebody who has written to the bot."""
    person = sandbox.person("Asha", language_code="sw")
    await person.send("/start")
    sandbox.updates.drop()
    return person


@pytest.fixture
async def hook():
    hook = Hook()
    await hook.start()
    yield hook
    await hook.stop()
