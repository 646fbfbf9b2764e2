"""Storage on local disk: whole files or none, and what maintenance asks of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lake import disk
from lake.errors import LakeUnwritableError
from lake.lake import Lake
from lake.storage import Storage


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(str(tmp_path / "lake"))


def test_walking_finds_files_at_any_depth_with_size_and_time(storage: Storage) -> None:
    storage.put("metrics/symbol=A%2FB/date=2026-01-02/a.parquet", b"four")
    storage.put("metrics/_delta_log/0.json", b"{}")
    storage.put("trades/b.parquet", b"x")
    found = {file.path: file for file in storage.walk("metrics")}
    assert found.keys() == {"metrics/symbol=A%2FB/date=2026-01-02/a.parquet", "metrics/_delta_log/0.json"}
    first = found["metrics/symbol=A%2FB/date=2026-01-02/a.parquet"]
    assert first.size_bytes == 4
    assert abs(datetime.now(UTC) - first.modified_at) < timedelta(minutes=5)
    assert {file.path for file in storage.walk("")} == found.keys() | {"trades/b.parquet"}
    assert list(storage.walk("nothing_here")) == []


def test_a_temporary_of_a_crash_is_found_with_its_age(storage: Storage, monkeypatch) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", die)
        with pytest.raises(KeyboardInterrupt):
            storage.put("metrics/a.parquet", b"half")
    assert storage.size("metrics/a.parquet") is None
    (left,) = storage.walk("metrics")
    assert left.path.startswith("metrics/_a.parquet.")
    storage.delete([left.path])
    assert list(storage.walk("metrics")) == []


def test_deleting_what_is_not_there_is_no_error(storage: Storage) -> None:
    storage.put("metrics/a.parquet", b"x")
    storage.delete(["metrics/a.parquet", "metrics/never.parquet"])
    storage.delete(["metrics/a.parquet"])
    storage.delete([])
    assert storage.size("metrics/a.parquet") is None
    assert storage.modified("metrics/a.parquet") is None


def test_of_two_writers_of_a_name_the_first_wins_and_may_ask_again(storage: Storage) -> None:
    assert storage.put_if_absent("_sweeps/w/owner", b"first")
    assert not storage.put_if_absent("_sweeps/w/owner", b"second")
    assert storage.put_if_absent("_sweeps/w/owner", b"first")
    assert storage.read("_sweeps/w/owner") == b"first"
    assert storage.list("_sweeps/w") == ["owner"]


def test_a_disk_that_refuses_is_told_in_one_kind_of_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    storage = Storage(str(tmp_path / "file" / "lake"))
    assert not storage.exists()
    with pytest.raises(LakeUnwritableError, match="Not a directory"):
        storage.put("metrics/a.parquet", b"x")


def test_a_store_without_conditional_writes_is_refused(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overwrite(path: Path, data: bytes) -> bool:
        disk.replace(path, data)
        return True

    monkeypatch.setattr(disk, "link_if_absent", overwrite)
    with pytest.raises(LakeUnwritableError, match="no conditional writes"):
        Lake(storage).create()
    assert list(storage.walk("")) == []
