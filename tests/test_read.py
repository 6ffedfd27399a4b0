"""Reading: every encoding by example, whatever is no text refused, and the laws of offsets."""

import bz2
import gzip
import io
import json
import lzma
import tracemalloc
import zipfile
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clippings import office
from clippings.errors import ReadError
from clippings.read import Dump, decode
from clippings.records import PROBLEMS

CASES = json.loads((Path(__file__).parent / "cases" / "read.json").read_text(encoding="utf-8"))
STRIDE = 4096  # byte offsets are kept for every so many characters


def join(parts: list[list[str]]) -> bytes:
    """Bytes of pieces of text, each with its codec."""
    return b"".join(text.encode(codec) for codec, text in parts)


def list_offsets(content: bytes, encoding: str) -> list[int]:
    """Where each character begins, and the end: a slow reference that looks at every byte."""
    if encoding == "cp1252":
        return list(range(len(content) + 1))
    if encoding.startswith("utf-16"):
        order = "little" if encoding.endswith("le") else "big"
        units = range(0, len(content), 2)
        low = [0xDC00 <= int.from_bytes(content[at : at + 2], order) < 0xE000 for at in units]
        return [at for at, is_low in zip(units, low, strict=True) if not is_low] + [len(content)]
    offsets, at = [], 0
    while at < len(content):
        offsets.append(at)
        at += next((n for n in (1, 2, 3, 4) if is_utf8(content[at : at + n])), 1)
    return [*offsets, at]


def is_utf8(piece: bytes) -> bool:
    try:
        return len(piece.decode("utf-8")) == 1
    except UnicodeDecodeError:
        return False


def assert_offsets_agree(dump: Dump) -> None:
    offsets = list_offsets(dump.content, dump.encoding)
    assert len(offsets) == len(dump.text) + 1
    assert [dump.byte_offset(char) for char in range(len(offsets))] == offsets
    assert [dump.char_offset(byte) for byte in offsets] == list(range(len(offsets)))


def try_decode(content: bytes) -> Dump | ReadError:
    try:
        return decode(content)
    except ReadError as error:
        return error


def encode_back(dump: Dump) -> bytes:
    """The bytes of a text, each character by the bytes that it came from."""
    if dump.encoding != "utf-8+cp1252":
        return dump.text.encode(dump.encoding.removesuffix("-sig"))
    offsets = list_offsets(dump.content, dump.encoding)
    return b"".join(
        char.encode("cp1252" if not is_utf8(dump.content[start:end]) else "utf-8")
        for char, start, end in zip(dump.text, offsets, offsets[1:], strict=False)
    )


@pytest.mark.parametrize("case", CASES["read"], ids=itemgetter("label"))
def test_text_and_encoding(case: dict[str, Any]) -> None:
    dump = decode(join(case["bytes"]))
    assert (dump.text, dump.encoding) == (case["text"], case["encoding"])
    assert dump.first_stray == case.get("first_stray")
    assert_offsets_agree(dump)


@pytest.mark.parametrize("case", CASES["refused"], ids=itemgetter("label"))
def test_what_is_no_text_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ReadError) as caught:
        decode(join(case["bytes"]))
    assert caught.value.code == case["code"]
    if "start_byte" in case:
        assert caught.value.start_byte == case["start_byte"]


def make_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("dump.txt", "The Road to Basra\n")
    return buffer.getvalue()


def make_empty_zip() -> bytes:
    buffer = io.BytesIO()
    zipfile.ZipFile(buffer, "w").close()
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (gzip.compress(b"The Road to Basra"), "gzip"),
        (bz2.compress(b"The Road to Basra"), "bzip2"),
        (lzma.compress(b"The Road to Basra"), "xz"),
    ],
    ids=["gzip", "bzip2", "xz"],
)
def test_archives_are_named(content: bytes, name: str) -> None:
    with pytest.raises(ReadError, match=name) as caught:
        decode(content)
    assert (caught.value.code, caught.value.start_byte) == ("not_text", 0)


@pytest.mark.parametrize("content", [make_zip(), make_empty_zip()], ids=["zip", "empty zip"])
def test_a_zip_that_is_no_word_document_is_refused(content: bytes) -> None:
    with pytest.raises(ReadError, match="Word document") as caught:
        decode(content)
    assert caught.value.code == "broken_office"


@settings(deadline=None, max_examples=300)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.one_of(
                st.text(max_size=8).map(lambda text: text.encode()),
                st.binary(min_size=1, max_size=2),
                st.sampled_from([b"\xff\xfe", b"\xef\xbb\xbf", b"\0", b"\r\n", b"\x81", b"\xe9"]),
            )
        ).map(b"".join),
        st.text().map(lambda text: b"\xff\xfe" + text.encode("utf-16-le")),
        st.text().map(lambda text: b"\xfe\xff" + text.encode("utf-16-be")),
        st.text(alphabet="aé“”’—€ \r\n").map(lambda text: text.encode("cp1252")),
    )
)
def test_any_bytes_decode_without_loss_or_are_refused(content: bytes) -> None:
    assume(office.find_kind(content) is None)  # of those the text is made, not read
    dump = try_decode(content)
    if isinstance(dump, ReadError):
        assert PROBLEMS[dump.code].severity == "error"
        assert dump.start_byte is not None
        assert 0 <= dump.start_byte < len(content)
        return
    assert encode_back(dump) == content
    assert (dump.first_stray is None) == (dump.encoding != "utf-8+cp1252")
    assert_offsets_agree(dump)


@settings(deadline=None, max_examples=100)
@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc"])),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"]),
)
def test_any_text_reads_back_from_unicode(text: str, encoding: str) -> None:
    text = "The " + text  # no file format begins so
    mark = "" if encoding == "utf-8" else "\ufeff"
    dump = decode((mark + text).encode(encoding.removesuffix("-sig")))
    assert (dump.text, dump.encoding) == (mark + text, encoding)


WESTERN = [
    char
    for byte in range(0x80, 0x100)
    if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
    for char in bytes([byte]).decode("cp1252")
]


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from(WESTERN), min_size=1), st.sampled_from(["a", "\r\n", "xyz "]))
def test_western_letters_among_ascii_read_back_from_cp1252(letters: list[str], then: str) -> None:
    text = "The " + "".join(letter + then for letter in letters)
    dump = decode(text.encode("cp1252"))
    assert (dump.text, dump.encoding) == (text, "cp1252")


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from(WESTERN), min_size=1, max_size=5), st.data())
def test_strays_in_utf8_read_back(strays: list[str], data: st.DataObject) -> None:
    pieces = [(stray + " ", "cp1252") for stray in strays] + [("ש😀 ", "utf-8")] * len(strays)
    pieces = data.draw(st.permutations(pieces))
    dump = decode(b"The " + b"".join(text.encode(codec) for text, codec in pieces))
    assert dump.text == "The " + "".join(text for text, _ in pieces)
    assert dump.encoding == "utf-8+cp1252"
    before = [len(text) for text, codec in pieces[: [c for _, c in pieces].index("cp1252")]]
    assert dump.first_stray == 4 + sum(before)


@settings(deadline=None, max_examples=10)
@given(
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "cp1252", "utf-8+cp1252"]),
    st.sampled_from(["a", "é", "\r\n", "x\r"]),
    st.integers(-3, 3),
    st.integers(1, 2),
)
def test_offsets_agree_across_strides(encoding: str, filler: str, shift: int, strides: int) -> None:
    text = filler * ((strides * STRIDE + shift) // len(filler)) + "é“a"
    if encoding != "cp1252":
        text += "😀\r\nש"
    if encoding == "utf-8+cp1252":
        content = b"ab\xe9cd\r\n" + ("😀ש" + text).encode()
    elif encoding == "cp1252":
        content = b"x" + "".join(char + "a" for char in text).encode("cp1252")
    elif encoding == "utf-8":
        content = text.encode()
    else:
        content = ("\ufeff" + text).encode(encoding.removesuffix("-sig"))
    dump = decode(content)
    assert dump.encoding == encoding
    offsets = list_offsets(content, encoding)
    assert len(offsets) == len(dump.text) + 1
    near = {0, 1, len(offsets) - 1} | {
        char
        for edge in range(0, len(offsets) + STRIDE, STRIDE)
        for char in range(edge - 9, edge + 9)
        if 0 <= char < len(offsets)
    }
    for char in sorted(near):
        assert dump.byte_offset(char) == offsets[char]
        assert dump.char_offset(offsets[char]) == char


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"The road",
        "Lévinas".encode("cp1252"),
        "Lévinas".encode(),
        "\ufeffLevinas".encode(),
        "\ufeffLevinas".encode("utf-16-le"),
        "“Lévinas” ".encode() + b"\xe9",
        "é".encode() * STRIDE,
    ],
    ids=repr,
)
def test_the_content_ends_where_the_text_ends(content: bytes) -> None:
    dump = decode(content)
    assert dump.byte_offset(len(dump.text)) == len(content)
    assert dump.char_offset(len(content)) == len(dump.text)


@pytest.mark.parametrize(
    ("line", "codec"),
    [
        ("the naïve reader of Lévinas\n", "ascii"),
        ("the naïve reader of Lévinas\n", "utf-8"),
        ("the naïve reader of Lévinas\n", "utf-16"),
        ("the naïve reader of Lévinas\n", "cp1252"),
        ("העיתון של שישי\n", "utf-8"),
        ("העיתון של שישי\n", "cp1255"),
    ],
)
def test_memory_is_a_few_times_the_dump(line: str, codec: str) -> None:
    content = (line * 20_000).encode(codec, "replace")
    tracemalloc.start()
    try:
        decode(content).byte_offset(100_000)
        assert tracemalloc.get_traced_memory()[1] < 10 * len(content)
    finally:
        tracemalloc.stop()


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "unit",
    [b"\xe9", b"\xe9a", b"\xc3\xa9\xe9", b"\xf0\x9f\x98", b"\x80", b"\x01", b"\r", b"%PDF-"],
    ids=repr,
)
def test_odd_bytes_take_linear_time(unit: bytes) -> None:
    content = b"The " + unit * (2_000_000 // len(unit))
    dump = try_decode(content)
    assert isinstance(dump, Dump) or dump.code in PROBLEMS


PAGE = "<html><head><meta charset={}></head><p>{}</p></html>"
MESSAGE = "Message-ID: <1@b>\nSubject: A raid\n\n{}\n"


@pytest.mark.parametrize(
    ("content", "form", "encoding", "words"),
    [
        (PAGE.format("utf-8", "Lévinas – “x”").encode(), "html", "utf-8", "Lévinas – “x”"),
        (PAGE.format("x", "\ufeffé").encode("utf-8-sig"), "html", "utf-8-sig", "é"),
        (("\ufeff" + PAGE.format("x", "é")).encode("utf-16-le"), "html", "utf-16-le", "é"),
        (PAGE.format("iso-8859-1", "“é”").encode("cp1252"), "html", "cp1252", "“é”"),
        (PAGE.format("x-unknown", "é").encode("cp1252"), "html", "cp1252", "é"),
        (PAGE.format("koi8-r", "Правда").encode("koi8-r"), "html", "koi8-r", "Правда"),
        (PAGE.format("gb2312", "你好").encode("gb2312"), "html", "gb2312", "你好"),
        (PAGE.format("koi8-r", "Правда").encode(), "html", "utf-8", "Правда"),
        (PAGE.format("gb2312", "né").encode("cp1252"), "html", "cp1252", "né"),
        (MESSAGE.format("né").encode(), "mail", "utf-8", "né"),
        (MESSAGE.format("né").encode("cp1252"), "mail", "cp1252", "né"),
        (b"\xef\xbb\xbf" + MESSAGE.format("x").encode(), "mail", "utf-8", "x"),
        (b"Date: 3 May 1990\nSubject: <p>x\n", "text", "utf-8", "<p>x"),
        ("Où <p>né".encode("cp1252"), "text", "cp1252", "<p>né"),
    ],
)
def test_form_is_told_from_the_bytes(content: bytes, form: str, encoding: str, words: str) -> None:
    dump = decode(content)
    assert (dump.form, dump.encoding) == (form, encoding)
    assert words in dump.text
    assert_bytes_are_tiled(dump)
    start = dump.text.index(words)
    stretch = content[dump.byte_offset(start) : dump.byte_offset(start + len(words))]
    assert stretch.decode(encoding.removesuffix("-sig")) == words


def assert_bytes_are_tiled(dump: Dump) -> None:
    offsets = [dump.byte_offset(char) for char in range(len(dump.text) + 1)]
    assert (offsets[0], offsets[-1]) == (0, len(dump.content))
    assert all(start < end for start, end in pairwise(offsets))
    assert [dump.char_offset(offset) for offset in offsets] == list(range(len(offsets)))


def test_marks_are_of_the_rendered_text() -> None:
    dump = decode("<html><div id=hd>Où &amp; <b class='x'>quand</b></div>".encode())
    assert [dump.text[mark.start : mark.end] for mark in dump.marks] == ["Où & quand", "quand"]
    assert [mark.fits("#hd") for mark in dump.marks] == [True, False]
    assert decode(b"plain").marks == ()


def test_a_stray_byte_of_a_page_is_where_it_is_rendered() -> None:
    content = "<html><p>“né” ".encode() + b"\xe9<p>x"
    dump = decode(content)
    assert (dump.encoding, dump.first_stray) == ("utf-8+cp1252", dump.text.rindex("é"))
    assert dump.byte_offset(dump.text.rindex("é")) == content.index(b"\xe9<")


@pytest.mark.parametrize(
    "content",
    [b"<html>\0", b"From a b\nDate: x\n\n\0", b"<html>\x81"],
    ids=repr,
)
def test_pages_and_mail_keep_the_rules_of_what_is_text(content: bytes) -> None:
    with pytest.raises(ReadError):
        decode(content)


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from([b"", b"\xef\xbb\xbf", b"\n"]),
    st.sampled_from([b"<html>", b"<!doctype html>", b"From a\nDate: x\n", MESSAGE.encode()]),
    st.lists(
        st.one_of(
            st.binary(max_size=4),
            st.text(max_size=4).map(str.encode),
            st.sampled_from([b"<p>", b"</p>", b"&eacute;", b"<meta charset=gbk>", b"\n\n", b"=E9"]),
        ),
        max_size=20,
    ).map(b"".join),
)
def test_pages_and_mail_of_any_bytes_are_tiled(mark: bytes, start: bytes, rest: bytes) -> None:
    dump = try_decode(mark + start + rest)
    if isinstance(dump, ReadError):
        assert PROBLEMS[dump.code].severity == "error"
    else:
        assert dump.form in ("html", "mail")
        dump.text.encode()
        assert_bytes_are_tiled(dump)
