"""Kinds of lines: what is told of a line at a first look holds at a second one."""

from pathlib import Path
from typing import Any

from clippings.articles import squeeze
from clippings.layouts.layout import load_layout
from clippings.read import decode
from clippings.reading.kinds import Part, find_kind, look_again

RAW = Path(__file__).parents[2] / "raw"
LAYOUT: Any = load_layout("digest")
SAMPLES = [decode(path.read_bytes()).text for path in sorted(RAW.rglob("*.txt"))]
LINES = sorted({line for text in SAMPLES for line in text.splitlines() if line.strip()})


def test_open_kinds_are_put_as_low_as_they_can_be() -> None:
    opened = 0
    for line in LINES:
        kind = find_kind(squeeze(line), LAYOUT, is_repeated=False, is_close=True)
        settled = look_again(squeeze(line), kind, LAYOUT)
        if kind.is_open:
            opened += 1
            assert kind.readings[Part.BOILERPLATE] <= settled.readings[Part.BOILERPLATE]
            assert list(kind.readings) == list(settled.readings)
    assert opened > 20
