"""TLS and authentication of the sink."""

import base64
import smtplib
import ssl

import pytest

from tests.support.certificates import localhost_certificate
from tests.support.sink import Do, Moment, Rule, Script, Sink, running_sink
from tests.support_tests.talking import LETTER, READER, talking

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sink():
    with running_sink() as sink:
        yield sink


@pytest.fixture
def context() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(localhost_certificate()))


def encrypting(**values: object) -> Script:
    return Script(certificate=str(localhost_certificate()), **values)  # type: ignore[arg-type]


def knowing() -> Script:
    return Script(credentials=("user", "secret"))


def test_a_message_travels_encrypted(sink: Sink, context):
    sink.play(encrypting())
    before = len(sink.accepted())
    with smtplib.SMTP("localhost", sink.port) as client:
        client.starttls(context=context)
        client.ehlo()
        assert not client.has_extn("starttls")
        client.sendmail("bounce@example.org", READER.decode(), LETTER + b"x" * 100_000)
    assert len(sink.accepted()) == before + 1


def test_tls_can_come_first(sink, context):
    sink.play(encrypting(implicit_tls=True))
    assert sink.url == f"smtps://127.0.0.1:{sink.port}"
    with talking(sink.port, context) as client:
        assert client.greet().deliver() == b"250"
        assert client.ask(b"QUIT").startswith(b"221")
        assert client.rest() == b""


def test_what_was_said_before_tls_is_forgotten(sink, context):
    sink.play(encrypting())
    with talking(sink.port) as client:
        client.greet()
        client.send(b"STARTTLS\r\nRSET\r\nNOOP\r\n")
        assert client.reply().startswith(b"220")
        client.encrypt(context)
        assert client.ask(b"MAIL FROM:<>").startswith(b"503")
        assert b"STARTTLS" not in client.ask(b"EHLO client.test")


def test_tls_can_be_refused(sink):
    rule = Rule(Moment.STARTTLS, Do.REPLY, "454 4.7.0 not now")
    sink.play(encrypting(rules=(rule,)))
    with talking(sink.port) as client:
        assert client.greet().ask(b"STARTTLS").startswith(b"454")
        assert client.deliver() == b"250"


def test_a_failed_handshake_ends_the_connection(sink):
    sink.play(encrypting())
    with talking(sink.port) as client:
        client.greet().ask(b"STARTTLS")
        client.send(b"MAIL FROM:<a@example.org>\r\n" * 10)
        assert client.rest() == b""


def test_replies_can_come_byte_by_byte_when_encrypted(sink, context):
    sink.play(encrypting(implicit_tls=True, byte_by_byte=True))
    with talking(sink.port, context) as client:
        assert client.greet().deliver() == b"250"


def test_mail_needs_authentication_when_there_are_credentials(sink):
    sink.play(knowing())
    with talking(sink.port) as client:
        client.reply()
        assert b"AUTH PLAIN LOGIN" in client.ask(b"EHLO client.test")
        assert client.ask(b"MAIL FROM:<>").startswith(b"530")
        assert client.authenticate(b"user", b"wrong").startswith(b"535")
        assert client.authenticate(b"user", b"secret").startswith(b"235")
        assert client.deliver() == b"250"


@pytest.mark.parametrize("initial", [b"", b" " + base64.b64encode(b"user")])
def test_login_asks_for_user_and_password(sink, initial):
    sink.play(knowing())
    with talking(sink.port) as client:
        assert client.greet().ask(b"AUTH LOGIN" + initial).startswith(b"334")
        if not initial:
            assert client.ask(base64.b64encode(b"user")).startswith(b"334")
        assert client.ask(base64.b64encode(b"secret")).startswith(b"235")


def test_plain_can_be_said_in_two_lines(sink):
    sink.play(knowing())
    with talking(sink.port) as client:
        assert client.greet().ask(b"AUTH PLAIN") == b"334 \r\n"
        assert client.ask(base64.b64encode(b"\0user\0secret")).startswith(b"235")


def test_authentication_can_be_given_up(sink):
    sink.play(knowing())
    with talking(sink.port) as client:
        assert client.greet().ask(b"AUTH LOGIN").startswith(b"334")
        assert client.ask(b"*").startswith(b"501")
        assert client.ask(b"AUTH KERBEROS").startswith(b"504")
        assert client.ask(b"NOOP").startswith(b"250")


def test_authentication_can_fail_by_rule(sink):
    rule = Rule(Moment.AUTH, Do.REPLY, "454 4.7.0 later")
    sink.play(Script(credentials=("user", "secret"), rules=(rule,)))
    with talking(sink.port) as client:
        assert client.greet().authenticate(b"user", b"secret").startswith(b"454")
        assert client.ask(b"MAIL FROM:<>").startswith(b"530")
