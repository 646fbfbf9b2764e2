"""One statement that reads is told from everything else, before any of it is run."""

import duckdb
import pytest

from queries.errors import RefusedSqlError
from queries.parse import parser
from queries.reading import read_tree
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
]


@pytest.mark.parametrize("text", READS)
def test_what_reads_passes(text: str) -> None:
    read_tree(text)


@pytest.mark.parametrize("text", WRITES)
def test_what_does_anything_else_is_refused(text: str) -> None:
    with pytest.raises(RefusedSqlError):
        read_tree(text)


@pytest.mark.parametrize("text", [text for text in READS if text.lower().startswith("explain")])
def test_what_is_explained_is_a_statement_by_itself(text: str) -> None:
    assert duckdb.extract_statements(text)
    assert parser().statements(explained(text)) in (["SELECT"], ["MULTI"])


def test_statements_that_python_has_no_name_for_are_told() -> None:
    with pytest.raises(RefusedSqlError, match="a statement of kind OTHER; write one SELECT"):
        read_tree("update extensions")
