"""Raw file -> Dump: its bytes, its text, and the byte offset of any character on demand."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property

from clippings import mail, markup, office
from clippings.errors import ReadError
from clippings.markup import Mark, Places

MAX_DUMP_BYTES = 512 * 2**20
"""Size limit of a dump unless a run sets another, in bytes."""

_MAGIC = {
    b"%PDF-": "a PDF",
    b"PK\x03\x04": "a zip archive or an office document",
    b"PK\x05\x06": "an empty zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"BZh91AY&SY": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF87a": "a GIF picture",
    b"GIF89a": "a GIF picture",
    b"\xd0\xcf\x11\xe0": "an old office document",
    b"{\\rtf": "a rich text document",
    b"\x7fELF": "a program",
    b"SQLite format 3": "a database",
}
# The C0 controls that plain text has no use for; tab, line feed, vertical tab, form feed and
# carriage return are text, and \x1a to \x1f stand in old DOS and mainframe exports.
_CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x19]")
_MOST_CONTROLS = 0.002
"""Share of control characters above which bytes are no text; a stray one is kept."""

# A byte that UTF-8 cannot explain is decoded to U+DC80 + (byte - 128) by "surrogateescape".
_ESCAPED = re.compile("[\udc80-\udcff]")
_CP1252 = {
    0xDC00 + byte: bytes([byte]).decode("cp1252")
    for byte in range(0x80, 0x100)
    if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_STRIDE = 512
_HEAD = 65536
"""How many bytes say whether a file is HTML or mail."""
# Charsets of pages besides UTF-8 and Windows-1252, by Python's names; in all of them the bytes of a
# character do not hang on what stands before it.
_PAGE_CODEC = re.compile(
    r"iso8859-(?:[2-9]|1\d)|cp125\d|cp866|cp874|cp932|cp949|koi8-[rtu]|mac-[a-z]+|gbk|gb2312|gb18030"
    r"|big5|shift_jis|euc_jp|euc_kr|tis-620"
)


@dataclass(frozen=True)
class Dump:
    """A raw file, read.

    Attributes:
        content: The bytes.
        text: All of them as text, a byte order mark included (as U+FEFF); of HTML and mail what a
            reader sees of them.
        encoding: "utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "cp1252" or "utf-8+cp1252"
            (UTF-8 with stray bytes of Windows-1252); for HTML also the codec that its `<meta>`
            names, by Python's name. The parts of mail have their own; for mail it is "utf-8" where
            all the bytes are that, else "cp1252".
        first_stray: Character offset of the first stray byte of "utf-8+cp1252", else None.
        form: "text", "html" or "mail".
        marks: The elements of HTML that have an id, a class or a meaning, in order of their start,
            outer ones first.
    """

    content: bytes = field(repr=False)
    text: str = field(repr=False)
    encoding: str
    first_stray: int | None = None
    form: str = "text"
    marks: tuple[Mark, ...] = field(default=(), repr=False)
    places: Places | None = field(default=None, repr=False)
    """Where rendered characters stand: among those of `page` for HTML, among the bytes for mail."""
    page: Dump | None = field(default=None, repr=False)
    """HTML as it stands in the file."""

    @cached_property
    def _source(self) -> tuple[str, str, str]:
        """The text as it encodes back to exactly `content`, with codec and error handler."""
        if self.encoding == "utf-8+cp1252":
            return self.content.decode("utf-8", "surrogateescape"), "utf-8", "surrogateescape"
        return self.text, self.encoding.removesuffix("-sig"), "strict"

    @cached_property
    def _strides(self) -> list[int]:
        """Byte offset of every `_STRIDE`-th character; empty where a character is a byte."""
        if len(self.text) == len(self.content):
            return []
        source, codec, errors = self._source
        offsets, offset = [0], 0
        for start in range(0, len(source), _STRIDE):
            offset += len(source[start : start + _STRIDE].encode(codec, errors))
            offsets.append(offset)
        return offsets

    def byte_offset(self, char: int) -> int:
        """Give the byte offset of a character.

        Characters of HTML and mail have the bytes that made them; those that are not rendered, such
        as tags, go to a neighbour, so that spans that tile the text tile the bytes.

        Args:
            char: Offset into `text`, in code points; the end of the text is allowed.

        Returns:
            The offset into `content`, in bytes.

        >>> decode("naïve".encode()).byte_offset(3)
        4
        """
        if self.places:
            place = self.places.source_offset(char)
            return self.page.byte_offset(place) if self.page else place
        if not self._strides:
            return char
        stride = char // _STRIDE
        source, codec, errors = self._source
        return self._strides[stride] + len(source[stride * _STRIDE : char].encode(codec, errors))

    def char_offset(self, byte: int) -> int:
        """Give the character that begins at a byte; the inverse of `byte_offset`.

        Args:
            byte: Offset into `content`, in bytes, where a character begins or the content ends.

        Returns:
            The offset into `text`, in code points.

        >>> decode("naïve".encode()).char_offset(4)
        3
        """
        if self.places:
            return self.places.char_offset(self.page.char_offset(byte) if self.page else byte)
        if not self._strides:
            return byte
        stride = min(bisect_right(self._strides, byte), len(self._strides) - 1) - 1
        _, codec, errors = self._source
        start = self._strides[stride]
        return stride * _STRIDE + len(self.content[start:byte].decode(codec, errors))


def decode(content: bytes) -> Dump:
    """Read bytes as text.

    UTF-16 is read where a byte order mark says so, else UTF-8, else the charset that an HTML page
    names, else Windows-1252, which is what exports of news in Western scripts are when they are not
    UTF-8. Nothing is replaced or dropped. Whether it is HTML or mail is told from the bytes.

    Args:
        content: The bytes of a raw file.

    Returns:
        The dump.

    Raises:
        ReadError: The bytes are no text, or in no encoding that is read.
    """
    extracted = office.extract(content)
    if extracted is not None:
        content = extracted.encode()
    for magic, name in _MAGIC.items():
        if content.startswith(magic):
            raise ReadError("not_text", f"expected plain text, found {name}", 0)
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise ReadError("unknown_encoding", "expected UTF-8 or UTF-16, found UTF-32", 0)
    for bom, codec in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if content.startswith(bom):
            return _render(_decode_utf16(content, codec))
    _refuse_binary(content)
    head = content[:_HEAD].decode("latin-1")
    if mail.is_mail(head):
        return _decode_mail(content)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        page = _decode_page(content, head) if markup.is_html(head) else None
        return _render(page or _decode_legacy(content, error.start))
    return _render(Dump(content, text, "utf-8-sig" if text.startswith("\ufeff") else "utf-8"))


def _render(page: Dump) -> Dump:
    """Render a dump that is HTML; any other stays as it is."""
    if not markup.is_html(page.text[:_HEAD]):
        return page
    rendering, marks = markup.render(page.text)
    places = rendering.places(len(page.text))
    stray = None if page.first_stray is None else places.char_offset(page.first_stray)
    return Dump(page.content, rendering.text, page.encoding, stray, "html", marks, places, page)


def _decode_mail(content: bytes) -> Dump:
    try:
        content.decode("utf-8")
        encoding = "utf-8"
    except UnicodeDecodeError:
        encoding = "cp1252"
    rendering = mail.render(content)
    places = rendering.places(len(content))
    return Dump(content, rendering.text, encoding, form="mail", places=places)


def _decode_page(content: bytes, head: str) -> Dump | None:
    """Read HTML in the charset it names; None where it names none that its bytes are in."""
    try:
        codec = codecs.lookup(markup.find_charset(head) or "").name
        text = content.decode(codec) if _PAGE_CODEC.fullmatch(codec) else ""
        return Dump(content, text, codec) if text.encode(codec) == content else None
    except (LookupError, ValueError):
        return None


def _decode_utf16(content: bytes, codec: str) -> Dump:
    try:
        text = content.decode(codec)
    except UnicodeDecodeError as error:
        detail = f"expected UTF-16, as its mark says, found {error.reason} at byte {error.start}"
        raise ReadError("unknown_encoding", detail, error.start) from None
    if "\0" in text:
        nul = len(text[: text.index("\0")].encode(codec))
        raise ReadError("not_text", f"expected text, found a NUL at byte {nul}", nul)
    return Dump(content, text, codec)


def _refuse_binary(content: bytes) -> None:
    nul = content.find(b"\0")
    if nul >= 0:
        # The spaces and line ends of UTF-16 have their NUL all at even or all at odd bytes.
        fewer, more = sorted((content[::2].count(0), content[1::2].count(0)))
        if fewer == 0 and more > 1 and more > 0.02 * len(content) and len(content) % 2 == 0:
            raise ReadError(
                "utf16_without_bom",
                f"expected text, found NUL bytes as UTF-16 has them, the first at byte {nul}",
                nul,
            )
        raise ReadError("not_text", f"expected text, found a NUL byte at byte {nul}", nul)
    controls = _CONTROLS.findall(content)
    if len(controls) > _MOST_CONTROLS * len(content) + 2:
        first = _CONTROLS.search(content)
        start = first.start() if first else 0
        raise ReadError(
            "not_text",
            f"expected text, found {len(controls)} control characters, the first at byte {start}",
            start,
        )


def _decode_legacy(content: bytes, first_bad: int) -> Dump:
    """Read bytes that are not all UTF-8: Windows-1252, or UTF-8 with some of it pasted in."""
    escaped = content.decode("utf-8", "surrogateescape")
    stray_count = len(escaped) - len(escaped.encode("utf-8", "ignore").decode())
    # In Windows-1252 text a byte pair that is also valid UTF-8 ("Ã©") hardly ever comes about, so
    # more good sequences than stray bytes mean a UTF-8 file with foreign parts; so does its mark.
    good_count = len(escaped) - len(escaped.encode("ascii", "ignore")) - stray_count
    if good_count > stray_count or content.startswith(codecs.BOM_UTF8):
        text, encoding = escaped.translate(_CP1252), "utf-8+cp1252"
    else:
        text, encoding = content.decode("cp1252", "surrogateescape"), "cp1252"
    undefined = _ESCAPED.search(text)
    if undefined:
        byte = ord(undefined.group()) - 0xDC00
        raise ReadError(
            "unknown_encoding",
            f"expected UTF-8 or Windows-1252, found byte 0x{byte:02X}, which is neither; "
            f"the first byte that is not UTF-8 is at {first_bad}",
            first_bad,
        )
    if encoding == "cp1252":
        return Dump(content, text, encoding)
    stray = _ESCAPED.search(escaped)
    return Dump(content, text, encoding, stray.start() if stray else None)
