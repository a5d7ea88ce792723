"""CSS text is taken apart without losing a byte that means something."""

import re

import pytest

from newsletter.domain.errors import BadSetting
from newsletter.rendering.stylesheets import (
    Declaration,
    Rule,
    named_classes,
    read_style_attribute,
    read_stylesheet,
    single_quoted,
)


def rules_of(css: str) -> list[tuple[str, str]]:
    return [
        (rule.selector, ";".join(str(declaration) for declaration in rule.declarations))
        for rule in read_stylesheet(css).rules
    ]


def test_plain_rules_part_from_everything_else() -> None:
    sheet = read_stylesheet("p, .a:hover { color: red; top: 0 } @media x { p { top: 1px } }")

    assert sheet.rules == (Rule("p", (Declaration("color", "red"), Declaration("top", "0"))),)
    assert sheet.kept == ".a:hover{color:red;top:0}@media x{p{top:1px}}"


@pytest.mark.parametrize(
    "selector", ["p", "h1", "my-tag", ".a", "#a", "p.a#b", ".a.b", ".-a_1", "td p", "td>.a b", ".größe"]
)
def test_a_plain_selector_is_a_rule(selector: str) -> None:
    assert rules_of(f"{selector}{{top:0}}") == [(selector, "top:0")]
    assert read_stylesheet(f"{selector}{{top:0}}").kept == ""


@pytest.mark.parametrize(
    "selector",
    [
        "*",
        "-a",
        "p *",
        "p:hover",
        "p::before",
        ":root",
        "[a]",
        "p[a=b]",
        "u+p",
        "u~p",
        r".a\:b",
        "a|b",
        "@x",
        ".1",
        ">p",
        "50%",
    ],
)
def test_any_other_selector_stays(selector: str) -> None:
    sheet = read_stylesheet(f"{selector}{{top:0}}")

    assert sheet.rules == ()
    assert sheet.kept == f"{selector}{{top:0}}"


@pytest.mark.parametrize(
    ("css", "selectors"),
    [
        ("p , b{top:0}", ["p", "b"]),
        ("td  >\n p{top:0}", ["td>p"]),
        ("td /**/ p{top:0}", ["td p"]),
        ("p/**/.a{top:0}", ["p.a"]),
        ("p:is(a, b), i{top:0}", ["i"]),
    ],
)
def test_selectors_are_read_without_what_means_nothing(css: str, selectors: list[str]) -> None:
    assert [selector for selector, _declarations in rules_of(css)] == selectors


@pytest.mark.parametrize(
    "value",
    [
        "0.50em",
        "url(a;b{c}.png)",
        "url( 'a;}b' )",
        "url(https://a.example/*/b.png)",
        r"'a\'};b'",
        r'"\201C"',
        "RGBA(0,0,0,.5)",
        "calc(100% - (1px + 2px))",
        "#AbC",
        "Arial , 'b'",
        "/x/ y",
        "U+26",
        "<a",
    ],
)
def test_a_value_stays_as_it_was_written(value: str) -> None:
    assert read_stylesheet(f"@media x{{p{{y: {value} ;}}}}").kept == f"@media x{{p{{y:{value}}}}}"


def test_a_property_is_written_in_lower_case_and_its_value_is_not() -> None:
    assert rules_of("p{COLOR:RGB(1,2,3);--X:Y}") == [("p", "color:RGB(1,2,3);--X:Y")]


REFUSED = [
    ("an import", "@import url(a.css);", "@import"),
    ("an import after a rule", "p{top:0} @IMPORT 'a.css';", "@import"),
    ("an import in a query", "@media x{@import 'a.css';}", "@import"),
    ("an import in disguise", r"@\69 mport 'a.css';", "@import"),
    ("an import without end", "@import 'a.css'", "@import"),
    ("importance", "p { color: red !important; }", "“color:red!important” for “p”"),
    ("importance in a list", "a:hover,p{color:red ! IMPORTANT}", "“color:red!IMPORTANT” for “p”"),
    ("a colour with a slash", "p{color:rgb(0 0 0 / 50%)}", "“color:rgb(0 0 0 / 50%)” for “p”"),
    ("a colour of eight digits", ".a{color:#aabbccdd}", "“color:#aabbccdd” for “.a”"),
    ("a variable", "p{color:var(--x)}", "“color:var(--x)” for “p”"),
    ("a second value that is lost", "p{color:red;color:rgb(0 0 0/1)}", "“color:rgb(0 0 0/1)” for “p”"),
    ("a hack for Internet Explorer", "p{*zoom:1}", "“*zoom:1” for “p”"),
    ("a filter", "p{filter:progid:A.B(c='d')}", "“filter:progid:A.B(c='d')” for “p”"),
    ("a URL with a space", "p{background:url(a b.png)}", "“background:url(a b.png)” for “p”"),
    ("no declaration", "p{color}", "“color” for “p”"),
    ("no value", "p{color:}", "“color:” for “p”"),
    ("a rule in a rule", "p{color:red;&:hover{color:blue}}", "inside “p”"),
    ("a query in a rule", "p{@media x{color:blue}}", "inside “p”"),
    ("an empty selector", "p,,b{top:0}", "“p,,b{”"),
    ("no selector", "{top:0}", "“{”"),
    ("a brace too few", "p{top:0", "near “p{”"),
    ("a brace too few in a query", "@media x{p{top:0}", "near “@media x{”"),
    ("a brace too many", "p{top:0}}", "near “}”"),
    ("a comment without end", "p{top:0} /* a", "near “/* a”"),
    ("a string without end", "p{content:'a}", "near “content:'a}”"),
    ("a string over two lines", "p{content:'a\nb'}", "do not match"),
    ("a bracket without end", "p{color:rgb(1,2,3}", "near “color:rgb(1,2,3}”"),
    ("a bracket too many", "p{color:rgb(1,2,3))}", "near “color:rgb(1,2,3))”"),
    ("brackets crossed", "@media ([x)]{}", "near “@media ([x)”"),
    ("a declaration without a rule", "color:red;p{top:0}", "near “color:red;”"),
    ("text after the last rule", "p{top:0}b", "near “b”"),
]


@pytest.mark.parametrize(("css", "named"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_css_that_would_be_lost_is_refused_by_name(css: str, named: str) -> None:
    with pytest.raises(BadSetting, match=re.escape(named)):
        read_stylesheet(css)


def test_a_refusal_says_where_importance_belongs() -> None:
    with pytest.raises(BadSetting, match="put the rule into a media query"):
        read_stylesheet("p{color:red!important}")


def test_a_refusal_is_logged_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(BadSetting):
        read_stylesheet("p{color:rgb(0 0 0 / 12%)}")

    assert not caplog.records


def test_the_name_of_a_new_function_in_a_string_is_harmless() -> None:
    assert rules_of("p{content:'var(--x)'}") == [("p", "content:'var(--x)'")]


def test_semicolons_that_part_nothing_go() -> None:
    assert read_stylesheet("; a:hover{;top:0;;left:0; } ;").kept == "a:hover{top:0;left:0}"


def test_importance_and_new_values_are_right_in_what_stays() -> None:
    css = "a:hover{color:red!important}@media x{p{color:rgb(0 0 0 / 50%);top:var(--x)!important}}"

    assert read_stylesheet(css).kept == css


@pytest.mark.parametrize(
    ("style", "read"),
    [
        ("", []),
        (" ; ", []),
        ("color:red;top:0;", [("color", "red"), ("top", "0")]),
        (" Color : Red ! important ", [("color", "Red!important")]),
        ("background:url(a;b)", [("background", "url(a;b)")]),
        ("color:/* a;b */red", [("color", "red")]),
        ("x", [("", "x")]),
        ("color:red}", [("", "color:red}")]),
        (" color:'red ", [("", "color:'red")]),
    ],
)
def test_a_style_attribute_is_read_as_far_as_it_can_be(style: str, read: list[tuple[str, str]]) -> None:
    assert [(found.name, found.value) for found in read_style_attribute(style)] == read


@pytest.mark.parametrize(
    ("css", "names"),
    [
        ("", set()),
        (".a.b p:not(.c),u+.d{top:0}", {"a", "b", "c", "d"}),
        (r".a\:b,.\31 c,.\0\110000{top:0}", {"a:b", "1c", "\ufffd\ufffd"}),
        (".größe{top:0}", {"größe"}),
    ],
)
def test_classes_are_found_in_selectors(css: str, names: set[str]) -> None:
    assert named_classes(css) == frozenset(names)


@pytest.mark.parametrize("css", ["[class]{top:0}", "p[ CLASS *= 'a']{top:0}"])
def test_a_selector_that_reads_the_attribute_may_mean_any_class(css: str) -> None:
    assert named_classes(css) is None


@pytest.mark.parametrize(
    ("css", "written"),
    [
        ('"a b"', "'a b'"),
        ("'a \"b\"'", "'a \"b\"'"),
        ('"it\'s"', '"it\'s"'),
        (r'"a\"b",c', r"'a\"b',c"),
        ('url("a")', "url('a')"),
    ],
)
def test_strings_go_into_single_quotes_where_they_can(css: str, written: str) -> None:
    assert single_quoted(css) == written
