"""Pages in a real browser without a network: they are whole, silent, and nobody else's."""

from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser

import sweeplake as sl
from sweeplake.pictures import theme
from sweeplake.pictures.files import save, save_page
from sweeplake.pictures.page import Column, Facts, Page, Picture, Section, Table, Words, html
from tests.sweeplake.browser import opened
from tests.sweeplake.pictures.made import HOSTILE

_MOST_BYTES = 6_000_000


class _Addresses(HTMLParser):
    """What the elements of a page lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.found += [value or "" for name, value in attrs if name in ("src", "href", "action", "data")]


@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_tearsheet_is_drawn_without_a_request_or_a_complaint(
    chromium: Browser, tearsheet: Path, width: int, scheme: str
) -> None:
    with opened(chromium, tearsheet, width, color_scheme=scheme) as seen:
        assert seen.requests == [tearsheet.as_uri()]
        assert seen.complaints == []
        assert seen.drawn() == 3
        assert seen.overflow() == 0
        ground = seen.page.evaluate(
            "() => getComputedStyle(document.querySelector('.main-svg')).backgroundColor"
        )
        assert ground == ("rgb(21, 25, 30)" if scheme == "dark" else "rgb(255, 255, 255)")


@pytest.mark.parametrize("picture", ["equity", "trades", "calendar"])
def test_a_figure_is_a_page_of_its_own(
    chromium: Browser, hostile: sl.StoredRun, tmp_path: Path, picture: str
) -> None:
    save(getattr(hostile.plot, picture)(), tmp_path / "figure.html")
    with opened(chromium, tmp_path / "figure.html", 400) as seen:
        assert (seen.requests, seen.complaints) == ([(tmp_path / "figure.html").as_uri()], [])
        assert (seen.drawn(), seen.overflow()) == (1, 0)
        assert HOSTILE in seen.page.title()
        assert HOSTILE in seen.page.locator(".gtitle").text_content()


def test_hostile_names_are_shown_as_they_are(chromium: Browser, tearsheet: Path) -> None:
    with opened(chromium, tearsheet) as seen:
        assert HOSTILE in seen.page.locator("h1").inner_text()
        assert HOSTILE in seen.page.locator("body").inner_text().replace("\n", "")
        assert seen.page.locator("img").count() == 0
        assert seen.page.locator("script:not([type])").count() == 2


def test_a_page_leads_nowhere_and_is_small(tearsheet: Path) -> None:
    text = tearsheet.read_text(encoding="utf-8")
    assert _Addresses(text).found == ["data:,"]
    assert len(text.encode()) < _MOST_BYTES
    assert text.count("plotly.js v") == 1


def test_what_is_smuggled_into_a_page_neither_runs_nor_loads(
    chromium: Browser, tearsheet: Path, tmp_path: Path
) -> None:
    smuggled = (
        "<script>document.title = 'owned'</script><img src='file:///dev/null' onerror='document.title = 1'>"
    )
    page = tmp_path / "smuggled.html"
    page.write_text(
        tearsheet.read_text(encoding="utf-8").replace("<main>", f"<main>{smuggled}"), encoding="utf-8"
    )
    with opened(chromium, page) as seen:
        assert HOSTILE in seen.page.title()
        assert seen.refused == ["csp"]
        assert len([said for said in seen.complaints if "Content Security Policy" in said]) == 3
        assert seen.drawn() == 3


def test_a_page_of_parallel_coordinates_draws(chromium: Browser, tmp_path: Path) -> None:
    figure = theme.figure("Parallel").add_parcoords(dimensions=[{"label": "a", "values": [1, 2]}] * 2)
    save(figure, tmp_path / "parallel.html")
    with opened(chromium, tmp_path / "parallel.html") as seen:
        assert seen.drawn() == 1
        assert not [said for said in seen.complaints if "Content Security Policy" in said]
        assert seen.page.locator(".parcoords").count() >= 1


def test_every_kind_of_block_is_text(chromium: Browser, tmp_path: Path) -> None:
    rows = [{"name": HOSTILE, "value": None}, {"name": "b", "value": 0.5}]
    columns = [Column("name", HOSTILE), Column("value", "Value", lambda item: f"<i>{item}</i>")]
    blocks = (
        Words(HOSTILE),
        Facts({HOSTILE: HOSTILE}, HOSTILE, large=True),
        Table(HOSTILE, columns, rows, HOSTILE),
        Table("Empty", columns, ()),
        Picture(theme.said(HOSTILE, HOSTILE), HOSTILE),
    )
    save_page(Page(HOSTILE, HOSTILE, (Section(HOSTILE, blocks),), HOSTILE), tmp_path / "page.html")
    with opened(chromium, tmp_path / "page.html", 400) as seen:
        assert seen.complaints == []
        assert seen.page.locator("main").inner_text().count(HOSTILE) == 15
        assert "There are none." in seen.page.locator("main").inner_text()
        assert seen.page.locator("main i, main img, main script").count() == 0
        assert seen.overflow() == 0


def test_a_page_without_figures_needs_no_script() -> None:
    text = html(Page("Plain", sections=(Section("", (Words("words"),)),)))
    assert "<script" not in text
    assert "script-src 'none'" in unescape(text)


def test_equal_pages_are_equal_files(hostile: sl.StoredRun, tmp_path: Path) -> None:
    for name in ("one.html", "two.html"):
        hostile.tearsheet(tmp_path / name)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()
