"""The Bot API over HTTP: read a call, check it, carry it out, check the result, answer.

A bare ASGI application: a routing framework would cost more than the call itself.
"""

import asyncio
import inspect
import logging
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request as WebRequest
from starlette.types import Receive, Scope, Send

from bot.sandbox import schema
from bot.sandbox.checks import Upload, check_of, parameters
from bot.sandbox.delivery import Intake
from bot.sandbox.faults import Fault, pick
from bot.sandbox.methods import METHODS
from bot.sandbox.methods.request import Request
from bot.sandbox.refusals import Misfit, Refused, bad
from bot.sandbox.world import Call, World

log = logging.getLogger(__name__)

JSON = b"application/json"
FORM_PART_LIMIT = 1024 * 1024
BODY_LIMIT = 60 * 1024 * 1024
GATEWAY = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    b"<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
)
BY_LOWER_NAME = {name.lower(): name for name in schema.table().methods}


class CutOff(Exception):
    """The connection ends in the middle of the answer."""


class BotApi:
    """Answers `/bot<token>/<method>`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.intake: Intake
        self.stopping = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token, _, name = scope["path"].removeprefix("/bot").partition("/")
        method = BY_LOWER_NAME.get(name.lower())
        if token != self.world.token:
            return await _answer(send, 401, _refusal(Refused(401, "Unauthorized")))
        if method is None:
            return await _answer(send, 404, _refusal(Refused(404, "Not Found")))
        raw: dict[str, Any] = {}
        try:
            raw, uploads = await _read(scope, receive)
            status, body = await self._respond(method, raw, uploads, receive)
        except Refused as refused:
            status, body = refused.code, _refusal(refused)
            self._note(method, raw, status)
        except CutOff:
            return await _cut(send)
        except Exception:
            log.exception("the sandbox failed at %s", method)
            status, body = 500, _refusal(Refused(500, "Internal Server Error: the sandbox's own"))
        if status == 502:
            return await _answer(send, 502, body, b"text/html")
        return await _answer(send, status, body)

    async def execute(self, method: str, raw: dict[str, Any]) -> Any:
        """Carry out a call from the body of a webhook's answer."""
        name = BY_LOWER_NAME.get(method.lower())
        if name is None:
            raise Refused(404, "Not Found")
        status = 200
        try:
            return await self._call(name, raw, {})
        except Refused as refused:
            status = refused.code
            raise
        finally:
            self._note(name, raw, status)

    async def _respond(
        self, method: str, raw: dict[str, Any], uploads: dict[str, Upload], receive: Receive
    ) -> tuple[int, bytes]:
        if self.world.faults:
            chat_id = _chat_id(raw)
            fault = pick(self.world.faults, method, chat_id, self.world.chance)
            if fault is not None:
                return await self._fail(fault, method, raw, uploads)
        result = await self._call_or_leave(method, raw, uploads, receive)
        self._note(method, raw, 200)
        return 200, _success(result)

    async def _call_or_leave(
        self, method: str, raw: dict[str, Any], uploads: dict[str, Upload], receive: Receive
    ) -> Any:
        """A call; a long poll ends when its caller hangs up."""
        if method != "getUpdates":
            return await self._call(method, raw, uploads)
        call = asyncio.ensure_future(self._call(method, raw, uploads))
        gone = asyncio.ensure_future(_hung_up(receive))
        try:
            await asyncio.wait({call, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not call.done():
                raise CutOff
            return call.result()
        finally:
            gone.cancel()
            call.cancel()
            await asyncio.gather(call, gone, return_exceptions=True)

    async def _call(self, method: str, raw: dict[str, Any], uploads: dict[str, Upload]) -> Any:
        params = _params(method, raw, uploads)
        carry_out = METHODS.get(method)
        if carry_out is None:
            raise bad(f"not supported by the sandbox: {method}")
        result = carry_out(Request(self.world, self.intake, params, uploads))
        if inspect.isawaitable(result):
            return await result  # updates were checked when they were queued
        _check_result(method, result)
        return result

    async def _fail(
        self, fault: Fault, method: str, raw: dict[str, Any], uploads: dict[str, Upload]
    ) -> tuple[int, bytes]:
        """The answer that goes wrong, after the call took effect if it should."""
        if fault.kind == "slow":
            result = await self._call(method, raw, uploads)
            self._note(method, raw, 200, fault.kind)
            await self._hang(fault.seconds)
            return 200, _success(result)
        if fault.executes:
            await self._call(method, raw, uploads)
        self._note(method, raw, _STATUS[fault.kind], fault.kind)
        if fault.kind == "timeout":
            await self._hang(fault.seconds)
        if fault.kind in ("timeout", "cut"):
            raise CutOff
        if fault.kind == "502html":
            return 502, GATEWAY
        if fault.kind == "notok":
            return 200, b'{"ok":false}'
        refused = _refused(fault)
        return refused.code, _refusal(refused)

    async def _hang(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        except TimeoutError:
            return

    def _note(self, method: str, raw: dict[str, Any], status: int, fault: str = "") -> None:
        call = Call(method, _chat_id(raw), raw, self.world.clock(), status, fault)
        self.world.calls.append(call)


_STATUS = {
    "429": 429,
    "500": 500,
    "502html": 502,
    "timeout": 0,
    "cut": 0,
    "notok": 200,
    "403": 403,
    "migrated": 400,
}


def _refused(fault: Fault) -> Refused:
    if fault.kind == "429":
        wait = fault.retry_after if fault.retry_after is not None else 1
        return Refused(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
    if fault.kind == "403":
        return Refused(403, "Forbidden: bot was blocked by the user")
    if fault.kind == "migrated":
        words = "Bad Request: group chat was upgraded to a supergroup chat"
        return Refused(400, words, migrate_to_chat_id=fault.new_chat_id)
    return Refused(500, "Internal Server Error")


def _params(method: str, raw: dict[str, Any], uploads: dict[str, Upload]) -> dict[str, Any]:
    """The parameters as values. A null counts as left out, as with Telegram."""
    known = parameters(method)
    params: dict[str, Any] = {}
    for name, value in (raw | uploads if uploads else raw).items():
        if value is None:
            continue
        parameter = known.get(name)
        if parameter is None:
            if name in uploads and _attached(name, raw):
                continue
            raise bad(f"unknown parameter {name!r} of {method}")
        try:
            params[name] = parameter.read(value)
        except Misfit as misfit:
            raise bad(str(misfit.under(name))) from None
    for name, parameter in known.items():
        if parameter.required and name not in params:
            raise bad(_MISSING.get(name, f"parameter {name!r} of {method} is required"))
    return params


_MISSING = {"chat_id": "chat_id is empty", "text": "message text is empty"}


def _attached(name: str, raw: dict[str, Any]) -> bool:
    return any(isinstance(value, str) and f"attach://{name}" in value for value in raw.values())


def _check_result(method: str, result: Any) -> None:
    """What the sandbox emits must fit the table, too; a misfit is a bug of the sandbox."""
    kind = schema.table().methods[method].returns
    if result is True and "Boolean" in kind:
        return
    try:
        check_of(kind.split("|")[0].replace("Array of ", "[]"))(result)
    except Misfit as misfit:
        raise AssertionError(f"the sandbox's result of {method}: {misfit}") from misfit


def _chat_id(raw: dict[str, Any]) -> int | str | None:
    chat_id = raw.get("chat_id")
    if isinstance(chat_id, str) and chat_id.lstrip("-").isdecimal():
        return int(chat_id)
    return chat_id if isinstance(chat_id, int | str) else None


async def _read(scope: Scope, receive: Receive) -> tuple[dict[str, Any], dict[str, Upload]]:
    """Query and body as they came: text, JSON values, files."""
    query = scope["query_string"].decode("latin-1")
    raw: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
    kind = next((v for k, v in scope["headers"] if k == b"content-type"), b"")
    if kind.startswith(b"multipart/form-data"):
        fields, uploads = await _read_multipart(scope, receive)
        return raw | fields, uploads
    body = await _read_body(receive)
    if not body:
        return raw, {}
    if kind.startswith(JSON):
        return raw | _decode(body), {}
    try:
        return raw | dict(parse_qsl(body.decode(), keep_blank_values=True)), {}
    except UnicodeDecodeError:
        raise bad("strings must be encoded in UTF-8") from None


def _decode(body: bytes) -> dict[str, Any]:
    try:
        params: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        raise bad("can't parse JSON object") from None
    return params


async def _read_body(receive: Receive) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT:
            raise Refused(413, "Request Entity Too Large")
        if not message.get("more_body"):
            return body


async def _read_multipart(
    scope: Scope, receive: Receive
) -> tuple[dict[str, Any], dict[str, Upload]]:
    fields: dict[str, Any] = {}
    uploads: dict[str, Upload] = {}
    try:
        async with WebRequest(scope, receive).form(max_part_size=FORM_PART_LIMIT) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    mime_type = value.content_type or "application/octet-stream"
                    uploads[name] = Upload(value.filename or name, await value.read(), mime_type)
                else:
                    fields[name] = value
    except MultiPartException:
        raise bad("can't parse multipart body") from None
    return fields, uploads


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _success(result: Any) -> bytes:
    encoded: bytes = msgspec.json.encode(result)
    return b'{"ok":true,"result":' + encoded + b"}"


def _refusal(refused: Refused) -> bytes:
    body: dict[str, Any] = {
        "ok": False,
        "error_code": refused.code,
        "description": refused.description,
    }
    if refused.parameters:
        body["parameters"] = refused.parameters
    encoded: bytes = msgspec.json.encode(body)
    return encoded


async def _answer(send: Send, status: int, body: bytes, kind: bytes = JSON) -> None:
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _cut(send: Send) -> None:
    """Promise more than comes; the server then closes the connection."""
    headers = [(b"content-type", JSON), (b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"ok":tr', "more_body": True})
