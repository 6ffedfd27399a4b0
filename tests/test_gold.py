import json

import pytest

from clippings.errors import GoldError
from clippings.gold import read_gold


def marks(document):
    return [(document.text[one.start : one.end], one.label) for one in document.mentions]


def test_markup_keeps_plain_brackets_and_drops_comments(tmp_path):
    file = tmp_path / "gold.md"
    file.write_text(
        "# licence: none\nA Title\n\n[Shiite] [Kataib Hizballah](ORG) left [Iraq](PLACE)’s west.\n"
        "---\n# kind: wire\nNothing here.\n",
        encoding="utf-8",
    )
    first, second = read_gold(file)
    assert first.text == "A Title\n\n[Shiite] Kataib Hizballah left Iraq’s west."
    assert marks(first) == [("Kataib Hizballah", "ORG"), ("Iraq", "PLACE")]
    assert (second.text, second.mentions) == ("Nothing here.", ())


def test_jsonl_maps_labels_and_keeps_ignored_stretches(tmp_path):
    row = {"text": "Paris met Paris.", "ents": [[0, 5, "GPE"], [10, 15, "PER"]], "ignore": [[6, 9]]}
    also = {"text": "A DATE", "spans": [{"start": 2, "end": 6, "label": "DATE"}]}
    file = tmp_path / "gold.jsonl"
    file.write_text(json.dumps(row) + "\n\n" + json.dumps(also), encoding="utf-8")
    first, second = read_gold(file)
    assert marks(first) == [("Paris", "PLACE"), ("Paris", "PERSON")]
    assert first.ignored == ((6, 9),)
    assert second.mentions == ()


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["B-PER", "I-PER", "O", "B-LOC"], [("Benny Morris", "PERSON"), ("Haifa", "PLACE")]),
        (["I-PER", "I-PER", "O", "I-LOC"], [("Benny Morris", "PERSON"), ("Haifa", "PLACE")]),
        (["B-PER", "L-PER", "O", "U-LOC"], [("Benny Morris", "PERSON"), ("Haifa", "PLACE")]),
        (["B-PER", "B-PER", "O", "O"], [("Benny", "PERSON"), ("Morris", "PERSON")]),
    ],
)
def test_conll_in_all_its_tagging_schemes(tmp_path, tags, expected):
    words = ["Benny", "Morris", "left", "Haifa"]
    file = tmp_path / "gold.conll"
    lines = [f"{word} NN {tag}" for word, tag in zip(words, tags, strict=True)]
    file.write_text("-DOCSTART- O\n\n" + "\n".join(lines) + "\n\nAgain O\n", encoding="utf-8")
    [document] = read_gold(file)
    assert document.text == "Benny Morris left Haifa\nAgain"
    assert marks(document) == expected


def test_docbin_reads_back(tmp_path):
    import spacy
    from spacy.tokens import DocBin, Span

    doc = spacy.blank("en")("Benny Morris left Haifa")
    doc.ents = [Span(doc, 0, 2, "PERSON"), Span(doc, 3, 4, "GPE")]
    DocBin(docs=[doc]).to_disk(tmp_path / "gold.spacy")
    [document] = read_gold(tmp_path / "gold.spacy")
    assert marks(document) == [("Benny Morris", "PERSON"), ("Haifa", "PLACE")]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("gold.pdf", "", "expected one of"),
        ("gold.jsonl", '{"text": "A"}', "gold.jsonl:1: expected"),
        ("gold.jsonl", "no json", "gold.jsonl:1: expected"),
        ("gold.conll", "Haifa PLACE-B", 'found "Haifa PLACE-B"'),
        ("gold.spacy", "no DocBin", "expected a DocBin"),
        ("absent.md", None, "expected a gold file"),
    ],
)
def test_a_bad_file_says_what_was_expected(tmp_path, name, content, told):
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(GoldError, match=told):
        read_gold(tmp_path / name)
