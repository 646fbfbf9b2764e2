"""Policy files: read whole, or refused with every problem, by file, key, reason and remedy."""

from datetime import timedelta
from pathlib import Path

import pytest

from lake.policy import Age, Details, Keep, Pins, Policy
from sweeps.retention.policy_file import KEYS, PolicyError, load_policy

ROOT = Path(__file__).parents[3]
WHOLE = """
[keep]
last = 3
per = "strategy"
[age]
sweeps = "8w"
metrics = "40d"
trades = "2d"
equity = "1.5d"
details = "12h"
failures = "1h"
[details]
top = 5
per = ["sweep", "symbol"]
score = { sharpe = 1, max_drawdown = -0.5 }
min_trades = 2
random = 4
[budget]
bytes = "1.5 GB"
[pins]
sweeps = ["s"]
runs = ["r"]
[compact]
enabled = false
months = true
[vacuum]
older_than = "48h"
"""
REFUSED = {
    "unknown table": ("[kep]", "kep", 'did you mean "keep"?'),
    "unknown key": ("[age]\ndetail = '1d'", "age.detail", 'did you mean "details"?'),
    "no table": ("keep = 3", "keep", "write [keep]"),
    "no unit": ("[age]\nsweeps = '12'", "age.sweeps", '"12h", "30d"'),
    "no such unit": ("[age]\nsweeps = '1y'", "age.sweeps", "m (minutes), h, d or w"),
    "no age": ("[age]\nsweeps = '0h'", "age.sweeps", "above zero"),
    "longer than time": ("[age]\nsweeps = '99999999999999w'", "age.sweeps", "give a shorter one"),
    "older than a calendar": ("[vacuum]\nolder_than = '900000d'", "vacuum.older_than", "36500d, 100 years"),
    "age of many digits": (f"[age]\nsweeps = '{'9' * 400}d'", "age.sweeps", "give a shorter one"),
    "weight of many digits": (
        f"[details]\ntop = 1\nscore = {{ sharpe = 1{'0' * 400} }}",
        "details.score",
        "expected a finite number such as -0.5 for sharpe, got a number of more than 60 digits",
    ),
    "weight without end": ("[details]\ntop = 1\nscore = { sharpe = inf }", "details.score", "finite"),
    "size of many digits": (f"[budget]\nbytes = {'9' * 400}", "budget.bytes", "give a smaller size"),
    "text of many digits": (f"[budget]\nbytes = '{'9' * 400} TB'", "budget.bytes", "give a smaller size"),
    "size beyond 64 bits": ("[budget]\nbytes = '8388608 TiB'", "budget.bytes", "give a smaller size"),
    "less than a byte": ("[budget]\nbytes = '0.4 B'", "budget.bytes", "is below one byte; give a size"),
    "count of many digits": (
        f"[details]\ntop = 1\nmin_trades = {'9' * 48}",
        "details.min_trades",
        "at most 2147483647",
    ),
    "keep beyond 32 bits": ("[keep]\nlast = 2147483648", "keep.last", "at most 2147483647, got 2147483648"),
    "hexadecimal digits": (f"[keep]\nlast = 0x{'f' * 5000}", "keep.last", "more than 60 digits"),
    "a number": ("[age]\nsweeps = 12", "age.sweeps", "got 12"),
    "no size": ("[budget]\nbytes = '50 gigs'", "budget.bytes", '"50 GB"'),
    "flag as size": ("[budget]\nbytes = true", "budget.bytes", "expected a size"),
    "keep nothing": ("[keep]\nlast = 0", "keep.last", "at least 1"),
    "keep what": ("[keep]\nper = 'owner'", "keep.last", "`last = 20`"),
    "misspelt group": ("[keep]\nlast = 1\nper = 'stratgy'", "keep.per", 'did you mean "strategy"?'),
    "group twice": ("[details]\ntop = 1\nper = ['sweep', 'sweep']", "details.per", "each once"),
    "unknown metric": ("[details]\ntop = 1\nmetric = 'sharp'", "details.metric", 'did you mean "sharpe"?'),
    "unknown in score": (
        "[details]\ntop = 1\nscore = {shrpe = 1}",
        "details.score",
        'did you mean "sharpe"?',
    ),
    "two orders": (
        "[details]\ntop = 1\nmetric = 'sharpe'\nscore = {sharpe = 1}",
        "details.score",
        "remove one",
    ),
    "no top": ("[details]\nrandom = 1", "details.top", "`top = 50`"),
    "ids as text": ("[pins]\nruns = 'r'", "pins.runs", "list of ids"),
    "vacuum too early": ("[vacuum]\nolder_than = '12h'", "vacuum.older_than", "below 24h"),
    "no flag": ("[compact]\nmonths = 'yes'", "compact.months", "true or false"),
    "true is TOML's": ("[keep]\nlast = true", "keep.last", "got true"),
    "true in a list": ("[pins]\nruns = [false, 'r']", "pins.runs", 'got [false, "r"]'),
    "a flag as age": ("[age]\nsweeps = true", "age.sweeps", "got true"),
    "empty budget": ("[budget]", "budget.bytes", '`bytes = "50 GB"`'),
    "size in small letters": ("[budget]\nbytes = '1 gb'", "budget.bytes", 'did you mean "GB"?'),
    "size without its B": ("[budget]\nbytes = '2 Ti'", "budget.bytes", 'did you mean "TiB"?'),
    "size of no unit": ("[budget]\nbytes = '2 XB'", "budget.bytes", "units are B, KB"),
    "no metric like it": ("[details]\ntop = 1\nmetric = 'zzz'", "details.metric", "select metric from"),
    "no TOML": ("[keep", "", "fix the TOML"),
}


def written(folder: Path, text: str) -> Path:
    file = folder / "policy.toml"
    file.write_text(text)
    return file


def test_every_key_is_read(tmp_path: Path) -> None:
    file = written(tmp_path, WHOLE)
    hours = timedelta(hours=1)
    assert load_policy(file) == Policy(
        source=str(file),
        keep=Keep(3, "strategy"),
        age=Age(1344 * hours, 960 * hours, 48 * hours, 36 * hours, 12 * hours, 1 * hours),
        details=Details(5, ("sweep", "symbol"), "sharpe", {"sharpe": 1.0, "max_drawdown": -0.5}, 2, 4),
        budget_bytes=1_500_000_000,
        pins=Pins(("s",), ("r",)),
        compact=False,
        compact_months=True,
        vacuum_age=48 * hours,
    )


def test_no_line_is_needed_and_vacuum_can_be_switched_off(tmp_path: Path) -> None:
    file = written(tmp_path, "")
    assert load_policy(file) == Policy(source=str(file))
    assert load_policy(written(tmp_path, "[vacuum]\nenabled = false")).vacuum_age is None


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_named_with_its_remedy(tmp_path: Path, case: str) -> None:
    text, key, remedy = REFUSED[case]
    file = written(tmp_path, text)
    with pytest.raises(PolicyError) as error:
        load_policy(file)
    assert str(error.value).startswith(f"{file}: {key}")
    assert remedy in str(error.value)


def test_a_file_that_is_not_utf8_is_told_as_that(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_bytes("# für später\n".encode("latin-1"))
    with pytest.raises(PolicyError) as error:
        load_policy(file)
    assert str(error.value) == f"{file}: is not UTF-8 text; save it as UTF-8"


def test_minutes_hours_days_and_weeks_are_ages(tmp_path: Path) -> None:
    for text, minutes in (("90m", 90), ("1.5 h", 90), ("2d", 2880), ("1w", 10080)):
        policy = load_policy(written(tmp_path, f"[age]\nsweeps = '{text}'"))
        assert policy.age == Age(sweeps=timedelta(minutes=minutes))


def test_the_highest_values_are_taken(tmp_path: Path) -> None:
    text = "[keep]\nlast = 2147483647\n[budget]\nbytes = 9223372036854775807\n[vacuum]\nolder_than = '36500d'"
    policy = load_policy(written(tmp_path, text))
    assert (policy.keep, policy.budget_bytes) == (Keep(2**31 - 1), 2**63 - 1)
    assert policy.vacuum_age == timedelta(days=36_500)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as error:
        load_policy(written(tmp_path, "[keep]\nlast = 0\n[age]\nsweeps = 1\n[budgets]"))
    assert [key for key, _ in error.value.problems] == ["budgets", "keep.last", "age.sweeps"]


def test_a_file_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    written(tmp_path, "")
    with pytest.raises(PolicyError, match=r'no such file; did you mean ".*policy.toml"'):
        load_policy(tmp_path / "polcy.toml")


@pytest.mark.parametrize(
    "file", sorted((ROOT / "configs" / "policies").glob("*.toml")), ids=lambda file: file.stem
)
def test_the_policies_that_come_along_are_valid(file: Path) -> None:
    assert load_policy(file).source == str(file)


def test_every_key_is_in_the_manual() -> None:
    manual = (ROOT / "docs" / "maintenance.md").read_text(encoding="utf-8")
    missing = [
        f"{table}.{key}"
        for table, keys in KEYS.items()
        for key in keys
        if f"| `{table}.{key}` |" not in manual
    ]
    assert missing == []
