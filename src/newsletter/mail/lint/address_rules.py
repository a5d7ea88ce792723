"""Who writes to whom: mailboxes that every relay can read (RFC 5322 section 3.4, RFC 6531, RFC 5890)."""

from collections.abc import Iterator

from newsletter.mail.lint.flaws import Rule, Spot
from newsletter.mail.lint.mailboxes import (
    address_fields,
    entries,
    is_phrase,
    size_trouble_with_address,
    trouble_with_address,
)
from newsletter.mail.lint.messages import Message


def _mailboxes(message: Message) -> Iterator[Spot]:
    for field in address_fields(message):
        if entries(field.value) is None:
            yield Spot(field.line, f"{field.name} is no list of mailboxes with commas between.")


def _display_name(message: Message) -> Iterator[Spot]:
    for field in address_fields(message):
        if not all(is_phrase(entry.phrase) for entry in entries(field.value) or ()):
            yield Spot(field.line, f"{field.name} has a display name that must be quoted or encoded.")


def _form(message: Message) -> Iterator[Spot]:
    for field in address_fields(message):
        for entry in entries(field.value) or ():
            trouble = trouble_with_address(entry.address)
            if trouble:
                yield Spot(field.line, f"An address in {field.name} {trouble}.")


def _size(message: Message) -> Iterator[Spot]:
    for field in address_fields(message):
        for entry in entries(field.value) or ():
            trouble = size_trouble_with_address(entry.address)
            if trouble:
                yield Spot(field.line, f"An address in {field.name} {trouble}.")


def _sender(message: Message) -> Iterator[Spot]:
    for field in message.whole.all("From"):
        if len(entries(field.value) or ()) > 1 and not message.whole.one("Sender"):
            yield Spot(field.line, "From has several mailboxes, so Sender must say which of them sent it.")
    for field in message.whole.all("Sender"):
        if len(entries(field.value) or ()) > 1:
            yield Spot(field.line, "Sender has several mailboxes; it takes one.")


ADDRESS_RULES = (
    Rule("mailboxes", _mailboxes),
    Rule("display-name", _display_name),
    Rule("address-form", _form),
    Rule("address-size", _size),
    Rule("sender", _sender),
)
