from pathlib import Path

import pytest

from clippings.errors import StoreError
from clippings.registry import Registry, read_registry, write_registry


def test_a_registry_reads_back(tmp_path: Path) -> None:
    registry = Registry({("ORG", "b"): "2", ("ORG", "a"): "1"}, {"3": "1"})
    file = tmp_path / "registry.json"
    file.write_bytes(write_registry(registry))
    assert read_registry(file) == registry
    assert write_registry(Registry({("ORG", "a"): "1", ("ORG", "b"): "2"}, {"3": "1"})) == (
        file.read_bytes()
    )


@pytest.mark.parametrize("content", [b"", b"[]", b'{"names": [[1]]}', b"\xff"])
def test_rubbish_is_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "registry.json"
    file.write_bytes(content)
    with pytest.raises(StoreError, match="expected a registry"):
        read_registry(file)
