"""What is found, what stands, and what is to be done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import NamedTuple

from clippings import choose, office, scan, side, split, store
from clippings.layouts.layout import AnyLayout
from clippings.models import Model
from clippings.notes import Note, Notes
from clippings.records import PASSING, SCHEMA_VERSION
from clippings.scan import Found, hash_id
from clippings.work import Job

TAG_VERSION = 1
"""Raised by hand when tag.py finds something else with the same model."""

_BATCH_BYTES = 250_000
_BATCH_DUMPS = 200

_FOUND = tuple(field.name for field in fields(Found))


class Known(Mapping[str, list[Found]]):
    """What the last run found in each file, so that one that is the same is not read again.

    Args:
        previous: What stands; None for nothing.
        rules: Those of this run.

    Attributes:
        kept: Dumps of which nothing is new, as `keep` was told.
    """

    def __init__(self, previous: store.Snapshot | None, rules: Rules) -> None:
        manifest = previous.manifest if previous else {}
        is_same_scan = manifest.get("scan_rules") == rules.scan
        self.kept: set[str] = set()
        self._notes = manifest["dumps"] if is_same_scan else Notes()
        self._is_same_work = manifest.get("work_rules") == rules.work
        self._members: dict[str, list[str]] = {}
        for dump_id, line in self._notes.lines.items():
            if '"archive_sha256": null' not in line:
                self._members.setdefault(self._notes[dump_id]["file"], []).append(dump_id)

    def keep(self, dump_id: str, sha256: str) -> bool:
        """Keep the one dump of a file that has not changed, if nothing else of it can have."""
        line = self._notes.lines.get(dump_id)
        is_kept = (
            self._is_same_work
            and line is not None
            and f'"sha256": "{sha256}"' in line
            and '"code": null' in line
            and '"is_office": false' in line  # else the programs that are installed count too
        )
        if is_kept:
            self.kept.add(dump_id)
        return is_kept

    def __getitem__(self, file: str) -> list[Found]:
        found = []
        for dump_id in self._members.get(file) or [hash_id(file)]:
            note = self._notes[dump_id]
            is_passing = note["code"] in PASSING
            if note["archive_sha256"] or not is_passing:
                each = Found(*map(note.__getitem__, _FOUND))
                found.append(replace(each, code=None, detail=None) if is_passing else each)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter({note["file"] for note in self._notes.values()})

    def __len__(self) -> int:
        return len(set(self))


class Rules(NamedTuple):
    """What a run goes by; each as a hash.

    Attributes:
        scan: What is found in the files.
        work: What is made of it.
    """

    scan: str
    work: str


def find_rules(layouts: Iterable[AnyLayout], model: Model, max_dump_bytes: int) -> Rules:
    """Tell what a run goes by."""
    versions = (choose.VERSION, split.VERSION, TAG_VERSION, SCHEMA_VERSION)
    fingerprints = (*(layout.fingerprint for layout in layouts), model.fingerprint)
    return Rules(
        hash_id(str(max_dump_bytes), str(scan.VERSION)),
        hash_id(*fingerprints, *map(str, versions)),
    )


@dataclass(frozen=True)
class Plan:
    """The plan of a run.

    Attributes:
        state: What the manifest will say of each dump, by dump_id: what was found (`_FOUND`) and
            the `key` of its work (None where it is rejected); `code` and `detail` tell why it is
            not used or not up to date.
        before: What the manifest of the previous snapshot says.
        jobs: The files to process.
        rules: What the run goes by.
    """

    state: Notes
    before: Notes
    jobs: tuple[Job, ...]
    rules: Rules

    @cached_property
    def stays(self) -> set[str]:
        """Dumps of which nothing is new."""
        return self.state.equal(self.before)


def make_plan(
    found: Iterable[Found],
    kept: Iterable[str],
    previous: store.Snapshot | None,
    rules: Rules,
) -> Plan:
    """Hold what is found, and the dumps that are kept as they are, against what stands."""
    before = previous.manifest["dumps"] if previous else Notes()
    state = before.of(kept)
    jobs = []
    for each in found:
        dump_id = each.dump_id
        old = before.get(dump_id)
        key = None
        if each.sha256:
            key = hash_id(each.sha256, rules.work, office.fingerprint() if each.is_office else None)
            if not old or old["key"] != key:
                jobs.append(Job(each, name_work(key)))
        state[dump_id] = describe(each, key, old)
    return Plan(state, before, tuple(jobs), rules)


def name_work(key: str) -> str:
    """Name the saved work of a key: what it makes of names hangs on rules of its own."""
    return hash_id(key, str(side.ENTITIES_VERSION))


def describe(found: Found, key: str | None, old: Note | None) -> Note:
    """Write down one dump for the manifest; one that is just changing stays as it was."""
    note = {name: getattr(found, name) for name in _FOUND} | {"key": key}
    if found.code == "changing" and old:
        note |= {"key": old["key"], "sha256": old["sha256"]}
    return note


def defer(plan: Plan, put_off: Iterable[Found]) -> Plan:
    """Put off the files that workers could not work on."""
    state = Notes(dict(plan.state.lines))
    for each in put_off:
        state[each.dump_id] = describe(each, None, plan.before.get(each.dump_id))
    return replace(plan, state=state)


def pack(jobs: Iterable[Job]) -> list[tuple[Job, ...]]:
    """Pack jobs into batches, the largest dumps first, so that no long one comes last."""
    packed: list[list[Job]] = []
    room = 0
    for job in sorted(jobs, key=lambda job: (-(job.found.byte_count or 0), job.found.name)):
        byte_count = job.found.byte_count or 0
        if not packed or byte_count > room or len(packed[-1]) >= _BATCH_DUMPS:
            packed.append([])
            room = _BATCH_BYTES
        packed[-1].append(job)
        room -= byte_count
    return [tuple(part) for part in packed]
