import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ewspush.mail.html_text import html_to_text, text_to_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("plain  text\n of\tone line ", "plain text of one line"),
        ("<html><head><title>t</title><style>a{}</style></head><body>b</body></html>", "b"),
        ("<script>if (a < b) c('</p>');</script >x<STYLE>y</STYLE>z", "xz"),
        ("<head><meta charset=utf-8>never closed", "never closed"),
        ("<p>one</p><p>two</p>\n\n<p>three", "one\n\ntwo\n\nthree"),
        ("<div>one</div><div>two<br></div><div><br></div>three", "one\ntwo\n\nthree"),
        ("a<br>b<br/><BR />c", "a\nb\n\nc"),
        ("<div><div><div>one</div></div></div><div>two</div>", "one\ntwo"),
        ("<h1>Title</h1>text<hr>more", "Title\n\ntext\n\nmore"),
        ("one <b>t</b>wo<i> three</i> <u>four</u>", "one two three four"),
        ("<ul><li>a</li><li><p>b</p></li><li></ul>c", "- a\n- b\n\nc"),
        ("<ol><li>a<ul><li>b</ul><li>c</ol>", "1. a\n  - b\n2. c"),
        ("<table><tr><td>1</td>\n<td>2</td></tr><tr><th></th><td>4</td></tr></table>", "1\t2\n4"),
        ('<a href="https://example.com/?a>b">link</a> here', "link here"),
        ("<a title='it\"s > this'>a</a> <a =\">b", "a b"),
        ("<p don't>can't</p>", "can't"),
        ("&lt;b&gt; &amp; &eacute;&#233;&#xE9; &euro; &nosuch; &", "<b> & ééé € &nosuch; &"),
        ("a&nbsp;&nbsp;b", "a  b"),
        ("<p>&nbsp;</p>a", "a"),
        ("&#0;&#11;&#xD800;&#xFFFE;a", "\ufffd\ufffda"),
        ("&#" + "9" * 5_000 + ";a", "\ufffda"),
        ("1 < 2 <3 > 2", "1 < 2 <3 > 2"),
        ("a<!-- <p>no</p> -->b<!DOCTYPE x>c<![CDATA[d]]>e<?php f ?>g", "abceg"),
        ("a<!-- never closed", "a"),
        ("a<b never closed", "a"),
        ("a<o:p>b</o:p>c", "abc"),
        ("<pre>  a\n\n    b</pre>c   d", "  a\n\n    b\n\nc d"),
        ("a\0b\x0bc", "abc"),
    ],
)
def test_html_is_read_as_a_mail_program_shows_it(html: str, text: str) -> None:
    assert html_to_text(html) == text


MARKUP = st.sampled_from(
    [
        *(
            "<p>",
            "</p>",
            "<ul>",
            "<li>",
            "</ul>",
            "<pre>",
            "<td>",
            "<br>",
            "<!--",
            "-->",
            "<script>",
        ),
        *(
            "<",
            ">",
            "&",
            "&#",
            "9",
            ";",
            '="',
            "='",
            '"',
            " ",
            "\n",
            "\xa0",
            "</",
            "x",
            "<a ",
            "\0",
        ),
    ]
)


@given(st.lists(MARKUP | st.text(max_size=3), max_size=60).map("".join))
def test_no_html_makes_it_raise(html: str) -> None:
    assert not re.search(
        "[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", html_to_text(html)
    )


@pytest.mark.parametrize(
    "piece",
    [
        *("<!--", "<!", "<a ", '<a ="', "<a ='", "<a =   ", "<", "</", "&", "&#", "&#9", "<p>"),
        *("<li>", "<ul>", "<pre>", "<script>", "<style", "<br>", " ", "\n", "<td>x</td>", "</td>"),
    ],
)
def test_the_work_is_in_proportion_to_the_html(piece: str) -> None:
    # Takes minutes if it takes more.
    assert len(html_to_text(piece * 100_000)) < 3_000_000


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("", ""),
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("one\r\ntwo\rthree\n\nfour", "one<br>\ntwo<br>\nthree<br>\n<br>\nfour"),
        ("  a   b", "&nbsp;&nbsp;a &nbsp; b"),
        ("a\tb", "a &nbsp; b"),
        ("a\0\ud800b", "ab"),
    ],
)
def test_text_is_shown_by_html_as_it_is(text: str, body: str) -> None:
    start, _, rest = text_to_html(text).partition("<body>")
    assert rest == f"{body}</body></html>"
    assert "charset=utf-8" in start


@given(st.text(st.sampled_from("ab <>&;\"'#=/\n-é😀"), max_size=80))
def test_text_made_into_html_is_the_same_text_again(text: str) -> None:
    lines = [line.rstrip() for line in text.split("\n")]
    assert html_to_text(text_to_html(text)) == "\n".join(lines).strip("\n")
