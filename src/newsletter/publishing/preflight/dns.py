"""What DNS records of a sender mean: SPF (RFC 7208), DMARC (RFC 9989)."""

import re
from collections.abc import Iterable

_LOOKS_UP = re.compile(
    r"[+?~-]?(?:include:|a(?:[:/]|$)|mx(?:[:/]|$)|ptr(?::|$)|exists:|redirect=)", re.IGNORECASE
)


def spf_lookups(record: str) -> int:
    """How many terms of a record ask the DNS again; those that are included ask more."""
    return sum(bool(_LOOKS_UP.match(term)) for term in record.split()[1:])


def dmarc_policy(texts: Iterable[str]) -> str | None:
    """What a domain asks receivers to do; None without a record, or with more than one."""
    records = [text for text in texts if re.match(r"v\s*=\s*DMARC1\s*(?:;|$)", text)]
    if len(records) != 1:
        return None
    found = re.search(r";\s*p\s*=\s*(none|quarantine|reject)\s*(?:;|$)", records[0], re.IGNORECASE)
    return found[1].lower() if found else "none"


def is_aligned(one: str, other: str) -> bool:
    """Whether two domains are the same, or one lies below the other (relaxed alignment)."""
    one, other = one.lower(), other.lower()
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")
