"""The log: a commit says what it did, and a newest entry that is cut off is refused, never read as less."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from lake.commits import Fence, commit
from lake.lake import Lake, open_lake
from lake.log import LogDamagedError, LogFiles, log_files, read_entry
from lake.writer import write_rows

DAY = {"strategy": "s", "symbol": "X", "date": "2020-01-01"}


def add(lake: Lake, *ids: str, step: int | None = None, note: str = "") -> int:
    """Commit one file a run."""
    receipts = [
        write_rows(lake.storage, "details", pa.table({"sweep_id": ["w"], "run_id": [name]}), DAY)
        for name in ids
    ]
    return commit(lake, "details", receipts, fence=Fence("w", step) if step else None, note=note)


def newest(lake: Lake) -> Path:
    return max(Path(lake.url, "details", "_delta_log").glob("*.json"))


def test_an_entry_tells_what_was_done(lake: Lake) -> None:
    add(lake, "a", step=1)
    version = add(lake, "b", "c", note="compaction")
    files = lake.snapshot(["details"])["details"].files
    commit(lake, "details", [], removes=files, note="retention")
    first, second, third = (read_entry(lake.storage, "details", version + k) for k in (-1, 0, 1))
    assert (first.done, first.added, first.rows_added) == ("append of sweep w", 1, 1)
    assert (second.done, second.added, second.removed) == ("compaction", 2, 0)
    assert (third.done, third.removed, third.rows_removed) == ("retention", 3, 3)
    assert first.at <= second.at <= third.at
    assert read_entry(lake.storage, "details", 0).done == "create table"


@pytest.mark.parametrize("left", [0, 1, 2, 3])
@pytest.mark.parametrize("half", [False, True])
def test_a_cut_newest_entry_is_refused_by_readers_and_writers(lake: Lake, left: int, *, half: bool) -> None:
    add(lake, "a", step=1)
    add(lake, "b", "c", step=2)
    entry = newest(lake)
    lines = entry.read_text().splitlines(keepends=True)
    assert len(lines) == 4
    kept = "".join(lines[:left])
    entry.write_text(kept + (lines[left][: len(lines[left]) // 2] if half else ""))
    with pytest.raises(LogDamagedError, match="sweeplake check"):
        lake.snapshot(["details"])
    with pytest.raises(LogDamagedError):
        add(open_lake(lake.url), "d", step=3)
    assert newest(lake) == entry


def test_a_missing_checkpoint_is_refused_and_named(lake: Lake) -> None:
    for k in range(52):
        add(lake, f"r{k}")
    (checkpoint,) = Path(lake.url, "details", "_delta_log").glob("*.checkpoint.parquet")
    checkpoint.unlink()
    with pytest.raises(LogDamagedError, match="details/_delta_log"):
        lake.snapshot(["details"])


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ((1,), "entry 1 is missing"),
        ((1, 2, 4), "entries 1 to 2, 4 are missing"),
        ((0,), "entry 0 is missing"),
    ],
)
def test_entries_that_are_missing_are_named(lake: Lake, gone: Sequence[int], said: str) -> None:
    for name in "abcde":
        add(lake, name)
    for version in gone:
        Path(lake.url, "details", "_delta_log", f"{version:020d}.json").unlink()
    with pytest.raises(LogDamagedError, match=f"{gone[0]:020d}.json is damaged: {said};") as raised:
        lake.snapshot(["details"])
    assert "ParsedLogPath" not in str(raised.value)


@pytest.mark.parametrize(
    ("entries", "checkpoints", "oldest"),
    [
        ((0, 1, 2), (), 0),
        ((0, 1, 2, 4), (), 5),
        ((0, 1, 3, 4), (3,), 3),
        ((5, 6, 7), (5,), 5),
        ((5, 6, 7), (4,), 4),
        ((5, 6, 7), (), 8),
        ((0, 1, 3, 4, 5), (1, 4), 4),
        ((3, 4, 6), (2, 5), 5),
        ((), (), 0),
    ],
)
def test_the_oldest_version_is_the_first_from_which_on_all_can_be_built(
    entries: tuple[int, ...], checkpoints: tuple[int, ...], oldest: int
) -> None:
    assert LogFiles(entries, checkpoints).oldest == oldest


def test_a_log_is_listed(lake: Lake) -> None:
    for k in range(50):
        add(lake, f"r{k}")
    log = log_files(lake.storage, "details")
    assert log.entries == tuple(range(51))
    assert log.newest == 50
    assert len(log.checkpoints) == 1
