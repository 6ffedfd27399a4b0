"""Names per second: key, blocks, every comparison within blocks, binding; cold, on one core.

    .venv/bin/python benchmarks/bench_names.py

Times are processor seconds of this one process, so that a busy machine does not count; `all` says
the clock's as well. The mentions are made up: names in several spellings, a few of them frequent
and most of them rare, as in a corpus. rapidfuzz, where it is installed, compares the same mentions
twice: the pairs of the same blocks, and all pairs of distinct surfaces. Nothing here is asserted.
"""

import argparse
import gc
import itertools
import random
import re
import time
from collections import defaultdict

from clippings import names
from clippings.aliases import find_known
from clippings.binding import Mentions, bind_mentions
from clippings.gazetteer import locate
from clippings.records import LABELS

GIVEN = """Muhammad Ahmad Ali Hassan Husayn Mahmud Khalid Walid Yusuf Ibrahim Ismail Abd_al-Rahman
Abd_al-Karim Abdullah Omar Othman Mustafa Mahdi Hadi Sadiq Qasim Jamal Kamal Nabil Samir Tariq Yasir
Nuri Haydar Salah_al-Din Yitzhak Moshe Shimon Haim Avraham David Benjamin Sergei Dmitri Yevgeny
Recep Mehmet Kemal Masud Nechirvan John George Andrew Michael Robert""".split()
ROOTS = "b d f gh h j k kh l m n q r s sh t w y z".split()
PLACES = "Tal Ayn Kafr Bayt Dayr Jabal Wadi Khan".split()
BODIES = """{} Brigade|{} Front|{} Party|Harakat {}|Jaysh al-{}|Ministry of {}|{} University|{} News
Agency""".replace("\n", " ").split("|")
MENTIONS_PER_ARTICLE = 40
SPELLINGS = [
    ("u", "o"), ("u", "ou"), ("i", "e"), ("i", "ee"), ("ay", "ei"), ("q", "k"), ("kh", "h"),
    ("al-", "el-"), ("al-", ""), ("a", "ah"), ("s", "ss"), ("j", "dj"), ("Muhammad", "Mohammed"),
    ("Ahmad", "Ahmed"), ("sh", "ch"), ("gh", "g"),
]  # fmt: skip


def make_word(rng: random.Random) -> str:
    """Make a word of three roots, in one of some Arabic and Hebrew patterns."""
    pattern = rng.choice(["{}a{}i{}", "{}u{}ay{}", "{}a{}{}an", "{}a{}u{}", "{}i{}{}i", "{}a{}{}a"])
    return pattern.format(*rng.choices(ROOTS, k=3)).capitalize()


def make_name(rng: random.Random) -> tuple[str, str]:
    """Make a label and a name."""
    label = rng.choices(LABELS, [40, 30, 30])[0]
    word = make_word(rng)
    if label == "ORG":
        return label, rng.choice(BODIES).format(word)
    if label == "PLACE":
        return label, rng.choice([word, word, f"al-{word}", f"{rng.choice(PLACES)} {word}"])
    given = rng.choice(GIVEN).replace("_", " ")
    middle = rng.choice(["", "", f" {rng.choice(GIVEN)}".replace("_", " "), f" bin {word}"])
    return label, f"{given}{middle} al-{make_word(rng)}i"


def respell(name: str, rng: random.Random) -> str:
    """Write a name in another way, now and then."""
    for old, new in rng.sample(SPELLINGS, 2):
        if rng.random() < 0.4:
            name = re.sub(f"(?<=.){old}(?=.)", new, name, count=1)
    return f"{name}’s" if rng.random() < 0.03 else name


def make_mentions(count: int, seed: int) -> list[tuple[str, str]]:
    """Make mentions, label and surface, whose names are as often as 1 / rank."""
    rng = random.Random(seed)
    pool = [make_name(rng) for _ in range(count // 10)]
    weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(pool))))
    drawn = rng.choices(pool, cum_weights=weights, k=count)
    return [(label, respell(name, rng)) for label, name in drawn]


def block(mentions: list[tuple[str, str]]) -> dict[str, set[tuple[str, str]]]:
    """Give the pairs of surfaces that share a block and not a key, by label."""
    by_label: dict[str, dict[str, str]] = {label: {} for label in LABELS}
    for label, surface in dict.fromkeys(mentions):
        by_label[label].setdefault(names.lookup_key(surface), surface)
    pairs: dict[str, set[tuple[str, str]]] = {}
    for label, by_key in by_label.items():
        blocks = defaultdict(list)
        for surface in by_key.values():
            for key in names.skeleton(surface, label):
                blocks[key].append(surface)
        pairs[label] = {
            pair for members in blocks.values() for pair in itertools.combinations(members, 2)
        }
    return pairs


def bind(mentions: list[tuple[str, str]]) -> None:
    """Bind the mentions as if they stood in articles, and print what that and the lists take."""
    labels, surfaces = zip(*mentions, strict=True)
    count = len(mentions)
    article_ids = [f"{number // MENTIONS_PER_ARTICLE:09}" for number in range(count)]
    starts = [40 * (number % MENTIONS_PER_ARTICLE) for number in range(count)]
    ends = [start + len(surface) for start, surface in zip(starts, surfaces, strict=True)]
    columns = Mentions(article_ids, ["body"] * count, starts, ends, labels, surfaces)
    start = time.process_time()
    find_known("Beirut", "PLACE")
    locate("Tripoli", ["Beirut"])
    loaded = time.process_time()
    bind_mentions(columns)
    print(f"lists    {loaded - start:6.3f} s")
    print(f"bind     {(time.process_time() - loaded) / count * 1e6:6.2f} us a mention")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=4)
    options = parser.parse_args()
    mentions = make_mentions(options.count, options.seed)
    surfaces = len(set(mentions))
    gc.collect()
    gc.freeze()  # the made-up mentions are not ours to look through

    clock = time.perf_counter()
    start = time.process_time()
    keys = [names.lookup_key(surface) for _, surface in mentions]
    keyed = time.process_time()
    pairs = block(mentions)
    blocked = time.process_time()
    same = sum(names.same_name(a, b, label) for label, each in pairs.items() for a, b in each)
    compared = time.process_time()
    pair_count = sum(map(len, pairs.values()))
    print(f"{len(mentions)} mentions, {surfaces} surfaces, {len(set(keys))} keys")
    print(f"keys     {keyed - start:6.2f} s")
    print(f"blocks   {blocked - keyed:6.2f} s   {pair_count} pairs")
    print(f"compare  {compared - blocked:6.2f} s   {same} the same")
    print(f"all      {compared - start:6.2f} s   {time.perf_counter() - clock:.2f} s by the clock")
    print(f"clippings {len(mentions) / (compared - start):>10,.0f} mentions/s, cold")
    bind(mentions)

    try:
        from rapidfuzz import process
        from rapidfuzz.distance import JaroWinkler
    except ImportError:
        print("rapidfuzz is not installed")
        return
    start = time.process_time()
    near = sum(
        JaroWinkler.similarity(a.lower(), b.lower()) >= 0.9
        for each in pairs.values()
        for a, b in each
    )
    spent = time.process_time() - start + (blocked - keyed)
    print(f"rapidfuzz {len(mentions) / spent:>10,.0f} mentions/s, our blocks; {near} the same")
    start = time.process_time()
    near = 0
    for label in LABELS:
        lower = sorted({surface.lower() for each, surface in mentions if each == label})
        for first in range(0, len(lower), 1000):
            rows = process.cdist(
                lower[first : first + 1000], lower, scorer=JaroWinkler.similarity, score_cutoff=0.9
            )
            near += int((rows > 0).sum())
        near -= len(lower)
    spent = time.process_time() - start
    print(f"rapidfuzz {len(mentions) / spent:>10,.0f} mentions/s, all pairs; {near // 2} the same")


if __name__ == "__main__":
    main()
