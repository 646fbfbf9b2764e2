"""`sweeplake cache`: the same answers, from a copy on this machine."""

from pathlib import Path

import pytest

import sweeplake as sl
from queries.confine import ConfinedCatalog
from queries.errors import BadValueError
from queries.export_query import view_query
from queries.names import names
from tests.sweeplake.asking import Ask, refused, tree


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEPLAKE_CACHE", str(tmp_path / "cache"))


def test_a_copy_is_made_used_and_cleared(ask: Ask, swept: Path, tmp_path: Path) -> None:
    before, expected = tree(swept), ask("best", "--lake", swept, "--json").json
    made = ask("cache", "--lake", swept, "--json").json
    assert set(made) == {"rows", "files", "bytes", "path", "updated", "seconds"}
    assert (made["rows"], made["updated"]) == (31, True)
    assert Path(made["path"]).stat().st_size == made["bytes"]
    assert Path(made["path"]).is_relative_to(tmp_path / "cache")
    assert not ask("cache", "--lake", swept, "--json").json["updated"]
    told = ask("cache", "--lake", swept)
    assert (told.code, told.out) == (0, "")
    assert "31 runs of" in told.err
    assert "are here already" in told.err
    assert ask("best", "--lake", swept, "--json").json == expected
    count = "select count(*) as n from duckdb_databases() where database_name = 'cache'"
    with sl.open(swept) as lake:
        assert lake.sql(count).fetchall() == [(1,)]
    assert ask("sql", "select count(*) as n from metrics", "--lake", swept, "--format", "json").json == [
        {"n": 31}
    ]
    assert ask("cache", "--lake", swept, "--clear", "--json").json["freed_bytes"] >= made["bytes"]
    assert "0.0 MB freed" in ask("cache", "--lake", swept, "--clear").err
    assert tree(swept) == before


def test_a_view_s_columns_are_those_of_the_lake_alone(swept: Path) -> None:
    with sl.open(swept) as lake:
        expected = lake.catalog.sql("from metrics limit 0").columns
        lake.cache()
        with ConfinedCatalog(lake.snapshot()) as catalog:
            known = names(catalog).columns["metrics"]
        assert [name.text.strip('"') for name in known] == expected
        with pytest.raises(BadValueError, match="no column _file"):
            view_query(lake.catalog, "metrics", {"_file": "x"})


def test_python_asks_the_copy_that_it_made(swept: Path) -> None:
    with sl.open(swept) as lake:
        expected = lake.best(5)
        assert lake.cache().rows == 31
        assert lake.catalog.is_distinct
        assert lake.best(5).equals(expected)


def test_no_lake_and_no_room_are_refused(ask: Ask, swept: Path, tmp_path: Path) -> None:
    refused(ask("cache", "--lake", tmp_path / "nowhere"), "sweeplake ingest")
    (tmp_path / "cache").write_text("a file")
    refused(ask("cache", "--lake", swept), "SWEEPLAKE_CACHE", "name a folder that can be written")
