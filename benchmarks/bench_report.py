"""Time to write the report of many articles, its size, and the time a browser takes to open it.

    .venv/bin/python benchmarks/bench_report.py
    .venv/bin/python benchmarks/bench_report.py --articles 50000 --keep build/report.html

Writes dumps of made-up articles (of 6 paragraphs and some 600 words, with 50 names), reads them by
the pipeline with a stand-in for the tagger that takes every word with a capital letter, writes the
report in a process of its own, and opens it in headless Chromium, where `make browser-test` has
installed what that takes. Time to open runs from the start of navigation until the overview stands
in the page; the file lies in the cache of the disk, as it does just after it was written.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench_scale import Story, Writer, run_child, tell

PER_DUMP = 50
PARAGRAPHS = 6
OUTLETS = ("Haaretz", "Die Zeit", "The Atlantic", "Al-Monitor", "Mosaic")
TOPICS = ("Iran", "Iraq", "Zionism", "Water", "Oil", "Elections", "Syria", "Art", "Trade", "Law")


def write_article(stories: list[Story], number: int) -> str:
    """Write an article in the form of the samples: the first story's title, the bodies of all."""
    body = "\n\n".join(f"{story.body}." for story in stories)
    topics = ", ".join(dict.fromkeys((TOPICS[number % 10], TOPICS[number // 7 % 10])))
    return (
        f"{stories[0].title}\n\n{stories[0].date:%B %d %Y}\n\n{body}\n\n"
        f"Read more at {OUTLETS[number % 5]}\n\nMore about: {topics}\n\n\n"
    )


def write_dumps(raw: Path, count: int) -> None:
    """Write a folder of dumps."""
    writer = Writer(3, 20_000)
    raw.mkdir()
    for first in range(0, count, PER_DUMP):
        articles = (
            write_article([writer.write() for _ in range(PARAGRAPHS)], number)
            for number in range(first, min(first + PER_DUMP, count))
        )
        (raw / f"{first:06}.txt").write_text("".join(articles))


def measure_opening(report: Path, times: int) -> None:
    """Open the report in a browser several times and print how long it takes."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "browser"))
    try:
        from drive import open_browser
    except ImportError as error:
        print(f"not opened: {error}; `make browser-test` installs what it takes")
        return
    seconds = []
    for _ in range(times):
        with tempfile.TemporaryDirectory() as profile, open_browser(profile) as browser:
            browser.get(report.as_uri())
            while not (marks := browser.execute_script(MARKS)):
                time.sleep(0.05)
            seconds.append(marks[0] / 1000)
    spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
    print(f"opens in {statistics.median(seconds):.2f} s ({spread}, {times} times)")


MARKS = "return performance.getEntriesByName('shown').map(mark => mark.startTime)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--keep", type=Path, metavar="FILE", help="write the report there")
    parser.add_argument("--write", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        from clippings.report import write_report

        write_report(*options.write)
        tell()
        return
    with tempfile.TemporaryDirectory() as folder:
        raw, processed = Path(folder, "raw"), Path(folder, "processed")
        write_dumps(raw, options.articles)
        scale = str(Path(__file__).with_name("bench_scale.py"))
        subprocess.run([sys.executable, scale, "--ingest", str(raw), str(processed)], check=True)
        report = (options.keep or Path(folder, "report.html")).resolve()
        told = run_child([sys.executable, __file__, "--write", str(processed), str(report)])
        print(", ".join(f"{name} {value:,.1f}" for name, value in told.items()))
        print(f"{options.articles:,} articles, {report.stat().st_size / 1e6:.1f} MB")
        measure_opening(report, options.times)


if __name__ == "__main__":
    main()
