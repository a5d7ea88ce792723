"""What a relay offers is read as it is meant; nonsense offers nothing, and breaks nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail.smtp.extensions import Extensions, read_extensions

CASES: list[tuple[list[str], Extensions]] = [
    ([], Extensions()),
    (["", "HELP", "X-EXPS GSSAPI"], Extensions()),
    (["PIPELINING"], Extensions(pipelining=True)),
    (["pipelining", "StartTLS"], Extensions(pipelining=True, starttls=True)),
    (["XPIPELINING", "PIPELININGX"], Extensions()),
    (["8BITMIME", "SMTPUTF8"], Extensions(eight_bit_mime=True, smtputf8=True)),
    (["AUTH PLAIN LOGIN"], Extensions(auth=frozenset({"PLAIN", "LOGIN"}))),
    (["AUTH=PLAIN LOGIN"], Extensions(auth=frozenset({"PLAIN", "LOGIN"}))),
    (["auth=plain login"], Extensions(auth=frozenset({"PLAIN", "LOGIN"}))),
    (["AUTH LOGIN", "AUTH=PLAIN"], Extensions(auth=frozenset({"PLAIN", "LOGIN"}))),
    (["AUTH"], Extensions()),
    (["SIZE 1000"], Extensions(takes_size=True, size_limit=1000)),
    (["size 1000"], Extensions(takes_size=True, size_limit=1000)),
    (["SIZE"], Extensions(takes_size=True)),
    (["SIZE 0"], Extensions(takes_size=True)),
    (["SIZE 1000 2000"], Extensions(takes_size=True, size_limit=1000)),
    (["SIZE many"], Extensions(takes_size=True)),
    (["SIZE -1"], Extensions(takes_size=True)),
    (["SIZE ²"], Extensions(takes_size=True)),
    (["SIZE " + "9" * 30], Extensions(takes_size=True, size_limit=int("9" * 30))),
    (["LIMITS MAILMAX=20"], Extensions(mail_limit=20)),
    (["LIMITS RCPTMAX=5 MAILMAX=20 RCPTDOMAINMAX=1"], Extensions(mail_limit=20)),
    (["limits mailmax=20"], Extensions(mail_limit=20)),
    (["LIMITS XMAILMAX=5 MAILMAX=20"], Extensions(mail_limit=20)),
    (["LIMITS MAILMAX"], Extensions()),
    (["LIMITS MAILMAX="], Extensions()),
    (["LIMITS MAILMAX=many"], Extensions()),
    (["LIMITS"], Extensions()),
]


@pytest.mark.parametrize(("lines", "extensions"), CASES, ids=[" / ".join(lines) for lines, _ in CASES])
def test_extensions_are_read(lines: list[str], extensions: Extensions) -> None:
    assert read_extensions(lines) == extensions


WORDS = st.sampled_from(["SIZE", "LIMITS", "MAILMAX=", "AUTH", "AUTH=", "=", "-1", "7", "ß", "²", "PLAIN"])
PRINTABLE = st.text(st.characters(exclude_categories=("C", "Z")), max_size=20)


@given(st.lists(st.lists(st.one_of(WORDS, PRINTABLE), max_size=5).map(lambda words: " ".join(words).strip())))
def test_whatever_a_relay_offers_no_limit_is_below_nothing(lines: list[str]) -> None:
    extensions = read_extensions(lines)

    assert extensions.size_limit >= 0
    assert extensions.mail_limit >= 0
    assert not any(" " in name for name in extensions.auth)
