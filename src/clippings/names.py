"""Keys for comparing names."""

from __future__ import annotations

import re
import unicodedata

_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼʻ`´ʿʾ′", "'"))
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—", "-"))
_POSSESSIVE = re.compile(r"'s?$")
_ARTICLE = re.compile(r"^the ")


def lookup_key(name: str) -> str:
    """Give the key under which spellings of a name are the same name.

    Case, white space, compatibility forms, the signs for an apostrophe and a dash, a leading "the"
    and a possessive do not count.

    Args:
        name: A name as it stands in a text.

    Returns:
        The key; never empty unless the name is.

    >>> lookup_key("The  Knesset’s") == lookup_key("Knesset")
    True
    >>> lookup_key("Al-Qaim") == lookup_key("al-Qaim")
    True
    """
    key = unicodedata.normalize("NFKC", name).translate(_APOSTROPHES).translate(_DASHES)
    key = " ".join(key.casefold().split())
    key = _ARTICLE.sub("", key)
    return _POSSESSIVE.sub("", key) or key
