import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clippings.errors import StoreError
from clippings.records import LABELS
from clippings.registry import Registry, read_registry


def test_a_registry_reads_back(tmp_path: Path) -> None:
    registry = Registry({("ORG", "b"): "2", ("ORG", "a"): "1"}, {"3": "1"})
    file = tmp_path / "registry.json"
    file.write_bytes(registry.write())
    assert read_registry(file) == read_registry(file, is_own=True) == registry
    assert Registry({("ORG", "a"): "1", ("ORG", "b"): "2"}, {"3": "1"}).write() == file.read_bytes()
    assert read_registry(file).find("ORG", "a") == "1"
    assert read_registry(file).find("PLACE", "a") is None


NAMES = st.tuples(st.sampled_from(LABELS), st.text(st.characters(codec="utf-8")))
IDS = st.text("0123456789abcdef", min_size=1)


@given(st.dictionaries(NAMES, IDS), st.dictionaries(NAMES, IDS), st.dictionaries(IDS, IDS))
def test_any_names_read_back_from_their_lines(
    ids: dict[tuple[str, str], str], others: dict[tuple[str, str], str], merged: dict[str, str]
) -> None:
    registry = Registry(ids, {}).put(others, merged)
    assert registry == Registry(ids | others, merged)
    assert Registry.read(registry.write().decode()) == registry
    content = json.loads(registry.write())
    assert {(label, key): each for label, key, each in content["names"]} == ids | others
    assert dict(content["merged"]) == merged
    some = set(others.values())
    assert set(registry.names_of(some)) == {
        name for name, each in (ids | others).items() if each in some
    }


@pytest.mark.parametrize("separators", [(",\n", ": "), None])
def test_a_registry_in_another_form_is_read(
    tmp_path: Path, separators: tuple[str, str] | None
) -> None:
    content = {"names": [["ORG", "a", "1"]], "merged": [["3", "1"]]}
    file = tmp_path / "registry.json"
    file.write_text(json.dumps(content, separators=separators))
    assert read_registry(file, is_own=True) == Registry({("ORG", "a"): "1"}, {"3": "1"})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"names": [[1]]}',
        b'{"names": [["ORG", "a", 1]], "merged": []}',
        b'{"names": [["ORG", "a", "1\\""]], "merged": []}',
        b'{"names": [["X", "a", "1"]], "merged": []}',
        b'{"names": [], "merged": [["1", "2, 3"]]}',
        b"\xff",
    ],
)
def test_rubbish_is_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "registry.json"
    file.write_bytes(content)
    with pytest.raises(StoreError, match="expected a registry"):
        read_registry(file)


def test_what_is_wrong_is_told_without_the_words_of_python(tmp_path: Path) -> None:
    file = tmp_path / "registry.json"
    words = (
        r"registry\.json: expected a registry, found {}\. Name the registry\.json of a folder of"
    )
    with pytest.raises(StoreError, match=words.format("No such file or directory")):
        read_registry(file)
    file.write_bytes(b'{"rows": []}')
    with pytest.raises(StoreError, match=words.format("JSON of another form")):
        read_registry(file)
