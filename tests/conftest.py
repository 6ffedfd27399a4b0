"""Shared by all tests: a small pipeline that tags, dumps to write, a desk to work at."""

import importlib
import itertools
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import spacy

from clippings import pipeline, store, work
from clippings.records import TABLES, arrow_schema

PHRASES = {
    "Golda Meir": "PERSON",
    "Rabbi Kook": "PERSON",
    "Haifa": "GPE",
    "the Knesset": "ORG",
    "The Knesset": "ORG",
    "the Knesset’s": "ORG",
    "Knesset": "ORG",
    "Bank Leumi": "ORG",
    "Jaffa": "LOC",
}
_PLACES = ("Haifa", "Jaffa", "Acre")
_PEOPLE = ("Golda Meir", "Rabbi Kook", "Nobody")
_BODIES = ("the Knesset", "The Knesset", "Knesset", "the Knesset’s hall", "Bank Leumi")
_DATES = ("March 27 2019", "Aug. 19 2019", "June 1948", "1917", "", "3 May 2021")
_OUTLETS = ("Read more at FDD\n\n", "", "Read more at Haaretz\n\n")
_TOPICS = ("More about: Iran, Iraq, U.S. Foreign policy", "More about: Zionism", "")


@dataclass(frozen=True)
class Desk:
    """A raw folder and its tables."""

    raw: Path
    processed: Path
    model: str

    def put(self, name: str, content: str | bytes) -> Path:
        """Write a file into the raw folder."""
        path = self.raw / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def ingest(self, **options: Any) -> pipeline.Run:
        return pipeline.ingest(self.raw, self.processed, **{"model": self.model, **options})

    def rows(self, table: str) -> list[dict[str, Any]]:
        snapshot = store.current(self.processed)
        assert snapshot is not None
        return snapshot.read(table).to_pylist()

    def parts(self) -> dict[str, bytes]:
        """Everything that readers see, by name; nothing where nothing was committed."""
        current = self.processed / "current"
        return {
            str(part.relative_to(current)): part.read_bytes()
            for part in sorted(current.glob("*.parquet/*"))
        }

    def rebuild(self, **options: Any) -> dict[str, bytes]:
        """What a first run makes of the raw folder as it is."""
        fresh = replace(self, processed=self.processed.with_name("rebuilt"))
        shutil.rmtree(fresh.processed, ignore_errors=True)
        fresh.ingest(**options)
        return fresh.parts()

    def copy(self, root: Path) -> "Desk":
        """Set up the same desk elsewhere."""
        shutil.copytree(self.raw, root / "raw", symlinks=True)
        if self.processed.exists():
            shutil.copytree(self.processed, root / "processed", symlinks=True)
        return Desk(root / "raw", root / "processed", self.model)

    def fill(self, write_dump: Callable[..., str]) -> None:
        """Put nine files: six dumps that overlap, one that says nothing new, rubbish, a name."""
        for number in range(6):
            self.put(f"{number}.txt", write_dump(number, number + 1))
        self.put("same.txt", write_dump(0, 1))
        self.put("bad.txt", b"\0")
        self.put(os.fsdecode("über\n🕯.txt".encode()), write_dump(7))

    def assert_tidy(self) -> None:
        """Nothing lies about that a run should have cleared away."""
        links = {f"{table}.parquet" for table in TABLES} | {"datapackage.json"}
        names = {path.name for path in self.processed.iterdir()}
        assert names == links | {"current", ".snapshots", ".store"}
        assert {path.name for path in (self.processed / ".store").iterdir()} == {
            "lock",
            "looks.json",
            "parts",
            "work",
        }
        assert list((self.processed / ".store" / "work").iterdir()) == []
        snapshots = sorted((self.processed / ".snapshots").iterdir())
        written = [(snapshot / "manifest.json").stat().st_mtime for snapshot in snapshots]
        for at in written[1:-2]:  # the one before it goes with the first commit a minute later
            assert written[-1] - at < 60
        assert (self.processed / "current").resolve() == snapshots[-1].resolve()
        listed = set()
        for snapshot in snapshots:
            manifest = json.loads((snapshot / "manifest.json").read_text())
            for table, state in manifest["tables"].items():
                parts = {name for name, _ in state["parts"].values()}
                listed |= parts
                assert {part.name for part in (snapshot / f"{table}.parquet").iterdir()} == parts
        assert {part.name for part in (self.processed / ".store" / "parts").iterdir()} == listed


@pytest.fixture(scope="session", autouse=True)
def _no_fsync() -> Iterator[None]:
    """No test cuts the power, and waiting for the disk takes longer than all the rest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="session")
def ruler(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A pipeline on disk that tags a few phrases wherever they stand."""
    nlp = spacy.blank("en")
    patterns = [{"label": label, "pattern": phrase} for phrase, label in PHRASES.items()]
    nlp.add_pipe("entity_ruler").add_patterns(patterns)
    folder = tmp_path_factory.mktemp("ruler") / "model"
    nlp.to_disk(folder)
    return str(folder)


@pytest.fixture(scope="session")
def desk_at(ruler: str) -> Callable[[Path], Desk]:
    """Sets up an empty desk in a folder."""

    def set_up(root: Path) -> Desk:
        (root / "raw").mkdir(parents=True)
        return Desk(root / "raw", root / "processed", ruler)

    return set_up


@pytest.fixture
def make_desk(tmp_path: Path, desk_at: Callable[[Path], Desk]) -> Iterator[Callable[[], Desk]]:
    """Sets up an empty desk; for tests that need several."""
    numbers = itertools.count()
    yield lambda: desk_at(tmp_path / f"desk{next(numbers)}")
    shutil.rmtree(tmp_path)  # thousands of files, which pytest would keep for three runs


@pytest.fixture
def desk(make_desk: Callable[[], Desk]) -> Desk:
    """An empty desk."""
    return make_desk()


@pytest.fixture(scope="session")
def write_dump() -> Callable[..., str]:
    """Writes a dump of made-up articles; the same number is the same article."""
    return lambda *numbers: "".join(map(_write_article, numbers))


@pytest.fixture(scope="session")
def publish() -> Callable[..., Path]:
    """Writes tables as a run would; what a row does not say is null."""

    def write(processed: Path, **tables: list[dict[str, Any]]) -> Path:
        with store.lock(processed):
            publication = store.Publication(processed, store.recover(processed))
            for table in TABLES:
                schema = arrow_schema(table)
                rows = [dict.fromkeys(schema.names) | row for row in tables.get(table, [])]
                publication.put(table, (), pa.Table.from_pylist(rows, schema))
            publication.commit({"dumps": {}, "raw": "../raw", "max_dump_bytes": 1}, {})
        return processed

    return write


@pytest.fixture
def tagged(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The content of every dump that was read and tagged, as it happens."""
    contents: list[bytes] = []
    real = work.process

    def process(content: bytes, *arguments: Any) -> Any:
        contents.append(content)
        return real(content, *arguments)

    monkeypatch.setattr(work, "process", process)
    return contents


@pytest.fixture(scope="session")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """`flows/ingest.py` as a module, with a server of Prefect's own for tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(tmp_path_factory.mktemp("prefect")))
        patch.syspath_prepend(Path(__file__).parents[1] / "flows")
        module = importlib.import_module("ingest")
        from prefect.testing.utilities import prefect_test_harness

        with prefect_test_harness(server_startup_timeout=180):
            yield module


def _write_article(number: int) -> str:
    place, person = _PLACES[number % 3], _PEOPLE[number // 2 % 3]
    body = _BODIES[number % 5]
    date = _DATES[number % 6]
    tale = (
        f"{person} came down to {place} in the {number}th year, and there {body} had been told of "
        "it long before anyone else along the whole of that coast was."
    )
    lines = [
        f"The Road From {place} to Number {number} and {person}",
        *([date] if date else []),
        tale,
        f"“It is so,” wrote {person}; in  {place}\u00a0nobody asked {body} what it had in mind.",
        "Subscribe now",
    ]
    return "\n\n".join(lines) + f"\n\n{_OUTLETS[number % 3]}{_TOPICS[number // 3 % 3]}\n\n\n"
