"""Score a pipeline on the dev sets: `python training/score.py [MODEL]`, a table for README.md.

What `clippings evaluate` does, on the documents that corpus.toml keeps from training.
"""

import argparse
from pathlib import Path

from corpus import read_dev
from passages import UNKNOWN, Passage
from train import DATA

from clippings.gold import GoldDocument, GoldMention
from clippings.models import find_model
from clippings.records import LABELS
from clippings.scores import judge
from clippings.tag import Tagger, load_tagger, tag


def main() -> None:
    """Print a row for each dev set, and one each for our own, the others and all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", help="a pipeline; if left out, the shipped one")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with data/*.jsonl")
    options = parser.parse_args()
    tagger = load_tagger(find_model(options.model))
    dev = read_dev(options.data, is_held_out=True)
    own = [document for name in dev if name.startswith("own ") for document in dev[name]]
    others = [document for name in dev if not name.startswith("own ") for document in dev[name]]
    print("| dev set (mentions) | PERSON | ORG | PLACE | P / R | F1 | 95 % |")
    print("|---|---|---|---|---|---|---|")
    for name, documents in (dev | {"corpora": others, "own": own, "all": others + own}).items():
        print(row(name, documents, tagger))


def row(name: str, documents: list[Passage], tagger: Tagger) -> str:
    """Return a table row: F1 by label, then precision, recall, F1 and its interval over all."""
    mentions = tag([document.text for document in documents], tagger)
    found = [[(m.start, m.end, m.label) for m in of_one] for of_one in mentions]
    scores = {score.label: score for score in judge(list(map(_as_gold, documents)), found)}
    by_label = " | ".join(f"{100 * scores[label].exact.f1:.1f}" for label in LABELS)
    total = scores["all"]
    precision, recall, f1, low, high = (
        f"{100 * share:.1f}"
        for share in (total.exact.precision, total.exact.recall, total.exact.f1, *total[2:4])
    )
    cells = (
        f"{name} ({total.exact.gold:,})",
        by_label,
        f"{precision} / {recall}",
        f"**{f1}**",
        f"{low}-{high}",
    )
    return f"| {' | '.join(cells)} |"


def _as_gold(document: Passage) -> GoldDocument:
    marked = [GoldMention(*span) for span in document.spans if span.label in LABELS]
    unknown = [(span.start, span.end) for span in document.spans if span.label == UNKNOWN]
    return GoldDocument("", document.text, tuple(marked), tuple(unknown))


if __name__ == "__main__":
    main()
