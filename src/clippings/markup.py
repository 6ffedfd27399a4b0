"""HTML -> the text that a reader sees, with the place in the source of every character of it.

`html.parser` is not used: it takes quadratic time on broken pages, and what it makes of them
differs from one patch release of Python to the next.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from clippings.errors import LayoutError

_WHITE = " \t\n\f\r"
_AS_SPACE = str.maketrans("\t\n\f\r", "    ")

_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav "
    "ol option p pre section select summary table tbody tfoot thead tr ul".split()
)
_CELLS = ("td", "th")
_TABLE_PARTS = frozenset("caption table tbody td tfoot th thead tr".split())
_VOID = frozenset(
    "area base br col embed frame hr img input link meta param source track wbr".split()
)
_UNSEEN = ("script", "style", "template", "title")
"""Elements whose text no page shows."""
_MARKED = frozenset("article h1 h2 h3 h4 h5 h6 time".split())
"""Elements that are marked even without an id or a class."""
# What an opening tag ends, and which elements keep it from ending what stands around them.
_ENDS = {
    "dd": (("dd", "dt"), ("dl",)),
    "dt": (("dd", "dt"), ("dl",)),
    "li": (("li",), ("ol", "ul")),
    "option": (("option",), ("select",)),
    "td": (_CELLS, ("table",)),
    "th": (_CELLS, ("table",)),
    "tr": (("tr",), ("table",)),
}

# "<a", "</a", "<!doctype html": what makes a "<" more than a sign.
_MARKUP = re.compile(r"<(?:/?([A-Za-z][^\s/<>]*+)|[!?/])")
# In `<a title="x > y">` the quoted value, up to its first quote, and the ">" that ends the tag.
_STOP = re.compile(r"""[<>]|=\s*+(["'])""")
# `class="frHeadline"`, `id=hd`, `hidden`.
_ATTRIBUTE = re.compile(
    r"""([^\s/=<>"'][^\s/=<>]*+)(?:\s*+=\s*+(?:"([^"]*)"|'([^']*)'|([^\s>]*+)))?+"""
)
# "&nbsp;", "&#8217;", "&#x2019;", "&copy" with its ";" left out.
_REFERENCE = re.compile(r"&(?:#[0-9]{1,8};?|#[xX][0-9A-Fa-f]{1,8};?|[A-Za-z][A-Za-z0-9]{1,31};?)")
_UNSEEN_END = {name: re.compile(f"</{name}(?=[\\s/>])", re.I | re.A) for name in _UNSEEN}
# "<?xml version='1.0'?>", "<!-- saved from url=(0014)about:internet -->".
_LEAD = re.compile(r"(?:[\ufeff\s]++|<!--(?s:.*?)-->|<\?[^>]*+>)*+")
# "<!DOCTYPE html", "<html xmlns=", "<head>", "<body".
_PAGE = re.compile(r"<(?:!doctype\s++html|html|head|body)(?=[\s>])", re.I | re.A)
# "<div", "<table": a saved piece of a page begins so ...
_PIECE = re.compile(
    r"<(?:meta|link|title|style|script|base|article|section|main|header|nav|div|p|table|ul|ol|h[1-6]"
    r"|span|center|font|blockquote|form)(?=[\s/>])",
    re.I | re.A,
)
# ... and holds tags that end such elements.
_PIECE_END = re.compile(
    r"</(?:title|style|script|article|section|main|header|nav|div|p|table|td|tr|ul|ol|li|h[1-6]|a|b|i"
    r"|em|strong|span|center|font|blockquote|form)\s*+>",
    re.I | re.A,
)
# `<meta charset="utf-8">`, `<meta ... content="text/html; charset=iso-8859-1">`.
_CHARSET = re.compile(r"""<meta\s[^>]{0,500}?charset\s?=\s?["']?([\w.:-]{1,40})""", re.I | re.A)
# "div.article", ".frHeadline", "#hd", "h1".
_SELECTOR = re.compile(r"([A-Za-z][\w:-]*+)?((?:[.#][^\s.#]++)*+)")
_SELECTOR_PART = re.compile(r"([.#])([^.#]+)")


def is_selector(text: str) -> bool:
    """Tell whether a text can be given to `Mark.fits`.

    >>> is_selector("div.article"), is_selector("div > p")
    (True, False)
    """
    return bool(text) and _SELECTOR.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Mark:
    """Where an element of a page stands in its text.

    Attributes:
        tag: Its name in small letters.
        id: Its id, else None.
        classes: Its classes, in their order.
        start: First character of its text, in code points of the rendered text.
        end: Behind the last one; line ends of the paragraphs inside are part of it.
    """

    tag: str
    id: str | None
    classes: tuple[str, ...]
    start: int
    end: int

    def fits(self, selector: str) -> bool:
        """Say whether a selector means this element.

        Args:
            selector: A tag, an id, classes, or these together; white space has no meaning.

        Returns:
            Whether tag, id and every class agree; capital letters of a tag do not count.

        Raises:
            LayoutError: The selector is none of this form.

        >>> Mark("div", None, ("article", "enArticle"), 0, 9).fits("div.article")
        True
        """
        parsed = _SELECTOR.fullmatch(selector)
        if not selector or not parsed:
            raise LayoutError(
                f'expected a selector such as "article", ".frHeadline", "#hd" or "div.article", '
                f'found "{selector}"'
            )
        parts = _SELECTOR_PART.findall(parsed[2])
        return (parsed[1] is None or parsed[1].lower() == self.tag) and all(
            name in self.classes if sign == "." else name == self.id for sign, name in parts
        )


@dataclass(frozen=True, slots=True)
class Places:
    """Where each character of a rendered text begins in its source.

    Attributes:
        chars: Offsets into the text; between two of them each character is one of the source.
        sources: The offsets into the source that belong to them. The last pair is the two ends.
    """

    chars: array[int]
    sources: array[int]

    def source_offset(self, char: int) -> int:
        """Give the place of a character.

        Args:
            char: Offset into the text; its end is allowed.

        Returns:
            The offset into the source.
        """
        index = bisect_right(self.chars, char) - 1
        return self.sources[index] + char - self.chars[index]

    def char_offset(self, source: int) -> int:
        """Give the character that a place belongs to; the inverse of `source_offset`.

        Args:
            source: Offset into the source; its end is allowed.

        Returns:
            The offset into the text, in code points.
        """
        index = bisect_right(self.sources, source) - 1
        char = self.chars[index] + source - self.sources[index]
        return min(char, self.chars[index + 1] - 1) if index + 1 < len(self.chars) else char


class Rendering:
    """A text made from a source, piece by piece, that remembers what made each piece.

    A piece of `n` characters has a stretch of at least `n` characters of the source to itself: of
    exactly `n` where it was copied. What lies between two stretches is not rendered.
    """

    def __init__(self) -> None:
        self.length = 0
        self.line_ends = 0
        """How many line ends the text ends in."""
        self._texts: list[str] = []
        self._at = array("q")
        self._start = array("q")
        self._stop = array("q")

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._texts)

    @property
    def start(self) -> int:
        """Where in the source the first piece begins."""
        return self._start[0] if self._start else 0

    @property
    def stop(self) -> int:
        """Where in the source the last piece ends."""
        return self._stop[-1] if self._stop else 0

    def write(self, text: str, start: int, stop: int | None = None) -> None:
        """Add a piece.

        Args:
            text: What the reader sees; nothing is added where it is empty.
            start: Where it comes from in the source, behind the piece before.
            stop: Where that ends; None for a copy, which is as long as the text.
        """
        if not text:
            return
        copied = start + len(text)
        stop = copied if stop is None else stop
        ends = len(text) - len(text.rstrip("\r\n"))
        line_ends = text.count("\n", len(text) - ends) if ends else 0
        self.line_ends = line_ends + (self.line_ends if ends == len(text) else 0)
        is_more = (
            stop == copied
            and self._at
            and self._stop[-1] == start
            and start - self._start[-1] == self.length - self._at[-1]
        )
        if is_more:
            self._stop[-1] = stop
        else:
            self._at.append(self.length)
            self._start.append(start)
            self._stop.append(stop)
        self._texts.append(text)
        self.length += len(text)

    def break_lines(self, count: int, start: int, stop: int) -> None:
        """End the line, and add empty ones until the text ends in `count` line ends.

        Args:
            count: How many.
            start: What of the source makes them.
            stop: Where that ends; there are no more line ends than it has characters.
        """
        self.write("\n" * min(count - self.line_ends, stop - start), start, stop)

    def append(self, other: Rendering) -> None:
        """Add all pieces of a rendering of a later part of the same source."""
        text = other.text
        for at, end, start, stop in other._pieces():
            self.write(text[at:end], start, stop)

    def through(self, below: Rendering) -> Rendering:
        """Trace this text, made from the text of another rendering, to the source of that one."""
        text, made, index = self.text, Rendering(), 0
        bounds = below._ends()
        for at, end, start, stop in self._pieces():
            if stop - start > end - at:
                made.write(text[at:end], below._begin(start), below._finish(stop - 1))
                continue
            while start < stop:
                while bounds[index] <= start:
                    index += 1
                until = min(stop, bounds[index])
                source = below._start[index] + start - below._at[index]
                whole = until == bounds[index]
                source_stop = below._stop[index] if whole else source + until - start
                made.write(text[at : at + until - start], source, source_stop)
                at, start = at + until - start, until
        return made

    def places(self, source_length: int) -> Places:
        """Settle where each character begins, so that spans of the text tile the source.

        What is not rendered between two characters goes to the one of them that is white space,
        else to the one that is no letter: the stretch of a word holds nothing but the word.

        Args:
            source_length: Length of the source.

        Returns:
            The places.
        """
        chars, sources, text = array("q", [0]), array("q", [0]), self.text

        def place(char: int, source: int) -> None:
            if source - sources[-1] != char - chars[-1]:
                chars.append(char)
                sources.append(source)

        before = 0
        for at, end, start, stop in self._pieces():
            if at and (text[at - 1].isspace() or text[at].isalnum()):
                place(at, start)
            elif at:
                place(at, before)
            if end - at > 1:
                place(at + 1, start + 1)
            before = stop
        if chars[-1] != self.length:
            chars.append(self.length)
            sources.append(source_length)
        return Places(chars, sources)

    def _pieces(self) -> Iterator[tuple[int, int, int, int]]:
        """List the pieces: start and end in the text, start and end in the source."""
        return zip(self._at, self._ends(), self._start, self._stop, strict=True)

    def _ends(self) -> array[int]:
        """List where each piece ends in the text."""
        return array("q", [*self._at[1:], self.length] if self._at else [])

    def _begin(self, char: int) -> int:
        index = bisect_right(self._at, char) - 1
        return self._start[index] + char - self._at[index]

    def _finish(self, char: int) -> int:
        index = bisect_right(self._at, char) - 1
        is_last = char + 1 == (self._at[index + 1] if index + 1 < len(self._at) else self.length)
        return self._stop[index] if is_last else self._start[index] + char + 1 - self._at[index]


def is_html(head: str) -> bool:
    """Say whether a text is an HTML page, or a piece of one.

    Args:
        head: Its beginning; some thousand characters are enough.

    Returns:
        Whether it opens with a doctype of HTML or a tag that opens a page, or with another tag of
        HTML where end tags follow. White space, comments and an XML declaration may stand before.

    >>> is_html("<!-- saved --> <HTML><BODY>"), is_html("<DOC><DOCNO> 1 </DOCNO>")
    (True, False)
    """
    lead = _LEAD.match(head)
    at = lead.end() if lead else 0
    if _PAGE.match(head, at):
        return True
    ends = _PIECE_END.finditer(head, at)
    return bool(_PIECE.match(head, at) and next(ends, None) and next(ends, None))


def find_charset(head: str) -> str | None:
    """Find the charset that a page says it is in.

    Args:
        head: The beginning of the page, its bytes read as Latin-1.

    Returns:
        Its name in a `<meta>` tag as printed; None where there is none.

    >>> find_charset('<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">')
    'koi8-r'
    """
    charset = _CHARSET.search(head)
    return charset[1] if charset else None


def render(source: str) -> tuple[Rendering, tuple[Mark, ...]]:
    r"""Render a page as text.

    Paragraphs and other blocks are set apart by an empty line, `<br>` ends a line, a tab stands
    between the cells of a row. Line ends of the source are spaces, except in `<pre>`. Scripts,
    styles, titles and comments are not rendered. Time grows in line with the length.

    Args:
        source: A page or a piece of one; broken markup is read for what text is in it.

    Returns:
        The text with the place of each character, which begins and ends in a line end where markup
        does; and its elements that have an id, a class or a meaning, in order of their start.

    >>> render("<p>Fire &amp; sword</p><p>by A")[0].text
    '\n\nFire & sword\n\nby A'
    """
    page = _Page(source)
    for start, end, name, is_end in _find_markup(source):
        page.read_text(start)
        page.read_markup(start, end, name, is_end)
    page.close()
    return page.rendering, tuple(
        Mark(tag, name, classes, start, end) for tag, name, classes, start, end in page.marks
    )


def _find_markup(source: str) -> Iterator[tuple[int, int, str, bool]]:
    """List tags, comments and what is never shown: start, end, name of the tag, whether it ends.

    A "<" that begins nothing of the kind is text. The name is empty for comments.
    """
    at = quotes_from = 0
    open_ended: set[str] = set()  # what has no end in the rest of the source
    while markup := _MARKUP.search(source, at):
        start = markup.start()
        if source.startswith("<!--", start):
            end = -1 if "comment" in open_ended else source.find("-->", start + 2)
            if end < 0:
                # The text behind a comment without an end is shown, or a whole file may be lost.
                open_ended.add("comment")
            at = end + 3 if end >= 0 else start + 4
            yield start, at, "", False
            continue
        end, is_closed = _find_end(source, markup.end(), start >= quotes_from)
        if not is_closed:
            # Quotes up to here led nowhere; they must not be followed a second time.
            quotes_from = max(quotes_from, end)
            end, is_closed = _find_end(source, markup.end(), False)
        if not is_closed:
            at = end
            continue
        name, is_end = (markup[1] or "").lower(), source[start + 1] == "/"
        at = end + 1
        yield start, at, name, is_end
        if name in _UNSEEN_END and not is_end and source[end - 1] != "/":
            found = None if name in open_ended else _UNSEEN_END[name].search(source, at)
            if found:
                yield at, found.start(), "", False
                at = found.start()
            elif name in ("script", "style"):
                yield at, len(source), "", False
                return
            open_ended.update(() if found else (name,))


def _find_end(source: str, at: int, is_quoting: bool) -> tuple[int, bool]:
    """Find the ">" of a tag: its offset and True, or that of what comes first instead and False."""
    while stop := _STOP.search(source, at):
        at = stop.end()
        quote = stop[1]
        if not quote:
            return stop.start(), stop.group() == ">"
        end = source.find(quote, at) if is_quoting else -1
        # A quote that is never closed runs into the next value: `<a href="x>text<a href="y">`.
        if end >= 0 and source[end + 1 : end + 2] in (*_WHITE, "/", ">"):
            at = end + 1
    return len(source), False


class _Page:
    """The state of rendering one page."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.rendering = Rendering()
        self.marks: list[tuple[str, str | None, tuple[str, ...], int, int]] = []
        self._at = 0
        self._is_white_skipped = False
        self._stack: list[tuple[str, int | None]] = []  # open elements: tag, index of its mark
        self._open: dict[str, list[int]] = {}  # tag -> where it stands in the stack
        self._blocks: list[int] = []  # where blocks and cells stand in the stack

    def read_text(self, end: int) -> None:
        """Render the text from where the last markup ended."""
        at = self._at
        for reference in _REFERENCE.finditer(self.source, at, end):
            made = unescape(reference.group())
            if made == reference.group():
                continue
            self._copy(at, reference.start())
            # "&copy2018" is a sign and a year; only the sign is made from what stands there.
            at = reference.end()
            if self.source.endswith(made[1:], reference.start() + 1, at):
                at -= len(made[1:])
                made = made[:1]
            if made.strip(_WHITE) or self._is_pre or not self._is_white_skipped:
                made = made if self._is_pre else made.translate(_AS_SPACE)
                self.rendering.write(made, reference.start(), at)
                self._is_white_skipped = False
        self._copy(at, end)
        self._at = end

    def read_markup(self, start: int, end: int, name: str, is_end: bool) -> None:
        """Render what a tag means: line ends, tabs, marks."""
        self._at = end
        if is_end:
            self._close(name)
        elif name:
            self._close_ended(name)
        line_ends = 2 if name in _BLOCKS else 0
        if not self.rendering.length:
            # The markup before the first word is a character too, so that the word is only itself.
            line_ends = max(1, line_ends)
        if name == "br":
            line_ends = self.rendering.line_ends + 1
        if line_ends:
            self.rendering.break_lines(line_ends, start, end)
        elif name in _CELLS and not is_end and not self.rendering.line_ends:
            self.rendering.write("\t", start, end)
        self._is_white_skipped |= line_ends > 0 or name in _CELLS
        if name and not is_end:
            self._begin(start, end, name)

    def close(self) -> None:
        """Render what is left, and end all elements."""
        self.read_text(len(self.source))
        self._close_from(0)
        rendering, length = self.rendering, len(self.source)
        if rendering.stop < length and not rendering.text[-1:].isspace():
            rendering.write("\n", rendering.stop, length)

    @property
    def _is_pre(self) -> bool:
        return self._last("pre") >= 0

    def _copy(self, start: int, end: int) -> None:
        text = self.source[start:end]
        if not self._is_pre:
            if self._is_white_skipped:
                text = text.lstrip(_WHITE)
                start = end - len(text)
            text = text.translate(_AS_SPACE)
        self.rendering.write(text, start)
        self._is_white_skipped &= not text

    def _last(self, *tags: str) -> int:
        """Where the innermost open element of these tags stands in the stack; -1 for none."""
        return max(self._open[tag][-1] if self._open.get(tag) else -1 for tag in tags)

    def _begin(self, start: int, end: int, tag: str) -> None:
        values = {
            name.lower(): unescape(double or single or bare)
            for name, double, single, bare in reversed(
                _ATTRIBUTE.findall(self.source, start + 1 + len(tag), end - 1)
            )
        }
        classes = tuple(values.get("class", "").split())
        mark = None
        if tag in _MARKED or classes or values.get("id"):
            mark = len(self.marks)
            at = self.rendering.length
            self.marks.append((tag, values.get("id") or None, classes, at, at))
        if tag not in _VOID and not self.source.startswith("/>", end - 2):
            self._open.setdefault(tag, []).append(len(self._stack))
            if tag in _BLOCKS or tag in _CELLS:
                self._blocks.append(len(self._stack))
            self._stack.append((tag, mark))

    def _close_ended(self, tag: str) -> None:
        """End the elements that an opening tag ends: a paragraph, the list item before."""
        if tag in _BLOCKS and self._last("p") >= 0:
            self._close_from(self._last("p"))
        if tag in _ENDS:
            ended, keepers = _ENDS[tag]
            if self._last(*ended) > self._last(*keepers):
                self._close_from(self._last(*ended))

    def _close(self, tag: str) -> None:
        """End an element and those inside it, unless its end tag stands in the wrong place."""
        if tag in _TABLE_PARTS:
            keeper = -1 if tag == "table" else self._last("table")
        elif tag in _BLOCKS:
            keeper = self._last(*_CELLS)
        else:
            keeper = self._blocks[-1] if self._blocks else -1
        if self._last(tag) > keeper:
            self._close_from(self._last(tag))

    def _close_from(self, index: int) -> None:
        while len(self._stack) > index:
            tag, mark = self._stack.pop()
            self._open[tag].pop()
            if self._blocks and self._blocks[-1] == len(self._stack):
                self._blocks.pop()
            if mark is not None:
                self.marks[mark] = (*self.marks[mark][:4], self.rendering.length)
