"""The fast engine: its entities are spaCy's, for every pipeline that it takes and every text."""

from __future__ import annotations

import random
import re
from array import array
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.ml.featureextractor import FeatureExtractor
from spacy.ml.models.tok2vec import MaxoutWindowEncoder, build_Tok2Vec_model
from spacy.tokens import Doc, Span
from thinc.api import (
    HashEmbed,
    Maxout,
    Model,
    chain,
    concatenate,
    list2ragged,
    ragged2list,
    with_array,
)

from clippings import components, fast
from clippings.fast import FastRecognizer, UnknownShapeError, read_entities
from clippings.fast import moves as moves_of
from clippings.fast.plain import leaves_letters_whole
from clippings.fast.tables import Tables
from clippings.fast.vectors import Embeddings, Vectors
from clippings.fast.words import Words
from clippings.models import find_model
from clippings.tag import Tagger, load_pipeline, tag

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
ENTITIES = ("PERSON", "GPE", "ORG", "X")
HASHES = {
    "@architectures": "spacy.MultiHashEmbed.v2",
    "width": 32,
    "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
    "rows": [500, 100, 100, 100],
    "include_static_vectors": False,
}
WINDOWS = {
    "@architectures": "spacy.MaxoutWindowEncoder.v2",
    "width": 32,
    "window_size": 1,
    "maxout_pieces": 3,
    "depth": 2,
}
TOK2VEC = {"@architectures": "spacy.Tok2Vec.v2", "embed": HASHES, "encode": WINDOWS}
PARSER = {
    "@architectures": "spacy.TransitionBasedParser.v2",
    "state_type": "ner",
    "extra_state_tokens": False,
    "hidden_width": 24,
    "maxout_pieces": 2,
    "use_upper": True,
}
LISTENER = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32, "upstream": "*"}


def make_pipeline(
    *,
    seed: int = 0,
    embed: dict[str, Any] | None = None,
    encode: dict[str, Any] | None = None,
    parser: dict[str, Any] | None = None,
    is_listening: bool = False,
    before: tuple[str, ...] = (),
    after: tuple[str, ...] = (),
) -> Language:
    """Make a pipeline with weights drawn at random, which finds entities everywhere."""
    windows = WINDOWS | (encode or {})
    windows = {name: value for name, value in windows.items() if value is not None}
    tok2vec = TOK2VEC | {"embed": HASHES | (embed or {}), "encode": windows}
    nlp = spacy.blank("en")
    for name in before:
        nlp.add_pipe(name)
    if is_listening:
        nlp.add_pipe("tok2vec", config={"model": tok2vec})
    model = PARSER | {"tok2vec": LISTENER if is_listening else tok2vec} | (parser or {})
    ner = nlp.add_pipe("ner", config={"model": model})
    for label in ENTITIES:
        ner.add_label(label)
    for name in after:
        nlp.add_pipe(name)
    for name in ("tagger", "textcat"):
        if name in nlp.pipe_names:
            nlp.get_pipe(name).add_label("A")
            nlp.get_pipe(name).add_label("B")
    nlp.initialize()
    draw_weights(nlp, seed)
    return nlp


def draw_weights(nlp: Language, seed: int) -> None:
    """Give the recogniser and what it listens to weights that no training gave."""
    rng = np.random.default_rng(seed)
    models = [nlp.get_pipe(name).model for name in ("tok2vec", "ner") if name in nlp.pipe_names]
    for node in {id(node): node for model in models for node in model.walk()}.values():
        for name in node.param_names:
            shape = node.get_param(name).shape
            scale = 1.0 if len(shape) == 1 or node.name == "hashembed" else 2 / shape[-1] ** 0.5
            node.set_param(name, (rng.normal(size=shape) * scale).astype(np.float32))


def ask_spacy(nlp: Language, texts: list[str]) -> list[list[fast.Entity]]:
    with nlp.memory_zone():
        return [read_entities(nlp(text)) for text in texts]


def ask_fast(nlp: Language, texts: list[str]) -> list[list[fast.Entity]]:
    recognizer = FastRecognizer(nlp)
    with nlp.memory_zone():
        return recognizer.find(texts)


def read_samples() -> list[str]:
    dumps = sorted((ROOT / "raw").glob("*.txt")) + sorted(
        (ROOT / "tests/cases/dumps").glob("*.txt")
    )
    return [
        part
        for path in dumps
        for part in path.read_text(encoding="utf-8", errors="replace").split("\n\n\n")
        if part
    ]


@pytest.fixture(scope="module")
def samples() -> list[str]:
    return read_samples()


@pytest.fixture(scope="module")
def shipped() -> Language:
    return load_pipeline(find_model())


# The shipped pipeline


@pytest.mark.model
def test_the_entities_of_the_samples_are_those_of_spacy(
    shipped: Language, samples: list[str]
) -> None:
    texts = samples[::5]
    expected = ask_spacy(shipped, texts)
    assert sum(map(len, expected)) > 150
    recognizer = FastRecognizer(shipped)
    for size in (1, 3, 32, 256):
        found = []
        for start in range(0, len(texts), size):
            with shipped.memory_zone():
                found += recognizer.find(texts[start : start + size])
        assert found == expected


@pytest.mark.model
@pytest.mark.skipif(not SHARED.is_dir(), reason="the data are not part of the repository")
def test_the_entities_of_wires_are_those_of_spacy(shipped: Language) -> None:
    [path, *_] = sorted((SHARED / "dumps" / "newswire").glob("*.txt"))
    texts = path.read_text(encoding="utf-8", errors="replace").split("\n\n\n")[:60]
    assert ask_fast(shipped, texts) == ask_spacy(shipped, texts)


@pytest.mark.model
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_entities_of_any_text_are_those_of_spacy(data: st.DataObject) -> None:
    shipped = load_pipeline(find_model())
    words = st.sampled_from(
        [
            *("Yair", "Lapid", "Gaza", "the", "I", "a", "a.m.", ".m.", ":)", "-", ")", "'s", "."),
            *("U.S.", "ISIS", "don't", "\n\n", "\n", "\t", "\xa0", "\u2003", "حلب", "北京", "🕊️"),
        ]
    )
    parts = st.lists(st.one_of(words, st.text(max_size=12)), max_size=60)
    texts = data.draw(st.lists(parts.map(" ".join), max_size=4))
    assert ask_fast(shipped, texts) == ask_spacy(shipped, texts)


@pytest.mark.model
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n",
        "Gaza",
        " Gaza",
        "Gaza ",
        "Gaza\n",
        "\n\nGaza",
        "Gaza  Haifa",
        "\u200b",
        "\x00",
    ],
)
def test_edges_of_texts(shipped: Language, text: str) -> None:
    assert ask_fast(shipped, [text]) == ask_spacy(shipped, [text])


@pytest.mark.model
def test_a_long_text(shipped: Language, samples: list[str]) -> None:
    text = "\n\n".join(samples[:40])
    assert len(shipped.make_doc(text)) > 5000
    assert ask_fast(shipped, [text]) == ask_spacy(shipped, [text])


# Pipelines of others

SHAPES: dict[str, dict[str, Any]] = {
    "inline": {},
    "listening": {"is_listening": True},
    "deep and narrow": {"encode": {"depth": 5, "maxout_pieces": 2}},
    "one layer": {"encode": {"depth": 1}},
    "wide window": {"encode": {"window_size": 2}},
    "wider window": {"encode": {"window_size": 3, "depth": 3}},
    "one attribute": {"embed": {"attrs": ["ORTH"], "rows": [300]}},
    "numbered attributes": {"embed": {"attrs": [spacy.attrs.LOWER, "SHAPE"], "rows": [300, 90]}},
    "one piece": {"parser": {"maxout_pieces": 1}},
    "three pieces": {"parser": {"maxout_pieces": 3}},
    "no upper layer": {"parser": {"use_upper": False}},
    "sentences first": {"before": ("sentencizer",)},
    "spaces as features": {"embed": {"attrs": ["NORM", "SPACY"], "rows": [300, 9]}},
    "tagger behind": {"is_listening": True, "after": ("tagger",)},
    "rules of ours": {"before": ("gazetteer_features",), "after": ("repeat_surnames",)},
    "all of ours": {"is_listening": True, "after": ("repeat_surnames", "mentions_only")},
    "merged entities": {"after": ("merge_entities",)},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_any_known_shape_gives_the_entities_of_spacy(shape: str, samples: list[str]) -> None:
    nlp, expected = make_pipeline(**SHAPES[shape]), []
    texts = samples[:20]
    for seed in range(30):  # some weights find one entity, as long as the text, or none
        draw_weights(nlp, seed)
        if sum(map(len, ask_spacy(nlp, texts[:3]))) > 30:
            expected = ask_spacy(nlp, texts)
            break
    assert sum(map(len, expected)) > 100
    assert ask_fast(nlp, texts) == expected


def test_a_component_in_the_place_of_the_recogniser(samples: list[str]) -> None:
    nlp = make_pipeline()
    recognizer = FastRecognizer(nlp)
    for text in samples[:5]:
        doc = recognizer(nlp.make_doc(text))
        assert read_entities(doc) == read_entities(nlp(text))
        assert doc.has_annotation("ENT_IOB")


def test_no_documents() -> None:
    assert FastRecognizer(make_pipeline()).annotate([]) == []


def test_entities_of_before_are_kept_by_spacy(samples: list[str]) -> None:
    nlp = make_pipeline(before=("entity_ruler",))
    nlp.get_pipe("entity_ruler").add_patterns([{"label": "X", "pattern": "the"}])
    assert ask_fast(nlp, samples[:9]) == ask_spacy(nlp, samples[:9])


def test_sentences_end_entities(samples: list[str]) -> None:
    plain, cut = make_pipeline(), make_pipeline(before=("sentencizer",))
    assert ask_spacy(plain, samples[:20]) != ask_spacy(cut, samples[:20])


@pytest.mark.parametrize(
    ("expected", "make"),
    [
        ("one entity recogniser, found 0", lambda: spacy.blank("en")),
        ("extra_state_tokens = false", lambda: make_pipeline(parser={"extra_state_tokens": True})),
        (
            "MaxoutWindowEncoder",
            lambda: make_pipeline(
                encode={"@architectures": "spacy.MishWindowEncoder.v2", "maxout_pieces": None}
            ),
        ),
        ("beam_width = 1", lambda: with_beam(make_pipeline())),
        ("trained on all its labels", lambda: with_label(make_pipeline())),
        ("float32 on the CPU", lambda: with_doubles(make_pipeline())),
    ],
)
def test_another_shape_is_told_and_spacy_tags(
    expected: str, make: Callable[[], Language], samples: list[str]
) -> None:
    nlp = make()
    with pytest.raises(UnknownShapeError, match=expected):
        FastRecognizer(nlp)
    tagger = Tagger(nlp)
    assert tagger.reason is not None
    assert expected in tagger.reason
    assert list(tag(samples[:3], tagger)) == list(tag(samples[:3], Tagger(nlp, engine="spacy")))


def with_beam(nlp: Language) -> Language:
    nlp.get_pipe("ner").cfg["beam_width"] = 2
    return nlp


def with_label(nlp: Language) -> Language:
    nlp.get_pipe("ner").add_label("NEW")
    return nlp


def with_doubles(nlp: Language) -> Language:
    for node in nlp.get_pipe("ner").model.walk():
        if node.name == "maxout":
            node.set_param("b", node.get_param("b").astype(np.float64))
    return nlp


def test_spacy_can_be_asked_for() -> None:
    tagger = Tagger(make_pipeline(), engine="spacy")
    assert tagger.reason == "asked for"


# What is too close to call


def test_what_is_too_close_to_call_is_left_to_spacy(
    samples: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    nlp = make_pipeline()
    expected = ask_spacy(nlp, samples[:9])
    asked: list[str] = []
    call = Language.__call__
    monkeypatch.setattr(
        Language, "__call__", lambda self, text: asked.append(text) or call(self, text)
    )
    assert ask_fast(nlp, samples[:9]) == expected
    few = len(asked)
    monkeypatch.setattr(moves_of, "CLOSE", 0.5)
    asked.clear()
    assert ask_fast(nlp, samples[:9]) == expected
    assert few < len(asked) == 9


def test_scores_that_are_no_numbers_are_left_to_spacy(samples: list[str]) -> None:
    nlp = make_pipeline()
    for node in nlp.get_pipe("ner").model.walk():
        if node.name == "linear":
            node.set_param("b", np.full_like(node.get_param("b"), np.nan))
    assert ask_fast(nlp, samples[:3]) == ask_spacy(nlp, samples[:3])


def test_a_document_may_be_empty() -> None:
    nlp = make_pipeline(seed=1)
    assert FastRecognizer(nlp)(nlp.make_doc("")).ents == ()


@pytest.mark.model
def test_rounding_is_far_below_what_is_too_close(shipped: Language, samples: list[str]) -> None:
    recognizer = FastRecognizer(shipped)
    ner, found = shipped.get_pipe("ner"), recognizer._moves
    for text in samples[:20]:
        doc = shipped.make_doc(text)
        for name in ("gazetteer_features", "tok2vec"):
            doc = shipped.get_pipe(name)(doc)
        step = ner.model.predict([doc])
        states = np.full((len(doc), 3), -1, np.int32)
        states[:, 0] = np.arange(len(doc))
        expected, _ = step.vec2scores(step.state2vec.predict(states), False)
        attrs = doc.to_array(recognizer._vectors.columns).astype(np.uint64)
        words = Embeddings(recognizer._vectors)
        words.add(attrs)
        vectors = recognizer._vectors.encode(words, np.arange(len(doc)), np.array([0, len(doc)]))
        scores = found.score(vectors).T
        expected = expected[:, found.closed]
        assert np.max(np.abs(scores - expected) / (1 + np.abs(expected))) < moves_of.CLOSE / 5


def make_embedding(places: list[int], widths: list[int]) -> Model[Any, Any]:
    """A `tok2vec` whose tables of hashes read what stands at some places of the attributes."""
    tables = [
        HashEmbed(width, 500, column=place, seed=seed, dropout=0.0)
        for seed, (place, width) in enumerate(zip(places, widths, strict=True))
    ]
    embed = chain(
        FeatureExtractor(["NORM", "SHAPE", "SUFFIX"][: max(places) + 1]),
        list2ragged(),
        with_array(concatenate(*tables)),
        with_array(Maxout(16, sum(widths), nP=3, dropout=0.0, normalize=True)),
        ragged2list(),
    )
    encode = MaxoutWindowEncoder(width=16, window_size=1, maxout_pieces=3, depth=1)
    model = build_Tok2Vec_model(embed, encode)
    model.initialize(X=[blank().make_doc("a")])
    return model


@pytest.mark.parametrize("words", ["", "Haifa", "the Cat sat on the mat in Paris, he said."])
@pytest.mark.parametrize("width", [16, 5])
def test_words_are_embedded_as_by_the_model(words: str, width: int) -> None:
    model = make_embedding([0, 1, 2], [width] * 3)
    vectors, doc = Vectors(model), blank().make_doc(words)
    attrs = doc.to_array(vectors.columns).astype(np.uint64).reshape(len(doc), 3)
    [expected] = model.get_ref("embed").predict([doc])
    assert np.allclose(vectors.embed(attrs), expected.reshape(-1, 16), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("places", "widths"), [([1, 0], [8, 8]), ([0, 0], [8, 8]), ([0, 1], [8, 24]), ([1], [16])]
)
def test_tables_of_other_attributes_are_told(places: list[int], widths: list[int]) -> None:
    with pytest.raises(UnknownShapeError, match="in their order"):
        Vectors(make_embedding(places, widths))


# Words


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=5))
def test_words_are_those_of_the_tokenizer(texts: list[str]) -> None:
    check_words(texts)


@pytest.mark.parametrize(
    "text",
    [
        ": - )",
        "a .m.",
        "a.m .",
        "I 'm :-) )",
        "x:) y",
        "don 't",
        "10 p.m . on",
        ":-\u2003)",
        "(c) :)A",
        "A:) -:",
    ],
)
def test_special_cases_across_spaces(text: str) -> None:
    check_words([text, f"so {text} it", f"{text}{text}"])


@pytest.mark.parametrize("language", ["en", "de", "fr", "he", "ar", "xx"])
def test_a_tokenizer_leaves_letters_whole(language: str) -> None:
    assert leaves_letters_whole(spacy.blank(language).tokenizer)


@pytest.mark.parametrize(
    "rule", ["q", "(?<=[a-z])(?=[A-Z])", "[^0-9]q", r"\wq", "(?:q|-)", "q?-?", ".", "(?i)\u212a"]
)
@pytest.mark.parametrize("place", ["prefix_search", "suffix_search", "infix_finditer"])
def test_a_tokenizer_that_may_part_letters_is_asked(place: str, rule: str) -> None:
    nlp = spacy.blank("en")
    method = "finditer" if place == "infix_finditer" else "search"
    setattr(nlp.tokenizer, place, getattr(re.compile(rule), method))
    assert not leaves_letters_whole(nlp.tokenizer)
    check_words(["aqua qAb Kab Kk q zqQ", "aqua qAb Kab Kk q zqQ cannot gonna"], nlp)


def test_an_attribute_that_somebody_set_counts() -> None:
    nlp = spacy.blank("en")
    nlp.vocab["sheqel"].norm_ = "shekel"
    nlp.tokenizer.add_special_case("dunam", [{"ORTH": "dun"}, {"ORTH": "am", "NORM": "dunam"}])
    check_words(["a sheqel a dunam", "dunam sheqel"], nlp)


@pytest.mark.parametrize(
    ("place", "rule"),
    [
        ("prefix_search", "[,.]"),  # wherever it stands
        ("suffix_search", "[a-z],$"),
        ("suffix_search", "(?<=[A-Z])\\.$|é$|1$"),
        ("suffix_search", "9$"),
        ("token_match", "[a-z]+[,.]$"),
        ("url_match", "[a-z]+[,.]$"),
    ],
)
def test_a_sign_is_cut_off_as_the_tokenizer_does(place: str, rule: str) -> None:
    nlp = spacy.blank("en")
    method = "match" if place.endswith("_match") else "search"
    setattr(nlp.tokenizer, place, getattr(re.compile(rule), method))
    nlp.tokenizer.add_special_case("dunam,", [{"ORTH": "dunam,"}])
    nlp.tokenizer.add_special_case("!", [{"ORTH": "!", "NORM": "wow"}])
    nlp.vocab[";"].norm_ = "semicolon"
    text = (
        "aqua, aqua. ZOK, ZOK. ZOK; dunam, dunam. dunam; qané q1 q. , Jan. can't. oh! we; cannot,"
    )
    check_words([text, text.replace(" ", "  "), text.replace(" ", "")], nlp)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text("abcdelmnoprstuxyzABIK'., ", max_size=60), max_size=5))
def test_words_of_letters_are_those_of_the_tokenizer(texts: list[str]) -> None:
    check_words(texts)


@cache
def blank() -> Language:
    return spacy.blank("en")


def check_words(texts: list[str], nlp: Language | None = None) -> None:
    nlp = nlp or blank()
    columns = [spacy.attrs.NORM, spacy.attrs.SHAPE]
    words = Words(nlp, columns)
    for batch in (texts, texts[::-1]):
        sheet = words.read(batch)
        for text, a, b in zip(batch, sheet.bounds, sheet.bounds[1:], strict=False):
            doc = nlp.make_doc(text)
            places = list(zip(sheet.starts[a:b].tolist(), sheet.ends[a:b].tolist(), strict=True))
            assert places == [(token.idx, token.idx + len(token)) for token in doc]
            assert [words.texts[row] for row in sheet.rows[a:b]] == [token.text for token in doc]
            attrs = doc.to_array([*columns, spacy.attrs.IS_SPACE]).astype(np.uint64)
            assert np.array_equal(words.attrs[sheet.rows[a:b]], attrs.reshape(len(doc), 3)[:, :2])
            assert words.is_space[sheet.rows[a:b]].tolist() == [token.is_space for token in doc]


def test_words_are_forgotten_in_time(monkeypatch: pytest.MonkeyPatch, samples: list[str]) -> None:
    monkeypatch.setattr("clippings.fast.whole.MOST_WORDS", 500)
    nlp = make_pipeline(before=("gazetteer_features",))
    recognizer = FastRecognizer(nlp)
    whole = recognizer._whole
    assert whole is not None
    sizes, first = [], ""
    for text in [*samples[:20], *samples[:20]]:
        with nlp.memory_zone():
            assert recognizer.find([text]) == [read_entities(nlp(text))]
        assert len(whole._words.texts) < 500 + 6000
        sizes.append(len(whole._words))
        first = first or whole._words.texts[0]
        assert whole._words.texts[0] == first
    assert sum(one > other for one, other in pairwise(sizes)) > 5


def test_tables_fall_back_to_what_they_were() -> None:
    names, numbers, places = ["a"], array("q", [7]), {"a": 0}
    tables = Tables(names, numbers, places)
    sizes = tables.sizes()
    for number, name in enumerate("bcd"):
        names.append(name)
        numbers.append(number)
        places[name] = number
    assert tables.sizes() == [4, 4, 4]
    tables.shrink(sizes)
    assert (names, numbers.tolist(), places) == (["a"], [7], {"a": 0})


# Rules on sequences


def test_rules_on_documents_and_on_arrays_agree() -> None:
    rng = random.Random(1)
    nlp = make_pipeline(before=("gazetteer_features",), after=("repeat_surnames", "mentions_only"))
    nlp.get_pipe("gazetteer_features").set_lists(
        {"P": ["Haifa", "Tel Aviv", "Tel - Aviv"], "S": ["Aviv"], "C": ["may", "the"]}
    )
    words = ["Haifa", "Tel", "Aviv", "-", "May", "The", "Ruth", "Gabel", "'s", ",", "(", "said"]
    texts = [" ".join(rng.choices(words, k=60)) for _ in range(60)]
    assert ask_fast(nlp, texts) == ask_spacy(nlp, texts)
    doc = nlp.make_doc("the Haifa")
    doc.ents = [Span(doc, 0, 2, "GPE")]
    assert [entity.text for entity in components.keep_mentions(doc).ents] == ["Haifa"]
    assert components.keep_mentions(Doc(nlp.vocab)).ents == ()
