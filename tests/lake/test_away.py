"""A store that is away, or that refuses, says nothing of the files that it holds."""

import errno
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from lake.away import raise_if_away
from lake.check import check_files
from lake.commits import commit
from lake.copying import KEYS, batches
from lake.errors import LakeUnreachableError
from lake.known import ENDS_EARLY
from lake.lake import Lake, open_lake
from lake.log import LogDamagedError
from lake.snapshot import delta_table
from lake.sources import DamagedFileError
from lake.storage import Storage
from lake.stores import RETRIES
from tests.lake.runs import add_runs, end_sweep
from tests.proxy import Action, dropped, passed_on, refused
from tests.s3 import Bucket

FAULTS: dict[str, Action] = {
    "outage": dropped,
    "refused": refused(403, "AccessDenied"),
    "odd": refused(400, "TokenRefreshRequired"),
    "unknown": refused(400, "SomethingNew"),
}


def filled(url: str) -> Lake:
    lake = open_lake(url)
    add_runs(lake, ["a"])
    end_sweep(lake, 1)
    return lake


def faulty_files(fault: Action, table: str = "") -> Callable[[str, str, int], Action]:
    """Return a hook that does this to every request for a file of a table, any if none is named."""

    def hook(method: str, path: str, n: int) -> Action:
        del n
        is_file = path.partition("?")[0].endswith(".parquet") and f"/{table}" in path
        return fault if method == "GET" and is_file and "_delta_log" not in path else passed_on

    return hook


@pytest.mark.parametrize("fault", FAULTS)
def test_a_store_that_gives_no_file_is_unreachable_and_no_file_is_damaged(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr("lake.s3.PATIENCE_SECONDS", 0.3)
    lake = filled(bucket.url)
    (file,) = lake.snapshot(["metrics"])["metrics"].files
    bucket.proxy.hook = faulty_files(FAULTS[fault])
    with pytest.raises(LakeUnreachableError, match="cannot reach the lake s3://"):
        check_files(lake, deep=True)
    with pytest.raises(LakeUnreachableError):
        list(batches(lake.storage, "metrics", file, KEYS))


def test_sweeps_that_cannot_be_read_for_an_outage_are_not_none(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(lake.url)
    found = Storage.open

    def away(storage: Storage, relative: str, size_bytes: int) -> object:
        if relative.startswith("sweeps/"):
            raise ConnectionError(errno.ECONNABORTED, "Could not connect to the endpoint")
        return found(storage, relative, size_bytes)

    monkeypatch.setattr(Storage, "open", away)
    with pytest.raises(LakeUnreachableError, match="Could not connect"):
        check_files(lake)  # footers are read by another process, which has no such fault


def test_a_file_that_was_cut_on_an_object_store_is_damaged(bucket: Bucket) -> None:
    lake = filled(bucket.url)
    assert check_files(lake, deep=True).findings == ()
    (file,) = lake.snapshot(["metrics"])["metrics"].files
    path = f"metrics/{file.path}"
    lake.storage.put(path, lake.storage.read(path)[:20])
    with pytest.raises(DamagedFileError, match=ENDS_EARLY):
        list(batches(lake.storage, "metrics", file, KEYS))
    assert [found.kind for found in check_files(lake, deep=True).findings] == ["damaged_file"]


@pytest.mark.parametrize(
    ("error", "is_away"),
    [
        (OSError("Couldn't deserialize thrift"), False),
        (pa.ArrowInvalid("no Parquet file"), False),
        (OSError(errno.EIO, "Input/output error", "file"), False),
        (FileNotFoundError(errno.ENOENT, "No such file"), False),
        (PermissionError("Access Denied"), True),
        (PermissionError(errno.EACCES, "Permission denied", "file"), True),
        (TimeoutError(), True),
        (ConnectionError("reset"), True),
        (OSError(errno.EMFILE, "Too many open files", "file"), True),
    ],
    ids=repr,
)
def test_only_what_a_file_holds_is_damage(tmp_path: Path, error: Exception, *, is_away: bool) -> None:
    storage = Storage(str(tmp_path))
    if not is_away:
        raise_if_away(storage, error)
        return
    with pytest.raises(LakeUnreachableError, match="cannot reach the lake"):
        raise_if_away(storage, error)


def test_eio_of_an_object_store_is_damage_only_of_a_file_that_ends_early() -> None:
    storage = Storage("s3://bucket/lake")
    raise_if_away(storage, OSError(errno.EIO, ENDS_EARLY, "file"))
    with pytest.raises(LakeUnreachableError, match="SomethingNew: file"):
        raise_if_away(storage, OSError(errno.EIO, "SomethingNew", "file"))


@pytest.mark.parametrize(
    ("fault", "is_away"),
    [
        (refused(500, "InternalError"), True),
        (refused(403, "InvalidAccessKeyId"), True),
        (refused(400, "InvalidRequest"), True),
        (dropped, True),
        (refused(404, "NoSuchKey"), False),
    ],
    ids=["error", "forbidden", "odd", "outage", "gone"],
)
def test_a_checkpoint_that_the_store_does_not_give_is_no_damaged_log(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, fault: Action, *, is_away: bool
) -> None:
    lake = filled(bucket.url)
    while not any("checkpoint.parquet" in name for name in lake.storage.list("metrics/_delta_log")):
        commit(lake, "metrics", [])
    hurried = {**RETRIES, "max_retries": "1", "retry_timeout": "1s"}
    monkeypatch.setattr("lake.stores.RETRIES", hurried)

    def without_checkpoints(method: str, path: str, n: int) -> Action:
        del method, n
        return fault if "checkpoint.parquet" in path else passed_on

    bucket.proxy.hook = without_checkpoints
    with pytest.raises(LakeUnreachableError if is_away else LogDamagedError):
        delta_table(lake.storage, "metrics")
