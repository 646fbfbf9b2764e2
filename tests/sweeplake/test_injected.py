"""Injection by the command line: whatever is typed as a name or a value reads and writes nothing else."""

from pathlib import Path

import pytest

from tests.sweeplake.asking import Ask, refused, tree

TAKES_TEXT = (
    "status {}",
    "summary {}",
    "luck {}",
    "luck latest --symbol {}",
    "judge {}",
    "judge latest --metric {}",
    "judge latest --symbol {}",
    "judge latest --where {}",
    "heatmap {} --x fast",
    "heatmap latest --x {}",
    "heatmap latest --x fast --y {}",
    "heatmap latest --x fast --metric {}",
    "heatmap latest --x fast --aggregate {}",
    "heatmap latest --x fast --symbol {}",
    "heatmap latest --x fast --where {}",
    "diff {} latest",
    "diff latest {}",
    "best --metric {}",
    "best --strategy {}",
    "best --symbol {}",
    "best --sweep {}",
    "best --role {}",
    "leaderboard --metric {}",
    "leaderboard --by {}",
    "leaderboard --strategy {}",
    "leaderboard --sweep {}",
    "leaderboard --timeframe {}",
    "search --where {}",
    "search --sort {}",
    "search --timeframe {}",
    "search --since {}",
    "search --until {}",
    "search --min-sharpe {}",
    "search --as-of {}",
    "lookup --strategy {} --symbol AAA",
    "lookup --strategy sma_cross --symbol {}",
    "lookup --strategy sma_cross --symbol AAA --timeframe {}",
    "lookup --strategy sma_cross --symbol AAA --param {}=1",
    "lookup --strategy sma_cross --symbol AAA --param fast={}",
    "show {}",
    "replay {}",
    "storage --sweep {}",
    "export {} csv",
    "export metrics csv --sweep {}",
    "export metrics csv --strategy {}",
    "export metrics csv --symbol {}",
    "history {}",
    "pin {}",
    "unpin {}",
    "delete {} --yes",
    "cancel {}",
    "resume {}",
)
ATTACKS = ("x' or '1' = '1", "x\"; copy metrics to 'stolen.csv'; --", "../../stolen")


@pytest.mark.parametrize("words", TAKES_TEXT)
def test_what_is_typed_is_a_name_or_a_value_alone(
    ask: Ask, swept: Path, tmp_path: Path, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWEEPLAKE_LAKE", str(swept))
    before = tree(swept.parent)
    for attack in ATTACKS:
        answer = ask(*(word.format(attack) for word in words.split()))
        assert "No such option" not in answer.err
        if answer.code:
            refused(answer)
        else:
            assert len(answer.out.splitlines()) <= 2, answer  # a title and a header
    assert tree(swept.parent) == before
    assert not list(tmp_path.iterdir())
