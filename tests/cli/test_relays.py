"""`newsletter relay`: adding, limiting, trying and removing relays as an operator does."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from newsletter.cli.processes import free_port
from newsletter.wiring import House
from tests.cli.conftest import Run
from tests.support.certificates import localhost_certificate
from tests.support.factories import make_publication
from tests.support.sink import Do, Moment, Rule, Script, Sink, running_sink


@pytest.fixture
def relay(house: House, on_database: Run) -> Run:
    with house.database.writing() as session:
        make_publication(session)
    return lambda *arguments: on_database("relay", *arguments)


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with running_sink() as sink:
        yield sink


def listed(relay: Run) -> dict[str, dict[str, Any]]:
    lines = relay("list", "--json").output.splitlines()
    return {facts["name"]: facts for facts in map(json.loads, lines)}


def test_a_relay_is_added_by_a_preset_with_what_its_provider_publishes(relay: Run) -> None:
    said = relay("add", "mine", "--preset", "ses", "--region", "eu-west-1", "--username", "me").output

    facts = listed(relay)["mine"]
    assert (facts["host"], facts["port"]) == ("email-smtp.eu-west-1.amazonaws.com", 587)
    assert facts["paces"]["all"]["per_second"] == 1
    assert "NEWSLETTER_RELAY_PASSWORDS" in said
    assert "sandbox" in said


def test_what_is_said_wins_over_the_preset(relay: Run) -> None:
    relay("add", "mine", "--preset", "postfix", "--host", "mail.example.org", "--connections", "3")

    facts = listed(relay)["mine"]
    assert (facts["host"], facts["port"], facts["security"]) == ("mail.example.org", 25, "plain")
    assert facts["paces"]["all"]["connections"] == 3


def test_a_relay_that_speaks_to_receivers_itself_begins_careful_with_the_big_ones(relay: Run) -> None:
    relay("add", "own", "--host", "mx.example.org", "--direct")
    relay("limit", "own", "--group", "google", "--per-second", "5", "--warm-up", "100")

    paces = listed(relay)["own"]["paces"]
    assert paces["google"]["per_second"] == 5
    assert paces["google"]["warm_up"]["start"] == 100
    assert paces["yahoo"]["per_second"] == 10
    assert "google" in relay("list").output


def test_the_list_follows_turns_and_shows_the_one_of_the_settings(
    house: House, relay: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTP_URL", "smtp://mail.example.org:587")
    relay("add", "spare", "--host", "spare.example.org", "--priority", "20")
    relay("add", "cheap", "--host", "cheap.example.org", "--priority", "5", "--cost", "0.1")

    assert list(listed(relay)) == ["cheap", "default", "spare"]


def test_a_removed_relay_is_gone_and_its_name_free(relay: Run) -> None:
    relay("add", "mine", "--host", "mail.example.org")

    assert relay("remove", "mine").exit_code == 0

    assert listed(relay) == {}
    assert relay("add", "mine", "--host", "other.example.org").exit_code == 0
    assert listed(relay)["mine"]["host"] == "other.example.org"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("add", "mine", "--host", "elsewhere.example.org"),
            "There is a relay mine already, at mail.example.org",
        ),
        (("add", "default", "--host", "a.example.org"), "is the one in SMTP_URL"),
        (("add", "no name", "--host", "a.example.org"), "letters, digits and hyphens"),
        (("add", "two"), "Where does the relay listen?"),
        (("add", "two", "--preset", "ses"), "--region"),
        (("add", "two", "--host", "a", "--connections", "0"), "The limit of connections must be above 0"),
        (("add", "two", "--host", "a", "--per-second", "-1"), "letters a second must be above 0"),
        (("add", "two", "--host", "a", "--per-day", "0"), "letters a day must be above 0"),
        (("add", "two", "--host", "a", "--warm-up", "0"), "first day must be above 0"),
        (("add", "two", "--host", "a", "--weight", "0"), "weight must be 1 or more"),
        (("add", "two", "--host", "a", "--cost", "-1"), "cost cannot be below 0"),
        (("limit", "mine", "--per-second", "0"), "letters a second must be above 0"),
        (("limit", "mine", "--group", "nobody", "--per-second", "1"), "There is no group nobody"),
        (("limit", "other", "--per-second", "1"), "There is no relay other. In use: mine."),
        (("remove", "other"), "There is no relay other"),
        (("test", "other"), "There is no relay other"),
    ],
)
def test_what_cannot_be_meant_gets_a_sentence_and_changes_nothing(
    relay: Run, arguments: tuple[str, ...], says: str
) -> None:
    relay("add", "mine", "--host", "mail.example.org")
    before = listed(relay)

    result = relay(*arguments)

    assert result.exit_code == 1
    assert says in result.output
    assert listed(relay) == before


def test_trying_a_relay_shows_what_was_said_and_what_it_can(
    relay: Run, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTP_URL", sink.url)

    result = relay("test", "default", "--to", "me@example.org")

    assert result.exit_code == 0
    assert "> EHLO localhost" in result.output
    assert "< 250-PIPELINING" in result.output
    assert "It can: PIPELINING, 8BITMIME, SMTPUTF8" in result.output
    assert "Nothing protects this conversation." in result.output
    assert "The letter: accepted. 250" in result.output
    assert sink.copies()["me@example.org"] >= 1


def test_trying_a_relay_shows_no_secret(relay: Run, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = str(localhost_certificate())
    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    monkeypatch.setenv("SMTP_URL", f"smtp://somebody:hunter2@localhost:{sink.port}?security=starttls")
    sink.play(Script(certificate=certificate, credentials=("somebody", "hunter2")))

    result = relay("test", "default")

    assert result.exit_code == 0, result.output
    assert "> AUTH PLAIN …" in result.output
    assert "Protected by TLSv1.3; its certificate is good until" in result.output
    assert "hunter2" not in result.output
    sink.play(Script())


def test_a_refused_letter_is_shown_as_such(relay: Run, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_URL", sink.url)
    sink.play(Script((Rule(Moment.RCPT, Do.REPLY, "550 5.7.1 not from you"),)))

    result = relay("test", "default", "--to", "me@example.org")

    assert result.exit_code == 1
    assert "550 5.7.1 not from you" in result.output.splitlines()[-1]
    sink.play(Script())


@pytest.mark.parametrize(
    ("url", "script", "wait", "says"),
    [
        ("smtp://nowhere.invalid:25?security=plain", Script(), 20, "nowhere.invalid:25 does not answer"),
        ("smtp://127.0.0.1:{free}", Script(), 20, "does not answer: Connect call failed"),
        ("smtps://localhost:{port}", Script(), 20, "It does not speak TLS from the start there"),
        # Both wait for the other to begin: only the end of our patience tells, and connecting must fit in.
        ("smtp://localhost:{port}?security=plain", Script(implicit_tls=True), 3, "as a port for TLS"),
        ("smtp://localhost:{port}?security=starttls", Script(), 20, "offers no STARTTLS"),
    ],
    ids=["no such host", "nobody there", "tls against plain", "plain against tls", "no starttls"],
)
def test_a_relay_that_cannot_be_used_is_named_with_what_is_wrong(
    relay: Run, sink: Sink, monkeypatch: pytest.MonkeyPatch, url: str, script: Script, wait: int, says: str
) -> None:
    if script.implicit_tls:
        script = Script(implicit_tls=True, certificate=str(localhost_certificate()))
    sink.play(script)
    monkeypatch.setenv("SMTP_URL", url.format(port=sink.port, free=free_port()))

    result = relay("test", "default", "--timeout", str(wait))

    assert result.exit_code == 1
    assert says in result.output
    sink.play(Script())


def test_an_expired_certificate_is_called_that(
    relay: Run, sink: Sink, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate = str(localhost_certificate(expired=True))
    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    monkeypatch.setenv("SMTP_URL", f"smtp://localhost:{sink.port}?security=starttls")
    sink.play(Script(certificate=certificate))

    result = relay("test", "default")

    assert result.exit_code == 1
    assert "certificate has expired" in result.output
    sink.play(Script())
