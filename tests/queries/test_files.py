"""Files that are written: links, modes, pipes and devices stay what they are."""

import os
import stat
import threading
from pathlib import Path

import pyarrow as pa
import pytest

from queries.errors import BadValueError
from queries.export import export_file
from queries.files import require_folder, whole

ROWS = pa.table({"a": [1]})


def test_a_link_stays_and_its_file_is_written(tmp_path: Path) -> None:
    link = tmp_path / "link.csv"
    link.symlink_to("rows.csv")
    for _ in range(2):  # the file it leads to is made, and then replaced
        export_file(ROWS, link)
    assert link.is_symlink()
    assert (tmp_path / "rows.csv").read_text() == '"a"\n1\n'
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.csv", "rows.csv"]


def test_a_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.touch(mode=0o600)
    export_file(ROWS, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == '"a"\n1\n'


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "rows.csv"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    export_file(ROWS, pipe)
    reader.join(10)
    assert read == ['"a"\n1\n']
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("form", ["csv", "parquet", "arrow", "json", "xlsx", "html"])
def test_a_full_device_is_told(form: str) -> None:
    with pytest.raises(BadValueError, match="No space left"):
        export_file(ROWS, Path("/dev/full"), form)


def test_a_file_stays_as_it_was_if_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("before")
    with pytest.raises(BadValueError, match="gone"):
        whole(path, _fail)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def _fail(_: object) -> int:
    raise OSError(5, "gone")


def test_a_folder_is_looked_for_first(tmp_path: Path) -> None:
    require_folder(tmp_path / "rows.csv")
    require_folder(Path("/dev/stdout"))
    with pytest.raises(BadValueError, match="make it first"):
        require_folder(tmp_path / "none" / "rows.csv")
