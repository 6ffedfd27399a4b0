import functools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clippings.notes import Note, Notes

IDS = st.text("0123456789abcdef", min_size=20, max_size=20)
VALUES = st.none() | st.booleans() | st.integers() | st.text()
NOTES = st.dictionaries(IDS, st.dictionaries(st.text(), VALUES))


def note_all(notes: dict[str, Note]) -> Notes:
    made = Notes()
    made.update(notes)
    return made


@given(NOTES)
def test_notes_read_back_as_they_were_and_as_json(notes: dict[str, Note]) -> None:
    text = f'{{"a": 1,\n"dumps": {note_all(notes).write()},\n"z": {json.dumps("}")}}}'
    assert json.loads(text) == {"a": 1, "dumps": notes, "z": "}"}
    rest, found = Notes.find(text, "dumps")
    assert json.loads(rest) == {"a": 1, "dumps": None, "z": "}"}
    assert found == note_all(notes)
    assert dict(found) == notes
    assert found.write() == note_all(dict(reversed(notes.items()))).write()


@given(NOTES, NOTES)
def test_what_two_say_alike_is_found(one: dict[str, Note], other: dict[str, Note]) -> None:
    both = one | other
    alike = note_all(both).equal(note_all(one))
    write = functools.partial(json.dumps, sort_keys=True)  # to Python 1 is True
    assert alike == {each for each in one if write(one[each]) == write(both[each])}
    assert note_all(both).of(one) == note_all({each: both[each] for each in one})


@pytest.mark.parametrize("text", ["{}", '{"dumps": {"a": {}}}', '{"dumps": {\n"a": {}'])
def test_notes_in_another_form_are_left_alone(text: str) -> None:
    assert Notes.find(text, "dumps") == (text, Notes())
