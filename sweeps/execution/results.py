"""Results of runs, on their way to rows."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sweeps.execution.failures import Failure, Failures
from sweeps.simulation.metric_names import METRIC_NAMES
from sweeps.simulation.statistics import BLOCKS
from sweeps.spec.grid import IndexArray


@dataclass(eq=False)
class Results:
    """Results of k runs.

    Attributes:
        metrics: Shape (k, len(METRIC_NAMES)); NaN is undefined.
        block_sums: Sums of returns in 16 blocks, shape (k, 16).
        block_sumsqs: Sums of squared returns in the same blocks, shape (k, 16).
        failures: Why a run has no result, by its row.
        custom: A user backtester's own metrics by name, shape (k,); NaN is undefined.
        looped: How many runs went bar by bar, where hopping is not exact.
    """

    metrics: npt.NDArray[np.float64]
    block_sums: npt.NDArray[np.float32]
    block_sumsqs: npt.NDArray[np.float32]
    failures: Failures = field(default_factory=dict)
    custom: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    looped: int = 0

    @staticmethod
    def empty(runs: int) -> "Results":
        """Return k runs without results yet."""
        return Results(
            np.full((runs, len(METRIC_NAMES)), np.nan),
            np.zeros((runs, BLOCKS), np.float32),
            np.zeros((runs, BLOCKS), np.float32),
        )

    def fail(self, rows: IndexArray, failure: Failure) -> None:
        """Note why some rows have no result."""
        self.failures.update(dict.fromkeys(rows.tolist(), failure))

    def put(self, rows: IndexArray, part: "Results") -> None:
        """Take over the results of some rows, shape (j,), from others that have just these."""
        self.metrics[rows] = part.metrics
        self.block_sums[rows], self.block_sumsqs[rows] = part.block_sums, part.block_sumsqs
        self.failures.update({int(rows[row]): failure for row, failure in part.failures.items()})
        for name, values in part.custom.items():
            self.custom.setdefault(name, np.full(len(self.metrics), np.nan))[rows] = values
        self.looped += part.looped

    def forget(self, rows: IndexArray) -> None:
        """Forget that some rows failed: they are computed again."""
        for row in rows.tolist():
            self.failures.pop(row, None)

    @property
    def good(self) -> npt.NDArray[np.bool_]:
        """Which rows have a result, shape (k,)."""
        mask = np.ones(len(self.metrics), np.bool_)
        mask[list(self.failures)] = False
        return mask
