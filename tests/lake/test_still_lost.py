"""What is about to be taken out is read once more: only what is lost then goes."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from lake.compact import compact_table
from lake.compaction import CompactionSettings
from lake.errors import LakeUnreachableError
from lake.known_sweeps import KnownSweeps
from lake.lake import Lake, open_lake
from lake.losing import Dropped, drop_lost
from lake.lost import all_losses
from lake.ownership import newest_epoch
from lake.snapshot import DataFile
from tests.lake.runs import SWEEP, add_runs, end_sweep, rows_of
from tests.proxy import Action, passed_on, refused, undisturbed
from tests.s3 import Bucket


def filled(url: str) -> tuple[Lake, dict[str, list[DataFile]]]:
    """Return a lake of two batches, and all its files of metrics, as a check found them that is long over."""
    lake = open_lake(url)
    add_runs(lake, ["a"], number=1)
    add_runs(lake, ["b"], number=2)
    end_sweep(lake, 2)
    return lake, {"metrics": list(lake.snapshot(["metrics"])["metrics"].files)}


def test_only_what_is_lost_still_goes(tmp_path: Path) -> None:
    lake, lost = filled(str(tmp_path / "lake"))
    sweeps = KnownSweeps.of(lake.snapshot())
    assert drop_lost(lake, lost, sweeps) == Dropped(whole=2)
    assert rows_of(lake, "metrics") == ["a", "b"]
    assert all_losses(lake.storage) == []
    path = Path(lake.url, "metrics", lost["metrics"][0].path)
    data = bytearray(path.read_bytes())
    data[10] ^= 1  # in a page: its footer tells nothing
    path.write_bytes(data)
    assert drop_lost(lake, lost, sweeps) == Dropped(files=1, whole=1, sweeps=(SWEEP,))
    assert len(rows_of(lake, "metrics")) == 1


def test_what_cannot_be_asked_does_not_go(bucket: Bucket) -> None:
    lake, lost = filled(bucket.url)
    sweeps = KnownSweeps.of(lake.snapshot())
    path = lost["metrics"][0].path

    def denied(method: str, asked: str, n: int) -> Action:
        del n
        return refused(403, "AccessDenied") if method == "GET" and Path(path).name in asked else passed_on

    bucket.proxy.hook = denied
    with pytest.raises(LakeUnreachableError):
        drop_lost(lake, lost, sweeps)
    assert all_losses(lake.storage) == []
    bucket.proxy.hook = undisturbed
    assert rows_of(lake, "metrics") == ["a", "b"]


@pytest.mark.parametrize("dies", [False, True])
def test_whose_rows_a_merged_file_has_is_read_by_a_process_that_may_die_of_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    dies: bool,  # noqa: FBT001
) -> None:
    lake = open_lake(str(tmp_path / "lake"))
    first, between, last = (f"20260102T00000000{place}-aaaaaa" for place in range(3))
    for name in (first, between, last):
        for number in (1, 2):
            add_runs(lake, [f"{name}-{number}"], sweep=name, number=number, symbol="YX"[name != between])
        end_sweep(lake, 2, sweep=name)
    compact_table(lake, "metrics", CompactionSettings(fewest_files=2))
    (merged,) = (held for held in lake.snapshot()["metrics"].files if held.partition["symbol"] == "X")
    sweeps = KnownSweeps.of(lake.snapshot())
    assert sweeps.touched("metrics", merged) == (first, between, last)  # as far as the log tells
    path = Path(lake.url, "metrics", merged.path)
    footer = pq.read_metadata(path)
    column = footer.row_group(0).column(footer.schema.names.index("sharpe"))
    data = bytearray(path.read_bytes())
    data[column.data_page_offset + column.total_compressed_size // 2] ^= 1
    path.write_bytes(data)
    asked, run = list[str](), subprocess.run

    def dying(command: list[str], **named: Any) -> object:
        if b"_sweeps_in" in named["input"]:
            asked.append("sweeps")
            if dies:
                command = [sys.executable, "-c", "import os; os.abort()"]
        return run(command, **named)

    monkeypatch.setattr("lake.apart.subprocess.run", dying)
    assert drop_lost(lake, {"metrics": [merged]}, sweeps) == Dropped(files=1, sweeps=(first, last))
    assert len(asked) == (4 if dies else 1)
    assert (newest_epoch(lake, between) == 1) != dies  # nobody can tell then that it has no rows there
    assert rows_of(lake, "metrics") == [f"{between}-{number}" for number in (1, 2)]
