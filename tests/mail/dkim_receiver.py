"""A receiver that checks signatures with dkimpy, by the keys it is given instead of DNS."""

from base64 import b64decode
from collections.abc import Mapping, Sequence

import dkim
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from newsletter.mail.dkim.keys import DkimKey, KeyKind


class Ed25519Half:
    """The public half as dkimpy expects it; its own way needs PyNaCl, which we do without."""

    def __init__(self, record: str) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(b64decode(record.rpartition("p=")[2]))
        self.holds = False

    def verify(self, digest: bytes, signature: bytes) -> None:
        try:
            self._key.verify(signature, digest)
        except InvalidSignature:
            return
        self.holds = True


def verdicts(message: bytes, keys: Sequence[DkimKey]) -> list[bool]:
    """Whether each signature of a message holds, from the top."""
    zone = {f"{key.dns_name}.".encode(): key for key in keys}
    signatures = [name for name, _value in dkim.DKIM(message).headers if name.lower() == b"dkim-signature"]
    return [_holds(message, place, zone) for place in range(len(signatures))]


def _holds(message: bytes, place: int, zone: Mapping[bytes, DkimKey]) -> bool:
    check = dkim.DKIM(message)
    try:
        fields, names, signatures = check.verify_headerprep(place)
        key = zone.get(b"%b._domainkey.%b." % (fields[b"s"], fields[b"d"]))
        if key is None:
            return False
        if key.kind is KeyKind.RSA:
            return bool(check.verify(place, dnsfunc=lambda *_, **__: key.dns_record))
        check.ktag, check.pk = b"ed25519", Ed25519Half(key.dns_record)
        check.verify_sig_process(fields, names, signatures[place], None)
    except dkim.DKIMException:
        return False
    return bool(check.pk.holds)
