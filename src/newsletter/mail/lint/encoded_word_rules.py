"""Encoded words only where RFC 2047 section 5 allows them, and as section 2 writes them."""

from collections.abc import Iterator

from newsletter.mail.lint.encoded_words import (
    PHRASED,
    encoded_word_in,
    has_encoded_word,
    places,
    size_trouble_with,
    trouble_with,
)
from newsletter.mail.lint.fields import Field
from newsletter.mail.lint.flaws import Rule, Spot, sayable
from newsletter.mail.lint.messages import Message


def _place(message: Message) -> Iterator[Spot]:
    for field in message.fields:
        if any(has_encoded_word(text) for text in places(field).others):
            where = "inside quotes or angle brackets" if field.key in PHRASED else "where none may stand"
            yield Spot(field.line, f"{_of(field)} holds an encoded word {where}.")


def _neighbours(message: Message) -> Iterator[Spot]:
    for field in message.fields:
        for word in places(field).words:
            found = encoded_word_in(word)
            if found and found != word:
                yield Spot(field.line, f"{_of(field)} holds an encoded word that touches other text.")


def _form(message: Message) -> Iterator[Spot]:
    for field in message.fields:
        for word in places(field).words:
            if "=?" not in word or encoded_word_in(word) not in {"", word}:
                continue
            trouble = trouble_with(word, field.key in PHRASED)
            if trouble:
                yield Spot(field.line, f"{_of(field)} has a word that {trouble}.")


def _size(message: Message) -> Iterator[Spot]:
    for field in message.fields:
        if not places(field).words:
            continue
        for number, line in enumerate(field.lines, field.line):
            trouble = size_trouble_with(line.decode("utf-8", "replace"))
            if trouble:
                yield Spot(number, f"{_of(field)} has {trouble}.")


def _of(field: Field) -> str:
    return sayable(field.name, "A header")


ENCODED_WORD_RULES = (
    Rule("encoded-word-place", _place),
    Rule("encoded-word-neighbours", _neighbours),
    Rule("encoded-word-form", _form),
    Rule("encoded-word-size", _size),
)
