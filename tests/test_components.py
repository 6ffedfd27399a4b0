"""The components of the shipped pipeline, on blank pipelines."""

from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span

from clippings.components import GazetteerFeatures, keep_mentions, repeat_surnames


def make_pipeline(patterns: dict[str, str]) -> Language:
    """Make a pipeline that tags each phrase with its label, wherever it stands."""
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": label, "pattern": name} for name, label in patterns.items()])
    return nlp


def test_the_last_component_keeps_trimmed_mentions() -> None:
    nlp = make_pipeline(
        {"the Knesset's": "ORG", "Rabbi Kook": "PERSON", "Haifa": "GPE", "Hebrew": "NORP"}
    )
    doc = keep_mentions(nlp("Near Haifa the Knesset's guest Rabbi Kook read Hebrew."))
    assert [(span.text, span.label_) for span in doc.ents] == [
        ("Haifa", "PLACE"),
        ("Knesset", "ORG"),
        ("Kook", "PERSON"),
    ]


def test_the_last_component_takes_an_empty_doc() -> None:
    assert keep_mentions(Doc(spacy.blank("en").vocab)).ents == ()


def test_gazetteer_features_mark_the_words_of_each_list() -> None:
    nlp = spacy.blank("en")
    features = GazetteerFeatures(nlp.tokenizer)
    features.set_lists({"P": ["Haifa", "Tel Aviv"], "S": ["Aviv"]})
    doc = features(nlp("From Tel Aviv to Haifa"))
    assert [token.tag_ for token in doc] == ["_", "Pb", "Pi+S", "_", "P"]


def test_gazetteer_features_see_through_capitals() -> None:
    nlp = spacy.blank("en")
    features = GazetteerFeatures(nlp.tokenizer)
    features.set_lists({"P": ["Addis Ababa"], "O": ["NATO", "EU"]})
    doc = features(nlp("ADDIS ABABA, Nato, NATO, EU, Eu"))
    assert [token.tag_ for token in doc if token.is_alpha] == ["Pb", "Pi", "O", "O", "O", "_"]


def test_gazetteer_features_mark_common_words_with_a_capital() -> None:
    nlp = spacy.blank("en")
    features = GazetteerFeatures(nlp.tokenizer)
    features.set_lists({"C": ["rejects", "fall"], "S": ["Fall"]})
    doc = features(nlp("Fall rejects Rejects REJECTS"))
    assert [token.tag_ for token in doc] == ["C+S", "_", "C", "C"]


SURNAMES = [
    ("Ruth Gabel spoke . Later Gabel left .", ["Ruth Gabel", "Gabel"]),
    ("Gabel left , said Ruth Gabel 's aide .", ["Gabel", "Ruth Gabel"]),
    ("Ruth Gabel spoke in Port Gabel .", ["Ruth Gabel"]),
    ("Ruth Gabel spoke at Gabel House .", ["Ruth Gabel"]),
    ("Ruth May spoke . In May she left .", ["Ruth May"]),
    ("Gabel spoke to no one .", []),
    ("Gabel spoke to Bo .", ["Bo"]),
]


@pytest.mark.parametrize(("text", "people"), SURNAMES)
def test_a_surname_goes_with_the_full_name(text: str, people: list[str]) -> None:
    nlp = make_pipeline({"Ruth Gabel": "PERSON", "Ruth May": "PERSON", "Bo": "PERSON"})
    features = GazetteerFeatures(nlp.tokenizer)
    features.set_lists({"C": ["may", "later"]})
    doc = repeat_surnames(features(nlp(text)))
    assert [(span.text, span.label_) for span in doc.ents] == [(name, "PERSON") for name in people]


def test_a_surname_marked_otherwise_follows_the_person() -> None:
    nlp = make_pipeline({"Ruth Gabel": "PERSON", "Gabel": "PERSON", "Dov": "PERSON"})
    doc = nlp("Ruth Gabel and Gabel met Gabel .")
    doc.ents = [*doc.ents[:2], Span(doc, 5, 6, "ORG")]
    assert [span.label_ for span in repeat_surnames(doc).ents] == ["PERSON"] * 3


def test_gazetteer_features_travel_with_the_pipeline(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    features = GazetteerFeatures(nlp.tokenizer)
    features.set_lists({"P": ["Haifa", "Tel Aviv"]})
    features.to_disk(tmp_path)
    from_disk = GazetteerFeatures(nlp.tokenizer).from_disk(tmp_path)
    from_bytes = GazetteerFeatures(nlp.tokenizer).from_bytes(features.to_bytes())
    for copy in (from_disk, from_bytes):
        assert [token.tag_ for token in copy(nlp("To Tel Aviv"))] == ["_", "Pb", "Pi"]
