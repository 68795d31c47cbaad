"""Settings from the environment or `.env`, prefix `KAZI_`; `KAZI_…_FILE` names a file to read."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "KAZI_"
DEFAULT_DATABASE = "sqlite:///var/kazi.db"


class Settings(BaseSettings):
    """Everything an operator may set. Secrets never show in `repr`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore")

    bot_token: SecretStr = SecretStr("")
    bot_tokens: Annotated[list[SecretStr], NoDecode] = Field(default_factory=list)
    """More bots in the same process and on the same database; a worker belongs to one of them."""
    database_url: str = Field(default=DEFAULT_DATABASE, repr=False)  # it may hold a password
    data_key: SecretStr = SecretStr("")
    api_url: str = "https://api.telegram.org"
    owner_ids: Annotated[list[int], NoDecode] = Field(default_factory=list)
    webhook_url: str = ""
    webhook_secret: SecretStr = SecretStr("")
    webhook_secret_previous: SecretStr = SecretStr("")
    """Accepted too, while a new secret makes its way to Telegram."""
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    metrics_token: SecretStr = SecretStr("")
    log_format: Literal["console", "json"] = "console"
    rate_limit: int = Field(default=30, ge=0)
    """Messages a second of the bot, over all processes; 0: none, for a server of one's own."""
    payments_log: str = ""
    """The file that knows what was paid, whatever is restored; beside an SQLite file by itself."""
    provider_timeout: float = Field(default=30.0, gt=0)
    """Seconds that a payment provider may take to answer; after that the outcome is unknown."""
    paypal_url: str = "https://api-m.paypal.com"
    paypal_client_id: SecretStr = SecretStr("")
    paypal_client_secret: SecretStr = SecretStr("")
    mpesa_url: str = "https://api.safaricom.co.ke"
    mpesa_consumer_key: SecretStr = SecretStr("")
    mpesa_consumer_secret: SecretStr = SecretStr("")
    mpesa_shortcode: str = ""
    mpesa_initiator: str = ""
    mpesa_initiator_password: SecretStr = SecretStr("")
    mpesa_certificate: str = Field(default="", repr=False)  # public, but long
    mpesa_command: Literal["BusinessPayment", "SalaryPayment", "PromotionPayment"] = (
        "BusinessPayment"
    )
    mpesa_callback_secret: SecretStr = SecretStr("")
    """A part of the address to which M-Pesa reports: its callbacks are not signed."""

    @field_validator("owner_ids", mode="before")
    @classmethod
    def _comma_separated(cls, value: Any) -> Any:
        if isinstance(value, str):
            return [int(part) for part in value.replace(" ", ",").split(",") if part]
        return value

    @field_validator("bot_tokens", mode="before")
    @classmethod
    def _tokens(cls, value: Any) -> Any:
        if isinstance(value, str):
            return [SecretStr(part) for part in value.replace(",", " ").split()]
        return value

    @field_validator("paypal_url", "mpesa_url")
    @classmethod
    def _encrypted(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError("money is only sent over https")
        return value.rstrip("/")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        from_files = SecretFiles(settings_cls)
        return init_settings, env_settings, from_files, dotenv_settings, file_secret_settings

    @property
    def token(self) -> str:
        return self.bot_token.get_secret_value()

    @property
    def bot_id(self) -> int:
        """The number before the colon of the token, which is the bot's Telegram id."""
        head = self.token.partition(":")[0]
        return int(head) if head.isdecimal() else 0

    def bots(self) -> "list[Settings]":
        """The settings of each bot, once each: of the one token, and of those listed."""
        tokens = [self.bot_token, *self.bot_tokens]
        found = [self.model_copy(update={"bot_token": one, "bot_tokens": []}) for one in tokens]
        return list({one.bot_id: one for one in found if one.bot_id}.values())


class SecretFiles(PydanticBaseSettingsSource):
    """`KAZI_BOT_TOKEN_FILE=/run/secrets/token` gives `bot_token`: platforms mount secrets so."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"{PREFIX}{field_name.upper()}_FILE")
        return (Path(path).read_text(encoding="utf-8").strip() if path else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {
            name: self.get_field_value(None, name)[0] for name in self.settings_cls.model_fields
        }
        return {name: value for name, value in found.items() if value is not None}
