"""Posts as feed readers get them."""

import pytest

from newsletter.rendering.content import read_content
from newsletter.rendering.feed_form import feed_html

PAGE = "https://letters.example/p/a-letter"


def shown(markdown: str) -> str:
    return feed_html(read_content(markdown).tokens, PAGE)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("/p/other", "https://letters.example/p/other"),
        ("#part", f"{PAGE}#part"),
        ("other", "https://letters.example/p/other"),
        ("?q=1", f"{PAGE}?q=1"),
        ("//cdn.example/x", "https://cdn.example/x"),
        ("https://elsewhere.example/x", "https://elsewhere.example/x"),
        ("mailto:ada@example.org", "mailto:ada@example.org"),
    ],
)
def test_links_and_pictures_lead_where_they_lead_on_the_page(written: str, meant: str) -> None:
    assert f'<a href="{meant}">there</a>' in shown(f"[there]({written})")
    if not written.startswith("mailto:"):
        assert f'<img src="{meant}" alt="seen">' in shown(f"Text ![seen]({written})")


def test_an_address_that_is_none_is_left_out() -> None:
    assert shown("[there](<http://[bad>)") == "<p><a>there</a></p>\n"


def test_a_picture_of_ours_has_its_size_and_no_copies() -> None:
    html = shown("![A post](/media/aaaaaaaaaaaaa/1600x900.jpg)")

    assert html == (
        '<figure><img src="https://letters.example/media/aaaaaaaaaaaaa/1600x900.jpg" alt="A post"'
        ' width="680" height="382"></figure>\n'
    )


def test_nothing_is_left_for_style_sheets_or_scripts_to_find() -> None:
    html = shown(
        "# Title {.big}\n\n> [!TIP]\n> Note\n\n```python\nprint(1)\n```\n\n[Go](/x){.button}\n\n"
        '<p class="a" id="b" style="color:red" onclick="x()">c</p>\n\n| a |\n|--:|\n| 1 |\n'
    )

    assert not [word for word in ("class=", "id=", "style=", "onclick=", "rel=") if word in html]
    assert "<pre><code>print(1)\n</code></pre>" in html


def test_a_callout_is_a_quotation_with_its_sign() -> None:
    assert shown("> [!WARNING]\n> Hot.") == (
        "<blockquote>\n<p><strong>Warning</strong></p>\n<p>Hot.</p>\n</blockquote>\n"
    )


def test_boxes_to_tick_are_characters() -> None:
    assert shown("- [x] done\n- [ ] open\n") == "<ul>\n<li>☑ done</li>\n<li>☐ open</li>\n</ul>\n"


def test_a_form_that_an_author_wrote_is_left_out() -> None:
    html = shown(
        '<form action="/x">a</form>\n\nb <input type="checkbox" checked> c <iframe src="/y"></iframe>'
    )

    assert not [tag for tag in ("<form", "<input", "<iframe") if tag in html]


def test_the_number_of_a_note_leads_to_the_page() -> None:
    html = shown("Said.[^1]\n\n[^1]: By whom.\n")

    assert f'<sup><a href="{PAGE}#fn1">1</a></sup>' in html
    assert "By whom." in html
    assert html.count("<a ") == 1


def test_merge_tags_show_their_fallback() -> None:
    assert shown("Hello {{ name | there }}.") == "<p>Hello there.</p>\n"


def test_words_that_look_like_addresses_stay_as_they_are() -> None:
    assert 'href="/x"' in shown('`href="/x"`')


def test_the_page_keeps_its_own_form() -> None:
    content = read_content("[there](/x)")

    feed_html(content.tokens, PAGE)

    assert 'href="/x"' in content.web_html()
