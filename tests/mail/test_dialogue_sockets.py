"""Being let in, or not, on real sockets."""

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from newsletter.domain.errors import RelayTrouble
from newsletter.domain.relays import RelayAddress, Security
from newsletter.mail.smtp.connection import Route, Timeouts, open_connection
from tests.mail.test_connection import Ears, Peer, Run, relay, run
from tests.mail.test_dialogue import lines

__all__ = ["run"]


def certificate(folder: Path, name: x509.GeneralName, last_day: datetime) -> Path:
    """A file with a key and its self-signed certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay")])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(last_day - timedelta(days=9)).not_valid_after(last_day)
    builder = builder.add_extension(x509.SubjectAlternativeName([name]), critical=False)
    path = folder / "relay.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    return path


HERE, ELSEWHERE = x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("elsewhere.example")
TOMORROW, YESTERDAY = datetime.now(UTC) + timedelta(days=1), datetime.now(UTC) - timedelta(days=1)


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
@pytest.mark.parametrize(
    ("name", "last_day", "is_trusted", "is_let_in"),
    [
        (HERE, TOMORROW, True, True),
        (HERE, TOMORROW, False, False),
        (HERE, YESTERDAY, True, False),
        (ELSEWHERE, TOMORROW, True, False),
    ],
    ids=["good", "self-signed", "expired", "of another host"],
)
def test_only_the_relay_itself_is_talked_to(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    security: Security,
    name: x509.GeneralName,
    last_day: datetime,
    is_trusted: bool,
    is_let_in: bool,
) -> None:
    file = certificate(tmp_path, name, last_day)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))

    async def play(peer: Peer) -> None:
        await peer.let_in(security)
        await peer.read_all()

    async def scenario() -> None:
        async with relay(play, security, certificate=file) as route:
            if is_let_in:
                (await open_connection(route, Ears())).drop()
                return
            with pytest.raises(RelayTrouble, match="fails at TLS: CERTIFICATE_VERIFY_FAILED, "):
                await open_connection(route, Ears())

    run(scenario())


@pytest.mark.parametrize(
    ("injected", "trouble"),
    [
        (b"250 injected\r\n", "speaks between STARTTLS and its handshake"),
        (b"250-inj", "speaks between STARTTLS and its handshake"),
        (b"421 closing\r\n", "speaks between STARTTLS and its handshake"),
    ],
)
def test_nothing_is_encrypted_for_a_relay_that_speaks_too_early(
    run: Run, injected: bytes, trouble: str
) -> None:
    heard = bytearray()

    async def play(peer: Peer) -> None:
        await peer.say(lines("220 hi"))
        await peer.hear(b"\r\n")
        await peer.say(lines("250-hi", "250 STARTTLS"))
        await peer.hear(b"\r\n")
        await peer.say(lines("220 go ahead") + injected)
        heard.extend(await peer.read_all())

    async def scenario() -> None:
        async with relay(play, Security.STARTTLS) as route:
            with pytest.raises(RelayTrouble, match=trouble):
                await open_connection(route, Ears())

    run(scenario())
    assert heard == b""


@pytest.mark.parametrize(
    ("banner", "wait", "trouble"),
    [
        (b"", 0.5, r"did not .+ within 0\.5 seconds; it says nothing, as a port for TLS .+"),
        # What is said must be heard within the wait: who has said nothing is described differently.
        (b"220 no end", 2, r"did not .+ within 2 seconds"),
        (b"220-no end\r\n", 2, r"did not .+ within 2 seconds"),
        (b"220-no end\r\n" * 101, 20, "sends a reply without end"),
        (b"220" * 700, 20, "sends a line without end"),
        (lines("220 hi", "250 hi", "421 closing"), 20, "hung up"),
    ],
    ids=["nothing", "half a line", "half a reply", "too many lines", "too long a line", "goodbye"],
)
def test_a_greeting_without_end_is_trouble(run: Run, banner: bytes, wait: float, trouble: str) -> None:
    async def play(peer: Peer) -> None:
        await peer.say(banner)
        await peer.read_all()

    async def scenario() -> None:
        async with relay(play, wait=wait) as route:
            with pytest.raises(RelayTrouble, match=rf"The relay 127\.0\.0\.1:\d+ {trouble}\."):
                await open_connection(route, Ears())

    run(scenario())


def test_a_greeting_that_drips_is_trouble(run: Run) -> None:
    async def play(peer: Peer) -> None:
        for _ in range(90):  # fewer than the lines of a reply without end
            await peer.say(b"220-drop\r\n")
            await asyncio.sleep(0.05)

    async def scenario() -> None:
        async with relay(play, wait=0.5) as route:
            with pytest.raises(RelayTrouble, match=r"within 0\.5 seconds"):
                await open_connection(route, Ears())

    run(scenario())


def test_a_port_where_nobody_listens_is_trouble(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    route = Route(RelayAddress("127.0.0.1", port, Security.PLAIN), "sender.example", Timeouts(20, 20))

    async def scenario() -> None:
        with pytest.raises(RelayTrouble, match=r"does not answer: .+\."):
            await open_connection(route, Ears())

    run(scenario())
