import json
import pickle
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from sweeps.errors import SweepError
from sweeps.spec.config import ConfigError, load_config, parse_config
from sweeps.spec.ranges import CountRange, StepRange
from tests.sweeps.spec.specimens import SOURCE, config, document

CONTRACT = """
name = "SMA cross on four stocks"
strategy = "sma_cross"
symbols = ["AAPL", "IBM"]
timeframe = "1d"
start = 2001-01-01
end = 2013-01-01
where = "fast < slow"

[grid]
fast = { start = 5, stop = 60, step = 5 }
slow = [20, 50, 100, 200]
wide = { start = 1, stop = 100, num = 3, scale = "log" }

[sample]
method = "sobol"
n = 1000
seed = 7

[execution]
initial_capital = 100000.0
fill = "next_open"
direction = "long"
sizing = { kind = "all_in" }
fee_bps = 5.0
fee_fixed = 0.0
slippage_bps = 2.0
borrow_rate = 0.0
lot_size = 0.0
risk_free_rate = 0.0
periods_per_year = 252

[exits]
stop_loss = ["off", 0.02, 0.05]
take_profit = 0.10
trailing_stop = "off"
atr_stop = { multiple = [2.0, 3.0], period = 14 }
max_bars = 50
session_end = "15:30 Asia/Kolkata"

[score]
sharpe = 1.0
max_drawdown = -0.5

[details]
keep = "top"
n = 50
metric = "sharpe"
min_trades = 1
per = ["strategy", "symbol"]

[columns]
fast = "fast_bars"
"""


def problems(**changes: Any) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        parse_config(document(**changes), SOURCE)
    return dict(caught.value.problems)


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    path = tmp_path / "sweep.toml"
    path.write_text(CONTRACT, encoding="utf-8")
    return path


def test_the_whole_format_is_read(contract: Path) -> None:
    read = load_config(contract)
    assert read.symbols == ("AAPL", "IBM")
    assert (read.start, read.end) == (datetime(2001, 1, 1, tzinfo=UTC), datetime(2013, 1, 1, tzinfo=UTC))
    assert read.grid == {
        "fast": StepRange(5, 60, 5),
        "slow": (20, 50, 100, 200),
        "wide": CountRange(1, 100, 3, "log"),
    }
    assert read.sample is not None
    assert read.sample.n == 1000
    assert read.exits.stop_loss == ("off", 0.02, 0.05)
    assert read.score == {"sharpe": 1.0, "max_drawdown": -0.5}
    assert read.execution.periods_per_year == 252
    assert read.columns == {"fast": "fast_bars"}
    assert read.source == str(contract)


def test_a_document_goes_through_json_and_back(contract: Path) -> None:
    read = load_config(contract)
    assert parse_config(json.loads(json.dumps(read.to_document())), read.source) == read


@pytest.mark.parametrize(
    "changes",
    [
        {"execution": {"sizing": [{"kind": "all_in"}, {"kind": "fraction", "value": [0.5, 1.0]}]}},
        {"exits": {"atr_stop": ["off", {"multiple": {"start": 1, "stop": 3, "step": 0.5}}]}},
        {"symbols": "*", "start": "2001-01-01T09:30:00+05:30"},
    ],
)
def test_every_shape_goes_through_json_and_back(changes: dict[str, Any]) -> None:
    read = config(**changes)
    assert parse_config(json.loads(json.dumps(read.to_document())), SOURCE) == read


def test_a_configuration_is_frozen_and_pickles() -> None:
    read = config()
    assert pickle.loads(pickle.dumps(read)) == read  # noqa: S301
    with pytest.raises(ValidationError):
        read.name = "other"


def test_optional_tables_have_defaults() -> None:
    read = config(grid=None)
    assert (read.grid, read.sample, read.score, read.where, read.start) == ({}, None, None, None, None)
    assert read.execution.fill == "next_open"
    assert read.exits.session_end == "off"
    assert read.details.per == ("strategy", "symbol")


def test_times_become_utc() -> None:
    assert config(start="2001-01-01T05:30:00+05:30").start == datetime(2001, 1, 1, tzinfo=UTC)
    assert config(start=datetime(2001, 1, 1, 9)).start == datetime(2001, 1, 1, 9, tzinfo=UTC)  # noqa: DTZ001


def test_all_problems_are_told_at_once_with_file_key_and_reason() -> None:
    with pytest.raises(SweepError) as caught:
        parse_config(
            document(strategy=None, nmae="x", grid={"slow": []}, execution={"fee_bps": [1, "ten"]}), SOURCE
        )
    assert str(caught.value).splitlines() == [
        'sweep.toml: strategy: missing; write for example `strategy = "sma_cross"`',
        "sweep.toml: grid.slow: empty; give at least one value, or remove the key",
        'sweep.toml: execution.fee_bps[1]: expected a number, got "ten"',
        'sweep.toml: nmae: unknown key; did you mean "name"?',
    ]


@pytest.mark.parametrize(
    ("changes", "key", "reason"),
    [
        ({"strategy": 3}, "strategy", "expected text, got 3"),
        ({"name": ""}, "name", "empty; give at least one character"),
        ({"symbols": "AAPL"}, "symbols", 'expected a list or "*", got "AAPL"; write ["AAPL"]'),
        ({"symbols": []}, "symbols", 'empty; name at least one symbol, or write "*" for all'),
        ({"symbols": ["A", 3]}, "symbols[1]", "expected text, got 3"),
        ({"symbols": ["A", "A"]}, "symbols[1]", '"A" appears twice; remove one'),
        ({"timeframe": "1x"}, "timeframe", "expected a timeframe such as"),
        ({"timeframe": 1}, "timeframe", 'expected a timeframe such as "1d", got 1'),
        ({"start": "soon"}, "start", 'expected a date, such as 2001-01-01, got "soon"'),
        ({"start": "2002-01-01", "end": "2001-01-01"}, "end", "must be after start"),
        ({"where": "fast <"}, "where", "is not a condition"),
        ({"where": "exit(1)"}, "where", "calls a function"),
        ({"grid": 3}, "grid", "expected a table, got 3"),
        ({"grid": {"fast": {"start": 1, "stop": 2}}}, "grid.fast.step", "missing; a range is"),
        ({"grid": {"fast": [1, {}]}}, "grid.fast[1]", "expected a finite number, true, false or text"),
        ({"grid": {"fast": float("nan")}}, "grid.fast", "expected a finite number"),
        ({"sample": {"method": "sobl", "n": 1}}, "sample.method", 'did you mean "sobol"?'),
        ({"sample": {}}, "sample.n", "missing; write for example `n = 1000`"),
        ({"sample": {"n": 0}}, "sample.n", "must be at least 1, got 0"),
        ({"sample": {"n": 1.5}}, "sample.n", "expected a whole number, got 1.5"),
        ({"fee_bps": 5}, "fee_bps", "unknown key here; it stands in [execution]"),
        ({"execution": {"wher": "x"}}, "execution.wher", "unknown key; known are"),
        ({"grid": {}, "exits": {"where": "x"}}, "exits.where", "at the top of the file, before the first"),
        ({"execution": {"fill": "cloze"}}, "execution.fill", 'got "cloze"; did you mean "close"?'),
        ({"execution": {"initial_capital": 0}}, "execution.initial_capital", "must be above 0, got 0"),
        ({"execution": {"fee_bps": True}}, "execution.fee_bps", "expected a number, got true"),
        ({"execution": {"periods_per_year": 0}}, "execution.periods_per_year", "must be above 0, got 0"),
        ({"execution": {"sizing": {"kind": "half"}}}, "execution.sizing.kind", "expected one of"),
        ({"execution": {"sizing": {"kind": "cash"}}}, "execution.sizing.value", "missing"),
        ({"execution": {"sizing": {"value": 1}}}, "execution.sizing.value", "takes no value"),
        (
            {"execution": {"sizing": [{"kind": "fraction", "value": [0.5, 2]}]}},
            "execution.sizing[0].value[1]",
            "must be at most 1, got 2",
        ),
        ({"exits": {"stop_loss": 5}}, "exits.stop_loss", "must be below 1, got 5; write 5 % as 0.05"),
        ({"exits": {"stop_loss": [0.1, "of"]}}, "exits.stop_loss[1]", 'did you mean "off"?'),
        ({"exits": {"stop_loss": [0.1, 0.1]}}, "exits.stop_loss", "0.1 appears twice"),
        ({"exits": {"max_bars": 2.5}}, "exits.max_bars", 'expected a whole number or "off", got 2.5'),
        ({"exits": {"atr_stop": {}}}, "exits.atr_stop.multiple", "missing"),
        (
            {"exits": {"atr_stop": {"multiple": 2, "period": 300_000_000}}},
            "exits.atr_stop.period",
            "must be at most 100000, got 300000000",
        ),
        ({"exits": {"atr_stop": ["off", {"multiple": -1}]}}, "exits.atr_stop[1].multiple", "must be above 0"),
        ({"exits": {"session_end": "25:00 UTC"}}, "exits.session_end", 'expected "HH:MM Area/City"'),
        ({"exits": {"session_end": "15:30"}}, "exits.session_end", 'expected "HH:MM Area/City"'),
        ({"exits": {"session_end": "15:30 Asia/Kolkatta"}}, "exits.session_end", 'mean "Asia/Kolkata"?'),
        ({"score": {}}, "score", "empty; weigh at least one metric"),
        ({"score": {"sharpe": float("inf")}}, "score.sharpe", "expected a finite number, got inf"),
        ({"score": {"sharpe": "1"}}, "score.sharpe", 'expected a number, got "1"'),
        ({"details": {"keep": "tpo"}}, "details.keep", 'did you mean "top"?'),
        ({"details": {"per": ["sector"]}}, "details.per[0]", "expected one of"),
        ({"columns": {"fast": "a b"}}, "columns.fast", "expected a column name"),
    ],
)
def test_a_problem_names_its_key_and_reason(changes: dict[str, Any], key: str, reason: str) -> None:
    assert reason in problems(**changes)[key]


def test_a_long_list_of_bad_values_is_shortened() -> None:
    found = problems(execution={"fee_bps": ["x"] * 1000})
    assert len(found) == 6
    assert found["execution.fee_bps"] == "and 995 more problems like these"


def test_a_syntax_error_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "sweep.toml"
    path.write_text('name = "x"\nstrategy = sma_cross\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"sweep\.toml: line 2, column 12: invalid value; fix the TOML"):
        load_config(path)


def test_an_unfinished_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "sweep.toml"
    path.write_text("name = [1,", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"end of document: .*fix the TOML"):
        load_config(path)


def test_a_number_of_many_digits_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sweep.toml"
    path.write_text("n = " + "1" * 5000, encoding="utf-8")
    with pytest.raises(ConfigError, match="fix the TOML"):
        load_config(path)
    assert "beyond 2**53" in problems(execution={"fee_bps": 10**400})["execution.fee_bps"]


def test_a_missing_file_is_told_with_its_neighbour(contract: Path) -> None:
    with pytest.raises(ConfigError, match=r'sweeep\.toml: no such file; did you mean ".*sweep\.toml"'):
        load_config(contract.with_name("sweeep.toml"))


def test_a_folder_and_a_binary_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load_config(tmp_path / "b.toml")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_config(tmp_path)
