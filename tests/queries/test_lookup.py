"""Lookup: runs by strategy, symbol and parameters."""

from typing import Any

import pytest

from lake.lake import Lake
from queries.catalog import Catalog
from queries.errors import BadValueError, UnknownNameError
from queries.lookup import Lookup, lookup
from tests.queries.conftest import AGAIN, CROSS, SYMBOLS, put_runs, put_sweep, run_id, run_rows


def test_a_run_is_found_by_all_its_parameters(catalog: Catalog) -> None:
    for symbol in SYMBOLS:
        params = {"fast": 6, "slow": 21, "stop_loss": None, "fill": "close"}
        found = lookup(catalog, [Lookup("cross", symbol, params)])
        assert found.select(["request", "symbol", "run_id"]).to_pylist() == [
            {"request": 0, "symbol": symbol, "run_id": run_id("cross", symbol, 5)}
        ]


def test_many_questions_are_answered_in_their_order(catalog: Catalog) -> None:
    wanted = [
        Lookup("meanrev", "Mü", {"rsi_period": 4}),
        Lookup("cross", "a%b", {"fast": 5, "slow": 20}),
        Lookup("cross", "a%b", {"fast": 5, "slow": 99}),
        Lookup("cross", "007", {"fast": 5, "slow": 20}),
        Lookup("meanrev", "Mü", {"rsi_period": 4}),
    ]
    found = lookup(catalog, wanted)
    assert list(zip(found["request"].to_pylist(), found["run_id"].to_pylist(), strict=True)) == [
        (0, run_id("meanrev", "Mü", 2)),
        (1, run_id("cross", "a%b", 0)),
        (3, run_id("cross", "007", 0)),
        (4, run_id("meanrev", "Mü", 2)),
    ]
    assert found["sweep_id"].to_pylist()[2] == AGAIN


def test_values_may_be_text_as_typed(catalog: Catalog) -> None:
    typed = lookup(catalog, [Lookup("cross", "007", {"fast": "6", "stop_loss": "off", "fill": "close"})])
    assert typed == lookup(catalog, [Lookup("cross", "007", {"fast": 6, "stop_loss": None, "fill": "close"})])
    smooth = lookup(catalog, [Lookup("meanrev", "007", {"smooth": "TRUE", "param_rsi_period": "4.0"})])
    assert smooth["param_smooth"].to_pylist() == [True]


def test_parameters_that_are_not_named_may_be_anything(catalog: Catalog) -> None:
    assert lookup(catalog, [Lookup("cross", "007")]).num_rows == 20
    assert lookup(catalog, [Lookup("cross", "007", timeframe="1h")]).num_rows == 0
    assert lookup(catalog, [Lookup("cross", "nope", {"fast": 5})]).num_rows == 0


def test_a_sweep_limits_the_answer(catalog: Catalog) -> None:
    found = lookup(catalog, [Lookup("cross", "007", {"fast": 5, "slow": 20})], sweep=CROSS)
    assert found["sweep_id"].to_pylist() == [CROSS]


def test_no_question_has_an_empty_answer(catalog: Catalog) -> None:
    found = lookup(catalog, [])
    assert found.num_rows == 0
    assert found.column_names == lookup(catalog, [Lookup("cross", "007")]).column_names


def test_a_renamed_column_is_found_by_the_parameter(lake: Lake) -> None:
    put_runs(lake, "cross", "007", run_rows(CROSS, ["a", "b"], {"param_quick": [1.0, 2.0]}))
    recorded = '[{"name": "fast", "column": "param_quick", "kind": "int", "section": "strategy"}]'
    put_sweep(lake, CROSS, "cross", parameters=recorded)
    assert lookup(Catalog(lake), [Lookup("cross", "007", {"fast": 2})])["run_id"].to_pylist() == ["b"]


@pytest.mark.parametrize(
    ("question", "error", "text"),
    [
        (Lookup("crss", "007"), UnknownNameError, 'unknown strategy "crss"; did you mean "cross"'),
        (Lookup("cross", "007", {"fats": 1}), UnknownNameError, 'did you mean "fast"'),
        (Lookup("cross", "007", {"rsi_period": 1}), UnknownNameError, "there is: fast, slow"),
        (Lookup("cross", "007", {"fast": "x"}), BadValueError, "expected a number"),
        (Lookup("meanrev", "007", {"smooth": "maybe"}), BadValueError, "expected true or false"),
        (Lookup("cross", "007", {"fast": 10**400}), BadValueError, "expected a number"),
        (Lookup("cross", "007", {"fast": [5]}), BadValueError, "expected a number"),  # type: ignore[dict-item]
        (Lookup("cross", "007", {"fast": 5, "param_fast": 6}), BadValueError, "named twice"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    catalog: Catalog, question: Lookup, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        lookup(catalog, [question])


def test_an_unknown_sweep_is_refused(catalog: Catalog) -> None:
    asked: Any = [Lookup("cross", "007")]
    with pytest.raises(UnknownNameError, match="unknown sweep"):
        lookup(catalog, asked, sweep="nope")
