"""Reading: whether a text is one statement that reads, told by DuckDB's own parser before it is run."""

from queries.errors import RefusedSqlError
from queries.given import require_text
from queries.parse import Tree, nodes, parser
from queries.statements import called, explained, unquoted

REMEDY = "write one SELECT over the catalog's views; EXPLAIN of one is fine too"
_QUERY_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE", "RECURSIVE_CTE_NODE"})
_QUERIES = frozenset(
    {"(", "describe", "from", "pivot", "pivot_wider", "select", "summarize", "table", "with"}
)
_WRITES = frozenset({"copy", "create", "delete", "insert", "merge", "update"})
ACTING = frozenset(
    {"checkpoint", "force_checkpoint", "json_execute_serialized_sql", "nextval", "query", "setseed", "setval"}
    | {"disable_logging", "disable_profiling", "enable_logging", "enable_profiling"}
    | {"truncate_duckdb_logs", "write_log"}
    | {"create_external_resource", "destroy_external_resource"}
    | {"deregister_external_resource", "register_external_resource", "register_external_resource_type"}
)
"""DuckDB's functions that run a text as a statement, or change something; DuckDB takes them in any SELECT."""


def read_tree(text: str) -> Tree | None:
    """Return the tree of one statement that reads: a SELECT in any of its forms, or an EXPLAIN of one.

    DuckDB 2.0 takes COPY, INSERT and DELETE inside WITH, and calls the whole a SELECT: the tree tells. Of a
    PIVOT whose columns come from the rows there is none, for DuckDB makes several statements of it; its words
    tell. No function may be called that does more than read.

    Returns:
        Its tree, that of what is explained; None of such a PIVOT.

    Raises:
        RefusedSqlError: If it is several statements, or one that does anything else; it says what.
        BadValueError: If it is no text.
    """
    require_text("text", text, "give a statement as text")
    kinds = parser().statements(text)
    if len(kinds) != 1:
        raise RefusedSqlError(text, f"{len(kinds)} statements", REMEDY)
    if kinds == ["MULTI"]:
        _require_query(text)
        return None
    if kinds not in (["SELECT"], ["EXPLAIN"]):
        raise RefusedSqlError(text, f"a statement of kind {kinds[0]}", REMEDY)
    tree = parser().tree(explained(text))
    for node in nodes(tree):
        kind = str(node.get("type"))
        if kind.endswith("_NODE") and kind not in _QUERY_NODES:
            raise RefusedSqlError(text, kind.removesuffix("_QUERY_NODE").lower().replace("_", " "), REMEDY)
        _require_reading(text, str(node.get("function_name")))
    return tree


def _require_reading(text: str, function: str) -> None:
    if function.lower() in ACTING:
        raise RefusedSqlError(text, f"function {function.lower()}", REMEDY)


def _require_query(text: str) -> None:
    first, *others = unquoted(explained(text))
    if first not in _QUERIES:
        raise RefusedSqlError(text, f"a PIVOT within {first.upper()}", REMEDY)
    for word in others:
        if word in _WRITES:
            raise RefusedSqlError(text, f"a PIVOT and {word.upper()}", f'a name is written "{word}"')
    for name in called(text):
        _require_reading(text, name)
