"""Every setting, with its default. Read from the environment and from a file `.env`."""

import json
import os
import random
import secrets
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from newsletter.domain.errors import BadSetting
from newsletter.domain.relays import parse_relay_url
from newsletter.domain.retries import RetrySchedule

_PACKAGE = Path(__file__).parent


def _well_known(name: str) -> AliasChoices:
    """Settings that hosting platforms name without our prefix; ours wins when both are given."""
    return AliasChoices(f"NEWSLETTER_{name}", name)


class Settings(BaseSettings):
    """The settings of one installation; `docs/settings.md` explains each."""

    model_config = SettingsConfigDict(
        env_prefix="NEWSLETTER_", env_file=".env", extra="ignore", frozen=True, populate_by_name=True
    )

    environment: Literal["development", "production"] = "development"
    data_dir: Path = Path("var")
    database_url: str = Field(default="", validation_alias=_well_known("DATABASE_URL"))
    redis_url: str = Field(default="", validation_alias=_well_known("REDIS_URL"))
    smtp_url: SecretStr = Field(default=SecretStr(""), validation_alias=_well_known("SMTP_URL"))
    secret_key: SecretStr = Field(default=SecretStr(""), validation_alias=_well_known("SECRET_KEY"))
    site_url: str = "http://localhost:8000"
    security_contact: str = ""
    trusted_proxies: int = Field(default=0, ge=0)

    templates: Path | None = None
    log_format: Literal["auto", "text", "json"] = "auto"
    rate_limits: bool = True
    form_seconds: float = Field(default=2, ge=0)
    confirmations_per_domain: int = Field(default=200, ge=0)
    disposable_addresses: Literal["allow", "warn", "refuse"] = "warn"
    forget_unconfirmed_after: int = Field(default=30, ge=0)
    web_processes: int = Field(default=2, ge=1)
    web_threads: int = Field(default=8, ge=1)
    page_cache_megabytes: int = Field(default=64, ge=0)

    connections: int = Field(default=8, ge=1)
    batch_size: int = Field(default=4000, ge=1)
    lease_for: float = Field(default=30, gt=0)
    send_for: float = Field(default=50, gt=0)
    stop_within: float = Field(default=25, gt=0)
    sweep_every: float = Field(default=5, gt=0)
    notices_every: float = Field(default=0.5, gt=0)
    connect_timeout: float = Field(default=10, gt=0)
    reply_timeout: float = Field(default=600, gt=0)
    retry_waits: tuple[float, ...] = Field(
        min_length=1, default=(15, 60, 180, 600, 1800, 3600, 7200, 14400, 28800)
    )
    relay_waits: tuple[float, ...] = Field(min_length=1, default=(5, 15, 30, 60, 120, 300))
    webhook_url: str = ""
    inbound_address: str = ""
    dkim_keys: Path | None = None
    pacing_beat: float = Field(default=1, gt=0)
    seats_for: float = Field(default=10, gt=0)
    relay_passwords: Annotated[dict[str, SecretStr], NoDecode] = Field(default_factory=dict)
    give_up_after: float = Field(default=86400, gt=0)
    uncertain_policy: Literal["resend", "hold"] = "resend"
    uncertain_grace: float = Field(default=600, ge=0)

    @field_validator("relay_passwords", mode="before")
    @classmethod
    def _read_passwords(cls, value: object) -> object:
        """JSON; nothing is none, so that a compose file may pass on what is not set."""
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value or "{}")
        except ValueError as error:  # without its words: they may quote a password
            raise ValueError('it must be JSON such as {"ses": "secret"}') from error

    @property
    def sqlalchemy_url(self) -> str:
        """The address of the database: a SQLite file in the data folder unless one is set."""
        url = self.database_url or f"sqlite:///{self.data_dir.absolute() / 'newsletter.sqlite3'}"
        for plain in ("postgresql://", "postgres://"):
            if url.startswith(plain):
                return "postgresql+psycopg://" + url.removeprefix(plain)
        return url

    @property
    def broker_url(self) -> str:
        """The address of the broker; without one, bells ring inside each worker only."""
        if self.redis_url.startswith("unix://"):
            return "redis+socket://" + self.redis_url.removeprefix("unix://")
        return self.redis_url or "memory://localhost"  # a host, or kombu remarks on there being none

    @property
    def email_templates(self) -> tuple[Path, ...]:
        """Where mail templates are looked for: the publisher's own folder first, then ours."""
        packaged = _PACKAGE / "email_templates"
        ours = packaged if packaged.is_dir() else _PACKAGE.parent.parent / "templates" / "email"
        return (ours,) if self.templates is None else (self.templates, ours)

    @property
    def dkim_folder(self) -> Path:
        """Where the keys that sign letters are: `DOMAIN/SELECTOR.pem`. Raises BadSetting."""
        if self.dkim_keys is not None and not self.dkim_keys.is_dir():
            raise BadSetting(f"NEWSLETTER_DKIM_KEYS names {self.dkim_keys}, and there is no such folder.")
        return self.dkim_keys or self.data_dir / "dkim"

    @property
    def retries(self) -> RetrySchedule:
        """The schedule of a campaign's retries."""
        give_up_after = timedelta(seconds=self.give_up_after)
        return RetrySchedule(self.retry_waits, give_up_after, random.random)


def load_settings(**overrides: object) -> Settings:
    """Read the settings and refuse what is unsafe. Raises BadSetting, which says what to set."""
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        problems = (f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors())
        raise BadSetting("A setting cannot be used: " + "; ".join(problems)) from error
    if not settings.site_url.startswith(("http://", "https://")):
        raise BadSetting("NEWSLETTER_SITE_URL must begin with http:// or https://.")
    contact = settings.security_contact
    if contact and not contact.startswith(("mailto:", "https://", "tel:")):
        raise BadSetting("NEWSLETTER_SECURITY_CONTACT must begin with mailto:, https:// or tel:.")
    if settings.redis_url and not settings.redis_url.startswith(("redis://", "rediss://", "unix://")):
        raise BadSetting("REDIS_URL must look like redis://host:6379/0 or unix:///path.")
    if settings.webhook_url and not settings.webhook_url.startswith(("http://", "https://")):
        raise BadSetting("NEWSLETTER_WEBHOOK_URL must begin with http:// or https://.")
    if settings.environment == "production":
        _refuse_unsafe(settings)
    return settings


def _refuse_unsafe(settings: Settings) -> None:
    """Defaults that are fine on a laptop must not reach readers."""
    if not settings.site_url.startswith("https://"):
        raise BadSetting("In production NEWSLETTER_SITE_URL must be your public https:// address.")
    if not settings.smtp_url.get_secret_value():
        raise BadSetting(
            "In production SMTP_URL must name your relay; the mail catcher is for trying out only."
        )
    if parse_relay_url(settings.smtp_url.get_secret_value()).host == "catcher":
        raise BadSetting("In production SMTP_URL must name your relay; “catcher” delivers nothing.")
    if len(settings.secret_key.get_secret_value()) < 32:
        raise BadSetting("In production SECRET_KEY must be set to 32 or more random characters.")
    if not settings.redis_url:
        raise BadSetting("In production REDIS_URL must name a Redis that web and workers share.")


def secret_of(settings: Settings) -> str:
    """The installation's secret: the setting, or one made at the first start and kept in the data folder."""
    given = settings.secret_key.get_secret_value()
    if given:
        return given
    path = settings.data_dir / "secret.key"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make_secret(path)
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise BadSetting(f"The folder {settings.data_dir} cannot be used: {error.strerror}.") from error


def _make_secret(path: Path) -> None:
    """Write a secret that appears whole or not at all; of two processes at once the first one wins."""
    draft, name = tempfile.mkstemp(dir=path.parent)  # readable by its owner only
    with os.fdopen(draft, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        os.link(name, path)
    except FileExistsError:
        pass
    finally:
        Path(name).unlink()
