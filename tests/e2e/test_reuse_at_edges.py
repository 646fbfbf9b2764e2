"""Reuse where it is broken off, where rows are lost, renamed or changed, where little of much is wanted."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from distributed import Client

import sweeplake as sl
from lake.journal import Journal
from lake.maintenance import fenced
from lake.snapshot import DataFile
from lake.sources import verified_rows
from lake.storage import Storage
from lake.writer import write_rows
from sweeplake.checking import check
from sweeplake.lake import Lake
from sweeps.execution import held, reuse
from sweeps.execution.ledger import Ledger
from tests.e2e.market import made_lake
from tests.e2e.processes import sweeplake
from tests.e2e.reusing import assert_equal, counts, sweep_of


@pytest.fixture
def pair(tmp_path: Path) -> Lake:
    """Made bars of two symbols, in a lake without runs."""
    return made_lake(tmp_path, {"AAA": 300, "BBB": 250})


def test_a_sweep_that_was_broken_off_while_it_carried_goes_on_carrying(
    pair: Lake, client: Client, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sl.run(write(sweep__toml=sweep_of()), lake=pair, client=client)
    monkeypatch.setattr(reuse, "CARRIED_ROWS", 7)
    config = write(sweep__toml=sweep_of(step=1))
    carry, calls = Ledger.carry, list[int]()

    def stopped(ledger: Ledger, runs: reuse.Carried, partition: Mapping[str, str]) -> None:
        carry(ledger, runs, partition)
        calls.append(len(runs.cells))
        if len(calls) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "carry", stopped)
        broken = sl.run(config, lake=pair, client=client)
    assert broken.outcome.status == "interrupted"
    assert (broken.outcome.computed, broken.outcome.reused) == (0, sum(calls))
    sweep = sl.resume(broken.sweep_id, lake=pair, client=client)
    assert counts(sweep)[1] == first.outcome.runs
    assert_equal(sweep, sl.run(config, lake=pair, client=client, fresh=True))


@pytest.mark.parametrize("is_gone", [False, True])
def test_carried_runs_that_are_lost_are_carried_again_or_computed(
    pair: Lake,
    client: Client,
    write: Callable[..., Path],
    is_gone: bool,  # noqa: FBT001
) -> None:
    first = sl.run(write(sweep__toml=sweep_of()), lake=pair, client=client)
    config = write(sweep__toml=sweep_of(step=1))
    sweep = sl.run(config, lake=pair, client=client)
    fresh = sl.run(config, lake=pair, client=client, fresh=True)
    for batch in Journal(pair.tables, sweep.sweep_id).batches():
        if batch.blocks[0]["phase"] == "reused":
            Path(pair.url, "metrics", batch.files[0].path).unlink()
    repaired = check(pair.tables, repair=True, drop_damaged=True)
    assert [found.kind for found in repaired.findings] == ["run_count"]
    for other in (first, fresh) if is_gone else ():
        deleted = sweeplake("delete", other.sweep_id, "--yes", "--lake", pair.url, cwd=config.parent)
        assert deleted.returncode == 0, deleted.stderr
    again = sl.resume(sweep.sweep_id, lake=pair, client=client)
    assert counts(again)[1] == (0 if is_gone else first.outcome.runs)
    assert_equal(again, sl.run(config, lake=pair, client=client, fresh=True))
    assert check(pair.tables, deep=True).clean


def test_a_column_that_was_another_parameters_is_not_taken_for_it(
    pair: Lake, client: Client, write: Callable[..., Path]
) -> None:
    first = sl.run(
        write(sweep__toml=sweep_of() + '[columns]\n    fast = "length"\n'), lake=pair, client=client
    )
    config = write(sweep__toml=sweep_of() + '[columns]\n    slow = "length"\n')
    assert sl.plan(config, lake=pair).reused == first.outcome.runs
    sweep = sl.run(config, lake=pair, client=client)
    assert counts(sweep) == (0, first.outcome.runs)
    assert_equal(sweep, sl.run(config, lake=pair, client=client, fresh=True))


def test_another_value_under_the_same_id_is_refused(
    pair: Lake, client: Client, write: Callable[..., Path], tmp_path: Path
) -> None:
    config = write(sweep__toml=sweep_of())
    first = sl.run(config, lake=pair, client=client)
    file = next(file for file in pair.tables.snapshot()["metrics"].files if file.partition["symbol"] == "AAA")
    rows = next(verified_rows(pair.tables.storage, "metrics", [file]))
    at = rows.column_names.index("param_fast")
    other = rows.set_column(at, "param_fast", pc.add(rows["param_fast"], 1.0))
    held = fenced(pair.tables, "metrics")
    held.commit([write_rows(pair.tables.storage, "metrics", other, file.partition)], [file])
    told = sweeplake("run", config, "--lake", pair.url, "--workers", "1", cwd=tmp_path)
    assert told.returncode == 2
    assert f"of sweep {first.sweep_id} has another value of fast" in told.stderr
    assert counts(sl.run(config, lake=pair, client=client, fresh=True))[1] == 0


def test_a_few_runs_of_a_large_lake_are_read_from_the_files_that_have_them(
    pair: Lake, client: Client, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [sweep_of(stop=f"{stop}") for stop in (0.1, 0.2, 0.3, 0.4)]
    for part in parts:
        sl.run(write(sweep__toml=part), lake=pair, client=client)
    files = pair.tables.snapshot(["metrics"])["metrics"].files
    read = list[str]()

    def noted(storage: Storage, table: str, asked: Sequence[DataFile]) -> Iterator[pa.Table]:
        read.extend(file.path for file in asked)
        return verified_rows(storage, table, asked)

    monkeypatch.setattr(reuse, "verified_rows", noted)
    assert counts(sl.run(write(sweep__toml=parts[2]), lake=pair, client=client))[0] == 0
    assert 0 < len(read) <= len(files) / 4


def test_the_time_is_watched_while_runs_are_carried(
    pair: Lake, client: Client, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write(sweep__toml=sweep_of())
    runs = sl.run(config, lake=pair, client=client).outcome.runs
    monkeypatch.setattr(held, "PASS_RUNS", 20)
    monkeypatch.setattr(reuse, "CARRIED_ROWS", 7)
    carry = Ledger.carry

    def slowly(ledger: Ledger, carried: reuse.Carried, partition: Mapping[str, str]) -> None:
        time.sleep(0.3)
        carry(ledger, carried, partition)

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "carry", slowly)
        stopped = sl.run(config, lake=pair, client=client, max_seconds=0.5)
    assert stopped.outcome.status == "interrupted"
    assert 0 < stopped.outcome.reused < runs
    told = sweeplake("cancel", stopped.sweep_id, "--lake", pair.url, cwd=config.parent)
    assert f"{stopped.outcome.reused} of {runs} runs are committed" in told.stderr
    assert counts(sl.resume(stopped.sweep_id, lake=pair, client=client)) == (0, runs)
