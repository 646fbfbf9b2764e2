"""Repair: what can be put right is, what cannot is left; what is taken out counts as not computed, once."""

import dataclasses
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from lake.check import check_files
from lake.commits import CommitConflictError, commit
from lake.history import history
from lake.journal import Journal
from lake.known_sweeps import KnownSweeps
from lake.lake import Lake, open_lake
from lake.log_repair import restore_checkpoint, set_aside_cut_entry
from lake.losing import Dropped, drop_lost
from lake.lost import Loss, lost_blocks, unfinished_losses
from lake.maintenance import Fenced, fenced
from lake.ownership import SweepOwnedError, claim
from lake.recovery import recover, roll_forward
from lake.repair import drop_runs, rebuild_statistics
from lake.snapshot import DataFile
from lake.sources import DamagedFileError
from lake.writer import write_rows
from tests.lake.runs import BARS, SWEEP, TRADES, add_runs, end_sweep, partition, rows_of

TABLES = ("details", "metrics", "trades", "equity")
OTHER = "20260103T000000000-bbbbbb"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two batches of X, one of Y, of a finished sweep; another sweep with runs on X."""
    lake = open_lake(str(tmp_path_factory.mktemp("made") / "lake"))
    add_runs(lake, ["a", "b"], number=1)
    add_runs(lake, ["c"], number=2)
    add_runs(lake, ["y"], number=3, symbol="Y")
    add_runs(lake, ["a", "o"], sweep=OTHER)
    end_sweep(lake, 4)
    end_sweep(lake, 2, sweep=OTHER)
    return Path(lake.url)


@pytest.fixture
def filled(made: Path, lake: Lake) -> Lake:
    """A copy of it, to damage."""
    shutil.copytree(made, lake.url)
    return lake


def keys(lake: Lake, table: str) -> list[tuple[str, str]]:
    """Return sweep and run of every row."""
    rows = lake.snapshot([table]).read(table, columns=["sweep_id", "run_id"]).to_pylist()
    return sorted((row["sweep_id"], row["run_id"]) for row in rows)


def whole(lake: Lake, expected: Mapping[str, Sequence[str]]) -> bool:
    """Say whether exactly these runs are there, in every table as often as they were written."""
    runs = [(sweep, run) for sweep, runs in expected.items() for run in runs]
    times = {"details": 1, "metrics": 1, "trades": TRADES, "equity": BARS}
    return all(keys(lake, table) == sorted(runs * count) for table, count in times.items())


def merge(lake: Lake, table: str, symbol: str = "X") -> DataFile:
    """Put all files of a symbol into one, as compaction does, and return it."""
    held = fenced(lake, table)
    files = [file for file in held.snapshot.files if file.partition["symbol"] == symbol]
    rows = lake.snapshot([table]).read(table, where={"symbol": symbol})
    names = [name for name in rows.column_names if name not in files[0].partition]
    receipt = write_rows(lake.storage, table, rows.select(names), partition(symbol))
    held.commit([receipt], files)
    return next(file for file in lake.snapshot([table])[table].files if file.path == receipt.path)


def file_with(lake: Lake, table: str, run: str, sweep: str = SWEEP) -> DataFile:
    """Return the file of one run's batch."""
    (batch,) = [
        batch
        for batch in Journal(lake, sweep).batches()
        if any(
            file.table == "metrics" and run in (json.loads(file.statistics)["minValues"]["run_id"], run[:1])
            for file in batch.files
        )
        and _holds(lake, batch.files, run)
    ]
    path = next(file.path for file in batch.files if file.table == table)
    return next(file for file in lake.snapshot([table])[table].files if file.path == path)


def _holds(lake: Lake, files: Sequence[object], run: str) -> bool:
    import pyarrow.parquet as pq

    metrics = next(file for file in files if file.table == "metrics")  # type: ignore[attr-defined]
    path = Path(lake.url, "metrics", metrics.path)  # type: ignore[attr-defined]
    return run in pq.ParquetFile(path).read(columns=["run_id"])["run_id"].to_pylist()


def lose(lake: Lake, table: str, file: DataFile) -> None:
    """Delete a file behind the lake's back, and let the repair take it out."""
    Path(lake.url, table, file.path).unlink()
    snapshot = lake.snapshot()
    assert [found.path for found in check_files(lake).lost[table]] == [file.path]
    drop_lost(lake, {table: [file]}, KnownSweeps.of(snapshot))


@pytest.mark.parametrize("table", TABLES)
def test_with_a_lost_file_go_the_blocks_of_its_batch_and_no_others(filled: Lake, table: str) -> None:
    lose(filled, table, file_with(filled, table, "b"))
    assert whole(filled, {SWEEP: ["c", "y"], OTHER: ["a", "o"]})
    assert lost_blocks(filled.storage, SWEEP) == {(1, 1, "X")}
    assert lost_blocks(filled.storage, OTHER) == set()
    assert check_files(filled).findings == ()


@pytest.mark.parametrize("table", TABLES)
def test_with_a_lost_merged_file_go_all_blocks_of_its_symbol_and_sweeps(filled: Lake, table: str) -> None:
    for name in TABLES:
        merged = merge(filled, name)
        if name == table:
            lost = merged
    lose(filled, table, lost)
    assert whole(filled, {SWEEP: ["y"], OTHER: []})
    assert lost_blocks(filled.storage, SWEEP) == {(1, 1, "X"), (1, 2, "X")}
    assert lost_blocks(filled.storage, OTHER) == {(1, 1, "X")}


def test_what_is_computed_again_is_not_lost_again(filled: Lake) -> None:
    lose(filled, "metrics", file_with(filled, "metrics", "b"))
    with claim(filled, SWEEP) as ownership:
        recover(Journal(filled, SWEEP, ownership.epoch), lambda _: None)
        add_runs(filled, ["a", "b"], epoch=ownership.epoch)
    assert whole(filled, {SWEEP: ["a", "b", "c", "y"], OTHER: ["a", "o"]})
    assert lost_blocks(filled.storage, SWEEP) == {(1, 1, "X")}
    assert unfinished_losses(filled.storage) == []
    assert check_files(filled).findings == ()


class _Killed(BaseException):
    """Stands for the death of the process."""


def test_a_repair_that_was_cut_off_anywhere_is_finished_by_the_next(
    filled: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = file_with(filled, "metrics", "b")
    Path(filled.url, "metrics", file.path).unlink()
    snapshot = filled.snapshot()
    calls = 0
    real = Fenced.commit

    def dying(self: Fenced, *arguments: object) -> int:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise _Killed
        return real(self, *arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Fenced, "commit", dying)
        with pytest.raises(_Killed):
            drop_lost(filled, {"metrics": [file]}, KnownSweeps.of(snapshot))
    assert lost_blocks(filled.storage, SWEEP) == set()
    assert len(unfinished_losses(filled.storage)) == 1
    known = KnownSweeps.of(filled.snapshot())
    assert drop_lost(filled, {}, known).finished == 1
    assert whole(filled, {SWEEP: ["y"], OTHER: ["a", "o"]})  # nobody knows how far it came: all of X goes
    assert lost_blocks(filled.storage, SWEEP) == {(1, 1, "X"), (1, 2, "X")}
    assert unfinished_losses(filled.storage) == []
    assert drop_lost(filled, {}, known) == Dropped()


def test_files_of_a_sweep_stay_while_a_driver_of_it_lives(filled: Lake) -> None:
    file = file_with(filled, "metrics", "b")
    Path(filled.url, "metrics", file.path).unlink()
    end_sweep(filled, 4, status="running")
    before = {table: filled.snapshot([table])[table].version for table in TABLES}
    snapshot = filled.snapshot()
    with (
        claim(filled, SWEEP),
        pytest.raises(SweepOwnedError, match=f"sweeplake resume {SWEEP} --take-over"),
    ):
        drop_lost(filled, {"metrics": [file]}, KnownSweeps.of(snapshot))
    assert before == {table: filled.snapshot([table])[table].version for table in TABLES}
    assert unfinished_losses(filled.storage) == []
    assert drop_lost(filled, {"metrics": [file]}, KnownSweeps.of(snapshot)).sweeps == (SWEEP,)


def test_runs_are_dropped_by_sweep_and_run(filled: Lake) -> None:
    pairs = pa.Table.from_pylist([{"sweep_id": SWEEP, "run_id": "a"}, {"sweep_id": OTHER, "run_id": "o"}])
    merge(filled, "trades")
    assert drop_runs(filled, ("equity", "trades"), pairs, "repair") == 2 * (BARS + TRADES)
    left = [(SWEEP, "b"), (SWEEP, "c"), (SWEEP, "y"), (OTHER, "a")]
    assert keys(filled, "trades") == sorted(left * TRADES)
    assert keys(filled, "equity") == sorted(left * BARS)
    assert drop_runs(filled, ("equity", "trades"), pairs, "repair") == 0
    assert history(filled.storage, "trades", 1)[0].done == "repair"
    assert check_files(filled).findings == ()


def test_a_damaged_file_is_not_written_anew_nor_are_its_statistics(filled: Lake) -> None:
    merged = merge(filled, "equity")
    path = Path(filled.url, "equity", merged.path)
    path.write_bytes(path.read_bytes().replace(b"sweep_id", b"sweep_ID"))  # no page's checksum tells it
    before = filled.snapshot(["equity"])["equity"].version
    pairs = pa.Table.from_pylist([{"sweep_id": SWEEP, "run_id": "a"}])
    with pytest.raises(DamagedFileError, match="check --deep"):
        drop_runs(filled, ("equity",), pairs, "repair")
    with pytest.raises(DamagedFileError, match="hash in its name"):
        rebuild_statistics(filled, "equity", [merged])
    assert filled.snapshot(["equity"])["equity"].version == before


def test_statistics_are_rebuilt_behind_the_fence(lake: Lake) -> None:
    rows = pa.table({"sweep_id": [SWEEP] * 2, "run_id": ["a", "b"], "sharpe": [0.5, 1.5]})
    receipt = write_rows(lake.storage, "metrics", rows, partition("X"))
    bad = json.dumps({**json.loads(receipt.statistics), "numRecords": 7, "maxValues": {"run_id": "a"}})
    commit(lake, "metrics", [dataclasses.replace(receipt, statistics=bad)])
    wrong = check_files(lake).wrong["metrics"]
    assert rebuild_statistics(lake, "metrics", wrong) == 1
    assert check_files(lake, deep=True).findings == ()
    assert rows_of(lake, "metrics") == ["a", "b"]
    old = fenced(lake, "metrics")
    rebuild_statistics(lake, "metrics", wrong)
    with pytest.raises(CommitConflictError):
        old.commit([], old.snapshot.files)


def test_a_missing_checkpoint_is_made_again(lake: Lake) -> None:
    for number in range(51):
        add_runs(lake, [f"r{number:02}"], number=number + 1, detailed=False)
    assert not restore_checkpoint(lake.storage, "metrics")
    (checkpoint,) = Path(lake.url, "metrics", "_delta_log").glob("*.checkpoint.parquet")
    checkpoint.unlink()
    assert [finding.kind for finding in check_files(lake).findings] == ["log"]
    assert restore_checkpoint(lake.storage, "metrics")
    assert check_files(lake).findings == ()
    assert len(rows_of(lake, "metrics")) == 51


@pytest.mark.parametrize("left", [0, 300])
def test_a_cut_entry_is_set_aside_and_the_journal_brings_its_commit_back(lake: Lake, left: int) -> None:
    add_runs(lake, ["a"], number=1)
    add_runs(lake, ["b"], number=2)
    assert set_aside_cut_entry(lake.storage, "metrics") == ""
    entry = max(Path(lake.url, "metrics", "_delta_log").glob("*.json"))
    data = entry.read_bytes()[:left]
    entry.write_bytes(data)
    assert [finding.kind for finding in check_files(lake).findings] == ["log"]
    path = set_aside_cut_entry(lake.storage, "metrics")
    assert Path(lake.url, "_damaged", path).read_bytes() == data
    assert rows_of(lake, "metrics") == ["a"]
    roll_forward(Journal(open_lake(lake.url), SWEEP), lambda _: None)
    assert rows_of(lake, "metrics") == ["a", "b"]
    assert check_files(lake).findings == ()


def test_a_loss_is_read_as_it_was_put_down(lake: Lake) -> None:
    loss = Loss(SWEEP, None, ((1, 2, "X"), (1, 3, "Ä/B")), {"metrics": ["p"]}, {"metrics": ["p"]})
    loss.put(lake.storage)
    (read,) = unfinished_losses(lake.storage)
    assert dataclasses.asdict(read) == dataclasses.asdict(loss)
    read.finish(lake.storage)
    assert lost_blocks(lake.storage, SWEEP) == {(1, 2, "X"), (1, 3, "Ä/B")}
