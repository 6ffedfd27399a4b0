"""Who is who: groups of names, their ids, and what a person corrects."""

import datetime
from collections import Counter
from collections.abc import Collection
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clippings import entities, spellings
from clippings.bound import bind_articles
from clippings.columns import within, without
from clippings.corrections import Correction, Corrections
from clippings.entities import Resolution, Resolver, resolve, resolve_mentions
from clippings.errors import StoreError
from clippings.reach import Standing, find_names
from clippings.records import arrow_schema
from clippings.registry import Registry
from clippings.side import READINGS, schema_of
from clippings.spellings import Readings

Mention = tuple[str, str, str]  # article_id, label, surface


def run(
    mentions: list[Mention],
    registry: Registry | None = None,
    corrections: list[tuple[str, ...]] | None = None,
) -> Resolution:
    """Resolve mentions that stand one after the other, each two characters behind the last."""
    rows, position = [], 0
    for article_id, label, surface in mentions:
        rows.append((article_id, "body", position, position + len(surface), label, surface))
        position += len(surface) + 2
    names = ("article_id", "field", "start", "end", "label", "surface")
    schema = arrow_schema("mentions")
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    table = pa.table(
        {
            name: pa.array(column, schema.field(name).type)
            for name, column in zip(names, columns, strict=True)
        }
    )
    ids = sorted({mention[0] for mention in mentions})
    dates = [datetime.datetime(2019, 3, 1 + number) for number in range(len(ids))]
    articles = pa.table(
        {
            "article_id": pa.array(ids, pa.string()),
            "published_date": pa.array(dates, pa.timestamp("ms")),
        }
    )
    made = tuple(
        Correction(line, *(row + ("",) * (5 - len(row))))
        for line, row in enumerate(corrections or [], 2)
    )
    return resolve_mentions(table, articles, registry, Corrections(made))


def groups(found: Resolution, mentions: list[Mention]) -> set[frozenset[str]]:
    """Give the surfaces of each entity."""
    by_id: dict[str | None, set[str]] = {}
    for entity_id, (_, _, surface) in zip(found.entity_ids.to_pylist(), mentions, strict=True):
        by_id.setdefault(entity_id, set()).add(surface)
    return {frozenset(names) for names in by_id.values()}


def entity(found: Resolution, name: str) -> dict[str, Any]:
    [row] = [row for row in found.entities.to_pylist() if row["name"] == name]
    return row


def rules(found: Resolution) -> dict[str, str]:
    return {row["alias"]: row["rule"] for row in found.aliases.to_pylist()}


ONE = [
    (["Hizballah", "Hezbollah", "Hizbullah"], "ORG"),
    (["ISIS", "Daesh", "Islamic State", "ISIL"], "ORG"),
    (["IDF", "Tzahal", "Israel Defense Forces"], "ORG"),
    (["al-Qaim", "Al-Qaim", "Al Qaim"], "PLACE"),
    (["Iran", "the Islamic Republic"], "PLACE"),
    (["Maimonides", "Rambam"], "PERSON"),
    (["Selma Aydin", "Rabbi Selma Aydin", "Selma Aydın"], "PERSON"),
    (["Qasr al-Farid Society", "Kasr al-Farid Society"], "ORG"),
]


@pytest.mark.parametrize(("names", "label"), ONE, ids=lambda value: str(value))
def test_the_spellings_of_one_are_one(names: list[str], label: str) -> None:
    mentions = [(f"article{number}", label, name) for number, name in enumerate(names)]
    assert groups(run(mentions), mentions) == {frozenset(names)}


TWO = [
    ("Hizballah", "Kataib Hizballah", "ORG"),
    ("Khamenei", "Khomeini", "PERSON"),
    ("Iran", "Iraq", "PLACE"),
    ("Hama", "Homs", "PLACE"),
    ("Hafez al-Assad", "Bashar al-Assad", "PERSON"),
]


@pytest.mark.parametrize(("one", "other", "label"), TWO)
def test_look_alikes_are_two(one: str, other: str, label: str) -> None:
    mentions = [("a", label, one), ("b", label, other)]
    assert len(groups(run(mentions), mentions)) == 2


def test_a_surname_is_the_person_of_the_same_article_only() -> None:
    mentions = [
        ("a", "PERSON", "Andrew Gabel"),
        ("a", "PERSON", "Gabel"),
        ("b", "PERSON", "Gabel"),
    ]
    found = run(mentions)
    first, second, third = found.entity_ids.to_pylist()
    assert first == second != third
    aliases = found.aliases.to_pylist()
    assert {(row["entity_id"], row["rule"]) for row in aliases if row["alias"] == "Gabel"} == {
        (first, "surname"),
        (third, "alone"),
    }
    assert entity(found, "Andrew Gabel")["mention_count"] == 2


def test_a_surname_that_fits_two_is_neither() -> None:
    mentions = [
        ("a", "PERSON", "Andrew Gabel"),
        ("a", "PERSON", "Miriam Gabel"),
        ("a", "PERSON", "Gabel"),
    ]
    assert len(set(run(mentions).entity_ids.to_pylist())) == 3


def test_an_article_may_contradict_a_known_surname() -> None:
    mentions = [
        ("a", "PERSON", "Yonatan Netanyahu"),
        ("a", "PERSON", "Netanyahu"),
        ("b", "PERSON", "Netanyahu"),
        ("c", "PERSON", "Benjamin Netanyahu"),
    ]
    brother, also_brother, premier, also_premier = run(mentions).entity_ids.to_pylist()
    assert brother == also_brother != premier == also_premier


def test_an_acronym_in_brackets_is_the_name_before_it_in_its_article() -> None:
    mentions = [
        ("a", "ORG", "Zagros Grain Cooperative"),
        ("a", "ORG", "ZGC"),
        ("b", "ORG", "ZGC"),
    ]
    found = run(mentions)
    first, second, third = found.entity_ids.to_pylist()
    assert first == second != third
    assert entity(found, "Zagros Grain Cooperative")["mention_count"] == 2


def test_towns_of_one_name_are_told_apart_by_the_names_beside_them() -> None:
    mentions = [
        ("a", "PLACE", "Tripoli"),
        ("a", "PLACE", "Beirut"),
        ("a", "PLACE", "Lebanon"),
        ("b", "PLACE", "Tripoli"),
        ("b", "PLACE", "Benghazi"),
        ("b", "PLACE", "Libya"),
        ("c", "PLACE", "Tripoli"),
    ]
    found = run(mentions)
    lebanon, *_, libya, _, _, unsure = found.entity_ids.to_pylist()
    assert len({lebanon, libya, unsure}) == 3
    codes = {row["entity_id"]: row["country_code"] for row in found.entities.to_pylist()}
    assert (codes[lebanon], codes[libya], codes[unsure]) == ("LB", "LY", None)


def test_a_minority_label_follows_the_majority() -> None:
    mentions = [("a", "ORG", "Zagros Monitor")] * 9 + [("b", "PERSON", "Zagros Monitor")]
    found = run(mentions)
    assert len(set(found.entity_ids.to_pylist())) == 1
    assert entity(found, "Zagros Monitor")["label"] == "ORG"


def test_a_name_that_would_join_two_joins_neither() -> None:
    mentions = [
        ("a", "PERSON", "Selma B. Aydin"),
        ("b", "PERSON", "Selma C. Aydin"),
        ("c", "PERSON", "Selma Aydin"),
    ]
    assert len(groups(run(mentions), mentions)) == 3


NAMES = [
    ("ORG", "Qasr al-Farid Society"),
    ("ORG", "Kasr al-Farid Society"),
    ("ORG", "Qasr al Fareed Society"),
    ("ORG", "Zagros Monitor"),
    ("PERSON", "Selma Aydin"),
    ("PERSON", "Selma Aydın"),
    ("PERSON", "Aydin"),
    ("PERSON", "Zagros Monitor"),
    ("PLACE", "Haifa"),
    ("PLACE", "Tel Zurayq"),
    ("PLACE", "Tall Zureiq"),
]
MENTIONS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(NAMES)).map(lambda it: (it[0], *it[1])),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(MENTIONS, st.randoms(use_true_random=False))
def test_groups_depend_on_the_set_of_names_alone(mentions: list[Mention], random: Any) -> None:
    # Position binds acronyms only, of which there are none here.
    shuffled = list(mentions)
    random.shuffle(shuffled)
    assert groups(run(mentions), mentions) == groups(run(shuffled), shuffled)


@settings(max_examples=60, deadline=None)
@given(st.lists(MENTIONS, min_size=2, max_size=4))
def test_no_id_changes_but_by_a_merge_that_is_told(runs: list[list[Mention]]) -> None:
    """Dumps come and go; a name that stays keeps its id, or the table says what became of it."""
    registry = Registry({}, {})
    before: dict[tuple[str, str], str] = {}
    for mentions in runs:
        found = run(mentions, registry)
        registry = found.registry
        merged = dict(found.merged.select(["entity_id", "merged_into"]).to_pandas().to_numpy())
        current = set(found.entities["entity_id"].to_pylist())
        assert not current & set(merged)
        for mention, entity_id in zip(mentions, found.entity_ids.to_pylist(), strict=True):
            if mention[1] == "PERSON" and " " not in mention[2]:
                continue  # somebody of one article
            old = before.get(mention[1:])
            assert old in (None, entity_id) or merged.get(old) == entity_id or old in current
            before[mention[1:]] = entity_id
        again = run(mentions, registry)
        assert again.entity_ids == found.entity_ids
        assert again.registry == found.registry


def test_a_split_keeps_the_id_on_the_larger_part() -> None:
    mentions = [("a", "ORG", "Qasr al-Farid Society")] * 3 + [("b", "ORG", "Kasr al-Farid Society")]
    whole = run(mentions)
    [old] = set(whole.entity_ids.to_pylist())
    rows = [("distinct", "ORG", "Qasr al-Farid Society", "Kasr al-Farid Society")]
    apart = run(mentions, whole.registry, rows)
    ids = apart.entity_ids.to_pylist()
    assert ids[:3] == [old] * 3
    assert ids[3] != old


def test_a_merge_leaves_a_row() -> None:
    mentions = [("a", "ORG", "Zagros Monitor")] * 2 + [("b", "ORG", "Mountain Watch")]
    apart = run(mentions)
    kept, _, gone = apart.entity_ids.to_pylist()
    together = run(mentions, apart.registry, [("merge", "ORG", "Zagros Monitor", "Mountain Watch")])
    assert together.entity_ids.to_pylist() == [kept] * 3
    assert together.merged.to_pylist() == [{"entity_id": gone, "merged_into": kept}]
    assert rules(together)["Mountain Watch"] == "correction"


def test_corrections_change_what_they_say() -> None:
    mentions = [
        ("a", "ORG", "Zagros Monitor"),
        ("a", "PERSON", "Talmud"),
        ("b", "PLACE", "Atlantis"),
        ("b", "ORG", "Basra"),
    ]
    found = run(
        mentions,
        corrections=[
            ("rename", "ORG", "Zagros Monitor", "The Monitor"),
            ("ignore", "PERSON", "Talmud"),
            ("place", "PLACE", "Atlantis", "36.5, 25.4, GR"),
            ("retype", "ORG", "Basra", "PLACE"),
        ],
    )
    monitor, talmud, atlantis, basra = found.entity_ids.to_pylist()
    assert talmud is None
    assert entity(found, "The Monitor")["entity_id"] == monitor
    row = entity(found, "Atlantis")
    assert (row["entity_id"], row["country_code"], row["latitude"]) == (atlantis, "GR", 36.5)
    labels = {row["entity_id"]: row["label"] for row in found.entities.to_pylist()}
    assert labels[basra] == "PLACE"
    assert found.faults == []


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (("merge", "ORG", "Zagros Monitor", "Nobody Known"), 'no mention of "Nobody Known"'),
        (("merge", "ORG", "Hizballah", "Hezbollah"), "one without it"),
        (("distinct", "ORG", "Zagros Monitor", "Hizballah"), "apart without it"),
        (("ignore", "PERSON", "Zagros Monitor"), "no mention"),
        (("rename", "ORG", "Nobody Known", "Somebody"), "no mention"),
        (("place", "PLACE", "Haifa", "nowhere at all"), "latitude"),
    ],
)
def test_a_row_that_changes_nothing_is_reported(row: tuple[str, ...], told: str) -> None:
    mentions = [
        ("a", "ORG", "Zagros Monitor"),
        ("a", "ORG", "Hizballah"),
        ("a", "ORG", "Hezbollah"),
        ("a", "PLACE", "Haifa"),
    ]
    [(line, fault)] = run(mentions, corrections=[row]).faults
    assert line == 2
    assert told in fault


def test_a_contradiction_is_reported_and_the_distinct_row_wins() -> None:
    mentions = [("a", "ORG", "Zagros Monitor"), ("b", "ORG", "Mountain Watch")]
    rows = [
        ("merge", "ORG", "Zagros Monitor", "Mountain Watch"),
        ("distinct", "ORG", "Zagros Monitor", "Mountain Watch"),
    ]
    found = run(mentions, corrections=rows)
    assert len(groups(found, mentions)) == 2
    assert any("line 3 says the contrary" in fault for _, fault in found.faults)


def test_nothing_gives_empty_tables() -> None:
    found = run([])
    assert [found.entities.num_rows, found.aliases.num_rows, found.merged.num_rows] == [0, 0, 0]
    assert found.entities.schema.equals(arrow_schema("entities"))


def test_resolve_without_an_article() -> None:
    names = ["Daesh", "ISIS", "Nobody Known", "Qasr al-Farid Society", "Kasr al-Farid Society"]
    daesh, isis, unknown, one, other = resolve(names, "ORG")
    assert daesh == isis is not None
    assert unknown is None
    assert one == other is not None
    assert resolve(names[::-1], "ORG") == [other, one, None, isis, daesh]


def test_resolve_refuses_a_label_that_is_none() -> None:
    with pytest.raises(StoreError, match='expected a label of PERSON, ORG, PLACE, found "FOO"'):
        resolve(["Daesh"], "FOO")


# In parts, and from run to run


LOCAL = [
    ("PERSON", "Gabel"),
    ("PERSON", "Gabel’s"),
    ("PERSON", "Andrew Gabel"),
    ("PERSON", "Miriam Gabel"),
    ("ORG", "Gabel"),
    ("PLACE", "Gabel"),
    ("PERSON", "Aydin"),
    ("ORG", "Aydin"),
    ("ORG", "ZGC"),
    ("ORG", "Zagros Grain Cooperative"),
    ("PLACE", "Tripoli"),
    ("PLACE", "Libya"),
]
CORRECTED = st.lists(
    st.sampled_from(
        [
            ("ignore", "PERSON", "Gabel", "", "a"),
            ("split", "PERSON", "Gabel", "", "b"),
            ("split", "ORG", "Zagros Monitor"),
            ("retype", "PERSON", "Gabel", "ORG"),
            ("merge", "PERSON", "Gabel", "Aydin"),
            ("rename", "PERSON", "Gabel", "The Gabels"),
            ("distinct", "ORG", "Qasr al-Farid Society", "Kasr al-Farid Society"),
        ]
    ),
    max_size=3,
    unique=True,
)
MANY = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(NAMES + LOCAL)).map(
        lambda it: (it[0], *it[1])
    ),
    max_size=40,
)


def bind(mentions: list[Mention]) -> pa.Table:
    """Bind mentions that stand one after the other."""
    rows, position = [], 0
    for article_id, label, surface in mentions:
        rows.append((article_id, "body", position, position + len(surface), label, surface))
        position += len(surface) + 2
    names = ("article_id", "field", "start", "end", "label", "surface")
    schema = arrow_schema("mentions")
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    arrays = [pa.array(c, schema.field(n).type) for n, c in zip(names, columns, strict=True)]
    ids = pa.array("abcd")
    days = pa.array([datetime.datetime(2019, 3, day) for day in (1, 2, 3)] + [None])
    dates = pa.table([ids, days.cast(pa.timestamp("ms"))], names=["article_id", "published_date"])
    return bind_articles(pa.table(arrays, names=names), dates)


def settle(
    parts: list[pa.Table], rows: list[tuple[str, ...]], readings: Readings | None = None
) -> tuple[Resolver, list[list[dict[str, Any]]]]:
    """Resolve articles that are read in parts, and give all tables, sorted."""
    made = [Correction(line, *(row + ("",) * (5 - len(row)))) for line, row in enumerate(rows, 2)]
    resolver = Resolver(lambda: parts, None, Corrections(tuple(made)), readings)
    found = list(resolver.assign())
    tables = [
        pa.concat_tables([part.bound for part in found]),
        pa.concat_tables([resolver.entities(), *(part.entities for part in found)]),
        pa.concat_tables([resolver.aliases(), *(part.aliases for part in found)]),
    ]
    return resolver, [
        sorted(table.to_pylist(), key=lambda row: [str(value) for value in row.values()])
        for table in tables
    ]


@settings(max_examples=100, deadline=None)
@given(MANY, CORRECTED)
def test_articles_may_come_in_any_parts(
    mentions: list[Mention], rows: list[tuple[str, ...]]
) -> None:
    whole = bind(mentions)
    parts = [whole.filter(pc.equal(whole["article_id"], article_id)) for article_id in "abcd"]
    one, tables = settle([whole], rows)
    other, tables_of_parts = settle(parts, rows)
    assert tables == tables_of_parts
    assert (one.registry, one.faults()) == (other.registry, other.faults())
    counts = Counter(row["entity_id"] for row in tables[0] for _ in range(row["mention_count"]))
    del counts[None]
    assert counts == {row["entity_id"]: row["mention_count"] for row in tables[1]}


@settings(max_examples=60, deadline=None)
@given(MANY, MANY)
def test_readings_kept_from_another_run_change_nothing(
    before: list[Mention], now: list[Mention]
) -> None:
    earlier, _ = settle([bind(before)], [])
    kept = pa.concat_tables([schema_of(READINGS).empty_table(), *earlier.readings.tables()])
    fresh, tables = settle([bind(now)], [])
    again, same_tables = settle([bind(now)], [], Readings(kept))
    assert tables == same_tables
    assert list(fresh.readings.tables()) == list(again.readings.tables())


@settings(max_examples=60, deadline=None)
@given(MANY)
def test_many_new_names_are_what_few_would_be(mentions: list[Mention]) -> None:
    few, tables = settle([bind(mentions)], [])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spellings, "_MANY_NAMES", 1)
        many, same_tables = settle([bind(mentions)], [])
    assert tables == same_tables
    assert list(few.readings.tables()) == list(many.readings.tables())


def test_names_read_before_are_not_compared_again(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [("a", *NAMES[0]), ("b", *NAMES[1]), ("c", *NAMES[3])]
    earlier, _ = settle([bind(before)], [])
    compared: list[tuple[str, str]] = []
    real = spellings.same_name

    def look(a: str, b: str, label: str) -> bool:
        compared.append((a, b))
        return real(a, b, label)

    monkeypatch.setattr(spellings, "same_name", look)
    kept = pa.concat_tables(list(earlier.readings.tables()))
    settle([bind([*before, ("d", *NAMES[2])])], [], Readings(kept))
    assert {NAMES[2][1]} <= {name for pair in compared for name in pair}
    assert all(NAMES[2][1] in pair for pair in compared)


# Where few articles come or go


BOUND_UP = [
    *(("PERSON", name) for name in ("George Bush", "George W. Bush", "George H. W. Bush")),
    *(("ORG", name) for name in ("Hizballah", "Hezbolla", "Iran", "Zagros Monitor")),
    *(("ORG", name) for name in ("Al Jazeera", "Al Jazeera English")),  # the whole and its part
    *(("PLACE", name) for name in ("Iran", "Mosul", "al-Mawsil", "Iraq", "Baghdad", "Falluja")),
    *(("PLACE", name) for name in ("Fallujah", "Tall Zureiq", "Tel Zurayq", "Georgia", "Atlanta")),
    *(("PERSON", name) for name in ("Selma Aydin", "Selma Aydın", "Dr. Selma Aydin", "Aydin")),
    *(("PERSON", f"{name} Harbold") for name in ("Dorian", "Dorian K.", "Dorian W.", "Dr. Dorian")),
]
FEW = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(BOUND_UP)).map(lambda it: (it[0], *it[1])),
    max_size=8,
)


def rows_of(*tables: pa.Table) -> list[list[str]]:
    rows = [row for table in tables for row in table.to_pylist()]
    return sorted([repr(value) for value in row.values()] for row in rows)


@settings(max_examples=300, deadline=None)
@given(
    FEW | MANY,
    FEW | MANY,
    st.sets(st.sampled_from("abcd"), min_size=1, max_size=2),
    st.just([]) | CORRECTED,
)
@example([("a", "PLACE", "Faisailiya")], [("b", "PLACE", "Al Mishkhāb")], {"b"}, [])
@example([("a", "ORG", "Al Jazeera English")], [("b", "ORG", "Al Jazeera")], {"b"}, [])
@example([("a", "ORG", "Al Jazeera English"), ("b", "ORG", "Al Jazeera")], [], {"b"}, [])
@example([("a", "ORG", "Al Jazeera")], [("b", "ORG", "Al Jazeera English")], {"b"}, [])
@example(  # without the third the first is in no doubt
    [(each, "PERSON", f"Dorian{each}Harbold") for each in (" ", " K. ", " W. ")], [], {" W. "}, []
)
def test_names_that_a_change_cannot_concern_need_not_be_looked_at(
    before: list[Mention], now: list[Mention], replaced: set[str], corrected: list[tuple[str, ...]]
) -> None:
    made = [Correction(n, *(row + ("",) * (5 - len(row)))) for n, row in enumerate(corrected, 2)]
    corrections = Corrections(tuple(made))

    def of_replaced(rows: pa.Table) -> pa.Array:
        return pc.is_in(rows["article_id"], pa.array(sorted(replaced)))

    first = Resolver(lambda: [bind(before)], None, corrections)
    parts = list(first.assign())
    bound = pa.concat_tables([part.bound for part in parts])
    old_entities = pa.concat_tables([first.entities(), *(part.entities for part in parts)])
    old_aliases = pa.concat_tables([first.aliases(), *(part.aliases for part in parts)])
    kept = pa.concat_tables([schema_of(READINGS).empty_table(), *first.readings.tables()])
    gone, stays = bound.filter(of_replaced(bound)), bound.filter(pc.invert(of_replaced(bound)))
    come = bind([mention for mention in now if mention[0] in replaced])
    after = pa.concat_tables([stays, come]).sort_by("article_id")

    def read_owners(table: str, owners: Collection[str], columns: list[str]) -> pa.Table:
        rows = {"entities": old_entities, "aliases": old_aliases}[table]
        return within(rows, "entity_id", pa.array(sorted(owners), pa.string())).select(columns)

    whole = Resolver(lambda: [after], first.registry, corrections, Readings(kept))
    parts = list(whole.assign())
    some, keys = entities.resolve_touched(
        lambda keys: lambda: [within(after, "key", pa.array(sorted(keys), pa.string()))],
        come,
        gone,
        Standing(read_owners, first.registry, is_corrected=bool(made)),
        registry=first.registry,
        corrections=corrections,
        readings=Readings(kept),
    )
    [part] = some.assign()
    ids, looked_at = (pa.array(sorted(each), pa.string()) for each in (some.replaced(), keys))
    new_entities, new_aliases = (
        within(rows, "entity_id", ids) for rows in (part.entities, part.aliases)
    )
    names = find_names(some.surfaces().union(gone["surface"].to_pylist()), keys)

    assert rows_of(part.bound, without(after, "key", looked_at)) == rows_of(
        *(each.bound for each in parts)
    )
    assert rows_of(without(old_entities, "entity_id", ids), some.entities(), new_entities) == (
        rows_of(whole.entities(), *(each.entities for each in parts))
    )
    assert rows_of(without(old_aliases, "entity_id", ids), some.aliases(), new_aliases) == (
        rows_of(whole.aliases(), *(each.aliases for each in parts))
    )
    old_readings = without(kept, "name_id", pa.array(names, pa.string()))
    assert rows_of(old_readings, *some.readings.tables()) == rows_of(*whole.readings.tables())
    assert (some.registry, some.faults()) == (whole.registry, whole.faults())
