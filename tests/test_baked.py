"""Indexes: what was baked is found, and nothing else."""

from hypothesis import given, settings
from hypothesis import strategies as st

from clippings.baked import Index, bake_index

keys = st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=["Cs"]), min_size=1)
rows = st.lists(st.integers(0, 99_999), min_size=1, max_size=4)


@settings(deadline=None)  # the first example imports Arrow
@given(st.dictionaries(keys, rows, min_size=1, max_size=200), st.lists(keys))
def test_finds_the_rows_of_each_key_and_none_of_another(tmp_path_factory, rows_of, others):
    path = tmp_path_factory.mktemp("baked") / "keys.txt"
    path.write_bytes(bake_index(rows_of))
    index = Index(path)
    assert dict(index) == rows_of
    assert {"", *index.read_keys().to_pylist()} == {"", *rows_of}
    for key in [*rows_of, *others, "", "\n", "a\nb", "\U0010ffff"]:
        assert index.find(key) == rows_of.get(key, [])


def test_a_key_is_not_found_by_a_part_of_it(tmp_path):
    path = tmp_path / "keys.txt"
    path.write_bytes(bake_index({f"key {number}": [number] for number in range(500)}))
    index = Index(path)
    assert [index.find(f"key {number}") for number in range(500)] == [[it] for it in range(500)]
    assert index.find("key") == index.find("key 1\t1") == index.find("ey 1") == []


def test_the_order_of_keys_changes_no_byte():
    assert bake_index({"a": [1], "b": [2]}) == bake_index({"b": [2], "a": [1]})
