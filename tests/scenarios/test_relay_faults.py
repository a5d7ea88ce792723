"""A relay that hangs up, dawdles, stutters or lies in the middle of a campaign."""

from dataclasses import replace

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from newsletter.domain.states import CampaignState, DeliveryState, UncertainPolicy
from newsletter.models import Delivery, Relay, Suppression
from tests.scenarios.conftest import Begin, Mailing
from tests.support.certificates import localhost_certificate
from tests.support.checker import Findings
from tests.support.sink import Do, Moment, Rule, Script, Sink, text_of

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

READERS = 24
CONNECTIONS = 4


def once(at: Moment, do: Do, **values: str) -> Script:
    """A fault that befalls the fifth message."""
    return Script((Rule(at, do, nth=5, **values),), middle=200)  # type: ignore[arg-type]


@pytest.mark.parametrize("do", [Do.CLOSE, Do.RESET])
@pytest.mark.parametrize("at", [Moment.MAIL, Moment.RCPT, Moment.DATA])
def test_a_connection_lost_before_the_body_costs_nothing(
    begin: Begin, sink: Sink, at: Moment, do: Do
) -> None:
    assert begin(once(at, do)).finish().is_exact
    assert sink.stats().connections_ever > CONNECTIONS


@pytest.mark.parametrize("do", [Do.CLOSE, Do.RESET])
@pytest.mark.parametrize("at", [Moment.BODY_START, Moment.BODY_MIDDLE, Moment.DOT])
def test_a_body_nobody_took_is_sent_again_and_recorded(begin: Begin, at: Moment, do: Do) -> None:
    assert begin(once(at, do)).finish() == Findings(READERS, READERS, 0, 1, 0, 0)


@pytest.mark.parametrize("do", [Do.CLOSE, Do.RESET])
@pytest.mark.parametrize("at", [Moment.BODY_START, Moment.BODY_MIDDLE, Moment.DOT])
def test_a_body_nobody_took_is_listed_when_doubt_is_held(begin: Begin, at: Moment, do: Do) -> None:
    found = begin(once(at, do), policy=UncertainPolicy.HOLD).finish()

    assert found == Findings(READERS, READERS - 1, 0, 0, 1, 0)


@pytest.mark.parametrize("do", [Do.ACCEPT_AND_CLOSE, Do.ACCEPT_AND_RESET])
def test_a_lost_answer_makes_one_recorded_copy(begin: Begin, do: Do) -> None:
    assert begin(once(Moment.DOT, do)).finish() == Findings(READERS, READERS + 1, 1, 1, 0, 0)


@pytest.mark.parametrize("do", [Do.ACCEPT_AND_CLOSE, Do.ACCEPT_AND_RESET])
def test_a_lost_answer_makes_no_copy_when_doubt_is_held(begin: Begin, do: Do) -> None:
    found = begin(once(Moment.DOT, do), policy=UncertainPolicy.HOLD).finish()

    assert found == Findings(READERS, READERS, 0, 0, 1, 0)


def test_an_answer_cut_in_half_is_no_answer(begin: Begin) -> None:
    found = begin(
        once(Moment.DOT, Do.ACCEPT_AND_CLOSE, reply="250 2.0"), policy=UncertainPolicy.HOLD
    ).finish()

    assert found == Findings(READERS, READERS, 0, 0, 1, 0)


def test_a_lease_lives_on_while_an_answer_is_late(begin: Begin) -> None:
    script = Script((Rule(Moment.DOT, Do.DELAY, nth=5, seconds=2.5),))

    assert begin(script, lease_for=1.0).finish().is_exact


@pytest.mark.parametrize(("policy", "copies", "uncertain"), [("resend", 25, 0), ("hold", 24, 1)])
def test_an_answer_that_never_comes_leaves_doubt(
    begin: Begin, policy: str, copies: int, uncertain: int
) -> None:
    script = once(Moment.DOT, Do.ACCEPT_AND_SILENCE)

    found = begin(script, policy=UncertainPolicy(policy), reply_timeout=2.0).finish()

    extra = copies - READERS
    assert found == Findings(READERS, copies, extra, extra, uncertain, 0)


def test_a_relay_that_never_answers_gets_no_more_than_six_copies(begin: Begin) -> None:
    script = Script((Rule(Moment.DOT, Do.ACCEPT_AND_SILENCE),))

    mailing = begin(script, readers=1, reply_timeout=0.2)
    mailing.send_until(lambda: mailing.state is CampaignState.FINISHED)
    mailing.sink.wait_for(lambda: len(lengths(mailing.sink)) == 6)  # it may be slower than we are patient
    found = mailing.finish()

    assert found == Findings(1, 6, 5, 5, 1, 0)


def test_an_invitation_after_a_refusal_sends_no_body(begin: Begin) -> None:
    refusal = Rule(Moment.RCPT, Do.REPLY, "550 5.1.1 no such user", nth=5)
    mailing = begin(Script((refusal,), lone_354=True))

    found = mailing.finish()

    assert found == Findings(READERS, READERS - 1, 0, 0, 0, 0)
    assert mailing.states == {DeliveryState.ACCEPTED: READERS - 1, DeliveryState.FAILED: 1}


def test_a_later_try_is_made_after_a_temporary_refusal(begin: Begin) -> None:
    refusals = (
        Rule(Moment.RCPT, Do.REPLY, "450 4.2.1 try later", nth=5),
        Rule(Moment.DOT, Do.REPLY, "451 4.3.0 try later", nth=9),
    )

    mailing = begin(Script(refusals))

    assert mailing.finish().is_exact
    with mailing.house.database.reading() as session:
        tries = session.execute(select(func.sum(Delivery.attempt), func.sum(Delivery.refusals))).one()
    assert tuple(tries) == (READERS + 2, 2)


@pytest.mark.parametrize("at", [Moment.RCPT, Moment.DOT])
def test_a_relay_that_throttles_costs_nobody_a_try(begin: Begin, at: Moment) -> None:
    mailing = begin(
        Script((Rule(at, Do.REPLY, "454 Throttling failure: Maximum sending rate exceeded.", nth=5),))
    )

    assert mailing.finish().is_exact
    with mailing.house.database.reading() as session:
        assert session.scalars(select(Delivery.refusals).distinct()).all() == [0]
        assert session.scalars(select(Delivery.attempt).distinct()).all() == [1]


@pytest.mark.parametrize("at", [Moment.MAIL, Moment.DOT])
def test_a_sender_who_is_not_verified_pauses_the_campaign_and_fails_nobody(begin: Begin, at: Moment) -> None:
    mailing = begin(Script((Rule(at, Do.REPLY, "554 Message rejected: Email address is not verified."),)))

    mailing.send_until(lambda: mailing.state is CampaignState.PAUSED)

    assert mailing.states == {DeliveryState.PLANNED: READERS}


def test_replies_byte_by_byte_are_read(begin: Begin) -> None:
    assert begin(Script(byte_by_byte=True)).finish().is_exact


def test_replies_of_many_lines_are_read(begin: Begin) -> None:
    many = "".join(f"250-2.0.0 line {number}\r\n" for number in range(40)) + "250 2.0.0 the end"
    rules = tuple(Rule(at, Do.REPLY, many) for at in (Moment.MAIL, Moment.RCPT, Moment.DOT))

    assert begin(Script(rules)).finish().is_exact


@pytest.mark.parametrize("at", [Moment.MAIL, Moment.RCPT, Moment.DOT])
def test_a_line_nobody_asked_for_makes_no_unrecorded_copy_and_loses_nobody(
    begin: Begin, sink: Sink, at: Moment
) -> None:
    found = begin(Script((Rule(at, Do.EXTRA, "250 2.0.0 and once more", nth=5),))).finish()

    assert found.copies_beyond_first <= found.recorded_resends <= 1
    assert sink.stats().connections_ever > CONNECTIONS, "nothing it says counts any more"


def test_a_relay_without_extensions_gets_every_letter(begin: Begin, sink: Sink) -> None:
    assert begin(Script(extensions=())).finish().is_exact
    assert sink.stats().batches > READERS * 4, "one command at a time"


@pytest.mark.parametrize("letters", [1, 2, 7])
def test_a_relay_that_closes_after_a_few_letters_gets_them_all(
    begin: Begin, sink: Sink, letters: int
) -> None:
    assert begin(Script(messages_a_connection=letters)).finish().is_exact
    assert sink.stats().connections_ever >= READERS / letters


def lengths(sink: Sink) -> list[int]:
    """Of the letters to readers; their author is told something shorter."""
    return [copy.length for copy in sink.accepted() if copy.recipient.startswith("reader")]


def test_a_slow_reader_gets_a_long_letter(begin: Begin, sink: Sink) -> None:
    mailing = begin(Script(slow_reading=True), readers=4, markdown="A line of a long letter.\n" * 8_000)

    assert mailing.finish().is_exact
    assert min(lengths(sink)) > 300_000


def test_a_letter_of_a_megabyte_arrives_whole(begin: Begin, sink: Sink) -> None:
    mailing = begin(readers=8, markdown="A line of a very long letter.\n" * 20_000)

    assert mailing.finish().is_exact
    assert min(lengths(sink)) > 1_000_000


def trouble_of(mailing: Mailing) -> str:
    with mailing.house.database.reading() as session:
        return session.scalars(select(Relay)).one().trouble


def send_until_the_relay_is_blamed(mailing: Mailing) -> str:
    """Nobody else may be: no letter failed, no address is suppressed. Returns what is said of the relay."""
    mailing.send_until(lambda: trouble_of(mailing) != "")
    with mailing.house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Suppression)) == 0
    assert mailing.states == {DeliveryState.PLANNED: READERS}
    return trouble_of(mailing)


LONG = "x" * 5_000
BINARY = text_of(bytes(range(128, 256)) + b"\0\1\2")
LIES = [
    (Moment.CONNECT, Do.REPLY, "554 5.3.2 go away"),
    (Moment.CONNECT, Do.REPLY, "354 go ahead"),
    (Moment.CONNECT, Do.REPLY, f"220 {LONG}"),
    (Moment.CONNECT, Do.REPLY, BINARY),
    (Moment.CONNECT, Do.FLOOD, "220-welcome"),
    (Moment.CONNECT, Do.FLOOD, BINARY),
    (Moment.EHLO, Do.REPLY, "999 what"),
    (Moment.EHLO, Do.REPLY, f"250-{LONG}\r\n250 SIZE"),
    (Moment.EHLO, Do.FLOOD, "250-AND-SO-ON"),
    (Moment.MAIL, Do.REPLY, "354 go ahead"),
    (Moment.MAIL, Do.REPLY, BINARY),
    (Moment.RCPT, Do.REPLY, "199 hello again"),
    (Moment.RCPT, Do.REPLY, f"250 {LONG}"),
    (Moment.RCPT, Do.FLOOD, "250-and so on"),
    (Moment.DATA, Do.REPLY, "250 2.0.0 taken"),
    (Moment.DATA, Do.REPLY, BINARY),
]


@pytest.mark.parametrize(("at", "do", "reply"), LIES, ids=lambda value: str(value)[:12])
def test_a_relay_that_lies_is_named_and_gets_all_letters_once_it_behaves(
    begin: Begin, sink: Sink, at: Moment, do: Do, reply: str
) -> None:
    mailing = begin(Script((Rule(at, do, reply),)))

    assert f"127.0.0.1:{sink.port}" in send_until_the_relay_is_blamed(mailing)

    sink.play(Script())
    assert mailing.finish().is_exact
    assert trouble_of(mailing) == ""


def test_refused_credentials_are_the_relays_trouble(
    begin: Begin, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(localhost_certificate()))
    script = Script(certificate=str(localhost_certificate()), credentials=("me", "right"))
    url = SecretStr(f"smtp://me:wrong@localhost:{sink.port}?security=starttls")
    mailing = begin(script, smtp_url=url)

    trouble = send_until_the_relay_is_blamed(mailing)

    assert f"localhost:{sink.port}" in trouble
    assert "wrong user or password" in trouble
    sink.play(replace(script, credentials=("me", "wrong")))
    assert mailing.finish().is_exact


def test_a_certificate_that_nobody_vouches_for_gets_no_letter(
    begin: Begin, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = SecretStr(f"smtp://localhost:{sink.port}?security=starttls")
    mailing = begin(Script(certificate=str(localhost_certificate())), smtp_url=url)

    trouble = send_until_the_relay_is_blamed(mailing)

    assert f"localhost:{sink.port}" in trouble
    assert "CERTIFICATE_VERIFY_FAILED" in trouble
    monkeypatch.setenv("SSL_CERT_FILE", str(localhost_certificate()))
    trusting = replace(mailing, sender=mailing.house.sender())
    assert trusting.finish().is_exact
    trusting.sender.close()
