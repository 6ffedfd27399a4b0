"""Which names are spellings of one another, and what the lists of names say of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, combinations
from typing import TYPE_CHECKING

from clippings.aliases import Known, are_apart, by_slug, find_far, find_known, find_spelled
from clippings.columns import from_rows, rows_of, within
from clippings.names import same_name, skeleton
from clippings.scan import hash_id
from clippings.side import READINGS, schema_of

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_NAMES = 10_000
_MANY_NAMES = 1_000
"""New names from which on it is worth while to hold them all at once against the aliases."""
_SEPARATOR = "\x1f"
_NOBODY: tuple[None, None] = (None, None)
_NO_SPELLING = (None, "")


class Readings:
    """What the lists of names say of names, and which names are spellings of one another.

    All of it depends on the names alone, and is kept from run to run because it takes long.

    Args:
        rows: The side table `.readings` of an earlier run; None for none.

    Attributes:
        rows: The same; none in the place of None.
    """

    def __init__(self, rows: pa.Table | None = None) -> None:
        self.rows = rows if rows is not None else schema_of(READINGS).empty_table()
        self._blocks: dict[str, pa.Table] = {}
        self.take(())

    def take(self, names: Collection[tuple[str, str]], gone: Iterable[str] = ()) -> None:
        """Look up what is kept of some names, and forget what was asked of others.

        Args:
            names: Label and spelling of all that will be asked for.
            gone: Spellings that will not be, though they may have been in the earlier run.
        """
        import pyarrow as pa

        columns = ["label", "surface", "known", "spelled", "same", "name_id", "blocks"]
        surfaces = {surface for _, surface in names}.union(gone)
        kept = within(self.rows, "surface", pa.array(sorted(surfaces), pa.string()))
        self._kept = {
            (label, surface): found for label, surface, *found in rows_of(kept.select(columns))
        }
        self._skeletons: dict[tuple[str, str], tuple[str, ...]] = {}
        self._asked: dict[tuple[str, str], tuple[str | None, str | None]] = {}
        self._compared: dict[str, set[str]] = {}
        self._same: dict[str, dict[str, set[str]]] = {}
        self._beyond: set[tuple[str, str]] = set()
        self._far: set[tuple[str, str]] = set()
        new = sorted(name for name in names if name not in self._kept)
        if len(new) >= _MANY_NAMES:
            self._skeletons = {(label, surface): skeleton(surface, label) for label, surface in new}
            self._far = find_far(self._skeletons)

    def find_known(self, surface: str, label: str) -> Known | None:
        """Find the curated entity that has a name as one of its aliases."""
        name = label, surface
        kept = self._kept.get(name)
        if kept:
            known = self._find(kept[0])
        else:
            known = None if name in self._far else find_known(surface, label)
        self._asked[name] = (known.slug, None) if known else _NOBODY
        return known

    def find_spelled(self, surface: str, label: str) -> Known | None:
        """Find the curated entity of which a name is another spelling, once it is no alias."""
        name = label, surface
        kept = self._kept.get(name)
        if kept and kept[1] is not None:
            known = self._find(kept[1])
        else:
            known = None if name in self._far else find_spelled(surface, label)
        self._asked[name] = (None, known.slug) if known else _NO_SPELLING
        return known

    @staticmethod
    def _find(slug: str | None) -> Known | None:
        return by_slug()[slug] if slug else None

    def _skeleton(self, surface: str, label: str) -> tuple[str, ...]:
        """Give the blocks of a name: to compare it, to look beside it, to keep them."""
        found = self._skeletons.get((label, surface))
        if found is None:
            found = self._skeletons[label, surface] = skeleton(surface, label)
        return found

    def same_spellings(self, names: Sequence[str], label: str) -> Iterator[tuple[str, str]]:
        """List the pairs of names that are spellings of one another.

        Args:
            names: Distinct names, sorted; all there are of the label.
            label: PERSON, ORG or PLACE, of all of them.
        """
        old: dict[str, str] = {}
        new = {}
        for name in names:
            kept = self._kept.get((label, name))
            if kept and kept[2] is not None:
                old[name] = kept[2]
            else:
                new[name] = self._skeleton(name, label)
        asked = self._compared[label] = set(names)
        same: dict[str, set[str]] = defaultdict(set)
        for name, others in old.items():
            for other in filter(None, others.split(_SEPARATOR)):
                if other in asked:
                    same[name].add(other)
                else:
                    self._beyond.add((label, other))
        for pair in compare(new, self._blocks_beside(new, label), label):
            for one, other in (pair, pair[::-1]):
                if other in asked:
                    if one in asked:
                        same[one].add(other)
                else:
                    self._beyond.add((label, other))
        self._same[label] = same
        return sure_pairs(same, label)

    def beyond(self) -> set[tuple[str, str]]:
        """Give label and spelling of names that were not compared, but are bound up with others.

        They are spellings of names that were, or of such as were in the earlier run and no more:
        without these they may be in less doubt.
        """
        left = {
            (label, other)
            for (label, surface), (_, _, others, *_) in self._kept.items()
            if others and surface not in self._compared.get(label, ())
            for other in others.split(_SEPARATOR)
        }
        return self._beyond | left

    def _blocks_beside(self, new: Mapping[str, Sequence[str]], label: str) -> dict[str, list[str]]:
        """Give the names compared before, by those of their blocks that new names have too."""
        import pyarrow as pa

        found: dict[str, list[str]] = defaultdict(list)
        if new and self.rows.num_rows:
            if label not in self._blocks:
                self._blocks[label] = self._write_out(label)
            wanted = pa.array(sorted(set().union(*new.values())))
            for block, name in rows_of(within(self._blocks[label], "block", wanted)):
                if name not in new:
                    found[block].append(name)
        return found

    def _write_out(self, label: str) -> pa.Table:
        """Write out the blocks of all names of a label that are kept, and the names in each."""
        import pyarrow as pa
        import pyarrow.compute as pc

        is_compared = pc.and_(pc.equal(self.rows["label"], label), pc.is_valid(self.rows["blocks"]))
        rows = self.rows.filter(is_compared).combine_chunks()
        blocks = pc.split_pattern(rows["blocks"], _SEPARATOR)
        return pa.table(
            [pc.list_flatten(blocks), rows["surface"].take(pc.list_parent_indices(blocks))],
            names=["block", "surface"],
        )

    def tables(self) -> Iterator[pa.Table]:
        """Give the rows for the next run: of the names that were asked for in this one."""
        asked = sorted(self._asked)
        for start in range(0, len(asked), _BATCH_NAMES):
            rows = []
            for label, surface in asked[start : start + _BATCH_NAMES]:
                name_id, blocks = self._kept.get((label, surface), (None,) * 5)[3:]
                if surface in self._compared.get(label, ()):
                    blocks = blocks or _SEPARATOR.join(self._skeleton(surface, label))
                    others = _SEPARATOR.join(sorted(self._same[label].get(surface, ())))
                else:
                    blocks = others = None
                name_id = name_id or hash_id(label, surface)
                rows.append((name_id, label, surface, *self._asked[label, surface], blocks, others))
            yield from_rows(rows, schema_of(READINGS))


def same_spellings(names: Sequence[str], label: str) -> Iterator[tuple[str, str]]:
    """List the pairs of names that are spellings of one another.

    A person's name that would join two who are not the same ("George Bush", beside George W. Bush
    and George H. W. Bush) joins neither.

    Args:
        names: Distinct names, sorted.
        label: PERSON, ORG or PLACE, of all of them.

    Yields:
        Pairs, each once, in a fixed order.
    """
    same: dict[str, set[str]] = defaultdict(set)
    for a, b in compare({name: skeleton(name, label) for name in names}, {}, label):
        same[a].add(b)
        same[b].add(a)
    return sure_pairs(same, label)


def compare(
    blocks_of: Mapping[str, Sequence[str]], beside: Mapping[str, Sequence[str]], label: str
) -> Iterator[tuple[str, str]]:
    """List the pairs that are spellings of one another, among names and with others beside them.

    Args:
        blocks_of: Names and their blocks.
        beside: Others by their blocks; they are not compared among themselves.
        label: PERSON, ORG or PLACE, of all of them.
    """
    counts = Counter(chain.from_iterable(blocks_of.values()))
    shared = {block for block, count in counts.items() if count > 1 or block in beside}
    names: dict[str, list[str]] = defaultdict(list)
    for name, blocks in blocks_of.items():
        others: set[str] = set()
        for block in shared.intersection(blocks):  # mostly none
            others.update(names[block], beside.get(block, ()))
            names[block].append(name)
        for other in others:
            a, b = sorted((name, other))
            if same_name(a, b, label) and not are_apart(a, b, label):
                yield a, b


def sure_pairs(same: Mapping[str, set[str]], label: str) -> Iterator[tuple[str, str]]:
    """Leave out the pairs of a name that would join two who are not the same.

    Args:
        same: By name, the others that are spellings of it.
        label: PERSON, ORG or PLACE, of all of them.
    """
    doubtful = {
        name
        for name, others in same.items()
        if any(
            b not in same.get(a, ()) and (label == "PERSON" or are_apart(a, b, label))
            for a, b in combinations(sorted(others), 2)
        )
    }
    for a in sorted(same):
        for b in sorted(same[a]):
            if a < b and a not in doubtful and b not in doubtful:
                yield a, b


def group_spellings(names: Sequence[str], label: str) -> Iterator[list[str]]:
    """Put names together that are spellings of one; the order of the names does not count."""
    leader = {name: name for name in names}

    def find(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    for a, b in same_spellings(names, label):
        one, other = sorted((find(a), find(b)))
        leader[other] = one
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(find(name), []).append(name)
    yield from groups.values()
