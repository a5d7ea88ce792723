"""A relay that cannot be talked to is trouble, and nobody's letter is to blame."""

import socket

import pytest

from newsletter.domain.errors import RelayTrouble
from newsletter.domain.outcomes import Verdict
from newsletter.domain.relays import RelayAddress, Security
from newsletter.mail.envelope import Envelope
from newsletter.mail.smtp.connection import Timeouts
from tests.mail.conftest import Letters, Play
from tests.mail.scripted_server import HANG_UP, Script

ENVELOPE = Envelope("paper@example.org", "ann@example.net")
MESSAGE = b"Subject: x\r\n\r\nHello\r\n"


LOGIN = RelayAddress("127.0.0.1", 0, Security.PLAIN, "me", "a password")


def test_a_port_where_nobody_listens_is_trouble() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    connection = Letters(RelayAddress("127.0.0.1", port, Security.PLAIN), Timeouts(20, 20))

    with pytest.raises(RelayTrouble) as trouble:
        connection.send(ENVELOPE, MESSAGE)

    assert str(trouble.value) == f"The relay 127.0.0.1:{port} does not answer: Connection refused."


@pytest.mark.parametrize("banner", ["554 5.3.2 go away", "421 4.3.2 too busy"])
def test_a_relay_that_greets_us_with_a_refusal_is_trouble(play: Play, banner: str) -> None:
    server, connection = play(Script({"BANNER": banner}))

    with pytest.raises(RelayTrouble) as trouble:
        connection.send(ENVELOPE, MESSAGE)

    assert str(trouble.value) == f"The relay 127.0.0.1:{server.port} refuses us: {banner}."
    assert "MAIL" not in server.verbs


@pytest.mark.parametrize("step", ["BANNER", "EHLO"])
def test_a_relay_that_hangs_up_at_once_is_trouble(play: Play, step: str) -> None:
    _server, connection = play(Script({step: HANG_UP}))

    with pytest.raises(RelayTrouble, match=r"hung up before we could begin\."):
        connection.send(ENVELOPE, MESSAGE)


def test_a_relay_that_knows_no_greeting_is_trouble(play: Play) -> None:
    _server, connection = play(Script({"EHLO": "502 5.5.1 no", "HELO": "550 5.7.1 no"}))

    with pytest.raises(RelayTrouble, match=r"refuses us: 550 5\.7\.1 no\."):
        connection.send(ENVELOPE, MESSAGE)


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_a_relay_that_hangs_up_before_the_letter_is_trouble(play: Play, step: str) -> None:
    server, connection = play(Script({step: [HANG_UP, "354 go" if step == "DATA" else "250 fine"]}))

    with pytest.raises(RelayTrouble, match=r"hung up before the letter began\."):
        connection.send(ENVELOPE, MESSAGE)

    assert connection.send(ENVELOPE, MESSAGE).verdict is Verdict.ACCEPTED
    assert server.connections == 2
    assert server.bodies == [MESSAGE]


def test_a_relay_that_hangs_up_between_letters_is_no_trouble(play: Play) -> None:
    server, connection = play(Script(hang_up_after="BODY"))

    outcomes = [connection.send(ENVELOPE, body) for body in (b"first\r\n", b"second\r\n")]

    assert [outcome.verdict for outcome in outcomes] == [Verdict.ACCEPTED, Verdict.ACCEPTED]
    assert server.bodies == [b"first\r\n", b"second\r\n"]


@pytest.mark.parametrize("relay_address", [LOGIN], indirect=True)
def test_a_login_comes_before_the_first_letter_and_only_there(play: Play) -> None:
    server, connection = play(Script(extensions=["AUTH PLAIN"]))

    connection.send(ENVELOPE, MESSAGE)
    connection.send(ENVELOPE, MESSAGE)

    assert server.verbs[:3] == ["EHLO", "AUTH", "MAIL"]
    assert server.verbs.count("AUTH") == 1


@pytest.mark.parametrize("relay_address", [LOGIN], indirect=True)
def test_a_refused_login_is_trouble_and_tells_no_password(play: Play) -> None:
    server, connection = play(Script({"AUTH": "535 5.7.8 bad credentials"}, extensions=["AUTH PLAIN"]))

    with pytest.raises(RelayTrouble) as trouble:
        connection.send(ENVELOPE, MESSAGE)

    assert str(trouble.value).endswith("refuses us: 535 5.7.8 bad credentials.")
    assert "a password" not in str(trouble.value) + repr(trouble.value)
    assert "MAIL" not in server.verbs


@pytest.mark.parametrize("relay_address", [LOGIN], indirect=True)
def test_a_relay_that_offers_no_login_is_trouble(play: Play) -> None:
    server, connection = play(Script())

    with pytest.raises(RelayTrouble, match="AUTH"):
        connection.send(ENVELOPE, MESSAGE)

    assert "MAIL" not in server.verbs


def test_trouble_is_over_when_the_relay_is_back(play: Play) -> None:
    server, connection = play(Script({"BANNER": ["554 5.3.2 go away", "220 relay.example ESMTP"]}))

    with pytest.raises(RelayTrouble):
        connection.send(ENVELOPE, MESSAGE)

    assert connection.send(ENVELOPE, MESSAGE).verdict is Verdict.ACCEPTED
    assert server.connections == 2
