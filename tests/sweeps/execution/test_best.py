import json

import pytest

from lake.receipts import FileReceipt
from sweeplake.cli.progress import describe
from sweeps.execution.best import BestSoFar
from sweeps.execution.events import Progressed


def file(column: str, low: float | None, high: float | None, table: str = "metrics") -> FileReceipt:
    minimum, maximum = ({column: value} if value is not None else {} for value in (low, high))
    statistics = json.dumps({"numRecords": 3, "minValues": minimum, "maxValues": maximum})
    return FileReceipt(table, "a.parquet", 1, 3, {}, statistics, "0" * 64)


@pytest.mark.parametrize(
    ("metric", "column", "best"),
    [("sharpe", "sharpe", 2.5), ("max_drawdown", "max_drawdown", -1.0), ("edge", "metric_edge", 2.5)],
)
def test_the_best_is_that_of_all_files_in_the_metric_s_good_direction(
    metric: str, column: str, best: float
) -> None:
    so_far = BestSoFar(metric)
    assert so_far.value is None
    so_far.take([file(column, None, None), file(column, -1.0, 2.0)])
    so_far.take([file(column, 0.5, 2.5), file(column, -9.0, 9.0, "details"), file("other", -9.0, 9.0)])
    assert so_far.value == best


def test_progress_tells_the_best() -> None:
    event = Progressed(done=50, failed=2, runs=100, seconds=5.0, best=1.23456, metric="sharpe")
    assert describe(event) == "  50 of 100 runs, 10 runs/s, 5 s left, best sharpe 1.235, 2 failed"
    assert describe(Progressed(50, 0, 50, 5.0)) == "  50 of 50 runs, 10 runs/s"
