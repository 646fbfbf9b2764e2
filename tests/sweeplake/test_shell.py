"""The shell: statements from a pipe, and somebody at a terminal."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest

import sweeplake as sl
from queries.errors import BadValueError, UnknownNameError
from sweeplake.cli.shell.commands import COMMANDS
from sweeplake.cli.shell.prompt import is_whole
from sweeplake.cli.shell.shell import Shell
from tests.e2e.processes import BIN, environment, has_computed
from tests.sweeplake.asking import tree

PROMPT = "sweeplake> "
_WHERE = "\x1b[6n"
"""The question where the cursor is, which a terminal answers."""
_RUNS = re.escape("\x1b[?2004l")
"""The prompt is done with what was typed."""
_SIGNS = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[()=>].?)")


def piped(text: str, lake: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "sweeplake", "sql", *words, "--lake", lake],
        input=text,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Terminal:
    """Somebody at a terminal of 120 columns."""

    def __init__(self, lake: Path, state: Path) -> None:
        self.process: pexpect.spawn = pexpect.spawn(
            str(BIN / "sweeplake"),
            ["sql", "--lake", str(lake)],
            env={**environment(), "XDG_STATE_HOME": str(state), "TERM": "xterm-256color"},
            dimensions=(40, 120),
            encoding="utf-8",
            timeout=20,
        )
        self.process.delaybeforesend = 0.1

    def types(self, text: str) -> None:
        self.process.send(text)

    def reads(self, pattern: str) -> str:
        """Return what is shown up to a text, without the signs that move the cursor."""
        shown = ""
        while self.process.expect([pattern, re.escape(_WHERE)]):
            shown += str(self.process.before)
            self.process.send("\x1b[1;1R")
        return _SIGNS.sub("", f"{shown}{self.process.before}{self.process.after}")


@pytest.fixture
def sit(swept: Path, tmp_path: Path) -> Callable[[], Terminal]:
    @contextmanager
    def seated(lake: Path = swept) -> Iterator[Terminal]:
        terminal = Terminal(lake, tmp_path / "state")
        try:
            terminal.reads("begin with a dot")
            yield terminal
        finally:
            terminal.process.close(force=True)

    return seated


def test_a_pipe_is_answered_statement_by_statement(swept: Path) -> None:
    done = piped("select 1 as a; -- ;\nselect ';'\n as b;\nselect 3 as c", swept)
    assert (done.returncode, done.stdout, done.stderr) == (0, "a\n1\nb\n;\nc\n3\n", "")


def test_nothing_is_answered_with_nothing(swept: Path) -> None:
    done = piped("-- nothing\n;\n", swept)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_answer_comes_before_the_next_statement_is_there(swept: Path) -> None:
    words = [BIN / "sweeplake", "sql", "--lake", swept, "--format", "csv"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("select 7 as seven;\n")
        process.stdin.flush()
        assert [process.stdout.readline(), process.stdout.readline()] == ['"seven"\n', "7\n"]
        process.stdin.close()
        assert process.wait(20) == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("select 1;\nselect nonsense from metrics;\nselect 3;", "nonsense"),
        ("select 1;\ndrop view metrics;\nselect 3;", "refused: a statement of kind DROP"),
        ("select 1;\ncopy metrics to 'x.parquet';\nselect 3;", "refused: a statement of kind COPY"),
        ("select 1;\nselect * from read_text('/etc/hostname');\nselect 3;", "refused: function read_text"),
        ("select 1;\n.hlep\nselect 3;", 'unknown command ".hlep"; did you mean ".help"?'),
        ("select 1;\n.schema metrcs\nselect 3;", 'unknown view "metrcs"; did you mean "metrics"?'),
        ("select 1;\nselect 'open", "unterminated"),
        ("select 1;\n.format docx", 'unknown format "docx"'),
        ("select 1;\n.timing now", "nothing may follow it"),
        ("select 1;\n.output nowhere/a.csv\nselect 3;", "there is no folder nowhere"),
        ("select 1;\n.output a.doc\nselect 3;", "a.doc names no form"),
    ],
)
def test_the_first_error_ends_a_pipe(swept: Path, text: str, told: str) -> None:
    before = tree(swept)
    done = piped(text, swept)
    assert (done.returncode, done.stdout) == (2, "1\n1\n")
    assert told in done.stderr
    assert tree(swept) == before


def test_several_statements_in_one_argument_stay_refused(swept: Path) -> None:
    done = piped("", swept, "select 1; select 2")
    assert (done.returncode, done.stdout) == (2, "")
    assert "2 statements" in done.stderr


def test_options_of_one_query_need_it(swept: Path) -> None:
    for words in (["-o", "a.csv"], ["--watch"]):
        done = piped("select 1;", swept, *words)
        assert (done.returncode, "are of one query" in done.stderr) == (2, True)


def test_commands_change_what_follows(swept: Path, tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    done = piped(
        f".format json\nselect 1 as a;\n.output {file}\nselect 2 as b;\nselect 3 as c;\n.quit\n;", swept
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == '[\n{"a": 1}\n]\n[\n{"c": 3}\n]\n'
    assert json.loads(file.read_text()) == [{"b": 2}]


def test_a_comment_before_a_command_does_not_hide_it(swept: Path) -> None:
    done = piped("select 1 as a; -- first\n.format csv\nselect 2 as b;\n", swept)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-2:] == ['"b"', "2"]


def test_it_moves_on_when_it_is_told_to(swept: Path, bars_lake: Path, tmp_path: Path) -> None:
    import shutil

    lake = tmp_path / "lake"
    shutil.copytree(bars_lake, lake)
    with sl.open(lake) as opened, Shell(opened) as shell:
        assert shell.seen().endswith("UTC: 0 sweeps, 0 runs")
        shutil.rmtree(lake)
        shutil.copytree(swept, lake)
        assert shell.seen().endswith("UTC: 0 sweeps, 0 runs")
        shell.refresh()
        assert re.search(r"version \d+: 2 sweeps, 31 runs$", shell.seen())
        assert "sma_cross" in shell.names.columns
        with pytest.raises(BadValueError, match="ask something first"):
            shell.run(".watch")
        shell.last = "select 1"
        for text in ("nan", "inf", "1e400", "0", "soon"):
            with pytest.raises(BadValueError, match=r"seconds from 0\.1 to 86400"):
                shell.run(f".watch {text}")
        with pytest.raises(UnknownNameError):
            shell.run(".nothing")


@pytest.mark.parametrize(("form", "lines"), [("table", 3), ("csv", 3), ("json", 4)])
def test_a_prompt_prints_the_first_rows_in_every_form(
    swept: Path, capfd: pytest.CaptureFixture[str], form: str, lines: int
) -> None:
    with sl.open(swept) as lake, Shell(lake, form) as shell:
        shell.most = 2
        for count in (2, 5):
            shell.run(f"from range({count})")
            told = capfd.readouterr()
            assert len(told.out.splitlines()) == lines
            assert told.err == ("and 3 rows more; `.output FILE` writes them all\n" if count > 2 else "")


def test_every_command_is_in_its_help(capsys: pytest.CaptureFixture[str], swept: Path) -> None:
    with sl.open(swept) as lake, Shell(lake) as shell:
        shell.run(".help")
        told = capsys.readouterr().out
        assert [name for name in COMMANDS if f"\n{name}" not in told] == []


@pytest.mark.parametrize(
    ("entry", "whole"),
    [("", True), ("select 1", False), ("select 1;", True), ("select ';", False), (".help", True)],
)
def test_an_entry_ends_with_its_last_statement(entry: str, whole: bool) -> None:  # noqa: FBT001
    assert is_whole(entry) is whole


def test_a_statement_may_take_several_lines(sit: Callable[..., Terminal]) -> None:
    with sit() as terminal:
        terminal.types("select 40 +\r")
        terminal.types("2 as answer;\r")
        assert "42" in terminal.reads("42")
        terminal.types("select shrpe from metrics;\r")
        assert '"sharpe"' in terminal.reads('Candidate bindings: "sharpe"')
        terminal.types("copy metrics to 'x';\r")
        terminal.reads("refused: a statement of kind COPY")
        terminal.types("\x04")
        terminal.process.expect(pexpect.EOF)
        terminal.process.wait()
        assert terminal.process.exitstatus == 0


def test_the_snapshot_is_shown(sit: Callable[..., Terminal], swept: Path) -> None:
    with sit() as terminal:
        shown = terminal.reads("2 sweeps, 31 runs")
        assert str(swept) in shown
        assert "UTC, version" in shown


def test_a_long_answer_is_cut_and_counted(sit: Callable[..., Terminal]) -> None:
    with sit() as terminal:
        terminal.types("select range + 1000000 as n from range(12345);\r")
        shown = terminal.reads("and 12,245 rows more")
        assert "1,000,099" in shown
        assert "1,000,100" not in shown


def test_names_are_completed(sit: Callable[..., Terminal]) -> None:
    with sit() as terminal:
        terminal.types("select max(kurt")
        terminal.reads("kurtosis")
        terminal.types("\t) > 0 as found from metri")
        terminal.reads("metrics")
        terminal.types("\t\t;\r")
        terminal.reads("yes")


def test_what_was_typed_is_there_the_next_time(sit: Callable[..., Terminal], tmp_path: Path) -> None:
    with sit() as terminal:
        terminal.types("select 123 * 457 as product;\r")
        terminal.reads("56,?211")
        terminal.types("\x04")
        terminal.process.expect(pexpect.EOF)
    path = tmp_path / "state" / "sweeplake" / "sql_history"
    assert "+select 123 * 457 as product;" in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    with sit() as terminal:
        terminal.types("\x1b[A\r")
        terminal.reads("56,?211")
        terminal.types("\x12as product\r\r")
        terminal.reads("56,?211")


def test_ctrl_c_stops_a_query_and_not_the_shell(sit: Callable[..., Terminal]) -> None:
    with sit() as terminal:
        terminal.types("select sum(hash(range || 'x')) from range(100000000000);\r")
        terminal.reads(_RUNS)
        has_computed(terminal.process.pid, 4)  # more than it takes to find what can be typed
        began = time.monotonic()
        terminal.types("\x03")
        terminal.reads("interrupted")
        assert time.monotonic() - began < 1
        terminal.types("select 6 * 7 as answer;\r")
        terminal.reads("42")
        terminal.types("select half of something\x03")
        terminal.types("select 5 * 5 as square;\r")
        terminal.reads("25")


def test_ctrl_c_stops_a_query_of_the_command(swept: Path) -> None:
    query = "select sum(hash(range || 'x')) from range(100000000000)"
    with subprocess.Popen(
        [BIN / "sweeplake", "sql", query, "--lake", swept], stderr=subprocess.PIPE, text=True
    ) as process:
        has_computed(process.pid, 8)  # more than it takes to begin
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr is not None
        assert process.stderr.read().strip() == "interrupted"
