"""The articles of the next snapshot -> families of near-duplicates among them.

Where few articles come or go, only the families that these can concern are made anew (`nearby.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from clippings import store
from clippings.columns import hold, in_batches, join, within
from clippings.side import SIGNS, schema_of
from clippings.spill import Change, Spill

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ARTICLES = 1_000


class Signing(NamedTuple):
    """What families are put from; it can be sent to another process.

    Attributes:
        publication: The next snapshot, its articles put.
        article_ids: Those of the articles that come or go; None where the signatures of earlier
            runs are of no use, and all articles count as new.
        articles: Those that come; None to read them from the disk.
    """

    publication: store.Publication
    article_ids: pa.Array | None
    articles: pa.Table | None


def put_families(signing: Signing) -> store.Publication:
    """Put the families of near-duplicates among all articles.

    Returns:
        The publication that they were put into.
    """
    from clippings.stories import group_signed, sign

    publication, article_ids, _ = signing
    signs = Change(SIGNS, publication.scratch, is_anew=article_ids is None)
    if article_ids is not None:
        signs.remove(article_ids)
    for rows in in_batches(_read_new(signing), _BATCH_ARTICLES):
        signs.add(sign(rows))
    publication.put_change(signs)

    def read_bodies(article_ids: pa.Array) -> Iterator[pa.RecordBatch]:
        for rows in publication.read_parts("articles", ["article_id", "body"], article_ids):
            yield from within(rows, "article_id", article_ids).to_batches()

    near = _find_near(publication, article_ids, signs)

    def read_signs() -> Iterator[pa.Table]:
        for rows in publication.read_parts(SIGNS, owners=near):
            yield rows if near is None else within(rows, "article_id", near)

    found = group_signed(read_signs, read_bodies, folder=publication.scratch)
    if near is None:
        stories = Spill(schema_of("stories"), "article_id", publication.scratch)
        stories.add(found)
        publication.put_whole("stories", stories)
    else:
        change = Change("stories", publication.scratch)
        change.replace(publication.read_owners("stories", near.to_pylist()), found)
        publication.put_change(change)
    return publication


def _read_new(signing: Signing) -> Iterator[pa.Table]:
    """Read what signatures are made of, of the articles that come."""
    from clippings.stories import SIGNED

    publication, article_ids, articles = signing
    if articles is not None:
        yield articles.select(SIGNED)
        return
    for rows in publication.read_parts("articles", SIGNED, article_ids):
        yield rows if article_ids is None else within(rows, "article_id", article_ids)


def _find_near(
    publication: store.Publication, article_ids: pa.Array | None, signs: Change
) -> pa.Array | None:
    """Find the articles whose families those that come and go can concern; None for most of all."""
    from clippings.nearby import COLUMNS, find_near

    most = publication.few_articles()
    if article_ids is None or not most or len(article_ids) > most:
        return None
    gone = publication.read_owners(SIGNS, article_ids.to_pylist(), COLUMNS)
    changed = join(gone, signs.added().select(COLUMNS))
    return find_near(hold(lambda: publication.read_parts(SIGNS, COLUMNS)), changed, most)
