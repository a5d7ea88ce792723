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
        b"From reader@example.net Mon May  4 12:30:00 2026\nX-Sample: %b\n%b\n"
        % (name.encode(), raw.replace(b"\r\n", b"\n"))
        for name, raw in letters.items()
    )
    told = subprocess.run(
        ["spamassassin", "--local", "--mbox"],
        input=mailbox,
        capture_output=True,
        check=True,
        env={**os.environ, "HOME": str(tmp_path_factory.mktemp("home"))},
    ).stdout
    found = dict(map(_score, re.split(rb"^From reader@", told, flags=re.MULTILINE)[1:]))
    assert found.keys() == letters.keys()
    return found


def _score(told: bytes) -> tuple[str, float]:
    name = re.search(rb"^X-Sample: (\w+)", told, re.MULTILINE)
    score = re.search(rb"^X-Spam-Status: .*?score=(-?[\d.]+)", told, re.MULTILINE)
    assert name, told
    assert score, told
    return name[1].decode(), float(score[1])


def test_no_letter_is_spam(scores: Mapping[str, float]) -> None:
    assert {name: score for name, score in scores.items() if score >= 2 and name != "spam"} == {}


def test_spam_is_spam(scores: Mapping[str, float]) -> None:
    assert scores["spam"] > scores["confirm"] + 1
