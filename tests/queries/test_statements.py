"""Statements are cut where DuckDB would cut them, and names go on with what is typed."""

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.lake import Lake
from queries.confine import ConfinedCatalog
from queries.names import Names, names
from queries.statements import is_in_text, statements, words

PIECES = (
    *("select 1", "select ';'", "select 'it''s; '", 'select 1 as ";"', "select $$;$$", "select $a$;'$a$"),
    *("select 1 -- ;\n", "select /* ; /* ; */ */ 2", "select 'é;日本'", "from range(3)", "select E'\\';'"),
)


@pytest.mark.parametrize(
    ("text", "whole", "rest", "is_ended"),
    [
        ("", (), "", True),
        (" ;; \n;", (), "", True),
        ("select 1", (), "select 1", False),
        ("select 1;", ("select 1;",), "", True),
        (" select 1 ; select 2", ("select 1 ;",), " select 2", False),
        ("select 1; -- done", ("select 1;",), " -- done", True),
        ("select 1; /* more", ("select 1;",), " /* more", False),
        ("-- first\nselect 1;", ("-- first\nselect 1;",), "", True),
        ("select 'a;", (), "select 'a;", False),
        ("select $$a;", (), "select $$a;", False),
        ("select '日;本'; é", ("select '日;本';",), " é", False),
    ],
)
def test_a_text_is_cut(text: str, whole: tuple[str, ...], rest: str, is_ended: bool) -> None:  # noqa: FBT001
    found = statements(text)
    assert (found.whole, found.rest, found.is_ended) == (whole, rest, is_ended)


@given(st.lists(st.sampled_from(PIECES), max_size=4), st.sampled_from(["", " ", "\n-- end"]))
def test_it_is_cut_as_duckdb_cuts_it(pieces: list[str], end: str) -> None:
    text = "".join(f"{piece};" for piece in pieces) + end
    found = statements(text)
    assert found.is_ended
    assert len(found.whole) == len(duckdb.extract_statements(text)) == len(pieces)
    assert found.whole == tuple(f"{piece};" for piece in pieces)


@pytest.mark.parametrize(
    ("text", "is_in"),
    [
        ("", False),
        ("select ", False),
        ("select 'a", True),
        ("select 'a'", False),
        ("select 'it''s", True),
        ("select 1 -- a", True),
        ("select 1 -- a\n", False),
        ("select /* a", True),
        ("select /* a */ ", False),
    ],
)
def test_texts_and_comments_go_on_until_they_end(text: str, is_in: bool) -> None:  # noqa: FBT001
    assert is_in_text(text) is is_in


def test_words_are_names_without_their_quotes() -> None:
    assert words("select \"a b\", sharpe from metrics -- trades\n where x = 'details'") == {
        *("select", "a b", "sharpe", "from", "metrics", "where", "x")
    }


@pytest.fixture(scope="module")
def known(filled: Lake) -> Iterator[Names]:
    with ConfinedCatalog(filled.snapshot()) as catalog:
        yield names(catalog)


def first(known: Names, text: str, rest: str = "", count: int = 3) -> list[str]:
    return [name.text for name in known.after(text, rest)[1]][:count]


def test_views_and_macros_follow_from(known: Names) -> None:
    assert first(known, "select * from swe") == ["sweep_buy_and_hold", "sweep_storage", "sweep_summary"]
    assert "best_runs" in first(known, "from ", count=200)
    assert first(known, "select 1 from metrics join det") == ["details", "details_latest"]


def test_columns_of_the_views_that_are_named_come_first(known: Names) -> None:
    assert first(known, "select exit_", " from trades") == ["exit_time", "exit_price", "exit_reason"]
    assert first(known, "select * from metrics where sh") == ["sharpe", "share", "show"]
    assert "ulcer_index" in first(known, "select ulc"), "a view may be named later"
    assert first(known, "select ret", " from trades")[0] == "return"


def test_a_view_s_name_goes_before_its_columns(known: Names) -> None:
    assert first(known, "select * from trades where trades.p") == ["pnl"]
    assert first(known, "select * from trades t where t.gross") == ["gross_pnl"]
    assert first(known, "select details.", count=2) == ["sweep_id", "run_id"]


@pytest.mark.parametrize("text", ["", "select ", "select 'sha", "select 1 -- sha", "select /* sha"])
def test_nothing_goes_on_with_a_blank_a_text_or_a_comment(known: Names, text: str) -> None:
    assert known.after(text)[1] == []


def test_functions_and_keywords_are_known(known: Names) -> None:
    assert "quantile_cont" in first(known, "select quantile", count=9)
    assert first(known, "SELECT count(*) FROM metrics WHE") == ["when", "where"]
    for text in ("select medi", "select Medi"):
        assert "median" in first(known, text, count=9)


def test_every_name_stands_by_itself_in_a_query(filled: Lake, known: Names) -> None:
    with ConfinedCatalog(filled.snapshot()) as catalog:
        for view, held in zip(known.views, known.columns.values(), strict=True):
            columns = ", ".join(name.text for name in held)
            assert catalog.arrow(f"select {columns} from {view.text} limit 0").num_columns  # noqa: S608
