"""A printed date -> day, month or year, never a guess.

The dates of articles are printed in the paper's own calendar: no time zone, and nothing is filled
in from today's date. English month names.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from clippings.errors import DateError

# Not calendar.month_name, which follows the locale of the process.
_NAMES = (
    "january february march april may june july august september october november december"
).split()
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_MONTHS |= {name[:3]: number for number, name in enumerate(_NAMES, 1)} | {"sept": 9}

_MONTH = r"(?P<month>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\b\.?"
_YEAR = r"(?P<year>\d{4})"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
_TIME = (
    r"(?:(?:,|\s+at|t|\s)\s*\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?"
    r"\s*(?:[ap]\.?m\.?)?\s*(?:z|[a-z]{2,4}|[+-]\d{2}:?\d{2})?)?"
)
# Each form with an example. A weekday before a day and a time behind it are read over.
_DAYS = (
    rf"{_MONTH}\s*{_DAY}(?:\s*,\s*|\s+){_YEAR}",  # Aug. 19 2019
    rf"{_DAY}(?:\s+of)?[\s-]+{_MONTH}[\s,-]+{_YEAR}",  # 18 Jun 2020
    rf"{_YEAR}(?P<dash>[-/.])(?P<number>\d{{1,2}})(?P=dash){_DAY}",  # 2019-03-27
    rf"(?P<first>\d{{1,2}})(?P<dash>[-/.])(?P<second>\d{{1,2}})(?P=dash){_YEAR}",  # 27/03/2019
)
_PERIODS = (
    rf"{_MONTH}[\s,]+{_YEAR}",  # March 2019
    rf"{_YEAR}-(?P<number>0[1-9]|1[0-2])",  # 2019-03
    rf"(?:winter|spring|summer|autumn|fall)[\s,]+{_YEAR}",  # Spring 2019: the year is known
    r"(?P<year>1[5-9]\d\d|20\d\d)",  # 2019
)
# All are tried on a whole line, upper and lower case alike.
_FORMS = [
    re.compile(form + r"\.?", re.IGNORECASE | re.ASCII)
    for form in (*(_WEEKDAY + day + _TIME for day in _DAYS), *_PERIODS)
]
_LONGEST = 60
"""No printed date is longer, in characters."""


class PrintedDate(NamedTuple):
    """What a printed date says.

    Attributes:
        date: The period's first day, at midnight, without a zone.
        precision: "day", "month" or "year".
    """

    date: datetime
    precision: str


def _match(line: str) -> re.Match[str] | None:
    line = " ".join(line.split())
    if len(line) > _LONGEST:
        return None
    return next((match for form in _FORMS if (match := form.fullmatch(line))), None)


def is_date_line(line: str) -> bool:
    """Tell whether a whole line has the form of a printed date.

    Args:
        line: One line without its newline.

    >>> is_date_line("Sept. 9 2018"), is_date_line("May 14 1948 was a Friday")
    (True, False)
    """
    return _match(line) is not None


def parse_date(line: str, *, where: str) -> PrintedDate:
    """Read the date printed under a headline.

    Args:
        line: One line without its newline, such as "Aug. 19 2019".
        where: File and byte offset, or whatever tells the reader of a message the place.

    Returns:
        The date and its precision; the paper's local calendar, no time zone.

    Raises:
        DateError: The line is no date, one that is in no calendar, or one that can be read as two
            different days ("03/04/2019").

    >>> parse_date("Aug. 19 2019", where="digest.txt:84").date
    datetime.datetime(2019, 8, 19, 0, 0)
    >>> parse_date("March 2019", where="digest.txt:84").precision
    'month'
    """
    match = _match(line)
    if match is None:
        raise DateError(f'{where}: expected a date such as "Aug. 19 2019", found "{line}".')
    part = match.groupdict()
    year = int(part["year"])
    day = int(part["day"]) if part.get("day") else None
    month = None
    if part.get("month"):
        month = _MONTHS[part["month"].lower()]
    elif part.get("number"):
        month = int(part["number"])
    elif part.get("first"):
        month, day = _order_numbers(int(part["first"]), int(part["second"]), line, where)
    try:
        if day is not None and month is not None:
            return PrintedDate(datetime(year, month, day), "day")
        if month is not None:
            return PrintedDate(datetime(year, month, 1), "month")
        return PrintedDate(datetime(year, 1, 1), "year")
    except ValueError:
        raise DateError(
            f'{where}: expected a day of the calendar, found "{line}". Correct it in the file.'
        ) from None


def _order_numbers(first: int, second: int, line: str, where: str) -> tuple[int, int]:
    """Give month and day of a date in numbers, where only one order of the two is possible."""
    if first > 12 >= second:
        return second, first
    if second > 12 >= first or first == second:
        return first, second
    raise DateError(
        f'{where}: expected a date with one meaning, found "{line}", which may be day or month '
        "first. Write the month as a word."
    )
