"""A Postfix of the tests' own: on loopback, in a folder of its own, keeping all letters and relaying none."""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from pathlib import Path
from typing import NamedTuple

from tests.support.certificates import localhost_certificate
from tests.support.ports import free_port

_POSTFIX = Path("/usr/sbin/postfix")
_SASLPASSWD = Path("/usr/sbin/saslpasswd2")
_OWNER = "postfix"
_QUEUES = ("active", "deferred", "incoming", "active")  # from active, a bounce goes back to incoming
_RECIPIENT = re.compile(rb"^X-Original-To: (.*)$", re.MULTILINE)

# Every domain is delivered here, into one mailbox.
_SETTINGS = """
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/mail.log
maillog_file_prefixes = {home}

myhostname = localhost
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_peername_lookup = no

smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_chain_files = {certificate}

smtpd_sasl_auth_enable = yes
smtpd_sasl_path = smtpd
smtpd_sasl_local_domain = localhost
cyrus_sasl_config_path = {home}/etc/sasl
smtpd_relay_restrictions = permit_sasl_authenticated, reject

mydestination =
local_recipient_maps =
virtual_mailbox_domains = static:all
virtual_mailbox_maps = static:letters/
virtual_mailbox_base = {home}
virtual_uid_maps = static:{owner.pw_uid}
virtual_gid_maps = static:{owner.pw_gid}
virtual_minimum_uid = 1
default_transport = error:this Postfix relays nothing
relay_transport = error:this Postfix relays nothing
local_transport = error:this Postfix relays nothing

# Letters are kept as they were handed in, and no postmaster is told of trouble.
local_header_rewrite_clients =
notify_classes =
in_flow_delay = 0
"""

# None of these speaks to other hosts. The columns:
# service, type, private, unprivileged, chroot, wakeup, maxproc, command
_SERVICES = """
127.0.0.1:{port} inet n - n - - smtpd
127.0.0.1:{tls_port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""

# In etc/sasl: Debian's Postfix looks there, whatever cyrus_sasl_config_path says.
_SASL = """\
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: {home}/users
mech_list: PLAIN LOGIN
"""


class Letter(NamedTuple):
    """A letter in the mailbox, as Postfix wrote it down."""

    recipient: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=default_policy)


class Postfix:
    """A running Postfix: where it listens, who may hand in mail, and what it delivered."""

    user = "tester"
    password = "a-word-for-tests"

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.tls_port = free_port()
        self.certificate = localhost_certificate()

    @property
    def url(self) -> str:
        """STARTTLS has to be asked for: on this machine `smtp://` alone means without."""
        return f"smtp://{self.user}:{self.password}@localhost:{self.port}?security=starttls"

    @property
    def tls_url(self) -> str:
        return f"smtps://{self.user}:{self.password}@localhost:{self.tls_port}"

    @property
    def log(self) -> str:
        return (self.home / "mail.log").read_text(errors="replace")

    def letters(self) -> list[Letter]:
        """All that was delivered so far, in no order."""
        return [_letter(path.read_bytes()) for path in (self.home / "letters" / "new").glob("*")]

    def queue_is_empty(self) -> bool:
        """Whether all letters that were taken are delivered."""
        found = (path for queue in _QUEUES for path in (self.home / "queue" / queue).rglob("*"))
        return not any(path.is_file() for path in found)


def postfix_is_here() -> bool:
    """Whether the programs are on this machine, and the right to start them: Postfix wants to be root."""
    return os.geteuid() == 0 and _POSTFIX.is_file() and _SASLPASSWD.is_file()


@contextmanager
def running_postfix(folder: Path) -> Iterator[Postfix]:
    """Start a Postfix and stop it again; its log stays behind in the folder."""
    if not postfix_is_here():
        raise RuntimeError("Postfix is not here: run scripts/needs postfix, and the tests as root")
    # Not in the folder itself: pytest closes its folders to all but root, and Postfix leaves root behind.
    home = Path(tempfile.mkdtemp(prefix="nl-postfix-"))
    try:
        postfix = Postfix(home)
        _furnish(home, postfix)
        _control(home, "start")
        try:
            yield postfix
        finally:
            _control(home, "stop")
    finally:
        if (home / "mail.log").exists():
            shutil.copy(home / "mail.log", folder)
        shutil.rmtree(home, ignore_errors=True)


def _furnish(home: Path, postfix: Postfix) -> None:
    """Write down all that Postfix reads; its queues it makes itself."""
    home.chmod(0o711)
    for name in ("etc/sasl", "queue", "data", "letters"):
        (home / name).mkdir(parents=True)
    owner = pwd.getpwnam(_OWNER)
    settings = _SETTINGS.format(home=home, certificate=postfix.certificate, owner=owner)
    (home / "etc" / "main.cf").write_text(settings)
    os.utime(home / "etc" / "main.cf", (0, 0))  # Postfix waits until nobody has written it for two seconds
    services = _SERVICES.format(port=postfix.port, tls_port=postfix.tls_port)
    (home / "etc" / "master.cf").write_text(services)
    (home / "etc" / "sasl" / "smtpd.conf").write_text(_SASL.format(home=home))
    users = home / "users"
    _run([_SASLPASSWD, "-c", "-p", "-f", users, "-u", "localhost", postfix.user], postfix.password)
    for path in (home / "data", home / "letters", users):
        shutil.chown(path, owner.pw_uid, owner.pw_gid)


def _control(home: Path, command: str) -> None:
    _run([_POSTFIX, "-c", home / "etc", command])


def _run(command: list[str | Path], words: str = "") -> None:
    done = subprocess.run(command, input=words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr or done.stdout}")


def _letter(raw: bytes) -> Letter:
    recipient = _RECIPIENT.search(raw)
    assert recipient is not None, "Postfix writes the recipient above every letter"
    return Letter(recipient.group(1).decode(), raw)
