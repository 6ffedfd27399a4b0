"""What is found, what stands, and what is to be done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from clippings import choose, office, scan, side, split, store
from clippings.layouts.layout import AnyLayout
from clippings.models import Model
from clippings.records import PASSING, SCHEMA_VERSION
from clippings.scan import Found, hash_id
from clippings.work import Job

TAG_VERSION = 1
"""Raised by hand when tag.py finds something else with the same model."""

_BATCH_BYTES = 250_000
_BATCH_DUMPS = 200

_FOUND = tuple(field.name for field in fields(Found))


def find_kept(previous: store.Snapshot | None, max_dump_bytes: int) -> dict[str, list[Found]]:
    """Tell what the last run found in each file, so that one that is the same is not read again."""
    known: dict[str, list[Found]] = {}
    rules = {"max_dump_bytes": max_dump_bytes, "scan_version": scan.VERSION}
    if previous and all(previous.manifest[name] == rule for name, rule in rules.items()):
        for note in previous.manifest["dumps"].values():
            is_passing = note["code"] in PASSING
            if note["archive_sha256"] or not is_passing:
                each = Found(*map(note.__getitem__, _FOUND))
                if is_passing:
                    each = replace(each, code=None, detail=None)
                known.setdefault(each.file, []).append(each)
    return known


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a run.

    Attributes:
        state: What the manifest will say of each dump, by dump_id: what was found (`_FOUND`) and
            the `key` of its work (None where it is rejected); `code` and `detail` tell why it is
            not used or not up to date.
        before: What the manifest of the previous snapshot says.
        jobs: The files to process.
    """

    state: Mapping[str, Mapping[str, Any]]
    before: Mapping[str, Mapping[str, Any]]
    jobs: tuple[Job, ...]

    @property
    def stays(self) -> set[str]:
        """Dumps of which nothing is new."""
        return {dump_id for dump_id, note in self.state.items() if self.before.get(dump_id) == note}


def make_plan(
    found: Iterable[Found],
    previous: store.Snapshot | None,
    layouts: Iterable[AnyLayout],
    model: Model,
) -> Plan:
    """Hold what is found against what stands."""
    before = previous.manifest["dumps"] if previous else {}
    versions = (choose.VERSION, split.VERSION, TAG_VERSION, SCHEMA_VERSION)
    fingerprints = (*(layout.fingerprint for layout in layouts), model.fingerprint)
    rules = hash_id(*fingerprints, *map(str, versions))
    state: dict[str, dict[str, Any]] = {}
    jobs = []
    for each in found:
        dump_id = each.dump_id
        old = before.get(dump_id)
        key = None
        if each.sha256:
            key = hash_id(each.sha256, rules, office.fingerprint() if each.is_office else None)
            if not old or old["key"] != key:
                jobs.append(Job(each, name_work(key)))
        state[dump_id] = describe(each, key, old)
    return Plan(state, before, tuple(jobs))


def name_work(key: str) -> str:
    """Name the saved work of a key: what it makes of names hangs on rules of its own."""
    return hash_id(key, str(side.ENTITIES_VERSION))


def describe(found: Found, key: str | None, old: Mapping[str, Any] | None) -> dict[str, Any]:
    """Write down one dump for the manifest; one that is just changing stays as it was."""
    note = {name: getattr(found, name) for name in _FOUND} | {"key": key}
    if found.code == "changing" and old:
        note |= {"key": old["key"], "sha256": old["sha256"]}
    return note


def defer(plan: Plan, put_off: Iterable[Found]) -> Plan:
    """Put off the files that workers could not work on."""
    notes = {each.dump_id: describe(each, None, plan.before.get(each.dump_id)) for each in put_off}
    return Plan({**plan.state, **notes}, plan.before, plan.jobs)


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
