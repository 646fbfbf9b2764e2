"""Parameters: which column is whose, as sweeps recorded it one after another."""

import json
from collections.abc import Sequence

import pyarrow as pa
import pytest

from queries.errors import UnknownNameError
from queries.parameters import ParameterColumn, by_strategy, find

SCHEMA = pa.schema(
    [(name, pa.float64()) for name in ("param_w", "param_w_other", "param_x", "param_param_x")]
)


def recorded(*sweeps: Sequence[tuple[str, str, str]]) -> list[ParameterColumn]:
    """Return what is known of a strategy after some sweeps, the newest first."""
    rows = [
        {
            "strategy": "s",
            "parameters": json.dumps(
                [{"name": name, "column": column, "kind": kind} for name, column, kind in sweep]
            ),
        }
        for sweep in sweeps
    ]
    return by_strategy(rows, SCHEMA)["s"]


@pytest.mark.parametrize("kinds", [("int", "float"), ("float", "int"), ("int", "int", "float", "int")])
def test_what_was_any_number_in_one_sweep_is_shown_as_it_is_stored(kinds: tuple[str, ...]) -> None:
    [parameter] = recorded(*([("w", "param_w", kind)] for kind in kinds))
    assert (parameter.name, parameter.kind) == ("w", "float")
    assert parameter.cast(4.5) == 4.5


def test_what_was_a_whole_number_in_all_is_one() -> None:
    [parameter] = recorded([("w", "param_w", "int")], [("w", "param_w", "int")])
    assert repr(parameter.cast(4.0)) == "4"


def test_a_column_that_a_parameter_was_moved_out_of_is_still_there() -> None:
    found = recorded([("w", "param_w_other", "int")], [("w", "param_w", "int")])
    assert [(parameter.name, parameter.column) for parameter in found] == [
        ("w", "param_w_other"),
        ("param_w", "param_w"),
    ]
    assert find(found, "w").column == "param_w_other"
    assert find(found, "param_w").column == "param_w"


def test_no_two_have_one_name() -> None:
    newest = [("x", "param_w", "int"), ("param_x", "param_param_x", "int")]
    found = recorded(newest, [("x", "param_x", "int")])
    assert [parameter.name for parameter in found] == ["x", "param_x", "param_x_2"]


def test_a_name_goes_before_a_column() -> None:
    found = recorded([("x", "param_x", "int"), ("param_x", "param_param_x", "int")])
    assert find(found, "param_x").column == "param_param_x"
    assert find(found, "x").column == "param_x"
    assert find(found, "param_param_x").column == "param_param_x"
    with pytest.raises(UnknownNameError, match='did you mean "param_x"'):
        find(found, "param_xx")
