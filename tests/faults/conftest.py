"""What the tests of this folder share with `long.py`, the long form."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import long
import scenes


@pytest.fixture(scope="session")
def fork(ruler: str) -> Iterator[scenes.Fork]:
    """Runs `ingest` on a desk in a process of its own; forker.py says what can befall it there."""
    with scenes.start_forker(ruler) as run:
        yield run


@pytest.fixture
def place(
    tmp_path: Path,
    fork: scenes.Fork,
    desk_at: Callable[[Path], Any],
    write_dump: Callable[..., str],
) -> long.Place:
    """Where a part of the long form can do its work."""
    return long.Place(tmp_path, fork, desk_at, write_dump)


@pytest.fixture(scope="session")
def scene_of(
    fork: scenes.Fork,
    tmp_path_factory: pytest.TempPathFactory,
    write_dump: Callable[..., str],
    desk_at: Callable[[Path], Any],
) -> Callable[[str], scenes.Scene]:
    """Sets up a scenario, once for all tests."""
    made: dict[str, scenes.Scene] = {}

    def set_up(scenario: str) -> scenes.Scene:
        if scenario not in made:
            folder = tmp_path_factory.mktemp(scenario)
            desk = desk_at(folder / "desk")
            made[scenario] = scenes.set_up(scenario, desk, fork, write_dump, folder / "done")
        return made[scenario]

    return set_up


@pytest.fixture(params=scenes.SCENARIOS)
def scene(request: pytest.FixtureRequest, scene_of: Callable[[str], scenes.Scene]) -> scenes.Scene:
    """Every scenario, one after the other."""
    return scene_of(request.param)
