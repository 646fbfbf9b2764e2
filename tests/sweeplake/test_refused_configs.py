"""A wrong configuration: exit 2, one message of file, key and remedy, no lake made, none touched."""

from pathlib import Path

import pytest

from tests.sweeplake.asking import Ask, refused, tree

GOOD = """name = "A sweep"
strategy = "sma_cross"
symbols = ["AAA"]
timeframe = "1d"
where = "fast < slow"
[grid]
fast = [2, 5]
slow = [10, 20]
[execution]
fee_bps = 5.0
"""
CASES = {
    "unknown key": ("fee_bps = 5.0", "fee_bp = 5.0", ["execution.fee_bp", 'did you mean "fee_bps"?']),
    "unknown table": ("[execution]", "[executoin]", ["executoin", 'did you mean "execution"?']),
    "wrong type": ("[2, 5]", '[2, "ten"]', ["grid.fast[1]", "expected a whole number", '"ten"']),
    "wrong type of a setting": ("5.0", '"five"', ["execution.fee_bps", '"five"']),
    "a fraction for a whole number": ("[2, 5]", "[2, 5.5]", ["grid.fast[1]", "5.5"]),
    "empty axis": ("[2, 5]", "[]", ["grid.fast", "empty"]),
    "range that is never reached": (
        "[2, 5]",
        "{ start = 5, stop = 2, step = 1 }",
        ["grid.fast"],
    ),
    "unknown parameter": ("fast = [2, 5]", "fats = [2, 5]", ["grid.fats", 'did you mean "fast"?']),
    "where excludes everything": ("fast < slow", "fast > slow", ["where", "excludes every", "loosen it"]),
    "where names an unknown parameter": ("fast < slow", "fats < slow", ["where", 'did you mean "fast"?']),
    "where calls a function": ("fast < slow", "__import__('os').system('true')", ["where", "__import__"]),
    "where is no condition": ("fast < slow", "fast <", ["where", "fast <"]),
    "misspelt strategy": ("sma_cross", "sma_crss", ["strategy", 'did you mean "sma_cross"?', "macd_cross"]),
    "parameter out of its bounds": ("[2, 5]", "[0, 5]", ["grid.fast[0]", "0", "1"]),
    "sample larger than the grid": (
        "[execution]",
        '[sample]\nmethod = "sobol"\nn = 5\n[execution]',
        ["sample.n", "4"],
    ),
    "unknown metric": (
        "[execution]",
        '[details]\nmetric = "sharp"\n[execution]',
        ["details.metric", "sharpe"],
    ),
    "missing key": ('timeframe = "1d"\n', "", ["timeframe", 'timeframe = "1d"']),
    "bad timeframe": ('"1d"', '"daily"', ["timeframe", '"daily"', '"1d"']),
    "end before start": ("[grid]", "start = 2005-01-01\nend = 2004-01-01\n[grid]", ["end", "start"]),
    "an exit that is out of range": (
        "[execution]",
        "[exits]\nstop_loss = 2.0\n[execution]",
        ["exits.stop_loss"],
    ),
    "bad TOML": ("[2, 5]", "[2, 5", ["line 8"]),
}


@pytest.mark.parametrize("lake", ["none", "bars"])
@pytest.mark.parametrize("case", CASES)
def test_a_wrong_configuration_is_refused(
    ask: Ask, bars_lake: Path, tmp_path: Path, case: str, lake: str
) -> None:
    old, new, parts = CASES[case]
    assert old in GOOD
    if (case, lake) == ("unknown metric", "none"):
        pytest.skip("a user's backtester has metrics of its own: it is asked on bars")
    config = tmp_path / "sweep.toml"
    config.write_text(GOOD.replace(old, new, 1))
    url = bars_lake if lake == "bars" else tmp_path / "absent"
    before = tree(bars_lake)
    for command in ("run", "plan"):
        answer = ask(command, "sweep.toml", "--lake", url)
        refused(answer, *parts)
        if case != "misspelt strategy":
            assert "sweep.toml" in answer.err
    assert tree(bars_lake) == before
    assert [path.name for path in tmp_path.iterdir()] == ["sweep.toml"]


def test_every_problem_is_told_at_once(ask: Ask, bars_lake: Path, tmp_path: Path) -> None:
    text = GOOD.replace("5.0", '"five"').replace("[2, 5]", "[]").replace('"1d"', '"daily"')
    (tmp_path / "sweep.toml").write_text(text)
    answer = ask("run", "sweep.toml", "--lake", bars_lake)
    refused(answer, "execution.fee_bps", "grid.fast", "timeframe")


def test_no_configuration_file_is_refused_with_the_nearest(ask: Ask, bars_lake: Path, tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_text(GOOD)
    answer = ask("run", "sweeps.toml", "--lake", bars_lake)
    refused(answer, "sweeps.toml", "no such file", 'did you mean "sweep.toml"?')


def test_a_folder_for_a_configuration_is_refused(ask: Ask, bars_lake: Path, tmp_path: Path) -> None:
    refused(ask("run", tmp_path, "--lake", bars_lake), str(tmp_path))


def test_a_symbol_without_bars_is_refused_with_what_there_is(
    ask: Ask, bars_lake: Path, tmp_path: Path
) -> None:
    (tmp_path / "sweep.toml").write_text(GOOD.replace('["AAA"]', '["CCC"]'))
    before = tree(bars_lake)
    answer = ask("run", "sweep.toml", "--lake", bars_lake)
    refused(answer, "CCC", "AAA 1d", "BBB 1d", "sweeplake ingest")
    assert tree(bars_lake) == before


def test_a_timeframe_without_bars_is_refused_with_what_there_is(
    ask: Ask, bars_lake: Path, tmp_path: Path
) -> None:
    (tmp_path / "sweep.toml").write_text(GOOD.replace('"1d"', '"1h"').replace('["AAA"]', '"*"'))
    refused(ask("run", "sweep.toml", "--lake", bars_lake), "1h", "AAA 1d")


def test_a_window_without_bars_is_refused(ask: Ask, bars_lake: Path, tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_text(GOOD.replace("[grid]", "start = 2031-01-01\n[grid]"))
    refused(ask("run", "sweep.toml", "--lake", bars_lake), "sweep.toml: start")


def test_no_lake_is_refused_with_how_to_make_one(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_text(GOOD)
    for command in ("run", "plan"):
        refused(ask(command, "sweep.toml", "--lake", tmp_path / "absent"), "absent", "sweeplake ingest")
    assert not (tmp_path / "absent").exists()


def test_a_scheduler_that_is_not_there_is_refused(
    ask: Ask, bars_lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sweeps.execution.cluster.CONNECT_SECONDS", 1)
    (tmp_path / "sweep.toml").write_text(GOOD)
    before = tree(bars_lake)
    answer = ask("run", "sweep.toml", "--lake", bars_lake, "--scheduler", "tcp://127.0.0.1:9")
    refused(answer, "tcp://127.0.0.1:9", "dask scheduler", "--scheduler")
    assert tree(bars_lake) == before


def test_a_scheduler_has_its_own_workers(ask: Ask, bars_lake: Path, tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_text(GOOD)
    words = ("--scheduler", "tcp://127.0.0.1:9", "--workers", 2)
    refused(ask("run", "sweep.toml", "--lake", bars_lake, *words), "--scheduler", "--workers")
