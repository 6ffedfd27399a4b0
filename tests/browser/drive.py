"""The report in a browser: driven by its keys and links, read by axe, compared with the raw files.

`make browser-test` installs what this takes and runs it; `make test` does not. axe is npm's where
there is npm, else the older one of the package axe-core-python.
"""

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
AXE = Path(__file__).parents[2] / ".venv/axe/node_modules/axe-core/axe.min.js"
SIZES = {"phone": (390, 844), "desk": (1440, 900)}
HOSTILE = "</script><script>document.title = 'caught'</script><img src=x onerror=alert(1)> of Haifa"
TURNED = "The \u202eRoad to \u05d7\u05d9\u05e4\u05d4 and Haifa"
VIEWS = (
    *("#/", "#/articles", "#/time", "#/names", "#/together", "#/map", "#/topics", "#/stories"),
    *("#/checks", "#/search?q=knesset", "#/nowhere"),
)


@contextmanager
def open_browser(profile: str, size: str = "desk", colours: str = "light") -> Iterator[Any]:
    """Start headless Chromium with a profile of its own."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    browser = webdriver.Chrome(options=options, service=service)
    try:
        set_screen(browser, size, colours)
        yield browser
    finally:
        browser.quit()


def set_screen(browser: Any, size: str, colours: str, media: str = "") -> None:
    width, height = SIZES[size]
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "phone"},
    )
    feature = {"name": "prefers-color-scheme", "value": colours}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": [feature]})


class Reader:
    """Somebody who reads the report."""

    def __init__(self, browser: Any, page: Path) -> None:
        self.browser = browser
        self.page = page

    def open(self, view: str) -> None:
        """Open a view by its address, in a fresh page."""
        self.browser.get("about:blank")
        self.browser.get(f"{self.page.as_uri()}{view}")
        self.wait(lambda: self.run("return document.documentElement.dataset.shown"))

    def go(self, view: str) -> None:
        """Go to a view in the page that is open."""
        self.follow(lambda: self.run("location.hash = arguments[0]", view))

    def follow(self, act: Callable[[], Any]) -> None:
        """Do something that changes the view, and wait until it is there."""
        self.run("delete document.documentElement.dataset.shown")
        act()
        self.wait(lambda: self.run("return document.documentElement.dataset.shown"))

    def wait(self, is_done: Callable[[], Any], seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not is_done():
            assert time.monotonic() < end, f"nothing came at {self.address}"
            time.sleep(0.02)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.browser.execute_script(script, *arguments)

    def find(self, selector: str) -> Any:
        return self.browser.find_element("css selector", selector)

    def texts(self, selector: str) -> list[str]:
        script = "return [...document.querySelectorAll(arguments[0])].map(node => node.textContent)"
        found: list[str] = self.run(script, selector)
        return found

    def press(self, *keys: str) -> None:
        self.browser.switch_to.active_element.send_keys(*keys)

    @property
    def address(self) -> str:
        text: str = self.run("return location.hash")
        return text

    @property
    def focus(self) -> str:
        text: str = self.run("return document.activeElement.textContent.trim().slice(0, 100)")
        return text


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory, desk_at: Any, write_dump: Any) -> Any:
    """Tables of ordinary and of hostile articles, in several encodings and forms."""
    desk = desk_at(tmp_path_factory.mktemp("shelf"))
    desk.put("plain.txt", write_dump(*range(260)))
    desk.put("again.txt", write_dump(5, 6))
    desk.put("utf16.txt", write_dump(300, 301, 302).encode("utf-16"))
    desk.put("dos.txt", write_dump(310, 311, 312).replace("\n", "\r\n"))
    hostile = write_dump(320, 321)
    for number, title in ((320, TURNED), (321, HOSTILE)):
        hostile = re.sub(rf"^.* to Number {number} .*$", lambda _, t=title: t, hostile, flags=re.M)
    desk.put("hostile.txt", hostile)
    desk.put("picture.txt", b"\x89PNG\r\n\x1a\n")
    desk.ingest()
    return desk


@pytest.fixture(scope="module")
def page(shelf: Any) -> Path:
    from clippings.report import write_report

    path: Path = shelf.raw.parent / "report.html"
    write_report(shelf.processed, path)
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with open_browser(str(tmp_path_factory.mktemp("profile"))) as browser:
        yield browser


@pytest.fixture
def reader(browser: Any, page: Path) -> Iterator[Reader]:
    """A reader at a fresh page; what the console or the network saw in the end is an error."""
    set_screen(browser, "desk", "light")
    browser.get_log("performance")  # what Chromium itself did when it started
    yield Reader(browser, page)
    assert [entry["message"] for entry in browser.get_log("browser")] == []
    for entry in browser.get_log("performance"):
        event = json.loads(entry["message"])["message"]
        if event["method"] == "Network.requestWillBeSent":
            address = event["params"]["request"]["url"]
            assert address.startswith(("file:", "data:", "about:")), address


@pytest.fixture(scope="module")
def some(shelf: Any) -> dict[str, str]:
    """Addresses of an article, a name and a list of the tables at hand."""
    entities = sorted(shelf.rows("entities"), key=lambda row: -row["article_count"])
    article_id = shelf.rows("articles")[0]["article_id"]
    return {
        "article": f"#/article/{article_id}",
        "mention": f"#/article/{article_id}?mention=1",
        "name": f"#/name/{entities[0]['entity_id']}",
        "list": f"#/articles?name={entities[0]['entity_id']}",
    }


# Moving about


def test_search_finds_names_titles_topics_and_text(reader: Reader) -> None:
    reader.open("#/")
    reader.press("/")
    reader.follow(lambda: reader.press("number 7"))
    assert reader.address == "#/search?q=number+7"
    assert any("to Number 7 " in title for title in reader.texts(".found a"))
    reader.run("document.getElementById('query').select()")
    reader.follow(lambda: reader.press("LEUMI"))
    assert "Bank Leumi" in reader.texts(".found a")
    reader.wait(lambda: reader.texts("#in-text ~ div .articles li"))
    [found] = reader.texts("#in-text ~ div > p")
    assert re.fullmatch(r"\d+ articles; the 50 newest are shown", found)
    assert all("Bank Leumi" in text for text in reader.texts("#in-text ~ div .sentence"))
    assert "In the text: " in reader.texts("#status")[0]


def test_keys_lead_from_a_search_to_a_name_and_back(reader: Reader) -> None:
    from selenium.webdriver.common.keys import Keys

    reader.open("#/")
    reader.press("/")
    reader.follow(lambda: reader.press("golda"))
    reader.press(Keys.ARROW_DOWN)
    assert reader.focus == "Golda Meir"
    reader.follow(lambda: reader.press(Keys.ENTER))
    assert reader.address.startswith("#/name/")
    assert reader.focus == "Golda Meir"  # the heading
    reader.follow(lambda: reader.press(Keys.ESCAPE))
    assert reader.address == "#/search?q=golda"
    reader.follow(lambda: reader.press(Keys.ESCAPE))
    assert reader.address in ("", "#/")


def test_the_tab_key_goes_through_the_whole_page(reader: Reader) -> None:
    from selenium.webdriver.common.keys import Keys

    reader.open("#/articles")
    reader.press(Keys.TAB)
    assert reader.focus == "Skip to the content"
    reader.press(Keys.ENTER)
    assert reader.run("return document.activeElement.id") == "main"
    outline = "return getComputedStyle(document.activeElement).outlineStyle"
    seen: list[str] = []
    while len(seen) < 400:
        reader.press(Keys.TAB)
        if reader.run("return document.activeElement === document.body"):
            break
        seen.append(reader.focus)
        assert reader.run(outline) != "none", seen[-1]
    assert seen[-1] == "What this page is made of"  # no trap before the end
    assert len(seen) > 40


def test_back_returns_to_the_same_place(reader: Reader) -> None:
    reader.open("#/articles")
    reader.follow(lambda: reader.find(".pager a[rel=next]").click())
    assert reader.address == "#/articles?page=2"
    reader.run("scrollTo(0, 900)")
    title = reader.texts(".articles .title")[12]
    link = reader.browser.find_elements("css selector", ".articles .title a")[12]
    reader.follow(lambda: reader.run("arguments[0].click()", link))
    assert reader.texts("h1") == [title]
    assert reader.run("return scrollY") == 0
    reader.follow(reader.browser.back)
    assert reader.texts(".articles .title")[12] == title
    assert reader.run("return scrollY") == 900


def test_filters_are_put_on_and_taken_off(reader: Reader, some: dict[str, str]) -> None:
    reader.open(some["list"])
    first = read_count(reader)
    reader.run("document.querySelector('.refine').open = true")
    offered = reader.find(".refine li a")
    expected = int(reader.texts(".refine li .quiet")[0])
    reader.follow(offered.click)
    assert read_count(reader) == expected < first
    reader.follow(lambda: reader.browser.find_elements("css selector", ".chips a")[1].click())
    assert read_count(reader) == first


# Numbers and what stands behind them


def read_count(reader: Reader) -> int:
    return int(re.sub(r"\D.*", "", reader.texts("h1")[0].replace(",", "")))


@pytest.mark.parametrize("view", ["#/", "#/topics", "#/time"])
def test_every_number_has_its_articles(view: str, reader: Reader) -> None:
    reader.open(view)
    promised = reader.run(
        """return [...document.querySelectorAll("main a")].flatMap(anchor => {
          const words = anchor.getAttribute("aria-label") ?? anchor.textContent;
          const number = anchor.closest(".bars tr")?.querySelector(".number").textContent
            ?? words.match(/: ([\\d,]+) articles?$/)?.[1];
          return number ? [[anchor.getAttribute("href"), number]] : [];
        })"""
    )
    assert len(promised) > 5
    for href, number in promised:
        reader.go(href)
        if href.startswith("#/name/"):
            [lead, *_] = reader.texts(".lead a")
            assert lead.split()[0] == number
        elif "pair=" in href:  # paragraphs; never fewer than articles
            assert 0 < read_count(reader) <= int(number)
        else:
            assert read_count(reader) == int(number.replace(",", "")), href


def test_a_number_leads_to_its_sentences(reader: Reader) -> None:
    reader.open("#/")
    row = reader.find(".three .bars tbody tr")
    name, number = row.find_element("css selector", "a").text, row.text.split()[-1]
    reader.follow(row.find_element("css selector", "a").click)
    assert reader.texts("h1") == [name]
    reader.follow(reader.find(".lead a").click)
    assert read_count(reader) == int(number)
    sentences = reader.run(
        """return [...document.querySelectorAll(".articles > li")].map(item =>
          [item.querySelector(".sentence").textContent, item.querySelectorAll(".sought").length])"""
    )
    assert len(sentences) == min(20, int(number))
    for sentence, sought in sentences:
        assert sought or sentence.startswith("In the headline. "), sentence
    assert any(sought for _, sought in sentences)


def test_a_name_leads_to_the_bytes_of_the_raw_file(reader: Reader, shelf: Any) -> None:
    paths = {row["dump_id"]: row["path"] for row in shelf.rows("dumps")}
    chosen = {}
    for row in shelf.rows("occurrences"):
        chosen.setdefault(paths[row["dump_id"]], row["article_id"])
    assert set(chosen) >= {"plain.txt", "utf16.txt", "dos.txt", "hostile.txt"}
    compared = 0
    reader.open("#/")
    for article_id in chosen.values():
        reader.go(f"#/article/{article_id}")
        number = len(reader.texts("[id^=mention-]"))
        for mention in range(number):
            anchor = reader.find(f"#mention-{mention}")
            surface = reader.run("return arguments[0].firstChild.data", anchor)
            reader.follow(lambda anchor=anchor: reader.run("arguments[0].click()", anchor))
            path = reader.texts(".raw dl a")[0]
            content = (shelf.raw / path).read_bytes()
            codec = "utf-16-le" if path == "utf16.txt" else "utf-8"
            first, last = read_bytes(reader, "mention-bytes")
            start, end = read_bytes(reader, "article-bytes")
            raw = content[first:last].decode(codec)
            assert raw.split() == surface.split()
            assert reader.texts("#raw-mark") == [raw]
            shown = reader.run("return document.querySelector('.excerpt').textContent")
            expected = content[start:end].decode(codec)
            assert shown == expected.replace("\u202e", "U+202E")
            compared += 1
    assert compared > 15


def read_bytes(reader: Reader, name: str) -> list[int]:
    return [int(number) for number in reader.find(f"#{name}").get_attribute("value").split()]


def test_a_repeated_article_shows_all_its_places(reader: Reader) -> None:
    reader.open("#/articles?repeated=1")
    reader.follow(lambda: reader.find(".articles a").click())
    files = reader.texts(".raw p a")
    assert {file.split("(")[0].strip() for file in files} == {"again.txt", "plain.txt"}
    reader.follow(lambda: reader.browser.find_elements("css selector", ".raw p a")[1].click())
    assert reader.texts(".raw dl a")[0] in files[1]


def test_hostile_titles_are_shown_as_they_are(reader: Reader) -> None:
    reader.open("#/articles?file=hostile.txt")
    assert HOSTILE in reader.texts(".title")
    assert TURNED in reader.texts(".title")
    assert reader.run("return document.images.length") == 0
    assert reader.run("return document.title") == "2 articles · Clippings"


# Reading it


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_axe_finds_nothing(
    size: str, colours: str, reader: Reader, some: dict[str, str], browser: Any
) -> None:
    source = AXE if AXE.exists() else files("axe_core_python").joinpath("axe.min.js")
    set_screen(browser, size, colours)
    for view in (*VIEWS, *some.values()):
        reader.open(view)
        if "search" in view:
            reader.wait(lambda: reader.texts("#in-text ~ div .articles li"))
        reader.run(source.read_text("utf-8"))
        found = browser.execute_async_script(
            "axe.run({resultTypes: ['violations']}).then(arguments[arguments.length - 1])"
        )
        faults = [
            (fault["id"], node["html"][:200], node["failureSummary"])
            for fault in found["violations"]
            for node in fault["nodes"]
        ]
        assert faults == [], f"{view} {size} {colours}"
        assert len(found["passes"]) > 10


def test_nothing_is_wider_than_a_phone(reader: Reader, some: dict[str, str], browser: Any) -> None:
    set_screen(browser, "phone", "light")
    for view in (*VIEWS, *some.values()):
        reader.open(view)
        assert reader.run("return document.documentElement.scrollWidth") <= 390, view


def test_the_switch_turns_the_colours(reader: Reader) -> None:
    ground = "return getComputedStyle(document.documentElement).backgroundColor"
    reader.open("#/")
    light = reader.run(ground)
    reader.find("#theme").click()
    dark = reader.run(ground)
    assert dark != light
    assert reader.find("#theme").text == "Light"
    reader.open("#/")
    assert reader.run(ground) == dark  # remembered
    reader.find("#theme").click()
    assert reader.run(ground) == light
    reader.run("localStorage.clear()")


def test_print_leaves_the_text(reader: Reader, some: dict[str, str], browser: Any) -> None:
    reader.open(some["mention"])
    set_screen(browser, "desk", "light", media="print")
    assert not reader.find("#views").is_displayed()
    assert not reader.find("#search").is_displayed()
    assert reader.find(".body").is_displayed()
    assert reader.find("#raw-mark").is_displayed()
    assert len(browser.execute_cdp_cmd("Page.printToPDF", {})["data"]) > 10_000


def test_charts_have_their_tables(reader: Reader) -> None:
    for view in ("#/together", "#/map"):
        reader.open(view)
        reader.wait(lambda: reader.texts(".chart svg"))
        hrefs = (
            "return [...document.querySelectorAll(arguments[0])].map(a => a.getAttribute('href'))"
        )
        drawn = reader.run(hrefs, ".chart svg a[href^='#/name/']")
        listed = reader.run(hrefs, "main table a")
        assert drawn
        assert set(drawn) <= set(listed)


def test_the_map_comes_closer(reader: Reader) -> None:
    reader.open("#/map")
    reader.wait(lambda: reader.texts(".zoom button"))
    before = reader.run("return document.querySelector('.map g').getAttribute('transform')")
    reader.find(".zoom button").click()
    after = reader.run("return document.querySelector('.map g').getAttribute('transform')")
    assert "scale(1)" in before
    assert "scale(2)" in after
