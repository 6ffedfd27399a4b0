"""How the dates of a dump are printed, and the lines and openings that hold one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from clippings.dates import LANGUAGES, DateRules, find_date, is_date_line

YEAR = re.compile(r"\b(?:1[89]|20)\d\d\b")
_SHORT_DATE = re.compile(  # 12/03/19, 3 JAN 90, Jan 3, '90
    r"\b(?:\d{1,2}([./-])\d{1,2}\1|\d{1,2}[ -][^\W\d_]{3,9}\.?[ -]|[^\W\d_]{3,9}\.? \d{1,2}, ?)"
    r"['’]?\d\d(?![\d:])"
)
_NUMERIC = re.compile(r"\b(\d{1,2})([./-])(\d{1,2})\2(?:\d{4}|\d\d)\b")  # 27/03/2019
# "Tehran, 1 November 2004 (Cedar News) - Words", "LONDON (Reuters) -- Words"
_DATELINE = re.compile(r"[^\W\d_][^\n]{1,100}?(?:\s(?:--?|–|—)\s|(?:--|–|—))(?=\s?\S)")
_BRACKETED = re.compile(  # "(Oslo, 3 May 2019) Words"
    r"\([^()\n]{4,90}\)(?:\s--?|\s[–—]|:)?\s(?=\S)"
)
CITED = re.compile(  # "A title (The Times, 3 May 2019)"
    r"(?P<title>[^\r\n]{2,160}?)[ \t]{1,3}\((?P<source>[^()\r\n]{4,120})\)"
)
_CITY = re.compile(r"[A-ZÀ-Þ][A-ZÀ-Þ .'’,-]{2,40}|[^()]{2,40}\([^()]{2,40}\)")
_SENTENCE = re.compile(r"[.!?…:;,][\"'”’»)\]]*$")
DELIMITERS = tuple(" | #|#\t# · # • # – # — # -- # - # // # / #; #: #, ".split("#"))
"""What may stand between the fields of a line, the surest first."""


class Cut(NamedTuple):
    """A line with a date in it: what stands before the date, the date, what stands behind it."""

    before: str
    date: str
    behind: str

    @property
    def is_bracketed(self) -> bool:
        """Whether the date stands in brackets at the beginning or end of the line."""
        return (self.before[-1:], self.behind[:1]) in (("(", ")"), ("[", "]"), ("<", ">")) and (
            1 in (len(self.before), len(self.behind))
        )


def learn_rules(lines: Sequence[str]) -> DateRules:
    """Find out in which languages, order and century the dates of a dump are printed."""
    dated = [line[:160] for line in lines if YEAR.search(line[:160])][:3000]
    found = {}
    for language in LANGUAGES:
        rules = DateRules(languages=(language,), order="day")
        found[language] = {at for at, line in enumerate(dated) if find_date(line, rules)}
    chosen: list[str] = []
    covered: set[int] = set()
    for language in sorted(LANGUAGES, key=lambda language: -len(found[language])):
        if not chosen or len(found[language] - covered) > max(1, 0.02 * len(dated)):
            chosen.append(language)
            covered |= found[language]
    numbers = [
        (int(match[1]), int(match[3])) for line in lines for match in _NUMERIC.finditer(line)
    ]
    is_day = sum(first > 12 >= second for first, second in numbers)
    is_month = sum(second > 12 >= first for first, second in numbers)
    order = None
    if max(is_day, is_month) > 20 * min(is_day, is_month):
        order = "day" if is_day > is_month else "month"
    return DateRules(
        languages=tuple(chosen), order=order, century=_find_century(lines), is_year_needed=True
    )


def _find_century(lines: Sequence[str]) -> int | None:
    """Find the hundred years that two-digit years fall into, from the years named in full.

    They end with the decade after the latest one. None where such dates do not recur, or where few
    years are named with four digits: a single "1998" says little of the rest.
    """
    short = sum(len(line) < 160 and _SHORT_DATE.search(line) is not None for line in lines)
    years = sorted(int(year) for line in lines for year in YEAR.findall(line))
    if short < 4 or 4 * len(years) < short:
        return None
    latest = years[int(0.98 * (len(years) - 1))]
    return latest - latest % 10 - 80


def cut_date(text: str, rules: DateRules) -> Cut | None:
    """Cut a line at the date that it holds; None where it holds none."""
    if len(text) > 240:
        return None
    if stretch := find_date(text.replace("_", " "), rules):  # "_3 May 2019_"
        return Cut(text[: stretch.start], text[stretch.start : stretch.end], text[stretch.end :])
    return Cut("", text, "") if len(text) > 4 and is_date_line(text, rules) else None


def is_of_head(text: str, cut: Cut) -> bool:
    """Tell whether a line with a date in it is no sentence.

    >>> lines = ["A ferry sinks (The Times, 3 May 2019)", "They met in Oran on 3 May 2019; no"]
    >>> [is_of_head(line, cut) for line in lines if (cut := cut_date(line, DateRules()))]
    [True, False]
    """
    before, _, behind = cut
    if _DATELINE.match(behind):
        return False
    rest = len(before) + len(behind)
    if cut.is_bracketed:
        return rest <= 200 and not text.endswith((".", ";", ","))
    if CITED.fullmatch(text) and "(" in before:
        return rest <= 200
    words = [word for word in f"{before} {behind}".split() if word[0].isalpha()]
    small = sum(word[0].islower() for word in words)
    is_open = before.endswith(DELIMITERS[:-1])
    if is_open or behind.startswith(DELIMITERS[:-1]):
        is_told = before != "" and not is_open and small >= 4  # "They met on 3 May 2019; then"
        return rest <= 200 and not is_told and not (_SENTENCE.search(text) and rest > 100)
    is_prose = (
        small >= 4
        or behind.rstrip().endswith((".", "?", "!"))
        or (before != "" and behind == "" and small >= 3)
    )
    return rest == 0 or (len(words) <= 8 and rest <= 70 and not is_prose)


def find_dateline(text: str, rules: DateRules) -> str | None:
    """Give the opening of a paragraph that says where and when it was written."""
    match = _BRACKETED.match(text)
    if match and len(text) > match.end() + 40 and find_date(match.group(), rules):
        return match.group()
    match = _DATELINE.match(text)
    if match is None or len(text) - match.end() < 10:
        return None
    core = match.group().rstrip(" -–—")
    return match.group() if find_date(core, rules) or _CITY.fullmatch(core) else None
