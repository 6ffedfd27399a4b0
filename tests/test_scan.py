"""The raw folder: what is taken, what is left in silence, and what is reported."""

import contextlib
import gzip
import hashlib
import io
import os
import socket
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clippings import archives, scan
from clippings.archives import read_content
from clippings.errors import ReadError
from clippings.records import PROBLEMS
from clippings.scan import ID_LENGTH, Found, find_dumps, hash_id

TEXT = b"The Road to Basra\n"
LIMIT = 1000


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """An empty raw folder."""
    folder = tmp_path / "raw"
    folder.mkdir()
    return folder


def put(raw: Path, *names: str, content: bytes = TEXT) -> None:
    for name in names:
        path = raw / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def look(raw: Path, **options: int) -> dict[str, Found]:
    """What is found, by path; each path once and in order."""
    found = find_dumps(raw, **{"max_bytes": LIMIT, **options})
    assert sorted(found, key=lambda each: os.fsencode(each.name)) == found
    assert len({each.dump_id for each in found}) == len(found)
    for each in found:
        assert (each.code is None) == (each.detail is None) == (each.sha256 is not None)
        assert each.code in (None, "empty") or PROBLEMS[each.code].severity == "error"
        if each.sha256:
            content = read_content(raw, each.file, each.member, **{"max_bytes": LIMIT, **options})
            assert (hashlib.sha256(content).hexdigest(), len(content)) == (
                each.sha256,
                each.byte_count,
            )
    return {each.path: each for each in found}


def codes(raw: Path, **options: int) -> dict[str, str | None]:
    return {path: each.code for path, each in look(raw, **options).items()}


def test_dump_has_hash_and_size(raw: Path) -> None:
    put(raw, "a.txt")
    sha256 = hashlib.sha256(TEXT).hexdigest()
    assert look(raw) == {"a.txt": Found("a.txt", sha256, len(TEXT))}


def test_empty_folder_and_empty_file(raw: Path) -> None:
    assert look(raw) == {}
    (raw / "nothing").mkdir()
    assert look(raw) == {}
    put(raw, "a.txt", content=b"")
    assert look(raw) == {"a.txt": Found("a.txt", hashlib.sha256().hexdigest(), 0)}


PLAIN = ["a.txt", "a.text", "a.md", "a", "A.TXT", "a.Md", "a b.txt", "a.pdf.txt", "-a.txt"]
ODD = [
    "a\nb.txt",
    "שלום.txt",
    "😀.txt",
    "😀",
    "café.txt",
    "a%2F.txt",
    "a\\b.txt",
    "'a\".txt",
    "\t.txt",
]
NEARLY_IGNORED = ["__MACOSX.txt", "swp", "a~b.txt", "~a.txt", "a.swp.txt"]


@pytest.mark.parametrize("name", [*PLAIN, *ODD, *NEARLY_IGNORED])
def test_taken(raw: Path, name: str) -> None:
    put(raw, name)
    assert codes(raw) == {name: None}


HIDDEN = [".a.txt", ".DS_Store", ".git/config", ".a/b.txt", "b/.a.txt", "._a.txt"]
LEFT_BY_EDITORS = ["a.txt~", "~$a.txt", "a.swp", ".a.txt.swp", "a.txt.swo"]
LEFT_BY_ARCHIVES = ["__MACOSX/a.txt", "__MACOSX/._a.txt", "b/__MACOSX/a.txt"]


@pytest.mark.parametrize("name", [*HIDDEN, *LEFT_BY_EDITORS, *LEFT_BY_ARCHIVES])
def test_ignored_in_silence(raw: Path, name: str) -> None:
    put(raw, name, "z.txt")
    assert codes(raw) == {"z.txt": None}


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("a.doc", ".doc"), ("a.tgz", ".tgz"), ("a.PNG", ".png"), ("b/a.epub", ".epub")],
)
def test_unsupported_type_names_its_suffix(raw: Path, name: str, suffix: str) -> None:
    put(raw, name)
    (found,) = look(raw).values()
    assert (found.path, found.code, found.byte_count) == (name, "unsupported_type", len(TEXT))
    assert found.detail == (
        "expected .txt, .text, .md, .html, .htm, .xhtml, .eml, .mbox, .pdf, .docx, .rtf, .zip, "
        f'.gz or no suffix, found "{suffix}"'
    )


# Archives and office documents


def pack(*members: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


WORD = pack(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<document/>"))
MARKUP = ["a.html", "a.HTM", "a.xhtml", "a.eml", "b/a.mbox"]
OFFICE = [
    ("a.pdf", b"%PDF-1.7\n"),
    ("a.docx", WORD),
    ("a.RTF", b"{\\rtf1 x}"),
    ("a.txt", b"%PDF-1.7\n"),
    ("a", WORD),
    ("a.zip", WORD),
    ("a.pdf", b"{\\rtf1 x}"),
    ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
]


@pytest.mark.parametrize("name", MARKUP)
def test_markup_is_taken(raw: Path, name: str) -> None:
    put(raw, name)
    assert look(raw)[name] == Found(name, hashlib.sha256(TEXT).hexdigest(), len(TEXT))


@pytest.mark.parametrize(("name", "content"), OFFICE)
def test_office_documents_are_taken_whole(raw: Path, name: str, content: bytes) -> None:
    put(raw, name, content=content)
    sha256 = hashlib.sha256(content).hexdigest()
    assert look(raw) == {name: Found(name, sha256, len(content), is_office=True)}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a.zip", "broken_archive"),
        ("a.txt.gz", "broken_archive"),
        ("a.pdf", "broken_office"),
        ("a.docx", "broken_office"),
        ("a.rtf", "broken_office"),
    ],
)
@pytest.mark.parametrize("content", [TEXT, b"", b"\x89PNG", b"PK"])
def test_name_that_promises_another_thing(raw: Path, name: str, code: str, content: bytes) -> None:
    put(raw, name, content=content)
    assert codes(raw) == {name: code}
    assert look(raw)[name].byte_count == len(content)


def test_members_are_dumps_of_their_own(raw: Path) -> None:
    packed = pack(("b.txt", TEXT), ("c/d", b"x"), ("e.html", b""))
    put(raw, "a.zip", content=packed)
    put(raw, "b/f.txt.gz", content=gzip.compress(TEXT))
    archive, other = (
        hashlib.sha256((raw / name).read_bytes()).hexdigest() for name in ("a.zip", "b/f.txt.gz")
    )
    sha256 = hashlib.sha256(TEXT).hexdigest()
    found = look(raw)
    assert list(found) == ["a.zip!/b.txt", "a.zip!/c/d", "a.zip!/e.html", "b/f.txt.gz!/f.txt"]
    assert found["a.zip!/b.txt"] == Found(
        "a.zip", sha256, len(TEXT), member="b.txt", archive_sha256=archive
    )
    assert found["b/f.txt.gz!/f.txt"] == Found(
        "b/f.txt.gz", sha256, len(TEXT), member="f.txt", archive_sha256=other
    )


def test_bytes_tell_an_archive_whatever_its_name(raw: Path) -> None:
    put(raw, "a.txt", "b.zip", content=gzip.compress(TEXT))
    put(raw, "c.gz", "d", "e.pdf", content=pack(("x.txt", TEXT)))
    assert codes(raw) == {
        "a.txt!/a.txt": None,
        "b.zip!/b.zip": "nested_archive",
        "c.gz!/x.txt": None,
        "d!/x.txt": None,
        "e.pdf!/x.txt": None,
    }


def test_zip_named_as_a_word_document_stays_whole(raw: Path) -> None:
    """The names of its members do not matter there; `office.extract` says what is wrong."""
    put(raw, "a.docx", content=pack(("x.txt", TEXT)))
    assert codes(raw) == {"a.docx": None}


@pytest.mark.parametrize("name", [*HIDDEN, *LEFT_BY_EDITORS, *LEFT_BY_ARCHIVES, "folder/"])
def test_members_ignored_in_silence(raw: Path, name: str) -> None:
    content = b"" if name.endswith("/") else TEXT
    put(raw, "a.zip", content=pack((name, content), ("z.txt", TEXT)))
    assert codes(raw) == {"a.zip!/z.txt": None}


@pytest.mark.parametrize("name", ["../b.txt", "/b.txt", "./b.txt", "a.zip!/b.txt", "a\\..\\b.txt"])
def test_members_are_never_ignored_for_where_they_point(raw: Path, name: str) -> None:
    put(raw, "a.zip", content=pack((name, TEXT)))
    assert codes(raw) == {f"a.zip!/{name}": None}


@pytest.mark.parametrize("content", [pack(), pack((".hidden", TEXT)), pack(("folder/", b""))])
def test_archive_without_members(raw: Path, content: bytes) -> None:
    put(raw, "a.zip", content=content)
    assert codes(raw) == {"a.zip": "empty"}


def test_members_that_cannot_be_used_have_a_row_each(raw: Path) -> None:
    link = zipfile.ZipInfo("link.txt")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("inner.zip", pack(("x.txt", TEXT)))
        archive.writestr("inner.txt", pack(("x.txt", TEXT)))
        archive.writestr("inner.txt.gz", gzip.compress(TEXT))
        archive.writestr("inner", gzip.compress(TEXT))
        archive.writestr("a.png", b"x")
        archive.writestr("a.pdf", b"no PDF")
        archive.writestr("long.txt", b"x" * (LIMIT + 1))
        archive.writestr("word.docx", WORD)
        archive.writestr("z.txt", TEXT)
    put(raw, "a.zip", content=packed.getvalue())
    assert codes(raw, max_bytes=LIMIT) == {"a.zip": "too_large"}  # the archive itself
    limit = len(packed.getvalue())
    assert {
        path.removeprefix("a.zip!/"): code for path, code in codes(raw, max_bytes=limit).items()
    } == {
        "a.pdf": "broken_office",
        "a.png": "unsupported_type",
        "inner": "nested_archive",
        "inner.txt": "nested_archive",
        "inner.txt.gz": "nested_archive",
        "inner.zip": "nested_archive",
        "link.txt": "not_a_file",
        "long.txt": None,
        "word.docx": None,
        "z.txt": None,
    }
    assert look(raw, max_bytes=limit)["a.zip!/word.docx"].is_office


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a.gz", None),
        ("a.txt.gz", None),
        ("a.tar.gz", "unsupported_type"),
        ("a.zip.gz", "nested_archive"),
    ],
)
def test_gzip_is_taken_by_what_it_holds(raw: Path, name: str, code: str | None) -> None:
    put(raw, name, content=gzip.compress(TEXT))
    assert codes(raw) == {f"{name}!/{name[:-3]}": code}


def test_gzip_of_an_archive(raw: Path) -> None:
    put(raw, "a.txt.gz", content=gzip.compress(pack(("x.txt", TEXT))))
    assert codes(raw) == {"a.txt.gz!/a.txt": "nested_archive"}


def test_broken_archives(raw: Path) -> None:
    packed = pack(("b.txt", TEXT), ("c.txt", TEXT * 3))
    put(raw, "cut.zip", content=packed[: packed.index(b"PK\x01\x02") - 5])
    put(raw, "a.txt.gz", content=gzip.compress(TEXT)[:-3])
    assert codes(raw) == {
        "a.txt.gz!/a.txt": "broken_archive",
        "cut.zip": "broken_archive",
        "cut.zip!/b.txt": None,
        "cut.zip!/c.txt": "broken_archive",
    }
    assert look(raw)["cut.zip"].byte_count == (raw / "cut.zip").stat().st_size


def test_member_over_the_limit(raw: Path) -> None:
    put(raw, "a.txt.gz", content=gzip.compress(b"x" * (LIMIT + 1)))
    put(raw, "b.zip", content=pack(("at.txt", b"x" * LIMIT), ("over.txt", b"x" * (LIMIT + 1))))
    assert codes(raw) == {
        "a.txt.gz!/a.txt": "too_large",
        "b.zip!/at.txt": None,
        "b.zip!/over.txt": "too_large",
    }


def test_members_that_unpack_to_too_much_together(raw: Path) -> None:
    members = [(f"{number}.txt", b"x" * 10_000) for number in range(scan.MAX_UNPACKED + 1)]
    put(raw, "a.zip", content=pack(*members[:-1]))
    assert set(codes(raw, max_bytes=10_000).values()) == {None}
    put(raw, "a.zip", content=pack(*members))
    assert codes(raw, max_bytes=10_000) == {"a.zip": "archive_bomb"}


def test_bombs_beside_a_dump(raw: Path) -> None:
    """One costs a row; where they go on, the archive is left."""
    limit = 3 * 2**19
    bombs = [("a.txt", bytes(limit)), ("b.txt", bytes(limit))]
    put(raw, "a.zip", content=pack(("z.txt", TEXT), bombs[0]))
    assert codes(raw, max_bytes=limit) == {"a.zip!/a.txt": "archive_bomb", "a.zip!/z.txt": None}
    put(raw, "a.zip", content=pack(("z.txt", TEXT), *bombs))
    assert codes(raw, max_bytes=limit) == {"a.zip": "archive_bomb"}


def test_too_many_members(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 1)
    put(raw, "a.zip", content=pack(("b.txt", TEXT), ("c.txt", TEXT)))
    put(raw, "z.txt")
    assert codes(raw) == {"a.zip": "archive_bomb", "z.txt": None}


def test_folder_that_bears_the_name_of_an_archive(raw: Path) -> None:
    put(raw, "a.zip", content=pack(("b.txt", TEXT)))
    put(raw, "a.zip!/b.txt")
    first, second = find_dumps(raw, max_bytes=LIMIT)
    assert first.path == second.path == "a.zip!/b.txt"
    assert first.dump_id != second.dump_id


def test_member_of_a_name_that_is_no_utf8(raw: Path) -> None:
    put(raw, "a.zip", content=pack(("caf_.txt", TEXT)).replace(b"caf_", b"caf\xe9"))
    assert codes(raw) == {r"a.zip!/caf\xe9.txt": None}


def test_known_archive_is_not_unpacked_again(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(raw, "a.zip", content=pack(("b.txt", TEXT), ("c.png", TEXT)))
    put(raw, "d.gz", content=gzip.compress(TEXT))
    put(raw, "z.txt")
    found = find_dumps(raw, max_bytes=LIMIT)
    known = {file: [each for each in found if each.file == file] for file in ("a.zip", "d.gz")}

    def refuse(*_: object) -> None:
        pytest.fail("it was unpacked")

    with monkeypatch.context() as patch:
        patch.setattr(archives, "inflate", refuse)
        patch.setattr(archives, "inflate_gzip", refuse)
        assert find_dumps(raw, max_bytes=LIMIT, known=known) == found
    passing = {"a.zip": [replace(each, code="failed", detail="x") for each in known["a.zip"]]}
    assert find_dumps(raw, max_bytes=LIMIT, known=passing) == found
    put(raw, "a.zip", content=pack(("b.txt", TEXT * 2)))
    again = find_dumps(raw, max_bytes=LIMIT, known=known)
    assert again == find_dumps(raw, max_bytes=LIMIT) != found


def test_archive_that_changes_leaves_its_members_standing(
    raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(raw, "a.zip", content=pack(("b.txt", TEXT), ("c.txt", TEXT)))
    found = find_dumps(raw, max_bytes=LIMIT)
    real = hashlib.file_digest

    def digest(handle: BinaryIO, name: str) -> Any:
        os.utime(raw / "a.zip", ns=(1, 1))
        return real(handle, name)

    monkeypatch.setattr(scan.hashlib, "file_digest", digest)
    again = find_dumps(raw, max_bytes=LIMIT, known={"a.zip": found})
    assert [each.dump_id for each in again] == [each.dump_id for each in found]
    assert {(each.code, each.sha256) for each in again} == {("changing", None)}
    os.utime(raw / "a.zip")
    assert codes(raw) == {"a.zip": "changing"}


suffixes = st.sampled_from([*scan._TAKEN, ".txt.gz", ".zip.gz", ".png"])
contents = st.binary(max_size=200) | st.sampled_from(
    [
        WORD,
        gzip.compress(TEXT),
        pack(("a.txt", TEXT), ("b/c.zip", pack()), ("..", TEXT), ("a.txt#2", b"")),
        gzip.compress(WORD),
        pack(("a.docx", WORD), ("b.txt", gzip.compress(TEXT))),
    ]
)


@settings(deadline=None, max_examples=200)
@given(
    suffixes,
    contents,
    st.integers(0, 400),
    st.binary(max_size=4),
    st.sampled_from([10, LIMIT]),
)
def test_any_bytes_of_any_name_become_rows(
    tmp_path_factory: pytest.TempPathFactory,
    suffix: str,
    content: bytes,
    at: int,
    change: bytes,
    limit: int,
) -> None:
    raw = tmp_path_factory.mktemp("raw")
    put(raw, f"a{suffix}", content=content[:at] + change + content[at + len(change) :])
    assert len(look(raw, max_bytes=limit)) >= 1


def test_order_is_that_of_the_bytes_of_the_path(raw: Path) -> None:
    put(
        raw,
        "b.txt",
        "a/z.txt",
        "a.txt",
        "a/b/c.txt",
        "B.txt",
        "é.txt",
        "a-b.txt",
        "10.txt",
        "9.txt",
    )
    assert list(look(raw)) == (
        ["10.txt", "9.txt", "B.txt", "a-b.txt", "a.txt", "a/b/c.txt", "a/z.txt", "b.txt", "é.txt"]
    )


def test_size_limit(raw: Path) -> None:
    put(raw, "at.txt", content=b"x" * LIMIT)
    put(raw, "over.txt", content=b"x" * (LIMIT + 1))
    assert codes(raw) == {"at.txt": None, "over.txt": "too_large"}
    over = look(raw)["over.txt"]
    assert over.detail == "expected at most 1,000 bytes, found 1,001"
    assert over.byte_count == LIMIT + 1


def test_too_large_file_is_not_read(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(raw, "over.txt", content=b"x" * (LIMIT + 1))

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("it was opened")

    monkeypatch.setattr(Path, "open", refuse)
    assert codes(raw) == {"over.txt": "too_large"}


@pytest.mark.parametrize("name", ["pipe.txt", "pipe"])
@pytest.mark.timeout(30)
def test_pipe_is_reported_and_not_opened(raw: Path, name: str) -> None:
    os.mkfifo(raw / name)
    put(raw, "z.txt")
    assert codes(raw) == {name: "not_a_file", "z.txt": None}
    assert look(raw)[name].detail == "expected a file, found a pipe"


def test_socket_is_reported(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(raw)  # the path of a socket may have 100 bytes or so
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind("a.txt")
        assert codes(raw) == {"a.txt": "not_a_file"}
        assert look(raw)["a.txt"].detail == "expected a file, found a socket"


def test_device_is_reported_where_it_stands_behind_no_link(raw: Path) -> None:
    try:
        os.mknod(raw / "null.txt", 0o600 | 0o020000, os.makedev(1, 3))
    except (OSError, AttributeError):
        pytest.skip("no right to make a device")
    assert codes(raw) == {"null.txt": "not_a_file"}


# Links


def test_links_inside_are_followed(raw: Path) -> None:
    put(raw, "a.txt", "b/c.txt")
    (raw / "file.txt").symlink_to("a.txt")
    (raw / "absolute.txt").symlink_to(raw / "a.txt")
    (raw / "folder").symlink_to("b")
    (raw / "b" / "up.txt").symlink_to("../a.txt")
    assert codes(raw) == dict.fromkeys(
        [
            "a.txt",
            "absolute.txt",
            "b/c.txt",
            "b/up.txt",
            "file.txt",
            "folder/c.txt",
            "folder/up.txt",
        ]
    )


def test_links_outside_are_reported(raw: Path) -> None:
    put(raw.parent / "secret", "s.txt")
    put(raw.parent, "raw-too.txt")
    (raw / "file.txt").symlink_to("../secret/s.txt")
    (raw / "folder").symlink_to("../secret")
    (raw / "root").symlink_to("/")
    (raw / "parent").symlink_to("..")
    (raw / "sibling.txt").symlink_to("../raw-too.txt")
    (raw / "null.txt").symlink_to("/dev/null")
    (raw / "two-steps.txt").symlink_to("file.txt")
    names = "file.txt folder null.txt parent root sibling.txt two-steps.txt".split()
    assert codes(raw) == dict.fromkeys(names, "outside_raw")
    assert look(raw)["file.txt"].detail == (
        'expected a link to a file inside the raw folder, found one to "../secret/s.txt"'
    )


def test_broken_links_are_reported(raw: Path) -> None:
    (raw / "a.txt").symlink_to("nowhere.txt")
    (raw / "b").symlink_to("no/where")
    (raw / "c.txt").symlink_to("b/d.txt")
    assert codes(raw) == dict.fromkeys(["a.txt", "b", "c.txt"], "outside_raw")


@pytest.mark.timeout(60)
def test_links_in_a_circle_are_reported(raw: Path) -> None:
    put(raw, "a/b/c.txt")
    (raw / "self.txt").symlink_to("self.txt")
    (raw / "x").symlink_to("y")
    (raw / "y").symlink_to("x")
    (raw / "here").symlink_to(".")
    (raw / "a" / "b" / "top").symlink_to("../..")
    (raw / "a" / "b" / "up").symlink_to("..")
    assert codes(raw) == {
        "a/b/c.txt": None,
        **dict.fromkeys(["a/b/top", "a/b/up", "here", "self.txt", "x", "y"], "outside_raw"),
    }


@pytest.mark.timeout(60)
def test_folders_that_link_to_each_other_come_to_an_end(raw: Path) -> None:
    put(raw, "a/a.txt", "b/b.txt")
    (raw / "a" / "to-b").symlink_to("../b")
    (raw / "b" / "to-a").symlink_to("../a")
    # Links below a link are not entered: what they lead to is found in its own place.
    expected = ["a/a.txt", "a/to-b/b.txt", "b/b.txt", "b/to-a/a.txt"]
    assert codes(raw) == dict.fromkeys(expected)


def test_raw_folder_may_be_a_link(raw: Path) -> None:
    put(raw, "a.txt", "b/c.txt")
    (raw / "d.txt").symlink_to(raw / "a.txt")
    link = raw.parent / "link"
    link.symlink_to("raw")
    assert look(link) == look(raw)
    assert codes(link) == dict.fromkeys(["a.txt", "b/c.txt", "d.txt"])


def test_raw_folder_may_be_named_from_here(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(raw, "a.txt", "b/c.txt")
    expected = look(raw)
    monkeypatch.chdir(raw)
    assert look(Path()) == expected
    monkeypatch.chdir(raw / "b")
    assert look(Path("..")) == expected


# Names


@pytest.mark.parametrize(
    ("name", "path"),
    [(b"caf\xe9.txt", r"caf\xe9.txt"), (b"\xff", r"\xff"), (b"\xe9/\xe9.txt", r"\xe9/\xe9.txt")],
)
def test_names_that_are_no_utf8(raw: Path, name: bytes, path: str) -> None:
    try:
        put(raw, os.fsdecode(name))
    except OSError:
        pytest.skip("this file system knows no such names")
    (found,) = look(raw).values()
    assert (found.path, found.code) == (path, None)
    assert os.fsencode(found.file) == name


def test_name_that_spells_such_a_byte_out_is_another_dump(raw: Path) -> None:
    put(raw, r"caf\xe9.txt")
    try:
        put(raw, os.fsdecode(b"caf\xe9.txt"))
    except OSError:
        pytest.skip("this file system knows no such names")
    first, second = find_dumps(raw, max_bytes=LIMIT)
    assert first.path == second.path == r"caf\xe9.txt"
    assert first.dump_id != second.dump_id


def test_target_of_a_link_that_is_no_utf8_can_be_told(raw: Path) -> None:
    try:
        (raw / "a.txt").symlink_to(os.fsdecode(b"nowhere-\xe9"))
    except OSError:
        pytest.skip("this file system knows no such names")
    detail = look(raw)["a.txt"].detail
    assert detail is not None
    assert r'"nowhere-\xe9"' in detail
    detail.encode("utf-8")


def test_suffix_that_is_no_utf8_can_be_told(raw: Path) -> None:
    try:
        put(raw, os.fsdecode(b"a.\xe9\xe9"))
    except OSError:
        pytest.skip("this file system knows no such names")
    (found,) = look(raw).values()
    assert found.code == "unsupported_type"
    assert found.detail is not None
    found.detail.encode("utf-8")


# What cannot be read, and what does not hold still


@pytest.fixture
def closed() -> Iterator[Callable[[Path], None]]:
    """Closes files and folders until the test is over; skips where that does not bind."""
    paths: list[Path] = []

    def close(path: Path) -> None:
        paths.append(path)
        path.chmod(0)
        if os.access(path, os.R_OK):
            pytest.skip("permissions do not bind this user")

    yield close
    for path in paths:
        path.chmod(0o700)


def test_closed_file_and_folder(raw: Path, closed: Callable[[Path], None]) -> None:
    put(raw, "a.txt", "b/c.txt", "z.txt")
    closed(raw / "a.txt")
    closed(raw / "b")
    assert codes(raw) == {"a.txt": "unreadable", "b": "unreadable", "z.txt": None}


def test_file_that_cannot_be_opened(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(raw, "a.txt", "z.txt")
    real = Path.open

    def open_(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name == "a.txt":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", open_)
    assert codes(raw) == {"a.txt": "unreadable", "z.txt": None}
    assert look(raw)["a.txt"].detail == "expected a readable file, found Permission denied"


def test_folder_that_cannot_be_listed(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(raw, "b/c.txt", "z.txt")
    real = os.scandir

    def scandir(path: Any) -> Any:
        if Path(path).name == "b":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert codes(raw) == {"b": "unreadable", "z.txt": None}


def test_read_error_in_the_middle(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(raw, "a.txt")

    def fail(handle: BinaryIO, name: str) -> Any:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(scan.hashlib, "file_digest", fail)
    assert codes(raw) == {"a.txt": "unreadable"}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_bytes(path.read_bytes() + b"more\n"),
        lambda path: path.write_bytes(path.read_bytes()[:5]),
        lambda path: (path.write_bytes(b"X" * len(TEXT)), os.utime(path, ns=(1, 1))),
    ],
    ids=["grows", "shrinks", "changes in place"],
)
def test_file_that_changes_while_it_is_read(
    raw: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], object], when: str
) -> None:
    put(raw, "a.txt", "z.txt")
    real = hashlib.file_digest

    def digest(handle: BinaryIO, name: str) -> Any:
        is_it = Path(handle.name).name == "a.txt"
        if is_it and when == "before":
            change(raw / "a.txt")
        result = real(handle, name)
        if is_it and when == "after":
            change(raw / "a.txt")
        return result

    monkeypatch.setattr(scan.hashlib, "file_digest", digest)
    found = look(raw)
    assert {path: each.code for path, each in found.items()} == {"a.txt": "changing", "z.txt": None}
    assert found["a.txt"].byte_count == (raw / "a.txt").stat().st_size


def test_file_that_goes_while_it_is_read(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(raw, "a.txt", "z.txt")
    real = hashlib.file_digest

    def digest(handle: BinaryIO, name: str) -> Any:
        (raw / "a.txt").unlink(missing_ok=True)
        return real(handle, name)

    monkeypatch.setattr(scan.hashlib, "file_digest", digest)
    found = codes(raw)
    assert found["z.txt"] is None
    assert found.get("a.txt", "gone") is not None


@pytest.mark.parametrize("kind", ["missing", "file", "broken link", "circle"])
def test_no_raw_folder(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "raw"
    if kind == "file":
        path.write_bytes(TEXT)
    elif kind != "missing":
        path.symlink_to("raw" if kind == "circle" else "nowhere")
    with pytest.raises(ReadError, match=r"raw: expected a folder .*--raw") as caught:
        find_dumps(path, max_bytes=LIMIT)
    assert caught.value.code == "unreadable"


def test_raw_folder_is_never_written(raw: Path) -> None:
    put(raw, "a.txt", "b/c.txt", ".hidden", "d.pdf")
    (raw / "link").symlink_to("b")

    def state() -> dict[str, tuple[int, int]]:
        paths = [raw, *raw.rglob("*")]
        return {str(path): (path.lstat().st_mtime_ns, path.lstat().st_size) for path in paths}

    before = state()
    look(raw)
    assert state() == before


def test_deep_folders(raw: Path) -> None:
    folder = "/".join("d" * 200)
    put(raw, f"{folder}/a.txt")
    assert codes(raw) == {f"{folder}/a.txt": None}


# Ids

parts = st.lists(st.none() | st.text(max_size=3) | st.just("-") | st.just("1:"), max_size=4)


@settings(deadline=None, max_examples=300)
@given(parts, parts)
def test_ids_differ_where_keys_do(left: list[str | None], right: list[str | None]) -> None:
    assert (hash_id(*left) == hash_id(*right)) == (left == right)
    assert len(hash_id(*left)) == ID_LENGTH
    assert set(hash_id(*left)) <= set("0123456789abcdef")


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=5), st.text(max_size=5))
def test_ids_know_where_one_part_ends(left: str, right: str) -> None:
    ids = [
        (left, right),
        (left + right,),
        (left + right, ""),
        ("", left + right),
        (left, right, ""),
    ]
    assert len({hash_id(*key) for key in ids}) == len(set(ids))


def test_ids_stay_what_they_were() -> None:
    """People keep them in notes and corrections; a change is a change of every table."""
    assert hash_id("digest.txt") == hashlib.sha256(b"10:digest.txt").hexdigest()[:20]
    assert hash_id(None, "") == hashlib.sha256(b"-0:").hexdigest()[:20]
