"""Layouts: what the parts of a dump look like, read from one TOML file per form of dump."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from clippings.errors import LayoutError

_KEYS: dict[str, dict[str, type]] = {
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
_PATTERNS = (
    ("separator", "lines"),
    ("boilerplate", "lines"),
    ("boilerplate", "opens"),
    ("boilerplate", "words"),
    ("boilerplate", "tells"),
)


@dataclass(frozen=True, slots=True)
class Label:
    """Words that open a line and say what the rest of it is."""

    pattern: re.Pattern[str]

    def value(self, line: str) -> str | None:
        """Give what follows the label; None where the line does not begin with it."""
        match = self.pattern.match(line)
        return line[match.end() :].strip() if match else None


@dataclass(frozen=True, slots=True)
class Boilerplate:
    """What a line looks like that belongs to the page and not to the article.

    Attributes:
        longest: No such line has more words.
        whole: What a whole line may be.
        plain: Words that stand in such lines and in any others.
        page: Words that a line may be made of, with plain ones.
        opens: What a line begins with that is made of other words too.
        words: What it then holds.
        tells: What it never holds.
    """

    longest: int
    whole: re.Pattern[str]
    plain: frozenset[str]
    page: frozenset[str]
    opens: re.Pattern[str]
    words: re.Pattern[str]
    tells: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Layout:
    """One form of dump.

    Attributes:
        name: Name of the TOML file without its suffix.
        fingerprint: Hash of the file's content.
        separator: What a line between two articles may be.
        byline: Label of the author line.
        outlet: Label of the line that names the source.
        topics: Label of the line that lists the topics.
        topic_separator: What stands between two topics.
        boilerplate: The page's own lines.
    """

    name: str
    fingerprint: str
    separator: re.Pattern[str]
    byline: Label
    outlet: Label
    topics: Label
    topic_separator: str
    boilerplate: Boilerplate


def layout_names() -> list[str]:
    """List the layouts that ship with the package, in alphabetical order."""
    files = resources.files("clippings.layouts").iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


@lru_cache
def load_layout(name: str) -> Layout:
    """Read a layout that ships with the package.

    Args:
        name: Its name, such as "digest".

    Returns:
        The layout.

    Raises:
        LayoutError: There is none of that name.
    """
    if name not in layout_names():
        known = layout_names()
        raise LayoutError(
            f'--layout: expected one of {", ".join(known)}, found "{name}".{_hint(name, known)}'
        )
    file = resources.files("clippings.layouts") / f"{name}.toml"
    return parse_layout(file.read_text(encoding="utf-8"), where=f"{name}.toml")


def parse_layout(text: str, *, where: str) -> Layout:
    """Read the text of a layout file.

    Args:
        text: TOML.
        where: Name of the file, for messages.

    Returns:
        The layout.

    Raises:
        LayoutError: It is no TOML, a key is missing, unknown or of the wrong type, or a pattern is
            no regular expression; the message names the line.

    Source: docs/layouts.md.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LayoutError(f"{where}: expected TOML, found a fault: {error}. Mend it.") from None
    check = _Check(text, where)
    check.keys(raw, {"name": str, **dict.fromkeys(_KEYS, dict)}, "")
    for section, keys in _KEYS.items():
        check.keys(raw[section], keys, section)
    page = raw["boilerplate"]
    either = {
        (section, key): check.pattern(raw[section][key], section, key) for section, key in _PATTERNS
    }
    return Layout(
        name=raw["name"],
        fingerprint=hashlib.sha256(text.encode()).hexdigest(),
        separator=re.compile(either["separator", "lines"]),
        byline=_label(raw["byline"]["starts"]),
        outlet=_label(raw["outlet"]["starts"]),
        topics=_label(raw["topics"]["starts"]),
        topic_separator=raw["topics"]["separator"],
        boilerplate=Boilerplate(
            longest=page["longest"],
            whole=re.compile(rf"{either['boilerplate', 'lines']}[.!?»]*"),
            plain=frozenset(page["plain"].split()),
            page=frozenset(page["page"].split()),
            opens=re.compile(rf"{either['boilerplate', 'opens']}\b"),
            words=re.compile(rf"\b{either['boilerplate', 'words']}\b"),
            tells=re.compile(rf"\b{either['boilerplate', 'tells']}\b"),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Check:
    """Finds what is wrong with a layout file and says where.

    Attributes:
        text: The file.
        where: Its name.
    """

    text: str
    where: str

    def keys(self, table: Mapping[str, Any], keys: Mapping[str, type], section: str) -> None:
        """Check the keys of a section and the types of their values."""
        for key, value in table.items():
            place = self._place(section, key)
            if key not in keys:
                known = ", ".join(keys)
                raise LayoutError(
                    f'{place}: expected one of {known}, found "{key}".{_hint(key, keys)}'
                )
            if type(value) is not keys[key]:  # not isinstance: true is no number here
                expected, found = keys[key].__name__, type(value).__name__
                raise LayoutError(
                    f'{place}: expected a {expected} for "{key}", found a {found}. Change it.'
                )
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, int | dict) and not isinstance(value, list):
                    continue
                if not isinstance(item, str) or not item.strip():
                    raise LayoutError(
                        f'{place}: expected text for "{key}", found {item!r}. Change it.'
                    )
        for key in keys:
            if key not in table:
                place = f"under [{section}]" if section else "at the top"
                raise LayoutError(
                    f'{self.where}: expected a key "{key}", found none. Add it {place}.'
                )

    def pattern(self, patterns: Sequence[str], section: str, key: str) -> str:
        """Check regular expressions and join them to one that matches any of them."""
        for pattern in patterns:
            try:
                re.compile(pattern)
            except (re.error, OverflowError, RecursionError) as error:
                raise LayoutError(
                    f"{self._place(section, key)}: expected a regular expression, found "
                    f'"{pattern}": {error}. Mend it.'
                ) from None
        return _either(f"(?:{pattern})" for pattern in patterns)

    def _place(self, section: str, key: str) -> str:
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


def _hint(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f' Did you mean "{close[0]}"?' if close else ""


def _either(patterns: Iterable[str]) -> str:
    """Join patterns to one that matches any of them; of none, one that matches nothing."""
    return rf"(?:{'|'.join(patterns) or '(?!)'})"


def _label(starts: Iterable[str]) -> Label:
    """Compile the words that open a line: any white space between them, any case."""
    either = _either(r"\s+".join(map(re.escape, start.split())) for start in starts)
    return Label(re.compile(rf"{either}(?:(?<=:)|:|\s|$)\s*", re.IGNORECASE))
