"""The documents name everything that can be typed."""

import re
import tomllib
from pathlib import Path

import click
import pytest

from lake import findings
from lake.lake import open_lake
from queries.catalog import Catalog
from sweeplake.cli import cli
from sweeps.spec.config import SweepConfig
from tests.contracts.source import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
MANUAL = (ROOT / "docs" / "sql.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", cli.commands)
def test_a_command_has_help_and_is_in_the_readme(name: str) -> None:
    assert cli.commands[name].help
    assert re.search(rf"\bsweeplake {name}\b", README)


def test_the_readme_names_no_other_commands() -> None:
    named = set(re.findall(r"(?:^ {4}|`)sweeplake ([a-z]+)\b", README, re.MULTILINE))
    assert named <= set(cli.commands)


def test_the_readme_uses_only_options_that_there_are() -> None:
    lines = re.findall(r"^ {4}sweeplake ([a-z]+)(.*?)(?: {2,}#.*)?$", README, re.MULTILINE)
    assert lines
    for name, rest in lines:
        command = cli.commands[name]
        if isinstance(command, click.Group):
            command = command.commands[rest.split()[0]]
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"(?<=\s)--?[a-z][a-z-]*", rest)) <= known, f"{name}{rest}"


def test_every_view_and_macro_is_in_the_manual(tmp_path: Path) -> None:
    lake = open_lake(str(tmp_path))
    lake.create()
    with Catalog(lake) as catalog:
        rows = catalog.rows(
            "select view_name as name from duckdb_views() where schema_name = 'main' and not internal "
            "union select function_name from duckdb_functions() "
            "where not internal and function_type in ('macro', 'table_macro')"
        )
    names = {row["name"] for row in rows}
    assert {"metrics", "best_runs"} <= names
    assert [name for name in sorted(names) if not re.search(rf"^### `{name}\b", MANUAL, re.MULTILINE)] == []


@pytest.mark.parametrize("key", SweepConfig.model_fields)
def test_every_table_and_key_of_a_configuration_is_in_its_manual(key: str) -> None:
    assert re.search(rf"`?\b{key}\b", (ROOT / "docs" / "config.md").read_text(encoding="utf-8"))


def test_every_kind_of_finding_is_in_the_manual_s_table_and_no_other() -> None:
    manual = (ROOT / "docs" / "maintenance.md").read_text(encoding="utf-8")
    table = manual.partition("| finding |")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    told = [kind for cell in cells for kind in re.findall(r"`(\w+)`", cell)]
    named = {value for name, value in vars(findings).items() if name.isupper() and isinstance(value, str)}
    assert sorted(told) == sorted(findings.KINDS) == sorted(named)


def test_the_version_is_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    from sweeplake import __version__

    assert project["version"] == __version__
