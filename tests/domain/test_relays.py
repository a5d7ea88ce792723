"""How a relay is named in one line, and every way to get the line wrong."""

import pytest

from newsletter.domain.errors import BadSetting
from newsletter.domain.relays import RelayAddress, Security, parse_relay_url

PLAIN, STARTTLS, TLS = Security.PLAIN, Security.STARTTLS, Security.TLS


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://relay.example", RelayAddress("relay.example", 587, STARTTLS)),
        ("smtp://relay.example:2525", RelayAddress("relay.example", 2525, STARTTLS)),
        ("smtps://relay.example", RelayAddress("relay.example", 465, TLS)),
        ("smtps://relay.example:4650", RelayAddress("relay.example", 4650, TLS)),
        ("smtps://relay.example?security=plain", RelayAddress("relay.example", 465, TLS)),
        ("smtp://relay.example?security=plain", RelayAddress("relay.example", 25, PLAIN)),
        ("smtp://relay.example?security=tls", RelayAddress("relay.example", 465, TLS)),
        ("smtp://relay.example/?security=starttls", RelayAddress("relay.example", 587, STARTTLS)),
        ("smtp://relay.example?security=", RelayAddress("relay.example", 587, STARTTLS)),
        ("smtp://me:secret@relay.example", RelayAddress("relay.example", 587, STARTTLS, "me", "secret")),
        ("smtp://me@relay.example", RelayAddress("relay.example", 587, STARTTLS, "me", "")),
        (
            "smtp://a%40b:p%3A%2F%23%25@relay.example",
            RelayAddress("relay.example", 587, STARTTLS, "a@b", "p:/#%"),
        ),
        ("SMTP://RELAY.example", RelayAddress("relay.example", 587, STARTTLS)),
    ],
    ids=[
        *("default port", "port", "smtps", "smtps with port", "smtps cannot be weakened", "plain", "tls"),
        *("starttls", "empty security", "login", "user only", "quoted login", "upper case"),
    ],
)
def test_a_relay_url_is_read(url: str, expected: RelayAddress) -> None:
    assert parse_relay_url(url) == expected


@pytest.mark.parametrize(
    ("url", "security"),
    [
        ("smtp://localhost:2525", PLAIN),
        ("smtp://LOCALHOST:2525", PLAIN),
        ("smtp://127.0.0.1:2525", PLAIN),
        ("smtp://127.1.2.3:2525", PLAIN),
        ("smtp://[::1]:2525", PLAIN),
        ("smtp://localhost:2525?security=starttls", STARTTLS),
        ("smtp://192.0.2.1:2525", STARTTLS),
        ("smtp://[2001:db8::1]:2525", STARTTLS),
        ("smtp://0.0.0.0:2525", STARTTLS),
        ("smtp://localhost.example:2525", STARTTLS),
        ("smtp://127.0.0.1.example:2525", STARTTLS),
    ],
)
def test_only_this_machine_is_trusted_without_encryption(url: str, security: Security) -> None:
    assert parse_relay_url(url).security is security


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "must look like"),
        ("relay.example:587", "must look like"),
        ("http://relay.example", "must look like"),
        ("smtp://", "must look like"),
        ("smtp://:587", "must look like"),
        ("smtp://me:secret@", "must look like"),
        ("smtp:relay.example", "must look like"),
        ("smtp://[::1", "cannot be read"),
        ("smtp://[relay]:25", "cannot be read"),
        ("smtp://me:secret@re℀lay.example", "cannot be read"),
        ("smtp://relay.example:mail", "port must be a number"),
        ("smtp://relay.example:70000", "port must be a number"),
        ("smtp://relay.example:-1", "port must be a number"),
        ("smtp://me:pass/word@relay.example", "port must be a number"),
        ("smtp://relay.example?security=none", "must be plain, starttls or tls"),
        ("smtp://relay.example?security=PLAIN", "must be plain, starttls or tls"),
    ],
)
def test_a_wrong_relay_url_is_refused_with_a_sentence(url: str, sentence: str) -> None:
    with pytest.raises(BadSetting, match=sentence) as refused:
        parse_relay_url(url)

    assert str(refused.value).startswith("SMTP_URL")
    assert "secret" not in str(refused.value)


def test_a_password_never_shows() -> None:
    relay = parse_relay_url("smtp://me:secret@relay.example")

    assert "secret" not in repr(relay) + str(relay)


def test_a_relay_is_shown_as_host_and_port() -> None:
    assert str(parse_relay_url("smtp://me:secret@relay.example")) == "relay.example:587"
