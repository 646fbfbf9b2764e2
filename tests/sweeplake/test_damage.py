"""Damage behind the lake's back: a clear error or the right answer, never a wrong one."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import sweeplake as sl
from lake.commits import commit
from tests.sweeplake.asking import Answer, Ask

QUESTIONS = (
    ("best", "--json"),
    ("status", "--json"),
    ("summary", "latest", "--json"),
    ("sql", "select count(*) as n, round(sum(sharpe), 4) as s from metrics", "--format", "csv"),
    ("sql", "select count(*) as n, round(sum(pnl), 2) as s from trades", "--format", "csv"),
    ("sql", "select count(*) as n, round(sum(equity), 2) as s from equity", "--format", "csv"),
)
DAMAGE: dict[str, Callable[[Path], object]] = {
    "deleted": Path.unlink,
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "halved": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "emptied": lambda path: path.write_bytes(b""),
    "zeroed": lambda path: path.write_bytes(bytes(path.stat().st_size)),
}


@pytest.fixture
def own(swept: Path, tmp_path: Path) -> Path:
    """A copy of the lake after two sweeps, to damage."""
    shutil.copytree(swept, tmp_path / "own")
    return tmp_path / "own"


def answers(ask: Ask, lake: Path) -> list[Answer]:
    """Ask all questions."""
    return [ask(*words, "--lake", lake) for words in QUESTIONS]


@pytest.fixture(scope="module")
def asked_before() -> list[Answer]:
    """Filled by the first test that asks: a whole lake's answers."""
    return []


@pytest.fixture
def right(swept: Path, ask: Ask, asked_before: list[Answer]) -> list[Answer]:
    """What a whole lake answers."""
    if not asked_before:
        asked_before += answers(ask, swept)
    return asked_before


def assert_right_or_refused(found: list[Answer], expected: list[Answer], *, refused: int) -> None:
    """Every answer is the right one, or an error that says so in one message; so many at least are errors."""
    errors = 0
    for answer, whole in zip(found, expected, strict=True):
        if answer.code == 0:
            assert _rounded(answer.out) == _rounded(whole.out)
        else:
            errors += 1
            assert answer.code == 2
            assert answer.out == ""
            assert answer.err.startswith("error: ")
            assert "Traceback" not in answer.err
            assert "sweeplake check" in answer.err
            assert "query failed" not in answer.err
    assert errors >= refused


def _rounded(text: str) -> str:
    """Return numbers to nine digits: the last ones of a sum depend on its order."""
    return re.sub(r"\d+\.\d{8,}", lambda found: f"{float(found[0]):.9g}", text)


@pytest.mark.parametrize(
    ("table", "damage"),
    [
        *(("metrics", damage) for damage in DAMAGE),
        ("trades", "deleted"),
        ("trades", "cut"),
        ("details", "halved"),
        ("sweeps", "deleted"),
        ("sweeps", "zeroed"),
    ],
)
def test_a_damaged_file_gives_an_error_or_the_right_answer(
    own: Path, right: list[Answer], ask: Ask, table: str, damage: str
) -> None:
    file = sl.open(own).tables.snapshot([table])[table].files[0]
    DAMAGE[damage](Path(own, table, file.path))
    assert_right_or_refused(answers(ask, own), right, refused=1)
    told = ask("check", "--lake", own, "--json")
    assert told.code == 1
    assert f"{table}/{file.path}" in {finding["file"] for finding in told.json["findings"]}


@pytest.mark.parametrize("footer", ["known", "unknown"])
@pytest.mark.parametrize("damage", ["cut", "emptied"])
def test_a_file_that_cannot_be_read_is_named_with_the_remedy(
    own: Path, ask: Ask, damage: str, footer: str
) -> None:
    file = sl.open(own).tables.snapshot(["trades"])["trades"].files[0]
    if footer == "known":  # to this process: then it is DuckDB that meets the damage, and not pyarrow
        sl.open(own).sql("select count(*) from trades")
    DAMAGE[damage](Path(own, "trades", file.path))
    answer = ask("sql", "select sum(pnl) from trades", "--lake", own)
    assert answer.err.startswith(f"error: a committed file cannot be read: trades/{file.path} (")
    assert answer.err.endswith(f"); `sweeplake check --lake {own}` tells what is lost\n")


@pytest.mark.parametrize("left", [0, 1, 2], ids=["emptied", "one line", "two lines"])
def test_a_cut_newest_log_entry_is_an_error_until_it_is_taken_out(
    own: Path, right: list[Answer], ask: Ask, left: int
) -> None:
    tables = sl.open(own).tables
    files = tables.snapshot(["metrics"])["metrics"].files
    details = tables.snapshot(["details"])["details"].version
    version = commit(tables, "metrics", [], removes=files[:2])
    entry = Path(own, "metrics", "_delta_log", f"{version:020d}.json")
    entry.write_text("".join(entry.read_text().splitlines(keepends=True)[:left]))
    assert_right_or_refused(answers(ask, own), right, refused=len(QUESTIONS))
    assert "cut off" in ask("check", "--lake", own).out
    assert ask("check", "--lake", own, "--repair").code == 1
    repaired = ask("check", "--lake", own, "--repair", "--drop-damaged")
    assert repaired.code == 0, repaired.err
    assert_right_or_refused(answers(ask, own), right, refused=0)
    assert sl.open(own).tables.snapshot(["details"])["details"].version == details


def test_a_missing_checkpoint_is_an_error_until_it_is_made_again(
    own: Path, right: list[Answer], ask: Ask
) -> None:
    tables = sl.open(own).tables
    while not (checkpoints := list(Path(own, "metrics", "_delta_log").glob("*.checkpoint.parquet"))):
        commit(tables, "metrics", [])
    checkpoints[0].unlink()
    assert_right_or_refused(answers(ask, own), right, refused=len(QUESTIONS))
    assert "sweeplake check --repair" in ask("check", "--lake", own).err
    repaired = ask("check", "--lake", own, "--repair")
    assert repaired.code == 0
    assert "made a new checkpoint" in repaired.err
    assert_right_or_refused(answers(ask, own), right, refused=0)


def test_a_log_that_cannot_be_built_any_more_says_so(own: Path, right: list[Answer], ask: Ask) -> None:
    log = Path(own, "metrics", "_delta_log")
    (log / f"{1:020d}.json").unlink()
    assert_right_or_refused(answers(ask, own), right, refused=len(QUESTIONS))
    told = ask("check", "--lake", own)
    assert told.code == 1
    assert "entry 1 is missing" in told.out
    assert "restore" in told.err
