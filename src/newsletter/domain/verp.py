"""Addresses that mail comes back to: each says by itself whom it is about (VERP; RFC 5233 sub-addressing).

`local+b<key><subscriber><mac>@domain` is a return path, `local+u<key><subscriber><section><mac>@domain`
leaves a section. All of it is lower-case letters and digits: some servers change the case of a local part.
"""

import hashlib
import hmac
from dataclasses import dataclass

from newsletter.domain.addresses import MAX_LOCAL, parse_address
from newsletter.domain.errors import BadAddress, BadLink, BadSetting
from newsletter.domain.identifiers import LENGTH
from newsletter.domain.tokens import Keyring

_BOUNCE, _LEAVE = "b", "u"
_MAC_BYTES = 8
_LONGEST = 3 + 2 * LENGTH + 2 * _MAC_BYTES  # plus, kind and key before them
_KEYS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Arrival:
    """Whom a mail that came back is about; a section only when it asks to leave one."""

    subscriber_id: str
    section_id: str = ""


@dataclass(frozen=True)
class Inbound:
    """Writes and reads the addresses behind one mailbox that receives for us."""

    local: str
    domain: str
    keyring: Keyring

    def return_path(self, subscriber_id: str) -> str:
        """Where bounces of a subscriber's letters go; the same for all of them, which greylisting likes."""
        return self._address(_BOUNCE, subscriber_id)

    def leaving(self, subscriber_id: str, section_id: str) -> str:
        """Where a mail without words leaves a section (RFC 2369)."""
        return self._address(_LEAVE, subscriber_id + section_id)

    def open(self, address: str) -> Arrival:
        """Whom an address is about. Raises BadLink for one we did not write."""
        local = address.lower().rpartition("@")[0]
        name, _, token = local.rpartition("+")
        kind, key, payload, mac = token[:1], token[1:2], token[2 : -2 * _MAC_BYTES], token[-2 * _MAC_BYTES :]
        sizes = {_BOUNCE: LENGTH, _LEAVE: 2 * LENGTH}
        is_ours = name == self.local.lower() and len(payload) == sizes.get(kind)
        key_id = _KEYS.find(key) if key else -1
        if not is_ours or key_id not in self.keyring.keys:
            raise BadLink("This address is none of ours.")
        if not hmac.compare_digest(mac.encode(), self._mac(key_id, kind, payload).encode()):
            raise BadLink("This address is none of ours.")
        return Arrival(payload[:LENGTH], payload[LENGTH:])

    def _address(self, kind: str, payload: str) -> str:
        key_id = self.keyring.current
        mac = self._mac(key_id, kind, payload)
        return f"{self.local}+{kind}{_KEYS[key_id]}{payload}{mac}@{self.domain}"

    def _mac(self, key_id: int, kind: str, payload: str) -> str:
        message = b"inbound\0" + kind.encode() + payload.encode()
        return hmac.digest(self.keyring.keys[key_id], message, hashlib.sha256)[:_MAC_BYTES].hex()


def read_inbound(text: str, keyring: Keyring) -> Inbound | None:
    """The mailbox that receives for us, or None when none is set. Raises BadSetting."""
    if not text:
        return None
    try:
        address = parse_address(text)
    except BadAddress as error:
        raise BadSetting(f"NEWSLETTER_INBOUND_ADDRESS: {error}") from error
    if len(address.local) + _LONGEST > MAX_LOCAL or not address.local.isascii() or "+" in address.local:
        raise BadSetting(
            f"NEWSLETTER_INBOUND_ADDRESS: the part before the @ may have {MAX_LOCAL - _LONGEST} plain "
            "characters and no plus; ours stand behind it."
        )
    return Inbound(address.local, address.domain, keyring)
