"""corrections.csv: what a person knows better, applied on every run."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from clippings.binding import name_key
from clippings.errors import CorrectionError
from clippings.records import LABELS

FILE = "corrections.csv"
COLUMNS = ("operation", "label", "a", "b", "article_id", "note")
_NEEDS = {
    "merge": ("label", "a", "b"),
    "distinct": ("label", "a", "b"),
    "split": ("label", "a"),
    "retype": ("label", "a", "b"),
    "rename": ("label", "a", "b"),
    "ignore": ("label", "a"),
    "place": ("a", "b"),
    "date": ("article_id", "b"),
    "outlet": ("article_id", "b"),
}


class Correction(NamedTuple):
    """One row of the file.

    Attributes:
        line: Its line, from 1.
        operation: `merge`, `distinct`, `split`, `retype`, `rename`, `ignore`, `place`, `date` or
            `outlet`.
        label: PERSON, ORG or PLACE; "" where the operation needs none.
        a: A name.
        b: Another name, or the new value.
        article_id: The article it is limited to; "" for all.
    """

    line: int
    operation: str
    label: str
    a: str
    b: str
    article_id: str

    @property
    def key(self) -> tuple[str, str]:
        """Label and lookup key of the name `a`."""
        return self.label, name_key(self.a, self.label)


@dataclass(frozen=True)
class Corrections:
    """The rows that can be used, and what is wrong with the others.

    Attributes:
        rows: Rows in their order.
        faults: Line and message of each row that cannot be used.
        sha256: Hash of the file; None where there is none.
        used: Lines of rows that were applied to a mention; filled while they are.
    """

    rows: tuple[Correction, ...] = ()
    faults: tuple[tuple[int, str], ...] = ()
    sha256: str | None = None
    used: set[int] = field(default_factory=set)

    def of(self, *operations: str) -> Iterator[Correction]:
        """List the rows of some operations."""
        return (row for row in self.rows if row.operation in operations)


def read_corrections(path: Path) -> Corrections:
    """Read the file; a missing one corrects nothing.

    Raises:
        CorrectionError: The file is there and cannot be read, or its header is another.
    """
    try:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            if reader.fieldnames is None:
                return Corrections(sha256=sha256)
            missing = [column for column in COLUMNS if column not in reader.fieldnames]
            if missing:
                raise CorrectionError(
                    f"{path}:1: expected the columns {', '.join(COLUMNS)}, found no "
                    f"{', '.join(missing)}. Write them into the first line, with commas between."
                )
            rows, faults = [], []
            for raw in reader:
                values = {column: (raw[column] or "").strip() for column in COLUMNS}
                if not any(values.values()):
                    continue
                fault = _fault(values)
                if fault:
                    faults.append((reader.line_num, fault))
                else:
                    del values["note"]
                    rows.append(Correction(reader.line_num, **values))
    except FileNotFoundError:
        return Corrections()
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CorrectionError(
            f"{path}: expected a CSV file in UTF-8, found {error}. Save it as such."
        ) from None
    return Corrections(tuple(rows), tuple(faults), sha256)


def _fault(values: dict[str, str]) -> str:
    operation, label = values["operation"], values["label"]
    if operation not in _NEEDS:
        return f'expected an operation of {", ".join(_NEEDS)}, found "{operation}"'
    for column in _NEEDS[operation]:
        if not values[column]:
            return f'expected a value in "{column}" for {operation}, found none'
    if "label" in _NEEDS[operation] and label not in LABELS:
        return f'expected a label of {", ".join(LABELS)}, found "{label}"'
    if operation == "retype" and values["b"] not in LABELS:
        return f'expected a label of {", ".join(LABELS)} in "b", found "{values["b"]}"'
    return ""
