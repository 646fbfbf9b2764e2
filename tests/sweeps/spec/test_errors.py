import pickle

import pytest

from sweeps.errors import SweepError
from sweeps.spec.errors import AxisError, ConfigError, TimeframeError, WhereError


@pytest.mark.parametrize(
    "error",
    [
        ConfigError("sweep.toml", (("grid.fast", "empty"), ("", "no such file"))),
        AxisError((("grid.fast", "empty"), ("", "odd"))),
        WhereError("a <", "is not a condition"),
        TimeframeError("1x"),
    ],
)
def test_an_error_survives_pickling(error: SweepError) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
    assert isinstance(again, SweepError)
