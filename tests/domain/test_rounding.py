"""Numbers as one says them."""

import pytest

from newsletter.domain.rounding import pages_near, rounded_down


@pytest.mark.parametrize(
    ("number", "said"), [(7, 7), (99, 99), (345, 340), (12_345, 12_000), (1_999_999, 1_900_000)]
)
def test_a_number_of_people_is_said_by_its_first_two_digits(number: int, said: int) -> None:
    assert rounded_down(number) == said


@pytest.mark.parametrize(
    ("page", "pages", "offered"),
    [
        (1, 1, [1]),
        (1, 3, [1, 2, 3]),
        (1, 9, [1, 2, 3, None, 9]),
        (5, 9, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (6, 12, [1, None, 4, 5, 6, 7, 8, None, 12]),
        (12, 12, [1, None, 10, 11, 12]),
    ],
)
def test_a_long_list_offers_its_ends_and_what_is_near(page: int, pages: int, offered: object) -> None:
    assert pages_near(page, pages) == offered
