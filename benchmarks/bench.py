"""The race: the script that an analyst would write, spaCy's own `nlp.pipe`, and clippings.

    make bench

Files in, Parquet out; each side in a process of its own, in turn, several times over. The entities
that they find are compared one by one. Printed are ratios of processor time with their spread
(least to most); the table goes to benchmarks/RESULTS.md with the versions and the machine. The
figures are those of one machine at one time, and no test asserts them.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from corpus import write_dumps

ROOT = Path(__file__).parents[1]
HERE = Path(__file__).parent
CLIPPINGS = str(Path(sys.executable).with_name("clippings"))
LIBRARIES = ("spacy", "thinc", "numpy", "pandas", "pyarrow")


class Cost(NamedTuple):
    """What a process took: seconds on the clock, seconds of processors, largest memory in MB."""

    wall: float
    cpu: float
    megabytes: float


_RUN = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
wall = time.perf_counter() - start
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
kilobytes = usage.ru_maxrss / (1 if sys.platform == "linux" else 1024)
print(json.dumps([wall, usage.ru_utime + usage.ru_stime, kilobytes / 1024]))
sys.exit(done.returncode)
"""
"""Runs a command from a small process: a child begins with the memory of the one that forks it."""


class Race:
    """Runs the sides on one folder of dumps, and notes what each took."""

    def __init__(self, folder: Path, article_count: int) -> None:
        self.raw, self.folder = folder / "raw", folder
        write_dumps(self.raw, article_count)
        self.texts = read_texts(self.raw)
        self.costs: dict[str, list[Cost]] = {}

    def run(self, name: str, command: list[str]) -> Cost:
        """Run a command to its end."""
        cost = Cost(*json.loads(ask_python("-c", _RUN, *command)))
        self.costs.setdefault(name, []).append(cost)
        return cost

    def script(self, way: str) -> list[str]:
        """The command of the script."""
        script = str(HERE / "script.py")
        return [sys.executable, script, str(self.raw), str(self.folder / f"{way}.parquet"), way]

    def ingest(self, workers: int) -> list[str]:
        """The command of clippings, on a new folder of tables."""
        processed = self.folder / f"processed-{workers}-{time.monotonic_ns()}"
        self.processed = processed
        return [
            *(CLIPPINGS, "ingest", "--raw", str(self.raw), "--processed", str(processed)),
            *("--workers", str(workers)),
        ]

    def compare(self) -> int:
        """Hold the entities of all sides against each other, and return how many there are."""
        tables = {path.stem: pd.read_parquet(path) for path in self.folder.glob("*.parquet")}
        loop = tables["loop"]
        for other in tables.values():
            pd.testing.assert_frame_equal(loop, other)
        articles = pd.read_parquet(self.processed / "articles.parquet")
        mentions = pd.read_parquet(self.processed / "mentions.parquet")
        whole = articles.set_index("article_id")[["title", "body"]].stack()
        keys = pd.MultiIndex.from_frame(mentions[["article_id", "field"]])
        ours = mentions.assign(text=whole.loc[keys].to_numpy())[loop.columns]
        # Two articles may bear one title, so the texts are compared and not their numbers.
        theirs = loop.assign(text=[self.texts[number] for number in loop["text"]])
        order = ["text", "start"]
        pd.testing.assert_frame_equal(
            theirs.sort_values(order).reset_index(drop=True),
            ours.sort_values(order).reset_index(drop=True),
            check_dtype=False,
        )
        return len(ours)


def is_text(line: str) -> bool:
    """Tell text from the page's own lines, as the script does."""
    return len(line) > 80 and not line.startswith("More about:")


def read_texts(raw: Path) -> list[str]:
    """Cut dumps as the script does."""
    texts = []
    for path in sorted(raw.glob("*.txt")):
        for article in path.read_text(encoding="utf-8").split("\n\n\n"):
            if article:
                title, _, *rest = article.split("\n\n")
                texts += [title, "\n\n".join(filter(is_text, rest))]
    return texts


# --- where the time goes, and what memory is kept ---------------------------------------------


def print_shares(raw: Path, processed: Path) -> None:
    """Run clippings in this process and print the seconds of processor time of its steps."""
    from clippings import pipeline, publish, stories, tag, work
    from clippings.models import find_model

    seconds: dict[str, float] = {}
    steps: list[tuple[Any, str, str]] = [
        (pipeline, "find_dumps", "read"),
        (work, "read_content", "read"),
        (work, "decode", "read"),
        (work.choose, "split_best", "split"),
        (tag.Tagger, "find", "tag"),
        (work, "to_arrow", "write"),
        (work.store, "save_work", "write"),
        (work, "bind_articles", "entities"),
        (stories, "sign", "stories"),
        (publish, "put_entities", "entities"),
        (publish, "put_families", "stories"),
        (pipeline, "publish", "publish"),
    ]
    running: list[str] = []

    def timed(call: Callable[..., Any], step: str) -> Callable[..., Any]:
        def run(*args: Any, **options: Any) -> Any:
            start = time.process_time()
            running.append(step)
            try:
                return call(*args, **options)
            finally:
                took = time.process_time() - start
                running.pop()
                seconds[step] = seconds.get(step, 0) + took
                if running:  # a step within a step counts once
                    seconds[running[-1]] = seconds.get(running[-1], 0) - took

        return run

    for owner, name, step in steps:
        setattr(owner, name, timed(getattr(owner, name), step))
    tag.load_tagger(find_model())
    start = time.process_time()
    pipeline.ingest(raw, processed)
    seconds["other"] = time.process_time() - start - sum(seconds.values())
    for step, took in seconds.items():
        print(f"{step}\t{took:.3f}")


def print_memory(word_count: int) -> None:
    """Tag a stream of made-up texts and print the memory of this process, in MB."""
    from corpus import NewsWriter

    from clippings.models import find_model
    from clippings.tag import load_tagger, tag

    writer = NewsWriter(seed=3)
    tagger = load_tagger(find_model())
    count = 0

    def texts() -> Iterator[str]:
        nonlocal count
        while count < word_count:
            text = "\n\n".join(writer.body())
            count += text.count(" ") + 1
            yield text

    for _ in tag(texts(), tagger):
        pass
    print(measure_memory())


def measure_memory() -> float:
    """Measure the memory that this program holds, in MB; on macOS the most that it has had."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def ask_python(*arguments: str) -> str:
    """Run Python in a process of its own, and give what it prints."""
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


# --- the report -------------------------------------------------------------------------------


def write_ratio(race: Race, slow: str, fast: str, unit: str = "cpu") -> str:
    """Write how many times faster a side is, from runs that took turns: median, least to most."""
    pairs = zip(race.costs[slow], race.costs[fast], strict=True)
    ratios = [getattr(one, unit) / getattr(other, unit) for one, other in pairs]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"


def write_costs(race: Race, article_count: int) -> Iterator[str]:
    """Write a table of all sides."""
    yield "| side | clock s | processor s | ms an article | peak MB |"
    yield "|---|---:|---:|---:|---:|"
    for name, costs in race.costs.items():
        wall, cpu, megabytes = (statistics.median(each) for each in zip(*costs, strict=True))
        yield (
            f"| {name} | {wall:.1f} | {cpu:.1f} | {1000 * cpu / article_count:.2f} "
            f"| {megabytes:.0f} |"
        )


def run_race(folder: Path, article_count: int, repeats: int) -> Iterator[str]:
    """Run all sides in turn."""
    race = Race(folder, article_count)
    for _ in range(repeats):
        race.run("script, nlp(text)", race.script("loop"))
        race.run("clippings, 1 process", race.ingest(1))
        entity_count = race.compare()
        race.run("script, nlp.pipe", race.script("pipe"))
        race.run("clippings, 2 processes", race.ingest(2))
        race.compare()
        race.run("clippings, nothing new", [*race.ingest(1)[:4], "--processed", str(last(folder))])
    megabytes = sum(path.stat().st_size for path in race.raw.iterdir()) / 1e6
    yield f"{megabytes:.1f} MB, {repeats} rounds. The {entity_count:,} entities of all sides are"
    yield "the same, in every round."
    yield ""
    yield from write_costs(race, article_count)
    yield ""
    yield "| how many times faster | median (least-most) |"
    yield "|---|---:|"
    per_core = write_ratio(race, "script, nlp(text)", "clippings, 1 process")
    yield f"| clippings than the script, on one core | {per_core} |"
    pipe = write_ratio(race, "script, nlp.pipe", "clippings, 1 process")
    yield f"| clippings than the script with nlp.pipe, on one core | {pipe} |"
    both = write_ratio(race, "script, nlp(text)", "clippings, 2 processes", "wall")
    yield f"| clippings on two cores than the script, by the clock | {both} |"


def last(folder: Path) -> Path:
    """Find the newest folder of tables."""
    return max(folder.glob("processed-1-*"), key=lambda path: int(path.name.rpartition("-")[2]))


def run_shares(folder: Path, article_count: int) -> Iterator[str]:
    """Show which share of the time each step takes."""
    write_dumps(folder / "raw", article_count)
    lines = ask_python(
        __file__, "--shares", str(folder / "raw"), str(folder / "processed")
    ).splitlines()
    seconds = {step: float(took) for step, took in (line.split("\t") for line in lines)}
    total = sum(seconds.values())
    yield f"| step, {article_count:,} articles on one core | s | share |"
    yield "|---|---:|---:|"
    for step, took in sorted(seconds.items(), key=lambda each: -each[1]):
        yield f"| {step} | {took:.2f} | {100 * took / total:.1f} % |"


def run_scale(folder: Path, counts: list[int]) -> Iterator[str]:
    """Show what an article costs in runs of growing size."""
    yield "| articles | processor s | ms an article | peak MB |"
    yield "|---:|---:|---:|---:|"
    for count in counts:
        race = Race(folder / str(count), count)
        cost = race.run("run", race.ingest(1))
        yield (
            f"| {count:,} | {cost.cpu:.1f} | {1000 * cost.cpu / count:.2f} | {cost.megabytes:.0f} |"
        )


def run_memory() -> Iterator[str]:
    """Show what memory tagging keeps."""
    small, large = (
        float(ask_python(__file__, "--memory", str(count))) for count in (200_000, 5_000_000)
    )
    yield f"Memory after 200,000 words: {small:.0f} MB; after 5,000,000: {large:.0f} MB, "
    yield f"{large / small:.2f} times that."


@contextmanager
def section(title: str, lines: list[str]) -> Iterator[Callable[[Iterator[str]], None]]:
    """Print a part of the report while it is made, and keep it."""

    def write(part: Iterator[str]) -> None:
        for line in part:
            print(line, flush=True)
            lines.append(line)

    write(iter([f"## {title}", ""]))
    yield write
    write(iter([""]))


def main() -> None:
    """Run all and write benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--articles",
        type=int,
        nargs="*",
        default=[1000, 4000],
        help="in the races (default: 1000 4000)",
    )
    parser.add_argument("--repeats", type=int, default=3, help="rounds of each race (default: 3)")
    parser.add_argument(
        "--scale",
        type=int,
        nargs="*",
        default=[100, 1000, 10_000],
        help="articles of the runs of growing size (default: 100 1000 10000)",
    )
    parser.add_argument("--shares", nargs=2, metavar=("RAW", "PROCESSED"), help=argparse.SUPPRESS)
    parser.add_argument("--memory", type=int, metavar="WORDS", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.shares:
        print_shares(*map(Path, options.shares))
        return
    if options.memory:
        print_memory(options.memory)
        return
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    lines = [
        "# The race",
        "",
        "Written by `make bench`; one run on one machine, not a promise.",
        "",
    ]
    machine = f"{find_processor()}, {os.cpu_count()} cores"
    load = f"load when it began {os.getloadavg()[0]:.1f}"
    lines += [f"Python {platform.python_version()}, {libraries}. {machine}; {load}.", ""]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in options.articles:
            with section(f"Side by side, {count:,} articles", lines) as write:
                write(run_race(folder / f"race-{count}", count, options.repeats))
        with section("Shares", lines) as write:
            write(run_shares(folder / "shares", max(options.articles)))
        with section("Scale", lines) as write:
            write(run_scale(folder / "scale", options.scale))
        with section("Memory", lines) as write:
            write(run_memory())
    (HERE / "RESULTS.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def find_processor() -> str:
    """Name the processor."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
