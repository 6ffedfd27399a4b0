"""The command line: what can be typed, and how it ends. What is done stands in commands.py."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from clippings import commands, lean

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

    if arguments is None:  # the process is ours
        lean.spare_resources()
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # file names hold letters that a terminal may lack
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return int(options.run(options))
    except ClippingsError as error:
        return _fail(options, str(error), _BUSY if isinstance(error, LockedError) else 1)
    except BrokenPipeError:  # whoever read along has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _fail(options, "stopped; the tables are as they were, run again to go on", 130)


def _fail(options: argparse.Namespace, message: str, exit_code: int) -> int:
    if getattr(options, "json", False):
        commands.write_object({"exit_code": exit_code, "error": message})
    print(f"clippings: {message}", file=sys.stderr)
    return exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="clippings",
        description="From raw dumps of articles to tidy tables of articles, mentions and entities.",
        epilog="Exit codes: 0 clean; 3 done, and a problem of severity error stands; 1 failed, "
        "tables unchanged; 2 wrong usage; 75 another run is at work.",
    )
    names = parser.add_subparsers(required=True, metavar="COMMAND")

    ingest = names.add_parser("ingest", help="bring the tables up to date with the raw dumps")
    add_ingest_options(ingest)
    _add_engine(ingest)
    _add_json(ingest)
    _add_quiet(ingest)
    ingest.set_defaults(run=commands.ingest)

    inspect = names.add_parser("inspect", help="show how a dump splits, without writing")
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
    _add_json(inspect)
    inspect.set_defaults(run=commands.inspect)

    explain = names.add_parser("explain", help="tell why the spellings of a name are one")
    explain.add_argument("name", metavar="NAME")
    _add_processed(explain)
    _add_json(explain)
    explain.set_defaults(run=commands.explain)

    review = names.add_parser("review", help="write the pairs of names that are unsure")
    review.add_argument("-o", "--output", default="review.csv", metavar="FILE")
    _add_processed(review)
    _add_quiet(review)
    review.set_defaults(run=commands.review)

    report = names.add_parser("report", help="write the tables as one page for a browser")
    report.add_argument("-o", "--output", default="report.html", metavar="FILE")
    _add_processed(report)
    _add_quiet(report)
    report.set_defaults(run=commands.report)

    export = names.add_parser("export", help="write the tables for a spreadsheet")
    export.add_argument("--to", required=True, choices=("csv", "xlsx"), help="CSV files or Excel")
    export.add_argument(
        "-o",
        "--output",
        metavar="PATH",
        help="folder of the CSV files, or the workbook (default: export, export.xlsx)",
    )
    export.add_argument(
        "--table",
        action="append",
        default=[],
        metavar="NAME",
        help="only this table; may be given several times (default: all)",
    )
    _add_processed(export)
    _add_quiet(export)
    export.set_defaults(run=commands.export)

    evaluate = names.add_parser("evaluate", help="score a pipeline on marked texts")
    evaluate.add_argument(
        "gold", nargs="+", metavar="GOLD", help=".md, .jsonl, .conll, .iob or .spacy; read together"
    )
    evaluate.add_argument("--model", metavar="PATH|NAME", help="spaCy pipeline (default: shipped)")
    evaluate.add_argument(
        "--worst", type=int, default=5, metavar="N", help="sentences with most faults to show"
    )
    _add_engine(evaluate)
    _add_json(evaluate)
    evaluate.set_defaults(run=commands.evaluate)

    sample = names.add_parser("sample", help="write sample dumps into a folder, to try it on them")
    sample.add_argument(
        "folder", nargs="?", default="raw", metavar="FOLDER", help="where to (default: raw)"
    )
    _add_quiet(sample)
    sample.set_defaults(run=commands.sample)

    doctor = names.add_parser("doctor", help="see whether everything that a run needs is there")
    _add_raw(doctor)
    _add_processed(doctor)
    _add_model(doctor)
    _add_engine(doctor)
    _add_json(doctor)
    _add_quiet(doctor)
    doctor.set_defaults(run=commands.doctor)

    completion = names.add_parser("completion", help="print what completes all this in a shell")
    completion.add_argument("shell", choices=("bash", "zsh"))
    completion.set_defaults(run=commands.completion, parser=parser, commands=names.choices)
    return parser


def add_ingest_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `clippings ingest`, which are those of the flow too."""
    _add_raw(parser)
    _add_processed(parser)
    _add_model(parser)
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


def _add_raw(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--raw", default="raw", metavar="FOLDER", help="dumps (default: raw)")


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model",
        metavar="PATH|NAME",
        help="spaCy pipeline (default: the one that ships with clippings; blank:en tags nothing)",
    )


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object, for scripts; no words"
    )


def _add_quiet(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--quiet", action="store_true", help="print errors only; the exit code tells the rest"
    )


def _add_processed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--processed", default="processed", metavar="FOLDER", help="tables (default: processed)"
    )


def _add_engine(parser: argparse.ArgumentParser) -> None:
    from clippings.models import ENGINES

    parser.add_argument(
        "--engine",
        choices=ENGINES,
        default=ENGINES[0],
        help="what tags: the fast engine where it knows the model, else spaCy (default), or spaCy "
        "in any case; the mentions are the same",
    )


def positive(text: str) -> int:
    """Read a number of a command line that must be 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'expected a number from 1 on, found "{text}"')
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
