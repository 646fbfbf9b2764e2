import pickle
import textwrap
from pathlib import Path

import pytest

from sweeps.bars.frame import Bars
from sweeps.strategies.errors import (
    BrokenStrategyError,
    MissingFunctionError,
    StrategyDefinitionError,
    StrategyFileError,
    UnknownStrategyError,
)
from sweeps.strategies.evaluate import evaluate
from sweeps.strategies.indicators import Indicators
from sweeps.strategies.registry import available, resolve


def broken(folder: Path, reference: str = "bad.py:mine") -> BrokenStrategyError:
    with pytest.raises(BrokenStrategyError) as caught:
        resolve(reference, folder)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301
    return caught.value


def test_a_broken_file_shows_its_own_traceback_alone(folder: Path, write):
    write(
        folder,
        {"bad.py": "import helping\n", "helping.py": "import numpy as np\n\nX = np.zeros(3).reshape(2, 2)\n"},
    )
    shown = [line for line in str(broken(folder)).splitlines() if line.strip(" ^")]
    assert "\n".join(shown) == textwrap.dedent(f"""\
        strategy "bad.py:mine" fails to import:
        Traceback (most recent call last):
          File "{folder}/bad.py", line 1, in <module>
            import helping
          File "{folder}/helping.py", line 3, in <module>
            X = np.zeros(3).reshape(2, 2)
        ValueError: cannot reshape array of size 3 into shape (2,2)""")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("def mine(bars, ind:\n", 'bad.py", line 1\n    def mine(bars, ind:'),
        ("import nothing_of_this_name\n", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("from .nothing_here import x\n", "ModuleNotFoundError: No module named 'nothing_here'"),
        ("from levels import HEIGHT\n", "ImportError: cannot import name 'HEIGHT'"),
        ("raise SystemExit(3)\n", "SystemExit: 3"),
    ],
)
def test_every_way_to_fail_at_import_is_shown(folder: Path, text: str, shown: str, write):
    write(folder, {"bad.py": text})
    error = broken(folder)
    assert shown in str(error)
    assert "modules.py" not in str(error)


def test_a_repaired_file_loads(folder: Path, write):
    write(folder, {"bad.py": "import helping\n", "helping.py": "1 / 0\n"})
    broken(folder)
    write(folder, {"helping.py": "", "bad.py": "import helping\ndef mine(bars, ind): ...\n"})
    assert resolve("bad.py:mine", folder).parameters == ()


def test_an_error_of_a_run_is_shortened_to_the_users_files(folder: Path, bars: Bars, write):
    write(
        folder,
        {"late.py": "import numpy as np\ndef mine(bars, ind):\n    return np.zeros(3).reshape(2, 2)\n"},
    )
    late = resolve("late.py:mine", folder)
    with pytest.raises(ValueError, match="reshape") as caught:
        evaluate(late, Indicators(bars), {}, "long")
    shown = late.source.own_traceback(caught.value)
    assert f'File "{folder}/late.py", line 3, in mine\n    return np.zeros(3).reshape(2, 2)' in shown
    assert "evaluate.py" not in shown


def test_a_misspelt_name_is_answered_with_the_nearest_and_all(folder: Path):
    with pytest.raises(
        UnknownStrategyError, match='unknown strategy "sma_corss"; did you mean "sma_cross"'
    ) as caught:
        resolve("sma_corss", folder)
    assert all(name in str(caught.value) for name in available())
    assert "file.py:function" in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301


def test_a_misspelt_function_is_answered_with_those_of_the_file(folder: Path):
    with pytest.raises(MissingFunctionError, match='no function "mien"; did you mean "mine"') as caught:
        resolve("mine.py:mien", folder)
    assert caught.value.available == ("mine", "plain", "whole")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301


@pytest.mark.parametrize(
    ("reference", "reason"),
    [("mine.py", "name the function in it"), ("absent.py:mine", "there is no file .*absent.py")],
)
def test_a_reference_that_cannot_be_followed_is_refused(folder: Path, reference: str, reason: str):
    with pytest.raises(StrategyFileError, match=reason):
        resolve(reference, folder)


def test_what_is_not_a_function_is_refused(folder: Path, write):
    write(folder, {"data.py": "mine = 3\n"})
    with pytest.raises(StrategyDefinitionError, match="mine is int, expected a function"):
        resolve("data.py:mine", folder)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write) -> Path:
    """A distribution with one package that offers strategies under our entry point group."""
    entries = """
        [sweeplake.strategies]
        acme_trend = acme.trend:trend
        acme_broken = acme.broken:x
        acme_gone = nope:x
        """
    trend = """
        from acme.levels import LEVEL
        def trend(bars, ind, *, fast: int = 3):
            return bars.close > LEVEL
        """
    files = {
        "acme/__init__.py": "",
        "acme/trend.py": trend,
        "acme/levels.py": "LEVEL = 0.0\n",
        "acme/broken.py": "1 / 0\n",
        "acme-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n",
        "acme-1.0.dist-info/entry_points.txt": entries,
    }
    site = write(tmp_path / "site", files)
    monkeypatch.syspath_prepend(str(site))
    return site


def test_an_installed_strategy_is_found_by_its_entry_point_and_travels(
    installed: Path, folder: Path, bars: Bars, write
):
    assert "acme_trend" in available()
    trend = resolve("acme_trend", folder)
    assert (trend.name, trend.parameters[0].name) == ("acme_trend", "fast")
    assert set(trend.source.bundle.files) == {"acme/__init__.py", "acme/trend.py", "acme/levels.py"}
    assert evaluate(trend, Indicators(bars), {"fast": 3}, "long").events[0] == 1
    write(installed, {"acme/levels.py": "LEVEL = 1.0\n"})
    assert resolve("acme_trend", folder).code != trend.code


def test_a_broken_or_absent_installed_strategy_says_so(installed: Path, folder: Path):
    assert "ZeroDivisionError" in str(broken(folder, "acme_broken"))
    with pytest.raises(StrategyFileError, match="nope:x"):
        resolve("acme_gone", folder)
