"""The commands: their names, options and help; where the lake is; how soon help is there."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from lake.ownership import SweepCancelsError, SweepOwnedError
from sweeplake.cli import cli
from sweeplake.cli.output import on_this_lake
from sweeps.execution.budget import TooManyFailuresError
from sweeps.execution.outcome import SweepCutOffError
from sweeps.execution.window import SchedulerGoneError
from tests.e2e.processes import BIN, environment
from tests.sweeplake.asking import Ask

COMMANDS = {
    "ingest": "FILES --lake --symbol --timeframe --source --tz --resample --adjusted --replace --json",
    "plan": "CONFIG --lake --workers --scheduler --fresh --json",
    "run": "CONFIG --lake --scheduler --workers --max-runs --max-seconds --max-failures --fresh --profile "
    "--json",
    "resume": "SWEEP_ID --lake --scheduler --workers --max-runs --max-seconds --max-failures --take-over "
    "--json",
    "cancel": "SWEEP_ID --lake --json",
    "status": "SWEEP_ID --lake --watch --version --as-of --json",
    "summary": "SWEEP_ID --lake --version --as-of --json",
    "judge": "SWEEP_ID --lake -n --metric --symbol --where --version --as-of --json",
    "heatmap": "SWEEP_ID --lake --x --y --metric --aggregate --symbol --where --output --version --as-of "
    "--json",
    "diff": "SWEEP_A SWEEP_B --lake -n --metric --version --as-of --json",
    "best": "--lake -n --metric --strategy --symbol --role --sweep --min-trades --output --version "
    "--as-of --json",
    "leaderboard": "--lake -n --metric --by --strategy --sweep --timeframe --min-trades --min-symbols "
    "--output --version --as-of --json",
    "search": "--lake --strategy --symbol --timeframe --role --sweep --min-sharpe --max-drawdown "
    "--min-trades --since --until --where --sort --asc --limit --output --version --as-of --json",
    "lookup": "--lake --strategy --symbol --param --timeframe --output --version --as-of --json",
    "luck": "SWEEP_ID --lake --symbol --trials --version --as-of --json",
    "show": "RUN_ID --lake --trades --version --as-of --json",
    "plot": "",
    "plot equity": "RUN_ID --output --lake --version --as-of",
    "plot trades": "RUN_ID --output --lake --version --as-of",
    "plot calendar": "RUN_ID --output --lake --version --as-of",
    "plot scatter": "SWEEP_ID --x --y --metric --symbol --where --output --lake --version --as-of",
    "plot parallel": "SWEEP_ID --metric -n --symbol --where --output --lake --version --as-of",
    "plot sensitivity": "SWEEP_ID --metric --symbol --where --output --lake --version --as-of",
    "plot distribution": "SWEEP_ID --metric --symbol --where --output --lake --version --as-of",
    "plot pareto": "SWEEP_ID --metric --symbol --where --output --lake --version --as-of",
    "plot walk-forward": "SWEEP_ID --output --lake --version --as-of",
    "report": "RUN_ID|SWEEP_ID --output --lake --version --as-of",
    "replay": "RUN_ID... --lake --json",
    "sql": "QUERY --lake --format --output --watch --version --as-of",
    "export": "WHAT FORM --lake --sweep --strategy --symbol --output --version --as-of",
    "cache": "--lake --clear --json",
    "storage": "--lake --sweep --version --as-of --json",
    "history": "--lake --table --limit --json",
    "maintain": "--policy --lake --every --json",
    "compact": "--lake --table --months --dry-run --json",
    "retain": "--policy --lake --apply --json",
    "delete": "RUN_ID|SWEEP_ID --lake --yes --json",
    "undo": "--lake --to --json",
    "pin": "RUN_ID|SWEEP_ID --lake --note --json",
    "unpin": "RUN_ID|SWEEP_ID --lake --json",
    "pins": "--lake --json",
    "vacuum": "--lake --older-than --dry-run --force --json",
    "check": "--lake --deep --repair --drop-damaged --json",
}
HEAVY = (
    "dask",
    "distributed",
    "duckdb",
    "deltalake",
    "numba",
    "numpy",
    "pandas",
    "plotly",
    "pyarrow",
    "prompt_toolkit",
    "pydantic",
    "rich",
)


def _command(name: str) -> click.Command:
    found: click.Command = cli
    for word in name.split():
        assert isinstance(found, click.Group)
        found = found.commands[word]
    return found


def _names(group: click.Group, before: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        yield before + name
        if isinstance(command, click.Group):
            yield from _names(command, f"{before}{name} ")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_its_arguments_and_options(name: str) -> None:
    found = set()
    for parameter in _command(name).params:
        if isinstance(parameter, click.Argument):
            found.add(parameter.human_readable_name.upper())
        else:
            found.add(max((option for option in parameter.opts), key=len))
    assert found == set(COMMANDS[name].split())


def test_there_are_no_commands_but_these() -> None:
    assert sorted(_names(cli)) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_explains_every_option(ask: Ask, name: str) -> None:
    answer = ask(*name.split(), "--help")
    assert (answer.code, answer.err) == (0, "")
    command = _command(name)
    assert command.help
    assert command.get_short_help_str(limit=200).endswith(".")
    assert "..." not in command.get_short_help_str(limit=66)
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def test_the_version_is_the_package_s(ask: Ask) -> None:
    assert ask("--version").out == "sweeplake, version 0.1.0\n"


def _loaded(statements: str) -> set[str]:
    program = f"import sys\n{statements}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


def test_help_is_there_at_once() -> None:
    statements = "sys.argv = ['sweeplake', '--help']\nfrom sweeplake.cli import main\nmain()"
    assert _loaded(statements).isdisjoint(HEAVY)


@pytest.mark.parametrize("command", ["run", "best", "sql", "plot", "report"])
def test_the_help_of_a_command_is_there_at_once(command: str) -> None:
    statements = f"sys.argv = ['sweeplake', '{command}', '--help']\nfrom sweeplake.cli import main\nmain()"
    assert _loaded(statements).isdisjoint(HEAVY)


def test_a_question_does_not_wait_for_what_it_does_not_use(swept: Path) -> None:
    words = ["sweeplake", "best", "--lake", str(swept)]
    statements = f"sys.argv = {words}\nfrom sweeplake.cli import main\nmain()"
    assert _loaded(statements).isdisjoint({"dask", "distributed", "numba", "pydantic", "scipy", "rich"})


def test_a_strategy_s_own_imports_are_light() -> None:
    loaded = _loaded("from sweeplake import Backtest, Param, Signals, backtester, strategy")
    assert loaded.isdisjoint(set(HEAVY) - {"numpy"})


def test_the_lake_is_var_lake_by_default(ask: Ask, files: Path, tmp_path: Path) -> None:
    assert ask("ingest", files / "AAA.csv").code == 0
    assert (tmp_path / "var" / "lake" / "bars").is_dir()


def test_the_environment_names_the_lake(
    ask: Ask, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWEEPLAKE_LAKE", str(tmp_path / "mine"))
    assert ask("ingest", files / "AAA.csv").code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_an_option_outdoes_the_environment(
    ask: Ask, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWEEPLAKE_LAKE", str(tmp_path / "other"))
    assert ask("ingest", files / "AAA.csv", "--lake", f"file://{tmp_path}/mine").code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_an_empty_environment_variable_names_nothing(
    ask: Ask, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWEEPLAKE_LAKE", "")
    assert ask("ingest", files / "AAA.csv").code == 0
    assert (tmp_path / "var" / "lake").is_dir()


def test_a_command_to_type_next_names_the_lake_only_where_it_must(
    ask: Ask, swept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask("summary", "latest", "--lake", swept).err.rstrip().endswith(f" --lake {swept}")
    monkeypatch.setenv("SWEEPLAKE_LAKE", str(swept))
    assert "--lake" not in ask("summary", "latest").err


def test_a_command_in_an_error_names_the_lake_only_where_it_must(
    ask: Ask, swept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "an empty lake"
    answer = ask("summary", "latest", "--lake", empty)
    assert answer.code == 2
    assert f"`sweeplake ingest FILE --lake '{empty}'`" in answer.err
    monkeypatch.setenv("SWEEPLAKE_LAKE", str(empty))
    assert "`sweeplake ingest FILE`" in ask("summary", "latest").err


@pytest.mark.parametrize(
    "error",
    [
        TooManyFailuresError("S", 3, 2),
        SchedulerGoneError("S", "tcp://host:1"),
        SweepCutOffError("S", "the store is away"),
        SweepOwnedError("S", 1, "me@here", "now"),
        SweepCancelsError("S", 1, "me@here", "now"),
    ],
)
def test_how_to_go_on_names_the_lake(error: Exception) -> None:
    with cli.commands["resume"].make_context("resume", ["S", "--lake", "my lake"]):
        commands = re.findall("`sweeplake ([^`]*)`", on_this_lake(str(error)))
    assert all(command.endswith(" --lake 'my lake'") for command in commands)
    assert any(command.startswith("resume S") for command in commands)


def test_nothing_found_says_what_there_is(ask: Ask, swept: Path) -> None:
    answer = ask("best", "--lake", swept, "--strategy", "sma_crss")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "no run passes; there are runs of fragile, sma_cross on AAA, BBB\n"


def test_nothing_found_of_what_there_is_says_that_the_filters_are_why(ask: Ask, swept: Path) -> None:
    answer = ask("search", "--lake", swept, "--strategy", "sma_cross", "--where", "sharpe > 1000")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "none of the runs of sma_cross on AAA, BBB passes what else is asked\n"


def test_the_installed_command_works() -> None:
    done = subprocess.run([BIN / "sweeplake", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("sweeplake, version ")


INTERRUPTED_AT = """
import runpy, sys

class Interrupting:
    def find_spec(self, name, *_):
        if name == {name!r}:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupting())
runpy.run_module("sweeplake", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("name", ["click", "sweeplake.cli.find", "lake.errors"])
def test_ctrl_c_while_the_command_is_imported_ends_it_in_one_word(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_AT.format(name=name), "status"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (OSError("a socket died"), 2, "please report it"),
        (ZeroDivisionError("ours"), 2, "ZeroDivisionError: ours\nthis is a defect of sweeplake"),
        (PermissionError(13, "Permission denied", "lake/x"), 2, "error: lake/x: Permission denied; see"),
    ],
)
def test_every_end_has_its_exit_code(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, told: str
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("sweeplake.cli.cli.main", fails)
    answer = ask("status")
    assert (answer.code, answer.out) == (code, "")
    assert told in answer.err
