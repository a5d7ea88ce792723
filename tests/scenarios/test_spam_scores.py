"""SpamAssassin's local rules take none of our letters for spam."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.letters import sample_letters

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("spamassassin") is None, reason="SpamAssassin is not installed"),
]

LETTERS = sample_letters()


def score(raw: bytes, home: Path) -> float:
    """What the rules that need no network make of a message."""
    told = subprocess.run(
        ["spamassassin", "--local", "--test-mode"],
        input=raw,
        capture_output=True,
        check=True,
        env={**os.environ, "HOME": str(home)},
    )
    found = re.search(rb"X-Spam-Status: .*?score=(-?[\d.]+)", told.stdout)
    assert found, told.stdout
    return float(found[1])


@pytest.mark.parametrize("name", LETTERS)
def test_a_letter_is_no_spam(name: str, tmp_path: Path) -> None:
    assert score(LETTERS[name], tmp_path) < 2


def test_spam_is_spam(tmp_path: Path) -> None:
    raw = LETTERS["confirm"].replace(
        b"Subject: Confirm your", b"Subject: BUY VIAGRA NOW FREE MONEY!!! Confirm your"
    )

    assert score(raw, tmp_path) > score(LETTERS["confirm"], tmp_path) + 1
