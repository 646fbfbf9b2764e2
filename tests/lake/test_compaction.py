"""The plan of compaction: only what is worth it, nothing twice, and nothing again."""

from collections import Counter
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.compaction import CompactionSettings, Rewrite, closed_before, plan_compaction
from lake.layout import is_dense
from lake.schemas import TABLES
from lake.snapshot import DataFile, TableSnapshot

MB = 1_000_000
SETTINGS = CompactionSettings(target_bytes=100 * MB, worthwhile_bytes=5 * MB, rewrite_bytes=400 * MB)
NOW = datetime(2026, 3, 10, tzinfo=UTC)


def file(
    place: int, size: int, day: str = "2026-03-02", symbol: str = "X", *, dense: bool = False
) -> DataFile:
    mark = "-dense" if dense else ""
    return DataFile(
        path=f"symbol={symbol}/date={day}/abcdef01-{place:032x}{mark}-{'0' * 32}.parquet",
        size_bytes=size,
        rows=size // 300,
        partition={"strategy": "s", "symbol": symbol, "date": day},
        signature="abcdef01",
        minimum={"run_id": f"{place * 7919 % 101:032x}"},
        maximum={},
    )


def plan(*files: DataFile, months: bool = False, table: str = "metrics") -> tuple[Rewrite, ...]:
    snapshot = TableSnapshot(table, 1, TABLES[table].schema, files)
    return plan_compaction(snapshot, SETTINGS, months_before=closed_before(NOW) if months else None)


FILES = st.lists(
    st.tuples(
        st.integers(0, 300 * MB) | st.integers(0, 3 * MB),
        st.sampled_from(["2026-01-01", "2026-01-05", "2026-02-28", "2026-03-02"]),
        st.sampled_from("XY"),
        st.booleans(),
    ),
    max_size=30,
).map(
    lambda drawn: [
        file(k, size, day, symbol, dense=dense) for k, (size, day, symbol, dense) in enumerate(drawn)
    ]
)


@given(FILES, st.booleans())
def test_every_file_is_in_one_rewrite_at_most_and_good_ones_in_none(
    files: list[DataFile],
    months: bool,  # noqa: FBT001
) -> None:
    rewrites = plan(*files, months=months)
    named = Counter(source.path for rewrite in rewrites for source in rewrite.sources)
    assert set(named.values()) <= {1}
    for rewrite in rewrites:
        assert rewrite.size_bytes <= SETTINGS.rewrite_bytes or len(rewrite.sources) == 1
        for source in rewrite.sources:
            assert not (is_dense(source.path) and source.size_bytes >= SETTINGS.target_bytes / 2)
            here = rewrite.partition
            assert (source.partition["symbol"], source.partition["date"][:7]) == (
                here["symbol"],
                here["date"][:7],
            )
            if not months or here["date"] >= "2026-03":
                assert source.partition == here
            else:
                assert here["date"].endswith("-01")


@given(FILES, st.booleans())
def test_what_a_rewrite_leaves_is_not_rewritten_again(files: list[DataFile], months: bool) -> None:  # noqa: FBT001
    rewrites = plan(*files, months=months)
    gone = {source.path for rewrite in rewrites for source in rewrite.sources}
    left = [item for item in files if item.path not in gone]
    for place, rewrite in enumerate(rewrites):
        count = max(1, round(rewrite.size_bytes / SETTINGS.target_bytes))
        for part in range(count):
            day, symbol = rewrite.partition["date"], rewrite.partition["symbol"]
            left.append(file(1000 + 50 * place + part, rewrite.size_bytes // count, day, symbol, dense=True))
    assert plan(*left, months=months) == ()


def test_few_small_files_stay_and_more_go_together() -> None:
    small = [file(place, MB // 10) for place in range(4)]
    assert plan(*small[:3]) == ()
    (rewrite,) = plan(*small)
    assert sorted(source.path for source in rewrite.sources) == sorted(item.path for item in small)


def test_much_that_was_written_quickly_is_encoded_anew_without_the_small_dense_files_beside_it() -> None:
    quick, dense = file(1, 6 * MB), file(2, 30 * MB, dense=True)
    (rewrite,) = plan(quick, dense)
    assert rewrite.sources == (quick,)


def test_files_of_several_columns_go_together() -> None:
    assert len(plan(*[file(place, MB) for place in range(3)], file(9, MB))) == 1


def test_days_of_a_closed_month_become_one_partition_and_those_of_an_open_one_do_not() -> None:
    days = ["2026-02-03", "2026-02-20", "2026-03-01", "2026-03-05"]
    files = [file(place, MB // 10, day) for place, day in enumerate(days)]
    assert plan(*files) == ()
    (rewrite,) = plan(*files, months=True)
    assert rewrite.partition["date"] == "2026-02-01"
    assert {source.partition["date"] for source in rewrite.sources} == {"2026-02-03", "2026-02-20"}


@pytest.mark.parametrize(
    ("now", "first"),
    [((2026, 3, 7), (2026, 2, 1)), ((2026, 3, 8), (2026, 3, 1)), ((2026, 1, 5), (2025, 12, 1))],
)
def test_a_month_is_closed_a_week_after_its_end(
    now: tuple[int, int, int], first: tuple[int, int, int]
) -> None:
    assert closed_before(datetime(*now, tzinfo=UTC)) == date(*first)


def test_bars_are_left_alone() -> None:
    assert plan(*[file(place, MB) for place in range(9)], table="bars") == ()


def test_a_bin_holds_neighbours_in_the_order_of_run_ids() -> None:
    first, second = plan(*[file(place, 90 * MB) for place in range(8)])
    last = max(source.minimum["run_id"] for source in first.sources)
    assert all(source.minimum["run_id"] > last for source in second.sources)
