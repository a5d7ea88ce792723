"""What else can hand letters to the same sink: Postfix's load generator, and the standard library."""

import shutil
import smtplib
import subprocess
from email.message import EmailMessage
from pathlib import Path
from time import monotonic

SESSIONS = (10, 20, 64)
RECIPIENT = "reader@example.org"
"""Whom `smtp-source` writes to."""


def smtp_source() -> str | None:
    """Where Postfix's `smtp-source` is, if it is here."""
    return shutil.which("smtp-source", path="/usr/sbin:/usr/local/sbin:/usr/bin")


def smtp_source_rate(program: str, port: int, messages: int, size: int) -> float:
    """Letters a second of `smtp-source -d`, the best of several numbers of sessions."""
    return max(_run(program, port, messages, size, sessions) for sessions in SESSIONS)


def smtplib_rate(port: int, messages: int, html: str) -> float:
    """Letters a second of smtplib with an EmailMessage made for each reader, as most programs do it."""
    start = monotonic()
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        for number in range(messages):
            reader = f"reader{number}@example.org"
            message = EmailMessage()
            message["From"] = "letters@example.org"
            message["To"] = reader
            message["Subject"] = "A letter"
            message["Message-ID"] = f"<smtplib.{number}@example.org>"
            message.set_content(f"This letter went to {reader}.")
            message.add_alternative(html + f"<p>This letter went to {reader}.</p>", subtype="html")
            smtp.send_message(message)
    return messages / (monotonic() - start)


def _run(program: str, port: int, messages: int, size: int, sessions: int) -> float:
    command = [program, "-s", str(sessions), "-m", str(messages), "-l", str(size), "-d"]
    addresses = ["-f", "letters@example.org", "-t", RECIPIENT, f"inet:127.0.0.1:{port}"]
    start = monotonic()
    subprocess.run([*command, *addresses], check=True, cwd=Path("/"))
    return messages / (monotonic() - start)
