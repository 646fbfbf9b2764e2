"""Documents: runs and sweeps as JSON, the one shape of the command line, notebooks and services."""

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from lake.schemas import CUSTOM_METRIC_PREFIX, METRIC_NAMES, PARAMETER_PREFIX
from queries.catalog import Catalog
from queries.parameters import ParameterColumn
from queries.ranking import COMPOSITE, DATE, metric_column
from queries.values import plain

Document = dict[str, Any]
FULL = "full"


def run_documents(catalog: Catalog, runs: pa.Table) -> list[Document]:
    """Return runs as `{run_id, sweep_id, strategy, symbol, timeframe, date, params, metrics}`.

    `date` is created_at, ISO 8601. `params` has the strategy's parameters under their own names, integers as
    integers, None where off. `metrics` has every metric, None where undefined, a backtester's own without
    prefix if the run has them. Runs of a walk-forward also have `role` and `span`, a lookup's rows their
    `request`.
    """
    return [_run(row, catalog.parameters(row["strategy"])) for row in runs.to_pylist()]


def document_metric(catalog: Catalog, metric: str) -> str:
    """Return the name by which documents of runs have what ranks them; a metric may have two.

    Raises:
        UnknownNameError: If there is no such metric.
    """
    if metric in {COMPOSITE, DATE}:
        return metric
    return metric_column(catalog.schema, metric).removeprefix(CUSTOM_METRIC_PREFIX)


def set_documents(catalog: Catalog, sets: pa.Table) -> list[Document]:
    """Return the rows of `leaderboard` as they are, but for `params`: as `run_documents` has them."""
    return [
        {name: value for name, value in row.items() if not name.startswith(PARAMETER_PREFIX)}
        | {"params": _params(row, catalog.parameters(row["strategy"]))}
        for row in sets.to_pylist()
    ]


def params_apart(table: pa.Table, known: Iterable[ParameterColumn]) -> list[Document]:
    """Return rows with their parameters as one object, `params`, by name; None is off."""
    names = {parameter.column: parameter.name for parameter in known}
    return [
        {
            **{column: value for column, value in row.items() if column not in names},
            "params": {names[column]: value for column, value in row.items() if column in names},
        }
        for row in table.to_pylist()
    ]


def status_document(sweeps: pa.Table) -> Document:
    """Return `{"sweeps": [...]}` of the rows of `status`."""
    return {"sweeps": [plain(row) for row in sweeps.to_pylist()]}


def _run(row: Document, known: Sequence[ParameterColumn]) -> Document:
    metrics = {name: row[name] for name in METRIC_NAMES if name in row}
    metrics |= {
        name.removeprefix(CUSTOM_METRIC_PREFIX): value
        for name, value in row.items()
        if name.startswith(CUSTOM_METRIC_PREFIX) and value is not None
    }
    if COMPOSITE in row:
        metrics[COMPOSITE] = row[COMPOSITE]
    document = {name: row[name] for name in ("run_id", "sweep_id", "strategy", "symbol", "timeframe")}
    document |= {
        "date": plain(row["created_at"]),
        "params": _params(row, known),
        "metrics": metrics,
    }
    if row.get("role", FULL) != FULL:
        document |= {"role": row["role"], "span": row["span"]}
    if "request" in row:
        document["request"] = row["request"]
    return document


def _params(row: Document, known: Sequence[ParameterColumn]) -> Document:
    return {parameter.name: parameter.cast(row.get(parameter.column)) for parameter in known}
