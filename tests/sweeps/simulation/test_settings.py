"""The settings table: one row of numbers per run."""

import pickle

import numpy as np
import pytest

from sweeps.simulation.settings import (
    N_SETTINGS,
    S_BORROW,
    S_FEE,
    S_FILL,
    S_MAX_BARS,
    S_RISK_FREE,
    S_SIZING_KIND,
    S_SLIPPAGE,
    S_STOP_LOSS,
    SETTING_COLUMNS,
    Rules,
    SettingError,
    settings_table,
)
from tests.sweeps.simulation.cases import FREE, OFF


def columns(**changes: list) -> dict[str, list]:
    runs = max((len(values) for values in changes.values()), default=1)
    return {name: [value] * runs for name, value in FREE.items()} | changes


def test_a_row_holds_fractions_and_rates_a_bar():
    row = settings_table(
        columns(fee_bps=[5.0], slippage_bps=[2.0], borrow_rate=[0.05], risk_free_rate=[0.21]), 2.0
    )[0]
    assert row[S_FEE] == 5e-4
    assert row[S_SLIPPAGE] == 2e-4
    assert row[S_BORROW] == 0.025
    assert row[S_RISK_FREE] == pytest.approx(0.1)


def test_words_become_codes_and_off_becomes_nan():
    fills = ["next_open", "close", "close", "close"]
    kinds = np.array(["all_in", "fraction", "cash", "units"], dtype=object)
    table = settings_table(columns(fill=fills, sizing_kind=kinds, stop_loss=[0.1, None, OFF, 0.2]), 252.0)
    assert table.shape == (4, N_SETTINGS)
    assert table[:, S_FILL].tolist() == [0, 1, 1, 1]
    assert table[:, S_SIZING_KIND].tolist() == [0, 1, 2, 3]
    assert np.isnan(table[:, S_STOP_LOSS]).tolist() == [False, True, True, False]
    assert np.isnan(table[:, S_MAX_BARS]).all()


def test_every_setting_has_a_column_and_a_name():
    assert len(SETTING_COLUMNS) == len(Rules._fields) == N_SETTINGS


def test_columns_of_the_grid_that_are_no_settings_are_not_read():
    assert settings_table(columns() | {"fast": ["?"]}, 252.0).shape == (1, N_SETTINGS)


def test_an_unknown_word_is_refused_with_the_nearest():
    with pytest.raises(SettingError, match=r'fill: expected one of next_open, close.*did you mean "close"'):
        settings_table(columns(fill=["clos"]), 252.0)


def test_a_missing_or_short_column_is_refused():
    missing = columns()
    del missing["lot_size"]
    with pytest.raises(SettingError, match="lot_size: is missing"):
        settings_table(missing, 252.0)
    with pytest.raises(SettingError, match="take_profit: has 1 rows"):
        settings_table(columns(fee_bps=[1.0, 2.0], take_profit=[0.1]), 252.0)


def test_its_error_survives_pickling():
    error = pickle.loads(pickle.dumps(SettingError("fill", "is missing")))  # noqa: S301
    assert str(error) == "setting fill: is missing"
