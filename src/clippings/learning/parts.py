"""Which part a line or a field is: told by its label, else guessed from its values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import mean
from typing import NamedTuple

from clippings.dates import DateRules, find_date, is_date_line
from clippings.learning.kinds import FEWEST, URL, Line, is_byline, is_names, value_of

PAGE = re.compile(  # "p. 12", "A4"
    r"(?i:p|pp|pg|page|seite|s|pagina|página|pag|pág|blz)\.? ?\d{1,4}|[A-Z]{1,2}\d{1,3}"
)
LENGTH = re.compile(r"\d[\d.,]{0,7} (?i:words?|w[öo]rter|mots|palabras|woorden)")  # "453 words"
_FEW_VALUES = 24
"""No more different outlets or sections are named in a layout."""

_LABELS: Mapping[str, str] = {
    "title": "ti t1 hl headline title heading head titre titel überschrift ueberschrift "
    "schlagzeile título titulo titular kop hd subject-line betreff subject "
    "başlık العنوان عنوان כותרת",
    "date": "da dp dd py date dated published printed issued posted day datum sent "
    "erschienen veröffentlicht veroeffentlicht erscheinungsdatum tag paru publié publie "
    "parution fecha publicado dag gepubliceerd verschenen pubdate when pd released run "
    "tarih التاريخ تاريخ תאריך",
    "byline": "au a1 byline author authors writer reporter by correspondent autor autorin autoren "
    "verfasser von auteur auteurs signature par autora autores firma por schrijver door "
    "redacteur contributor journalist yazar muhabir الكاتب بقلم מאת",
    "dateline": "dateline place location city lieu ort plaats lugar ciudad ville stadt stad",
    "outlet": "jo jf so jt outlet source newspaper paper publication publisher journal quelle "
    "zeitung medium blatt périodique fuente periódico periodico medio diario bron krant "
    "publicatie organ magazine publication-name publication-title sn from "
    "kaynak gazete المصدر الصحيفة מקור עיתון",
    "section": "se section desk rubrique rubrik ressort sección seccion sectie rubriek katern "
    "category kategorie catégorie categoría categorie column page-section",
    "page": "page pages seite seiten página pagina pg",
    "length": "length words wordcount word-count länge laenge wörter longueur mots longitud "
    "extensión palabras lengte woorden umfang wc",
    "id": "an accession-number id ref reference no number nr accession file-no doc docno document "
    "record identifier aktenzeichen kennung referenz référence referencia nummer número "
    "numero key ident serial",
    "topics": "kw topics topic tags keywords keyword themes subjects subject-terms sujet "
    "sujets categories mots-clés thema themen schlagwörter schlagworte stichworte temas tema "
    "etiquetas palabras-clave onderwerp onderwerpen trefwoorden about index-terms "
    "descriptors filed-under posted-in etiketler konular anahtar-kelimeler الكلمات-المفتاحية "
    "الموضوعات الوسوم תגיות נושאים",
    "body": "ab n2 lp td tx body text fulltext full-text story content texte cuerpo texto tekst "
    "volltext inhalt article contenu metin النص טקסט",
}
"""Words of labels by the part that they name; "no" of "File no" counts as "id" too."""
_PARTS = {word: part for part, words in _LABELS.items() for word in words.split()}


def part_of_words(words: str) -> str:
    """Give the part that the words of a label name, the whole label first, then its last word.

    A word for the text says least: "headline text" is a title.

    >>> part_of_words("filed by"), part_of_words("file no"), part_of_words("headline_text")
    ('byline', 'id', 'title')
    """
    joined = "-".join(words.lstrip("@\\.>|• ").replace(".", " ").replace("_", "-").split())
    if joined in _PARTS:
        return _PARTS[joined]
    named = [_PARTS[one] for one in joined.split("-")[::-1] if one in _PARTS]
    return next((part for part in named if part != "body"), "body" if named else "")


def part_of_label(kind: str, lines: Sequence[Line], rules: DateRules) -> str:
    """Say which part a label or tag names; what it does not say, its values may."""
    if not kind.startswith(("label:", "tag:")):
        return {"by": "byline", "date": "date"}.get(kind, "")
    part = part_of_words(kind.partition(":")[2].strip("/"))
    values = [value for line in lines if (value := value_of(line))]
    if part in ("", "dateline"):  # "Lisbon, 18 August 2013" has the date
        dated = sum(find_date(value[:160], rules) is not None for value in values)
        if values and dated >= 0.7 * len(values) and mean(map(count_words, values)) <= 8:
            return "date"
    if part == "outlet" and values:  # "Publication: 18 August 2013" is no newspaper
        if _share(values, lambda value: is_date_line(value, rules)) >= 0.7:
            return "date"
        if _share(values, lambda value: URL.fullmatch(value) is not None) >= 0.7:
            return "boilerplate"
    return part or "boilerplate"


def find_title(rows: Sequence[tuple[int, Sequence[str]]]) -> int | None:
    """Find the line that is the title: nearly always another, of a few words, no names only.

    Args:
        rows: Numbers of lines and their values.
    """
    best: tuple[float, int] | None = None
    for number, values in rows:
        words = mean(map(count_words, values))
        names = sum(is_names(value) and count_words(value) <= 4 for value in values) / len(values)
        distinct = len(set(values)) / len(values)
        score = distinct + min(words, 6) / 6 - 0.6 * names * (words < 4)
        if distinct >= 0.5 and words >= 1.5 and (best is None or score > best[0] + 0.15):
            best = score, number
    return best[1] if best else None


def guess_line(values: Sequence[str], taken: Sequence[str]) -> str:
    """Guess what a line is that only its place tells."""
    counts = Counter(values)
    distinct = len(counts) / len(values)
    others = [value for value in values if counts[value] < FEWEST]  # "Staff" among names
    if (
        len(others) >= 0.5 * len(values)
        and len(set(others)) > 0.6 * len(others)
        and _share(others, _is_name) >= 0.8
        and "byline" not in taken
    ):
        return "byline"
    if "outlet" not in taken and find_source(values):
        return "outlet"
    if distinct <= 0.5:
        part = "outlet" if mean(map(count_words, values)) >= 1.5 else "section"
        return part if part not in taken else "boilerplate"
    return "boilerplate"


def guess_field(values: Sequence[str]) -> str:
    """Guess which part the values of a field beside a date are; "" where none."""
    distinct = len(set(values)) / len(values)
    words = mean(map(count_words, values))
    for part, test in (("page", PAGE.fullmatch), ("length", LENGTH.fullmatch)):
        if sum(test(value) is not None for value in values) >= 0.8 * len(values):
            return part
    if _share(values, is_byline) >= 0.8:
        return "byline"
    if distinct <= 0.45:
        return "outlet" if words >= 1.3 else "section"
    if distinct > 0.7 and words >= 4:
        return "title"
    if _share(values, _is_name) >= 0.7:
        return "byline"
    return "outlet" if words < 4 else ""


class Tail(NamedTuple):
    """What stands behind nearly all titles, on their line: "(Reuters)", "- The Times".

    Attributes:
        opening: The sign before it.
        closing: The sign behind it, "" where there is none.
    """

    opening: str
    closing: str


_TAILS = (Tail("(", ")"), Tail("[", "]"), *(Tail(sign, "") for sign in "|–—·-"))


def find_tail(titles: Sequence[str]) -> Tail | None:
    """Find what stands behind nearly all titles and is one of few: the name of an outlet.

    >>> find_tail(["A ferry sinks - The Times", "A bridge - a pier - reopens - The Times"] * 4)
    Tail(opening='-', closing='')
    """
    for tail in _TAILS:
        cut = [title.rpartition(f" {tail.opening}") for title in titles]
        values = [
            value.removesuffix(tail.closing).strip()
            for title, sign, value in cut
            if sign and value.endswith(tail.closing) and len(title.split()) > 1
        ]
        counts = Counter(values)
        usual = sum(count for value, count in counts.items() if count > 1 and value)
        if usual >= 0.7 * len(titles) and len(counts) <= 0.45 * len(values):
            return tail
    return None


def find_source(lines: Sequence[str]) -> str:
    """Find the sign behind the outlet with which nearly all lines begin; "" where there is none.

    >>> find_source(["The Times · 5 min", "The Post · 12 min"] * 4)
    '·'
    """
    for sign in "·|–—":
        names = [line.partition(f" {sign} ")[0] for line in lines if f" {sign} " in line]
        if len(names) >= 0.9 * len(lines) and len(set(names)) <= 0.45 * len(names):
            return sign
    return ""


def usual_values(values: Iterable[str]) -> list[str]:
    """Give the values that recur, in order, where they are few: names of outlets."""
    counts = Counter(" ".join(value.split()) for value in values)
    usual = sorted(value for value, count in counts.items() if count > 1)
    return usual if len(usual) <= _FEW_VALUES else []


def count_words(text: str) -> int:
    """Count the words of a text."""
    return len(text.split())


def _is_name(text: str) -> bool:
    return is_names(text) and 2 <= count_words(text) <= 4


def _share(values: Sequence[str], test: Callable[[str], bool]) -> float:
    return sum(map(test, values)) / len(values)


def is_sequence(numbers: Sequence[int]) -> bool:
    """Tell whether numbers count the articles."""
    steps = [second - first for first, second in pairwise(numbers)]
    return bool(steps) and sum(step == 1 for step in steps) >= 0.85 * len(steps)
