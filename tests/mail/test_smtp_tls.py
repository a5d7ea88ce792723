"""Encryption: what we send to a relay that we cannot trust is nothing."""

from dataclasses import replace

import pytest

from newsletter.domain.errors import RelayTrouble
from newsletter.domain.outcomes import Verdict
from newsletter.domain.relays import RelayAddress, Security
from newsletter.mail.envelope import Envelope
from tests.mail.conftest import Play
from tests.mail.scripted_server import Script
from tests.support.certificates import localhost_certificate

ENVELOPE = Envelope("paper@example.org", "ann@example.net")
MESSAGE = b"Subject: x\r\n\r\nHello\r\n"
STARTTLS = RelayAddress("127.0.0.1", 0, Security.STARTTLS, "me", "a password")
TLS = replace(STARTTLS, security=Security.TLS)


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine trusts the scripted server's certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(localhost_certificate()))


@pytest.mark.parametrize("relay_address", [STARTTLS], indirect=True)
@pytest.mark.parametrize(
    "script",
    [
        Script(extensions=["AUTH PLAIN LOGIN"]),
        Script({"STARTTLS": "454 4.7.0 not now"}, extensions=["STARTTLS", "AUTH PLAIN"]),
        Script({"STARTTLS": "220 go"}, extensions=["STARTTLS", "AUTH PLAIN"], hang_up_after="STARTTLS"),
    ],
    ids=["not offered", "refused", "broken off"],
)
def test_without_encryption_no_credentials_and_no_letter_leave(play: Play, script: Script) -> None:
    server, connection = play(script)

    with pytest.raises(RelayTrouble, match=r"The relay 127\.0\.0\.1:\d+ .+\."):
        connection.send(ENVELOPE, MESSAGE)

    assert set(server.verbs) <= {"EHLO", "STARTTLS"}


@pytest.mark.parametrize("relay_address", [STARTTLS], indirect=True)
def test_after_starttls_all_is_said_once_more_and_in_secret(play: Play, trusted: None) -> None:
    server, connection = play(Script(extensions=["STARTTLS", "AUTH PLAIN"]))

    outcome = connection.send(ENVELOPE, MESSAGE)

    assert outcome.verdict is Verdict.ACCEPTED
    assert server.verbs == ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"]
    assert server.bodies == [MESSAGE]


@pytest.mark.parametrize("relay_address", [TLS], indirect=True)
def test_tls_comes_before_the_first_word(play: Play, trusted: None) -> None:
    server, connection = play(Script(extensions=["STARTTLS", "AUTH PLAIN"], tls=True))

    outcome = connection.send(ENVELOPE, MESSAGE)

    assert outcome.verdict is Verdict.ACCEPTED
    assert server.verbs == ["EHLO", "AUTH", "MAIL", "RCPT", "DATA"]


@pytest.mark.parametrize(
    ("relay_address", "script"),
    [(STARTTLS, Script(extensions=["STARTTLS", "AUTH PLAIN"])), (TLS, Script(tls=True))],
    indirect=["relay_address"],
    ids=["starttls", "tls"],
)
def test_a_certificate_that_nobody_vouches_for_is_trouble(play: Play, script: Script) -> None:
    server, connection = play(script)

    with pytest.raises(RelayTrouble, match="fails at TLS: CERTIFICATE_VERIFY_FAILED, "):
        connection.send(ENVELOPE, MESSAGE)

    assert set(server.verbs) <= {"EHLO", "STARTTLS"}


@pytest.mark.parametrize("relay_address", [TLS], indirect=True)
def test_a_relay_that_speaks_no_tls_is_trouble(play: Play) -> None:
    server, connection = play(Script(extensions=["AUTH PLAIN"]))

    with pytest.raises(RelayTrouble, match=r"fails at TLS: .+\."):
        connection.send(ENVELOPE, MESSAGE)

    assert not {"AUTH", "MAIL"} & set(server.verbs)
