"""Reuse: what the lake has already is carried into a new sweep; only the rest is computed."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from distributed import Client

import sweeplake as sl
from lake.journal import Journal
from sweeplake.lake import Lake
from sweeps.execution import held, reuse
from tests.e2e.market import made_bars, made_lake
from tests.e2e.processes import sweeplake
from tests.e2e.reusing import assert_equal, counts, sweep_of
from tests.e2e.stored import metrics_of, stored


@pytest.fixture
def pair(tmp_path: Path) -> Lake:
    """Made bars of two symbols, in a lake without runs."""
    return made_lake(tmp_path, {"AAA": 300, "BBB": 250})


def test_the_same_sweep_again_computes_nothing(
    pair: Lake, client: Client, write: Callable[..., Path]
) -> None:
    config = write(sweep__toml=sweep_of())
    first = sl.run(config, lake=pair, client=client)
    runs = first.outcome.runs
    assert counts(first) == (runs, 0)
    again = sl.run(config, lake=pair, client=client)
    assert counts(again) == (0, runs)
    assert_equal(again, first)
    before = stored(pair, "metrics", first.sweep_id).set_index("run_id").sort_index()
    carried = stored(pair, "metrics", again.sweep_id).set_index("run_id").sort_index()
    assert carried["created_at"].equals(before["created_at"]), "when a run was computed stays"
    fresh = sl.run(config, lake=pair, client=client, fresh=True)
    assert counts(fresh) == (runs, 0)
    assert_equal(again, fresh)
    assert sl.run(config, lake=pair, client=client).outcome.reused == runs, "of two sweeps a run comes once"


def test_a_wider_axis_and_a_finer_one_compute_what_is_new(
    pair: Lake, client: Client, write: Callable[..., Path]
) -> None:
    first = sl.run(write(sweep__toml=sweep_of()), lake=pair, client=client)
    for wider in (
        sweep_of(fast=24),
        sweep_of(fast=24, step=1),
        sweep_of(stop="[0.1, 0.2]"),
        sweep_of(fast=6),
    ):
        config = write(sweep__toml=wider)
        planned = sl.plan(config, lake=pair)
        sweep = sl.run(config, lake=pair, client=client)
        computed, reused = counts(sweep)
        assert (planned.reused, planned.to_compute) == (reused, computed)
        assert reused >= min(first.outcome.runs, sweep.outcome.runs)
        assert_equal(sweep, sl.run(config, lake=pair, client=client, fresh=True))


def test_it_survives_the_removal_of_the_sweep_that_computed_it(
    pair: Lake, client: Client, write: Callable[..., Path], tmp_path: Path
) -> None:
    config = write(sweep__toml=sweep_of())
    first = sl.run(config, lake=pair, client=client)
    kept = metrics_of(first)
    again = sl.run(config, lake=pair, client=client)
    for words in (
        ("delete", first.sweep_id, "--yes"),
        ("vacuum", "--older-than", "0h", "--force"),
        ("compact",),
    ):
        told = sweeplake(*words, "--lake", pair.url, cwd=tmp_path)
        assert told.returncode == 0, told.stderr
    pair.refresh()
    pd.testing.assert_frame_equal(metrics_of(again), kept)
    checked = sweeplake("check", "--deep", "--lake", pair.url, cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr


OWN = """
    from helper import shifted

    def own(bars, ind, *, period: int):
        return shifted(bars, ind, period)
    """
HELPER = """
    def shifted(bars, ind, period):
        return bars.close > ind.sma(period) * {factor}
    """


def test_what_changed_is_told_and_computed(
    pair: Lake, client: Client, write: Callable[..., Path], tmp_path: Path
) -> None:
    text = sweep_of().replace('"sma_cross"', '"own.py:own"').replace('where = "fast < slow"\n', "")
    text = "\n".join(line for line in text.splitlines() if "slow =" not in line).replace("fast =", "period =")
    config = write(sweep__toml=text, own__py=OWN, helper__py=HELPER.format(factor=1.0))
    first = sl.run(config, lake=pair, client=client)
    assert sl.plan(config, lake=pair).changed == {}
    write(sweep__toml=text, own__py=OWN, helper__py=HELPER.format(factor=1.01))
    planned = sl.plan(config, lake=pair)
    assert (planned.reused, planned.changed) == (0, {"AAA": ("strategy",), "BBB": ("strategy",)})
    assert counts(sl.run(config, lake=pair, client=client)) == (first.outcome.runs, 0)
    bars = made_bars(300, 0)
    bars.loc[200, "close"] = bars.loc[200, ["high", "low"]].mean()
    bars.to_csv(tmp_path / "corrected.csv", index=False)
    sl.ingest([tmp_path / "corrected.csv"], lake=pair, symbol="AAA")
    planned = sl.plan(config, lake=pair)
    assert (planned.reused, planned.changed) == (first.outcome.runs // 2, {"AAA": ("bars",)})
    told = sweeplake("plan", config, "--lake", pair.url, cwd=config.parent)
    assert "nothing is reused on AAA: bars changed since this strategy's last sweep there" in told.stderr
    document = json.loads(sweeplake("plan", config, "--json", "--lake", pair.url, cwd=config.parent).stdout)
    assert document["changed"] == {"AAA": ["bars"]}
    write(sweep__toml=text.replace("[grid]", 'start = "2004-03-01"\n    [grid]'), own__py=OWN)
    assert sl.plan(config, lake=pair).changed == {"AAA": ("bars", "settings"), "BBB": ("settings",)}


def test_a_damaged_file_is_passed_over_and_its_runs_are_computed(
    pair: Lake, client: Client, write: Callable[..., Path]
) -> None:
    config = write(sweep__toml=sweep_of())
    first = sl.run(config, lake=pair, client=client)
    right = metrics_of(first)
    file = next(file for file in pair.tables.snapshot()["metrics"].files if file.partition["symbol"] == "AAA")
    path = Path(pair.url, "metrics", file.path)
    sound = path.read_bytes()
    at = len(sound) // 2
    path.write_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :])
    again = sl.run(config, lake=pair, client=client)
    path.write_bytes(sound)
    computed, reused = counts(again)
    assert computed == file.rows
    assert reused > 0
    pd.testing.assert_frame_equal(metrics_of(again), right)


def test_block_statistics_that_are_wanted_and_not_there_are_computed(
    pair: Lake, client: Client, write: Callable[..., Path]
) -> None:
    without = write(sweep__toml=sweep_of(details="block_statistics = false"))
    first = sl.run(without, lake=pair, client=client)
    wanting = write(sweep__toml=sweep_of(details="block_statistics = true"))
    planned = sl.plan(wanting, lake=pair)
    told = f"runs that the lake has without block statistics ({planned.runs:,}) are computed again"
    assert (planned.reused, told in str(planned.to_document()["cautions"])) == (0, True)
    assert told not in str(sl.plan(wanting, lake=pair, fresh=True).cautions)
    sweep = sl.run(wanting, lake=pair, client=client)
    assert counts(sweep) == (first.outcome.runs, 0)
    assert told not in str(sl.plan(wanting, lake=pair).cautions)
    assert_equal(
        sl.run(write(sweep__toml=sweep_of(details="block_statistics = false")), lake=pair, client=client),
        first,
    )


def test_parts_and_passes_make_no_difference(
    pair: Lake, client: Client, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sl.run(write(sweep__toml=sweep_of()), lake=pair, client=client)
    monkeypatch.setattr(held, "PASS_RUNS", 20)
    monkeypatch.setattr(reuse, "CARRIED_ROWS", 7)
    config = write(sweep__toml=sweep_of(fast=22))
    sweep = sl.run(config, lake=pair, client=client)
    assert counts(sweep)[1] == first.outcome.runs
    batches = list(Journal(pair.tables, sweep.sweep_id).batches())
    assert sum(batch.blocks[0]["phase"] == "reused" for batch in batches) >= first.outcome.runs / 20
    assert_equal(sweep, sl.run(config, lake=pair, client=client, fresh=True))
