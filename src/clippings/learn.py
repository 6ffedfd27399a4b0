"""A dump that no layout explains -> the text of a layout, learned from what repeats in it.

Lines are brought to kinds (a rule of signs, a label, a date, the same words again). A kind that
recurs at the rhythm of articles is a mark. For each mark the lines around it are laid over each
other: what shapes the head, where the title stands, what closes the article. Each such reading
becomes a layout, the ordinary engine splits the dump with it, and the split that makes most pieces
look like articles wins. How sure that is, is said with it.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean, median, pstdev
from typing import TYPE_CHECKING, Any, NamedTuple

from clippings.articles import Article, Split, squeeze
from clippings.dates import LANGUAGES, DateRules, find_date, is_date_line
from clippings.layouts.layout import MarkedLayout, parse_layout
from clippings.marked import read_marked

if TYPE_CHECKING:
    from clippings.markup import Mark

_SAMPLE = 300_000
"""A layout is learned from the beginning of a dump, in characters."""
_LONGEST_LINE = 400
"""Only so much of a line is looked at, in characters."""
_FEWEST = 4
"""What recurs less often is no rhythm."""
_ENOUGH = 12
"""From so many articles on their number no longer makes a reading less sure."""
_HEAD = 14
"""No head has more lines."""
_TITLE_WORDS = 24
"""No title has more words."""
_MOST_MARKS = 14
"""No more marks are tried, those with the best rhythm first."""
_FIRST_LOOK = 40_000
"""So much of a longer dump is split with every layout, in characters ..."""
_FULL_LOOKS = 8
"""... and all of it with the best of them, so many."""
_FEW_VALUES = 24
"""No more different outlets or sections are named in a layout."""
_USUAL = 0.5
"""A line belongs to the head where at least this share of the articles has it."""
_SOMETIMES = 0.25
"""A label or a line of the page is known where this share of the articles has it."""

_TEXT_LINE = re.compile(r"[^\n\r\f]+")
_BREAK = re.compile(r"\r\n|[\n\r\f]")
_DIGITS = re.compile(r"\d+")
_NUMBER = "№"
"""Stands for any number in what recurs: "Document № of №"."""
_RULE = re.compile(r"(?:[^\w\s]|_)(?:[ \t]?(?:[^\w\s]|_)){2,}")  # "=====", "* * *", "-----"
_TAG = re.compile(r"<(/?[A-Za-z][\w:.-]{0,30})(?: [^<>]{0,120})?/?>")  # "<headline>", "</doc>"
# "Headline: A title", "**Date:** 3 May 2019", "TITLE = x", "TI  - x", "@title x", "\\date x"
_LABEL = re.compile(
    r"(?P<words>(?:[>|•]{1,2} )?\*{0,2}[^\W\d_][^:\t<>=\n]{0,40}?(?<=\S)\*{0,2})"
    r"(?P<sign> {0,16}:\*{0,2}(?=\s|$)|\t| {0,16}=(?=\s))"
    r"|(?P<code>[A-Z][A-Z0-9]{1,3})(?P<dash> {1,4}-(?=\s|$))"
    r"|(?P<at>[@\\.][^\W\d_][\w-]{1,20})(?=\s|$)"
)
# "[12] A title", "12.", "007 A title"
_NUMBERED = re.compile(
    r"([^\w\s]{0,3}\d{1,7}[^\w\s]{1,3}|0\d{1,5}|\d{1,6}(?=\t|  ))(?:\s+(?=\S)|$)"
)
_SIGN = re.compile(r"([^\w\s“”‘’«»„'\"(\[…-]{1,6})\s{0,3}(?=\w|[“‘«„'\"])")  # "# A title"
# "By Somebody", "Von Somebody und Somebody Else"
_BY = re.compile(r"(?i:by|von|par|por|door)\s(?=[A-ZÀ-Þ])")
_NAMES = re.compile(  # "Maya Nazari", "Jean-Paul van der Berg and Ali al-Attas"
    r"(?:[^\W\d_][\w'’.-]{0,24}[ ,]{1,2}){0,9}[^\W\d_][\w'’.-]{0,24}"
)
# "Tehran, 1 November 2004 (Cedar News) - Words", "LONDON (Reuters) -- Words"
_DATELINE = re.compile(r"[^\W\d_][^\n]{1,100}?(?:\s(?:--?|–|—)\s|(?:--|–|—))(?=\s?\S)")
_BRACKETED = re.compile(
    r"\([^()\n]{4,90}\)(?:\s--?|\s[–—]|:)?\s(?=\S)"
)  # "(Oslo, 3 May 2019) Words"
# "(c) Agency 2019", "© The Times. All rights reserved.", "Copyright 2019 Times Limited"
_RIGHTS = re.compile(r"(?i:©|\(c\)|copyright\b|copr\.)[^\r\n]{0,200}")
_CITY = re.compile(r"[A-ZÀ-Þ][A-ZÀ-Þ .'’,-]{2,40}|[^()]{2,40}\([^()]{2,40}\)")
_SENTENCE_END = re.compile(r"[.!?…:;,][\"'”’»)\]]*$")
_FULL_STOP = re.compile(r"[.;,:][\"'”’»)\]]*$")
_YEAR = re.compile(r"\b(?:1[89]|20)\d\d\b")
_SHORT_DATE = re.compile(  # 12/03/19, 3 JAN 90, Jan 3, '90
    r"\b(?:\d{1,2}([./-])\d{1,2}\1|\d{1,2}[ -][^\W\d_]{3,9}\.?[ -]|[^\W\d_]{3,9}\.? \d{1,2}, ?)"
    r"['’]?\d\d(?![\d:])"
)
_NUMERIC = re.compile(r"\b(\d{1,2})([./-])(\d{1,2})\2(?:\d{4}|\d\d)\b")  # 27/03/2019
_DELIMITERS = (
    " | ",
    "|",
    "\t",
    " · ",
    " • ",
    " – ",
    " — ",
    " -- ",
    " - ",
    " // ",
    " / ",
    "; ",
    ", ",
)
_PAGE = re.compile(r"(?i:p|pp|pg|page|seite|s|pagina|página|blz)\.? ?\d{1,4}")  # "p. 12"
_LENGTH = re.compile(r"\d[\d.,]{0,7} (?i:words?|w[öo]rter|mots|palabras|woorden)")  # "453 words"

_LINE_END = r"(?=[ \t]{0,120}(?:[\r\n]|\Z))"
_ANY_VALUE = r"[^\r\n]{0,300}"
_NL = r"(?:[ \t]{{0,120}}\r?\n){{1,{most}}}[ \t]{{0,120}}"

_LABELS: Mapping[str, str] = {
    "title": "ti t1 headline title heading head titre titel überschrift ueberschrift schlagzeile "
    "título titulo titular kop hd hl subject-line betreff subject",
    "date": "da dp py date dated published publication printed issued posted day datum "
    "erschienen veröffentlicht veroeffentlicht erscheinungsdatum tag paru publié publie "
    "parution fecha publicado dag gepubliceerd verschenen pubdate when pd released run",
    "byline": "au a1 byline author authors writer reporter by correspondent autor autorin autoren "
    "verfasser von auteur auteurs signature par autora autores firma por schrijver door "
    "redacteur contributor journalist",
    "dateline": "dateline place location city lieu ort plaats lugar ciudad ville stadt stad",
    "outlet": "jo jf so jt outlet source newspaper paper publisher journal quelle zeitung medium "
    "blatt périodique fuente periódico periodico medio diario bron krant publicatie "
    "organ magazine publication-name sn",
    "section": "se section desk rubrique rubrik ressort sección seccion sectie rubriek katern "
    "category kategorie catégorie categoría categorie column page-section",
    "page": "page pages seite seiten página pagina pg",
    "length": "length words wordcount word-count länge laenge wörter longueur mots longitud "
    "extensión palabras lengte woorden umfang wc",
    "id": "an accession-number id ref reference no number nr accession file-no doc document "
    "record identifier aktenzeichen kennung referenz référence referencia nummer número "
    "numero key ident serial",
    "topics": "kw topics topic tags tag keywords keyword themes subjects subject-terms sujet "
    "sujets mots-clés thema themen schlagwörter schlagworte stichworte temas tema "
    "etiquetas palabras-clave onderwerp onderwerpen trefwoorden about index-terms "
    "descriptors",
    "body": "ab lp td body text fulltext full-text story content texte cuerpo texto tekst "
    "volltext inhalt article contenu",
}
"""Words of labels by the part that they name; "no" of "File no" counts as "id" too."""


@dataclass(frozen=True, slots=True)
class Learned:
    """A layout that was learned from one dump.

    Attributes:
        toml: The text of a layout file; its comments say what was seen.
        confidence: How sure the reading is, from 0 to 1; below 0.5 it is a guess.
        evidence: Sentences for a person: what recurs, how often, what speaks against it.
    """

    toml: str
    confidence: float
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A line that may belong to the page and not to the articles.

    Attributes:
        line: The line, each run of white space one space.
        count: How often it stands in the dump.
        article_count: In how many articles it stands.
        reason: Why it is proposed.
    """

    line: str
    count: int
    article_count: int
    reason: str


class _Line(NamedTuple):
    """A line with words or signs in it.

    Attributes:
        start: Character offset of its first character that is no white space.
        end: Character offset behind the last such one.
        text: What stands between them, cut where it is very long.
        gap: Number of blank lines above it.
        kind: What it is like, such as "label:headline" or "para".
    """

    start: int
    end: int
    text: str
    gap: int
    kind: str


class _Item(NamedTuple):
    """A line of the head, as most articles have it.

    Attributes:
        kind: What the line is like; "free" where only its place tells.
        share: Share of the articles that have it.
        gap: Most blank lines seen above it.
        pattern: Matches the line; its groups are parts.
        part: What the line is as a whole, "" where only its groups are parts.
        is_labelled: Whether the engine knows it by its label alone, wherever it stands.
    """

    kind: str
    share: float
    gap: int
    pattern: str
    part: str
    is_labelled: bool

    @property
    def plain(self) -> str:
        """The pattern without the names of its groups."""
        return _NAMED.sub("(?:", self.pattern)

    @property
    def sight(self) -> str:
        """What is enough of the pattern to know the line: a label without its value."""
        if self.kind.startswith(("label:", "tag:")):
            return self.pattern.partition("(?P<")[0].removesuffix('"?').removesuffix(_ANY_VALUE)
        return self.plain

    @property
    def is_anchor(self) -> bool:
        """Whether the line is known by what it looks like."""
        return not self.kind.startswith("free")


_NAMED = re.compile(r"\(\?P<\w+>")
_COMMENT = re.compile(r"^# .*\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read a dump.

    Attributes:
        mark: The kind of line that recurs.
        starts: Numbers of the lines with which articles begin.
        items: The lines of the head in order; the first may be a line between two articles.
        has_rule: Whether the first item is such a line.
        is_top: Whether an article stands above the first such line.
        labels: Words of labels by part.
        boilerplate: Patterns of the lines of the page.
        ends: Pattern of the line with which articles end; None where none has a part in it.
        dateline: Pattern of the opening of a body; None where there is none.
        topic_separator: What stands between two topics.
        gaps: Blank lines above nearly all first lines, and above most of them.
    """

    mark: str
    starts: tuple[int, ...]
    items: tuple[_Item, ...]
    has_rule: bool
    is_top: bool
    labels: Mapping[str, tuple[str, ...]]
    boilerplate: tuple[str, ...]
    ends: str | None
    dateline: str | None
    topic_separator: str
    gaps: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Way:
    """A layout to be tried: a reading, written down.

    Attributes:
        number: Its place among all, for a fixed order.
        reading: What it was written from.
        toml: The text of the layout.
    """

    number: int
    reading: _Reading
    toml: str


@dataclass(frozen=True, slots=True)
class _Tried:
    """A layout that was tried; the greater the better.

    Attributes:
        way: The layout.
        split: What the engine made of the dump with it.
        score: How much the pieces look like articles.
        notes: What was seen.
    """

    way: _Way
    split: Split
    score: float
    notes: tuple[str, ...]

    def __lt__(self, other: _Tried) -> bool:
        return (self.score, -self.way.number) < (other.score, -other.way.number)


def learn(text: str, marks: Sequence[Mark] = (), *, name: str = "learned") -> Learned | None:
    """Infer a layout from what repeats in a dump.

    Args:
        text: The whole text of a dump.
        marks: The elements of a page, where the dump is one; handed to the engine.
        name: Name of the layout.

    Returns:
        The best layout that was found and how sure it is; None where nothing repeats at the rhythm
        of articles. Below a confidence of 0.5 it is better to keep the dump as one piece.
    """
    sample = text[:_SAMPLE]
    if len(text) > _SAMPLE:
        sample = sample[: max(sample.rfind("\n"), _SAMPLE // 2)]
    raw = list(_read_lines(sample))
    if len(raw) < 3 * _FEWEST:
        return None
    rules = _learn_dates(raw, sample)
    lines = _find_kinds(raw, rules)
    ways: dict[str, _Way] = {}  # by what a layout says, its comment apart
    for reading in _read_marks(lines, rules):
        for gap, begins in _write_begins(reading, lines):
            toml = _write_layout(name, reading, begins, gap, rules)
            ways.setdefault(_COMMENT.sub("", toml), _Way(len(ways), reading, toml))
    likely = list(ways.values())
    if len(sample) > 2 * _FIRST_LOOK:
        first = sample[: max(sample.rfind("\n", 0, _FIRST_LOOK), _FIRST_LOOK // 2)]
        looked = sorted((_try(way, first, marks, lines) for way in likely), reverse=True)
        likely = [one.way for one in looked[:_FULL_LOOKS]]
    tried = [_try(way, sample, marks, lines) for way in likely]
    if not tried:
        return None
    best = max(tried)
    if len(best.split.articles) < 2:
        return None
    confidence, doubts = _judge(best, tried)
    evidence = (*_tell(best, len(text) > len(sample)), *doubts)
    said = "".join(f"# {_show(sentence, 200)}\n" for sentence in evidence)
    return Learned(f"{said}#\n{best.way.toml}", confidence, evidence)


def _try(way: _Way, text: str, marks: Sequence[Mark], lines: Sequence[_Line]) -> _Tried:
    """Split a dump with a layout and see what comes of it."""
    layout = parse_layout(way.toml, where="learned.toml")
    assert isinstance(layout, MarkedLayout)
    split = read_marked(text, layout, [mark for mark in marks if mark.end <= len(text)])
    known = lines[: bisect_right(lines, len(text), key=lambda line: line.start)]
    return _Tried(way, split, *_score(split, text, known, way))


# --- lines and their kinds --------------------------------------------------------------------


def _read_lines(text: str) -> Iterator[_Line]:
    """Give the lines of a text that are not blank."""
    position = 0
    for match in _TEXT_LINE.finditer(text):
        line = match.group()
        start = match.start() + len(line) - len(line.lstrip(_WHITE))
        end = match.end() - (len(line) - len(line.rstrip(_WHITE)))
        if start >= end:
            continue
        gap = max(0, len(_BREAK.findall(text, position, start)) - 1)
        yield _Line(start, end, text[start : min(end, start + _LONGEST_LINE)], gap, "")
        position = end


_WHITE = " \t\v\u00a0\ufeff\x1c\x1d\x1e\x1f\x85\u2028\u2029\u3000\u2002\u2003\u2009"


def _learn_dates(lines: Sequence[_Line], text: str) -> DateRules:
    """Find out in which languages, order and century the dates of a dump are printed."""
    dated = [line.text[:160] for line in lines if _YEAR.search(line.text[:160])][:3000]
    found: dict[str, set[int]] = {}
    for language in LANGUAGES:
        rules = DateRules(languages=(language,), order="day")
        found[language] = {at for at, line in enumerate(dated) if find_date(line, rules)}
    first = max(LANGUAGES, key=lambda language: len(found[language]))
    chosen, covered = [first], found[first]
    for language in LANGUAGES:
        if len(found[language] - covered) > max(1, 0.02 * len(dated)):
            chosen.append(language)
            covered = covered | found[language]
    numbers = [
        (int(match[1]), int(match[3])) for line in lines for match in _NUMERIC.finditer(line.text)
    ]
    is_day = sum(first > 12 >= second for first, second in numbers)
    is_month = sum(second > 12 >= first for first, second in numbers)
    order = None
    if max(is_day, is_month) > 0 and min(is_day, is_month) <= 0.05 * max(is_day, is_month):
        order = "day" if is_day > is_month else "month"
    return DateRules(
        languages=tuple(chosen),
        order=order,
        century=_find_century(lines, text),
        is_year_needed=True,
    )


def _find_century(lines: Sequence[_Line], text: str) -> int | None:
    """Find the hundred years that two-digit years fall into, from the years named in full.

    They end with the decade after the latest one. None where such dates do not recur, or where no
    year is named with four digits.
    """
    short = [line for line in lines if len(line.text) < 160 and _SHORT_DATE.search(line.text)]
    years = sorted(int(year) for year in _YEAR.findall(text))
    if len(short) < _FEWEST or not years:
        return None
    likely = [year for year in years if year <= 2099]
    latest = likely[int(0.98 * (len(likely) - 1))] if likely else years[-1]
    return latest - latest % 10 - 80


def _find_kinds(lines: Sequence[_Line], rules: DateRules) -> list[_Line]:
    """Say of each line what it is like."""
    width = _find_width(lines)
    same = Counter(_normal(line.text) for line in lines)
    exact = Counter(" ".join(line.text.split()) for line in lines)
    same.update({text: count for text, count in exact.items() if text not in same})
    kinds: list[_Line] = []
    for at, line in enumerate(lines):
        is_wrapped = (
            width is not None
            and at > 0
            and line.gap == 0
            and kinds[-1].kind == "para"
            and _fills(lines[at - 1], line, width)
        )
        kind = "para" if is_wrapped else _find_kind(line, same, rules)
        if kind in ("free", "dateline") and width is not None and at + 1 < len(lines):
            below = lines[at + 1]
            if below.gap == 0 and _fills(line, below, width):
                kind = "para" if kind == "free" else kind
        kinds.append(line._replace(kind=kind))
    # A line right under the line of a paragraph is its rest, where lines are cut at a column.
    if width is not None:
        for at in range(1, len(kinds)):
            line, above = kinds[at], kinds[at - 1]
            if line.gap == 0 and line.kind == "free" and above.kind in ("para", "dateline"):
                kinds[at] = line._replace(kind="para")
    kinds = _join_values(kinds)
    counts = Counter(line.kind for line in kinds)
    return [
        line._replace(kind=_fall_back(line.text)) if _is_rare(line.kind, counts) else line
        for line in kinds
    ]


_NO_VALUE = ("para", "dateline", "label:", "tag:", "rule:")


def _join_values(lines: Sequence[_Line]) -> list[_Line]:
    """Take a label and the value below it as one line, where a label has its values there."""
    empty = Counter[str]()
    for line, below in pairwise(lines):
        if line.kind.startswith("label:") and not _value_raw(line.text):
            empty[line.kind] += below.gap == 0 and not below.kind.startswith(_NO_VALUE)
    counts = Counter(line.kind for line in lines)
    joined: list[_Line] = []
    for line in lines:
        above = joined[-1] if joined else None
        if (
            above is not None
            and line.gap == 0
            and not line.kind.startswith(_NO_VALUE)
            and empty[above.kind] >= max(_FEWEST, 0.7 * counts[above.kind])
            and "\n" not in above.text
            and not _value_raw(above.text)
        ):
            joined[-1] = above._replace(text=f"{above.text}\n{line.text}", end=line.end)
        else:
            joined.append(line)
    return joined


def _is_rare(kind: str, counts: Mapping[str, int]) -> bool:
    return kind.startswith(("label:", "sign:", "tag:")) and counts[kind] < _FEWEST


def _fall_back(text: str) -> str:
    return "free" if _is_title_like(text) else "para"


def _find_width(lines: Sequence[_Line]) -> int | None:
    """Find the column at which the lines of a dump are cut; None where they are not."""
    lengths = sorted(len(line.text) for line in lines)
    if not lengths:
        return None
    width = lengths[int(0.97 * (len(lengths) - 1))]
    near = sum(width - 14 <= length <= width for length in lengths)
    return width if 40 <= width <= 110 and near >= 0.3 * len(lengths) else None


def _fills(line: _Line, below: _Line, width: int) -> bool:
    """Tell whether the first word of the line below had no room in a line."""
    word = below.text.split(None, 1)[0] if below.text.split() else ""
    return len(line.text) + 1 + len(word) >= width - 2


def _normal(text: str) -> str:
    """Bring a line to the form in which it may recur: any number alike, single spaces."""
    return _DIGITS.sub(_NUMBER, " ".join(text.split()))


def _find_kind(line: _Line, same: Mapping[str, int], rules: DateRules) -> str:
    text = line.text
    if _RULE.fullmatch(text):
        return f"rule:{_squeeze_rule(text)}"
    if match := _TAG.match(text):
        return f"tag:{match[1].lower()}"
    if match := _LABEL.match(text):
        words = (match["words"] or match["code"] or match["at"]).strip("* ").lower()
        if len(words.split()) <= 4 and match["at"] != text:
            return f"label:{_normal(words)}"
    if len(text) > 4 and is_date_line(text, rules):
        return "date"
    if _RIGHTS.fullmatch(text):
        return "rights"
    normal, words = _normal(text), " ".join(text.split())
    if len(text) <= 200 and same[words] >= max(_FEWEST, 0.9 * same[normal]):
        return f"same:{words}"
    if (match := _NUMBERED.match(text)) and len(text) <= 200:
        return f"num:{_normal(match[1])}"
    if dated := _cut_date(text, rules):
        return "date" if _is_head_date(text, dated[0], dated[2]) else _find_plain_kind(text, rules)
    if same[normal] >= _FEWEST and len(text) <= 200:
        return f"same:{normal}"
    if (match := _SIGN.match(text)) and len(text) <= 200 and match[1] not in "-–—*•":
        return f"sign:{match[1]}"
    if _is_byline(text):
        return "by"
    return _find_plain_kind(text, rules)


def _find_plain_kind(text: str, rules: DateRules) -> str:
    if _find_dateline(text, rules):
        return "dateline"
    return _fall_back(text)


def _squeeze_rule(text: str) -> str:
    """Bring a line of signs to the signs and their number."""
    signs = "".join(text.split())
    return f"{signs[:3]}{len(signs)}" if len(set(signs)) <= 2 else signs[:40]


def _is_title_like(text: str) -> bool:
    return (
        len(text) <= 200
        and len(text.split()) <= _TITLE_WORDS
        and not _FULL_STOP.search(text)
        and any(char.isalpha() for char in text)
    )


def _is_byline(text: str) -> bool:
    match = _BY.match(text)
    return match is not None and len(text) <= 100 and _is_names(text[match.end() :])


def _is_names(text: str) -> bool:
    """Tell whether words look like names of persons: few, nearly all with a capital."""
    words = text.split()
    big = sum(word[:1].isupper() for word in words)
    return (
        1 <= len(words) <= 10
        and _NAMES.fullmatch(text.rstrip(" .,")) is not None
        and big >= 0.6 * len(words)
    )


def _cut_date(text: str, rules: DateRules) -> tuple[str, str, str] | None:
    """Give what stands before a date in a line, the date, and what stands behind it."""
    if len(text) > 240:
        return None
    stretch = find_date(text, rules)
    if stretch is None:
        return ("", text, "") if is_date_line(text, rules) and len(text) > 4 else None
    return text[: stretch.start], text[stretch.start : stretch.end], text[stretch.end :]


def _is_head_date(text: str, before: str, behind: str) -> bool:
    """Tell whether a line with a date in it is no sentence."""
    if _DATELINE.match(behind) or (re.search(r"\s(--?|–|—)\s\S", behind) and len(behind) > 90):
        return False
    rest = len(before) + len(behind)
    if _in_brackets(before, behind):
        return rest <= 200 and not text.endswith((".", ";", ","))
    if any(
        before.endswith(delimiter) or behind.startswith(delimiter) for delimiter in _DELIMITERS[:-1]
    ):
        return rest <= 200 and not (_SENTENCE_END.search(text) and rest > 100)
    words = len(before.split()) + len(behind.split())
    return words == 0 or (words <= 8 and rest <= 70 and not _is_prose(before, behind))


def _in_brackets(before: str, behind: str) -> bool:
    """Tell whether a date stands in brackets, at the beginning or end of a line."""
    return (before[-1:], behind[:1]) in (("(", ")"), ("[", "]"), ("<", ">")) and (
        len(before) == 1 or len(behind) == 1
    )


def _is_prose(before: str, behind: str) -> bool:
    """Tell whether the words around a date are those of a sentence: most begin small."""
    words = [word for word in f"{before} {behind}".split() if word[0].isalpha()]
    small = sum(word[0].islower() for word in words)
    return (
        small >= 4
        or behind.rstrip().endswith((".", "?", "!"))
        or (before != "" and behind == "" and small >= 3)
    )


def _find_dateline(text: str, rules: DateRules) -> str | None:
    """Give the opening of a paragraph that says where and when it was written."""
    match = _BRACKETED.match(text)
    if match and len(text) > match.end() + 40 and find_date(match.group(), rules):
        return match.group()
    match = _DATELINE.match(text)
    if match is None or len(text) - match.end() < 10:
        return None
    opening = match.group()
    core = opening.rstrip(" -–—")
    if find_date(core, rules) or _CITY.fullmatch(core):
        return opening
    return None


# --- marks ------------------------------------------------------------------------------------


def _find_marks(lines: Sequence[_Line]) -> list[tuple[str, list[int]]]:
    """Find the kinds of lines that recur at the rhythm of articles, the steadiest first."""
    places: dict[str, list[int]] = {}
    for at, line in enumerate(lines):
        if line.kind not in ("para", "free"):
            places.setdefault(line.kind, []).append(at)
        if line.kind == "free" and _is_upper(line.text):
            places.setdefault("upper", []).append(at)
        for gap in (2, 3, 4):
            if line.gap >= gap:
                places.setdefault(f"gap:{gap}", []).append(at)
    ranked = []
    for kind, positions in places.items():
        positions = _first_of_each(positions)
        if len(positions) < _FEWEST:
            continue
        steps = [second - first for first, second in pairwise(positions)]
        share = (positions[-1] - positions[0]) / len(lines)
        if share < 0.5 or mean(steps) < 3:
            continue
        spread = pstdev(steps) / mean(steps)
        # Many and steady: a word that opens five paragraphs is no rhythm.
        ranked.append((-(share * len(positions) / (1 + spread)), kind, positions))
    ranked.sort()
    return [(kind, positions) for _, kind, positions in ranked[:_MOST_MARKS]]


def _first_of_each(positions: Sequence[int]) -> list[int]:
    """Leave out lines that stand right below another of their kind."""
    return [
        at for number, at in enumerate(positions) if number == 0 or at - positions[number - 1] > 1
    ]


def _is_upper(text: str) -> bool:
    letters = [char for char in text if char.isalpha()]
    return len(letters) >= 4 and not any(char.islower() for char in letters)


def _read_marks(lines: Sequence[_Line], rules: DateRules) -> Iterator[_Reading]:
    """Read a dump by each of its marks; a line between two articles may stand above or below."""
    for kind, positions in _find_marks(lines):
        for choice in _climb(lines, positions, kind):
            if reading := _read_mark(lines, kind, positions, choice, rules):
                yield reading


def _is_rule(kind: str) -> bool:
    """Tell whether a line may stand between two articles and tell nothing of them."""
    return kind.startswith(("rule:", "tag:/", "rights")) or (
        kind.startswith("same:") and _NUMBER not in kind
    )


def _read_mark(
    lines: Sequence[_Line], kind: str, positions: Sequence[int], above: int, rules: DateRules
) -> _Reading | None:
    """Lay the articles over each other that a mark cuts, and read their heads and ends."""
    starts = [max(at - above, 0) for at in positions]
    starts = [at for number, at in enumerate(starts) if number == 0 or at > starts[number - 1]]
    if len(starts) < _FEWEST:
        return None
    firsts = Counter(lines[at].kind for at in starts)
    first, count = firsts.most_common(1)[0]
    has_rule = count >= 0.7 * len(starts) and _is_rule(first)
    is_top = has_rule and (
        _is_article_above(lines, starts[0])
        if starts[0]
        else lines[0].kind != first and len(starts) > 1 and _is_article_above(lines, starts[1])
    )
    heads = [_cut_head(lines, at, end) for at, end in pairwise([*starts, len(lines)])]
    if has_rule:
        heads = [head[1:] if head and head[0].kind == first else head for head in heads]
    if is_top and starts[0]:
        heads.insert(0, _cut_head(lines, 0, starts[0]))
    items = _find_items(heads, rules)
    if _is_tight(lines, starts, heads):  # the text would be taken for more of the last label
        items = [item._replace(is_labelled=False) for item in items]
    if has_rule:
        items = [_rule_item(lines, starts, first), *items]
    if not any(item.is_anchor for item in items):
        return None
    chunks = [list(lines[at:end]) for at, end in pairwise([*starts, len(lines)])]
    gaps = sorted(lines[at].gap for at in starts if at > 0)
    return _Reading(
        mark=kind,
        starts=tuple(starts),
        items=tuple(items),
        has_rule=has_rule,
        is_top=is_top,
        labels=_find_labels(chunks, items, rules),
        boilerplate=tuple(_find_lines(chunks, items)),
        ends=_write_end(chunks, items, rules),
        dateline=_write_dateline(heads, rules),
        topic_separator=_find_topic_separator(chunks),
        gaps=(gaps[int(0.02 * len(gaps))], gaps[int(0.15 * len(gaps))]) if gaps else (0, 0),
    )


def _is_tight(
    lines: Sequence[_Line], starts: Sequence[int], heads: Sequence[Sequence[_Line]]
) -> bool:
    """Tell whether the texts mostly stand right below the last label of their heads."""
    last = {head[-1].end for head in heads if head and head[-1].kind.startswith("label:")}
    below = [line for above, line in pairwise(lines) if above.end in last and line.kind == "para"]
    return 2 * sum(line.gap == 0 for line in below) > len(starts)


def _climb(lines: Sequence[_Line], positions: Sequence[int], mark: str) -> list[int]:
    """Give how many lines above a mark may belong to the head of its article.

    All that are no text, or fewer: the lines of the page below an article are no text either. Then
    the first article shows how many, or the widest gap.
    """
    above, gaps = 0, [median(lines[at].gap for at in positions)]
    for step in range(1, 9):
        over = [
            lines[at - step]
            for number, at in enumerate(positions)
            if at - step > (positions[number - 1] if number else -1)
        ]
        if len(over) < 0.7 * len(positions) - 1:
            break
        kinds = Counter(line.kind for line in over)
        if sum(count for kind, count in kinds.items() if kind != "para") < 0.75 * len(over):
            break
        kind, count = kinds.most_common(1)[0]
        above = step
        gaps.append(median(line.gap for line in over))
        if _is_rule(kind) and count >= 0.7 * len(over):
            break
    choices = [above, gaps.index(max(gaps)), min(positions[0], above)]
    if _is_rule(mark):
        choices.insert(0, 0)
    return list(dict.fromkeys(choices))


def _is_article_above(lines: Sequence[_Line], end: int) -> bool:
    """Tell whether what stands above the first mark looks like an article: a head and text."""
    return (
        end >= 2
        and lines[0].kind != "para"
        and any(line.kind in ("para", "dateline") for line in lines[1:end])
    )


def _cut_head(lines: Sequence[_Line], start: int, end: int) -> list[_Line]:
    """Give the lines of an article above the first line of its text; a dateline is the last."""
    head: list[_Line] = []
    for line in lines[start : min(end, start + _HEAD)]:
        if line.kind == "para":
            break
        head.append(line)
        if line.kind == "dateline":
            break
    return head


# --- the head ---------------------------------------------------------------------------------


def _find_items(heads: Sequence[Sequence[_Line]], rules: DateRules) -> list[_Item]:
    """Find the lines of which the heads of most articles are made, in their order."""
    order = _find_anchors(heads)
    ranks = {kind: rank for rank, kind in enumerate(order)}
    lines: dict[tuple[str, int], list[_Line]] = {}  # by kind, or by slot and place among free lines
    rows: list[Counter[int]] = []  # of each article, how many free lines stand in each slot
    for head in heads:
        slot, free = 0, Counter[int]()
        seen: Counter[str] = Counter()
        for line in head:
            key = f"{line.kind}#{seen[line.kind]}"
            if line.kind == "dateline":
                break
            if key in ranks and ranks[key] >= slot:
                seen[line.kind] += 1
                slot = ranks[key] + 1
                lines.setdefault((key, 0), []).append(line)
            else:
                lines.setdefault((f"free{slot}", free[slot]), []).append(line)
                free[slot] += 1
        rows.append(free)
    items: list[tuple[str, list[_Line]]] = []
    for slot in range(len(order) + 1):
        counts = Counter(row[slot] for row in rows if row[slot])
        if sum(counts.values()) >= _USUAL * len(heads):
            usual = min(
                min(most for most, count in counts.items() if count == max(counts.values())), 3
            )
            items += [("free", lines[f"free{slot}", number]) for number in range(usual)]
        if slot < len(order):
            items.append((order[slot].rpartition("#")[0], lines.get((order[slot], 0), [])))
    return _give_parts([item for item in items if item[1]], len(heads), rules)


def _find_anchors(heads: Sequence[Sequence[_Line]]) -> list[str]:
    """Give the kinds of lines that most heads have, in their usual order."""
    ranks: dict[str, list[int]] = {}
    for head in heads:
        seen: Counter[str] = Counter()
        for rank, line in enumerate(head):
            if line.kind in ("free", "dateline", "para"):
                continue
            ranks.setdefault(f"{line.kind}#{seen[line.kind]}", []).append(rank)
            seen[line.kind] += 1
    fewest = {"label": _SOMETIMES, "tag": _SOMETIMES, "by": _SOMETIMES}
    usual = [
        kind
        for kind, found in ranks.items()
        if len(found) >= fewest.get(re.split("[:#]", kind)[0], _USUAL) * len(heads)
        and len(found) >= _FEWEST - 1
    ]
    return sorted(usual, key=lambda kind: (mean(ranks[kind]), kind))


# How the pattern of a label with a colon ends: "(?i:date):[ \t]*(?P<date>[^\r\n]{0,300})"
_COLON = re.compile(
    r"\):\[ \\t\]\*\(\?P<\w+>\[\^\\r\\n\]\{0,300\}\)$|\):\[ \\t\]\*\[\^\\r\\n\]\{0,300\}$"
)


def _give_parts(
    items: Sequence[tuple[str, list[_Line]]], article_count: int, rules: DateRules
) -> list[_Item]:
    """Say which part each line of the head is, and write its pattern."""
    items = _join_wrapped(items)
    named = [_label_part(kind, lines, rules) for kind, lines in items]
    title = named.index("title") if "title" in named else None
    if title is None:
        title = _find_title(items, named)
    parts: list[str] = []
    for number, (kind, lines) in enumerate(items):
        part = named[number]
        if number == title:
            part = "title"
        elif kind.startswith("free") or (
            kind.startswith(("num:", "sign:")) and _has_rest(kind, lines)
        ):
            part = _guess_part([_rest(kind, line.text) for line in lines], parts)
        parts.append(part)
    found = []
    for (kind, lines), part in zip(items, parts, strict=True):
        gap = sorted(line.gap for line in lines)[int(0.97 * (len(lines) - 1))]
        pattern, whole = _write_item(kind, lines, part, rules)
        is_labelled = _COLON.search(pattern) is not None
        found.append(
            _Item(kind, len(lines) / max(article_count, 1), gap, pattern, whole, is_labelled)
        )
    found = [item for item in found if item.part != "body"]  # read as a label: text may follow it
    while found and not found[-1].is_anchor and "(?P<" not in found[-1].pattern:
        found.pop()  # a line above the text that may be its first
    return _guard(found, _known_values(items, parts))


def _known_values(
    items: Sequence[tuple[str, list[_Line]]], parts: Sequence[str]
) -> dict[str, list[str]]:
    """Give the few values that a line known by its place has, by its part: names of outlets."""
    known = {}
    for (kind, lines), part in zip(items, parts, strict=True):
        if kind == "free" and part in ("outlet", "section"):
            known[part] = _usual_values(line.text for line in lines)
    return known


def _guard(items: Sequence[_Item], known: Mapping[str, Sequence[str]]) -> list[_Item]:
    """Keep lines that are known only by their place from taking each other's place."""
    anchors = [item.sight for item in items if item.is_anchor]
    literals = [_literal(value) for values in known.values() for value in values]
    if literals:
        anchors.append(rf"(?:{'|'.join(literals)})[ \t]*(?:[\r\n]|\Z)")
    guard = f"(?!{'|'.join(anchors)})" if anchors else ""
    guarded = []
    for number, item in enumerate(items):
        if item.is_anchor:
            guarded.append(item)
        elif known.get(item.part):
            following = items[number + 1] if number + 1 < len(items) else None
            ahead = ""
            if following and not following.is_anchor:  # else it would take the title
                ahead = f"(?={_new_line(following.gap)}{guard}{following.plain}{_LINE_END})"
            words = "|".join(map(_literal, known[item.part]))
            pattern = f"(?P<{item.part}>{words}|{guard}{_title_of(item)}{ahead})"
            guarded.append(item._replace(pattern=pattern))
        else:
            rest = item.pattern.replace(r"\n[ \t]*", rf"\n[ \t]*{guard}")
            guarded.append(item._replace(pattern=guard + rest))
    return guarded


def _title_of(item: _Item) -> str:
    """Give the pattern of a line without its group."""
    return item.pattern.removeprefix(f"(?P<{item.part}>").removesuffix(")")


_WRAPPED = "free, cut in two"


def _join_wrapped(items: Sequence[tuple[str, list[_Line]]]) -> list[tuple[str, list[_Line]]]:
    """Take a line and the rest of it below, cut at a column, as one: a title of two lines."""
    joined: list[tuple[str, list[_Line]]] = []
    for kind, lines in items:
        above = joined[-1] if joined else ("", [])
        if kind == above[0] == "free" and len(lines) < 0.95 * len(above[1]):
            ends = [line.end for line in above[1]]
            width = max(len(line.text) for line in above[1])
            pairs = [
                (above[1][bisect_right(ends, line.start) - 1], line)
                for line in lines
                if line.gap == 0
            ]
            if len(pairs) >= 0.9 * len(lines) and (
                sum(_fills(first, second, width) for first, second in pairs) >= 0.9 * len(pairs)
            ):
                joined[-1] = (_WRAPPED, above[1])
                continue
        joined.append((kind, lines))
    return joined


def _find_title(items: Sequence[tuple[str, list[_Line]]], named: Sequence[str]) -> int | None:
    """Find the line that is the title: nearly always another, of a few words, no names only."""
    best: tuple[float, int] | None = None
    for number, (kind, lines) in enumerate(items):
        if named[number] or not (
            kind.startswith("free")
            or (kind.startswith(("num:", "sign:")) and _has_rest(kind, lines))
        ):
            continue
        values = [_rest(kind, line.text) for line in lines]
        words = mean(len(value.split()) for value in values)
        names = sum(_is_names(value) and len(value.split()) <= 4 for value in values) / len(values)
        distinct = len(set(values)) / len(values)
        score = distinct + min(words, 6) / 6 - 0.6 * names * (words < 4)
        if distinct >= 0.5 and words >= 1.5 and (best is None or score > best[0] + 0.15):
            best = score, number
    return best[1] if best else None


def _has_rest(kind: str, lines: Sequence[_Line]) -> bool:
    return 2 * sum(bool(_rest(kind, line.text)) for line in lines) > len(lines)


def _rest(kind: str, text: str) -> str:
    """Give what stands behind the number or sign that opens a line."""
    match = {"num": _NUMBERED, "sign": _SIGN}.get(kind.partition(":")[0], _NOTHING).match(text)
    return text[match.end() :].strip() if match else text


_NOTHING = re.compile("")


def _guess_part(values: Sequence[str], taken: Sequence[str]) -> str:
    """Guess what a line is that only its place tells."""
    distinct = len(set(values)) / len(values)
    if (
        "byline" not in taken
        and distinct > 0.2
        and (
            sum(_is_names(value) and len(value.split()) in (2, 3) for value in values)
            >= 0.8 * len(values)
            and distinct > 0.6
        )
    ):
        return "byline"
    if distinct <= 0.5:
        words = mean(len(value.split()) for value in values)
        part = "outlet" if words >= 1.5 else "section"
        return part if part not in taken else "boilerplate"
    return "boilerplate"


def _label_part(kind: str, lines: Sequence[_Line], rules: DateRules) -> str:
    """Say which part a label or tag names; what it does not say, its values may."""
    if kind.startswith(("label:", "tag:")):
        part = _part_of_words(kind.partition(":")[2].strip("/"))
        if part in ("", "dateline"):  # "Lisbon, 18 August 2013" has the date
            filled = [value for line in lines if (value := _value(kind, line.text))]
            dated = sum(find_date(value[:160], rules) is not None for value in filled)
            words = mean(len(value.split()) for value in filled) if filled else 0
            if filled and dated >= 0.7 * len(filled) and words <= 8:
                return "date"
        return part or "boilerplate"
    return {"by": "byline", "date": "date"}.get(kind, "")


def _part_of_words(words: str) -> str:
    """Give the part that the words of a label name, the whole label first, then its last word.

    >>> _part_of_words("filed by"), _part_of_words("file no"), _part_of_words("wetter")
    ('byline', 'id', '')
    """
    joined = "-".join(words.lstrip("@\\.>|• ").replace(".", " ").replace("_", "-").split())
    singles = [joined, *(joined.split("-")[::-1])]
    for word in singles:
        for part, known in _LABELS.items():
            if word in known.split():
                return part
    return ""


def _value(kind: str, text: str) -> str:
    match = (_LABEL if kind.startswith("label:") else _TAG).match(text)
    rest = text[match.end() :] if match else text
    return rest.partition("</")[0].strip().strip('"')


# --- patterns ---------------------------------------------------------------------------------


def _literal(text: str) -> str:
    """Write a pattern of words as they stand; what cannot be shown is any character."""
    words = " ".join(text.split())
    signs = (re.escape(char) if char.isprintable() and char != "\ufeff" else "." for char in words)
    return "".join(" " if sign == r"\ " else sign for sign in signs)


def _template(text: str, number: str = r"\d{1,9}") -> str:
    """Write a pattern of a line in its normal form: numbers differ."""
    return _literal(text).replace(_NUMBER, number)


def _write_item(kind: str, lines: Sequence[_Line], part: str, rules: DateRules) -> tuple[str, str]:
    """Write the pattern of a line of the head, and say what the line is as a whole."""
    texts = [line.text for line in lines]
    if kind.startswith("label:"):
        return _write_label(kind, texts, part), "body" if part == "body" else "boilerplate"
    if kind.startswith("tag:"):
        return _write_tag(kind, texts, "" if part == "body" else part), "boilerplate"
    if kind.startswith("rule:"):
        return _write_rule(texts), "boilerplate"
    if kind.startswith("same:"):
        return _write_same(kind, texts), "boilerplate"
    if kind == "rights":
        return _RIGHTS.pattern, "boilerplate"
    if kind.startswith("num:"):
        return _write_number(kind, texts, part, "title" in part), "boilerplate"
    if kind.startswith("sign:"):
        sign = kind.partition(":")[2]
        tail = r"(?:[ \t]*[^\w\s]{1,6})?" if _ends_alike(texts, sign) else ""
        value = (
            f"(?P<{part}>{_title(texts, 'lazy' if tail else '')})" if part else r"[^\r\n]{0,200}"
        )
        return rf"{_literal(sign)}[ \t]{{0,3}}{value}{tail}", "boilerplate"
    if kind == "by":
        words = "|".join(sorted({_BY.match(text).group().split()[0] for text in texts}))  # type: ignore[union-attr]
        return rf"(?:{words})[ \t]+(?P<byline>[^\r\n]{{2,100}})", "boilerplate"
    if kind == "date":
        return _write_date_line(texts, rules), "boilerplate"
    words = _title(texts)
    if part == "byline":
        words = r"(?:[A-ZÀ-Þ][\w'’.-]{0,24}[ ,]{1,2}){1,5}[\w'’.-]{1,24}(?<![.;,:])"
    if kind == _WRAPPED:
        words = rf"{words}(?:[ \t]*\r?\n[ \t]*{words})?"
    return f"(?P<{part}>{words})" if part != "boilerplate" else words, part


def _ends_alike(texts: Sequence[str], sign: str) -> bool:
    return 2 * sum(text.endswith(sign[-1]) for text in texts) > len(texts)


def _title(texts: Sequence[str], mode: str = "") -> str:
    """Write the pattern of a line of a few words: a title, or what else is known by its place."""
    longest = max(len(text) for text in texts)
    least = max(1, min(sorted(len(text) for text in texts)[len(texts) // 20] // 2, 20) - 1)
    most = min(240, max(60, longest * 3 // 2))
    stops = sum(bool(_FULL_STOP.search(text)) for text in texts)
    ending = r"(?<![.;,:])" if stops <= 0.02 * len(texts) else ""
    if sum(_is_upper(text) for text in texts) >= 0.9 * len(texts):
        return rf"[^\sa-zß-öø-ÿ][^\r\na-zß-öø-ÿ]{{{least},{most}}}{'?' * bool(mode)}{ending}"
    return rf"\S[^\r\n]{{{least},{most}}}{'?' * bool(mode)}{ending}"


def _write_label(kind: str, texts: Sequence[str], part: str) -> str:
    opening = _write_words(kind, texts)
    values = [_value_raw(text) for text in texts]
    filled = [value for value in values if value]
    if 2 * sum("\n" in text for text in texts) > len(texts):
        opening += r"(?:\r?\n[ \t]*)?"  # the value stands below
    value = _ANY_VALUE
    if filled and 2 * sum(value[0] == '"' for value in filled) > len(filled):
        value = rf'"?(?P<{part}>{value}?)"?[ \t]*(?=[\r\n]|\Z)'
    elif part != "boilerplate":
        value = f"(?P<{part}>{value})"
    return opening + value


def _write_words(kind: str, texts: Sequence[str]) -> str:
    """Write the pattern of a label and of what stands between it and its value."""
    words = f"(?i:{_template(kind.partition(':')[2])})"
    match = next(filter(None, map(_LABEL.match, texts)))
    if match["at"]:
        return rf"{words}(?:[ \t]+|(?=[\r\n]))"
    if match["code"]:
        return rf"{words}[ ]{{1,4}}-[ \t]*"
    if "=" in match["sign"]:
        return rf"{words}[ ]{{0,16}}=[ \t]*"
    if "\t" in match["sign"]:
        return rf"{words}\t[ \t]*"
    stars = r"\*{0,2}" if "*" in match.group() else ""
    spaces = "[ ]{0,16}" if match["sign"].startswith(" ") else ""
    return rf"{stars}{words}{stars}{spaces}:{stars}[ \t]*"


def _value_raw(text: str) -> str:
    match = _LABEL.match(text)
    return text[match.end() :].strip() if match else ""


def _write_tag(kind: str, texts: Sequence[str], part: str) -> str:
    name = _literal(kind.partition(":")[2])
    opening = rf"<(?i:{name})(?: [^<>\r\n]{{0,120}})?>"
    if not any(_value(kind, text) for text in texts):
        return opening + r"[ \t]*"
    value = r"[^<\r\n]{0,300}"
    value = f"(?P<{part}>{value})" if part not in ("", "boilerplate") else value
    return rf"{opening}[ \t]*{value}(?:</[\w:.-]{{1,31}}>)?"


def _write_rule(texts: Sequence[str]) -> str:
    signs = Counter(texts).most_common(1)[0][0]
    one = signs[0]
    if set(signs) == {one}:
        return rf"{_literal(one)}{{{len(signs)}}}"
    parts = signs.split()
    if len(parts) > 3 and set(parts) == {parts[0]}:
        return rf"(?:{_literal(parts[0])}[ \t]{{1,3}}){{{len(parts) - 1}}}{_literal(parts[0])}"
    return _literal(signs)


def _write_same(kind: str, texts: Sequence[str]) -> str:
    normal = kind.partition(":")[2]
    pattern = _template(normal, "\0")
    count = pattern.count("\0")
    if count == 0:
        return pattern
    numbers = [_DIGITS.findall(text) for text in texts]
    first = [int(found[0][:9]) for found in numbers if found]
    is_counted = _is_sequence(first)
    if count == 2 and is_counted and len({found[1] for found in numbers if len(found) > 1}) == 1:
        pattern = pattern.replace("\0", r"(?P<number>\d{1,7})", 1)
        return pattern.replace("\0", r"(?P<claimed>\d{1,7})", 1)
    if count == 1 and is_counted:
        return pattern.replace("\0", r"(?P<id>(?P<number>\d{1,7}))")
    if count == 1 and len(normal.split()) > 1:
        return pattern.replace("\0", r"(?P<id>\d{1,9})")
    pattern = pattern.replace("\0", r"\d{1,9}")
    return f"(?P<id>{pattern})" if len(set(texts)) > 0.5 * len(texts) else pattern


def _is_sequence(numbers: Sequence[int]) -> bool:
    steps = [second - first for first, second in pairwise(numbers)]
    return bool(steps) and sum(step == 1 for step in steps) >= 0.85 * len(steps)


def _write_number(kind: str, texts: Sequence[str], part: str, is_title: bool) -> str:
    numbers = [int(_DIGITS.search(text)[0][:9]) for text in texts]  # type: ignore[index]
    group = r"(?P<id>(?P<number>\d{1,7}))" if _is_sequence(numbers) else r"(?P<id>\d{1,9})"
    opening = _template(kind.partition(":")[2], "\0").replace("\0", group)
    if not _has_rest(kind, [_Line(0, 0, text, 0, kind) for text in texts]):
        return opening
    value = _title([_rest(kind, text) for text in texts]) if is_title else r"[^\r\n]{1,200}"
    value = f"(?P<{part}>{value})" if part not in ("", "boilerplate") else value
    return rf"{opening}(?:[ \t]+{value})?"


def _write_date(dates: Iterable[str]) -> str:
    r"""Write a pattern of the shapes that the dates of a dump have.

    >>> print(_write_date(["3 May 2019", "14 August 2020"]))
    (?<!\w)(?:\d{1,2} [^\W\d_]{2,12}\.? \d{4})(?!\w)
    """
    shapes = Counter(_date_shape(date) for date in dates)
    return rf"(?<!\w)(?:{'|'.join(shape for shape, _ in shapes.most_common(12))})(?!\w)"


_DATE_SIGNS = re.compile(r"\d+|[^\W\d_]+\.?|\s+|.", re.DOTALL)


def _date_shape(date: str) -> str:
    shape = []
    for sign in _DATE_SIGNS.findall(date):
        if sign.isdecimal():
            shape.append(r"\d{1,2}" if len(sign) <= 2 else rf"\d{{{len(sign)}}}")
        elif sign[0].isalpha():
            letters = len(sign.rstrip("."))
            shape.append(
                r"[^\W\d_]{2,12}\.?" if letters > 1 else rf"[^\W\d_]{_literal(sign[letters:])}"
            )
        elif sign.isspace():
            shape.append(" ")
        else:
            shape.append(_literal(sign))
    return "".join(shape)


def _write_date_line(texts: Sequence[str], rules: DateRules) -> str:
    """Write the pattern of a line with a date, and of what stands beside it in the line."""
    is_dressed = sum(bool(_DRESSED.fullmatch(text)) for text in texts) >= 0.8 * len(texts)
    if is_dressed:  # "*The Times - 3 May 2019*"
        texts = [text.strip("*_~()[] ") for text in texts if _DRESSED.fullmatch(text)]
    cut = [found for text in texts if (found := _cut_date(text, rules))]
    date = f"(?P<date>{_write_date(found[1] for found in cut)})"
    if 2 * sum(_in_brackets(found[0], found[2]) for found in cut) > len(cut):
        cut = [
            (before[:-1], day, behind[1:])
            if _in_brackets(before, behind)
            else (before, day, behind)
            for before, day, behind in cut
        ]
        date = rf"[(\[<]{date}[)\]>]"
    delimiter = _find_delimiter(cut)
    sign = delimiter.strip(" ")
    befores = [_cut_fields(before, sign) for before, _, _ in cut]
    behinds = [_cut_fields(behind, sign) for _, _, behind in cut]
    taken = ["date"]
    if sign == "\t":
        fields = [
            *_write_fields(befores, taken, sign),
            f"{date}?",
            *_write_fields(behinds, taken, sign),
        ]
        pattern = r" ?\t ?".join(fields)
    elif sign:
        gap = _gap(sign)
        opening = "".join(f"(?:{field}{gap})?" for field in _write_fields(befores, taken, sign))
        closing = "".join(f"(?:{gap}{field})?" for field in _write_fields(behinds, taken, sign))
        pattern = f"{opening}{date}{closing}"
        if len(sign) == 1 and sign not in ",;-/":  # such a line may lack its date
            field = rf"[^\r\n{_literal(sign)}]{{1,80}}"
            pattern = f"(?:{pattern}|{field}(?:{gap}{field}){{1,4}})"
        rows = [row for row in (*befores, *behinds) if row and len(row) == 1]
        if "outlet" in taken and (outlets := _usual_values(row[0] for row in rows)):
            names = "|".join(map(_literal, outlets))
            rest = rf"(?:{gap}[^\r\n]{{1,60}})?{_LINE_END}"
            pattern = f"(?:{pattern}|(?:{names}){rest})"
    else:
        space = r"[ \t]{0,3}"
        opening = "".join(f"(?:{field}{space})?" for field in _write_fields(befores, taken, sign))
        closing = "".join(f"(?:{space}{field})?" for field in _write_fields(behinds, taken, sign))
        pattern = f"{opening}{date}{closing}"
    return rf"[*_~(\[]{{1,3}}{pattern}[*_~)\]]{{0,3}}" if is_dressed else pattern


_DRESSED = re.compile(r"[*_~(\[]{1,3}[^()\[\]]{4,200}[*_~)\]]{1,3}")  # "*3 May 2019*"


def _find_delimiter(cut: Sequence[tuple[str, str, str]]) -> str:
    """Find what stands between the fields of a line; "" where nothing does."""
    for delimiter in _DELIMITERS:
        sign = delimiter if delimiter == "\t" else delimiter.rstrip(" ")
        beside = sum(
            before.rstrip(" ").endswith(sign.strip(" ")) or behind.startswith(sign)
            for before, _, behind in cut
        )
        if beside >= 0.6 * len(cut):
            return delimiter
    return ""


def _cut_fields(text: str, sign: str) -> list[str]:
    """Cut what stands on one side of a date into its fields; those of a table may be empty."""
    if sign == "\t":
        return (
            [
                field.strip()
                for field in text.strip(" ").removeprefix(sign).removesuffix(sign).split(sign)
            ]
            if sign in text
            else []
        )
    fields = text.split(sign) if sign else [text]
    return [field.strip() for field in fields if field.strip()]


def _write_fields(rows: Sequence[list[str]], taken: list[str], sign: str) -> list[str]:
    """Write the patterns of the fields on one side of a date."""
    filled = [row for row in rows if row]
    if not filled:
        return []
    usual = Counter(map(len, filled)).most_common(1)[0][0]
    patterns = []
    for number in range(min(usual, 6)):
        values = [row[number] for row in filled if len(row) == usual and row[number]]
        part, pattern = _guess_field(values or [""], taken, sign)
        if part:
            taken.append(part)
        patterns.append(pattern)
    if "title" in taken and sign:
        gap = _gap(sign)
        for number, pattern in enumerate(patterns[:-1]):
            usual_values = _usual_values([row[number] for row in filled if len(row) == usual])
            start, group, field = pattern.partition("(?P<outlet>")
            if group and usual_values:  # where it is missing, the title would take its place
                words = "|".join(map(_literal, usual_values))
                patterns[number] = f"{start}{group}{words}|{field.removesuffix(')')}(?={gap}))"
    return patterns


def _gap(sign: str) -> str:
    return rf"[ \t]{{0,3}}{_literal(sign)}[ \t]{{0,3}}"


def _usual_values(values: Iterable[str]) -> list[str]:
    """Give the values that recur, in order, where they are few."""
    counts = Counter(" ".join(value.split()) for value in values)
    usual = sorted(value for value, count in counts.items() if count > 1)
    return usual if len(usual) <= _FEW_VALUES else []


def _guess_field(values: Sequence[str], taken: Sequence[str], sign: str) -> tuple[str, str]:
    """Say what a field is by its values, and write its pattern."""
    outside = {"\t": r"\t", "|": r"\|"}.get(
        sign, sign if len(sign) == 1 and sign not in ",-/" else ""
    )
    least = 0 if sign == "\t" else 1
    value = rf"[^\r\n{outside}]{{{least},160}}{'?' if sign else ''}"
    common, count = Counter(map(_normal, values)).most_common(1)[0]
    if count >= 0.9 * len(values) and not sign:
        return "", _template(common)
    part = _guess_value(values)
    if part == "byline" and all(map(_is_byline, values)):
        words = r"(?i:(?:by|von|par|por|door) )?"
    else:
        words = ""
    if not part or part in taken:
        return "", f"{words}{value}"
    return part, f"{words}(?P<{part}>{value})"


def _guess_value(values: Sequence[str]) -> str:
    """Guess which part some values are."""
    distinct = len(set(values)) / len(values)
    words = mean(len(value.split()) for value in values)
    if sum(_PAGE.fullmatch(value) is not None for value in values) >= 0.8 * len(values):
        return "page"
    if sum(_LENGTH.fullmatch(value) is not None for value in values) >= 0.8 * len(values):
        return "length"
    if sum(map(_is_byline, values)) >= 0.8 * len(values):
        return "byline"
    if distinct <= 0.45:
        return "outlet" if words >= 1.3 else "section"
    if distinct > 0.7 and words >= 4:
        return "title"
    if sum(_is_names(value) and 2 <= len(value.split()) <= 4 for value in values) >= 0.7 * len(
        values
    ):
        return "byline"
    return "outlet" if words < 4 else ""


def _rule_item(lines: Sequence[_Line], starts: Sequence[int], kind: str) -> _Item:
    found = [lines[at] for at in starts if lines[at].kind == kind]
    pattern, _ = _write_item(kind, found, "boilerplate", DateRules())
    return _Item(kind, len(found) / len(starts), 0, pattern, "boilerplate", is_labelled=False)


def _write_dateline(heads: Sequence[Sequence[_Line]], rules: DateRules) -> str | None:
    """Write the pattern of the opening of a body, where most have one."""
    openings = [
        opening
        for head in heads
        if head
        and head[-1].kind == "dateline"
        and (opening := _find_dateline(head[-1].text, rules))
    ]
    if len(openings) < max(_SOMETIMES * len(heads), 3):
        return None
    dates = [cut[1] for opening in openings if (cut := _cut_date(opening, rules))]
    if 2 * sum(opening.startswith("(") for opening in openings) > len(openings):
        inner = rf"[^\r\n()]{{0,60}}?(?P<date>{_write_date(dates)})[^\r\n()]{{0,50}}?"
        return rf"\((?P<dateline>{inner})\)[ \t]*(?:--?|–|—|:)?[ \t]*"
    if len(dates) >= 0.5 * len(openings):
        inner = rf"[^\r\n]{{2,60}}?(?P<date>{_write_date(dates)})[^\r\n]{{0,50}}?"
    else:
        inner = r"[^\W\d_][^\r\n()]{1,50}?(?:\([^()\r\n]{1,40}\))?"
    return rf"(?P<dateline>{inner})[ \t]*(?:--?|–|—)[ \t]*"


# --- labels, lines of the page, topics --------------------------------------------------------


def _find_labels(
    chunks: Sequence[Sequence[_Line]], items: Sequence[_Item], rules: DateRules
) -> dict[str, tuple[str, ...]]:
    """Find the labels that articles have once each, above their text or below it."""
    lines: dict[str, list[_Line]] = {}
    for chunk in chunks:
        ends = [*chunk[:_HEAD], *chunk[max(_HEAD, len(chunk) - 8) :]]
        for kind in sorted({line.kind for line in ends if line.kind.startswith("label:")}):
            lines.setdefault(kind, []).append(next(line for line in ends if line.kind == kind))
    found: dict[str, list[str]] = {}
    taken = {item.kind for item in items if "(?P<title>" in item.pattern}
    for kind, first in lines.items():
        if len(first) < max(_SOMETIMES * len(chunks), _FEWEST - 1):
            continue
        part = _label_part(kind, first, rules)
        if part == "title" and taken and kind not in taken:
            part = "boilerplate"
        words = _template(kind.partition(":")[2])
        match = _LABEL.match(first[0].text)
        if match is None or "*" in match.group() or match["words"] is None or "=" in match["sign"]:
            words = _write_words(kind, [line.text for line in first])
            if match is None or match["at"]:  # without a value it is a line of the page
                words = rf"(?i:{_template(kind.partition(':')[2])})[ \t]{{1,9}}"
        found.setdefault(part, []).append(words)
    return {part: tuple(words) for part, words in found.items()}


_PAGE_KINDS = ("same:", "rule:", "tag:", "rights")


def _find_lines(chunks: Sequence[Sequence[_Line]], items: Sequence[_Item]) -> Iterator[str]:
    """Find the lines of the page: the same words in many articles, mostly at one end."""
    counts: Counter[str] = Counter()
    texts: dict[str, list[str]] = {}
    head = Counter(line.kind for chunk in chunks for line in _cut_head(chunk, 0, len(chunk)))
    known = {item.kind for item in items}
    for chunk in chunks:
        for kind in sorted({line.kind for line in chunk}):
            if kind.startswith(_PAGE_KINDS):
                counts[kind] += 1
        for line in chunk:
            if line.kind.startswith(_PAGE_KINDS):
                texts.setdefault(line.kind, []).append(line.text)
    parts = {item.kind for item in items if "(?P<" in item.pattern}
    for kind, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        if count < max(_SOMETIMES * len(chunks), _FEWEST - 1) or kind in parts:
            continue
        if kind not in known and head[kind] > 0.5 * len(texts[kind]):
            continue  # "The Evening Post", one of few outlets
        if kind.startswith("tag:"):
            if any(_value(kind, text) for text in texts[kind]):
                continue
            yield _write_tag(kind, texts[kind], "")
        elif kind.startswith("rule:"):
            yield _write_rule(texts[kind])
        elif kind == "rights":
            yield _RIGHTS.pattern
        else:
            yield _template(kind.partition(":")[2])


def _write_end(
    chunks: Sequence[Sequence[_Line]], items: Sequence[_Item], rules: DateRules
) -> str | None:
    """Write the pattern of a last line with the date, where most articles have it there."""
    if any("(?P<date>" in item.pattern for item in items):
        return None
    found = []
    for chunk in chunks:
        for line in chunk[:0:-1][:4]:
            if line.kind == "date":
                found.append(line.text)
            if line.kind in ("para", "dateline", "date"):
                break
    if len(found) < max(_FEWEST, _USUAL * len(chunks)):
        return None
    ahead = "|".join([item.sight for item in items[:1] if item.is_anchor] + [r"\Z"])
    return rf"{_write_date_line(found, rules)}(?=(?:[ \t]*\r?\n){{0,6}}[ \t]*(?:{ahead}))"


def _find_topic_separator(chunks: Sequence[Sequence[_Line]]) -> str:
    """Find what stands between topics: a semicolon or a bar where lists have one, else a comma."""
    counts: Counter[str] = Counter()
    for chunk in chunks:
        for line in chunk:
            if line.kind.startswith("label:") and (
                _part_of_words(line.kind.partition(":")[2]) == "topics"
            ):
                value = _value_raw(line.text)
                counts.update(sign for sign in (";", "|", "/", "·", ",") if sign in value)
    for sign in (";", "|", "·", "/"):
        if counts[sign] > 0.4 * max(1, sum(counts.values())):
            return sign
    return ","


# --- the layout -------------------------------------------------------------------------------


def _new_line(gap: int) -> str:
    if gap == 0:
        return r"[ \t]{0,120}\r?\n[ \t]{0,120}"
    return _NL.format(most=gap + 1)


def _write_begins(reading: _Reading, lines: Sequence[_Line]) -> list[tuple[int, tuple[str, ...]]]:
    """Write what begins an article, in several ways from careful to free.

    Returns:
        The blank lines that stand above at least, and patterns.
    """
    rule = reading.items[0] if reading.has_rule else None
    items = reading.items[1:] if reading.has_rule else reading.items
    if not items:
        return []
    strong = _write_strong(items, reading)
    ways: list[tuple[int, Sequence[str]]] = []
    for gap in dict.fromkeys(reading.gaps if rule is None else (0,)):
        ways.append((gap, strong))
        if loose := _write_loose(items, reading, gap):
            ways.append((gap, loose))
        if gap and (lone := _write_lone(items)):
            ways.append((gap, [*strong, *lone]))
    if rule is not None:
        gap = max(item.gap for item in items)
        likely = [item.sight if item.is_anchor else item.plain + _LINE_END for item in items]
        if reading.dateline:
            likely.append(_NAMED.sub("(?:", reading.dateline))
        ahead = rf"(?={_new_line(gap)}(?:{'|'.join(likely)}))"
        top: list[str] = []
        if reading.is_top:
            top = [
                rf"(?<![\s\S]{{{lines[0].start + 1}}}){item.pattern}{_chain(items, number + 1)}"
                for number, item in enumerate(items[:3])
            ]
        chain = _chain(items, 0)
        for head in (f"{rule.pattern}{ahead}{chain}", f"{rule.pattern}{chain}"):
            ways += [(0, [head, *top]), (0, [head, *top, *strong])]
    return list(dict.fromkeys((gap, tuple(map(_name_once, way))) for gap, way in ways if way))


def _name_once(pattern: str) -> str:
    """Take the names of groups away where a pattern has had them before."""
    seen: set[str] = set()

    def name(match: re.Match[str]) -> str:
        is_new = match.group() not in seen
        seen.add(match.group())
        return match.group() if is_new else "(?:"

    return _NAMED.sub(name, pattern)


def _chain(items: Sequence[_Item], first: int) -> str:
    """Write the pattern of the lines that follow in a head, each of which may be missing.

    Where labels tell all of them, nothing is written: labels are read wherever they stand.
    """
    if all(item.is_labelled for item in items):
        return ""
    gap, chain = 0, ""
    for item in items[first:]:
        gap = max(gap, item.gap)  # the line that should have stood above may be missing
        chain += f"(?:{_new_line(gap)}{item.pattern})?"
    return chain


def _evidence(items: Sequence[_Item], number: int, reading: _Reading) -> str:
    """Write a look ahead for a line that is known by what it looks like; "" where none follows."""
    following = items[number + 1 :]
    anchors = [item.sight for item in following if item.is_anchor]
    if reading.dateline:
        anchors.append(_NAMED.sub("(?:", reading.dateline))
    if not anchors:
        return ""
    gap = max([item.gap for item in following], default=1)
    free = next((item for item in following if not item.is_anchor), None)
    between = rf"(?:{free.plain}{_new_line(gap)})?" if free else ""
    return rf"(?={_new_line(gap)}{between}(?:{'|'.join(anchors)}))"


def _write_strong(items: Sequence[_Item], reading: _Reading) -> list[str]:
    """Write heads that hold a second line which is known by what it looks like."""
    found = []
    for number, item in enumerate(items[:5]):
        if evidence := _evidence(items, number, reading):
            found.append(f"{item.pattern}{evidence}{_chain(items, number + 1)}")
        if not item.is_anchor and number > 0:
            found = found[:-1]  # the second line without a name is no beginning
    return found


def _write_loose(items: Sequence[_Item], reading: _Reading, gap: int) -> list[str]:
    """Write heads that are known by their first line alone, or by the gap above them."""
    first = items[0]
    if not (first.is_anchor or "a-zß" in first.pattern or gap >= 2):
        return []
    return [
        f"{first.pattern}{_chain(items, 1)}",
        *_write_lone(items),
        *_write_strong(items, reading)[1:],
    ]


def _write_lone(items: Sequence[_Item]) -> list[str]:
    """Write heads that lack their first line, and begin with another that is known."""
    return [
        f"{item.pattern}{_chain(items, number + 1)}"
        for number, item in enumerate(items)
        if 0 < number < 4 and item.is_anchor
    ][:2]


def _write_layout(
    name: str, reading: _Reading, begins: Sequence[str], gap: int, rules: DateRules
) -> str:
    """Write the text of a layout file."""
    steps = [second - first for first, second in pairwise(reading.starts)]
    out = [
        f"name = {_quote(name)}",
        "",
        "[article]",
        f"# {_show(reading.mark)}: {len(reading.starts)} times, every {median(steps):.0f} lines",
        'part = "boilerplate"',
    ]
    if gap:
        out.append(f"gap = {gap}")
    out += ["begins = [", *(f"    {_quote(pattern)}," for pattern in begins), "]"]
    if reading.ends:
        out.append(f"ends = [{_quote(reading.ends)}]")
    if reading.labels:
        out += ["", "[labels]"]
        out += [
            f"{part} = [{', '.join(_quote(word) for word in reading.labels[part])}]"
            for part in sorted(reading.labels)
        ]
    if reading.dateline:
        out += ["", "[dateline]", f"opens = [{_quote(reading.dateline)}]"]
    if "topics" in reading.labels:
        out += ["", "[topics]", f"separator = {_quote(reading.topic_separator)}"]
    if reading.boilerplate:
        out += ["", "[boilerplate]", "lines = ["]
        out += [f"    {_quote(pattern)}," for pattern in reading.boilerplate]
        out.append("]")
    out += ["", "[dates]", f"languages = [{', '.join(_quote(one) for one in rules.languages)}]"]
    if rules.century is not None:
        out.append(f"century = {rules.century}")
    if rules.order is not None:
        out.append(f"order = {_quote(rules.order)}")
    return "\n".join(out) + "\n"


def _quote(text: str) -> str:
    r"""Write a string of TOML, without escapes where that is possible.

    >>> print(_quote(r"\d+"), _quote("it's"))
    '\d+' '''it's'''
    """
    if text.isprintable() and "'" not in text:
        return f"'{text}'"
    if text.isprintable() and "'''" not in text and not text.endswith("'"):
        return f"'''{text}'''"
    safe = "".join(char if char.isprintable() or char < " " else "?" for char in text)
    return json.dumps(safe, ensure_ascii=False)


def _show(text: str, longest: int = 80) -> str:
    """Write words so that they fit into a comment."""
    words = "".join(char if char.isprintable() else " " for char in text)
    return words if len(words) <= longest else f"{words[:longest]}…"


# --- how good a reading is --------------------------------------------------------------------


def _score(
    split: Split, text: str, lines: Sequence[_Line], way: _Way
) -> tuple[float, tuple[str, ...]]:
    """Say how much the pieces of a split look like articles, from 0 to 1, and what does not."""
    articles, reading = split.articles, way.reading
    count = len(articles)
    if count < 2:
        return 0.0, ()
    titled = sum(_is_good_title(article.title) for article in articles) / count
    dated = sum(article.date is not None for article in articles) / count
    prose = sum(_is_text(article.body) for article in articles) / count
    titles = [article.title for article in articles if article.title]
    different = {(article.title, article.body) for article in articles if article.title}
    distinct = len(set(titles)) / max(1, len(different))  # an article may stand there twice
    known = sum(
        span.end - span.start for span in split.spans if span.kind not in ("unknown", "preamble")
    ) / max(1, len(text))
    hidden, lost = _misplaced(split, lines, reading)
    hidden_share = hidden / count
    loose = _share(articles, lambda body: _is_title_like(body.rsplit("\n\n", 1)[-1]))
    above = _share(articles, lambda body: _is_title_like(body.split("\n\n", 1)[0]))
    score = (
        (0.4 * titled + 0.35 * dated + 0.25 * prose)
        * (0.6 + 0.4 * distinct)
        * (0.4 + 0.6 * known)
        * (0.5 + 0.5 * prose)
    )
    end = articles[-1].end  # the first look ends sooner than the marks
    marks = bisect_right(reading.starts, bisect_right(lines, end, key=lambda line: line.start))
    score -= 0.3 * max(0.0, 1 - marks / count)
    score -= 0.15 * _is_head_last(lines, reading)
    score -= min(1.0, hidden_share) + 0.8 * lost
    score -= 0.25 * max(0.0, loose - 0.15) + 0.15 * max(0.0, above - 0.15)
    parts = Counter(span.kind for span in split.spans if span.article is not None)
    kinds = ("byline", "outlet", "section", "id", "topics", "page", "dateline")
    score += 0.01 * sum(min(1.0, parts[kind] / count) for kind in kinds)
    score -= 2e-6 * len(way.toml)  # of two that read alike, the plainer one
    notes = [
        f"{share:.0%} of the articles have {what}"
        for share, what in ((titled, "a title"), (dated, "a date"), (prose, "a text of sentences"))
    ]
    if distinct < 0.95:
        notes.append(f"only {distinct:.0%} of the titles differ from each other")
    if hidden:
        notes.append(f"{hidden:.1f} articles seem to hold another")
    if known < 0.97:
        notes.append(f"{1 - known:.0%} of the dump belongs to no article")
    return max(0.0, min(1.0, score)), tuple(notes)


def _share(articles: Sequence[Article], test: Callable[[str], bool]) -> float:
    bodies = [article.body for article in articles if article.body]
    return sum(map(test, bodies)) / max(1, len(bodies))


def _is_head_last(lines: Sequence[_Line], reading: _Reading) -> bool:
    """Tell whether the dump ends with lines that this reading takes for those of a head."""
    kinds = {
        item.kind for item in reading.items if item.kind.startswith(("label:", "tag:", "date"))
    }
    for line in lines[: -len(lines) + max(0, len(lines) - 7) : -1]:
        if line.kind in ("para", "dateline"):
            return False
        if line.kind in kinds:
            return True
    return False


def _is_good_title(title: str | None) -> bool:
    return title is not None and len(title) <= 250 and _is_title_like(title)


def _is_text(body: str) -> bool:
    """Tell whether a body has sentences."""
    return len(body.split()) >= 12 and any(
        _SENTENCE_END.search(paragraph) is not None and len(paragraph.split()) >= 6
        for paragraph in body.split("\n\n")
    )


def _misplaced(split: Split, lines: Sequence[_Line], reading: _Reading) -> tuple[float, float]:
    """Count the articles that hold another; give the share of text set aside as lines of the page.

    What stands once in most articles and twice in one, stands there for another: a separator, a
    label, a date line. Two such lines are surer than one, which may be a line of the text.
    """
    starts = [article.start for article in split.articles]
    ends = [article.end for article in split.articles]
    rows = [Counter[str]() for _ in starts]
    gap = reading.gaps[1]
    for line, below in pairwise([*lines, lines[-1]]):
        owner = bisect_right(starts, line.start) - 1
        if owner < 0 or line.start >= ends[owner]:
            continue
        # A separator above a paragraph is one of the text's own.
        if line.kind not in ("free", "para") and not (_is_rule(line.kind) and below.kind == "para"):
            rows[owner][line.kind] += 1
        if gap >= 2 and line.gap >= gap and line.start > starts[owner] + 200:
            rows[owner]["gap"] += 1
    hidden = 0.0
    totals = Counter(kind for row in rows for kind in row)
    usual = {
        kind: sorted(row[kind] for row in rows)[int(0.6 * len(rows))]
        for kind, total in totals.items()
        if total >= _USUAL * len(rows) or kind == "gap"
    }
    for row in rows:
        twice = [kind for kind in usual if row[kind] > usual[kind]]
        weight = sum(0.9 if kind == "gap" or _is_rule(kind) else 0.5 for kind in twice)
        hidden += min(1.0, weight)
    lost = size = at = 0
    for span in split.spans:
        while at < len(lines) and lines[at].start < span.end:
            if lines[at].kind == "para":
                size += 1
                lost += span.kind == "boilerplate"
            at += 1
    return hidden, lost / max(1, size)


def _judge(best: _Tried, tried: Sequence[_Tried]) -> tuple[float, list[str]]:
    """Say how sure the best reading is, and what speaks against it."""
    count = len(best.split.articles)
    doubts = []
    confidence = max(0.0, min(1.0, (best.score - 0.45) / 0.5))
    heads = _heads(best.split)
    others = [one for one in tried if one is not best and _overlap(heads, _heads(one.split)) < 0.9]
    if others:
        second = max(others)
        margin = best.score - second.score
        if margin < 0.08:
            confidence *= 0.75 + 3 * margin
            doubts.append(
                f"another reading, by {_show(second.way.reading.mark, 40)}, finds "
                f"{len(second.split.articles)} articles and is nearly as good."
            )
    if count < _ENOUGH:
        confidence *= max(0.0, (count - 1) / _ENOUGH) ** 0.6
        doubts.append(f"{count} articles are few to learn from.")
    dated = sum(article.date is not None for article in best.split.articles) / count
    titled = sum(_is_good_title(article.title) for article in best.split.articles) / count
    lone = sum(_has_lone_line(article.body) for article in best.split.articles) / count
    if lone > 0.02:
        doubts.append(f"{lone:.0%} of the texts hold a line that may be another title.")
        confidence -= 0.5 * lone
    titles = [article.title for article in best.split.articles]
    names = sum(
        title is not None and _is_names(title) and len(title.split()) < 4 for title in titles
    )
    distinct = len(set(titles)) / len(
        {(article.title, article.body) for article in best.split.articles}
    )
    words = median(len(article.body.split()) for article in best.split.articles)
    if distinct < 0.75 or names > 0.75 * count or words < 25:
        doubts.append("the titles repeat, or are names, or the texts are very short.")
        confidence = min(confidence, 0.45)
    if dated < 0.75 or titled < 0.75 or count < _FEWEST:
        confidence = min(confidence, 0.45)
    return round(max(0.0, confidence), 3), doubts


def _has_lone_line(body: str) -> bool:
    """Tell whether a line inside a text looks like a title: of some words, without a full stop."""
    inside = body.split("\n\n")[1:-1]
    return any(
        _is_title_like(line) and len(line.split()) >= 4 and line[0].isupper() for line in inside
    )


def _heads(split: Split) -> Counter[tuple[str | None, str | None]]:
    return Counter((article.title, article.published_text) for article in split.articles)


def _overlap(first: Counter[Any], second: Counter[Any]) -> float:
    """Give the share of articles that two readings have in common."""
    return (first & second).total() / max(1, first.total(), second.total())


def _tell(best: _Tried, is_sample: bool) -> list[str]:
    """Say in sentences what was seen."""
    reading = best.way.reading
    steps = [second - first for first, second in pairwise(reading.starts)]
    told = [
        f"{_show(reading.mark, 60)}: {len(reading.starts)} times, every {median(steps):.0f} lines.",
        f"{len(best.split.articles)} articles were found.",
        *(
            f"head: {_show(item.kind, 60)} stands in {item.share:.0%} of the articles."
            for item in reading.items
        ),
        *(f"{note}." for note in best.notes),
    ]
    if is_sample:
        told.append(f"only the first {_SAMPLE:,} characters were looked at.")
    return told


# --- boilerplate ------------------------------------------------------------------------------


def propose_boilerplate(text: str, found: Split) -> list[Proposal]:
    """Find lines that repeat across the articles of a dump beyond chance.

    Args:
        text: The whole text of the dump.
        found: The articles that it was split into.

    Returns:
        Lines that stand in the texts of at least three articles and of two in a hundred, most
        frequent first. Articles with the same text count once. Nothing is set aside before a
        layout names it.
    """
    bodies: dict[str, int] = {}
    owners = [bodies.setdefault(article.body, len(bodies)) for article in found.articles]
    ends: dict[int, tuple[int, int]] = {}  # of each article, where its text begins and ends
    for span in found.spans:
        if span.kind == "body" and span.article is not None:
            first, last = ends.get(span.article, (span.start, span.end))
            ends[span.article] = (min(first, span.start), max(last, span.end))
    counts: Counter[str] = Counter()
    places: dict[str, set[int]] = {}
    firsts: Counter[str] = Counter()
    lasts: Counter[str] = Counter()
    for span in found.spans:
        if span.kind != "body" or span.article is None:
            continue
        for match in _TEXT_LINE.finditer(text, span.start, span.end):
            line = squeeze(match.group())
            if not line or len(line) > _LONGEST_LINE:
                continue
            counts[line] += 1
            places.setdefault(line, set()).add(owners[span.article])
            start, end = ends[span.article]
            firsts[line] += not text[start : match.start()].strip()
            lasts[line] += not text[match.end() : end].strip()
    least = max(3, round(0.02 * len(bodies)))
    return [
        Proposal(
            line,
            counts[line],
            len(places[line]),
            _give_reason(line, counts[line], len(places[line]), len(bodies), firsts, lasts),
        )
        for line in sorted(counts, key=lambda line: (-len(places[line]), -counts[line], line))
        if len(places[line]) >= least
    ]


def _give_reason(
    line: str,
    count: int,
    article_count: int,
    all_count: int,
    firsts: Mapping[str, int],
    lasts: Mapping[str, int],
) -> str:
    """Say why a line is proposed."""
    reason = f"the same line stands in {article_count:,} of {all_count:,} different texts"
    if 2 * lasts[line] > count:
        return f"{reason}, mostly as the last"
    if 2 * firsts[line] > count:
        return f"{reason}, mostly as the first"
    return reason
