"""Every notebook runs from top to bottom, and its pictures are drawn where there is no network."""

import json
from pathlib import Path
from typing import Any

import nbformat
import plotly.io as pio
import pytest
from nbclient import NotebookClient

from sweeplake.pictures.files import save_page
from sweeplake.pictures.page import Page, Picture, Section
from tests.sweeplake.browser import browser, opened

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
PLOTLY = "application/vnd.plotly.v1+json"
PICTURES = {"first_look": 6, "is_my_winner_real": 3, "lake_over_sql": 1}


def executed(name: str) -> list[dict[str, Any]]:
    """Return what each cell of a notebook shows, by kind."""
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "outputs are not kept in the repository"
    NotebookClient(notebook, timeout=180, resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    return [output["data"] for output in outputs if "data" in output]


def test_every_notebook_is_known() -> None:
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == set(PICTURES)


@pytest.mark.parametrize(("name", "pictures"), PICTURES.items())
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
def test_the_notebook_runs(name: str, pictures: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEPLAKE_LAKE", str(tmp_path / "lake"))
    shown = executed(name)
    figures = [pio.from_json(json.dumps(data[PLOTLY])) for data in shown if PLOTLY in data]
    assert len(shown) >= 10
    assert len(figures) == pictures
    page = tmp_path / "pictures.html"
    save_page(Page(name, "", [Section("", [Picture(figure) for figure in figures])], ""), page)
    with browser() as running, opened(running, page) as seen:
        assert seen.drawn() == pictures
        assert seen.complaints == []
        assert seen.requests == [page.as_uri()]
