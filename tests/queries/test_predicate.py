"""Predicates: conditions pass, everything else is refused."""

from collections.abc import Sequence
from itertools import permutations

import pytest

from lake.lake import Lake
from queries.catalog import Catalog
from queries.errors import QueryError, RefusedSqlError, UnknownNameError
from queries.filters import Filters
from queries.judgement.scope import Scope, judged
from queries.predicate import MOST_WITHIN, predicate
from queries.search import search
from tests.queries.conftest import (
    CROSS,
    CROSS_PARAMETERS,
    MEANREV,
    parameters,
    put_runs,
    put_sweep,
    run_id,
    run_rows,
)


@pytest.mark.parametrize(
    "where",
    [
        "sharpe > 0.5 and max_drawdown <= 1",
        "SHARPE between 0 and 1 or not beats_buy_hold",
        "symbol in ('007', 'a%b') and symbol like 'a\\%%' escape '\\' or symbol = '007'",
        "abs(sharpe) > 1 and round(total_return, 1) is not null",
        "case when sharpe > 1 then win_rate > 0.5 else false end",
        "created_at >= timestamptz '2026-01-02 05:00:00+00' and created_at < now()",
        "created_at > now() - interval 100 years",
        '"param_fast" + param_slow // 2 > 10 -- a comment',
        "metric_edge is null and coalesce(sharpe, 0) = sharpe",
        "(sharpe > 1) or (sharpe < 0)",
        "cast(num_trades as double) / 2 >= 1 and starts_with(run_id, '63')",
    ],
)
def test_a_condition_selects_what_duckdb_selects(catalog: Catalog, where: str) -> None:
    asked = f"select count(*) as n from runs_latest where (\n{where}\n)"  # noqa: S608
    assert search(catalog, Filters(where=where), limit=0).num_rows == catalog.rows(asked)[0]["n"]


@pytest.mark.parametrize(
    "quotient", ["sharpe / {}", "sharpe // {}", "sharpe % {}", "mod(sharpe, {})", "1 / (2 / {})"]
)
def test_what_is_divided_by_zero_passes_nothing(catalog: Catalog, quotient: str) -> None:
    zero = quotient.format("(param_fast - param_fast)")
    for where in (f"{zero} > 1", f"{zero} <= 1", f"not ({zero} > 1)"):
        assert search(catalog, Filters(where=where)).num_rows == 0
    assert search(catalog, Filters(where=f"{quotient.format('2')} is not null")).num_rows > 0


@pytest.mark.parametrize(
    "root", ["sqrt({})", "LN({})", "log10({})", "pow({}, 0.5)", "{} ** 0.5", "sqrt(sqrt({}))"]
)
def test_a_root_or_logarithm_of_a_negative_number_passes_nothing(catalog: Catalog, root: str) -> None:
    assert search(catalog, Filters(where=f"{root.format('(param_fast - 99)')} > 1")).num_rows == 0
    found = search(catalog, Filters(where=f"{root.format('param_fast')} > 0"), limit=0)
    assert found.num_rows == search(catalog, Filters(strategy="cross"), limit=0).num_rows


@pytest.mark.parametrize(
    "zero", ["pow({}, -1)", "{} ** -1", "{} ^ -1", "ln({})", "log10({})", "exp(999 + {})"]
)
def test_an_infinite_power_or_logarithm_passes_nothing(catalog: Catalog, zero: str) -> None:
    infinite = zero.format("(param_fast - param_fast)")
    for where in (f"{infinite} > 1", f"{infinite} <= 1", f"not ({infinite} > 1)"):
        assert search(catalog, Filters(where=where)).num_rows == 0


@pytest.mark.parametrize(
    "where", ["cast(symbol as double) > 1", "sharpe > 'abc'", "created_at > 'yesterday'"]
)
def test_a_condition_that_no_value_fits_is_told_without_the_query_around_it(
    catalog: Catalog, where: str
) -> None:
    scope = judged(catalog, Scope(CROSS, where=where), "sharpe")
    for asked in (lambda: search(catalog, Filters(where=where)), scope.axes):
        with pytest.raises(
            RefusedSqlError, match=r"refused: Conversion Error: .*; write a condition"
        ) as told:
            asked()
        assert "LINE" not in str(told.value)


def test_a_parameter_may_be_named_without_its_prefix(catalog: Catalog) -> None:
    assert predicate(catalog, "Fast < slow") == "((param_fast < param_slow))"
    found = search(catalog, Filters(strategy="cross", where="fast = 5 and stop_loss is not null"), limit=0)
    assert found.num_rows == 25


def test_a_strategy_s_own_parameter_goes_before_the_column_of_another_s(lake: Lake) -> None:
    recorded = parameters(("param_fast", "int", "strategy"))
    for sweep, strategy, column in ((CROSS, "cross", "param_fast"), (MEANREV, "meanrev", "param_param_fast")):
        put_sweep(lake, sweep, strategy, parameters=CROSS_PARAMETERS if strategy == "cross" else recorded)
        ids = [run_id(strategy, "007", place) for place in range(4)]
        put_runs(lake, strategy, "007", run_rows(sweep, ids, {column: [1.0, 2.0, 3.0, 4.0]}))
    for strategy in ("cross", "meanrev"):
        found = search(Catalog(lake), Filters(strategy=strategy, where="param_fast > 2"))
        assert found.num_rows == 2


@pytest.mark.parametrize("own", list(permutations(("sharpe", "param_sharpe", "param_param_sharpe"))))
def test_a_condition_s_names_are_those_of_the_strategy_s_view(lake: Lake, own: Sequence[str]) -> None:
    recorded = parameters(*((name, "int", "strategy") for name in own))
    put_sweep(lake, CROSS, "cross", parameters=recorded)
    ids = [run_id("cross", "007", place) for place in range(4)]
    values = {f"param_{name}": [float(len(name) + place) for place in range(4)] for name in own}
    put_runs(lake, "cross", "007", run_rows(CROSS, ids, values))
    catalog = Catalog(lake)
    for name in own:
        shown = f"param_{name}"
        stored = catalog.tuples(f"select run_id from metrics where {shown} > {len(name) + 1}")  # noqa: S608
        view = catalog.tuples(f"select run_id from strategies.cross where {shown} > {len(name) + 1}")  # noqa: S608
        found = search(catalog, Filters(strategy="cross", where=f"{shown} > {len(name) + 1}"))
        assert len(stored) == 2
        assert set(view) == set(stored) == {(one,) for one in found["run_id"].to_pylist()}
    found = search(catalog, Filters(strategy="cross", where="sharpe <= 99"), limit=0)
    assert found.num_rows == len(catalog.tuples("select 1 from metrics where sharpe <= 99"))


def test_a_condition_that_is_no_utf_8_is_refused(catalog: Catalog) -> None:
    with pytest.raises(RefusedSqlError, match="character 10 is not UTF-8"):
        search(catalog, Filters(where="sharpe > \udcff"))


@pytest.mark.parametrize(
    "where",
    [
        "",
        "1=1; drop view metrics",
        "1=1) from metrics where (1=1",
        "true) union select 1 --",
        "sharpe, run_id",
        "sharpe > (select max(sharpe) from metrics)",
        "exists (select 1 from read_text('/etc/passwd'))",
        "run_id in (select content from read_text('/etc/passwd'))",
        "sum(sharpe) over () > 1",
        "max(sharpe) > 1",
        "getenv('HOME') = 'x'",
        "current_setting('threads') > 0",
        "getvariable('metrics') is null",
        "write_log('x') is null",
        "main.abs(sharpe) > 1",
        "list_transform([1], lambda x: x)[1] = 1",
        "columns('sharpe') > 1",
        "*",
        "metrics.* is null",
        "sharpe > $1",
        "sharpe > ?",
        "sharpe",
        "'true'",
        "sharpe > 'x' || 1 || '",
        "sharpe > ",
        "sharpe + symbol > 1",
        "random() > 0.5",
        "error('x')",
    ],
)
def test_anything_but_a_condition_is_refused(catalog: Catalog, where: str) -> None:
    with pytest.raises(RefusedSqlError, match="write "):
        search(catalog, Filters(where=where))


@pytest.mark.parametrize(
    "where", ["shape > 1", "metrics.sharpe > 1", "stored.metrics.sharpe > 1", '"x y" = 1']
)
def test_an_unknown_column_is_named(catalog: Catalog, where: str) -> None:
    with pytest.raises(UnknownNameError, match="unknown column"):
        search(catalog, Filters(where=where))


def test_brackets_and_comments_cannot_undo_other_filters(catalog: Catalog) -> None:
    for where in ("true) or (true", "true -- ", "false or true", "true /* ", "true or\n--\ntrue"):
        try:
            found = search(catalog, Filters(symbol="Mü", where=where), limit=0)
        except QueryError:
            continue
        assert set(found["symbol"].to_pylist()) == {"Mü"}


@pytest.mark.parametrize("level", ["sqrt({})", "1 / ({})"])
def test_divisions_and_roots_within_each_other_are_answered_or_refused(catalog: Catalog, level: str) -> None:
    nested = "param_fast"
    for _ in range(MOST_WITHIN):
        nested = level.format(nested)
    assert search(catalog, filters=Filters(where=f"{nested} > 0")).num_rows
    with pytest.raises(RefusedSqlError, match="more than 8 divisions"):
        predicate(catalog, f"{level.format(nested)} > 0")
