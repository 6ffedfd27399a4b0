"""Archives: members as they are, damaged, hostile, and read again."""

import gzip
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clippings import archives
from clippings.archives import (
    Directory,
    Member,
    find_kind,
    inflate,
    inflate_gzip,
    name_member,
    read_content,
    read_directory,
)
from clippings.errors import ReadError
from clippings.records import PROBLEMS

LIMIT = 4 * 2**20
ONE, TWO, THREE = b"The Road to Basra\n" * 40, b"Salt and Sand\n", bytes(range(256)) * 300


def pack(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return packed.getvalue()


def pack_to_pipe(*members: tuple[str, bytes]) -> bytes:
    """As programs pack that cannot go back: sizes stand behind each member."""

    class Pipe(io.RawIOBase):
        written = b""

        def writable(self) -> bool:
            return True

        def write(self, piece: Any) -> int:
            self.written += bytes(piece)
            return len(piece)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[arg-type]
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return pipe.written


def directory(packed: bytes) -> Directory:
    return read_directory(io.BytesIO(packed))


def unpack(packed: bytes, max_bytes: int = LIMIT) -> dict[str, bytes | str]:
    """What each member holds, or the code of why it cannot be used."""
    handle = io.BytesIO(packed)
    return {
        member.name: attempt(lambda m=member: b"".join(inflate(handle, m, max_bytes)))
        for member in read_directory(handle).members
    }


def attempt(work: Callable[[], bytes]) -> bytes | str:
    try:
        return work()
    except ReadError as error:
        problem = error
    assert PROBLEMS[problem.code].severity == "error"
    assert problem.detail.startswith("expected ")
    return problem.code


def ungzip(packed: bytes, max_bytes: int = LIMIT) -> bytes | str:
    return attempt(lambda: b"".join(inflate_gzip(io.BytesIO(packed), max_bytes)))


# Zip archives as programs write them


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_members_come_back(method: int) -> None:
    packed = pack(("a.txt", ONE), ("b/c.txt", TWO), ("d", THREE), ("e", b""), method=method)
    assert unpack(packed) == {"a.txt": ONE, "b/c.txt": TWO, "d": THREE, "e": b""}
    assert directory(packed).fault is None


def test_archive_without_members() -> None:
    assert directory(pack()) == Directory(())


def test_sizes_behind_the_members() -> None:
    assert unpack(pack_to_pipe(("a", ONE), ("b", TWO))) == {"a": ONE, "b": TWO}


def test_zip64() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("a.txt", "w", force_zip64=True) as handle:
            handle.write(ONE)
        archive.writestr("b.txt", TWO)
    assert unpack(packed.getvalue()) == {"a.txt": ONE, "b.txt": TWO}


def test_values_of_zip64_in_directory_and_end() -> None:
    """As in archives that large files were streamed to: all values stand in the long fields."""
    packed = pack(("a", ONE))
    (member,) = directory(packed).members
    at = packed.index(b"PK\x01\x02")
    record = bytearray(packed[at : packed.index(b"PK\x05\x06")])
    extra = struct.pack("<HHHHQQQ", 9, 0, 1, 24, len(ONE), member.packed_count, 0)
    record[20:28] = b"\xff" * 8
    record[42:46] = b"\xff" * 4
    record[30:32] = struct.pack("<H", len(extra))
    record += extra
    end = at + len(record)
    wide = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(record), at)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    short = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 1, 1, 2**32 - 1, 2**32 - 1, 0)
    assert unpack(packed[:at] + bytes(record) + wide + locator + short) == {"a": ONE}


def test_comment_and_bytes_before_the_archive() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a", ONE)
        archive.comment = b"from the desk" * 100
    assert unpack(packed.getvalue()) == {"a": ONE}
    assert unpack(b"#!/bin/sh\n" * 5 + packed.getvalue()) == {"a": ONE}


NAMES = ["../../etc/passwd", "/etc/passwd", "C:\\a.txt", "a.zip!/b.txt", "a\nb", "שלום", "😀", " "]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_only_names(name: str) -> None:
    assert unpack(pack((name, ONE))) == {name: ONE}


def test_name_that_is_no_utf8() -> None:
    packed = pack(("caf_.txt", ONE)).replace(b"caf_.txt", b"caf\xe9.txt")
    assert unpack(packed) == {os.fsdecode(b"caf\xe9.txt"): ONE}
    marked = pack(("café", ONE)).replace("café".encode(), b"caf\xff\xff")  # said to be UTF-8
    assert unpack(marked) == {os.fsdecode(b"caf\xff\xff"): ONE}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_one_name_are_told_apart() -> None:
    packed = pack(("a", b"1"), ("a#2", b"2"), ("a", b"3"), ("a", b"4"))
    assert unpack(packed) == {"a": b"1", "a#2": b"2", "a#3": b"3", "a#4": b"4"}
    assert [member.printed for member in directory(packed).members] == ["a", "a#2", "a", "a"]


def test_link_is_marked() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        link = zipfile.ZipInfo("link.txt")
        link.create_system = 3
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("file.txt", ONE)
    assert [member.is_link for member in directory(packed.getvalue()).members] == [True, False]


# Damage


def flip(packed: bytes, at: int, bits: int = 0xFF) -> bytes:
    return packed[:at] + bytes([packed[at] ^ bits]) + packed[at + 1 :]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_damaged_member_leaves_the_others(method: int) -> None:
    packed = pack(("a", ONE), ("b", THREE), ("c", TWO), method=method)
    middle = directory(packed).members[1]
    damaged = flip(packed, middle.start + middle.packed_count // 2)
    assert unpack(damaged) == {"a": ONE, "b": "broken_archive", "c": TWO}


def test_member_with_another_checksum() -> None:
    packed = pack(("a", ONE), ("b", TWO))
    at = packed.index(b"PK\x01\x02") + 16
    assert unpack(flip(packed, at)) == {"a": "broken_archive", "b": TWO}


def test_member_without_its_header() -> None:
    packed = pack(("a", ONE), ("b", TWO))
    start = directory(packed).members[1].start
    assert unpack(flip(packed, start)) == {"a": ONE, "b": "broken_archive"}


@pytest.mark.parametrize("write", [pack, pack_to_pipe])
def test_truncated_archive_gives_what_is_whole(write: Callable[..., bytes]) -> None:
    packed = write(("a", ONE), ("b/c", TWO), ("d", THREE))
    whole = directory(packed).members
    cut = packed[: whole[2].start + whole[2].packed_count // 2]
    assert unpack(cut) == {"a": ONE, "b/c": TWO, "d": "broken_archive"}
    fault = directory(cut).fault
    assert fault is not None
    assert "its first 3 members" in fault
    without_directory = packed[: packed.index(b"PK\x01\x02")]
    assert unpack(without_directory) == {"a": ONE, "b/c": TWO, "d": THREE}
    assert directory(without_directory).fault is not None


def test_stored_member_of_unknown_size_ends_the_search() -> None:
    packed = bytearray(pack(("a", ONE), ("b", TWO), ("c", ONE), method=zipfile.ZIP_STORED))
    start = directory(bytes(packed)).members[1].start
    packed[start + 6] |= 0x8
    cut = bytes(packed[: packed.index(b"PK\x01\x02")])
    assert unpack(cut) == {"a": ONE, "b": "broken_archive"}


def test_broken_directory_is_not_needed() -> None:
    packed = pack(("a", ONE), ("b", TWO))
    damaged = flip(packed, packed.index(b"PK\x05\x06") + 12)  # its size
    assert unpack(damaged) == {"a": ONE, "b": TWO}
    damaged = flip(packed, packed.index(b"PK\x01\x02"))
    assert unpack(damaged) == {"a": ONE, "b": TWO}


def test_member_that_is_said_to_stand_beyond_the_end() -> None:
    packed = bytearray(pack(("a", ONE), ("b", TWO)))
    at = packed.index(b"PK\x01\x02") + 42
    packed[at : at + 4] = struct.pack("<L", 2**31)
    assert unpack(bytes(packed)) == {"a": "broken_archive", "b": TWO}


def test_header_that_goes_beyond_the_end() -> None:
    packed = bytearray(pack_to_pipe(("a", TWO)))
    packed[26:28] = b"\xff\xff"  # the length of its name
    cut = bytes(packed[: packed.index(b"PK\x01\x02")])
    assert list(unpack(cut).values()) == ["broken_archive"]


@pytest.mark.parametrize(
    ("at", "value", "code"),
    [(8, 1, "encrypted"), (10, 12, "unsupported_type"), (10, 99, "unsupported_type")],
)
def test_locked_and_unknown_packing(at: int, value: int, code: str) -> None:
    packed = bytearray(pack(("a", ONE), ("b", TWO)))
    packed[packed.index(b"PK\x01\x02") + at] = value
    assert unpack(bytes(packed)) == {"a": code, "b": TWO}


# Bombs


def test_size_limit_of_a_member() -> None:
    packed = pack(("at", b"x" * 1000), ("over", b"x" * 1001))
    assert unpack(packed, 1000) == {"at": b"x" * 1000, "over": "too_large"}


def test_claimed_size_is_not_believed() -> None:
    packed = bytearray(pack(("a", b"x" * 5000)))
    at = packed.index(b"PK\x01\x02") + 24
    packed[at : at + 4] = struct.pack("<L", 10)
    assert unpack(bytes(packed), 1000) == {"a": "too_large"}


def test_bytes_that_unpack_to_far_more_than_text() -> None:
    blanks = bytes(3 * 2**20)
    assert unpack(pack(("a", blanks), ("b", TWO))) == {"a": "archive_bomb", "b": TWO}
    assert ungzip(gzip.compress(blanks)) == "archive_bomb"
    stored = pack(("a", blanks), method=zipfile.ZIP_STORED)
    assert unpack(stored) == {"a": blanks}
    little = bytes(archives.MAX_UNMEASURED_BYTES)
    assert unpack(pack(("a", little))) == {"a": little}


def test_bomb_stops_soon_after_the_limit() -> None:
    packed = gzip.compress(bytes(LIMIT))
    pieces = []
    with pytest.raises(ReadError) as caught:
        pieces.extend(inflate_gzip(io.BytesIO(packed), LIMIT))
    assert caught.value.code == "archive_bomb"
    assert sum(map(len, pieces)) <= archives.MAX_UNMEASURED_BYTES
    assert max(map(len, pieces)) <= 2**16


def test_members_that_overlap() -> None:
    """Every record of the directory names the same packed bytes, as in bombs that need no nest."""
    packed = pack(("a", ONE), ("b", ONE), ("c", ONE))
    records = [at for at in range(len(packed)) if packed.startswith(b"PK\x01\x02", at)]
    overlapping = bytearray(packed)
    for at in records:
        overlapping[at + 42 : at + 46] = struct.pack("<L", directory(packed).members[2].start)
    assert unpack(bytes(overlapping)) == {"a": "broken_archive", "b": "broken_archive", "c": ONE}


def test_member_that_holds_the_next_one() -> None:
    packed = pack(("a", ONE), ("b", TWO), method=zipfile.ZIP_STORED)
    at = packed.index(b"PK\x01\x02") + 20
    size = struct.pack("<L", len(ONE) + 40)
    assert unpack(packed[:at] + size + packed[at + 4 :]) == {"a": "broken_archive", "b": TWO}


def test_too_many_members(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = pack(("a", ONE), ("b", TWO), ("c", ONE))
    monkeypatch.setattr(archives, "MAX_MEMBERS", 3)
    assert len(directory(packed).members) == 3
    assert ungzip(gzip.compress(TWO) * 3) == TWO * 3
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
    for broken in (packed, packed[:-30]):
        with pytest.raises(ReadError, match="at most 2 members") as caught:
            directory(broken)
        assert caught.value.code == "archive_bomb"
    assert ungzip(gzip.compress(TWO) * 3) == "archive_bomb"


# Gzip


def test_gzip_streams_one_behind_the_other_are_one_content() -> None:
    assert ungzip(gzip.compress(ONE)) == ONE
    assert ungzip(gzip.compress(THREE) + gzip.compress(b"") + gzip.compress(TWO)) == THREE + TWO
    assert ungzip(gzip.compress(ONE) + bytes(100_000)) == ONE  # padding, as tapes have it


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(THREE)[:-1],
        gzip.compress(THREE)[:-9],
        gzip.compress(ONE)[:10],
        gzip.compress(ONE)[:2],
        flip(gzip.compress(THREE), 300),
        flip(gzip.compress(ONE), -8),
        flip(gzip.compress(ONE), -1),
        gzip.compress(ONE) + b"more",
        gzip.compress(ONE) + bytes(70_000) + b"x",
        gzip.compress(ONE) + gzip.compress(TWO)[:-1],
        b"",
    ],
)
def test_broken_gzip(packed: bytes) -> None:
    assert ungzip(packed) == "broken_archive"


def test_size_limit_of_gzip() -> None:
    packed = gzip.compress(b"x" * 600) + gzip.compress(b"y" * 400)
    assert ungzip(packed, 1000) == b"x" * 600 + b"y" * 400
    assert ungzip(packed, 999) == "too_large"


@pytest.mark.parametrize(
    ("file", "name"),
    [("a.txt.gz", "a.txt"), ("b/A.GZ", "A"), ("b.gz/a.txt", "a.txt"), ("a", "a"), ("gz", "gz")],
)
def test_gzip_is_named_by_its_file(file: str, name: str) -> None:
    assert name_member(file) == name


def test_kinds() -> None:
    assert find_kind(pack()) == find_kind(pack(("a", ONE))) == "zip"
    assert find_kind(gzip.compress(b"")) == "gzip"
    assert [find_kind(head) for head in (b"", b"PK", b"PK and more", ONE, b"\x1f")] == [None] * 5


# Reading again


def test_read_again(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(ONE)
    (tmp_path / "b.zip").write_bytes(pack(("../c", TWO), ("d", THREE)))
    (tmp_path / "e.txt.gz").write_bytes(gzip.compress(ONE))
    read = {
        (file, member): read_content(tmp_path, file, member, max_bytes=LIMIT)
        for file, member in [
            ("a.txt", None),
            ("b.zip", "../c"),
            ("b.zip", "d"),
            ("b.zip", None),
            ("e.txt.gz", "e.txt"),
        ]
    }
    assert list(read.values()) == [ONE, TWO, THREE, (tmp_path / "b.zip").read_bytes(), ONE]


@pytest.mark.parametrize(
    ("file", "member", "code"),
    [
        ("a.txt", None, "too_large"),
        ("a.txt", "b", "changing"),
        ("b.zip", "d", "too_large"),
        ("b.zip", "e", "changing"),
        ("e.gz", "e", "too_large"),
        ("e.gz", "f", "changing"),
        ("none", None, "unreadable"),
        ("none", "a", "unreadable"),
        ("no\0ne", None, "unreadable"),
        (".", None, "unreadable"),
    ],
)
def test_what_cannot_be_read_again(
    tmp_path: Path, file: str, member: str | None, code: str
) -> None:
    (tmp_path / "a.txt").write_bytes(ONE)
    (tmp_path / "b.zip").write_bytes(pack(("d", ONE)))
    (tmp_path / "e.gz").write_bytes(gzip.compress(ONE))
    with pytest.raises(ReadError) as caught:
        read_content(tmp_path, file, member, max_bytes=len(ONE) - 1)
    assert caught.value.code == code


def test_archive_that_was_written_anew_is_looked_at_anew(tmp_path: Path) -> None:
    for number, content in enumerate((ONE, TWO)):
        (tmp_path / "a.zip").write_bytes(pack(("b", content)))
        os.utime(tmp_path / "a.zip", ns=(number, number))
        assert read_content(tmp_path, "a.zip", "b", max_bytes=LIMIT) == content


# Anything at all

seeds = st.sampled_from(
    [
        pack(("a", ONE), ("b", TWO)),
        pack(("a", TWO), ("é", THREE), method=zipfile.ZIP_STORED),
        pack_to_pipe(("a", ONE), ("b", TWO)),
        gzip.compress(ONE) + gzip.compress(TWO),
    ]
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """An archive with some bytes changed, cut out or doubled."""
    packed = draw(seeds)
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(packed)))
        end = draw(st.integers(start, min(len(packed), start + 50)))
        packed = packed[:start] + draw(st.binary(max_size=8)) + packed[end:]
    return packed


@settings(deadline=None, max_examples=400)
@given(st.binary(max_size=300) | damaged())
@example(b"PK\x05\x06" + bytes(18))
@example(b"PK\x05\x06" + b"\xff" * 18)
def test_any_bytes_at_all_end_in_content_or_a_problem(packed: bytes) -> None:
    contents = unpack(packed, 100_000)
    assert len(contents) == len(directory(packed).members)
    ungzip(packed, 100_000)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.text(max_size=5), st.binary(max_size=300)), max_size=5))
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_whatever_was_packed_comes_back(members: list[tuple[str, bytes]]) -> None:
    members = [
        (name.replace("\0", "_").encode("utf-8", "replace").decode(), content)
        for name, content in members
    ]
    found = unpack(pack(*members))
    assert list(found.values()) == [content for _, content in members]


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=3000), st.integers(0, 9), st.integers(0, 4000))
def test_what_is_cut_off_is_never_content(content: bytes, level: int, length: int) -> None:
    packed = zlib.compress(content, level, 31)
    cut = packed[:length]
    assert ungzip(cut) == (content if cut == packed else "broken_archive")


def test_member_is_a_value() -> None:
    (member,) = directory(pack(("a", ONE))).members
    assert member == Member("a", "a", 0, member.packed_count, len(ONE), zlib.crc32(ONE), 8, 0)
