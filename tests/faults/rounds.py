"""States of a raw folder, one after the other, that a reader can tell apart.

Round after round nearly all dumps are replaced, one comes or goes and one stays. The number in the
title of an article names its round, and the round says how many articles it has: rows of two
rounds together, or too few of one, show.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

_PER_ROUND = 100
_STAYS = (0, 1)
_NUMBER = re.compile(r"to Number (\d+) and")  # The Road From Haifa to Number 301 and Nobody


def _numbers(state: int) -> list[int]:
    return [state * _PER_ROUND + number for number in range(4 + state % 4)]


def dump_count(state: int) -> int:
    """Tell how many dumps a round replaces."""
    return 2 + state % 3


def write_round(desk: Any, state: int, write_dump: Callable[..., str]) -> None:
    """Bring a raw folder into the state of a round, from 1 on."""
    if not (desk.raw / "stays.txt").exists():
        desk.put("stays.txt", write_dump(*_STAYS))
    count = dump_count(state)
    for number in range(count):
        desk.put(f"{number}.txt", write_dump(*_numbers(state)[number::count]))
    for number in range(count, 5):
        (desk.raw / f"{number}.txt").unlink(missing_ok=True)


def read_state(titles: Iterable[str]) -> int | None:
    """Tell of which round the titles of all articles are; None where of none, whole."""
    found = [_NUMBER.search(title) for title in titles]
    numbers = Counter(int(match[1]) if match else -1 for match in found)
    state = max(numbers, default=0) // _PER_ROUND
    return state if numbers == Counter([*_STAYS, *_numbers(state)]) else None
