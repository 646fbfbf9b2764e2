"""Questions of a lake on object storage, a moto server on loopback: cold, warm and from the copy.

BENCH_RUNS is the size (default 200000; the published figures are of 1000000). Cold is the first question to a
reader that was opened just now; warm the median of nine that follow. Answers are compared with those of a
native table of the same rows first.
"""

import json
import os
import time
from pathlib import Path

import pytest

import sweeplake as sl
from tests.benchmarks.asking import milliseconds, native_table, questions, require_same
from tests.benchmarks.questioned import SOME_RUN, questioned_lake
from tests.s3 import Bucket

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

RUNS = int(os.environ.get("BENCH_RUNS", "200000"))


def test_questions_on_s3(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEPLAKE_CACHE", str(tmp_path / "cache"))
    lake = questioned_lake(bucket.url, tmp_path, RUNS)
    native = native_table(lake.catalog)
    asked = questions(lake.catalog.rows(SOME_RUN)[0])
    told: dict[str, dict[str, float]] = {name: {} for name in asked}
    for way in ("files", "copy"):
        if way == "copy":
            lake.cache()
        for name, question in asked.items():
            row, begun = told[name], time.perf_counter()
            with sl.open(bucket.url) as reader:
                catalog = reader.catalog
                row[f"{way}_open_ms"] = (time.perf_counter() - begun) * 1e3
                bucket.proxy.forget()
                begun = time.perf_counter()
                answer = question.ours(catalog)
                row[f"{way}_cold_ms"] = (time.perf_counter() - begun) * 1e3
                row[f"{way}_cold_requests"] = sum(bucket.proxy.counts().values())
                require_same(answer, native.sql(question.native).to_arrow_table())
                bucket.proxy.forget()
                row[f"{way}_warm_ms"] = milliseconds(lambda ask=question.ours, of=catalog: ask(of))
                row[f"{way}_warm_requests"] = sum(bucket.proxy.counts().values()) / 10
    print(f"\n{RUNS:,} runs on S3; ms {'open':>8} {'cold':>8} {'requests':>9} {'warm':>8} {'copy':>8}")
    for name, row in told.items():
        print(
            f"{name:<24} {row['files_open_ms']:8.0f} {row['files_cold_ms']:8.0f} "
            f"{row['files_cold_requests']:9.0f} {row['files_warm_ms']:8.1f} {row['copy_warm_ms']:8.1f}"
        )
        print(json.dumps({"benchmark": "questions on S3", "runs": RUNS, "question": name, **row}))
