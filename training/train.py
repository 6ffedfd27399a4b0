"""Train the shipped pipeline: `python training/train.py`; README.md says how long it takes.

One phase over a mix of open corpora and our own documents, drawn anew in every round. The same
data and the same machine give the same weights.
"""

import argparse
import hashlib
import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import spacy
from corpus import OWN, OWN_TEXTS, PLAN, Mix, annotate, draw_round, read_mix
from lists import NAMES, build_gazetteer
from passages import Passage
from spacy.language import Language
from spacy.training import Example
from spacy.util import load_config, load_model_from_config
from thinc.api import Adam, fix_random_seed

import clippings.components  # noqa: F401  registers the components that config.cfg names

HERE = Path(__file__).parent
DATA = HERE.parent.parent / "shared" / "data" / "ner"
BUILD = HERE / "build"
MODEL = HERE.parent / "src" / "clippings" / "model"

VERSION = "0.3.0"
STEPS = 5000
BATCH_TOKENS = 1200
DROPOUT = 0.2
PEAK_RATE = 0.003
WARMUP_STEPS = 100
REPORT_EVERY = 250


def main() -> None:
    """Read the corpora, train and write the pipeline."""
    options = read_options()
    fix_random_seed(options.seed)
    mix = read_mix(options.data, is_held_out=options.hold_out)
    nlp = make_pipeline(options.build)
    optimizer = train(nlp, mix, options.steps, random.Random(options.seed))
    nlp.meta |= describe(options.data)
    write_pipeline(nlp, optimizer, options.build, options.out)


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="folder with data/*.jsonl")
    parser.add_argument("--build", type=Path, default=BUILD, help="scratch folder")
    parser.add_argument("--out", type=Path, default=MODEL, help="where the pipeline goes")
    parser.add_argument("--steps", type=int, default=STEPS, help="updates of the weights")
    parser.add_argument(
        "--hold-out", action="store_true", help="keep hold_out of corpus.toml for comparisons"
    )
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def make_pipeline(build: Path) -> Language:
    """Make the untrained pipeline of config.cfg, with the gazetteer in it."""
    nlp = load_model_from_config(load_config(HERE / "config.cfg"), auto_fill=True)
    build.mkdir(parents=True, exist_ok=True)
    gazetteer = build / "gazetteer.json"
    gazetteer.write_text(json.dumps(build_gazetteer(), ensure_ascii=False), encoding="utf-8")
    nlp.get_pipe("gazetteer_features").initialize(path=str(gazetteer))
    return nlp


def train(nlp: Language, mix: Mix, steps: int, rng: random.Random) -> Adam:
    """Train for so many updates, and return the optimizer: it holds the average of the weights."""
    optimizer = Adam(
        PEAK_RATE, L2=0.01, L2_is_weight_decay=True, grad_clip=1.0, use_averages=True, eps=1e-8
    )
    sample = list(make_examples(draw_round(mix, rng)[:300], nlp))  # holds every label
    nlp.initialize(lambda: sample, sgd=optimizer)
    loss = 0.0
    for step, batch in zip(range(1, steps + 1), draw_batches(mix, nlp, rng), strict=False):
        optimizer.learn_rate = learn_rate(step, steps)
        loss += nlp.update(batch, drop=DROPOUT, sgd=optimizer)["ner"]
        if step % REPORT_EVERY == 0:
            print(f"step {step}: loss {loss / REPORT_EVERY:.1f}", flush=True)
            loss = 0.0
    return optimizer


def learn_rate(step: int, steps: int) -> float:
    """Rise to the peak, then fall to nothing.

    >>> [round(learn_rate(step, 1100), 4) for step in (50, 100, 600, 1100)]
    [0.0015, 0.003, 0.0015, 0.0]
    """
    risen = min(1.0, step / WARMUP_STEPS)
    left = min(1.0, (steps - step) / max(1, steps - WARMUP_STEPS))
    return PEAK_RATE * min(risen, left)


def draw_batches(mix: Mix, nlp: Language, rng: random.Random) -> Iterator[list[Example]]:
    """Yield batches of about BATCH_TOKENS, round after round, without end."""
    batch: list[Example] = []
    while True:
        for example in make_examples(draw_round(mix, rng), nlp):
            batch.append(example)
            if sum(len(one.reference) for one in batch) >= BATCH_TOKENS:
                yield batch
                batch = []


def make_examples(passages: list[Passage], nlp: Language) -> Iterator[Example]:
    """Pair each passage with what the network is shown: its words and their list hits."""
    mark_list_hits = nlp.get_pipe("gazetteer_features")
    for passage in passages:
        shown = mark_list_hits(nlp.make_doc(passage.text))
        if len(shown):
            yield Example(shown, annotate(nlp.make_doc(passage.text), passage))


def describe(data: Path) -> dict[str, object]:
    """Return what meta.json says of the pipeline."""
    return {
        "name": "clippings_mentions",
        "version": VERSION,
        "description": "People, organisations and places in English news of the Middle East.",
        "author": "clippings",
        "license": "MIT; its texts and lists: training/README.md",
        "performance": {},
        "data_sha256": hash_data(data),
    }


def hash_data(data: Path) -> str:
    """Hash what is learned from: corpora, own documents, lists and the plan that mixes them."""
    corpora = [data / "data" / f"{name}.jsonl" for name in PLAN["mix"] if name != OWN]
    digest = hashlib.sha256()
    for path in [*corpora, *OWN_TEXTS, *sorted(NAMES.iterdir()), HERE / "corpus.toml"]:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.name} {content}\n".encode())
    return digest.hexdigest()


def write_pipeline(nlp: Language, optimizer: Adam, build: Path, out: Path) -> None:
    """Write the pipeline with the averaged weights."""
    with nlp.use_params(optimizer.averages):
        nlp.to_disk(build / "trained")
    # The stored vocabulary is every word of the training texts, and no weight depends on it.
    shipped = spacy.load(build / "trained", exclude=["vocab"])
    shutil.rmtree(out, ignore_errors=True)
    shipped.to_disk(out)
    shutil.copy(NAMES / "common_words.LICENCE", out)  # its terms: the notice goes with the list
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"{out}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
