"""A short form of the fuzzer, and every dump that it found a fault with."""

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

RUNS = range(300)


@pytest.fixture(scope="module")
def fuzz() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parent)
        yield importlib.import_module("fuzz_split")


def to_param(label: str, content: bytes) -> Any:
    """A parameter with its name."""
    return pytest.param(content, id=label)


PAGE = b"<div class=esArticle>.<p class=articleParagraph>"
FOUND = [
    to_param("nothing", b""),
    to_param("a byte order mark alone", b"\xef\xbb\xbf"),
    to_param("a byte order mark as a paragraph", b"*TEXT 1 01/04/63\n\xef\xbb\xbf"),
    to_param(
        "a byte order mark behind a body",
        PAGE + b"n<p>\xef\xbb\xbf</p></div>",
    ),
    to_param(
        "an article of a hard space",
        b"<html><p>a</p><div class=article>&nbsp;</div></html>",
    ),
    to_param(
        "boilerplate over a lone CR",
        b"2 von 6 DOKUMENT\rTION\n\n-\rCopyright 2007\r:",
    ),
    to_param(
        "a page longer than the excerpt",
        PAGE + b"n.</p></div>" + b"<div class=esArticle><p>" + b"word " * 70_000 + b"</p></div>",
    ),
]


@pytest.mark.parametrize("content", FOUND)
def test_what_was_found_is_lawful(fuzz: ModuleType, content: bytes) -> None:
    for number in range(len(fuzz.LAYOUTS)):
        fuzz.check(content, number)


@pytest.mark.slow
def test_damaged_dumps_are_lawful(fuzz: ModuleType) -> None:
    cases = fuzz.read_cases()
    assert len(cases) > 50
    outcomes = {number: fuzz.try_out(fuzz.make_dump(cases, 1, number), number) for number in RUNS}
    assert {n: told for n, told in outcomes.items() if told.startswith("FAULT")} == {}
    assert {"refused", "digest", "nexis", "factiva", "mbox"} <= set(outcomes.values())


def test_a_run_is_told_by_its_seed_and_number(fuzz: ModuleType) -> None:
    cases = fuzz.read_cases()
    first, again = ([fuzz.make_dump(cases, 1, number) for number in RUNS] for _ in range(2))
    assert first == again
    assert len(set(first)) > 0.9 * len(first)
    assert first != [fuzz.make_dump(cases, 2, number) for number in RUNS]


def test_what_fails_is_made_small(fuzz: ModuleType) -> None:
    content = b"words and words and a thorn and words" * 20
    assert fuzz.shrink(content, lambda shorter: b"thorn" in shorter) == b"thorn"
    assert fuzz.shrink(content, lambda shorter: False) == content


def test_a_fault_is_named_with_its_place(fuzz: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(content: bytes) -> None:
        raise ValueError("no such thing")

    monkeypatch.setattr(fuzz, "decode", fail)
    fault = fuzz.try_out(b"", 0)
    assert fault.startswith("FAULT ValueError: no such thing (test_fuzz.py:")
