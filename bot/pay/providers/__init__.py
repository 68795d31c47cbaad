"""Rails that carry money to people, one file each, in one visible table."""

from bot.pay.providers.manual import Manual
from bot.pay.providers.provider import Provider

PROVIDERS: dict[str, Provider] = {"manual": Manual()}
