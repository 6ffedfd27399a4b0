"""Titles: what comes off a person's name, and what is part of it."""

import pytest

from clippings.names import strip_titles


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("Prime Minister Benjamin Netanyahu", "Benjamin Netanyahu"),
        ("Maj. Gen. Qassem Soleimani", "Qassem Soleimani"),
        ("the Sheikh", "the Sheikh"),
        ("Rabbi Dr. Ovadia Yosef", "Ovadia Yosef"),
        ("Grand Ayatollah Ali al-Sistani", "Ali al-Sistani"),
        ("King Hussein", "King Hussein"),
        ("King Abdullah II", "Abdullah II"),
        ("Mullah Omar", "Mullah Omar"),
        ("Hafez al-Assad", "Hafez al-Assad"),
        ("President", "President"),
        ("General Motors Sheikh", "Motors Sheikh"),
        ("Ahmed Cemal Pasha", "Ahmed Cemal"),
        ("", ""),
    ],
)
def test_titles_come_off(name: str, bare: str) -> None:
    assert strip_titles(name) == bare
