"""Lookup: runs by what they are, many questions in one call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from queries.catalog import Catalog
from queries.errors import BadValueError, UnknownNameError
from queries.given import require_text, require_texts
from queries.parameters import ParameterColumn, Value, find
from queries.pruning import WITHIN
from queries.search import arranged
from queries.sweep import sweep_row
from queries.text import quoted, sql_type
from queries.whole import KEY

REQUEST = "request"
_LATEST = """
qualify row_number() over (
    partition by questions.request, metrics.run_id
    order by metrics.sweep_id desc, metrics.created_at desc, metrics.role
) = 1
"""


@dataclass(frozen=True)
class Lookup:
    """Runs of one strategy on one symbol.

    Attributes:
        strategy: Strategy name.
        symbol: Symbol.
        params: Parameters, execution and exit settings by name; None or "off" is off; text is parsed to the
            parameter's kind. What is not named may have any value.
        timeframe: Timeframe; any if None.
    """

    strategy: str
    symbol: str
    params: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))
    timeframe: str | None = None


def lookup(
    catalog: Catalog, wanted: Sequence[Lookup], *, sweep: str | None = None, role: str | None = "full"
) -> pa.Table:
    """Return the runs that answer each question; without a sweep each run_id once, the latest sweep's.

    Args:
        catalog: Where to look.
        wanted: The questions; those that name the same parameters are answered by one query.
        sweep: Only this sweep's runs.
        role: Only runs of this role; None for any.

    Returns:
        The columns of `search` after `request`, the question's place in `wanted`, by which rows are ordered.
        A question without an answer has no row.

    Raises:
        UnknownNameError: If a strategy, one of its parameters or the sweep does not exist.
        BadValueError: If a value is not of its parameter's kind, a parameter is named twice, or a question is
            none.
    """
    if sweep is not None:
        sweep_row(catalog, sweep)
    groups: dict[tuple[str, ...], list[tuple[int, Lookup, dict[str, Value]]]] = {}
    for place, question in enumerate(wanted):
        _require_question(question)
        if question.strategy not in catalog.strategies:
            raise UnknownNameError("strategy", question.strategy, catalog.strategies)
        values = _columns(catalog.parameters(question.strategy), question.params)
        groups.setdefault(tuple(sorted(values)), []).append((place, question, values))
    found = [_answer(catalog, columns, asked, sweep, role) for columns, asked in groups.items()]
    if not found:
        found = [_answer(catalog, (), [], sweep, role)]
    rows = pa.concat_tables(found).sort_by([(REQUEST, "ascending"), ("run_id", "ascending")])
    return rows.select([REQUEST, *arranged(rows.drop_columns([REQUEST])).column_names])


def _require_question(question: object) -> None:
    if not isinstance(question, Lookup):
        raise BadValueError("wanted", question, "give questions as Lookup(strategy, symbol, params)")
    require_text("strategy", question.strategy, "give the name of a strategy")
    require_text("symbol", question.symbol, "give a symbol as text")
    require_texts([("timeframe", question.timeframe)])
    if not isinstance(question.params, Mapping):
        raise BadValueError("params", question.params, 'give values by name, e.g. {"fast": 5}')


def _columns(known: Sequence[ParameterColumn], params: Mapping[str, Value]) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for name, given in params.items():
        parameter = find(known, name)
        if parameter.column in values:
            raise BadValueError(name, given, "this parameter is named twice")
        values[parameter.column] = parameter.parse(given)
    return values


def _answer(
    catalog: Catalog,
    columns: tuple[str, ...],
    asked: Sequence[tuple[int, Lookup, Mapping[str, Value]]],
    sweep: str | None,
    role: str | None,
) -> pa.Table:
    """Join the questions with metrics; files of other strategies and symbols are not read."""
    places = {(question.strategy, question.symbol) for _, question, _ in asked}
    files = [
        file
        for file in catalog.files("metrics")
        if (file.partition["strategy"], file.partition["symbol"]) in places
    ]
    bound: dict[str, Any] = {
        "places": [place for place, _, _ in asked],
        "strategies": [question.strategy for _, question, _ in asked],
        "symbols": [question.symbol for _, question, _ in asked],
        "timeframes": [question.timeframe for _, question, _ in asked],
        "sweep": sweep,
        "role": role,
    }
    bound |= {
        f"value_{place}": [values[name] for _, _, values in asked] for place, name in enumerate(columns)
    }
    values = "".join(
        f", unnest(cast($value_{place} as {sql_type(catalog.schema.field(name).type)}[])) as value_{place}"
        for place, name in enumerate(columns)
    )
    same = "".join(
        f" and metrics.{quoted(name)} is not distinct from questions.value_{place}"
        for place, name in enumerate(columns)
    )
    metrics = catalog.metrics
    found = f"""
        with questions as (
            select
                unnest(cast($places as integer[])) as request,
                unnest(cast($strategies as varchar[])) as strategy,
                unnest(cast($symbols as varchar[])) as symbol,
                unnest(cast($timeframes as varchar[])) as timeframe
                {values}
        ),
        found as (
            select {KEY}, questions.request
            from questions inner join {metrics.text} as metrics
                on metrics.strategy = questions.strategy and metrics.symbol = questions.symbol
                and (questions.timeframe is null or metrics.timeframe = questions.timeframe) {same}
            where {metrics.condition} and {WITHIN}
                and ($sweep is null or metrics.sweep_id = $sweep) and ($role is null or metrics.role = $role)
            {"" if catalog.is_distinct else _LATEST}
        )
    """  # noqa: S608
    narrowed, whole = catalog.narrowed("metrics", files), catalog.whole
    if whole is not None:
        rows = narrowed.tuples(f"{found} select * from found", bound)  # noqa: S608
        requests = pa.array([request for *_, request in rows], pa.int32())
        return whole.of(row[:3] for row in rows).append_column(REQUEST, requests)
    return narrowed.few(
        f"""
        {found}
        select found.request, metrics.* exclude (block_sums, block_sumsqs)
        from found inner join metrics
            on metrics.sweep_id = found.sweep_id and metrics.run_id = found.run_id
            and metrics.role = found.role
        where {WITHIN}
        """,  # noqa: S608
        bound,
    )
