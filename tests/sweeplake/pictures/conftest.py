"""A browser that looks at pages, and a run whose names are an attack."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import Client
from playwright.sync_api import Browser

import sweeplake as sl
from tests.e2e.market import made_bars
from tests.sweeplake.browser import browser
from tests.sweeplake.pictures.made import HOSTILE


@pytest.fixture(scope="module")
def chromium(hostile: sl.StoredRun) -> Iterator[Browser]:
    """A browser; it starts after all that a cluster computes, for it has the thread's event loop."""
    with browser() as running:
        yield running


@pytest.fixture(scope="session")
def hostile(client: Client, tmp_path_factory: pytest.TempPathFactory) -> sl.StoredRun:
    """A run of both sides with stops, on a symbol and in a sweep that are called as no page would like."""
    folder = tmp_path_factory.mktemp("hostile")
    made_bars(600, 3).to_csv(folder / "bars.csv", index=False)
    (folder / "sweep.toml").write_text(
        f'name = "{HOSTILE}"\nstrategy = "sma_cross"\nsymbols = "*"\ntimeframe = "1d"\n'
        '[grid]\nfast = [3, 5]\nslow = [20]\n[execution]\ndirection = "both"\n[exits]\nstop_loss = 0.05\n'
    )
    sl.ingest(folder / "bars.csv", lake=folder / "lake", symbol=HOSTILE)
    sweep = sl.run(folder / "sweep.toml", lake=folder / "lake", client=client)
    return sl.open(folder / "lake").run(str(sweep.best(1).run_id[0]))


@pytest.fixture
def tearsheet(hostile: sl.StoredRun, tmp_path: Path) -> Path:
    """Its page."""
    hostile.tearsheet(tmp_path / "run.html")
    return tmp_path / "run.html"
