"""Memory and time of publishing many articles, and of one dump more beside a full run.

    .venv/bin/python benchmarks/bench_scale.py --articles 100000
    .venv/bin/python benchmarks/bench_scale.py --articles 1000000
    .venv/bin/python benchmarks/bench_scale.py --incremental

`--articles` makes up the saved work of dumps (articles of about 100 words, 8 mentions each; nothing
is split or tagged), publishes it in a process of its own and prints the peak of that process's
memory, its processor seconds and the clock's; then it checks the tables with DuckDB.

`--incremental` writes small dumps, runs `ingest` on all, adds one and runs it again, each in a
process of its own. Names are found by a stand-in for the tagger that takes every word with a
capital letter, so that no model counts; everything else is the real thing. Of each run it prints
processor seconds by stage, bytes read and written, and the rows of tables read and written; "start"
is Python itself and what is imported, which no run can do without.

Names are drawn from a stock of 120,000, as often as rank ** -1.3: some 50,000 of them stand in
100,000 articles, 115,000 in 1,000,000. Nothing here is asserted but that the tables are right.
"""

import argparse
import datetime
import itertools
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
import types
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
SYLLABLES = "ba de fi go hu ja ke li mo nu pa re si to vu wa ye zi cha sho tri gra plo sti".split()
LABELS = ("PERSON", "ORG", "PLACE")
NAME = re.compile(r"[A-Z]\w+(?: [A-Z]\w+)*")  # "Bade Fi"
SEED = 6
MENTIONS = 9
WORDS = 100
KNOWN = ("Iran", "Haifa", "Hezbollah", "Hizballah", "Syria", "Tripoli", "Beirut", "Libya")


class Story(NamedTuple):
    """A made-up article; mentions are field, start, end, surface and label."""

    title: str
    date: datetime.datetime
    body: str
    mentions: list[tuple[str, int, int, str, str]]


def find_names(text: str) -> list[tuple[int, int, str, str]]:
    """Find what is written with capitals; the last word says which label it is."""
    found = []
    for match in NAME.finditer(text):
        last = match[0].rsplit(" ", 1)[-1]
        label = LABELS[zlib.crc32(last.encode()) % 3]
        found.append((match.start(), match.end(), match[0], label))
    return found


class Writer:
    """Writes articles whose words and names are as often as 1 / rank."""

    def __init__(self, seed: int, stock: int) -> None:
        rng = self.rng = random.Random(seed)
        made = random.Random(SEED)  # the words and names are the same for every seed

        def word(syllables: int) -> str:
            return "".join(made.choices(SYLLABLES, k=syllables))

        self.words = [word(made.choice((1, 2, 2, 3, 4))) for _ in range(20_000)]
        self.word_weights = list(itertools.accumulate(1 / (rank + 5) for rank in range(20_000)))
        lasts = [word(made.choice((2, 3, 3, 4))).capitalize() for _ in range(stock)]
        self.names = [
            f"{word(2).capitalize()} {last}" if made.random() < 0.7 else last for last in lasts
        ]
        self.names[: len(KNOWN)] = KNOWN
        weights = ((rank + 20) ** -1.3 for rank in range(len(self.names)))
        self.name_weights = list(itertools.accumulate(weights))
        self.rng = rng

    def write(self) -> Story:
        """Write the next article: some 100 words with names among them."""
        rng = self.rng
        words = rng.choices(self.words, cum_weights=self.word_weights, k=WORDS)
        names = rng.choices(self.names, cum_weights=self.name_weights, k=MENTIONS - 1)
        if " " in names[0]:
            names[1] = names[0].split(" ")[1]  # a surname behind its full name
        step = WORDS // MENTIONS
        for place, name in enumerate(names[1:], 1):
            words[place * step] = name
        words[0] = "so"
        title = f"on {words[3]} {words[5]} and {names[0]} {rng.getrandbits(40):x}"
        body = " ".join(words)
        mentions = [
            (field, *mention)
            for field, text in (("title", title), ("body", body))
            for mention in find_names(text)
        ]
        date = datetime.datetime(2001, 1, 1) + datetime.timedelta(days=rng.randrange(8000))
        return Story(title, date, body, mentions)


# --- publishing -------------------------------------------------------------------------------


def make_work(processed: Path, count: int, per_dump: int, stock: int) -> list[str]:
    """Save the work of dumps, made up; give the keys."""
    import pyarrow as pa

    from clippings import store
    from clippings.bound import bind_articles
    from clippings.plan import name_work
    from clippings.records import arrow_schema
    from clippings.scan import hash_id
    from clippings.side import BOUND

    writer = Writer(1, stock)
    keys = []
    for first in range(0, count, per_dump):
        rows: dict[str, list[tuple[Any, ...]]] = {
            name: []
            for name in ("dumps", "articles", "occurrences", "article_topics", "mentions", "spans")
        }
        end = 0
        for position in range(1, min(per_dump, count - first) + 1):
            story = writer.write()
            key = hash_id(story.title, story.body)
            start, end = end, end + len(story.title) + len(story.body) + 4
            rows["articles"].append(
                (
                    *(key, story.title, story.date, "day", f"{story.date:%d %B %Y}"),
                    *(None, None, "Haaretz", story.body, WORDS),
                )
            )
            rows["occurrences"].append(("", position, key, start, end))
            rows["article_topics"].append((key, 1, "Iran"))
            middle = start + len(story.title) + 2
            rows["spans"].append(("", start, middle, "title", key))
            rows["spans"].append(("", middle, end, "body", key))
            rows["mentions"] += [(key, *each, each[-1], None) for each in story.mentions]
        articles = len(rows["articles"])
        rows["dumps"].append(("", "", "", end, "utf-8", "digest", "ok", articles, None, 1.0, None))
        tables = {}
        for name, made in rows.items():
            schema = arrow_schema(name)
            arrays = [
                pa.array(column, field.type)
                for column, field in zip(zip(*made, strict=True), schema, strict=True)
            ]
            tables[name] = pa.Table.from_arrays(arrays, schema=schema)
        tables["problems"] = arrow_schema("problems").empty_table()
        keys.append(hash_id(str(first)))
        tables[BOUND] = bind_articles(tables["mentions"], tables["articles"])
        store.save_work(processed, name_work(keys[-1]), tables)
    return keys


def publish_work(processed: Path, keys_file: Path) -> None:
    """Publish saved work; runs in a process of its own."""
    from clippings import plan, store
    from clippings.corrections import Corrections
    from clippings.notes import Notes
    from clippings.publish import publish
    from clippings.registry import Registry
    from clippings.scan import Found

    state = Notes()
    for number, key in enumerate(keys_file.read_text().split()):
        found = Found(f"{number:06}.txt", sha256=f"{number:064x}", byte_count=1000)
        state[found.dump_id] = plan.describe(found, key, None)
    with store.lock(processed):
        planned = plan.Plan(state, Notes(), (), plan.Rules("", ""))
        arguments = (planned, processed, processed, None, Registry({}, {}), Corrections(), 1)
        snapshot, _ = publish(*arguments)
        store.collect(processed)
    print(f"committed {snapshot.path.name}")


CHECKS = {
    "articles": "select count(*) = {count} and count(distinct article_id) = {count} from articles",
    "mentions know their article": "select count(*) = 0 from mentions anti join articles "
    "using (article_id)",
    "occurrences know their article": "select count(*) = 0 from occurrences anti join articles "
    "using (article_id)",
    "spans tile the dumps": """select bool_and(ok) from (
        select min(start_byte) = 0 and max(end_byte) = any_value(byte_count)
            and sum(end_byte - start_byte) = any_value(byte_count) as ok
        from spans join dumps using (dump_id) group by dump_id)""",
    "every mention has an entity": "select count(*) = 0 from mentions anti join entities "
    "using (entity_id)",
    "entities count their mentions": """select count(*) = 0 from entities e full join (
        select entity_id, count(*) as n, count(distinct article_id) as a,
            min(published_date) as first, max(published_date) as last
        from mentions join articles using (article_id) group by entity_id) m using (entity_id)
        where e.mention_count is distinct from n or e.article_count is distinct from a
            or e.first_date is distinct from first or e.last_date is distinct from last""",
    "aliases count their mentions": """select count(*) = 0 from aliases a full join (
        select entity_id, surface as alias, count(*) as n from mentions group by all) m
        using (entity_id, alias) where a.mention_count is distinct from n""",
    "surfaces stand where they say": """select bool_and(surface = substring(
        case field when 'title' then title else body end, start + 1, "end" - start))
        from mentions join articles using (article_id)""",
    "rows are sorted": """select bool_and(ok) from (select article_id >= lag(article_id)
        over (partition by filename order by file_row_number) as ok
        from read_parquet('{mentions}/*.parquet', filename=true, file_row_number=true))""",
}


def check(processed: Path, count: int) -> int:
    """Check the tables with DuckDB; give the number of distinct surfaces."""
    import duckdb

    database = duckdb.connect()
    database.sql("set memory_limit='4GB'; set threads=2")
    for table in ("articles", "mentions", "occurrences", "spans", "dumps", "entities", "aliases"):
        database.sql(f"create view {table} as from '{processed}/{table}.parquet/*.parquet'")
    mentions = processed / "mentions.parquet"
    for name, query in CHECKS.items():
        [row] = database.sql(query.format(count=count, mentions=mentions)).fetchall()
        assert row[0], name
    print(f"tables right: {len(CHECKS)} checks")
    for table in ("mentions", "entities", "aliases"):
        [(rows,)] = database.sql(f"select count(*) from {table}").fetchall()
        print(f"{rows:,} {table}")
    [(names,)] = database.sql("select count(distinct (label, surface)) from mentions").fetchall()
    return int(names)


def measure_publishing(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        processed = Path(folder, "processed")
        (processed / ".store" / "work").mkdir(parents=True)
        (processed / ".store" / "parts").mkdir()
        begun = time.perf_counter()
        keys = make_work(processed, options.articles, options.per_dump, options.stock)
        (Path(folder) / "keys").write_text("\n".join(keys))
        print(f"{options.articles:,} articles made up in {time.perf_counter() - begun:.0f} s")
        child = [sys.executable, __file__, "--publish", str(processed), f"{folder}/keys"]
        told = run_child(child)
        print(", ".join(f"{name} {value:,.1f}" for name, value in told.items()))
        print(f"{check(processed, options.articles):,} distinct names")


def run_child(command: list[str]) -> dict[str, float]:
    """Run a command and tell what the process took: memory, seconds, bytes read and written."""
    begun = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return {**told, "clock_s": time.perf_counter() - begun}


def tell(told: dict[str, float] | None = None) -> None:
    """Print what this process took, as JSON, beside what is told already."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    peak = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    told = {"peak_mb": peak, "cpu_s": usage.ru_utime + usage.ru_stime, **(told or {})}
    counts = Path("/proc/self/io")
    if counts.exists():
        values = dict(line.split(": ") for line in counts.read_text().splitlines())
        told |= {"read_mb": int(values["rchar"]) / 1e6, "written_mb": int(values["wchar"]) / 1e6}
    print(json.dumps(told))


# --- one dump more ----------------------------------------------------------------------------


def write_dump(writer: Writer, count: int) -> str:
    """Write a dump in the form of the samples."""
    return "".join(
        f"{story.title}\n\n{story.date:%B %d %Y}\n\n{story.body}.\n\n"
        "Read more at Haaretz\n\nMore about: Iran, Iraq\n\n\n"
        for story in (writer.write() for _ in range(count))
    )


class Watch:
    """Adds up processor seconds by stage, those of a stage inside another for the inner one."""

    def __init__(self) -> None:
        self.seconds = {"start": time.process_time()}
        self.rows = {"rows_read": 0, "rows_written": 0}
        self._stages = ["rest"]
        self._since = time.process_time()

    def _turn(self) -> None:
        now = time.process_time()
        stage = self._stages[-1]
        self.seconds[stage] = self.seconds.get(stage, 0) + now - self._since
        self._since = now

    def time(self, owner: Any, name: str, stage: str) -> None:
        """Count what a function takes for a stage."""
        real = getattr(owner, name)

        def timed(*arguments: Any, **named: Any) -> Any:
            self._turn()
            self._stages.append(stage)
            try:
                return real(*arguments, **named)
            finally:
                self._turn()
                self._stages.pop()

        setattr(owner, name, timed)

    def count_rows(self, owner: Any, name: str, what: str) -> None:
        """Count the rows of the tables that a function takes or gives."""
        real = getattr(owner, name)

        def counted(*arguments: Any) -> Any:
            result = real(*arguments)
            rows = (each for each in (*arguments, result) if hasattr(each, "num_rows"))
            self.rows[what] += sum(each.num_rows for each in rows)
            return result

        setattr(owner, name, counted)

    def tell(self) -> dict[str, float]:
        """Give what was counted."""
        self._turn()
        return {**{f"{stage}_s": value for stage, value in self.seconds.items()}, **self.rows}


STAGES = {
    "find_dumps": "scan",
    "Known": "scan",
    "make_plan": "plan",
    "process_batch": "process",
    "publish": "publish",
    "_report": "rest",
}
PUT_STAGES = {"put_families": "stories", "put_entities": "entities"}
STORE_STAGES = {
    "recover": "plan",
    "read_looks": "scan",
    "write_looks": "scan",
    "collect": "publish",
}


def ingest(raw: Path, processed: Path, *, is_idle: bool) -> dict[str, float]:
    """Run `ingest` with a stand-in for the tagger; runs in a process of its own.

    Args:
        raw: The folder of dumps.
        processed: The folder of tables.
        is_idle: Whether nothing is new: such a run does without most imports.

    Returns:
        Processor seconds by stage, and rows read and written.
    """
    from clippings import lean

    lean.spare_resources()  # as the command line does

    from clippings import pipeline, publish, store
    from clippings.pipeline import ingest

    if not is_idle:  # so that they count for "start", not for the stage that comes to them first
        lean.import_pyarrow()
        from pyarrow import acero, parquet

        from clippings import stories

        assert all((acero, parquet, stories))
    watch = Watch()
    for owner, stages in (
        (pipeline, STAGES),
        (publish, PUT_STAGES),
        (store, STORE_STAGES),
    ):
        for name, stage in stages.items():
            watch.time(owner, name, stage)
    watch.count_rows(store, "_read_part", "rows_read")
    watch.count_rows(store.Publication, "_write_part", "rows_written")
    tagger = types.ModuleType("clippings.tag")
    tagger.load_tagger = lambda *_: types.SimpleNamespace(reason=None)  # type: ignore[attr-defined]
    tagger.tag = _tag  # type: ignore[attr-defined]
    sys.modules["clippings.tag"] = tagger
    run = ingest(raw, processed, model="blank:en")
    print(dict(run.dumps), dict(run.rows))
    return watch.tell()


def _tag(texts: list[str], _: None) -> Iterator[list[tuple[int, int, str, str, str]]]:
    for text in texts:
        yield [(*each, each[-1]) for each in find_names(text)]


def measure_incremental(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        raw, processed = Path(folder, "raw"), Path(folder, "processed")
        raw.mkdir()
        writer = Writer(2, options.stock)
        for number in range(options.dumps):
            (raw / f"{number:05}.txt").write_text(write_dump(writer, options.per_dump))
        time.sleep(2)  # a file that has just been written is hashed once more
        command = [sys.executable, __file__, "--ingest", str(raw)]
        found = {"full": run_child([*command, str(processed)])}
        (raw / "one more.txt").write_text(write_dump(writer, options.per_dump))
        found["one more"] = run_child([*command, str(processed)])
        found["nothing new"] = run_child([*command, str(processed), "--idle"])
        if options.rebuild:
            found["full again"] = run_child([*command, f"{folder}/again"])
            for part in processed.glob("current/*.parquet/*"):
                again = Path(folder, "again/current", part.parent.name, part.name)
                assert again.read_bytes() == part.read_bytes(), part
            print("tables equal those of a rebuild byte for byte")
        for name, told in found.items():
            line = ", ".join(f"{key} {value:,.2f}" for key, value in told.items())
            print(f"{name:12} {line}")
        full, more = found["full"], found["one more"]
        for key in ("cpu_s", "rows_written", "read_mb", "written_mb", "clock_s"):
            print(f"{key}: {full[key] / more[key]:.0f} times less")
        work, rest = (told["cpu_s"] - told["start_s"] for told in (full, more))
        print(f"cpu_s without start: {work / rest:.0f} times less")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--incremental", action="store_true")
    parser.add_argument("--dumps", type=int, default=10_000)
    parser.add_argument("--per-dump", type=int, help="articles; 50, or 3 in small dumps")
    parser.add_argument("--stock", type=int, default=120_000, help="names that there are")
    parser.add_argument("--rebuild", action="store_true", help="compare with a rebuild")
    parser.add_argument("--folder", help="where the tables lie meanwhile")
    parser.add_argument("--publish", nargs=2, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--ingest", nargs=2, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--idle", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.per_dump = options.per_dump or (3 if options.incremental else 50)
    if options.publish:
        publish_work(*options.publish)
        tell()
    elif options.ingest:
        tell(ingest(*options.ingest, is_idle=options.idle))
    elif options.incremental:
        measure_incremental(options)
    else:
        measure_publishing(options)


if __name__ == "__main__":
    main()
