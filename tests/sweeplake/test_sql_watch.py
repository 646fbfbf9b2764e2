"""A query that is asked again and again."""

import os
import pty
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.processes import BIN, environment
from tests.sweeplake.asking import Ask, refused


def watched(lake: Path, *words: str, seconds: float, stdout: int = subprocess.PIPE) -> tuple[int, str, str]:
    """Watch a query for a while, then press Ctrl-C; return exit code, output and standard error."""
    with subprocess.Popen(
        [BIN / "sweeplake", "sql", *words, "--lake", lake],
        env={**environment(), "TERM": "xterm-256color"},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        out, told = process.communicate(timeout=10)
    return process.returncode, out or "", told.strip()


def test_a_pipe_gets_each_answer_apart(swept: Path) -> None:
    code, out, told = watched(swept, "select count(*) as runs from metrics", "--watch", "0.1", seconds=5)
    assert (code, told) == (130, "interrupted")
    assert len(out.split("\n\n")) > 3
    assert set(out.strip().split("\n\n")) == {"runs\n  31"}


def test_a_terminal_is_drawn_anew(swept: Path) -> None:
    ours, theirs = pty.openpty()
    code, _, told = watched(swept, "select name from sweeps", "--watch", "0.5", seconds=6, stdout=theirs)
    os.close(theirs)
    shown = os.read(ours, 1_000_000).decode()
    os.close(ours)
    assert (code, told) == (130, "interrupted")
    assert shown.count("\x1b[2J") >= 2
    assert "every 0.5 s, " in shown
    assert "Cross of two averages" in shown


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("from metrics|--watch|-o|a.csv", "--watch prints a table"),
        ("from metrics|--watch|1|--format|csv", "--watch prints a table"),
        ("from metrics|--watch|--version|1", "leave out --version"),
        ("from metrics|--watch|0", "give seconds from 0.1 to 86400"),
        ("from metrics|--watch|nan", "give seconds from 0.1 to 86400"),
        ("from metrics|--watch|1e400", "give seconds from 0.1 to 86400"),
        ("from metrcs|--watch", 'Did you mean "metrics"'),
        ("drop view metrics|--watch", "refused"),
    ],
)
def test_what_cannot_be_watched_is_refused(ask: Ask, swept: Path, words: str, told: str) -> None:
    refused(ask("sql", *words.split("|"), "--lake", swept), told)
