"""docs/scheduling.md and docs/growing.md say what happens.

The commands of prefect.yaml are followed in test_flows.py, on its server.
"""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clippings import pipeline

ROOT = Path(__file__).parents[1]
PAGES = {
    name: (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    for name in ("growing", "scheduling")
}
COMMANDS = {name: re.findall(r"^\$ (.+)$", page, re.MULTILINE) for name, page in PAGES.items()}
PATIENCE_SECONDS = 300

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Types a command of a page, in the folder of a user; ends with all that it started."""
    home = tmp_path / "user"
    home.mkdir()
    for name in ("raw", "flows"):
        (home / name).symlink_to(ROOT / name)
    kept = {name: value for name, value in os.environ.items() if "PREFECT" not in name}
    environment = {**kept, "PREFECT_HOME": str(tmp_path / "prefect"), "TMPDIR": str(tmp_path)}
    started: list[subprocess.Popen[bytes]] = []

    def start(command: str, **options: str) -> subprocess.Popen[bytes]:
        program, *words = shlex.split(command)
        module = [] if program == "python" else ["-m", program]
        with (tmp_path / f"log{len(started)}.txt").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *module, *words],
                cwd=home,
                env={**environment, **options},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started.append(process)
        return process

    yield start
    for process in reversed(started):
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def is_alive(group: int) -> bool:
    """Tell whether there is a process in a group, be it one whose end nobody has asked for yet."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def read_parts(processed: Path) -> dict[str, bytes]:
    current = processed / "current"
    return {
        str(part.relative_to(current)): part.read_bytes()
        for part in sorted(current.glob("*.parquet/*"))
    }


@pytest.mark.prefect
@pytest.mark.dask
@pytest.mark.model
@pytest.mark.slow
def test_clusters_of_growing_page_give_the_tables_of_one_machine(
    start: Start, tmp_path: Path
) -> None:
    (local,) = [command for command in COMMANDS["growing"] if command.endswith("dask --workers 2")]
    scheduler, worker, flow = [command for command in COMMANDS["growing"] if "8786" in command]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    services = [
        start(f"{command} --no-dashboard".replace("8786", port)) for command in (scheduler, worker)
    ]
    expected = pipeline.ingest(ROOT / "raw", tmp_path / "expected")
    assert expected.exit_code == 0
    for command in (local, flow):
        processed = tmp_path / "user" / f"processed{len(command)}"
        run = start(f"{command.replace('8786', port)} --processed {processed}")
        code = run.wait(PATIENCE_SECONDS)
        assert code == 0, "\n".join(log.read_text() for log in tmp_path.glob("log*.txt"))
        assert read_parts(processed) == read_parts(tmp_path / "expected")
        end = time.monotonic() + PATIENCE_SECONDS
        while is_alive(run.pid):  # its workers
            assert time.monotonic() < end
            time.sleep(0.1)
    assert [service.poll() for service in services] == [None, None]


@pytest.mark.parametrize("script", ["ingest", "schedule", "watch"])
def test_options_that_the_pages_name_exist(script: str) -> None:
    told = subprocess.run(
        [sys.executable, ROOT / "flows" / f"{script}.py", "--help"],
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout
    text = "\n".join(PAGES.values())
    named = re.findall(rf"python flows/{script}\.py([^`\n]*)", text)
    options = {option for words in named for option in re.findall(r"--[\w-]+", words)}
    assert options or script == "watch"
    assert {option for option in options if option not in told} == set()


def test_dumps_that_growing_page_measures_are_made_from_the_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "raw").symlink_to(ROOT / "raw")
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGES["growing"], re.MULTILINE | re.DOTALL)
    assert "range(60)" in code
    exec(code.replace("range(60)", "range(2)"), {})
    assert len(list((tmp_path / "corpus").iterdir())) * 30 == 240
    run = pipeline.ingest("corpus", "processed", model="blank:en")
    assert run.rows["articles"] * 30 == 1440
    assert len({part for part in (tmp_path / "corpus").iterdir() if "Number 1" in part.read_text()})


def test_messages_that_scheduling_page_names_are_those_of_the_flow() -> None:
    flow = (ROOT / "flows" / "ingest.py").read_text(encoding="utf-8")
    messages = re.findall(r"^\| \w+ \| `(\d+)[:]", PAGES["scheduling"], re.MULTILINE)
    assert messages == ["0", "3", "1", "75"]
    assert "FAILED, BUSY, STOPPED = 1, 75, 130" in flow
