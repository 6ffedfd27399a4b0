"""Unmarked dumps of hostile shapes: time is linear, and what is remembered is bounded."""

from typing import Any

import pytest

from clippings.layouts.layout import load_layout
from clippings.reading import kinds, read_lines, steps, words

LAYOUT: Any = load_layout("digest")
HOSTILE = {
    "short lines, all different": "".join(f"Line {number:x}\n" for number in range(100_000)),
    "titles, all different": "".join(
        f"The Tale of {number:x} Kings\n\n" for number in range(30_000)
    ),
    "one long line": "a word and " * 450_000,
    "blank lines": "\n" * 1_000_000,
    "blank lines of every sort": "\r\n\x0b\n\f\n\u2028\n" * 100_000,
    "long paragraphs": ("word " * 90 + "\n\n") * 5_000,
    "one wrapped paragraph": "a few words that were wrapped at a column of forty and\n" * 50_000,
    "wrapped at all columns": "".join(
        "word " * (8 + number % 20) + "and\n" for number in range(30_000)
    ),
    "rules, all different": "".join("-" * (3 + number % 390) + "\n" for number in range(10_000)),
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("shape", HOSTILE)
def test_hostile_shapes_are_read(shape: str) -> None:
    found = read_lines(HOSTILE[shape], LAYOUT)
    assert sum(span.end - span.start for span in found.spans) == len(HOSTILE[shape])
    for remembered in (steps._look_up_step, steps._state, kinds._make_kind, kinds._kind):
        info = remembered.cache_info()
        assert info.maxsize is not None
        assert info.currsize <= info.maxsize <= 1 << 14
    assert len(words._WEIGHTS) <= words.WORDS_KEPT <= 1 << 14
