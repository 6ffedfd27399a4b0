"""Articles per second, memory, precision and recall of the families of near-duplicates.

    .venv/bin/python benchmarks/bench_stories.py [--count 100000] [--form mixed|copies|paywall]

Times are processor seconds of this one process and of all its threads. The articles are made up
and their families are known: copies, updates with words changed here and there, cut copies and
openings, beside bulletins that differ in their numbers, pairs that share a long quotation and
articles that are alone. `copies` are as many articles of one body; in `paywall` each is alone, but
they all end with the same paragraph. Nothing here is asserted.
"""

import argparse
import random
import resource
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

import pyarrow as pa

from clippings import stories

SYLLABLES = "ba de fi go hu ja ke li mo nu pa re si to vu wa ye zi cha sho tri gra plo sti".split()
BULLETIN = """An earthquake of magnitude {} struck {} kilometres from {} at {} local time on day {}
the institute for seismology said . It lay at a depth of {} kilometres . There were no reports of
damage or of anyone hurt . The institute asks all who felt it to fill in the form on its pages , and
reminds them that shocks may follow for some days ."""
PAYWALL = """This article is for subscribers only . To read on , log in or take out a trial
subscription for four weeks , which ends by itself . Readers of the printed paper have access at no
cost with the number that stands on every bill that we send to them"""
Article = tuple[str, str | None, str]


def make_words(rng: random.Random, count: int) -> list[str]:
    return ["".join(rng.choices(SYLLABLES, k=rng.choice((1, 2, 2, 3, 4)))) for _ in range(count)]


class Writer:
    """Writes articles whose words are as often as 1 / rank, as in a language."""

    def __init__(self, rng: random.Random, mean: int) -> None:
        self.rng, self.mean = rng, mean
        self.words = make_words(rng, 20_000)
        self.weights = []
        total = 0.0
        for rank in range(len(self.words)):
            total += 1 / (rank + 5)
            self.weights.append(total)

    def text(self, count: int) -> list[str]:
        """Draw words."""
        return self.rng.choices(self.words, cum_weights=self.weights, k=count)

    def body(self) -> list[str]:
        """Write a body of a usual length."""
        return self.text(max(45, int(self.rng.gauss(self.mean, self.mean / 4))))

    def version(self, body: list[str]) -> list[str]:
        """Copy, change up to a word in twelve, add or cut some, or take the opening."""
        kind = self.rng.choice(("copy", "edit", "add", "cut", "opening"))
        if kind == "edit":
            return [self.text(1)[0] if self.rng.random() < 1 / 12 else word for word in body]
        if kind == "add":
            place = self.rng.randrange(len(body))
            return body[:place] + self.text(len(body) // 3) + body[place:]
        if kind == "cut":
            place = self.rng.randrange(len(body) * 3 // 4)
            return body[:place] + body[place + len(body) // 4 :]
        if kind == "opening":
            return body[: max(40, len(body) // 2)]
        return body

    def bulletin(self) -> list[str]:
        """Fill in the form of an earthquake."""
        some = [self.rng.randrange(1, 400) for _ in range(5)]
        place = " ".join(make_words(self.rng, 1))
        clock = f"{self.rng.randrange(24):02}:{self.rng.randrange(60):02}"
        magnitude = f"{self.rng.randrange(2, 7)}.{self.rng.randrange(10)}"
        return BULLETIN.format(magnitude, some[0], place, clock, some[1], some[2]).split()

    def family(self) -> list[list[str]]:
        """Give the bodies of one family."""
        if self.rng.random() < 0.05:
            return [self.bulletin()]
        body = self.body()
        size = self.rng.choice((1, 1, 1, 1, 1, 1, 2, 2, 3, 5))
        return [body] + [self.version(body) for _ in range(size - 1)]


def make_articles(count: int, seed: int, mean: int, form: str) -> Iterator[tuple[str, Article]]:
    """Make articles, each with the number of its family."""
    rng = random.Random(seed)
    writer = Writer(rng, mean)
    one, number, made, quotation = writer.body(), 0, 0, writer.text(mean // 3)
    while made < count:
        if form == "copies":
            bodies, number = [one], 0
        elif form == "paywall":
            bodies = [writer.body() + PAYWALL.split()]
        else:
            bodies = writer.family()
            if len(bodies) == 1 and rng.random() < 0.1:
                bodies = [bodies[0] + quotation]
        for body in bodies[: count - made]:
            made += 1
            yield str(number), (f"{rng.getrandbits(80):020x}", f"Title {made}", " ".join(body))
        number += 1


def to_batches(articles: Iterable[Article], size: int = 10_000) -> list[pa.RecordBatch]:
    batches, waiting = [], []
    for article in articles:
        waiting.append(article)
        if len(waiting) == size:
            batches.append(to_batch(waiting))
            waiting = []
    return [*batches, to_batch(waiting)] if waiting else batches


def to_batch(articles: list[Article]) -> pa.RecordBatch:
    columns = [pa.array(column, pa.string()) for column in zip(*articles, strict=True)]
    return pa.RecordBatch.from_arrays(columns, names=["article_id", "title", "body"])


def pair_count(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)


def score(truth: dict[str, str], found: dict[str, str]) -> tuple[float, float]:
    """Give precision and recall of the pairs of articles."""
    right = pair_count(Counter((truth[key], story) for key, story in found.items()).values())
    all_found = pair_count(Counter(found.values()).values())
    all_true = pair_count(Counter(truth.values()).values())
    return right / all_found if all_found else 1.0, right / all_true if all_true else 1.0


def peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--words", type=int, default=100, help="mean words of a body")
    parser.add_argument("--form", choices=("mixed", "copies", "paywall"), default="mixed")
    parser.add_argument("--seed", type=int, default=6)
    options = parser.parse_args()

    truth: dict[str, str] = {}
    waiting: list[Article] = []
    for family, article in make_articles(options.count, options.seed, options.words, options.form):
        truth[article[0]] = family
        waiting.append(article)
    batches = to_batches(waiting)
    del waiting
    body_mb = sum(batch["body"].nbytes for batch in batches) / 1e6
    before = peak_mb()
    print(
        f"{options.count} articles, {options.form}, {body_mb:.0f} MB of bodies; "
        f"{before:.0f} MB held"
    )

    spent: dict[str, float] = defaultdict(float)
    for name in ("_sign", "_propose", "_spill", "_compare", "_choose_leaders"):
        setattr(stories, name, timed(getattr(stories, name), name, spent))
    clock, start = time.perf_counter(), time.process_time()
    found = stories.group_stories(lambda: batches)
    all_spent = time.process_time() - start
    for name, seconds in spent.items():
        print(f"{name:16} {seconds:7.2f} s")
    print(f"{'all':16} {all_spent:7.2f} s   {time.perf_counter() - clock:.2f} s by the clock")
    print(
        f"{options.count / spent['_sign']:,.0f} signatures/s, {options.count / all_spent:,.0f} all"
    )
    print(f"{peak_mb() - before:.0f} MB more at the peak")
    pairs = dict(zip(*found.to_pydict().values(), strict=True))
    precision, recall = score(truth, pairs)
    print(
        f"{found.num_rows} rows; precision {precision:.4f}, recall {recall:.4f} of pairs, ", end=""
    )
    print(f"F1 {2 * precision * recall / (precision + recall):.4f}" if precision + recall else "")


def timed(function, name, spent):  # type: ignore[no-untyped-def]
    """Add up the time that calls of a function take."""

    def call(*args):  # type: ignore[no-untyped-def]
        start = time.process_time()
        try:
            return function(*args)
        finally:
            spent[name] += time.process_time() - start

    return call


if __name__ == "__main__":
    main()
