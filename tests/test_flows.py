"""The flows: on Prefect's test server, by hand, by the clock and when a file arrives.

What a flow must get right is what it adds: runs, their ends and names, reports, schedules. The
tables are those of `clippings.ingest`, byte for byte.
"""

import importlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import pytest

from clippings import errors, pipeline, plan, store

FLOWS = Path(__file__).parents[1] / "flows"
PATIENCE_SECONDS = 240
"""A busy machine takes 44 s to start a server that takes 8 on a quiet one."""


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """Look every so often until something is true."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited in vain for {what}")


# --- on the test server -----------------------------------------------------------------------


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every dump is a batch."""
    monkeypatch.setattr(plan, "_BATCH_DUMPS", 1)


def run_flow(flow: Any, desk: Any, **options: Any) -> Any:
    values = {"raw": str(desk.raw), "processed": str(desk.processed), "model": desk.model}
    return flow.ingest_dumps(**{**values, **options}, return_state=True)


def read_task_runs(state: Any) -> list[Any]:
    from prefect import get_client

    with get_client(sync_client=True) as client:
        return client.read_task_runs(flow_run_filter=only(state))


def read_artifacts(state: Any) -> list[Any]:
    from prefect import get_client

    with get_client(sync_client=True) as client:
        return client.read_artifacts(flow_run_filter=only(state))


def only(state: Any) -> Any:
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

    return FlowRunFilter(id=FlowRunFilterId(any_=[state.state_details.flow_run_id]))


@pytest.mark.prefect
def test_flow_gives_the_tables_of_ingest_and_a_report(
    flow: Any, desk: Any, write_dump: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.put("a.txt", write_dump(0, 1, 2, 3))
    desk.put("sub/b {odd}.txt", write_dump(2, 4))
    state = run_flow(flow, desk)
    assert state.is_completed()
    assert state.message == "0: done"
    assert state.result() == 0
    assert desk.parts() == desk.rebuild()
    assert desk.rows("mentions")
    assert [run.name for run in read_task_runs(state)] == ["2 dumps from a.txt"]
    assert "2 dumps found: 2 new." in capsys.readouterr().out
    assert [run.key for run in read_artifacts(state)] == [flow.ARTIFACT]
    assert "| articles | 5 |" in read_artifacts(state)[0].data

    again = run_flow(flow, desk)
    assert again.message == "0: done"
    assert read_task_runs(again) == []  # nothing to do


@pytest.mark.prefect
def test_a_problem_that_stands_completes_with_3(flow: Any, desk: Any, write_dump: Any) -> None:
    desk.put("a.txt", write_dump(0))
    desk.put("b.txt", b"%PDF-1.7 \x00\x01\x02")
    state = run_flow(flow, desk)
    assert state.is_completed()
    assert state.message == "3: done, and 1 error stands"
    assert state.result() == 3
    assert len(desk.rows("articles")) == 1


@pytest.mark.prefect
def test_a_locked_folder_fails_with_75(flow: Any, desk: Any, write_dump: Any) -> None:
    desk.put("a.txt", write_dump(0))
    with store.lock(desk.processed):
        state = run_flow(flow, desk)
    assert state.is_failed()
    assert state.message.startswith("75: ")
    assert isinstance(state.result(raise_on_failure=False), errors.LockedError)
    assert desk.parts() == {}


@pytest.mark.prefect
def test_tables_in_the_raw_folder_fail_with_1(flow: Any, desk: Any, write_dump: Any) -> None:
    desk.put("a.txt", write_dump(1))
    state = run_flow(flow, desk, processed=str(desk.raw / "tables"))
    assert state.is_failed()
    assert state.message.startswith("1: ")
    assert "which is never written" in state.message
    assert [path.name for path in desk.raw.iterdir()] == ["a.txt"]


@pytest.mark.prefect
def test_several_processes_give_the_same_tables(
    flow: Any, desk: Any, write_dump: Any, small_batches: None
) -> None:
    for number in range(4):
        desk.put(f"{number}.txt", write_dump(number, number + 1))
    state = run_flow(flow, desk, workers=2)
    assert state.message == "0: done"
    assert desk.parts() == desk.rebuild()
    names = sorted(run.name for run in read_task_runs(state))
    assert names == ["0.txt", "1.txt", "2.txt", "3.txt"]


KILLS_ITSELF = """
import os
from clippings import pipeline
process_batch = pipeline.process_batch

def work(batch):
    if batch.jobs[0].found.name == "b.txt":
        os.kill(os.getpid(), 9)
    return process_batch(batch)
"""
"""A module that a worker can import; stands for a dump that takes all memory."""


@pytest.mark.prefect
def test_a_dump_that_kills_its_worker_is_put_off(
    flow: Any,
    desk: Any,
    write_dump: Any,
    small_batches: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for number, name in enumerate("abc"):
        desk.put(f"{name}.txt", write_dump(number))
    (tmp_path / "kills_itself.py").write_text(KILLS_ITSELF)
    monkeypatch.syspath_prepend(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "process_batch", importlib.import_module("kills_itself").work)
        state = run_flow(flow, desk, workers=2)
    assert state.message == "3: done, and 1 error stands"
    assert [row["path"] for row in desk.rows("problems")] == ["b.txt"]
    assert len(desk.rows("articles")) == 2
    assert run_flow(flow, desk).message == "0: done"
    assert desk.parts() == desk.rebuild()


@pytest.mark.prefect
@pytest.mark.parametrize(
    ("error", "tries", "message"),
    [
        (OSError("the share is gone"), 3, "0: done"),
        (errors.ModelError("no such pipeline"), 1, "1: no such pipeline"),
    ],
)
def test_what_may_pass_is_tried_again(
    flow: Any,
    desk: Any,
    write_dump: Any,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    tries: int,
    message: str,
) -> None:
    calls = []

    def fail_twice(batch: pipeline.Batch) -> pipeline.Done:
        calls.append(batch)
        if len(calls) < 3:
            raise error
        return real(batch)

    real = pipeline.process_batch
    monkeypatch.setattr(pipeline, "process_batch", fail_twice)
    monkeypatch.setattr(flow.process, "retry_delay_seconds", [0, 0])
    desk.put("a.txt", write_dump(0))
    state = run_flow(flow, desk)
    assert state.message == message
    assert len(calls) == tries


# --- as people run them -----------------------------------------------------------------------


@dataclass
class Script:
    """A script that runs, and what it has printed so far."""

    process: subprocess.Popen[bytes]
    log: Path

    def printed(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, pattern: str, count: int = 1) -> None:
        def is_there() -> bool:
            assert self.process.poll() is None, self.printed()
            return len(re.findall(pattern, self.printed())) >= count

        try:
            wait_for(is_there, pattern)
        except AssertionError as error:
            raise AssertionError(f"{error}:\n{self.printed()}") from None

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Starts commands in another folder; ends with every process that they started."""
    with starter(tmp_path) as start:
        yield start


@contextmanager
def starter(root: Path) -> Iterator[Callable[..., Script]]:
    scripts: list[Script] = []

    def start(*command: str | Path, cwd: Path | None = None, **environment: str) -> Script:
        elsewhere = cwd or root / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        log = root / f"log{len(scripts)}.txt"
        kept = {name: value for name, value in os.environ.items() if "PREFECT" not in name}
        defaults = {
            "PREFECT_HOME": str(root / "prefect"),
            "TMPDIR": str(root),
            "PREFECT_API_REQUEST_TIMEOUT": str(PATIENCE_SECONDS),
        }
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, *map(str, command)],
                cwd=elsewhere,
                env={**kept, **defaults, **environment},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        scripts.append(Script(process, log))
        return scripts[-1]

    try:
        yield start
    finally:
        for script in reversed(scripts):
            if script.process.poll() is None:
                script.process.terminate()
                try:
                    script.process.wait(30)
                except subprocess.TimeoutExpired:
                    script.process.kill()
                    script.process.wait()
            for pid in find_session(script.process.pid):
                os.kill(pid, signal.SIGKILL)


def find_session(session: int) -> list[int]:
    """List the live processes of a session, which is all that a script can have left."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,stat="], check=True, capture_output=True, text=True
    )
    found = []
    for line in listed.stdout.splitlines():
        pid, state = line.split()
        try:
            if os.getsid(int(pid)) == session and not state.startswith("Z"):
                found.append(int(pid))
        except (ProcessLookupError, PermissionError):
            continue
    return found


def desk_options(desk: Any) -> list[str]:
    return ["--raw", str(desk.raw), "--processed", str(desk.processed), "--model", desk.model]


@pytest.mark.prefect
@pytest.mark.model
def test_the_flow_by_hand(desk: Any, write_dump: Any, start: Callable[..., Script]) -> None:
    desk.put("a.txt", write_dump(0, 1))
    desk.put("b.txt", b"\x00\x01\x02\x03")
    script = start(
        FLOWS / "ingest.py", "--raw", "../desk0/raw", "--processed", "../desk0/processed"
    )
    assert script.process.wait(PATIENCE_SECONDS) == 3, script.printed()
    assert "2 dumps found: 2 new." in script.printed()
    assert "Completed('3: done, and 1 error stands')" in script.printed()
    assert "Traceback" not in script.printed()
    assert find_session(script.process.pid) == []
    assert desk.parts() == desk.rebuild(model=None)


@pytest.mark.prefect
def test_no_server_is_said_without_a_traceback(desk: Any, start: Callable[..., Script]) -> None:
    nobody = f"http://127.0.0.1:{find_port()}/api"
    by_hand = start(FLOWS / "ingest.py", *desk_options(desk), PREFECT_API_URL=nobody)
    by_clock = start(FLOWS / "schedule.py", "--cron", "0 6 * * *", PREFECT_API_URL=nobody)
    unnamed = start(FLOWS / "schedule.py", "--cron", "0 6 * * *")
    for script in (by_hand, by_clock, unnamed):
        assert script.process.wait(PATIENCE_SECONDS) == 1
        assert "prefect server start" in script.printed()
        assert "Traceback" not in script.printed()


@dataclass(frozen=True)
class Server:
    """A Prefect server as people start it."""

    url: str

    def ask(self, path: str, question: Any) -> Any:
        """Give an answer; one that fails to come is asked for again, as Prefect's own client does.

        Its database is one file, and a busy disk has kept a question waiting for over a minute.
        """
        request = urllib.request.Request(
            f"{self.url}{path}",
            data=json.dumps(question).encode(),
            headers={"Content-Type": "application/json"},
        )

        def answers() -> list[Any]:
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return [json.loads(answer.read() or "null")]
            except TimeoutError:
                return []

        (answer,) = wait_for(answers, f"an answer to {path}")
        return answer

    def is_up(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/health", timeout=10).close()
        except OSError:
            return False
        return True


def find_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def start_server(start: Callable[..., Script], port: int) -> tuple[Server, Script]:
    script = start(
        *("-m", "prefect", "server", "start", "--port", str(port), "--no-ui"),
        PREFECT_SERVER_ANALYTICS_ENABLED="false",
        DO_NOT_TRACK="1",
    )
    found = Server(f"http://127.0.0.1:{port}/api")

    def is_up() -> bool:
        assert script.process.poll() is None, script.printed()
        return found.is_up()

    wait_for(is_up, "the server")
    return found, script


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with starter(tmp_path_factory.mktemp("server")) as start:
        found, _ = start_server(start, find_port())
        yield found


IN_BACKGROUND = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
"""Starts a script as `&` does in a shell script: deaf to Ctrl-C."""


@pytest.mark.prefect
@pytest.mark.slow
def test_a_scheduled_run_fires_and_completes(
    desk: Any, write_dump: Any, start: Callable[..., Script], server: Server
) -> None:
    def completed() -> list[Any]:
        wanted = {"state": {"type": {"any_": ["COMPLETED"]}}}
        return list(server.ask("/flow_runs/filter", {"flow_runs": wanted}))

    def is_paused() -> bool:
        (deployment,) = server.ask("/deployments/filter", {})
        return bool(deployment["paused"])

    desk.put("a.txt", write_dump(0, 1))
    script = start(
        *("-c", IN_BACKGROUND, FLOWS / "schedule.py", "--interval", "10", "--raw", "../desk0/raw"),
        *("--processed", "../desk0/processed", "--model", desk.model),
        PREFECT_API_URL=server.url,
    )
    run = wait_for(completed, "a scheduled run")[-1]
    assert run["auto_scheduled"]
    assert run["state"]["message"] == "0: done"
    assert desk.parts() == desk.rebuild()
    assert not is_paused()
    assert script.end() == 0, script.printed()
    assert is_paused()
    assert "Traceback" not in script.printed()
    assert find_session(script.process.pid) == []


@pytest.mark.prefect
@pytest.mark.slow
def test_arrivals_are_ingested_together(
    desk: Any, write_dump: Any, start: Callable[..., Script], server: Server
) -> None:
    desk.put("a.txt", write_dump(0))
    script = start(FLOWS / "watch.py", *desk_options(desk), PREFECT_API_URL=server.url)
    script.wait_for(r"1 dump found: 1 new\.")
    for number in range(5):
        desk.put(f"sub/{number}.txt", write_dump(number, number + 1))
    script.wait_for(r"6 dumps found: 5 new, 1 unchanged\.")
    desk.put("a.txt", write_dump(7))
    (desk.raw / "sub/0.txt").unlink()
    script.wait_for(r"5 dumps found: 1 changed, 1 removed, 4 unchanged\.")
    assert script.printed().count("dumps found") == 2
    assert script.end(signal.SIGINT) == 0
    assert "Traceback" not in script.printed()
    assert find_session(script.process.pid) == []
    assert desk.parts() == desk.rebuild()


def read_states(server: Server) -> list[tuple[str, str]]:
    """Type and message of the state of every run, the latest first."""
    runs = server.ask("/flow_runs/filter", {"sort": "START_TIME_DESC"})
    return [(run["state"]["type"], run["state"]["message"]) for run in runs]


@pytest.mark.prefect
@pytest.mark.slow
def test_a_server_that_goes_mid_run_costs_no_data(
    desk: Any, write_dump: Any, start: Callable[..., Script]
) -> None:
    port = find_port()
    server, served = start_server(start, port)
    desk.put("a.txt", write_dump(0))
    script = start(FLOWS / "ingest.py", *desk_options(desk), PREFECT_API_URL=server.url)
    script.wait_for("Beginning flow run")
    end_session(served)
    server, served = start_server(start, port)  # and comes back
    assert script.process.wait(PATIENCE_SECONDS) == 0, script.printed()
    assert desk.parts() == desk.rebuild()
    assert read_states(server) == [("COMPLETED", "0: done")]

    desk.put("b.txt", b"\x00\x01\x02\x03")
    script = start(
        *(FLOWS / "ingest.py", *desk_options(desk)),
        PREFECT_API_URL=server.url,
        PREFECT_CLIENT_MAX_RETRIES="1",
    )
    script.wait_for("Beginning flow run")
    end_session(served)  # for good
    assert script.process.wait(PATIENCE_SECONDS) == 3, script.printed()
    assert "Prefect's server did not hear of this end" in script.printed()
    assert desk.parts() == desk.rebuild()
    desk.assert_tidy()


def end_session(script: Script) -> None:
    """End a script and all its processes as a power cut does."""
    for pid in find_session(script.process.pid):
        os.kill(pid, signal.SIGKILL)
    script.process.wait()


@pytest.mark.prefect
def test_a_run_that_is_killed_leaves_no_server_behind(
    desk: Any, write_dump: Any, start: Callable[..., Script]
) -> None:
    desk.put("a.txt", write_dump(0))
    script = start(FLOWS / "ingest.py", *desk_options(desk))
    script.wait_for("Beginning flow run")
    assert len(find_session(script.process.pid)) > 1
    script.end(signal.SIGKILL)
    wait_for(lambda: not find_session(script.process.pid), "the end of the server")


def test_a_schedule_outlives_its_server(monkeypatch: pytest.MonkeyPatch, flow: Any) -> None:
    import schedule

    ends = iter([RuntimeError("gone"), OSError("gone"), None, AssertionError("ended")])

    def serve() -> None:
        if (error := next(ends)) is not None:
            raise error

    schedule.stay(serve, pause_seconds=0)
    assert isinstance(next(ends), AssertionError)


# --- prefect.yaml -----------------------------------------------------------------------------


def emit(server: Server, count: int) -> None:
    """Tell a server of arrivals."""
    event = {"event": "clippings.arrived", "resource": {"prefect.resource.id": "test"}}
    now = datetime.now(UTC).isoformat()
    events = [{**event, "id": str(uuid4()), "occurred": now} for _ in range(count)]
    server.ask("/events", events)


@pytest.mark.prefect
@pytest.mark.slow
def test_deployments_run_on_a_worker_when_asked_and_when_files_arrive(
    desk: Any, write_dump: Any, start: Callable[..., Script], server: Server
) -> None:
    """A stay as docs/scheduling.md has it, with the half minute of prefect.yaml cut short."""
    home = desk.raw.parent
    (home / "flows").symlink_to(FLOWS)
    plan = (FLOWS.parent / "prefect.yaml").read_text(encoding="utf-8")
    short = re.sub(r"(within|schedule_after): 30", r"\1: 3", plan)
    assert short != plan
    short = short.replace(
        "processed: processed", f"processed: processed\n      model: {desk.model}"
    )
    (home / "prefect.yaml").write_text(short, encoding="utf-8")
    desk.put("a.txt", write_dump(0))
    environment = {"PREFECT_API_URL": server.url}

    page = (FLOWS.parent / "docs" / "scheduling.md").read_text(encoding="utf-8")

    def follow(beginning: str) -> Script:
        """Type the one command of the page that begins so."""
        (line,) = re.findall(rf"^\$ ((?:prefect|python) {beginning}.*)$", page, re.MULTILINE)
        program, *words = line.split()
        module = ["-m", "prefect"] if program == "prefect" else []
        return start(*module, *words, cwd=home, **environment)

    created = follow("work-pool create")
    assert created.process.wait(PATIENCE_SECONDS) == 0, created.printed()
    deployed = follow("--no-prompt deploy")
    assert deployed.process.wait(PATIENCE_SECONDS) == 0, deployed.printed()
    deployments = server.ask("/deployments/filter", {})
    crons = {
        each["name"]: [schedule["schedule"]["cron"] for schedule in each["schedules"]]
        for each in deployments
        if each["work_pool_name"]
    }
    assert crons == {"by-clock": ["0 6 * * *"], "by-arrival": []}

    worker = follow("worker start")
    asked = follow("deployment run")
    assert asked.process.wait(PATIENCE_SECONDS) == 0, asked.printed()

    def completed(deployment: str) -> list[Any]:
        (wanted,) = [each["id"] for each in deployments if each["name"] == deployment]
        question = {
            "flow_runs": {
                "state": {"type": {"any_": ["COMPLETED"]}},
                "deployment_id": {"any_": [wanted]},
            }
        }
        return list(server.ask("/flow_runs/filter", question))

    (run,) = wait_for(lambda: completed("by-clock"), f"a run: {worker.printed()}")
    assert run["state"]["message"] == "0: done"
    assert len(desk.rows("dumps")) == 1

    # Twenty files are told of while one more comes.
    emit(server, 10)
    desk.put("b.txt", write_dump(1))
    emit(server, 10)
    wait_for(lambda: completed("by-arrival"), f"a run: {worker.printed()}")
    assert desk.parts() == desk.rebuild()
    assert len(desk.rows("dumps")) == 2
    desk.put("c.txt", write_dump(2))
    emitting = follow("flows/watch.py --emit")
    wait_for(lambda: len(completed("by-arrival")) == 2, f"another run: {worker.printed()}")
    assert len(desk.rows("dumps")) == 3
    assert emitting.end() == 0
    assert worker.end() in (0, -signal.SIGTERM), worker.printed()
    assert find_session(emitting.process.pid) == []
    wait_for(lambda: not find_session(worker.process.pid), "the end of the worker")


@pytest.mark.prefect
def test_ending_the_watch_ends_its_run_and_server(
    desk: Any, write_dump: Any, start: Callable[..., Script]
) -> None:
    desk.put("a.txt", write_dump(0))
    script = start(FLOWS / "watch.py", *desk_options(desk))
    script.wait_for("Starting temporary server")
    assert script.end() == 0
    assert "no longer watching" in script.printed()
    assert "Traceback" not in script.printed()
    assert find_session(script.process.pid) == []


def test_a_watch_ends_where_options_are_wrong(tmp_path: Path, start: Callable[..., Script]) -> None:
    nowhere = start(FLOWS / "watch.py", "--raw", "nowhere")
    assert nowhere.process.wait(PATIENCE_SECONDS) == 1
    assert "nowhere" in nowhere.printed()
    misspelt = start(FLOWS / "watch.py", "--raw", tmp_path, "--procesed", "x")
    assert misspelt.process.wait(PATIENCE_SECONDS) == 2
    assert "--procesed" in misspelt.printed()
    both = start(FLOWS / "watch.py", "--raw", tmp_path, "--emit", "--model", "blank:en")
    assert both.process.wait(PATIENCE_SECONDS) == 2
    assert "--model" in both.printed()


# --- what the watch waits for -----------------------------------------------------------------


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[Any]]]:
    """Watches a folder and notes what stands in it at each run."""
    monkeypatch.syspath_prepend(FLOWS)
    import watch as module

    ended = Event()
    threads: list[Thread] = []

    def begin(quiet_seconds: float, codes: dict[int, int] | None = None) -> list[dict[str, str]]:
        runs: list[dict[str, str]] = []

        def run() -> int:
            runs.append({path.name: path.read_text() for path in tmp_path.iterdir()})
            if len(runs) == 2:
                (tmp_path / "during.txt").write_text("came while a run was at work")
            time.sleep(0.5)
            return (codes or {}).get(len(runs), 0)

        options = {"quiet_seconds": quiet_seconds, "retry_seconds": 0.5, "ended": ended}
        threads.append(Thread(target=module.watch_dumps, args=(tmp_path, run), kwargs=options))
        threads[0].start()
        wait_for(lambda: runs, "the run at the start")
        return runs

    yield begin
    ended.set()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


def test_watch_runs_once_for_many_arrivals(tmp_path: Path, watch: Callable[..., list[Any]]) -> None:
    runs = watch(quiet_seconds=1)
    for name in "abc":
        (tmp_path / name).write_text(name)
    wait_for(lambda: len(runs) == 3, "the run after the one in which a file came")
    assert list(map(sorted, runs)) == [[], ["a", "b", "c"], ["a", "b", "c", "during.txt"]]
    time.sleep(2)
    assert len(runs) == 3  # nothing came, nothing ran


def test_watch_runs_once_for_a_burst(tmp_path: Path, watch: Callable[..., list[Any]]) -> None:
    runs = watch(quiet_seconds=2)
    for number in range(1000):
        (tmp_path / f"{number}").write_text("a file")
    wait_for(lambda: len(runs) == 3, "the run after the one in which a file came")
    assert list(map(len, runs)) == [0, 1000, 1001]


def test_watch_waits_until_a_file_is_whole(tmp_path: Path, watch: Callable[..., list[Any]]) -> None:
    quiet_seconds = 2.0
    runs = watch(quiet_seconds=quiet_seconds)
    for attempt in range(5):
        path = tmp_path / f"slow{attempt}.txt"
        longest, last = 0.0, time.monotonic()
        for _ in range(20):
            with path.open("a") as file:
                file.write("more\n")
            time.sleep(0.15)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        whole = path.read_text()
        wait_for(lambda: runs[-1].get(path.name) == whole, "the whole file")  # noqa: B023
        if longest < quiet_seconds / 2:  # else this machine was too busy to write slowly
            assert {run.get(path.name) for run in runs} == {None, whole}
            return
    pytest.skip("the machine is too busy")


def test_watch_outlives_failures_and_tries_again(watch: Callable[..., list[Any]]) -> None:
    runs = watch(quiet_seconds=0.2, codes={1: 75, 2: 3, 3: 1})
    wait_for(lambda: len(runs) == 4, "the run after the last failure")
    time.sleep(2)
    assert len(runs) == 4  # the last was done
