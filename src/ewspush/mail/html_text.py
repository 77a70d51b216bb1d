"""HTML bodies as plain text, and plain text as an HTML body.

The library's html.parser takes quadratic time for unclosed comments and tags; this reads each
character once, and needs of the markup little more than where it ends.
"""

import html
import re

from ewspush.mail.charsets import for_xml

_MARKUP = re.compile(r"<[/!?a-zA-Z]")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,63})")
_TAG_END = re.compile(r"=\s*+([\"'])|>")
_SPACES = re.compile(r"[ \t\n\r\f]+")
_TOO_MANY_DIGITS = re.compile(r"&#(?:[0-9]{9,}|[xX][0-9a-fA-F]{9,});?")

# A `head` may lack its end, so it is its parts that are not shown.
_HIDDEN = {"script", "style", "title", "template", "noembed", "noframes", "svg"}
_PARAGRAPHS = {
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "pre", "blockquote"),
    *("hr", "figure", "fieldset"),
}
_LINES = {
    *("div", "li", "tr", "dt", "dd", "address", "article", "aside", "body", "center", "caption"),
    *("footer", "form", "header", "legend", "main", "nav", "option", "section", "details"),
    *("summary", "figcaption", "thead", "tbody", "tfoot"),
}
_CELLS = {"td", "th"}
_DEEPEST_INDENT = 8


def html_to_text(html: str) -> str:
    """The text of an HTML document as a mail program would show it without its markup.

    Paragraphs are apart by an empty line, items of lists begin with "- " or their number, cells
    are apart by tabs. Takes any string, in linear time; the answer is in proportion to it.
    """
    return for_xml(_Reader(html).read())


def text_to_html(text: str) -> str:
    """An HTML document that shows `text`, its lines and its spaces, and nothing else."""
    lines = for_xml(text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    body = "<br>\n".join(_escaped(line) for line in lines)
    return (
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head>'
        f"<body>{body}</body></html>"
    )


def _escaped(line: str) -> str:
    text = html.escape(line.expandtabs(4), quote=False).replace("  ", " &nbsp;")
    return f"&nbsp;{text[1:]}" if text.startswith(" ") else text


class _Lines:
    """Lines of text, with white space collapsed as HTML does."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._line: list[str] = []
        self._beginning = ""  # of the line, should there be text in it
        self._is_space_due = False
        self._is_empty_line_due = False

    def add(self, text: str) -> None:
        """Text of the current line; outer white space makes one space at most."""
        collapsed = _SPACES.sub(" ", text)
        words = collapsed.strip(" ")
        is_apart = self._is_space_due or collapsed.startswith(" ")
        self._is_space_due = collapsed.endswith(" ") or (is_apart and not words)
        if words:
            if is_apart and self._line and not self._line[-1].endswith("\t"):
                self._line.append(" ")
            self._append(words)

    def add_as_is(self, text: str) -> None:
        """Text with its white space, lines too."""
        first, *others = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._append(first)
        for line in others:
            self.end_line()
            self._append(line)

    def _append(self, text: str) -> None:
        if self._beginning and text:
            self._line.append(self._beginning)
            self._beginning = ""
        self._line.append(text)

    def begin_item(self, beginning: str) -> None:
        """Put this before the text that comes next, if some does."""
        self._beginning = beginning

    def end_cell(self) -> None:
        """Have what follows in this line apart."""
        if self._line:
            self._line.append("\t")

    def begin_line(self) -> None:
        """End the current line, if there is anything in it."""
        if any(not each.isspace() for each in self._line if each):
            self.end_line()
        self._line.clear()
        self._is_space_due = False

    def begin_paragraph(self) -> None:
        """Have an empty line before what follows."""
        self.begin_line()
        self._is_empty_line_due = bool(self._done)

    def end_line(self) -> None:
        """End the current line, even if it is empty."""
        line = "".join(self._line).rstrip()
        if self._is_empty_line_due and line:
            self._done.append("")
        self._is_empty_line_due = False
        self._done.append(line)
        self._line.clear()
        self._is_space_due = False

    def text(self) -> str:
        """All of it."""
        self.begin_line()
        return "\n".join(self._done).strip("\n").replace("\xa0", " ")


class _Reader:
    def __init__(self, source: str) -> None:
        self._source = source
        self._lines = _Lines()
        self._preformatted = 0  # how many <pre> are open
        self._numbers: list[int | None] = []  # of each open list the next one, if it has numbers

    def read(self) -> str:
        position = 0
        while markup := _MARKUP.search(self._source, position):
            self._add(self._source[position : markup.start()])
            position = self._read_markup(markup.start())
        self._add(self._source[position:])
        return self._lines.text()

    def _add(self, source: str) -> None:
        if "&" in source:  # html.unescape() raises for a number that int() does not take
            source = html.unescape(_TOO_MANY_DIGITS.sub("\ufffd", source))
        if self._preformatted:
            self._lines.add_as_is(source)
        else:
            self._lines.add(source)

    def _read_markup(self, start: int) -> int:
        tag = _TAG.match(self._source, start)
        if tag is None:
            is_comment = self._source.startswith("<!--", start)
            return self._after("-->" if is_comment else ">", start + 2)
        end = self._end_of_tag(tag.end())
        name = tag[2].lower()
        if tag[1]:
            self._close(name)
        elif name in _HIDDEN:
            return self._end_of_hidden(name, end)
        else:
            self._open(name)
        return end

    def _after(self, end: str, start: int) -> int:
        found = self._source.find(end, start)
        return len(self._source) if found < 0 else found + len(end)

    def _end_of_tag(self, position: int) -> int:
        while found := _TAG_END.search(self._source, position):
            if found[0] == ">":
                return found.end()
            # A quotation mark without another one is none.
            position = self._source.find(found[1], found.end()) + 1 or found.end()
        return len(self._source)

    def _end_of_hidden(self, name: str, position: int) -> int:
        if self._source.startswith("/>", position - 2):
            return position
        end = re.compile(rf"</{name}\b", re.IGNORECASE).search(self._source, position)
        return self._end_of_tag(end.end()) if end else len(self._source)

    def _open(self, name: str) -> None:
        self._separate(name)
        if name == "br":
            self._lines.end_line()
        elif name == "ul":
            self._numbers.append(None)
        elif name == "ol":
            self._numbers.append(1)
        elif name == "li":
            self._begin_item()
        elif name == "pre":
            self._preformatted += 1

    def _close(self, name: str) -> None:
        if name in ("ul", "ol") and self._numbers:
            self._numbers.pop()
            self._lines.begin_item("")  # the last one was empty
        elif name == "pre":
            self._preformatted = max(self._preformatted - 1, 0)
        elif name in _CELLS:
            self._lines.end_cell()
        self._separate(name)

    def _separate(self, name: str) -> None:
        if name in _PARAGRAPHS and not self._numbers:
            self._lines.begin_paragraph()
        elif name in _PARAGRAPHS or name in _LINES:  # in a list, lines are not apart
            self._lines.begin_line()

    def _begin_item(self) -> None:
        number = self._numbers[-1] if self._numbers else None
        if number is not None:
            self._numbers[-1] = number + 1
        indent = "  " * min(max(len(self._numbers) - 1, 0), _DEEPEST_INDENT)
        self._lines.begin_item(f"{indent}- " if number is None else f"{indent}{number}. ")
