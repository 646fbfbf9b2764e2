"""Top: whichever files are read, the answer is that of a full sort."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.commits import commit
from lake.lake import Lake, open_lake
from lake.snapshot import DataFile
from lake.writer import write_rows
from queries import held, top
from queries.cache.update import update
from queries.catalog import Catalog
from queries.filters import Filters
from queries.search import best, search
from tests.queries.conftest import put_sweep, run_rows

RUNS = [f"{context}{half:016x}" for context in ("a" * 16, "b" * 16) for half in range(12)]
SWEEPS = ("20260101-a", "20260102-b", "20260103-c")


def put_file(
    lake: Lake, sweep: str, runs: list[str], columns: dict[str, Any], role: str, *, told: bool
) -> None:
    """Commit a file of runs; of one that is not told the log has no statistics."""
    place = {"strategy": "cross", "symbol": "X" if runs[0][0] == "a" else "Y", "date": "2026-01-02"}
    receipt = write_rows(lake.storage, "metrics", run_rows(sweep, runs, columns, role=role), place)
    if not told:
        receipt = replace(receipt, statistics=json.dumps({"numRecords": len(runs)}))
    commit(lake, "metrics", [receipt])


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Catalog]]:
    """Lakes in which runs are in several sweeps and roles, not quite the same, over many files.

    The first two are read from the files, of the next two a part is in a copy on this machine, and the last
    two, which are the first ones again, are held in memory.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SWEEPLAKE_CACHE", str(tmp_path_factory.mktemp("cache")))
        lakes = [shuffled_lake(tmp_path_factory, seed, copied=seed > 1) for seed in range(4)]
        from_memory = [Catalog(lake) for lake in lakes[:2]]
        patch.setattr(held, "MOST_ROWS", 0)
        yield [*map(Catalog, lakes), *from_memory]


def shuffled_lake(tmp_path_factory: pytest.TempPathFactory, seed: int, *, copied: bool) -> Lake:
    random = np.random.default_rng(seed)
    lake = open_lake(str(tmp_path_factory.mktemp("top") / str(seed)))
    true = np.round(random.normal(0, 1, len(RUNS)), 1)
    for sweep in SWEEPS:
        put_sweep(lake, sweep, "cross")
        if copied and sweep == SWEEPS[-1]:
            update(lake.snapshot())
        for first in ("a", "b"):
            own = [place for place, run in enumerate(RUNS) if run[0] == first and random.random() < 0.7]
            for part in np.array_split(random.permutation(own), 2):
                if len(part):
                    shift = random.choice([0.0, 1e-12, -1e-12, 0.3], len(part))
                    columns = {
                        "sharpe": pa.array(true[part] + shift, mask=random.random(len(part)) < 0.1),
                        "max_drawdown": np.round(np.abs(random.normal(0, 1, len(part))), 1),
                        "num_trades": pa.array(random.integers(0, 5, len(part)), pa.int32()),
                        "win_rate": np.round(random.random(len(part)), 1),
                    }
                    role = "full" if random.random() < 0.8 else "in_sample"
                    runs = [RUNS[place] for place in part]
                    put_file(lake, sweep, runs, columns, role, told=bool(random.random() < 0.8))
    return lake


CONDITIONS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "win_rate > 0.5": lambda row: row["win_rate"] > 0.5,
    "num_trades < 3": lambda row: row["num_trades"] < 3,
}


def full_sort(catalog: Catalog, wanted: Filters, metric: str, *, descending: bool) -> list[tuple[str, str]]:
    """Run and sweep ids in order, by Python, from the files."""
    value = "created_at" if metric == "date" else metric
    sharpe = wanted.min_sharpe
    passing_rows = [
        row
        for row in catalog.snapshot.read("metrics").to_pylist()
        if wanted.symbol in (None, row["symbol"])
        and wanted.sweep in (None, row["sweep_id"])
        and wanted.role in (None, row["role"])
        and (sharpe is None or (row["sharpe"] is not None and row["sharpe"] >= sharpe))
        and (wanted.max_drawdown is None or row["max_drawdown"] <= wanted.max_drawdown)
        and (wanted.min_trades is None or row["num_trades"] >= wanted.min_trades)
        and (wanted.where is None or CONDITIONS[wanted.where](row))
    ]
    passing_rows.sort(key=lambda row: row["role"], reverse=True)
    passing_rows.sort(key=lambda row: (row["sweep_id"], row["created_at"]))
    latest = sorted({row["run_id"]: row for row in passing_rows}.items())
    valued = [row for _, row in latest if row[value] is not None]
    rest = [row for _, row in latest if row[value] is None]
    valued.sort(key=lambda row: row[value], reverse=descending)
    return [(row["run_id"], row["sweep_id"]) for row in (*valued, *rest)]


def ids(runs: pa.Table) -> list[tuple[str, str]]:
    return list(zip(runs["run_id"].to_pylist(), runs["sweep_id"].to_pylist(), strict=True))


QUESTIONS = given(
    lake=st.integers(0, 5),
    metric=st.sampled_from(["sharpe", "max_drawdown", "num_trades", "win_rate", "date"]),
    n=st.integers(1, 12),
    first_files=st.integers(1, 4),
    few_rows=st.sampled_from([0, top.FEW_ROWS]),
    ascending=st.none() | st.booleans(),
    wanted=st.fixed_dictionaries(
        {},
        optional={
            "symbol": st.sampled_from(["X", "Y"]),
            "sweep": st.sampled_from(SWEEPS),
            "min_sharpe": st.floats(-1, 1),
            "max_drawdown": st.floats(0, 2),
            "min_trades": st.integers(0, 4),
            "role": st.sampled_from([None, "full", "in_sample"]),
            "where": st.sampled_from(sorted(CONDITIONS)),
        },
    ),
)


@pytest.mark.timeout(1200)  # two seconds an example, on a machine that has other work
@settings(max_examples=40, deadline=None)
@QUESTIONS
def test_the_first_are_those_of_a_full_sort(shuffled: list[Catalog], **question: Any) -> None:
    assert_first(shuffled, **question)


@pytest.mark.soak
@pytest.mark.timeout(0)
@settings(max_examples=1000, deadline=None)
@QUESTIONS
def test_the_first_of_many_questions_are_those_of_a_full_sort(
    shuffled: list[Catalog], **question: Any
) -> None:
    assert_first(shuffled, **question)


def assert_first(
    shuffled: list[Catalog],
    lake: int,
    metric: str,
    n: int,
    first_files: int,
    few_rows: int,
    ascending: bool | None,  # noqa: FBT001
    wanted: dict[str, Any],
) -> None:
    catalog, filters = shuffled[lake], Filters(**wanted)
    everything = search(catalog, filters, sort=metric, ascending=ascending, limit=0)
    descending = metric != "max_drawdown" if ascending is None else not ascending
    assert ids(everything) == full_sort(catalog, filters, metric, descending=descending)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(top, "FIRST_FILES", first_files)
        patch.setattr(top, "FEW_ROWS", few_rows)
        assert search(catalog, filters, sort=metric, ascending=ascending, limit=n) == everything.slice(0, n)
        if metric != "date" and ascending is None:
            has_it = " and ".join([*filter(None, [filters.where]), f"{metric} is not null"])
            ranked = search(catalog, replace(filters, where=has_it), sort=metric, limit=0)
            assert best(catalog, filters, metric=metric, n=n) == ranked.slice(0, n)


@pytest.mark.usefixtures("from_files")
def test_a_bound_of_many_sweeps_is_found_in_few_files() -> None:
    """What is read is told by the files of the narrowed catalogs."""
    read: list[int] = []
    whole = Catalog.narrowed

    def counting(catalog: Catalog, table: str, files: list[DataFile]) -> Catalog:
        read.append(len(files))
        return whole(catalog, table, files)

    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        lake = open_lake(str(Path(folder) / "lake"))
        for number in range(20):
            runs = [f"{'a' * 16}{number:08x}{place:08x}" for place in range(5)]
            put_file(lake, f"s{number:02d}", runs, {"sharpe": [float(number)] * 5}, "full", told=True)
        patch.setattr(Catalog, "narrowed", counting)
        with Catalog(lake) as catalog:
            found = best(catalog, n=3)
    assert found["sharpe"].to_pylist() == [19.0] * 3
    assert read == [2, 1]
