"""Train the shipped pipeline: `python training/train.py` (7 to 15 minutes on two cores).

Two phases: a long one on a mix of open corpora, a short one at a lower rate on text of the kind
that we tag. The same data and the same machine give the same pipeline.
"""

import argparse
import json
import shutil
from pathlib import Path

import spacy
from corpus import write_corpora
from lists import build_gazetteer
from spacy.language import Language
from spacy.training.initialize import init_nlp
from spacy.training.loop import train
from spacy.util import load_config
from thinc.api import Config

import clippings.tag  # noqa: F401  registers the components that config.cfg names

HERE = Path(__file__).parent
DATA = HERE.parent.parent / "shared" / "data" / "ner"
BUILD = HERE / "build"
MODEL = HERE.parent / "src" / "clippings" / "model"


def main() -> None:
    """Prepare the corpora, train both phases and write the pipeline."""
    options = read_options()
    options.build.mkdir(parents=True, exist_ok=True)
    gazetteer = options.build / "gazetteer.json"
    gazetteer.write_text(json.dumps(build_gazetteer(), ensure_ascii=False), encoding="utf-8")
    write_corpora(
        options.data, options.build, is_own_taken=options.own, is_dev_held_out=options.hold_out
    )
    first = train_phase(first_phase(options.build, options.steps), options.build / "first")
    second = train_phase(
        second_phase(options.build, options.second_steps, first), options.build / "second"
    )
    write_pipeline(second, options.out)


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="folder with data/*.jsonl")
    parser.add_argument("--build", type=Path, default=BUILD, help="scratch folder")
    parser.add_argument("--out", type=Path, default=MODEL, help="where the pipeline goes")
    parser.add_argument("--own", action="store_true", help="learn from training/data/*.md too")
    parser.add_argument("--hold-out", action="store_true", help="to score on the dev set")
    parser.add_argument("--steps", type=int, default=1300, help="updates of the first phase")
    parser.add_argument("--second-steps", type=int, default=300, help="updates of the second")
    return parser.parse_args()


def first_phase(build: Path, steps: int) -> Config:
    """Return config.cfg for a new model on first.spacy."""
    return load_config(
        HERE / "config.cfg",
        overrides={
            "paths.train": str(build / "first.spacy"),
            "paths.dev": str(build / "dev.spacy"),
            "training.max_steps": steps,
            "initialize.components.gazetteer_features.path": str(build / "gazetteer.json"),
        },
    )


def second_phase(build: Path, steps: int, first: Path) -> Config:
    """Return config.cfg for more training of the model in `first` on second.spacy."""
    config = first_phase(build, steps)
    config["paths"]["train"] = str(build / "second.spacy")
    for name in ("tok2vec", "ner"):
        config["components"][name] = {"source": str(first)}
    config["training"]["batcher"]["size"]["start"] = 2400
    config["training"]["optimizer"]["learn_rate"] |= {"initial_rate": 0.002, "warmup_steps": 15}
    return config


def train_phase(config: Config, output: Path) -> Path:
    """Train one phase and return the folder of its last (averaged) weights."""
    output.mkdir(parents=True, exist_ok=True)
    train(init_nlp(config), output)
    return output / "model-last"


def write_pipeline(trained: Path, out: Path) -> None:
    """Put the component that keeps only mentions at the end, and write the pipeline."""
    # The stored vocabulary is every word of the training texts, and no weight depends on it.
    nlp = spacy.load(trained, exclude=["vocab"])
    nlp.add_pipe("mentions_only", last=True)
    describe(nlp)
    shutil.rmtree(out, ignore_errors=True)
    nlp.to_disk(out)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"{out}: {size / 1e6:.1f} MB")


def describe(nlp: Language) -> None:
    """Say what the pipeline is, and forget the paths and scores of this machine."""
    nlp.meta |= {
        "name": "clippings_mentions",
        "version": "0.1.0",
        "description": "People, organisations and places in English news of the Middle East.",
        "author": "clippings",
        "license": "MIT; its texts and lists: training/README.md",
        "performance": {},
    }
    config = nlp.config
    config["paths"] |= {"train": None, "dev": None}
    config["initialize"]["components"]["gazetteer_features"]["path"] = None
    nlp.config = config


if __name__ == "__main__":
    main()
