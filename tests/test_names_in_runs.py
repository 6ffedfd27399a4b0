"""Registry, corrections, explain and review through whole runs."""

import csv
from datetime import datetime
from pathlib import Path

import pytest

from clippings import store, work
from clippings.errors import StoreError
from clippings.review import explain_entity, write_review

DUMP = """A Vote in the Knesset

March 27 2019

Golda Meir spoke in the Knesset. Bank Leumi was closed. Haifa slept.

Read more at FDD

More about: Iran


Another Vote in the Knesset

Aug. 19 2019

Rabbi Kook did not speak. Golda Meir did, in Jaffa.

Read more at Haaretz

More about: Iraq
"""
HEADER = "operation,label,a,b,article_id,note\n"


def write_corrections(desk, *rows: str) -> None:
    (desk.raw.parent / "corrections.csv").write_text(HEADER + "\n".join(rows), encoding="utf-8")


def articles(desk) -> dict[str, dict]:
    return {row["title"]: row for row in desk.rows("articles")}


@pytest.mark.parametrize("few", [1_000, store._FEW])  # 1,000: only names that a change concerns
def test_a_new_dump_beside_corrections_equals_a_rebuild(desk, monkeypatch, few: float) -> None:
    monkeypatch.setattr(store, "_FEW", few)
    desk.put("a.txt", DUMP)
    write_corrections(
        desk, "merge,ORG,Knesset,Bank Leumi,,", "ignore,PLACE,Jaffa,,,", "rename,ORG,Knesset,K,,"
    )
    desk.ingest()
    desk.put("b.txt", DUMP.replace("Another", "A Third").replace("Haifa", "Acre"))
    desk.ingest()
    registry = desk.processed / "current" / "registry.json"
    assert desk.parts() == desk.rebuild(registry=registry)
    (desk.raw / "a.txt").unlink()
    run = desk.ingest()
    assert desk.parts() == desk.rebuild(registry=registry)
    assert "K" in {row["name"] for row in desk.rows("entities")}
    assert run.problems == ()


def test_date_and_outlet_of_an_article_are_corrected_and_taken_back(desk) -> None:
    desk.put("a.txt", DUMP)
    desk.ingest()
    plain = desk.parts()
    first = articles(desk)["A Vote in the Knesset"]["article_id"]
    write_corrections(desk, f"date,,,April 2 2018,{first},", f"outlet,,,Davar,{first},")
    run = desk.ingest()
    assert run.exit_code == 0
    row = articles(desk)["A Vote in the Knesset"]
    assert (row["published_date"], row["outlet"]) == (datetime(2018, 4, 2), "Davar")
    assert desk.parts() == desk.rebuild()
    meir = next(row for row in desk.rows("entities") if row["name"] == "Golda Meir")
    assert meir["first_date"] == datetime(2018, 4, 2)
    desk.put("b.txt", DUMP.replace("Another", "A Third"))  # the correction outlives a run
    desk.ingest()
    assert articles(desk)["A Vote in the Knesset"]["outlet"] == "Davar"
    assert desk.parts() == desk.rebuild()
    (desk.raw / "b.txt").unlink()
    (desk.raw.parent / "corrections.csv").unlink()
    desk.ingest()
    assert desk.parts() == plain


def test_a_correction_is_applied_without_tagging_again(desk, monkeypatch) -> None:
    desk.put("a.txt", DUMP)
    desk.ingest()
    monkeypatch.setattr(work, "process", None)  # whoever tags, fails
    write_corrections(desk, "merge,ORG,Knesset,Bank Leumi,,", "ignore,PLACE,Jaffa,,,")
    desk.ingest()
    names = {row["name"] for row in desk.rows("entities")}
    assert "Bank Leumi" not in names
    assert "Jaffa" not in names
    assert {row["entity_id"] for row in desk.rows("mentions") if row["surface"] == "Jaffa"} == {
        None
    }


def test_a_row_that_cannot_be_used_is_a_problem_with_its_line(desk) -> None:
    desk.put("a.txt", DUMP)
    write_corrections(desk, "merge,ORG,Knesset,Nobody,,", "date,,,May 1 2019,nothing,")
    run = desk.ingest()
    assert run.exit_code == 0
    told = [(problem.path, problem.code, problem.detail) for problem in run.problems]
    assert [detail.split(":")[0] for _, _, detail in told] == ["line 2", "line 3"]
    assert {(path, code) for path, code, _ in told} == {("corrections.csv", "correction")}
    write_corrections(desk, "merge,ORG,Knesset,Bank Leumi,,")
    assert desk.ingest().problems == ()


@pytest.mark.parametrize(
    ("date", "told"),
    [
        ("Feb. 30 2019", 'line 2: expected a day of the calendar, found "Feb. 30 2019".'),
        ("some day", 'line 2: expected a date such as "Aug. 19 2019", found "some day".'),
    ],
)
def test_a_bad_date_is_told_with_its_place_once(date: str, told: str, desk) -> None:
    desk.put("a.txt", DUMP)
    desk.ingest()
    write_corrections(desk, f"date,,,{date},{desk.rows('articles')[0]['article_id']},")
    [problem] = desk.ingest().problems
    assert problem.detail == told


def test_a_new_folder_takes_the_ids_of_another(desk) -> None:
    desk.put("a.txt", DUMP)
    desk.ingest()
    snapshot = store.current(desk.processed)
    assert snapshot is not None
    assert desk.rebuild(registry=snapshot.path / "registry.json") == desk.parts()
    with pytest.raises(StoreError, match="expected a new folder"):
        desk.ingest(registry=snapshot.path / "registry.json")


def test_explain_tells_rules_and_sentences(desk) -> None:
    desk.put("a.txt", DUMP)
    desk.ingest()
    text = "\n".join(explain_entity("the knesset", desk.processed))
    assert "Knesset (ORG)" in text
    assert "Golda Meir spoke in the Knesset." in text
    with pytest.raises(StoreError, match="Did you mean Golda Meir"):
        list(explain_entity("Golda Mair Junior", desk.processed))


def test_review_can_be_pasted_into_corrections(desk, tmp_path) -> None:
    desk.put("a.txt", DUMP)
    desk.ingest()
    output = tmp_path / "review.csv"
    count = write_review(desk.processed, output)
    rows = list(csv.DictReader(output.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == count
    assert all(row["operation"] == "merge" and row["note"] for row in rows)


SEED = Path(__file__).parents[2] / "shared" / "examples" / "seed_dump.txt"


@pytest.mark.model
@pytest.mark.skipif(not SEED.exists(), reason="the seed is no part of the repository")
def test_the_names_of_the_seed(desk) -> None:
    desk.put("seed.txt", SEED.read_bytes())
    desk.ingest(model=None)
    entities = {row["entity_id"]: row for row in desk.rows("entities")}
    of = {row["alias"]: entities[row["entity_id"]] for row in desk.rows("aliases")}
    assert of["Al-Qaim"] == of["al-Qaim"]
    assert of["al-Qaim"]["country_code"] == "IQ"
    assert 34 < of["al-Qaim"]["latitude"] < 35
    assert of["Hizballah"]["entity_id"] != of["Kataib Hizballah"]["entity_id"]
    assert of["Islamic Republic"]["name"] == "Iran"
