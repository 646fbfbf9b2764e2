"""One small real lake: two symbols of made bars, a sweep with winners, and one in which runs fail."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import Client

import sweeplake as sl
from sweeplake.cli import main
from tests.e2e.market import made_bars
from tests.sweeplake.asking import Answer, Ask

CROSS = """
name = "Cross of two averages"
strategy = "sma_cross"
symbols = "*"
timeframe = "1d"
where = "fast < slow"

[grid]
fast = [2, 5, 8]
slow = [5, 10, 20]

[execution]
direction = "both"

[exits]
stop_loss = ["off", 0.05]

[score]
sharpe = 1.0
max_drawdown = -0.5

[details]
n = 3
metric = "composite_score"
"""
FRAGILE = """
name = "Some runs fail"
strategy = "fragile.py:fragile"
symbols = ["AAA"]
timeframe = "1d"

[grid]
window = [3, 4, 5, 6]

[details]
keep = "none"
"""
FRAGILE_STRATEGY = '''
from sweeplake import strategy


@strategy
def fragile(bars, ind, *, window: int = 3):
    """Above its average; it cannot do five."""
    if window == 5:
        raise ValueError("five is right out")
    return bars.close > ind.sma(window)
'''


@pytest.fixture(scope="session")
def client() -> Iterator[Client]:
    """A cluster of threads in this process: nothing to start, and quick."""
    with Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=":0") as shared:
        yield shared


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a user has it: bars of AAA and BBB, two configurations, a strategy."""
    folder = tmp_path_factory.mktemp("files")
    for seed, symbol in enumerate(("AAA", "BBB")):
        made_bars(200, seed).to_csv(folder / f"{symbol}.csv", index=False)
    (folder / "cross.toml").write_text(CROSS)
    (folder / "fragile.toml").write_text(FRAGILE)
    (folder / "fragile.py").write_text(FRAGILE_STRATEGY)
    return folder


@pytest.fixture(scope="session")
def bars_lake(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with bars and nothing else; read it only."""
    folder = tmp_path_factory.mktemp("bars") / "lake"
    sl.ingest([files / "AAA.csv", files / "BBB.csv"], lake=folder)
    return folder


@pytest.fixture(scope="session")
def swept(bars_lake: Path, files: Path, client: Client, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake after two sweeps, "Cross of two averages" and then "Some runs fail"; read it only."""
    folder = tmp_path_factory.mktemp("swept") / "lake"
    shutil.copytree(bars_lake, folder)
    for name in ("cross.toml", "fragile.toml"):
        with sl.open(folder) as lake:
            sl.run(files / name, lake=lake, client=client)
    return folder


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Ask:
    """Run one command of the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SWEEPLAKE_LAKE", raising=False)

    def asked(*words: object) -> Answer:
        capfdbinary.readouterr()
        monkeypatch.setattr("sys.argv", ["sweeplake", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capfdbinary.readouterr()
        return Answer(code, out.decode("utf-8", "surrogateescape"), err.decode())

    return asked
