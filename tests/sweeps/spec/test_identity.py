from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.spec.grid import Grid
from sweeps.spec.identity import context_hash, parameter_hashes, run_ids, value_hash
from tests.sweeps.spec.specimens import BAND, FAST, SLOW, bound

CONTEXT: dict[str, Any] = {
    "simulation_version": 1,
    "strategy": "sma_cross",
    "code": "c0de",
    "symbol": "AAPL",
    "timeframe": "1d",
    "role": "full",
    "start": datetime(2001, 1, 1, tzinfo=UTC),
    "end": None,
    "periods_per_year": 252.0,
    "bars_fingerprint": "f1",
}


def ids(grid: Grid) -> list[str]:
    indices = grid.survivors(0, grid.raw_size)
    return run_ids(context_hash(**CONTEXT), parameter_hashes(grid, indices)).tolist()


def by_values(grid: Grid) -> dict[frozenset[tuple[str, Any]], str]:
    rows = [frozenset(grid.row(int(at)).items()) for at in grid.survivors(0, grid.raw_size)]
    return dict(zip(rows, ids(grid), strict=True))


def test_a_run_id_is_pinned() -> None:
    grid = bound(FAST, SLOW, BAND, grid={"fast": 5, "slow": 20}, exits={"stop_loss": 0.02})
    assert ids(grid) == ["c7540373cdcf79f2f05c369b32bec9b0"]


@given(st.permutations([FAST, SLOW, BAND]), st.permutations(["fast", "slow"]))
def test_parameter_order_never_changes_a_run_id(declared: list[Any], written: list[str]) -> None:
    values = {"fast": [5, 10, 15], "slow": [20, 50]}
    exits = {"stop_loss": ["off", 0.02]}
    plain = bound(FAST, SLOW, BAND, grid=values, exits=exits)
    shuffled = bound(*declared, grid={name: values[name] for name in written}, exits=exits)
    assert by_values(plain) == by_values(shuffled)


def test_a_run_has_one_id_swept_or_not_and_however_written() -> None:
    swept = by_values(bound(FAST, SLOW, BAND, grid={"fast": [5, 10], "band": [0.1, 0.2, 0.3]}))
    point = {"start": 0.3, "stop": 0.3, "num": 1}
    atr_off = {"atr_stop": {"multiple": "off", "period": 9}}
    for grid in (
        bound(FAST, SLOW, BAND, grid={"fast": 5, "band": 0.3}),
        bound(FAST, SLOW, BAND, grid={"fast": 5.0, "slow": 50, "band": point}),
        bound(FAST, SLOW, BAND, grid={"fast": 5, "band": 0.3}, exits=atr_off),
    ):
        ((values, run_id),) = by_values(grid).items()
        assert swept[values] == run_id


def test_every_setting_is_in_the_id() -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"execution": {"initial_capital": 5e4}},
        {"execution": {"fill": "close"}},
        {"execution": {"direction": "both"}},
        {"execution": {"sizing": {"kind": "cash", "value": 100}}},
        {"execution": {"sizing": {"kind": "units", "value": 100}}},
        *({"execution": {name: 0.5}} for name in ("fee_bps", "fee_fixed", "slippage_bps", "borrow_rate")),
        *({"execution": {name: 0.5}} for name in ("lot_size", "risk_free_rate")),
        *({"exits": {name: 0.5}} for name in ("stop_loss", "take_profit", "trailing_stop")),
        {"exits": {"atr_stop": {"multiple": 2, "period": 14}}},
        {"exits": {"atr_stop": {"multiple": 2, "period": 15}}},
        {"exits": {"max_bars": 5}},
        {"exits": {"session_end": "15:30 Asia/Kolkata"}},
    ]
    found = [ids(bound(grid={"fast": 5}, **change))[0] for change in changes]
    assert len(set(found)) == len(changes)


def test_what_is_no_input_of_a_run_is_not_in_the_id() -> None:
    plain = ids(bound())
    assert plain == ids(bound(name="other", details={"keep": "all"}, score={"sharpe": 1}, symbols="*"))
    assert plain == ids(bound(where="fast < slow"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("simulation_version", 2), ("strategy", "x"), ("code", "x"), ("symbol", "IBM"), ("timeframe", "1h"),
        ("role", "in_sample"), ("start", None), ("end", datetime(2013, 1, 1, tzinfo=UTC)),
        ("periods_per_year", 365.0), ("bars_fingerprint", "f2"),
    ],
)  # fmt: skip
def test_every_fact_is_in_the_context(name: str, value: Any) -> None:
    assert context_hash(**CONTEXT | {name: value}) != context_hash(**CONTEXT)


def test_one_instant_in_two_zones_is_one_context() -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    moved = CONTEXT | {"start": datetime(2001, 1, 1, 5, 30, tzinfo=zone), "periods_per_year": 252}
    assert context_hash(**moved) == context_hash(**CONTEXT)


def test_an_id_is_the_context_then_the_parameters_in_hex() -> None:
    assert run_ids(0xABC, np.array([1, 2**64 - 1], dtype=np.uint64)).tolist() == [
        "0000000000000abc0000000000000001",
        "0000000000000abcffffffffffffffff",
    ]
    assert run_ids(1, np.array([], dtype=np.uint64)).tolist() == []


def test_values_hash_by_name_and_declared_type() -> None:
    hashes = {
        value_hash("a", "int", 5), value_hash("a", "float", 5.0), value_hash("a", "text", "5"),
        value_hash("a", "int", 6), value_hash("b", "int", 5), value_hash("a", "int", None),
        value_hash("a", "bool", value=True), value_hash("a", "bool", value=False),
        value_hash("a", "text", "off"),
    }  # fmt: skip
    assert len(hashes) == 9
    assert value_hash("a", "float", -0.0) == value_hash("a", "float", 0.0)


def test_a_million_cells_have_a_million_hashes() -> None:
    span = {"start": 1, "stop": 1000, "step": 1}
    unbounded = (type(FAST)("fast"), type(FAST)("slow"))
    grid = bound(*unbounded, grid={"fast": span, "slow": span})
    assert len(np.unique(parameter_hashes(grid, np.arange(1_000_000)))) == 1_000_000
