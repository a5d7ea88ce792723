"""Every address that a mail may carry; `web` answers at these, and a test holds the two together."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import quote

from newsletter.domain.identifiers import public_id_bytes, public_id_from
from newsletter.domain.tokens import Keyring, Purpose, Signer
from newsletter.domain.verp import Inbound

CONFIRM_WITHIN = timedelta(days=7)
SIGN_IN_WITHIN = timedelta(minutes=15)
CHANGE_ADDRESS_WITHIN = timedelta(days=1)


@dataclass(frozen=True)
class Links:
    """Writes and reads the signed links of one installation."""

    site_url: str
    keyring: Keyring
    inbound: Inbound | None = None

    def home(self) -> str:
        """The front page."""
        return self._at("")

    def post(self, slug: str) -> str:
        """A post's page."""
        return self._at(f"p/{quote(slug)}")

    def reading(self, post_public_id: str) -> str:
        """A post's whole page for those who have its letter, whoever else may read it."""
        return self._at("read/" + self.keyring.sign(Purpose.READING, public_id_bytes(post_public_id)))

    def open_reading(self, token: str, now: datetime) -> str:
        """The post a reading link stands for. Raises BadLink."""
        return public_id_from(self.keyring.open(Purpose.READING, token, now))

    def section(self, slug: str) -> str:
        """A section's page, the archive of its letters."""
        return self._at(f"s/{quote(slug)}")

    def author(self, slug: str) -> str:
        """What an author wrote."""
        return self._at(f"by/{quote(slug)}")

    def archive(self) -> str:
        """All posts."""
        return self._at("archive")

    def page(self, slug: str) -> str:
        """A free-standing page."""
        return self._at(quote(slug))

    def search(self) -> str:
        """Searching all posts; `?q=` and the words follow."""
        return self._at("search")

    def file(self, path: str) -> str:
        """A picture, or any other file of ours, by its path."""
        return self._at(path.lstrip("/"))

    def card(self, slug: str = "") -> str:
        """What is shown where a post is shared, or the site when no post is named."""
        return self._at(f"p/{quote(slug)}/card.png" if slug else "card.png")

    def feed(self, name: str, of: str = "") -> str:
        """A feed by its file name: of the whole site, or of the section or author with this address."""
        return f"{(of or self.home()).rstrip('/')}/{name}"

    def campaign(self, public_id: str) -> str:
        """A campaign in the studio."""
        return self._at(f"studio/campaigns/{public_id}")

    def confirm(self, consent_id: str, asked_at: datetime) -> str:
        """The page with one button that turns a request into a subscription."""
        payload = public_id_bytes(consent_id)
        return self._at("confirm/" + self.keyring.sign(Purpose.CONFIRM, payload, asked_at + CONFIRM_WITHIN))

    def unsubscribe(self, subscriber_id: str, section_id: str) -> str:
        """Leaves one section; it never expires (RFC 8058; laws ask for 60 days)."""
        payload = public_id_bytes(subscriber_id) + public_id_bytes(section_id)
        return self._at("u/" + self.keyring.sign(Purpose.UNSUBSCRIBE, payload))

    def preferences(self, subscriber_id: str) -> str:
        """Switches sections on and off."""
        return self._at("preferences/" + self.preferences_token(subscriber_id))

    def preferences_token(self, subscriber_id: str) -> str:
        """The token in that address alone."""
        return self.keyring.sign(Purpose.PREFERENCES, public_id_bytes(subscriber_id))

    def sign_in(self, sign_in_id: str, asked_at: datetime) -> str:
        """Signs in, once."""
        payload = public_id_bytes(sign_in_id)
        token = self.keyring.sign(Purpose.SIGN_IN, payload, asked_at + SIGN_IN_WITHIN)
        return self._at("sign-in/" + token)

    def account(self) -> str:
        """What a reader decides about themselves."""
        return self._at("account")

    def address_change(self, change_id: str, asked_at: datetime, *, by_new: bool) -> str:
        """The page with one button by which the old or the new address agrees to a change."""
        payload = public_id_bytes(change_id) + (b"n" if by_new else b"o")
        token = self.keyring.sign(Purpose.ADDRESS, payload, asked_at + CHANGE_ADDRESS_WITHIN)
        return self._at("address/" + token)

    def comment(self, slug: str, public_id: str) -> str:
        """A comment, with what was answered to it."""
        return self._at(f"p/{quote(slug)}/comments/{public_id}")

    def mute(self, identity_id: str, comment_id: str = "") -> str:
        """Ends mail about one thread, named by its first comment, or about all discussion (RFC 8058)."""
        payload = public_id_bytes(identity_id) + (public_id_bytes(comment_id) if comment_id else b"")
        return self._at("mute/" + self.keyring.sign(Purpose.MUTE, payload))

    def open_confirm(self, token: str, now: datetime) -> str:
        """The consent a confirm link stands for. Raises BadLink."""
        return public_id_from(self.keyring.open(Purpose.CONFIRM, token, now))

    def open_unsubscribe(self, token: str, now: datetime) -> tuple[str, str]:
        """The subscriber and the section an unsubscribe link stands for. Raises BadLink."""
        payload = self.keyring.open(Purpose.UNSUBSCRIBE, token, now)
        return public_id_from(payload[:8]), public_id_from(payload[8:])

    def open_preferences(self, token: str, now: datetime) -> str:
        """The subscriber a preferences link stands for. Raises BadLink."""
        return public_id_from(self.keyring.open(Purpose.PREFERENCES, token, now))

    def open_sign_in(self, token: str, now: datetime) -> str:
        """The sign-in a link stands for. Raises BadLink."""
        return public_id_from(self.keyring.open(Purpose.SIGN_IN, token, now))

    def open_address_change(self, token: str, now: datetime) -> tuple[str, bool]:
        """The change a link stands for, and whether it is the new address's. Raises BadLink."""
        payload = self.keyring.open(Purpose.ADDRESS, token, now)
        return public_id_from(payload[:8]), payload[8:] == b"n"

    def open_mute(self, token: str, now: datetime) -> tuple[str, str]:
        """Whose mail ends, and about which thread; an empty one means all. Raises BadLink."""
        payload = self.keyring.open(Purpose.MUTE, token, now)
        return public_id_from(payload[:8]), public_id_from(payload[8:]) if payload[8:] else ""

    def _at(self, path: str) -> str:
        return f"{self.site_url.rstrip('/')}/{path}"


class ReaderLinks(NamedTuple):
    """The addresses of one reader's letter; those that mail comes back to only where it can be received."""

    unsubscribe: str
    preferences: str
    leave_by_mail: str = ""
    return_path: str = ""


class SectionLinks:
    """Writes the links of every letter of a section, as `Links` does, from parts made ready."""

    def __init__(self, links: Links, section_id: str) -> None:
        self._section_id = section_id
        self._section = public_id_bytes(section_id)
        self._inbound = links.inbound
        self._unsubscribe = Signer(links.keyring, Purpose.UNSUBSCRIBE)
        self._preferences = Signer(links.keyring, Purpose.PREFERENCES)
        self._home = links.home()

    def of(self, subscriber_id: str) -> ReaderLinks:
        """A subscriber's links. Raises ValueError when the id is none."""
        subscriber = public_id_bytes(subscriber_id)
        unsubscribe = f"{self._home}u/{self._unsubscribe.sign(subscriber + self._section)}"
        preferences = f"{self._home}preferences/{self._preferences.sign(subscriber)}"
        if self._inbound is None:
            return ReaderLinks(unsubscribe, preferences)
        leave_by_mail = self._inbound.leaving(subscriber_id, self._section_id)
        return ReaderLinks(unsubscribe, preferences, leave_by_mail, self._inbound.return_path(subscriber_id))
