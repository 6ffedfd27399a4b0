"""Lines of the page: the quick way to tell them finds what the plain one finds."""

from hypothesis import example, given
from hypothesis import strategies as st

from clippings.layouts.layout import load_layout
from clippings.reading.page import _PRICE, _is_made_of_page_words, _straighten
from clippings.reading.words import WORD, looks_like_title

PAGE = load_layout("digest").boilerplate  # type: ignore[union-attr]
TOKENS = ["The", "a", "your", "account", "Subscribe", "newsletter,", "Harbor", "Jaffa", "lamp"]
TOKENS += ["$4", "4", "e-mail", "(free)", "“", "3rd", "Ǆ", "_a", "’"]


def is_made_plainly(text: str) -> bool:
    """Names may stand among words of the page, if there are two of these and it is no title."""
    words = WORD.findall(text)
    names = [word for word in words if word.lower() not in PAGE.known]
    if (words and words[0] in names) or len(names) > 4 or not all(n[0].isupper() for n in names):
        return False
    count = sum(word.lower() in PAGE.page for word in words) + len(_PRICE.findall(text))
    return count > 1 and not looks_like_title(text.split()) if names else count > 0


@given(st.lists(st.sampled_from(TOKENS), min_size=1).map(" ".join))
@example("Subscribe Account Harbor Newsletter")
@example("Subscribe ’ Account Harbor")  # three words
@example("Subscribe to your account with Harbor")
@example("Register for $4 with Harbor, Jaffa, Harbor, Jaffa and Harbor")
@example("the Newsletter of Harbor is $4 a week")
def test_quick_and_plain_way_agree(text: str) -> None:
    is_title = looks_like_title(text.split(" "))
    straight = _straighten(text)
    assert _is_made_of_page_words(straight, PAGE, is_title) == is_made_plainly(straight)


def test_words_of_the_page_are_known() -> None:
    assert PAGE.page < PAGE.known
