"""`compact` and `vacuum` as somebody types them."""

import os
import shutil
from pathlib import Path

import pytest

from tests.sweeplake.asking import Ask, refused, tree

TOP = "select run_id, sharpe from metrics order by sharpe desc nulls last, run_id limit 20"


@pytest.fixture
def lake(swept: Path, tmp_path: Path) -> Path:
    """The lake of two sweeps, to change."""
    return Path(shutil.copytree(swept, tmp_path / "lake"))


def old(lake: Path, hours: float = 48) -> None:
    for path in lake.rglob("*"):
        at = path.stat().st_mtime - hours * 3600
        os.utime(path, (at, at))


def test_a_dry_run_tells_and_changes_nothing(ask: Ask, lake: Path) -> None:
    before = tree(lake)
    answer = ask("compact", "--lake", lake, "--dry-run", "--json")
    assert answer.code == 0
    assert {row["table"] for row in answer.json["tables"]} >= {"metrics", "sweeps", "details"}
    assert "bars" not in {row["table"] for row in answer.json["tables"]}
    assert tree(lake) == before
    old(lake)
    assert ask("vacuum", "--lake", lake, "--dry-run").code == 0
    assert tree(lake) == before


def test_compaction_and_vacuum_keep_every_answer(ask: Ask, lake: Path) -> None:
    for table in ("metrics", "sweeps"):  # as many small files as a month of sweeps leaves
        _copies(lake, table)
    before = ask("sql", TOP, "--lake", lake).out
    done = ask("compact", "--lake", lake, "--json")
    assert done.code == 0, done.err
    metrics = {row["table"]: row for row in done.json["tables"]}["metrics"]
    assert metrics["files_after"] < metrics["files_before"]
    assert metrics["bytes_after"] < metrics["bytes_before"]
    assert "nothing needs" in ask("compact", "--lake", lake).err
    old(lake)
    freed = ask("vacuum", "--lake", lake, "--json")
    assert freed.code == 0, freed.err
    kinds = {item["kind"] for item in freed.json["leftovers"]}
    assert {"data", "journal"} <= kinds
    assert freed.json["bytes"] == sum(item["bytes"] for item in freed.json["leftovers"])
    assert ask("sql", TOP, "--lake", lake).out == before
    assert "nothing to delete" in ask("vacuum", "--lake", lake).err


def _copies(lake: Path, table: str) -> None:
    """Commit a table's rows as single-row files more, under runs of another sweep."""
    import pyarrow as pa

    from lake.commits import commit
    from lake.lake import open_lake
    from lake.schemas import TABLES
    from lake.writer import write_rows

    opened = open_lake(str(lake))
    rows = opened.snapshot([table]).read(table)
    stored = rows.drop_columns(list(TABLES[table].partition_by))
    partitions = rows.select(list(TABLES[table].partition_by)).to_pylist()
    stored = stored.set_column(0, "sweep_id", pa.array(["20200101T000000000-aaaaaa"] * rows.num_rows))
    receipts = [
        write_rows(
            opened.storage,
            table,
            stored.slice(place, 1),
            {name: str(value) for name, value in partition.items()},
            quick=True,
        )
        for place, partition in enumerate(partitions)
    ]
    commit(opened, table, receipts)


def test_a_damaged_file_is_named_and_the_exit_code_tells(ask: Ask, lake: Path) -> None:
    _copies(lake, "metrics")
    bad = next((lake / "metrics").glob("strategy=sma_cross/symbol=AAA/*/*.parquet"))
    bad.write_bytes(bad.read_bytes()[:-1])
    answer = ask("compact", "--lake", lake)
    assert answer.code == 1
    assert bad.name in answer.err
    assert bad.exists()


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("vacuum", "--older-than", "1h"), ("24 h", "--force")),
        (("vacuum", "--older-than", "soon"), ("--older-than", "m (minutes), h, d or w")),
        (("vacuum", "--older-than", "900000d"), ("--older-than", "longer than 36500d", "give a shorter one")),
        (("compact", "--table", "bars"), ("--table", "metrics")),
    ],
)
def test_what_is_not_safe_is_refused(
    ask: Ask, lake: Path, words: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    before = tree(lake)
    refused(ask(*words, "--lake", lake), *parts)
    assert tree(lake) == before


@pytest.mark.parametrize("command", ["compact", "vacuum"])
def test_a_lake_that_is_not_there_is_told(ask: Ask, tmp_path: Path, command: str) -> None:
    refused(ask(command, "--lake", tmp_path / "none"), "there is no lake")
    assert not (tmp_path / "none").exists()
