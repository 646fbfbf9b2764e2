"""The command line in this process: as fast as a call, and as honest as a shell."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What one command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its standard output, which must be one JSON document."""
        return json.loads(self.out)


Ask = Callable[..., Answer]


def tree(folder: Path) -> dict[str, str]:
    """Return every file below a folder with the hash of its bytes, every folder with an empty one."""
    return {
        str(path.relative_to(folder)): hashlib.blake2b(path.read_bytes()).hexdigest()
        if path.is_file()
        else ""
        for path in sorted(folder.rglob("*"))
    }


def refused(answer: Answer, *parts: str) -> None:
    """Assert that a command was refused as promised: exit 2, one message of these parts, no trace of ours."""
    assert answer.code == 2, answer
    assert answer.out == ""
    assert len(re.findall(r"^error: ", answer.err, re.MULTILINE)) == 1, answer.err
    assert "site-packages" not in answer.err
    assert "pydantic" not in answer.err
    for part in parts:
        assert part in answer.err
