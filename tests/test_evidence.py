"""The bytes behind words, many at a time."""

from typing import Any

import pyarrow as pa
import pytest

from clippings import store
from clippings.errors import ReadError
from clippings.evidence import find_bytes

WORDS = ("article_id", "field", "start", "end")


def words_of(desk: Any) -> pa.Table:
    return pa.Table.from_pylist([{key: row[key] for key in WORDS} for row in desk.rows("mentions")])


def test_mentions_of_many_dumps_are_found_at_once(desk: Any, write_dump: Any) -> None:
    desk.put("a.txt", write_dump(*range(12)))
    desk.put("sub/b.txt", write_dump(*range(6, 20)).encode("utf-16"))  # six stand twice
    desk.put("c.html", f"<html><body><pre>{write_dump(30, 31)}</pre></body></html>")
    desk.ingest()
    mentions = desk.rows("mentions")
    with store.pin(desk.processed) as snapshot:
        found = find_bytes(snapshot, words_of(desk)).to_pylist()
    times = {row["article_id"]: 0 for row in desk.rows("articles")}
    for row in desk.rows("occurrences"):
        times[row["article_id"]] += 1
    assert max(times.values()) == 2
    assert len(found) == sum(times[mention["article_id"]] for mention in mentions)
    order = [(place["row"], place["dump_id"]) for place in found]
    assert order == sorted(order)
    assert {place["path"] for place in found} >= {"a.txt", "sub/b.txt"}
    for place in found:
        raw = (desk.raw / place["path"]).read_bytes()[place["start_byte"] : place["end_byte"]]
        text = raw.decode("utf-16-le" if place["path"] == "sub/b.txt" else "utf-8")
        assert text.split() == mentions[place["row"]]["surface"].split()


def test_each_dump_is_read_once(
    desk: Any, write_dump: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clippings import evidence

    desk.put("a.txt", write_dump(*range(9)))
    desk.ingest()
    decoded = []
    real = evidence.decode
    monkeypatch.setattr(evidence, "decode", lambda content: decoded.append(1) or real(content))
    with store.pin(desk.processed) as snapshot:
        assert find_bytes(snapshot, words_of(desk)).num_rows > 9
    assert len(decoded) == 1


def test_what_is_gone_is_null_or_an_error(desk: Any, write_dump: Any) -> None:
    file = desk.put("a.txt", write_dump(1, 2, 3))
    desk.put("b.txt", write_dump(4, 5, 6))
    desk.ingest()
    file.unlink()
    words = words_of(desk)
    with store.pin(desk.processed) as snapshot:
        found = find_bytes(snapshot, words).to_pylist()
        with pytest.raises(ReadError, match=r"a\.txt: expected the raw file"):
            find_bytes(snapshot, words, is_strict=True)
        assert find_bytes(snapshot, words.slice(0, 0)).num_rows == 0
    assert {place["path"] for place in found if place["start_byte"] is None} == {"a.txt"}
    assert {place["path"] for place in found if place["end_byte"] is not None} == {"b.txt"}
