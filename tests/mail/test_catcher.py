"""The catcher keeps every message to the byte, and delivers none."""

import smtplib
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from newsletter.domain.errors import NotFound
from newsletter.mail.catcher import Spool, start_catching

RAW = b"Subject: =?utf-8?q?Caf=C3=A9?=\r\nMessage-ID: <1@example.org>\r\n\r\nHello\r\n"


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "deep" / "spool")


@pytest.fixture
def catching(spool: Spool) -> Iterator[Controller]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = start_catching(spool, "127.0.0.1", port)
    yield controller
    controller.stop()


def test_a_message_is_kept_with_its_envelope(spool: Spool) -> None:
    caught = spool.add("a@b.org", ["c@d.org", "e@f.org"], RAW)

    assert caught.number == 1
    assert caught.return_path == "a@b.org"
    assert caught.recipients == ["c@d.org", "e@f.org"]
    assert caught.subject == "Café"
    assert caught.message_id == "<1@example.org>"
    assert caught.size == len(RAW)


def test_a_message_comes_back_to_the_byte(spool: Spool) -> None:
    bodies = [b"", b"no headers", RAW, bytes(range(256)) * 100, b"Subject: x\n\n.\r\n"]
    numbers = [spool.add("a@b.org", [], raw).number for raw in bodies]

    assert [spool.get(number)[1] for number in numbers] == bodies


def test_messages_are_listed_oldest_first(spool: Spool) -> None:
    added = [spool.add("a@b.org", [f"{number}@d.org"], RAW) for number in range(3)]

    assert list(spool.all()) == added
    assert [caught.number for caught in added] == [1, 2, 3]


def test_an_empty_spool_has_nothing(spool: Spool) -> None:
    assert list(spool.all()) == []


@pytest.mark.parametrize("number", [0, -1, 2])
def test_a_message_that_is_not_there_is_not_found(spool: Spool, number: int) -> None:
    spool.add("a@b.org", [], RAW)

    with pytest.raises(NotFound):
        spool.get(number)


def test_numbers_go_on_when_the_spool_is_opened_again(tmp_path: Path) -> None:
    first = Spool(tmp_path)
    first.add("a@b.org", [], RAW)
    first.add("a@b.org", [], RAW)

    second = Spool(tmp_path)
    caught = second.add("a@b.org", [], b"third")

    assert caught.number == 3
    assert second.get(3) == (caught, b"third")
    assert second.get(1)[1] == RAW


def test_a_line_that_is_still_being_written_is_not_read(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.add("a@b.org", [], RAW)
    with (tmp_path / "index.jsonl").open("a") as index:
        index.write('{"number": 2, "at"')

    assert [caught.number for caught in spool.all()] == [1]


def test_many_threads_can_add_at_once(spool: Spool) -> None:
    bodies = [b"Subject: %d\r\n\r\n" % number + b"x" * number for number in range(60)]

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda raw: spool.add("a@b.org", [], raw), bodies))

    assert [caught.number for caught in spool.all()] == list(range(1, 61))
    assert sorted(spool.get(number)[1] for number in range(1, 61)) == sorted(bodies)


def test_a_message_is_there_when_its_answer_arrives(catching: Controller, spool: Spool) -> None:
    message = EmailMessage()
    message["Subject"] = "Grüße"
    message["Message-ID"] = "<2@example.org>"
    message.set_content("A line\n.starts with a dot\n")

    with smtplib.SMTP("127.0.0.1", catching.port, timeout=20) as client:
        client.send_message(message, "a@b.org", ["c@d.org"])
        caught, raw = spool.get(1)

    assert (caught.return_path, list(caught.recipients)) == ("a@b.org", ["c@d.org"])
    assert (caught.subject, caught.message_id) == ("Grüße", "<2@example.org>")
    assert raw.endswith(b"\r\n.starts with a dot\r\n")


def test_the_answer_names_the_number(catching: Controller) -> None:
    with smtplib.SMTP("127.0.0.1", catching.port, timeout=20) as client:
        client.ehlo()
        client.mail("a@b.org")
        client.rcpt("c@d.org")

        assert client.data(b"Subject: x\r\n\r\n") == (250, b"2.0.0 caught as 1")


def test_addresses_beyond_ascii_are_caught(catching: Controller, spool: Spool) -> None:
    with smtplib.SMTP("127.0.0.1", catching.port, timeout=20) as client:
        client.ehlo()
        client.mail("josé@example.org", ["SMTPUTF8"])
        client.rcpt("用户@example.org")
        client.data(RAW)

    caught, _raw = spool.get(1)
    assert (caught.return_path, list(caught.recipients)) == ("josé@example.org", ["用户@example.org"])


@pytest.mark.parametrize("subject", [b"=?nonsense?q?x?=", b"=?utf-8?b?a?=", b"=?utf-8?q?=ff?="])
def test_the_catcher_takes_any_subject(tmp_path: Path, subject: bytes) -> None:
    spool = Spool(tmp_path)

    spool.add("a@example.org", ["b@example.org"], b"Subject: " + subject + b"\r\n\r\nx")

    assert len(list(spool.all())) == 1
