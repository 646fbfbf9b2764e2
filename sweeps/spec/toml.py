"""TOML files, or what keeps one from being read, with the remedy."""

import re
import tomllib
from pathlib import Path
from typing import Any

from sweeps.errors import did_you_mean
from sweeps.spec.errors import DocumentError

_LINE = re.compile(r"(?P<what>.*) \((?:at )?(?P<where>line \d+, column \d+|end of document)\)", re.DOTALL)


def read_toml(path: Path, refused: type[DocumentError]) -> dict[str, Any]:
    """Return the document in a file.

    Args:
        path: The file.
        refused: The error to raise.

    Raises:
        DocumentError: Of that kind, if there is no such file, or it is not TOML.
    """
    source = str(path)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise refused(source, (("", f"no such file{_nearby(path)}"),)) from None
    except UnicodeDecodeError:
        raise refused(source, (("", "is not UTF-8 text; save it as UTF-8"),)) from None
    except OSError as error:
        raise refused(source, (("", f"cannot be read: {error.strerror}"),)) from None
    except RecursionError:
        raise refused(source, (("", "is nested too deeply; flatten its lists"),)) from None
    except ValueError as error:  # TOML's own error, or a number of thousands of digits
        raise refused(source, (_syntax_problem(str(error)),)) from None


def _nearby(path: Path) -> str:
    try:
        names = sorted(str(other) for other in path.parent.glob("*.toml"))
    except OSError:
        return ""
    return did_you_mean(str(path), names)


def _syntax_problem(message: str) -> tuple[str, str]:
    remedy = "fix the TOML: text stands in quotes, dates as 2001-01-01, each key once"
    match = _LINE.fullmatch(message)
    if match is None:
        return "", f"{message}; {remedy}"
    return match["where"], f"{match['what'][:1].lower()}{match['what'][1:]}; {remedy}"
