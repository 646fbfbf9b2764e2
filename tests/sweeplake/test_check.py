"""`sweeplake check`: clean lakes are clean, damage is told with what to do, and a repair says what it did."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import sweeplake as sl
from lake.commits import commit
from lake.findings import Finding
from lake.lost import lost_blocks
from lake.ownership import claim
from sweeplake.checking import check
from tests.sweeplake.asking import Ask, refused, tree


@pytest.fixture
def own(swept: Path, tmp_path: Path) -> Path:
    """A copy of the lake after two sweeps, to damage."""
    shutil.copytree(swept, tmp_path / "own")
    return tmp_path / "own"


def cross_id(own: Path) -> str:
    with sl.open(own) as lake:
        return str(lake.sweeps().set_index("strategy").loc["sma_cross", "sweep_id"])


def test_real_sweeps_are_clean_and_checking_changes_nothing(swept: Path, ask: Ask) -> None:
    before = tree(swept)
    for words in ((), ("--deep",), ("--repair",)):
        answer = ask("check", "--lake", swept, *words)
        assert (answer.code, answer.out) == (0, "")
        assert "all is as it was written" in answer.err
    assert tree(swept) == before


def test_damage_is_told_and_repaired_step_by_step(own: Path, ask: Ask) -> None:
    sweep = cross_id(own)
    table = sl.open(own).tables.snapshot()["metrics"]
    file = next(held for held in table.files if held.partition["symbol"] == "BBB")
    Path(own, "metrics", file.path).unlink()
    told = ask("check", "--lake", own, "--json")
    assert told.code == 1
    kinds = {finding["kind"]: finding for finding in told.json["findings"]}
    assert set(kinds) == {"missing_file"}  # what else rows say follows from it
    assert kinds["missing_file"]["file"] == f"metrics/{file.path}"
    assert kinds["missing_file"]["sweeps"] == [sweep]
    assert not told.json["clean"]

    before = tree(own)
    text = ask("check", "--lake", own, "--repair")  # what it would judge by is damaged: nothing is dropped
    assert text.code == 1
    assert f"sweeplake resume {sweep}" in text.err
    assert tree(own) == before

    dropped = ask("check", "--lake", own, "--repair", "--drop-damaged", "--json")
    assert "took out 1 files" in dropped.json["repaired"][0]
    assert [finding["kind"] for finding in dropped.json["findings"]] == ["run_count"]
    assert dropped.json["findings"][0]["remedy"].startswith(f"`sweeplake resume {sweep}`")
    lake = sl.open(own).tables
    assert {symbol for _, _, symbol in lost_blocks(lake.storage, sweep)} == {"BBB"}
    left = lake.snapshot().read("metrics", columns=["sweep_id", "symbol"]).to_pylist()
    assert {row["symbol"] for row in left if row["sweep_id"] == sweep} == {"AAA"}


def test_what_only_a_deep_check_finds_is_repaired_by_the_command_that_it_prints(own: Path, ask: Ask) -> None:
    file = sl.open(own).tables.snapshot()["metrics"].files[0]
    path = Path(own, "metrics", file.path)
    column = pq.read_metadata(path).row_group(0).column(0)
    data = bytearray(path.read_bytes())
    data[column.data_page_offset + column.total_compressed_size // 2] ^= 1
    path.write_bytes(data)
    assert ask("check", "--lake", own).code == 0
    (finding,) = ask("check", "--lake", own, "--deep", "--json").json["findings"]
    printed = finding["remedy"].split("`")[1]
    assert printed == "sweeplake check --deep --repair --drop-damaged"
    assert "took out 1 files" in ask(*printed.split()[1:], "--lake", own).err
    assert "damaged_file" not in ask("check", "--lake", own, "--deep").out


def test_a_lost_file_of_a_sweep_without_a_journal_is_told_with_a_remedy_that_works(
    own: Path, ask: Ask
) -> None:
    sweep = cross_id(own)
    table = sl.open(own).tables.snapshot()["metrics"]
    file = next(held for held in table.files if held.partition["symbol"] == "BBB")
    Path(own, "metrics", file.path).unlink()
    shutil.rmtree(own / "_sweeps" / sweep)
    (finding,) = ask("check", "--lake", own, "--json").json["findings"]
    assert f"`sweeplake delete {sweep}` and run it again" in finding["remedy"]
    assert "resume" not in finding["remedy"]


def test_rows_that_nobody_sees_are_harmless_until_they_are_dropped(own: Path, ask: Ask) -> None:
    tables = sl.open(own).tables
    details = tables.snapshot()["details"].files
    rows = tables.snapshot().read("trades").num_rows
    commit(tables, "details", [], removes=details[:1])
    told = ask("check", "--lake", own)
    assert told.code == 0
    assert "leftovers" in told.out
    repaired = ask("check", "--lake", own, "--repair", "--json")
    assert repaired.json["findings"] == []
    assert "rows that no details name" in repaired.json["repaired"][0]
    assert tables.snapshot().read("trades").num_rows < rows
    assert (
        ask("history", "--lake", own, "--table", "trades", "--json")
        .json["versions"][0]["done"]
        .startswith("repair")
    )


def test_details_that_are_not_whole_are_dropped_and_the_runs_stay(own: Path) -> None:
    tables = sl.open(own).tables
    snapshot = tables.snapshot()
    trades = snapshot["trades"].files[0]
    commit(tables, "trades", [], removes=[trades])
    before = _kinds(check(tables).findings)
    report = check(tables, repair=True)
    assert before == ["details_not_whole"]
    assert report.clean
    assert len(report.findings) == 0
    assert tables.snapshot().read("metrics").num_rows == snapshot.read("metrics").num_rows
    assert tables.snapshot().read("details").num_rows < snapshot.read("details").num_rows


def test_a_damaged_file_that_a_repair_was_to_write_anew_is_told_and_left(own: Path, ask: Ask) -> None:
    tables = sl.open(own).tables
    commit(tables, "details", [], removes=tables.snapshot()["details"].files[:1])  # its equity is left over
    for name in ("equity", "trades"):
        for file in tables.snapshot()[name].files:
            path = Path(own, name, file.path)
            path.write_bytes(path.read_bytes().replace(b"equity", b"dquity").replace(b"pnl", b"qnl"))
    before = {name: tables.snapshot()[name].files for name in ("equity", "trades")}
    assert ask("check", "--lake", own).code == 0  # it cannot see that
    repaired = ask("check", "--lake", own, "--repair", "--json")
    assert repaired.code == 1
    (damaged,) = [found for found in repaired.json["findings"] if found["kind"] == "damaged_file"]
    assert "check --deep --repair --drop-damaged" in damaged["remedy"]
    assert "left equity/" in repaired.json["repaired"][-1]
    assert before == {name: sl.open(own).tables.snapshot()[name].files for name in before}


def test_rows_of_a_sweep_whose_driver_lives_are_left(own: Path, ask: Ask) -> None:
    sweep, tables = cross_id(own), sl.open(own).tables
    files = [file for file in tables.snapshot()["details"].files if file.minimum["sweep_id"] == sweep]
    commit(tables, "details", [], removes=files)
    rows = tables.snapshot().read("trades").num_rows
    with claim(tables, sweep):
        repaired = ask("check", "--lake", own, "--repair")
    assert f"left the rows of sweep {sweep} as they are" in repaired.err
    assert sl.open(own).tables.snapshot().read("trades").num_rows == rows


def _kinds(findings: "list[Finding] | tuple[Finding, ...]") -> list[str]:
    return [finding.kind for finding in findings]


def test_what_cannot_be_checked_exits_2(own: Path, ask: Ask, tmp_path: Path) -> None:
    refused(ask("check", "--lake", tmp_path / "none"), "there is no lake")
    refused(ask("check", "--lake", own, "--drop-damaged"), "--repair")
    (own / "_lake.json").write_text("{")
    refused(ask("check", "--lake", own), "unreadable (_lake.json)")
