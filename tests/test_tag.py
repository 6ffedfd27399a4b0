"""Tagging: extents, offsets and hostile texts on a blank pipeline; names on the shipped one."""

import json
import re
import threading
from pathlib import Path

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc, Span

from clippings.errors import ModelError
from clippings.models import find_model
from clippings.tag import (
    PIECE_CHARACTERS,
    RUN_CHARACTERS,
    GazetteerFeatures,
    Mention,
    find_extents,
    keep_mentions,
    load_pipeline,
    repeat_surnames,
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
def nlp() -> Language:
    """A pipeline that knows four phrases."""
    return make_pipeline(
        {"the Knesset's": "ORG", "Rabbi Kook": "PERSON", "Haifa": "GPE", "Hebrew": "NORP"}
    )


# Extents

EXTENTS = [
    ("ORG", "the Knesset's", ["Knesset"]),
    ("ORG", "The Times of Israel", ["Times of Israel"]),
    ("ORG", "[Shiite] Kataib Hizballah", ["Kataib Hizballah"]),
    ("ORG", "Popular Mobilization Forces (PMF)", ["Popular Mobilization Forces", "PMF"]),
    ("ORG", "Bank Leumi (", ["Bank Leumi"]),
    ("ORG", "Houthis’", ["Houthis"]),
    ("ORG", "Elbit Systems Ltd.", ["Elbit Systems Ltd."]),
    ("ORG", "Hamas and", ["Hamas"]),
    ("ORG", "Knesset\n\nYair Lapid", ["Knesset", "Yair Lapid"]),
    ("PLACE", "Israel’s", ["Israel"]),
    ("PLACE", "ISRAEL'S", ["ISRAEL"]),
    ("PLACE", "U.S.", ["U.S."]),
    ("PLACE", "U.S.-led", ["U.S."]),
    ("PLACE", "Iran-backed", ["Iran"]),
    ("PLACE", "Jaffa.", ["Jaffa"]),
    ("PLACE", "Sheikh Jarrah", ["Sheikh Jarrah"]),
    ("PLACE", "al-Qaim", ["al-Qaim"]),
    ("PLACE", "Tel Aviv-Yafo", ["Tel Aviv-Yafo"]),
    ("PERSON", "Prime Minister Golda Meir", ["Golda Meir"]),
    ("PERSON", "Secretary of State Dean Acheson,", ["Dean Acheson"]),
    ("PERSON", "Lt. Gen. Aviv Kochavi", ["Aviv Kochavi"]),
    ("PERSON", "the Grand Ayatollah Ali al-Sistani", ["Ali al-Sistani"]),
    ("PERSON", "Generalissimo Franco", ["Generalissimo Franco"]),
    ("PERSON", "“Bibi”", ["Bibi"]),
    ("PERSON", "Rabbi", ["Rabbi"]),
    ("PERSON", "Sammy Davis Jr.", ["Sammy Davis Jr."]),
    ("PERSON", "Moshe ben Maimon", ["Moshe ben Maimon"]),
    ("ORG", "—", []),
    ("ORG", "the", []),
    ("ORG", "", []),
    ("ORG", "A" * 201, []),
]


@pytest.mark.parametrize(("label", "marked", "names"), EXTENTS)
def test_extents(label: str, marked: str, names: list[str]) -> None:
    assert [marked[start:end] for start, end in find_extents(marked, label)] == names


@given(st.text(max_size=250), st.sampled_from(["PERSON", "ORG", "PLACE"]))
def test_extents_lie_in_order_within_the_surface(marked: str, label: str) -> None:
    position = 0
    for start, end in find_extents(marked, label):
        assert position <= start < end <= len(marked)
        assert "\n" not in marked[start:end]
        position = end


@given(st.text(max_size=60), st.sampled_from(["PERSON", "ORG", "PLACE"]))
def test_trimming_twice_trims_no_more(marked: str, label: str) -> None:
    for start, end in find_extents(marked, label):
        name = marked[start:end]
        assert list(find_extents(name, label)) == [(0, len(name))]


# Mentions


def test_a_mention_carries_both_labels_and_its_place(nlp: Language) -> None:
    (mentions,) = tag(["Near Haifa the Knesset's guest Rabbi Kook read Hebrew."], nlp)
    assert mentions == [
        Mention(5, 10, "Haifa", "PLACE", "GPE"),
        Mention(15, 22, "Knesset", "ORG", "ORG"),
        Mention(37, 41, "Kook", "PERSON", "PERSON"),
    ]


def test_every_text_has_its_list_in_order(nlp: Language) -> None:
    assert [len(mentions) for mentions in tag(["Haifa", "", "Haifa, Haifa", "\n\n"], nlp)] == [
        1,
        0,
        2,
        0,
    ]


def test_offsets_count_code_points(nlp: Language) -> None:
    (mentions,) = tag(["🕊️ é חיפה Haifa"], nlp)
    assert mentions == [Mention(10, 15, "Haifa", "PLACE", "GPE")]


def test_no_mention_crosses_a_line() -> None:
    nlp = make_pipeline({"Tel\n\nAviv": "GPE"})
    (mentions,) = tag(["Tel\n\nAviv"], nlp)
    assert [mention.surface for mention in mentions] == ["Tel", "Aviv"]


def test_a_blank_pipeline_tags_nothing() -> None:
    nlp = load_pipeline(find_model("blank:en"))
    assert list(tag(["Haifa is in Israel."], nlp)) == [[]]


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["Haifa", "the Knesset's", "Rabbi Kook", " ", "\n\n", "(", "’s", "é", "𝔄"])
        | st.text(max_size=8),
        max_size=30,
    ).map("".join)
)
def test_every_mention_is_where_it_says(nlp: Language, text: str) -> None:
    (mentions,) = tag([text], nlp)
    position = 0
    for mention in mentions:
        assert text[mention.start : mention.end] == mention.surface
        assert mention.start >= position
        position = mention.end


# Long and hostile texts


@pytest.mark.parametrize("gap", ["\n\n", "\n", ". ", " ", "\t"])
def test_long_texts_are_cut_without_loss(nlp: Language, gap: str) -> None:
    count = PIECE_CHARACTERS
    text = gap.join(["Haifa"] * count)
    (mentions,) = tag([text], nlp)
    assert {text[mention.start : mention.end] for mention in mentions} == {"Haifa"}
    # A tab is no place to cut: there, and only there, a name may fall apart at a seam.
    seams = len(text) // PIECE_CHARACTERS if gap == "\t" else 0
    assert count - seams <= len(mentions) <= count


def test_a_text_above_the_limit_of_spacy_is_tagged(nlp: Language) -> None:
    text = "so it went on. " * 70_000 + "Haifa"
    assert len(text) > nlp.max_length
    (mentions,) = tag([text], nlp)
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
def test_a_long_run_is_passed_over(nlp: Language, run: str) -> None:
    text = f"Haifa {run} Haifa"
    (mentions,) = tag([text], nlp)
    assert [mention.start for mention in mentions] == [0, len(text) - 5]


def test_a_run_of_just_the_allowed_length_is_shown(nlp: Language) -> None:
    shown = "—" * (RUN_CHARACTERS - 5) + "Haifa"
    (mentions,) = tag([shown], nlp)
    assert [mention.surface for mention in mentions] == ["Haifa"]
    assert list(tag(["—" + shown], nlp)) == [[]]


def test_threads_may_share_a_pipeline(nlp: Language) -> None:
    texts = [f"Haifa {'and so on ' * number} Haifa" for number in range(40)]
    expected = list(tag(texts, nlp))
    found: dict[int, list[list[Mention]]] = {}

    def work(number: int) -> None:
        found[number] = list(tag(texts, nlp))

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


def test_the_last_component_keeps_trimmed_mentions(nlp: Language) -> None:
    doc = keep_mentions(nlp("Near Haifa the Knesset's guest Rabbi Kook read Hebrew."))
    assert [(span.text, span.label_) for span in doc.ents] == [
        ("Haifa", "PLACE"),
        ("Knesset", "ORG"),
        ("Kook", "PERSON"),
    ]


def test_the_last_component_takes_an_empty_doc(nlp: Language) -> None:
    assert keep_mentions(Doc(nlp.vocab)).ents == ()


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


# The shipped pipeline

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
def shipped() -> Language:
    """The pipeline in this package."""
    return load_pipeline(find_model())


@pytest.mark.model
@pytest.mark.parametrize(("sentence", "names"), SENTENCES)
def test_names_in_the_manner_of_the_digests(
    shipped: Language, sentence: str, names: set[tuple[str, str]]
) -> None:
    (mentions,) = tag([sentence], shipped)
    assert {(mention.surface, mention.label) for mention in mentions} == names


@pytest.mark.model
def test_a_government_is_no_name(shipped: Language) -> None:
    (mentions,) = tag(["Nothing was heard from the Syrian government."], shipped)
    assert mentions == []


@pytest.mark.model
def test_the_shipped_pipeline_knows_three_labels(shipped: Language) -> None:
    doc = shipped("The French and the Sunni tribes of Anbar met Jewish leaders in Paris.")
    assert {span.label_ for span in doc.ents} <= {"PERSON", "ORG", "PLACE"}
    assert not {"French", "Sunni", "Jewish"} & {span.text for span in doc.ents}
    assert shipped("").ents == ()


@pytest.mark.model
def test_a_text_is_tagged_alike_in_any_company(shipped: Language) -> None:
    texts = [sentence for sentence, _ in SENTENCES]
    together = list(tag([*texts * 5, " ".join(texts)], shipped))
    alone = [next(tag([text], shipped)) for text in texts]
    assert together[:-1] == alone * 5


@pytest.mark.model
@pytest.mark.skipif(not SEED.is_dir(), reason="the seed dump is not part of the repository")
def test_the_names_of_the_seed_are_found(shipped: Language) -> None:
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
