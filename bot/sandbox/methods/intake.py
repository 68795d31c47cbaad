"""Methods by which a program gets its updates."""

from typing import Any

from bot.sandbox import schema
from bot.sandbox.delivery import Subscription
from bot.sandbox.methods.request import Request
from bot.sandbox.refusals import bad

MAX_CONNECTIONS = 40
POLL_LIMIT = 50.0  # seconds; a longer timeout is cut, as Telegram does
SECRET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
# Telegram leaves these three out unless they are asked for by name.
RARE = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


async def get_updates(request: Request) -> list[Any]:
    """Wait up to `timeout` seconds for updates; `offset` confirms all before it."""
    params = request.params
    _allow(request)
    return await request.intake.poll(
        offset=params.get("offset", 0),
        limit=params.get("limit", 100),
        timeout=min(max(float(params.get("timeout", 0)), 0.0), POLL_LIMIT),
    )


async def set_webhook(request: Request) -> bool:
    """Have updates posted to an address; an empty one ends that."""
    params = request.params
    secret = params.get("secret_token")
    if secret is not None and not SECRET.issuperset(secret):
        raise bad("secret token contains unallowed characters")
    if params["url"] and not params["url"].startswith(("http://", "https://")):
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    _allow(request)
    if params.get("drop_pending_updates"):
        request.world.updates.drop()
    limit = params.get("max_connections", MAX_CONNECTIONS)
    await request.intake.subscribe(Subscription(params["url"], secret, limit))
    return True


async def delete_webhook(request: Request) -> bool:
    """Stop posting; what is pending waits for a poller."""
    if request.params.get("drop_pending_updates"):
        request.world.updates.drop()
    await request.intake.subscribe(None)
    return True


def get_webhook_info(request: Request) -> dict[str, Any]:
    """How delivery is going."""
    return request.intake.info()


def _allow(request: Request) -> None:
    """Take note of the wanted kinds; a call that names none leaves them as they were."""
    allowed = request.params.get("allowed_updates")
    if allowed is None:
        return
    kinds = schema.table().types["Update"].fields.keys() - {"update_id"}
    for kind in allowed:
        if kind not in kinds:
            raise bad(f"allowed_updates has {kind!r}, which is no kind of update")
    everything = [kind for kind in kinds if kind not in RARE]
    request.world.updates.allowed = list(allowed) if allowed else sorted(everything)
