"""What is about to be taken out is read once more: only what is lost then goes."""

from pathlib import Path

import pytest

from lake.errors import LakeUnreachableError
from lake.known_sweeps import KnownSweeps
from lake.lake import Lake, open_lake
from lake.losing import Dropped, drop_lost
from lake.lost import all_losses
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
