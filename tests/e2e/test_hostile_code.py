"""Code that does more than err: it raises what is no Exception, says what cannot be stored, or changes."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from distributed import Client

import sweeplake as sl
from sweeplake.lake import Lake
from sweeps.execution.events import Cautioned
from sweeps.execution.failures import MOST_TEXT
from sweeps.execution.harmless import StrategyHarmsError
from tests.e2e.processes import sweeplake
from tests.e2e.stored import stored

HOSTILE = """
    import asyncio
    from pathlib import Path

    class Mute(Exception):
        def __str__(self):
            raise RuntimeError("no message")

    class Unnamed(type):
        def __getattribute__(cls, name):
            raise RuntimeError("no name")

    class Nameless(Exception, metaclass=Unnamed):
        pass

    def hostile(bars, ind, *, period: int, mood: str = "good"):
        if mood == "base":
            raise BaseException("no Exception")
        if mood == "ended":
            raise GeneratorExit("ended")
        if mood == "cancelled":
            raise asyncio.CancelledError("cancelled")
        if mood == "mute":
            raise Mute
        if mood == "nameless":
            raise Nameless("no class")
        if mood == "halves":
            raise ValueError("bad \\udc80 name")
        if mood == "long":
            raise ValueError("z" * 3_000_000)
        if mood == "writes":
            row = ind.sma(5)
            row.flags.writeable = True
            row[:] = 0
        return bars.close > ind.sma(period)
    """
SAID = {
    "base": "BaseException: no Exception",
    "ended": "GeneratorExit: ended",
    "cancelled": "CancelledError: cancelled",
    "mute": "Mute: its message cannot be told (RuntimeError)",
    "nameless": "Nameless: no class",
    "halves": r"ValueError: bad \udc80 name",
    "writes": "ValueError: cannot set WRITEABLE flag to True of this array",
}
CONFIG = """
    name = "hostile"
    strategy = "{file}.py:{name}"
    symbols = ["AAA"]
    timeframe = "1d"
    [grid]
    period = {{ start = 2, stop = 6, step = 1 }}
    {more}
    [details]
    n = 3
    """


def test_whatever_is_raised_fails_its_runs_alone(
    small_lake: Lake, client: Client, write: Callable[..., Path]
) -> None:
    more = f"mood = {json.dumps(['good', 'long', *SAID])}"
    config = write(sweep__toml=CONFIG.format(file="hostile", name="hostile", more=more), hostile__py=HOSTILE)
    sweep = sl.run(config, lake=small_lake, client=client)
    assert sweep.outcome is not None
    assert (sweep.outcome.status, sweep.outcome.computed) == ("finished_with_failures", 5)
    failures = stored(small_lake, "failures", sweep.sweep_id)
    moods = failures["params"].map(lambda text: json.loads(text)["mood"])
    assert moods.value_counts().to_dict() == dict.fromkeys([*SAID, "long"], 5)
    assert set(failures["cause"]) == {"raised"}
    for mood, said in SAID.items():
        assert failures.loc[moods == mood, "error"].str.startswith(said).all(), mood
    long = failures[moods == "long"].iloc[0]
    assert "characters ...] zzz" in long["error"]
    assert len(long["error"]) < MOST_TEXT + 100
    assert len(long["traceback"]) < MOST_TEXT + 100


FLAKY = """
    from pathlib import Path

    def flaky(bars, ind, *, period: int):
        mark = Path({folder!r}, f"{{period}}")
        if period == 4 and mark.exists():
            raise OSError("the second time")
        mark.touch()
        return bars.close > ind.sma(period)
    """


def test_winners_that_raise_the_second_time_are_told_and_the_others_stored(
    small_lake: Lake, client: Client, write: Callable[..., Path], tmp_path: Path
) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    config = write(
        sweep__toml=CONFIG.format(file="flaky", name="flaky", more="").replace("n = 3", "n = 5"),
        flaky__py=FLAKY.format(folder=str(marks)),
    )
    heard: list[Any] = []

    def hear(event: Any) -> None:
        heard.append(event)
        if type(event).__name__ == "Started":  # what the proof asked is none of the sweep's
            for mark in marks.iterdir():
                mark.unlink()

    sweep = sl.run(config, lake=small_lake, client=client, observer=hear)
    assert sweep.outcome is not None
    assert (sweep.outcome.status, sweep.outcome.computed) == ("finished", 5)
    runs = stored(small_lake, "metrics", sweep.sweep_id).set_index("run_id")
    kept = stored(small_lake, "details", sweep.sweep_id)["run_id"]
    assert sorted(runs.loc[kept, "param_period"]) == [2, 3, 5, 6]
    [told] = [event.text for event in heard if isinstance(event, Cautioned)]
    assert "1 runs have a result, and raise when" in told
    assert "OSError: the second time" in told


def test_a_strategy_that_leaves_in_its_proof_is_an_error_not_an_end(
    small_lake: Lake, write: Callable[..., Path]
) -> None:
    """On a shortened history it calls `sys.exit(0)`: nothing must take that for a sweep that is done."""
    config = write(
        sweep__toml=CONFIG.format(file="leaving", name="leaving", more=""),
        leaving__py="""
        import sys

        def leaving(bars, ind, *, period: int):
            if len(bars.close) < 300:
                sys.exit(0)
            return bars.close > ind.sma(period)
        """,
    )
    done = sweeplake("run", config, "--lake", small_lake.url, "--workers", "1", cwd=config.parent)
    assert done.returncode == 2
    assert "SystemExit: 0" in done.stderr


HARM = {
    "os._exit(7)": "it ended its process (exit code 7)",
    "ctypes.string_at(0)": "it ended its process (Segmentation fault)",
    "time.sleep(600)": "it did not come back within 2 s (`limits.run_seconds`)",
    "np.ones(10**10)": "",
}


@pytest.mark.parametrize("what", HARM)
def test_harm_in_the_proof_is_an_error_that_names_the_parameters(
    small_lake: Lake, client: Client, write: Callable[..., Path], what: str
) -> None:
    config = write(
        sweep__toml=CONFIG.format(file="harming", name="harming", more="")
        + """
    [limits]
    run_seconds = 2
    memory_mb = 500
    """,
        harming__py=f"""
        import ctypes, os, time
        import numpy as np

        def harming(bars, ind, *, period: int):
            if period < 6:
                {what}
            return bars.close > ind.sma(period)
        """,
    )
    before = len(small_lake.refresh().sweeps())
    if not HARM[what]:  # an error like others: what works is proven
        sweep = sl.run(config, lake=small_lake, client=client)
        assert sweep.outcome is not None
        assert (sweep.outcome.computed, sweep.outcome.failed) == (1, 4)
        return
    with pytest.raises(StrategyHarmsError) as raised:
        sl.run(config, lake=small_lake, client=client)
    assert f"asked for period=2: {HARM[what]}" in str(raised.value)
    assert ("harming.py" in str(raised.value)) == ("exit code" not in HARM[what])
    assert len(small_lake.refresh().sweeps()) == before


SAMPLED = {
    "signals": """
        def late(bars, ind, *, period: int):
            {harm}
            return bars.close > ind.sma(period)
        """,
    "backtester": """
        @sl.backtester
        def late(bars, *, period: int):
            {harm}
            return sl.Backtest({{"sharpe": 1.0}})
        """,
}


@pytest.mark.parametrize("kind", SAMPLED)
def test_harm_in_the_sample_of_a_plan_is_an_error(
    small_lake: Lake, write: Callable[..., Path], kind: str
) -> None:
    """The middle of the grid is asked there, which the proof need not meet."""
    text = CONFIG.format(file="late", name="late", more="").replace("stop = 6", "stop = 101")
    body = SAMPLED[kind].format(harm="os._exit(7) if 48 < period < 56 else None")
    config = write(sweep__toml=text, late__py="        import os\n        import sweeplake as sl\n" + body)
    with pytest.raises(StrategyHarmsError, match="it ended its process") as raised:
        sl.plan(config, lake=small_lake)
    assert ("asked for period=5" in str(raised.value)) == (kind == "signals")


def test_a_program_without_a_guard_proves_its_strategy_once(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "def mine(bars, ind, *, period: int = 5):\n    return bars.close > ind.sma(period)\n"
    )
    (tmp_path / "script.py").write_text(
        """
import sweeplake as sl
print("begins")
lake = sl.open("lake")
sl.ingest("AAPL", source="demo", lake=lake)
config = {"name": "n", "strategy": "mine.py:mine", "symbols": ["AAPL"], "timeframe": "1d"}
plan = sl.plan(config, lake=lake)
print("planned", plan.runs)
"""
    )
    line = [sys.executable, "script.py"]
    done = subprocess.run(line, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["begins", "planned", "1"]


@pytest.mark.parametrize("name", ["queue", "glob"])
def test_a_strategy_may_be_called_as_a_module_of_python_is(
    small_lake: Lake, write: Callable[..., Path], name: str
) -> None:
    config = write(
        **{
            "sweep__toml": CONFIG.format(file=name, name="own", more=""),
            f"{name}__py": """
            def own(bars, ind, *, period: int):
                return bars.close > ind.sma(period)
            """,
        }
    )
    line = ("run", config, "--lake", small_lake.url, "--workers", "1", "--fresh", "--json")
    done = sweeplake(*line, cwd=config.parent)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["computed"] == 5


def test_a_count_that_no_column_holds_is_refused(
    small_lake: Lake, client: Client, write: Callable[..., Path]
) -> None:
    config = write(
        sweep__toml=CONFIG.format(file="counting", name="counting", more=""),
        counting__py="""
        import sweeplake as sl

        @sl.backtester
        def counting(bars, *, period: int):
            return sl.Backtest({"num_trades": 1e30 if period == 4 else 7.0})
        """,
    )
    sweep = sl.run(config, lake=small_lake, client=client)
    runs = stored(small_lake, "metrics", sweep.sweep_id)
    assert runs["num_trades"].tolist() == [7] * 4
    failures: pd.DataFrame = stored(small_lake, "failures", sweep.sweep_id)
    assert failures["cause"].tolist() == ["bad_result"]
    assert "counts in whole numbers, to 2,147,483,647 at most" in failures["error"][0]
