"""Walk-forwards over made bars, and the lake that they run on."""

from pathlib import Path

import sweeplake as sl
from sweeplake.lake import Lake
from tests.e2e.market import made_bars, made_lake

WALK = """
    name = "walk"
    strategy = "sma_cross"
    symbols = ["AAA", "BBB"]
    timeframe = "1d"
    where = "fast < slow"
    [grid]
    fast = {{ start = 2, stop = 14, step = 3 }}
    slow = {{ start = 8, stop = 40, step = 8 }}
    [execution]
    fee_bps = 2
    [walk_forward]
    {keys}
    """
ROLLING = "train = 300\n    test = 150\n    purge = 5"
FOLDED = 'scheme = "combinatorial"\n    folds = 4\n    test_folds = 2\n    purge = 3\n    embargo = 5'


def market_of(folder: Path) -> Lake:
    """Return made bars of two symbols, of which one begins later."""
    lake = made_lake(folder, {"AAA": 900})
    made_bars(600, 7).assign(time=made_bars(900)["time"][300:].to_numpy()).to_csv(
        folder / "b.csv", index=False
    )
    sl.ingest([folder / "b.csv"], lake=lake, symbol="BBB")
    return lake
