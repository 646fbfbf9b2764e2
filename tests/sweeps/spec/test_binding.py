from typing import Any

import pytest

from sweeps.spec.binding import bind
from sweeps.spec.errors import ConfigError
from tests.sweeps.spec.specimens import BAND, FAST, SLOW, Declared, bound, config


def problems(*parameters: Declared, **changes: Any) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        bind(config(**changes), parameters or (FAST, SLOW))
    assert caught.value.source == "sweep.toml"
    return dict(caught.value.problems)


def test_every_setting_is_an_axis_strategy_first_then_execution_then_exits() -> None:
    grid = bound(FAST, SLOW, BAND)
    assert grid.names == (
        "fast", "slow", "band",
        "initial_capital", "fill", "direction", "sizing_kind", "sizing_value", "fee_bps", "fee_fixed",
        "slippage_bps", "borrow_rate", "lot_size", "risk_free_rate",
        "stop_loss", "take_profit", "trailing_stop", "atr_stop_multiple", "atr_stop_period", "max_bars",
        "session_end",
    )  # fmt: skip
    assert [axis.section for axis in grid.axes] == ["strategy"] * 3 + ["execution"] * 10 + ["exits"] * 6
    assert grid.swept_names == ("fast", "slow")
    assert grid.parameter_names == ("fast", "slow", "band")


def test_parameters_stand_in_declared_order_whatever_the_file_says() -> None:
    grid = bound(grid={"slow": [20, 50], "fast": [5, 10]})
    assert [(grid.row(at)["fast"], grid.row(at)["slow"]) for at in range(4)] == [
        (5, 20), (5, 50), (10, 20), (10, 50),
    ]  # fmt: skip


def test_a_row_holds_exact_values_with_off_as_none() -> None:
    row = bound(BAND, grid={"band": 2}, exits={"max_bars": 5.0}).row(0)
    assert row == {
        "band": 2.0, "initial_capital": 100_000.0, "fill": "next_open", "direction": "long",
        "sizing_kind": "all_in", "sizing_value": None, "fee_bps": 0.0, "fee_fixed": 0.0, "slippage_bps": 0.0,
        "borrow_rate": 0.0, "lot_size": 0.0, "risk_free_rate": 0.0, "stop_loss": None, "take_profit": None,
        "trailing_stop": None, "atr_stop_multiple": None, "atr_stop_period": None, "max_bars": 5,
        "session_end": None,
    }  # fmt: skip
    assert (type(row["band"]), type(row["max_bars"])) == (float, int)


def test_execution_settings_and_exits_can_be_swept() -> None:
    grid = bound(
        execution={"fee_bps": {"start": 0, "stop": 10, "step": 5}, "fill": ["next_open", "close"]},
        exits={"stop_loss": ["off", 0.02], "session_end": ["off", "15:30 Asia/Kolkata"]},
    )
    assert grid.count() == 4 * 3 * 2 * 2 * 2
    assert grid.parameter_names == ("fast", "slow", "fill", "fee_bps", "stop_loss", "session_end")


def test_atr_off_is_one_position_whatever_the_periods() -> None:
    grid = bound(exits={"atr_stop": {"multiple": ["off", 2.0, 3.0], "period": [10, 14]}})
    axis = next(axis for axis in grid.axes if len(axis.names) == 2 and axis.section == "exits")
    assert axis.rows == ((None, None), (2.0, 10), (2.0, 14), (3.0, 10), (3.0, 14))


def test_sizings_are_one_axis_of_kind_and_value() -> None:
    sizing = [{"kind": "all_in"}, {"kind": "fraction", "value": [0.5, 1.0]}, {"kind": "units", "value": 10}]
    grid = bound(execution={"sizing": sizing})
    axis = next(axis for axis in grid.axes if axis.names == ("sizing_kind", "sizing_value"))
    assert axis.rows == (("all_in", None), ("fraction", 0.5), ("fraction", 1.0), ("units", 10.0))


@pytest.mark.parametrize(
    ("changes", "key", "reason"),
    [
        ({"grid": {"fast": 5, "slw": 5}}, "grid.slw", 'has no parameter "slw"; did you mean "slow"?'),
        ({"grid": {"fast": 5, "qqq": 5}}, "grid.qqq", "it has fast, slow"),
        ({"grid": {"fast": 5, "stop_loss": 0.1}}, "grid.stop_loss", "stands in [exits]"),
        ({"grid": {"fast": 5, "sizing_kind": "cash"}}, "grid.sizing_kind", "stands in [execution]"),
        ({"grid": {"fast": 5, "where": "x"}}, "grid.where", "before the first [table]"),
        ({"grid": {"slow": 5}}, "grid.fast", 'missing; "fast" has no default'),
        ({"grid": {"fast": [5, 1]}}, "grid.fast[1]", "must be at least 2, got 1"),
        ({"grid": {"fast": [5, 501]}}, "grid.fast[1]", "must be at most 500, got 501"),
        ({"grid": {"fast": [5, 5.5]}}, "grid.fast[1]", "expected a whole number, got 5.5"),
        ({"grid": {"fast": [5, 5.0]}}, "grid.fast", "5 appears twice; remove one"),
        ({"grid": {"fast": [5, 7, "ten"]}}, "grid.fast[2]", 'expected a whole number, got "ten"'),
        ({"where": "fast < slwo"}, "where", 'knows no parameter "slwo"; did you mean "slow"?'),
        ({"where": "fast > slow"}, "where", "excludes every one of the 4 combinations"),
        ({"columns": {"fsat": "x"}}, "columns.fsat", 'did you mean "fast"?'),
        ({"columns": {"fast": "SLOW"}}, "columns.fast", '"SLOW" is the column of slow'),
        (
            {"execution": {"sizing": [{"kind": "all_in"}, {"kind": "all_in"}]}},
            "execution.sizing",
            '"all_in" with "off" appears twice',
        ),
        ({"exits": {"atr_stop": ["off", {"multiple": "off"}]}}, "exits.atr_stop", "appears twice"),
    ],
)
def test_a_problem_names_its_key_and_reason(changes: dict[str, Any], key: str, reason: str) -> None:
    found = problems(**changes)
    assert (key in found, reason in found.get(key, "")) == (True, True), found


def test_all_problems_of_a_binding_are_told_at_once() -> None:
    assert set(problems(grid={"slow": 1, "slwo": 2}, where="fst < 1")) == {
        "grid.slwo", "grid.fast", "grid.slow", "where",
    }  # fmt: skip


def test_a_parameter_may_not_have_the_name_of_a_setting() -> None:
    found = problems(Declared("Stop_Loss", "float", 0.1), grid={})
    assert "has the name of a setting" in found["strategy"]


def test_a_default_out_of_bounds_is_the_strategys_problem() -> None:
    assert "must be at least 2" in problems(Declared("fast", default=1, low=2), grid={})["strategy"]


def test_texts_and_booleans_keep_their_kind() -> None:
    grid = bound(
        Declared("mode", "text", "a", choices=("a", "b")), Declared("flag", "bool", default=False),
        grid={"mode": ["a", "b"], "flag": [True, False]}, where="mode == 'a' or flag",
    )  # fmt: skip
    assert grid.count() == 3
    assert "expected true or false" in problems(Declared("flag", "bool"), grid={"flag": 1})["grid.flag"]


def test_a_grid_beyond_64_bits_is_refused() -> None:
    names = [f"p{at}" for at in range(64)]
    found = problems(
        *(Declared(name) for name in names),
        grid={name: [1, 2] for name in names},
    )
    assert "combinations, more than" in found["grid"]
