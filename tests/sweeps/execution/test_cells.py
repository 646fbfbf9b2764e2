import itertools
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sweeps.execution.cells import groups, strategy_parameters
from sweeps.execution.prepare import parameter_columns
from sweeps.execution.rows import parameter_arrays
from sweeps.execution.winners import locate
from sweeps.spec.binding import bind
from sweeps.spec.config import SweepConfig, parse_config
from sweeps.spec.grid import Grid
from sweeps.strategies.contract import Parameter

PARAMETERS = (
    Parameter("period", "int"),
    Parameter("width", "float", default=0.1),
    Parameter("mode", "text", default="a"),
    Parameter("strict", "bool", default=False),
)


@pytest.fixture
def config() -> SweepConfig:
    document: dict[str, Any] = {
        "name": "cells",
        "strategy": "any",
        "symbols": ["A"],
        "timeframe": "1d",
        "where": "period != 7",
        "grid": {
            "period": {"start": 5, "stop": 9, "step": 1},
            "width": {"start": 0.1, "stop": 0.3, "step": 0.1},
            "mode": ["a", "b"],
            "strict": [True, False],
        },
        "execution": {
            "direction": ["long", "both"],
            "sizing": [{"kind": "all_in"}, {"kind": "cash", "value": [10.0, 20.0]}],
        },
        "exits": {"stop_loss": ["off", 0.1], "atr_stop": {"multiple": ["off", 2.0], "period": [7, 14]}},
    }
    return parse_config(document, "test")


@pytest.fixture
def grid(config: SweepConfig) -> Grid:
    return bind(config, PARAMETERS)


def test_groups_hold_every_cell_once_and_share_what_the_kernel_reads(grid: Grid) -> None:
    indices = grid.survivors(0, grid.raw_size)[3:-5:2]
    seen = []
    for group in groups(grid, indices):
        seen += group.rows.tolist()
        cells = [grid.row(index) for index in indices[group.rows].tolist()]
        for name in ("period", "width", "mode", "strict"):
            assert len({cell[name] for cell in cells}) == 1
        assert {cell["direction"] for cell in cells} == {group.variant.direction}
        assert {cell["atr_stop_period"] for cell in cells} == {group.variant.atr_period}
        assert {cell["session_end"] for cell in cells} == {group.variant.session_end}
    assert sorted(seen) == list(range(len(indices)))


def test_groups_of_one_signal_follow_each_other(grid: Grid) -> None:
    indices = grid.survivors(0, grid.raw_size)
    keys = [group.signal_key for group in groups(grid, indices)]
    runs = [key for key, _ in itertools.groupby(keys)]
    assert len(runs) == len(set(runs)) == 4 * 3 * 2 * 2 * 2


def test_a_strategy_is_asked_with_the_declared_types(grid: Grid) -> None:
    asked = strategy_parameters(grid, grid.raw_size - 1)
    assert asked == {"period": 9, "width": 0.3, "mode": "b", "strict": False}
    assert [type(value) for value in asked.values()] == [int, float, str, bool]


def test_stored_parameters_lead_back_to_their_cells(config: SweepConfig, grid: Grid) -> None:
    indices = grid.survivors(0, grid.raw_size)
    chosen = np.random.default_rng(0).choice(indices, 200, replace=False)
    columns = parameter_columns(config, grid)
    stored = pa.table(dict(parameter_arrays(grid, columns, chosen)))
    assert np.array_equal(locate(grid, columns, stored), chosen)
