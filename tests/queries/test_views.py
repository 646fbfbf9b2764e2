"""Views: each is there once a text names it, and a text that may list them finds all."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copytree

import pytest

from lake.commits import commit
from lake.lake import Lake, open_lake
from queries.catalog import Catalog
from queries.confine import ConfinedCatalog
from queries.errors import FileLostError, FileUnreadableError, QueryFailedError
from queries.views import SQL_FILES, reads
from tests.queries.conftest import (
    CROSS,
    CROSS_PARAMETERS,
    cross_rows,
    put_details,
    put_runs,
    put_sweep,
    run_id,
)

MACROS = "select function_name as name from duckdb_functions() where schema_name = 'main' and not internal"
VIEWS = "select view_name as name from duckdb_views() where schema_name = 'main' and not internal"


@pytest.fixture
def opened(filled: Lake) -> Catalog:
    return Catalog(filled.snapshot())


def made(catalog: Catalog) -> set[str]:
    """The names that are there already; asked past the catalog, which would make all to tell them."""
    cursor = catalog._session.connection.cursor()
    return {name for text in (MACROS, VIEWS) for (name,) in cursor.execute(text).fetchall()}


def test_a_question_makes_what_it_reads_alone(opened: Catalog) -> None:
    assert made(opened) == set()
    opened.arrow("select count(*) from METRICS")
    assert made(opened) == {"metrics"}
    opened.arrow("from best_runs('sharpe', 3)")
    assert made(opened) == {"metrics", "best_runs", *reads("best_runs")}
    assert made(opened) < set(SQL_FILES)


@pytest.mark.parametrize("name", SQL_FILES)
def test_each_is_made_alone_with_what_it_reads(opened: Catalog, name: str) -> None:
    opened._session._make(f'"{name.upper()}"', every=False)
    assert {name, *reads(name)} - made(opened) == ({"shared_rows"} if name == "sweep_storage" else set())


@pytest.mark.parametrize(
    "text",
    [
        "show tables",
        "SHOW ALL TABLES",
        "from duckdb_views()",
        "from information_schema.tables",
        "select * from pg_catalog.pg_views",
        "from sqlite_master",
        "describe",
        "desc",
        "-- what is there\ndesc",
        "/* what\nis */ desc -- there",
        "from (/* what is there */ desc)",
        "select '--' as x, count(*) from (desc)",
        "select 'ü', $$--$$, e'--\\'', 'it''s' from (/* a /* b */ c */ desc)",
        "-- what is there\rdesc",
        ";desc",
        "select 1; desc",
        "\ufeffdesc",
        "\u200b\u3000 desc",
        "from (\u00a0desc\u00a0)",
        "from (select '', '', '', [''], [''], false union all desc)",
        "from query('desc')",
        "from (summarize desc)",
    ],
)
def test_a_list_tells_all(opened: Catalog, text: str) -> None:
    opened.arrow(text)
    assert made(opened) == set(SQL_FILES)
    strategies = "select view_name from duckdb_views() where schema_name = 'strategies'"
    assert set(opened.tuples(strategies)) == {("cross",), ("meanrev",)}


def test_a_relation_can_be_asked_on(opened: Catalog) -> None:
    relation = opened.sql("select run_id from metrics")
    assert relation.query("ids", "select count(*) from ids semi join trades using (run_id)").fetchall() == [
        (3,)
    ]


def test_what_is_mistyped_is_told_from_all_names(filled: Lake) -> None:
    with ConfinedCatalog(filled.snapshot()) as catalog:
        with pytest.raises(QueryFailedError, match='Did you mean "sweep_summary"'):
            catalog.arrow("from sweep_sumary")
        assert catalog.arrow("select count(*) as n from sweep_summary")["n"].to_pylist() == [3]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("from query_table($1)", ["metrics"]),
        ("from query_table('met' || 'rics')", []),
        ("from query($1)", ["select 1 from metrics"]),
    ],
)
def test_a_view_is_found_that_is_named_by_a_value(opened: Catalog, text: str, values: list[str]) -> None:
    fetched = len(opened.tuples(text, values))
    assert fetched == opened.few(text, values).num_rows == opened.batches(text, values).read_all().num_rows
    assert fetched == opened.arrow("select run_id from metrics").num_rows


@pytest.mark.parametrize(
    "text",
    [
        "select 1 as a order by a desc -- (desc",
        "select 1 as year order by (year) desc, year desc, 'desc'||year desc, \"year\" desc",
        "select '(desc)', '-- (desc', $$(desc$$ /* (desc */ order by 1 /* ; */ desc",
        "select [3] as a order by a[1] desc, a[1] + $1 desc",
        "select 'ü ä' as \"desc\", 1.5 as é order by é desc",
        "select x from (select 1 as x) as t(x) order by {'a': x} desc, t.x desc, x * 2 desc limit (3)",
    ],
)
def test_an_order_that_descends_lists_nothing(opened: Catalog, text: str) -> None:
    opened.arrow(text, [1] if "$1" in text else [])
    assert made(opened) == set()


def test_views_of_strategies_are_found_by_their_names(lake: Lake) -> None:
    names = ("it's", 'say "no"', "Cross", "cross", "Σίσυφος", "a b")
    for place, strategy in enumerate(names):
        put_runs(lake, strategy, "007", cross_rows(CROSS, "007", place + 1, place))
    views = ("it's", 'say ""no""', "Cross", "CROSS_2", "Σίσυφος", "A B")
    for place, view in enumerate(views):
        with ConfinedCatalog(lake.snapshot()) as catalog:
            text = f'select count(*) as n from strategies."{view}"'  # noqa: S608
            assert catalog.arrow(text)["n"].to_pylist() == [place + 1], view


@pytest.mark.parametrize("damage", [b"", b"not Parquet", None])
@pytest.mark.parametrize(
    ("table", "whole"),
    [
        ("metrics", ["sweeps", "trades_by_hour", "storage"]),
        ("trades", ["sweeps", "metrics", "best_runs('sharpe', 3)", "storage", "equity"]),
        ("details", ["sweeps", "metrics", "failures", "leaderboard('sharpe')"]),
    ],
)
def test_a_damaged_file_stops_only_who_reads_it(
    filled: Lake, tmp_path: Path, table: str, whole: list[str], damage: bytes | None
) -> None:
    copytree(filled.storage.url, tmp_path / "damaged")
    lake = open_lake(str(tmp_path / "damaged"))
    for file in lake.snapshot()[table].files:
        path = Path(lake.storage.uri(f"{table}/{file.path}"))
        path.unlink() if damage is None else path.write_bytes(damage)
    catalog = Catalog(lake.snapshot())
    catalog.arrow("show tables")
    assert made(catalog) >= {name for name in SQL_FILES if table not in {name, *reads(name)}}
    for view in whole:
        catalog.arrow(f"from {view}")
    for _ in range(2):
        with pytest.raises(FileLostError if damage is None else FileUnreadableError):
            catalog.arrow(f"from {table}")
    with ConfinedCatalog(lake.snapshot()) as confined:
        for view in whole:
            confined.arrow(f"from {view}")
        with pytest.raises(FileLostError if damage is None else FileUnreadableError):
            confined.arrow(f"from {table}")


def test_a_view_that_is_made_after_a_refresh_reads_what_is_there_then(lake: Lake) -> None:
    put_sweep(lake, CROSS, "cross", parameters=CROSS_PARAMETERS)
    put_details(lake, CROSS, "cross", "007", run_id("cross", "007", 1), whole=True)
    catalog = Catalog(lake)
    older = catalog.snapshot
    put_details(lake, CROSS, "cross", "007", run_id("cross", "007", 2), whole=True)
    for table in ("trades", "equity", "details"):
        commit(lake, table, [], removes=older[table].files)
        for file in older[table].files:
            Path(lake.storage.uri(f"{table}/{file.path}")).unlink()
    session = catalog._session
    catalog.refresh()
    assert catalog._session.connection is session.connection
    assert catalog.tuples("select distinct run_id from trades") == [(run_id("cross", "007", 2),)]


def test_threads_share_them(filled: Lake) -> None:
    texts = ["from best_runs('sharpe', 3)", "from sweep_summary", "from storage", "from trades_by_hour"] * 4
    for _ in range(5):
        catalog = Catalog(filled.snapshot())
        with ThreadPoolExecutor(8) as threads:
            found = [rows.num_rows for rows in threads.map(catalog.arrow, texts)]
        assert found == found[:4] * 4
        assert found[0] == found[1] == 3
