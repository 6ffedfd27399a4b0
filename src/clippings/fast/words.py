"""Texts -> words, as spaCy's tokenizer parts them, without building its documents.

The tokenizer parts each stretch between white space by itself. So each distinct stretch is shown
to it once, and texts become rows of a table of words. Only its special cases look beyond a
stretch: "a .m." holds both parts of "a.m.". Where one may, the tokenizer is shown the whole text.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate, chain, compress, count, filterfalse, pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from spacy.attrs import IS_SPACE, LENGTH, LOWER, NORM, ORTH, PREFIX, SHAPE, SPACY, SUFFIX, TAG
from spacy.language import Language
from spacy.strings import get_string_id
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc
from spacy.vocab import Vocab

from clippings.fast.plain import leaves_letters_whole
from clippings.fast.shape import expect
from clippings.fast.tables import Tables
from clippings.fast.vectors import Attrs, Ints

Getter = Callable[[str], str | int]
"""Gives an attribute of a word."""

_OF_WORDS = {IS_SPACE, LOWER, NORM, PREFIX, SHAPE, SUFFIX}
"""Attributes that hang on the word alone, as long as nobody sets another."""

_STRETCH = re.compile(r"\S+ ?|\s+")  # "Deir ", "ez-Zor.", "\n\n"; the tokenizer drops one space


class Sheet(NamedTuple):
    """The words of some texts, one text behind the other.

    Attributes:
        rows: Of the table of words, one per word.
        starts: First code point of each word in its text.
        ends: The code point behind it.
        bounds: Where the words of each text begin, and, as the last number, where all end.
    """

    rows: Ints
    starts: Ints
    ends: Ints
    bounds: Ints


class Words:
    """The table of the words that were seen.

    Attributes:
        texts: As written, by row.
        tables: What is remembered.
    """

    def __init__(self, nlp: Language, columns: Sequence[int]) -> None:
        """Begin with an empty table.

        Args:
            nlp: The pipeline whose tokenizer parts texts.
            columns: The attributes that its model reads, as spaCy numbers them.

        Raises:
            UnknownShapeError: The tokenizer is none of spaCy's own, or has a case with a space.
        """
        tokenizer: Any = nlp.tokenizer
        expect(type(tokenizer) is Tokenizer, "spaCy's tokenizer")
        expect(
            not any(len(case) > 1 and len(case.split()) != 1 for case in tokenizer.rules or ()),
            "special cases without white space",
        )
        self._tokenizer = tokenizer
        self._columns = [*columns, IS_SPACE, ORTH]
        self._parts = _part_cases(tokenizer)
        # By the first words of a special case, what must follow: "a" -> {".m."}.
        self._rests: dict[str, set[str]] = {}
        for case, parts in self._parts.items():
            for head in list(accumulate(parts))[:-1]:
                self._rests.setdefault(head, set()).add(case[len(head) :])
        self._tails = {head[start:] for head in self._rests for start in range(len(head))}
        self._rules = frozenset(tokenizer.rules or ())
        self._getters = _find_getters(tokenizer, self._columns)
        self.texts: list[str] = []
        self._values = array("Q")
        self._places: dict[bytes, int] = {}  # by attributes; of plain words none is kept
        # By distinct stretch: where its words begin in the three lists below, and how many.
        self._stretches: dict[str, int] = {}
        self._firsts, self._counts = array("q"), array("q")
        self._rows, self._starts, self._ends = array("q"), array("q"), array("q")
        # Stretches that may begin a special case: by its next character, what must follow.
        self._beginnings: dict[str, dict[str, list[str]]] = {}
        self.tables = Tables(
            *(self.texts, self._values, self._places, self._stretches, self._beginnings),
            *(self._firsts, self._counts, self._rows, self._starts, self._ends),
        )

    def __len__(self) -> int:
        """Count the words of the stretches that are remembered."""
        return len(self._rows)

    @property
    def attrs(self) -> Attrs:
        """What the model reads of each word: one row per word, one column per attribute."""
        return self._table()[:, :-2]

    @property
    def is_space(self) -> npt.NDArray[np.bool_]:
        """Whether a word is white space."""
        is_space: npt.NDArray[np.bool_] = self._table()[:, -2] != 0
        return is_space

    def read(self, texts: Sequence[str]) -> Sheet:
        """Part texts into words."""
        parts = [_STRETCH.findall(text) for text in texts]
        is_known = self._stretches.__contains__
        self._learn(list(dict.fromkeys(filterfalse(is_known, chain.from_iterable(parts)))))
        for number, part in enumerate(parts):
            if self._may_hold_a_case(part):
                whole = texts[number]
                if whole not in self._stretches:
                    self._add([whole], self._tokenizer(whole))
                parts[number] = [whole]
        return self._lay_out(list(chain.from_iterable(parts)), list(map(len, parts)))

    def _lay_out(self, stretches: list[str], per_text: list[int]) -> Sheet:
        """Turn stretches, so many per text, into words."""
        ids = np.fromiter(map(self._stretches.__getitem__, stretches), np.int64, len(stretches))
        lengths = np.fromiter(map(len, stretches), np.int64, len(stretches))
        text_bounds = _bounds(per_text)
        places = _bounds(lengths)
        places = places[:-1] - np.repeat(places[text_bounds[:-1]], per_text)
        counts = view(self._counts)[ids]
        word_bounds = _bounds(counts)
        shift = view(self._firsts)[ids] - word_bounds[:-1]
        words = np.arange(word_bounds[-1]) + np.repeat(shift, counts)
        places = np.repeat(places, counts)
        return Sheet(
            view(self._rows)[words],
            places + view(self._starts)[words],
            places + view(self._ends)[words],
            word_bounds[text_bounds],
        )

    def _may_hold_a_case(self, part: list[str]) -> bool:
        """Say whether a special case may begin in one stretch and go on in the next."""
        begins = map(self._beginnings.__contains__, part[:-1])
        for place in compress(count(), begins):
            following = part[place + 1]
            rests = self._beginnings[part[place]].get(following[0])
            if rests:
                heads = list(accumulate(self._part(self._words_of(following))))
                if any(rest in heads or rest.startswith(heads[-1]) for rest in rests):
                    return True
        return False

    def _part(self, words: Sequence[str]) -> list[str]:
        """Part special cases: one that lies across a space may take some of their words."""
        return [part for word in words for part in self._parts.get(word, (word,))]

    def _words_of(self, stretch: str) -> list[str]:
        number = self._stretches[stretch]
        first = self._firsts[number]
        return [self.texts[row] for row in self._rows[first : first + self._counts[number]]]

    def _learn(self, stretches: Sequence[str]) -> None:
        """Show the tokenizer stretches that are new, many at a time.

        White space is shown alone, because line ends part the others here. A stretch with its
        space behind it is the stretch.
        """
        is_known = self._stretches.__contains__
        bare = list(map(_bare, stretches))
        plain, signed, others = list[str](), list[str](), list[str]()
        for stretch in filterfalse(is_known, dict.fromkeys(bare)):
            if stretch.isspace():
                self._add([stretch], self._tokenizer(stretch))
            elif self._is_plain(stretch):
                plain.append(stretch)
            elif self._is_plain_but_for_a_sign(stretch):
                signed.append(stretch)
                plain.append(stretch[:-1])
                others.append(stretch[-1])
            else:
                others.append(stretch)
        others = list(filterfalse(is_known, dict.fromkeys(others)))
        if others:
            self._add(others, self._tokenizer("\n".join(others)))
        self._add_plain(list(filterfalse(is_known, dict.fromkeys(plain))))
        self._add_signed(signed)
        self._stretches.update(zip(stretches, map(self._stretches.__getitem__, bare), strict=True))

    def _is_plain(self, stretch: str) -> bool:
        """Say whether a stretch is a word of which all is known without asking."""
        return (
            stretch.isascii()
            and stretch.isalpha()
            and self._getters is not None
            and stretch not in self._rules
            and stretch not in self._tokenizer.vocab  # else somebody may have set an attribute
        )

    def _is_plain_but_for_a_sign(self, stretch: str) -> bool:
        """Say whether the tokenizer parts a stretch into such a word and the sign behind it.

        It cuts signs off at both ends for as long as there are any, unless what is left is a
        special case or matches as a whole; then it parts the rest.
        """
        tokenizer = self._tokenizer
        sign = stretch[-1]
        if sign.isalpha() or not self._is_plain(stretch[:-1]) or {stretch, sign} & self._rules:
            return False
        if tokenizer.token_match and tokenizer.token_match(stretch):
            return False
        if tokenizer.prefix_search and tokenizer.prefix_search(stretch):
            return False
        cut = tokenizer.suffix_search and tokenizer.suffix_search(stretch)
        return bool(cut) and cut.end() - cut.start() == 1

    def _add_plain(self, words: Sequence[str]) -> None:
        """Add plain words, whose attributes are those of any new word."""
        values = [
            [get_string_id(value) if isinstance(value, str) else value for value in map(get, words)]
            for get in self._getters or ()
        ]
        first = len(self.texts)
        self.texts.extend(words)
        self._values.frombytes(np.array(values, np.uint64).T.tobytes())
        rows = range(first, len(self.texts))
        self._put(words, rows, [0] * len(words), list(map(len, words)), [1] * len(words))

    def _add_signed(self, stretches: Sequence[str]) -> None:
        """Add stretches of a plain word and a sign, which both are known by themselves."""
        parts = [part for stretch in stretches for part in (stretch[:-1], stretch[-1])]
        firsts = map(self._firsts.__getitem__, map(self._stretches.__getitem__, parts))
        lengths = [len(stretch) for stretch in stretches]
        self._put(
            stretches,
            list(map(self._rows.__getitem__, firsts)),
            [start for length in lengths for start in (0, length - 1)],
            [end for length in lengths for end in (length - 1, length)],
            [2] * len(stretches),
        )

    def _add(self, stretches: Sequence[str], doc: Doc) -> None:
        """Add stretches, of which a document holds one behind the other, a line end between."""
        values = doc.to_array(self._columns).astype(np.uint64).reshape(len(doc), -1)
        lengths, spaces = doc.to_array([LENGTH, SPACY]).astype(np.int64).reshape(-1, 2).T
        starts = _bounds(lengths + spaces)[:-1]
        sizes = np.fromiter(map(len, stretches), np.int64, len(stretches))
        bases = _bounds(sizes + 1)[:-1]
        owners = np.searchsorted(bases, starts, "right") - 1
        starts -= bases[owners]
        is_word = starts < sizes[owners]  # else it is a line end
        starts, lengths, owners = (each[is_word] for each in (starts, lengths, owners))
        content, size = values[is_word].tobytes(), 8 * values.shape[1]
        keys = [content[place : place + size] for place in range(0, len(content), size)]
        ends = starts + lengths
        for number, key in enumerate(keys):
            if key not in self._places:
                self._places[key] = len(self.texts)
                self.texts.append(stretches[owners[number]][starts[number] : ends[number]])
                self._values.frombytes(key)
        self._put(
            stretches,
            list(map(self._places.__getitem__, keys)),
            starts.tolist(),
            ends.tolist(),
            np.bincount(owners, minlength=len(stretches)).tolist(),
        )

    def _put(
        self,
        stretches: Sequence[str],
        rows: Sequence[int],
        starts: Sequence[int],
        ends: Sequence[int],
        counts: Sequence[int],
    ) -> None:
        """Put stretches into the tables.

        Args:
            stretches: New ones.
            rows: Of their words, in the table of words.
            starts: Where each word begins in its stretch.
            ends: Where it ends.
            counts: Words of each stretch.
        """
        firsts = list(accumulate(counts, initial=0))
        for stretch, (first, last) in zip(stretches, pairwise(firsts), strict=True):
            word = self.texts[rows[last - 1]]
            if word in self._tails or word in self._parts:
                words = self._part([self.texts[row] for row in rows[first:last]])
                self._note_beginning(stretch, words)
        self._stretches.update(zip(stretches, count(len(self._counts)), strict=False))
        self._firsts.extend(len(self._rows) + first for first in firsts[:-1])
        self._counts.extend(counts)
        self._rows.extend(rows)
        self._starts.extend(starts)
        self._ends.extend(ends)

    def _note_beginning(self, stretch: str, words: list[str]) -> None:
        """Note what would have to follow for a special case to begin in the last words."""
        tail = ""
        for word in reversed(words):
            tail = word + tail
            if tail not in self._tails:
                break
            for rest in self._rests.get(tail, ()):
                following = self._beginnings.setdefault(f"{stretch} ", {})
                following.setdefault(rest[0], []).append(rest)

    def _table(self) -> Attrs:
        table: Attrs = view(self._values, np.uint64).reshape(-1, len(self._columns))
        return table


def _bare(stretch: str) -> str:
    """Leave out the space behind a stretch that the tokenizer drops."""
    return stretch if stretch.isspace() else stretch.removesuffix(" ")


def _part_cases(tokenizer: Tokenizer) -> dict[str, list[str]]:
    """Part each special case into the words that it would be were it none: "a.m." -> "a", ".m."."""
    plain = Tokenizer(
        Vocab(),  # where words bear nothing that would have to be worked out
        prefix_search=tokenizer.prefix_search,
        suffix_search=tokenizer.suffix_search,
        infix_finditer=tokenizer.infix_finditer,
        token_match=tokenizer.token_match,
        url_match=tokenizer.url_match,
    )
    cases = [case for case in tokenizer.rules or () if not case.isspace()]
    starts = list(accumulate((len(case) + 1 for case in cases), initial=0))
    parts: dict[str, list[str]] = {}
    for token in plain("\n".join(cases)):
        number = bisect_right(starts, token.idx) - 1
        if token.idx - starts[number] < len(cases[number]):  # else it is a line end
            parts.setdefault(cases[number], []).append(token.text)
    return parts


def _find_getters(tokenizer: Tokenizer, columns: Sequence[int]) -> list[Getter] | None:
    """Find what gives the attributes of a word of plain letters; None where that must be asked."""
    if not leaves_letters_whole(tokenizer):
        return None
    known = {ORTH: str, TAG: _no_tag, **tokenizer.vocab.lex_attr_getters}
    if not set(columns) <= {*_OF_WORDS, ORTH, TAG} & set(known):
        return None
    return [known[column] for column in columns]


def _no_tag(_: str) -> int:
    return 0


def view(numbers: array[int], kind: type = np.int64) -> Any:
    """Look at an array of numbers without a copy; it must be let go before the array grows."""
    return np.frombuffer(numbers, kind) if numbers else np.zeros(0, kind)


def _bounds(counts: Any) -> Ints:
    """Turn counts into the bounds of what they count: [2, 3] into [0, 2, 5]."""
    bounds = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=bounds[1:])
    return bounds
