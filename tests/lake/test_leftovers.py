"""What is a leftover: by name and age alone."""

from datetime import UTC, datetime, timedelta

import pytest

from lake.leftovers import (
    first_since,
    old_data,
    old_journals,
    old_log,
    old_temporaries,
    unneeded,
)
from lake.storage import StoredFile

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HASH = "0" * 32
DATA = f"abcdef01-{HASH}-{HASH}.parquet"
DENSE = f"abcdef01-{HASH}-dense-{HASH}.parquet"


def stored(path: str, hours: float = 48) -> StoredFile:
    return StoredFile(path, 10, NOW - timedelta(hours=hours))


BEFORE = NOW - timedelta(hours=24)


def test_old_data_that_is_not_needed_goes_and_no_other() -> None:
    files = [stored(f"metrics/a=1/{name}") for name in (DATA, DENSE)]
    files += [stored(f"metrics/a=1/{DATA}2", 1), stored("metrics/a=1/mine.parquet"), stored("metrics/README")]
    old = old_data(files, BEFORE)
    assert [file.path for file in old] == [f"metrics/a=1/{DATA}", f"metrics/a=1/{DENSE}"]
    assert [item.path for item in unneeded(old, {"metrics": {f"a=1/{DENSE}"}})] == [f"metrics/a=1/{DATA}"]
    assert unneeded(old, {"trades": set()}) == []


@pytest.mark.parametrize(
    ("name", "goes"),
    [
        (f"_{DATA}.{HASH}", True),
        (f"_probe-{HASH}", True),
        (f"__lake.json.{HASH}", True),
        ("_delta_log/_commit_0b5c9d2e-aa.json.tmp", True),
        (f"_delta_log/_{7:020}.json.{HASH}", True),
        (f"_delta_log/{7:020}.checkpoint.parquet#1", True),
        ("_delta_log/_last_checkpoint#12", True),
        ("_delta_log/_last_checkpoint#", False),
        (f"_delta_log/{7:020}.checkpoint.parquet", False),
        (f"_delta_log/{7:020}.json", False),
        ("mine#1", False),
        ("_lake.json", False),
        ("_delta_log/_last_checkpoint", False),
        ("_mine.txt", False),
        (DATA, False),
    ],
)
def test_only_what_a_writer_left_half_done_is_a_temporary(name: str, goes: bool) -> None:  # noqa: FBT001
    assert bool(old_temporaries([stored(f"metrics/{name}")], BEFORE)) == goes
    assert not old_temporaries([stored(f"metrics/{name}", 1)], BEFORE)


def test_a_journal_goes_whole_when_its_sweep_has_ended_and_nothing_in_it_is_young() -> None:
    files = [
        stored(f"_sweeps/{sweep}/{name}") for sweep in "abc" for name in ("owner-1.json", "batch-1-1.json")
    ]
    files.append(stored("_sweeps/b/batch-1-2.json", 1))
    gone = old_journals(files, {"a", "b"}, (), BEFORE)
    assert {item.path for item in gone} == {"_sweeps/a/owner-1.json", "_sweeps/a/batch-1-1.json"}


def log(*names: tuple[str, float]) -> list[StoredFile]:
    return [stored(f"metrics/_delta_log/{name}", hours) for name, hours in names]


def entry(version: int) -> str:
    return f"{version:020}.json"


def checkpoint(version: int) -> str:
    return f"{version:020}.checkpoint.parquet"


def test_the_log_keeps_what_builds_every_version_since() -> None:
    files = log(
        *((entry(version), 100 - version) for version in range(100)),
        (checkpoint(49), 50),
        (checkpoint(69), 30),
        (checkpoint(89), 10),
        ("_last_checkpoint", 10),
    )
    start, old = old_log(files, BEFORE)
    gone = [item.path.rsplit("/", 1)[-1] for item in old]
    assert start == 69
    assert set(gone) == {*(entry(version) for version in range(69)), checkpoint(49)}
    assert gone == sorted(gone)


def test_a_log_without_an_old_checkpoint_stays_whole() -> None:
    files = log(*((entry(version), 48) for version in range(9)), (checkpoint(8), 48))
    assert old_log(files[:-1], BEFORE) == (0, [])
    young = log((entry(0), 48), (entry(1), 1), (checkpoint(1), 1))
    assert old_log(young, BEFORE) == (0, [])


def test_a_checkpoint_in_parts_counts_only_if_all_are_there() -> None:
    entries = log(*((entry(version), 48) for version in range(9)))
    parts = log(*((f"{8:020}.checkpoint.{part:010}.{3:010}.parquet", 48) for part in (1, 2, 3)))
    assert old_log([*entries, *parts], BEFORE)[0] == 8
    assert len(old_log([*entries, *parts], BEFORE)[1]) == 8
    for gone in range(3):
        assert old_log([*entries, *parts[:gone], *parts[gone + 1 :]], BEFORE) == (0, [])


def test_commits_since_a_time_are_told_from_the_listing() -> None:
    files = log((entry(0), 48), (entry(1), 30), (entry(2), 20), (entry(3), 1))
    assert first_since(files, BEFORE) == 2
    assert first_since(files[:2], BEFORE) == 2
    assert first_since([], BEFORE) == 0


@pytest.mark.parametrize(("names", "goes"), [((), False), ((".done",), False), ((".done", ".again"), True)])
def test_a_journal_with_lost_blocks_stays_until_they_are_computed_again_or_their_sweep_goes(
    names: tuple[str, ...],
    goes: bool,  # noqa: FBT001
) -> None:
    files = [stored(f"_sweeps/a/{name}") for name in ("owner-1.json", "lost-1.json")]
    files += [stored(f"_sweeps/a/lost-1{name}") for name in names]
    assert bool(old_journals(files, {"a"}, (), BEFORE)) == goes
    assert old_journals(files, {"a"}, {"a"}, BEFORE)
