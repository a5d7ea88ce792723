"""What an email address is to us: one that can be written on an envelope, and one key to compare by."""

import re
import unicodedata
from dataclasses import dataclass

import idna

from newsletter.domain.errors import BadAddress

MAX_ADDRESS = 254
MAX_LOCAL = 64

# RFC 5321 section 4.1.2, dot-string; RFC 6531 section 3.3 adds everything beyond ASCII.
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~.\-\u0080-\U0010ffff]+")
_NUMBERS_ONLY = re.compile(r"[0-9]+")


@dataclass(frozen=True)
class Address:
    """An address in the form the envelope needs: local part as given, domain in A-labels (RFC 5890)."""

    local: str
    domain: str

    @property
    def wire(self) -> str:
        """The address as written in MAIL, RCPT and the To header."""
        return f"{self.local}@{self.domain}"

    @property
    def key(self) -> str:
        """What two spellings of one mailbox share; unique within a publication."""
        return f"{self.local.lower()}@{self.domain}"

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only a relay with SMTPUTF8 can carry it (RFC 6531)."""
        return not self.local.isascii()


def parse_address(text: str) -> Address:
    """Read an address somebody typed. Raises BadAddress with a sentence for that person."""
    text = unicodedata.normalize("NFC", text.strip())
    if not text:
        raise BadAddress("Please type your email address.")
    if any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for char in text):
        raise BadAddress("This address holds a character that no mailbox can have. Please type it again.")
    if any(char.isspace() for char in text):
        raise BadAddress("An email address holds no spaces. Please check yours.")
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain:
        raise BadAddress("An email address looks like name@example.org. Please check yours.")
    address = Address(_local_part(local), _domain(domain))
    if len(address.wire.encode()) > MAX_ADDRESS:
        raise BadAddress("This address is too long: {limit} characters are the limit.", limit=MAX_ADDRESS)
    return address


def _local_part(local: str) -> str:
    if len(local.encode()) > MAX_LOCAL:
        raise BadAddress(
            "The part before the @ is too long: {limit} characters are the limit.", limit=MAX_LOCAL
        )
    if "=?" in local:  # mail programs would decode it, and show another address than the one it goes to
        raise BadAddress("The part before the @ holds something an address cannot have. Please check it.")
    if not _LOCAL.fullmatch(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        raise BadAddress("The part before the @ holds something an address cannot have. Please check it.")
    return local


def _domain(domain: str) -> str:
    try:
        # UTS 46 maps case and width; IDNA 2008 keeps ß apart from ss, which Python's own codec does not.
        ascii_domain = idna.encode(domain, uts46=True, std3_rules=True).decode("ascii").lower().rstrip(".")
    except (idna.IDNAError, UnicodeError) as error:
        raise BadAddress("The part after the @ is not a domain name. Please check it.") from error
    labels = ascii_domain.split(".")
    if len(labels) < 2 or _NUMBERS_ONLY.fullmatch(labels[-1]):
        raise BadAddress("The part after the @ needs a name and an ending, such as example.org.")
    return ascii_domain
