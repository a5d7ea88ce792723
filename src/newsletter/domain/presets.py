"""What the usual relays publish about themselves: where they listen, and their limits.

Limits depend on the account; these are what a new one may count on, and the note says what to look up.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.domain.pacing import Limits
from newsletter.domain.relays import Security


@dataclass(frozen=True)
class Preset:
    """A relay as its provider describes it. A host with a hole in braces is completed by its owner."""

    host: str
    port: int
    security: Security
    limits: Limits
    note: str
    username: str = ""


PRESETS: Mapping[str, Preset] = {
    "ses": Preset(
        "email-smtp.{region}.amazonaws.com",
        587,
        Security.STARTTLS,
        Limits(rate=1, per_day=200),
        "These are the limits of the SES sandbox. Your console shows those of your account: set them by "
        "`newsletter relay limit`. User name and password are SMTP credentials, not access keys.",
    ),
    "postmark": Preset(
        "smtp-broadcasts.postmarkapp.com",
        587,
        Security.STARTTLS,
        Limits(),
        "Newsletters belong into a broadcast message stream; its token is user name and password. "
        "Postmark publishes no limit of its SMTP service.",
    ),
    "mailgun": Preset(
        "smtp.mailgun.org",
        587,
        Security.STARTTLS,
        Limits(),
        "Domains in the EU region use smtp.eu.mailgun.org. The user name is an address of your domain. "
        "Limits depend on the plan.",
    ),
    "sendgrid": Preset(
        "smtp.sendgrid.net",
        587,
        Security.STARTTLS,
        Limits(),
        "The password is an API key. SendGrid takes 5,000 messages a connection and 10,000 connections a "
        "server; what counts is the limit of your plan.",
        username="apikey",
    ),
    "brevo": Preset(
        "smtp-relay.brevo.com",
        587,
        Security.STARTTLS,
        Limits(per_day=300),
        "300 letters a day are those of the free plan; set yours by `newsletter relay limit`. The password "
        "is an SMTP key.",
    ),
    "gmail": Preset(
        "smtp.gmail.com",
        587,
        Security.STARTTLS,
        Limits(connections=2, per_day=500),
        "500 letters a day, counted over 24 hours. The password is an app password.",
    ),
    "workspace": Preset(
        "smtp.gmail.com",
        587,
        Security.STARTTLS,
        Limits(connections=4, per_day=2_000),
        "2,000 letters a day and user; trial accounts 500. The relay service smtp-relay.gmail.com takes "
        "10,000. The password is an app password.",
    ),
    "postfix": Preset(
        "localhost",
        25,
        Security.PLAIN,
        Limits(connections=50),
        "Postfix takes 50 connections of one client (smtpd_client_connection_count_limit).",
    ),
}
