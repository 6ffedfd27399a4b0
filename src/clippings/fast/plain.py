"""Which words a tokenizer surely leaves whole, so that it need not be asked.

Most words are plain letters. A tokenizer of spaCy parts such a word only where one of its rules
matches in it. Each rule is a regular expression; one that must take or look at a sign which is no
letter never does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

from spacy.tokenizer import Tokenizer


def leaves_letters_whole(tokenizer: Tokenizer) -> bool:
    """Tell whether words of ASCII letters that are no special case are never parted.

    False where that cannot be told.
    """
    rules = (
        tokenizer.prefix_search,
        tokenizer.suffix_search,
        tokenizer.infix_finditer,
        tokenizer.token_match,
        tokenizer.url_match,
    )
    return all(rule is None or _never_matches_letters(rule) for rule in rules)


def _never_matches_letters(rule: Any) -> bool:
    pattern = getattr(rule, "__self__", None)  # of a bound method such as `pattern.search`
    if not isinstance(pattern, re.Pattern) or not isinstance(pattern.pattern, str):
        return False
    return _needs_other_sign(_parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG))


def _needs_other_sign(tree: Iterable[tuple[Any, Any]]) -> bool:
    """Tell whether each match takes or looks at a sign that is no ASCII letter.

    >>> [_needs_other_sign(_parser.parse(rule)) for rule in ("'s", "(?<=[0-9])km", "x|y'", "s?")]
    [True, True, False, False]
    """
    return any(_is_other(kind, value) for kind, value in tree)


def _is_other(kind: Any, value: Any) -> bool:
    if kind is _constants.LITERAL:
        return not chr(value).isalpha()  # some that are not ASCII match letters in any case
    if kind is _constants.IN:
        return not any(_may_be_letter(*each) for each in value)
    if kind is _constants.BRANCH:
        return all(map(_needs_other_sign, value[1]))
    if kind is _constants.SUBPATTERN:
        return _needs_other_sign(value[-1])
    if kind in (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT):
        return value[0] > 0 and _needs_other_sign(value[2])
    if kind is _constants.ATOMIC_GROUP:
        return _needs_other_sign(value)
    return kind is _constants.ASSERT and _needs_other_sign(value[1])


def _may_be_letter(kind: Any, value: Any) -> bool:
    """Tell whether a part of a set of signs may take an ASCII letter, in whichever case."""
    if kind is _constants.LITERAL:
        return chr(value).isalpha()
    if kind is _constants.RANGE:
        first, last = value
        return any(chr(sign).isalpha() for sign in range(first, last + 1))
    if kind is _constants.CATEGORY:
        return value not in (_constants.CATEGORY_DIGIT, _constants.CATEGORY_SPACE)
    return True
