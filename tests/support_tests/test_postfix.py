"""The tests' own Postfix keeps its promises."""

import smtplib
import socket
import ssl
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postfix import Postfix, postfix_is_here, running_postfix
from tests.support.stack import wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not postfix_is_here(), reason="needs root, and scripts/needs postfix"),
]

SENDER = "paper@example.org"
LETTER = b"Subject: x\r\n\r\nHello\r\n.dots stay\r\n"


@pytest.fixture
def postfix(tmp_path: Path) -> Iterator[Postfix]:
    with running_postfix(tmp_path) as server:
        yield server


def test_every_letter_is_delivered_once(postfix: Postfix) -> None:
    recipients = [f"reader-{number}@example.net" for number in range(20)]

    with encrypted(postfix) as smtp:
        smtp.login(postfix.user, postfix.password)
        for recipient in recipients:
            smtp.sendmail(SENDER, recipient, LETTER)
    wait_for(postfix.queue_is_empty)

    letters = postfix.letters()
    assert Counter(letter.recipient for letter in letters) == Counter(recipients)
    assert all(letter.message.get_content() == "Hello\n.dots stay\n" for letter in letters)


def test_a_recipient_beyond_ascii_gets_mail_over_the_port_that_begins_with_tls(postfix: Postfix) -> None:
    with smtplib.SMTP_SSL("localhost", postfix.tls_port, context=trusting(postfix)) as smtp:
        smtp.login(postfix.user, postfix.password)
        smtp.sendmail(SENDER, "dörte@exämple.net", LETTER, mail_options=["SMTPUTF8"])
    wait_for(postfix.queue_is_empty)

    assert [letter.recipient for letter in postfix.letters()] == ["dörte@exämple.net"]


def test_nobody_signs_in_without_encryption(postfix: Postfix) -> None:
    credentials = b64encode(f"\0{postfix.user}\0{postfix.password}".encode()).decode()

    with smtplib.SMTP("localhost", postfix.port) as smtp:
        smtp.ehlo()
        offered = smtp.has_extn("auth")
        code, _text = smtp.docmd("AUTH", f"PLAIN {credentials}")

    assert not offered
    assert code == 503


def test_a_wrong_password_is_refused(postfix: Postfix) -> None:
    with encrypted(postfix) as smtp, pytest.raises(smtplib.SMTPAuthenticationError) as refused:
        smtp.login(postfix.user, "a wrong password")

    assert refused.value.smtp_code == 535


def test_who_did_not_sign_in_hands_in_nothing(postfix: Postfix) -> None:
    with encrypted(postfix) as smtp, pytest.raises(smtplib.SMTPRecipientsRefused):
        smtp.sendmail(SENDER, "reader@example.net", LETTER)


def test_only_its_log_is_left_at_the_end(tmp_path: Path) -> None:
    with running_postfix(tmp_path) as postfix:
        assert processes_in(postfix.home)

    wait_for(lambda: not processes_in(postfix.home))
    for port in (postfix.port, postfix.tls_port):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
    assert not postfix.home.exists()
    assert "daemon started" in (tmp_path / "mail.log").read_text()


def encrypted(postfix: Postfix) -> smtplib.SMTP:
    smtp = smtplib.SMTP("localhost", postfix.port)
    smtp.starttls(context=trusting(postfix))
    return smtp


def trusting(postfix: Postfix) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=postfix.certificate)


def processes_in(folder: Path) -> list[Path]:
    """The processes that work in a folder, even if it was removed under them."""
    return [link.parent for link in Path("/proc").glob("[0-9]*/cwd") if str(folder) in _target(link)]


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""  # it ended meanwhile
