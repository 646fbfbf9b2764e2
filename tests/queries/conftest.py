"""Small real lakes: two strategies, several sweeps, symbols of every kind, NULL metrics, details."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lake.commits import commit
from lake.lake import Lake, open_lake
from lake.schemas import METRIC_NAMES, TABLES
from lake.writer import write_rows
from queries import held
from queries.catalog import Catalog

SYMBOLS = ("BTC/USDT", "^GSPC", "Mü", "a%b", "007")
START = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
CROSS = "20260102-cross"
MEANREV = "20260103-meanrev"
AGAIN = "20260104-cross"


@pytest.fixture
def from_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics are read from the files, however few they are."""
    monkeypatch.setattr(held, "MOST_ROWS", 0)


def run_rows(sweep: str, ids: Sequence[str], columns: Mapping[str, Any], *, role: str = "full") -> pa.Table:
    """Metric rows; what is not given is NULL."""
    count = len(ids)
    fixed = {
        "sweep_id": [sweep] * count,
        "run_id": list(ids),
        "timeframe": ["1d"] * count,
        "role": [role] * count,
        "created_at": pa.array(
            [START + timedelta(hours=place) for place in range(count)], pa.timestamp("us", "UTC")
        ),
        "block_sums": pa.array([[0.1] * 16] * count, pa.list_(pa.float32())),
    }
    return pa.table(fixed | dict(columns))


def random_metrics(count: int, seed: int) -> dict[str, Any]:
    """Metrics with ties and NULLs."""
    rng = np.random.default_rng(seed)
    schema = TABLES["metrics"].schema
    metrics: dict[str, Any] = {}
    for name in METRIC_NAMES:
        kind = schema.field(name).type
        values = np.round(rng.normal(0.5, 1.0, count), 1)
        nulls = rng.random(count) < (0.0 if name == "num_trades" else 0.15)
        if pa.types.is_integer(kind):
            values = np.abs(values * 10).astype(np.int32)
        elif pa.types.is_boolean(kind):
            values = values > 0
        metrics[name] = pa.array(values, mask=nulls, from_pandas=True).cast(kind)
    return metrics


def put(lake: Lake, table: str, rows: pa.Table, **partition: str) -> None:
    """Commit rows of one partition."""
    commit(lake, table, [write_rows(lake.storage, table, rows, partition)])


def put_runs(lake: Lake, strategy: str, symbol: str, rows: pa.Table) -> None:
    put(lake, "metrics", rows, strategy=strategy, symbol=symbol, date="2026-01-02")


def put_sweep(lake: Lake, sweep: str, strategy: str, *, day: int = 0, **columns: Any) -> None:
    """Commit one state of a sweep."""
    started = START + timedelta(days=day)
    state = {
        "sweep_id": sweep,
        "strategy": strategy,
        "started_at": started,
        "at": started,
        "status": "running",
    }
    row = state | {
        "name": sweep,
        "timeframe": "1d",
        "symbols": list(SYMBOLS),
        "parameters": "[]",
        "config": "{}",
    }
    fields = [field for field in TABLES["sweeps"].schema if field.name in row | columns]
    put(lake, "sweeps", pa.Table.from_pylist([row | columns], schema=pa.schema(fields)))


def parameters(*specs: tuple[str, str, str]) -> str:
    """The sweeps table's parameter list: (name, kind, section)."""
    return json.dumps(
        [
            {"name": name, "column": f"param_{name}", "kind": kind, "section": section}
            for name, kind, section in specs
        ]
    )


CROSS_PARAMETERS = parameters(
    ("fast", "int", "strategy"),
    ("slow", "int", "strategy"),
    ("stop_loss", "float", "exits"),
    ("fill", "text", "execution"),
)
MEANREV_PARAMETERS = parameters(("rsi_period", "int", "strategy"), ("smooth", "bool", "strategy"))


def run_id(strategy: str, symbol: str, place: int) -> str:
    return f"{strategy[:2].encode().hex()}{SYMBOLS.index(symbol):02x}".ljust(16, "0") + f"{place:016x}"


def cross_rows(sweep: str, symbol: str, count: int, seed: int) -> pa.Table:
    places = range(count)
    return run_rows(
        sweep,
        [run_id("cross", symbol, place) for place in places],
        random_metrics(count, seed)
        | {
            "param_fast": [float(5 + place % 4) for place in places],
            "param_slow": [float(20 + place // 4) for place in places],
            "param_stop_loss": pa.array([None if place % 2 else 0.05 for place in places], pa.float64()),
            "param_fill": ["close" if place % 3 else "next_open" for place in places],
        },
    )


def meanrev_rows(symbol: str, count: int, seed: int) -> pa.Table:
    places = range(count)
    return run_rows(
        MEANREV,
        [run_id("meanrev", symbol, place) for place in places],
        random_metrics(count, seed)
        | {
            "param_rsi_period": [float(2 + place) for place in places],
            "param_smooth": [place % 2 == 0 for place in places],
            "metric_edge": pa.array([float(place) if place else None for place in places], pa.float64()),
        },
    )


def put_details(lake: Lake, sweep: str, strategy: str, symbol: str, run: str, *, whole: bool) -> None:
    """Trades and equity of a run; only a whole one is named in details."""
    place = {"strategy": strategy, "symbol": symbol, "date": "2026-01-02"}
    times = pa.array([START, START + timedelta(days=1)], pa.timestamp("us", "UTC"))
    common = {"sweep_id": [sweep] * 2, "run_id": [run] * 2}
    put(
        lake,
        "trades",
        pa.table(common | {"trade": [1, 2], "side": ["long", "short"], "entry_time": times}),
        **place,
    )
    put(lake, "equity", pa.table(common | {"time": times, "equity": [1.0, 2.0]}), **place)
    if whole:
        row = {"sweep_id": [sweep], "run_id": [run], "trades": [2], "equity_rows": [2], "ulcer_index": [0.1]}
        put(lake, "details", pa.table(row), **place)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake of three sweeps; the third has the first's runs on one symbol again."""
    lake = open_lake(str(Path(tmp_path_factory.mktemp("lake")) / "lake"))
    config = json.dumps({"score": {"sharpe": 1.0, "max_drawdown": -0.5}, "details": {"metric": "sharpe"}})
    put_sweep(lake, CROSS, "cross", runs=100, parameters=CROSS_PARAMETERS, config=config)
    put_sweep(lake, MEANREV, "meanrev", day=1, runs=50, parameters=MEANREV_PARAMETERS)
    put_sweep(lake, AGAIN, "cross", day=2, runs=20, parameters=CROSS_PARAMETERS)
    put_sweep(
        lake,
        CROSS,
        "cross",
        at=START + timedelta(hours=1),
        status="finished",
        runs=100,
        seconds=9.0,
        computed=100,
        failed=3,
        parameters=CROSS_PARAMETERS,
        config=config,
    )
    for place, symbol in enumerate(SYMBOLS):
        put_runs(lake, "cross", symbol, cross_rows(CROSS, symbol, 20, place))
        put_runs(lake, "meanrev", symbol, meanrev_rows(symbol, 10, 100 + place))
    put_runs(lake, "cross", "007", cross_rows(AGAIN, "007", 20, SYMBOLS.index("007")))
    put_details(lake, CROSS, "cross", "BTC/USDT", run_id("cross", "BTC/USDT", 1), whole=True)
    put_details(lake, CROSS, "cross", "BTC/USDT", run_id("cross", "BTC/USDT", 2), whole=False)
    put_details(lake, CROSS, "cross", "007", run_id("cross", "007", 3), whole=True)
    failures = {
        "sweep_id": [CROSS] * 3,
        "run_id": ["f1", "f2", "f3"],
        "cause": ["raised", "raised", "not_finite"],
        "error": ["first", "second", "third"],
        "params": ['{"fast": 1}', '{"fast": 2}', '{"fast": 3}'],
    }
    put(lake, "failures", pa.table(failures), date="2026-01-02")
    return lake


@pytest.fixture(scope="session")
def catalog(filled: Lake) -> Iterator[Catalog]:
    with Catalog(filled) as opened:
        yield opened


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return open_lake(str(tmp_path / "lake"))
