"""Time travel: the lake as it was, whole at every moment, and an error where it can no longer be seen."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lake.history import BadTimeError, FutureTimeError, VersionGoneError, history, parse_time, version_at
from lake.lake import Lake
from lake.log import log_files
from lake.maintenance import fenced
from lake.snapshot import ABSENT, Snapshot
from tests.lake.runs import BARS, TRADES, add_runs

TABLES = ("details", "metrics", "trades", "equity")


def ids(snapshot: Snapshot, table: str) -> list[str]:
    return sorted(snapshot.read(table, columns=["run_id"])["run_id"].to_pylist())


def instants(lake: Lake) -> list[datetime]:
    """Return the time of every commit of every table, and moments between them."""
    times = sorted(entry.at for table in TABLES for entry in history(lake.storage, table))
    apart = timedelta(microseconds=500)
    return [moment for at in times for moment in (at - apart, at, at + apart)]


def filled(lake: Lake, names: Sequence[str]) -> None:
    for number, name in enumerate(names, 1):
        add_runs(lake, [name], number=number)


def test_the_lake_is_whole_at_every_moment(lake: Lake) -> None:
    filled(lake, "abcd")
    for table in ("details", "metrics", "equity", "trades"):  # a removal goes the other way
        held = fenced(lake, table)
        held.commit([], held.snapshot.files[:1], "delete")
    seen = []
    for at in instants(lake):
        snapshot = lake.snapshot(TABLES, as_of=at)
        detailed = ids(snapshot, "details")
        for table, rows in (("metrics", 1), ("trades", TRADES), ("equity", BARS)):
            found = ids(snapshot, table)
            assert all(found.count(name) == rows for name in detailed), (at, table)
        seen.append(len(detailed))
    assert seen[0] == 0
    assert max(seen) == 4
    assert seen[-1] == 3


def test_a_version_is_that_of_metrics_and_the_others_as_of_its_time(lake: Lake) -> None:
    filled(lake, "abc")
    newest = lake.snapshot(["metrics"])["metrics"].version
    for back, expected in ((0, "abc"), (1, "ab"), (2, "a")):
        snapshot = lake.snapshot(version=newest - back)
        assert snapshot["metrics"].version == newest - back
        assert ids(snapshot, "metrics") == list(expected)
        assert ids(snapshot, "trades") == sorted(expected * TRADES)
        assert set(ids(snapshot, "details")) <= set(expected)


def test_before_the_first_commit_there_is_nothing(lake: Lake) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    filled(lake, "a")
    snapshot = lake.snapshot(as_of=before)
    assert {table.version for table in snapshot.tables.values()} == {ABSENT}
    assert ids(snapshot, "metrics") == []


def test_a_time_may_be_text(lake: Lake) -> None:
    filled(lake, "a")
    assert ids(lake.snapshot(as_of=datetime.now(UTC).isoformat()), "metrics") == ["a"]
    assert ids(lake.snapshot(as_of="1999-01-01T00:00:00+02:00"), "metrics") == []
    assert parse_time("2026-01-31") == datetime(2026, 1, 31, tzinfo=UTC)
    with pytest.raises(BadTimeError, match="2026-01-31T12"):
        lake.snapshot(as_of="yesterday")


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00+01:00"])
def test_a_time_that_is_in_no_year_in_utc_is_none(text: str) -> None:
    with pytest.raises(BadTimeError, match="is no time"):
        parse_time(text)


def test_a_time_that_is_still_to_come_is_refused_but_clocks_may_differ(lake: Lake) -> None:
    filled(lake, "a")
    assert ids(lake.snapshot(as_of=datetime.now(UTC) + timedelta(minutes=1)), "metrics") == ["a"]
    with pytest.raises(FutureTimeError, match=r"2999-01-01T00:00:00Z is still to come, it is 20.*leave"):
        lake.snapshot(as_of="2999-01-01")


def test_a_version_that_never_was_is_refused(lake: Lake) -> None:
    filled(lake, "ab")
    with pytest.raises(VersionGoneError, match=r"version 99.*to 2 \(20"):
        lake.snapshot(version=99)


def test_versions_whose_files_vacuum_took_name_the_oldest_that_is_left(lake: Lake) -> None:
    filled(lake, "abc")
    held = fenced(lake, "metrics")
    gone = held.snapshot.files[0]
    version = held.commit([], [gone], "delete")
    Path(lake.url, "metrics", gone.path).unlink()
    for asked in range(1, version):
        entry = f"from version {version} "
        if gone.path in {file.path for file in _files_at(lake, asked)}:
            with pytest.raises(VersionGoneError, match=entry):
                lake.snapshot(version=asked)
    assert len(ids(lake.snapshot(version=version), "metrics")) == 2


def _files_at(lake: Lake, version: int) -> Sequence[object]:
    from deltalake import DeltaTable

    from lake.snapshot import table_snapshot

    handle = DeltaTable(lake.storage.uri("metrics"), version=version)
    return table_snapshot("metrics", handle).files


def test_versions_whose_log_was_cleaned_name_the_oldest_that_is_left(lake: Lake) -> None:
    filled(lake, [f"r{k:02}" for k in range(52)])
    early = history(lake.storage, "metrics")[-3].at
    (checkpoint,) = log_files(lake.storage, "metrics").checkpoints
    for version in range(checkpoint):
        Path(lake.url, "metrics", "_delta_log", f"{version:020d}.json").unlink()
    with pytest.raises(VersionGoneError, match=f"from version {checkpoint} "):
        lake.snapshot(version=checkpoint - 1)
    with pytest.raises(VersionGoneError, match=f"from version {checkpoint} "):
        lake.snapshot(as_of=early)
    assert len(ids(lake.snapshot(version=checkpoint), "metrics")) == checkpoint


def test_the_version_of_a_time_is_found_in_a_few_reads(lake: Lake) -> None:
    filled(lake, [f"r{k:02}" for k in range(20)])
    for entry in history(lake.storage, "metrics"):
        assert version_at(lake.storage, "metrics", entry.at) >= entry.version
    newest = history(lake.storage, "metrics", 1)
    assert [entry.version for entry in newest] == [20]
