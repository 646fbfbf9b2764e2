"""Questions of a large lake beside a native table in memory of the same rows, in one process.

BENCH_RUNS is the size (default 200000; the published figures are of 10000000). Native is what DuckDB takes
for plain SQL on a table of the same columns and types; ours is what a user calls, from the lake's files and
from the copy on this machine. Answers are compared first. Medians of nine.
"""

import json
import os
import time
from functools import partial
from pathlib import Path
from statistics import median

import pytest

import sweeplake as sl
from lake.commits import commit
from lake.writer import write_rows
from tests.benchmarks.asking import REPEATED, milliseconds, native_table, questions, require_same
from tests.benchmarks.questioned import SOME_RUN, questioned_lake

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

RUNS = int(os.environ.get("BENCH_RUNS", "200000"))


def test_questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEPLAKE_CACHE", str(tmp_path / "cache"))
    lake = questioned_lake(str(tmp_path / "lake"), tmp_path, RUNS)
    native = native_table(lake.catalog)
    asked = questions(lake.catalog.rows(SOME_RUN)[0])
    taken: dict[str, dict[str, float]] = {name: {} for name in asked}
    for way in ("files", "copy"):
        if way == "copy":
            begun = time.perf_counter()
            copy = lake.cache()
            made = time.perf_counter() - begun
        for name, question in asked.items():
            require_same(question.ours(lake.catalog), native.sql(question.native).to_arrow_table())
            by_native = partial(lambda text: native.sql(text).to_arrow_table(), question.native)
            taken[name][f"native beside {way}"] = milliseconds(by_native)
            taken[name][way] = milliseconds(partial(question.ours, lake.catalog))
    print(f"\n{RUNS:,} runs; ms   native    files    times      copy   times")
    for name, ms in taken.items():
        ratios = [ms[way] / ms[f"native beside {way}"] for way in ("files", "copy")]
        print(
            f"{name:<24} {ms['native beside files']:8.1f} {ms['files']:8.1f} {ratios[0]:8.2f} "
            f"{ms['copy']:9.1f} {ratios[1]:7.2f}"
        )
        limits = {"files_most": asked[name].files, "copy_most": asked[name].copy}
        told = {"benchmark": "questions", "runs": RUNS, "question": name, **ms, **limits}
        print(json.dumps({key: value for key, value in told.items() if value != float("inf")}))
    size = copy.database.stat().st_size
    print(json.dumps({"benchmark": "copy", "runs": copy.rows, "seconds": made, "bytes": size}))
    _open_and_refresh(lake)


def _open_and_refresh(lake: sl.Lake) -> None:
    opening = []
    for _ in range(REPEATED):
        begun = time.perf_counter()
        with sl.open(lake.url) as other:
            other.sql("select 1").fetchall()
        opening.append((time.perf_counter() - begun) * 1e3)
    rows = lake.catalog.arrow("select * from metrics where strategy = 'strategy_2' limit 10")
    refreshing = []
    for number in range(REPEATED):
        at = {"strategy": "strategy_2", "symbol": f"S{number:02d}", "date": "2026-01-02"}
        file = write_rows(lake.tables.storage, "metrics", rows.drop_columns(list(at)), at)
        commit(lake.tables, "metrics", [file])
        begun = time.perf_counter()
        lake.refresh()
        refreshing.append((time.perf_counter() - begun) * 1e3)
    verdict = {"benchmark": "opening", "open_ms": median(opening), "refresh_ms": median(refreshing)}
    print(json.dumps(verdict))
