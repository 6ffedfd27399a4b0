"""The script that an analyst would write: python script.py RAW OUTPUT [loop|pipe] [MODEL]."""

import sys
from pathlib import Path

import pandas as pd

import clippings

raw, output, way = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
nlp = clippings.load_model()
texts = []
for path in sorted(raw.glob("*.txt")):
    for article in path.read_text(encoding="utf-8").split("\n\n\n"):
        if article:
            title, day, *rest = article.split("\n\n")
            # The page's own lines are short, but for the topics.
            paragraphs = [p for p in rest if len(p) > 80 and not p.startswith("More about:")]
            texts += [title, "\n\n".join(paragraphs)]
rows = []
for number, doc in enumerate(map(nlp, texts) if way == "loop" else nlp.pipe(texts, batch_size=64)):
    rows += [(number, e.start_char, e.end_char, e.text, e.label_) for e in doc.ents]
mentions = pd.DataFrame(rows, columns=["text", "start", "end", "surface", "label"])
mentions.to_parquet(output)
