"""A thousand random runs of a mixed lake, computed again: identical, whatever made them.

The lake has the sweeps of `configs/`, made by one worker and by two, in small blocks and large, compacted or
not.
"""

import json
import random
import time
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

import sweeplake as sl
from lake.compact import compact_table
from lake.compaction import CompactionSettings
from sweeplake.lake import Lake
from sweeps.execution import blocks
from sweeps.spec.config import SweepConfig, load_config
from tests.contracts.source import ROOT

pytestmark = [pytest.mark.bench, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(3600)]

RUNS = 1_000
COMPACTED = ("sma_cross", "patient_cross")
LATER = ("rsi_meanrev", "bollinger_atr", "walk_forward", "sma_cross_aapl")
CORRECTED = 100
DETAILED = 1_000


def detailed(name: str) -> SweepConfig:
    """Return one of the configurations, with the details of so many runs that a random one may have them."""
    config = load_config(ROOT / "configs" / f"{name}.toml")
    return config.model_copy(update={"details": config.details.model_copy(update={"n": DETAILED})})


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.chdir(ROOT / "configs")  # where a strategy's file lies
    opened = sl.open(str(tmp_path / "lake"))
    sl.ingest(source="demo", lake=opened)
    for name in COMPACTED:
        sl.run(detailed(name), lake=opened, workers=2)
    for table in ("metrics", "trades", "equity"):
        compact_table(opened.tables, table, CompactionSettings())
    monkeypatch.setattr(blocks, "MOST_RUNS", 7)
    for name in LATER:
        sl.run(detailed(name), lake=opened, workers=1, fresh=True)
    return opened.refresh()


def correct(lake: Lake, folder: Path) -> None:
    """Ingest Apple's bars anew, one close corrected."""
    bars = lake.sql("select * from bars where symbol = 'AAPL' order by time").df()
    bars.loc[len(bars) // 2, "close"] = bars.loc[len(bars) // 2, ["high", "low"]].mean()
    file = folder / "AAPL.csv"
    bars[["time", "open", "high", "low", "close", "volume"]].to_csv(file, index=False)
    sl.ingest([file], lake=lake, symbol="AAPL", adjusted=True)


def test_random_runs_replay(lake: Lake, tmp_path: Path) -> None:
    rows: pd.DataFrame = lake.sql(
        "select distinct run_id, symbol, strategy from metrics order by run_id"
    ).df()
    chosen = rows.iloc[sorted(random.Random(5).sample(range(len(rows)), RUNS))]
    begun = time.monotonic()
    found = sl.replay(list(chosen["run_id"]), lake=lake)
    seconds = time.monotonic() - begun
    verdict = {
        "benchmark": "replay",
        "runs": len(found),
        "of": len(rows),
        "identical": sum(one.identical is True for one in found),
        "with_trades": sum(one.with_trades for one in found),
        "by_strategy": Counter(chosen["strategy"]),
        "seconds": seconds,
    }
    print("\n" + json.dumps(verdict))
    assert [one for one in found if not one.identical] == []
    assert {one.since for one in found} == {()}
    correct(lake, tmp_path)
    apples = list(chosen.loc[chosen["symbol"] == "AAPL", "run_id"])[:CORRECTED]
    for one in sl.replay(apples, lake=lake):
        assert one.identical
        assert one.since == ("bars of AAPL were corrected",)
