"""SpamAssassin's local rules take none of our letters for spam."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping

import pytest

from tests.support.letters import sample_letters

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("spamassassin") is None, reason="SpamAssassin is not installed"),
]

_SHOUT = (b"Subject: Confirm your", b"Subject: BUY VIAGRA NOW FREE MONEY!!! Confirm your")


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, float]:
    """What the rules that need no network make of each letter, and of one that shouts; all in one call."""
    letters = dict(sample_letters())
    letters["spam"] = letters["confirm"].replace(*_SHOUT)
    mailbox = b"".join(
        b"From reader@example.net Mon May  4 12:30:00 2026\n" + raw.replace(b"\r\n", b"\n") + b"\n"
        for raw in letters.values()
    )
    told = subprocess.run(
        ["spamassassin", "--local", "--mbox"],
        input=mailbox,
        capture_output=True,
        check=True,
        env={**os.environ, "HOME": str(tmp_path_factory.mktemp("home"))},
    ).stdout
    found = [
        float(score) for score in re.findall(rb"^X-Spam-Status: .*?score=(-?[\d.]+)", told, re.MULTILINE)
    ]
    return dict(zip(letters, found, strict=True))


def test_no_letter_is_spam(scores: Mapping[str, float]) -> None:
    assert {name: score for name, score in scores.items() if score >= 2 and name != "spam"} == {}


def test_spam_is_spam(scores: Mapping[str, float]) -> None:
    assert scores["spam"] > scores["confirm"] + 1
