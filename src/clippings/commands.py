"""What each command of the command line does: call, then print words or one JSON object.

Heavy imports stand inside the commands, so that the others need not wait for them.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from clippings.choose import Choice
    from clippings.layouts.layout import AnyLayout
    from clippings.learning import Proposal
    from clippings.pipeline import Map
    from clippings.read import Dump
    from clippings.scan import Found
    from clippings.work import Batch, Done


def write_object(values: dict[str, Any]) -> None:
    """Print one JSON object, in ASCII: what files hold does nothing to a terminal."""
    print(json.dumps(values))


def ingest(options: argparse.Namespace) -> int:
    """Bring the tables up to date."""
    from clippings.pipeline import ingest
    from clippings.summary import write_errors, write_text

    with _Bar() as bar:
        run = ingest(
            options.raw,
            options.processed,
            model=options.model,
            engine=options.engine,
            layout=options.layout,
            max_dump_bytes=options.max_dump_mb * 2**20,
            map=_choose_map(options),
            workers=options.workers,
            progress=None if options.quiet else bar.show,
            registry=options.registry,
        )
    if options.json:
        from clippings.answers import describe_run

        write_object(describe_run(run))
    elif not options.quiet:
        print(write_text(run))
    if options.quiet and run.exit_code:
        print(write_errors(run), file=sys.stderr)
    if run.doubt:
        print(f"clippings: {run.doubt}", file=sys.stderr)
    return run.exit_code


def _choose_map(options: argparse.Namespace) -> Map:
    """Work in this process or in others, with no more of the libraries loaded than they need."""
    from clippings import lean
    from clippings.pool import PoolMap

    if options.workers > 1:
        max_bytes = options.worker_mb and options.worker_mb * 2**20
        return PoolMap(options.workers, options.seconds_per_dump, max_bytes, lean.import_pyarrow)

    def work_here(work: Callable[[Batch], Done], batches: Sequence[Batch]) -> Iterable[Done]:
        lean.import_pyarrow()
        lean.import_spacy()
        return map(work, batches)

    return work_here


def inspect(options: argparse.Namespace) -> int:
    """Show how a dump splits."""
    from pathlib import Path

    from clippings.errors import ReadError
    from clippings.layouts.layout import load_layouts
    from clippings.read import MAX_DUMP_BYTES
    from clippings.scan import find_in_file
    from clippings.summary import quote

    layouts = load_layouts(options.layout, Path(options.raw))
    file, _, member = options.file.partition("!/")
    found = find_in_file(Path(file), max_bytes=MAX_DUMP_BYTES)
    dumps = [each for each in found if member in ("", each.member)]
    if not dumps:
        raise ReadError(
            "unreadable", f'{file}: expected a member "{member}", found none. Name one.'
        )
    answers, errors = [], []
    for each in dumps:
        try:
            dump, choice, proposals = _split(each, Path(file).parent, layouts, options)
        except ReadError as error:  # the other members of an archive can be shown
            errors.append(str(error))
            print(f"clippings: {error}", file=sys.stderr)
            continue
        if len(found) > 1 and not options.json:
            print(f"{quote(str(Path(file).parent / each.path))}:")
        saved = _save_layout(choice, options) if options.save else None
        if options.json:
            from clippings.answers import describe_split

            answer = describe_split(each.path, dump, choice, proposals)
            answers.append(answer | {"saved": saved and str(saved)})
        else:
            _show_split(dump, choice, proposals, saved, options)
    if options.json:
        failure = {"exit_code": 1, "error": "\n".join(errors)} if errors else {}
        write_object({**failure, "dumps": answers})
    return 1 if errors else 0


def _split(
    found: Found, raw: Path, layouts: Sequence[AnyLayout], options: argparse.Namespace
) -> tuple[Dump, Choice, Sequence[Proposal] | None]:
    from clippings.archives import read_content
    from clippings.choose import split_best
    from clippings.errors import ReadError
    from clippings.read import MAX_DUMP_BYTES, decode
    from clippings.records import PROBLEMS
    from clippings.summary import quote

    try:
        if found.code:
            raise ReadError(found.code, found.detail or "")
        dump = decode(read_content(raw, found.file, found.member, max_bytes=MAX_DUMP_BYTES))
    except ReadError as error:
        detail = f"{quote(str(raw / found.path))}: {error.detail}. {PROBLEMS[error.code].action}"
        raise ReadError(error.code, detail, error.start_byte) from None
    choice = split_best(dump.text, layouts, dump.marks)
    if not options.boilerplate:
        return dump, choice, None
    from clippings.learning import propose_boilerplate

    return dump, choice, propose_boilerplate(dump.text, choice.found)


def _show_split(
    dump: Dump,
    choice: Choice,
    proposals: Sequence[Proposal] | None,
    saved: Path | None,
    options: argparse.Namespace,
) -> None:
    from clippings.summary import write_proposals, write_split

    print(write_split(dump, choice, most=None if options.all else 10))
    if proposals is not None:
        print(write_proposals(proposals))
    if saved:
        print(f"wrote {saved}; edit it, then run ingest")
    elif choice.layout is None and dump.text.strip():
        hint = (
            "Next: --layout NAME reads it by one form; --save NAME writes what recurs in it as a "
            "layout to edit."
            if choice.inferred
            else "Next: name a form with --layout, or write a layout (docs/layouts.md)."
        )
        print(hint, file=sys.stderr)


def _save_layout(choice: Choice, options: argparse.Namespace) -> Path:
    """Write the layout of a dump to a new file."""
    from pathlib import Path

    from clippings.errors import LayoutError
    from clippings.layouts.layout import FOLDER, name_source, read_source

    folder, name = Path(options.raw).parent / FOLDER, options.save
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
        raise LayoutError(
            f'--save: expected a name of small letters, digits, "-" and "_", found "{name}".'
        )
    if choice.inferred:
        source = choice.inferred.toml
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


def explain(options: argparse.Namespace) -> int:
    """Tell why the spellings of a name are one."""
    from pathlib import Path

    from clippings.review import explain_entity, find_reasons
    from clippings.summary import quote

    processed = Path(options.processed)
    if options.json:
        write_object({"name": options.name, "entities": find_reasons(options.name, processed)})
        return 0
    for line in explain_entity(options.name, processed):
        print(quote(line))
    print("Wrong? Write a row into corrections.csv beside the raw folder; then run ingest.")
    return 0


def review(options: argparse.Namespace) -> int:
    """Write the pairs of names that are unsure."""
    from pathlib import Path

    from clippings.review import write_review
    from clippings.summary import count

    pair_count = write_review(Path(options.processed), Path(options.output))
    if not options.quiet:
        print(
            f"{count(pair_count, 'pair')} in {options.output}. Next: paste the rows "
            "that are right into corrections.csv beside the raw folder, below the same first line; "
            "then run ingest."
        )
    return 0


def report(options: argparse.Namespace) -> int:
    """Write the tables as one page."""
    from pathlib import Path

    from clippings.report import write_report

    output = Path(options.output)
    size = write_report(Path(options.processed), output)
    if not options.quiet:
        print(f"wrote {output} ({size / 1e6:.1f} MB); open it in a browser, it needs no network")
    return 0


def export(options: argparse.Namespace) -> int:
    """Write the tables for a spreadsheet."""
    from pathlib import Path

    from clippings.export import export_tables

    output = Path(options.output) if options.output else None
    written = export_tables(options.to, output, options.table, processed=Path(options.processed))
    if options.quiet:
        return 0
    for table, count in written.row_counts.items():
        print(f"  {table:<14}  {count:>9,} rows")
    if written.cut_count:
        print(f"{written.cut_count:,} texts were too long for a cell and are cut; --to csv has all")
    print(f"wrote {', '.join(map(str, written.paths))}")
    return 0


def evaluate(options: argparse.Namespace) -> int:
    """Score a pipeline on marked texts."""
    from pathlib import Path

    from clippings.errors import GoldError
    from clippings.gold import read_gold
    from clippings.models import find_model
    from clippings.records import LABELS
    from clippings.scores import write_scores
    from clippings.tag import load_tagger, tag

    documents = [document for path in options.gold for document in read_gold(Path(path))]
    if not any(document.mentions for document in documents):
        raise GoldError(
            f"{', '.join(options.gold)}: expected names marked as {', '.join(LABELS)}, found none. "
            "Mark those that stand there."
        )
    model = find_model(options.model)
    tagger = load_tagger(model, options.engine)
    found = [
        [(mention.start, mention.end, mention.label) for mention in mentions]
        for mentions in tag((document.text for document in documents), tagger)
    ]
    if options.json:
        from clippings.answers import describe_scores

        scores = describe_scores(documents, found, options.worst)
        write_object({"gold": options.gold, "model": model.name, **scores})
        return 0
    print(f"{len(documents)} documents from {', '.join(options.gold)}")
    print("\n".join(write_scores(documents, found, options.worst)))
    return 0


def sample(options: argparse.Namespace) -> int:
    """Write the sample dumps."""
    import shlex
    from pathlib import Path

    from clippings.samples import write_samples
    from clippings.summary import quote

    written, kept = write_samples(Path(options.folder))
    if options.quiet:
        return 0
    for path in written:
        print(f"  wrote {quote(str(path))}")
    for path in kept:
        print(f"  left alone, for it is there: {quote(str(path))}")
    option = "" if options.folder == "raw" else f" --raw {quote(shlex.quote(options.folder))}"
    print(f"Next: clippings ingest{option}")
    return 0


def doctor(options: argparse.Namespace) -> int:
    """Look at everything that a run needs."""
    from dataclasses import asdict
    from pathlib import Path

    from clippings.doctor import FAULT, OK, Setting, examine
    from clippings.summary import quote

    setting = Setting(Path(options.raw), Path(options.processed), options.model, options.engine)
    checks = []
    for check in examine(setting):
        checks.append(check)
        if options.json:
            continue
        action = f" -> {check.action}" if check.action else ""
        line = quote(f"{check.status:<7}  {check.name:<11}  {check.found}{action}")
        if not options.quiet:
            print(line, flush=True)
        elif check.status == FAULT:
            print(line, file=sys.stderr)
    exit_code = int(any(check.status == FAULT for check in checks))
    if options.json:
        write_object({"exit_code": exit_code, "checks": [asdict(check) for check in checks]})
    elif not options.quiet:
        unwell = sum(check.status != OK for check in checks)
        print(f"{unwell} of {len(checks)} want a look" if unwell else "all is well")
    return exit_code


def completion(options: argparse.Namespace) -> int:
    """Print what a shell needs to complete commands, options and files."""
    import shtab

    kinds = {"FOLDER": shtab.DIRECTORY, "FILE": shtab.FILE, "PATH|NAME": shtab.FILE}
    kinds |= {"PATH": shtab.FILE, "GOLD": shtab.FILE}
    for command in options.commands.values():
        for action in command._actions:
            if action.metavar in kinds:
                action.complete = kinds[action.metavar]
    print(shtab.complete(options.parser, options.shell))
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
