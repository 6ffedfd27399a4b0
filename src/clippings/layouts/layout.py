"""Layouts: what the parts of a dump look like, read from one TOML file per form of dump.

A layout is of one of two kinds. In a `MarkedLayout` something marks each article (a line such as
"3 of 40 DOCUMENTS", an element of a page); in a `Layout` nothing does, and the articles are told
apart by what all the lines together look like.
"""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from clippings.dates import LANGUAGES, DateRules
from clippings.errors import LayoutError
from clippings.markup import is_selector

PARTS = (
    "title",
    "date",
    "byline",
    "dateline",
    "section",
    "page",
    "length",
    "id",
    "outlet",
    "topics",
    "body",
    "boilerplate",
)
"""What a part of an article is called in a layout."""

FOLDER = "layouts"
"""The folder of a user's own layouts, beside the raw folder."""

_UNMARKED: dict[str, dict[str, type]] = {
    "separator": {"lines": list},
    "byline": {"starts": list},
    "outlet": {"starts": list},
    "topics": {"starts": list, "separator": str},
    "boilerplate": {
        "longest": int,
        "lines": list,
        "plain": str,
        "page": str,
        "opens": list,
        "words": list,
        "tells": list,
    },
}
_SHARED: dict[str, dict[str, type]] = {
    "dates": {"languages": list, "century": int, "order": str, "needs_year": bool},
    "cover": {"claims": list},
}
_MARKED: dict[str, dict[str, type]] = {
    "article": {
        "begins": list,
        "ends": list,
        "marks": list,
        "broken": list,
        "gap": int,
        "part": str,
        "head_is_block": bool,
    },
    "head": {"part": str, "matches": str, "is_optional": bool, "is_block": bool},
    "labels": {**dict.fromkeys(PARTS, list), "other": list},
    "marks": dict.fromkeys(PARTS, list),
    "dateline": {"opens": list},
    "topics": {"separator": str},
    "boilerplate": {"lines": list},
}
_PATTERNS = {
    ("separator", "lines"): "{}",
    ("boilerplate", "lines"): "{}[.!?»]*",
    ("boilerplate", "opens"): r"{}\b",
    ("boilerplate", "words"): r"\b{}\b",
    ("boilerplate", "tells"): r"\b{}\b",
}
"""Sections and keys of patterns, and what is put around those of each."""
_TYPES: dict[type, str] = {
    str: "a text",
    int: "a number",
    float: "a decimal number",
    bool: "true or false",
    list: "a list",
    dict: "a section",
}
_NUMBERS = ("claimed", "first", "last")

_SPACE = r"[^\S\n]*"
_END = rf"{_SPACE}(?=\n|\Z)"


@dataclass(frozen=True, slots=True)
class Label:
    """Words that open a line and say what the rest of it is.

    Attributes:
        pattern: The words, at the beginning of a line.
        not_initials: Characters with which no such line begins; to look there first is quick.
    """

    pattern: re.Pattern[str]
    not_initials: frozenset[str]

    def value(self, line: str) -> str | None:
        """Give what follows the label; None where the line does not begin with it."""
        match = self.pattern.match(line)
        return line[match.end() :].strip() if match else None


@dataclass(frozen=True)
class Lines:
    """Finds the lines of a text that begin as a pattern says.

    It is compiled when it is first used: most dumps are of one layout.

    Attributes:
        pattern: What a line begins with, white space before it read over; the group `line` of a
            match is the line without that.
    """

    pattern: str

    @cached_property
    def _first(self) -> re.Pattern[str]:
        return re.compile(rf"\ufeff?{_SPACE}(?P<line>{self.pattern})")

    @cached_property
    def _behind(self) -> re.Pattern[str]:
        """Find the same behind a line feed, which a search finds fast."""
        return re.compile(rf"\n{_SPACE}(?P<line>{self.pattern})")

    def find(self, text: str, start: int, end: int) -> Iterator[re.Match[str]]:
        """Find all such lines between two offsets, the first of which is where a line begins."""
        match = self._first.match(text, start, end)
        if match:
            yield match
            start = match.end()
        if text.find("\n", start, end) >= 0:  # in a paragraph on one line there is none
            yield from self._behind.finditer(text, start, end)

    def match(self, text: str, start: int, end: int) -> re.Match[str] | None:
        """Match the line that begins at an offset."""
        return self._first.match(text, start, end)


@dataclass(frozen=True, slots=True)
class Boilerplate:
    """What a line looks like that belongs to the page and not to the article.

    Attributes:
        longest: No such line has more words.
        whole: What a whole line may be.
        page: Words that stand in such lines.
        known: Those, and words that stand in any others too: no line of the page has others than
            these, names and numbers apart.
        opens: What a line begins with that is made of other words too.
        words: What it then holds.
        tells: What it never holds.
    """

    longest: int
    whole: re.Pattern[str]
    page: frozenset[str]
    known: frozenset[str]
    opens: re.Pattern[str]
    words: re.Pattern[str]
    tells: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Layout:
    """One form of dump whose articles nothing marks.

    Attributes:
        name: Name of the TOML file without its suffix.
        fingerprint: Hash of the file's content.
        separator: What a line between two articles may be.
        byline: Label of the author line.
        outlet: Label of the line that names the source.
        topics: Label of the line that lists the topics.
        labelled: Any of these three labels.
        topic_separator: What stands between two topics.
        boilerplate: The page's own lines.
        dates: How dates are printed.
        claims: What the dump says of itself; groups `claimed`, or `first` and `last`.
    """

    name: str
    fingerprint: str
    separator: re.Pattern[str]
    byline: Label
    outlet: Label
    topics: Label
    labelled: Label
    topic_separator: str
    boilerplate: Boilerplate
    dates: DateRules
    claims: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class Slot:
    """A line above the body that is known by its place.

    Attributes:
        part: One of `PARTS`.
        matches: What the whole line looks like; None where any line may stand there.
        is_optional: Whether it is left out before the others are.
        is_block: Whether it is a whole block of lines, up to the next blank one.
    """

    part: str
    matches: re.Pattern[str] | None
    is_optional: bool
    is_block: bool


@dataclass(frozen=True, slots=True)
class MarkedLayout:
    """One form of dump in which each article is marked.

    Attributes:
        name: Name of the TOML file without its suffix.
        fingerprint: Hash of the file's content.
        begins: The line that begins an article; its named groups are parts, or the `number` of
            the article and the number `claimed`.
        ends: The line that ends an article.
        elements: Selectors of the elements of a page that hold one article each.
        broken: The line that stands where an article should.
        gap: Least number of blank lines above a line that begins an article.
        begin_part: The part that such a line is, its groups apart.
        head_is_block: Whether the first blank line ends the lines above the body, and no label
            stands behind it: mail.
        head: The lines above the body that are known by their place, in order.
        labels: Words that open a line; the name of the group that matches is the part.
        marks: Selectors of elements by part.
        dateline: How a body opens that has a dateline; groups `dateline` and `date`.
        topic_separator: What stands between two topics.
        boilerplate: Lines of the page; None where none are known.
        dates: How dates are printed.
        claims: What the dump says of itself; groups `claimed`, or `first` and `last`.
    """

    name: str
    fingerprint: str
    begins: Lines | None
    ends: Lines | None
    elements: tuple[str, ...]
    broken: Lines | None
    gap: int
    begin_part: str
    head_is_block: bool
    head: tuple[Slot, ...]
    labels: Lines | None
    marks: Mapping[str, tuple[str, ...]]
    dateline: re.Pattern[str] | None
    topic_separator: str
    boilerplate: Lines | None
    dates: DateRules
    claims: re.Pattern[str] | None


AnyLayout = Layout | MarkedLayout


def layout_names(folder: Path | None = None) -> list[str]:
    """List a user's own layouts and those that ship with the package, each in alphabetical order.

    Args:
        folder: The folder of the user's own layouts; it need not exist.
    """
    own = _own(folder)
    return [*own, *sorted(name for name in _shipped() if name not in own)]


def _shipped() -> list[str]:
    files = resources.files("clippings.layouts").iterdir()
    return [file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")]


def _own(folder: Path | None) -> dict[str, Path]:
    if folder is None or not folder.is_dir():
        return {}
    return {file.stem: file for file in sorted(folder.glob("*.toml")) if file.name[0] not in ".~"}


def load_layout(name: str, folder: Path | None = None) -> AnyLayout:
    """Read a layout: a user's own where there is one of that name, else one that ships.

    Args:
        name: Its name, such as "digest".
        folder: The folder of the user's own layouts; it need not exist.

    Returns:
        The layout.

    Raises:
        LayoutError: There is none of that name, or its file cannot be used.
    """
    if file := _own(folder).get(name):
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise LayoutError(
                f"{file}: expected a layout in UTF-8, found {error}. Mend it."
            ) from None
        layout = parse_layout(text, where=str(file))
        if layout.name != file.stem:
            raise LayoutError(
                f'{file}: expected the name "{file.stem}", as the file is called, found '
                f'"{layout.name}". Change one of them.'
            )
        return layout
    if name not in _shipped():
        known = layout_names(folder)
        raise LayoutError(
            f'--layout: expected one of {", ".join(known)}, found "{name}".{_hint(name, known)}'
        )
    return _load_shipped(name)


def load_layouts(name: str | None, raw: Path) -> tuple[AnyLayout, ...]:
    """Read the layouts that a dump may have.

    Args:
        name: That of the only one; None for all.
        raw: The raw folder; a user's own stand in `layouts` beside it.

    Raises:
        LayoutError: There is none of that name, or a file cannot be used.
    """
    folder = raw.parent / FOLDER
    names = [name] if name else layout_names(folder)
    return tuple(load_layout(each, folder) for each in names)


def read_source(name: str, folder: Path | None = None) -> str:
    """Read the text of a layout's file, for somebody to edit.

    Args:
        name: The name of a layout that can be loaded.
        folder: The folder of the user's own layouts; it need not exist.
    """
    if file := _own(folder).get(name):
        return file.read_text(encoding="utf-8")
    file_within = resources.files("clippings.layouts") / f"{name}.toml"
    return file_within.read_text(encoding="utf-8")


def name_source(source: str, name: str) -> str:
    """Give the text of a layout's file another name.

    >>> name_source('name = "learned"  # seen 56 times', "brief")
    'name = "brief"  # seen 56 times'
    """
    return re.sub(r"""(?m)^name\s*=\s*["'][^"'\n]*["']""", f'name = "{name}"', source, count=1)


@lru_cache
def _load_shipped(name: str) -> AnyLayout:
    text = read_source(name)
    return _parse(text, _Check(text, f"{name}.toml", is_sound=True))


def parse_layout(text: str, *, where: str) -> AnyLayout:
    """Read the text of a layout file.

    Args:
        text: TOML; with a section [article] that of a marked dump.
        where: Name of the file, for messages.

    Returns:
        The layout.

    Raises:
        LayoutError: It is no TOML, a key is missing, unknown or of the wrong type, or a pattern is
            no regular expression; the message names the line.

    Source: docs/layouts.md.
    """
    return _parse(text, _Check(text, where))


def _parse(text: str, check: _Check) -> AnyLayout:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LayoutError(
            f"{check.where}: expected TOML, found a fault: {error}. Mend it."
        ) from None
    fingerprint = hashlib.sha256(text.encode()).hexdigest()
    if "article" in raw:
        return _parse_marked(raw, check, fingerprint)
    return _parse_unmarked(raw, check, fingerprint)


def _parse_unmarked(raw: Mapping[str, Any], check: _Check, fingerprint: str) -> Layout:
    sections = {**_UNMARKED, **_SHARED}
    check.keys(raw, {"name": str, **dict.fromkeys(sections, dict)}, "", needed=["name", *_UNMARKED])
    for section in raw:
        if section != "name":
            keys = sections[section]
            needed = keys if section in _UNMARKED else ()
            check.keys(raw[section], keys, section, needed=needed)
    page = raw["boilerplate"]
    compiled = {
        (section, key): check.compile(
            form.format(check.pattern(raw[section][key], section, key)), section, key
        )
        for (section, key), form in _PATTERNS.items()
    }
    return Layout(
        name=raw["name"],
        fingerprint=fingerprint,
        separator=compiled["separator", "lines"],
        byline=_label(raw["byline"]["starts"]),
        outlet=_label(raw["outlet"]["starts"]),
        topics=_label(raw["topics"]["starts"]),
        labelled=_label(
            [start for part in ("byline", "outlet", "topics") for start in raw[part]["starts"]]
        ),
        topic_separator=raw["topics"]["separator"],
        boilerplate=Boilerplate(
            longest=page["longest"],
            whole=compiled["boilerplate", "lines"],
            page=frozenset(page["page"].split()),
            known=frozenset(f"{page['page']} {page['plain']}".split()),
            opens=compiled["boilerplate", "opens"],
            words=compiled["boilerplate", "words"],
            tells=compiled["boilerplate", "tells"],
        ),
        dates=_dates(raw, check),
        claims=_claims(raw, check),
    )


def _parse_marked(raw: Mapping[str, Any], check: _Check, fingerprint: str) -> MarkedLayout:
    sections = {**_MARKED, **_SHARED}
    kinds = {"name": str, **dict.fromkeys(sections, dict), "head": list}
    check.keys(raw, kinds, "", needed=["name", "article"])
    for section, keys in sections.items():
        for table in raw.get("head", []) if section == "head" else [raw.get(section, {})]:
            check.keys(table, keys, section, needed=["part"] if section == "head" else ())
    article = raw["article"]
    if not (article.get("begins") or article.get("ends") or article.get("marks")):
        raise LayoutError(
            f'{check.where}: expected "begins", "ends" or "marks" under [article], found none of '
            "them. Say what marks an article."
        )
    for part in [article.get("part", "id"), *(slot["part"] for slot in raw.get("head", []))]:
        if part not in PARTS:
            raise LayoutError(
                f'{check.where}: expected a part of {", ".join(PARTS)}, found "{part}".'
                f"{_hint(part, PARTS)}"
            )
    return MarkedLayout(
        name=raw["name"],
        fingerprint=fingerprint,
        begins=check.line(article, "article", "begins", (*PARTS, "number", "claimed")),
        ends=check.line(article, "article", "ends", (*PARTS, "number", "claimed")),
        elements=check.selectors(article, "article", "marks"),
        broken=check.line(article, "article", "broken", ()),
        gap=article.get("gap", 0),
        begin_part=article.get("part", "id"),
        head_is_block=article.get("head_is_block", False),
        head=tuple(_slot(table, check) for table in raw.get("head", [])),
        labels=_labels(raw.get("labels", {}), check),
        marks={part: check.selectors(raw["marks"], "marks", part) for part in raw.get("marks", {})},
        dateline=check.whole(raw.get("dateline", {}), "dateline", "opens", ("dateline", "date")),
        topic_separator=raw.get("topics", {}).get("separator", ","),
        boilerplate=check.line(raw.get("boilerplate", {}), "boilerplate", "lines", ()),
        dates=_dates(raw, check),
        claims=_claims(raw, check),
    )


def _slot(table: Mapping[str, Any], check: _Check) -> Slot:
    patterns = {"matches": [table["matches"]]} if "matches" in table else {}
    return Slot(
        part=table["part"],
        matches=check.whole(patterns, "head", "matches", PARTS),
        is_optional=table.get("is_optional", False),
        is_block=table.get("is_block", False),
    )


def _labels(table: Mapping[str, Any], check: _Check) -> Lines | None:
    """Compile the labels of all parts to one pattern.

    A label that ends in a letter needs a colon behind it, the tab between two cells, or nothing.
    """
    groups = []
    for part, words in table.items():
        pattern = check.pattern(words, "labels", part)
        flags = "" if part == "other" else "i"
        groups.append(rf"(?P<{part}>(?{flags}:{pattern}))")
    if not groups:
        return None
    pattern = rf"{_either(groups)}(?:{_SPACE}[:\t]|(?<=[^\w\n])|{_END}){_SPACE}"
    return check.lines(pattern, "labels", next(iter(table)))


def _dates(raw: Mapping[str, Any], check: _Check) -> DateRules:
    table = raw.get("dates", {})
    languages = table.get("languages", ["en"])
    for language in languages:
        if language not in LANGUAGES:
            raise LayoutError(
                f"{check.place('dates', 'languages')}: expected a language of "
                f'{", ".join(LANGUAGES)}, found "{language}".{_hint(language, LANGUAGES)}'
            )
    order = table.get("order")
    if order not in (None, "day", "month"):
        raise LayoutError(
            f'{check.place("dates", "order")}: expected "day" or "month", found "{order}". '
            "Change it."
        )
    century = table.get("century")
    if century is not None and not 1000 <= century <= 2100:
        raise LayoutError(
            f"{check.place('dates', 'century')}: expected the first year that two digits can mean, "
            f"such as 1930, found {century}. Change it."
        )
    return DateRules(
        languages=tuple(languages),
        century=century,
        order=order,
        is_year_needed=table.get("needs_year", True),
    )


def _claims(raw: Mapping[str, Any], check: _Check) -> re.Pattern[str] | None:
    return check.whole(raw.get("cover", {}), "cover", "claims", _NUMBERS)


@dataclass(frozen=True, slots=True)
class _Check:
    """Finds what is wrong with a layout file and says where.

    Attributes:
        text: The file.
        where: Its name.
        is_sound: Whether each pattern is known to be a regular expression by itself, as those of
            the layouts that ship are by their tests.
    """

    text: str
    where: str
    is_sound: bool = False

    def keys(
        self,
        table: Mapping[str, Any],
        keys: Mapping[str, type],
        section: str,
        needed: Iterable[str],
    ) -> None:
        """Check the keys of a section and the types of their values."""
        for key, value in table.items():
            if key not in keys:
                known = ", ".join(keys)
                raise LayoutError(
                    f"{self.place(section, key)}: expected one of {known}, found "
                    f'"{key}".{_hint(key, keys)}'
                )
            if type(value) is not keys[key]:  # not isinstance: true is no number here
                expected, found = _TYPES[keys[key]], _TYPES.get(type(value), "something else")
                raise LayoutError(
                    f'{self.place(section, key)}: expected {expected} for "{key}", found {found}. '
                    "Change it."
                )
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, dict) and (section == "" or not isinstance(value, list)):
                    continue
                if isinstance(item, int) and not isinstance(value, list):
                    continue
                if not isinstance(item, str) or not item.strip():
                    raise LayoutError(
                        f'{self.place(section, key)}: expected text for "{key}", found {item!r}. '
                        "Change it."
                    )
        for key in needed:
            if key not in table:
                place = f"under [{section}]" if section else "at the top"
                raise LayoutError(
                    f'{self.where}: expected a key "{key}", found none. Add it {place}.'
                )

    def pattern(
        self, patterns: Sequence[str], section: str, key: str, groups: Iterable[str] = ()
    ) -> str:
        """Check regular expressions and join them to one that matches any of them."""
        for pattern in () if self.is_sound else patterns:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")  # what will mean something else one day
                    found = re.compile(pattern).groupindex
            except (re.error, OverflowError, RecursionError, Warning) as error:
                raise LayoutError(
                    f"{self.place(section, key)}: expected a regular expression, found "
                    f'"{pattern}": {error}. Mend it.'
                ) from None
            for group in found:
                if group not in groups:
                    known = ", ".join(groups) or "none"
                    raise LayoutError(
                        f"{self.place(section, key)}: expected a group of {known}, found "
                        f'"{group}".{_hint(group, groups)}'
                    )
        return _either(f"(?:{pattern})" for pattern in patterns)

    def whole(
        self, table: Mapping[str, Any], section: str, key: str, groups: Iterable[str]
    ) -> re.Pattern[str] | None:
        """Compile the patterns of a key, which may hold a group of one name each."""
        pattern = self._join(table.get(key, ()), section, key, groups)
        return None if pattern is None else self.compile(pattern, section, key)

    def line(
        self, table: Mapping[str, Any], section: str, key: str, groups: Iterable[str]
    ) -> Lines | None:
        """Join the patterns of whole lines to one that finds such a line in a text."""
        patterns = [_unanchor(pattern) for pattern in table.get(key, ())]
        pattern = self._join(patterns, section, key, groups)
        return None if pattern is None else self.lines(pattern + _END, section, key)

    def _join(
        self, patterns: Sequence[str], section: str, key: str, groups: Iterable[str]
    ) -> str | None:
        """Check patterns with groups and join them to one that matches any; None for none."""
        if not patterns:
            return None
        self.pattern(patterns, section, key, groups)
        return _either(f"(?:{pattern})" for pattern in _apart(patterns))

    def lines(self, pattern: str, section: str, key: str) -> Lines:
        """Check what lines begin with, where it is not known to be sound."""
        if not self.is_sound:
            self.compile(f"(?P<line>{pattern})", section, key)
        return Lines(pattern)

    def compile(self, pattern: str, section: str, key: str) -> re.Pattern[str]:
        """Compile what patterns were made into."""
        try:
            return re.compile(pattern)
        except re.error as error:  # "(?i)" must begin a pattern, and "\\1" is the whole line there
            raise LayoutError(
                f"{self.place(section, key)}: expected patterns that can stand side by side, found "
                f'{error}. Write "(?i:...)" for "(?i)", and no back references.'
            ) from None

    def selectors(self, table: Mapping[str, Any], section: str, key: str) -> tuple[str, ...]:
        """Check selectors of elements."""
        for selector in table.get(key, ()):
            if not is_selector(selector):
                raise LayoutError(
                    f'{self.place(section, key)}: expected a selector such as "div.article", "#hd" '
                    f'or "h1", found "{selector}". Change it.'
                )
        return tuple(table.get(key, ()))

    def place(self, section: str, key: str) -> str:
        """Name the file and the line that sets a key; the first line where none is found."""
        current = ""
        for number, line in enumerate(self.text.splitlines(), 1):
            words = line.strip()
            if header := re.match(r"\[+\s*([^\]]*?)\s*\]", words):
                current = header[1]
            if (current == section and re.match(rf"[\"']?{re.escape(key)}[\"']?\s*=", words)) or (
                section == "" and current == key
            ):
                return f"{self.where}:{number}"
        return f"{self.where}:1"


def _unanchor(pattern: str) -> str:
    r"""Take off what says that a pattern is one of a whole line, as it is anyway.

    >>> print(_unanchor(r"^costs 5\$"), _unanchor("^END$"))
    costs 5\$ END
    """
    pattern = pattern.removeprefix("^")
    return pattern[:-1] if re.search(r"(?<!\\)\$$", pattern) else pattern


_GROUP = re.compile(r"\(\?P<(\w+)>")


def _apart(patterns: Sequence[str]) -> list[str]:
    """Number the groups of several patterns, which must not share names: `title`, `title_1`.

    >>> _apart(["(?P<number>a)", "(?P<number>b)"])
    ['(?P<number>a)', '(?P<number_1>b)']
    """
    return [
        _GROUP.sub(rf"(?P<\1_{number}>", pattern) if number else pattern
        for number, pattern in enumerate(patterns)
    ]


def groups(match: re.Match[str]) -> dict[str, tuple[int, int]]:
    """Give the stretches that the named groups of a layout's pattern have matched, by name."""
    return {
        name: match.span(number)
        for number, name in _group_names(match.re.pattern)
        if match.start(number) >= 0
    }


def label_part(match: re.Match[str]) -> str:
    """Give the part that a label names, whose line has matched."""
    for number, name in _group_names(match.re.pattern):
        if match.start(number) >= 0:
            return name
    raise ValueError("no label has matched")


@lru_cache
def _group_names(pattern: str) -> tuple[tuple[int, str], ...]:  # a text knows its hash
    return tuple(
        (number, name.rstrip("0123456789").rstrip("_"))
        for name, number in re.compile(pattern).groupindex.items()
        if name != "line"
    )


def _hint(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f' Did you mean "{close[0]}"?' if close else ""


def _either(patterns: Iterable[str]) -> str:
    """Join patterns to one that matches any of them; of none, one that matches nothing."""
    return rf"(?:{'|'.join(patterns) or '(?!)'})"


def _label(starts: Sequence[str]) -> Label:
    """Compile the words that open a line: any white space between them, any case."""
    either = _either(r"\s+".join(map(re.escape, start.split())) for start in starts)
    initial = re.compile(_either(re.escape(start.strip()[0]) for start in starts), re.IGNORECASE)
    return Label(
        re.compile(rf"{either}(?:(?<=:)|:|\s|$)\s*", re.IGNORECASE),
        frozenset(char for char in map(chr, range(128)) if not initial.match(char)),
    )
