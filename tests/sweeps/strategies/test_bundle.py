import pickle
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from sweeps.bars.frame import Bars
from sweeps.strategies.evaluate import evaluate
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.registry import resolve
from sweeps.strategies.source import StrategySource


def test_a_users_file_is_a_strategy_with_its_helpers(folder: Path, bars: Bars):
    mine = resolve("mine.py:mine", folder)
    assert (mine.name, mine.kind, mine.short) == ("mine", "signals", True)
    assert mine.meaning == "Above the mean by the level of a helper."
    assert [(one.name, one.kind, one.low) for one in mine.parameters] == [("fast", "int", 2)]
    assert set(mine.source.bundle.files) == {
        "mine.py", "levels.py", "tools/__init__.py", "tools/more.py", "tools/scale.py",
    }  # fmt: skip
    state = bars.close > Indicators(bars).sma(5) * 1.01
    expected = np.flatnonzero(np.diff(state.astype(int)) == 1) + 1
    events = evaluate(mine, Indicators(bars), {"fast": 5}, "long").events
    assert np.flatnonzero(events & 1).tolist() == expected.tolist()


def test_an_undecorated_function_is_long_only_and_a_backtester_is_marked(folder: Path):
    plain, whole = resolve("mine.py:plain", folder), resolve("mine.py:whole", folder)
    assert (plain.short, plain.kind, plain.parameters[0].kind) == (False, "signals", "int")
    assert (whole.kind, whole.parameters[0].default) == ("backtester", 1.0)


def test_a_projects_own_package_elsewhere_counts_and_travels(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    project = tmp_path / "project" / "shared_by_tests"
    project.mkdir(parents=True)
    monkeypatch.syspath_prepend(str(project.parent))
    (project / "maths.py").write_text("import json\nimport numpy\nFACTOR = 1.0\n")
    text = "from shared_by_tests.maths import FACTOR\n\ndef far(bars, ind, *, fast: int):\n"
    text += "    return bars.close > FACTOR\n"
    (folder / "far.py").write_text(text)
    before = resolve("far.py:far", folder)
    assert set(before.source.bundle.files) == {"far.py", "shared_by_tests/maths.py"}
    (project / "maths.py").write_text("import json\nimport numpy\nFACTOR = 1.02\n")
    assert resolve("far.py:far", folder).code != before.code
    (project / "maths.py").unlink()
    assert before.source.load().code == before.code, "the bundle has it"


def test_a_file_may_lie_in_another_folder(folder: Path):
    assert resolve("configs/mine.py:mine", folder.parent).name == "mine"
    assert resolve(f"{folder / 'mine.py'}:mine", Path("elsewhere")).name == "mine"


def test_nothing_of_the_users_is_left_where_others_import(folder: Path):
    path, names = list(sys.path), set(sys.modules)
    resolve("mine.py:mine", folder)
    assert sys.path == path
    assert all(name.startswith("_sweeplake_") for name in set(sys.modules) - names)


def test_a_pickled_strategy_runs_in_a_fresh_process_in_another_folder(
    folder: Path, tmp_path: Path, bars: Bars
):
    mine = resolve("mine.py:mine", folder)
    shipped = tmp_path / "elsewhere" / "shipped.pickle"
    shipped.parent.mkdir()
    shipped.write_bytes(pickle.dumps((mine, bars)))
    for path in folder.rglob("*.py"):
        path.unlink()
    program = """
        import pickle
        from sweeps.strategies.evaluate import evaluate
        from sweeps.strategies.indicators import Indicators
        mine, bars = pickle.load(open("shipped.pickle", "rb"))
        print(mine.code, evaluate(mine, Indicators(bars), {"fast": 5}, "both").events.tobytes().hex())
        """
    ran = subprocess.run(
        [sys.executable, "-P", "-c", textwrap.dedent(program)],
        cwd=shipped.parent, capture_output=True, text=True, check=True,
    )  # fmt: skip
    here = evaluate(mine, Indicators(bars), {"fast": 5}, "both").events
    assert ran.stdout.split() == [mine.code, here.tobytes().hex()]


def test_a_built_in_pickles_as_its_name():
    shipped = pickle.dumps(resolve("sma_cross", Path()))
    assert len(shipped) < 400
    assert pickle.loads(shipped) is resolve("sma_cross", Path())  # noqa: S301


def test_a_source_can_be_stored_and_read_back(folder: Path):
    for reference in ("mine.py:mine", "sma_cross"):
        source = resolve(reference, folder).source
        again = StrategySource.from_document(source.to_document())
        assert again == source
        assert again.load().code == resolve(reference, folder).code


@pytest.mark.parametrize("path", ["mine.py", "levels.py", "tools/more.py", "tools/__init__.py"])
def test_the_code_changes_with_the_file_and_its_helpers(folder: Path, path: str, write):
    before = resolve("mine.py:mine", folder).code
    write(folder, {path: (folder / path).read_text() + "\n# changed\n"})
    assert resolve("mine.py:mine", folder).code != before


def test_the_code_does_not_change_with_other_files_folders_or_line_ends(folder: Path, tmp_path: Path, write):
    before = resolve("mine.py:mine", folder).code
    write(folder, {"unrelated.py": "changed = True\n", "tools/unused.py": ""})
    assert resolve("mine.py:mine", folder).code == before
    moved = shutil.copytree(folder, tmp_path / "moved")
    (moved / "mine.py").rename(moved / "yours.py")
    (moved / "levels.py").write_bytes(b"LEVEL = 1.01\r\n")
    assert resolve("yours.py:mine", moved).code == before


def test_a_changed_file_is_read_anew(folder: Path, bars: Bars, write):
    first = resolve("mine.py:mine", folder)
    write(folder, {"levels.py": "LEVEL = 0.0\n"})
    second = resolve("mine.py:mine", folder)
    old, new = (evaluate(one, Indicators(bars), {"fast": 5}, "long").events for one in (first, second))
    assert np.count_nonzero(new) == 1
    assert np.count_nonzero(old) > 1


def test_modules_of_every_shape_load(folder: Path, bars: Bars, write):
    text = """
        from __future__ import annotations
        from dataclasses import dataclass, field
        from typing import TYPE_CHECKING, ClassVar
        import collections.abc, tools.scale as scale, tools.scale
        from tools import *
        from numba import njit
        import circle
        if TYPE_CHECKING:
            from sweeps.bars.frame import Bars

        @dataclass
        class Level:
            high: float
            low: ClassVar[float] = 0.0

        @njit
        def double(values):
            return values * 2.0

        def mine(bars: Bars, ind, *, fast: int = 3):
            assert FACTOR == 2.0 and circle.back() == 7 and tools.scale is scale
            return double(bars.close) > Level(0.0).high
        """
    write(
        folder,
        {"shapes.py": text, "circle.py": "import round_\nLEFT = 7\ndef back():\n    return round_.back()\n"},
    )
    write(folder, {"round_.py": "import circle\ndef back():\n    return circle.LEFT\n"})
    shapes = resolve("shapes.py:mine", folder)
    assert evaluate(shapes, Indicators(bars), {"fast": 3}, "long").events[0] == 1


@pytest.mark.parametrize(
    "text",
    [
        "from numba import njit\n@njit(cache=True)\ndef double(x): return x * 2.0\n",
        "import numba as nb\n@nb.njit(nogil=True, cache=True)\ndef double(x): return x * 2.0\n",
        "import numba\ndouble = numba.njit(cache=True)(lambda x: x * 2.0)\n",
    ],
)
def test_compiled_functions_travel_without_numbas_cache_on_disk(folder: Path, bars: Bars, text: str, write):
    write(folder, {"fast.py": text + "def mine(bars, ind): return double(bars.close) > 0\n"})
    document = resolve("fast.py:mine", folder).source.to_document()
    document["bundle"] |= {"folder": "not a folder here"}
    mine = StrategySource.from_document(document).load()
    assert evaluate(mine, Indicators(bars), {}, "long").events[0] == 1
    assert not list(folder.glob("__pycache__/*"))


def test_a_folder_that_holds_this_project_does_not_shadow_it(folder: Path, write):
    write(folder, {"sweeps/__init__.py": "", "sweeps/strategies.py": "raise RuntimeError"})
    assert "sweeps/__init__.py" not in resolve("mine.py:mine", folder).source.bundle.files
