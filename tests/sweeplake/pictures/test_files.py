"""Figures as files: whole or not at all, and refused with the remedy."""

import io
import subprocess
import sys
from pathlib import Path

import plotly.graph_objects as go
import pytest
from PIL import Image

from queries.errors import BadValueError, UnknownNameError
from sweeplake.errors import NoBrowserError, NotDrawnError
from sweeplake.pictures import theme
from sweeplake.pictures.files import FORMS, SCALE, WIDTH, save, save_page
from sweeplake.pictures.page import Page
from tests.e2e.processes import environment


@pytest.fixture
def figure() -> go.Figure:
    return theme.figure("Line", height=300).add_scatter(x=[1, 2, 3], y=[1.0, 3.0, 2.0])


def test_a_png_has_its_size_and_is_not_blank(figure: go.Figure, tmp_path: Path) -> None:
    save(figure, tmp_path / "line.png")
    with Image.open(io.BytesIO((tmp_path / "line.png").read_bytes())) as image:
        assert image.size == (WIDTH * SCALE, 300 * SCALE)
        colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 24) or ()}
    assert {(255, 255, 255), tuple(bytes.fromhex(theme.BLUE[1:]))} <= colours


@pytest.mark.parametrize(
    ("form", "start"), [("svg", b"<svg"), ("pdf", b"%PDF"), ("html", b"<!doctype html>")]
)
def test_a_file_has_the_form_that_its_ending_tells(
    figure: go.Figure, tmp_path: Path, form: str, start: bytes
) -> None:
    path = tmp_path / f"line.{form.upper()}"
    path.write_text("what was there")
    save(figure, path)
    assert path.read_bytes().startswith(start)
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["line.gif", "line", ".png"])
def test_another_form_is_refused_with_those_that_there_are(
    figure: go.Figure, tmp_path: Path, name: str
) -> None:
    with pytest.raises(UnknownNameError, match=f"there is: {', '.join(FORMS)}"):
        save(figure, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_page_is_a_page(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r'unknown picture format "png"; there is: html'):
        save_page(Page("P"), tmp_path / "page.png")


def test_without_a_browser_the_remedy_is_named_and_the_file_stays(
    figure: go.Figure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "chromium"))
    (tmp_path / "line.png").write_text("what was there")
    with pytest.raises(NoBrowserError, match=r"apt install chromium"):
        save(figure, tmp_path / "line.png")
    assert (tmp_path / "line.png").read_text() == "what was there"
    save(figure, tmp_path / "line.html")


def test_a_browser_that_ends_at_once_is_told(
    figure: go.Figure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("BROWSER_PATH", str(broken))
    with pytest.raises(NotDrawnError, match=r"see that BROWSER_PATH=.*is Chrome or Chromium"):
        save(figure, tmp_path / "line.png")


def test_a_file_that_cannot_be_written_is_refused(figure: go.Figure, tmp_path: Path) -> None:
    with pytest.raises(BadValueError, match="No such file or directory"):
        save(figure, tmp_path / "nowhere" / "line.html")


@pytest.mark.parametrize("package", ["plotly", "kaleido", "jinja2"])
def test_without_the_extra_its_name_is_told(package: str) -> None:
    program = f"import sys\nsys.modules[{package!r}] = None\nimport sweeplake.pictures.theme"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=False
    )
    told = f"a picture needs {package}; install it first: pip install 'sweeplake[pictures]'"
    assert done.stderr.rstrip().endswith(f"MissingPackageError: {told}")
