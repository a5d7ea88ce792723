"""Every check: silent on a good post, and alone in what it reports of a post that is bad in its way."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from newsletter.database import Database
from newsletter.domain.errors import NotReady
from newsletter.domain.links import Links
from newsletter.domain.tokens import keyring_from
from newsletter.domain.verp import Inbound
from newsletter.mail.dkim.signers import Signers
from newsletter.models import Identity, Post, Publication, Section
from newsletter.publishing.campaigns import freeze_content
from newsletter.publishing.letters import Edition, Reader
from newsletter.publishing.preflight import linking, picturing, writing
from newsletter.publishing.preflight.inspecting import CHECKS, Inspector
from newsletter.publishing.preflight.proof import Audience, DnsFacts, DnsRecord, Proof
from newsletter.publishing.preflight.records import Records
from newsletter.publishing.preflight.report import Finding, Report, Severity
from newsletter.rendering.compose import Composer

TEMPLATES = Path(__file__).parents[2] / "templates" / "email"
KEYRING = keyring_from("a secret for tests only, as long as it needs to be")
NOW = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
READERS = (
    Reader("ann@example.net", "Ann", "a" * 13),
    Reader("o'brien@example.net", "نور <b>{{ name }}</b> 👩‍👩‍👧‍👦", "b" * 13),
    Reader("bo@example.net", "", "c" * 13),
)

GOOD = """\
Hello {{ name | there }}, this is a letter with some of everything, long enough to be one: it has words
before the first heading and after the last one, and they say what they mean without any hurry at all.

## A heading

See [the page](https://example.com/a?b=1&c=2), [example.com](https://www.example.com/) or <https://example.com/>.
There is a note[^1], and `{{ code }}` that is about {{ name | templates }}.

### A smaller heading

![A cat on a mat](https://pictures.example.com/cat.jpg "The cat"){width=400}

| One | Two |
|-----|-----|
| 1   | 2   |

> [!NOTE]
> A callout with <kbd>Ctrl</kbd> and <br> inside.

https://www.youtube.com/watch?v=abcdefghijk

```jinja
{{ value }} {% if this %} *|FNAME|* {% endif %}
```

[Read on](https://example.com/on){.button}

[^1]: The note.
"""

GOOD_DNS = DnsFacts(
    DnsRecord("in.example.org", ["v=spf1 include:_spf.example.net -all", "other"]),
    DnsRecord("_dmarc.example.org", ["v=DMARC1; p=none"]),
    [(DnsRecord("n1._domainkey.example.org", ["v=DKIM1; k=rsa; p=AAAA BBBB"]), "v=DKIM1; k=rsa; p=AAAABBBB")],
)


def proof_of(folder: Path | None = None, **changes: Any) -> Proof:
    """A proof of a good post, changed where it is said."""
    publication = Publication(
        name="Return Path",
        public_id="p" * 13,
        sender_name="Return Path",
        sender_address=changes.get("sender", "letters@example.org"),
        list_domain="example.org",
        postal_address=changes.get("postal_address", "12 Sample Street"),
        accent="#1f5f5b",
        look=changes.get("look", {}),
        locale="en",
    )
    section = Section(name="Mail", slug="mail", public_id="s" * 13)
    post = Post(
        public_id="q" * 13,
        id=1,
        version=1,
        slug="a-letter",
        title=changes.get("title", "A letter about letters"),
        subtitle=changes.get("subtitle", "And what is in them"),
        markdown=changes.get("markdown", GOOD) + changes.get("and_then", ""),
        section=section,
        author=Identity(name="Bo"),
    )
    edition = Edition(publication, section, post)
    composer = Composer([folder, TEMPLATES] if folder else [TEMPLATES])
    links = Links("https://letters.example.org", KEYRING, changes.get("inbound", INBOUND))
    records = Records(lambda _name: None, {})
    inspector = Inspector(Database("sqlite://"), composer, links, Signers({}), records)
    content = freeze_content(composer, links, edition)
    proof = inspector.proof(edition, content, changes.get("audience", Audience(1000)), READERS, NOW)
    inspector.database.close()
    return replace(proof, dns=changes.get("dns", GOOD_DNS))


INBOUND = Inbound("letters", "in.example.org", KEYRING)


def found_in(proof: Proof) -> list[Finding]:
    return [finding for check in CHECKS for finding in check.run(proof)]


BAD: Mapping[str, dict[str, Any]] = {
    "html-left-out": {"and_then": '\n<iframe src="https://example.com/"></iframe>\n'},
    "html-unclosed": {"and_then": "\n<div>\n\nwords\n"},
    "direction-override": {"and_then": "\nlook \u202egnp.exe\n"},
    "heading-order": {"and_then": "\n# A title\n"},
    "merge-tag-bare": {"and_then": "\nDear {{ name }}\n"},
    "merge-tag-foreign": {"and_then": "\nDear *|FNAME|*\n"},
    "table-wide": {"and_then": "\n" + "| a | b | c | d | e | f |\n|---|---|---|---|---|---|\n"},
    "subject-long": {"title": "A letter that has much to say " * 5},
    "subject-cut": {"title": "A letter that has somewhat more to say than fits on a telephone"},
    "subject-shouting": {"title": "READ THIS LETTER NOW"},
    "subject-reply": {"title": "Re: our talk"},
    "subject-repeated": {"audience": Audience(1000, subjects=["a LETTER about letters"])},
    "preheader": {"subtitle": "A letter about letters"},
    "link-scheme": {"and_then": "\n[press](javascript:alert)\n"},
    "link-empty": {"and_then": "\n[press]()\n"},
    "link-private": {"and_then": "\n[press](https://192.168.0.1/a)\n"},
    "link-shortened": {"and_then": "\n[press](https://bit.ly/abc)\n"},
    "link-mismatch": {"and_then": "\n[mybank.com](https://evil.example.com/)\n"},
    "link-insecure": {"and_then": "\n[press](http://example.com/)\n"},
    "image-data": {"and_then": "\nSee ![a](data:image/png;base64,AAAA)\n"},
    "image-alt": {"and_then": "\n![](https://pictures.example.com/dog.jpg)\n"},
    "image-missing": {"and_then": "\n![A dog](/dog.jpg)\n"},
    "image-private": {"and_then": "\n![A dog](https://pictures.local/dog.jpg)\n"},
    "image-kind": {"and_then": "\n![A dog](https://pictures.example.com/dog.webp)\n"},
    "image-insecure": {"and_then": "\n![A dog](http://pictures.example.com/dog.jpg)\n"},
    "image-only": {"markdown": "![A cat](https://pictures.example.com/cat.jpg)\n\nLook!\n"},
    "size-clipped": {"and_then": "\nwords of all kinds and lengths\n" * 2300},
    "size-near": {"and_then": "\nwords of all kinds and lengths\n" * 1400},
    "identity": {"postal_address": ""},
    "contrast": {"and_then": '\n<span style="color:#dddddd">pale</span>\n'},
    "sender-no-reply": {"sender": "no-reply@example.org"},
    "sender-free-mail": {"sender": "letters@gmail.com", "inbound": None},
    "audience-empty": {"audience": Audience(0)},
    "audience-changed": {"audience": Audience(1000, last_total=90)},
    "audience-refused": {"audience": Audience(1000, last_total=1000, last_failed=60)},
    "audience-utf8": {"audience": Audience(1000, beyond_ascii=3)},
    "dns-spf": {"dns": replace(GOOD_DNS, spf=DnsRecord("in.example.org", ["nothing"]))},
    "dns-dmarc": {"dns": replace(GOOD_DNS, dmarc=DnsRecord("_dmarc.example.org", []))},
    "dns-dkim": {
        "dns": replace(
            GOOD_DNS, dkim=[(DnsRecord("n1._domainkey.example.org", ["v=DKIM1; p=CCCC"]), "v=DKIM1; p=AAAA")]
        )
    },
    "dns-alignment": {"inbound": Inbound("letters", "bounces.example.com", KEYRING)},
    "dns-not-checked": {"dns": None},
}

TEMPLATES_GONE_WRONG: Mapping[str, Callable[[str], str]] = {
    "bytes": lambda html: html.replace("<title>{{ subject }}</title>", ""),
    "dark-mode": lambda html: html.replace(
        '{% include "_base/style.css" %}', ".preheader { display: none; }"
    ),
    "css-support": lambda html: html.replace('class="page"', 'class="page" style="position:fixed"'),
}
"""What a publisher's own base may get wrong."""


def test_a_good_post_has_nothing_to_mend() -> None:
    assert found_in(proof_of()) == []


@pytest.mark.parametrize("check", BAD)
def test_a_bad_post_is_told_what_is_bad_and_nothing_else(check: str) -> None:
    found = found_in(proof_of(**BAD[check]))

    assert {finding.check for finding in found} == {check}
    assert all(finding.message.endswith((".", "?", "”", "…")) or finding.where for finding in found)


@pytest.mark.parametrize("check", TEMPLATES_GONE_WRONG)
def test_a_template_that_went_wrong_is_told_so(check: str, tmp_path: Path) -> None:
    (tmp_path / "_base").mkdir()
    base = (TEMPLATES / "_base" / "body.html").read_text("utf-8")
    changed = TEMPLATES_GONE_WRONG[check](base)
    assert changed != base
    (tmp_path / "_base" / "body.html").write_text(changed, "utf-8")

    assert {finding.check for finding in found_in(proof_of(tmp_path))} == {check}


FINE = [
    "`[x](javascript:alert)` and ```<a href='javascript:x'>```",
    "```html\n<img src='data:image/png;base64,AAAA'>\n```",
    "As shown before [[1]](https://example.com/1).",
    "Write `@import 'x.css'`, or @import.",
    "[share this](https://letters.example.org/p/a-letter) and [up](#top)",
    '<a name="x"></a>',
    "[Node.js](https://nodejs.org/en) and [README.md](https://github.com/a/b)",
    "<!-- <script> --> hidden",
    "你好，**这是**一封[信](https://example.com/信)，写给所有的读者，没有空格。" * 5,
    "Really?",
]


@pytest.mark.parametrize("words", FINE)
def test_what_is_fine_is_not_complained_of(words: str) -> None:
    assert found_in(proof_of(and_then=f"\n{words}\n")) == []


ALSO_BAD = [
    ("merge-tag-foreign", {"title": "Hello {{ name | there }}"}),
    ("merge-tag-foreign", {"subtitle": "Dear *|FNAME|*"}),
    ("merge-tag-foreign", {"and_then": "\n<p>Dear *|FNAME|*</p>\n"}),
    ("merge-tag-foreign", {"and_then": "\n![for {{ name | you }}](https://pictures.example.com/a.jpg)\n"}),
    ("merge-tag-foreign", {"and_then": "\n[x](https://example.com/?n={{name}})\n"}),
    ("image-data", {"and_then": "\nSee ![a][p]\n\n[p]: data:image/png;base64,AAAA\n"}),
    ("image-data", {"and_then": '\n<img\nsrc="data:image/png;base64,AAAA" alt="a">\n'}),
    ("direction-override", {"and_then": "\nlook &#x202E;gnp.exe\n"}),
    ("link-scheme", {"and_then": "\n[sms](sms:+15550100)\n"}),
    ("link-scheme", {"and_then": '\n<a href="javascript:alert(1)">x</a>\n'}),
    ("html-left-out", {"and_then": "\n<center>words</center>\n"}),
    ("contrast", {"and_then": '\n<span style="color:#eee">pale</span>\n'}),
    ("contrast", {"and_then": '\n<span style="color:white">pale</span>\n'}),
]


@pytest.mark.parametrize(("check", "changes"), ALSO_BAD)
def test_other_ways_of_being_bad_are_found_too(check: str, changes: dict[str, Any]) -> None:
    assert {finding.check for finding in found_in(proof_of(**changes))} == {check}


def test_what_is_found_everywhere_is_told_a_few_times() -> None:
    found = found_in(proof_of(and_then="\n" + "[a](http://example.com/) " * 500))

    assert len(found) == 11
    assert found[-1].message == "There is more of this."


@pytest.mark.parametrize("piece", ["{{", "{%", "[", "![", "![a](", "<img ", "href=", "](", "`", "*|", "<a "])
def test_hostile_posts_take_no_time(piece: str) -> None:
    """Bounded by the limit of a test: what takes more than linear time here takes minutes."""
    proof = proof_of(and_then="\n\n" + piece * (4_000 // len(piece)) + " " * 20_000 + "x")

    for check in (*writing.CHECKS, *linking.CHECKS, *picturing.CHECKS):
        assert len(check.run(proof)) <= 11


def test_a_letter_without_its_links_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "post").mkdir()
    html = (TEMPLATES / "post" / "body.html").read_text("utf-8")
    (tmp_path / "post" / "body.html").write_text(
        html.replace("{{ html.preferences_url }}", "https://a.example/")
    )

    (finding,) = found_in(proof_of(tmp_path))

    assert (finding.check, finding.severity) == ("unsubscribe", Severity.BLOCK)


def test_a_plain_text_that_is_a_stub_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "post").mkdir()
    (tmp_path / "post" / "body.txt").write_text(
        "Use another program.\n{{ text.unsubscribe_url }}\n{{ text.preferences_url }}\n"
    )

    assert {finding.check for finding in found_in(proof_of(tmp_path))} == {"text-part"}


def test_every_check_has_a_post_that_it_refuses() -> None:
    tried = {*BAD, *TEMPLATES_GONE_WRONG, "unsubscribe", "text-part"}

    assert {check.id for check in CHECKS} == tried


@pytest.mark.parametrize(
    ("markdown", "where"),
    [
        ("one\n\ntwo [a](javascript:x)\n", "line 3"),
        ("one\n\n\n<script>alert(1)</script>\n", "line 4"),
        ("one\ntwo\nthree <b>bold\n", "line 3"),
        ("one\n\n![](https://pictures.example.com/dog.jpg)\n", "line 3"),
        ("one\n\n- a\n- [x](https://bit.ly/abc)\n", "line 4"),
        ("one\n\n## a\n\n#### b\n", "line 5"),
    ],
)
def test_a_finding_says_where(markdown: str, where: str) -> None:
    found = found_in(proof_of(markdown="Many words that make a letter of it. " * 9 + "\n\n" + markdown))

    (there,) = {finding.where for finding in found}
    assert int(there.removeprefix("line ")) == int(where.removeprefix("line ")) + 2


def report(*severities: Severity) -> Report:
    return Report(
        [Finding(f"check-{each}", each, "It is so.", "Mend it.", "line 3") for each in severities], 9
    )


def test_what_blocks_stops_the_letter_whatever_is_accepted() -> None:
    with pytest.raises(NotReady, match=r"cannot be sent yet\.\n- check-block: line 3: It is so\. Mend it\."):
        report(Severity.BLOCK, Severity.NOTE).refuse_unless(["all", "check-block"])


@pytest.mark.parametrize("accepted", [[], ["check-block"], ["check-note"]])
def test_a_warning_that_was_not_accepted_stops_the_letter(accepted: Sequence[str]) -> None:
    with pytest.raises(NotReady, match="mend or accept"):
        report(Severity.WARNING).refuse_unless(accepted)


@pytest.mark.parametrize("accepted", [["check-warning"], ["all"]])
def test_an_accepted_warning_lets_the_letter_go(accepted: Sequence[str]) -> None:
    report(Severity.WARNING, Severity.NOTE).refuse_unless(accepted)


def test_a_picture_is_told_of_once() -> None:
    found = found_in(
        proof_of(and_then="\n![](https://pictures.example.com/dog.jpg)\n\nA ![](https://a.example/x.png)\n")
    )

    assert [finding.check for finding in found] == ["image-alt", "image-alt"]
