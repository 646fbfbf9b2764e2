"""What a user's own code prints stays off standard output; what is wrong is told with its place."""

import json
import shutil
from pathlib import Path

from tests.e2e.processes import sweeplake
from tests.sweeplake.asking import Ask

CONFIG = """
name = "printing"
strategy = "mine.py:mine"
symbols = ["AAA"]
timeframe = "1d"
[grid]
window = [5, 6]
"""
STRATEGY = """
def mine(bars, ind, *, window: int = 5):
    print("hello from the strategy")
    return bars.close > ind.sma(window)
"""


def test_a_strategy_that_prints_does_not_break_json(bars_lake: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(STRATEGY)
    (tmp_path / "mine.toml").write_text(CONFIG)
    lake = shutil.copytree(bars_lake, tmp_path / "lake")
    for command in (("plan",), ("run", "--workers", "1")):
        line = (command[0], "mine.toml", "--lake", lake, "--json", *command[1:])
        answer = sweeplake(*line, cwd=tmp_path)
        assert answer.returncode == 0, answer.stderr
        assert json.loads(answer.stdout)["runs"] == 2
        assert "hello from the strategy" in answer.stderr


def test_a_refusal_names_the_file_and_the_key(ask: Ask, bars_lake: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(STRATEGY)
    for old, new, place in (
        ('"mine.py:mine"', '"sma_corss"', "mine.toml: strategy: unknown strategy"),
        ('["AAA"]', '["NOPE"]', "mine.toml: symbols: no bars of NOPE"),
        (
            "window = [5, 6]",
            "window = [5]\n[execution]\ndirection = 'short'",
            "mine.toml: execution.direction",
        ),
    ):
        (tmp_path / "mine.toml").write_text(CONFIG.replace(old, new))
        answer = ask("run", "mine.toml", "--lake", bars_lake)
        assert answer.code == 2
        assert place in answer.err, answer.err
