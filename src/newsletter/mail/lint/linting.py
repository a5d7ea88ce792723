"""All rules, and a message held against them."""

from collections.abc import Sequence

from newsletter.mail.lint.address_rules import ADDRESS_RULES
from newsletter.mail.lint.byte_rules import BYTE_RULES
from newsletter.mail.lint.content_rules import CONTENT_RULES
from newsletter.mail.lint.encoded_word_rules import ENCODED_WORD_RULES
from newsletter.mail.lint.flaws import Flaw
from newsletter.mail.lint.header_rules import HEADER_RULES
from newsletter.mail.lint.list_rules import LIST_RULES
from newsletter.mail.lint.messages import read_message
from newsletter.mail.lint.mime_rules import MIME_RULES
from newsletter.mail.lint.origin_rules import ORIGIN_RULES
from newsletter.mail.lint.signature_rules import SIGNATURE_RULES
from newsletter.mail.lint.transfer_rules import TRANSFER_RULES

RULES = (
    *BYTE_RULES,
    *HEADER_RULES,
    *ORIGIN_RULES,
    *ENCODED_WORD_RULES,
    *ADDRESS_RULES,
    *MIME_RULES,
    *TRANSFER_RULES,
    *CONTENT_RULES,
    *LIST_RULES,
    *SIGNATURE_RULES,
)


def lint(raw: bytes) -> Sequence[Flaw]:
    """What is wrong with a message as it leaves, by line; nothing when it is fit to. Never raises."""
    message = read_message(raw)
    flaws = [flaw for rule in RULES for flaw in rule.flaws(message)]
    return sorted(flaws, key=lambda flaw: flaw.line)
