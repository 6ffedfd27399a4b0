"""Printed dates: every form reads back, nothing is guessed, whatever the line."""

import calendar
import json
import re
import unicodedata
from datetime import MAXYEAR, date, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from clippings.dates import (
    ENGLISH,
    LANGUAGES,
    DateRules,
    PrintedDate,
    find_date,
    is_date_line,
    odd_dates,
    parse_date,
)
from clippings.errors import DateError

HERE = Path(__file__).parent
CASES = json.loads((HERE / "cases" / "dates.json").read_text(encoding="utf-8"))
LANGUAGE_CASES = json.loads((HERE / "cases" / "dates_languages.json").read_text(encoding="utf-8"))
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


def try_parse(line: str, rules: DateRules = ENGLISH) -> PrintedDate | None:
    try:
        return parse_date(line, where="x", rules=rules)
    except DateError:
        return None


@pytest.mark.parametrize("case", CASES["dates"], ids=itemgetter("label"))
def test_printed_date(case: dict[str, Any]) -> None:
    assert is_date_line(case["line"])
    read = parse_date(case["line"], where="digest.txt:84")
    assert read == (datetime.fromisoformat(case["date"]), case["precision"])


@pytest.mark.parametrize("case", CASES["look_alikes"], ids=itemgetter("label"))
def test_look_alike_is_no_date(case: dict[str, Any]) -> None:
    assert not is_date_line(case["line"])
    with pytest.raises(DateError, match=re.escape('digest.txt:84: expected a date such as "Aug')):
        parse_date(case["line"], where="digest.txt:84")


@pytest.mark.parametrize("case", CASES["refused"], ids=itemgetter("label"))
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


# Written from grammars, not from the module's own lists: full month, abbreviation, weekday.
FRENCH = (
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(),
    "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.".split(),
    "lundi mardi mercredi jeudi vendredi samedi dimanche".split(),
)
GERMAN = (
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(),
    "Jan. Feb. Mrz. Apr. Mai Jun. Jul. Aug. Sept. Okt. Nov. Dez.".split(),
    "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag".split(),
)
SPANISH = (
    (
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
    ).split(),
    "ene. feb. mar. abr. may. jun. jul. ago. sept. oct. nov. dic.".split(),
    "lunes martes miércoles jueves viernes sábado domingo".split(),
)
DUTCH = (
    (
        "januari februari maart april mei juni juli augustus september oktober november december"
    ).split(),
    "jan. febr. mrt. apr. mei jun. jul. aug. sept. okt. nov. dec.".split(),
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag".split(),
)
NAMES = {
    "en": (FULL, SHORT, WEEKDAYS),
    "fr": FRENCH,
    "de": GERMAN,
    "es": SPANISH,
    "nl": DUTCH,
}
FORMS_OF_ALL = [
    "{day} {full} {year}",
    "{day:02} {short} {year}",
    "{full} {day}, {year}",
    "{weekday} {day} {full} {year}",
    "{weekday}, {day} {short} {year}",
    "{day} {full} {year} {weekday}",
    "{full} {day}, {year} {weekday}",
    "{full} {day}, {year}, {weekday}",
    "{weekday} {day} {full} {year} {weekday}",
    "{day} {full} {year} 15:32",
    "{day} {full} {year} 03:15 PM GMT",
    "{weekday} {day} {full} {year}, 15:32:10 +0100 (CET)",
    "{year}-{month:02}-{day:02}T15:32:10Z",
]
FORMS_OF_ONE = {
    "en": ["{day}th of {full} {year}", "{weekday} {full} {day} {year} at 3:15 pm"],
    "fr": [
        "le {day} {full} {year}",
        "{weekday} {day} {full} {year} à 15 h 32",
        "{day}er {full} {year}",
    ],
    "de": ["den {day}. {full} {year}", "{weekday}, {day}.{full} {year} um 15:32 Uhr"],
    "es": ["{day} de {full} de {year}", "el {weekday} {day} de {full} de {year} a las 15:32 h"],
    "nl": ["op {weekday} {day} {full} {year}", "{day}e {full} {year} om 15.32 uur"],
}
FORMS = {language: FORMS_OF_ALL + FORMS_OF_ONE[language] for language in LANGUAGES}
COMPOSED = {"as composed": "NFC", "accents apart": "NFD"}
likely_days = st.dates(date(1500, 1, 1), date(2099, 12, 31))
languages_and_forms = st.sampled_from(LANGUAGES).flatmap(
    lambda language: st.tuples(st.just(language), st.sampled_from(FORMS[language]))
)


def to_rules(case: dict[str, Any]) -> DateRules:
    given_rules = dict(case["rules"])
    if "languages" in given_rules:
        given_rules["languages"] = tuple(given_rules["languages"])
    return DateRules(**given_rules)


def write_in(language: str, form: str, day: date) -> str:
    """Print a day in a form of one language."""
    full, short, weekdays = NAMES[language]
    return form.format(
        full=full[day.month - 1],
        short=short[day.month - 1],
        weekday=weekdays[day.weekday()],
        day=day.day,
        month=day.month,
        year=day.year,
    )


@pytest.mark.parametrize("case", LANGUAGE_CASES["dates"], ids=itemgetter("label"))
def test_printed_date_of_a_layout(case: dict[str, Any]) -> None:
    rules = to_rules(case)
    assert is_date_line(case["line"], rules)
    read = parse_date(case["line"], where="x", rules=rules)
    assert read == (datetime.fromisoformat(case["date"]), case["precision"])


@pytest.mark.parametrize("case", LANGUAGE_CASES["look_alikes"], ids=itemgetter("label"))
def test_look_alike_is_no_date_of_a_layout(case: dict[str, Any]) -> None:
    rules = to_rules(case)
    assert not is_date_line(case["line"], rules)
    with pytest.raises(DateError, match=r"x: expected a date such as"):
        parse_date(case["line"], where="x", rules=rules)


@pytest.mark.parametrize("case", LANGUAGE_CASES["found"], ids=itemgetter("label"))
def test_date_found_in_a_line(case: dict[str, Any]) -> None:
    found = find_date(case["line"], to_rules(case))
    assert (found and case["line"][found.start : found.end]) == case["found"]


@pytest.mark.parametrize("line", ["7 FEB", "FEB. 7", "Tuesday, 7 February", "7 FEB 15:32"])
def test_date_without_a_year_is_no_guess(line: str) -> None:
    rules = DateRules(is_year_needed=False)
    assert is_date_line(line, rules)
    assert not is_date_line(line)
    with pytest.raises(DateError) as caught:
        parse_date(line, where="wire.txt:84", rules=rules)
    assert str(caught.value) == (
        f'wire.txt:84: expected a date with its year, found "{line}", which names no year. '
        "Add the year."
    )


@settings(deadline=None, max_examples=300)
@given(
    likely_days,
    languages_and_forms,
    st.sampled_from(list(CASINGS)),
    st.sampled_from(list(COMPOSED)),
    st.booleans(),
)
@example(
    date(2019, 3, 12),
    ("es", "el {weekday} {day} de {full} de {year}"),
    "title",
    "as composed",
    True,
)
def test_every_form_reads_back_in_every_language(
    day: date, language_and_form: tuple[str, str], casing: str, composed: str, is_alone: bool
) -> None:
    language, form = language_and_form
    rules = DateRules(languages=(language,) if is_alone else LANGUAGES)
    line = CASINGS[casing](unicodedata.normalize(COMPOSED[composed], write_in(language, form, day)))
    assert is_date_line(line, rules)
    read = parse_date(line, where="x", rules=rules)
    assert read == (datetime(day.year, day.month, day.day), "day")
    assert find_date(line, rules) == (0, len(line))


@settings(deadline=None, max_examples=200)
@given(
    likely_days,
    languages_and_forms,
    st.sampled_from(list(COMPOSED)),
    st.sampled_from(["", "Journal, ", "No. 12: ", "  a\u00a0\u00a0b (", "Café ", "Cafe\u0301 - "]),
    st.sampled_from(["", ", p. 12", ". Late edition", ")  x", " [TEXT] 12", "\u00a0— é"]),
)
def test_a_date_is_found_among_words(
    day: date, language_and_form: tuple[str, str], composed: str, before: str, behind: str
) -> None:
    language, form = language_and_form
    printed = unicodedata.normalize(COMPOSED[composed], write_in(language, form, day))
    printed = printed.replace(" ", "  ")
    line = before + printed + behind
    found = find_date(line, DateRules(languages=(language,)))
    assert found is not None
    assert line[found.start : found.end] == printed


@settings(deadline=None, max_examples=100)
@given(likely_days, languages_and_forms)
def test_other_languages_are_not_read(day: date, language_and_form: tuple[str, str]) -> None:
    language, form = language_and_form
    month = NAMES[language][0][day.month - 1].lower()
    others = [NAMES[other] for other in LANGUAGES if other != language]
    shared = {name.lower().rstrip(".") for full, short, _ in others for name in full + short}
    assume("{full}" in form and month not in shared)
    rules = DateRules(languages=tuple(other for other in LANGUAGES if other != language))
    assert not is_date_line(write_in(language, form, day), rules)


@settings(deadline=None, max_examples=200)
@given(
    st.integers(1500, 2000),
    likely_days,
    st.sampled_from(
        ["{day} {short} {year:02}", "{full} {day} {year:02}", "{day}-{short}-{year:02}"]
    ),
)
def test_two_digits_are_a_year_of_the_century(century: int, day: date, form: str) -> None:
    line = form.format(
        day=day.day, short=FULL[day.month - 1][:3], full=FULL[day.month - 1], year=day.year % 100
    )
    assert not is_date_line(line)
    try:
        read = parse_date(line, where="x", rules=DateRules(century=century)).date
    except DateError:
        assert (day.month, day.day) == (2, 29)  # no leap year in that century
        return
    assert (read.month, read.day, read.year % 100) == (day.month, day.day, day.year % 100)
    assert century <= read.year < century + 100


@settings(deadline=None, max_examples=100)
@given(likely_days, st.sampled_from("/-."), st.sampled_from(["day", "month"]))
def test_an_order_makes_numbers_certain(day: date, sign: str, order: str) -> None:
    first, second = (day.day, day.month) if order == "day" else (day.month, day.day)
    line = f"{first:02}{sign}{second:02}{sign}{day.year}"
    read = parse_date(line, where="x", rules=DateRules(order=order))
    assert read == (datetime(day.year, day.month, day.day), "day")


LOOSE = DateRules(languages=LANGUAGES, century=1930, order="day", is_year_needed=False)
more_fragments = st.lists(
    st.sampled_from(
        [
            *(name for full, short, weekdays in NAMES.values() for name in full + short + weekdays),
            *"de|le|den|1er|5.|15 h 32|Uhr|à|'89|89|7|12|2013|1990|-|/|,|.|(|)|é|e\u0301".split(
                "|"
            ),
            *[" "] * 40,
            "\u00a0",
            "  ",
        ]
    ),
    max_size=12,
).map("".join)


@settings(deadline=None, max_examples=600)
@given(st.one_of(more_fragments, fragments, st.text(max_size=70)), st.booleans())
def test_what_is_found_is_a_date_line(line: str, is_loose: bool) -> None:
    rules = LOOSE if is_loose else ENGLISH
    found = find_date(line, rules)
    if found is None:
        return
    stretch = line[found.start : found.end]
    assert stretch == stretch.strip()
    assert is_date_line(stretch, rules)
    assert line[: found.start][-1:].isalnum() is False
    assert line[found.end :][:1].isalnum() is False
    read = try_parse(stretch, rules)
    assert read is None or read.precision in ("day", "month")


def test_no_name_means_two_months() -> None:
    """Every name of a month means the same, whichever languages are read together."""
    for language in LANGUAGES:
        for names in NAMES[language][:2]:
            for month, name in enumerate(names, 1):
                read = parse_date(f"7 {name} 2013", where="x", rules=DateRules(LANGUAGES))
                assert read.date == datetime(2013, month, 7), (language, name)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(0, 700), min_size=5, max_size=60), st.randoms(use_true_random=False))
def test_a_date_of_other_decades_is_odd(days: list[int], chance: Any) -> None:
    dates: list[datetime | None] = [datetime(1990, 1, 1) + timedelta(day) for day in days]
    assert odd_dates(dates) == []
    dates += [datetime(2011, 3, 11), None]
    chance.shuffle(dates)
    assert odd_dates(dates) == [dates.index(datetime(2011, 3, 11))]


def test_few_or_widely_spread_dates_are_not_odd() -> None:
    assert odd_dates([]) == []
    assert odd_dates([None] * 9) == []
    assert odd_dates([datetime(1990, 1, 1)] * 3 + [datetime(2011, 3, 11)]) == []
    assert odd_dates([datetime(1990, 1, 1)] * 4 + [datetime(2011, 3, 11)]) == [4]
    assert odd_dates([datetime(1990, 1, 1)] * 9 + [datetime(1999, 12, 1)]) == []
    assert odd_dates([datetime(year, 1, 1) for year in range(1900, 2000, 10)]) == []


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "unit",
    ["March ", "1", "2019-", "1 ", "1 de ", "May 1 ", "at 10:30 ", "Friday, ", "5. ", "e\u0301 "],
)
def test_long_lines_are_searched_quickly(unit: str) -> None:
    assert find_date(unit * (400_000 // len(unit)) + "!", LOOSE) is None or unit == "May 1 "


@pytest.mark.parametrize(
    "before", ["\u0301  \u00d7   ", "a \u0301  ", " \u0301\u0301 \u00a0", "e\u0301 "]
)
def test_accent_without_a_letter_moves_no_date(before: str) -> None:
    line = f"{before}Freitag 30. April 2010 "
    found = find_date(line, DateRules(languages=("de", "en")))
    assert found is not None
    assert line[found.start : found.end] == "Freitag 30. April 2010"
