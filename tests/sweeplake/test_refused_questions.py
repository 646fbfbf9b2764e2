"""Questions that cannot be answered: exit 2, what is wrong and what to ask instead, the lake untouched."""

from pathlib import Path

import pytest

from tests.sweeplake.asking import Ask, refused, tree

CASES = {
    "unknown run": (["show", "b953b93f"], ["unknown run", "b953b93f"]),
    "unknown sweep": (["summary", "2026-none"], ["unknown sweep", "2026-none"]),
    "unknown sweep of status": (["status", "2026-none"], ["unknown sweep"]),
    "unknown sweep of best": (["best", "--sweep", "2026-none"], ["unknown sweep"]),
    "unknown sweep of export": (["export", "metrics", "csv", "--sweep", "2026-none"], ["unknown sweep"]),
    "unknown metric": (["best", "--metric", "sharp"], ["unknown metric", 'did you mean "sharpe"?']),
    "unknown sort": (["search", "--sort", "calmer"], ["unknown metric", 'did you mean "calmar"?']),
    "score without a sweep": (["best", "--metric", "composite_score"], ["--sweep"]),
    "score of a sweep without one": (
        ["best", "--metric", "composite_score", "--sweep", "latest"],
        ["no [score]"],
    ),
    "where with an unknown column": (["search", "--where", "param_fats < 3"], ["param_fats"]),
    "where that does not parse": (["search", "--where", "sharpe >"], ["refused"]),
    "where that is more than a condition": (
        ["search", "--where", "true) union all (select 1"],
        ["refused"],
    ),
    "where that reads a file": (["search", "--where", "(select 1 from read_csv('/etc/passwd'))"], []),
    "bad time": (["search", "--since", "yesterday"], ["since", "yesterday", "2026-01-31"]),
    "lookup of an unknown strategy": (
        ["lookup", "--strategy", "sma_crss", "--symbol", "AAA"],
        ['did you mean "sma_cross"?'],
    ),
    "lookup of an unknown parameter": (
        ["lookup", "--strategy", "sma_cross", "--symbol", "AAA", "--param", "fats=3"],
        ["fats", 'did you mean "fast"?'],
    ),
    "lookup of a value of another kind": (
        ["lookup", "--strategy", "sma_cross", "--symbol", "AAA", "--param", "fast=ten"],
        ["fast", "ten"],
    ),
    "lookup of no pair": (
        ["lookup", "--strategy", "sma_cross", "--symbol", "AAA", "--param", "fast"],
        ["--param", "NAME=VALUE"],
    ),
    "lookup of a parameter twice": (
        ["lookup", "--strategy", "sma_cross", "--symbol", "AAA", "--param", "fast=2", "--param", "fast=5"],
        ["--param", "fast is there twice: 2, 5"],
    ),
    "lookup without a symbol": (["lookup", "--strategy", "sma_cross"], ["--symbol"]),
    "no copy": (["sql", "copy metrics to 'stolen.csv'"], ["refused"]),
    "no attach": (["sql", "attach 'other.db'"], ["refused"]),
    "no second statement": (["sql", "select 1; select 2"], ["refused", "2 statements"]),
    "no file": (["sql", "select * from read_csv('/etc/passwd')"], ["refused", "read_csv"]),
    "no file by its name": (["sql", "select * from '/etc/passwd'"], []),
    "no setting": (["sql", "set enable_external_access = true"], ["refused"]),
    "no write": (["sql", "delete from metrics"], ["refused"]),
    "no statement that Python has no name for": (
        ["sql", "update extensions"],
        ["refused", "write one SELECT"],
    ),
    "time that a table cannot hold": (
        ["sql", "select 'infinity'::timestamp as x"],
        ["a table cannot hold", "cast(x as varchar)"],
    ),
    "time that JSON cannot hold": (
        ["sql", "--format", "json", "select make_date(20000, 1, 1) as x"],
        ["json cannot hold", "cast(x as varchar)"],
    ),
    "SQL that is not UTF-8": (
        ["sql", "select '\udcff'"],
        ["character 9 is not UTF-8", "save the text as UTF-8"],
    ),
    "a PIVOT of what the rows have": (
        ["sql", "pivot metrics on symbol using count(*)"],
        ["PIVOT whose columns come from the rows", "IN ("],
    ),
    "SQL that is nested too deeply": (
        ["sql", "select " + "sharpe + " * 600 + "1 from metrics"],
        ["refused: nested too deeply", "list_sum(["],
    ),
    "SQL that does not parse": (["sql", "selct 1"], ["selct"]),
    "SQL of an unknown column": (["sql", "select sharp from metrics"], ["sharp", "sharpe"]),
    "SQL of an unknown view": (["sql", "select * from metric"], ["metric"]),
    "unknown format": (["sql", "select 1", "--format", "xml"], ["xml", "json"]),
    "export of an unknown view": (["export", "metrcs", "csv"], ['did you mean "metrics"?']),
    "export without a form": (["export", "metrics"], ["csv", "parquet"]),
    "export to a file of another kind": (["export", "metrics", "-o", "runs.doc"], ["csv", "parquet"]),
    "export of a view without such a column": (["export", "bars", "csv", "--strategy", "x"], ["strategy"]),
    "export of a query with a filter": (
        ["export", "select * from metrics", "csv", "--symbol", "AAA"],
        ["write them into the query"],
    ),
    "output of a query to a file of another kind": (
        ["sql", "select 1", "-o", "a.xls"],
        ["a.xls names no form", ".xlsx"],
    ),
    "output to a file of no kind": (["sql", "select 1", "-o", "noext"], ["noext names no form", ".csv"]),
    "output of two forms": (
        ["export", "metrics", "csv", "-o", "m.xlsx"],
        ["m.xlsx asks for xlsx, not csv"],
    ),
    "runs to a file of another kind": (["best", "-o", "b.doc"], ["doc", "csv"]),
    "output of a picture in no folder": (
        ["plot", "equity", "x", "-o", "no/a.html"],
        ["no/a.html", "make it first"],
    ),
    "output in a folder that is not there": (
        ["sql", "select 1", "-o", "no/such/file.csv"],
        ["no/such/file.csv"],
    ),
    "a negative limit": (["search", "--limit", "-1"], ["--limit"]),
    "none at all": (["best", "-n", "0"], ["-n"]),
    "no such command": (["bset"], ["bset"]),
    "no such option": (["best", "--metrc", "x"], ["--metrc", "--metric"]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_question_that_cannot_be_answered_is_refused(
    ask: Ask, swept: Path, tmp_path: Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, parts = CASES[case]
    monkeypatch.setenv("SWEEPLAKE_LAKE", str(swept))
    before = tree(swept)
    refused(ask(*words), *parts)
    assert tree(swept) == before
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "words",
    [
        "status",
        "best",
        "search",
        "summary latest",
        "show x",
        "export metrics csv",
        "lookup --strategy s --symbol s",
    ],
)
def test_without_a_lake_every_question_tells_how_to_make_one(ask: Ask, tmp_path: Path, words: str) -> None:
    refused(ask(*words.split(), "--lake", "absent"), "no lake at", "absent", "sweeplake ingest", "--lake")
    assert not list(tmp_path.iterdir())


def test_sql_without_a_lake_tells_how_to_make_one(ask: Ask, tmp_path: Path) -> None:
    refused(ask("sql", "select 1"), "no lake at", "var/lake", "sweeplake ingest")
    assert not list(tmp_path.iterdir())


def test_no_command_shows_the_help(ask: Ask) -> None:
    answer = ask()
    assert (answer.code, answer.out) == (2, "")
    assert "Commands:" in answer.err


def test_a_wrong_option_points_to_the_help(ask: Ask) -> None:
    refused(ask("best", "--metrc", "x"), "see: sweeplake best --help")
