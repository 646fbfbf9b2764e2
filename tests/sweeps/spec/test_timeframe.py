import pytest

from sweeps.spec.errors import TimeframeError
from sweeps.spec.timeframe import timeframe_micros


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("15m", 900), ("4h", 14_400), ("1d", 86_400), ("2w", 1_209_600)]
)
def test_a_timeframe_lasts_its_count_of_units(text: str, seconds: int) -> None:
    assert timeframe_micros(text) == seconds * 1_000_000


@pytest.mark.parametrize("text", ["", "d", "0d", "-1d", "1.5h", "1y", "1D", "1 d", "\u0661d"])
def test_anything_else_is_no_timeframe(text: str) -> None:
    with pytest.raises(TimeframeError, match="expected a timeframe such as"):
        timeframe_micros(text)
