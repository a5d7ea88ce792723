"""What is typed into a search box, as words to look for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.queries import MOST_TERMS, parse_query


@pytest.mark.parametrize(
    ("typed", "terms", "is_open"),
    [
        ("one two", (("one",), ("two",)), True),
        ('one "two three"', (("one",), ("two", "three")), False),
        ("„zwei drei“ vier", (("zwei", "drei"), ("vier",)), True),
        ("«صباح الخير»", (("صباح", "الخير"),), False),
        ("well-known", (("well", "known"),), False),
        ("GROSS", (("gross",),), True),
        ("!?", (), False),
        ("", (), False),
    ],
)
def test_words_phrases_and_a_last_word_under_way(typed: str, terms: object, is_open: bool) -> None:
    query = parse_query(typed)

    assert (query.terms, query.is_open) == (terms, is_open)
    assert bool(query) == bool(terms)


@given(st.text(max_size=300))
def test_whatever_is_typed_gives_a_bounded_number_of_words(typed: str) -> None:
    query = parse_query(typed)

    assert len(query.terms) <= MOST_TERMS
    assert all(word and len(word) <= 120 and " " not in word for term in query.terms for word in term)
