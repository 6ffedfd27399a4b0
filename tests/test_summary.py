"""The report of a run: complete, and safe to show whatever a file is called or holds."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from clippings.choose import split_best
from clippings.layouts.layout import load_layout
from clippings.pipeline import Run
from clippings.read import decode
from clippings.records import PROBLEMS, TABLES, ProblemRow
from clippings.summary import quote, write_errors, write_markdown, write_split, write_text

NASTY = [
    "<script>alert(1)</script>.txt",
    "a|b||c.txt",
    "two\nlines\r\n.txt",
    "\x1b[31mred\x1b]0;title\x07.txt",
    "`code` *bold* _it_ [link](http://x) \\ ![i](j).txt",
    "rtl\u202eoverride\u2028\x85\x00.txt",
    "&lt; &amp; #1 <b>",
    "\udcff.txt",
    "שלום 🕯.txt",
]


def problem(
    path: str, code: str = "not_text", detail: str = "expected text, found none"
) -> ProblemRow:
    kind = PROBLEMS[code]
    return ProblemRow("id", path, kind.severity, code, None, detail, kind.action)


RUN = Run(
    processed=Path("some/processed"),
    snapshot="00000042",
    is_changed=True,
    dumps={"found": 1204, "new": 1203, "changed": 0, "removed": 2, "unchanged": 1},
    rows={table: 1000 * number for number, table in enumerate(TABLES)},
    problems=(),
)


def test_the_report_for_a_terminal() -> None:
    run = replace(RUN, problems=(problem("a.txt"), problem("b.txt", "empty", "expected, found")))
    assert write_text(run).splitlines() == [
        "1,204 dumps found: 1,203 new, 2 removed, 1 unchanged.",
        "  dumps                   0 rows",
        "  articles            1,000 rows",
        "  occurrences         2,000 rows",
        "  article_topics      3,000 rows",
        "  mentions            4,000 rows",
        "  entities            5,000 rows",
        "  aliases             6,000 rows",
        "  merged              7,000 rows",
        "  stories             8,000 rows",
        "  spans               9,000 rows",
        "  problems           10,000 rows",
        "1 error and 1 warning, in full in the table problems:",
        "  error    a.txt: not_text: expected text, found none",
        f"           {PROBLEMS['not_text'].action}",
        "  warning  b.txt: empty: expected, found",
        f"           {PROBLEMS['empty'].action}",
        "The tables are in some/processed/ (new).",
        (
            "Next: do what stands below each error, then run again. `clippings inspect FILE` shows "
            "how a file is read; all other files are in the tables."
        ),
    ]


def test_a_run_with_nothing_new_says_so() -> None:
    run = replace(RUN, is_changed=False, dumps={"found": 1, "removed": 0, "unchanged": 1})
    lines = write_text(run).splitlines()
    assert lines[0] == "1 dump found: 1 unchanged."
    assert lines[-1] == "The tables are in some/processed/ (unchanged)."


def test_the_report_as_markdown() -> None:
    run = replace(RUN, problems=(problem("a.txt"),))
    text = write_markdown(run)
    assert text.startswith("1,204 dumps found: 1,203 new, 2 removed, 1 unchanged.\n")
    assert "\n\n| table | rows |\n|---|---:|\n| dumps | 0 |\n| articles | 1,000 |\n" in text
    assert "\n\n1 error.\n\n| severity | path | code | detail |\n|---|---|---|---|\n" in text
    assert "\n| error | a.txt | not_text | expected text, found none |\n\n" in text
    assert text.endswith("\n\nThe tables are in `some/processed`, snapshot 00000042.")


@pytest.mark.parametrize("write", [write_text, write_markdown])
def test_many_problems_are_cut(write: Callable[[Run], str]) -> None:
    run = replace(RUN, problems=tuple(problem(f"{number}.txt") for number in range(1234)))
    text = write(run)
    assert "1,234 errors" in text
    assert len(re.findall(r"\d+\.txt", text)) == 20
    assert "1,214 more" in text


@pytest.mark.parametrize("nasty", NASTY)
def test_a_terminal_gets_no_control_characters(nasty: str) -> None:
    plain = len(write_text(replace(RUN, problems=(problem("x"),))).splitlines())
    text = write_text(replace(RUN, problems=(problem(nasty, detail=f"found {nasty}"),)))
    assert len(text.splitlines()) == plain
    assert all(char.isprintable() or char == "\n" for char in text)
    text.encode()


@pytest.mark.parametrize("nasty", NASTY)
def test_markdown_quotes_what_files_say(nasty: str) -> None:
    run = replace(RUN, problems=(problem(nasty, detail=f"found {nasty}"),))
    [row] = [line for line in write_markdown(run).splitlines() if line.startswith("| error")]
    cells = re.split(r"(?<!\\)(?:\\\\)*\|", row)
    assert len(cells) == 6
    assert all(char.isprintable() for char in row)
    assert "<" not in row
    path = cells[2].strip()
    # Whatever could be markup has a backslash before it; without these the name stands there.
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]|]", path)
    shown = re.sub(r"\\([\\`*_|\[\]])", r"\1", path).replace("&lt;", "<").replace("&amp;", "&")
    assert shown == quote(nasty)


def test_quote_keeps_what_can_be_read() -> None:
    assert quote("שלום, “Aug. 19” — 🕯 é") == "שלום, “Aug. 19” — 🕯 é"
    assert quote("a\tb\x1b[0m\u202e\u00a0") == r"a\tb\x1b[0m\u202e\xa0"


def test_how_a_dump_splits() -> None:
    text = (
        "\nThe Road From Haifa to the Sea and Back\n\nAug. 19 2019\n\nIt was a long way, she said, "
        "and the rest of the company had gone on before her.\n\nRead more at FDD\n\n"
        "More about: Iran, Iraq\n\n\nA Title With a \x1b[31mColour and a Date\n\n"
        "In that year nobody knew of it, and none of the others had been told of it either.\n"
    )
    dump = decode(text.encode())
    lines = write_split(dump, split_best(dump.text, [load_layout("digest")])).splitlines()
    assert lines[0] == f"{len(text)} bytes, utf-8, 2 articles"
    assert lines.pop(1).startswith("layout: digest, score 0.")
    assert lines[1] == "   1  The Road From Haifa to the Sea and Back"
    assert lines[2] == "      Aug. 19 2019 (day); FDD"
    assert lines[3] == "      Iran, Iraq"
    assert re.fullmatch(r"      1 paragraph, 18 words, bytes 1 to \d+", lines[4])
    assert lines[5] == r"   2  A Title With a \x1b[31mColour and a Date"
    assert lines[6:8] == ["      no date; no outlet", "      no topics"]
    assert lines[9].startswith("share of the text: body ")
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({"dumps": {"found": 0}}, "Next: put files of articles"),
        ({"problems": (problem("a.txt"),)}, "Next: do what stands below each error"),
        ({"dumps": {"found": 2, "new": 2}}, "Next: `clippings report --processed some/processed`"),
        ({"dumps": {"found": 2, "new": 1, "unchanged": 1}}, None),
        ({"dumps": {"found": 2, "new": 2}, "is_changed": False}, None),
        ({"dumps": {"found": 2, "new": 1}, "problems": (problem("a.txt", "empty"),)}, None),
    ],
)
def test_next_step(changes: dict[str, object], step: str | None) -> None:
    last = write_text(replace(RUN, **changes)).splitlines()[-1]
    assert last.startswith(step or "The tables are in")


def test_next_step_can_be_pasted() -> None:
    run = replace(RUN, dumps={"found": 1, "new": 1}, processed=Path("a b; rm -rf \x1b[31m"))
    assert r"`clippings report --processed 'a b; rm -rf \x1b[31m'` makes" in write_text(run)
    assert r"""load("articles", processed='a b; rm -rf \x1b[31m')` opens""" in write_text(run)
    run = replace(run, processed=Path("processed"))
    assert "`clippings report` makes" in write_text(run)
    assert '`clippings.load("articles")` opens' in write_text(run)


def test_errors_are_all_written_and_nothing_else() -> None:
    problems = [problem(f"{number}.txt") for number in range(30)]
    run = replace(RUN, problems=(problem("mild.txt", "empty"), *problems))
    text = write_errors(run)
    assert len(text.splitlines()) == 2 * 30
    assert "mild.txt" not in text
