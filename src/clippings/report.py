"""What a run did, in words: for the terminal and as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clippings.articles import Split
    from clippings.pipeline import Run
    from clippings.read import Dump

_MOST_PROBLEMS = 20


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
        for problem in run.problems[:_MOST_PROBLEMS]:
            path = quote(problem.path)
            yield f"  {problem.severity:<7}  {path}: {problem.code}: {quote(problem.detail)}"
            yield f"           {problem.action}"
        if len(run.problems) > _MOST_PROBLEMS:
            yield f"  and {len(run.problems) - _MOST_PROBLEMS:,} more"
    yield f"The tables are in {run.processed}/ ({'new' if run.is_changed else 'unchanged'})."


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
        for problem in run.problems[:_MOST_PROBLEMS]:
            path, detail = (_cell(text) for text in (problem.path, problem.detail))
            yield f"| {problem.severity} | {path} | {problem.code} | {detail} |"
        yield ""
        if len(run.problems) > _MOST_PROBLEMS:
            yield from (f"And {len(run.problems) - _MOST_PROBLEMS:,} more.", "")
    yield f"The tables are in `{run.processed}`, snapshot {run.snapshot}."


def _headline(run: Run) -> str:
    changes = ", ".join(
        f"{run.dumps[kind]:,} {kind}"
        for kind in ("new", "changed", "removed", "unchanged")
        if run.dumps.get(kind)
    )
    found = run.dumps["found"]
    return f"{found:,} dump{'' if found == 1 else 's'} found{': ' + changes if changes else ''}."


def _count_problems(run: Run) -> str:
    counts = Counter(problem.severity for problem in run.problems)
    return " and ".join(
        f"{n:,} {severity}{'' if n == 1 else 's'}" for severity, n in sorted(counts.items())
    )


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


def write_split(dump: Dump, found: Split) -> str:
    """Write how a dump splits: its articles with their fields, and what belongs to none."""
    return "\n".join(_split_lines(dump, found))


def _split_lines(dump: Dump, found: Split) -> Iterator[str]:
    yield f"{len(dump.content):,} bytes, {dump.encoding}, {len(found.articles)} articles"
    for number, article in enumerate(found.articles, 1):
        paragraphs = article.body.count("\n\n") + 1 if article.body else 0
        words = len(article.body.split())
        yield f"{number:>4}  {quote(article.title or '(no title)')}"
        date = "no date" if article.published_text is None else quote(article.published_text)
        precision = f" ({article.date.precision})" if article.date else ""
        yield f"      {date}{precision}; {quote(article.outlet or 'no outlet')}"
        yield f"      {quote(', '.join(article.topics) or 'no topics')}"
        start, end = dump.byte_offset(article.start), dump.byte_offset(article.end)
        yield f"      {paragraphs} paragraphs, {words} words, bytes {start:,} to {end:,}"
    total = max(1, len(dump.text))
    sizes: Counter[str] = Counter()
    for span in found.spans:
        sizes[span.kind] += span.end - span.start
    yield "share of the text: " + ", ".join(
        f"{kind} {100 * size / total:.1f} %" for kind, size in sizes.most_common()
    )
    for doubt in found.doubts:
        yield f"{doubt.code} at byte {dump.byte_offset(doubt.start):,}: {quote(doubt.detail)}"
