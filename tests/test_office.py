"""PDF, Word and rich text documents: what they say, and how they break."""

import io
import sys
import zipfile
import zlib
from collections.abc import Callable

import pytest
from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from clippings import office
from clippings.errors import ReadError
from clippings.office import extract, find_kind, fingerprint
from clippings.records import PROBLEMS


def code_of(content: bytes) -> str | None:
    """The code of why no text is made; None where some is."""
    try:
        text = extract(content)
    except ReadError as error:
        problem = error
    else:
        assert text is not None
        text.encode("utf-8")
        return None
    assert PROBLEMS[problem.code].severity == "error"
    assert problem.detail.startswith("expected ")
    problem.detail.encode("utf-8")
    return problem.code


def text_of(content: bytes) -> str:
    text = extract(content)
    assert text is not None
    assert extract(content) == text
    return text


# Word


def write_docx(*paragraphs: str, body: str = "") -> bytes:
    """A Word document of some paragraphs and, behind them, XML of the body."""
    document = Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    section = document.element.body[-1]
    for element in parse_xml(f"<w:body {nsdecls('w')} {MORE}>{body}</w:body>"):
        section.addprevious(element)
    packed = io.BytesIO()
    document.save(packed)
    return packed.getvalue()


MORE = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def cell(*texts: str) -> str:
    return f"<w:tc>{''.join(map(paragraph, texts))}</w:tc>"


def table(*rows: str) -> str:
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>"


def test_word_paragraphs_are_parted_by_a_blank_line() -> None:
    assert text_of(write_docx("Salt", "Aug. 19 2019", "One. Café 😀 ‘x’")) == (
        "Salt\n\nAug. 19 2019\n\nOne. Café 😀 ‘x’\n"
    )


def test_word_blank_lines_stay_as_they_were_typed() -> None:
    """Two blank lines part the articles of a digest."""
    assert text_of(write_docx("A", "", "B", "", "", "C")) == "A\n\nB\n\n\nC\n"


RUN = "<w:p><w:r>{}</w:r></w:p>"
BODIES = {
    "tab and breaks": (
        RUN.format("<w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:cr/><w:t>d</w:t>"),
        "a\tb\nc\nd\n",
    ),
    "page break": (RUN.format('<w:t>a</w:t><w:br w:type="page"/><w:t>b</w:t>'), "a\fb\n"),
    "page break before": (
        paragraph("a") + "<w:p><w:pPr><w:pageBreakBefore/></w:pPr><w:r><w:t>b</w:t></w:r></w:p>",
        "a\n\n\fb\n",
    ),
    "tab stop": (
        (
            '<w:p><w:pPr><w:tabs><w:tab w:val="left" w:pos="720"/></w:tabs></w:pPr>'
            "<w:r><w:t>a</w:t></w:r></w:p>"
        ),
        "a\n",
    ),
    "hyphens": (
        RUN.format("<w:t>co</w:t><w:softHyphen/><w:t>op</w:t><w:noBreakHyphen/><w:t>x</w:t>"),
        "coop\u2011x\n",
    ),
    "runs": ("<w:p><w:r><w:t>Bas</w:t></w:r><w:r><w:t>ra</w:t></w:r></w:p>", "Basra\n"),
    "link": (
        "<w:p><w:hyperlink><w:r><w:t>link</w:t></w:r></w:hyperlink></w:p>",
        "link\n",
    ),
    "field": (
        "<w:p><w:r><w:instrText>HYPERLINK x</w:instrText></w:r><w:r><w:t>seen</w:t></w:r></w:p>",
        "seen\n",
    ),
    "changes": (
        (
            "<w:p><w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:del><w:r><w:delText>old</w:delText></w:r>"
            "</w:del><w:moveFrom><w:r><w:t>gone</w:t></w:r></w:moveFrom></w:p>"
        ),
        "new\n",
    ),
    "form": (
        f"<w:sdt><w:sdtContent>{paragraph('a')}</w:sdtContent></w:sdt>{paragraph('b')}",
        "a\n\nb\n",
    ),
    "comment": ("<w:p><!-- no --><w:r><w:t>a</w:t><!-- no --></w:r></w:p>", "a\n"),
    "table": (
        table(cell("a") + cell("b"), cell("") + cell("d")),
        "a\tb\n\n\td\n",
    ),
    "table of layout": (table(cell("a", "b") + cell("c")), "a\n\nb\n\nc\n"),
    "table in a table": (
        table(f"<w:tc>{table(cell('a') + cell('b'))}<w:p/></w:tc>" + cell("c")),
        "a\tb\tc\n",
    ),
    "cell in a form": (
        table(f"<w:sdt><w:sdtContent>{cell('a')}</w:sdtContent></w:sdt>" + cell("b")),
        "a\tb\n",
    ),
    "text box": (
        (
            "<w:p><w:r><w:t>a</w:t><mc:AlternateContent><mc:Choice>"
            f"<w:txbxContent>{paragraph('box')}</w:txbxContent></mc:Choice><mc:Fallback>"
            f"<w:txbxContent>{paragraph('box')}</w:txbxContent></mc:Fallback></mc:AlternateContent>"
            "</w:r></w:p>"
        ),
        "a\n\nbox\n",
    ),
}


@pytest.mark.parametrize("case", BODIES)
def test_word_bodies(case: str) -> None:
    body, text = BODIES[case]
    assert text_of(write_docx(body=body)) == text


def repack(content: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """The document with some of its members changed or, where None, left out."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w", 8) as new:
        for name in old.namelist():
            part = change(name, old.read(name))
            if part is not None:
                new.writestr(name, part)
    return packed.getvalue()


def test_word_without_its_text() -> None:
    content = repack(write_docx("a"), lambda name, part: None if "document" in name else part)
    assert code_of(content) == "broken_office"


@pytest.mark.parametrize("part", [b"", b"<w:document", b"<a/>", b"\xff\xfe", b"x" * 10])
def test_word_of_broken_xml(part: bytes) -> None:
    content = repack(
        write_docx("a"), lambda name, old: part if name == "word/document.xml" else old
    )
    assert code_of(content) == "broken_office"


def test_other_zip_archive_is_no_word_document() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", b"text")
    assert code_of(packed.getvalue()) == "broken_office"


def test_half_a_word_document() -> None:
    content = write_docx("a")
    assert code_of(content[: len(content) // 2]) == "broken_office"
    assert code_of(content[:-30]) == "broken_office"


def test_word_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    blanks = b" " * 2**22
    content = repack(
        write_docx("a"), lambda name, old: old + blanks if name == "word/document.xml" else old
    )
    assert code_of(content) == "too_large"  # for its ratio
    content = write_docx("a")
    parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    size = sum(part.file_size for part in parts if part.filename.endswith((".xml", ".rels")))
    monkeypatch.setattr(office, "MAX_XML_BYTES", size)
    assert code_of(content) is None
    monkeypatch.setattr(office, "MAX_XML_BYTES", size - 1)
    assert code_of(content) == "too_large"


def test_entities_of_xml_are_not_expanded() -> None:
    entities = "".join(f'<!ENTITY a{number + 1} "{f"&a{number};" * 10}">' for number in range(10))
    bomb = f'<!DOCTYPE x [<!ENTITY a0 "lol">{entities}]>'.encode()

    def change(name: str, old: bytes) -> bytes:
        if name != "word/document.xml":
            return old
        head, mark, rest = old.partition(b"?>")
        return head + mark + bomb + rest.replace(b">a<", b">&a10;<")

    content = repack(write_docx("a"), change)
    assert code_of(content) in ("broken_office", None)
    if code_of(content) is None:
        assert len(text_of(content)) < 100


def test_pictures_of_a_word_document_are_not_unpacked() -> None:
    content = write_docx("a")
    packed = io.BytesIO(content)
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/image1.png", bytes(2**24))
    assert text_of(packed.getvalue()) == "a\n"


# PDF


def write_pdf(*pages: bytes, catalog: bytes = b"", packed: bool = False) -> bytes:
    """A PDF with one stream of drawing commands per page."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, page in enumerate(pages):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % (5 + 2 * number)
        )
        stream = zlib.compress(page) if packed else page
        kind = b"/Filter /FlateDecode" if packed else b""
        objects.append(b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(stream), kind, stream))
    written = b"%PDF-1.7\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table_at = len(written)
    written += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    written += b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return written + trailer % (len(objects) + 1, table_at)


def lines(*texts: bytes) -> bytes:
    shown = b" ".join(b"(%s) Tj 0 -14 Td" % text for text in texts)
    return b"BT /F1 12 Tf 72 720 Td %s ET" % shown


@pytest.mark.parametrize("packed", [False, True])
def test_pdf_lines_and_pages(packed: bool) -> None:
    content = write_pdf(
        lines(b"Salt", b"Aug. 19 2019"), lines(b"caf\xe9 \x93x\x94"), lines(), packed=packed
    )
    assert text_of(content) == "Salt\nAug. 19 2019\n\fcafé “x”\n\f\n"


def test_pdf_without_text() -> None:
    assert text_of(write_pdf(b"0 0 10 10 re f")) == "\n"


def test_pdf_behind_blank_lines() -> None:
    assert text_of(b"\n\n" + write_pdf(lines(b"a"))) == "a\n"


def encrypted(password: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(write_pdf(lines(b"a")))))
    writer.encrypt(password, "owner", algorithm="RC4-128")
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def test_pdf_with_a_password() -> None:
    assert code_of(encrypted("secret")) == "encrypted"
    assert text_of(encrypted("")) == "a\n"  # whoever has it may read it


def test_pdf_of_too_many_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    content = write_pdf(lines(b"a"), lines(b"b"))
    monkeypatch.setattr(office, "MAX_PAGES", 2)
    assert code_of(content) is None
    monkeypatch.setattr(office, "MAX_PAGES", 1)
    assert code_of(content) == "too_large"


def test_pdf_of_too_much_text(monkeypatch: pytest.MonkeyPatch) -> None:
    content = write_pdf(b"BT /F1 12 Tf (abc) Tj ET", b"BT /F1 12 Tf (de) Tj ET")
    monkeypatch.setattr(office, "MAX_TEXT", 5)
    assert code_of(content) is None
    monkeypatch.setattr(office, "MAX_TEXT", 4)
    assert code_of(content) == "too_large"


def test_pdf_of_too_much_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    page = lines(b"a")
    content = write_pdf(page, page, packed=True)
    monkeypatch.setattr(office, "MAX_DRAWING_BYTES", 2 * len(page))
    assert code_of(content) is None
    monkeypatch.setattr(office, "MAX_DRAWING_BYTES", len(page))
    assert code_of(content) == "too_large"


def test_pdf_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "MAX_STREAM_BYTES", 2**16)
    assert text_of(write_pdf(lines(b"a") + b" " * 2**15, packed=True)) == "a\n"
    assert code_of(write_pdf(lines(b"a") + b" " * 2**20, packed=True)) == "too_large"


@pytest.mark.parametrize(
    "content",
    [b"%PDF-1.7\n", b"%PDF-", b"%PDF-1.7\n%%EOF", write_pdf()[:60], b"%PDF-1.4\n" + b"x" * 5000],
)
def test_pdf_that_is_none(content: bytes) -> None:
    assert code_of(content) == "broken_office"


# Rich text

RTF = {
    "paragraphs": (r"Salt\par Aug. 19 2019\par One.\par", "Salt\n\nAug. 19 2019\n\nOne.\n"),
    "blank lines": (r"A\par\par B\par\par\par C", "A\n\nB\n\n\nC\n"),
    "line": (r"a\line b", "a\nb\n"),
    "line numbered": (r"a\line0 b", "a\nb\n"),
    "look-alike of line": (r"a\linex0 b", "ab\n"),
    "tab": (r"a\tab b", "a\tb\n"),
    "table": (r"\trowd a\cell b\cell\row c\cell d\cell\row", "a\tb\n\nc\td\n"),
    "bar": ("a|b", "a|b\n"),
    "page": (r"a\par\page b", "a\n\n\fb\n"),
    "hex": (r"caf\'e9 \'93x\'94", "café “x”\n"),
    "unicode": (r"\u8217\'92\u-10179?\u-8704?\uc0\u233x", "’😀éx\n"),
    "half a character": (r"\u-10179?x", "\ufffdx\n"),
    "russian": (r"{\f1 \'cf\'f0\'e8}", "При\n"),
    "backslash": (r"\\cell \\f1 \\pict abc \{x\}", "\\cell \\f1 \\pict abc {x}\n"),
    "hyphens": (r"co\-op\_x", "coop\u2011x\n"),
    "link": (r'{\field{\*\fldinst{HYPERLINK "http://x.y"}}{\fldrslt seen}}', "seen\n"),
    "picture": (r"a{\pict\pngblip 89504e470d0a}b", "ab\n"),
    "footer": (r"{\footer page 1}a", "a\n"),
    "nothing": ("", "\n"),
}


def write_rtf(body: str) -> bytes:
    fonts = r"{\fonttbl{\f0\fnil\fcharset0 Arial;}{\f1\fnil\fcharset204 Arial CYR;}}"
    return rf"{{\rtf1\ansi\ansicpg1252\deff0{fonts}{{\colortbl;\red0;}}\f0 {body}}}".encode(
        "cp1252"
    )


@pytest.mark.parametrize("case", RTF)
def test_rich_text(case: str) -> None:
    body, text = RTF[case]
    assert text_of(write_rtf(body)) == text


def test_rich_text_with_bytes_that_are_no_ascii() -> None:
    assert text_of(write_rtf("café “x”")) == "café “x”\n"


def test_rich_text_of_too_many_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    content = write_rtf("a")
    monkeypatch.setattr(office, "_MAX_FONTS", 20)
    assert code_of(content) == "too_large"


def test_rich_text_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    content = write_rtf("a")
    monkeypatch.setattr(office, "MAX_RTF_BYTES", len(content))
    assert code_of(content) is None
    monkeypatch.setattr(office, "MAX_RTF_BYTES", len(content) - 1)
    assert code_of(content) == "too_large"


HOSTILE = {
    "links": write_rtf("{\\field{\\*\\fldinst{" * 80_000),
    "fonts": b"{\\rtf1{\\fonttbl" + b"\\f1" * 60_000 + b"}}",
    "endless font": b"{\\rtf1{\\fonttbl\\f1\\fcharset0" + b" Arial" * 40_000 + b"}}",
    "pictures": write_rtf("\\pict" * 300_000),
    "groups": write_rtf("{" * 500_000),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("case", HOSTILE)
def test_rich_text_is_read_in_linear_time(case: str) -> None:
    """The first three take minutes where striprtf's own expressions are let loose on them."""
    assert code_of(HOSTILE[case]) is None


# All


@pytest.mark.parametrize(
    "content", [b"", b"text", b"PK", b"%PD", b"{\\rt", b"\xd0\xcf\x11\xe0 old .doc", b"\x1f\x8b"]
)
def test_what_is_no_office_document(content: bytes) -> None:
    assert extract(content) is None


def test_old_document_with_a_password() -> None:
    assert code_of(b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le")) == "encrypted"


def test_kinds() -> None:
    contents = [write_docx(), write_pdf(), write_rtf(""), b"\xd0\xcf\x11\xe0"]
    assert [find_kind(content[:100]) for content in contents] == ["docx", "pdf", "rtf", "ole"]


@pytest.mark.parametrize(
    ("library", "content"),
    [("docx", write_docx("a")), ("pypdf", write_pdf(lines(b"a"))), ("striprtf", write_rtf("a"))],
)
def test_missing_library_is_named(
    monkeypatch: pytest.MonkeyPatch, library: str, content: bytes
) -> None:
    assert code_of(content) is None
    for name in [name for name in sys.modules if name.partition(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ReadError, match=r"pip install 'clippings\[office\]'") as caught:
        extract(content)
    assert caught.value.code == "needs_office"


def test_fingerprint_names_the_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint()
    assert all(f" {name} " in before for name in ("pypdf", "python-docx", "striprtf"))
    monkeypatch.setattr(office, "VERSION", office.VERSION + 1)
    assert fingerprint() != before


seeds = st.sampled_from([write_docx("Salt", "One."), write_pdf(lines(b"a", b"b")), write_rtf("a")])


@settings(deadline=None, max_examples=200)
@given(
    seeds
    | st.binary(max_size=100).map(lambda rest: b"%PDF-1.4\n" + rest)
    | st.binary(max_size=100).map(lambda rest: b"{\\rtf1" + rest),
    st.integers(0, 3000),
    st.integers(0, 40),
    st.binary(max_size=20),
)
def test_broken_documents_end_in_text_or_a_problem(
    content: bytes, at: int, cut: int, change: bytes
) -> None:
    damaged = content[:5] + content[5:at] + change + content[max(5, at + cut) :]
    if find_kind(damaged):
        code_of(damaged)
