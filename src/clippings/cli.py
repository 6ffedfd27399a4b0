"""The command line: `clippings ingest`, `clippings inspect`, `clippings evaluate`."""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from clippings.choose import Choice
    from clippings.layouts.layout import AnyLayout
    from clippings.scan import Found

_BUSY = 75  # EX_TEMPFAIL of sysexits.h: try again later


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: The words behind the command's name; None for those of the process.

    Returns:
        0 clean; 3 done, and an error-severity problem stands; 1 failed, tables unchanged; 75
        another run holds the lock. Wrong usage exits with 2.
    """
    from clippings.errors import ClippingsError, LockedError

    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # file names hold letters that a terminal may lack
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return int(options.run(options))
    except LockedError as error:
        return _fail(str(error), _BUSY)
    except ClippingsError as error:
        return _fail(str(error), 1)
    except BrokenPipeError:  # whoever read along has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _fail("stopped; the tables are as they were, run again to go on", 130)


def _fail(message: str, code: int) -> int:
    print(f"clippings: {message}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="clippings",
        description="From raw dumps of articles to tidy tables of articles, mentions and entities.",
        epilog="Exit codes: 0 clean; 3 done, and a problem of severity error stands; 1 failed, "
        "tables unchanged; 2 wrong usage; 75 another run is at work.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    ingest = commands.add_parser("ingest", help="bring the tables up to date with the raw dumps")
    add_ingest_options(ingest)
    ingest.set_defaults(run=_ingest)

    inspect = commands.add_parser("inspect", help="show how a dump splits, without writing")
    inspect.add_argument(
        "file", metavar="FILE", help="a dump, an archive, or one of its members: a.zip!/b.txt"
    )
    inspect.add_argument(
        "--layout", metavar="NAME", help="form of the dump (default: what explains it best)"
    )
    inspect.add_argument(
        "--raw", default="raw", metavar="FOLDER", help="your own layouts stand beside it"
    )
    inspect.add_argument("--all", action="store_true", help="show every article, not the first ten")
    inspect.add_argument(
        "--boilerplate", action="store_true", help="propose lines that recur across the articles"
    )
    inspect.add_argument(
        "--save", metavar="NAME", help="write the layout to layouts/NAME.toml, to be edited"
    )
    inspect.set_defaults(run=_inspect)

    explain = commands.add_parser("explain", help="tell why the spellings of a name are one")
    explain.add_argument("name", metavar="NAME")
    _add_processed(explain)
    explain.set_defaults(run=_explain)

    review = commands.add_parser("review", help="write the pairs of names that are unsure")
    review.add_argument("-o", "--output", default="review.csv", metavar="FILE")
    _add_processed(review)
    review.set_defaults(run=_review)

    evaluate = commands.add_parser("evaluate", help="score a pipeline on marked texts")
    evaluate.add_argument(
        "gold", nargs="+", metavar="GOLD", help=".md, .jsonl, .conll, .iob or .spacy; read together"
    )
    evaluate.add_argument("--model", metavar="PATH|NAME", help="spaCy pipeline (default: shipped)")
    evaluate.add_argument(
        "--worst", type=int, default=5, metavar="N", help="sentences with most faults to show"
    )
    evaluate.set_defaults(run=_evaluate)
    return parser


def add_ingest_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `clippings ingest`, which are those of the flow too."""
    parser.add_argument("--raw", default="raw", metavar="FOLDER", help="dumps (default: raw)")
    _add_processed(parser)
    parser.add_argument(
        "--model",
        metavar="PATH|NAME",
        help="spaCy pipeline (default: the one that ships with clippings; blank:en tags nothing)",
    )
    parser.add_argument(
        "--layout", metavar="NAME", help="form of the dumps (default: what explains each best)"
    )
    parser.add_argument(
        "--workers",
        type=positive,
        default=max(2, os.cpu_count() or 1),
        metavar="N",
        help="processes (default: one per core, two at least; 1 works in this process, where no "
        "limits hold)",
    )
    parser.add_argument(
        "--seconds-per-dump",
        type=positive,
        default=600,
        metavar="N",
        help="give a dump up that takes longer, and as long again for every 5 MiB (default: 600)",
    )
    parser.add_argument(
        "--worker-mb",
        type=positive,
        metavar="N",
        help="memory of a worker in MiB (default: half of the machine's, shared by all)",
    )
    parser.add_argument(
        "--max-dump-mb",
        type=positive,
        default=512,
        metavar="N",
        help="reject dumps over this size in MiB (default: 512)",
    )
    parser.add_argument(
        "--registry",
        metavar="FILE",
        help="start a new folder of tables with the ids of another: its current/registry.json",
    )


def _add_processed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--processed", default="processed", metavar="FOLDER", help="tables (default: processed)"
    )


def positive(text: str) -> int:
    """Read a number of a command line that must be 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'expected a number from 1 on, found "{text}"')
    return int(text)


def _ingest(options: argparse.Namespace) -> int:
    from clippings.pipeline import ingest
    from clippings.summary import write_text

    with _Bar() as bar:
        run = ingest(
            options.raw,
            options.processed,
            model=options.model,
            layout=options.layout,
            max_dump_bytes=options.max_dump_mb * 2**20,
            workers=options.workers,
            seconds_per_dump=options.seconds_per_dump,
            max_worker_bytes=options.worker_mb and options.worker_mb * 2**20,
            progress=bar.show,
            registry=options.registry,
        )
    print(write_text(run))
    return run.exit_code


def _inspect(options: argparse.Namespace) -> int:
    from pathlib import Path

    from clippings.errors import ReadError
    from clippings.layouts.layout import load_layouts
    from clippings.read import MAX_DUMP_BYTES
    from clippings.summary import quote
    from clippings.scan import find_in_file

    layouts = load_layouts(options.layout, Path(options.raw))
    file, _, member = options.file.partition("!/")
    found = find_in_file(Path(file), max_bytes=MAX_DUMP_BYTES)
    dumps = [each for each in found if member in ("", each.member)]
    if not dumps:
        raise ReadError(
            "unreadable", f'{file}: expected a member "{member}", found none. Name one.'
        )
    for each in dumps:
        if len(found) > 1:
            print(f"{quote(str(Path(file).parent / each.path))}:")
        _inspect_dump(each, Path(file).parent, layouts, options)
    return 0


def _inspect_dump(
    found: Found,
    raw: Path,
    layouts: Sequence[AnyLayout],
    options: argparse.Namespace,
) -> None:
    from clippings.archives import read_content
    from clippings.choose import split_best
    from clippings.errors import ReadError
    from clippings.learning import propose_boilerplate
    from clippings.read import MAX_DUMP_BYTES, decode
    from clippings.records import PROBLEMS
    from clippings.summary import quote, write_proposals, write_split

    try:
        if found.code:
            raise ReadError(found.code, found.detail or "")
        dump = decode(read_content(raw, found.file, found.member, max_bytes=MAX_DUMP_BYTES))
    except ReadError as error:
        detail = f"{quote(str(raw / found.path))}: {error.detail}. {PROBLEMS[error.code].action}"
        raise ReadError(error.code, detail, error.start_byte) from None
    choice = split_best(dump.text, layouts, dump.marks)
    saved = _save_layout(choice, options) if options.save else None
    print(write_split(dump, choice, most=None if options.all else 10))
    if options.boilerplate:
        print(write_proposals(propose_boilerplate(dump.text, choice.found)))
    if saved:
        print(f"wrote {saved}; edit it, then run ingest")


def _save_layout(choice: Choice, options: argparse.Namespace) -> Path:
    """Write the layout of a dump to a new file."""
    from pathlib import Path

    from clippings.choose import LEARNED
    from clippings.errors import LayoutError
    from clippings.layouts.layout import FOLDER, name_source, read_source

    folder, name = Path(options.raw).parent / FOLDER, options.save
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
        raise LayoutError(
            f'--save: expected a name of small letters, digits, "-" and "_", found "{name}".'
        )
    if choice.learned and choice.layout in (None, LEARNED):
        source = choice.learned.toml
    elif choice.layout:
        source = read_source(choice.layout, folder)
    else:
        raise LayoutError("--save: expected a form that recurs in the file, found none.")
    file = folder / f"{name}.toml"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with file.open("x", encoding="utf-8") as handle:
            handle.write(name_source(source, name))
    except FileExistsError:
        raise LayoutError(
            f"--save: expected a new name, found {file}. Take another, or delete that file."
        ) from None
    return file


def _explain(options: argparse.Namespace) -> int:
    from pathlib import Path

    from clippings.summary import quote
    from clippings.review import explain_entity

    for line in explain_entity(options.name, Path(options.processed)):
        print(quote(line))
    return 0


def _review(options: argparse.Namespace) -> int:
    from pathlib import Path

    from clippings.review import write_review

    count = write_review(Path(options.processed), Path(options.output))
    print(
        f"{count:,} pairs in {options.output}; paste the rows that are right into corrections.csv"
    )
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from pathlib import Path

    from clippings.gold import read_gold
    from clippings.models import find_model
    from clippings.scores import write_scores
    from clippings.tag import load_pipeline, tag

    documents = [document for path in options.gold for document in read_gold(Path(path))]
    nlp = load_pipeline(find_model(options.model))
    found = [
        [(mention.start, mention.end, mention.label) for mention in mentions]
        for mentions in tag((document.text for document in documents), nlp)
    ]
    print(f"{len(documents)} documents from {', '.join(options.gold)}")
    print("\n".join(write_scores(documents, found, options.worst)))
    return 0


class _Bar:
    """A progress bar on a terminal, a line per batch elsewhere."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._bar: Any = None

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, done: int, total: int) -> None:
        if not self._is_terminal:
            print(f"{done} of {total} dumps", file=sys.stderr, flush=True)
            return
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(total=total, unit="dump")
        self._bar.update(done - self._bar.n)


if __name__ == "__main__":
    sys.exit(main())
