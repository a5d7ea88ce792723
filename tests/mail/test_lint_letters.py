"""Letters that are fit to leave: some written by hand, some by our own code. The linter lets them go."""

from base64 import b64encode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.delivery.notice_facts import Facts
from newsletter.domain.addresses import parse_address
from newsletter.domain.errors import BadAddress
from newsletter.domain.identifiers import public_id_from
from newsletter.mail.dkim.signing import DkimSigner
from newsletter.mail.lint import lint
from newsletter.mail.message import Mailbox, to_line
from newsletter.models import Notice
from newsletter.publishing.letters import Edition, Reader, compose_letter, values_for
from newsletter.wiring import House
from tests.mail.dkim_vectors import ed25519_key, rsa_key
from tests.mail.test_message_hostile import HOSTILE
from tests.mail.written_headers import a_list, headers
from tests.support.factories import NOW, make_author, make_post, make_publication, make_section


def crlf(text: str) -> bytes:
    return text.encode().replace(b"\n", b"\r\n")


GOOD = crlf("""\
Date: Mon, 04 May 2026 12:30:15 +0000
From: "Return Path, weekly" <letters@example.org>
To: =?utf-8?q?Zo=C3=AB?= <zoe@example.net>
Subject: =?utf-8?q?Caf=C3=A9?= and more
Message-ID: <abc.def@example.org>
List-Id: =?utf-8?b?Wm/Dq3MgbGV0dGVycw==?= <mail.paper.example.org>
List-Unsubscribe: <https://letters.example/u/tokenOne>,
 <mailto:u-tokenOne@example.org>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
Feedback-ID: post1:mail:campaign:paper
Precedence: bulk
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="=_abc123"

--=_abc123
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Hello Zo=C3=AB, this is the letter.
Leave the list: https://letters.example/u/tokenOne

--=_abc123
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<!DOCTYPE html>
<html lang=3D"en-GB" dir=3D"ltr">
<head><meta charset=3D"utf-8"><title>Caf=C3=A9</title></head>
<body><p>Hello Zo=C3=AB, this is the letter.</p>
<p><a href=3D"https://letters.example/u/tokenOne">Leave the list</a></p>
</body></html>

--=_abc123--
""")
"""A letter to a list. The tables of these tests break it in one place each."""

SINGLE = GOOD.replace(
    GOOD[GOOD.index(b"List-Id") : GOOD.index(b"MIME-Version")], b"Auto-Submitted: auto-generated\r\n"
)
"""A mail that one person asked for."""

SIGNED = (
    crlf("""\
DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=one;
 h=From:From:Subject:List-Unsubscribe:
 list-unsubscribe-post; bh=YWJj; b=ZGVm
""")
    + GOOD
)
"""The letter with a signature; the linter asks what it covers, not whether it holds."""


def html_as(encoding: str, content: bytes) -> bytes:
    """The letter with another HTML part."""
    head, _, rest = GOOD.rpartition(b"Content-Transfer-Encoding: quoted-printable\r\n\r\n")
    end = rest[rest.index(b"--=_abc123--") :]
    return head + f"Content-Transfer-Encoding: {encoding}\r\n\r\n".encode() + content + b"\r\n" + end


def rows(page: bytes) -> list[bytes]:
    """A page in lines of base64."""
    whole = b64encode(page)
    return [whole[at : at + 76] for at in range(0, len(whole), 76)]


def in_base64(page: bytes) -> bytes:
    """The letter with this page as its HTML, in base64."""
    return html_as("base64", b"\r\n".join(rows(page)))


PAGE = (
    b'<!DOCTYPE html>\r\n<html dir="auto" lang="de"><meta charset="utf-8"><title>x</title>\r\n'
    b'<a href="https://letters.example/u/tokenOne">Leave</a></html>\r\n'
)
PLAIN = html_as("7bit", PAGE)


def swapped(old: str, new: str, raw: bytes = GOOD) -> bytes:
    """A letter with the first place that reads `old` written otherwise."""
    assert crlf(old) in raw
    return raw.replace(crlf(old), crlf(new), 1)


def found(raw: bytes) -> list[tuple[str, int]]:
    """Which rules complain, and of which lines."""
    return [(flaw.rule, flaw.line) for flaw in lint(raw)]


@pytest.mark.parametrize(
    "raw", [GOOD, SINGLE, SIGNED, in_base64(PAGE), PLAIN], ids=["list", "single", "signed", "base64", "7bit"]
)
def test_a_letter_written_by_hand_is_clean(raw: bytes) -> None:
    assert lint(raw) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("From: ", "Reply-To: editor@example.org\nFrom: "),
        ('From: "Return Path, weekly" <letters@example.org>', "From: letters@example.org"),
        ('From: "Return Path, weekly"', "From: Return Path"),
        ('From: "Return Path, weekly"', 'From: "Return \\"Path\\"" weekly'),
        ("From: ", "Sender: letters@example.org\nFrom: editor@example.org, "),
        ("<zoe@example.net>", "<zoë@xn--mnchen-3ya.example>"),
        ("=?utf-8?q?Zo=C3=AB?= <zoe@example.net>", "zoë@example.net"),
        ("=?utf-8?q?Zo=C3=AB?= <zoe@example.net>", "=?@example.net"),
        ("=?utf-8?q?Zo=C3=AB?=", "=?UTF-8?Q?Zo=C3=AB?="),
        ("quoted-printable", "Quoted-Printable"),
        ("bulk", "Bulk"),
        ("<zoe@example.net>", "<Zoe@Example.NET>"),
        ("Mon, 04 May", "4 May"),
        ("12:30:15 +0000", "12:30 -0930"),
        ("Subject: ", "Subject:"),
        ("and more", "and\n\tmore"),
        ("and more", "what?= is =?utf-8?b?w6k=?="),
        ("and more", "\n " + "x" * 997),
        ("and more", "\n" + " word" * 15 + " xx"),
        ("and more", "\n =?utf-8?q?" + "a" * 63 + "?="),
        ("<zoe@", "\n <" + "z" * 64 + "@"),
        ("<zoe@", "\n <" + "é" * 32 + "@"),
        ("<zoe@", "\n <zoe@" + ("x" * 60 + ".") * 3 + "y" * 55 + "."),
        ("<mail.paper.example.org>", "\n <" + "a." * 127 + "a>"),
        ("u-tokenOne@", "u" * 64 + "@"),
        ("post1:mail:campaign:paper", "post1:mail:campaign:" + "s" * 15),
        ("Hello Zo", "H" * 46 + " Zo"),
        ("=?utf-8?b?Wm/Dq3MgbGV0dGVycw==?= <mail", "<mail"),
        (",\n <mailto:u-tokenOne@example.org>", ""),
        ("u-tokenOne@example.org>", "u@example.org?subject=unsubscribe%20me>"),
        ("https://letters.example/u/tokenOne>", "https://letters.example/u/tokenTwo>"),
        ("Feedback-ID: post1:mail:campaign:paper\n", ""),
        ("Precedence: bulk\n", "Auto-Submitted: auto-generated\n"),
        ("MIME-Version: 1.0", "mime-version: 1.0"),
        ('boundary="=_abc123"', 'charset=us-ascii;\n boundary="=_abc123"'),
        ("text/plain; charset=utf-8", "text/plain; name*=utf-8'en'%C3%A9.txt; charset=\"UTF-8\""),
        ("Hello Zo=C3=AB, this is the letter.\nLeave", "..=\nA {{ tag }} --=3D_ab=20\nLeave"),
        ("text/plain; charset=utf-8", "text/plain; name*=UTF-8''%c3%a9; charset=utf-8"),
        ('<html lang=3D"en-GB" dir=3D"ltr">', "<HTML LANG=3Dar DIR=3DRTL>"),
        ("<title>Caf=C3=A9", '<title dir=3D"ltr">&amp;'),
        ("<body><p>Hello", "<!--[if mso]><p><![endif]-->\n<body><p>{{ name }} Hello"),
    ],
    ids=lambda value: ascii(value)[1:40],
)
def test_what_is_allowed_is_clean(old: str, new: str) -> None:
    assert lint(swapped(old, new)) == []


@pytest.mark.parametrize("boundary", ["a", "a" * 70, "'()+_,-./:=? x"])
def test_a_boundary_may_hold_all_these(boundary: str) -> None:
    raw = GOOD.replace(b" boundary", b"\r\n boundary").replace(b"=_abc123", boundary.encode())

    assert lint(raw) == []


@pytest.mark.parametrize("link", ["https://letters.example/?u=tokenOne", "https://letters.example/tokenOne"])
def test_the_way_out_may_have_any_address(link: str) -> None:
    written = link.replace("=", "=3D").encode()
    raw = GOOD.replace(b"https://letters.example/u/tokenOne", written)

    assert lint(raw.replace(written + b">", link.encode() + b">")) == []


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_a_site_on_this_machine_needs_no_https(host: str) -> None:
    assert lint(GOOD.replace(b"https://letters.example/", f"http://{host}/".encode())) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_campaigns_letter_is_clean(house: House) -> None:
    with house.database.writing() as session:
        publication = make_publication(session, name="Zoës Blatt — “the paper”", sender_name="Zoë, weekly")
        section = make_section(session, publication, name="漢字 " * 20)
        markdown = "Hello {{ name | there }},\n\n" + "a **letter** of [é](https://example.org).\n\n" * 900
        author = make_author(session, publication)
        post = make_post(session, section, author, title="Über " * 30, markdown=markdown)
        plan = compose_letter(house.composer, house.links, Edition(publication, section, post))
    reader = Reader("zoë@example.net", "Zoë Müller", public_id_from(b"the  ann"))
    values = values_for(house.links, section.public_id, reader, "1.2@example.org", NOW)

    raw = plan.merge(values)

    assert len(raw) > 60_000
    assert lint(raw) == []


@pytest.mark.parametrize("kind", ["confirm", "already", "welcome", "section_change", "sign_in", "alert"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_single_mail_is_clean(house: House, kind: str) -> None:
    notice = Notice(kind=kind, public_id=public_id_from(b"a notice"))
    notice.payload = {"subject": "Über", "lines": ["é"], "url": "https://example.org/x", "action": "Go"}
    values = {"action_url": "http://localhost/x", "sections": "Mail", "address": "zoë@example.net"}
    with house.database.writing() as session:
        publication = make_publication(session)

    raw = house.press.print(publication, notice, Facts("zoë@example.net", "Zoë", values), NOW)

    assert lint(raw) == []


def test_a_letter_that_we_signed_is_clean() -> None:
    signed = DkimSigner([rsa_key(), ed25519_key()]).sign([GOOD], 1_777_897_815)

    assert signed.count(b"DKIM-Signature") == 2
    assert lint(signed + GOOD) == []


BODY = GOOD[GOOD.index(b"MIME-Version") :]
TEXTS = st.one_of(HOSTILE, st.text(max_size=300), st.text(st.sampled_from('é 漢a"\\'), max_size=400))
LOCALS = st.text(st.sampled_from("abXY09!#$%&'*+/=?^_`{|}~.-é漢"), min_size=1, max_size=60).filter(
    lambda local: "=?" not in local
)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
@example("x" * 451, "=?utf-8?q?x?=", "漢" * 200, '"' * 450)
@settings(max_examples=200)
def test_whatever_is_typed_we_write_clean_headers(name: str, subject: str, sender: str, title: str) -> None:
    mailing_list = a_list(title, "abc.def.example.org")

    raw = headers(name, subject, Mailbox(sender, "paper@example.org"), mailing_list) + BODY

    assert lint(raw) == []


@given(TEXTS, LOCALS)
@settings(max_examples=200)
def test_to_any_address_that_we_take_we_write_a_clean_header(name: str, local: str) -> None:
    try:
        address = parse_address(f"{local}@example.net").wire
    except BadAddress:
        return

    raw = GOOD.replace(b"To: =?utf-8?q?Zo=C3=AB?= <zoe@example.net>\r\n", to_line(name, address))

    assert lint(raw) == []
