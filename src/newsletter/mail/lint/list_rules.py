"""How a letter to many lets its readers go (RFC 2369, RFC 8058, RFC 2919), and how a single one does not."""

import re
from collections.abc import Iterator

from newsletter.mail.lint.encoded_words import has_encoded_word
from newsletter.mail.lint.fields import Field
from newsletter.mail.lint.flaws import Rule, Spot
from newsletter.mail.lint.mailboxes import Form, Piece, is_dot_atom, is_phrase, pieces
from newsletter.mail.lint.messages import Message
from newsletter.mail.lint.unsubscribing import mailto_trouble, unsubscribe_trouble, unsubscribe_uris

_ONE_CLICK = "List-Unsubscribe=One-Click"
_LONGEST_LIST_ID = 255
_FEEDBACK_ID = re.compile(r"(?:[A-Za-z0-9._+-]{1,64}:){3}[A-Za-z0-9._+-]{5,15}")


def _once(message: Message, name: str) -> Iterator[Spot]:
    fields = message.whole.all(name)
    if message.is_list and not fields:
        yield Spot(0, f"A letter to a list has {name}, and this one has none.")
    for field in fields[1:]:
        yield Spot(field.line, f"{name} is there more than once.")


def _list_unsubscribe(message: Message) -> Iterator[Spot]:
    yield from _once(message, "List-Unsubscribe")
    for field in message.whole.all("List-Unsubscribe"):
        if not has_encoded_word(field.value):  # encoded words have a rule of their own
            trouble = unsubscribe_trouble(field.value)
            if trouble:
                yield Spot(field.line, f"List-Unsubscribe {trouble}.")


def _one_click(message: Message) -> Iterator[Spot]:
    yield from _once(message, "List-Unsubscribe-Post")
    for field in message.whole.all("List-Unsubscribe-Post"):
        if field.value != _ONE_CLICK:
            yield Spot(field.line, f"List-Unsubscribe-Post is not {_ONE_CLICK}.")


def _list_mailto(message: Message) -> Iterator[Spot]:
    for field in message.whole.all("List-Unsubscribe"):
        for uri in unsubscribe_uris(field.value):
            trouble = mailto_trouble(uri)
            if trouble:
                yield Spot(field.line, f"The mailto address of List-Unsubscribe {trouble}.")


def _list_id(message: Message) -> Iterator[Spot]:
    yield from _once(message, "List-Id")
    for field in message.whole.all("List-Id"):
        if not _is_list_id(field):
            yield Spot(field.line, "List-Id is not of the form phrase <label.domain>.")


def _is_list_id(field: Field) -> bool:
    *phrase, last = list(pieces(field.value)) or [Piece(Form.TEXT, "")]
    if last.form is not Form.ANGLED or not last.text.endswith(">"):
        return False
    list_id = last.text[1:-1]
    return is_phrase(phrase) and "." in list_id and is_dot_atom(list_id) and len(list_id) <= _LONGEST_LIST_ID


def _feedback_id(message: Message) -> Iterator[Spot]:
    fields = message.whole.all("Feedback-ID")
    for field in fields:
        if not _FEEDBACK_ID.fullmatch(field.value):
            yield Spot(
                field.line, "Feedback-ID is not of the form a:b:c:sender, the sender of 5 to 15 characters."
            )
    for field in fields[1:]:
        yield Spot(field.line, "Feedback-ID is there more than once.")


def _auto_submitted(message: Message) -> Iterator[Spot]:
    fields = message.whole.all("Auto-Submitted")
    values = [field.value.partition(";")[0].strip(" \t").lower() for field in fields]
    for field in fields[1:]:
        yield Spot(field.line, "Auto-Submitted is there more than once.")
    for field, value in zip(fields, values, strict=True):
        if message.is_list and value == "auto-replied":
            yield Spot(field.line, "A letter to a list is no reply, but Auto-Submitted says auto-replied.")
        if not message.is_list and value not in {"auto-generated", "auto-replied"}:
            yield Spot(field.line, "Auto-Submitted does not say that a machine wrote this mail.")
    if not fields and not message.is_list:
        yield Spot(0, "A mail that goes to no list needs Auto-Submitted, so that no machine answers it.")


LIST_RULES = (
    Rule("list-unsubscribe", _list_unsubscribe),
    Rule("one-click", _one_click),
    Rule("list-mailto", _list_mailto),
    Rule("list-id", _list_id),
    Rule("feedback-id", _feedback_id),
    Rule("auto-submitted", _auto_submitted),
)
