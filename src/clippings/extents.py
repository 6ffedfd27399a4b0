"""The extent of names: what of a stretch that a pipeline marked is name, and what is not."""

import re
from collections.abc import Iterator
from functools import lru_cache

NAME_CHARACTERS = 200
"""What a pipeline marks beyond this is no name but a list or a page without sentences."""

_RANK = (
    r"(?:Prime|Vice|Deputy|Crown|Grand|Chief|Major|Brigadier|Lieutenant|Lt\.?|Maj\.?|Brig\.?|"
    r"Foreign|Interior|Finance|Oil|Defen[sc]e)"
)
_TITLE = (
    r"(?:Mrs?|Ms|Miss|Dr|Prof|Professor|Sir|Dame|Lady|Lord|King|Queen|Prince|Princess|Emir|"
    r"President|Premier|Minister|Secretary|Chairman|Chancellor|Ambassador|Envoy|Senator|Sen|Rep|"
    r"Congress(?:wo)?man|Governor|Gov|Mayor|Justice|General|Gen|Colonel|Col|Captain|Capt|"
    r"Lieutenant|Lt|Major|Maj|Sergeant|Sgt|Admiral|Adm|Brigadier|Commander|Cmdr|Pope|Cardinal|"
    r"Archbishop|Bishop|Patriarch|Reverend|Rev|Rabbi|Ayatollah|Hojatoleslam|Imam|Mullah|Sheikh|"
    r"Sheik|Shaykh)"
)
_LEADING_TITLES = re.compile(  # "Prime Minister ", "Lt. Gen. ", "Secretary of State "
    rf"(?:(?:{_RANK}\s+)*{_TITLE}(?:\s+of\s+State|-General)?\.?\s+)+(?=\w)"
)
_LEADING = re.compile(
    r"\[?[^\[\]]*\]\s+"  # an editor's addition: "[Shiite] Kataib Hizballah"
    r"|\W+"  # quotes, brackets, dashes
    r"|(?:[Tt]he|THE|an?|and|or|of|in|on|at|by|to|for|from|with)(?:\s+|$)"  # "the Knesset"
)
_TRAILING = re.compile(
    r"['’ʼ`][sS]$"  # "Israel’s"
    r"|[^\w.]+$"  # quotes, brackets, commas
    r"|\s(?:the|and|or|of|in|on|at|by|to|for|from|with|who|that|said|says|is|was|has)$"
    r"|-[a-z]*(?:ed|born|run|held|made|style|era|like|wide)$"  # "U.S.-led", one token to spaCy
)
_ABBREVIATION = re.compile(  # "U.S.", "D. C.", "Inc."
    r"(?:\w\.\s?\w|\b(?:Inc|Corp|Ltd|Co|Bros|Jr|Sr))\.+$"
)
_SEAM = re.compile(r"\s*\n\s*|\s+[(\[]")  # a line's end; "Popular Mobilization Forces (PMF)"


@lru_cache(1 << 14)
def find_extents(surface: str, label: str) -> tuple[tuple[int, int], ...]:
    """Find the names within what a pipeline marked as one.

    A name stands without "the", possessive, quotes, brackets, title and end punctuation; a line's
    end or an opening bracket ends one name and begins another.

    Args:
        surface: The text that a pipeline marked.
        label: PERSON, ORG or PLACE.

    Returns:
        Start and end of each name within the surface.

    >>> find_extents("the Knesset's", "ORG")
    ((4, 11),)
    """
    return tuple(_find_extents(surface, label)) if len(surface) <= NAME_CHARACTERS else ()


def _find_extents(surface: str, label: str) -> Iterator[tuple[int, int]]:
    start = 0
    for seam in _SEAM.finditer(surface):
        yield from _trim(surface, start, seam.start(), label)
        start = seam.end()
    yield from _trim(surface, start, len(surface), label)


def _trim(surface: str, start: int, end: int, label: str) -> Iterator[tuple[int, int]]:
    while (first := _strays_before(surface[start:end], label)) or (
        last := _strays_after(surface[start:end])
    ):
        start, end = (start + first, end) if first else (start, end - last)
    if any(character.isalnum() for character in surface[start:end]):
        yield start, end


def _strays_before(name: str, label: str) -> int:
    """Return how many characters at the beginning of a name do not belong to it."""
    match = _LEADING.match(name) or (label == "PERSON" and _LEADING_TITLES.match(name))
    return len(match[0]) if match else 0


def _strays_after(name: str) -> int:
    """Return how many characters at the end of a name do not belong to it."""
    if match := _TRAILING.search(name):
        return len(match[0])
    return 1 if name.endswith(".") and not _ABBREVIATION.search(name) else 0
