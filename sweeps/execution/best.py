"""Best so far: how good a sweep's best run is, told by the bounds of the files that its driver commits."""

from collections.abc import Iterable

from lake.receipts import FileReceipt
from lake.schemas import CUSTOM_METRIC_PREFIX, DIRECTION
from queries.ranking import COMPOSITE


class BestSoFar:
    """The best value of a metric in what was committed.

    Args:
        metric: What the sweep ranks by; the Sharpe ratio instead of a composite score, which has no bounds.
    """

    def __init__(self, metric: str) -> None:
        self.metric = "sharpe" if metric == COMPOSITE else metric
        self.value: float | None = None
        self._is_high = DIRECTION.get(self.metric, 1) >= 0

    def take(self, files: Iterable[FileReceipt]) -> None:
        """Take note of files that are visible now."""
        for file in files:
            for column in (
                (self.metric, CUSTOM_METRIC_PREFIX + self.metric) if file.table == "metrics" else ()
            ):
                low, high = file.bounds(column)
                found = high if self._is_high else low
                if found is not None and (self.value is None or (found > self.value) == self._is_high):
                    self.value = found
