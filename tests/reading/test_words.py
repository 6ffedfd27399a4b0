"""Words: shares of capitals and ends of sentences, told in a quick way and in a plain one."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from clippings.articles import squeeze
from clippings.reading import words

TERMINAL = re.compile(r"[.!?:;,…][\"'”’»)\]]*$")  # "Why?”"
SENTENCE_END = re.compile(r"(?<!\b\w)(?<!\.\w)[.:;,…][\"'”’»)\]]*$")  # "the war." but not "U.S."


@given(st.text(st.sampled_from("aUS1_é .,:;!?…\"'”’»)]"), min_size=1).filter(lambda t: t.strip()))
@example("U.S.")
@example("the war.”)")
@example('.")')
def test_ends_are_told_from_the_end(text: str) -> None:
    text = squeeze(text)
    assert words.is_terminal(text) == bool(TERMINAL.search(text))
    assert words.ends_sentence(text) == bool(SENTENCE_END.search(text))


@given(st.text(st.sampled_from("aBé’'-½²1_ /ǅ")))
@example("The and/or of Mid-1990s O’Brien’s ²x 1B")
def test_shares_of_words_add_up(text: str) -> None:
    big = [word for word in words.WORD.findall(text) if word.lower() not in words._SMALL]
    share = sum(word[0].isupper() for word in big) / len(big) if big else 0.0
    assert words.capital_share(text.split()) == share
