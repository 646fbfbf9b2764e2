"""Other engines count the same: every block of the page about them is run as it stands."""

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from distributed import Client

import sweeplake as sl
from lake.commits import commit
from lake.lake import Lake
from lake.writer import write_rows
from tests.contracts.source import ROOT
from tests.e2e.market import made_lake

PAGE = (ROOT / "docs" / "engines.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"## ([^\n]+)\n|```python\n(.*?)```", PAGE, re.DOTALL)
CONFIG = {
    "name": "engines",
    "strategy": "rsi_meanrev",
    "symbols": ["AAA", "BTC/USDT"],
    "timeframe": "1d",
    "grid": {"rsi_period": [2, 3, 5], "oversold": [30, 45], "overbought": [60]},
    "details": {"n": 2, "metric": "total_return", "min_trades": 0},
}
OTHER = {
    "name": "other parameters",
    "strategy": "sma_cross",
    "symbols": ["AAA"],
    "timeframe": "1d",
    "grid": {"fast": [2, 3], "slow": [10]},
}


def blocks() -> list[Any]:
    """Return the page's blocks, each with the heading that it stands below."""
    found, heading = [], ""
    for title, code in BLOCKS:
        heading = title or heading
        if code:
            found.append(pytest.param(code, id=f"{heading} {len(found) + 1}"))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, client: Client) -> Path:
    """A folder with two sweeps in `var/lake`, trades that no details name, a file not committed."""
    folder = tmp_path_factory.mktemp("engines")
    (folder / "var").mkdir()
    lake = made_lake(folder / "var", {"AAA": 150, "BTC/USDT": 150})
    for config in (CONFIG, OTHER):
        sl.run(config, lake=lake, client=client)
    orphan(lake.tables)
    return folder


def orphan(lake: Lake) -> None:
    partition = {"strategy": "rsi_meanrev", "symbol": "AAA", "date": "2026-01-02"}
    rows = pa.table({"sweep_id": ["gone"], "run_id": ["r"]})
    commit(lake, "trades", [write_rows(lake.storage, "trades", rows, partition)])
    write_rows(lake.storage, "metrics", rows, partition)


def test_there_is_a_block_for_every_engine() -> None:
    headings = {block.id.rsplit(" ", 1)[0] for block in blocks()}
    assert headings == {"polars", "pyarrow", "DuckDB", "pandas"}


@pytest.mark.parametrize("code", blocks())
def test_a_block_of_the_page_counts_what_sweeplake_counts(
    folder: Path, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    with sl.open("var/lake") as lake:
        expected = {
            name: lake.sql(f"select count(*) from {name}").fetchall()[0][0]  # noqa: S608
            for name in ("metrics", "trades")
        }
        assert expected["metrics"] == 2 * 6 + 2
        assert 0 < expected["trades"] < lake.tables.snapshot().read("trades").num_rows
    names: dict[str, Any] = {}
    exec(compile(code, "docs/engines.md", "exec"), names)  # noqa: S102  our own page
    assert names["count"] == expected
