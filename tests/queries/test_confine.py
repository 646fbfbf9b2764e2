"""Confinement: user SQL reads the snapshot, and nothing else, and writes nothing."""

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lake.lake import Lake
from queries import confine, session
from queries.confine import ConfinedCatalog
from queries.errors import QueryFailedError, RefusedSqlError


@pytest.fixture(scope="module")
def confined(filled: Lake) -> Iterator[ConfinedCatalog]:
    with ConfinedCatalog(filled.snapshot()) as catalog:
        yield catalog


def contents(lake: Lake) -> dict[str, str]:
    root = Path(lake.storage.root)
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in root.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize(
    "text",
    [
        "select count(*) from metrics",
        "from best_runs('sharpe', 3)",
        "select * from search_runs(sharpe, symbol := 'Mü')",
        "with top as (select * from strategies.cross) select fast, avg(sharpe) from top group by fast",
        "with recursive steps as (select 1 as n union all select n + 1 from steps where n < 3) from steps",
        "select symbol from trades union select symbol from equity",
        "describe metrics",
        "show tables",
        "show all tables",
        "show tables from strategies",
        "show metrics",
        "describe select sharpe from metrics",
        "from duckdb_views",
        "select column_name from duckdb_columns where table_name = 'metrics'",
        "summarize details",
        "explain select * from metrics",
        "explain analyze select count(*) from metrics",
        "explain (analyze) select count(*) from metrics",
        "explain (format json) from metrics",
        "-- é\nexplain select 1",
        "/* a */ EXPLAIN -- b\n Analyze /* c */ select 1",
        "pivot metrics on symbol in ('X') using count(*)",
        "values (1, 2)",
        "select * from range(3), unnest([1, 2])",
        "-- a comment\nselect 1;",
        "select m.sharpe from metrics m semi join details using (run_id)",
    ],
)
def test_a_select_is_answered(confined: ConfinedCatalog, text: str) -> None:
    assert confined.arrow(text).num_columns > 0


def test_values_are_bound(confined: ConfinedCatalog) -> None:
    assert confined.arrow("select count(*) as n from metrics where symbol = $symbol", {"symbol": "a%b"})[
        "n"
    ].to_pylist() == [30]


ATTACKS = [
    "",
    "select 1; select 2",
    "copy metrics to '{target}'",
    "copy (select 1) to '{file}'",
    "with x as (copy metrics to '{target}') select * from x",
    "with x as (insert into stored.metric_columns select 'a', 'b', 'c', 1 returning *) select * from x",
    "with x as (delete from stored.metric_columns returning *) select * from x",
    "with x as (update stored.metric_columns set better = 0 returning *) select * from x",
    "select * from (with x as (delete from stored.metric_columns returning *) select * from x)",
    "with x as (copy (select 1) to '{file}') select * from x",
    "select * from search_runs(sharpe, predicate := exists (with x as (copy metrics to '{file}') from x))",
    "explain analyze copy metrics to '{target}'",
    "explain copy metrics to '{target}'",
    "explain (analyze) copy metrics to '{target}'",
    "explain (analyze, format json) select * from read_text('{secret}')",
    "explain /* analyze */ analyze copy metrics to '{target}'",
    "/* explain */ explain analyze with x as (copy metrics to '{target}') select * from x",
    "explain analyze with x as (copy metrics to '{target}') select * from x",
    "attach '{target}' as other",
    "attach ':memory:' as other",
    "set variable metrics = ['{secret}']",
    "set enable_external_access = true",
    "set threads = 1",
    "reset lock_configuration",
    "drop view metrics",
    "create table t as select 1",
    "create or replace view metrics as select 1",
    "create macro m() as 1",
    "install httpfs",
    "load httpfs",
    "export database '{target}'",
    "import database '{target}'",
    "pragma database_list",
    "call enable_logging()",
    "select * from enable_logging()",
    "select * from enable_profiling()",
    "select write_log('x')",
    "select * from read_text('{secret}')",
    "select * from read_csv('{secret}')",
    "select * from read_blob('{file}')",
    "select * from glob('/*')",
    "select * from parquet_metadata('{file}')",
    "select * from query('select 1')",
    "select * from query_table('metrics')",
    "select * from json_execute_serialized_sql('x')",
    "select * from duckdb_settings()",
    "select * from duckdb_secrets()",
    "select * from checkpoint()",
    "select getvariable('metrics')",
    "select current_setting('allowed_paths')",
    "select * from pg_settings",
    'select (select count(*) from system.pg_catalog."PG_Settings")',
    "describe pg_settings",
    "select * from duckdb_logs",
    "from duckdb_databases",
    "from system.main.DUCKDB_SECRETS",
    "from pragma_database_list",
    "summarize pragma_database_list",
    "show variables",
    "SHOW Variables",
    "describe variables",
    "select * from (show variables)",
    "explain analyze from (show variables)",
    "show databases",
    "select json_serialize_plan('select current_setting(''allowed_paths'')')",
    "prepare p as select 1",
    "begin",
    "use memory",
    "vacuum",
    "pivot metrics on symbol using count(*)",
]


UNREADABLE = {
    "select * from '{secret}'": "Permission Error: Cannot access file",
    "from '{secret}'": "Permission Error: Cannot access file",
    "select * from text": "Table with name text does not exist",
    "select * from confined": "Table with name confined does not exist",
}
"""A table's name may be that of a file, or of a variable in Python: what DuckDB says of these."""


@pytest.mark.parametrize("attack", [*ATTACKS, *UNREADABLE])
def test_an_attack_is_refused_and_changes_nothing(
    filled: Lake, confined: ConfinedCatalog, tmp_path: Path, attack: str
) -> None:
    before = contents(filled)
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    file = next(path for path in before if path.endswith(".parquet"))
    text = attack.format(target=tmp_path / "target", secret=secret, file=file)
    with pytest.raises(QueryFailedError if attack in UNREADABLE else RefusedSqlError) as raised:
        confined.arrow(text)
    assert UNREADABLE.get(attack, "refused: ") in str(raised.value)
    assert "Parser Error" not in str(raised.value)
    assert contents(filled) == before
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]
    assert confined.arrow("select count(*) as n from metrics")["n"].to_pylist() == [170]


def test_the_instance_itself_refuses_what_the_parser_would_miss(
    confined: ConfinedCatalog, tmp_path: Path
) -> None:
    cursor = confined._session.cursor("")
    target = tmp_path / "target.parquet"
    for text in (
        f"copy (select 1) to '{target}'",
        "select * from read_text('/etc/hostname')",
        f"attach '{target}'",
        "set enable_external_access = true",
        "set allowed_paths = ['/']",
        "set global TimeZone = 'Asia/Tokyo'",
    ):
        with pytest.raises(Exception, match=r"Permission Error|locked|disabled"):
            cursor.execute(text)
    assert not target.exists()


LARGE = "select upper(range::varchar || repeat('x', 40)) as x from range(1_000_000) order by x desc"


def test_what_does_not_fit_into_memory_is_spilled_apart_and_only_so_much_of_it(
    filled: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, apart = tmp_path / "home", tmp_path / "apart"
    home.mkdir()
    apart.mkdir()
    monkeypatch.chdir(home)
    monkeypatch.setattr(tempfile, "tempdir", str(apart))
    monkeypatch.setattr(session, "_SETTINGS", (*session._SETTINGS, "set memory_limit = '50MB'"))
    with ConfinedCatalog(filled.snapshot()) as catalog:
        stream = catalog.batches(LARGE)
        assert stream.read_next_batch().num_rows > 0
        assert any(apart.rglob("*.tmp"))
        stream.close()
    monkeypatch.setattr(confine, "_MOST_SPILLED", "1MB")
    with ConfinedCatalog(filled.snapshot()) as catalog, pytest.raises(QueryFailedError, match="Memory"):
        catalog.arrow(LARGE)
    assert not list(home.iterdir())


def test_a_failing_query_says_why(confined: ConfinedCatalog) -> None:
    with pytest.raises(QueryFailedError, match="nonsense"):
        confined.arrow("select nonsense from metrics")


@pytest.mark.parametrize("macro", ["best_runs", "leaderboard"])
def test_an_unknown_metric_is_told_in_a_line(confined: ConfinedCatalog, macro: str) -> None:
    told = '^the query failed: there is no metric "no\'pe"; the view metric_columns lists them$'
    with pytest.raises(QueryFailedError, match=told.replace("'", "'+")):
        confined.arrow(f"from {macro}('no''pe')")


def test_a_query_that_fails_midway_says_why(confined: ConfinedCatalog) -> None:
    late = "select case when range > 500000 then error('midway') else range end from range(1000000)"
    with pytest.raises(QueryFailedError, match="midway"):
        confined.arrow(late)
