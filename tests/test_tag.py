"""Tagging: offsets and hostile texts on a blank pipeline; names on the shipped one."""

import json
import re
import threading
from pathlib import Path

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language

from clippings.errors import ModelError
from clippings.models import find_model
from clippings.tag import (
    PIECE_CHARACTERS,
    RUN_CHARACTERS,
    Mention,
    Tagger,
    load_pipeline,
    load_tagger,
    tag,
)

SEED = Path(__file__).parents[2] / "shared" / "examples"


def make_pipeline(patterns: dict[str, str]) -> Language:
    """Make a pipeline that tags each phrase with its label, wherever it stands."""
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": label, "pattern": name} for name, label in patterns.items()])
    return nlp


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    """A tagger that knows four phrases."""
    return Tagger(
        make_pipeline(
            {"the Knesset's": "ORG", "Rabbi Kook": "PERSON", "Haifa": "GPE", "Hebrew": "NORP"}
        )
    )


# Mentions


def test_a_mention_carries_both_labels_and_its_place(tagger: Tagger) -> None:
    (mentions,) = tag(["Near Haifa the Knesset's guest Rabbi Kook read Hebrew."], tagger)
    assert mentions == [
        Mention(5, 10, "Haifa", "PLACE", "GPE"),
        Mention(15, 22, "Knesset", "ORG", "ORG"),
        Mention(37, 41, "Kook", "PERSON", "PERSON"),
    ]


def test_every_text_has_its_list_in_order(tagger: Tagger) -> None:
    assert [len(mentions) for mentions in tag(["Haifa", "", "Haifa, Haifa", "\n\n"], tagger)] == [
        1,
        0,
        2,
        0,
    ]


def test_offsets_count_code_points(tagger: Tagger) -> None:
    (mentions,) = tag(["🕊️ é חיפה Haifa"], tagger)
    assert mentions == [Mention(10, 15, "Haifa", "PLACE", "GPE")]


def test_no_mention_crosses_a_line() -> None:
    tagger = Tagger(make_pipeline({"Tel\n\nAviv": "GPE"}))
    (mentions,) = tag(["Tel\n\nAviv"], tagger)
    assert [mention.surface for mention in mentions] == ["Tel", "Aviv"]


def test_a_blank_pipeline_tags_nothing() -> None:
    tagger = load_tagger(find_model("blank:en"))
    assert list(tag(["Haifa is in Israel."], tagger)) == [[]]


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["Haifa", "the Knesset's", "Rabbi Kook", " ", "\n\n", "(", "’s", "é", "𝔄"])
        | st.text(max_size=8),
        max_size=30,
    ).map("".join)
)
def test_every_mention_is_where_it_says(tagger: Tagger, text: str) -> None:
    (mentions,) = tag([text], tagger)
    position = 0
    for mention in mentions:
        assert text[mention.start : mention.end] == mention.surface
        assert mention.start >= position
        position = mention.end


# Long and hostile texts


@pytest.mark.parametrize("gap", ["\n\n", "\n", ". ", " ", "\t"])
def test_long_texts_are_cut_without_loss(tagger: Tagger, gap: str) -> None:
    count = PIECE_CHARACTERS
    text = gap.join(["Haifa"] * count)
    (mentions,) = tag([text], tagger)
    assert {text[mention.start : mention.end] for mention in mentions} == {"Haifa"}
    # A tab is no place to cut: there, and only there, a name may fall apart at a seam.
    seams = len(text) // PIECE_CHARACTERS if gap == "\t" else 0
    assert count - seams <= len(mentions) <= count


def test_a_text_above_the_limit_of_spacy_is_tagged(tagger: Tagger) -> None:
    text = "so it went on. " * 70_000 + "Haifa"
    assert len(text) > tagger.nlp.max_length
    (mentions,) = tag([text], tagger)
    assert mentions == [Mention(len(text) - 5, len(text), "Haifa", "PLACE", "GPE")]


@pytest.mark.timeout(60)  # without the cap these take minutes
@pytest.mark.parametrize(
    "run",
    [
        "(" * 1_000_000,
        "x" * 5_000_000,
        "'" * 200_000,
        "http://" + "a/" * 100_000,
        "—Haifa" * 50_000,
    ],
    ids=["brackets", "letters", "quotes", "address", "names"],
)
def test_a_long_run_is_passed_over(tagger: Tagger, run: str) -> None:
    text = f"Haifa {run} Haifa"
    (mentions,) = tag([text], tagger)
    assert [mention.start for mention in mentions] == [0, len(text) - 5]


@pytest.mark.parametrize("above", ["", "and so on " * 40, "and-so-on\n" * 40])
def test_a_run_of_just_the_allowed_length_is_shown(tagger: Tagger, above: str) -> None:
    shown = "—" * (RUN_CHARACTERS - 5) + "Haifa"
    (mentions,) = tag([above + shown], tagger)
    assert [mention.surface for mention in mentions] == ["Haifa"]
    assert list(tag([f"{above}—{shown}"], tagger)) == [[]]


def test_threads_may_share_a_pipeline(tagger: Tagger) -> None:
    texts = [f"Haifa {'and so on ' * number} Haifa" for number in range(40)]
    expected = list(tag(texts, tagger))
    found: dict[int, list[list[Mention]]] = {}

    def work(number: int) -> None:
        found[number] = list(tag(texts, tagger))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found.get(number) for number in range(4)] == [expected] * 4


# Pipelines and components


def test_a_pipeline_is_loaded_once_even_by_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    model = find_model("blank:fr")
    made: list[Language] = []
    original = spacy.blank
    monkeypatch.setattr("spacy.blank", lambda name: made.append(original(name)) or made[-1])
    threads = [threading.Thread(target=load_pipeline, args=(model,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert load_pipeline(model) is made[0]


def test_a_broken_pipeline_is_named_in_the_error(tmp_path: Path) -> None:
    (tmp_path / "config.cfg").write_text('[nlp]\nlang = "en"\npipeline = ["no_such_factory"]\n')
    (tmp_path / "meta.json").write_text('{"lang": "en"}')
    with pytest.raises(ModelError, match=re.escape(str(tmp_path))):
        load_pipeline(find_model(tmp_path))


# The shipped pipeline


def test_the_shipped_pipeline_is_what_spacy_would_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clippings.tag._LOADED", {})
    model = find_model()
    assert model.path
    loaded, expected = load_pipeline(model), spacy.load(model.path)
    assert loaded.to_bytes() == expected.to_bytes()
    assert loaded.config == expected.config


SENTENCES = [
    (
        "Yesterday Yair Lapid told the Knesset that Israel would reopen the crossing near Gaza.",
        {("Yair Lapid", "PERSON"), ("Knesset", "ORG"), ("Israel", "PLACE"), ("Gaza", "PLACE")},
    ),
    (
        "Hizballah’s envoys flew from Beirut to Damascus on Monday.",
        {("Hizballah", "ORG"), ("Beirut", "PLACE"), ("Damascus", "PLACE")},
    ),
    (
        "Iran-backed fighters left Mosul for Tikrit; Baghdad said nothing.",
        {
            ("Iran", "PLACE"),
            ("Mosul", "PLACE"),
            ("Tikrit", "PLACE"),
            ("Baghdad", "PLACE"),
        },
    ),
]


@pytest.fixture(scope="module")
def shipped() -> Tagger:
    """The pipeline in this package."""
    return load_tagger(find_model())


@pytest.mark.model
@pytest.mark.parametrize(("sentence", "names"), SENTENCES)
def test_names_in_the_manner_of_the_digests(
    shipped: Tagger, sentence: str, names: set[tuple[str, str]]
) -> None:
    (mentions,) = tag([sentence], shipped)
    assert {(mention.surface, mention.label) for mention in mentions} == names


@pytest.mark.model
def test_a_government_is_no_name(shipped: Tagger) -> None:
    (mentions,) = tag(["Nothing was heard from the Syrian government."], shipped)
    assert mentions == []


@pytest.mark.model
def test_the_shipped_pipeline_knows_three_labels(shipped: Tagger) -> None:
    doc = shipped.nlp("The French and the Sunni tribes of Anbar met Jewish leaders in Paris.")
    assert {span.label_ for span in doc.ents} <= {"PERSON", "ORG", "PLACE"}
    assert not {"French", "Sunni", "Jewish"} & {span.text for span in doc.ents}
    assert shipped.nlp("").ents == ()


@pytest.mark.model
def test_a_text_is_tagged_alike_in_any_company(shipped: Tagger) -> None:
    texts = [sentence for sentence, _ in SENTENCES]
    together = list(tag([*texts * 5, " ".join(texts)], shipped))
    alone = [next(tag([text], shipped)) for text in texts]
    assert together[:-1] == alone * 5


@pytest.mark.model
@pytest.mark.skipif(not SEED.is_dir(), reason="the seed dump is not part of the repository")
def test_the_names_of_the_seed_are_found(shipped: Tagger) -> None:
    articles = json.loads((SEED / "seed_expected.json").read_text())["seed_dump.txt"]
    dump = (SEED / "seed_dump.txt").read_text()
    starts = [dump.index(article["title"]) for article in articles]
    missing = []
    for article, start, end in zip(articles, starts, [*starts[1:], len(dump)], strict=True):
        body = dump[start:end].partition("Read more at")[0]
        (mentions,) = tag([body], shipped)
        found = {(mention.surface, mention.label) for mention in mentions}
        missing += [name for name in article["must"] if tuple(name) not in found]
    assert missing == []
