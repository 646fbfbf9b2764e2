"""A user's strategy that cannot be swept: exit 2, the reason, their own lines, no lake made or touched."""

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
from sweeplake import strategy

@strategy
def mine(bars, ind, *, window: int = 3):
    """Above its average."""
    return bars.close > ind.sma(window)
'''
SHORT = '[execution]\ndirection = "short"\n'
CASES = {
    "short on a strategy without a short side": (
        SOUND,
        CONFIG + SHORT,
        ["execution.direction", '"short"', "mine", "@strategy(short=True)"],
    ),
    "both on a strategy without a short side": (
        SOUND,
        CONFIG + SHORT.replace("short", "both"),
        ["execution.direction", '"both"', "mine"],
    ),
    "looks ahead": (
        SOUND.replace("bars.close > ind.sma(window)", "bars.close > bars.close.mean()"),
        CONFIG,
        ["mine", "looks ahead", "bar 2004-", "of AAA"],
    ),
    "is no Python": (
        SOUND.replace("return ", "retrun "),
        CONFIG,
        ["mine.py", "line 7", "SyntaxError"],
    ),
    "fails to import": (
        "import nothing_of_this_name\n" + SOUND,
        CONFIG,
        ["mine.py", "line 1", "nothing_of_this_name"],
    ),
    "raises for every parameter set": (
        SOUND.replace("ind.sma(window)", "ind.sma(window) / undefined_name"),
        CONFIG,
        ["mine", "mine.py", "line 7", "NameError", "undefined_name"],
    ),
    "has no such function": (
        SOUND.replace("def mine", "def mien"),
        CONFIG,
        ["mine.py:mine", 'no function "mine"', 'did you mean "mien"?'],
    ),
    "is no file": (SOUND, CONFIG.replace("mine.py", "their.py"), ["their.py"]),
    "names a parameter as a setting is": (
        SOUND.replace("window", "fee_bps"),
        CONFIG.replace("window", "fee_bps"),
        ["fee_bps"],
    ),
}


@pytest.mark.parametrize("lake", ["none", "bars"])
@pytest.mark.parametrize("case", CASES)
def test_a_strategy_that_cannot_be_swept_is_refused(
    ask: Ask, bars_lake: Path, tmp_path: Path, case: str, lake: str
) -> None:
    source, config, parts = CASES[case]
    needs_bars = case in {"looks ahead", "raises for every parameter set"}
    if needs_bars and lake == "none":
        pytest.skip("is found on bars")
    (tmp_path / "mine.py").write_text(source)
    (tmp_path / "mine.toml").write_text(config)
    url = bars_lake if lake == "bars" else tmp_path / "absent"
    before = tree(bars_lake)
    answer = ask("run", "mine.toml", "--lake", url)
    refused(answer, *parts)
    assert "sweeps/" not in answer.err
    assert tree(bars_lake) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.py", "mine.toml"]


def test_a_traceback_shows_all_of_their_files_and_none_of_ours(
    ask: Ask, bars_lake: Path, tmp_path: Path
) -> None:
    (tmp_path / "helping.py").write_text("def above(bars, level):\n    return bars.close > levle\n")
    lines = SOUND.replace("bars.close > ind.sma(window)", "helping.above(bars, ind.sma(window))")
    (tmp_path / "mine.py").write_text("import helping\n" + lines)
    (tmp_path / "mine.toml").write_text(CONFIG)
    answer = ask("run", "mine.toml", "--lake", bars_lake)
    refused(answer, "mine.py", "helping.py", "return bars.close > levle", "NameError")
    assert "sweeps/" not in answer.err


def test_a_strategy_that_returns_no_signal_is_refused(ask: Ask, bars_lake: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(SOUND.replace("bars.close > ind.sma(window)", "bars.close[:3] > 0"))
    (tmp_path / "mine.toml").write_text(CONFIG)
    answer = ask("run", "mine.toml", "--lake", bars_lake)
    refused(answer, "mine", "state has shape (3,), expected one value for each of 200 bars")
    assert "sweeps/" not in answer.err
