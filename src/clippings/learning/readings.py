"""The marks of a dump -> ways to read it: where articles begin, and what is usual in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, takewhile
from statistics import median_low

from clippings.dates import DateRules
from clippings.learning.date_lines import write_date_line, write_dateline
from clippings.learning.days import cut_date
from clippings.learning.expressions import widen, write_literal, write_template
from clippings.learning.kinds import FEWEST, LABEL, RIGHTS, URL, Line, is_rule, value_of
from clippings.learning.marks import climb, find_marks
from clippings.learning.parts import part_of_label, part_of_words
from clippings.learning.patterns import write_label_words, write_line, write_rule, write_tag
from clippings.learning.shapes import HEAD, SOMETIMES, USUAL, Item, cut_head, find_items

_MOST_PAGE_LINES = 40
"""No more lines of the page are named, those of most articles first: a dump may hold all twice."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a dump.

    Attributes:
        mark: The kind of line that recurs.
        starts: Numbers of the lines with which articles begin.
        rule: The line between two articles, where there is one that tells nothing of them.
        items: The lines of the head in order, that line apart.
        top: Character offset of the article above the first such line; None where none is there.
        is_tight: Whether the texts mostly stand right below the last label of their heads.
        labels: Words of labels by part.
        page_lines: Patterns of the lines of the page.
        ends: Pattern of the line with which articles end; None where none has a part in it.
        dateline: Pattern of the opening of a body; None where there is none.
        topic_separator: What stands between two topics.
        gaps: Blank lines above nearly all first lines, above all where they are of a kind of their
            own; and above most of them.
    """

    mark: str
    starts: tuple[int, ...]
    rule: Item | None
    items: tuple[Item, ...]
    top: int | None
    is_tight: bool
    labels: Mapping[str, tuple[str, ...]]
    page_lines: tuple[str, ...]
    ends: str | None
    dateline: str | None
    topic_separator: str
    gaps: tuple[int, int]


def read_marks(lines: Sequence[Line], rules: DateRules) -> Iterator[Reading]:
    """Read a dump by each of its marks."""
    for mark, positions in find_marks(lines):
        for above in climb(lines, positions, mark):
            starts = sorted({max(at - above, 0) for at in positions})
            reading = _read(lines, mark, starts, rules) if len(starts) >= FEWEST else None
            if reading:
                yield reading


def _read(
    lines: Sequence[Line], mark: str, starts: Sequence[int], rules: DateRules
) -> Reading | None:
    """Lay the articles over each other that a mark cuts, and read their heads and ends."""
    chunks = [lines[at:end] for at, end in pairwise([*starts, len(lines)])]
    first, count = Counter(lines[at].kind for at in starts).most_common(1)[0]
    has_rule = count >= 0.7 * len(starts) and is_rule(first)
    heads = [cut_head(chunk[has_rule and chunk[0].kind == first :]) for chunk in chunks]
    is_top = has_rule and (
        _is_article(lines[: starts[0]], heads)
        if starts[0]
        else lines[0].kind != first and _is_article(lines[: starts[1]], heads[1:])
    )
    top = None
    if is_top:
        above = heads[0] if starts[0] == 0 else cut_head(lines[: starts[0]])
        usual = median_low(map(len, heads))
        cover = len(above) - usual if len(above) > usual > 0 else 0  # "Daily press review"
        top = lines[cover].start
        heads[: starts[0] == 0] = [above[cover:]]
    items = find_items(heads, rules)
    rule = None
    if has_rule:
        found = [lines[at] for at in starts if lines[at].kind == first]
        pattern = write_line(first, found, "boilerplate", rules)
        rule = Item(first, len(found) / len(starts), 0, pattern)
    all_items = [rule, *items] if rule else items
    gaps = sorted(lines[at].gap for at in starts if at > 0)
    gap = gaps[int(0.02 * len(gaps))] if gaps else 0
    own = first == items[0].kind and first not in ("free", "date") if items else False
    if not any(item.is_anchor for item in all_items) and (gap < 2 or not items):
        return None
    return Reading(
        mark=mark,
        starts=tuple(starts),
        rule=rule,
        items=tuple(items),
        top=top,
        is_tight=_is_tight(lines, heads),
        labels=_find_labels(chunks, items, rules),
        page_lines=tuple(islice(_find_page_lines(chunks, all_items), _MOST_PAGE_LINES)),
        ends=_write_end(chunks, all_items, gap, rules),
        dateline=_write_dateline(heads, rules),
        topic_separator=_find_topic_separator(chunks),
        gaps=(gaps[0] if own and gaps else gap, gaps[int(0.15 * len(gaps))] if gaps else 0),
    )


def _is_article(lines: Sequence[Line], heads: Sequence[Sequence[Line]]) -> bool:
    """Tell whether what stands above the first mark looks like an article: a head and text.

    A cover has none of the dates, labels and other lines that tell most heads.
    """
    kinds = Counter(kind for head in heads for kind in {line.kind for line in head})
    usual = {
        kind
        for kind, count in kinds.items()
        if count >= 0.7 * len(heads) and kind not in ("free", "dateline")
    }
    return (
        len(lines) >= 2
        and lines[0].kind != "para"
        and any(line.kind in ("para", "dateline") for line in lines[1:])
        and (not usual or any(line.kind in usual for line in lines))
    )


def _is_tight(lines: Sequence[Line], heads: Sequence[Sequence[Line]]) -> bool:
    last = {head[-1].end for head in heads if head and head[-1].kind.startswith("label:")}
    below = [line for above, line in pairwise(lines) if above.end in last and line.kind == "para"]
    return 2 * sum(line.gap == 0 for line in below) > len(heads)


def _find_labels(
    chunks: Sequence[Sequence[Line]], items: Sequence[Item], rules: DateRules
) -> dict[str, tuple[str, ...]]:
    """Find the labels that articles have once each, above their text or below it."""
    lines: dict[str, list[Line]] = {}
    for chunk in chunks:
        ends = [*chunk[:HEAD], *chunk[max(HEAD, len(chunk) - 8) :]]
        firsts = {line.kind: line for line in reversed(ends) if line.kind.startswith("label:")}
        for kind, line in sorted(firsts.items()):
            lines.setdefault(kind, []).append(line)
    found: dict[str, list[str]] = {}
    titles = {item.kind for item in items if "(?P<title>" in item.pattern}
    for kind, firsts_of_kind in lines.items():
        if len(firsts_of_kind) < max(SOMETIMES * len(chunks), FEWEST - 1):
            continue
        part = part_of_label(kind, firsts_of_kind, rules)
        if part == "title" and titles and kind not in titles:  # "Subject: ferries; courts"
            part = "topics" if kind == "label:subject" else "boilerplate"
        match = LABEL.match(firsts_of_kind[0].text)
        words = write_template(kind.partition(":")[2])
        if match is None or match["at"]:  # without a value it is a line of the page
            words = rf"(?i:{words})[ \t]{{1,9}}"
        elif match["words"] is None or "*" in match[0] or match["sign"].strip()[:1] in ("=", "."):
            words = write_label_words(kind.partition(":")[2], firsts_of_kind[0].text)
        found.setdefault(part, []).append(words)
    if opening := _find_opening(chunks):
        words, part = opening
        found.setdefault(part, []).append(rf"{write_literal(words)}[ \t]{{1,9}}")
    return {part: tuple(words) for part, words in found.items()}


def _find_opening(chunks: Sequence[Sequence[Line]]) -> tuple[str, str] | None:
    """Find the words with which the last lines of most texts open, and the part behind them.

    "Read more at The Times", "Filed under ferries, courts"
    """
    last = [
        next((line.text.split() for line in chunk[:0:-1] if not line.kind.startswith("rule:")), [])
        for chunk in chunks
        if chunk[-1].kind.startswith(("free", "same:", "rule:"))
    ]
    openings = Counter(tuple(words[:2]) for words in last if len(words) > 2)
    usual, count = openings.most_common(1)[0] if openings else ((), 0)
    if count < max(USUAL * len(chunks), FEWEST):
        return None
    alike = [words for words in last if tuple(words[:2]) == usual]
    opening = _find_common(alike)
    values = [" ".join(words[len(opening) :]) for words in alike]
    if not all(values):
        return None
    words = " ".join(opening)
    if len(set(values)) <= 0.45 * len(values):
        return words, "outlet"
    if _find_common([line[::-1] for line in alike]):  # "... | Leave a comment"
        return words, "boilerplate"
    return words, part_of_words(words.lower()) or "boilerplate"


def _find_common(rows: Sequence[Sequence[str]]) -> list[str]:
    """Give the words with which all rows begin."""
    beside = takewhile(lambda words: len(set(words)) == 1, zip(*rows, strict=False))
    return [words[0] for words in beside]


_PAGE_KINDS = ("same:", "rule:", "tag:", "rights", "url")


def _find_page_lines(chunks: Sequence[Sequence[Line]], items: Sequence[Item]) -> Iterator[str]:
    """Find the lines of the page: the same words in many articles, mostly at one end."""
    counts: Counter[str] = Counter()
    lines: dict[str, list[Line]] = {}
    heads = Counter(line.kind for chunk in chunks for line in cut_head(chunk))
    for chunk in chunks:
        paged = [line for line in chunk if line.kind.startswith(_PAGE_KINDS)]
        counts.update(sorted({line.kind for line in paged}))
        for line in paged:
            lines.setdefault(line.kind, []).append(line)
    known = {item.kind: "(?P<" in item.pattern for item in items}
    for kind, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        if count < max(SOMETIMES * len(chunks), FEWEST - 1) or known.get(kind):
            continue
        if kind not in known and heads[kind] > 0.5 * len(lines[kind]):
            continue  # "The Evening Post", one of few outlets
        name, _, words = kind.partition(":")
        if name == "same":
            yield widen(write_template(words), (line.text for line in lines[kind]))
        elif name == "rule":
            yield write_rule([line.text for line in lines[kind]])
        elif name in ("rights", "url"):
            yield {"rights": RIGHTS, "url": URL}[name].pattern
        elif not any(map(value_of, lines[kind])):
            yield write_tag(words, lines[kind], "")


def _write_end(
    chunks: Sequence[Sequence[Line]], items: Sequence[Item], gap: int, rules: DateRules
) -> str | None:
    """Write the pattern of a last line with the date, where most articles have it there."""
    if any("(?P<date>" in item.pattern for item in items):
        return None
    found = []
    for chunk in chunks:
        for line in chunk[:0:-1][:4]:
            is_dated = line.kind == "date" or (
                line.kind.startswith("label:") and cut_date(value_of(line), rules) is not None
            )
            if is_dated:
                found.append(line)
            if is_dated or line.kind in ("para", "dateline"):
                break
    kind, count = Counter(line.kind for line in found).most_common(1)[0] if found else ("", 0)
    if count < max(FEWEST, USUAL * len(chunks)):
        return None
    lines = [line for line in found if line.kind == kind]
    if kind == "date":
        pattern = write_date_line([line.text for line in lines], rules)
    else:  # "Source: The Times, 3 May 2019"
        pattern = write_line(kind, lines, "dated", rules)
    following = [item.sight for item in items[:1] if item.is_anchor]
    ahead = rf"(?:[ \t]*\r?\n){{0,6}}[ \t]*(?:{'|'.join([*following, chr(92) + 'Z'])})"
    if gap >= 2:
        ahead = rf"{ahead}|(?:[ \t]*\r?\n){{{gap + 1}}}"
    return rf"{pattern}(?={ahead})"


def _write_dateline(heads: Sequence[Sequence[Line]], rules: DateRules) -> str | None:
    texts = [head[-1].text for head in heads if head and head[-1].kind == "dateline"]
    return write_dateline(texts, rules) if len(texts) >= max(SOMETIMES * len(heads), 3) else None


def _find_topic_separator(chunks: Sequence[Sequence[Line]]) -> str:
    """Find what stands between topics: where lists have none of the others, a comma."""
    counts: Counter[str] = Counter()
    for chunk in chunks:
        for line in chunk:
            name, _, words = line.kind.partition(":")
            if name == "label" and (part_of_words(words) == "topics" or words == "subject"):
                counts.update(sign for sign in ";|·/،," if sign in value_of(line))
    return next((sign for sign in ";|·/،" if counts[sign] > 0.4 * max(1, counts.total())), ",")
