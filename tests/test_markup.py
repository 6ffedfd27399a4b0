"""HTML: what a reader sees of it, where in the source it stands, and that any page is read."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clippings.errors import LayoutError
from clippings.markup import Mark, Rendering, find_charset, is_html, render

DUMPS = Path(__file__).parents[2] / "shared" / "data" / "dumps"

PIECES = st.sampled_from(
    [
        *"""<p> </p> <div> </div> <br> <br/> <b> </b> <i class=x> </i> <td> </td> <tr> </tr> <table>
    </table> <ul> </ul> <li> <li> <pre> </pre> <h1> </h1> <article> </article> <span> </span>
    <!-- --> <!--> <!doctype> <?pi?> <![ ]> <script> </script> <title> </title> <style/> <a"
    <a=" " ' = < > / </ & &amp; &nbsp; &#8217; &copy2018 &notit; &NotEqualTilde; &#1; &bogus;
    &#xD800; é “ 😀 word 1990 , . x""".split(),
        *(
            " ",
            "\n",
            "\r\n",
            "\t",
            "\u00a0",
            '<div class="a b" id=c>',
            "<a title='x > y'>",
            '<p id="d"',
        ),
    ]
)
PAGES = st.one_of(st.lists(PIECES, max_size=40).map("".join), st.text(max_size=40))


def read(source: str) -> str:
    return render(source)[0].text


def find(source: str, words: str) -> str:
    """What of the source stands behind some words of its text."""
    rendering, _ = render(source)
    places, start = rendering.places(len(source)), rendering.text.index(words)
    return source[places.source_offset(start) : places.source_offset(start + len(words))]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<BR><DIV><P><SPAN>1 of 2 DOCUMENTS</SPAN></P>\n</DIV>", "1 of 2 DOCUMENTS"),
        ("<p><SPAN>December</SPAN><SPAN> 31, 2018</SPAN>", "December 31, 2018"),
        (
            "<tr>\n<td>\n<b>HD</b>&nbsp;</td>\n<td><b class='frHeadline'>Test 1</b>\n</td></tr>",
            "HD\u00a0\tTest 1",
        ),
        ("<tr><td>a<td><td>b<tr><td>c", "a\t\tb\n\nc"),
        ("<p>one<p>two</p>\n\n<p>three", "one\n\ntwo\n\nthree"),
        ("<p>one</p><p></p><p> </p><p>two", "one\n\ntwo"),
        ("one<br>two<br/><BR>three", "one\ntwo\n\nthree"),
        ("<p>a long\nline\r\nof words", "a long line  of words"),
        ("<p>x<pre>a\n  b\n</pre>y", "x\n\na\n  b\n\ny"),
        ("<p>5 < 6 and 7 > 6", "5 < 6 and 7 > 6"),
        ("<p>I <3 it, a <b and c", "I <3 it, a <b and c"),
        ("<p>AT&amp;T &copy2018 &bogus; R&D &#8217;&#x2019;", "AT&T ©2018 &bogus; R&D ’’"),
        ("<p>&NotEqualTilde;&notit;&#1;.", "≂̸¬it;."),
        ("<p>seen<!-- not <p>seen</p> -->, seen", "seen, seen"),
        ("<!-- a <!-- b --> c -->", "c -->"),
        ("<p>one<!-- never closed <p>two", "one never closed \n\ntwo"),
        ("<p>one<script>if (a<b) '</p>'</script> two<script>x", "one two"),
        ("<head><title>T</title><style>p {}</style></head><p>one", "one"),
        ("<title>Never closed<p>one", "Never closed\n\none"),
        ('<a title="x > y" href=z>one</a>', "one"),
        ('<a href="x>one</a> <a href="y">two</a>', "one two"),
        ('<link href="a.css"" rel="b">one', "one"),
        ("<p>cut off <span cla", "cut off <span cla"),
        ("</p></div>one</b>", "one"),
        ("<?xml version='1.0'?><!DOCTYPE html><p>one", "one"),
        ("one <![if x]>two<![endif]>", "one two"),
    ],
)
def test_text_of_a_page(source: str, text: str) -> None:
    assert read(source).strip() == text


@pytest.mark.parametrize(
    ("source", "words", "stretch"),
    [
        ("<p><b>Levinas</b>, he", "Levinas", "Levinas"),
        ("<p>(<a href=x>Levinas</a>)", "Levinas", "Levinas"),
        ("<p>says <i>Levinas</i> <b>of Kaunas", "Levinas", "Levinas"),
        ("<p>says <i>“Levinas”", "“Levinas”", "“Levinas”"),
        ("<p>Levi<b>nas</b>", "Levinas", "Levi<b>nas"),
        ("<td>HD</td>\n<td>Fire", "Fire", "Fire"),
        ("<td>HD</td>\n<td>Fire", "HD", "HD"),
        ("<html><head></head>Fire</html>", "Fire", "Fire"),
        ("Fire</b>", "Fire", "Fire"),
        ("<p>R&amp;D x", "R&D", "R&amp;D"),
        ("<p>&copy2018", "2018", "2018"),
    ],
)
def test_words_have_their_own_place(source: str, words: str, stretch: str) -> None:
    assert find(source, words) == stretch


@pytest.mark.parametrize(
    ("source", "marks"),
    [
        ("<div class='article frArticle'><p>a</div>b", [("div", None, "a")]),
        ("<DIV ID=hd>a<H2 class=x>b</H2></DIV>", [("div", "hd", "a\n\nb"), ("h2", None, "b")]),
        ("<p id=a>one<p id=b>two", [("p", "a", "one"), ("p", "b", "two")]),
        (
            "<ul><li id=a>one<ul><li>x</ul><li id=b>two",
            [("li", "a", "one\n\nx"), ("li", "b", "two")],
        ),
        ("<table><tr><td id=a>1<td id=b>2", [("td", "a", "1"), ("td", "b", "2")]),
        (
            "<article>a<table><td></article></div>b</table>c</article>d",
            [("article", None, "a\n\nb\n\nc")],
        ),
        ("<span id=a>one<div>two</span>three</div></span>x", [("span", "a", "one\n\ntwothree")]),
        ("<b title='id=x'>a</b><i data-id=x>b</i><p>", []),
        ("<time>1990</time><div id='' class=''>a</div>", [("time", None, "1990")]),
        ("<i id=a id=b>c", [("i", "a", "c")]),
        ("<div id=a />b", [("div", "a", "")]),
    ],
)
def test_marks_of_a_page(source: str, marks: list[tuple[str, str | None, str]]) -> None:
    rendering, found = render(source)
    text = rendering.text
    assert [(m.tag, m.id, text[m.start : m.end].strip()) for m in found] == marks


@pytest.mark.parametrize(
    ("selector", "fits"),
    [
        ("div", True),
        ("DIV", True),
        (".article", True),
        ("#hd", True),
        ("div#hd.article.en", True),
        ("p", False),
        (".Article", False),
        ("#h", False),
        ("div.de", False),
        ("p.article", False),
    ],
)
def test_selectors(selector: str, fits: bool) -> None:
    assert Mark("div", "hd", ("article", "en"), 0, 1).fits(selector) == fits


@pytest.mark.parametrize("selector", ["", "div article", "div > p", "[id]", ".", "*", "a."])
def test_other_selectors_are_refused(selector: str) -> None:
    with pytest.raises(LayoutError, match="expected a selector"):
        Mark("div", None, (), 0, 1).fits(selector)


@pytest.mark.parametrize(
    ("head", "is_page"),
    [
        ("<!DOCTYPE html>", True),
        ("\ufeff \r\n<html lang=en>", True),
        ("<!-- a --><!-- b -->\n<HEAD>", True),
        ("<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC '-//W3C'>", True),
        ("<div class=x><p>one</p></div>", True),
        ("<table><tr><td>a</td>\n</tr>", True),
        ("", False),
        ("<", False),
        ("The <html> tag", False),
        ("<DOC>\n<DOCNO> FT911-1 </DOCNO>\n<TEXT><P>a</P><P>b</P>", False),
        ("<!DOCTYPE lewis SYSTEM 'lewis.dtd'>", False),
        ("<?xml version='1.0'?><nitf><head></head>", False),
        ("<header of a digest>", False),
        ("<p> is how it begins, and no more", False),
        ("<!-- never closed <html>", False),
        ("<3 html", False),
    ],
)
def test_what_is_html(head: str, is_page: bool) -> None:
    assert is_html(head) == is_page


@pytest.mark.parametrize(
    ("head", "charset"),
    [
        ('<meta charset="utf-8">', "utf-8"),
        ("<META http-equiv='x' content='text/html; charset=ISO-8859-1'>", "ISO-8859-1"),
        ("<meta topic=x>", None),
        ("the charset=x <p charset=y>", None),
    ],
)
def test_charset_of_a_page(head: str, charset: str | None) -> None:
    assert find_charset(head) == charset


@settings(deadline=None, max_examples=400)
@given(PAGES)
def test_spans_of_the_text_tile_the_source(source: str) -> None:
    rendering, marks = render(source)
    text, places = rendering.text, rendering.places(len(source))
    offsets = [places.source_offset(char) for char in range(len(text) + 1)]
    assert (offsets[0], offsets[-1]) == (0, len(source))
    assert all(start < end for start, end in pairwise(offsets))
    assert [places.char_offset(offset) for offset in offsets] == list(range(len(offsets)))
    inside = [places.char_offset(offset) for offset in range(len(source) + 1)]
    assert inside == sorted(inside)
    starts = [mark.start for mark in marks]
    assert starts == sorted(starts)
    assert all(0 <= mark.start <= mark.end <= len(text) for mark in marks)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.from_regex(r"[a-zé]{1,5}", fullmatch=True), min_size=1),
    st.lists(
        st.sampled_from(
            [" ", "<p>", "<br>", " <b>", "</b> ", "</td><td>", "\n<!-- x -->", "<hr/>\n"]
        )
    ),
)
def test_words_are_where_they_were(words: list[str], between: list[str]) -> None:
    gaps = (between * len(words))[: len(words) - 1] if between else [" "] * (len(words) - 1)
    source = "<html>" + "".join(map("".join, zip(words, [*gaps, "</html>"], strict=True)))
    rendering, _ = render(source)
    text, places = rendering.text, rendering.places(len(source))
    found = list(re.finditer(r"\S+", text))
    assert [word.group() for word in found] == words
    for word in found:
        start, end = places.source_offset(word.start()), places.source_offset(word.end())
        assert source[start:end] == word.group()


@settings(deadline=None)
@given(PAGES)
def test_a_text_traced_through_a_copy_is_where_it_was(source: str) -> None:
    copy = Rendering()
    for at, char in enumerate(source):
        copy.write(char, 2 * at, 2 * at + 2)  # each character takes two of another source
    rendering, _ = render(source)
    traced = rendering.through(copy)
    assert traced.text == rendering.text
    once, twice = rendering.places(len(source)), traced.places(2 * len(source))
    for char in range(len(traced.text) + 1):
        assert abs(twice.source_offset(char) - 2 * once.source_offset(char)) <= 1


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "unit",
    [
        "<",
        "<a ",
        '<a ="',
        '<a ="<a " ',
        "<a b='",
        "<!--",
        "<!-- x",
        "<script>",
        "<title>",
        "<b>",
        "</b>",
        "<p>",
        "<ul><b><li></li>",
        "<td>",
        "<table><tr><td>",
        "<b></i>",
        "&",
        "&#",
        "<![",
        "</",
        "<pre>\n",
        "<a = = ",
        " ",
        "\n",
        "</script",
        "<a" + 50 * " ",
        "<?",
        "<div class=x>",
        "&amp;",
    ],
)
def test_odd_pages_take_linear_time(unit: str) -> None:
    source = "<html>" + unit * (500_000 // len(unit)) + "</b>"
    rendering, _ = render(source)
    assert rendering.places(len(source)).source_offset(rendering.length) == len(source)


@pytest.mark.skipif(not DUMPS.is_dir(), reason="the shared dumps are not here")
@pytest.mark.parametrize(
    ("file", "line", "count"),
    [
        ("nexis/lexisnexis_test_copyright_error.html", r"[12] of 2 DOCUMENTS", 1),
        ("nexis/lexisnexis_test_en.html", r"200[12] of 2146 DOCUMENTS", 2),
        ("factiva/factiva_test.html", "HD\u00a0\tTest [12] ?", 2),
        ("europresse/europresse_test1.html", "Numéro de document : news·.*", 3),
    ],
)
def test_lines_of_vendors_pages(file: str, line: str, count: int) -> None:
    source = (DUMPS / file).read_text(encoding="utf-8")
    assert is_html(source)
    assert len(re.findall(f"^{line}$", read(source), re.M)) == count
