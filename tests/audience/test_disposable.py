"""Which addresses are thrown away after a while."""

import pytest

from newsletter.audience.disposable import is_disposable
from newsletter.domain.addresses import parse_address


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        ("eve@mailinator.com", True),
        ("Eve@MAILINATOR.COM", True),
        ("eve@mx.deep.mailinator.com", True),
        ("eve@xmailinator.example", False),
        ("eve@mailinator.com.example.org", False),
        ("eve@example.org", False),
        ("eve@gmail.com", False),
        ("eve@bücher.example", False),
    ],
)
def test_a_domain_and_those_below_it(address: str, is_one: bool) -> None:
    assert is_disposable(parse_address(address)) is is_one
