"""Puts the parts together. Doors ask for a `House` and take what they need from it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from urllib.parse import urlsplit

from celery import Celery

from newsletter.audience.suppression import Hasher
from newsletter.database import Database
from newsletter.delivery.desk import Desk
from newsletter.delivery.ledger import Ledger
from newsletter.delivery.mailings import Mailings
from newsletter.delivery.notice_lane import NoticeLane
from newsletter.delivery.notice_letters import NoticePress
from newsletter.delivery.notices import NoticeDesk
from newsletter.delivery.relays import ensure_relay
from newsletter.delivery.rounds import Pace
from newsletter.delivery.sending import Sender
from newsletter.delivery.sweeping import Sweep
from newsletter.delivery.trouble import TroubleBook
from newsletter.domain.errors import BadSetting
from newsletter.domain.links import Links
from newsletter.domain.relays import RelayAddress, parse_relay_url
from newsletter.domain.settlement import Rules
from newsletter.domain.tokens import Keyring, keyring_from
from newsletter.jobs import Bell, Job, broker_options
from newsletter.mail.smtp.client import Client
from newsletter.mail.smtp.connection import Route, Timeouts
from newsletter.publishing.publications import the_publication
from newsletter.rendering.compose import Composer
from newsletter.settings import Settings, secret_of


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class House:
    """Everything a door may need, made when first asked for."""

    settings: Settings
    ring: Callable[[Job, tuple[int, ...]], object]
    now: Callable[[], datetime] = utc_now
    pooled: bool = True

    @cached_property
    def database(self) -> Database:
        """The database of this process."""
        return Database(self.settings.sqlalchemy_url, pooled=self.pooled)

    @cached_property
    def bell(self) -> Bell:
        """The bell of this process."""
        return Bell(self.ring)

    @cached_property
    def keyring(self) -> Keyring:
        """The keys that sign links."""
        return keyring_from(secret_of(self.settings))

    @cached_property
    def hasher(self) -> Hasher:
        """Hashes addresses for suppression."""
        return Hasher(secret_of(self.settings))

    @cached_property
    def links(self) -> Links:
        """Writes and reads addresses of the site."""
        return Links(self.settings.site_url, self.keyring)

    @cached_property
    def composer(self) -> Composer:
        """Renders mail templates."""
        return Composer(self.settings.email_templates)

    @property
    def rules(self) -> Rules:
        """When to try again, and how long to wait in doubt."""
        return Rules(self.settings.retries, timedelta(seconds=self.settings.uncertain_grace))

    def ledger(self, relay_id: int | None = None) -> Ledger:
        """The only writer of delivery state, for one thread; `relay_id` is who takes the letters."""
        return Ledger(self.database, timedelta(seconds=self.settings.lease_for), self.rules, relay_id)

    def notice_desk(self) -> NoticeDesk:
        """Takes notices to be sent."""
        press = NoticePress(self.composer, self.links)
        claim_for = timedelta(seconds=self.settings.connect_timeout + self.settings.reply_timeout + 60)
        return NoticeDesk(self.database, press, self.links, self.rules, claim_for)

    def sender(self) -> Sender:
        """A sender with connections of its own. Raises BadSetting when no relay is set."""
        settings, address = self.settings, self.relay_address()
        with self.database.writing() as session:
            relay_id = ensure_relay(session, the_publication(session), address, self.now())
        ehlo_name = urlsplit(settings.site_url).hostname or "localhost"
        route = Route(address, ehlo_name, Timeouts(settings.connect_timeout, settings.reply_timeout))
        desk, trouble = Desk(self.database), TroubleBook(self.database, relay_id, settings.relay_waits)
        return Sender(
            self.ledger(relay_id),
            Mailings(self.database, self.links),
            NoticeLane(self.notice_desk(), Client(route), desk, trouble),
            route,
            desk=desk,
            trouble=trouble,
            pace=Pace(
                settings.connections,
                settings.lease_for,
                settings.send_for,
                settings.stop_within,
                settings.notices_every,
                settings.relay_waits,
            ),
        )

    def sweep(self, worker: str) -> Sweep:
        """The sweeper of a worker."""
        grace = timedelta(seconds=self.settings.uncertain_grace)
        return Sweep(self.database, self.bell, worker, grace)

    def relay_address(self) -> RelayAddress:
        """Where mail is handed over."""
        url = self.settings.smtp_url.get_secret_value()
        if not url:
            raise BadSetting(
                "SMTP_URL is not set. Name your relay, such as smtp://user:password@host:587, "
                "or use `newsletter up`, which brings a catcher for trying out."
            )
        return parse_relay_url(url)


def wire(settings: Settings) -> House:
    """The house of a process that rings bells through the broker."""
    client = broker_client(settings)

    def ring(job: Job, ids: tuple[int, ...]) -> None:
        # A ring nobody heard in time is not worth keeping: the sweeper rings again.
        client.send_task(job, args=ids, expires=60, ignore_result=True)

    return House(settings, ring)


def broker_client(settings: Settings) -> Celery:
    """A Celery client that only rings."""
    client = Celery("newsletter", broker=settings.broker_url, set_as_current=False)
    client.conf.update(
        broker_transport_options=broker_options(settings.broker_url),
        # Publishing must not hang on a dead broker: two quick tries, then the sweeper's turn.
        task_publish_retry_policy={"max_retries": 2, "interval_start": 0.2, "interval_max": 0.2},
        task_default_queue="newsletter",
        task_serializer="json",
    )
    return client
