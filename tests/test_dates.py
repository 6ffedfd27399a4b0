"""Printed dates: every form reads back, nothing is guessed, whatever the line."""

import calendar
import json
import re
from datetime import MAXYEAR, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from clippings.dates import PrintedDate, is_date_line, parse_date
from clippings.errors import DateError

CASES = json.loads((Path(__file__).parent / "cases" / "dates.json").read_text(encoding="utf-8"))
FULL = (
    "January February March April May June July August September October November December"
).split()
SHORT = "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec".split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()

DAY_FORMS = [
    "{full} {day} {year}",
    "{full} {day}, {year}",
    "{full} {day:02} {year}",
    "{short} {day} {year}",
    "{short}. {day} {year}",
    "{short}. {day}, {year}",
    "{three} {day} {year}",
    "{three}. {day}, {year}",
    "{day} {full} {year}",
    "{day} {full}, {year}",
    "{day} {short} {year}",
    "{day} {short}. {year}",
    "{day:02} {three} {year}",
    "{day}-{three}-{year}",
    "{weekday}, {full} {day}, {year}",
    "{weekday} {day} {full} {year}",
    "{year}-{month:02}-{day:02}",
    "{year}/{month:02}/{day:02}",
    "{full}\u00a0{day}\u00a0{year}",
    "  {full} {day} {year}\t",
    "{full} {day}, {year}, 10:30 am",
    "{year}-{month:02}-{day:02}T23:59:59Z",
]
MONTH_FORMS = ["{full} {year}", "{full}, {year}", "{short} {year}", "{short}. {year}"]
MONTH_FORMS += ["{three}. {year}", "{year}-{month:02}"]
CASINGS = {"as is": str, "upper": str.upper, "lower": str.lower, "title": str.title}

printed_days = st.dates(date(1000, 1, 1), date(MAXYEAR, 12, 31))


def to_params(cases: list[dict[str, Any]]) -> list[Any]:
    """One parameter per case; a case with a known bug is expected to fail."""
    return [
        pytest.param(
            case,
            id=case["label"],
            marks=[pytest.mark.xfail(strict=True, reason=case["bug"])] if "bug" in case else [],
        )
        for case in cases
    ]


def write(form: str, day: date, casing: str) -> str:
    """Print a day in one of the forms."""
    month = FULL[day.month - 1]
    text = form.format(
        full=month,
        short=SHORT[day.month - 1],
        three=month[:3],
        weekday=WEEKDAYS[day.weekday()],
        day=day.day,
        month=day.month,
        year=day.year,
    )
    return CASINGS[casing](text)


def try_parse(line: str) -> PrintedDate | None:
    try:
        return parse_date(line, where="x")
    except DateError:
        return None


@pytest.mark.parametrize("case", to_params(CASES["dates"]))
def test_printed_date(case: dict[str, Any]) -> None:
    assert is_date_line(case["line"])
    read = parse_date(case["line"], where="digest.txt:84")
    assert read == (datetime.fromisoformat(case["date"]), case["precision"])


@pytest.mark.parametrize("case", to_params(CASES["look_alikes"]))
def test_look_alike_is_no_date(case: dict[str, Any]) -> None:
    assert not is_date_line(case["line"])
    with pytest.raises(DateError, match=re.escape('digest.txt:84: expected a date such as "Aug')):
        parse_date(case["line"], where="digest.txt:84")


@pytest.mark.parametrize("case", to_params(CASES["refused"]))
def test_date_that_names_no_certain_day(case: dict[str, Any]) -> None:
    assert is_date_line(case["line"])
    with pytest.raises(DateError) as caught:
        parse_date(case["line"], where="digest.txt:84")
    assert str(caught.value).startswith("digest.txt:84: expected ")
    assert f'"{case["line"]}"' in str(caught.value)


@settings(deadline=None, max_examples=200)
@given(printed_days, st.sampled_from(DAY_FORMS), st.sampled_from(list(CASINGS)))
@example(date(2016, 2, 29), "{short}. {day} {year}", "upper")
@example(date(2018, 9, 9), "{short}. {day} {year}", "lower")
def test_printed_day_reads_back(day: date, form: str, casing: str) -> None:
    line = write(form, day, casing)
    assert is_date_line(line)
    assert parse_date(line, where="x") == (datetime(day.year, day.month, day.day), "day")


@settings(deadline=None, max_examples=100)
@given(printed_days, st.sampled_from(MONTH_FORMS), st.sampled_from(list(CASINGS)))
def test_printed_month_reads_back(day: date, form: str, casing: str) -> None:
    read = parse_date(write(form, day, casing), where="x")
    assert read == (datetime(day.year, day.month, 1), "month")


@pytest.mark.parametrize("year", range(1500, 2100, 7))
def test_printed_year_reads_back(year: int) -> None:
    assert parse_date(str(year), where="x") == (datetime(year, 1, 1), "year")


@settings(deadline=None, max_examples=200)
@given(printed_days, st.sampled_from(["/", "-", "."]), st.booleans())
@example(date(2019, 4, 12), "/", True)
@example(date(2019, 4, 13), "/", True)
@example(date(2019, 4, 13), "/", False)
def test_numbers_are_read_only_where_one_order_is_possible(
    day: date, sign: str, is_day_first: bool
) -> None:
    first, second = (day.day, day.month) if is_day_first else (day.month, day.day)
    read = try_parse(f"{first}{sign}{second}{sign}{day.year}")
    if day.day > 12 or day.day == day.month:
        assert read == (datetime(day.year, day.month, day.day), "day")
    else:
        assert read is None


@settings(deadline=None, max_examples=200)
@given(
    st.integers(1, 12),
    st.integers(29, 99),
    st.integers(1000, MAXYEAR),
    st.sampled_from([form for form in DAY_FORMS if "weekday" not in form]),
)
def test_impossible_day_is_refused(month: int, day: int, year: int, form: str) -> None:
    assume(day > calendar.monthrange(year, month)[1])
    line = form.format(
        full=FULL[month - 1],
        short=SHORT[month - 1],
        three=FULL[month - 1][:3],
        month=month,
        day=day,
        year=year,
    )
    assert is_date_line(line)
    assert try_parse(line) is None


SIGNS = [*"1 3 12 19 27 31 2019 1948 . - / , é ٣ ²".split(), " ", " ", "\u00a0", "\u0131"]
fragments = st.lists(
    st.sampled_from(
        [*FULL, *SHORT, *"Sept.|may|MARCH|Spring|Friday|of|th|T|Z|10:30".split("|"), *SIGNS]
    ),
    max_size=9,
).map("".join)


@settings(deadline=None, max_examples=400)
@given(st.one_of(fragments, st.text(max_size=70)))
def test_any_line_is_a_printed_date_or_an_error(line: str) -> None:
    read = try_parse(line)
    if read is None:
        return
    assert is_date_line(line)
    assert str(read.date.year) in "".join(str(int(c)) if c.isdecimal() else c for c in line)
    assert read.precision in ("day", "month", "year")
    assert read.date.tzinfo is None
    assert read.date.time() == datetime.min.time()
    assert read.precision != "month" or read.date.day == 1
    assert read.precision != "year" or (read.date.month, read.date.day) == (1, 1)
    if read.precision == "day":
        assert re.search(rf"(?<!\d)0?{read.date.day}(?!\d)", line)


@settings(deadline=None, max_examples=300)
@given(st.one_of(fragments, st.text(max_size=70)))
def test_nothing_without_a_year_becomes_a_date(line: str) -> None:
    line = re.sub(r"\d{4,}", lambda digits: digits.group()[:3], line)
    assert not is_date_line(line)
    assert try_parse(line) is None


@settings(deadline=None, max_examples=100)
@given(printed_days, st.sampled_from(DAY_FORMS[:19]), st.text(min_size=1, max_size=3))
def test_words_around_a_date_make_it_a_sentence(day: date, form: str, words: str) -> None:
    assume(any(char.isalpha() for char in words))
    line = write(form, day, "as is").strip()
    assert not is_date_line(f"{line} was {words}")
    assert not is_date_line(f"{words} on {line}")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ["March ", "1", "2019-", " ", "May 1 ", "at 10:30 ", "Friday, "])
def test_long_lines_are_quick(unit: str) -> None:
    assert not is_date_line(unit * (2_000_000 // len(unit)) + "!")
