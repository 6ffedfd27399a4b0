"""The articles themselves, in blocks: bodies, where the names stand, and the raw words behind."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from clippings.evidence import find_bytes, read_dump

if TYPE_CHECKING:
    from clippings.read import Dump
    from clippings.report.gather import Corpus
    from clippings.store import Snapshot

PER_BLOCK = 100
"""Articles in a block; the page unpacks a block when one of its articles is looked at."""
_MOST_RAW_BYTES = 2**18
"""Length up to which an article's stretch of the raw file is shown in the page."""
_STRAY = re.compile("[\udc80-\udcff]")  # a byte of Windows-1252 in a UTF-8 file


def write_blocks(snapshot: Snapshot, corpus: Corpus) -> Iterator[list[dict[str, Any]]]:
    """Write the articles of the page, block by block, in its order.

    Offsets count as JavaScript does, in UTF-16 units. Where a raw file is gone or has changed, its
    occurrences have neither `raw` nor the places of mentions.

    Yields:
        For each article of a block `body`, `byline`, `dateline`, `printed` (its date), `labels`,
        `starts` and `ends` of its mentions, and `stands`: per occurrence the number of its `dump`,
        `position`, `start` and `end` byte, the `raw` text between them, and per mention its first
        byte, the byte behind the last, and the same in `raw`.
    """
    stands = _find_stands(snapshot, corpus)
    mentions = defaultdict(list)
    columns = ("article", "field", "start", "end", "label")
    for article, *mention in zip(*(corpus.mentions[name] for name in columns), strict=True):
        mentions[article].append(mention)
    articles = {str(name): column.tolist() for name, column in corpus.articles.items()}
    count = len(corpus.articles)
    for first in range(0, count, PER_BLOCK):
        yield [
            _write_article({name: column[row] for name, column in articles.items()}, mentions[row])
            | {"stands": stands[row]}
            for row in range(first, min(first + PER_BLOCK, count))
        ]


def _write_article(row: Mapping[str, Any], mentions: Sequence[list[Any]]) -> dict[str, Any]:
    starts, ends = [], []
    for field, start, end, _ in mentions:
        first, last = _utf16(row[field], start), _utf16(row[field], end)
        starts.append(first)
        ends.append(last)
    return {
        "body": row["body"],
        "byline": _text(row["byline"]),
        "dateline": _text(row["dateline"]),
        "printed": _text(row["published_text"]),
        "labels": "".join(label[:2] for *_, label in mentions),
        "titles": sum(field == "title" for field, *_ in mentions),
        "starts": starts,
        "ends": ends,
    }


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _utf16(text: str, offset: int) -> int:
    """Give an offset of code points as one of UTF-16 units."""
    return offset if text.isascii() else len(text[:offset].encode("utf-16-le")) // 2


def _find_stands(snapshot: Snapshot, corpus: Corpus) -> dict[int, list[dict[str, Any]]]:
    """Find where every article, and every mention in it, stands in the raw files."""
    import pyarrow as pa

    names = ["article_id", "field", "start", "end"]
    words = pa.Table.from_pandas(corpus.mentions[names], preserve_index=False)
    found = find_bytes(snapshot, words)
    places = defaultdict(list)
    article_of = corpus.mentions["article"].tolist()
    counts = Counter(article_of)
    columns = (found[name].to_pylist() for name in ("row", "dump_id", "start_byte", "end_byte"))
    for row, dump_id, *place in zip(*columns, strict=True):
        places[article_of[row], dump_id].append(place)
    stands: dict[int, list[dict[str, Any]]] = defaultdict(list)
    dumps = corpus.dumps
    rows = corpus.occurrences.sort_values(["dump", "position"])
    for number, own in rows.groupby("dump"):
        dump_id, path = dumps["dump_id"][number], dumps["path"][number]
        dump = read_dump(snapshot, dump_id, path, is_strict=False)
        for occurrence in own.to_dict("records"):
            start, end = occurrence["start_byte"], occurrence["end_byte"]
            inside = [  # in the order of the mentions
                place
                for place in places[occurrence["article"], dump_id]
                if place[0] is not None and start <= place[0] < end
            ]
            stand = {
                "dump": number,
                "position": occurrence["position"],
                "start": start,
                "end": end,
            }
            is_whole = len(inside) == counts[occurrence["article"]]
            if dump is not None and is_whole and end - start <= _MOST_RAW_BYTES:
                stand |= _excerpt(dump, start, end, inside)
            stands[occurrence["article"]].append(stand)
    return stands


def _excerpt(dump: Dump, start: int, end: int, places: Sequence[Sequence[int]]) -> dict[str, Any]:
    """Cut a stretch out of a dump, as text, with the places of mentions in bytes and in it."""
    cuts = sorted({start, end, *(byte for place in places for byte in place)})
    raw, offsets, offset = "", {start: 0}, 0
    for first, last in pairwise(cuts):
        piece = _decode(dump, first, last)
        raw += piece
        offset += _utf16(piece, len(piece))
        offsets[last] = offset
    return {
        "raw": raw,
        "places": [
            number
            for first, last in places
            for number in (first, last, offsets[first], offsets[last])
        ],
    }


def _decode(dump: Dump, start: int, end: int) -> str:
    """Read bytes of a dump as they stand in the file, with the tags of HTML."""
    content = dump.content[start:end]
    if dump.encoding == "utf-8+cp1252":
        return _STRAY.sub(_read_stray, content.decode("utf-8", "surrogateescape"))
    return content.decode(dump.encoding.removesuffix("-sig"), "replace")


def _read_stray(byte: re.Match[str]) -> str:
    return byte[0].encode("utf-8", "surrogateescape").decode("cp1252", "replace")
