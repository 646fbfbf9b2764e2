"""Small random sweeps as lakes and as frames: the frames are what the brute-force oracles read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st

from lake.lake import Lake, open_lake
from queries.catalog import Catalog
from queries.judgement.scope import Scope
from tests.queries.conftest import parameters, put_runs, put_sweep, run_rows

SWEEP, OTHER = "20260201-grid", "20260202-grid"
SCOPE = Scope(SWEEP)
KINDS = {"fast": "int", "stop": "float", "hold": "int", "fill": "text", "smooth": "bool"}
SECTIONS = {"fast": "strategy", "stop": "exits", "hold": "exits", "fill": "execution", "smooth": "strategy"}
COLUMNS = {name: f"param_{name}" for name in KINDS}
_ARROW = {"int": pa.float64(), "float": pa.float64(), "text": pa.string(), "bool": pa.bool_()}
_BLOCKS = {"block_sums": pa.list_(pa.float32()), "n_bars": pa.int32()}
_VALUES = {
    "fast": [3, 4, 7, 20],
    "stop": [None, 0.01, 0.02, 0.05],
    "hold": [None, 1, 5],
    "fill": ["close", "next_open"],
    "smooth": [False, True],
}
METRICS = ("sharpe", "max_drawdown", "cagr")
SYMBOLS = ("007", "Mü")


def frame(
    cells: list[tuple[object, ...]], metrics: dict[str, list[float | None]], names: tuple[str, ...]
) -> pd.DataFrame:
    """Runs as rows: symbol, then a value a name; metrics by name; run ids from symbol and values."""
    rows = pd.DataFrame(
        {"symbol": [cell[0] for cell in cells]}
        | {
            COLUMNS[name]: pd.Series([cell[place] for cell in cells], dtype=object)
            for place, name in enumerate(names, 1)
        }
        | {name: pd.Series(values, dtype="float64") for name, values in metrics.items()}
    )
    numbers = {values: number for number, values in enumerate(dict.fromkeys(cell[1:] for cell in cells))}
    rows["run_id"] = [f"{SYMBOLS.index(cell[0]):016x}{numbers[cell[1:]]:016x}" for cell in cells]
    return rows


@contextmanager
def stored(rows: pd.DataFrame, *others: pd.DataFrame, **columns: str) -> Iterator[Catalog]:
    """A catalog of SWEEP with these runs, and of OTHER with others; further columns are of SWEEP's row."""
    with TemporaryDirectory() as folder:
        lake = open_lake(f"{folder}/lake")
        _put(lake, SWEEP, rows, **columns)
        for runs in others:
            _put(lake, OTHER, runs)
        with Catalog(lake) as catalog:
            yield catalog


def _put(lake: Lake, sweep: str, rows: pd.DataFrame, **columns: str) -> None:
    names = [name for name in KINDS if COLUMNS[name] in rows]
    recorded = parameters(*((name, KINDS[name], SECTIONS[name]) for name in names))
    put_sweep(lake, sweep, "cross", **{"parameters": recorded, **columns})
    for symbol, runs in rows.groupby("symbol"):
        held = {
            COLUMNS[name]: pa.array(list(map(known, runs[COLUMNS[name]]))).cast(_ARROW[KINDS[name]])
            for name in names
        }
        for name in METRICS:
            if name in runs:
                held[name] = pa.array(runs[name], pa.float64(), from_pandas=True)
        for name, kind in _BLOCKS.items():
            if name in runs:
                held[name] = pa.array(list(runs[name]), kind)
        put_runs(lake, "cross", str(symbol), run_rows(sweep, list(runs["run_id"]), held))


@st.composite
def sweeps(draw: Callable, values: int = 3) -> pd.DataFrame:
    """Grids of up to four axes of five and two symbols; cells are missing, metrics are NULL, values tie."""
    names = tuple(draw(st.lists(st.sampled_from(list(KINDS)), min_size=1, max_size=4, unique=True)))
    axes = [
        draw(st.lists(st.sampled_from(_VALUES[name]), min_size=1, max_size=values, unique=True))
        for name in names
    ]
    symbols = draw(st.lists(st.sampled_from(SYMBOLS), min_size=1, unique=True))
    every = list(product(symbols, *axes))
    kept = draw(st.lists(st.booleans(), min_size=len(every), max_size=len(every)))
    cells = [cell for cell, keep in zip(every, kept, strict=True) if keep] or every[:1]
    value = st.one_of(st.none(), st.integers(-4, 4).map(lambda number: number / 4))
    many = st.lists(value, min_size=len(cells), max_size=len(cells))
    return frame(cells, {metric: draw(many) for metric in METRICS}, names)


def varying(rows: pd.DataFrame) -> list[str]:
    """Names of the parameters with more than one value; off is one."""
    return [name for name in KINDS if COLUMNS[name] in rows and len(set(rows[COLUMNS[name]].map(known))) > 1]


def ranked(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Runs that have the metric, the best first, ties by run_id."""
    held = rows[rows[metric].notna()].sort_values("run_id")
    return held.sort_values(metric, ascending=metric == "max_drawdown", kind="stable")


def known(value: object) -> object:
    """A value, None for what pandas says is missing."""
    return None if pd.isna(value) else value
