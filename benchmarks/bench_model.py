"""The shipped pipeline: size, load time, and words per second in stock spaCy on one core.

    make bench-model

Each way of running is repeated in turn; the median and the spread (least to most) are printed.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy and BLIS are loaded

import argparse
import statistics
import time
from pathlib import Path

import spacy

from clippings.gold import read_gold
from clippings.models import find_model
from clippings.tag import Tagger, load_pipeline, tag

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    model = find_model()
    size = sum(path.stat().st_size for path in model.path.rglob("*") if path.is_file())
    start = time.perf_counter()
    nlp = load_pipeline(model)
    tagger = Tagger(nlp)
    loaded = time.perf_counter() - start
    texts = [document.text for document in read_gold(ROOT / "evaluation" / "gold" / "digest.md")]
    words = sum(len(text.split()) for text in texts)
    ways = {
        "spaCy, nlp.pipe": lambda: list(nlp.pipe(texts)),
        "spaCy, nlp(text) one by one": lambda: [nlp(text) for text in texts],
        "clippings.tag": lambda: list(tag(texts, tagger)),
    }
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            speeds[name].append(words / (time.perf_counter() - start))
    print(f"spaCy {spacy.__version__}, pipeline {nlp.meta['version']}: {', '.join(nlp.pipe_names)}")
    print(f"size {size / 1e6:.1f} MB; load {loaded:.2f} s (spaCy's own import apart)")
    for name, values in speeds.items():
        spread = f"{min(values):,.0f}-{max(values):,.0f}"
        print(f"{name:<28} {statistics.median(values):>8,.0f} words/s  ({spread})")


if __name__ == "__main__":
    main()
