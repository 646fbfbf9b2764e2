import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sweeps.bars.frame import Bars

DAY = 86_400_000_000


def _walk(n: int = 600, seed: int = 0, closes: list[float] | None = None) -> Bars:
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.02, n))) if closes is None else np.array(closes, float)
    n = len(close)
    opened = np.concatenate(([close[0]], close[:-1])) if n else close
    spread = close * random.uniform(0, 0.01, n)
    high, low = np.maximum(opened, close) + spread, np.minimum(opened, close) - spread
    return Bars("WALK", "1d", DAY * np.arange(n), opened, high, low, close, np.ones(n))


@pytest.fixture
def walk() -> Callable[..., Bars]:
    """Make bars: a random walk, or the closes given."""
    return _walk


@pytest.fixture
def bars() -> Bars:
    return _walk()


MINE = """
    '''My strategies.'''
    from typing import Annotated
    import numpy as np
    from sweeps.strategies import Param, Signals, backtester, strategy
    import levels

    @strategy(short=True)
    def mine(bars, ind, *, fast: Annotated[int, Param("bars", ge=2)] = 5):
        '''Above the mean by the level of a helper.

        More text.
        '''
        from tools.scale import scaled
        return Signals(state=bars.close > scaled(ind.sma(fast), levels.LEVEL))

    def plain(bars, ind, fast=5):
        return bars.close > ind.sma(fast)

    @backtester
    def whole(bars, *, k: float = 1.0):
        return {"sharpe": k}, None, bars.close
    """
FILES = {
    "mine.py": MINE,
    "levels.py": "LEVEL = 1.01\n",
    "tools/__init__.py": "from .more import FACTOR\n",
    "tools/scale.py": """
        from . import FACTOR
        from .more import FACTOR as AGAIN
        def scaled(values, level):
            return values * level * FACTOR / AGAIN
        """,
    "tools/more.py": "FACTOR = 2.0\n",
    "unrelated.py": "raise RuntimeError('never imported')\n",
}


def _write(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(textwrap.dedent(text))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return _write(tmp_path / "configs", FILES)


@pytest.fixture
def write() -> Callable[[Path, dict[str, str]], Path]:
    """Write texts into a folder, making it."""
    return _write
