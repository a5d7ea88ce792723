"""What DKIM signatures cover (RFC 8058 section 4, RFC 6376 section 8.15), whether or not they hold."""

from collections.abc import Iterator, Sequence

from newsletter.mail.lint.fields import Field
from newsletter.mail.lint.flaws import Rule, Spot
from newsletter.mail.lint.messages import Message

_OF_LISTS = ("List-Unsubscribe", "List-Unsubscribe-Post")


def _covers_list(message: Message) -> Iterator[Spot]:
    for field in message.whole.all("DKIM-Signature"):
        signed = _signed(field)
        for name in _OF_LISTS:
            if message.whole.one(name) and name.lower() not in signed:
                yield Spot(field.line, f"DKIM-Signature does not cover {name}.")


def _oversigns_from(message: Message) -> Iterator[Spot]:
    there = len(message.whole.all("From"))
    for field in message.whole.all("DKIM-Signature"):
        if _signed(field).count("from") <= there:
            yield Spot(
                field.line, "DKIM-Signature must name From once more than it is there, so that none is added."
            )


def _signed(field: Field) -> Sequence[str]:
    """The names in the tag h= (RFC 6376 section 3.5), in lower case."""
    for tag in field.value.split(";"):
        name, _, value = tag.partition("=")
        if name.strip(" \t") == "h":
            return [each.strip(" \t").lower() for each in value.split(":")]
    return []


SIGNATURE_RULES = (
    Rule("dkim-list", _covers_list),
    Rule("dkim-from", _oversigns_from),
)
