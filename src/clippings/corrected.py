"""Dates and outlets of articles as a person knows them better."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from clippings.bound import NEW
from clippings.columns import put_column, within
from clippings.corrections import Correction, Corrections
from clippings.dates import parse_date
from clippings.errors import DateError
from clippings.records import arrow_schema
from clippings.side import BOUND
from clippings.spill import DIGITS, Change
from clippings.store import Snapshot

if TYPE_CHECKING:
    import pyarrow as pa

Printed = dict[str, dict[str, Any]]
"""What stood in the columns of an article before it was corrected, by article_id; so that the
correction can be taken back."""


def correct_articles(
    come: Mapping[str, Change], previous: Snapshot | None, corrections: Corrections
) -> tuple[Printed, list[tuple[int, str]]]:
    """Put dates and outlets into articles as corrected, and take back what is corrected no more.

    Args:
        come: What comes and goes, by table; articles that stay come too where they change.
        previous: What stands.
        corrections: What a person knows better.

    Returns:
        What was printed, for the manifest; and line and message of each correction that could not
        be used.
    """
    before: Printed = previous.manifest["corrected"] if previous else {}
    wanted = {row.article_id for row in corrections.of("date", "outlet")} | set(before)
    articles = {}
    for article_id in sorted(wanted):
        found = _find(come["articles"], previous, article_id, before.get(article_id, {}))
        if found:
            articles[article_id] = found
    printed: Printed = {}
    faults = []
    for row in corrections.of("date", "outlet"):
        article = articles.get(row.article_id)
        if article is None:
            faults.append((row.line, f'expected an article_id, found "{row.article_id}"'))
            continue
        try:
            change = _corrected_columns(row)
        except DateError as error:
            fault = str(error).removeprefix(": ").removesuffix(" Correct it in the file.")
            faults.append((row.line, fault))
            continue
        original = _write_note({name: article[name] for name in change})
        printed[row.article_id] = original | printed.get(row.article_id, {})
        article |= change
    if articles:
        _put_instead(come, previous, list(articles.values()))
    return printed, faults


def _find(
    change: Change, previous: Snapshot | None, article_id: str, before: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Find an article as it was printed, among those that come or those that stay."""
    rows, is_new = _read_article(change, previous, article_id)
    if not rows.num_rows:
        return None
    found: dict[str, Any] = rows.to_pylist()[0]
    return found if is_new else found | _read_note(before)


def _read_article(
    change: Change, previous: Snapshot | None, article_id: str
) -> tuple[pa.Table, bool]:
    """Read the rows of an article as they will be, and tell whether they are new."""
    import pyarrow as pa

    prefix = article_id[:DIGITS]
    if previous is None or article_id in change.owners(prefix).to_pylist():
        return within(change.added(prefix), "article_id", pa.array([article_id])), True
    return previous.read_owner(change.table, article_id), False


def _put_instead(
    come: Mapping[str, Change], previous: Snapshot | None, articles: list[dict[str, Any]]
) -> None:
    """Put corrected articles in the place of others, and the dates of their names."""
    import pyarrow as pa

    rows = pa.Table.from_pylist(articles, schema=arrow_schema("articles"))
    bound = [_redate(come[BOUND], previous, article) for article in articles]
    come["articles"].put_instead(rows)
    come[BOUND].put_instead(pa.concat_tables(bound))


def _redate(change: Change, previous: Snapshot | None, article: Mapping[str, Any]) -> pa.Table:
    """Give the names of an article with its date as corrected, to be resolved anew."""
    import pyarrow as pa

    rows, _ = _read_article(change, previous, article["article_id"])
    for name, value in (("published_date", article["published_date"]), ("entity_id", NEW)):
        values = pa.array([value] * rows.num_rows, rows.schema.field(name).type)
        rows = put_column(rows, name, values)
    return rows


def _corrected_columns(row: Correction) -> dict[str, Any]:
    if row.operation == "outlet":
        return {"outlet": row.b}
    printed = parse_date(row.b, where="")
    return {"published_date": printed.date, "date_precision": printed.precision}


def _write_note(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def _read_note(note: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(note)
    if values.get("published_date"):
        values["published_date"] = datetime.fromisoformat(values["published_date"])
    return values
