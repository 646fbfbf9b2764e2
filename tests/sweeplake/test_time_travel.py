"""Time travel by command and in Python: the same questions of an earlier lake, never a newer answer."""

import shutil
from pathlib import Path

import pytest
from distributed import Client

import sweeplake as sl
from lake.history import BadTimeError, VersionGoneError
from lake.lake import PinnedLakeError
from lake.maintenance import fenced
from queries import held
from queries.errors import SnapshotGoneError
from tests.sweeplake.asking import Ask, refused, tree

QUESTIONS = (
    ("best",),
    ("search",),
    ("status",),
    ("summary", "latest"),
    ("lookup", "--strategy", "sma_cross", "--symbol", "AAA"),
    ("sql", "select count(*) as n from metrics"),
    ("export", "metrics", "csv"),
)


@pytest.fixture
def own(swept: Path, tmp_path: Path) -> Path:
    """A copy of the lake whose metrics and details were removed after two sweeps."""
    folder = tmp_path / "own"
    shutil.copytree(swept, folder)
    tables = sl.open(folder).tables
    for table in ("details", "metrics"):
        held = fenced(tables, table)
        held.commit([], held.snapshot.files, "delete everything")
    return folder


def test_history_tells_what_was_done(own: Path, ask: Ask) -> None:
    told = ask("history", "--lake", own, "--json").json
    assert told["table"] == "metrics"
    newest, *others = told["versions"]
    assert newest["done"] == "delete everything"
    assert newest["rows_removed"] == sum(entry["rows_added"] for entry in others) > 0
    assert others[0]["done"].startswith("append of sweep 20")
    assert others[-1] | {"at": ""} == {
        "version": 0,
        "at": "",
        "done": "create table",
        "files_added": 0,
        "files_removed": 0,
        "rows_added": 0,
        "rows_removed": 0,
    }
    proposed = ask("history", "--lake", own).err
    assert f"best --version {others[0]['version']} " in proposed
    assert ask("best", "--lake", own, "--version", others[0]["version"], "--json").json["rows"]
    ingested = ask("history", "--lake", own, "--table", "bars", "--json").json["versions"]
    assert ingested[0]["done"] == "ingest of bars"
    text = ask("history", "--lake", own, "--table", "details", "--limit", "1")
    assert "delete everything" in text.out
    assert "append" not in text.out


def test_history_proposes_no_version_whose_files_vacuum_took(own: Path, ask: Ask) -> None:
    for path in Path(own, "metrics").glob("strategy=*/*/*/*.parquet"):
        path.unlink()
    answer = ask("history", "--lake", own)
    assert answer.code == 0
    assert "--version" not in answer.err
    assert "files of earlier versions that had runs are gone" in answer.err


def test_history_tells_the_commits_of_a_removal_and_its_undo_as_such(
    swept: Path, tmp_path: Path, ask: Ask
) -> None:
    lake = shutil.copytree(swept, tmp_path / "lake")
    sweep = ask("status", "--lake", lake, "--json").json["sweeps"][0]["sweep_id"]
    removal = ask("delete", sweep, "--yes", "--lake", lake, "--json").json["removal"]

    def done(table: str) -> list[str]:
        versions = ask("history", "--table", table, "--lake", lake, "--json").json["versions"]
        return [entry["done"] for entry in versions]

    assert done("removals")[0] == f"removal {removal}: its record"
    first, *others = done("sweeps")
    assert first == f"removal {removal}: states of its sweeps"
    assert f"append of sweep {sweep}" in others
    assert ask("undo", "--lake", lake).code == 0
    assert done("sweeps")[0] == f"undo of removal {removal}: states of its sweeps"


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda words: words[0])
@pytest.mark.parametrize("option", ["--version", "--as-of"])
def test_a_question_of_an_earlier_lake_is_answered_as_it_was(
    own: Path, swept: Path, ask: Ask, question: tuple[str, ...], option: str
) -> None:
    newest, before, *_ = ask("history", "--lake", own, "--json").json["versions"]
    name, *words = question
    if option == "--version" and name in ("status", "summary"):
        pytest.skip("the sweep was still running when its last runs came")
    given = {"--version": before["version"], "--as-of": _just_before(newest["at"], own)}[option]
    then = ask(name, *words, "--lake", own, option, given)
    assert then.out == ask(name, *words, "--lake", swept).out
    assert then.out != ask(name, *words, "--lake", own).out


def _just_before(at: str, own: Path) -> str:
    """Return the last moment at which nothing was removed, details included."""
    from datetime import datetime, timedelta

    from lake.history import history

    removed = history(sl.open(own).tables.storage, "details", 1)[0].at
    return (min(removed, datetime.fromisoformat(at)) - timedelta(milliseconds=1)).isoformat()


def test_a_run_that_was_deleted_is_shown_as_it_was(own: Path, swept: Path, ask: Ask) -> None:
    run_id = ask("best", "-n", "1", "--lake", swept, "--json").json["rows"][0]["run_id"]
    refused(ask("show", run_id, "--lake", own), "unknown run")
    then = ask(
        "show", run_id, "--lake", own, "--as-of", _just_before("2999-01-01T00:00:00+00:00", own), "--json"
    )
    assert then.json["trades"] == ask("show", run_id, "--lake", swept, "--json").json["trades"] != []


def test_moments_that_are_none_are_refused(own: Path, ask: Ask) -> None:
    before = tree(own)
    refused(ask("best", "--lake", own, "--version", "1", "--as-of", "2026-01-01"), "give one")
    refused(ask("best", "--lake", own, "--as-of", "yesterday"), "yesterday", "2026-01-31T12:00:00Z")
    refused(ask("best", "--lake", own, "--as-of", "9999-12-31T23:59:59-00:01"), "is no time")
    refused(ask("best", "--lake", own, "--as-of", "2999-01-01"), "2999-01-01", "still to come", "newest")
    refused(ask("best", "--lake", own, "--version", "999"), "version 999", "sweeplake history")
    assert tree(own) == before


def test_python_reads_an_earlier_lake_and_stays_there(own: Path, client: Client) -> None:
    with sl.open(own) as lake:
        assert len(lake.search(limit=0)) == 0
    with sl.open(own, as_of=_just_before("2999-01-01T00:00:00+00:00", own)) as lake:
        assert lake.is_pinned
        count = len(lake.search(limit=0))
        assert count > 0
        with pytest.raises(PinnedLakeError, match="without version and as_of"):
            lake.refresh()
        with pytest.raises(PinnedLakeError):
            sl.run({"name": "x"}, lake=lake, client=client)
        with pytest.raises(PinnedLakeError):
            sl.ingest(["AAPL"], lake=lake, source="demo")
        assert len(lake.search(limit=0)) == count
    with sl.open(own, as_of="now-ish") as lake, pytest.raises(BadTimeError):
        lake.best()


def test_a_pinned_lake_whose_files_vacuum_took_says_so_and_never_moves_on(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "MOST_ROWS", 0)  # else its few runs are in memory, and stay there
    version = sl.open(own).tables.snapshot(["metrics"])["metrics"].version
    with sl.open(own, version=version - 1) as lake:
        gone = [file.path for file in lake.catalog.snapshot["metrics"].files]
        for path in gone:
            Path(own, "metrics", path).unlink()
        for _ in range(2):
            with pytest.raises(SnapshotGoneError, match="older than vacuum keeps"):
                lake.best()
    with (
        sl.open(own, version=version - 1) as lake,
        pytest.raises(VersionGoneError, match=f"from version {version} "),
    ):
        lake.best()
