from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from distributed import Client

import sweeplake as sl
from sweeplake.lake import Lake
from sweeplake.sweep import Sweep
from sweeps.execution.cluster import connected
from tests.e2e.market import made_lake
from tests.e2e.walking import ROLLING, WALK, market_of


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    """A client of two worker processes that all tests of this process share."""
    with connected(workers=2) as shared:
        yield shared


@pytest.fixture(scope="session")
def demo_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Real bars of two stocks."""
    lake = sl.open(str(tmp_path_factory.mktemp("demo") / "lake"))
    sl.ingest(["AAPL", "GOOG"], lake=lake, source="demo")
    return lake


@pytest.fixture(scope="module")
def small_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Made bars of one symbol, AAA."""
    return made_lake(tmp_path_factory.mktemp("small"), {"AAA": 300})


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Made bars of two symbols, of which one begins later: AAA and BBB."""
    return market_of(tmp_path_factory.mktemp("walked"))


@pytest.fixture(scope="module")
def rolled(market: Lake, client: Client, tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """A rolling walk-forward over that market."""
    config = tmp_path_factory.mktemp("rolled") / "walk.toml"
    config.write_text(WALK.format(keys=ROLLING))
    return sl.run(config, lake=market, client=client)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write files of given text beside each other and return the first."""

    def written(**files: str) -> Path:
        paths = [tmp_path / "user" / f"{name.replace('__', '.')}" for name in files]
        for path, text in zip(paths, files.values(), strict=True):
            path.parent.mkdir(exist_ok=True)
            path.write_text(dedent(text))
        return paths[0]

    return written
