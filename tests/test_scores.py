import pytest

from clippings.gold import GoldDocument, GoldMention
from clippings.scores import confuse, find_faults, judge, write_scores

TEXT = "Benny Morris told Haaretz. Iran and Iraq, he said, met in Basra."


def mention(name, label):
    start = TEXT.index(name)
    return GoldMention(start, start + len(name), label)


GOLD = GoldDocument(
    "gold.md:1",
    TEXT,
    (mention("Benny Morris", "PERSON"), mention("Haaretz", "ORG"), mention("Iran", "PLACE")),
    ((TEXT.index("Basra"), TEXT.index("Basra") + 5),),
)
FOUND = [
    mention("Benny", "PERSON"),  # too short: wrong if exact, right in part
    mention("Haaretz", "PLACE"),  # wrong label
    mention("Iran", "PLACE"),
    mention("Iraq", "PLACE"),  # not marked
    mention("Basra", "PLACE"),  # not judged
]


def test_exact_and_partial_counts():
    scores = {score.label: score for score in judge([GOLD], [FOUND])}
    assert scores["all"].exact == (3, 4, 1)
    assert scores["all"].partial == (3, 4, 2)
    assert scores["PERSON"].exact == (1, 1, 0)
    assert scores["PERSON"].partial == (1, 1, 1)
    assert scores["PLACE"].exact == (1, 3, 1)
    assert scores["PLACE"].exact.precision == pytest.approx(1 / 3)
    assert scores["ORG"].exact.recall == 0.0
    assert scores["all"].exact.f1 == pytest.approx(2 / 7)


def test_interval_spans_the_score_and_repeats_itself():
    documents, found = [GOLD] * 20, [FOUND] * 10 + [[]] * 10
    [score, *_] = judge(documents, found)
    assert score.low < score.exact.f1 < score.high
    assert judge(documents, found) == judge(documents, found)


def test_nothing_at_all_scores_nothing():
    assert judge([], [])[0].exact == (0, 0, 0)
    assert judge([GoldDocument("a", "Text.", ())], [[]])[0].exact.f1 == 0.0


def test_confusions_pair_what_overlaps():
    assert confuse([GOLD], [FOUND]) == {
        ("PERSON", "PERSON"): 1,
        ("ORG", "PLACE"): 1,
        ("PLACE", "PLACE"): 1,
        ("none", "PLACE"): 1,
    }


def test_worst_sentences_first_with_what_is_wrong():
    first, second = find_faults([GOLD], [FOUND])
    assert first.sentence == "Benny Morris told Haaretz."
    assert first.missed == ("Benny Morris PERSON", "Haaretz ORG")
    assert first.spurious == ("Benny PERSON", "Haaretz PLACE")
    assert second.missed == ()
    assert second.spurious == ("Iraq PLACE",)


def test_report_holds_every_part():
    text = "\n".join(write_scores([GOLD], [FOUND], worst_count=1))
    assert "partial F1" in text
    assert "missed: Benny Morris PERSON; Haaretz ORG" in text
    assert "Iraq PLACE" not in text
