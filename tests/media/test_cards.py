"""Cards of link previews, judged by what is drawn on them."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from newsletter.media import fonts
from newsletter.media.cards import SIZE, draw_card
from newsletter.media.fonts import Face, drawable, face_for, runs_right_to_left
from tests.support.pictures import read

ACCENT = "#1f5f5b"
ARABIC = "ما الذي يعنيه التسليم مرة واحدة بالضبط؟"
NINETY = "What exactly once can mean, and why every queue that promises it is hiding something else"
ENDLESS = "words upon words " * 40
ONE_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
NO_FONT_HAS = "𓂀"  # no bold one, that is
PAPER = (253, 252, 250)


def card(
    title: str, publication: str = "Return Path", section: str = "", accent: str = ACCENT
) -> Image.Image:
    return read(draw_card(title, publication, accent, section))


def drawn(image: Image.Image, *, within: tuple[int, int, int, int] = (30, 0, 1170, 630)) -> tuple[int, ...]:
    """The box around everything that is not paper, beside the bar."""
    part = image.crop(within)
    box = ImageChops.difference(part, Image.new("RGB", part.size, PAPER)).getbbox()
    assert box is not None
    left, top, _right, _bottom = within
    return box[0] + left, box[1] + top, box[2] + left, box[3] + top


def lines(image: Image.Image) -> int:
    """How many lines the title has: rows of ink with paper between them, below the names."""
    rows = image.crop((30, 150, 1170, 630)).convert("L").point(lambda level: 255 if level < 128 else 0)
    inked = [rows.crop((0, row, rows.width, row + 1)).getbbox() is not None for row in range(rows.height)]
    return sum(now and not before for before, now in zip([False, *inked], inked, strict=False))


@pytest.fixture
def no_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(fonts, "_FOLDERS", ())
    fonts._faces.cache_clear()
    yield
    fonts._faces.cache_clear()


def test_a_card_is_what_previews_ask_for() -> None:
    image = card("The dot", section="How mail works")

    assert (image.size, image.format, image.mode) == ((1200, 630), "PNG", "RGB")
    assert not image.info
    assert (image.getpixel((5, 300)), image.getpixel((1195, 300))) == ((0x1F, 0x5F, 0x5B), PAPER)


def test_the_same_words_make_the_same_card() -> None:
    assert draw_card(NINETY, "Return Path", ACCENT) == draw_card(NINETY, "Return Path", ACCENT)


def test_every_word_given_is_drawn() -> None:
    cards = [
        draw_card("The dot", "Return Path", ACCENT),
        draw_card("The dots", "Return Path", ACCENT),
        draw_card("The dot", "Return Paths", ACCENT),
        draw_card("The dot", "Return Path", "#8a2f6b"),
        draw_card("The dot", "Return Path", ACCENT, "Craft"),
    ]

    assert len(set(cards)) == len(cards)


@pytest.mark.parametrize("title", ["Why?", NINETY, ENDLESS, ONE_WORD, ONE_WORD * 5, "W" * 300, "a " * 150])
def test_a_title_keeps_its_margins_and_four_lines(title: str) -> None:
    image = card(title, "A publication with a name that is much longer than a card is wide" * 3, "Craft")

    left, top, right, bottom = drawn(image)
    assert left >= 100
    assert top >= 60
    assert right <= SIZE[0] - 80
    assert bottom <= SIZE[1] - 60
    assert 1 <= lines(image) <= 4


def test_a_short_title_is_larger_than_a_long_one() -> None:
    def height(title: str) -> int:
        _left, top, _right, bottom = drawn(card(title, ""), within=(30, 150, 1170, 630))
        return bottom - top

    assert height("HHH") > height("HHH " * 40) / 4
    assert lines(card("HHH HHH")) == 1
    assert lines(card("HHH " * 40)) == 4


def test_what_does_not_fit_ends_in_an_ellipsis() -> None:
    assert draw_card(ENDLESS, "R", ACCENT) == draw_card(ENDLESS + "and more", "R", ACCENT)


@pytest.mark.skipif(face_for(ARABIC) is None, reason="no font for Arabic here")
def test_a_title_from_right_to_left_begins_at_the_right() -> None:
    image = card(ARABIC)

    assert (image.getpixel((5, 300)), image.getpixel((1195, 300))) == (PAPER, (0x1F, 0x5F, 0x5B))
    left, _top, right, _bottom = drawn(image)
    assert SIZE[0] - right < left


@pytest.mark.skipif(face_for(ARABIC) is None, reason="no font for Arabic here")
def test_letters_of_arabic_are_joined() -> None:
    face = face_for(ARABIC)
    assert face is not None
    font = face.at(60)

    assert font.getlength("بببب") < 4 * font.getlength("ب")


def test_a_title_that_no_font_can_draw_gives_way_to_the_name() -> None:
    assert draw_card(f"Hello {NO_FONT_HAS}", "Return Path", ACCENT) == draw_card("", "Return Path", ACCENT)
    assert lines(card(NO_FONT_HAS)) == 1


def test_with_nothing_to_draw_there_is_paper_and_the_bar() -> None:
    image = card(NO_FONT_HAS, NO_FONT_HAS, NO_FONT_HAS)

    assert set(image.get_flattened_data()) == {PAPER, (0x1F, 0x5F, 0x5B)}


def test_emoji_are_left_out_and_the_words_stay() -> None:
    face = face_for("Hello 🎉 there ❤️")
    assert face is not None

    assert drawable(face, "Hello 🎉 there").split() in (["Hello", "there"], ["Hello", "🎉", "there"])
    assert draw_card("Hello \U0001fae8", "R", ACCENT) == draw_card("Hello", "R", ACCENT)


def test_without_any_font_there_is_still_a_card(no_fonts: None) -> None:
    assert face_for("Hello") == Face()
    assert lines(card("Hello")) == 1
    assert draw_card(ARABIC, "Return Path", ACCENT) == draw_card("", "Return Path", ACCENT)


def test_a_file_that_only_calls_itself_a_font_is_passed_over(
    no_fonts: None, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    (tmp_path / "Nonsense-Bold.ttf").write_bytes(b"no font")
    monkeypatch.setattr(fonts, "_FOLDERS", (str(tmp_path),))

    assert face_for("Hello") == Face()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", False),
        ("Hello", False),
        ("123", False),
        (ARABIC, True),
        ("שלום SMTP", True),
        ("SMTP שלום", False),
    ],
)
def test_the_first_letter_says_where_a_text_begins(text: str, answer: bool) -> None:
    assert runs_right_to_left(text) is answer


@settings(max_examples=40)
@given(st.text(max_size=200), st.text(max_size=80), st.text(max_size=80))
def test_whatever_is_written_there_is_a_card(title: str, publication: str, section: str) -> None:
    image = card(title, publication, section)

    assert image.size == SIZE
    ink = ImageChops.difference(image, Image.new("RGB", SIZE, PAPER)).crop((30, 0, 1170, 630)).getbbox()
    if ink is not None:
        assert ink[0] >= 20
        assert ink[3] <= 625
