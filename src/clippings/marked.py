"""Marked dumps: something says where each article begins or ends.

A dump is cut at its marks. In each piece the lines above the body are told by their labels and by
their place; the body goes on until labelled lines and lines of the page are all that is left.
What a cover page claims, and the numbers that the articles bear, are held against what was found.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from clippings.articles import Article, Doubt, Span, Split, excerpt, squeeze, tile
from clippings.bodies import read_body
from clippings.dates import PrintedDate, find_date, is_date_line, parse_date
from clippings.errors import DateError
from clippings.heads import read_head
from clippings.layouts.layout import MarkedLayout, groups
from clippings.pieces import LINE, Elements, Piece, even_lines, find_elements, trim

if TYPE_CHECKING:
    from clippings.markup import Mark

_FULL = 25
"""What stands behind the last article is the foot of a page, unless it has more words."""


class _Chunk(NamedTuple):
    """A stretch between two marks.

    Attributes:
        start: Character offset.
        end: Character offset, exclusive.
        begins: The line that begins it, with its groups.
        ends: The line that ends it.
        is_broken: Whether the dump says that an article is missing there.
    """

    start: int
    end: int
    begins: re.Match[str] | None
    ends: re.Match[str] | None
    is_broken: bool = False


def read_marked(text: str, layout: MarkedLayout, marks: Sequence[Mark] = ()) -> Split:
    """Split the text of a dump whose articles are marked.

    Args:
        text: The whole text of a dump.
        layout: The form it has.
        marks: The elements of a page, where the dump is one.

    Returns:
        Articles in order, spans that tile `text` exactly, and doubts.
    """
    text = even_lines(text)
    articles: list[Article] = []
    pieces: list[Span] = []
    doubts: list[Doubt] = []
    numbers: list[tuple[int, int]] = []  # number that an article bears, and where
    claimed: Counter[int] = Counter()
    elements = find_elements(marks, layout)
    chunks = list(_chunks(text, layout, elements))
    for chunk in chunks:
        stretches = {
            **(groups(chunk.begins) if chunk.begins else {}),
            **(groups(chunk.ends) if chunk.ends else {}),
        }
        number, claim = (_to_number(text, stretches.get(name)) for name in ("number", "claimed"))
        if claim is not None:
            claimed[claim] += 1
        found = None if chunk.is_broken else _read_article(text, chunk, layout, elements)
        if found is None:
            start, end = trim(text, chunk.start, chunk.end)
            if start == end:
                continue
            pieces.append(Span(start, end, "unknown", None))
            said = excerpt(squeeze(text[start:end]))
            detail = f"expected an article, found {said}"
            doubts.append(Doubt("broken_article", start, detail))
            continue
        if number is not None:
            numbers.append((number, chunk.start))
        article, inside, article_doubts = found
        pieces += [
            Span(piece.start, piece.end, _KINDS.get(piece.part, piece.part), len(articles))
            for piece in inside
            if piece.start < piece.end
        ]
        articles.append(article)
        doubts += article_doubts
    outside = list(_outside(text, chunks, bool(articles)))
    pieces += outside
    doubts += [
        Doubt(
            "unplaced",
            span.start,
            f"expected an article, found {excerpt(squeeze(text[span.start : span.end]))}",
        )
        for span in outside
        if span.kind == "unknown" and chunks
    ]
    if not chunks and pieces:
        doubts.append(Doubt("no_article", pieces[0].start, "expected an article, found no mark"))
    pieces.sort()
    return Split(
        tuple(articles),
        tile(
            [span.start for span in pieces],
            [span.end for span in pieces],
            [span.kind for span in pieces],
            [span.article for span in pieces],
            len(text),
        ),
        tuple(doubts),
        claimed=claimed.most_common(1)[0][0] if claimed else None,
        numbers=tuple(numbers),
    )


_KINDS = {"length": "boilerplate"}
"""Parts that are spans of another name."""


# --- where articles stand ---------------------------------------------------------------------


def _chunks(text: str, layout: MarkedLayout, elements: Elements) -> Iterator[_Chunk]:
    """Cut a dump at its marks."""
    size = len(text)
    if elements.articles:
        yield from (_Chunk(start, end, None, None) for start, end in elements.articles)
        return
    begins = [
        match
        for match in (layout.begins.find(text, 0, size) if layout.begins else ())
        if _has_gap(text, match.start("line"), layout.gap)
    ]
    ends = list(layout.ends.find(text, 0, size)) if layout.ends else []
    broken = list(layout.broken.find(text, 0, size)) if layout.broken else []
    if not begins:
        position = 0
        for match in ends:
            yield _Chunk(position, match.end(), None, match)
            position = match.end()
        return
    starts = [match.start("line") for match in begins]
    for lost in broken:
        at = bisect_right(starts, lost.start("line")) - 1
        if at >= 0 and not text[begins[at].end() : lost.start("line")].strip():
            continue  # it stands where the article of that line should
        begins.insert(at + 1, lost)
        starts.insert(at + 1, lost.start("line"))
    lost_starts = {match.start("line") for match in broken}
    end_index = 0
    for match, start, stop in zip(begins, starts, [*starts[1:], size], strict=True):
        while end_index < len(ends) and ends[end_index].start() < start:
            end_index += 1
        ending = ends[end_index] if end_index < len(ends) else None
        if ending is not None and ending.start() >= stop:
            ending = None
        end = ending.end() if ending else stop
        rest = LINE.search(text, match.end(), end)
        is_broken = start in lost_starts
        if rest is not None:
            is_broken = is_broken or rest.start() in lost_starts
        elif "title" not in groups(match):  # a title alone is an article without a text
            is_broken = True
        yield _Chunk(start, end, match, ending, is_broken)


def _has_gap(text: str, start: int, gap: int) -> bool:
    """Tell whether at least so many blank lines stand above a line, or nothing at all."""
    if gap == 0:
        return True
    above = text[max(0, start - 40 - 4 * gap) : start]
    white = above[len(above.rstrip()) :]
    return white == text[:start] or white.count("\n") > gap


def _outside(text: str, chunks: Sequence[_Chunk], has_articles: bool) -> Iterator[Span]:
    """Give the stretches with words in them that lie before, between and behind the chunks."""
    position = 0
    for number, chunk in enumerate([*chunks, _Chunk(len(text), len(text), None, None)]):
        start, end = trim(text, position, chunk.start)
        if end > start:
            kind = "preamble" if number == 0 and has_articles else "unknown"
            if chunks and number == len(chunks) and len(text[start:end].split()) <= _FULL:
                kind = "boilerplate"  # "*STOP", the foot of a page
            yield Span(start, end, kind, None)
        position = chunk.end


# --- one article ------------------------------------------------------------------------------


def _read_article(
    text: str, chunk: _Chunk, layout: MarkedLayout, elements: Elements
) -> tuple[Article, list[Piece], list[Doubt]] | None:
    """Read one piece of a dump; None where nothing in it can be an article."""
    pieces: list[Piece] = []
    start, end = chunk.start, chunk.end
    if chunk.begins:
        pieces += _in_line(chunk.begins, layout.begin_part)
        start = chunk.begins.end()
    if chunk.ends:
        pieces += _in_line(chunk.ends, "id")
        end = chunk.ends.start("line")
    above, body = read_head(text, start, end, layout, elements)
    pieces += above
    doubts: list[Doubt] = []
    dated = _find_dateline(text, body, end, layout)
    if dated:
        pieces += dated.pieces
        body = dated.body
    body_blocks, tail = read_body(text, body, end, layout, elements)
    pieces += tail
    values: dict[str, list[Piece]] = {}
    for piece in sorted(pieces):
        values.setdefault(piece.part, []).append(piece)
    title = _value(text, values, "title")
    if not body_blocks and title is None:
        return None
    printed, date = _read_date(text, values.get("date", ()), layout, doubts)
    start, end = trim(text, chunk.start, chunk.end)
    article = Article(
        title=title,
        date=date,
        published_text=printed,
        byline=_value(text, values, "byline"),
        dateline=dated.printed if dated else _value(text, values, "dateline"),
        outlet=_value(text, values, "outlet"),
        topics=tuple(
            topic
            for piece in values.get("topics", ())
            for listed in text[piece.value : piece.end].split(layout.topic_separator)
            if (topic := squeeze(listed))
        ),
        body="\n\n".join(squeeze(text[first:last]) for first, last in body_blocks),
        start=start,
        end=end,
    )
    pieces += [Piece(first, last, "body", first) for first, last in body_blocks]
    return article, pieces, doubts


def _in_line(match: re.Match[str], part: str) -> Iterator[Piece]:
    """Give the parts within a line: its named groups, and between them what the line itself is."""
    position, end = match.span("line")
    inner = sorted(
        (*stretch, name)
        for name, stretch in groups(match).items()
        if name not in ("number", "claimed") and stretch[0] < stretch[1]
    )
    text = match.string
    for start, stop, name in [*inner, (end, end, "")]:
        first, last = trim(text, position, start)
        if last > first:
            yield Piece(first, last, part, first)
        if name:
            yield Piece(start, stop, name, start)
            position = stop


def _value(text: str, values: dict[str, list[Piece]], part: str) -> str | None:
    """Give the text of the first stretch of a part that holds any."""
    for piece in values.get(part, ()):
        if value := squeeze(text[piece.value : piece.end]):
            return value
    return None


def _read_date(
    text: str, pieces: Iterable[Piece], layout: MarkedLayout, doubts: list[Doubt]
) -> tuple[str | None, PrintedDate | None]:
    """Read the first date that is printed; one that cannot be read is kept as it is printed."""
    first: tuple[str, int, str] | None = None
    for piece in pieces:
        printed = squeeze(text[piece.value : piece.end])
        stretch = None
        if not is_date_line(printed, layout.dates):
            stretch = find_date(printed, layout.dates)
        if stretch:
            printed = printed[stretch.start : stretch.end]
        try:
            where = f"character {piece.value}"
            return printed, parse_date(printed, where=where, rules=layout.dates)
        except DateError as error:
            if any(char.isdigit() for char in printed):
                first = first or (printed, piece.value, str(error))
    if first is None:
        return None, None
    printed, start, detail = first
    doubts.append(Doubt("bad_date", start, detail))
    return printed, None


class _Dateline(NamedTuple):
    """The opening of a body that says where and when it was written."""

    printed: str
    pieces: list[Piece]
    body: int


def _find_dateline(text: str, start: int, end: int, layout: MarkedLayout) -> _Dateline | None:
    if layout.dateline is None:
        return None
    line = LINE.search(text, start, end)
    match = layout.dateline.match(text, line.start(), end) if line else None
    if match is None:
        return None
    found = groups(match)
    first, last = found.get("dateline", match.span())
    first, last = trim(text, first, last)
    pieces = []
    position = first
    if date := found.get("date"):
        start, stop = trim(text, *date)
        if start > position:
            pieces.append(Piece(*trim(text, position, start), "dateline", position))
        pieces.append(Piece(start, stop, "date", start))
        position = stop
    rest = trim(text, position, last)
    if rest[1] > rest[0]:
        pieces.append(Piece(*rest, "dateline", rest[0]))
    return _Dateline(squeeze(text[first:last]), pieces, match.end())


def _to_number(text: str, stretch: tuple[int, int] | None) -> int | None:
    if stretch is None:
        return None
    digits = re.sub(r"\D", "", text[slice(*stretch)])
    return int(digits) if 0 < len(digits) <= 9 else None
