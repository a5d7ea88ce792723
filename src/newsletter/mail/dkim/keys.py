"""A key to sign with, and the DNS record that lets receivers check what it signed."""

import hashlib
import re
from base64 import b64encode
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from newsletter.domain.errors import BadSetting

NEW_BITS = 2048
"""As RFC 8301 section 3.2 asks; a key twice as long may not fit in a DNS answer (RFC 6376 section 3.3.3)."""

_FEWEST_BITS = 1024  # fewer must be refused by receivers, and more than the most may be
_MOST_BITS = 4096
_LONGEST_NAME = 253  # RFC 1035 section 2.3.4, without the last dot
_LONGEST_STRING = 255
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class KeyKind(StrEnum):
    """The kinds of keys there are, by their name in `k=` and `a=` (RFC 6376 section 3.6.1, RFC 8463)."""

    RSA = "rsa"
    ED25519 = "ed25519"


@dataclass(frozen=True)
class DkimKey:
    """A private key, and where its public half stands in DNS: `SELECTOR._domainkey.DOMAIN`.

    Raises BadSetting for names that DNS cannot have, and for RSA keys that receivers refuse (RFC 8301).
    """

    domain: str
    selector: str
    private: RSAPrivateKey | Ed25519PrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        if "." not in self.domain or not _is_dns_name(self.domain):
            raise BadSetting(
                f"“{self.domain}” is no domain to sign for. Write it as it stands in DNS and in lower case, "
                "such as example.org."
            )
        if not _is_dns_name(self.selector) or len(self.dns_name) > _LONGEST_NAME:
            raise BadSetting(
                f"“{self.selector}” is no selector. Use a few lower-case letters, digits and hyphens, "
                "such as 2026a."
            )
        if isinstance(self.private, RSAPrivateKey):
            _refuse_length(self.private.key_size)

    @classmethod
    def from_pem(cls, domain: str, selector: str, pem: bytes) -> Self:
        """Read a private key from PEM. Raises BadSetting when it is none that we can sign with."""
        try:
            private = load_pem_private_key(pem, password=None)
        except TypeError as error:
            raise BadSetting("The key is locked with a password. Save it without one.") from error
        except (ValueError, UnsupportedAlgorithm) as error:
            raise BadSetting(
                "This is no private key in PEM form. Make a new key or mend this one."
            ) from error
        if not isinstance(private, RSAPrivateKey | Ed25519PrivateKey):
            raise BadSetting("The key is of a kind that receivers do not know. Use RSA or Ed25519.")
        return cls(domain, selector, private)

    @property
    def kind(self) -> KeyKind:
        """RSA or Ed25519."""
        return KeyKind.RSA if isinstance(self.private, RSAPrivateKey) else KeyKind.ED25519

    @property
    def dns_name(self) -> str:
        """The name of the TXT record, without the last dot."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def dns_record(self) -> str:
        """The text of the TXT record (RFC 6376 section 3.6.1, RFC 8463 section 4)."""
        public = self.private.public_key()
        if isinstance(public, RSAPublicKey):
            raw = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        else:
            raw = public.public_bytes_raw()
        return f"v=DKIM1; k={self.kind}; p={b64encode(raw).decode()}"

    @property
    def zone_line(self) -> str:
        """The record as a line of a zone file, in strings of at most 255 characters (RFC 1035)."""
        text = self.dns_record
        strings = (text[at : at + _LONGEST_STRING] for at in range(0, len(text), _LONGEST_STRING))
        return f"{self.dns_name}. IN TXT " + " ".join(f'"{string}"' for string in strings)

    def to_pem(self) -> bytes:
        """The private key as PEM, PKCS #8 and not encrypted."""
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, text: bytes) -> bytes:
        """The signature of a text; Ed25519 signs the hash of it (RFC 8463 section 3)."""
        if isinstance(self.private, RSAPrivateKey):
            return self.private.sign(text, PKCS1v15(), SHA256())
        return self.private.sign(hashlib.sha256(text).digest())


def new_key(domain: str, selector: str, kind: KeyKind) -> DkimKey:
    """Make a key. Raises BadSetting for names that DNS cannot have."""
    if kind is KeyKind.RSA:
        return DkimKey(domain, selector, generate_private_key(65537, NEW_BITS))
    return DkimKey(domain, selector, Ed25519PrivateKey.generate())


def _is_dns_name(name: str) -> bool:
    return len(name) <= _LONGEST_NAME and all(map(_LABEL.fullmatch, name.split(".")))


def _refuse_length(bits: int) -> None:
    if not _FEWEST_BITS <= bits <= _MOST_BITS:
        raise BadSetting(
            f"The RSA key has {bits} bits, and receivers take {_FEWEST_BITS} to {_MOST_BITS}. "
            f"Make a new one of {NEW_BITS}."
        )
