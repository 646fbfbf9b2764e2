"""Symbols that no folder can have are refused before anything is written."""

from pathlib import Path

import pytest

from lake.lake import open_lake
from sweeps.bars.errors import SymbolError
from sweeps.bars.ingest import ingest_files

CSV = "date,open,high,low,close,volume\n2024-01-02,1,2,1,2,5\n2024-01-03,2,3,2,3,5\n"


@pytest.mark.parametrize("symbol", ["__HIVE_DEFAULT_PARTITION__", "X" * 300, "ü" * 60])
def test_a_symbol_that_no_folder_can_have_is_refused(tmp_path: Path, symbol: str) -> None:
    (tmp_path / "bars.csv").write_text(CSV)
    with pytest.raises(SymbolError, match="--symbol"):
        ingest_files(open_lake(str(tmp_path / "lake")), [tmp_path / "bars.csv"], symbol=symbol)
    assert not (tmp_path / "lake").exists()
