"""Keys, and what stands of them in DNS."""

import re
from base64 import b64decode
from math import lcm

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicNumbers,
    generate_private_key,
    rsa_crt_dmp1,
    rsa_crt_dmq1,
    rsa_crt_iqmp,
)
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
)

from newsletter.domain.errors import BadSetting
from newsletter.mail.dkim.keys import DkimKey, KeyKind, new_key
from tests.mail.dkim_vectors import ED25519_RECORD, RSA_PEM, RSA_RECORD, ed25519_key, rsa_key


def mersenne_key(one: int, other: int) -> RSAPrivateKey:
    """An RSA key of any length, made at once from primes that are known."""
    p, q = 2**one - 1, 2**other - 1
    d = pow(65537, -1, lcm(p - 1, q - 1))
    public = RSAPublicNumbers(65537, p * q)
    return RSAPrivateNumbers(
        p, q, d, rsa_crt_dmp1(d, p), rsa_crt_dmq1(d, q), rsa_crt_iqmp(p, q), public
    ).private_key(unsafe_skip_rsa_key_validation=True)


def pkcs8(key: ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_a_new_rsa_key_has_2048_bits() -> None:
    key = new_key("example.org", "2026a", KeyKind.RSA)

    assert isinstance(key.private, RSAPrivateKey)
    assert key.private.key_size == 2048
    assert key.kind is KeyKind.RSA


def test_no_two_new_keys_are_the_same() -> None:
    assert len({new_key("example.org", "a", KeyKind.ED25519).dns_record for _ in range(3)}) == 3


@pytest.mark.parametrize("kind", KeyKind)
def test_a_key_is_read_as_it_was_written(kind: KeyKind) -> None:
    key = new_key("example.org", "2026a", kind)
    pem = key.to_pem()

    again = DkimKey.from_pem("example.org", "2026a", pem)

    assert pem.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    assert (again.kind, again.dns_record, again.to_pem()) == (kind, key.dns_record, pem)


def test_a_key_of_openssl_or_opendkim_is_read() -> None:
    assert RSA_PEM.startswith(b"-----BEGIN RSA PRIVATE KEY-----")
    assert DkimKey.from_pem("example.org", "a", RSA_PEM).dns_record == RSA_RECORD


def test_the_keys_of_rfc_8463_have_its_records() -> None:
    assert ed25519_key().dns_name == "brisbane._domainkey.football.example.com"
    assert ed25519_key().dns_record == ED25519_RECORD
    assert rsa_key().dns_record == RSA_RECORD


def test_the_record_holds_the_public_half_only() -> None:
    key = new_key("example.org", "2026a", KeyKind.RSA)

    public = load_der_public_key(b64decode(key.dns_record.removeprefix("v=DKIM1; k=rsa; p=")))

    assert public == key.private.public_key()


@pytest.mark.parametrize(("key", "strings"), [(ed25519_key(), 1), (new_key("a.org", "b", KeyKind.RSA), 2)])
def test_a_zone_line_has_strings_that_dns_can_hold(key: DkimKey, strings: int) -> None:
    name, _, rest = key.zone_line.partition(" IN TXT ")

    assert name == f"{key.dns_name}."
    texts = re.findall(r'"([^"]*)"', rest)
    assert rest == " ".join(f'"{text}"' for text in texts)
    assert "".join(texts) == key.dns_record
    assert len(texts) == strings
    assert max(map(len, texts)) <= 255


def test_a_key_does_not_show_its_secret() -> None:
    assert repr(ed25519_key()) == "DkimKey(domain='football.example.com', selector='brisbane')"


@pytest.mark.parametrize(
    "domain",
    [
        *("", "localhost", "Example.org", "zoë.example", "a b.org", "example.org.", ".org", "a..org", "../a"),
        *(
            "a/b.org",
            "-a.org",
            "a-.org",
            "a_b.org",
            "a;b.org",
            "a" * 64 + ".org",
            "abc." * 61 + "example.org",
        ),
        "a.org\n",
    ],
)
def test_a_domain_that_dns_cannot_have_is_refused(domain: str) -> None:
    with pytest.raises(BadSetting, match="is no domain to sign for"):
        new_key(domain, "2026a", KeyKind.ED25519)


@pytest.mark.parametrize("selector", ["", "A", "a b", "a/b", "../a", ".a", "a.", "a;", "é", "a_b", "a" * 64])
def test_a_selector_that_dns_cannot_have_is_refused(selector: str) -> None:
    with pytest.raises(BadSetting, match="is no selector"):
        new_key("example.org", selector, KeyKind.ED25519)


def test_a_selector_that_makes_the_name_too_long_is_refused() -> None:
    domain = "abc." * 57 + "org"
    assert len(new_key(domain, "s" * 10, KeyKind.ED25519).dns_name) == 253

    with pytest.raises(BadSetting, match="is no selector"):
        new_key(domain, "s" * 11, KeyKind.ED25519)


def test_a_selector_may_have_dots() -> None:
    assert new_key("example.org", "a.mail", KeyKind.ED25519).dns_name == "a.mail._domainkey.example.org"


@pytest.mark.parametrize("bits", [1024, 4096])
def test_receivers_take_1024_to_4096_bits(bits: int) -> None:
    assert DkimKey("example.org", "a", generate_private_key(65537, bits)).kind is KeyKind.RSA


@pytest.mark.parametrize(("one", "other"), [(127, 521), (2203, 2281)])
def test_other_lengths_are_refused(one: int, other: int) -> None:
    said = f"has {one + other} bits, and receivers take 1024 to 4096. Make a new one of 2048."

    with pytest.raises(BadSetting, match=re.escape(said)):
        DkimKey("example.org", "a", mersenne_key(one, other))


@pytest.mark.parametrize(
    ("pem", "said"),
    [
        (b"", "no private key in PEM form"),
        (b"v=DKIM1; k=rsa; p=abc", "no private key in PEM form"),
        (RSA_PEM[:-200], "no private key in PEM form"),
        (RSA_PEM.replace(b"MIICXQ", b"MIICXR"), "no private key in PEM form"),
        (pkcs8(ec.generate_private_key(ec.SECP256R1())), "of a kind that receivers do not know"),
        (pkcs8(ed448.Ed448PrivateKey.generate()), "of a kind that receivers do not know"),
    ],
    ids=["empty", "record", "cut", "garbled", "elliptic curve", "ed448"],
)
def test_what_is_no_key_of_ours_is_refused(pem: bytes, said: str) -> None:
    with pytest.raises(BadSetting, match=said):
        DkimKey.from_pem("example.org", "a", pem)


def test_a_public_key_is_refused() -> None:
    pem = rsa_key().private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    with pytest.raises(BadSetting, match="no private key in PEM form"):
        DkimKey.from_pem("example.org", "a", pem)


def test_a_key_behind_a_password_is_refused() -> None:
    pem = rsa_key().private.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")
    )

    with pytest.raises(BadSetting, match="locked with a password"):
        DkimKey.from_pem("example.org", "a", pem)
