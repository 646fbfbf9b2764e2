"""A lake on S3: ingest, sweep and questions against a real endpoint on loopback, which fails now and then."""

from pathlib import Path
from subprocess import CompletedProcess

import pyarrow as pa
import pytest
from distributed import Client

import sweeplake as sl
from sweeplake.lake import Lake
from tests.e2e.processes import sweeplake as command
from tests.proxy import faulty, refused
from tests.s3 import Bucket

ROOT = Path(__file__).parents[2]
ROWS = {
    "metrics": "select * exclude (sweep_id, date, created_at, duration_sec) from metrics order by run_id",
    "trades": "select * exclude (sweep_id, date) from trades order by run_id, trade",
    "equity": "select * exclude (sweep_id, date) from equity order by run_id, time",
    "details": "select * exclude (sweep_id, date) from details order by run_id",
}


def sweeplake(*words: str) -> CompletedProcess[str]:
    return command(*words, cwd=ROOT, timeout=280)


def rows(lake: Lake) -> dict[str, pa.Table]:
    return {name: lake.sql(text).to_arrow_table() for name, text in ROWS.items()}


def test_a_sweep_on_s3_with_a_seventh_of_all_requests_failing_stores_the_rows_of_one_without(
    bucket: Bucket, tmp_path: Path, client: Client
) -> None:
    bucket.proxy.hook = faulty(1 / 7, seed=4)
    assert sweeplake("ingest", "AAPL", "--source", "demo", "--lake", bucket.url).returncode == 0
    ran = sweeplake("run", "configs/sma_cross_aapl.toml", "--lake", bucket.url, "--workers", "1")
    assert ran.returncode == 0, ran.stderr
    with sl.open(bucket.url) as lake, sl.open(tmp_path / "lake") as local:
        sl.ingest(["AAPL"], lake=local, source="demo")
        sl.run(ROOT / "configs/sma_cross_aapl.toml", lake=local, client=client)
        assert lake.best(5).run_id.tolist() == local.best(5).run_id.tolist()
        assert len(lake.search(min_sharpe=0.1)) == len(local.search(min_sharpe=0.1)) > 0
        stored, right = rows(lake), rows(local)
    for name in ROWS:
        assert right[name].num_rows >= 36
        assert stored[name].equals(right[name]), name
    requests, failed = len(bucket.proxy.seen), bucket.proxy.faults
    print(f"{requests} requests, {failed} of them failed; {dict(bucket.proxy.counts())}")
    assert failed / requests > 0.1


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("no bucket", ["ingest", "AAPL", "--source", "demo"]),
        ("refused", ["ingest", "AAPL", "--source", "demo"]),
        ("nobody listens", ["ingest", "AAPL", "--source", "demo"]),
        ("no bucket", ["best"]),
    ],
)
def test_storage_that_does_not_answer_is_told_in_one_message(
    bucket: Bucket, kind: str, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "s3://no-such-bucket/lake" if kind == "no bucket" else bucket.url
    if kind == "refused":
        bucket.proxy.hook = faulty(1.0, faults=(refused(403, "InvalidAccessKeyId"),))
    if kind == "nobody listens":
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    answer = sweeplake(*words, "--lake", url)
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"error: cannot reach the lake {url}: ")
    assert len(answer.stderr.strip().splitlines()) == 1
    assert {method for method, _ in bucket.proxy.seen} <= {"GET"}
