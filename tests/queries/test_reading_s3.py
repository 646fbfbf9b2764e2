"""Reading a lake on S3: as few requests as there are things to learn, and none twice."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from lake.commits import commit
from lake.errors import LakeUnreachableError
from lake.lake import Lake, open_lake
from lake.writer import write_rows
from queries.catalog import Catalog
from queries.confine import ConfinedCatalog
from queries.errors import FileLostError, FileUnreadableError, QueryError, SnapshotGoneError
from tests.proxy import answer_lost, cut_short, dropped, faulty, refused, undisturbed
from tests.s3 import Bucket

FILES, MANY, ROWS = 20, 200, 50
TOP = "select run_id, sharpe from metrics order by sharpe desc, run_id limit 10"


def made(bucket: Bucket, files: int) -> Lake:
    """Return a lake with some files of metrics in five partitions, in one commit."""
    lake, random = open_lake(bucket.url), np.random.default_rng(5)
    receipts = [
        write_rows(
            lake.storage,
            "metrics",
            pa.table(
                {
                    "sweep_id": ["w"] * ROWS,
                    "run_id": [f"{file:03d}-{row:02d}" for row in range(ROWS)],
                    "sharpe": random.standard_normal(ROWS),
                }
            ),
            {"strategy": "s", "symbol": f"X{file % 5}", "date": "2026-01-02"},
        )
        for file in range(files)
    ]
    commit(lake, "metrics", receipts)
    return lake


@pytest.fixture
def lake(bucket: Bucket) -> Lake:
    return made(bucket, FILES)


def requests(bucket: Bucket, title: str, act: Callable[[], object]) -> Counter[str]:
    bucket.proxy.forget()
    act()
    counts = bucket.proxy.counts()
    print(f"{title:40} {dict(sorted(counts.items()))}")
    return counts


def test_a_query_asks_for_no_size_and_for_no_byte_twice(bucket: Bucket) -> None:
    made(bucket, MANY)
    held: list[Catalog] = []
    opened = requests(bucket, "open a reader", lambda: held.append(Catalog(open_lake(bucket.url))))
    (catalog,) = held
    cold = requests(bucket, f"top 10 over {MANY} files, cold", lambda: catalog.rows(TOP))
    warm = requests(bucket, "the same again, warm", lambda: catalog.rows(TOP))
    other = "select symbol, count(*), avg(sharpe) from metrics where symbol = 'X3' group by all"
    another = requests(bucket, "another question of the same columns", lambda: catalog.rows(other))
    assert opened.total() <= 30
    assert cold.keys() == {"GET"}
    assert cold.total() <= MANY + 1, "each once, and a footer for the columns of the view"
    assert not warm
    assert not another


def test_one_commit_of_one_file_asks_this_often(bucket: Bucket, lake: Lake) -> None:
    rows = pa.table({"sweep_id": ["w"], "run_id": ["one more"]})
    place = {"strategy": "s", "symbol": "X0", "date": "2026-01-02"}
    counts = requests(
        bucket,
        "write a file and commit it",
        lambda: commit(lake, "metrics", [write_rows(lake.storage, "metrics", rows, place)]),
    )
    assert counts["HEAD"] == 0
    assert counts["PUT"] == 2
    assert counts.total() <= 40


def test_a_query_outlives_faults_and_says_the_same(bucket: Bucket, lake: Lake) -> None:
    with Catalog(lake) as catalog:
        right = catalog.rows(TOP)
    bucket.proxy.forget()
    bucket.proxy.hook = faulty(0.3, 3, (refused(503, "SlowDown"), dropped, answer_lost, cut_short))
    with Catalog(open_lake(bucket.url)) as catalog:
        assert catalog.rows(TOP) == right
    assert bucket.proxy.faults > 5


def test_a_confined_question_is_answered_on_s3_and_other_files_are_not_read(
    bucket: Bucket, lake: Lake
) -> None:
    with ConfinedCatalog(lake.snapshot()) as confined:
        assert confined.arrow("select count(*) as n from metrics")["n"].to_pylist() == [FILES * ROWS]
        other = lake.storage.uri("_lake.json")
        with pytest.raises(QueryError):
            confined.arrow(f"select * from read_text('{other}')")  # noqa: S608  it is refused


def test_a_file_of_several_sweeps_is_read_when_somebody_asks_what_they_take(
    bucket: Bucket, lake: Lake
) -> None:
    rows = pa.table({"sweep_id": ["w", "x", "x", "x"], "run_id": ["1", "2", "3", "4"]})
    place = {"strategy": "s", "symbol": "X0", "date": "2026-01-02"}
    commit(lake, "metrics", [write_rows(lake.storage, "metrics", rows, place)])
    with Catalog(lake) as catalog:
        found: list[dict] = []
        asked = "select sweep_id, files, row_count from sweep_storage order by sweep_id"
        counts = requests(bucket, "what sweeps take", lambda: found.extend(catalog.rows(asked)))
    assert [tuple(row.values()) for row in found] == [("w", FILES + 1, FILES * ROWS + 1), ("x", 1, 3)]
    assert counts.total() <= 2


def test_a_file_that_is_gone_makes_the_snapshot_gone(bucket: Bucket, lake: Lake) -> None:
    with Catalog(lake) as catalog:
        files = catalog.snapshot["metrics"].files
        lake.storage.delete([f"metrics/{file.path}" for file in files])
        with pytest.raises(FileLostError, match="a committed file is missing: metrics/"):
            catalog.rows(TOP)
        commit(lake, "metrics", [], removes=files)
        with pytest.raises(SnapshotGoneError):
            catalog.rows(TOP)


def test_a_file_that_is_gone_before_anybody_asks_is_named(bucket: Bucket, lake: Lake) -> None:
    lake.storage.delete([f"metrics/{file.path}" for file in lake.snapshot(["metrics"])["metrics"].files])
    with (
        pytest.raises(FileLostError, match="a committed file is missing: metrics/"),
        Catalog(lake) as catalog,
    ):
        catalog.rows(TOP)


def test_an_outage_is_told_in_one_line(bucket: Bucket, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lake.s3.PATIENCE_SECONDS", 0.5)
    outage = faulty(1.0, faults=(refused(503, "SlowDown"),))
    with Catalog(lake) as catalog:
        bucket.proxy.hook = outage
        with pytest.raises(LakeUnreachableError, match="injected") as of_the_view:
            catalog.rows(TOP)
        bucket.proxy.hook = undisturbed
        catalog.rows("describe metrics")
        bucket.proxy.hook = outage
        with pytest.raises(QueryError, match="injected") as of_the_rows:
            catalog.rows(TOP)
    for told in (of_the_view, of_the_rows):
        assert "\n" not in str(told.value)


@pytest.mark.parametrize("left", [0, 700])
def test_a_file_that_was_cut_is_named(bucket: Bucket, lake: Lake, left: int) -> None:
    storage = lake.storage
    cut = f"metrics/{lake.snapshot()['metrics'].files[7].path}"
    storage.fs.pipe_file(storage.path(cut), storage.read(cut)[:left])
    with Catalog(lake) as catalog, pytest.raises(FileUnreadableError, match="ends earlier") as told:
        catalog.rows(TOP)
    assert told.value.file == cut
    assert "\n" not in str(told.value)
