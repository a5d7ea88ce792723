"""Puts the parts together. Doors ask for a `House` and take what they need from it."""

import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from urllib.parse import urlsplit

from celery import Celery
from sqlalchemy.orm import Session

from newsletter.audience.forgetting import Forgetter
from newsletter.audience.suppression import Hasher
from newsletter.database import Database
from newsletter.delivery.black_box import Boxes
from newsletter.delivery.desk import Desk
from newsletter.delivery.heralds import Herald
from newsletter.delivery.ledger import Ledger
from newsletter.delivery.mailings import Mailings
from newsletter.delivery.notice_lane import NoticeLane
from newsletter.delivery.notice_letters import NoticePress
from newsletter.delivery.notices import NoticeDesk
from newsletter.delivery.outlet import Kit, RelayInUse
from newsletter.delivery.outlets import Outlets
from newsletter.delivery.receivers import Receivers
from newsletter.delivery.relays import NAME, Access, ensure_relay, relays_in_use, retire_default
from newsletter.delivery.seats import SeatBook
from newsletter.delivery.sending import Parts, Sender
from newsletter.delivery.sharing import Sharing
from newsletter.delivery.sweeping import Sweep
from newsletter.delivery.tools import Timing, Tools
from newsletter.delivery.trouble import TroubleBook
from newsletter.delivery.weather import Weathers
from newsletter.domain.errors import BadSetting
from newsletter.domain.identifiers import new_public_id
from newsletter.domain.links import Links
from newsletter.domain.relays import parse_relay_url
from newsletter.domain.settlement import Rules
from newsletter.domain.tokens import Keyring, keyring_from
from newsletter.domain.verp import read_inbound
from newsletter.jobs import Bell, Job, broker_options
from newsletter.mail.dkim.key_folder import load_keys
from newsletter.mail.dkim.signers import Signers, signers_from
from newsletter.mail.resolver import Resolver
from newsletter.mail.smtp.connection import Timeouts
from newsletter.mail.webhooks import Webhook
from newsletter.media.store import DiskStore, Store
from newsletter.migrations import upgrade
from newsletter.publishing.preflight.inspecting import Inspector
from newsletter.publishing.preflight.records import Records
from newsletter.publishing.publications import the_publication
from newsletter.publishing.searching import remember_missing
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
        # Not below some seconds: who is only slow shall not lose a transaction.
        stand_still = max(5.0, self.settings.lease_for)
        return Database(self.settings.sqlalchemy_url, pooled=self.pooled, stand_still=stand_still)

    def upgrade(self) -> None:
        """Bring the database to the newest shape, with all that this version keeps in it. Safe to repeat."""
        upgrade(self.database.engine)
        with self.database.writing() as session:
            remember_missing(session)

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
    def forgetter(self) -> Forgetter:
        """Forgets who never confirmed."""
        return Forgetter(self.settings.forget_unconfirmed_after)

    @cached_property
    def links(self) -> Links:
        """Writes and reads addresses of the site."""
        inbound = read_inbound(self.settings.inbound_address, self.keyring)
        return Links(self.settings.site_url, self.keyring, inbound)

    @cached_property
    def signers(self) -> Signers:
        """Who signs for which sender. Raises BadSetting when a key cannot be used."""
        return signers_from(self.settings.dkim_folder)

    @cached_property
    def composer(self) -> Composer:
        """Renders mail templates."""
        return Composer(self.settings.email_templates)

    @cached_property
    def media(self) -> Store:
        """Where the files of pictures are."""
        return DiskStore(self.settings.data_dir / "media")

    @cached_property
    def herald(self) -> Herald:
        """Tells authors and operators."""
        return Herald(self.links, bool(self.settings.webhook_url))

    @cached_property
    def inspector(self) -> Inspector:
        """Looks at posts before they are sent."""
        records = Records(Resolver().texts, load_keys(self.settings.dkim_folder))
        return Inspector(self.database, self.composer, self.links, self.signers, records)

    @property
    def rules(self) -> Rules:
        """When to try again, and how long to wait in doubt."""
        return Rules(self.settings.retries, timedelta(seconds=self.settings.uncertain_grace))

    def ledger(self) -> Ledger:
        """The only writer of delivery state, for one thread."""
        return Ledger(self.database, timedelta(seconds=self.settings.lease_for), self.rules, self.herald)

    @cached_property
    def press(self) -> NoticePress:
        """Prints single mails."""
        return NoticePress(self.composer, self.links, self.signers)

    def notice_desk(self) -> NoticeDesk:
        """Takes notices to be sent."""
        claim_for = timedelta(seconds=self.settings.connect_timeout + self.settings.reply_timeout + 60)
        return NoticeDesk(self.database, self.press, self.links, self.rules, claim_for)

    def sender(self) -> Sender:
        """A sender with connections of its own. Raises BadSetting when no relay is set."""
        settings, desk = self.settings, Desk(self.database)
        beat, first_wait = settings.pacing_beat, settings.relay_waits[0]
        box = self.boxes.open()
        outlets = Outlets(Kit(beat, first_wait, box), settings.connections)
        trouble = TroubleBook(self.database, self.herald, settings.relay_waits)
        owner = f"{socket.gethostname()}:{os.getpid()}:{new_public_id()}"
        seats = SeatBook(self.database, owner, beat, settings.seats_for)
        tools = Tools(
            self.ledger(),
            Mailings(self.database, self.links, self.signers),
            NoticeLane(self.notice_desk(), outlets, desk, trouble),
            desk,
            trouble,
            outlets,
            Sharing(outlets, seats, desk),
            Weathers(),
            Receivers(self.database),
            box,
            Timing(
                settings.lease_for,
                settings.send_for,
                settings.stop_within,
                settings.notices_every,
                settings.relay_waits,
            ),
        )
        self.relays()  # says at once what is missing
        return Sender(Parts(tools, self.relays))

    def relays(self) -> Sequence[RelayInUse]:
        """The relays there are now. Raises BadSetting when there is none."""
        with self.database.writing() as session:
            self.follow_smtp_url_in(session)
            relays = relays_in_use(session, self.access)
        if not relays:
            raise BadSetting(
                "SMTP_URL is not set. Name your relay, such as smtp://user:password@host:587, or add one by "
                "`newsletter relay add`; `newsletter up` brings a catcher for trying out."
            )
        return relays

    @property
    def access(self) -> Access:
        """What relays need besides their rows."""
        settings = self.settings
        passwords = {name: each.get_secret_value() for name, each in settings.relay_passwords.items()}
        if settings.smtp_url.get_secret_value():
            passwords[NAME] = parse_relay_url(settings.smtp_url.get_secret_value()).password
        return Access(
            urlsplit(settings.site_url).hostname or "localhost",
            Timeouts(settings.connect_timeout, settings.reply_timeout),
            passwords,
        )

    def follow_smtp_url(self) -> None:
        """Keep the row of the relay that the settings name in step with them."""
        with self.database.writing() as session:
            self.follow_smtp_url_in(session)

    def follow_smtp_url_in(self, session: Session) -> None:
        """The same, as a part of something else."""
        url = self.settings.smtp_url.get_secret_value()
        if url:
            ensure_relay(session, the_publication(session), parse_relay_url(url), self.now())
        else:
            retire_default(session)

    @property
    def boxes(self) -> Boxes:
        """The black boxes of the processes on this machine."""
        return Boxes(self.settings.data_dir / "black-boxes")

    def sweep(self, worker: str) -> Sweep:
        """The sweeper of a worker."""
        grace = timedelta(seconds=self.settings.uncertain_grace)
        webhook = None
        if self.settings.webhook_url:
            webhook = Webhook(self.settings.webhook_url, secret_of(self.settings)).call
        return Sweep(
            self.database,
            self.bell,
            worker,
            grace,
            self.hasher,
            self.herald,
            Resolver().exchangers,
            self.forgetter,
            self.boxes,
            webhook,
        )


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
