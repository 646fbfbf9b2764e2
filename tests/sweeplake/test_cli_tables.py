"""Tables: aligned text in a pipe, whole to the last character; ruled and fitted on a terminal."""

import csv
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from fcntl import ioctl
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import sweeplake as sl
from sweeplake.cli.tables import print_table
from tests.e2e.processes import BIN, environment
from tests.sweeplake.asking import Ask, refused

QUESTIONS = [
    "status",
    "status latest",
    "summary latest",
    "best",
    "search --limit 5",
    "best --strategy fragile",
    "judge latest",
    "heatmap latest --x window",
]


def terminal(*words: object, lake: Path, columns: int) -> tuple[str, str]:
    """Run a command on a terminal that wide; return what it shows, and its standard error."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    hidden = {"COLUMNS", "LINES", "NO_COLOR"}
    clean = {name: value for name, value in environment().items() if name not in hidden}
    with subprocess.Popen(
        [BIN / "sweeplake", *map(str, words)],
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        env={**clean, "SWEEPLAKE_LAKE": str(lake), "TERM": "xterm-256color"},
    ) as process:
        os.close(theirs)
        shown = bytearray()
        while True:
            try:
                shown += os.read(ours, 65536)
            except OSError:  # the far end was closed
                break
        assert process.stderr is not None
        told = process.stderr.read().decode()
    os.close(ours)
    assert process.returncode == 0, told
    return shown.decode().replace("\r\n", "\n"), told


def winner(lake: Path) -> str:
    with sl.open(lake) as opened:
        return opened.sql("select run_id from details order by run_id limit 1").fetchall()[0][0]


@pytest.mark.parametrize("words", [*QUESTIONS, "show"])
def test_a_pipe_gets_plain_text(ask: Ask, swept: Path, words: str) -> None:
    question = ["show", winner(swept)] if words == "show" else words.split()
    answer = ask(*question, "--lake", swept)
    assert answer.code == 0
    assert answer.out.isascii()
    assert "\x1b" not in answer.out + answer.err
    lines = answer.out.splitlines()
    assert lines
    assert all(line == line.rstrip() for line in lines)
    assert "..." not in answer.out


def test_a_piped_table_is_aligned_and_whole(ask: Ask, swept: Path) -> None:
    lines = ask("best", "--lake", swept, "-n", 5, "--strategy", "sma_cross").out.splitlines()
    assert lines[0].split() == [
        *("strategy", "symbol", "params", "sharpe", "total_return"),
        *("max_drawdown", "num_trades", "win_rate", "cagr", "run_id"),
    ]
    assert len(lines) == 6
    with sl.open(swept) as lake:
        best = lake.best(5, strategy="sma_cross")
    for line, run_id, sharpe in zip(lines[1:], best.run_id, best.sharpe, strict=True):
        assert line.index(run_id) == lines[0].index("run_id")
        assert f"{sharpe:.4f}" in line.split()


def test_the_metric_that_ranks_comes_first(ask: Ask, swept: Path) -> None:
    header = ask("best", "--lake", swept, "--metric", "calmar").out.splitlines()[0].split()
    assert header[2:5] == ["params", "calmar", "sharpe"]
    header = ask("search", "--lake", swept, "--sort", "date").out.splitlines()[0].split()
    assert header[2:5] == ["params", "date", "sharpe"]


def test_hostile_text_stays_on_its_line(ask: Ask, swept: Path) -> None:
    answer = ask("sql", "select 'a' || chr(10) || chr(27) || '[31mred' as text, 1 as n", "--lake", swept)
    assert answer.out.splitlines() == ["text            n", r"a\n\x1b[31mred  1"]


def test_wide_characters_keep_the_columns_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([{"name": "日本", "n": 1}, {"name": "M\u0308u", "n": 20}], ("name", "n"))
    assert capsys.readouterr().out == "name   n\n日本   1\nM\u0308u    20\n"


def test_numbers_keep_thousands_apart_and_nulls_visible(ask: Ask, swept: Path) -> None:
    query = "select 1234567 as n, 0.25 as x, null as nothing, true as flag, sum(num_trades) as s from metrics"
    lines = ask("sql", query, "--lake", swept).out.splitlines()
    assert lines[1].split()[:4] == ["1,234,567", "0.25", "-", "yes"]


def test_columns_of_one_name_are_all_there(ask: Ask, swept: Path) -> None:
    answer = ask("sql", "select 1 as a, 2 as a, interval 3 days as i", "--lake", swept)
    assert answer.out.splitlines() == ["a  a_1  i", "1    2  3 days"]


def test_a_terminal_gets_a_ruled_table(swept: Path) -> None:
    shown, told = terminal("best", "-n", 2, lake=swept, columns=200)
    assert "─" in shown
    assert "\x1b[1m" in shown
    assert "win_rate" in shown
    assert told == ""


def test_a_narrow_terminal_loses_metrics_but_no_id(swept: Path) -> None:
    shown, told = terminal("best", "-n", 2, "--strategy", "sma_cross", lake=swept, columns=100)
    assert max(len(line) for line in re.sub(r"\x1b\[[\d;]*m", "", shown).splitlines()) <= 100
    assert "sharpe" in shown
    assert "win_rate" not in shown
    assert "too narrow for " in told
    assert "cagr" in told
    with sl.open(swept) as lake:
        for run_id in lake.best(2, strategy="sma_cross").run_id:
            assert run_id in shown


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("columns", range(60, 200, 7))
def test_no_width_cuts_a_number_a_word_or_an_id(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = {f"metric_{place}": place + 0.12345 for place in range(6)}
    row = {
        "strategy": "donchian_breakout",
        "params": {"atr_stop_multiple": 2.5, "window": 14},
        "run_id": "f" * 32,
    }
    terminal = _Terminal()
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr("sys.stdout", terminal)
    print_table([row | metrics], ("strategy", "params", *metrics, "run_id"), optional=tuple(metrics))
    shown = re.sub(r"\x1b\[[\d;]*m", "", terminal.getvalue())
    assert {"donchian_breakout", "atr_stop_multiple=2.5", "window=14", "f" * 32} <= set(shown.split())
    kept = re.findall(r"metric_(\d)", shown)
    assert kept == [str(place) for place in range(len(kept))]
    assert all(re.search(rf"\b{place}\.1234?5?\b", shown) for place in kept)
    assert columns < 190 or len(kept) == 6
    assert max(map(len, shown.splitlines())) <= columns


def test_a_table_that_no_terminal_holds_is_shown_row_by_row(swept: Path) -> None:
    shown, _ = terminal("sql", "select * from metrics limit 2", lake=swept, columns=80)
    assert "row 2" in shown
    assert shown.count("excess_return") == 2


def test_a_form_for_programs_is_not_thrown_at_a_terminal(swept: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    words = [BIN / "sweeplake", "sql", "select 1", "--format", "parquet", "--lake", swept]
    done = subprocess.run(words, stdout=theirs, stderr=subprocess.PIPE, cwd=tmp_path, check=False)
    os.close(theirs)
    os.close(ours)
    assert (done.returncode, b"-o FILE" in done.stderr) == (2, True)


def test_a_reader_that_leaves_is_no_error(swept: Path) -> None:
    words = [BIN / "sweeplake", "export", "equity", "csv", "--lake", swept]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert (process.stderr.read(), process.wait(30)) == (b"", 0)


def test_export_gives_csv_with_every_digit(ask: Ask, swept: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(ask("export", "sma_cross", "csv", "--lake", swept).out)))
    with sl.open(swept) as lake:
        expected = dict(lake.sql("select run_id, sharpe from sma_cross").fetchall())
    assert {row["run_id"]: float(row["sharpe"]) for row in rows} == expected


def test_export_writes_files_by_their_name(ask: Ask, swept: Path, tmp_path: Path) -> None:
    answer = ask("export", "metrics", "--lake", swept, "--symbol", "BBB", "-o", "runs.parquet")
    assert (answer.code, answer.out, answer.err) == (0, "", "14 rows in runs.parquet\n")
    assert pq.read_table(tmp_path / "runs.parquet").num_rows == 14
    answer = ask("sql", "select 1 as one", "--lake", swept, "-o", "one.json")
    assert (tmp_path / "one.json").read_text() == '[\n{"one": 1}\n]\n'
    assert answer.err == "1 row in one.json\n"


def test_export_takes_a_query_and_a_sweep(ask: Ask, swept: Path) -> None:
    query = "select count(*) as runs\nfrom metrics"
    assert ask("export", query, "csv", "--lake", swept).out.splitlines() == ['"runs"', "31"]
    rows = ask("export", "metrics", "csv", "--sweep", "latest", "--lake", swept).out.splitlines()
    assert len(rows) == 4


@pytest.mark.parametrize("form", ["csv", "parquet", "arrow", "json", "xlsx", "html"])
def test_sql_writes_every_form_to_a_pipe(ask: Ask, swept: Path, form: str) -> None:
    answer = ask("sql", "select 7 as seven", "--format", form, "--lake", swept)
    assert (answer.code, answer.err) == (0, "")
    assert len(answer.out) > 3


def test_explain_is_answered(ask: Ask, swept: Path) -> None:
    assert ask("sql", "explain select 1", "--lake", swept).code == 0
    refused(ask("sql", "explain delete from metrics", "--lake", swept), "refused")


def test_python_of_the_environment_is_used() -> None:
    assert Path(sys.executable).parent == BIN
