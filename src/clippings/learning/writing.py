"""A reading -> the text of a layout file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from clippings.dates import DateRules
from clippings.learning.expressions import LINE_END, NAMED, new_line
from clippings.learning.readings import Reading
from clippings.learning.shapes import Item

_COMMENT = re.compile(r"^# .*\n", re.MULTILINE)


def write_layouts(reading: Reading, name: str, rules: DateRules) -> Iterator[str]:
    """Write a reading down in several ways, from careful to free."""
    for gap, begins in _write_begins(reading):
        yield _write_layout(name, reading, begins, gap, rules)


def _write_begins(reading: Reading) -> list[tuple[int, tuple[str, ...]]]:
    """Write what begins an article.

    Returns:
        The blank lines that stand above at least, and patterns.
    """
    items = reading.items
    if not items:
        return []
    strong = _write_strong(reading)
    ways: list[tuple[int, list[str]]] = []
    for gap in dict.fromkeys((0,) if reading.rule else reading.gaps):
        ways.append((gap, strong))
        first = items[0]
        if first.is_anchor or "a-zß" in first.pattern or gap >= 2:
            # Known by its first line alone, or by the gap above it.
            ways.append((gap, [_chain(reading, 0), *_write_lone(reading), *strong[1:]]))
        if gap:
            ways.append((gap, [*strong, *_write_lone(reading)]))
    if reading.rule:
        rule = reading.rule.pattern
        likely = [item.sight if item.is_anchor else item.plain + LINE_END for item in items]
        if reading.dateline:
            likely.append(NAMED.sub("(?:", reading.dateline))
        ahead = rf"(?={new_line(max(item.gap for item in items))}(?:{'|'.join(likely)}))"
        top = []
        if reading.top is not None:  # its first line stands at one place
            is_first = rf"(?<![\s\S]{{{reading.top + 1}}})"
            if reading.top:  # and no cover above it
                is_first += rf"(?<=[\s\S]{{{reading.top}}})"
            top = [is_first + _chain(reading, number) for number in range(min(3, len(items)))]
        below = "" if _is_labelled(reading) else _chain_below(items)
        for head in (f"{rule}{ahead}{below}", f"{rule}{below}"):
            ways += [(0, [head, *top]), (0, [head, *top, *strong])]
    return list(dict.fromkeys((gap, tuple(map(_name_once, way))) for gap, way in ways if way))


def _name_once(pattern: str) -> str:
    """Take the names of groups away where a pattern has had them before."""
    seen: set[str] = set()

    def name(match: re.Match[str]) -> str:
        is_new = match.group() not in seen
        seen.add(match.group())
        return match.group() if is_new else "(?:"

    return NAMED.sub(name, pattern)


def _chain(reading: Reading, number: int) -> str:
    """Write a line of a head, and those that follow, each of which may be missing.

    Where labels tell all of them, nothing follows: labels are read wherever they stand.
    """
    first = reading.items[number].pattern
    if _is_labelled(reading):
        return first
    return first + _chain_below(reading.items[number + 1 :])


def _chain_below(items: Sequence[Item]) -> str:
    gap, chain = 0, ""
    for above, item in zip([None, *items], items, strict=False):
        gap = max(gap, item.gap)  # the line that should have stood above may be missing
        blank = above is not None and above.share < 1 and not item.is_anchor  # or be blank
        chain += f"(?:{new_line(gap + blank)}{item.pattern})?"
    return chain


def _is_labelled(reading: Reading) -> bool:
    return not reading.is_tight and all(item.is_labelled for item in reading.items)


def _write_strong(reading: Reading) -> list[str]:
    """Write heads that hold a second line which is known by what it looks like."""
    found: list[str] = []
    for number, item in enumerate(reading.items[:5]):
        if not item.is_anchor and number > 0:
            continue  # the second line without a name is no beginning
        if evidence := _write_evidence(reading, number):
            first, chain = item.pattern, _chain(reading, number)
            found.append(f"{first}{evidence}{chain.removeprefix(first)}")
    return found


def _write_evidence(reading: Reading, number: int) -> str:
    """Write a look ahead for a line that is known by what it looks like; "" where none follows."""
    following = reading.items[number + 1 :]
    anchors = [item.sight for item in following if item.is_anchor]
    if reading.dateline:
        anchors.append(NAMED.sub("(?:", reading.dateline))
    if not anchors:
        return ""
    gap = max([item.gap for item in following], default=1)
    free = next((item for item in following if not item.is_anchor), None)
    between = rf"(?:{free.plain}{new_line(gap)})?" if free else ""
    return rf"(?={new_line(gap)}{between}(?:{'|'.join(anchors)}))"


def _write_lone(reading: Reading) -> list[str]:
    """Write heads that lack their first line, and begin with another that is known."""
    numbers = [
        at
        for at, item in enumerate(reading.items[:4])
        if at > 0 and (item.is_anchor or "a-zß" in item.pattern)
    ]
    return [_chain(reading, number) for number in numbers[:2]]


def _write_layout(
    name: str, reading: Reading, begins: Sequence[str], gap: int, rules: DateRules
) -> str:
    steps = [below - above for above, below in pairwise(reading.starts)]
    out = [
        f"name = {quote(name)}",
        "",
        "[article]",
        f"# {show(reading.mark)}: {len(reading.starts)} times, every {median(steps):.0f} lines",
        "# a pattern is a head, or what may follow where its first line is missing;",
        "# its groups are the parts, and what stands outside of them is set aside",
        'part = "boilerplate"',
        *([f"gap = {gap}"] if gap else []),
        *_write_list("begins", begins),
        *(_write_list("ends", [reading.ends]) if reading.ends else []),
    ]
    if reading.labels:
        out += ["", "[labels]"]
        for part, words in sorted(reading.labels.items()):
            out.append(f"{part} = [{', '.join(map(quote, words))}]")
    if reading.dateline:
        out += ["", "[dateline]", *_write_list("opens", [reading.dateline])]
    if "topics" in reading.labels:
        out += ["", "[topics]", f"separator = {quote(reading.topic_separator)}"]
    if reading.page_lines:
        out += ["", "[boilerplate]", *_write_list("lines", reading.page_lines)]
    out += ["", "[dates]", f"languages = [{', '.join(map(quote, rules.languages))}]"]
    if rules.century is not None:
        out.append(f"century = {rules.century}")
    if rules.order is not None:
        out.append(f"order = {quote(rules.order)}")
    return "\n".join(out) + "\n"


def _write_list(key: str, patterns: Sequence[str]) -> list[str]:
    return [f"{key} = [", *(f"    {quote(pattern)}," for pattern in patterns), "]"]


def without_comments(toml: str) -> str:
    """Give what a layout says, its comments apart."""
    return _COMMENT.sub("", toml)


def quote(text: str) -> str:
    r"""Write a string of TOML, without escapes where that is possible.

    >>> print(quote(r"\d+"), quote("it's"))
    '\d+' '''it's'''
    """
    if text.isprintable() and "'" not in text:
        return f"'{text}'"
    if text.isprintable() and "'''" not in text and not text.endswith("'"):
        return f"'''{text}'''"
    safe = "".join(char if char.isprintable() or char < " " else "?" for char in text)
    return json.dumps(safe, ensure_ascii=False)


def show(text: str, longest: int = 80) -> str:
    """Write words so that they fit into a comment."""
    words = "".join(char if char.isprintable() else " " for char in text)
    return words if len(words) <= longest else f"{words[:longest]}…"
