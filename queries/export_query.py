"""Export of a view: the query that a name and a few filters stand for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from queries.catalog import Catalog
from queries.errors import BadValueError, UnknownNameError
from queries.text import quoted


@dataclass(frozen=True)
class _View:
    """A view, its name as SQL writes it."""

    sql: str
    columns: Sequence[str]


def view_query(catalog: Catalog, what: str, filters: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """Return the SQL and the values of a view's rows, or of a SELECT as it is.

    Args:
        catalog: Where the views are.
        what: A view's name, a strategy's name, or a query: text with a blank in it that names no view.
        filters: Values by column (sweep_id, strategy, symbol).

    Raises:
        UnknownNameError: If there is no such view.
        BadValueError: If a filter is given that the view has no column for, or with a query.
    """
    views = _views(catalog)
    if what not in views and len(what.split()) > 1:
        if filters:
            raise BadValueError("filters", sorted(filters), "write them into the query")
        return what, {}
    if what not in views:
        raise UnknownNameError("view", what, sorted(views))
    for name in filters:
        if name not in views[what].columns:
            raise BadValueError(name, filters[name], f"the view {what} has no column {name}")
    where = " and ".join(f"{quoted(name)} = ${name}" for name in filters)
    text = f"select * from {views[what].sql}"  # noqa: S608  a view's own name, quoted
    return (f"{text} where {where}" if where else text), dict(filters)


def _views(catalog: Catalog) -> dict[str, _View]:
    """Return views by name; a strategy that is called as another view goes by `strategies.<name>`."""
    rows = catalog.rows(
        "select schema_name, table_name, list(column_name order by column_index) as columns "
        "from duckdb_columns() where database_name = current_database() "
        "and schema_name in ('main', 'strategies') and not internal "
        "group by all order by schema_name"
    )
    views: dict[str, _View] = {}
    for row in rows:
        schema, name = row["schema_name"], row["table_name"]
        view = _View(f"{quoted(schema)}.{quoted(name)}", row["columns"])
        views.setdefault(name, view)
        if schema != "main":
            views[f"{schema}.{name}"] = view
    return views
