"""Strategy views: one view per strategy, its own parameters unprefixed, integers as integers."""

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from lake.schemas import CUSTOM_METRIC_PREFIX, PARAMETER_PREFIX
from queries.parameters import ParameterColumn, shown
from queries.text import quoted


def strategy_views(
    strategies: Sequence[str], parameters: Mapping[str, Sequence[ParameterColumn]], schema: pa.Schema
) -> dict[str, str]:
    """Return by strategy the statement that creates `strategies.<strategy>`, one row per run in a sweep.

    They live in a schema of their own, so that a strategy may be called `metrics` or `select`. Of names that
    differ only in case, which SQL does not tell apart, later ones get a number: `Cross`, `cross_2`.
    """
    taken: set[str] = set()
    statements = {}
    for strategy in sorted(strategies):
        name, number = strategy, 1
        while name.casefold() in taken:
            number += 1
            name = f"{strategy}_{number}"
        taken.add(name.casefold())
        columns = ", ".join(_columns(parameters.get(strategy, ()), schema))
        literal = strategy.replace("'", "''")
        statements[strategy] = (
            f"create or replace view strategies.{quoted(name)} as "  # noqa: S608
            f"select {columns} from main.metrics where strategy = '{literal}'"
        )
    return statements


def _columns(parameters: Sequence[ParameterColumn], schema: pa.Schema) -> Iterator[str]:
    fixed = [name for name in schema.names if not name.startswith(PARAMETER_PREFIX)]
    yield from (quoted(name) for name in fixed if not name.startswith(CUSTOM_METRIC_PREFIX))
    for name, parameter in shown(parameters, schema).items():
        source = quoted(parameter.column)
        value = f"cast({source} as bigint)" if parameter.kind == "int" else source
        yield f"{value} as {quoted(name)}"
    yield from (quoted(name) for name in fixed if name.startswith(CUSTOM_METRIC_PREFIX))
