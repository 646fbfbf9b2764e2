"""What the kernel refuses, and what it does with numbers that are none."""

import pickle

import numpy as np
import pytest

from sweeps.errors import SweepError
from sweeps.simulation.codes import STATUS_BAD_EQUITY, STATUS_BAD_FILL, STATUS_OK
from sweeps.simulation.kernel import AtrMissingError, PriceWindow, SignalSet, simulate, trace
from sweeps.simulation.rows import run_rows
from sweeps.simulation.window import WindowLengthError
from tests.sweeps.simulation.cases import events, flat_bars, signals, table

BARS = flat_bars(100, 101, 102, 103)


@pytest.mark.parametrize(
    "wrong",
    [
        SignalSet(events("L..")),
        SignalSet(events("L...."), stop_distance=np.ones(4)),
        SignalSet(events("L..."), stop_distance=np.ones(3)),
        SignalSet(events("L..."), atr=np.ones(5)),
        SignalSet(events("L..."), session_last=np.ones(1, dtype=bool)),
    ],
)
def test_signals_of_another_window_are_refused(wrong):
    with pytest.raises(WindowLengthError, match="cut both to one window"):
        simulate(BARS, wrong, table(), 252.0)


def test_a_window_of_unequal_or_no_prices_is_refused():
    four, five = np.ones(4), np.ones(5)
    with pytest.raises(WindowLengthError, match="low has 5 values, the window has 4 bars"):
        PriceWindow(four, four, five, four)
    with pytest.raises(WindowLengthError):
        PriceWindow(four[:0], four[:0], four[:0], four[:0])


def test_an_atr_stop_without_atr_is_refused():
    rows = np.vstack((table(), table(atr_stop_multiple=2.0)))
    with pytest.raises(AtrMissingError, match="give SignalSet"):
        simulate(BARS, signals("L..."), rows, 252.0)


@pytest.mark.parametrize("error", [WindowLengthError("low", 5, 4), AtrMissingError()])
def test_its_errors_are_bad_input_and_survive_pickling(error):
    assert isinstance(error, SweepError)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301


def test_a_price_that_is_no_number_fails_the_run_and_no_other():
    holey = flat_bars(100, 101, np.nan, 103)
    assert simulate(holey, signals("L..."), table(), 252.0).status.tolist() == [STATUS_BAD_EQUITY]
    rows = np.vstack((table(sizing_kind="units", sizing_value=np.nan), table()))
    outcome = simulate(BARS, signals("L..."), rows, 252.0)
    assert outcome.status.tolist() == [STATUS_BAD_FILL, STATUS_OK]
    assert np.isnan(outcome.metrics[0]).all()
    assert np.isnan(outcome.block_sums[0]).all()
    assert outcome.metrics[1, 0] == pytest.approx(0.03)


def test_the_trace_of_a_failed_run_has_no_trades_and_no_equity():
    failed = trace(flat_bars(100, 101, np.nan, 103), signals("Ll.L"), table()[0], 252.0)
    assert failed.status == STATUS_BAD_EQUITY
    assert failed.trades["side"].size == 0
    assert np.isnan(failed.equity).all()


def test_arrays_of_any_layout_run_on_one_compilation():
    wide = np.ones((4, 8)) * 100
    wide.flags.writeable = False
    strided = PriceWindow(*wide[:, ::2].T)
    simulate(strided, SignalSet(np.zeros(4, dtype=np.int64)), table(), 252.0)
    simulate(BARS, signals("L...", atr=[1, 1, 1, 1], session_last=[0, 0, 0, 1]), table(), 252.0)
    trace(BARS, signals("L..."), table()[0], 252.0)
    simulate(BARS, signals("L..."), np.asfortranarray(np.repeat(table(), 3, axis=0)), 252)
    assert len(run_rows.signatures) == 1


def test_a_window_is_read_only_and_its_source_is_not():
    close = np.array([100.0, 101.0])
    window = PriceWindow(close, close, close, close)
    assert close.flags.writeable
    assert not window.close.flags.writeable
