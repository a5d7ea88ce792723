"""What the inliner promises, case by case: CSS in its right place, and not a byte of the rest lost."""

import re
from dataclasses import dataclass

import pytest
from premailer import Premailer

from newsletter.rendering.inline_css import inline_css


@dataclass(frozen=True)
class Case:
    """A style block and a body, what becomes of the body, and what stays in the style block."""

    name: str
    css: str
    body: str
    inlined: str
    kept: str = ""


def document(css: str, body: str) -> str:
    return f"<!DOCTYPE html><html><head><style>{css}</style></head><body>{body}</body></html>"


def body_of(html: str) -> str:
    return html[html.index("<body>") + len("<body>") : html.rindex("</body>")]


def kept_of(html: str) -> str:
    return "".join(re.findall(r"<style>(.*?)</style>", html[: html.index("<body>")], re.DOTALL))


def unchanged(name: str, body: str, css: str = "zz{color:red}") -> Case:
    return Case(name, css, body, body)


RULES = [
    Case("a type", "p{color:red}", "<p>a</p><b>b</b>", '<p style="color:red">a</p><b>b</b>'),
    Case("a class", ".a{color:red}", '<p class="a">a</p>', '<p style="color:red">a</p>'),
    Case("an id", "#a{color:red}", '<p id="a">a</p>', '<p id="a" style="color:red">a</p>'),
    Case("all of them", "p.a#b{color:red}", '<p id="b" class="a"></p>', '<p id="b" style="color:red"></p>'),
    Case("two classes", ".a.b{top:0}", '<p class="a b"></p><p class="a"></p>',
         '<p style="top:0"></p><p></p>'),
    Case("a descendant", "td p{top:0}", "<td><b><p></p></b></td>", '<td><b><p style="top:0"></p></b></td>'),
    Case("a child", "td>p{top:0}", "<td><p></p><b><p></p></b></td>",
         '<td><p style="top:0"></p><b><p></p></b></td>'),
    Case("a list", "h1,h2{top:0}", "<h1></h1><h2></h2>", '<h1 style="top:0"></h1><h2 style="top:0"></h2>'),
    Case("upper case in CSS", "P{COLOR:Red}", "<p></p>", '<p style="color:Red"></p>'),
    Case("upper case in HTML", "p{color:red}", "<P>a</P>", '<P style="color:red">a</P>'),
    Case("a class keeps its case", ".A{top:0}", '<p class="a"></p>', "<p></p>"),
    Case("a class beyond ASCII", ".größe{top:0}", '<p class="größe"></p>', '<p style="top:0"></p>'),
    Case("no rule at all", "", '<p class="">a</p>', "<p>a</p>"),
    Case("an empty rule", "p{}", "<p>a</p>", "<p>a</p>"),
    Case("a tag that is closed as XML", "br{top:0}", "a<br/>b<br />c",
         'a<br style="top:0"/>b<br style="top:0" />c'),
    Case("a link around a table", "a td{top:0}", "<a><table><tr><td></td></tr></table></a>",
         '<a><table><tr><td style="top:0"></td></tr></table></a>'),
    Case("a heading around a paragraph", "h1 p{top:0}", "<h1><p></p></h1>", '<h1><p style="top:0"></p></h1>'),
    Case("end tags left out", "li li,p p{top:0}", "<ul><li>a<li>b</ul><p>c<p>d<div></div>",
         "<ul><li>a<li>b</ul><p>c<p>d<div></div>"),
    Case("cells without end tags", "td td,tr tr{top:0}", "<table><tr><td>a<td>b<tr><td>c</table>",
         "<table><tr><td>a<td>b<tr><td>c</table>"),
    Case("a list in a list", "li li{top:0}", "<ul><li>a<ul><li>b</ul><li>c</ul>",
         '<ul><li>a<ul><li style="top:0">b</ul><li>c</ul>'),
    Case("a table in a table", "td td{top:0}", "<table><tr><td><table><tr><td>a</table><td>b</table>",
         '<table><tr><td><table><tr><td style="top:0">a</table><td>b</table>'),
    Case("after what has no end tag", "td>b{top:0}", "<td><img><br><b></b></td>",
         '<td><img><br><b style="top:0"></b></td>'),
    Case("in elements of Office", "v:rect{top:0}b{top:0}", "<v:rect/><o:p><b></b></o:p>",
         '<v:rect/><o:p><b style="top:0"></b></o:p>', "v:rect{top:0}"),
    Case("a body of a table nobody wrote", "table>tbody>tr{top:0}", "<table><tr></tr></table>",
         '<table><tr style="top:0"></tr></table>'),
    Case("an end tag too many in a cell", "div p{top:0}",
         "<div><table><tr><td></div><p></p></td></tr></table></div>",
         '<div><table><tr><td></div><p style="top:0"></p></td></tr></table></div>'),
    Case("three hundred levels", "b{top:0}", "<div>" * 300 + "<b></b>",
         "<div>" * 300 + '<b style="top:0"></b>'),
]  # fmt: skip

CASCADE = [
    Case("a later rule wins", "p{color:red}p{color:blue}", "<p></p>", '<p style="color:blue"></p>'),
    Case("a class beats a type", ".a{color:red}p{color:blue}", '<p class="a"></p>',
         '<p style="color:red"></p>'),
    Case("an id beats classes", "#x{top:1px}.a.b{top:2px}", '<p id="x" class="a b"></p>',
         '<p id="x" style="top:1px"></p>'),
    Case("two types beat one", "td>p{top:1px}p{top:2px}", "<td><p></p></td>",
         '<td><p style="top:1px"></p></td>'),
    Case("children count like descendants", "b>i>u{top:1px}b i u{top:2px}", "<b><i><u></u></i></b>",
         '<b><i><u style="top:2px"></u></i></b>'),
    Case("each selector of a list has its own rank", "p,#x{top:1px}.a{top:2px}", '<p id="x" class="a"></p>',
         '<p id="x" style="top:1px"></p>'),
    Case("a written style wins", "p{color:red;top:0}", '<p style="color:blue"></p>',
         '<p style="top:0;color:blue"></p>'),
    Case("a written style wins over an id", "#x{top:1px}", '<p id="x" style="top:2px"></p>',
         '<p id="x" style="top:2px"></p>'),
    Case("a written shorthand wins over a longhand", "p{margin:1px;margin-top:2px}",
         '<p style="margin:0"></p>', '<p style="margin-top:2px;margin:0"></p>'),
    Case("a shorthand after a longhand", "p{margin-top:2px}.a{margin:5px}", '<p class="a"></p>',
         '<p style="margin-top:2px;margin:5px"></p>'),
    Case("a longhand again after a shorthand", "p{margin-top:2px}.a{margin:5px}#x{margin-top:1px}",
         '<p class="a" id="x"></p>', '<p id="x" style="margin:5px;margin-top:1px"></p>'),
    Case("a value for new programs after one for old ones", "p{width:90%;width:calc(100% - 10px)}", "<p></p>",
         '<p style="width:90%;width:calc(100% - 10px)"></p>'),
    Case("importance in a written style", "p{color:red}", '<p style="color:blue !important"></p>',
         '<p style="color:blue!important"></p>'),
    Case("two style blocks", "p{top:1px}</style><style>p{top:2px}", "<p></p>", '<p style="top:2px"></p>'),
]  # fmt: skip

VALUES = [
    Case("zeros and points", "p{top:0.50em;left:.5em}", "<p></p>", '<p style="top:0.50em;left:.5em"></p>'),
    Case("colours", "p{color:#AbC;background:RGBA(0,0,0,.5)}", "<p></p>",
         '<p style="color:#AbC;background:RGBA(0,0,0,.5)"></p>'),
    Case("a font stack in double quotes", 'p{font-family:-apple-system,"Segoe UI",Arial}', "<p></p>",
         "<p style=\"font-family:-apple-system,'Segoe UI',Arial\"></p>"),
    Case("a font stack in single quotes", "p{font-family:'Segoe UI', Arial}", "<p></p>",
         "<p style=\"font-family:'Segoe UI', Arial\"></p>"),
    Case("a single quote in double quotes", "p{font-family:\"O'Neil\"}", "<p></p>",
         "<p style=\"font-family:&quot;O'Neil&quot;\"></p>"),
    Case("a URL with odd characters", "p{background:url(a.png?x=1&y=2;z,%20~)}", "<p></p>",
         '<p style="background:url(a.png?x=1&amp;y=2;z,%20~)"></p>'),
    Case("a URL with quotes, spaces and brackets", "p{background:url(\"a (1)};/*b*/.png\")}", "<p></p>",
         "<p style=\"background:url('a (1)};/*b*/.png')\"></p>"),
    Case("a data URL", "p{background:url(data:image/png;base64,AA+/==)}", "<p></p>",
         '<p style="background:url(data:image/png;base64,AA+/==)"></p>'),
    Case("what only Outlook and WebKit know",
         "p{mso-line-height-rule:exactly;MSO-hide:all;-webkit-text-size-adjust:100%}", "<p></p>",
         '<p style="mso-line-height-rule:exactly;mso-hide:all;-webkit-text-size-adjust:100%"></p>'),
    Case("comments", "/*{*/p/**/{/*;*/color/**/:/*a*/red/*}*/;/**/}", "<p></p>", '<p style="color:red"></p>'),
    Case("a comment between two words", "p{border:1px/**/solid}", "<p></p>",
         '<p style="border:1px solid"></p>'),
    Case("comments as once in HTML", "<!-- p{top:0} -->", "<p></p>", '<p style="top:0"></p>'),
    Case("escapes", r"p{content:'\201C\'';font-family:\41 rial}", "<p></p>",
         r"""<p style="content:'\201C\'';font-family:\41 rial"></p>"""),
    Case("lines and spaces", "p\n{\n  margin :  0\n    auto ;;\n}\n", "<p></p>",
         '<p style="margin:0 auto"></p>'),
    Case("letters of all kinds", "p{font-family:宋体;content:'𝒳 é'}", "<p></p>",
         "<p style=\"font-family:宋体;content:'𝒳 é'\"></p>"),
    Case("a marker as a value", "p{color:hole0a1bx2x}", "<p></p>", '<p style="color:hole0a1bx2x"></p>'),
    Case("unset", "p{color:unset}", "<p></p>", '<p style="color:unset"></p>'),
]  # fmt: skip

WRITTEN_STYLES = [
    Case("compact", "", '<p style=" color : red ; top: 0 ; ">', '<p style="color:red;top:0">'),
    Case("empty", "", '<p style="">a</p><p style=" ; ">', "<p>a</p><p>"),
    Case("without quotes", "p{top:0}", "<p style=color:red>", '<p style="top:0;color:red">'),
    Case("with entities", "p{top:0}", '<p style="font-family:&quot;A&quot;,b&#59;color:red">',
         "<p style=\"top:0;font-family:'A',b;color:red\">"),
    Case("with a URL that is no entity", "p{top:0}", '<p style="background:url(?a=1&copy=2&amp;c)">',
         '<p style="top:0;background:url(?a=1&amp;copy=2&amp;c)">'),
    Case("newer than the inliner's parser", "p{top:0}", '<p style="color:rgb(0 0 0 / 50%);x:var(--y)">',
         '<p style="top:0;color:rgb(0 0 0 / 50%);x:var(--y)">'),
    Case("broken", "p{top:0}", "<p style=\"color:red}'\">", "<p style=\"top:0;color:red}'\">"),
    Case("equal to a selector", "p{top:0}", '<p style="p">', '<p style="top:0;p">'),
    Case("a marker", "p{top:0}", '<p style="hole0a1bx2x">', '<p style="top:0;hole0a1bx2x">'),
    Case("in upper case", "p{top:0}", '<p STYLE="Color:Red" lang=en>', '<p style="top:0;color:Red" lang=en>'),
    Case("twice", "p{top:0}", '<p style="left:0" style="left:1px">', '<p style="top:0;left:0">'),
]  # fmt: skip

ATTRIBUTES = [
    Case("no width or height", "td,img{width:auto;height:calc(9% - 1px)}", "<td><img></td>",
         '<td style="width:auto;height:calc(9% - 1px)"><img style="width:auto;height:calc(9% - 1px)"></td>'),
    Case("a colour of three digits", "td{background-color:#aBc}", "<td></td>",
         '<td style="background-color:#aBc" bgcolor="#aabbcc"></td>'),
    Case("a colour of six digits", "table{background-color:#123456}", "<table></table>",
         '<table style="background-color:#123456" bgcolor="#123456"></table>'),
    Case("a colour by name", "td{background-color:White}", "<td></td>",
         '<td style="background-color:White" bgcolor="white"></td>'),
    Case("a colour no attribute knows", "td{background-color:rgba(0,0,0,.5)}", "<td></td>",
         '<td style="background-color:rgba(0,0,0,.5)"></td>'),
    Case("no colour", "td{background-color:transparent}", "<td></td>",
         '<td style="background-color:transparent"></td>'),
    Case("a colour from elsewhere", "td{background-color:currentColor}", "<td></td>",
         '<td style="background-color:currentColor"></td>'),
    Case("a colour where it means nothing", "p{background-color:#fff}", "<p></p>",
         '<p style="background-color:#fff"></p>'),
    Case("alignment of a cell", "td{text-align:Center;vertical-align:top}", "<td></td>",
         '<td style="text-align:Center;vertical-align:top" align="center" valign="top"></td>'),
    Case("alignment no attribute knows", "td{text-align:start;vertical-align:-2px}", "<td></td>",
         '<td style="text-align:start;vertical-align:-2px"></td>'),
    Case("text in a table, which would make it float", "table{text-align:left}", "<table></table>",
         '<table style="text-align:left"></table>'),
    Case("an image that floats", "img{float:left}", "<img>", '<img style="float:left" align="left">'),
    Case("an attribute that is there", "td{background-color:#fff;text-align:left}",
         '<td BGCOLOR=red align="right"></td>',
         '<td BGCOLOR=red align="right" style="background-color:#fff;text-align:left"></td>'),
]  # fmt: skip

KEPT = [
    Case("a media query", "@media (max-width: 480px) {\n  p { color: blue !important; }\n}", "<p></p>",
         "<p></p>", "@media (max-width: 480px){p{color:blue!important}}"),
    Case("a query in a query", "@supports (display: grid) { @media screen { p > b , i { top: 0 } } }",
         "<p></p>", "<p></p>", "@supports (display: grid){@media screen{p>b,i{top:0}}}"),
    Case("a font", '@font-face { font-family: "A  B"; src: url(a.woff2) format("woff2"); }', "", "",
         '@font-face{font-family:"A  B";src:url(a.woff2) format("woff2")}'),
    Case("keyframes", "@keyframes a { from { top: 0 } 50% { top: 1px; } }", "", "",
         "@keyframes a{from{top:0}50%{top:1px}}"),
    Case("a state", "a:hover { color: red }", "<a></a>", "<a></a>", "a:hover{color:red}"),
    Case("what is not", "p:not( .a ) { top: 0 }", "<p></p>", "<p></p>", "p:not(.a){top:0}"),
    Case("positions", "p:first-of-type,p:nth-child(2n + 1),p:has(b){top:0}", "<p></p>", "<p></p>",
         "p:first-of-type,p:nth-child(2n+1),p:has(b){top:0}"),
    Case("pseudo-elements", "p::before{content:'a  b'}", "<p></p>", "<p></p>", "p::before{content:'a  b'}"),
    Case("everything", "*{top:0}p *{left:0}", "<p></p>", "<p></p>", "*{top:0}p *{left:0}"),
    Case("Outlook on the web", '[data-ogsc] .a , [data-ogsb] td{color:red!important}', '<p class="a b"></p>',
         '<p class="a"></p>', "[data-ogsc] .a,[data-ogsb] td{color:red!important}"),
    Case("Gmail", "u + #body a{color:inherit}", '<p id="body"></p>', '<p id="body"></p>',
         "u+#body a{color:inherit}"),
    Case("Apple Mail", "a[x-apple-data-detectors]{color:inherit!important}", "<a></a>", "<a></a>",
         "a[x-apple-data-detectors]{color:inherit!important}"),
    Case("VML", r"v\:* { behavior: url(#default#VML); }", "", "", r"v\:*{behavior:url(#default#VML)}"),
    Case("a list of both kinds", "p, a:hover, [x='a,b'] p{color:red}", "<p></p>", '<p style="color:red"></p>',
         "a:hover,[x='a,b'] p{color:red}"),
    Case("in their order, without what was inlined", "a:hover{top:0}p{top:0}@media x{p{top:0}}a:focus{top:0}",
         "", "", "a:hover{top:0}@media x{p{top:0}}a:focus{top:0}"),
    Case("of all style blocks in one", "a:hover{top:0}</style><style>a:focus{top:0}", "", "",
         "a:hover{top:0}a:focus{top:0}"),
    Case("values to the byte", "@media x{p{font:1px/2 'a /**/ b',\"c\";x:url( a;b )  , .50em;--Y:1}}", "", "",
         "@media x{p{font:1px/2 'a /**/ b',\"c\";x:url( a;b ) , .50em;--Y:1}}"),
    Case("no comments", "/* a */@media/**/x /* b */{/* c */p/* d */.a{/* e */top:0/* f */}}", "", "",
         "@media x{p.a{top:0}}"),
    Case("new values, which need no inliner", "@media x{p{color:rgb(0 0 0 / 50%);top:var(--x)}}", "", "",
         "@media x{p{color:rgb(0 0 0 / 50%);top:var(--x)}}"),
    Case("an empty at-rule", '@charset "utf-8";@media x{}', "", "", '@charset "utf-8";@media x{}'),
]  # fmt: skip

CLASSES = [
    Case("without use", "", '<p class="a" id="b">c</p>', '<p id="b">c</p>'),
    Case("one of two in use", "@media x{.b{top:0}}", '<p class="a  b">c</p>', '<p class="b">c</p>',
         "@media x{.b{top:0}}"),
    Case("in a negation", "p:not(.a){top:0}", '<p class="a b">', '<p class="a">', "p:not(.a){top:0}"),
    Case("with an escape", r"@media x{.sm\:b\31{top:0}}", '<p class="sm:b1 c">', '<p class="sm:b1">',
         r"@media x{.sm\:b\31{top:0}}"),
    Case("with an entity", "@media x{.b{top:0}}", '<p class="a&amp;a b">', '<p class="b">',
         "@media x{.b{top:0}}"),
    Case("read as text", '[class^="a"]{top:0}', '<p class="ab c">', '<p class="ab c">',
         '[class^="a"]{top:0}'),
    Case("in a style for Outlook", "", '<!--[if mso]><style>.a{top:0}</style><![endif]--><p class="a b">',
         '<!--[if mso]><style>.a{top:0}</style><![endif]--><p class="a">'),
]  # fmt: skip

MSO = '<!--[if mso]><table width="600"\n ><tr><td style="a : b;"><![endif]-->'
VML = '<!--[if mso]><v:rect xmlns:v="urn:x" href="a?b&c" arcsize="5%"><w:anchorlock/></v:rect><![endif]-->'
REVEALED = "<!--[if !mso]><!--><b>a</b><!--<![endif]-->"

UNTOUCHED = [
    unchanged("spaces between elements", "<b>a</b>\n  <b>b</b><b>c</b> \t<i>d</i>\r\n"),
    unchanged("preformatted text", "<pre>\n\n  a\n\tb  \n</pre>"),
    unchanged("named entities", "a&nbsp;b&zwnj;c&shy;d&hellip;&amp;&lt;b&gt;"),
    unchanged("numbered entities", "&#847;&#x200c;&#160;"),
    unchanged("an ampersand alone", "a & b &x; &nosuch;"),
    unchanged("astral characters", "𝒳 👩‍👩‍👧 \U0010fffd"),
    unchanged("a URL with ampersands", '<a href="https://a.example/?b=1&amp;c=2#d">e</a>'),
    unchanged("a URL with what looks like an entity", '<a href="?a=1&copy=2&amp;copy=3">e</a>'),
    unchanged("a URL beyond ASCII", '<a href="https://a.example/é ü?q={{ x }}">e</a>'),
    unchanged("other schemes",
              '<a href="mailto:a@b.example?subject=c%20d"></a><a href="tel:+1"></a><img src="cid:a@b">'),
    unchanged("a link to a note", '<a href="#fn1">1</a>'),
    unchanged("markers", '<a href="hole0a1bx0x" title=hole0a1bx1x>hole0a1bx2x</a>'),
    unchanged("placeholders", '<a href="--ph-unsub--">~ph_x.y~</a>'),
    unchanged("sources", '<img srcset="a.png 1x, b.png?c=1&amp;d=2 2x" src=a.png>'),
    unchanged("a condition for Outlook", MSO + "<b>a</b>" + MSO),
    unchanged("VML", VML),
    unchanged("what Outlook must not see", REVEALED),
    unchanged("what Outlook must not see, in another way", "<!--[if !mso]><!-- --><b>a</b><!-- <![endif]-->"),
    unchanged("a condition that is no comment", "<![if !mso]><b>a</b><![endif]>"),
    unchanged("comments of all kinds", "<!-- <p> --><!--><b>a</b><!--->c<!-- d --!>e<!-- f"),
    unchanged("a drawing", '<svg viewBox="0 0 1 1"><path d="M0 0"/></svg>'),
    unchanged("attributes in all their forms", "<b A='x>\"' B=y C d = \"<z>\" /e lang=it's>a</b>"),
    unchanged("names in upper case", "<TABLE Width=1><TR><TD>a</TABLE>"),
    unchanged("tags in a text field", "<textarea><p class='a'></textarea>"),
    unchanged("a script", "<script>if (a<b) '<p class=\"c\">'</script>"),
    unchanged("broken markup", "<p <b>a</b></p></i> < c <3 </> <>"),
    unchanged("a style block for another language", '<style type="text/x">p{</style>'),
    unchanged("control characters", "a\x00b\x0b\x7f"),
]  # fmt: skip

CASES = [*RULES, *CASCADE, *VALUES, *WRITTEN_STYLES, *ATTRIBUTES, *KEPT, *CLASSES, *UNTOUCHED]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_a_document_is_inlined_to_the_byte(case: Case) -> None:
    html = inline_css(document(case.css, case.body))

    assert body_of(html) == case.inlined
    assert kept_of(html) == case.kept


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_inlining_again_changes_nothing(case: Case) -> None:
    html = inline_css(document(case.css, case.body))

    assert inline_css(html) == html


PREMAILER_ALONE = [
    ("lower-case doctype", "<!doctype html><html><head></head><body></body></html>", "<!DOCTYPE html>"),
    ("importance in a query", document("@media x{p{color:red!important}}", ""), "color:red!important"),
    ("font", document("@font-face{font-family:a;src:url(b)}", ""), "@font-face"),
    ("supports", document("@supports (a:b){p{top:0}}", ""), "@supports"),
    ("Outlook on the web", document("[data-ogsc] p{color:red!important}", ""), "[data-ogsc]"),
    ("Gmail", document("u + #body a{color:red}", ""), "u+#body"),
    ("everything", document("*{top:0}", ""), "*{top:0}"),
    ("longhand after shorthand",
     document("p{margin-top:2px}.a{margin:5px}#x{margin-top:1px}", '<p class="a" id="x">'),
     "margin:5px;margin-top:1px"),
    ("written shorthand", document("p{margin:1px;margin-top:2px}", '<p style="margin:0">'),
     "margin-top:2px;margin:0"),
    ("fallback", document("p{width:90%;width:calc(100% - 1px)}", "<p>"), "width:90%"),
    ("number", document("p{top:0.50em}", "<p>"), "0.50em"),
    ("attribute", document("td{text-align:left}", '<td align="right">'), 'align="right"'),
    ("size", document("td{width:auto}", "<td></td>"), '<tdstyle="width:auto">'),
    ("placeholder", document("", '<a href="{{ url }}">'), "{{url}}"),
    ("written importance", document("p{color:red}", '<p style="x:rgb(0 0 0 / 50%)">'), "rgb(000/50%)"),
    ("link around a table", document("a td{top:0}", "<a><table><tr><td></td></tr></table></a>"),
     'style="top:0"'),
    ("drawing", document("", '<svg viewBox="0 0 1 1"></svg>'), "viewBox"),
    ("upper case", document("P{top:0}", "<p>"), 'style="top:0"'),
    ("levels", document("b{top:0}", "<div>" * 300 + "<b>"), 'style="top:0"'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("html", "wanted"), [case[1:] for case in PREMAILER_ALONE], ids=[case[0] for case in PREMAILER_ALONE]
)
def test_what_premailer_alone_loses_is_there(html: str, wanted: str) -> None:
    def compact(text: str) -> str:
        return "".join(text.split()).replace("<!DOCTYPEhtml>", "<!DOCTYPE html>")

    assert wanted in compact(inline_css(html))
    assert wanted not in compact(Premailer(html, allow_network=False).transform())
