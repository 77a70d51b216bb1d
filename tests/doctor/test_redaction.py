"""What is shown of URLs and answers has no value of the push URL's query in it."""

import pytest

from ewspush.doctor.redaction import Redaction, one_line, shown

URL = "https://app.example.com/push?key=s3cret&mail=a%40b.example&bare;x=<y>"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://h/p", "http://h/p"),
        ("http://h:81/p?", "http://h:81/p"),
        ("http://h/p?key=s3cret", "http://h/p?key=..."),
        ("http://h/p?key=a=b&b=", "http://h/p?key=...&b=..."),
        ("http://h/p?s3cret", "http://h/p?=..."),
        ("http://user:s3cret@h/p#s3cret", "http://h/p"),
        ("http://[::1]:81/", "http://[::1]:81/"),
        ("http://[/", "a URL that cannot be read"),
        ("http://h/" + "x" * 400, "http://h/" + "x" * 291 + "..."),
    ],
)
def test_a_url_is_shown_with_the_names_of_its_query_alone(url, told):
    assert shown(url) == told


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"key is s3cret!", "key is ...!"),
        (b"for a@b.example, a%40b.example", "for ..., ..."),
        (b"bare is gone", "... is gone"),
        (b"<y> &lt;y&gt; %3Cy%3E", "... ... ..."),
        (b" two\r\n  lines\x1b[2J ", "two lines?[2J"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"x" * 1000, "x" * 160 + "..."),
        (b"x" * 157 + b"s3cret", "x" * 157 + "..."),  # hidden before it is cut
        (b"", ""),
    ],
)
def test_an_excerpt_of_an_answer_is_a_short_line_without_secrets(body, told):
    assert Redaction(URL).excerpt(body) == told


def test_a_redirect_does_not_repeat_a_secret_in_its_path_or_query():
    told = Redaction(URL).url("https://login.example/s3cret?next=s3cret")
    assert told == "https://login.example/...?next=..."


def test_without_a_query_nothing_is_hidden():
    assert Redaction("http://h/p?").hide("a b c") == "a b c"


def test_a_line_is_one_line():
    assert one_line(" a\n\tb\x00 ", 10) == "a b?"
