"""The house stays as it is drawn: imports run one way, files stay small, what is public is explained."""

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.contracts.source import PACKAGES, ROOT, modules, python_files, tracked_files, undocumented

MOST_LINES = 300
MEDIAN_LINES = 150


def test_imports_keep_their_contracts() -> None:
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", PACKAGES)
def test_the_packages_that_are_imported_are_ours(name: str) -> None:
    file = import_module(name).__file__
    assert file is not None
    assert Path(file).parent == ROOT / name


def test_every_module_can_be_imported() -> None:
    files = [path for path in python_files(*PACKAGES) if path.name != "__main__.py"]
    assert len(list(modules())) == len(files)


def test_no_file_is_swollen() -> None:
    lines = {path: (ROOT / path).read_text().count("\n") for path in python_files(*PACKAGES, "tests")}
    assert {path: count for path, count in lines.items() if count > MOST_LINES} == {}
    ours = sorted(count for path, count in lines.items() if path.parts[0] in PACKAGES)
    assert ours[len(ours) // 2] <= MEDIAN_LINES


def test_what_is_public_is_documented() -> None:
    assert [name for path in python_files(*PACKAGES) for name in undocumented(path)] == []


def test_every_package_folder_says_what_it_is_for() -> None:
    folders = {path.parent for path in python_files(*PACKAGES)}
    assert [folder for folder in folders if not (ROOT / folder / "__init__.py").is_file()] == []


def test_no_file_names_somebody_s_machine() -> None:
    homes = "home|Users|root|work|tmp|mnt"
    place = re.compile(rf"""(?:^|[\s"'`=(:,])/(?:{homes})/[\w.]""", re.MULTILINE)
    found = []
    for path in tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match.group().strip()}" for match in place.finditer(text)]
    assert found == []
