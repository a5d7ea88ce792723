"""The first words of HTML."""

import pytest

from newsletter.rendering.excerpts import excerpt_of


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("", ""),
        ("<p>One</p><p>two</p>", "One two"),
        ("<p>One<br>two</p>", "One two"),
        ("<ul><li>One</li><li>two</li></ul>", "One two"),
        ('<p>See <a href="https://example.org">this</a>, <em>please</em>.</p>', "See this, please."),
        ("<pre><code>a  =\n  1</code></pre>", "a = 1"),
        ("<p>1 &lt; 2 &amp; {{ name }}</p>", "1 < 2 & {{ name }}"),
        ("<p>AT&T & co", "AT&T & co"),
        ('<p dir="auto">مرحبا <b>بك</b></p>', "مرحبا بك"),
    ],
)
def test_html_says_its_words_on_one_line(html: str, words: str) -> None:
    assert excerpt_of(html, 100) == words


@pytest.mark.parametrize(
    ("limit", "words"), [(13, "one two three"), (12, "one two…"), (8, "one two…"), (7, "one two…")]
)
def test_what_is_longer_is_cut_between_two_words(limit: int, words: str) -> None:
    assert excerpt_of("<p>one two three</p>", limit) == words


def test_a_word_without_end_is_cut_within() -> None:
    assert excerpt_of(f"<p>a {'b' * 100}</p>", 10) == "a " + "b" * 8 + "…"
