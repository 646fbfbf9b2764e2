"""Check: what does not fit is named, by file and by the sweeps that it touches; nothing else is."""

import dataclasses
import json
import math
import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from lake.check import Checked, check_files
from lake.claims import claims
from lake.commits import commit
from lake.file_check import check_file
from lake.lake import Lake, open_lake
from lake.losing import drop_lost
from lake.receipts import FileReceipt
from lake.snapshot import DataFile, delta_table
from lake.vacuum import vacuum_plan
from lake.writer import write_rows
from tests.lake.runs import SWEEP, add_runs, end_sweep, partition, rows_of
from tests.s3 import Bucket

FLIPPED = 400
OTHER = "20260103T000000000-bbbbbb"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of one sweep, in two batches."""
    lake = open_lake(str(tmp_path_factory.mktemp("made") / "lake"))
    add_runs(lake, ["a"], number=1)
    add_runs(lake, ["b"], number=2)
    end_sweep(lake, 2)
    return Path(lake.url)


@pytest.fixture
def filled(made: Path, lake: Lake) -> Lake:
    """A copy of it, to damage."""
    shutil.copytree(made, lake.url)
    return lake


def place(lake: Lake, table: str, number: int = 0) -> tuple[DataFile, Path]:
    """Return a visible file of a table, and where it lies."""
    file = lake.snapshot([table])[table].files[number]
    return file, Path(lake.url, table, file.path)


def told(checked: Checked) -> list[tuple[str, str, str]]:
    return sorted((finding.kind, finding.table, finding.file) for finding in checked.findings)


@pytest.mark.parametrize("deep", [False, True])
def test_a_whole_lake_has_no_findings(filled: Lake, *, deep: bool) -> None:
    checked = check_files(filled, deep=deep)
    assert checked.findings == ()
    assert checked.files == 9
    assert checked.bytes == sum(path.stat().st_size for path in Path(filled.url).rglob("*.parquet"))


@pytest.mark.parametrize("deep", [False, True])
def test_odd_values_have_the_statistics_that_were_committed(lake: Lake, *, deep: bool) -> None:
    values = [math.nan, math.inf, -math.inf, -0.0, 0.0, None, 1e-320]
    for symbol, sharpe in enumerate([*([value, 1.5] for value in values), values, [None, None]]):
        count = len(sharpe)
        rows = pa.table(
            {
                "sweep_id": [SWEEP] * count,
                "run_id": [f"é{k}" * 40 for k in range(count)],
                "sharpe": pa.array(sharpe, pa.float64()),
            }
        )
        for quick in (True, False):
            receipt = write_rows(lake.storage, "metrics", rows, partition(f"ÄB/{symbol} %"), quick=quick)
            commit(lake, "metrics", [receipt])
    assert check_files(lake, deep=deep).findings == ()


def test_a_file_that_is_gone_is_named_with_its_sweep_and_the_remedy(filled: Lake) -> None:
    file, path = place(filled, "trades")
    path.unlink()
    (finding,) = check_files(filled).findings
    assert (finding.kind, finding.table) == ("missing_file", "trades")
    assert finding.file == f"trades/{file.path}"
    assert finding.sweeps == (SWEEP,)
    assert "--drop-damaged" in finding.remedy
    assert f"sweeplake resume {SWEEP}" in finding.remedy


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[:0],
        lambda data: data + b"x",
        lambda data: bytes(len(data)),
        lambda data: data[:-8] + b"\xff" * 4 + data[-4:],
    ],
    ids=["cut", "empty", "longer", "zeros", "footer"],
)
def test_a_file_of_other_bytes_is_named_without_reading_all_of_it(
    filled: Lake, damage: Callable[[bytes], bytes]
) -> None:
    file, path = place(filled, "metrics")
    path.write_bytes(damage(path.read_bytes()))
    checked = check_files(filled)
    assert told(checked) == [("damaged_file", "metrics", f"metrics/{file.path}")]
    assert checked.lost["metrics"] == [file]
    assert [held.path for held in checked.sound["metrics"].files] == [
        held.path for held in checked.visible["metrics"].files if held.path != file.path
    ]


def test_every_one_of_400_files_with_one_flipped_bit_is_named(lake: Lake) -> None:
    random = np.random.default_rng(7)
    for table in ("metrics", "trades", "equity", "details"):
        receipts = [
            write_rows(lake.storage, table, _random_rows(table, random), partition("X"), quick=quick)
            for quick in (True, False)
            for _ in range(FLIPPED // 8)
        ]
        commit(lake, table, receipts)
    assert check_files(lake, deep=True).findings == ()
    files = sorted(Path(lake.url).glob("*/strategy=*/**/*.parquet"))
    assert len(files) == FLIPPED
    for path in files:
        data = bytearray(path.read_bytes())
        bit = int(random.integers(0, 8 * len(data)))
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
    deep = check_files(lake, deep=True)
    assert {finding.file for finding in deep.findings} == {str(path.relative_to(lake.url)) for path in files}
    assert {finding.kind for finding in deep.findings} == {"damaged_file"}
    assert {finding.sweeps for finding in deep.findings} == {(SWEEP,)}
    assert len(check_files(lake).findings) < FLIPPED  # sizes and footers tell less


def _random_rows(table: str, random: np.random.Generator) -> pa.Table:
    count = int(random.integers(1, 60))
    column = {"metrics": "sharpe", "trades": "pnl", "equity": "equity", "details": "ulcer_index"}[table]
    return pa.table(
        {
            "sweep_id": [SWEEP] * count,
            "run_id": [f"{random.integers(1 << 60):032x}" for _ in range(count)],
            column: random.normal(size=count),
        }
    )


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the kernel counts no bytes here")
def test_only_deep_reads_whole_files(lake: Lake) -> None:
    random = np.random.default_rng(0)
    keys = {"sweep_id": [SWEEP] * 100_000, "run_id": [f"{k:032x}" for k in range(100_000)]}
    for _ in range(3):
        rows = pa.table(
            {**keys, "equity": random.normal(size=100_000), "drawdown": random.normal(size=100_000)}
        )
        commit(lake, "equity", [write_rows(lake.storage, "equity", rows, partition("X"), quick=True)])

    table = delta_table(lake.storage, "equity")
    assert table is not None
    held = claims(lake.snapshot(["equity"])["equity"].files, table)

    def read(*, deep: bool) -> float:
        before, size = _bytes_read(), sum(claim.file.size_bytes for claim in held)
        for claim in held:
            assert check_file(lake.storage, "equity", claim, claim.file.size_bytes, deep=deep) == []
        return (_bytes_read() - before) / size

    assert read(deep=False) < 0.1
    assert read(deep=True) >= 1.0


def _bytes_read() -> int:
    return int(Path("/proc/self/io").read_text().split()[1])


def wrong(receipt: FileReceipt, **changes: object) -> FileReceipt:
    document = {**json.loads(receipt.statistics), **changes}
    return dataclasses.replace(receipt, statistics=json.dumps(document))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"numRecords": 3}, "the log says 3 rows, the file has 2"),
        ({"minValues": {}, "maxValues": {}, "nullCount": {}}, "bounds"),
        ({"minValues": {"sweep_id": SWEEP, "run_id": "b", "sharpe": 0.5}}, "run_id"),
        ({"nullCount": {"sweep_id": 0, "run_id": 1}}, "run_id"),
    ],
)
def test_statistics_that_are_not_the_file_s_are_told(
    lake: Lake, changes: dict[str, object], said: str
) -> None:
    rows = pa.table({"sweep_id": [SWEEP] * 2, "run_id": ["a", "b"], "sharpe": [0.5, 1.5]})
    receipt = write_rows(lake.storage, "metrics", rows, partition("X"))
    commit(lake, "metrics", [wrong(receipt, **changes)])
    for deep in (False, True):
        (finding,) = check_files(lake, deep=deep).findings
        assert finding.kind == "statistics"
        assert said in finding.text


def test_a_merged_file_names_the_sweeps_between_its_bounds(lake: Lake) -> None:
    for sweep in (SWEEP, OTHER, "20260104T000000000-cccccc"):
        end_sweep(lake, 0, sweep=sweep)
    rows = pa.table({"sweep_id": [SWEEP, OTHER], "run_id": ["a", "b"]})
    commit(lake, "metrics", [write_rows(lake.storage, "metrics", rows, partition("X"))])
    place(lake, "metrics")[1].unlink()
    (finding,) = check_files(lake).findings
    assert finding.sweeps == (SWEEP, OTHER)


def test_a_file_that_was_moved_to_another_folder_is_told(filled: Lake) -> None:
    rows = pa.table({"sweep_id": [SWEEP], "run_id": ["c"]})
    receipt = write_rows(filled.storage, "metrics", rows, partition("Y"))
    commit(filled, "metrics", [dataclasses.replace(receipt, partition=partition("Z"))])
    assert [finding.kind for finding in check_files(filled).findings] == ["partition"]


def test_what_may_be_taken_for_another_log_is_told(filled: Lake) -> None:
    log = Path(filled.url, "metrics", "_delta_log")
    newest = max(log.glob("*.json"))
    shutil.copy(newest, log / f"{newest.stem} (1).json")
    shutil.copytree(log, Path(filled.url, "metrics", "strategy=s", "_delta_log"))
    assert Counter(finding.kind for finding in check_files(filled).findings) == {"rival_log": 2}


@pytest.mark.parametrize(
    "name", ["_{next}.json.{token}", "{newest}.checkpoint.parquet#1", "_last_checkpoint#1"]
)
def test_what_a_writer_that_died_left_half_done_in_a_log_is_no_other_log(filled: Lake, name: str) -> None:
    log = Path(filled.url, "metrics", "_delta_log")
    newest = max(int(entry.stem) for entry in log.glob("*.json"))
    half = log / name.format(next=f"{newest + 1:020}", newest=f"{newest:020}", token="0" * 32)
    half.write_bytes(b'{"half')
    assert check_files(filled, deep=True).findings == ()
    os.utime(half, (0, 0))
    (left,) = vacuum_plan(filled).leftovers
    assert left.path == half.relative_to(filled.url).as_posix()


def test_a_table_whose_log_cannot_be_read_is_told_and_the_others_are_checked(filled: Lake) -> None:
    log = Path(filled.url, "metrics", "_delta_log")
    (log / f"{1:020d}.json").unlink()
    place(filled, "trades")[1].unlink()
    findings = check_files(filled).findings
    assert sorted((finding.kind, finding.table) for finding in findings) == [
        ("log", "metrics"),
        ("missing_file", "trades"),
    ]
    assert "entry 1 is missing" in next(finding.text for finding in findings if finding.kind == "log")


def test_a_lake_on_an_object_store_is_checked_and_repaired_too(bucket: Bucket) -> None:
    s3_lake = open_lake(bucket.url)
    add_runs(s3_lake, ["a"], number=1)
    add_runs(s3_lake, ["b"], number=2)
    end_sweep(s3_lake, 2)
    assert check_files(s3_lake).findings == ()
    snapshot = s3_lake.snapshot()
    file = snapshot["equity"].files[0]
    s3_lake.storage.delete([f"equity/{file.path}"])
    checked = check_files(s3_lake)
    assert told(checked) == [("missing_file", "equity", f"equity/{file.path}")]
    drop_lost(s3_lake, checked.lost, checked.sweeps)
    assert check_files(s3_lake).findings == ()
    assert len(rows_of(s3_lake, "metrics")) == 1
    version = s3_lake.snapshot(["metrics"])["metrics"].version
    earlier = s3_lake.snapshot(["metrics", "details"], version=version - 1)
    assert earlier.read("metrics").num_rows == 2
