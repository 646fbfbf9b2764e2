"""Keep-lists: whose details are among the best, held against a model in plain Python."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lake.lake import Lake, open_lake
from lake.policy import Details
from lake.sweep_log import record_state
from queries.catalog import Catalog
from queries.errors import UnknownNameError
from queries.keep import chosen_by_id, held_sweeps, judged_details, kind_of, missing_pins
from tests.lake.small import START, put_runs, put_sweep

SHARPE = {f"r{n}": value for n, value in enumerate([0.5, 2.0, 1.0, None, 2.0, -1.0, 0.7, 3.0])}
PLACES = {("a", "s", "X"): "0123", ("a", "t", "X"): "45", ("b", "s", "X"): "01", ("b", "s", "Y"): "67"}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = open_lake(str(Path(tmp_path_factory.mktemp("keep")) / "lake"))
    put_sweep(lake, "a")
    put_sweep(lake, "b", days=1, strategy="t", owner="you")
    for (sweep, strategy, symbol), runs in PLACES.items():
        keys = [(sweep, f"r{n}") for n in runs]
        put_runs(lake, keys, sharpe=SHARPE, strategy=strategy, symbol=symbol)
    return lake


@pytest.fixture(scope="module")
def asked(small: Lake) -> Iterator[Catalog]:
    with Catalog(small) as catalog:
        yield catalog


def kept(catalog: Catalog, rule: Details, sweeps: tuple[str, ...] = ("a", "b")) -> set[tuple[str, str]]:
    return {
        (row["sweep_id"], row["run_id"])
        for row in judged_details(catalog, rule, sweeps).to_pylist()
        if row["stays"]
    }


def test_the_best_of_each_group_stay(asked: Catalog) -> None:
    assert kept(asked, Details(1)) == {("a", "r1"), ("b", "r7")}
    assert kept(asked, Details(2)) == {("a", "r1"), ("a", "r4"), ("b", "r7"), ("b", "r1")}
    assert kept(asked, Details(1, ("strategy",))) == {("b", "r7"), ("a", "r4")}
    assert kept(asked, Details(1, ("symbol",))) == {("a", "r1"), ("b", "r1"), ("b", "r7")}
    assert kept(asked, Details(1, ("symbol",)), ("b",)) == {("b", "r1"), ("b", "r7")}


def test_a_run_without_the_metric_is_never_among_the_best(asked: Catalog) -> None:
    assert ("a", "r3") not in kept(asked, Details(99))
    assert len(kept(asked, Details(99))) == 9
    assert ("a", "r3") in kept(asked, Details(99, random=1))


def test_runs_with_too_few_trades_go(asked: Catalog) -> None:
    assert len(kept(asked, Details(99, min_trades=2))) == 9
    assert kept(asked, Details(99, min_trades=3)) == set()


def test_a_score_ranks_by_its_sum_and_an_unknown_metric_is_named(asked: Catalog) -> None:
    assert kept(asked, Details(1, score={"sharpe": -1.0})) == {("a", "r5"), ("b", "r0")}
    with pytest.raises(UnknownNameError, match="metric_edg"):
        kept(asked, Details(1, metric="metric_edg"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    st.integers(0, 4),
    st.integers(0, 4),
    st.lists(st.sampled_from(["sweep", "strategy", "symbol"]), min_size=1, max_size=3, unique=True),
    st.sampled_from([("a",), ("b",), ("a", "b")]),
)
def test_what_stays_is_what_a_plain_model_says(
    asked: Catalog, top: int, random: int, per: list[Any], sweeps: tuple[str, ...]
) -> None:
    assert kept(asked, Details(top, tuple(per), random=random), sweeps) == model(top, random, per, sweeps)


def model(top: int, random: int, per: list[str], sweeps: tuple[str, ...]) -> set[tuple[str, str]]:
    groups: dict[tuple[str, ...], dict[str, list[tuple[str, str]]]] = {}
    for (sweep, strategy, symbol), runs in PLACES.items():
        if sweep in sweeps:
            named = {"sweep": sweep, "strategy": strategy, "symbol": symbol}
            group = groups.setdefault(tuple(named[name] for name in per), {})
            for n in runs:
                group.setdefault(f"r{n}", []).append((sweep, f"r{n}"))
    stays = set()
    for group in groups.values():
        ranked = sorted(
            (run for run in group if SHARPE[run] is not None), key=lambda run: (-SHARPE[run], run)
        )  # type: ignore[operator]
        others = sorted(set(group) - set(ranked[:top]), key=lambda run: hashlib.md5(run.encode()).hexdigest())  # noqa: S324
        stays |= {key for run in (*ranked[:top], *others[:random]) for key in group[run]}
    return stays


def test_sweeps_are_told_with_their_last_state_before_they_were_removed(small: Lake, tmp_path: Path) -> None:
    lake = open_lake(str(tmp_path / "lake"))
    put_sweep(lake, "a", status="running")
    put_sweep(lake, "a", days=1)
    put_sweep(lake, "a", days=3, status="removed")
    put_sweep(lake, "a", days=4)  # as undo records it: the state of before, again
    put_runs(lake, [("a", "r1"), ("a", "r2")])
    record_state(lake, {"sweep_id": "b", "status": "running", "started_at": START, "at": START})
    with Catalog(lake) as catalog:
        first, second = held_sweeps(catalog, ["r2", "fr1"])
    assert (first["status"], first["runs"], first["failures"], first["detailed"]) == ("finished", 1, 1, 1)
    assert (first["ended_at"] - START).days == 1
    assert (second["status"], second["runs"], second["owner"]) == ("running", 0, None)


def test_an_id_is_a_sweep_s_or_a_run_s_or_unknown(asked: Catalog) -> None:
    assert chosen_by_id(asked, "a", "delete a").sweeps == {"a"}
    choice = chosen_by_id(asked, "r1", "delete r1")
    assert dict(choice.runs) == {"a": pa.array(["r1"]), "b": pa.array(["r1"])}
    assert (kind_of(asked, "b"), kind_of(asked, "fr0")) == ("sweep", "run")
    with pytest.raises(UnknownNameError, match="r99"):
        chosen_by_id(asked, "r99", "")
    assert missing_pins(asked, ["a", "z"], ["r1", "fr1", "q"]) == {"z": "sweep", "q": "run"}
