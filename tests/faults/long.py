"""The long form of the tests of faults: thousands of strikes, counted. `make faults` runs it.

It goes part by part, and a part is told by its name and the seed alone: `--only NAME` runs those
whose names begin so. What is done is written to a file of progress, so that the same command goes
on where it was stopped; a change of the code begins anew.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import scenes
import spacy
from calls import KINDS
from reader import PINNED, READERS
from rounds import dump_count, write_round

from clippings import store

HERE = Path(__file__).parent
ERRORS = ("EIO", "ENOSPC", "EMFILE")
READING = ("torn reads", "failed reads")
CHUNK = 50
"""Random kills in one part."""
BUCKET_ROWS = 4
MOST_RUNS = 4
_PATIENCE_SECONDS = 120

Counts = Counter[str]


@dataclass(frozen=True)
class Place:
    """Where a part does its work, and with what; `desk_at` and `write_dump` are in conftest.py."""

    folder: Path
    fork: scenes.Fork
    desk_at: Callable[[Path], Any]
    write_dump: Callable[..., str]
    seed: int = 1

    def desk(self) -> Any:
        """Set up an empty desk."""
        return self.desk_at(self.folder / "desk")

    def scene(self, scenario: str) -> scenes.Scene:
        """Set up a scenario, and make its run on a copy."""
        desk = self.desk_at(self.folder / scenario)
        return scenes.set_up(
            scenario, desk, self.fork, self.write_dump, self.folder / f"{scenario} done"
        )

    @contextmanager
    def copy(self, scene: scenes.Scene) -> Iterator[Any]:
        """Set up the desk of a scene once more, and clear it away."""
        yield scenes.copy(scene.desk, self.folder / "copy")
        shutil.rmtree(self.folder / "copy")


def strike(place: Place, scene: scenes.Scene, counts: Counts, **order: Any) -> dict[str, Any]:
    """Make the run of a scene under a fault, and count what is found wrong."""
    with place.copy(scene) as desk:
        run: dict[str, Any] = place.fork(desk, **order)
        counts["strikes"] += 1
        counts["kills"] += run["signal"] != 0
        note(counts, f"{scene.scenario} {order}", lambda: scenes.judge(scene, desk, run))
    return run


def note(counts: Counts, name: str, judge: Callable[[], list[str]]) -> None:
    """Count what a judge finds; a rerun that fails is a fault too."""
    try:
        found = judge()
    except Exception:
        traceback.print_exc()
        found = ["unclear"]
    if found:
        print(f"FOUND {', '.join(found)}: {name}", flush=True)
    counts.update(found)


# --- parts ------------------------------------------------------------------------------------


def kill_at_points(place: Place, scenario: str) -> Counts:
    """Kill a run at every checkpoint, and before every change of the file system."""
    counts: Counts = Counter()
    scene = place.scene(scenario)
    passed = scene.run["passed"]
    for number, name in enumerate(passed):
        count = passed[: number + 1].count(name)
        strike(place, scene, counts, kill_at=name, kill_count=count)
    for touch in range(1, len(scene.run["touched_after"]) + 1):
        strike(place, scene, counts, kill_touch=touch)
    return counts


def fail_calls(place: Place, scenario: str, error: str, is_lasting: bool) -> Counts:
    """Let the n-th call of each kind fail, until a run gets through without reaching it."""
    counts: Counts = Counter()
    scene = place.scene(scenario)
    for kind in KINDS:
        for number in itertools.count(1):
            fail = {"kind": kind, "number": number, "error": error, "is_lasting": is_lasting}
            if not strike(place, scene, counts, fail=fail)["is_reached"]:
                counts["strikes"] -= 1
                break
    return counts


def fill_up(place: Place, scenario: str, size_count: int) -> Counts:
    """Let the disk be full after some bytes, at sizes from none to all that a run needs."""
    counts: Counts = Counter()
    scene = place.scene(scenario)
    for number in range(size_count):
        room = scene.run["byte_count"] * number // max(1, size_count - 1)
        strike(place, scene, counts, room=room)
    return counts


def fill_up_mounted(place: Place, scenario: str, size_count: int) -> Counts:
    """Do the same on a small disk in memory: what is full there is full for every call."""
    counts: Counts = Counter()
    scene = place.scene(scenario)
    page = os.sysconf("SC_PAGESIZE")
    most = scene.run["byte_count"] + page * scene.run["calls"].get("create", 0)
    disk = place.folder / "disk"
    disk.mkdir()

    def used() -> int:
        status = os.statvfs(disk)
        return (status.f_blocks - status.f_bfree) * status.f_frsize

    def resize(size: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", "-", disk], check=True)

    for number in range(size_count):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1g", "-", disk], check=True)
        try:
            desk = scenes.copy(scene.desk, disk / "copy")
            before = used()
            resize(before + max(page, most * number // max(1, size_count - 1)))
            run = place.fork(desk)
            counts["strikes"] += 1
            counts["full"] += run["code"] == 1
            resize(2**30)
            note(
                counts,
                f"{scenario} {number}",
                lambda desk=desk, run=run: scenes.judge(scene, desk, run),
            )
        finally:
            subprocess.run(["umount", disk], check=True)
    return counts


def start_together(place: Place, count: int) -> Counts:
    """Start two to four runs at once: one works, the others leave or come after it."""
    counts: Counts = Counter()
    made = {scenario: place.scene(scenario) for scenario in ("first", "change")}
    for number in range(count):
        scene = made["first" if number % 2 else "change"]
        with place.copy(scene) as desk:
            runs = place.fork(desk, run_count=2 + number % (MOST_RUNS - 1))
            codes = Counter(run["code"] for run in runs)
            counts["strikes"] += 1
            counts["turned away"] += codes[75]
            counts["one after the other"] += codes[3] > 1
            if not codes[3] or set(codes) > {3, 75} or desk.parts() != scene.new:
                counts["unclear"] += 1
                print(f"FOUND unclear: {codes}", flush=True)
            processed = sum(run["passed"].count("process") for run in runs)
            counts["tagged again"] += processed != scene.run["passed"].count("process")
            done = {"code": 3, "passed": [], "error": None}
            note(
                counts,
                f"together {number}",
                lambda scene=scene, desk=desk, done=done: scenes.judge(scene, desk, done),
            )
    return counts


def kill_at_random(place: Place, chunk: int, kill_count: int) -> Counts:
    """Kill runs at any moment while four readers loop."""
    counts: Counts = Counter()
    chance = random.Random(f"{place.seed} {chunk}")
    desk = place.desk()
    write_round(desk, 1, place.write_dump)
    seconds = max(run_once(place, desk)["seconds"], 0.1)
    with many_buckets(), reading(desk, READERS, counts):
        for state in itertools.count(2):
            if counts["kills"] >= kill_count:
                break
            old = desk.parts()
            write_round(desk, state, place.write_dump)
            visible, processed, begun = [], 0, 0
            for _ in range(min(chance.choice((1, 1, 2, 3)), kill_count - counts["kills"])):
                run = run_once(place, desk, kill_after=chance.uniform(0.001, 1.1 * seconds))
                counts["strikes"] += 1
                counts["kills"] += run["signal"] != 0
                counts[f"killed after: {(run['passed'] or ['start'])[-1]}"] += run["signal"] != 0
                processed += run["passed"].count("process")
                begun += run["signal"] != 0 and run["passed"][-1:] == ["process"]
                visible.append(desk.parts())
                if run["signal"] == 0:
                    counts["unclear"] += run["code"] != 0
                    seconds = 0.8 * seconds + 0.2 * run["seconds"]
            note(
                counts,
                f"chunk {chunk} state {state}",
                partial(judge_round, desk, old, visible, dump_count(state), processed, begun),
            )
    return counts


@contextmanager
def many_buckets() -> Iterator[None]:
    """Cut the tables of this process too into several parts, as `run_once` does those of a run."""
    usual = store._BUCKET_ROWS
    store._BUCKET_ROWS = BUCKET_ROWS
    try:
        yield
    finally:
        store._BUCKET_ROWS = usual


def run_once(place: Place, desk: Any, **order: Any) -> dict[str, Any]:
    order |= {"bucket_rows": BUCKET_ROWS, "rest_seconds": store._REST_SECONDS}
    run: dict[str, Any] = place.fork(desk, **order)
    return run


def judge_round(
    desk: Any,
    old: dict[str, bytes],
    visible: list[dict[str, bytes]],
    to_do: int,
    processed: int,
    begun: int,
) -> list[str]:
    """Run again after some kills and look.

    Args:
        desk: Where.
        old: What readers saw before the round.
        visible: What they saw after each kill.
        to_do: Number of dumps that were to be processed.
        processed: How many the killed runs began to process.
        begun: How many of these they were killed in.
    """
    with scenes.counted_processing() as contents:
        desk.ingest()
    found = []
    new = scenes.rebuild(desk)
    found += ["torn"] * any(parts not in (old, new) for parts in visible)
    found += ["tagged again"] * (not to_do <= processed + len(contents) <= to_do + begun)
    return found + scenes.judge_rest(desk, new, None)


@contextmanager
def reading(desk: Any, readers: dict[str, Any], counts: Counts) -> Iterator[None]:
    """Have readers loop, each in a process of its own, and count what they saw."""
    with ExitStack() as stack:
        processes = {}
        for name in readers:
            command = [sys.executable, str(HERE / "reader.py"), name, str(desk.processed)]
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            processes[name] = stack.enter_context(process)
        for process in processes.values():
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        yield
        for name, process in processes.items():
            told = json.loads(process.communicate(timeout=_PATIENCE_SECONDS)[0])
            counts["reads"] += told["reads"]
            counts[f"reads of {name}"] += told["reads"]
            counts["states seen"] += len(told["states"])
            counts["gone, cured by a retry"] += told["gone"]
            counts["failed reads"] += len(told["failures"])
            counts["torn reads"] += len(told["torn"])
            for trouble in (told["failures"] + told["torn"])[:2]:
                print(f"FOUND by {name}: {trouble}", flush=True)


def commit_under_readers(place: Place, commit_count: int) -> Counts:
    """Commit again and again under readers that pin their snapshot, and four that do not."""
    counts: Counts = Counter()
    desk = place.desk()
    write_round(desk, 1, place.write_dump)
    run_once(place, desk)
    pinned: Counts = Counter()
    with reading(desk, READERS, counts), reading(desk, PINNED, pinned):
        for state in range(2, commit_count + 2):
            write_round(desk, state, place.write_dump)
            run = run_once(place, desk)
            counts["commits"] += 1
            counts["unclear"] += run["code"] != 0
    counts["pinned reads"] = pinned["reads"]
    for name in (*READING, "reads", "states seen"):
        counts[name] += pinned[name]
    with many_buckets():
        desk.ingest()
        note(counts, "after all", lambda: scenes.judge_rest(desk, scenes.rebuild(desk), None))
    return counts


def compare_with_strace(place: Place, scenario: str) -> Counts:
    """Count the calls that the kernel saw: none may escape those that are made to fail."""
    counts: Counts = Counter()
    scene = place.scene(scenario)
    trace = place.folder / "trace"
    names = "openat,creat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mkdir,mkdirat"
    names += ",unlink,unlinkat,rmdir,write,writev,pwrite64,pwritev,ftruncate,fallocate,sendfile"
    names += ",copy_file_range,fsync,fdatasync"
    around = ("strace", "-f", "-y", "-qq", "-o", str(trace), "-e", f"trace={names}")
    with place.copy(scene) as desk, scenes.start_forker(scene.desk.model, around) as fork:
        run = fork(desk, is_syncing=True)
        seen = count_kernel_calls(trace.read_text(errors="replace"), str(desk.processed))
    counted = {kind: run["calls"].get(kind, 0) for kind in seen.keys() | set(_TRACED.values())}
    counts["strikes"] += 1
    counts["calls seen by the kernel"] += sum(seen.values())
    # More are counted where a file without a name is opened: by its folder, and by the opener.
    escaped = {kind: seen[kind] - counted[kind] for kind in seen if seen[kind] > counted[kind]}
    counts["unclear"] += sum(escaped.values())
    if escaped:
        print(f"FOUND calls that escape: {scenario} {escaped}", flush=True)
    return counts


_TRACED = {
    "rename": "rename",
    "link": "link",
    "symlink": "symlink",
    "mkdir": "mkdir",
    "unlink": "remove",
    "rmdir": "rmdir",
    "write": "write",
    "fsync": "fsync",
}
# 4711 openat(AT_FDCWD, "processed/.store/lock", O_RDWR|O_CREAT|O_APPEND, 0666) = 5</processed>
_CALL = re.compile(r"^\d+ +(\w+)\((.*)$", re.MULTILINE)


def count_kernel_calls(trace: str, folder: str) -> Counts:
    """Count the calls in the words of strace that change something below a folder, by kind."""
    seen: Counts = Counter()
    for name, words in _CALL.findall(trace):
        if folder not in words.partition(" = ")[0]:
            continue
        if name in ("openat", "creat"):
            seen["create"] += any(flag in words for flag in ("O_WRONLY", "O_RDWR"))
        elif name == "unlinkat":
            seen["rmdir" if "AT_REMOVEDIR" in words else "remove"] += 1
        else:
            seen[_TRACED.get(re.sub("at2?$", "", name), name)] += 1
    return seen


# --- the whole --------------------------------------------------------------------------------


def list_parts(options: argparse.Namespace) -> dict[str, Callable[[Place], Counts]]:
    """List all parts by name, in the order in which they run."""
    parts: dict[str, Callable[[Place], Counts]] = {}
    for chunk, first in enumerate(range(0, options.kills, CHUNK)):
        count = min(CHUNK, options.kills - first)
        parts[f"kills/{chunk}"] = partial(kill_at_random, chunk=chunk, kill_count=count)
    parts["commits"] = partial(commit_under_readers, commit_count=options.commits)
    parts["together"] = partial(start_together, count=options.starts)
    for scenario in scenes.SCENARIOS:
        parts[f"points/{scenario}"] = partial(kill_at_points, scenario=scenario)
        parts[f"sizes/{scenario}"] = partial(fill_up, scenario=scenario, size_count=options.sizes)
        if options.mount:
            parts[f"disk/{scenario}"] = partial(
                fill_up_mounted, scenario=scenario, size_count=options.sizes
            )
        if shutil.which("strace"):
            parts[f"strace/{scenario}"] = partial(compare_with_strace, scenario=scenario)
        for error, is_lasting in itertools.product(ERRORS, (False, True)):
            parts[f"calls/{scenario}/{error}{' from then on' * is_lasting}"] = partial(
                fail_calls, scenario=scenario, error=error, is_lasting=is_lasting
            )
    return parts


def hash_code() -> str:
    """Hash what the counts depend on."""
    folders = Path(store.__file__).parent, HERE
    files = [file for folder in folders for file in sorted(folder.glob("*.py"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def show(totals: dict[str, Counts]) -> None:
    """Print the counts of each group of parts, then what must be 0."""
    for group, counts in totals.items():
        others = {name: count for name, count in counts.items() if count}
        print(f"{group}: " + ", ".join(f"{count:,} {name}" for name, count in others.items()))
    whole = sum(totals.values(), Counter())
    must = (*scenes.FAULTS, *READING)
    print("all: " + ", ".join(f"{whole[name]:,} {name}" for name in ("strikes", "kills", *must)))


def main(arguments: list[str] | None = None) -> int:
    sys.path.insert(0, str(HERE.parent))
    from conftest import PHRASES, Desk, _write_article

    def write_dump(*numbers: int) -> str:
        return "".join(map(_write_article, numbers))

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=1000, help="at random times")
    parser.add_argument("--commits", type=int, default=200, help="under pinned readers")
    parser.add_argument("--sizes", type=int, default=50, help="of a full disk, per scenario")
    parser.add_argument("--starts", type=int, default=100, help="of two to four runs together")
    parser.add_argument("--only", nargs="+", default=[""], help="parts whose names begin so")
    parser.add_argument("--no-mount", dest="mount", action="store_false", help="no small disk")
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary one)")
    parser.add_argument("--progress", type=Path, help="file of progress (default: a temporary one)")
    options = parser.parse_args(arguments)
    options.mount &= os.geteuid() == 0 and shutil.which("mount") is not None
    progress = options.progress or Path(tempfile.gettempdir()) / "clippings-faults.json"
    settings = {name: getattr(options, name) for name in ("seed", "kills", "commits", "sizes")}
    about = {"code": hash_code(), "starts": options.starts, **settings}
    done = json.loads(progress.read_text()) if progress.exists() else {}
    if done.get("about") != about:
        done = {"about": about, "parts": {}}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what lies about is cleared away
    os.fsync = lambda _: None  # nobody cuts the power, and waiting for the disk takes longest
    parts = {
        name: part
        for name, part in list_parts(options).items()
        if name.startswith(tuple(options.only))
    }
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        model = str(Path(folder) / "model")
        nlp = spacy.blank("en")
        patterns = [{"label": label, "pattern": text} for text, label in PHRASES.items()]
        nlp.add_pipe("entity_ruler").add_patterns(patterns)
        nlp.to_disk(model)

        def desk_at(root: Path) -> Desk:
            (root / "raw").mkdir(parents=True)
            return Desk(root / "raw", root / "processed", model)

        with scenes.start_forker(model) as fork:
            for name, part in parts.items():
                if name in done["parts"]:
                    continue
                start = time.monotonic()
                room = Path(folder) / "part"
                room.mkdir()
                counts = part(Place(room, fork, desk_at, write_dump, options.seed))
                shutil.rmtree(room)
                done["parts"][name] = counts
                progress.write_text(json.dumps(done))
                print(f"{name}: {time.monotonic() - start:.0f} s", flush=True)
    totals: dict[str, Counts] = {}
    for name in parts:
        totals.setdefault(name.partition("/")[0], Counter()).update(done["parts"][name])
    show(totals)
    must = (*scenes.FAULTS, *READING)
    return 1 if any(counts[name] for counts in totals.values() for name in must) else 0


if __name__ == "__main__":
    sys.exit(main())
