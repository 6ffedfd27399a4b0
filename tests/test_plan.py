from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clippings.notes import Notes
from clippings.plan import Known, Rules, describe, make_plan
from clippings.scan import Found, hash_id
from clippings.store import Snapshot

RULES = Rules("scan", "work")
SHA256 = "5d" * 32
PLAIN = Found("a.txt", SHA256, 10)
MEMBER = Found("a.zip", SHA256, 10, member="b.txt", archive_sha256="0a" * 32)


def snapshot_of(*found: Found, **manifest: Any) -> Snapshot:
    notes = Notes()
    for each in found:
        notes[each.dump_id] = describe(each, "key", None)
    return Snapshot(
        Path("none"), {"dumps": notes, "scan_rules": "scan", "work_rules": "work", **manifest}
    )


def test_a_file_that_is_the_same_keeps_its_line() -> None:
    snapshot = snapshot_of(PLAIN, MEMBER)
    known = Known(snapshot, RULES)
    assert known.keep(PLAIN.dump_id, SHA256)
    assert known.kept == {PLAIN.dump_id}
    plan = make_plan([], known.kept, snapshot, RULES)
    assert plan.state.lines == {PLAIN.dump_id: snapshot.manifest["dumps"].lines[PLAIN.dump_id]}
    assert plan.stays == {PLAIN.dump_id}
    assert plan.jobs == ()


@pytest.mark.parametrize(
    ("found", "sha256", "rules"),
    [
        (PLAIN, "0" * 64, RULES),
        (PLAIN, SHA256, Rules("scan", "other")),
        (PLAIN, SHA256, Rules("other", "work")),
        (replace(PLAIN, file="b.txt"), SHA256, RULES),
        (replace(PLAIN, code="changing", detail="..."), SHA256, RULES),
        (replace(PLAIN, is_office=True), SHA256, RULES),
        (replace(MEMBER, file="a.txt"), MEMBER.archive_sha256, RULES),
        # What is written in a name is no hash.
        (Found(f'"sha256": "{SHA256}"', "0" * 64, 10), SHA256, RULES),
    ],
)
def test_others_are_looked_at(found: Found, sha256: str, rules: Rules) -> None:
    known = Known(snapshot_of(found), rules)
    name = "a.txt" if found.file == "b.txt" else found.file
    assert not known.keep(hash_id(name), sha256)
    assert known.kept == set()


def test_what_was_found_in_a_file_is_known() -> None:
    passing = replace(PLAIN, file="c.txt", code="changing", detail="...")
    late = replace(MEMBER, member="c.txt", code="too_slow", detail="...")
    snapshot = snapshot_of(PLAIN, MEMBER, late, passing)
    known = Known(snapshot, RULES)
    assert known.get("a.txt") == [PLAIN]
    assert known["a.zip"] == [MEMBER, replace(late, code=None, detail=None)]
    assert known["c.txt"] == []  # it is to be looked at again
    assert known.get("d.txt") is None
    assert set(known) == {"a.txt", "a.zip", "c.txt"}
    assert len(known) == 3
    assert Known(None, RULES).get("a.txt") is None
    assert Known(snapshot, Rules("other", "work")).get("a.txt") is None
