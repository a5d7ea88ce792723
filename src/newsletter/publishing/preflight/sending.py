"""Checks of whom the letter comes from and goes to, and of what the DNS says about that."""

from collections.abc import Iterator

from newsletter.publishing.preflight.check import Check, Spot
from newsletter.publishing.preflight.dns import dmarc_policy, is_aligned, spf_lookups
from newsletter.publishing.preflight.proof import Proof
from newsletter.publishing.preflight.report import Severity

_FREE_MAIL = frozenset(
    {
        "gmail.com",
        "googlemail.com",
        "yahoo.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "aol.com",
        "icloud.com",
    }
    | {
        "gmx.net",
        "gmx.de",
        "web.de",
        "proton.me",
        "protonmail.com",
        "mail.ru",
        "yandex.ru",
        "qq.com",
        "163.com",
    }
)
_NOBODY = ("noreply", "no-reply", "donotreply", "do-not-reply", "no_reply")
_MOST_LOOKUPS = 10  # RFC 7208 section 4.6.4
_CHANGE = 0.5
_FAILED = 0.05


def _sender(proof: Proof) -> tuple[str, str]:
    local, _, domain = proof.edition.publication.sender_address.lower().rpartition("@")
    return local, domain


def _no_reply(proof: Proof) -> Iterator[Spot]:
    if _sender(proof)[0].startswith(_NOBODY):
        yield Spot(
            "The sender's address says that nobody reads replies; receivers like letters that are answered."
        )


def _free_mail(proof: Proof) -> Iterator[Spot]:
    domain = _sender(proof)[1]
    if domain in _FREE_MAIL:
        yield Spot(f"Letters from {domain} that it did not send itself are refused by most receivers.")


def _nobody(proof: Proof) -> Iterator[Spot]:
    if not proof.audience.followers:
        yield Spot(f"Nobody follows {proof.edition.section.name} yet.")


def _changed(proof: Proof) -> Iterator[Spot]:
    now, before = proof.audience.followers, proof.audience.last_total
    if now and before and abs(now - before) > _CHANGE * before and abs(now - before) > 10:
        yield Spot(f"The last letter went to {before:,}, this one would go to {now:,}.")


def _failed(proof: Proof) -> Iterator[Spot]:
    total = proof.audience.last_total or 0
    if total >= 100 and proof.audience.last_failed > _FAILED * total:
        share = proof.audience.last_failed / total
        yield Spot(f"Of the last letter {share:.0%} were refused for good.")


def _beyond_ascii(proof: Proof) -> Iterator[Spot]:
    count = proof.audience.beyond_ascii
    if count:
        yield Spot(f"{count:,} addresses need a relay with SMTPUTF8; without it they fail.")


def _spf(proof: Proof) -> Iterator[Spot]:
    if proof.dns is None or proof.dns.spf.texts is None:
        return
    records = [text for text in proof.dns.spf.texts if text.lower().startswith("v=spf1")]
    if len(records) != 1:
        found = "no" if not records else f"{len(records)}"
        yield Spot(
            f"{proof.dns.spf.name} has {found} SPF record{'s' if len(records) > 1 else ''}; it needs one."
        )
    elif spf_lookups(records[0]) > _MOST_LOOKUPS:
        yield Spot(f"The SPF record of {proof.dns.spf.name} asks for more than {_MOST_LOOKUPS} lookups.")


def _dmarc(proof: Proof) -> Iterator[Spot]:
    if (
        proof.dns is not None
        and proof.dns.dmarc.texts is not None
        and dmarc_policy(proof.dns.dmarc.texts) is None
    ):
        yield Spot(f"{proof.dns.dmarc.name} has no DMARC record; Gmail and Yahoo ask for one.")


def _dkim(proof: Proof) -> Iterator[Spot]:
    for record, wanted in () if proof.dns is None else proof.dns.dkim:
        if record.texts is not None and not any(_key(text) == _key(wanted) for text in record.texts):
            what = "another key than ours" if record.texts else "no key"
            yield Spot(f"{record.name} publishes {what}; signatures will not hold.")


def _alignment(proof: Proof) -> Iterator[Spot]:
    path = proof.return_path.rpartition("@")[2]
    if not is_aligned(path, _sender(proof)[1]):
        yield Spot(
            f"Bounces go to {path}, letters come from {_sender(proof)[1]}: SPF does not count for DMARC."
        )


def _not_checked(proof: Proof) -> Iterator[Spot]:
    records = (
        [] if proof.dns is None else [proof.dns.spf, proof.dns.dmarc, *(each for each, _ in proof.dns.dkim)]
    )
    if proof.dns is None or any(record.texts is None for record in records):
        yield Spot("SPF, DKIM and DMARC were not checked: no resolver answered.")


def _key(record: str) -> str:
    tags = dict(tag.strip().partition("=")[::2] for tag in record.split(";"))
    return "".join(tags.get("p", "").split())


CHECKS = (
    Check("sender-no-reply", Severity.WARNING, _no_reply, "Use an address that somebody reads."),
    Check("sender-free-mail", Severity.WARNING, _free_mail, "Use an address of a domain of your own."),
    Check("audience-empty", Severity.BLOCK, _nobody, "Publish it to the web, or choose another section."),
    Check("audience-changed", Severity.WARNING, _changed, "Make sure that this is meant."),
    Check(
        "audience-refused", Severity.WARNING, _failed, "Look at who failed: newsletter campaign recipients."
    ),
    Check("audience-utf8", Severity.NOTE, _beyond_ascii, "Nothing to do if your relay knows SMTPUTF8."),
    Check("dns-spf", Severity.WARNING, _spf, "Publish one that names your relay."),
    Check("dns-dmarc", Severity.WARNING, _dmarc, "Publish v=DMARC1; p=none at least."),
    Check("dns-dkim", Severity.WARNING, _dkim, "Publish what newsletter dkim show prints."),
    Check(
        "dns-alignment", Severity.NOTE, _alignment, "Receive bounces at a subdomain of the sender's domain."
    ),
    Check(
        "dns-not-checked", Severity.NOTE, _not_checked, "Look at the records yourself, or try again later."
    ),
)
