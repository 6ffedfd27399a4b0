"""From the words of an article back to the bytes of the raw files that hold it."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from clippings.archives import read_content
from clippings.columns import within
from clippings.errors import ReadError, StoreError
from clippings.read import Dump, decode
from clippings.records import FIELDS

if TYPE_CHECKING:
    import pyarrow as pa

    from clippings.store import Snapshot

_WORD = re.compile(r"\S+")


def find_bytes(snapshot: Snapshot, words: pa.Table, *, is_strict: bool = False) -> pa.Table:
    """Find the bytes behind words of articles, many at a time; each raw file is read once.

    Args:
        snapshot: The tables, pinned.
        words: Columns article_id, field, start, end, as `mentions` has them; one row for each
            stretch of words, in any order.
        is_strict: Whether a raw file that is gone, or has changed, is an error.

    Returns:
        One row for each stretch of words and each occurrence of its article: `row` (the number of
        the stretch in `words`, from 0), `dump_id`, `path`, `start_byte` and `end_byte` (exclusive),
        sorted by `row`, then as `occurrences` is. The bytes decode to the words, white space apart;
        they are null where the raw file is gone or has changed. An article_id that is in no
        dump has no row.

    Raises:
        StoreError: Words lie outside their field.
        ReadError: A raw file is gone or has changed since it was ingested, and `is_strict`.
    """
    import pyarrow as pa

    wanted = defaultdict(list)
    columns = (words[name].to_pylist() for name in ("article_id", "field", "start", "end"))
    for row, (article_id, *stretch) in enumerate(zip(*columns, strict=True)):
        wanted[article_id].append((row, *stretch))
    article_ids = pa.array(sorted(wanted), pa.string())
    occurrences = within(snapshot.read("occurrences"), "article_id", article_ids)
    spans = _spans(snapshot, occurrences, article_ids)
    dumps = snapshot.read("dumps", columns=["dump_id", "path"]).to_pylist()
    paths = {dump["dump_id"]: dump["path"] for dump in dumps}
    found: list[tuple[int, str, str, int | None, int | None]] = []
    for dump_id, own in groupby(occurrences.to_pylist(), key=lambda each: str(each["dump_id"])):
        dump = read_dump(snapshot, dump_id, paths[dump_id], is_strict=is_strict)
        for occurrence in own:
            stretches = wanted[occurrence["article_id"]]
            if dump is None:
                places: Iterator[Any] = ((row, None, None) for row, *_ in stretches)
            else:
                within_it = [
                    span
                    for span in spans[dump_id, occurrence["article_id"]]
                    if occurrence["start_byte"] <= span["start_byte"] < occurrence["end_byte"]
                ]
                places = _find(dump, within_it, stretches)
            found += ((row, dump_id, paths[dump_id], *place) for row, *place in places)
    found.sort(key=lambda each: each[0])
    types = {
        "row": pa.int64(),
        "dump_id": pa.string(),
        "path": pa.string(),
        "start_byte": pa.int64(),
        "end_byte": pa.int64(),
    }
    made = list(zip(*found, strict=True)) or [()] * len(types)
    return pa.table(
        {
            name: pa.array(column, kind)
            for (name, kind), column in zip(types.items(), made, strict=True)
        }
    )


def _spans(
    snapshot: Snapshot, occurrences: pa.Table, article_ids: pa.Array
) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Read the spans that hold the fields of some articles, by dump and article."""
    import pyarrow as pa
    import pyarrow.compute as pc

    digits = snapshot.manifest["tables"]["spans"]["digits"]
    buckets = set(pc.utf8_slice_codeunits(occurrences["dump_id"], 0, digits).to_pylist())
    columns = ["dump_id", "start_byte", "end_byte", "kind", "article_id"]
    kinds = pa.array(FIELDS)
    spans = defaultdict(list)
    for part in snapshot.read_parts("spans", columns, buckets):
        for span in within(within(part, "article_id", article_ids), "kind", kinds).to_pylist():
            spans[span["dump_id"], span["article_id"]].append(span)
    return spans


def _find(
    dump: Dump, spans: Sequence[dict[str, Any]], stretches: Sequence[tuple[int, str, int, int]]
) -> Iterator[tuple[int, int, int]]:
    """Give row, first byte and last byte of stretches of the words of one occurrence."""
    fields: dict[str, _Field] = {}
    for row, field, start, end in stretches:
        if field not in fields:
            fields[field] = _Field(
                dump.text,
                [
                    (dump.char_offset(span["start_byte"]), dump.char_offset(span["end_byte"]))
                    for span in spans
                    if span["kind"] == field
                ],
            )
        length = fields[field].length
        if not 0 <= start < end <= length:
            raise StoreError(
                f"expected 0 <= start < end <= {length} (the length of that {field}), "
                f"found {start} and {end}"
            )
        first, last = fields[field].find(start, end)
        yield row, dump.byte_offset(first), dump.byte_offset(last)


class _Field:
    """A field of an article as it stands in the text of a dump.

    Args:
        text: The text of the dump.
        paragraphs: Start and end of each paragraph of the field in it.

    Attributes:
        length: Of the field, in code points.
    """

    def __init__(self, text: str, paragraphs: Sequence[tuple[int, int]]) -> None:
        self._text = text
        self._paragraphs = paragraphs
        self._starts = []  # of the paragraphs in the field
        self._words: dict[int, list[tuple[int, int, int]]] = {}
        offset = 0
        for number, (start, end) in enumerate(paragraphs):
            self._starts.append(offset)
            length = len(" ".join(text[start:end].split()))
            if length == end - start:  # every space is one: all of it is as good as one word
                self._words[number] = [(offset, start, length)]
            offset += length + 2  # the blank line behind it
        self.length = max(0, offset - 2)

    def find(self, start: int, end: int) -> tuple[int, int]:
        """Give the first character of the text behind some code points of the field, and the end.

        White space at either edge may be left out.
        """
        first = self._paragraph(start)
        word = next((word for word in self._spread(first) if word[0] + word[2] > start), None)
        offset, place, _ = word or self._spread(first + 1)[0]
        last = self._paragraph(end - 1)
        until, stop, length = next(word for word in reversed(self._spread(last)) if word[0] < end)
        begin = place + max(0, start - offset)
        return begin, max(begin, stop + min(length, end - until))

    def _paragraph(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1

    def _spread(self, paragraph: int) -> list[tuple[int, int, int]]:
        """List the words of a paragraph: offset in the field, in the text of the dump, length."""
        if paragraph not in self._words:
            offset, words = self._starts[paragraph], []
            for word in _WORD.finditer(self._text, *self._paragraphs[paragraph]):
                length = word.end() - word.start()
                words.append((offset, word.start(), length))
                offset += length + 1  # the space behind it
            self._words[paragraph] = words
        return self._words[paragraph]


def read_dump(snapshot: Snapshot, dump_id: str, path: str, *, is_strict: bool) -> Dump | None:
    """Read a dump again; None where it is not what it was, unless that is an error."""
    try:
        return _read_again(snapshot, dump_id, path)
    except ReadError:
        if is_strict:
            raise
        return None


def _read_again(snapshot: Snapshot, dump_id: str, path: str) -> Dump:
    note = snapshot.manifest["dumps"][dump_id]
    try:
        content = read_content(
            snapshot.path.parents[1] / snapshot.manifest["raw"],
            note["file"],
            note["member"],
            max_bytes=snapshot.manifest["max_dump_bytes"],
        )
    except ReadError as error:
        raise ReadError(
            error.code,
            f"{path}: expected the raw file it was ingested from, found none: {error}. Put it "
            "back or run `clippings ingest`.",
        ) from None
    if hashlib.sha256(content).hexdigest() != note["sha256"]:
        raise ReadError(
            "changing",
            f"{path}: expected the bytes that were ingested, found others. Run `clippings ingest`.",
        )
    return decode(content)
