"""Predicates: a user's condition on runs, which may compare columns and nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from queries.catalog import Catalog
from queries.errors import QueryFailedError, RefusedSqlError, UnknownNameError
from queries.parameters import from_schema, shown
from queries.parse import Tree, nodes, parser
from queries.text import utf8

_REMEDY = "write a condition on the columns of metrics, e.g. sharpe > 1 and param_fast < 20"
_EXPRESSIONS = frozenset(
    {"BETWEEN", "CASE", "CAST", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION", "OPERATOR"}
    | {"TYPE"}
)
_FUNCTIONS = frozenset(
    {"+", "-", "*", "/", "//", "%", "**", "^", "||", "~~", "!~~", "~~*", "!~~*"}
    | {
        "abs",
        "ceil",
        "exp",
        "floor",
        "greatest",
        "least",
        "ln",
        "log",
        "log10",
        "mod",
        "nullif",
        "pow",
        "power",
        "round",
    }
    | {"like_escape", "not_like_escape", "ilike_escape", "not_ilike_escape", "trunc"}
    | {"sign", "sqrt", "isfinite", "isnan", "contains", "ends_with", "starts_with", "regexp_matches"}
    | {"length", "lower", "upper", "trim", "date_part", "date_trunc", "day", "hour", "month", "week", "year"}
    | {"now", "today", "to_days", "to_hours", "to_minutes", "to_months", "to_weeks", "to_years"}
)
_DIVISIONS = frozenset({"/", "//", "%", "mod"})
_ROOTS = frozenset({"exp", "sqrt", "ln", "log", "log10", "pow", "power", "**", "^"})
MOST_WITHIN = 8
"""Divisions and roots may lie so deep within each other."""
_OF_VALUES = ("Conversion Error: ", "Invalid Input Error: ", "Out of Range Error: ")
"""How DuckDB's words begin if a condition cannot be computed of some run."""


def predicate(catalog: Catalog, text: str, strategy: str | None = None) -> str:
    """Return a user's condition as SQL that is safe to place in a query.

    The text is parsed by DuckDB, its tree is checked against lists of what is allowed, and the SQL is written
    anew from the tree: comments and brackets cannot break out. A parameter may be named without its prefix.
    What is divided by zero, the root or logarithm of a negative number, and a power or logarithm that is
    infinite, is NULL and passes nothing: to DuckDB NaN is above every number.

    Args:
        catalog: Whose metrics the condition is about.
        text: The condition.
        strategy: Whose parameters unprefixed names mean; any column `param_<name>` if None.

    Raises:
        RefusedSqlError: If it is no single boolean expression, or uses anything but columns, constants,
            operators and a list of plain functions, or is not UTF-8.
        UnknownNameError: If it names a column that metrics does not have.
    """
    utf8(text)
    if not text.strip():
        raise RefusedSqlError(text, "an empty condition", _REMEDY)
    try:
        tree = parser().tree(f"select (\n{text}\n)")
    except QueryFailedError as error:  # its words would be about our brackets
        raise RefusedSqlError(text, f"{text.strip()!r} is not a whole expression", _REMEDY) from error
    template = parser().tree("select (true)")
    selected = _expressions(tree)
    if len(selected) != 1 or _without_expressions(tree) != _without_expressions(template):
        raise RefusedSqlError(text, "not one single expression", _REMEDY)
    _require_shallow(selected, text)
    names = _names(catalog, strategy)
    for node in list(nodes(selected)):
        _check(node, text)
        if node.get("class") == "COLUMN_REF":
            node["column_names"] = [_column(node["column_names"], names)]
        name = str(node.get("function_name")).lower()
        if name in _DIVISIONS:
            divisor = node["arguments"][-1]
            divisor["expression"] = _unless_zero(divisor["expression"])
        elif name in _ROOTS:
            finite = _if_finite({**node})
            node.clear()
            node.update(finite)
    condition = parser().text(tree, text).removeprefix("SELECT ")
    _require_boolean(catalog, condition, text)
    return f"({condition})"


@contextmanager
def asked_where(text: str | None) -> Iterator[None]:
    """Tell of a user's condition, not of the query around it, that some run's values do not fit it.

    Raises:
        RefusedSqlError: If what is asked within fails by a value, and there is a condition.
    """
    try:
        yield
    except QueryFailedError as error:
        if text is None or not error.message.startswith(_OF_VALUES):
            raise
        raise RefusedSqlError(text, error.message.split("\n", 1)[0], _REMEDY) from error


def _expressions(tree: Tree) -> list[Tree]:
    return list(tree["statements"][0]["node"].get("select_list", ()))


def _without_expressions(tree: Tree) -> Tree:
    statement = tree["statements"][0]
    return {**statement, "node": {**statement["node"], "select_list": None}}


def _unless_zero(divisor: Tree) -> Tree:
    """Return an expression that is NULL where another one is 0."""
    call = _expressions(parser().tree("select nullif(null, 0)"))[0]
    call["arguments"][0]["expression"] = divisor
    return call


def _if_finite(number: Tree) -> Tree:
    """Return an expression that is NULL where another one is infinite or no number."""
    case = _expressions(parser().tree("select case when isfinite(null) then null end"))[0]
    (check,) = case["case_checks"]
    check["when_expr"]["arguments"][0]["expression"] = check["then_expr"] = number
    return case


def _require_shallow(selected: list[Tree], text: str) -> None:
    """Return if few divisions and roots lie within each other: each level is written twice.

    Raises:
        RefusedSqlError: If they are too many.
    """
    left = [(node, 0) for node in selected]
    while left:
        node, depth = left.pop()
        if str(node.get("function_name")).lower() in _DIVISIONS | _ROOTS:
            depth += 1
        if depth > MOST_WITHIN:
            raise RefusedSqlError(
                text, f"more than {MOST_WITHIN} divisions and roots within each other", _REMEDY
            )
        for held in node.values():
            left += [
                (one, depth) for one in (held if isinstance(held, list) else [held]) if isinstance(one, dict)
            ]


def _check(node: Tree, text: str) -> None:
    kind = node.get("class")
    if kind is not None and kind not in _EXPRESSIONS:
        raise RefusedSqlError(text, f"{kind.lower().replace('_', ' ')} in a condition", _REMEDY)
    if kind == "FUNCTION":
        name = node["function_name"] or node["qualified_name"]["path"][-1]
        plain = not (node["schema"] or node["catalog"] or node["filter"] or node["distinct"])
        if name.lower() not in _FUNCTIONS or not plain or len(node["qualified_name"]["path"]) != 1:
            raise RefusedSqlError(text, f"function {name} in a condition", _REMEDY)


def _names(catalog: Catalog, strategy: str | None) -> Mapping[str, str]:
    """Return columns by the names that may mean them, in small letters.

    A strategy's own parameter goes before another's column, as in its view; else a column before a parameter.
    """
    columns = {name.casefold(): name for name in catalog.schema.names}
    known = catalog.parameters(strategy) if strategy else from_schema(catalog.schema)
    own = {name.casefold(): parameter.column for name, parameter in shown(known, catalog.schema).items()}
    return columns | own if strategy else own | columns


def _column(path: Sequence[str], names: Mapping[str, str]) -> str:
    name = ".".join(path)
    if len(path) == 1 and name.casefold() in names:
        return names[name.casefold()]
    raise UnknownNameError("column", name, list(names))


def _require_boolean(catalog: Catalog, condition: str, text: str) -> None:
    source = catalog.metrics.text
    try:
        [[_, kind, *_]] = catalog.tuples(f"describe select {condition} from {source} as metrics")  # noqa: S608
    except QueryFailedError as error:
        raise RefusedSqlError(text, error.message.split("\n", 1)[0], _REMEDY) from error
    if kind != "BOOLEAN":
        raise RefusedSqlError(text, f"a {kind}, not a condition", _REMEDY)
