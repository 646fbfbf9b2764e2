"""A query that is asked again and again."""

import os
import pty
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.processes import BIN, environment
from tests.sweeplake.asking import Ask, refused


def watched(lake: Path, *words: str, mark: str, stdout: int, read: int) -> tuple[int, str, str]:
    """Watch a query until something was said four times, then press Ctrl-C.

    Args:
        lake: The lake.
        words: The command.
        mark: What is said with each answer.
        stdout: Where the command writes to.
        read: Where that is read.

    Returns:
        Exit code, output and standard error.
    """
    with subprocess.Popen(
        [BIN / "sweeplake", "sql", *words, "--lake", lake],
        env={**environment(), "TERM": "xterm-256color"},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.close(stdout)
        shown = b""
        while shown.count(mark.encode()) < 4:
            shown += os.read(read, 65536)
        process.send_signal(signal.SIGINT)
        with suppress(OSError):  # a terminal that nobody writes to any more
            while more := os.read(read, 65536):
                shown += more
        _, told = process.communicate(timeout=60)
    os.close(read)
    return process.returncode, shown.decode(), told.strip()


def test_a_pipe_gets_each_answer_apart(swept: Path) -> None:
    read, stdout = os.pipe()
    words = ("select count(*) as runs from metrics", "--watch", "0.1")
    code, out, told = watched(swept, *words, mark="31", stdout=stdout, read=read)
    assert (code, told) == (130, "interrupted")
    assert set(out.strip().split("\n\n")) == {"runs\n  31"}


def test_a_terminal_is_drawn_anew(swept: Path) -> None:
    read, stdout = pty.openpty()
    words = ("select name from sweeps", "--watch", "0.5")
    code, shown, told = watched(swept, *words, mark="Cross of two averages", stdout=stdout, read=read)
    assert (code, told) == (130, "interrupted")
    assert shown.count("\x1b[2J") >= 2
    assert "every 0.5 s, " in shown


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
