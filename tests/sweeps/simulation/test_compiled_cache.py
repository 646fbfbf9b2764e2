"""What numba keeps on disk is of one text of the package: another text finds none of it, and no error."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import sweeps

PROGRAM = """
import numpy as np
from sweeps.simulation.hopping.conditions import ABOVE, conditions
from sweeps.simulation.hopping.lines import address
from sweeps.simulation.hopping.packing import pack_conditions
row, asked, bits = np.arange(64.0), conditions((1,)), np.empty((1, 1), np.uint64)
asked.kind[:], asked.left[:], asked.value[:] = ABOVE, address(row), 60.0
pack_conditions(asked, 64, bits)
print(bits[0, 0] >> np.uint64(60), sum(pack_conditions.stats.cache_hits.values()))
"""


def answer(folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_an_edit_of_another_file_is_compiled_anew(tmp_path: Path) -> None:
    assert sweeps.__file__
    package = Path(sweeps.__file__).parent
    shutil.copytree(package, tmp_path / "sweeps", ignore=shutil.ignore_patterns("__pycache__"))
    assert answer(tmp_path) == "14 0"
    assert answer(tmp_path) == "14 1"
    file = tmp_path / "sweeps/simulation/hopping/conditions.py"
    text = file.read_text()
    file.write_text(
        text.replace(
            "one.kind == ABOVE:\n        return row_above", "one.kind == ABOVE:\n        return row_below"
        )
    )
    assert answer(tmp_path) == "0 0"
    file.write_text(text)
    assert answer(tmp_path) == "14 1"
    for other in (tmp_path / "sweeps/simulation").rglob(
        "*.py"
    ):  # a class of the compiled function's arguments
        other.write_text(re.sub(r"\bConditions\b", "Asked", other.read_text()))
    assert answer(tmp_path) == "14 0"
