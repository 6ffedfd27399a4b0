"""Canonical text, and spans that tile a dump."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clippings.articles import Span, Spans, squeeze, tile


@given(st.text(st.sampled_from("aé’ \t\n\r\x0b\x0c\x1c\x85\u00a0\u2003\u2028\u200b\ufeff😀")))
def test_squeeze_is_split_and_join(text: str) -> None:
    assert squeeze(text) == " ".join(text.split())


@given(st.lists(st.integers(0, 9)), st.integers(0, 9), st.data())
@example([], 0, None)
@example([], 5, None)
def test_spans_tile(gaps: list[int], behind: int, data: st.DataObject) -> None:
    pieces: list[Span] = []
    end = 0
    for gap in gaps:
        start = end + gap
        end = start + data.draw(st.integers(1, 9))
        pieces.append(Span(start, end, "body", data.draw(st.sampled_from([None, 0, 1]))))
    starts, ends, kinds, articles = ([piece[at] for piece in pieces] for at in range(4))
    spans = tile(starts, ends, kinds, articles, end + behind)
    found = list(spans)
    assert [span for span in found if span.kind != "separator"] == pieces
    assert [span.start for span in found] == [0, *(span.end for span in found)][: len(found)]
    assert (found[-1].end if found else 0) == end + behind
    assert all(span.start < span.end for span in found)
    for before, span, after in zip(found, found[1:], found[2:], strict=False):
        if span.kind == "separator":
            assert span.article == (before.article if before.article == after.article else None)
    assert spans.sizes().total() == end + behind
    assert len(spans) == len(found)
    assert [spans[at] for at in range(len(spans))] == found == spans[:]
    assert [spans[-1 - at] for at in range(len(spans))] == found[::-1]


def test_no_span_lies_behind_the_last() -> None:
    spans = Spans((0, 4), ("body",), (0,))
    assert spans[0] == spans[-1] == Span(0, 4, "body", 0)
    assert Span(0, 4, "body", 0) in spans
    for at in (1, -2):
        with pytest.raises(IndexError):
            spans[at]
