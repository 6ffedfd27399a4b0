"""Lines of a kind -> the regular expression that a layout knows them by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from clippings.dates import DateRules
from clippings.learning.date_lines import write_date_line
from clippings.learning.days import cut_date
from clippings.learning.expressions import (
    ANY_VALUE,
    group,
    widen,
    write_literal,
    write_tail,
    write_template,
)
from clippings.learning.kinds import (
    BY,
    DIGITS,
    LABEL,
    RIGHTS,
    STOP,
    URL,
    Line,
    is_upper,
    value_of,
)
from clippings.learning.parts import Tail, find_source, find_tail, is_sequence, usual_values


def write_line(
    kind: str, lines: Sequence[Line], part: str, rules: DateRules, *, has_title: bool = False
) -> str:
    """Write the pattern of a line of the head; its groups are parts.

    Args:
        kind: What the lines are like.
        lines: Those of all articles.
        part: What they are, or what stands behind their number or sign.
        rules: How dates are printed.
        has_title: Whether another line is the title.
    """
    texts = [line.text for line in lines]
    name, _, words = kind.partition(":")
    match name:
        case "label" if part == "dated":  # "Source: The Times, 3 May 2019, p. 4"
            values = [value for line in lines if cut_date(value := value_of(line), rules)]
            opening = write_label_words(words, lines[0].text)
            fields = write_date_line(values, rules, has_title=True)
            return rf"{opening}(?:{fields}|{ANY_VALUE})"
        case "label":
            return _write_label(words, lines, part)
        case "tag":
            return write_tag(words, lines, part)
        case "rule":
            return write_rule(texts)
        case "same":
            return _write_same(words, texts)
        case "num" | "sign" if part == "dated":  # "12) A title - The Times, 3 May 2019"
            values = [value_of(line) for line in lines]
            dated = [value for value in values if cut_date(value, rules)]
            fields = write_date_line(dated, rules, has_title=has_title)
            opening = write_literal(words) if name == "sign" else _write_count(words, lines)
            is_table = 2 * sum("\t" in text for text in texts) > len(texts)
            gap = r" ?\t ?" if is_table else r"[ \t]*"
            return rf"{opening}{gap}(?:{fields}|[^\r\n]{{1,240}})"
        case "rights":
            return RIGHTS.pattern
        case "url":
            return URL.pattern
        case "num":
            return _write_number(words, lines, part)
        case "sign":
            values = [value_of(line) for line in lines]
            is_closed = 2 * sum(text.endswith(words[-1]) for text in texts) > len(texts)
            if part and _are_links(values):  # "## [A title](url)"
                return rf"{write_literal(words)}[ \t]{{0,3}}{_write_link(part)}"
            value = write_words(values, is_lazy=is_closed) if part else r"[^\r\n]{0,200}"
            closing = r"(?:[ \t]*[^\w\s]{1,6})?" if is_closed else ""
            return rf"{write_literal(words)}[ \t]{{0,3}}{group(part, value)}{closing}"
        case "by":
            said = sorted({match[0].split()[0] for text in texts if (match := BY.match(text))})
            return rf"(?:{'|'.join(said)})[ \t]+(?P<byline>[^\r\n]{{2,100}})"
        case "date":
            return write_date_line(texts, rules, has_title=has_title)
    if part == "title" and 5 * sum(map(_is_dressed, texts)) >= 4 * len(texts):  # "**A title**"
        value = write_words([text.strip("*_") for text in texts], is_lazy=True)
        return rf"[*_]{{1,3}}{group(part, value)}[*_]{{0,3}}"
    if part == "title" and name == "free" and (tail := find_tail(texts)):
        return _write_title(texts, tail)
    if part == "outlet" and (sign := find_source(texts)):  # "The Times · 5 min"
        value = group(part, rf"[^\s{sign}][^\r\n{sign}]{{1,80}}?")
        return rf"{value}[ \t]{{1,3}}{write_literal(sign)}[ \t][^\r\n]{{1,80}}"
    value = write_words(texts)
    if part == "byline":
        names = "|".join(map(write_literal, usual_values(texts)))
        value = r"(?:[A-ZÀ-Þ][\w'’.-]{0,24}[ ,]{1,2}){1,5}[\w'’.-]{1,24}(?<![.;,:])"
        value = rf"(?:{value}|{names})" if names else value
    if name == "wrapped":
        value = rf"{value}(?:[ \t]*\r?\n[ \t]*{value})?"
    return group(part, value)


def _are_links(values: Sequence[str]) -> bool:
    """Tell whether four of five values are links of Markdown."""
    links = sum(text[:1] == "[" and "](" in text for text in values)
    return 5 * links >= 4 * max(1, len(values))


def _write_link(part: str) -> str:
    value = group(part, r"[^\[\]\r\n]{1,240}")
    return rf"\[?{value}(?:\]\([^()\s]{{0,300}}\))?"


def _is_dressed(text: str) -> bool:
    return text[:1] in "*_" and text[-1:] == text[:1]


def _write_title(values: Sequence[str], tail: Tail) -> str:
    """Write the pattern of a title that has an outlet behind it."""
    return group("title", write_words(values, is_lazy=True)) + write_tail(*tail)


def write_words(texts: Sequence[str], *, is_lazy: bool = False) -> str:
    """Write the pattern of a line of a few words: a title, or what else its place tells."""
    lengths = sorted(map(len, texts))
    least = max(1, min(lengths[len(texts) // 20] // 2, 20) - 1)
    most = min(240, max(60, lengths[-1] * 3 // 2))
    stops = sum(bool(STOP.search(text)) for text in texts)
    ending = r"(?<![.;,:])" if stops <= 0.02 * len(texts) else ""
    small = "a-zß-öø-ÿ" if sum(map(is_upper, texts)) >= 0.9 * len(texts) else ""
    return rf"[^\s{small}][^\r\n{small}]{{{least},{most}}}{'?' * is_lazy}{ending}"


def _write_label(words: str, lines: Sequence[Line], part: str) -> str:
    opening = write_label_words(words, lines[0].text)
    if 2 * sum("\n" in line.text for line in lines) > len(lines):
        opening += r"(?:\r?\n[ \t]*)?"  # the value stands below
    filled = [value for line in lines if (value := value_of(line))]
    if filled and 2 * sum(value[0] == '"' for value in filled) > len(filled):
        return rf'{opening}"?{group(part, ANY_VALUE + "?")}"?[ \t]*(?=[\r\n]|\Z)'
    if part == "title" and (tail := find_tail(filled)):
        return opening + _write_title(filled, tail)
    if part and _are_links(filled):
        return opening + _write_link(part)  # "Source: [The Times](url)"
    return opening + group(part, ANY_VALUE)


def write_label_words(words: str, text: str) -> str:
    """Write the pattern of a label and of what stands between it and its value."""
    pattern = f"(?i:{write_template(words)})"
    match = LABEL.match(text)
    if match is None or match["at"]:
        return rf"{pattern}(?:[ \t]+|(?=[\r\n]))"
    if match["code"]:
        return rf"{pattern}[ ]{{1,4}}-[ \t]*"
    sign = match["sign"]
    for char, between in (("=", "[ ]{0,16}="), ("\t", r"\t"), (".", r"[ ]?\.{3,40}:?")):
        if char in sign:
            return rf"{pattern}{between}[ \t]*"
    stars = r"\*{0,2}" if "*" in match[0] else ""
    spaces = "[ ]{0,16}" if sign.startswith(" ") else ""
    return rf"{stars}{pattern}{stars}{spaces}:{stars}[ \t]*"


def write_tag(name: str, lines: Sequence[Line], part: str) -> str:
    """Write the pattern of a line that begins with a tag."""
    opening = rf"<(?i:{write_literal(name)})(?: [^<>\r\n]{{0,120}})?>"
    if not any(map(value_of, lines)):
        return opening + r"[ \t]*"
    value = group(part, r"[^<\r\n]{0,300}")
    return rf"{opening}[ \t]*{value}(?:</[\w:.-]{{1,31}}>)?"


def write_rule(texts: Sequence[str]) -> str:
    """Write the pattern of a line of signs."""
    signs = Counter(texts).most_common(1)[0][0]
    if set(signs) == {signs[0]}:
        return rf"{write_literal(signs[0])}{{{len(signs)}}}"
    return write_literal(signs)


def _write_same(words: str, texts: Sequence[str]) -> str:
    pattern = widen(write_template(words, "\0"), texts)
    numbers = [DIGITS.findall(text) for text in texts]
    is_counted = is_sequence([int(found[0][:9]) for found in numbers if found])
    totals = {found[1] for found in numbers if len(found) > 1}
    count = pattern.count("\0")
    if count == 2 and is_counted and len(totals) == 1:
        pattern = pattern.replace("\0", r"(?P<number>\d{1,7})", 1)
        return pattern.replace("\0", r"(?P<claimed>\d{1,7})", 1)
    if count == 1 and is_counted:
        return pattern.replace("\0", r"(?P<id>(?P<number>\d{1,7}))")
    if count == 1 and len(words.split()) > 1:
        return pattern.replace("\0", r"(?P<id>\d{1,9})")
    pattern = pattern.replace("\0", r"\d{1,9}")
    return f"(?P<id>{pattern})" if count and len(set(texts)) > 0.5 * len(texts) else pattern


def _write_count(words: str, lines: Sequence[Line]) -> str:
    numbers = [int(match[0][:9]) for line in lines if (match := DIGITS.search(line.text))]
    number = r"(?P<id>(?P<number>\d{1,7}))" if is_sequence(numbers) else r"(?P<id>\d{1,9})"
    return write_template(words, number)


def _write_number(words: str, lines: Sequence[Line], part: str) -> str:
    opening = _write_count(words, lines)
    values = [value for line in lines if (value := value_of(line))]
    if 2 * len(values) <= len(lines):
        return opening
    if part == "title" and (tail := find_tail(values)):
        return rf"{opening}(?:[ \t]+{_write_title(values, tail)})?"
    value = write_words(values) if part == "title" else r"[^\r\n]{1,200}"
    return rf"{opening}(?:[ \t]+{group(part, value)})?"
