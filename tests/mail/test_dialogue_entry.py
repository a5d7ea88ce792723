"""How we are let in: greeting, EHLO or HELO, STARTTLS and the login."""

from base64 import b64encode
from collections.abc import Sequence

import pytest

from newsletter.mail.smtp.dialogue import Dialogue
from newsletter.mail.smtp.entry import Introduction
from newsletter.mail.smtp.events import Ended, Ready, TlsWanted
from newsletter.mail.smtp.extensions import Extensions
from tests.mail.test_dialogue import lines

US = Introduction("sender.example")
SAFE = Introduction("sender.example", starttls=True)
MEMBER = Introduction("sender.example", username="me", password="a password")
SAFE_MEMBER = Introduction("sender.example", starttls=True, username="me", password="a password")

EHLO = b"EHLO sender.example\r\n"
HELO = b"HELO sender.example\r\n"
NAME, PASSWORD = b64encode(b"me") + b"\r\n", b64encode(b"a password") + b"\r\n"
PLAIN = b"AUTH PLAIN " + b64encode(b"\0me\0a password") + b"\r\n"
OFFERS_TLS = lines("250-relay.example", "250-STARTTLS", "250-AUTH PLAIN", "250 PIPELINING")


def greeted(introduction: Introduction = US, banner: Sequence[str] = ("220 relay.example",)) -> Dialogue:
    dialogue = Dialogue(introduction)
    dialogue.receive(lines(*banner))
    assert dialogue.outgoing() == EHLO
    return dialogue


def tls_wanted() -> Dialogue:
    dialogue = greeted(SAFE_MEMBER)
    dialogue.receive(OFFERS_TLS)
    assert dialogue.outgoing() == b"STARTTLS\r\n"
    return dialogue


def in_tls() -> Dialogue:
    dialogue = tls_wanted()
    assert dialogue.receive(lines("220 go ahead")) == [TlsWanted()]
    dialogue.tls_started()
    assert dialogue.outgoing() == EHLO
    return dialogue


def test_nothing_is_said_before_the_relay_has_greeted() -> None:
    dialogue = Dialogue(US)

    assert dialogue.outgoing() == b""
    assert dialogue.waits
    assert dialogue.receive(b"220-relay.example\r\n220-be nice\r\n220 ") == []
    assert dialogue.outgoing() == b""
    assert dialogue.receive(b"ready\r\n") == []
    assert dialogue.outgoing() == EHLO


@pytest.mark.parametrize(
    ("ehlo", "extensions"),
    [
        (["250 relay.example"], Extensions()),
        (["250"], Extensions()),
        (["250-PIPELINING", "250 SMTPUTF8"], Extensions(smtputf8=True)),
        (
            ["250-relay.example", "250-PIPELINING", "250 SIZE 9"],
            Extensions(True, takes_size=True, size_limit=9),
        ),
    ],
    ids=["one line", "no text", "a host with a strange name", "extensions"],
)
@pytest.mark.parametrize("banner", [["220 hi"], ["220-hi", "220-PIPELINING", "220 SIZE 1"]], ids=len)
def test_extensions_are_those_of_ehlo(banner: list[str], ehlo: list[str], extensions: Extensions) -> None:
    dialogue = greeted(banner=banner)

    assert dialogue.receive(lines(*ehlo)) == [Ready()]
    assert dialogue.extensions == extensions
    assert dialogue.outgoing() == b""


@pytest.mark.parametrize("refusal", ["500 what?", "501 no", "502 5.5.1 no", "504 no"])
def test_a_relay_older_than_extensions_is_greeted_the_old_way(refusal: str) -> None:
    dialogue = greeted()

    assert dialogue.receive(lines(refusal)) == []
    assert dialogue.outgoing() == HELO
    assert dialogue.receive(lines("250-relay.example", "250 PIPELINING")) == [Ready()]
    assert dialogue.extensions == Extensions()


@pytest.mark.parametrize(
    ("introduction", "said", "trouble"),
    [
        (US, ["554 go away"], "refuses us: 554 go away"),
        (US, ["421 too busy"], "refuses us: 421 too busy"),
        (US, ["354 go ahead"], "refuses us: 354 go ahead"),
        (US, ["220 hi", "550 not you"], "refuses us: 550 not you"),
        (US, ["220 hi", "421 closing"], "refuses us: 421 closing"),
        (US, ["220 hi", "502 what?", "550 not you"], "refuses us: 550 not you"),
        (US, ["hello"], "does not speak SMTP: hello"),
        (US, ["HTTP/1.1 400 Bad Request"], "does not speak SMTP: HTTP/1.1 400 Bad Request"),
        (SAFE, ["220 hi", "250 hi"], "offers no STARTTLS, and mail is not handed over unprotected"),
        (SAFE, ["220 hi", "502 no", "250 hi"], "offers no STARTTLS, and mail is not handed over unprotected"),
        (SAFE, ["220 hi", "250-hi", "250 STARTTLS", "454 not now"], "refuses us: 454 not now"),
        (SAFE, ["220 hi", "250-hi", "250 STARTTLS", "250 fine"], "refuses us: 250 fine"),
        (SAFE, ["220 hi", "250-hi", "250 STARTTLS", "421 closing"], "refuses us: 421 closing"),
        (MEMBER, ["220 hi", "250 hi"], "offers no way to sign in that we know (AUTH PLAIN or LOGIN)"),
        (
            MEMBER,
            ["220 hi", "250-hi", "250 AUTH CRAM-MD5"],
            "offers no way to sign in that we know (AUTH PLAIN or LOGIN)",
        ),
        (MEMBER, ["220 hi", "250-hi", "250 AUTH PLAIN", "535 5.7.8 no"], "refuses us: 535 5.7.8 no"),
        (MEMBER, ["220 hi", "250-hi", "250 AUTH PLAIN", "334 "], "refuses us: 334"),
        (MEMBER, ["220 hi", "250-hi", "250 AUTH LOGIN", "504 no"], "refuses us: 504 no"),
        (MEMBER, ["220 hi", "250-hi", "250 AUTH LOGIN", "334 x", "535 no"], "refuses us: 535 no"),
        (MEMBER, ["220 hi", "250-hi", "250 AUTH LOGIN", "334 x", "334 y", "535 no"], "refuses us: 535 no"),
        (MEMBER, ["220 hi", "250-hi", "250 AUTH LOGIN", "334 x", "334 y", "334 z"], "refuses us: 334 z"),
    ],
)
def test_who_does_not_let_us_in_is_trouble(introduction: Introduction, said: list[str], trouble: str) -> None:
    dialogue = Dialogue(introduction)

    heard = [event for line in said for event in dialogue.receive(lines(line))]

    assert heard == [Ended(trouble)]
    assert dialogue.is_over
    assert dialogue.outgoing() == b""


@pytest.mark.parametrize("offer", ["AUTH PLAIN", "AUTH LOGIN PLAIN", "AUTH=PLAIN LOGIN", "auth=plain"])
def test_a_login_is_said_with_its_command(offer: str) -> None:
    dialogue = greeted(MEMBER)

    assert dialogue.receive(lines("250-relay.example", f"250 {offer}")) == []
    assert dialogue.outgoing() == PLAIN
    assert dialogue.receive(lines("235 welcome")) == [Ready()]


@pytest.mark.parametrize("offer", ["AUTH LOGIN", "AUTH=LOGIN", "AUTH CRAM-MD5 LOGIN"])
def test_a_login_is_said_when_it_is_asked_for(offer: str) -> None:
    dialogue = greeted(MEMBER)

    said = []
    for line in ("250-relay.example", f"250 {offer}", "334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"):
        assert dialogue.receive(lines(line)) == []
        said.append(dialogue.outgoing())

    assert said == [b"", b"AUTH LOGIN\r\n", NAME, PASSWORD]
    assert dialogue.receive(lines("235 welcome")) == [Ready()]


def test_a_relay_that_is_closing_lets_nobody_in() -> None:
    dialogue = greeted()

    assert dialogue.receive(lines("250 relay.example", "421 closing")) == [Ready(), Ended("")]
    assert dialogue.is_over


def test_in_tls_all_begins_anew() -> None:
    dialogue = in_tls()

    assert dialogue.extensions == Extensions()
    assert dialogue.receive(lines("250-relay.example", "250 AUTH LOGIN")) == []
    assert dialogue.outgoing() == b"AUTH LOGIN\r\n"
    heard = [event for line in ("334 x", "334 y", "235 welcome") for event in dialogue.receive(lines(line))]
    assert heard == [Ready()]
    assert dialogue.extensions == Extensions(auth=frozenset({"LOGIN"}))


@pytest.mark.parametrize(
    "said", [["250 relay.example"], ["502 what?", "250 relay.example"]], ids=["ehlo", "helo"]
)
def test_what_was_offered_before_tls_counts_for_nothing_inside(said: list[str]) -> None:
    dialogue = in_tls()

    heard = [event for line in said for event in dialogue.receive(lines(line))]

    assert heard == [Ended("offers no way to sign in that we know (AUTH PLAIN or LOGIN)")]


@pytest.mark.parametrize(
    "said",
    [
        [b"220 go ahead\r\n250 injected\r\n"],
        [b"220 go ahead\r\n250-injected\r\n"],
        [b"220 go ahead\r\n2"],
        [b"220-go ahead\r\n220 now\r\n250-injected\r\n250 AUTH PLAIN\r\n"],
    ],
)
def test_what_came_behind_starttls_in_plain_is_refused(said: list[bytes]) -> None:
    dialogue = tls_wanted()

    heard = [event for data in said for event in dialogue.receive(data)]

    assert heard == [Ended("speaks between STARTTLS and its handshake")]
    assert dialogue.outgoing() == b""


@pytest.mark.parametrize("piece", [b"250-injected\r\n25", b"2", b"250 half"])
def test_half_a_reply_in_plain_is_not_finished_inside_tls(piece: bytes) -> None:
    dialogue = tls_wanted()
    dialogue.receive(lines("220 go ahead"))

    assert dialogue.receive(piece) == []
    dialogue.tls_started()

    assert dialogue.outgoing() == EHLO
    assert dialogue.receive(lines("250-relay.example", "250 AUTH PLAIN")) == []
    assert dialogue.outgoing() == PLAIN


def test_a_whole_reply_in_plain_before_the_handshake_is_out_of_step() -> None:
    dialogue = tls_wanted()
    dialogue.receive(lines("220 go ahead"))

    assert dialogue.receive(lines("250 injected")) == [Ended("speaks without being asked: 250 injected")]


@pytest.mark.parametrize("introduction", [US, SAFE, MEMBER])
@pytest.mark.parametrize("said", [[], ["220 hi"], ["220 hi", "250-half"]], ids=len)
def test_who_hangs_up_before_we_are_in_is_trouble(introduction: Introduction, said: list[str]) -> None:
    dialogue = Dialogue(introduction)
    for line in said:
        dialogue.receive(lines(line))

    assert dialogue.closed() == [Ended("hung up before we could begin")]
    assert dialogue.closed() == []
