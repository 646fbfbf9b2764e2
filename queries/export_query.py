"""Export of a view: the query that a name and a few filters stand for."""

from collections.abc import Mapping
from typing import Any

from queries.catalog import Catalog
from queries.errors import BadValueError, UnknownNameError
from queries.text import quoted


def view_query(catalog: Catalog, what: str, filters: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """Return the SQL and the values of a view's rows, or of a SELECT as it is.

    Args:
        catalog: Where the views are.
        what: A view's name, or a query.
        filters: Values by column (sweep_id, strategy, symbol).

    Raises:
        UnknownNameError: If there is no such view.
        BadValueError: If a filter is given that the view has no column for, or with a query.
    """
    if " " in what.strip():
        if filters:
            raise BadValueError("filters", sorted(filters), "write them into the query")
        return what, {}
    columns = _views(catalog)
    if what not in columns:
        raise UnknownNameError("view", what, sorted(columns))
    for name in filters:
        if name not in columns[what]:
            raise BadValueError(name, filters[name], f"the view {what} has no column {name}")
    where = " and ".join(f"{quoted(name)} = ${name}" for name in filters)
    text = f"select * from {quoted(what)}"  # noqa: S608  a view's own name, quoted
    return (f"{text} where {where}" if where else text), dict(filters)


def _views(catalog: Catalog) -> dict[str, list[str]]:
    rows = catalog.rows(
        "select table_name, list(column_name order by column_index) as columns from duckdb_columns() "
        "where schema_name = 'main' and not internal group by table_name"
    )
    return {row["table_name"]: row["columns"] for row in rows}
