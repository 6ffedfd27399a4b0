"""PDF, Word (.docx) and rich text (.rtf) -> text, by the libraries of the extra `office`.

The text is what the rest of the pipeline sees; its spans tile the text as UTF-8. A paragraph is a
line, and a blank line stands between two; where the document has empty paragraphs of its own they
are these blank lines, so that a text typed with blank lines comes back as it was typed. Cells of a
table are parted by a tab, a page begins with a form feed. A PDF knows no paragraphs: its lines are
those printed.

Left out: headers and footers of pages, footnotes, comments, deleted text, and pictures.
"""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections.abc import Collection, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from clippings import archives
from clippings.errors import ReadError

if TYPE_CHECKING:
    from docx.oxml.xmlchemy import BaseOxmlElement
    from pypdf import PageObject

VERSION = 1
"""Raised by hand when this module makes another text of the same document."""

MAX_TEXT = 64 * 2**20
"""Characters of the text of one document."""
MAX_XML_BYTES = 64 * 2**20
"""What the XML of one Word document may unpack to; a tree of it takes ten times that."""
MAX_RTF_BYTES = 64 * 2**20
"""Size of a rich text document without its pictures."""
MAX_PAGES = 10_000
"""Pages of one PDF."""
MAX_STREAM_BYTES = 16 * 2**20
"""What one stream of a PDF may unpack to."""
MAX_DRAWING_BYTES = 64 * 2**20
"""What the drawing commands of all pages of a PDF may unpack to: text has some kB a page."""

_LIBRARIES = ("pypdf", "python-docx", "striprtf")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_MAX_FONTS = 2**18  # characters of a table of fonts, which striprtf reads in quadratic time
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MARKS = {
    f"{_WORD}tab": "\t",
    f"{_WORD}ptab": "\t",
    f"{_WORD}cr": "\n",
    f"{_WORD}noBreakHyphen": "\u2011",
}
_SKIPPED = (
    f"{_WORD}pPr",  # its tabs are stops, not characters
    f"{_WORD}moveFrom",
    f"{_WORD}txbxContent",
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",  # said already
)
# Half of a character beyond the first 65,536, and what is no text in any form: "\ud83d", "\x00".
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1f\ud800-\udfff]")
_RTF_WORD = re.compile(
    r"\\\\"  # a backslash of the text
    r"|\\(?P<mark>line|cell|nestcell|page)(?![a-zA-Z])-?[0-9]{0,10} ?"
    # "\pict\wmetafile8 0100090000...": the picture itself, in hexadecimal digits
    r"|(?P<picture>\\pict)(?![a-zA-Z])[^{}]*"
    # "\fcharset204", "\fldinst" and "\f1": from here on striprtf looks as far as the line goes
    r"|(?P<last>\\(?:fcharset[0-9]{1,10}|fldinst))"
    r"|(?P<first>\\f)(?=[0-9])"
)
_RTF_MARKS = {"line": r"\'0b", "cell": r"\tab ", "nestcell": r"\tab ", "page": r"\'0c"}
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


def find_kind(head: bytes) -> str | None:
    r"""Tell an office document by its first bytes, whatever its name.

    A Word document begins as every zip archive does.

    Args:
        head: The first hundred bytes or more.

    Returns:
        "pdf", "docx", "rtf", "ole" (a document with a password, or one of an old form) or None.

    >>> find_kind(b"%PDF-1.7")
    'pdf'
    """
    if head.lstrip().startswith(b"%PDF-"):
        return "pdf"
    if head.lstrip().startswith(b"{\\rtf"):
        return "rtf"
    if archives.find_kind(head) == "zip":
        return "docx"
    return "ole" if head.startswith(_OLD_OFFICE) else None


def is_word(names: Collection[str]) -> bool:
    """Tell a Word document from other zip archives by the names of its members.

    >>> is_word(["[Content_Types].xml", "word/document.xml"])
    True
    """
    return "[Content_Types].xml" in names and any(name.startswith("word/") for name in names)


def fingerprint() -> str:
    """Name what `extract` depends on beside the bytes: its own version and the libraries'."""
    return f"{VERSION} " + " ".join(f"{name} {_version(name)}" for name in _LIBRARIES)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def extract(content: bytes) -> str | None:
    """Make text of an office document.

    Args:
        content: The bytes of a dump.

    Returns:
        The text, without surrogates and control characters, so that it can be encoded as UTF-8;
        None where the bytes are no office document.

    Raises:
        ReadError: Its library is not installed, or the document is locked, broken or too large.
    """
    kind = find_kind(content[:1024])
    if kind == "ole":
        if _ENCRYPTED_PACKAGE in content:
            raise _encrypted()
        return None
    if kind is None:
        return None
    try:
        text = {"pdf": _extract_pdf, "docx": _extract_docx, "rtf": _extract_rtf}[kind](content)
    except ImportError:
        raise ReadError(
            "needs_office",
            f"expected the libraries that read {_NAMES[kind]}, found them missing: run "
            "`pip install 'clippings[office]'`",
        ) from None
    except ReadError:
        raise
    except Exception as error:  # a library may stumble over broken bytes in any way
        raise ReadError(
            "broken_office",
            f"expected {_NAMES[kind]} that can be read, found {type(error).__name__}: "
            f"{_clean(str(error))[:200]}",
        ) from None
    return _clean(text)


_NAMES = {"pdf": "a PDF", "docx": "a Word document", "rtf": "a rich text document"}


def _encrypted() -> ReadError:
    return ReadError("encrypted", "expected a document that is open, found one with a password")


def _too_large(what: str, limit: int) -> ReadError:
    return ReadError("too_large", f"expected at most {limit:,} {what}, found more")


def _clean(text: str) -> str:
    r"""Join the halves of characters, and put U+FFFD for what is no text.

    >>> _clean("\ud83d\ude00 \x00") == "😀 \ufffd"
    True
    """
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    whole = whole.replace("\r\n", "\n").replace("\r", "\n").replace("\v", "\n")
    return _NO_TEXT.sub("\ufffd", whole.replace("\xad", ""))


def _join(paragraphs: Iterable[str]) -> str:
    r"""Put a blank line between two paragraphs where none stands.

    >>> _join(["Title", "One.", "", "Two.", "", "", "Next"])
    'Title\n\nOne.\n\nTwo.\n\n\nNext\n'
    """
    lines: list[str] = []
    for paragraph in paragraphs:
        if paragraph.strip() and lines and lines[-1].strip():
            lines.append("")
        lines.append(paragraph)
    return "".join(f"{line}\n" for line in lines)


# --- PDF --------------------------------------------------------------------------------------


def _extract_pdf(content: bytes) -> str:
    from pypdf import PdfReader, apply_configuration, get_configuration
    from pypdf.errors import FileNotDecryptedError, LimitReachedError

    logging.getLogger("pypdf").addHandler(logging.NullHandler())  # not to the standard error
    limits = get_configuration().with_overwrites(
        array_based_stream_maximum_output_length=MAX_STREAM_BYTES,
        zlib_maximum_output_length=MAX_STREAM_BYTES,
        lzw_maximum_output_length=MAX_STREAM_BYTES,
        run_length_maximum_output_length=MAX_STREAM_BYTES,
        jbig2dec_binary=None,
    )
    try:
        with apply_configuration(limits):
            reader = PdfReader(io.BytesIO(content))
            if len(reader.pages) > MAX_PAGES:
                raise _too_large("pages", MAX_PAGES)
            pages = [text.strip("\n") for text in _page_texts(reader.pages)]
            return "\n\f".join(pages) + "\n"
    except FileNotDecryptedError:
        raise _encrypted() from None
    except LimitReachedError as error:
        raise ReadError("too_large", f"expected a PDF of common size, found: {error}") from None


def _page_texts(pages: Iterable[PageObject]) -> Iterator[str]:
    drawing_left, text_left = MAX_DRAWING_BYTES, MAX_TEXT
    for page in pages:
        contents = page.get_contents()
        drawing_left -= len(contents.get_data()) if contents is not None else 0
        if drawing_left < 0:  # many pages may share one stream that is slow to read
            raise _too_large("bytes of drawing commands", MAX_DRAWING_BYTES)
        text = page.extract_text()
        text_left -= len(text)
        if text_left < 0:
            raise _too_large("characters", MAX_TEXT)
        yield text


# --- Word -------------------------------------------------------------------------------------


def _extract_docx(content: bytes) -> str:
    from docx import Document

    return _join(_paragraphs(Document(_repack(content)).element.body))


def _repack(content: bytes) -> io.BytesIO:
    """Write the XML of a Word document to a new archive, measured and without its pictures."""
    handle = io.BytesIO(content)
    repacked = io.BytesIO()
    left = MAX_XML_BYTES
    try:
        directory = archives.read_directory(handle)
        if not is_word({member.printed for member in directory.members}):
            raise ReadError(
                "broken_office", "expected a Word document, found another kind of zip archive"
            )
        if directory.fault:
            raise ReadError("broken_office", directory.fault)
        with zipfile.ZipFile(repacked, "w") as package:
            for member in directory.members:
                part = b""
                if member.printed.endswith((".xml", ".rels")):
                    part = b"".join(archives.inflate(handle, member, left))
                    left -= len(part)
                package.writestr(zipfile.ZipInfo(member.name), part)
    except ReadError as error:
        is_large = error.code in ("archive_bomb", "too_large")
        code = error.code if error.code == "encrypted" else "broken_office"
        raise ReadError("too_large" if is_large else code, error.detail) from None
    return repacked


def _paragraphs(parent: BaseOxmlElement) -> Iterator[str]:
    """List the paragraphs of a part of a Word document, and the rows of its tables."""
    for child in parent:
        if child.tag == f"{_WORD}p":
            yield _read_paragraph(child)
            for box in child.iter(f"{_WORD}txbxContent"):
                if not any(outer.tag in _SKIPPED for outer in box.iterancestors()):
                    yield from _paragraphs(box)
        elif child.tag == f"{_WORD}tr":
            yield from _read_row(child)
        elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
            yield from _paragraphs(child)


def _read_row(row: BaseOxmlElement) -> Iterator[str]:
    """Write a row of a table as one line, unless a cell holds more than a paragraph."""
    cells = [[text for text in _paragraphs(cell) if text.strip()] for cell in _cells(row)]
    if all(len(cell) < 2 for cell in cells):
        yield "\t".join("".join(cell) for cell in cells)
    else:
        for cell in cells:
            yield from cell


def _cells(parent: BaseOxmlElement) -> Iterator[BaseOxmlElement]:
    for child in parent:
        if child.tag == f"{_WORD}tc":
            yield child
        elif isinstance(child.tag, str):  # a cell may stand in a field for data
            yield from _cells(child)


def _read_paragraph(paragraph: BaseOxmlElement) -> str:
    is_new_page = paragraph.find(f"{_WORD}pPr/{_WORD}pageBreakBefore") is not None
    return ("\f" if is_new_page else "") + "".join(_pieces(paragraph))


def _pieces(parent: BaseOxmlElement) -> Iterator[str]:
    for child in parent:
        if child.tag == f"{_WORD}t":
            yield child.text or ""
        elif child.tag == f"{_WORD}br":
            yield "\f" if child.get(f"{_WORD}type") == "page" else "\n"
        elif child.tag in _MARKS:
            yield _MARKS[child.tag]
        elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
            yield from _pieces(child)


# --- rich text --------------------------------------------------------------------------------


def _extract_rtf(content: bytes) -> str:
    from striprtf import striprtf

    if len(content) > MAX_RTF_BYTES:
        raise _too_large("bytes", MAX_RTF_BYTES)
    ascii_only = _NOT_ASCII.sub(lambda byte: b"\\'%02x" % ord(byte.group()), content)
    text = _RTF_WORD.sub(_rewrite_rtf, ascii_only.decode("ascii"))
    if len(striprtf.font_table_group(text)) > _MAX_FONTS:  # type: ignore[no-untyped-call]
        raise _too_large("characters in the table of fonts", _MAX_FONTS)
    written: str = striprtf.rtf_to_text(  # type: ignore[no-untyped-call]
        text, encoding="cp1252", errors="replace"
    )
    return _join(line.rstrip("\t") for line in written.strip("\n").split("\n"))


def _rewrite_rtf(word: re.Match[str]) -> str:
    """Write what striprtf takes for another thing, or reads slowly, in words that it knows."""
    if word["mark"]:
        return _RTF_MARKS[word["mark"]]
    if word["picture"]:
        return word["picture"]
    if word["last"]:
        return f"{word['last']}\n"
    return f"\n{word['first']}" if word["first"] else word.group()
