"""Compaction beside others: readers, sweeps, other maintenance, rivals, and deaths at any call."""

import multiprocessing as mp
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import pytest

from lake.commits import CommitConflictError, commit
from lake.compact import compact_table
from lake.compaction import CompactionSettings
from lake.lake import Lake, open_lake
from lake.maintenance import fenced
from lake.storage import Storage
from tests.lake.tables import files_of, filled, metrics, on_disk, rows_of, write

SMALL = CompactionSettings(target_bytes=60_000, held_bytes=100_000)


def test_a_reader_of_an_old_snapshot_reads_on(lake: Lake) -> None:
    filled(lake, [50] * 5)
    snapshot = lake.snapshot(["metrics"])
    before = snapshot.read("metrics").to_pylist()
    compact_table(lake, "metrics", SMALL)
    assert repr(snapshot.read("metrics").to_pylist()) == repr(before)


def test_rows_that_a_sweep_adds_meanwhile_stay(lake: Lake) -> None:
    filled(lake, [50] * 5)
    late = write(lake, [metrics(30, 99)])

    def append(_: object) -> None:
        if late:
            commit(lake, "metrics", [late.pop()])

    compact_table(lake, "metrics", SMALL, observe=append)
    rows = [file.rows for file in lake.snapshot(["metrics"])["metrics"].files]
    assert sorted(rows) == [30, 250]


def test_what_other_maintenance_took_out_meanwhile_stays_out(lake: Lake) -> None:
    filled(lake, [50] * 8, ["2026-01-05", "2026-01-06"])

    def remove(progress: Any) -> None:
        if progress.done == progress.rewrites:
            state = fenced(lake, "metrics")
            state.commit(
                [], [file for file in state.snapshot.files if file.partition["date"] == "2026-01-05"][:1]
            )

    report = compact_table(lake, "metrics", SMALL, observe=remove)
    assert report.overtaken == 1
    rows = {}
    for file in lake.snapshot(["metrics"])["metrics"].files:
        rows.setdefault(file.partition["date"], []).append(file.rows)
    assert rows == {"2026-01-05": [50, 50, 50], "2026-01-06": [200]}


def _compact(url: str, start: "mp.synchronize.Barrier") -> None:
    start.wait()
    for _ in range(3):
        compact_table(open_lake(url), "metrics", SMALL)


def _append(url: str, start: "mp.synchronize.Barrier") -> None:
    lake = open_lake(url)
    start.wait()
    for seed in range(100, 108):
        commit(lake, "metrics", write(lake, [metrics(20, seed)]))


def test_rival_compactions_beside_a_sweep_neither_lose_nor_double_rows(lake: Lake) -> None:
    filled(lake, [100] * 12, ["2026-01-05", "2026-01-06", "2026-01-07"])
    expected = sorted([*rows_of(lake), *_appended(lake)])
    context = mp.get_context("forkserver")
    start = context.Barrier(3)
    works: Sequence[Callable[..., None]] = (_compact, _compact, _append)
    processes = [context.Process(target=work, args=(lake.url, start)) for work in works]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert rows_of(lake) == expected
    assert len(files_of(lake)) < 20


def _appended(lake: Lake) -> list[str]:
    """Return the rows that `_append` adds, as a lake of their own shows them."""
    other = open_lake(f"{lake.url}-other")
    filled(other, [1, 1])  # the same columns
    plain = rows_of(other)
    commit(other, "metrics", write(other, [metrics(20, seed) for seed in range(100, 108)]))
    rows = rows_of(other)
    for row in plain:
        rows.remove(row)
    return rows


class _Killed(BaseException):
    """Stands for the death of the process."""


class _Dying(Storage):
    """Storage whose process dies at its n-th call, before it or after it is done."""

    def __init__(self, url: str, calls: int, *, after: bool) -> None:
        super().__init__(url)
        self.last, self.after, self.calls = calls, after, count(1)

    def _count(self, call: Callable[..., Any], *arguments: Any) -> Any:
        dies = next(self.calls) == self.last
        answer = None if dies and not self.after else call(*arguments)
        if dies:
            raise _Killed
        return answer

    def read(self, relative: str) -> bytes:
        return bytes(self._count(super().read, relative))

    def put(self, relative: str, data: bytes | memoryview) -> None:
        self._count(super().put, relative, data)

    def exists(self) -> bool:
        return bool(self._count(super().exists))

    def uri(self, relative: str) -> str:  # asked before every read and write of a table's log
        return str(self._count(super().uri, relative))


@pytest.mark.parametrize("after", [False, True])
def test_a_death_at_any_call_of_the_storage_leaves_the_rows_as_they_were(lake: Lake, *, after: bool) -> None:
    filled(lake, [30] * 8, ["2026-01-05", "2026-01-06"])
    before = rows_of(lake)
    for call in range(1, 100):
        try:
            compact_table(Lake(_Dying(lake.url, call, after=after)), "metrics", SMALL)
        except _Killed:
            assert rows_of(lake) == before
        else:
            break
    assert call > 10
    assert rows_of(lake) == before
    assert len(files_of(lake)) == 2
    assert len(on_disk(lake)) > 10  # what the dead left, and what was taken out


def test_conflicts_without_end_are_told(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(lake, [30] * 5)
    before = rows_of(lake)
    monkeypatch.setattr("lake.compact.fenced", _overtaken)
    with pytest.raises(CommitConflictError):
        compact_table(lake, "metrics", SMALL)
    assert rows_of(lake) == before


def _overtaken(lake: Lake, table: str) -> Any:
    """Return a fenced table that other maintenance overtakes at once."""
    state = fenced(lake, table)
    fenced(lake, table).commit([], [])
    return state
