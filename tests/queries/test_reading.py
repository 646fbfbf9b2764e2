"""One statement that reads is told from everything else, before any of it is run."""

import re
import sys

import duckdb
import pytest

from queries.errors import RefusedSqlError
from queries.parse import Tree, nodes, parser
from queries.reading import ACTING, read_tree
from queries.statements import explained

PIVOT = "pivot t on y using count(*)"
READS = [
    "select 1;",
    "from range(3)",
    "values (1), (2)",
    "table t",
    "with x as (select 1) from x",
    "describe t",
    "summarize t",
    "show tables",
    "select * from read_csv('anything.csv')",
    "pivot t on y in ('a') using count(*)",
    PIVOT,
    f"explain {PIVOT}",
    f"-- a\nselect * from ({PIVOT}) -- delete",
    'pivot t on y using count("delete")',
    "explain select 1",
    "explain analyze select 1",
    "explain (analyze) select 1",
    "explain (format json) select 1",
    'explain /* a */ ( "ANALYZE", format json ) (select 1)',
    "explain (select 1) union (select 2)",
]
ACTS = [
    "json_execute_serialized_sql(json_serialize_sql('from t'))",
    "system.main.\"JSON_Execute_Serialized_SQL\" /* a */ ('{}')",
    "query('from t')",
    "enable_logging('QueryLog', storage := 'file', storage_path := 'logs')",
    "checkpoint()",
    "main.register_external_resource_type('a')",
]
"""Functions that a SELECT may call, and that do more than read."""
AROUND = [
    ("from ", ""),
    ("explain analyze select * from t, lateral ", ""),
    ("with x as (from ", ") select (select max(y) from x)"),
    ("summarize from ", ""),
    ("select ", ""),
    ("with t as (from ", ") pivot t on y using count(*)"),
]
WRITES = [
    "",
    "select",
    "select 1; select 2",
    "delete from t",
    "insert into t values ('c')",
    "update t set y = 'c'",
    "copy t to 'file'",
    "create or replace view t as select 1",
    "set threads = 1",
    "call enable_logging()",
    "update extensions",
    "with x as (delete from t returning *) from x",
    "explain analyze delete from t",
    "explain (analyze) delete from t",
    "explain (analyze, format json) with x as (delete from t returning *) from x",
    f"create table other as {PIVOT}",
    f"copy ({PIVOT}) to 'file'",
    f"insert into t {PIVOT}",
    f"explain analyze insert into t {PIVOT}",
    f"with x as (delete from t returning *) {PIVOT}",  # noqa: S608
    f"set variable x = (from ({PIVOT}))",
    f"{PIVOT}; select 1",
    *(call.join(around) for call in ACTS for around in AROUND),
]


@pytest.mark.parametrize("text", READS)
def test_what_reads_passes(text: str) -> None:
    read_tree(text)


@pytest.mark.parametrize("text", WRITES)
def test_what_does_anything_else_is_refused(text: str) -> None:
    with pytest.raises(RefusedSqlError):
        read_tree(text)


@pytest.mark.parametrize(
    "text",
    ["select 'x'.write_log()", "select list_transform(['x'], lambda x: write_log(x))", "values (setseed(1))"],
)
def test_a_function_that_changes_something_is_refused_wherever_it_is_called(text: str) -> None:
    with pytest.raises(RefusedSqlError, match=r"^refused: function (write_log|setseed); write one SELECT"):
        read_tree(text)


def test_no_function_of_duckdb_that_acts_is_forgotten() -> None:
    known = duckdb.execute(
        "select distinct function_name from duckdb_functions() where function_type <> 'pragma'"
    )
    names = {name for (name,) in known.fetchall()}
    acting = re.compile(
        r"(enable|disable|truncate|create|destroy|register|deregister|write|load|install|set|start|stop)_.*"
        r"|.*(_execute|execute_|checkpoint|nextval|setval|setseed).*|query"
    )
    assert {name for name in names if acting.fullmatch(name)} - {"create_sort_key", "set_bit"} == ACTING


DEEP = ["select " + "+".join(["y"] * 5000), "select " + "abs(" * 2000 + "y" + ")" * 2000]
if sys.version_info < (3, 12):  # later ones read JSON that is nested deeper
    DEEP.append("select " + "+".join(["y"] * 400))


@pytest.mark.parametrize("text", DEEP)
def test_what_is_nested_too_deeply_is_told(text: str) -> None:
    with pytest.raises(RefusedSqlError, match=r"^refused: nested too deeply; write a long sum as list_sum\("):
        read_tree(text)


def test_every_object_of_a_tree_is_found_however_deep_it_is() -> None:
    tree: Tree = {"place": 0}
    for place in range(5000):
        tree = {"place": place, "inner": [{"a": 1}, tree]}
    assert len(list(nodes(tree))) == 10_001
    assert [node.get("a") for node in nodes({"x": [{"a": 1}, {"a": 2}], "y": {"a": 3}})] == [None, 1, 2, 3]


@pytest.mark.parametrize("text", [text for text in READS if text.lower().startswith("explain")])
def test_what_is_explained_is_a_statement_by_itself(text: str) -> None:
    assert duckdb.extract_statements(text)
    assert parser().statements(explained(text)) in (["SELECT"], ["MULTI"])


def test_statements_that_python_has_no_name_for_are_told() -> None:
    with pytest.raises(RefusedSqlError, match="a statement of kind OTHER; write one SELECT"):
        read_tree("update extensions")
