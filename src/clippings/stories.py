"""articles -> families of near-duplicates among them, by verified overlap of their words.

What is one story:

- Words are compared in lower case, accents kept, punctuation dropped. Where a script has no spaces
  each character is a word. Two bodies overlap in the runs of four words that both hold.
- A body of 40 words or more resembles another when they share 55 % of the longer one's runs: an
  update, a rewrite, a copy with a paragraph cut. Below 80 words it takes more, 80 % at 40 words.
- It is an excerpt of a longer one when that holds 90 % of its runs, and it is either more than half
  as long or how the longer one opens. A round-up of ten briefs is therefore not the story of all.
- Where the shorter one has three numbers or more, half of them must stand in the other as well:
  bulletins of earthquakes, draws and markets have all their words in common but not the numbers.
- A body of 8 to 39 words is only the story of the very same words, under titles and dates that do
  not contradict each other (unknown contradicts nothing). Fewer words, or none, say nothing.

Families are stars: every member is verified against one leader, so that no chain of weak links
makes a family. The leader is the one that leads most, then the longest; an excerpt never leads.

MinHash (rensa) proposes the pairs: one at the threshold is missed in about one case of a hundred,
and where more than 16 bodies look alike each is compared with the longest and its neighbours only.
That keeps the work linear in a folder where 100,000 articles share a paragraph. Which pairs hold is
counted on all of their words.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clippings.records import arrow_schema
from clippings.side import SIGNS, schema_of

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

Batches = Callable[[], Iterable["pa.RecordBatch"]]
"""Gives the same articles in the same order each time that it is called."""

ReadSigns = Callable[[], Iterable["pa.Table"]]
"""Gives the signatures of all articles, sorted by article_id, each time that it is called."""

ReadBodies = Callable[["pa.Array"], Iterable["pa.RecordBatch"]]
"""Gives article_id and body of some articles, sorted by article_id."""

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

_RUN = 4
"""Words of a run: unrelated articles share hardly any of four, a rewrite still most."""
MIN_WORDS = 8
LONG_WORDS = 40
_SURE_WORDS = 80
_RESEMBLES, _RESEMBLES_SHORT = 0.55, 0.8
_CONTAINS = 0.9
_OPENING_SLACK = 1.25
"""An excerpt stands within this many times its own length from where the longer one begins."""
_NUMBERS = 3

_SLOTS = 64
_OPENING_SLOTS = 8
_SLOT = np.dtype("<u2")
BAND = np.dtype("<u4")
"""Two slots: at the threshold of .55, in one of 32 bands with a probability of .993 or more."""
_SEED = 5
_LIKELY_SLOTS, _LIKELY_OPENING_SLOTS = 15, 6
_FULL_BUCKET = 16
_NEIGHBOURS = 2

_ROW_BYTES = 2 * (_SLOTS + _OPENING_SLOTS)
_BLOCK_ROWS = 4096

_SLICE_BYTES = 2_000_000
_PORTION_PAIRS, _PORTION_RUNS = 1 << 15, 1_000_000

_INNER_MARK = r"(\pN)[.,:](\pN)"  # "4.2", "1,200", "03:12": a number is one word
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"  # "記"
_GAP = r"[^\pL\pN\pM]+"  # ", " or "’" or "\n\n"
_NUMBER = r"^\pN"  # "42", "7th"


class _Words(NamedTuple):
    """The canonical words of texts, one text after the other.

    Attributes:
        hashes: Hash of each word.
        is_number: Whether the word begins with a digit.
        offsets: Where each text begins; one more for the end of the last.
    """

    hashes: Hashes
    is_number: NDArray[np.bool_]
    offsets: Ints


class _Signatures(NamedTuple):
    """What is kept of each article, in the order of their ids: 32 bytes of it, the rest in a file.

    Attributes:
        digests: Hash of the canonical words of the body, two numbers each.
        word_counts: Canonical words of the body.
        sketches: MinHash slots of the runs of the body, then of its opening.
        short: Positions of the articles with a short body.
        titles: Hash of the title of each of these; 0 where it is unknown.
        dates: The published_date of each as an integer; the least one where it is unknown.
    """

    digests: Hashes
    word_counts: NDArray[np.int32]
    sketches: _Sketches
    short: Ints
    titles: Ints
    dates: Ints


class _Sketches:
    """Rows of MinHash slots in a file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._count = 0

    def add(self, content: bytes) -> None:
        """Add rows."""
        self._file.write(content)
        self._count += len(content) // _ROW_BYTES

    def band(self, number: int) -> NDArray[np.uint32]:
        """Give one band of all rows."""
        found = np.empty(self._count, np.uint32)
        for start in range(0, self._count, _BLOCK_ROWS):
            block = self._read(start, min(_BLOCK_ROWS, self._count - start))
            found[start : start + len(block)] = block.view(BAND)[:, number]
        return found

    def rows(self, numbers: Ints) -> NDArray[np.uint16]:
        """Give some rows, in the order of the numbers."""
        wanted, back = np.unique(numbers, return_inverse=True)
        found = np.empty((len(wanted), _SLOTS + _OPENING_SLOTS), np.uint16)
        for start, end in _cuts(wanted // _BLOCK_ROWS):
            first, last = int(wanted[start]), int(wanted[end - 1])
            found[start:end] = self._read(first, last - first + 1)[wanted[start:end] - first]
        return found[back]

    def _read(self, start: int, count: int) -> NDArray[np.uint16]:
        self._file.seek(start * _ROW_BYTES)
        content = self._file.read(count * _ROW_BYTES)
        return np.frombuffer(content, _SLOT).reshape(count, _SLOTS + _OPENING_SLOTS)


class _Ranges(NamedTuple):
    """Where the hashes of texts stand among others.

    Attributes:
        starts: Where those of each text begin.
        counts: How many each has.
    """

    starts: Ints
    counts: Ints

    def of(self, texts: Ints) -> _Ranges:
        """Choose those of some texts."""
        return _Ranges(self.starts[texts], self.counts[texts])


class _Held(NamedTuple):
    """The runs and numbers of the texts that are compared, in a file.

    Attributes:
        place: Position of a text among them, by its number; -1 where it is not.
        hashes: 32 bits of each hash: one pair of 400 words in 50,000 shares a run too many.
        runs: Where the runs of each text stand.
        numbers: Where its words that are numbers stand.
    """

    place: Ints
    hashes: NDArray[np.uint32]
    runs: _Ranges
    numbers: _Ranges


def group_stories(articles: pa.Table | Batches, *, folder: str | Path | None = None) -> pa.Table:
    """Group articles that tell the same story in mostly the same words.

    The articles are read twice: for their signatures, and for the words of those that look alike.

    Args:
        articles: Table with the columns article_id, title and body, better with published_date
            too; or a function that gives its record batches, again and again in the same order.
        folder: Where the temporary file lies; None for where the system puts such.

    Returns:
        The rows of the table `stories`, sorted by article_id; whatever the order of the articles.

    Raises:
        OSError: The temporary file cannot be written.
        ValueError: The batches of the second reading are not those of the first.

    >>> import pyarrow as pa
    >>> body = "The ferry was back in service on Monday after a week of storms, its owner said."
    >>> group_stories(pa.table({
    ...     "article_id": ["a", "b", "c"], "title": ["Ferry back", None, "Ferry late"],
    ...     "body": [body, body.upper(), "The ferry was late."],
    ... })).to_pylist()
    [{'article_id': 'a', 'story_id': 'a'}, {'article_id': 'b', 'story_id': 'a'}]
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    batches = articles.to_batches if isinstance(articles, pa.Table) else articles
    signed = (sign(pa.Table.from_batches([batch])) for batch in batches())
    signs = pa.concat_tables([schema_of(SIGNS).empty_table(), *signed])
    signs = signs.sort_by("article_id")

    def read_bodies(article_ids: pa.Array) -> Iterator[pa.RecordBatch]:
        found = [batch.select(["article_id", "body"]) for batch in batches()]
        rows = pa.Table.from_batches(found)
        rows = rows.set_column(0, "article_id", rows["article_id"].cast(pa.string()))
        yield from rows.filter(pc.is_in(rows[0], article_ids)).sort_by("article_id").to_batches()

    return group_signed(lambda: [signs], read_bodies, folder=folder)


def group_signed(
    read_signs: ReadSigns, read_bodies: ReadBodies, *, folder: str | Path | None = None
) -> pa.Table:
    """Group articles by signatures that `sign` gave.

    Held in memory are 36 bytes an article, some 60 more for each while they are compared, and
    50 MB for what is being read; in temporary files 144 bytes an article, and 4 for each word of
    those alike.

    Args:
        read_signs: Gives the signatures.
        read_bodies: Gives the bodies of those that must be compared.
        folder: Where the temporary files lie; None for where the system puts such.

    Returns:
        The rows of the table `stories`, sorted by article_id.

    Raises:
        OSError: A temporary file cannot be written.
        ValueError: `read_bodies` does not give what it was asked for.
    """
    with TemporaryFile(dir=folder) as file:
        signed = _gather(read_signs(), file)
        texts = _number_texts(signed)
        labels = np.full(len(signed.word_counts), -1, np.int32)
        count = int(np.count_nonzero(texts.word_counts >= LONG_WORDS))
        leaders = _lead(signed, texts, count, read_signs, read_bodies, folder)
        in_long = texts.of_row < count
        labels[in_long] = leaders[texts.of_row[in_long]]
        _label_short(signed, texts, labels)
    return _table(read_signs, labels)


def _table(read_signs: ReadSigns, labels: NDArray[np.int32]) -> pa.Table:
    """Give the rows of families of two and more, named after their smallest article_id."""
    import pyarrow as pa

    order = np.argsort(labels, kind="stable")
    begins = np.flatnonzero(np.diff(labels[order], prepend=-1))
    sizes = np.diff(begins, append=len(order))
    begins, sizes = begins[sizes > 1], sizes[sizes > 1]
    places, _ = _write_out(_Ranges(begins, sizes))
    rows, heads = order[places], np.repeat(order[begins], sizes)
    in_order = np.argsort(rows)
    rows, heads = rows[in_order], heads[in_order]
    ids = _pick(read_signs, rows)
    story_ids = ids.take(pa.array(np.searchsorted(rows, heads)))
    return pa.Table.from_arrays([ids, story_ids], schema=arrow_schema("stories"))


def _pick(read_signs: ReadSigns, rows: Ints) -> pa.Array:
    """Give the article_ids of some articles, by their sorted positions."""
    import pyarrow as pa

    found = [pa.array([], pa.string())]
    begin = 0
    for signs in read_signs():
        first, last = np.searchsorted(rows, [begin, begin + signs.num_rows])
        some = signs["article_id"].take(pa.array(rows[first:last] - begin))
        found += some.chunks
        begin += signs.num_rows
    return pa.concat_arrays(found)


# --- words ------------------------------------------------------------------------------------


def _read_words(texts: pa.Array) -> _Words:
    """Cut texts into canonical words, hashed alike on every machine."""
    import pyarrow.compute as pc

    split = pc.ascii_split_whitespace(texts.fill_null(""))
    # No rule for words looks past a space, so that each distinct piece is read once.
    pieces = split.flatten().dictionary_encode()
    words = _read_pieces(pieces.dictionary)
    codes = pieces.indices.to_numpy()
    counts = np.diff(words.offsets)
    places, begins = _write_out(_Ranges(words.offsets[codes], counts[codes]))
    offsets = begins[split.offsets.to_numpy() - split.offsets[0].as_py()]
    return _Words(words.hashes[places], words.is_number[places], offsets)


def _read_pieces(texts: pa.Array) -> _Words:
    """Cut distinct texts into canonical words."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lower = pc.utf8_normalize(pc.utf8_lower(texts), form="NFC")
    lower = pc.replace_substring_regex(lower, _INNER_MARK, r"\1\2")
    if pc.any(pc.match_substring_regex(lower, _UNSPACED)).as_py():
        lower = pc.replace_substring_regex(lower, _UNSPACED, r" \0 ")
    lists = pc.split_pattern_regex(lower, _GAP)
    encoded = lists.flatten().dictionary_encode()
    codes = encoded.indices.to_numpy()
    distinct = encoded.dictionary
    named = distinct.cast(pa.binary()).to_pylist()
    digests = [hashlib.blake2b(word, digest_size=8).digest() for word in named]
    hashes = np.frombuffer(b"".join(digests), "<u8")
    numbers = pc.match_substring_regex(distinct, _NUMBER).to_numpy(zero_copy_only=False)
    # A text that begins or ends with a mark has an empty word there.
    is_word = pc.not_equal(distinct, "").to_numpy(zero_copy_only=False)[codes]
    offsets = np.concatenate([[0], np.cumsum(is_word)])[
        lists.offsets.to_numpy() - lists.offsets[0].as_py()
    ]
    codes = codes[is_word]
    return _Words(hashes[codes], numbers.astype(bool)[codes], offsets)


def _hash_runs(words: _Words) -> tuple[Hashes, Ints]:
    """Hash each run of words that stand one after the other in a text.

    Args:
        words: The words of texts.

    Returns:
        The hashes, and where those of each text begin and the last ends.
    """
    hashes, _, offsets = words
    counts = np.maximum(np.diff(offsets) - _RUN + 1, 0)
    starts, ends = _write_out(_Ranges(offsets[:-1], counts))
    runs = np.zeros(max(len(hashes) - _RUN + 1, 0), np.uint64)
    for step in range(_RUN):
        runs = runs * np.uint64(0x9E3779B97F4A7C15) + hashes[step : step + len(runs)]
    runs = runs[starts]
    runs ^= runs >> np.uint64(31)
    runs *= np.uint64(0xBF58476D1CE4E5B9)
    return runs ^ (runs >> np.uint64(29)), ends


def _write_out(ranges: _Ranges) -> tuple[Ints, Ints]:
    """Give the positions in ranges one after the other, and where each range begins among them.

    >>> positions, offsets = _write_out(_Ranges(np.array([7, 2]), np.array([2, 3])))
    >>> positions.tolist(), offsets.tolist()
    ([7, 8, 2, 3, 4], [0, 2, 5])
    """
    offsets = np.concatenate([[0], np.cumsum(ranges.counts)])
    starts = np.repeat(ranges.starts - offsets[:-1], ranges.counts)
    return starts + np.arange(offsets[-1]), offsets


def _cuts(group: Ints) -> Iterator[tuple[int, int]]:
    """Give the ends of each stretch of equal numbers.

    >>> list(_cuts(np.array([0, 0, 1, 4])))
    [(0, 2), (2, 3), (3, 4)]
    """
    cuts = [0, *(np.flatnonzero(np.diff(group)) + 1).tolist(), len(group)]
    return itertools.pairwise(cuts) if len(group) else iter(())


# --- signatures -------------------------------------------------------------------------------


SIGNED = ["article_id", "title", "published_date", "body"]
"""The columns of articles that a signature is made of."""


def sign(articles: pa.Table) -> pa.Table:
    """Give the signatures of articles: the rows of the side table `.signs`, in their order.

    Args:
        articles: The columns `SIGNED`.
    """
    import pyarrow as pa

    schema = schema_of(SIGNS)
    found = [schema.empty_table()]
    for part in _slices(articles.to_batches()):
        count = part.num_rows
        texts = [part[name].cast(pa.string()) for name in ("body", "title")]
        both = _read_words(pa.concat_arrays(texts))
        words, titles = (
            both._replace(offsets=offsets)
            for offsets in (both.offsets[: count + 1], both.offsets[count:])
        )
        columns = [
            part["article_id"].cast(pa.string()),
            _fixed(b"".join(_digest(words, size=16)), 16),
            pa.array(np.diff(words.offsets).astype(np.int32)),
            _fixed(_sketch(words).tobytes(), _ROW_BYTES),
            pa.array(np.frombuffer(b"".join(_digest(titles, size=8)), "<i8", count)),
            pa.array(_date_numbers(part)),
        ]
        found.append(pa.Table.from_arrays(columns, schema=schema))
    return pa.concat_tables(found)


def _fixed(content: bytes, size: int) -> pa.Array:
    import pyarrow as pa

    return pa.Array.from_buffers(
        pa.binary(size), len(content) // size, [None, pa.py_buffer(content)]
    )


def _gather(signs: Iterable[pa.Table], file: IO[bytes]) -> _Signatures:
    """Take from the signatures what is needed of all of them, and put the rest into a file."""
    sketches = _Sketches(file)
    begin = 0
    digests, word_counts, short, titles, dates = ([np.empty(0, "<u8")], [], [], [], [])
    for rows in signs:
        counts = rows["word_count"].to_numpy()
        some = np.flatnonzero((counts >= MIN_WORDS) & (counts < LONG_WORDS))
        digests.append(np.frombuffer(bytes_of(rows["digest"]), "<u8"))
        word_counts.append(counts)
        short.append(begin + some)
        titles.append(rows["title"].to_numpy()[some])
        dates.append(rows["date"].to_numpy()[some])
        sketches.add(bytes_of(rows["sketch"]))
        begin += rows.num_rows
    file.flush()
    none = [np.empty(0, np.int64)]
    return _Signatures(
        np.concatenate(digests).reshape(-1, 2),
        np.concatenate([np.empty(0, np.int32), *word_counts]),
        sketches,
        *(np.concatenate(none + each) for each in (short, titles, dates)),
    )


def bytes_of(column: pa.ChunkedArray) -> bytes:
    """Give the values of a column of a fixed width one after the other."""
    size = column.type.byte_width
    return b"".join(
        memoryview(chunk.buffers()[1])[chunk.offset * size : (chunk.offset + len(chunk)) * size]
        for chunk in column.chunks
        if len(chunk)
    )


def _slices(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Cut batches where their bodies grow too large to be taken apart at once."""
    import pyarrow.compute as pc

    for batch in batches:
        sizes = pc.binary_length(batch["body"]).fill_null(0).to_numpy().astype(np.int64)
        for start, end in _cuts((np.cumsum(sizes) - sizes) // _SLICE_BYTES):
            yield batch.slice(start, end - start)


def _digest(words: _Words, *, size: int) -> Iterator[bytes]:
    """Hash all words of each text; zeros where there is none."""
    content, offsets = words.hashes.tobytes(), (words.offsets * 8).tolist()
    for start, end in itertools.pairwise(offsets):
        if start == end:
            yield bytes(size)
        else:
            yield hashlib.blake2b(content[start:end], digest_size=size).digest()


def _sketch(words: _Words) -> NDArray[np.uint16]:
    """Give the MinHash slots of the runs of each text and of its opening, 16 bits of each."""
    from rensa import RMinHash

    runs, offsets = _hash_runs(words)
    opening = np.minimum(np.diff(offsets), LONG_WORDS - _RUN + 1)
    places, begins = _write_out(_Ranges(offsets[:-1], opening))
    found = []
    for some, ends, slots in ((runs, offsets, _SLOTS), (runs[places], begins, _OPENING_SLOTS)):
        rows = RMinHash.digest_matrix_from_flat_token_hashes(
            some, ends.astype(np.uint64), slots, _SEED
        ).to_rows()
        # The upper bits of a least value are mostly zeros: mix before cutting.
        mixed = np.array(rows, np.uint32).reshape(-1, slots) * np.uint32(0x9E3779B1)
        found.append((mixed >> np.uint32(16)).astype(_SLOT))
    return np.hstack(found)


def _date_numbers(batch: pa.RecordBatch) -> Ints:
    import pyarrow as pa

    unknown = np.iinfo(np.int64).min
    if "published_date" not in batch.schema.names:
        return np.full(batch.num_rows, unknown)
    dates = batch["published_date"].cast(pa.timestamp("ms")).cast(pa.int64())
    numbers: Ints = dates.fill_null(unknown).to_numpy()
    return numbers


class _Texts(NamedTuple):
    """The distinct bodies, the longest first.

    Attributes:
        of_row: Number of the text of each article.
        row: The first article that has it, by number of the text.
        word_counts: Its words.
    """

    of_row: NDArray[np.int32]
    row: Ints
    word_counts: NDArray[np.int32]


def _number_texts(signed: _Signatures) -> _Texts:
    order = np.lexsort(signed.digests.T)  # equal ones stay in their order
    sorted_digests = signed.digests[order]
    is_first = np.ones(len(order), bool)
    is_first[1:] = np.any(sorted_digests[1:] != sorted_digests[:-1], axis=1)
    del sorted_digests
    firsts = order[is_first]
    counts = signed.word_counts[firsts]
    seniority = np.lexsort((firsts, -counts))
    number = np.empty(len(firsts), np.int32)
    number[seniority] = np.arange(len(firsts), dtype=np.int32)
    of_row = np.empty(len(order), np.int32)
    of_row[order] = number[np.cumsum(is_first) - 1]
    return _Texts(of_row, firsts[seniority], counts[seniority])


def _label_short(signed: _Signatures, texts: _Texts, labels: NDArray[np.int32]) -> None:
    """Label the articles with a short body: the same words, and nothing known that contradicts."""
    repeated = np.bincount(texts.of_row, minlength=len(texts.row))[texts.of_row[signed.short]] > 1
    groups: dict[int, list[int]] = defaultdict(list)
    for place in np.flatnonzero(repeated).tolist():
        groups[int(texts.of_row[signed.short[place]])].append(place)
    unknown_title, unknown_date = 0, np.iinfo(np.int64).min
    for places in groups.values():
        titles, dates = signed.titles[places].tolist(), signed.dates[places].tolist()
        known = set(titles) - {unknown_title}, set(dates) - {unknown_date}
        agree = max(map(len, known)) <= 1
        heads: dict[Any, int] = {}
        for place, *facts in zip(places, titles, dates, strict=True):
            row = int(signed.short[place])
            head = heads.setdefault(None if agree else tuple(facts), row)
            labels[row] = len(labels) + head


# --- candidates -------------------------------------------------------------------------------


def _propose(signed: _Signatures, rows: Ints) -> tuple[Ints, Ints]:
    """Propose pairs of texts that look alike.

    Args:
        signed: The signatures.
        rows: The article that has each text, the longest first.

    Returns:
        Numbers of the longer and of the shorter text of each pair, sorted.
    """
    found = [np.empty(0, np.int64)]
    for band in range((_SLOTS + _OPENING_SLOTS) // 2):
        longer, shorter = _pairs_of_bucket(signed.sketches.band(band)[rows])
        first, last, least = (
            (0, _SLOTS, _LIKELY_SLOTS)
            if band < _SLOTS // 2
            else (_SLOTS, _SLOTS + _OPENING_SLOTS, _LIKELY_OPENING_SLOTS)
        )
        likely = [np.empty(0, np.int64)]
        for start in range(0, len(longer), _PORTION_PAIRS):
            a, b = (side[start : start + _PORTION_PAIRS] for side in (longer, shorter))
            both = signed.sketches.rows(rows[np.concatenate([a, b])])[:, first:last]
            is_likely = np.count_nonzero(both[: len(a)] == both[len(a) :], axis=1) >= least
            likely.append(a[is_likely] * len(rows) + b[is_likely])
        found.append(np.unique(np.concatenate(likely)))
    pairs = np.unique(np.concatenate(found))
    return pairs // len(rows), pairs % len(rows)


def _pairs_of_bucket(keys: NDArray[np.uint32]) -> tuple[Ints, Ints]:
    """Pair the texts that have the same key; in a large bucket those that are near in length.

    >>> longer, shorter = _pairs_of_bucket(np.array([7, 8, 7, 7], np.uint32))
    >>> list(zip(longer.tolist(), shorter.tolist()))
    [(0, 2), (2, 3), (0, 3)]
    """
    order = np.argsort(keys, kind="stable")
    begins = np.flatnonzero(np.diff(keys[order], prepend=~keys[order[:1]]) != 0)
    sizes = np.diff(begins, append=len(order))
    begins, sizes = begins[sizes > 1], sizes[sizes > 1]
    places, offsets = _write_out(_Ranges(begins, sizes))
    order = order[places]
    bucket = np.repeat(np.arange(len(sizes)), sizes)
    is_large = (sizes > _FULL_BUCKET)[bucket]
    longer, shorter = [order[:0]], [order[:0]]
    for step in range(1, min(_FULL_BUCKET, len(order))):
        pair = bucket[:-step] == bucket[step:]
        if step > _NEIGHBOURS:
            pair &= ~is_large[step:]
        longer.append(order[:-step][pair])
        shorter.append(order[step:][pair])
    is_rest = is_large & (np.arange(len(order)) - offsets[bucket] > _NEIGHBOURS)
    longer.append(order[offsets[bucket[is_rest]]])
    shorter.append(order[is_rest])
    return np.concatenate(longer), np.concatenate(shorter)


# --- verification -----------------------------------------------------------------------------


def _lead(
    signed: _Signatures,
    texts: _Texts,
    count: int,
    read_signs: ReadSigns,
    read_bodies: ReadBodies,
    folder: str | Path | None,
) -> Ints:
    """Find the leader of each of the first `count` texts, which are the long ones."""
    longer, shorter = _propose(signed, texts.row[:count])
    if not len(longer):
        return np.arange(count)
    wanted = np.unique(np.concatenate([longer, shorter]))
    with TemporaryFile(dir=folder) as file:
        rows = np.sort(texts.row[wanted])
        place = np.full(len(texts.row), -1, np.int64)
        place[texts.of_row[rows]] = np.arange(len(rows))
        held = _spill(place, _pick(read_signs, rows), read_bodies, file)
        return _choose_leaders(_verify(longer, shorter, held, texts.word_counts), count)


def _choose_leaders(leads: Ints, count: int) -> Ints:
    """Choose the leader of each text: the one that leads most comes first, then the longest."""
    led_counts = np.bincount(leads[:, 0], minlength=count)
    offsets = np.concatenate([[0], np.cumsum(led_counts)]).tolist()
    led = leads[np.lexsort((leads[:, 1], leads[:, 0])), 1].tolist()
    leaders = [-1] * count
    for text in np.argsort(-led_counts, kind="stable").tolist():
        if leaders[text] < 0:
            leaders[text] = text
            for member in led[offsets[text] : offsets[text + 1]]:
                if leaders[member] < 0:
                    leaders[member] = text
    return np.array(leaders, np.int64)


def _verify(longer: Ints, shorter: Ints, held: _Held, word_counts: NDArray[np.int32]) -> Ints:
    """Compare the words of pairs of texts.

    Returns:
        Rows of (text, text that it may lead).
    """
    found = [np.empty((0, 2), np.int64)]
    sizes = held.runs.counts[held.place[longer]] + held.runs.counts[held.place[shorter]]
    portion = np.maximum(np.cumsum(sizes) // _PORTION_RUNS, np.arange(len(sizes)) // _PORTION_PAIRS)
    for start, end in _cuts(portion):
        a, b = longer[start:end], shorter[start:end]
        resembles, contains = _compare(a, b, held, word_counts)
        found.append(np.stack([a[resembles | contains], b[resembles | contains]], axis=1))
        found.append(np.stack([b[resembles], a[resembles]], axis=1))
    return np.concatenate(found)


def _spill(place: Ints, article_ids: pa.Array, read_bodies: ReadBodies, file: IO[bytes]) -> _Held:
    """Read the bodies of some articles and write their runs and numbers to a file."""
    where: tuple[list[Ints], ...] = ([], [], [], [])
    begin = written = 0
    for batch in read_bodies(article_ids):
        if not batch["article_id"].equals(article_ids.slice(begin, batch.num_rows)):
            break
        begin += batch.num_rows
        for part in _slices([batch]):
            words = _read_words(part["body"])
            numbers = np.concatenate([[0], np.cumsum(words.is_number)])[words.offsets]
            kinds = (_hash_runs(words), (words.hashes[words.is_number], numbers))
            for (hashes, offsets), starts, counts in zip(
                kinds, where[::2], where[1::2], strict=True
            ):
                starts.append(written + offsets[:-1])
                counts.append(np.diff(offsets))
                file.write((hashes >> np.uint64(32)).astype(np.uint32).tobytes())
                written += len(hashes)
    if begin != len(article_ids):
        raise ValueError("expected the batches of the first reading again, found others")
    file.flush()
    run_starts, run_counts, number_starts, number_counts = map(np.concatenate, where)
    hashes = np.memmap(file, np.uint32, "r", shape=(written,))
    return _Held(
        place, hashes, _Ranges(run_starts, run_counts), _Ranges(number_starts, number_counts)
    )


def _compare(
    longer: Ints, shorter: Ints, held: _Held, word_counts: NDArray[np.int32]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell which pairs resemble each other, and of which the longer contains the shorter."""
    a, b = held.place[longer], held.place[shorter]
    a_words, b_words = word_counts[longer].astype(np.int64), word_counts[shorter].astype(np.int64)
    shared, a_count, b_count = _overlap(held.hashes, held.runs.of(a), held.runs.of(b))
    least = np.interp(a_words, [LONG_WORDS, _SURE_WORDS], [_RESEMBLES_SHORT, _RESEMBLES])
    resembles = shared >= least * np.maximum(a_count, b_count)
    contains = ~resembles & (shared >= _CONTAINS * b_count)
    excerpt = np.flatnonzero(contains & (2 * b_words <= a_words))
    whole, part = held.runs.of(a[excerpt]), held.runs.of(b[excerpt])
    reach = (_OPENING_SLACK * b_words[excerpt]).astype(np.int64)
    opening = _Ranges(whole.starts, np.minimum(whole.counts, reach))
    in_opening, _, count = _overlap(held.hashes, opening, part)
    contains[excerpt] = in_opening >= _CONTAINS * count
    alike = np.flatnonzero(resembles | contains)
    same, a_count, b_count = _overlap(
        held.hashes, held.numbers.of(a[alike]), held.numbers.of(b[alike])
    )
    fewer = np.minimum(a_count, b_count)
    other = alike[(fewer >= _NUMBERS) & (2 * same < fewer)]
    resembles[other] = contains[other] = False
    return resembles, contains


def _overlap(hashes: NDArray[np.uint32], a: _Ranges, b: _Ranges) -> tuple[Ints, Ints, Ints]:
    """Count the distinct hashes that pairs of texts share.

    Args:
        hashes: The hashes of all texts.
        a: Where those of one text of each pair stand.
        b: Where those of the other stand.

    Returns:
        How many both have, how many `a` has and how many `b` has.
    """
    keys = []
    pairs = np.arange(len(a.counts) + 1, dtype=np.uint64) << np.uint64(33)
    for side, ranges in enumerate((a, b)):
        places, _ = _write_out(ranges)
        # The pair, the hash and the side: sorted, what both sides have is adjacent.
        hashed = hashes[places].astype(np.uint64) << np.uint64(1)
        keys.append(np.repeat(pairs[:-1] | np.uint64(side), ranges.counts) | hashed)
    both = np.concatenate(keys)
    both.sort()  # np.unique takes ten times as long
    is_first = np.ones(len(both), bool)
    is_first[1:] = both[1:] != both[:-1]
    both = both[is_first]
    of_b = (both & np.uint64(1)).astype(bool)
    is_shared = np.zeros(len(both), bool)
    is_shared[1:] = of_b[1:] & (both[:-1] == both[1:] - np.uint64(1))
    ends = np.searchsorted(both, pairs)
    shared, b_counts = (
        np.diff(np.concatenate([[0], np.cumsum(chosen)])[ends]) for chosen in (is_shared, of_b)
    )
    return shared, np.diff(ends) - b_counts, b_counts
