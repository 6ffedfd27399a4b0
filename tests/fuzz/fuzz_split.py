"""Damaged dumps of every form: no exception but ReadError, spans that tile, time in line with size.

`make fuzz` runs it. A run is told by the seed and its number alone, so that
`python tests/fuzz/fuzz_split.py --only 1234` does a single one again.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from clippings.articles import Split, squeeze
from clippings.choose import split_best
from clippings.errors import ReadError
from clippings.layouts.layout import layout_names, load_layout
from clippings.read import Dump, decode
from clippings.records import PROBLEMS, SPAN_KINDS
from clippings.split import split

ROOT = Path(__file__).parents[2]
LAYOUTS = [load_layout(name) for name in layout_names()]
LONGEST = 40_000
"""Most bytes of a dump that is made from cases; those made to be huge are longer."""
RARE = 50
"""One run in so many is on a dump that is made to be huge or deep."""
TIMED = 50
"""The time of one run in so many is measured twice: alone and on the dump repeated."""
REPEATED = 4
LEAST_SECONDS = 0.01
"""What takes less is too short to compare."""
SHAPE_BYTES = (3_000, 3_000 * REPEATED)
SHRINKING_TRIES = 1500

Mutation = Callable[[random.Random, bytes, Sequence[bytes]], bytes]


# --- laws -------------------------------------------------------------------------------------


def assert_lawful(text: str, found: Split) -> None:
    """Check everything that holds of every split of a text, by whatever layout."""
    spans = found.spans
    assert (spans[-1].end if spans else 0) == len(text), "spans end where the text ends"
    assert [span.start for span in spans] == [0, *(span.end for span in spans)][:-1], "spans tile"
    assert all(span.start < span.end for span in spans), "no span is empty"
    assert {span.kind for span in spans} <= set(SPAN_KINDS), "kinds of spans are known"
    inside: list[dict[str, list[str]]] = [{} for _ in found.articles]
    bounds: list[list[int]] = [[] for _ in found.articles]
    for span in spans:
        if span.article is None:
            assert span.kind in ("separator", "preamble", "unknown", "boilerplate"), "parts belong"
            continue
        told = squeeze(text[span.start : span.end])
        inside[span.article].setdefault(span.kind, []).append(told)
        bounds[span.article] += span.start, span.end
    assert all(left.end <= right.start for left, right in pairwise(found.articles)), "in order"
    for article, parts, bound in zip(found.articles, inside, bounds, strict=True):
        assert bound == sorted(bound), "the spans of an article are in order"
        assert (bound[0], bound[-1]) == (article.start, article.end), "its spans are all of it"
        assert bound[1:-1:2] == bound[2::2], "nothing lies between them"
        assert article.body == "\n\n".join(parts.get("body", [])), "the body is its spans"
        assert article.title is not None or article.body, "an article has title or body"
        for part in ("title", "byline", "outlet", "dateline"):
            value = getattr(article, part)
            told = " ".join(parts.get(part, []) + parts.get("date", []) * (part == "dateline"))
            assert value is None or value == squeeze(value) != "", f"{part} is canonical"
            missing = Counter((value or "").split()) - Counter(told.split())
            is_cut = part == "dateline"  # its comma may stand alone before the date
            assert value is None or is_cut or value in told, f"{part} stands in its spans"
            assert len(missing) <= 1, f"the words of {part} stand in its spans"
        printed = article.published_text
        assert article.date is None or printed, "a date is printed"
        assert printed is None or printed in " ".join(parts.get("date", [])), "date has a span"
        assert all(topic == squeeze(topic) != "" for topic in article.topics), (
            "topics are canonical"
        )
    for doubt in found.doubts:
        assert doubt.code in PROBLEMS, "codes of doubts are known"
        assert 0 <= doubt.start <= len(text), "a doubt has its place"
        assert doubt.detail, "a doubt says something"


def assert_bytes_tiled(dump: Dump, found: Split) -> None:
    """Check that the bytes of the spans are the bytes of the dump."""
    offsets = [dump.byte_offset(span.start) for span in found.spans] + [len(dump.content)]
    assert offsets == sorted(offsets), "bytes are in order"
    tiled = b"".join(dump.content[start:end] for start, end in pairwise(offsets))
    assert tiled == dump.content, "the bytes of the spans tile the dump"


def check(content: bytes, number: int = 0) -> str:
    """Read and split a dump, and check every law.

    Args:
        content: Its bytes.
        number: Tells which layout, beside the one that is chosen, splits it too.

    Returns:
        What came of it: "refused", or the name of the layout.
    """
    try:
        dump = decode(content)
    except ReadError as error:
        dump, code = None, error.code
    if dump is None:
        assert code in PROBLEMS, "codes of refusals are known"
        return "refused"
    choice = split_best(dump.text, LAYOUTS, dump.marks)
    assert_lawful(dump.text, choice.found)
    assert_bytes_tiled(dump, choice.found)
    assert 0 <= choice.score <= 1, "a score is a share"
    assert choice.runner_up is None or choice.runner_up != choice.layout, "no layout beats itself"
    other = split(dump.text, LAYOUTS[number % len(LAYOUTS)], dump.marks)
    assert_lawful(dump.text, other)
    return choice.layout or "unsure"


# --- damage -----------------------------------------------------------------------------------


def read_cases() -> list[bytes]:
    """Read every dump of the repository that is made for tests or as a sample."""
    files = [
        *(ROOT / "tests" / "cases" / "dumps").glob("*.txt"),
        *(ROOT / "tests" / "cases" / "forms").rglob("*.*"),
        *(ROOT / "raw").rglob("*.txt"),
    ]
    return [
        file.read_bytes() for file in sorted(files) if file.suffix not in (".json", ".md", ".toml")
    ]


def _place(rng: random.Random, content: bytes, longest: int) -> tuple[int, int]:
    start = rng.randrange(len(content) + 1)
    return start, min(len(content), start + rng.randrange(1, longest + 1))


def flip_bytes(rng: random.Random, content: bytes, cases: Sequence[bytes]) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 4, 40)) if content else 0):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def change_lines(rng: random.Random, content: bytes, cases: Sequence[bytes]) -> bytes:
    """Drop, double, shuffle, swap, join and indent lines."""
    lines = content.splitlines(keepends=True)
    for _ in range(rng.choice((1, 5, 50)) if lines else 0):
        if not lines:
            break
        at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        match rng.randrange(7):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[other])
            case 2:
                stretch = lines[at : at + 20]
                rng.shuffle(stretch)
                lines[at : at + 20] = stretch
            case 3:
                lines[at], lines[other] = lines[other], lines[at]
            case 4:
                lines[at] = lines[at].rstrip(b"\r\n")
            case 5:
                lines[at] = b" " * rng.randrange(40) + lines[at]
            case 6:
                lines.insert(at, rng.choice((b"\n", b"\n\n\n", b"\f", b" \xc2\xa0\n", b"\t\r\n")))
    return b"".join(lines)


def splice(rng: random.Random, content: bytes, cases: Sequence[bytes]) -> bytes:
    """Put pieces of another dump, of whatever form, into this one."""
    for _ in range(rng.choice((1, 3, 10))):
        other = rng.choice(cases)
        start, end = _place(rng, other, 5_000)
        at, stop = _place(rng, content, 1_000)
        content = content[:at] + other[start:end] + content[rng.choice((at, stop)) :]
    return content


def cut(rng: random.Random, content: bytes, cases: Sequence[bytes]) -> bytes:
    """Keep a stretch of a dump, or leave one out."""
    start, end = _place(rng, content, max(1, len(content) // rng.choice((1, 3, 50))))
    return rng.choice((content[start:end], content[:start] + content[end:], content[:end]))


def recode(rng: random.Random, content: bytes, cases: Sequence[bytes]) -> bytes:
    """Write a dump in another encoding, or a part of it."""
    text = content.decode("utf-8", "replace")
    codec = rng.choice(("utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-8-sig", "gbk", "utf-32"))
    coded = text.encode(codec, "replace")
    start, end = _place(rng, coded, 2_000)
    return rng.choice((coded, content + coded[start:end], coded[start:end] + content))


def write_bytes(rng: random.Random, content: bytes, cases: Sequence[bytes]) -> bytes:
    """Put random bytes into a dump, or nothing but these."""
    noise = rng.randbytes(rng.choice((1, 10, 300)))
    at = rng.randrange(len(content) + 1)
    return rng.choice((content[:at] + noise + content[at:], noise, content[:at] + noise))


_BLOCKS_OF_UNICODE = (
    (0x20, 0x7F),
    (0xA0, 0x250),
    (0x590, 0x700),
    (0x2000, 0x2070),
    (0x4E00, 0x5000),
)
_ODD_CHARACTERS = (
    "\u00a0\ufeff\u2028\u2029\x85\x0b\x1c\x1e\u200b\u0130\u1e9e\ufb01\U0001f600\u0301\ufffd"
)


def write_characters(rng: random.Random, content: bytes, cases: Sequence[bytes]) -> bytes:
    """Put random characters into a dump, odd white space and digits of other scripts above all."""
    text = list(content.decode("utf-8", "replace"))
    for _ in range(rng.choice((1, 20, 300))):
        low, high = rng.choice(_BLOCKS_OF_UNICODE)
        made = rng.choice((chr(rng.randrange(low, high)), rng.choice(_ODD_CHARACTERS), "\n", "٣²"))
        text.insert(rng.randrange(len(text) + 1), made)
    return "".join(text).encode()


def change_breaks(rng: random.Random, content: bytes, cases: Sequence[bytes]) -> bytes:
    """Give a dump other line ends, no blank lines, or too many."""
    one, other = rng.choice(
        (
            *((b"\n", b"\r\n"), (b"\n", b"\r"), (b"\n\n", b"\n"), (b"\n", b"\n\n")),
            *((b"\n", b" \n "), (b"\n", b"\f"), (b"\n", b"\n\r\n"), (b"\n", b" ")),
            *((b" ", b"\n"), (b" ", b"\xc2\xa0")),
        )
    )
    return content.replace(one, other)


def change_digits(rng: random.Random, content: bytes, cases: Sequence[bytes]) -> bytes:
    """Change numbers: of articles, of days, of claims."""
    digits = [at for at, byte in enumerate(content) if 48 <= byte < 58]
    changed = bytearray(content)
    for at in rng.sample(digits, min(len(digits), rng.choice((1, 10, 200)))):
        changed[at] = rng.choice(b"0123456789")
    return bytes(changed)


MUTATIONS: tuple[Mutation, ...] = (
    *(flip_bytes, change_lines, change_lines, splice, splice, cut, recode, write_bytes),
    *(write_characters, change_breaks, change_digits),
)


UNITS = (
    *(
        b"a",
        b"a ",
        b" ",
        b"\xc2\xa0",
        b"\t",
        b"\n",
        b"\r",
        b"\r\n",
        b"\f",
        b"\n ",
        b"- ",
        b".",
        b'."',
    ),
    *(
        b"---\n",
        b"May 2019\n",
        b"word\n\n",
        b"ABCDE: ",
        b"X:\n",
        b"A,\n",
        b"A, 3 MAY 89 (",
        b"((",
        b"[",
    ),
    *(b"HEADLINE: ", b"HEADLINE:\n", b"SECTION: A\n", b"LOAD-DATE: x\n\n", b"Copyright 2010 "),
    *(b"1 of 1 DOCUMENTS ", b"1 of 9 DOCUMENTS\n", b"1 of 9 DOCUMENTS\n\nx\n", b"1-2 of "),
    *(b"error in this document ", b"1 of 9 DOCUMENTS\nerror in this document\n"),
    *(b"*TEXT 017 01/04/63 ", b"*TEXT 1 01/04/63\nx\n*STOP\n", b"DEV-MUC3-0001\n", b"*STOP\n"),
    *(b"From a ", b"From a Thu 12:00\nA:", b"Subject: a\n", b"<p>", b"<p class=articleParagraph>a"),
    *(b"<div>", b"<div class=article>", b"<b>", b"&amp;", b"<", b"<h1>a</h1>"),
)
"""What a dump that is made to be slow consists of."""
OPENINGS = (
    b"",
    b"1 of 9 DOCUMENTS\n\n",
    b"1 of 9 DOCUMENTS\n\nA\n\nMay 3 2019\n\nB\n\nBYLINE: C\n\nD.\n\n",
    b"DEV-MUC3-0001\n\n",
    b"*TEXT 017 01/04/63\n",
    b"From: a@b\nMessage-ID: <1@b>\nSubject: c\n\n",
    b"From a@b Thu Jan  3 12:00:00 2002\nSubject: c\n\n",
    b"<html><body><div class=article><h1>A</h1>",
    b"Title\n\nMay 3 2019\n\nText of it.\n\nRead more at ",
)


def make_huge(rng: random.Random, cases: Sequence[bytes]) -> bytes:
    """Make a dump that is long or deep: huge lines, a million line ends, nested HTML and MIME."""
    count = rng.choice((1_000, 20_000))
    opened = rng.choice((b"<div>", b"<table><tr><td>", b"<ul><li>", b"<div class=article>", b"<b>"))
    part = b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n"
    unit = rng.choice(UNITS)
    long = unit * (1_000_000 if unit in (b"\n", b"\r", b"a") else count)
    case = rng.choice(cases)[:LONGEST]
    at = rng.randrange(len(case) + 1)
    return rng.choice(
        (
            rng.choice(OPENINGS) + long,
            case[:at] + long,
            case[:at] + long + case[at:],
            b"<html><body>" + opened * count + b"Words of an article." + case[:at],
            b"From: a@b\nMessage-ID: <1@b>\nSubject: c\n"
            + b"".join(part % (depth, depth) for depth in range(count // 100))
            + case[:at],
            b"From a@b Thu Jan  3 12:00:00 2002\nSubject: a\n\nb\n\n" * (count // 20),
        )
    )


def make_dump(cases: Sequence[bytes], seed: int, number: int) -> bytes:
    """Make the dump of a run."""
    rng = random.Random(f"{seed}:{number}")
    if number % RARE == RARE - 1:
        return make_huge(rng, cases)
    content = rng.choice(cases)
    if len(content) > LONGEST:
        start = rng.randrange(len(content) - LONGEST)
        content = content[start : start + LONGEST]
    for _ in range(rng.randrange(1, 4)):
        content = rng.choice(MUTATIONS)(rng, content, cases)
    return content[: 2 * LONGEST]


# --- runs -------------------------------------------------------------------------------------


def shrink(content: bytes, is_bad: Callable[[bytes], bool]) -> bytes:
    """Leave out whatever can be left out of a dump that fails."""
    tries = SHRINKING_TRIES
    size = max(1, len(content) // 2)
    while size and tries > 0:
        at, is_shorter = 0, False
        while at < len(content) and tries > 0:
            shorter = content[:at] + content[at + size :]
            tries -= 1
            if is_bad(shorter):
                content, is_shorter = shorter, True
            else:
                at += size
        size = size // 2 if not is_shorter or size > 1 else size
    return content


def try_out(content: bytes, number: int) -> str:
    """Check a dump: what came of it, or "FAULT", what is wrong and where."""
    try:
        return check(content, number)
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        return f"FAULT {type(error).__name__}: {error} ({place})"


def measure(content: bytes) -> float:
    """Give the least of two times that reading and splitting a dump takes, in seconds."""
    least = float("inf")
    for _ in range(2):
        start = time.process_time()
        try:
            dump = decode(content)
            split_best(dump.text, LAYOUTS, dump.marks)
        except ReadError:
            pass
        least = min(least, time.process_time() - start)
    return least


def compare_shapes() -> list[tuple[float, float, bytes]]:
    """Measure dumps that are made to be slow, and four times as long ones.

    Returns:
        Of each the ratio of the times per byte, the longer time in seconds, and how it begins; the
        worst first.
    """
    found = []
    for opening in OPENINGS:
        for unit in UNITS:
            short, long = (opening + unit * (size // len(unit)) for size in SHAPE_BYTES)
            seconds = max(measure(short), LEAST_SECONDS / REPEATED)
            longer = measure(long)
            found.append((longer / seconds / REPEATED, longer, opening + unit * 2))
    return sorted(found, reverse=True)


def compare_runs(
    cases: Sequence[bytes], seed: int, numbers: Iterable[int]
) -> Iterator[tuple[float, int, int, float, float]]:
    """Measure the dumps of some runs, alone and repeated.

    Yields:
        Of each that takes long enough: the ratio of the times per byte, the number of the run,
        bytes, seconds, megabytes a second.
    """
    for number in numbers:
        content = make_dump(cases, seed, number)
        if try_out(content, number).startswith("FAULT"):
            continue
        seconds = measure(content)
        if seconds >= LEAST_SECONDS:
            ratio = measure(content * REPEATED) / seconds / REPEATED
            yield ratio, number, len(content), seconds, len(content) / seconds / 1e6


def main() -> int:
    """Run the checks and print what came of them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="number of a single run")
    arguments = parser.parse_args()
    cases, seed = read_cases(), arguments.seed
    numbers = range(arguments.runs) if arguments.only is None else [arguments.only]
    outcomes: Counter[str] = Counter()
    faults: dict[str, int] = {}
    for number in numbers:
        outcome = try_out(make_dump(cases, seed, number), number)
        if outcome.startswith("FAULT") and outcome not in faults:
            faults[outcome] = number
            print(f"run {number}: {outcome}", flush=True)
        outcomes[outcome if not outcome.startswith("FAULT") else "FAULT"] += 1
    for fault, number in faults.items():
        content = make_dump(cases, seed, number)
        least = shrink(content, lambda shorter, n=number, f=fault: try_out(shorter, n) == f)
        print(f"run {number}, made as small as it goes: {fault}\n    {least[:600]!r}")
    told = ", ".join(f"{name} {count:,}" for name, count in sorted(outcomes.items()))
    print(f"{len(numbers):,} runs, seed {seed}: {told}", flush=True)
    print(
        f"\nTime of {REPEATED} times the bytes, divided by {REPEATED} times the time: 1 is linear."
    )
    compared = sorted(compare_runs(cases, seed, numbers[::TIMED]), reverse=True)
    if compared:
        ratios, speeds = [each[0] for each in compared], [each[4] for each in compared]
        print(f"{len(compared):,} runs: median {statistics.median(ratios):.2f}, worst:")
        for ratio, number, size, seconds, _ in compared[:5]:
            print(f"    {ratio:6.2f}  run {number}, {size:,} bytes, {seconds:.3f} s")
        print(f"    {statistics.median(speeds):.2f} MB/s in the middle, {min(speeds):.2f} at worst")
    if arguments.only is None:
        shapes = compare_shapes()
        print(f"{len(shapes):,} shapes made to be slow, the worst:")
        for ratio, longer, shape in shapes[:8]:
            print(f"    {ratio:6.2f}  {longer:.3f} s for {SHAPE_BYTES[1]:,} bytes: {shape!r} ...")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
