"""A letter of six thousand words is shown whole: below the size at which Gmail cuts."""

from bench.render import SAMPLE, measured


def test_a_letter_of_six_thousand_words_is_not_cut() -> None:
    figures = measured(SAMPLE, runs=1)

    assert figures["words"] >= 6_000
    assert figures["links"] >= 40
    assert figures["code_blocks"] >= 5
    assert figures["html_bytes"] < figures["clipped_at"] == 102_000
