"""Samples: written where nothing stands, and carried by the wheel."""

import tomllib
from pathlib import Path

import pytest

from clippings.errors import SampleError
from clippings.samples import SAMPLES, write_samples

ROOT = Path(__file__).parents[1]


def test_samples_are_those_of_the_project(tmp_path: Path) -> None:
    written, kept = write_samples(tmp_path / "raw")
    assert written == [tmp_path / "raw" / name for name in SAMPLES]
    assert kept == []
    for name in SAMPLES:
        assert (tmp_path / "raw" / name).read_bytes() == (ROOT / "raw" / name).read_bytes()


def test_no_file_is_touched(tmp_path: Path) -> None:
    mine = tmp_path / SAMPLES[0]
    mine.write_text("mine")
    link = tmp_path / SAMPLES[2]
    link.symlink_to(tmp_path / "nowhere")
    written, kept = write_samples(tmp_path)
    assert kept == [mine, link]
    assert len(written) == len(SAMPLES) - 2
    assert mine.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "history").write_text("a file")
    with pytest.raises(SampleError, match="history: expected a place to write"):
        write_samples(tmp_path)


def test_the_wheel_carries_them() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    carried = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert carried == {f"raw/{name}": f"clippings/data/samples/{name}" for name in SAMPLES}
