"""Mail, one message or many -> headers and bodies as a reader sees them, traced to their bytes.

The bytes are read as Latin-1 here, so that an offset into that text is a byte. The standard
library's `email` says nothing of where in a file a part stands.
"""

from __future__ import annotations

import base64
import codecs
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from clippings import markup
from clippings.markup import Rendering

_WELL_KNOWN = frozenset(
    "date delivered-to from message-id mime-version received return-path subject to".split()
)
_TRANSPORT = frozenset("delivered-to message-id mime-version received return-path".split())
"""Headers that mail programs write and people do not: a news text may open with "Date:"."""
_MOST_NESTED = 8
"""How deep parts may stand in parts; deeper ones are not rendered."""
_HEAD = 8192
_WHITE = " \t\r\n"

# "Subject: The clock\r\n tower\r\n": a header with the lines that go on with it.
_HEADER = re.compile(r"([!-9;-~]++):[^\n]*+(?:\n|\Z)(?:[ \t]++[^\s][^\n]*+(?:\n|\Z))*+")
# "From levinas@example.org Thu Jan  3 12:00:00 2002\n" behind an empty line, before a header.
_FROM = re.compile(r"(?<=\n)\r?\n(From [^\n]*+\n)(?=[A-Za-z][A-Za-z0-9-]*+:\s)")
_EMPTY_LINE = re.compile(r"[ \t]*+\r?\n")
# "\r\n" before a line that goes on with a header.
_FOLD = re.compile(r"\r?\n(?=[ \t])")
# "=?utf-8?Q?L=C3=A9vinas?=".
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\r\n]*+)\?=")
# '; charset="utf-8"', "; boundary=b1".
_PARAMETER = re.compile(r';\s*+([\w-]++)\*?\s*+=\s*+(?:"([^"]*+)"|([^\s;"]++))')
# "=E9", and a line end that stands only in the encoded text.
_ESCAPE = re.compile(r"=(?:([0-9A-Fa-f]{2})|[ \t]*+(?:\r?\n|\Z))")
_BASE64 = re.compile(r"[A-Za-z0-9+/]++")
# Codecs that need no care and yield at most one character for a byte, by Python's names.
_CODEC = re.compile(
    r"utf-8|utf-16(?:-[bl]e)?|iso8859-\d+|cp125\d|cp437|cp8[56]\d|cp9\d\d|koi8-[rtu]|mac-[a-z]+"
    r"|gb2312|gbk|gb18030|hz|big5|shift_jis|euc_(?:jp|kr)|iso2022_(?:jp|kr)|tis-620"
)
_NOT_ASCII = re.compile(r"utf-16|hz|iso2022")
_PIECE = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]")
# A byte that its charset cannot explain is read as Windows-1252, its five gaps as Latin-1.
_STRAYS = {
    0xDC00 + byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte)
    for byte in range(0x80, 0x100)
}


class _Header(NamedTuple):
    name: str  # in small letters
    start: int
    value: int  # where its value starts
    end: int


class _Part(NamedTuple):
    """A message or a part of one: its type if it names none, headers, where its body stands."""

    kind: str
    headers: tuple[_Header, ...]
    start: int
    end: int


def is_mail(head: str) -> bool:
    r"""Say whether bytes are mail.

    Args:
        head: The first of them, as Latin-1; some thousand are enough.

    Returns:
        Whether they open with the "From " line of a mailbox and a header, or with headers two of
        which are those of mail, and one of these such that no person writes it.

    >>> is_mail("Date: 3 May 1990\nSubject: A raid\n\n"), is_mail("To: A\nMessage-ID: <1@b>\n\n")
    (False, True)
    """
    start = len(head) - len(head.removeprefix("ï»¿").lstrip(_WHITE))
    if head.startswith("From ", start):
        line_end = head.find("\n", start) + 1
        return line_end > 0 and not _WELL_KNOWN.isdisjoint(_list_names(head, line_end))
    names = _list_names(head, start)
    return len(names & _WELL_KNOWN) > 1 and not names.isdisjoint(_TRANSPORT)


def render(content: bytes) -> Rendering:
    """Render messages as text.

    Each is the line "From ..." where it stands in a mailbox, its headers, one in a line, an empty
    line, and what its body says: plain text where there is a choice, else HTML as
    `markup.render` has it. Attachments are not rendered.

    Args:
        content: The bytes of a message or of a mailbox.

    Returns:
        The text, with the byte of each character; whatever is broken is read as plain text.
    """
    source = content.decode("latin-1")
    rendering = Rendering()
    mark = len(codecs.BOM_UTF8) if content.startswith(codecs.BOM_UTF8) else 0
    rendering.write("\ufeff"[:mark], 0, mark)
    for start, end in _find_messages(source, mark):
        _append_apart(rendering, _render_message(source, start, end, 0))
    if rendering.stop < len(source) and not rendering.text[-1:].isspace():
        rendering.write("\n", rendering.stop, len(source))
    return rendering


def _list_names(source: str, start: int) -> frozenset[str]:
    return frozenset(header.name for header in _read_headers(source, start, len(source)))


def _read_headers(source: str, start: int, end: int) -> Iterator[_Header]:
    while header := _HEADER.match(source, start, end):
        yield _Header(header[1].lower(), start, header.end(1) + 1, header.end())
        start = header.end()


def _find_messages(source: str, start: int) -> Iterator[tuple[int, int]]:
    """List where messages start and end; all of it is one where no line "From ..." opens it."""
    first = start + len(source[start:]) - len(source[start:].lstrip(_WHITE))
    if source.startswith("From ", first):
        for line in _FROM.finditer(source, first):
            if line.start(1) > first and not _WELL_KNOWN.isdisjoint(
                _list_names(source, line.end())
            ):
                yield start, line.start(1)
                start = line.start(1)
    yield start, len(source)


def _render_message(source: str, start: int, end: int, depth: int) -> Rendering:
    rendering = Rendering()
    at = start + len(source[start:end]) - len(source[start:end].lstrip(_WHITE))
    rendering.write(source[start:at], start)
    if source.startswith("From ", at):
        line_end = source.find("\n", at, end) + 1 or end
        rendering.append(_decode(_copy(source, at, line_end), None))
        at = line_end
    headers = tuple(_read_headers(source, at, end))
    for header in headers:
        _append_header(rendering, source, header.start, header.end)
        at = header.end
    if empty := _EMPTY_LINE.match(source, at, end):
        rendering.write(empty.group(), at)
        at = empty.end()
    body = _render_part(source, _Part("text/plain", headers, at, end), depth)
    _append_apart(rendering, body)
    return rendering


def _append_apart(rendering: Rendering, part: Rendering) -> None:
    """Add a part, set apart by an empty line made from what is not rendered before it."""
    start = part.start
    if rendering.length and part.length and start > rendering.stop:
        rendering.break_lines(2, rendering.stop, start)
    rendering.append(part)


def _append_header(rendering: Rendering, source: str, start: int, end: int) -> None:
    """Add a header: its lines as one, encoded words as what they mean."""
    words = list(_ENCODED_WORD.finditer(source, start, end))
    groups: list[list[re.Match[str]]] = []
    for word in words:
        # What separates two encoded words is not shown, and a letter may stand in both.
        if groups and not source[groups[-1][-1].end() : word.start()].strip():
            groups[-1].append(word)
        else:
            groups.append([word])
    at = start
    for group in groups:
        _append_plain(rendering, source, at, group[0].start())
        for charset, layer in _join_words(source, group):
            rendering.append(_decode(layer, charset))
        at = group[-1].end()
    _append_plain(rendering, source, at, end)


def _join_words(source: str, words: Iterable[re.Match[str]]) -> Iterator[tuple[str, Rendering]]:
    """Join the bytes of neighbouring encoded words of one charset."""
    charset, layer = "", Rendering()
    for word in words:
        if word[1].lower() != charset:
            yield charset, layer
            charset, layer = word[1].lower(), Rendering()
        start, end = word.span(3)
        if word[2] in "qQ":
            layer.append(_unquote(source, start, end, "_"))
        else:
            layer.append(_unbase64(source, start, end))
    yield charset, layer


def _append_plain(rendering: Rendering, source: str, start: int, end: int) -> None:
    for fold in _FOLD.finditer(source, start, end):
        rendering.append(_decode(_copy(source, start, fold.start()), None))
        start = fold.end()
    rendering.append(_decode(_copy(source, start, end), None))


def _render_part(source: str, part: _Part, depth: int) -> Rendering:
    """Render a body by its type; an empty rendering where nobody reads it."""
    kind, parameters = _read_value(source, part, "content-type")
    kind = kind if "/" in kind else part.kind
    if depth > _MOST_NESTED or _read_value(source, part, "content-disposition")[0] == "attachment":
        return Rendering()
    if kind == "message/rfc822":
        return _render_message(source, part.start, part.end, depth + 1)
    if kind.startswith("multipart/"):
        parts = _find_parts(source, part, kind, parameters.get("boundary", ""))
        if parts:
            return _render_parts(source, parts, kind, depth + 1)
    elif not kind.startswith("text/"):
        return Rendering()
    encoded = _unwrap(source, part)
    if kind != "text/html":
        return _decode(encoded, parameters.get("charset"))
    charset = parameters.get("charset") or markup.find_charset(encoded.text[:_HEAD])
    decoded = _decode(encoded, charset)
    return markup.render(decoded.text)[0].through(decoded)


def _render_parts(source: str, parts: Iterable[_Part], kind: str, depth: int) -> Rendering:
    if kind == "multipart/alternative":
        order = ("text/plain", "text/html")
        kinds = [(_read_value(source, part, "content-type")[0] or part.kind) for part in parts]
        ranks = [order.index(kind) if kind in order else len(order) for kind in kinds]
        ranked = sorted(zip(ranks, parts, strict=True), key=lambda choice: choice[0])
        choices = (_render_part(source, part, depth) for _, part in ranked)
        return next((choice for choice in choices if choice.text.strip()), Rendering())
    rendering = Rendering()
    for part in parts:
        _append_apart(rendering, _render_part(source, part, depth))
    return rendering


def _find_parts(source: str, whole: _Part, kind: str, boundary: str) -> list[_Part]:
    """List the parts between the lines that separate them; none where there is no such line."""
    if not boundary.strip():
        return []
    line = re.compile(f"^--{re.escape(boundary.rstrip())}(--)?[ \t]*+\r?(?:\n|\\Z)", re.M)
    lines = list(line.finditer(source, whole.start, whole.end))
    parts = []
    for index, opening in enumerate(lines):
        if opening[1]:
            break
        start = opening.end()
        end = lines[index + 1].start() if index + 1 < len(lines) else whole.end
        headers = tuple(_read_headers(source, start, end))
        start = headers[-1].end if headers else start
        if empty := _EMPTY_LINE.match(source, start, end):
            start = empty.end()
        default = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        parts.append(_Part(default, headers, start, end))
    return parts


def _read_value(source: str, part: _Part, name: str) -> tuple[str, dict[str, str]]:
    """Read a header with parameters: its value in small letters, "" for none, and these."""
    header = next((header for header in part.headers if header.name == name), None)
    if header is None:
        return "", {}
    text = source[header.value : header.end]
    parameters: dict[str, str] = {}
    for key, quoted, bare in _PARAMETER.findall(text):
        parameters.setdefault(key.lower(), quoted or bare)
    return next(iter(text.partition(";")[0].lower().split()), ""), parameters


def _unwrap(source: str, part: _Part) -> Rendering:
    """Undo the transfer encoding of a body: its bytes."""
    encoding, _ = _read_value(source, part, "content-transfer-encoding")
    if encoding == "quoted-printable":
        return _unquote(source, part.start, part.end)
    if encoding == "base64":
        return _unbase64(source, part.start, part.end)
    return _copy(source, part.start, part.end)


def _copy(source: str, start: int, end: int) -> Rendering:
    rendering = Rendering()
    rendering.write(source[start:end], start)
    return rendering


def _unquote(source: str, start: int, end: int, space: str = " ") -> Rendering:
    """Undo quoted-printable; in encoded words a space is written "_"."""
    rendering = Rendering()
    for escape in _ESCAPE.finditer(source, start, end):
        rendering.write(source[start : escape.start()].replace(space, " "), start)
        if escape[1]:
            rendering.write(chr(int(escape[1], 16)), escape.start(), escape.end())
        start = escape.end()
    rendering.write(source[start:end].replace(space, " "), start)
    return rendering


def _unbase64(source: str, start: int, end: int) -> Rendering:
    """Undo base64, up to its padding; what does not belong to it is passed over."""
    letters = Rendering()
    padding = source.find("=", start, end)
    for run in _BASE64.finditer(source, start, end if padding < 0 else padding):
        letters.write(run.group(), run.start())
    text = letters.text
    text = text[: len(text) - (len(text) % 4 == 1)]
    made = base64.b64decode(text + "=" * (-len(text) % 4)).decode("latin-1")
    rendering = Rendering()
    for at in range(0, len(made), 3):  # four letters are three bytes
        rendering.write(made[at : at + 3], at // 3 * 4, min(at // 3 * 4 + 4, len(text)))
    return rendering.through(letters)


def _decode(encoded: Rendering, charset: str | None) -> Rendering:
    """Decode bytes, traced to the source of these."""
    text = encoded.text
    codec = _find_codec(charset)
    if text.isascii() and not _NOT_ASCII.match(codec):
        return encoded
    return _read_characters(text.encode("latin-1"), codec).through(encoded)


def _find_codec(charset: str | None) -> str:
    """Find Python's name of a charset; UTF-8 where it is unknown."""
    try:
        codec = codecs.lookup(charset or "utf-8").name
    except (LookupError, ValueError):
        return "utf-8"
    # What calls itself Latin-1 has the quotes and dashes of Windows-1252.
    return "cp1252" if codec == "iso8859-1" else codec if _CODEC.fullmatch(codec) else "utf-8"


def _read_characters(content: bytes, codec: str) -> Rendering:
    """Decode bytes; those that the charset cannot explain are read as Windows-1252."""
    rendering = Rendering()
    if codec != "utf-8":
        try:
            text = content.decode(codec, "surrogateescape")
            if len(text) == len(content):
                rendering.write(text.translate(_STRAYS), 0)
                return rendering
            return _read_one_by_one(content, codec)
        except UnicodeError:
            pass  # it is not in that charset; what follows reads any bytes
    at = 0
    for piece in _PIECE.findall(content.decode("utf-8", "surrogateescape")):
        end = at + len(piece.encode("utf-8", "surrogateescape"))
        rendering.write(piece.translate(_STRAYS), at, end)
        at = end
    return rendering


def _read_one_by_one(content: bytes, codec: str) -> Rendering:
    """Decode bytes of a charset in which characters differ in length."""
    rendering, start = Rendering(), 0
    decoder = codecs.getincrementaldecoder(codec)("surrogateescape")
    for end in range(1, len(content) + 1):
        text = decoder.decode(content[end - 1 : end], end == len(content))
        if text:
            rendering.write(text.translate(_STRAYS), start, end)
            start = end
    return rendering
