"""Resume: a sweep that was broken off at any point ends with the rows of one that was not."""

import json
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from distributed import Client

import sweeplake as sl
from lake.remove import remove
from lake.sweep_log import record_state
from queries.errors import UnknownNameError
from queries.sweep import sweep_row
from sweeplake.lake import Lake
from sweeplake.retention import plan_deletion
from sweeplake.sweep import Sweep
from sweeps.execution import ledger, resume
from sweeps.execution.driver import go_on
from sweeps.execution.events import DetailsStarted, Event, Progressed
from sweeps.execution.start import SweepChangedError, SweepRemovedError
from tests.e2e.market import made_lake
from tests.e2e.processes import sweeplake, to_group
from tests.e2e.stored import journalled, metrics_of, stored
from tests.e2e.sweeping import sweeping

SWEEP = """
    name = "broken off"
    strategy = "sma_cross"
    symbols = ["AAA", "BBB"]
    timeframe = "1d"
    where = "fast < slow"
    [grid]
    fast = { start = 2, stop = 24, step = 1 }
    slow = { start = 5, stop = 45, step = 1 }
    """
SLOW = """
    import threading
    import time

    def slow(bars, ind, *, period: int):
        if "Dask" in threading.current_thread().name:  # on a worker
            time.sleep(0.01)
        if period % 5 == 0:
            raise ValueError("a multiple of five")
        return bars.close > ind.sma(period)
    """
TOP = '[details]\nkeep = "top"\nn = 8\n'
KINDS = {
    "top": TOP,
    "all": '[details]\nkeep = "all"\n[sample]\nmethod = "sobol"\nn = 300\n',
}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Made bars of two symbols."""
    return made_lake(tmp_path_factory.mktemp("pair"), {"AAA": 300, "BBB": 250})


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "BATCH_SECONDS", 0.0)


def broken_off(
    lake: Lake, config: Path, client: Client, *, at: type[Event] = Progressed, after: int = 3
) -> Sweep:
    """Run until some events of a kind have come, then press Ctrl-C."""
    seen = []

    def press(event: Event) -> None:
        if isinstance(event, at):
            seen.append(event)
            if len(seen) == after:
                signal.raise_signal(signal.SIGINT)

    sweep = sl.run(config, lake=lake, client=client, observer=press, fresh=True)
    assert sweep.status()["status"] == "interrupted"
    return sweep


def details_of(sweep: Sweep, table: str) -> pd.DataFrame:
    frame = stored(sweep.lake, table, sweep.sweep_id).drop(columns=["sweep_id", "date"])
    keys = [name for name in ("run_id", "trade", "time") if name in frame]
    return frame.sort_values(keys).reset_index(drop=True)


def assert_same_rows(sweep: Sweep, undisturbed: Sweep) -> None:
    pd.testing.assert_frame_equal(metrics_of(sweep), metrics_of(undisturbed))
    assert metrics_of(sweep).index.is_unique
    for table in ("details", "trades", "equity"):
        pd.testing.assert_frame_equal(details_of(sweep, table), details_of(undisturbed, table))
    runs, rows = journalled(sweep.lake, sweep.sweep_id)
    assert runs == sweep.outcome.computed + sweep.outcome.failed
    assert rows["metrics"] == sweep.outcome.computed


@pytest.mark.parametrize("kind", KINDS)
def test_a_sweep_that_was_broken_off_again_and_again_ends_like_one_that_was_not(
    pair: Lake, client: Client, write: Callable[..., Path], kind: str
) -> None:
    config = write(sweep__toml=SWEEP + KINDS[kind].replace("\n", "\n    "))
    undisturbed = sl.run(config, lake=pair, client=client)
    first = broken_off(pair, config, client)
    done = first.outcome.computed
    assert 0 < done < undisturbed.outcome.runs

    def press(event: Event) -> None:
        if isinstance(event, Progressed) and event.done > done:
            assert event.before == done
            signal.raise_signal(signal.SIGINT)

    second = sl.resume(first.sweep_id, lake=pair, client=client, observer=press)
    assert second.outcome.status == "interrupted"
    assert done < second.outcome.computed < undisturbed.outcome.runs
    last = sl.resume("latest", lake=pair, client=client)
    assert replace(last.outcome, seconds=0.0, profile=undisturbed.outcome.profile) == replace(
        undisturbed.outcome, sweep_id=first.sweep_id, seconds=0.0
    )
    assert_same_rows(last, undisturbed)
    states = stored(pair, "sweeps", first.sweep_id).sort_values("at")
    assert list(states["status"]) == ["running", "interrupted"] * 2 + ["running", "finished"]
    assert states["seconds"].is_monotonic_increasing


def test_winners_that_have_details_are_not_traced_again(
    pair: Lake, client: Client, write: Callable[..., Path]
) -> None:
    config = write(sweep__toml=SWEEP + TOP.replace("\n", "\n    "))
    undisturbed = sl.run(config, lake=pair, client=client)
    sweep = broken_off(pair, config, client, at=DetailsStarted, after=1)
    assert len(stored(pair, "details", sweep.sweep_id)) == 0
    told: list[int] = []

    def listen(event: Event) -> None:
        if isinstance(event, DetailsStarted):
            told.append(event.winners)

    for _ in range(2):
        sweep = sl.resume(sweep.sweep_id, lake=pair, client=client, observer=listen)
    assert told == [16]
    assert_same_rows(sweep, undisturbed)


def test_a_finished_sweep_is_reported_and_nothing_else(
    pair: Lake, client: Client, write: Callable[..., Path]
) -> None:
    done = sl.run(write(sweep__toml=SWEEP), lake=pair, client=client, fresh=True)
    before = sorted(path for path in Path(pair.url).rglob("*") if "_delta_log" not in path.parts)
    again = sweeplake("resume", done.sweep_id, "--lake", pair.url, "--json", cwd=Path(pair.url))
    assert again.returncode == 0, again.stderr
    document = json.loads(again.stdout)
    assert (document["status"], document["computed"]) == ("finished", done.outcome.runs)
    assert len(document["best"]) == 10
    assert sorted(path for path in Path(pair.url).rglob("*") if "_delta_log" not in path.parts) == before


def test_what_cannot_be_as_it_was_is_refused_by_name(
    pair: Lake, client: Client, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnknownNameError, match="nosuch"):
        sl.resume("nosuch", lake=pair)
    sweep = broken_off(pair, write(sweep__toml=SWEEP), client, after=1)
    with monkeypatch.context() as patch:
        patch.setattr(resume, "SIMULATION_VERSION", 10_000)
        with pytest.raises(SweepChangedError, match=r"simulation version \d+, here is 10000"):
            sl.resume(sweep.sweep_id, lake=pair)
    state = sweep_row(pair.catalog, sweep.sweep_id)
    record_state(pair.tables, {**state, "status": "removed", "at": state["at"].replace(year=2100)})
    with pytest.raises(SweepRemovedError, match="not computed again"):
        sl.resume(sweep.sweep_id, lake=pair)


def test_a_sweep_that_was_removed_since_its_state_was_read_is_not_gone_on_with(
    pair: Lake, client: Client, write: Callable[..., Path]
) -> None:
    sweep = broken_off(pair, write(sweep__toml=SWEEP), client, after=1)
    start = resume.restore(sweep_row(pair.refresh().catalog, sweep.sweep_id), pair.tables)
    remove(pair.tables, plan_deletion(pair.tables, sweep.sweep_id))
    with pytest.raises(SweepRemovedError, match="not computed again"):
        go_on(start, pair.tables, client)
    assert sweep_row(pair.refresh().catalog, sweep.sweep_id)["status"] == "removed"
    rows = pair.tables.snapshot(["metrics"]).read("metrics", columns=["sweep_id"])["sweep_id"]
    assert sweep.sweep_id not in rows.to_pylist()


def test_a_sweep_goes_on_with_the_bars_that_it_began_with(
    tmp_path: Path, client: Client, write: Callable[..., Path]
) -> None:
    lake = made_lake(tmp_path, {"AAA": 300, "BBB": 250})
    config = write(sweep__toml=SWEEP)
    undisturbed = sl.run(config, lake=lake, client=client)
    sweep = broken_off(lake, config, client)
    for symbol in ("AAA", "BBB"):
        sl.ingest([tmp_path / "bars-1.csv"], lake=lake, symbol=symbol, replace=True)
    (name,) = json.loads(sweep_row(lake.catalog, sweep.sweep_id)["bars"])["AAA"]["files"]
    file = Path(lake.url, "bars", name)
    kept = file.read_bytes()
    file.unlink()
    with pytest.raises(SweepChangedError, match=r"the bars file .* is gone"):
        sl.resume(sweep.sweep_id, lake=lake)
    file.write_bytes(kept)
    assert_same_rows(sl.resume(sweep.sweep_id, lake=lake, client=client), undisturbed)


def test_a_killed_process_is_gone_on_with_by_another(
    small_lake: Lake, client: Client, write: Callable[..., Path]
) -> None:
    text = 'name = "slow"\nstrategy = "slow.py:slow"\nsymbols = ["AAA"]\ntimeframe = "1d"\n[grid]\n'
    config = write(sweep__toml=text + "period = { start = 1, stop = 900, step = 1 }\n" + TOP, slow__py=SLOW)
    options = ("--lake", small_lake.url, "--workers", "2", "--json")
    with sweeping(config, small_lake, "--workers", "2", "--json") as (process, sweep_id):
        to_group(process, signal.SIGKILL)
        process.wait(timeout=30)
    refused = sweeplake("resume", sweep_id, *options, cwd=config.parent)
    assert refused.returncode == 2
    assert f"sweeplake resume {sweep_id} --take-over" in refused.stderr
    assert len(stored(small_lake, "metrics", sweep_id)) < 720
    resumed = sweeplake("resume", sweep_id, "--take-over", *options, cwd=config.parent)
    assert resumed.returncode == 1, resumed.stderr
    document = json.loads(resumed.stdout)
    assert (document["sweep_id"], document["status"]) == (sweep_id, "finished_with_failures")
    assert (document["runs"], document["computed"], document["failed"]) == (900, 720, 180)
    undisturbed = sl.run(config, lake=small_lake, client=client, fresh=True)
    sweep = sl.resume(sweep_id, lake=small_lake)
    assert_same_rows(sweep, undisturbed)
    failures = [stored(small_lake, "failures", one.sweep_id)["run_id"] for one in (sweep, undisturbed)]
    assert sorted(failures[0]) == sorted(failures[1])
    assert failures[0].is_unique
