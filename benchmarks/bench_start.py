"""Start-up, a run with nothing to do, and dumps per second, each beside a bare Python start.

    make bench

Commands are alternated and repeated; the median and the spread (least to most) are printed. The
figures are ratios of one machine at one time; nothing here is asserted.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
DUMP_COUNT = 100


def make_dumps(raw: Path, count: int) -> int:
    """Write dumps in the form of the samples, no two alike.

    Args:
        raw: Folder to write to.
        count: Number of dumps.

    Returns:
        Their size in bytes.
    """
    texts = [
        path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "raw").rglob("*.txt"))
        if path.name in ("border-and-deterrence.txt", "spring-reading-list.txt")
    ]
    size = 0
    for number in range(count):
        text = texts[number % len(texts)].replace("\n\n\n", f" (File {number})\n\n\n")
        size += (raw / f"{number:04}.txt").write_text(text, encoding="utf-8")
    return size


def measure(commands: dict[str, list[str]], repeats: int) -> dict[str, list[float]]:
    """Run commands in turn, several times over.

    Args:
        commands: Command by name.
        repeats: Times each is run.

    Returns:
        Seconds by name.
    """
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            seconds[name].append(time.perf_counter() - start)
    return seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    clippings = str(Path(sys.executable).with_name("clippings"))
    with tempfile.TemporaryDirectory() as folder:
        raw, processed = Path(folder, "raw"), Path(folder, "processed")
        raw.mkdir()
        size = make_dumps(raw, DUMP_COUNT)
        ingest = [clippings, "ingest", "--raw", str(raw), "--processed", str(processed)]
        start = time.perf_counter()
        subprocess.run(ingest, check=True, capture_output=True)
        first = time.perf_counter() - start
        seconds = measure(
            {
                "python -c pass": [sys.executable, "-c", "pass"],
                "python -c 'import spacy'": [sys.executable, "-c", "import spacy"],
                "clippings --help": [clippings, "--help"],
                f"clippings ingest, nothing new in {DUMP_COUNT} dumps": ingest,
            },
            repeats,
        )
    bare = statistics.median(seconds["python -c pass"])
    print(f"{'':<48} {'median':>8} {'spread':>16} {'to bare Python':>15}")
    for name, times in seconds.items():
        spread = f"{min(times):.3f}-{max(times):.3f} s"
        median = statistics.median(times)
        print(f"{name:<48} {median:>6.3f} s {spread:>16} {median / bare:>14.1f}x")
    name = f"clippings ingest, {DUMP_COUNT} new dumps, {size / 1e6:.1f} MB"
    print(f"{name:<48} {first:>6.3f} s {'':>16} {first / bare:>14.1f}x")
    print(f"that is {DUMP_COUNT / first:.1f} dumps per second, start-up and model load included")


if __name__ == "__main__":
    main()
