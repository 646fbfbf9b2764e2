"""A strategy that is asked bar by bar and cannot be swept: exit 2, the reason, no lake touched."""

from pathlib import Path

import pytest

from tests.sweeplake.asking import Ask, refused, tree

CONFIG = """
name = "Mine"
strategy = "mine.py:mine"
symbols = ["AAA"]
timeframe = "1d"
[grid]
window = [3, 5]
"""
SOUND = '''
import sweeplake as sl

def means(bars, ind, *, window):
    return {"mean": ind.sma(window)}

@sl.bar_by_bar(rows=means)
def mine(t, bars, rows, account, memory, *, window: int = 3):
    """Above its average."""
    return 1 if bars.close[t] > rows.mean[t] else 0
'''
CASES = {
    "rows look ahead": (
        SOUND.replace("ind.sma(window)", "bars.close.mean() + 0 * bars.close"),
        CONFIG,
        ["mine", "looks ahead", "bar 2004-", "of AAA"],
    ),
    "cannot be compiled": (
        SOUND.replace("bars.close[t]", "bars.price[t]"),
        CONFIG,
        ["mine", "cannot be compiled", "mine.py, line 10", "'price'"],
    ),
    "reads the next bar": (
        SOUND.replace("bars.close[t]", "bars.close[t + 1]"),
        CONFIG,
        [
            "mine",
            "for every parameter set",
            "IndexError",
            "raised at bar 4 in the function at mine.py, line 7",
        ],
    ),
    "has a parameter of text": (
        SOUND.replace("window: int = 3", "window: str = 'a'"),
        CONFIG,
        ["mine", "parameter window is text"],
    ),
    "is asked for a short side": (
        SOUND,
        CONFIG + '[execution]\ndirection = "both"\n',
        ["execution.direction", "mine", "short=True"],
    ),
    "returns what is no position": (
        SOUND.replace("return 1 if", "return 3 if"),
        CONFIG,
        ["mine", "WishError", "3 at bar"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_strategy_that_cannot_be_asked_is_refused(
    ask: Ask, bars_lake: Path, tmp_path: Path, case: str
) -> None:
    source, config, parts = CASES[case]
    (tmp_path / "mine.py").write_text(source)
    (tmp_path / "mine.toml").write_text(config)
    before = tree(bars_lake)
    answer = ask("run", "mine.toml", "--lake", bars_lake)
    refused(answer, *parts)
    assert "sweeps/" not in answer.err
    assert tree(bars_lake) == before
