"""Strategies that are asked in columns and one by one, and what must be equal then."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sweeps.bars.frame import Bars
from sweeps.simulation.engine import new_words
from sweeps.strategies.contract import Strategy
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.orders import OrderBook
from sweeps.strategies.questions import Questions
from sweeps.strategies.registry import resolve

BARS = 333


def bars(seed: int = 3) -> Bars:
    rng = np.random.default_rng(seed)
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.02, BARS))), 1)
    close[40:60] = close[40]  # a flat price: no deviation, equal averages
    gaps = np.where(rng.random(BARS) < 0.02, np.nan, close)
    times = np.arange(BARS) * 86_400_000_000
    return Bars("X", "1d", times, close, close * 1.01, close * 0.99, close, close, {"gaps": gaps})


def questions(rng: np.random.Generator, sets: int, ranges: dict[str, tuple[Any, Any]]) -> Questions:
    values: dict[str, np.ndarray] = {}
    for name, (low, high) in ranges.items():
        whole = isinstance(low, int)
        few = rng.integers(low, high + 1, 5) if whole else np.round(rng.uniform(low, high, 5), 2)
        values[name] = rng.choice(few, sets) if rng.random() < 0.7 else np.full(sets, few[0])
    sides = rng.choice([0, 1, 2], sets) if rng.random() < 0.5 else np.full(sets, rng.integers(0, 3))
    return Questions(values, sides)


def books(strategy: Strategy, asked: Questions, start: int) -> tuple[OrderBook, OrderBook]:
    """Ask in columns, and one by one."""
    made = []
    for form in (asked, list(asked)):
        words = new_words(len(asked), 4, BARS - start)
        words[:] = 2**64 - 1
        made.append(OrderBook(strategy, Indicators(bars(), window=start), start, words))
        made[-1].ask(form)
    return made[0], made[1]


def assert_equal(one: OrderBook, other: OrderBook) -> None:
    assert {at: str(error) for at, error in one.errors.items()} == {
        at: str(error) for at, error in other.errors.items()
    }
    good = [place for place in range(len(one.words)) if place not in one.errors]
    np.testing.assert_array_equal(one.words[good], other.words[good])
    for place in good:
        first, second = one.stops.of(place), other.stops.of(place)
        assert (first is None) == (second is None)
        np.testing.assert_array_equal(first, second)


def tried(call: Callable[[], Any]) -> Any:
    """Go on after an error, as a package may that is not the strategy's own."""
    try:
        return call()
    except Exception:  # noqa: BLE001 - as such packages write it
        return 0


def mine(
    folder: Path, body: str, parameters: str = "a: int = 1, x: float = 1.0", declared: str = ", columns=True"
) -> Strategy:
    text = (
        "import numpy as np\nfrom sweeplake import Above, Signals, strategy\n"
        f"@strategy(short=True{declared})\n"
        f"def mine(bars, ind, *, {parameters}):\n    {body}\n"
    )
    (folder / "mine.py").write_text(text)
    return resolve("mine.py:mine", folder)
