"""What a strategy reads beside its source."""

import pytest

from sweeps.strategies.bundle import SourceBundle
from sweeps.strategies.unseen import unseen


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("return bars.close > 1", []),
        ("return open('levels.txt').read()", ["open"]),
        ("return json.loads(Path(__file__).with_name('d.json').read_text())", ["read_text", "__file__"]),
        ("return pd.read_csv('x.csv')", ["read_csv"]),
        ("return np.load('x.npy')", ["load"]),
        ("return importlib.import_module('helper')", ["import_module"]),
        ("return os.environ['LEVEL']", ["environ"]),
        ("return bars.open > bars.close", []),
        ("opened = ind.sma(5); return opened", []),
    ],
)
def test_names_that_read_something_are_found(line: str, named: list[str]) -> None:
    bundle = SourceBundle("mine", "mine", {"mine.py": f"def mine(bars, ind):\n    {line}\n"}, "")
    assert sorted(unseen(bundle)) == sorted(f"mine.py:2: {name}" for name in named)


def test_a_name_is_told_once_a_file() -> None:
    text = "A = open('a')\nB = open('b')\n"
    bundle = SourceBundle("mine", "mine", {"mine.py": text, "pkg/help.py": text}, "")
    assert unseen(bundle) == ("mine.py:1: open", "pkg/help.py:1: open")
