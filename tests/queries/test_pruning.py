"""Pruning: what the log tells of files is enough to leave some out, and never too many."""

from typing import Any

import pyarrow as pa
import pytest

from lake.snapshot import DataFile
from queries.filters import Filters
from queries.pruning import furthest, holding, is_once, passing
from queries.ranking import by_metric, by_score
from tests.queries.conftest import START


def file_of(minimum: dict[str, Any], maximum: dict[str, Any], symbol: str = "X") -> DataFile:
    return DataFile("f", 1, 1, {"strategy": "cross", "symbol": symbol}, "s", minimum, maximum)


def test_no_value_lies_beyond_what_is_furthest() -> None:
    schema = pa.schema([("sharpe", pa.float64()), ("max_drawdown", pa.float64())])
    file = file_of({"sharpe": -1.0, "max_drawdown": 0.1}, {"sharpe": 2.0, "max_drawdown": 0.4})
    assert furthest(file, by_metric(schema, "sharpe").terms, highest=True) == 2.0
    assert furthest(file, by_metric(schema, "sharpe").terms, highest=False) == -1.0
    score = by_score(schema, {"sharpe": 2.0, "max_drawdown": -1.0}).terms
    assert furthest(file, score, highest=True) == pytest.approx(3.9)
    assert furthest(file, score, highest=False) == pytest.approx(-2.4)
    assert furthest(file, score, highest=True) > 2 * 2.0 - 0.1
    assert furthest(file, {"sortino": 1.0}, highest=True) is None
    assert furthest(file, {"sharpe": 1.0, "sortino": 1.0}, highest=True) is None


@pytest.mark.parametrize(
    ("wanted", "may"),
    [
        ({}, True),
        ({"symbol": "Y"}, False),
        ({"strategy": "other"}, False),
        ({"sweep": "20260102"}, True),
        ({"sweep": "20260104"}, False),
        ({"min_sharpe": 2.0}, True),
        ({"min_sharpe": 2.1}, False),
        ({"max_drawdown": 0.05}, False),
        ({"min_trades": 1}, True),
        ({"since": START}, True),
        ({"since": "2026-02-01"}, False),
        ({"until": "2026-01-01"}, False),
    ],
)
def test_files_that_cannot_pass_are_left_out(wanted: dict[str, Any], may: bool) -> None:  # noqa: FBT001
    file = file_of(
        {"sweep_id": "20260101", "sharpe": -1.0, "max_drawdown": 0.1, "created_at": START},
        {"sweep_id": "20260103", "sharpe": 2.0, "max_drawdown": 0.4, "created_at": START},
    )
    assert passing([file], Filters(**wanted).values()) == ([file] if may else [])
    untold = file_of({}, {})
    assert passing([untold], Filters(**wanted).values()) == (
        [] if {"symbol", "strategy"} & set(wanted) else [untold]
    )


def test_files_that_cannot_hold_a_run_are_left_out() -> None:
    file, untold = file_of({"run_id": "b"}, {"run_id": "d"}), file_of({}, {})
    assert holding([file, untold], ["a", "c"]) == [file, untold]
    assert holding([file, untold], ["a", "e"]) == [untold]
    assert holding([file], []) == []


def span(low: str | None, high: str | None, sweep: str | None = "s") -> DataFile:
    told = [{} if low is None else {"run_id": bound, "sweep_id": sweep} for bound in (low, high)]
    return file_of(told[0], told[1])


@pytest.mark.parametrize(
    ("files", "others", "once"),
    [
        ([span("a", "c")], [], True),
        ([span("a", "c")], [span("b", "d")], True),
        ([span("a", "c")], [span("d", "f", "t")], True),
        ([span("a", "c")], [span("c", "f", "t")], False),
        ([span("a", "c")], [span("b", "e"), span("d", "f", "t")], False),
        ([span("a", "c")], [span("d", "f", "t"), span("e", "g", "u")], True),
        ([span("d", "e", "t")], [span("a", "c"), span("b", "c", "u")], True),
        ([span("a", "c")], [span(None, None)], False),
        ([span("a", "c", None)], [], False),
        ([], [], True),
    ],
)
def test_runs_are_there_once_where_no_other_sweep_has_ids_between_theirs(
    files: list[DataFile],
    others: list[DataFile],
    once: bool,  # noqa: FBT001
) -> None:
    assert is_once(files, [*files, *others]) is once
    assert is_once(files, [*others, *files]) is once
