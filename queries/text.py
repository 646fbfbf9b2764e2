"""SQL text: the only places where a name becomes part of a statement. Values are always bound."""

from pathlib import Path

import pyarrow as pa

from queries.errors import RefusedSqlError

_SCALARS = {
    pa.string(): "varchar",
    pa.large_string(): "varchar",
    pa.float64(): "double",
    pa.float32(): "float",
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.bool_(): "boolean",
    pa.date32(): "date",
}


def quoted(name: str) -> str:
    """Return a name as an SQL identifier, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'


def literal(path: Path) -> str:
    """Return a path as an SQL text literal, for the statements that bind no values."""
    return "'" + str(path).replace("'", "''") + "'"


def sql_type(arrow: pa.DataType) -> str:
    """Return DuckDB's name of a stored type.

    Raises:
        TypeError: If the lake stores no such type.
    """
    if pa.types.is_list(arrow) or pa.types.is_large_list(arrow):
        return f"{sql_type(arrow.value_type)}[]"
    if pa.types.is_timestamp(arrow):
        return "timestamptz" if arrow.tz else "timestamp"
    if arrow not in _SCALARS:
        raise TypeError(arrow)
    return _SCALARS[arrow]


def utf8(text: str) -> bytes:
    """Return a text as DuckDB reads it.

    Raises:
        RefusedSqlError: If it holds bytes that were no UTF-8.
    """
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        place = f"character {error.start + 1} is not UTF-8"
        raise RefusedSqlError(text, place, "save the text as UTF-8") from error
