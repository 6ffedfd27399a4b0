"""What a run did, in words: for the terminal and as Markdown."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clippings.choose import Choice
    from clippings.learning import Proposal
    from clippings.pipeline import Run
    from clippings.read import Dump
    from clippings.records import ProblemRow

_MOST_PROBLEMS = 20
_SLOW = "Tagged by spaCy itself; the fast engine does not know the model:"


def write_text(run: Run) -> str:
    """Write the report of a run for a terminal."""
    return "\n".join(_text_lines(run))


def _text_lines(run: Run) -> Iterator[str]:
    yield _headline(run)
    width = max(map(len, run.rows))
    for table, count in run.rows.items():
        yield f"  {table:<{width}}  {count:>9,} rows"
    if run.problems:
        yield f"{_count_problems(run)}, in full in the table problems:"
        yield from _problem_lines(_worst_first(run)[:_MOST_PROBLEMS])
        if len(run.problems) > _MOST_PROBLEMS:
            yield f"  and {len(run.problems) - _MOST_PROBLEMS:,} more"
    if run.slow_reason:
        yield f"{_SLOW} {run.slow_reason}."
    yield f"The tables are in {run.processed}/ ({'new' if run.is_changed else 'unchanged'})."
    yield from _next_steps(run)


def _problem_lines(problems: Iterable[ProblemRow]) -> Iterator[str]:
    for problem in problems:
        path = quote(problem.path)
        yield f"  {problem.severity:<7}  {path}: {problem.code}: {quote(problem.detail)}"
        yield f"           {problem.action}"


def _next_steps(run: Run) -> Iterator[str]:
    """Tell somebody who sees this for the first time, or has errors to mend, what to do next."""
    if not run.dumps["found"]:
        yield (
            "Next: put files of articles (text, web pages, mail, archives of them) into the raw "
            "folder, or let `clippings sample` put some there to try; then run again."
        )
    elif run.exit_code:
        yield (
            "Next: do what stands below each error, then run again. `clippings inspect FILE` shows "
            "how a file is read; all other files are in the tables."
        )
    elif run.is_changed and run.dumps["found"] == run.dumps.get("new"):
        folder = quote(shlex.quote(str(run.processed)))
        is_default = folder == "processed"
        option = "" if is_default else f" --processed {folder}"
        argument = "" if is_default else f", processed={str(run.processed)!r}"
        yield (
            f"Next: `clippings report{option}` makes a page of them to look around in; in Python "
            f'`clippings.load("articles"{argument})` opens one.'
        )


def write_errors(run: Run) -> str:
    """Write the problems of severity error, all of them, for a terminal."""
    return "\n".join(_problem_lines(each for each in _worst_first(run) if each.severity == "error"))


def write_markdown(run: Run) -> str:
    """Write the report of a run as Markdown."""
    return "\n".join(_markdown_lines(run))


def _markdown_lines(run: Run) -> Iterator[str]:
    yield from (_headline(run), "", "| table | rows |", "|---|---:|")
    for table, count in run.rows.items():
        yield f"| {table} | {count:,} |"
    yield ""
    if run.problems:
        yield from (f"{_count_problems(run)}.", "", "| severity | path | code | detail |")
        yield "|---|---|---|---|"
        for problem in _worst_first(run)[:_MOST_PROBLEMS]:
            path, detail = (_cell(text) for text in (problem.path, problem.detail))
            yield f"| {problem.severity} | {path} | {problem.code} | {detail} |"
        yield ""
        if len(run.problems) > _MOST_PROBLEMS:
            yield from (f"And {len(run.problems) - _MOST_PROBLEMS:,} more.", "")
    if run.slow_reason:
        yield from (f"{_SLOW} {_cell(run.slow_reason)}.", "")
    yield f"The tables are in `{run.processed}`, snapshot {run.snapshot}."


def _worst_first(run: Run) -> list[ProblemRow]:
    """Sort the problems: errors before warnings, those of one dump together."""
    return sorted(run.problems, key=lambda each: (each.severity, each.path))


def _headline(run: Run) -> str:
    changes = ", ".join(
        f"{run.dumps[kind]:,} {kind}"
        for kind in ("new", "changed", "removed", "unchanged")
        if run.dumps.get(kind)
    )
    found = run.dumps["found"]
    return f"{count(found, 'dump')} found{': ' + changes if changes else ''}."


def _count_problems(run: Run) -> str:
    counts = Counter(problem.severity for problem in run.problems)
    return " and ".join(count(number, severity) for severity, number in sorted(counts.items()))


def count(number: int, noun: str) -> str:
    """Write how many there are.

    >>> count(1, "article"), count(1200, "article")
    ('1 article', '1,200 articles')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def quote(text: str) -> str:
    r"""Make a text from a file fit for one line of a terminal: control characters as `\n`, `\x1b`.

    >>> quote("two\nlines")
    'two\\nlines'
    """
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def _cell(text: str) -> str:
    """Make a text from a file fit for a cell of a Markdown table, where it must not be markup."""
    escaped = quote(text).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{char}" if char in "\\`*_|[]" else char for char in escaped)


def write_split(dump: Dump, choice: Choice, *, most: int | None = None) -> str:
    """Write how a dump splits: its layout, its articles, and what belongs to none.

    Args:
        dump: The dump.
        choice: How it was split.
        most: Show no more articles than that; None for all.
    """
    return "\n".join(_split_lines(dump, choice, most))


def _split_lines(dump: Dump, choice: Choice, most: int | None) -> Iterator[str]:
    found = choice.found
    yield f"{len(dump.content):,} bytes, {dump.encoding}, {count(len(found.articles), 'article')}"
    runner_up = f"; next best: {quote(choice.runner_up)}" if choice.runner_up else ""
    yield f"layout: {quote(choice.layout or 'unsure')}, score {choice.score:.2f}{runner_up}"
    if choice.inferred:
        yield f"what recurs (confidence {choice.inferred.confidence:.2f}):"
        yield from (f"  {quote(line)}" for line in choice.inferred.evidence)
    if found.claimed is not None:
        yield f"the file says that it holds {found.claimed:,}"
    for number, article in enumerate(found.articles[:most], 1):
        paragraphs = article.body.count("\n\n") + 1 if article.body else 0
        words = len(article.body.split())
        yield f"{number:>4}  {quote(article.title or '(no title)')}"
        date = "no date" if article.published_text is None else quote(article.published_text)
        precision = f" ({article.date.precision})" if article.date else ""
        yield f"      {date}{precision}; {quote(article.outlet or 'no outlet')}"
        yield f"      {quote(', '.join(article.topics) or 'no topics')}"
        start, end = dump.byte_offset(article.start), dump.byte_offset(article.end)
        size = f"{count(paragraphs, 'paragraph')}, {count(words, 'word')}"
        yield f"      {size}, bytes {start:,} to {end:,}"
    if most is not None and len(found.articles) > most:
        yield f"      and {len(found.articles) - most:,} more; --all shows them"
    total = max(1, len(dump.text))
    sizes: Counter[str] = Counter()
    for span in found.spans:
        sizes[span.kind] += span.end - span.start
    yield "share of the text: " + ", ".join(
        f"{kind} {100 * size / total:.1f} %" for kind, size in sizes.most_common()
    )
    for doubt in found.doubts:
        yield f"{doubt.code} at byte {dump.byte_offset(doubt.start):,}: {quote(doubt.detail)}"


def write_proposals(proposals: Sequence[Proposal]) -> str:
    """Write the lines that may be boilerplate, as a person would paste them into a layout."""
    if not proposals:
        return "no line recurs across the articles beyond chance"
    from clippings.learning.expressions import write_literal
    from clippings.learning.writing import quote as quote_toml

    lines = ["# These lines recur. Put those that are no text into a layout, under [boilerplate]:"]
    lines.append("lines = [")
    for proposal in proposals:
        lines.append(f"    # {proposal.count:,} times: {quote(proposal.reason)}")
        lines.append(f"    {quote_toml(write_literal(proposal.line))},")
    return "\n".join([*lines, "]"])
