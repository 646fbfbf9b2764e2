"""A letter of a log that flipped: the file that it means is as it was, and is not taken out for missing."""

from pathlib import Path

import pytest

from lake.check import check_files
from lake.lake import Lake
from lake.misnamed import misnamed
from lake.snapshot import DataFile, TableSnapshot
from sweeplake.checking import check
from tests.lake.runs import SWEEP, add_runs, end_sweep, rows_of


def test_a_file_whose_name_differs_in_one_letter_is_not_missing(lake: Lake) -> None:
    add_runs(lake, ["r1", "r2"])
    end_sweep(lake, 2)
    [file] = lake.snapshot(["equity"])["equity"].files
    path = Path(lake.url, "equity", file.path)
    other = path.with_name(("1" if path.name[0] == "0" else "0") + path.name[1:])
    path.rename(other)  # as if the log meant another
    [found] = check_files(lake, deep=True).findings
    assert (found.kind, found.table, found.file) == ("log", "equity", f"equity/{file.path}")
    assert found.text == f"the log means {other.relative_to(Path(lake.url, 'equity'))}"
    report = check(lake, deep=True, repair=True, drop_damaged=True)
    assert [finding.kind for finding in report.findings] == ["log"]
    assert rows_of(lake, "details") == ["r1", "r2"]
    other.rename(path)
    assert check(lake, deep=True).clean
    path.unlink()
    [missing] = check_files(lake).findings
    assert (missing.kind, missing.sweeps) == ("missing_file", (SWEEP,))


@pytest.mark.parametrize("at", [0, 3, 20, -41, -40, -25, -24, -9, -8, -1])
def test_whatever_letter_it_is(lake: Lake, at: int) -> None:
    add_runs(lake, ["r1"])
    [file] = lake.snapshot(["equity"])["equity"].files
    lies = file.path
    at %= len(lies)
    means = lies[:at] + ("1" if lies[at] == "0" else "0") + lies[at + 1 :]
    named = DataFile(means, file.size_bytes, file.rows, file.partition, "", {}, {})
    table = TableSnapshot("equity", 1, lake.snapshot(["equity"])["equity"].schema, (named,))
    [found] = misnamed(lake.storage, table, [means])
    assert found.text == f"the log means {lies}"
    two = means[: at - 1] + ("z" if at else "") + means[at:] if at else means[:-2] + "zz"
    assert misnamed(lake.storage, table, [two]) == []
