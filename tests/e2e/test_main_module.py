"""A script that starts a sweep without a guard is told what to do, in one sentence."""

import subprocess
import sys
from pathlib import Path

SWEEP = """
import sweeplake as sl
lake = sl.open("lake")
sl.ingest("AAPL", source="demo", lake=lake)
config = {"name": "n", "strategy": "sma_cross", "symbols": ["AAPL"], "timeframe": "1d"}
try:
    sl.run(config, lake=lake, workers=1)
except Exception as error:
    print("told:", error)
"""


def test_a_program_from_standard_input_is_told_to_be_a_file(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-"],
        input=SWEEP,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
        check=False,
    )
    assert "told: the embedded workers cannot start from" in answer.stdout, answer.stderr
    assert '`if __name__ == "__main__":`' in answer.stdout


def test_a_script_without_a_guard_is_told_to_have_one(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SWEEP)
    answer = subprocess.run(
        [sys.executable, "script.py"], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert "told: the embedded workers cannot start from" in answer.stdout, answer.stderr
