import pickle

import pytest

from sweeps.bars import errors
from sweeps.errors import SweepError

PROBLEM = errors.Problem("a.csv", 3, "open", "is infinite")
ALL = [
    errors.BarsInvalidError([PROBLEM]),
    errors.NoBarsError("AAPL", "1d", [("IBM", "1d")]),
    errors.MixedBarsError("AAPL", "1d", "the price", "adjusted", "not adjusted"),
    errors.ResampleError("AAPL", "1d", "1h", "the new timeframe must be coarser"),
    errors.SessionError("25:00 UTC", "expected a time of day"),
    errors.UnknownSourceError("cvs", ["csv"]),
    errors.DemoMissingError(),
    errors.BarsContendedError(5),
    errors.SymbolError("X" * 300, "is too long"),
]


@pytest.mark.parametrize("error", ALL, ids=lambda error: type(error).__name__)
def test_an_error_is_bad_input_and_survives_pickling(error):
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert isinstance(again, SweepError)
    assert (str(again), vars(again)) == (str(error), vars(error))


def test_every_error_is_tried_here():
    declared = {
        item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, SweepError)
    }
    assert declared - {SweepError} == {type(error) for error in ALL}
