"""How far a change of articles reaches: which articles may belong to other families than before.

`stories` compares two articles only where they have a band of their sketches in common, or all of
their words. Articles that are bound up with none that comes or goes, not even through others, stay
in their families.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clippings.columns import join
from clippings.stories import BAND, LONG_WORDS, MIN_WORDS, ReadSigns, bytes_of

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ["article_id", "digest", "word_count", "sketch"]
"""The columns of signatures that this is found by."""


def find_near(read_signs: ReadSigns, changed: pa.Table, most: int) -> pa.Array | None:
    """Find the articles whose families a change can concern.

    Args:
        read_signs: Gives `COLUMNS` of the signatures of all articles as they will be.
        changed: Those of the articles that come or go.
        most: How many it may be.

    Returns:
        Their ids, those of `changed` among them; None where they are more.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    near = pc.unique(changed["article_id"].combine_chunks())
    while changed.num_rows:
        if len(near) > most:
            return None
        keys = _Keys(changed)
        parts = [
            rows.filter(pa.array(keys.are_shared(rows) & ~_is_in(rows, near)))
            for rows in read_signs()
        ]
        changed = join(changed.slice(0, 0), *parts)
        near = pa.concat_arrays([near, changed["article_id"].combine_chunks()])
    return near


def _is_in(rows: pa.Table, article_ids: pa.Array) -> NDArray[np.bool_]:
    import pyarrow.compute as pc

    found: NDArray[np.bool_] = pc.is_in(rows["article_id"], value_set=article_ids).to_numpy()
    return found


class _Keys:
    """By what articles are found to be alike: long ones by a band, all by a hash of their words."""

    def __init__(self, rows: pa.Table) -> None:
        words, digests, bands = _read(rows)
        self._digests = np.unique(digests[words >= MIN_WORDS])
        self._bands = [np.unique(band) for band in bands[words >= LONG_WORDS].T]

    def are_shared(self, rows: pa.Table) -> NDArray[np.bool_]:
        """Tell which articles have one of them too."""
        words, digests, bands = _read(rows)
        found: NDArray[np.bool_] = np.isin(digests, self._digests) & (words >= MIN_WORDS)
        if any(len(keys) for keys in self._bands):
            in_band = np.zeros(len(words), bool)
            for band, keys in zip(bands.T, self._bands, strict=True):
                in_band |= np.isin(band, keys)
            found |= in_band & (words >= LONG_WORDS)
        return found


def _read(rows: pa.Table) -> tuple[Any, Any, Any]:
    """Give words, half of the digest and bands of some articles."""
    words = rows["word_count"].to_numpy()
    digests = np.frombuffer(bytes_of(rows["digest"]), "<i8").reshape(-1, 2)[:, 0]
    width = rows.schema.field("sketch").type.byte_width // BAND.itemsize
    return words, digests, np.frombuffer(bytes_of(rows["sketch"]), BAND).reshape(-1, width)
