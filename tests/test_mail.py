"""Mail: what a reader sees of messages, the bytes behind it, and that broken ones are read."""

import base64
import quopri
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clippings.mail import is_mail, render

FROM = "From a@example.org Thu Jan  3 12:00:00 2002\n"


def read(message: str, codec: str = "utf-8") -> str:
    return render(message.encode(codec)).text


def find(content: bytes, words: str) -> bytes:
    """The bytes behind some words of the text."""
    rendering = render(content)
    places, start = rendering.places(len(content)), rendering.text.index(words)
    return content[places.source_offset(start) : places.source_offset(start + len(words))]


def part(kind: str, body: str, headers: str = "") -> str:
    return f"--b\nContent-Type: {kind}\n{headers}\n{body}\n"


def message(kind: str, body: str, headers: str = "") -> str:
    return f"Message-ID: <1@b>\nContent-Type: {kind}\n{headers}\n{body}"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (FROM + "Subject: x\n\n", True),
        ("\ufeffFrom - Thu\r\nDate: x\r\n\r\n", True),
        ("Received: from a\n by b\nDate: x\n\n", True),
        ("\nReturn-Path: <a@b>\r\nX-Spam: 1\r\nFrom: a\r\n", True),
        ("From: a\nMIME-Version: 1.0\n\n", True),
        ("Date: 3 May 1990\nSubject: A raid\nFrom: Paris\nTo: all\n\n", False),
        ("Message-ID: <1@b>\n\nDate: x\n", False),
        ("From our correspondent\n\nDate: x\n", False),
        ("From our correspondent\nNote: x\n", False),
        ("From the top\n", False),
        ("The text\nMessage-ID: <1@b>\nDate: x\n", False),
        ("TST1-MUC3-0001\n\nBOGOTA, 3 APR 90 -- [TEXT]", False),
        ("", False),
    ],
)
def test_what_is_mail(head: str, expected: bool) -> None:
    assert is_mail(head.encode().decode("latin-1")) == expected


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            "Subject: =?utf-8?Q?L=C3=A9vinas_?=\n =?UTF-8?b?4oCU?= read\n\nx",
            "Subject: Lévinas — read\n\nx",
        ),
        ("Subject: =?utf-8?q?=C3?= =?utf-8?q?=A9?=\n\nx", "Subject: é\n\nx"),
        ("Subject: =?x-none?q?=92?= =?utf-8?q?open\n\nx", "Subject: ’ =?utf-8?q?open\n\nx"),
        ("Subject: a\n\tlong\n one\nTo: b\n\nx", "Subject: a\tlong one\nTo: b\n\nx"),
        ("Subject: Lévinas\n\nétude\n", "Subject: Lévinas\n\nétude\n"),
        ("Subject: a\r\n\r\nx\r\n\r\ny\r\n", "Subject: a\r\n\r\nx\r\n\r\ny\r\n"),
        ("Subject: a", "Subject: a"),
        ("Subject: a\nno header\n\nx", "Subject: a\n\nno header\n\nx"),
    ],
)
def test_headers_as_they_are_read(source: str, text: str) -> None:
    # The line that is no header has nothing before it that an empty line could be made from.
    assert read(source) == text.replace("a\n\nno", "a\nno")


QUOTED = "Content-Transfer-Encoding: Quoted-Printable\n"
PACKED = "Content-Transfer-Encoding: base64\n"


@pytest.mark.parametrize(
    ("source", "body"),
    [
        (
            message("text/plain; charset=iso-8859-1", "Caf=E9=92s =\nna=EFve = x=", QUOTED),
            "Café’s naïve = x",
        ),
        (message("text/plain; charset=koi8-r", "=F0=F2=E1", QUOTED), "ПРА"),
        (message("text/plain; charset=gb2312", "=C4=E3ab=BA=C3", QUOTED), "你ab好"),
        (message("text/plain; charset=iso-2022-jp", 'a=1B$B$"=1B(Bb', QUOTED), "aあb"),
        (message("text/plain; charset=utf-8", "w4l0\r\nYXQ=", PACKED), "État"),
        (message("text/plain; charset=x-unknown", "=C3=89 =E9 =81", QUOTED), "É é \x81"),
        (message("text/plain; charset=us-ascii", "État"), "État"),
        (message("text", "a < b"), "a < b"),
        (message("text/html", "<p>one</p><p>two &amp; three</p>"), "one\n\ntwo & three"),
        (message("text/html", "<meta charset=koi8-r>=F0", QUOTED), "П"),
        (message("application/pdf", "JVBERi0=", PACKED), ""),
        (message("multipart/mixed", "no boundary"), "no boundary"),
        (message("multipart/mixed; boundary=b", "no part"), "no part"),
        (message("multipart/mixed; boundary=b", "x\n--b\n\ncut off"), "cut off"),
        (
            message(
                "multipart/mixed; boundary=b",
                part("text/plain", "one") + part("text/plain", "two") + "--b--\nx",
            ),
            "one\n\ntwo",
        ),
        (
            message(
                'multipart/alternative; boundary="b"',
                part("text/html", "<p>h") + part("text/plain", "p") + "--b--",
            ),
            "p",
        ),
        (
            message(
                "multipart/alternative; boundary=b",
                part("text/plain", " ") + part("text/html", "<p>h") + "--b--",
            ),
            "h",
        ),
        (
            message(
                "multipart/mixed; boundary=b",
                part("text/plain", "one")
                + part("text/plain", "list.txt", "Content-Disposition: attachment; filename=x\n")
                + part("image/png", "iVBO", PACKED)
                + "--b--",
            ),
            "one",
        ),
        (
            message(
                "multipart/digest; boundary=b",
                "--b\n\nSubject: one\n\nx\n--b\n\nSubject: two\n\ny\n--b--",
            ),
            "Subject: one\n\nx\n\nSubject: two\n\ny",
        ),
    ],
)
def test_bodies_as_they_are_read(source: str, body: str) -> None:
    text = read(source)
    assert text[len(re.match(r"(?:\S+: .*\n)+\n", text).group()) :].strip(" \n") == body  # type: ignore[union-attr]


def test_messages_of_a_mailbox_are_read_apart() -> None:
    body = "x\nFrom here on\nNote: y\n\nFrom us\nNote: z\n\nFrom us\n"
    inner = message("multipart/mixed; boundary=b", part("text/plain", "cut"))
    box = (
        FROM + "Subject: one\n\n" + body + "\n" + FROM + inner + "\n" + FROM + "Subject: three\n\n"
    )
    text = read(box)
    assert text.count(FROM) == 3
    assert text.startswith(FROM + "Subject: one\n\n" + body + "\n" + FROM)
    assert text.endswith("\n\ncut\n\n" + FROM + "Subject: three\n\n")
    assert read(box.replace("\n", "\r\n")).replace("\r\n", "\n") == text


def test_one_message_is_not_cut_where_another_is_quoted() -> None:
    source = "Message-ID: <1@b>\nSubject: a\n\nHe wrote:\n\n" + FROM + "Subject: b\n\nx\n"
    assert read(source) == source


@pytest.mark.parametrize(
    ("content", "words", "stretch"),
    [
        (message("text/plain", "Caf=E9 a=\n b", QUOTED), "Café", "Caf=E9"),
        (message("text/plain", "Caf=E9 a=\n b", QUOTED), "a", "a"),
        (message("text/plain", "by Levinas=\n, A", QUOTED), "Levinas", "Levinas"),
        (message("text/html", "<p>by <b>Levinas</b>, A"), "Levinas", "Levinas"),
        (message("text/plain", "L=C3=A9vinas b", QUOTED), "vinas", "vinas"),
        ("Subject: =?utf-8?q?by_Levinas?=\n\n", "Levinas", "Levinas"),
        ("Subject: Lévinas, A\n\n", "Lévinas", "Lévinas"),
    ],
)
def test_words_have_their_own_bytes(content: str, words: str, stretch: str) -> None:
    found = find(content.encode(), words)
    assert words not in content or found.decode() == words
    assert found == stretch.encode()


@settings(deadline=None)
@given(st.text(alphabet="aé—ש😀 \n", min_size=1, max_size=200), st.booleans())
def test_an_encoded_body_reads_back(body: str, is_quoted: bool) -> None:
    kind = "Message-ID: <1@b>\nContent-Type: text/plain; charset=utf-8\n"
    encode = quopri.encodestring if is_quoted else base64.encodebytes
    headers = (kind + (QUOTED if is_quoted else PACKED) + "\n").encode()
    content = headers + encode(body.encode())
    text = render(content).text
    assert text.removeprefix(headers.decode()).removesuffix("\n") == body.removesuffix("\n")
    assert_tiles(content)


def assert_tiles(content: bytes) -> None:
    rendering = render(content)
    rendering.text.encode()  # no half of a character
    places = rendering.places(len(content))
    offsets = [places.source_offset(char) for char in range(rendering.length + 1)]
    assert (offsets[0], offsets[-1]) == (0, len(content))
    assert all(start < end for start, end in pairwise(offsets))
    assert [places.char_offset(offset) for offset in offsets] == list(range(len(offsets)))


PIECES = st.one_of(
    st.sampled_from(
        [
            *(
                FROM,
                "From ",
                "Subject: a\n",
                "\n",
                "\r\n",
                " folded\n",
                "a: b\n",
                "é",
                "“",
                "word",
                " ",
                "\t",
            ),
            *(
                "=?utf-8?q?=C3=A9?=",
                "=?utf-8?b?w6k?=",
                "=?koi8-r?q?=F0_?=",
                "=?",
                "?=",
                "=?a?q?=92?=",
            ),
            *(
                "Content-Type: multipart/mixed; boundary=b\n",
                "Content-Type: multipart/digest; boundary=b\n",
            ),
            *(
                "Content-Type: multipart/alternative; boundary=b\n",
                "Content-Type: message/rfc822\n",
            ),
            *(
                "Content-Type: text/html\n",
                "Content-Type: text/plain; charset=gbk\n",
                "--b\n",
                "--b--\n",
                "\n--b\n\n",
            ),
            *(
                "Content-Type: text/plain; charset=utf-16\n",
                "Content-Type: text/plain; charset=iso-2022-jp\n",
            ),
            *(
                "Content-Type: text/plain; charset=hz\n",
                "Content-Type: text/plain; charset=shift_jis\n",
            ),
            *(
                "Content-Type: text/plain; charset=utf-7\n",
                "Content-Disposition: attachment\n",
                QUOTED,
                PACKED,
            ),
            *(
                "=C3=A9",
                "=E9",
                "=\n",
                "=",
                "YWJj",
                "w6k=",
                "+2AA-",
                "<p>",
                "<b>x</b>",
                "&amp;",
                "\x1b$B",
                "~{",
            ),
        ]
    ).map(str.encode),
    st.binary(max_size=4),
)


@settings(deadline=None, max_examples=600)
@given(st.lists(PIECES, max_size=30).map(b"".join), st.sampled_from([b"", FROM.encode()]))
def test_any_mail_is_read_and_its_text_tiles_the_bytes(content: bytes, start: bytes) -> None:
    assert_tiles(start + content)


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "unit",
    [
        "--b\n",
        "\nFrom x\nDate: y\n",
        "=?utf-8?q?a?= ",
        "=?a?q?",
        "; a=",
        "a:",
        "a: b\n",
        "\nFrom ",
        " \t",
        "\n",
        "--b\nContent-Type: multipart/mixed; boundary=b\n\n",
        "--b\nContent-Type: message/rfc822\n\n",
        "--b\nContent-Type: text/html\n\n<p>",
        f"--b\n{PACKED}\nYQYQ\n",
        f"--b\n{QUOTED}\n= = =E9",
    ],
)
@pytest.mark.parametrize("is_body", [True, False])
def test_odd_mail_takes_linear_time(unit: str, is_body: bool) -> None:
    head = FROM + "Content-Type: multipart/mixed; boundary=b\n" + "\n" * is_body
    content = (head + unit * (300_000 // len(unit))).encode()
    rendering = render(content)
    assert rendering.places(len(content)).source_offset(rendering.length) == len(content)
