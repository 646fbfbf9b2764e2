"""Injection: no text that a question takes becomes SQL; what is no name is told, no value finds nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from lake.lake import Lake
from queries.catalog import Catalog
from queries.confine import ConfinedCatalog
from queries.errors import QueryError
from queries.export_query import view_query
from queries.filters import Filters
from queries.judgement.boundary import boundary
from queries.judgement.correlated import correlated
from queries.judgement.diff import diff
from queries.judgement.heatmap import heatmap
from queries.judgement.pareto import pareto
from queries.judgement.plateau import local_maxima, plateau, plateaus
from queries.judgement.scope import Scope
from queries.judgement.sensitivity import sensitivity
from queries.leaderboard import leaderboard
from queries.lookup import Lookup, lookup
from queries.luck.luck import is_it_luck
from queries.search import best, search
from queries.show import show
from queries.storage import sweep_storage
from queries.summary import summary
from queries.sweep import status
from queries.winners import winners
from tests.queries.conftest import AGAIN, CROSS, run_id
from tests.queries.test_confine import contents

Question = Callable[[Catalog, str], Any]
OF_CROSS = Scope(CROSS)
RUN = run_id("cross", "BTC/USDT", 1)
FIRST = "BTC/USDT"


def viewed(catalog: Catalog, what: str, filters: dict[str, str]) -> Any:
    """What `export` has: a view's rows, or those of a query of one's own, which is confined."""
    with ConfinedCatalog(catalog.snapshot) as confined:
        return confined.arrow(*view_query(catalog, what, filters))


QUESTIONS: dict[str, tuple[str, Question]] = {
    "search strategy": ("cross", lambda lake, text: search(lake, Filters(strategy=text))),
    "search symbol": (FIRST, lambda lake, text: search(lake, Filters(symbol=text))),
    "search timeframe": ("1d", lambda lake, text: search(lake, Filters(timeframe=text))),
    "search sweep": (CROSS, lambda lake, text: search(lake, Filters(sweep=text))),
    "search role": ("full", lambda lake, text: search(lake, Filters(role=text))),
    "search since": ("2026-01-02", lambda lake, text: search(lake, Filters(since=text))),
    "search until": ("2027-01-02", lambda lake, text: search(lake, Filters(until=text))),
    "search where": ("true", lambda lake, text: search(lake, Filters(where=text))),
    "search sort": ("sharpe", lambda lake, text: search(lake, sort=text)),
    "best metric": ("max_drawdown", lambda lake, text: best(lake, metric=text)),
    "best own metric": ("edge", lambda lake, text: best(lake, metric=text)),
    "leaderboard metric": ("sharpe", lambda lake, text: leaderboard(lake, metric=text)),
    "leaderboard order": ("worst", lambda lake, text: leaderboard(lake, order_by=text)),
    "leaderboard strategy": ("cross", lambda lake, text: leaderboard(lake, strategy=text)),
    "leaderboard sweep": (CROSS, lambda lake, text: leaderboard(lake, sweep=text)),
    "leaderboard timeframe": ("1d", lambda lake, text: leaderboard(lake, timeframe=text)),
    "lookup strategy": ("cross", lambda lake, text: lookup(lake, [Lookup(text, FIRST)])),
    "lookup symbol": (FIRST, lambda lake, text: lookup(lake, [Lookup("cross", text)])),
    "lookup parameter": ("fast", lambda lake, text: lookup(lake, [Lookup("cross", FIRST, {text: 5})])),
    "lookup value": ("close", lambda lake, text: lookup(lake, [Lookup("cross", FIRST, {"fill": text})])),
    "lookup number": ("5", lambda lake, text: lookup(lake, [Lookup("cross", FIRST, {"fast": text})])),
    "lookup timeframe": ("1d", lambda lake, text: lookup(lake, [Lookup("cross", FIRST, {}, text)])),
    "lookup sweep": (CROSS, lambda lake, text: lookup(lake, [Lookup("cross", FIRST)], sweep=text)),
    "lookup role": ("full", lambda lake, text: lookup(lake, [Lookup("cross", FIRST)], role=text)),
    "show run": (RUN, lambda lake, text: show(lake, text).run),
    "show sweep": (CROSS, lambda lake, text: show(lake, RUN, sweep=text).run),
    "status": (CROSS, status),
    "summary": (CROSS, lambda lake, text: summary(lake, text).quantiles),
    "storage": (CROSS, sweep_storage),
    "export view": ("sweep_summary", lambda lake, text: viewed(lake, text, {})),
    "export filter": ("symbol", lambda lake, text: viewed(lake, "metrics", {text: FIRST})),
    "export value": (FIRST, lambda lake, text: viewed(lake, "metrics", {"symbol": text})),
    "heatmap x": ("fast", lambda lake, text: heatmap(lake, OF_CROSS, text)),
    "heatmap y": ("slow", lambda lake, text: heatmap(lake, OF_CROSS, "fast", text)),
    "heatmap metric": ("calmar", lambda lake, text: heatmap(lake, OF_CROSS, "fast", metric=text)),
    "heatmap aggregate": ("mean", lambda lake, text: heatmap(lake, OF_CROSS, "fast", aggregate=text)),
    "heatmap sweep": (CROSS, lambda lake, text: heatmap(lake, Scope(text), "fast")),
    "heatmap strategy": ("cross", lambda lake, text: heatmap(lake, Scope(strategy=text), "fast")),
    "heatmap symbol": (FIRST, lambda lake, text: heatmap(lake, Scope(CROSS, symbol=text), "fast")),
    "heatmap timeframe": ("1d", lambda lake, text: heatmap(lake, Scope(CROSS, timeframe=text), "fast")),
    "heatmap where": ("true", lambda lake, text: heatmap(lake, Scope(CROSS, where=text), "fast")),
    "sensitivity": ("sharpe", lambda lake, text: sensitivity(lake, OF_CROSS, text).slices),
    "plateau": ("sharpe", lambda lake, text: plateau(lake, OF_CROSS, text)),
    "plateaus": ("sharpe", lambda lake, text: plateaus(lake, OF_CROSS, text)),
    "local maxima": ("sharpe", lambda lake, text: local_maxima(lake, OF_CROSS, text)),
    "boundary": ("sharpe", lambda lake, text: boundary(lake, OF_CROSS, text, 20)),
    "pareto": ("sharpe", lambda lake, text: pareto(lake, OF_CROSS, [text, "calmar"])),
    "correlated": ("sharpe", lambda lake, text: correlated(lake, OF_CROSS, text).runs),
    "diff before": (CROSS, lambda lake, text: diff(lake, text, AGAIN).inputs),
    "diff after": (AGAIN, lambda lake, text: diff(lake, CROSS, text).inputs),
    "diff metric": ("sharpe", lambda lake, text: diff(lake, CROSS, AGAIN, text).inputs),
    "luck sweep": (CROSS, is_it_luck),
    "luck symbol": (FIRST, lambda lake, text: is_it_luck(lake, CROSS, symbol=text)),
    "winners metric": ("sharpe", lambda lake, text: winners(lake, CROSS, n=1, metric=text)),
    "winners group": ("symbol", lambda lake, text: winners(lake, CROSS, n=1, per=[text])),
    "winners sweep": (CROSS, lambda lake, text: winners(lake, text, n=1)),
}
MACROS = {
    "best_runs($1)": "sharpe",
    "best_runs(strategy := $1)": "cross",
    "best_runs(symbol := $1)": FIRST,
    "best_runs(sweep := $1)": CROSS,
    "search_runs(sharpe, timeframe := $1)": "1d",
    "search_runs(sharpe, role := $1)": "full",
    "leaderboard($1)": "sharpe",
    "leaderboard(order_by := $1)": "best",
    "leaderboard(strategy := $1)": "cross",
    "sweep_quantiles($1) where runs > 0": CROSS,
    "failures_by_cause($1)": CROSS,
    "period_returns($1)": "month",
    "day_positions($1, '2026-01-02')": RUN,
    "trial_runs(sweep := $1)": CROSS,
    "trials(strategy := $1, timeframe := '1d')": "cross",
    "pooled_trials([$1], sweep := '20260102-cross')": FIRST,
    "block_statistics($1)": CROSS,
}
ATTACKS = (
    "{}' or '1' = '1",
    '{}" or "1" = "1',
    "{} or true) --",
    "{}, (select 1)",
    "{}; drop view metrics; --",
    "{}) union all (select * from metrics",
    "{}%",
    "getvariable('metrics')",
    "(select content from read_text('/etc/passwd'))",
    "$sweep",
    "columns(*)",
    "\N{RIGHT-TO-LEFT OVERRIDE}{}\0",
)


def refuses_or_finds_nothing(ask: Callable[[str], Any], good: str) -> None:
    """Assert it for every attack around a genuine text."""
    for attack in ATTACKS:
        try:
            found = len(ask(attack.format(good)))
        except QueryError:
            continue
        assert found == 0, attack


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_takes_text_as_a_name_or_a_value_alone(filled: Lake, catalog: Catalog, name: str) -> None:
    good, ask = QUESTIONS[name]
    before = contents(filled)
    whole = len(ask(catalog, good))
    assert whole or name.startswith("luck")  # its runs have no bars to tell of
    refuses_or_finds_nothing(lambda text: ask(catalog, text), good)
    assert contents(filled) == before
    assert len(ask(catalog, good)) == whole


@pytest.mark.parametrize("macro", MACROS)
def test_a_macro_takes_text_as_a_value_alone(filled: Lake, catalog: Catalog, macro: str) -> None:
    before, query = contents(filled), f"from {macro}"
    catalog.arrow(query, [MACROS[macro]])
    refuses_or_finds_nothing(lambda text: catalog.arrow(query, [text]), MACROS[macro])
    assert contents(filled) == before
