"""Walk-forwards that are cut off, lose runs, fail, run again, or cannot be; and on the command line."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from distributed import Client

import sweeplake as sl
from lake.choices import Choice
from lake.copying import counter
from lake.removal import plan_removal
from lake.remove import remove
from sweeplake.lake import Lake
from sweeplake.sweep import Sweep
from sweeps.execution import ledger
from sweeps.execution.events import Progressed
from tests.e2e.market import made_lake
from tests.e2e.processes import sweeplake
from tests.e2e.stored import metrics_of, stored
from tests.e2e.walking import ROLLING, WALK


def test_cut_off_anywhere_it_goes_on_to_the_same(
    market: Lake, rolled: Sweep, client: Client, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "BATCH_SECONDS", 0.0)
    config = write(walk__toml=WALK.format(keys=ROLLING))
    searched = len(stored(market, "metrics", rolled.sweep_id).query("role == 'in_sample'"))

    def interrupting(event: Any) -> None:
        if isinstance(event, Progressed) and event.done > searched:
            raise KeyboardInterrupt

    sweep = sl.run(config, lake=market, client=client, fresh=True, max_runs=50)
    assert (sweep.outcome.status, sweep.outcome.computed) == ("interrupted", 50)
    sweep = sl.resume(sweep.sweep_id, lake=market, client=client, max_runs=searched - 50)
    assert (sweep.outcome.status, sweep.outcome.computed) == ("interrupted", searched)
    sweep = sl.resume(sweep.sweep_id, lake=market, client=client, max_runs=2)
    assert (sweep.outcome.status, sweep.outcome.computed) == ("interrupted", searched + 2)
    sweep = sl.resume(sweep.sweep_id, lake=market, client=client, observer=interrupting)
    assert sweep.outcome.status == "interrupted"
    assert searched < sweep.outcome.computed < rolled.outcome.runs
    sweep = sl.resume(sweep.sweep_id, lake=market, client=client)
    assert (sweep.outcome.status, sweep.outcome.runs) == ("finished", rolled.outcome.runs)
    pd.testing.assert_frame_equal(metrics_of(sweep), metrics_of(rolled))
    assert len(stored(market, "details", sweep.sweep_id)) == len(stored(market, "details", rolled.sweep_id))


def test_what_was_tested_stays_the_choice_whatever_becomes_of_what_it_was_chosen_from(
    market: Lake, rolled: Sweep, client: Client, write: Callable[..., Path]
) -> None:
    config = write(walk__toml=WALK.format(keys=ROLLING))
    searched = len(stored(market, "metrics", rolled.sweep_id).query("role == 'in_sample'"))
    sweep = sl.run(config, lake=market, client=client, fresh=True, max_runs=searched)
    sweep = sl.resume(sweep.sweep_id, lake=market, client=client, max_runs=2)
    runs = stored(market, "metrics", sweep.sweep_id)
    tested = runs[runs["role"] == "out_of_sample"].iloc[0]
    twins = runs[(runs["run_id"].str[16:] == tested["run_id"][16:]) & (runs["symbol"] == tested["symbol"])]
    chosen_from = Choice(
        "delete", "sweep", runs={sweep.sweep_id: pa.array(twins.query("role == 'in_sample'").run_id)}
    )
    snapshot, count = market.tables.snapshot(), counter(market.tables.storage)
    remove(market.tables, plan_removal(datetime.now(UTC), [chosen_from], {}, snapshot, count))
    sweep = sl.resume(sweep.sweep_id, lake=market, client=client)
    tests = sweep.walk_forward()
    assert not tests.duplicated(["split", "symbol", "test_start"]).any()
    assert sweep.outcome.runs == sweep.outcome.done
    assert tested["run_id"] in set(tests["run_id"])
    assert not sweep.stitched().duplicated(["symbol", "time"]).any()


def test_a_choice_that_fails_where_it_is_tested_fails_alone(
    market: Lake, client: Client, write: Callable[..., Path]
) -> None:
    config = write(
        walk__toml=WALK.format(keys=ROLLING).replace('"sma_cross"', '"odd.py:odd"'),
        odd__py="""
        def odd(bars, ind, *, fast: int, slow: int):
            if 500 < len(bars) < 700:
                raise ValueError("not there")
            return ind.sma(fast) > ind.sma(slow)
        """,
    )
    sweep = sl.run(config, lake=market, client=client)
    assert sweep.outcome.status == "finished_with_failures"
    failed = sweep.failures()
    runs = stored(market, "metrics", sweep.sweep_id)
    assert sweep.outcome.failed == len(failed) > 0
    assert set(failed["cause"]) == {"raised"}
    assert len(runs) + len(failed) == sweep.outcome.runs
    assert len(sweep.walk_forward()) > 0


def test_symbols_that_never_share_a_span_are_refused(tmp_path: Path, write: Callable[..., Path]) -> None:
    lake = made_lake(tmp_path, {"AAA": 60})
    config = write(walk__toml=WALK.format(keys="train = 1\n    test = 59").replace('"AAA", "BBB"', '"AAA"'))
    done = sweeplake("run", config, "--lake", lake.url, cwd=config.parent)
    assert done.returncode == 2
    assert "walk_forward.train" in done.stderr
    assert "Traceback" not in done.stderr


def test_on_the_command_line(market: Lake, write: Callable[..., Path]) -> None:
    config = write(walk__toml=WALK.format(keys=ROLLING))
    done = sweeplake("run", config, "--lake", market.url, "--json", cwd=config.parent)
    assert done.returncode == 0, done.stderr
    assert "BBB: without bars on some spans" in done.stderr
    document = json.loads(done.stdout)
    assert document["best"] == []
    assert {row["symbol"] for row in document["out_of_sample"]} == {"AAA", "BBB"}
    shown = sweeplake("summary", document["sweep_id"], "--lake", market.url, cwd=config.parent)
    assert "Out of sample, stitched" in shown.stdout
    assert "What each split chose" in shown.stdout
    best = sweeplake("best", "--role", "out_of_sample", "--json", "--lake", market.url, cwd=config.parent)
    assert {row["role"] for row in json.loads(best.stdout)["rows"]} == {"out_of_sample"}


def test_a_window_that_cannot_be_split_is_refused_and_nothing_written(
    market: Lake, write: Callable[..., Path]
) -> None:
    before = market.tables.snapshot()["sweeps"].version
    config = write(walk__toml=WALK.format(keys='train = "20y"\n    test = "1y"'))
    done = sweeplake("run", config, "--lake", market.url, cwd=config.parent)
    assert done.returncode == 2
    assert "walk_forward.train" in done.stderr
    assert market.tables.snapshot()["sweeps"].version == before
