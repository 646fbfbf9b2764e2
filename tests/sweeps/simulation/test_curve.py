"""An equity curve alone gives the metrics that the kernel gives for it."""

import numpy as np
import pytest

from sweeps.simulation.curve import curve_metrics
from sweeps.simulation.kernel import trace
from sweeps.simulation.metric_names import METRIC_NAMES
from tests.crosscheck.market import gappy_window
from tests.sweeps.simulation.cases import signals, table


@pytest.mark.parametrize("risk_free_rate", [0.0, 0.03])
def test_a_curve_has_the_metrics_of_the_run_that_made_it(risk_free_rate: float) -> None:
    window = gappy_window(400)
    row = table(fee_bps=5.0, risk_free_rate=risk_free_rate)[0]
    run = trace(window, signals(("L" + "." * 9 + "l" + "." * 9) * 20), row, 252.0)
    told = curve_metrics(
        run.equity, initial_capital=1000.0, risk_free_rate=risk_free_rate, periods_per_year=252.0
    )
    kernel = dict(zip(METRIC_NAMES, run.metrics, strict=True))
    for name, value in told.metrics.items():
        assert value == pytest.approx(kernel[name], rel=1e-12), name
    assert told.block_sums.sum() == pytest.approx(
        np.diff(run.equity, prepend=1000.0).dot(1 / np.r_[1000.0, run.equity[:-1]])
    )


def test_a_curve_that_never_moves_has_no_sharpe() -> None:
    told = curve_metrics(np.full(10, 5.0), initial_capital=5.0, risk_free_rate=0.0, periods_per_year=252.0)
    assert np.isnan(told.metrics["sharpe"])
    assert told.metrics["max_drawdown"] == 0.0
