"""A printed date -> day, month or year, never a guess.

The dates of articles are printed in the paper's own calendar: no time zone, and nothing is filled
in from today's date. Which languages are read, what two digits mean as a year, and whether day or
month comes first in "03/04/2019" are the layout's rules; the default rules are English ones that
leave both open.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import compress, groupby
from statistics import median
from typing import NamedTuple

from clippings.errors import DateError


class _Language(NamedTuple):
    """The words of dates in one language: one text per month or weekday, its spellings in it.

    Attributes:
        months: January first; the abbreviations stand without a full stop.
        weekdays: Monday first; the first spelling is the full name.
        seasons: Words that name a part of a year.
        articles: What stands before a day ("le 5 octobre").
        ordinals: What stands behind the digits of a day ("1st"), as a pattern.
        of: Between day and month, as a pattern; "" where nothing does.
        of_year: The same between month and year.
        at: Before a time of day.
        clocks: Patterns of times of day beside "15:32".
    """

    months: tuple[str, ...]
    weekdays: tuple[str, ...]
    seasons: str
    articles: str
    ordinals: str
    of: str
    of_year: str
    at: str
    clocks: tuple[str, ...]


# Not calendar.month_name, which follows the locale of the process. French "mar." is a Tuesday.
_LANGUAGES = {
    "en": _Language(
        months=(
            *("january jan", "february feb", "march mar", "april apr", "may", "june jun"),
            *("july jul", "august aug", "september sept sep", "october oct", "november nov"),
            "december dec",
        ),
        weekdays=(
            *("monday mon", "tuesday tues tue", "wednesday wed", "thursday thurs thur thu"),
            *("friday fri", "saturday sat", "sunday sun"),
        ),
        seasons="winter spring summer autumn fall",
        articles="",
        ordinals="st|nd|rd|th",
        of="of",
        of_year="",
        at="at",
        clocks=(),
    ),
    "fr": _Language(
        months=(
            *("janvier janv jan", "février févr fév", "mars", "avril avr", "mai", "juin"),
            *("juillet juill juil", "août", "septembre sept sep", "octobre oct", "novembre nov"),
            "décembre déc",
        ),
        weekdays=(
            *("lundi lun", "mardi mar", "mercredi mer", "jeudi jeu", "vendredi ven"),
            *("samedi sam", "dimanche dim"),
        ),
        seasons="hiver printemps été automne",
        articles="le",
        ordinals="er",  # 1er janvier 2014
        of="",
        of_year="",
        at="à",
        clocks=(r"[0-9]{1,2} ?h(?: ?[0-9]{2})?",),  # 15 h 32, 15h32, 15h
    ),
    "de": _Language(
        months=(
            *("januar jänner jaenner jan jän", "februar feber febr feb", "märz maerz mrz mär"),
            *("april apr", "mai", "juni jun", "juli jul", "august aug", "september sept sep"),
            *("oktober okt", "november nov", "dezember dez"),
        ),
        weekdays=(
            *("montag mo", "dienstag di", "mittwoch mi", "donnerstag do", "freitag fr"),
            *("samstag sonnabend sa", "sonntag so"),
        ),
        seasons="winter frühling frühjahr sommer herbst",
        articles="den dem am",
        ordinals=r"\.",  # 5. Oktober 2013
        of="",
        of_year="",
        at="um",
        clocks=(r"[0-9]{1,2}(?:[:.][0-9]{2}){0,2} ?uhr",),  # 15.32 Uhr, 15 Uhr
    ),
    "es": _Language(
        months=(
            *("enero ene", "febrero feb", "marzo mar", "abril abr", "mayo may", "junio jun"),
            *("julio jul", "agosto ago", "septiembre setiembre sept sep set", "octubre oct"),
            *("noviembre nov", "diciembre dic"),
        ),
        weekdays=(
            *("lunes lun", "martes mar", "miércoles mié", "jueves jue", "viernes vie"),
            *("sábado sáb", "domingo dom"),
        ),
        seasons="invierno primavera verano otoño",
        articles="el",
        ordinals="º|°|o",  # 1º de enero de 2014
        of="de",
        of_year="del|de",
        at="a las|a la",
        clocks=(r"[0-9]{1,2}[:.][0-9]{2} ?(?:horas|hrs|hs|h)",),  # 15.32 h, 15:32 horas
    ),
    "nl": _Language(
        months=(
            *("januari jan", "februari febr feb", "maart mrt", "april apr", "mei", "juni jun"),
            *("juli jul", "augustus aug", "september sept sep", "oktober okt", "november nov"),
            "december dec",
        ),
        weekdays=(
            *("maandag ma", "dinsdag di", "woensdag wo", "donderdag do", "vrijdag vr"),
            *("zaterdag za", "zondag zo"),
        ),
        seasons="winter lente voorjaar zomer herfst najaar",
        articles="op",
        ordinals="ste|de|e",  # 1ste, 2de, 5e
        of="",
        of_year="",
        at="om",
        clocks=(r"[0-9]{1,2}(?:[:.][0-9]{2}){0,2} ?(?:uur|u)",),  # 15.32 uur
    ),
}
LANGUAGES = tuple(_LANGUAGES)
"""The languages whose dates can be read."""

# Letters of the words above with an accent, and the bare letter that is as good; the same accents
# as signs of their own stand behind the letter in files from a Mac.
_BARE = dict(zip("áàâäãéèêëíîïóôöñúùûüç", "aaaaaeeeeiiiooonuuuuc", strict=True))
_ACCENTS = "\u0300\u0301\u0302\u0303\u0308"
_CAPITALS = {ord(letter.upper()): letter for letter in "abcdefghijklmnopqrstuvwxyz"}
_FOLDED = (
    _CAPITALS
    | {ord(letter): bare for letter, bare in _BARE.items()}
    | {ord(letter.upper()): bare for letter, bare in _BARE.items()}
    | dict.fromkeys(map(ord, _ACCENTS), "")
)

_DIGIT = re.compile(r"[0-9]")  # not \d: no other script's digits are read
_GROUP = re.compile(r"\(\?P([<=])(\w+)")  # (?P<day>
_LIKELY_YEAR = "1[5-9][0-9]{2}|20[0-9]{2}"
# 90, '90; not the hour of "12 MAR 15:32" or "12 mars 15 h 32"
_SHORT_YEAR = r"['’]?(?P<short>[0-9]{2})(?!:| ?h ?[0-9]| ?u(?:hr|ur)\b)"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"  # 15:32, 08:15:30.000
# Words behind a time that are no zone are many ("10:30 by"); these are.
_ZONES = (
    "gmt|utc|bst|cest|cet|mesz|mez|west|wet|eest|eet|msk|est|edt|et|cst|cdt|mst|mdt|pst|pdt|ist"
    "|hkt|jst|sgt|aest|aedt|nzst|nzdt"
)
LONGEST = 110
"""No printed date is longer, in characters ("... -0700 (Mountain Daylight Time)" is 70)."""

_MANY = 5
"""Fewer dates than that tell nothing about each other."""
_FAR = 10
"""Times the usual distance from the middle from which on a date is odd."""
_YEAR_OF_DAYS = 365.25


class DateRules(NamedTuple):
    """How the dates of one form of dump are printed.

    Attributes:
        languages: Of whose words dates are made; some of `LANGUAGES`.
        century: First of the hundred years that two-digit years fall into (with 1930, "30" is 1930
            and "29" is 2029); None where two digits are no year.
        order: What comes first in a date of numbers with two meanings, "day" or "month"; None
            where such a date is uncertain.
        is_year_needed: Whether a date without a year ("7 FEB") has not the form of a date.
    """

    languages: tuple[str, ...] = ("en",)
    century: int | None = None
    order: str | None = None
    is_year_needed: bool = True


ENGLISH = DateRules()


class PrintedDate(NamedTuple):
    """What a printed date says.

    Attributes:
        date: The period's first day, at midnight, without a zone.
        precision: "day", "month" or "year".
    """

    date: datetime
    precision: str


class Stretch(NamedTuple):
    """Part of a line.

    Attributes:
        start: Character offset of its first character.
        end: Character offset behind its last character.
    """

    start: int
    end: int


class _Parts(NamedTuple):
    """Patterns of the parts of a date, in the languages of some rules.

    Attributes:
        month: The name of a month ("aug.").
        ordinal: What may stand behind the digits of a day ("st").
        of: Between day and month.
        year_gap: Between month and year behind a day.
        period_gap: Between month or season and year.
        before: A weekday, an article, both or neither ("dienstag, den ").
        behind: A weekday behind a date or nothing (", thursday"); only full names.
        time: A time of day with what leads to it (", at 3:15 pm").
        season: A part of a year.
        has_dots: Whether a full stop stands behind numbers, with a space or without.
    """

    month: str
    ordinal: str
    of: str
    year_gap: str
    period_gap: str
    before: str
    behind: str
    time: str
    season: str
    has_dots: bool


class _Reader(NamedTuple):
    """What the rules of a layout come to.

    Attributes:
        months: Number of each month's name, from 1.
        line: A whole line that is a date.
        names: What each group of `line` is.
        within: A date among other words of a line.
        table: What becomes of the letters of a line that has others than ASCII's.
    """

    months: dict[str, int]
    line: re.Pattern[str]
    names: tuple[str, ...]
    within: re.Pattern[str]
    table: dict[int, str]


def is_date_line(line: str, rules: DateRules = ENGLISH) -> bool:
    """Tell whether a whole line has the form of a printed date.

    Args:
        line: One line without its newline.
        rules: How dates are printed in this dump.

    >>> is_date_line("Sept. 9 2018"), is_date_line("May 14 1948 was a Friday")
    (True, False)
    >>> is_date_line("jeudi 5 octobre 2013", DateRules(languages=("fr", "en")))
    True
    """
    if _DIGIT.search(line) is None:  # most lines, and quick to tell
        return False
    return _match(line, _make_reader(rules)) is not None


def find_date(line: str, rules: DateRules = ENGLISH) -> Stretch | None:
    """Find the first printed date in a line, with the weekday and time that belong to it.

    A year, a season or "2019-03" is too little to be told from other numbers among words.

    Args:
        line: One line without its newline.
        rules: How dates are printed in this dump.

    Returns:
        A stretch that is a date line of its own: `parse_date` reads it, or says what is uncertain
        about it. None where there is no date.

    >>> line = "December 19, 1991, Thursday, Late Edition"
    >>> found = find_date(line)
    >>> line[found.start : found.end]
    'December 19, 1991, Thursday'
    """
    if _DIGIT.search(line) is None:
        return None
    reader = _make_reader(rules)
    text = _fold(" ".join(line.split()), reader.table)
    match = reader.within.search(text)
    if match is None:
        return None
    if len(text) == len(line):  # nothing was left out
        return Stretch(*match.span())
    offsets = [*_find_offsets(line, reader.table), len(line.rstrip())]
    return Stretch(offsets[match.start()], offsets[match.end()])


def parse_date(line: str, *, where: str, rules: DateRules = ENGLISH) -> PrintedDate:
    """Read the date printed under a headline.

    Args:
        line: One line without its newline, such as "Aug. 19 2019".
        where: File and byte offset, or whatever tells the reader of a message the place.
        rules: How dates are printed in this dump.

    Returns:
        The date and its precision; the paper's local calendar, no time zone.

    Raises:
        DateError: The line is no date, one that is in no calendar, one without a year, or one that
            can be read as two different days ("03/04/2019") while the rules give no order.

    >>> parse_date("Aug. 19 2019", where="digest.txt:84").date
    datetime.datetime(2019, 8, 19, 0, 0)
    >>> parse_date("March 2019", where="digest.txt:84").precision
    'month'
    >>> parse_date("3 JAN 90", where="wire.txt:84", rules=DateRules(century=1930)).date
    datetime.datetime(1990, 1, 3, 0, 0)
    """
    reader = _make_reader(rules)
    match = _match(line, reader)
    if match is None:
        raise DateError(f'{where}: expected a date such as "Aug. 19 2019", found "{line}".')
    found = match.groups()
    part = dict(compress(zip(reader.names, found, strict=True), found))
    year = _read_year(part, rules.century)
    if year is None:
        raise DateError(
            f'{where}: expected a date with its year, found "{line}", which names no year. '
            "Add the year."
        )
    day = int(part["day"]) if "day" in part else None
    month = None
    if "month" in part:
        month = reader.months[part["month"]]
    elif "number" in part:
        month = int(part["number"])
    elif "first" in part:
        numbers = int(part["first"]), int(part["second"])
        month, day = _order_numbers(*numbers, rules.order, line, where)
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


def odd_dates(dates: Sequence[datetime | None]) -> list[int]:
    """Find the dates of a dump that are implausible among the others: 2011 among 1990.

    Odd is a date that lies more than ten times as far from the middle date (the median) as half
    of the dates do, and more than ten years: a dump of one week can hold an older article, and one
    of fifty years has no odd date within a lifetime. Nothing is odd where fewer than five are
    known. An odd date is a thing to look at, not a wrong one.

    Args:
        dates: The dates of the articles of one dump, None where unknown.

    Returns:
        Positions in `dates` of the odd ones, in order.

    >>> odd_dates([datetime(1990, month, 1) for month in range(1, 6)] + [datetime(2011, 3, 11)])
    [5]
    """
    days = [None if date is None else date.toordinal() for date in dates]
    known = [day for day in days if day is not None]
    if len(known) < _MANY:
        return []
    middle = median(known)
    usual = median(abs(day - middle) for day in known)
    farthest = _FAR * max(usual, _YEAR_OF_DAYS)
    return [at for at, day in enumerate(days) if day is not None and abs(day - middle) > farthest]


def _match(line: str, reader: _Reader) -> re.Match[str] | None:
    text = " ".join(line.split())
    if len(text) > LONGEST:
        return None
    return reader.line.fullmatch(_fold(text, reader.table))


def _fold(text: str, table: dict[int, str]) -> str:
    """Write the letters small and without accents; never longer than the text."""
    # Not str.lower for all: it makes one letter two, and a "k" of the sign for kelvins.
    return text.lower() if text.isascii() else text.translate(table)


def _find_offsets(line: str, table: dict[int, str]) -> Iterator[int]:
    """Give the offset in a line of each character that is left of it when squeezed and folded."""
    is_begun, gap = False, None
    for offset, char in enumerate(line):
        if char.isspace():
            gap = offset if gap is None and is_begun else gap
        else:
            if gap is not None:
                yield gap
            if table.get(ord(char)) != "":
                yield offset
            is_begun, gap = True, None


def _read_year(part: dict[str, str], century: int | None) -> int | None:
    """Give the year of a date; two digits are the one year of the layout's hundred."""
    if "year" in part:
        return int(part["year"])
    if "short" in part and century is not None:
        return century + (int(part["short"]) - century) % 100
    return None


def _order_numbers(
    first: int, second: int, order: str | None, line: str, where: str
) -> tuple[int, int]:
    """Give month and day of a date in numbers, where only one order of the two is possible."""
    if first > 12 >= second:
        return second, first
    if second > 12 >= first or first == second:
        return first, second
    if order is not None:
        return (second, first) if order == "day" else (first, second)
    raise DateError(
        f'{where}: expected a date with one meaning, found "{line}", which may be day or month '
        "first. Write the month as a word."
    )


@lru_cache(maxsize=64)
def _make_reader(rules: DateRules) -> _Reader:
    spoken = [_LANGUAGES[language] for language in rules.languages]
    table = _CAPITALS if rules.languages == ("en",) else _FOLDED
    months = {
        name: number
        for number in range(1, 13)
        for name in _words((language.months[number - 1] for language in spoken), table)
    }
    parts = _make_parts(spoken, months, table)
    lines = [_write_days(parts, rules, is_within=False), *_write_periods(parts)]
    within = [
        _write_days(parts, rules, is_within=True),
        f"{parts.month}{parts.period_gap}(?P<year>{_LIKELY_YEAR})",  # March 2019
    ]
    line = re.compile(rf"(?:{_number_groups('|'.join(lines))})\.?")
    return _Reader(
        months,
        line,
        tuple(name.rstrip("0123456789") for name in line.groupindex),
        # Not in the middle of a word, a longer number, or a chain of numbers such as "1.2.1990.4".
        re.compile(
            rf"(?<!\w)(?<![0-9][-/.:])(?:{_number_groups('|'.join(within))})(?!\w|[-/.:][0-9])"
        ),
        table,
    )


def _make_parts(
    spoken: Sequence[_Language], months: Iterable[str], table: dict[int, str]
) -> _Parts:
    weekdays = [names for language in spoken for names in language.weekdays]
    weekday = _any_of(_words(weekdays, table))
    full_weekday = _any_of(_words((names.split()[0] for names in weekdays), table))
    articles = _words((language.articles for language in spoken), table)
    article = f"(?:{_any_of(articles)} )?" if articles else ""
    ordinals = "|".join(language.ordinals for language in spoken)
    of = "|".join(language.of for language in spoken if language.of)
    of_year = "".join(f" (?:{language.of_year}) |" for language in spoken if language.of_year)
    at = "|".join(_fold(language.at, table) for language in spoken)
    clocks = "|".join([*(clock for language in spoken for clock in language.clocks), _CLOCK])
    has_dots = _LANGUAGES["de"] in spoken
    dot = r"|(?<=\.)" if has_dots else ""  # 5.Oktober 2013, 5.Okt.2013
    return _Parts(
        month=rf"(?P<month>{_any_of(months)})\b\.?",
        ordinal=f"(?:{ordinals})?",
        of=(f"(?: (?:{of}))?" if of else "") + f"(?:[ -]{{1,3}}{dot})",
        year_gap=f"(?:{of_year}[ ,-]{{1,3}}{dot})",
        period_gap=f"(?:{of_year}[ ,]{{1,3}}{dot})",
        before=rf"{article}(?:{weekday}\.?(?:, ?| ){article})?",
        behind=f"(?:(?:, ?| ){full_weekday})?",
        time=f"(?:,? (?:{at}) ?|, ?|t ?| )(?:{clocks})" + r"(?: ?[ap](?:m\b|\. ?m\b\.?))?",
        season=_any_of(_words((language.seasons for language in spoken), table)),
        has_dots=has_dots,
    )


def _write_days(parts: _Parts, rules: DateRules, *, is_within: bool) -> str:
    """Write the pattern of a day with the weekday and time that may stand around it.

    Args:
        parts: The patterns of the parts.
        rules: Say whether years of two digits and dates without a year are taken.
        is_within: Whether other words may stand around the date: only likely years and known zones
            are taken then, and "June 11, 12" may be two days.
    """
    month, of, gap = parts.month, parts.of, parts.year_gap
    day = rf"(?P<day>[0-9]{{1,2}}){parts.ordinal}"
    year = rf"(?P<year>{_LIKELY_YEAR if is_within else '[0-9]{4}'})"
    comma = "(?: ?, ?| )"
    short_comma = "(?: |, ?(?=['’]|3[2-9]|[4-9]))" if is_within else comma
    numbers = r"(?P<first>[0-9]{1,2})(?P<dash>[-/.])(?P<second>[0-9]{1,2})(?P=dash)"
    forms = [
        f"{month} ?{day}{comma}{year}",  # Aug. 19 2019
        f"{day}{of}{month}{gap}{year}",  # 18 Jun 2020
        # 2019-03-27
        rf"{year}(?P<dash>[-/.])(?P<number>[0-9]{{1,2}})(?P=dash)(?P<day>[0-9]{{1,2}})",
        f"{numbers}{year}",  # 27/03/2019
    ]
    if parts.has_dots:  # 12. 3. 2019
        forms.append(rf"(?P<first>[0-9]{{1,2}})\. (?P<second>[0-9]{{1,2}})\. ?{year}")
    if rules.century is not None:
        forms += [
            f"{month} ?{day}{short_comma}{_SHORT_YEAR}",  # JUNE 11 89
            f"{day}{of}{month}{gap}{_SHORT_YEAR}",  # 3 JAN 90
            f"{numbers}{_SHORT_YEAR}",  # 01/04/63
        ]
    if not rules.is_year_needed:
        likely_day = rf"(?P<day>0?[1-9]|[12][0-9]|3[01]){parts.ordinal}"
        forms += [
            f"{likely_day}{of}{month}",  # 7 FEB
            f"{month} {likely_day}(?![0-9])",  # FEB 7; "JULY 89" is no day of July
        ]
    zone = _ZONES if is_within else "[a-z]{2,4}"
    time = (
        f"(?:{parts.time}"
        # Z, GMT, +0100, UTC+1
        rf"(?: ?(?:z|(?:{zone})(?: ?[+-][0-9]{{1,2}}(?::?[0-9]{{2}})?)?"
        r"|[+-][0-9]{2}:?[0-9]{2})\b)?"
        r"(?: \([a-z0-9 :+-]{2,34}\))?"  # (CET)
        f"{parts.behind})?"
    )
    return f"{parts.before}(?:{'|'.join(forms)}){parts.behind}{time}"


def _write_periods(parts: _Parts) -> list[str]:
    return [
        f"{parts.month}{parts.period_gap}(?P<year>[0-9]{{4}})",  # March 2019
        r"(?P<year>[0-9]{4})-(?P<number>0[1-9]|1[0-2])",  # 2019-03
        # Spring 2019: only the year is certain
        f"{parts.season}{parts.period_gap}(?P<year>[0-9]{{4}})",
        f"(?P<year>{_LIKELY_YEAR})",  # 2019
    ]


def _words(texts: Iterable[str], table: dict[int, str]) -> list[str]:
    """Give the different words of some texts, folded, in order."""
    return sorted({word.translate(table) for text in texts for word in text.split()})


def _any_of(words: Iterable[str]) -> str:
    """Write a pattern of words, the longest first, that is quick to say no.

    >>> _any_of(["may", "march", "june", "mar"])
    '(?:j(?:une)|m(?:arch|ar|ay))'
    """
    groups = groupby(sorted(words), key=lambda word: word[0])
    rests = {
        first: sorted((word[1:] for word in group), key=len, reverse=True)
        for first, group in groups
    }
    return "(?:" + "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in rests.items()) + ")"


def _number_groups(pattern: str) -> str:
    """Number the named groups of a pattern that holds several forms with the same names.

    >>> _number_groups("(?P<dash>-)(?P=dash)|(?P<dash>/)(?P=dash)")
    '(?P<dash1>-)(?P=dash1)|(?P<dash2>/)(?P=dash2)'
    """
    counts: Counter[str] = Counter()

    def number(match: re.Match[str]) -> str:
        sign, name = match.groups()
        counts[name] += sign == "<"
        return f"(?P{sign}{name}{counts[name]}"

    return _GROUP.sub(number, pattern)
