"""Templates to letters: every kind we have, a publisher's own, and broken ones."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from newsletter.domain.errors import BadSetting
from newsletter.domain.holes import Hole, HoleKind
from newsletter.domain.look import CODE_COLOURS, SIGNS, Look
from newsletter.rendering.compose import Composer, Letter
from newsletter.rendering.markers import Markers
from tests.rendering.reading import elements, text_in

FOLDER = Path(__file__).parents[2] / "templates" / "email"
KINDS = sorted(path.name for path in FOLDER.iterdir() if not path.name.startswith("_"))
HOLES = (
    *("action_url", "sections", "address", "name", "unsubscribe_url", "preferences_url"),
    *("account_url", "new_address", "mute_url", "mute_all_url", "writer", "title", "words"),
)
SUBJECTS = {
    "alert": "Paused: <b>&",
    "address_new": "Confirm your new address at The <b>& Paper",
    "address_old": "Move your account at The <b>& Paper?",
    "already": "You already follow The <b>& Paper",
    "comment": "(writer) answered in “(title)”",
    "section_change": "What you get from The <b>& Paper",
    "confirm": "Confirm your subscription to The <b>& Paper",
    "post": "A title with <i>&",
    "sign_in": "Sign in to The <b>& Paper",
    "welcome": "Welcome to The <b>& Paper",
}
USED: dict[str, set[str]] = {
    "alert": set(),
    "address_new": {"address", "action_url"},
    "address_old": {"address", "action_url", "account_url", "new_address"},
    "already": {"address", "action_url"},
    "comment": {"action_url", "mute_url", "mute_all_url", "writer", "title", "words"},
    "section_change": {"address", "action_url", "sections"},
    "confirm": {"address", "action_url", "sections"},
    "post": {"address", "unsubscribe_url", "preferences_url"},
    "sign_in": {"address", "action_url"},
    "welcome": {"address", "action_url"},
}


def context(markers: Markers, **changes: Any) -> dict[str, Any]:
    publication = SimpleNamespace(
        name="The <b>& Paper", locale="en", postal_address="1 <Main> St", sender_name="Ann"
    )
    return {
        "publication": publication,
        "look": Look(header="News & <such>", footer="Bye & <so on>"),
        "code_colours": tuple(CODE_COLOURS.values()),
        "signs": SIGNS,
        "section": SimpleNamespace(name="Letters & <more>"),
        "post": SimpleNamespace(
            title="A title with <i>&", subtitle="Sub <u>", author=SimpleNamespace(name="Bo")
        ),
        "alert": SimpleNamespace(
            subject="Paused: <b>&",
            lines=["Why <i>&"],
            url="https://letters.example/c?a=1&b=2",
            action="See <it>",
        ),
        "as_author": False,
        "preheader": "First <words>",
        "minutes": 2,
        "content_html": "<p>Body &amp; <b>soul</b></p>",
        "content_text": "Body & soul",
        "home_url": "https://letters.example/",
        "post_url": "https://letters.example/p/a?b=1&c=2",
        "html": {name: markers.mark(Hole(name, HoleKind.HTML)) for name in HOLES},
        "text": {name: markers.mark(Hole(name, HoleKind.TEXT)) for name in HOLES},
        **changes,
    }


def compose(kind: str, *folders: Path, **changes: Any) -> Letter:
    markers = Markers()
    letter = Composer([*folders, FOLDER]).compose(kind, context(markers, **changes), markers)
    return replace(letter, subject=joined(markers.split(letter.subject)))


def joined(pieces: object) -> str:
    assert isinstance(pieces, list)
    return "".join(piece if isinstance(piece, str) else f"({piece.name})" for piece in pieces)


def holes_in(pieces: object) -> Mapping[str, HoleKind]:
    assert isinstance(pieces, list)
    return {piece.name: piece.kind for piece in pieces if isinstance(piece, Hole)}


def test_these_are_the_kinds_of_letters() -> None:
    assert set(SUBJECTS) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_has_its_subject(kind: str) -> None:
    assert compose(kind).subject == SUBJECTS[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_both_forms_of_a_letter_have_the_same_holes_of_their_own_kind(kind: str) -> None:
    letter = compose(kind)

    assert holes_in(letter.html) == dict.fromkeys(USED[kind], HoleKind.HTML)
    assert holes_in(letter.text) == dict.fromkeys(USED[kind], HoleKind.TEXT)


@pytest.mark.parametrize("kind", KINDS)
def test_values_are_escaped_in_html(kind: str) -> None:
    html = joined(compose(kind).html)

    assert "The &lt;b&gt;&amp; Paper" in html
    assert "1 &lt;Main&gt; St" in html
    assert "<main>" not in html.lower()
    assert text_in(html, "title") == SUBJECTS[kind]
    assert elements(html, "div")[1]["aria-label"] == SUBJECTS[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_values_are_not_escaped_in_text(kind: str) -> None:
    text = joined(compose(kind).text)

    assert "The <b>& Paper, 1 <Main> St" in text
    assert "&amp;" not in text
    assert "&lt;" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_is_a_document_with_inlined_css(kind: str) -> None:
    html = joined(compose(kind).html)

    assert html.startswith("<!DOCTYPE html>\n<html")
    assert "font-size:34px" in str(elements(html, "h1")[0]["style"]).replace(" ", "")
    assert "@media (prefers-color-scheme: dark)" in html
    assert html.count("<!--[if mso]>") == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_is_tidy(kind: str) -> None:
    lines = joined(compose(kind).text).split("\n")

    assert lines[0]
    assert lines[-1] == ""
    assert lines[-2] != ""
    assert all(line == line.rstrip() for line in lines)
    assert not any(one == other == "" for one, other in pairwise(lines[:-1]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_value_is_a_broken_template(kind: str) -> None:
    with pytest.raises(BadSetting, match=f"mail template {kind}/"):
        compose(kind, publication=SimpleNamespace())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("locale", "direction"), [("en", "ltr"), ("de-CH", "ltr"), ("ar", "rtl"), ("he-IL", "rtl")]
)
def test_a_letter_runs_the_way_its_language_does(kind: str, locale: str, direction: str) -> None:
    publication = context(Markers())["publication"]
    publication.locale = locale

    html = joined(compose(kind, publication=publication).html)

    for tag in (elements(html, "html")[0], elements(html, "div")[1]):
        assert (tag["lang"], tag["dir"]) == (locale, direction)


def test_a_post_is_in_its_letter_as_it_is() -> None:
    letter = compose("post")

    assert "Body &amp; <b>soul</b>" in joined(letter.html)
    assert "\n\nBody & soul\n\n" in joined(letter.text)
    assert 'href="https://letters.example/p/a?b=1&amp;c=2"' in joined(letter.html)


def test_a_look_is_in_style_header_and_footer() -> None:
    look = Look(accent="#aa0000", font="sans", logo_url="https://a.example/l.png?a=1&b=2", logo_width=90)

    html = joined(compose("welcome", look=look).html)

    assert {
        "src": "https://a.example/l.png?a=1&b=2",
        "alt": "The <b>& Paper",
        "width": "90",
    }.items() <= elements(html, "img")[0].items()
    assert "#aa0000" in html
    assert "Charter" not in html


def test_a_publishers_own_lines_are_escaped() -> None:
    letter = compose("welcome")

    assert "News &amp; &lt;such&gt;" in joined(letter.html)
    assert "Bye &amp; &lt;so on&gt;" in joined(letter.html)
    assert "Bye & <so on>" in joined(letter.text)


def test_a_publishers_file_comes_before_ours(tmp_path: Path) -> None:
    (tmp_path / "welcome").mkdir()
    (tmp_path / "welcome" / "subject.txt").write_text("Hello\n  from {{ publication.sender_name }}\n")

    letter = compose("welcome", tmp_path)

    assert letter.subject == "Hello from Ann"
    assert joined(letter.text).startswith("You are in\n")


def test_a_publishers_text_is_tidied(tmp_path: Path) -> None:
    (tmp_path / "welcome").mkdir()
    text = "\n\n one  \n\n\n\n{% if True %}\n  {% if True %}\n  two\t\n  {% endif %}\n{% endif %}\n\n\n"
    (tmp_path / "welcome" / "body.txt").write_text(text)

    assert joined(compose("welcome", tmp_path).text) == "one\n\n  two\n"


def test_a_template_may_show_the_subject(tmp_path: Path) -> None:
    (tmp_path / "welcome").mkdir()
    (tmp_path / "welcome" / "body.txt").write_text("* {{ subject }} *")

    assert joined(compose("welcome", tmp_path).text) == "* Welcome to The <b>& Paper *\n"


def test_a_publishers_footer_is_in_every_letter(tmp_path: Path) -> None:
    (tmp_path / "_base").mkdir()
    (tmp_path / "_base" / "footer.txt").write_text("Our own footer")

    assert all(joined(compose(kind, tmp_path).text).endswith("Our own footer\n") for kind in KINDS)


@pytest.mark.parametrize(
    "template",
    ["{% if %}", "{{ nobody }}", "{{ post.nothing }}", "{% extends 'nothing.html' %}", "{{ 1 | nothing }}"],
)
def test_a_publishers_broken_template_is_named(tmp_path: Path, template: str) -> None:
    (tmp_path / "welcome").mkdir()
    (tmp_path / "welcome" / "body.txt").write_text(template)

    with pytest.raises(BadSetting, match=r"The mail template welcome/body\.txt cannot be rendered"):
        compose("welcome", tmp_path)


def test_an_unknown_kind_is_a_missing_template() -> None:
    with pytest.raises(BadSetting, match=r"nothing/subject\.txt"):
        compose("nothing")
