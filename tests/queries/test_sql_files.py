"""Views and macros: each has its file, its header and its place in the manual."""

import re
from pathlib import Path

import pytest

import queries
from lake.columns import Column
from lake.schemas import TABLES
from queries.catalog import Catalog
from queries.views import SQL_FILES, sql_text

MANUAL = Path(__file__).parents[2] / "docs" / "sql.md"
ARGUMENTS = {
    "day_positions": "'none', '2026-01-02'",
    "leaderboard": "",
    "parameter_sets": "sharpe",
    "period_returns": "'month'",
    "trades_by": "side",
}
_ANYTHING = "'none'"
COLUMNS_OF = {
    "walk_forward": "metrics",
    "runs_latest": "metrics",
    "leaderboard": "metrics",
    "parameter_sets": "metrics",
    "details_latest": "details",
    "trades_latest": "trades",
    "equity_latest": "equity",
}
"""Views that have all columns of a table beside their own."""


def test_every_file_is_created_and_every_creation_has_a_file() -> None:
    folder = Path(queries.__file__).parent / "sql"
    assert sorted(path.stem for path in folder.glob("*.sql")) == sorted(SQL_FILES)


@pytest.mark.parametrize("name", SQL_FILES)
def test_the_header_gives_grain_units_and_reads(name: str) -> None:
    text = sql_text(name)
    assert re.match(rf"-- {name}(\([^)]*\))?: one row per ", text)
    assert "\n-- Units: " in text
    assert "\n-- Reads: " in text
    assert len(re.findall(rf"create or replace (?:view|macro) {name}\b", text)) == 1
    assert text.count("create or replace") == 1


@pytest.mark.parametrize("name", SQL_FILES)
def test_the_manual_has_it(name: str) -> None:
    assert re.search(rf"^### `{name}", MANUAL.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", [name for name in SQL_FILES if "replace macro" in sql_text(name)])
def test_a_macro_reads_what_its_caller_cannot_shadow(name: str) -> None:
    body = sql_text(name).partition("create or replace macro")[2]
    assert not [read for read in re.findall(r"(?:from|join) (\w+)\b(?![.(])", body) if read in SQL_FILES]


def test_a_caller_s_table_of_a_view_s_name_changes_no_macro(catalog: Catalog) -> None:
    asked = "select * from best_runs(n := 3)"
    assert catalog.arrow(f"with metrics as (select 1 as sharpe) {asked}").equals(catalog.arrow(asked))


def test_the_manual_names_no_others() -> None:
    named = re.findall(r"^### `(\w+)", MANUAL.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(SQL_FILES)


@pytest.mark.parametrize("name", [name for name in TABLES if name in SQL_FILES])
def test_a_view_of_a_table_has_exactly_its_columns(catalog: Catalog, name: str) -> None:
    found = catalog.arrow(f"select * from {name} limit 0").column_names  # noqa: S608
    fixed = [column.name for column in TABLES[name].columns]
    assert [column for column in found if not column.startswith(("param_", "metric_"))] == fixed


def test_the_manual_has_every_column_with_its_unit(catalog: Catalog) -> None:
    text = MANUAL.read_text(encoding="utf-8")
    for name in SQL_FILES:
        section = re.split(rf"### `{name}\b", text, maxsplit=1)[1].split("\n### ", 1)[0]
        for column in _columns(catalog, name):
            assert f"| `{column.name}` |" in section, (name, column.name)
            if column.unit:
                assert f"| `{column.name}` | {column.unit} |" in section, (name, column.name)


def test_the_examples_of_the_manual_run(catalog: Catalog) -> None:
    examples = re.findall(r"```sql\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    assert len(examples) >= len(SQL_FILES)
    for example in examples:
        catalog.arrow(example)


def _columns(catalog: Catalog, name: str) -> list[Column]:
    if name in TABLES:
        return list(TABLES[name].columns)
    if name in {"passes", "search_runs", "best_runs"}:
        return []
    argument = f"({ARGUMENTS.get(name, _ANYTHING)})" if f"macro {name}(" in sql_text(name) else ""
    found = _names(catalog, name + argument)
    known = _names(catalog, COLUMNS_OF[name]) if name in COLUMNS_OF else []
    kind = TABLES["metrics"].schema.field(0).type
    return [Column(column, kind, "", "") for column in found if column not in known]


def _names(catalog: Catalog, source: str) -> list[str]:
    names: list[str] = catalog.arrow(f"select * from {source} limit 0").column_names  # noqa: S608
    return names
