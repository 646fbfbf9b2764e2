"""Ids that name no run: what they name instead is told."""

from pathlib import Path

import pytest

import sweeplake as sl
from tests.sweeplake.asking import Ask, refused

COMMANDS = {
    "show": ("show", "{id}"),
    "report": ("report", "{id}", "-o", "a.html"),
    "export": ("export", "{id}", "-o", "a.xlsx"),
    "plot": ("plot", "equity", "{id}", "-o", "a.html"),
}


def words(command: str, given: str) -> list[str]:
    return [word.format(id=given) for word in COMMANDS[command]]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_run_that_failed_is_told_as_that(ask: Ask, swept: Path, command: str) -> None:
    with sl.open(swept) as lake:
        failed = lake.sql("select run_id from failures").df().run_id[0]
    answer = ask(*words(command, failed), "--lake", swept)
    refused(answer, f"run {failed} failed (raised)", "five is right out", "from failures")
    assert "did you mean" not in answer.err


@pytest.mark.parametrize("command", ["show", "plot"])
def test_a_sweep_is_told_as_that(ask: Ask, swept: Path, command: str) -> None:
    with sl.open(swept) as lake:
        sweep = lake.sweeps().sweep_id[0]
    refused(ask(*words(command, sweep), "--lake", swept), "this is a sweep", f"best --sweep {sweep}")


def test_only_an_id_that_is_nearly_the_same_is_meant(ask: Ask, swept: Path) -> None:
    with sl.open(swept) as lake:
        run = str(lake.sql("select min(run_id) as run_id from metrics").df().run_id[0])
    mistyped = run[:-1] + ("0" if run[-1] != "0" else "1")
    refused(ask("show", mistyped, "--lake", swept), f'did you mean "{run}"?')
    refused(ask("show", run[:-1], "--lake", swept), f'did you mean "{run}"?')
    other = run[:16] + "".join("0" if letter != "0" else "1" for letter in run[16:])
    assert "did you mean" not in ask("show", other, "--lake", swept).err
