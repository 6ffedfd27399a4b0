"""Word lists: each row says why it is there."""

import csv

from clippings.names import lists


def test_word_lists_name_their_reasons() -> None:
    for file in ("name_tokens.csv", "titles.csv", "sound_costs.csv"):
        with (lists.DATA / file).open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        assert rows
        assert all(row["note"] for row in rows), file
        assert len({tuple(row.values()) for row in rows}) == len(rows)
