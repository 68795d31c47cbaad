"""The sandbox's own HTTP side: the chat page, and people driven from other processes."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot.sandbox.faults import Fault
from bot.sandbox.files import UPLOAD_LIMIT
from bot.sandbox.people import Person
from bot.sandbox.profile import said
from bot.sandbox.refusals import Refused
from bot.sandbox.world import World

STATIC = Path(__file__).with_name("static")
Act = Callable[[Person, Request], Awaitable[Any]]
CALLS_SHOWN = 1000


def application(world: World) -> Starlette:
    """Everything but the Bot API itself."""
    control = Control(world)
    acts: dict[str, Act] = {
        "text": control.text,
        "tap": control.tap,
        "file": control.upload,
        "vote": control.vote,
        "edit": control.edit,
        "block": control.block,
        "unblock": control.unblock,
        "read": control.read,
    }
    return Starlette(
        routes=[
            Route("/", control.page),
            Route("/api/bot", control.bot),
            Route("/api/people", control.people),
            Route("/api/people", control.add_person, methods=["POST"]),
            Route("/api/people/{id:int}/chat", control.chat),
            *(
                Route(f"/api/people/{{id:int}}/{name}", control.doing(act), methods=["POST"])
                for name, act in acts.items()
            ),
            Route("/api/file/{file_id:path}", control.file),
            Route("/api/events", control.events),
            Route("/api/faults", control.faults, methods=["GET", "POST", "DELETE"]),
            Route("/api/calls", control.calls),
            Route("/file/{path:path}", control.download),
            Mount("/static", StaticFiles(directory=STATIC, check_dir=False)),
            Mount("/", StaticFiles(directory=STATIC, check_dir=False)),
        ]
    )


class Control:
    """Answers the page's requests."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def page(self, _: Request) -> Response:
        """The chat page."""
        index = STATIC / "index.html"
        if not index.is_file():
            return Response("The chat page is not installed.", 404, media_type="text/plain")
        return FileResponse(index)

    async def bot(self, _: Request) -> Response:
        """Who the bot is."""
        world, profile = self._world, self._world.profile
        return _json(
            {
                "id": world.user["id"],
                "username": world.user["username"],
                "first_name": said(profile.names, "") or world.user["first_name"],
                "description": said(profile.descriptions, ""),
                "short_description": said(profile.short_descriptions, ""),
            }
        )

    async def people(self, _: Request) -> Response:
        """Everybody."""
        return _json([_person(person) for person in self._world.people.values()])

    async def add_person(self, request: Request) -> Response:
        """Invent somebody."""
        given = await _body(request)
        known = {"first_name", "language_code", "username", "note", "id"}
        try:
            person = self._world.person(
                **{key: value for key, value in given.items() if key in known and value}
            )
        except (TypeError, ValueError) as error:
            return _wrong(str(error))
        return _json(_person(person))

    async def chat(self, request: Request) -> Response:
        """What one person sees."""
        person = self._world.people.get(request.path_params["id"])
        if person is None:
            return _wrong("no such person", 404)
        chat = person.chat
        seen = {
            "messages": chat.messages,
            "keyboard": chat.keyboard,
            "force_reply": chat.force_reply,
            "commands": chat.commands,
            "menu_button": chat.menu_button or self._world.profile.menu_button,
            "pinned": chat.pinned,
            "blocked": person.blocked,
            "reactions": chat.reactions,
        }
        answer = _json(seen)
        if "peek" not in request.query_params:  # looking is reading, unless said otherwise
            person.read()
        return answer

    def doing(self, act: Act) -> Callable[[Request], Awaitable[Response]]:
        """A route for something a person does."""

        async def route(request: Request) -> Response:
            person = self._world.people.get(request.path_params["id"])
            if person is None:
                return _wrong("no such person", 404)
            try:
                return _json(await act(person, request))
            except Refused as refused:
                return _wrong(refused.description, refused.code)
            except (LookupError, ValueError, TypeError, RuntimeError) as error:
                return _wrong(str(error))

        return route

    async def text(self, person: Person, request: Request) -> Any:
        """Write."""
        given = await _body(request)
        sent = await person.send(str(given["text"]), reply_to=given.get("reply_to"))
        return {"message_id": sent}

    async def tap(self, person: Person, request: Request) -> Any:
        """Press a button, by its place, or by data, forged or not."""
        given = await _body(request)
        if "data" in given:
            return {"callback_query_id": await person.tap_data(given["message_id"], given["data"])}
        pressed = {key: given[key] for key in ("row", "col", "text") if key in given}
        return {"callback_query_id": await person.tap(given["message_id"], **pressed)}

    async def upload(self, person: Person, request: Request) -> Any:
        """Send a file."""
        async with request.form() as form:
            kind, file = str(form.get("kind") or "document"), form.get("file")
            if kind not in ("document", "photo", "voice", "audio"):
                raise ValueError(f"kind {kind!r} is unknown")
            if not isinstance(file, UploadFile) or (file.size or 0) > UPLOAD_LIMIT:
                raise ValueError("file is missing or larger than 50 MB")
            caption = str(form.get("caption") or "")
            name = file.filename or "file"
            content = await file.read()
        sent = await person.upload(kind, content, filename=name, caption=caption)  # type: ignore[arg-type]
        return {"message_id": sent}

    async def vote(self, person: Person, request: Request) -> Any:
        """Vote in a poll."""
        given = await _body(request)
        await person.vote(given["message_id"], given["options"])
        return {"ok": True}

    async def edit(self, person: Person, request: Request) -> Any:
        """Change a text."""
        given = await _body(request)
        await person.edit(given["message_id"], str(given["text"]))
        return {"ok": True}

    async def block(self, person: Person, _: Request) -> Any:
        """Stop the bot."""
        await person.block()
        return {"ok": True}

    async def unblock(self, person: Person, _: Request) -> Any:
        """Let it write again."""
        await person.unblock()
        return {"ok": True}

    async def read(self, person: Person, _: Request) -> Any:
        """Have seen everything."""
        person.read()
        return {"ok": True}

    async def file(self, request: Request) -> Response:
        """The bytes behind a file id."""
        try:
            file = self._world.files.get(request.path_params["file_id"])
        except Refused:
            return _wrong("no such file", 404)
        # Uploads of strangers must not run as pages on this address.
        guard = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}
        content = self._world.files.read(file)
        return Response(content, media_type=file.mime_type, headers=guard)

    async def download(self, request: Request) -> Response:
        """`/file/bot<token>/<file_path>`, as programs fetch files."""
        token, _, path = request.path_params["path"].removeprefix("bot").partition("/")
        file = self._world.files.at(path)
        if token != self._world.token or file is None:
            body = {"ok": False, "error_code": 404, "description": "Not Found"}
            return _json(body, 404)
        content = self._world.files.read(file)
        return Response(content, media_type="application/octet-stream")

    async def events(self, request: Request) -> Response:
        """Server-sent events; `since` or the browser's last id replays what it missed."""
        since = request.query_params.get("since") or request.headers.get("last-event-id") or ""
        stream = self._world.events.stream(int(since) if since.isdecimal() else None)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    async def faults(self, request: Request) -> Response:
        """See, add or end faults."""
        if request.method == "DELETE":
            self._world.faults.clear()
        if request.method == "POST":
            try:
                self._world.faults.append(Fault(**await _body(request)))
            except (TypeError, ValueError) as error:
                return _wrong(str(error))
        return _json(self._world.faults)

    async def calls(self, request: Request) -> Response:
        """The newest calls of the Bot API, oldest of them first."""
        method, chat_id = (request.query_params.get(key) for key in ("method", "chat_id"))
        found = [
            call._asdict()
            for call in self._world.calls
            if method in (None, "", call.method) and chat_id in (None, "", str(call.chat_id))
        ]
        return _json(found[-CALLS_SHOWN:])


def _person(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "first_name": person.first_name,
        "username": person.username,
        "language_code": person.language_code,
        "note": person.note,
        "blocked": person.blocked,
        "unread": person.chat.unread,
    }


async def _body(request: Request) -> dict[str, Any]:
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=dict[str, Any])
    except msgspec.DecodeError:
        raise ValueError("the body must be a JSON object") from None


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _wrong(reason: str, status: int = 400) -> Response:
    return _json({"error": reason}, status)
