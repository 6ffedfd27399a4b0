"""Lines with a date -> the regular expression of the date and of the fields beside it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from clippings.dates import DateRules
from clippings.learning.days import CITED, DELIMITERS, Cut, cut_date, find_dateline
from clippings.learning.expressions import (
    LINE_END,
    group,
    write_literal,
    write_tail,
    write_template,
)
from clippings.learning.kinds import is_byline, normal
from clippings.learning.parts import LENGTH, PAGE, find_tail, guess_field, usual_values

_DATE_SIGNS = re.compile(r"\d+|[^\W\d_]+\.?|\s+|.", re.DOTALL)
_DRESSED = re.compile(r"[*_~(\[]{1,3}[^()\[\]]{4,200}[*_~)\]]{1,3}")  # "*3 May 2019*"


def write_date(dates: Iterable[str]) -> str:
    r"""Write a pattern of the shapes that the dates of a dump have.

    >>> print(write_date(["3 May 2019", "14 August 2020"]))
    (?<![^\W_])(?:\d{1,2} [^\W\d_]{2,12}\.? \d{4})(?![^\W_])
    """
    shapes = Counter("".join(map(_write_sign, _DATE_SIGNS.findall(date))) for date in dates)
    return rf"(?<![^\W_])(?:{'|'.join(shape for shape, _ in shapes.most_common(12))})(?![^\W_])"


def _write_sign(sign: str) -> str:
    if sign.isdecimal():
        return r"\d{1,2}" if len(sign) <= 2 else rf"\d{{{len(sign)}}}"
    if sign[0].isalpha():
        letters = sign.rstrip(".")
        is_word = len(letters) > 1
        return r"[^\W\d_]{2,12}\.?" if is_word else r"[^\W\d_]" + write_literal(sign[1:])
    return " " if sign.isspace() else write_literal(sign)


def write_date_line(texts: Sequence[str], rules: DateRules, *, has_title: bool = False) -> str:
    """Write the pattern of a line with a date, and of what stands beside it in the line.

    Args:
        texts: Such lines.
        rules: How dates are printed.
        has_title: Whether another line is the title.
    """
    if not has_title and (cited := _find_cited(texts, rules)):
        source = write_date_line([match["source"] for match in cited], rules, has_title=True)
        behind = rf"[ \t]{{1,3}}\((?:{source}|[^()\r\n]{{2,120}})\)"
        return rf"(?P<title>[^\r\n]{{2,160}}?)(?:{behind})?{LINE_END}"
    is_dressed = sum(bool(_DRESSED.fullmatch(text)) for text in texts) >= 0.8 * len(texts)
    if is_dressed:  # "*The Times - 3 May 2019*"
        texts = [text.strip("*_~()[] ") for text in texts if _DRESSED.fullmatch(text)]
    cut = [found for text in texts if (found := cut_date(text, rules))]
    date = f"(?P<date>{write_date(found.date for found in cut)})"
    if 2 * sum(found.is_bracketed for found in cut) > len(cut):
        cut = [
            Cut(one.before[:-1], one.date, one.behind[1:]) if one.is_bracketed else one
            for one in cut
        ]
        date = rf"[(\[<]{date}[)\]>]"
    sign = _find_delimiter(cut)
    opened = [one.before.rstrip(" ").endswith(sign) for one in cut if one.before.strip(" :")]
    sign_before = sign if sign == "\t" or 2 * sum(opened) >= len(opened) else ""
    if lead := _find_lead(cut, sign_before):  # "Saved on 3 May 2019 · The Times"
        date = rf"(?:{write_template(lead)}[ \t:]{{0,3}})?{date}"
        cut = [one._replace(before=_without_lead(one.before, lead)) for one in cut]
    befores = [_cut_fields(one.before, sign_before) for one in cut]
    behinds = [_cut_fields(one.behind, sign) for one in cut]
    taken = ["date", "title"] if has_title else ["date"]
    opening = _write_fields(befores, taken, sign_before)
    closing = _write_fields(behinds, taken, sign)
    if sign == "\t":
        pattern = r" ?\t ?".join([*opening, f"{date}?", *closing])
    else:
        gap = _write_gap(sign)
        gap_before = _write_gap(sign_before)  # none in "The Times 3 May 2019, p. 4"
        before = "".join(f"(?:{field}{gap_before})?" for field in opening)
        pattern = before + date + "".join(f"(?:{gap}{field})?" for field in closing)
        if len(sign) == 1 and sign not in ",;-/":  # such a line may lack its date
            field = rf"[^\r\n{write_literal(sign)}]{{1,80}}"
            pattern = f"(?:{pattern}|{field}(?:{gap}{field}){{1,4}})"
        alone = [row[0] for row in (*befores, *behinds) if len(row) == 1]
        alone = [value for value in alone if not PAGE.fullmatch(value)]
        if "outlet" in taken and (outlets := usual_values(alone)):
            names = "|".join(map(write_literal, outlets))
            beside = gap if sign else r"[ \t]{2,20}"
            end = rf"(?=[*_~)\]]{{1,3}}{LINE_END})" if is_dressed else LINE_END
            pattern = f"(?:{pattern}|(?:{names})(?:{beside}[^\\r\\n]{{1,60}})?{end})"
    for part, lone in (("page", PAGE.pattern), ("length", LENGTH.pattern)):
        if part in taken:
            pattern = f"(?:{pattern}|{lone})"
    if sign != "\t" and 2 * sum(text.endswith(":") for text in texts) > len(texts):
        pattern += r"[ \t]*:?"
    return rf"[*_~(\[]{{1,3}}{pattern}[*_~)\]]{{0,3}}" if is_dressed else pattern


def _find_cited(texts: Sequence[str], rules: DateRules) -> list[re.Match[str]]:
    """Find titles with outlet and date in brackets behind them; none unless most lines are such."""
    cited = []
    for text in texts:
        match = CITED.fullmatch(text)
        cut = cut_date(match["source"], rules) if match else None
        if match and cut and cut.before + cut.behind:
            cited.append(match)
    titles = [match["title"] for match in cited]
    is_usual = titles and len(titles) >= 0.7 * len(texts) and guess_field(titles) == "title"
    return cited if is_usual else []


def titles_beside(texts: Sequence[str], rules: DateRules) -> list[str]:
    """Give what stands beside the dates and looks like titles; none where it looks otherwise."""
    pattern = re.compile(write_date_line(texts, rules))
    if "title" not in pattern.groupindex:
        return []
    matches = map(pattern.fullmatch, texts)
    return [match["title"] for match in matches if match and match["title"]]


def _find_lead(cut: Sequence[Cut], sign: str) -> str:
    """Find the words that stand right before nearly all dates; "" where there are none."""
    if sign == "\t":
        return ""
    if not sign:  # "The Times vom 3. Mai 2019"
        words = [one.before.split() for one in cut]
        last, count = Counter(row[-1] if len(row) > 1 else "" for row in words).most_common(1)[0]
        return last if last.islower() and last.isalpha() and 5 * count >= 4 * len(cut) else ""
    leads = (one.before.rpartition(sign)[2] for one in cut)
    lead, count = Counter(normal(lead).rstrip(" :") for lead in leads).most_common(1)[0]
    return lead if 5 * count >= 4 * len(cut) else ""


def _without_lead(before: str, lead: str) -> str:
    words = before.rstrip(" :\t")
    return words[: -len(lead)] if normal(words).endswith(lead) else before


def _find_delimiter(cut: Sequence[Cut]) -> str:
    """Find what stands between the fields of a line; "" where nothing does."""
    for delimiter in DELIMITERS:
        sign = delimiter if delimiter == "\t" else delimiter.rstrip(" ")
        beside = sum(
            one.before.rstrip(" ").endswith(sign.strip(" ")) or one.behind.startswith(sign)
            for one in cut
        )
        if beside >= 0.6 * len(cut):
            return delimiter.strip(" :")
    return ""


def _cut_fields(text: str, sign: str) -> list[str]:
    """Cut what stands on one side of a date into its fields; those of a table may be empty."""
    if sign == "\t":
        inner = text.strip(" ").removeprefix(sign).removesuffix(sign)
        return [field.strip() for field in inner.split(sign)] if sign in text else []
    fields = text.split(sign) if sign else [text]
    return [field.strip(" :") for field in fields if field.strip(" :")]


def _write_fields(rows: Sequence[list[str]], taken: list[str], sign: str) -> list[str]:
    """Write the patterns of the fields on one side of a date, and note which parts are taken."""
    filled = [row for row in rows if row]
    if not filled:
        return []
    usual = Counter(map(len, filled)).most_common(1)[0][0]
    filled = [row for row in filled if len(row) == usual]
    columns = [[row[at] for row in filled] for at in range(min(usual, 6))]
    patterns = [_write_field([value for value in each if value], taken, sign) for each in columns]
    if "title" in taken and sign:
        for at, pattern in enumerate(patterns[:-1]):
            words = "|".join(map(write_literal, usual_values(columns[at])))
            start, opens, field = pattern.partition("(?P<outlet>")
            if opens and words:  # where it is missing, the title would take its place
                ahead = f"(?={_write_gap(sign)})"
                patterns[at] = f"{start}{opens}{words}|{field.removesuffix(')')}{ahead})"
    return patterns


def _write_field(values: Sequence[str], taken: list[str], sign: str) -> str:
    """Say what a field is by its values, and write its pattern."""
    outside = {"\t": r"\t", "|": r"\|", ",": "", "-": "", "/": ""}.get(sign, sign)
    least = 0 if sign == "\t" else 1
    value = rf"[^\r\n{outside if len(sign) == 1 else ''}]{{{least},160}}?"
    if not values:
        return value
    common, count = Counter(map(normal, values)).most_common(1)[0]
    if count >= 0.9 * len(values) and not sign:
        return write_template(common)
    part = guess_field(values)
    if part == "title" and part not in taken and (tail := find_tail(values)):
        taken += ["title", "outlet"]
        return group("title", rf"[^\r\n]{{{least},160}}?") + write_tail(*tail)
    words = r"(?i:(?:by|von|par|por|door) )?" if all(map(is_byline, values)) else ""
    if part in taken:
        part = ""
    taken.append(part)
    if part == "outlet" and 2 * sum(value.endswith("]") for value in values) > len(values):
        city = r"\[[^\r\n\[\]]{1,60}\]"  # "The Times [Oslo]"
        return rf"{words}{group(part, value)}[ \t]{{0,3}}{city}"
    return words + group(part, value)


def _write_gap(sign: str) -> str:
    return rf"[ \t]{{0,3}}{write_literal(sign) or ':?'}[ \t]{{0,3}}"


def write_dateline(texts: Sequence[str], rules: DateRules) -> str:
    """Write the pattern of the opening of a body from the lines that have one."""
    openings = [opening for text in texts if (opening := find_dateline(text, rules))]
    dates = [cut.date for opening in openings if (cut := cut_date(opening, rules))]
    date = f"(?P<date>{write_date(dates)})"
    if 2 * sum(opening.startswith("(") for opening in openings) > len(openings):
        inner = rf"[^\r\n()]{{0,60}}?{date}[^\r\n()]{{0,50}}?"
        return rf"\((?P<dateline>{inner})\)[ \t]*(?:--?|–|—|:)?[ \t]*"
    if len(dates) >= 0.5 * len(openings):
        inner = rf"[^\r\n]{{2,60}}?{date}[^\r\n]{{0,50}}?"
    else:
        inner = r"[^\W\d_][^\r\n()]{1,50}?(?:\([^()\r\n]{1,40}\))?"
    return rf"(?P<dateline>{inner})[ \t]*(?:--?|–|—)[ \t]*"
