"""What the manifest says of each dump, kept as the lines that it is written in.

Most runs change a few of them: the others are held against one another, and written again, without
being taken apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any

Note = dict[str, Any]
"""What is said of one dump, by name; texts, numbers, truth values or None."""

_BEGIN, _BETWEEN, _END = "{\n", ",\n", "\n}"
_ID_LENGTH = 20
_encode = json.JSONEncoder(sort_keys=True).encode


class Notes(MutableMapping[str, Note]):
    """Notes by dump_id.

    Args:
        lines: By dump_id, the lines of the notes, written by this class.

    Attributes:
        lines: The same.

    >>> notes = Notes()
    >>> notes["82e7b76aa98b64c2cc18"] = {"file": "a.txt", "code": None}
    >>> notes.lines["82e7b76aa98b64c2cc18"]
    '"82e7b76aa98b64c2cc18": {"code": null, "file": "a.txt"}'
    """

    def __init__(self, lines: dict[str, str] | None = None) -> None:
        self.lines = lines if lines is not None else {}

    def __getitem__(self, dump_id: str) -> Note:
        note: Note = json.loads(self.lines[dump_id][_ID_LENGTH + 4 :])
        return note

    def __setitem__(self, dump_id: str, note: Note) -> None:
        self.lines[dump_id] = f'"{dump_id}": {_encode(note)}'

    def __delitem__(self, dump_id: str) -> None:
        del self.lines[dump_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __eq__(self, other: object) -> bool:
        return self.lines == other.lines if isinstance(other, Notes) else NotImplemented

    def of(self, dump_ids: Iterable[str]) -> Notes:
        """Choose those of some dumps."""
        return Notes({dump_id: self.lines[dump_id] for dump_id in dump_ids})

    def equal(self, other: Notes) -> set[str]:
        """List the dumps of which another says the same."""
        lines = other.lines
        return {dump_id for dump_id, line in self.lines.items() if lines.get(dump_id) == line}

    def write(self) -> str:
        """Write them as JSON, a line for each, sorted."""
        return _BEGIN + _BETWEEN.join(sorted(self.lines.values())) + _END

    @classmethod
    def find(cls, text: str, name: str) -> tuple[str, Notes]:
        """Find what `write` wrote as the value of a name of a JSON object.

        Returns:
            The JSON without them, and the notes; none where they are in another form.
        """
        before, begin, rest = text.partition(f'"{name}": {_BEGIN}')
        body, end, after = rest.rpartition(_END)
        if not (begin and end):
            return text, cls()
        # No line ends within a text in JSON, and nothing else there ends as notes do.
        lines = body.split(_BETWEEN) if body else []
        notes = {line[1 : _ID_LENGTH + 1]: line for line in lines}
        return f'{before}"{name}": null{after}', cls(notes)
