"""The errors of `queries`: what was asked, why it cannot be answered, what to ask instead."""

from collections.abc import Sequence
from difflib import get_close_matches

_NAMES_SHOWN = 40


class QueryError(Exception):
    """Base of every error that `queries` raises on purpose."""


class UnknownNameError(QueryError):
    """A name that was asked for is not there.

    Attributes:
        kind: What it should have been, e.g. `metric`, `sweep`, `run`.
        name: The name.
        known: What there is.
    """

    def __init__(self, kind: str, name: str, known: Sequence[str] = ()) -> None:
        super().__init__(kind, name, tuple(known))
        self.kind, self.name, self.known = kind, name, tuple(known)

    def __str__(self) -> str:
        near = get_close_matches(str(self.name), self.known, n=1, cutoff=0.6)
        if near:
            return f'unknown {self.kind} "{self.name}"; did you mean "{near[0]}"?'
        if not self.known:
            return f'unknown {self.kind} "{self.name}"; the lake has none like it'
        more = ", ..." if len(self.known) > _NAMES_SHOWN else ""
        return f'unknown {self.kind} "{self.name}"; there is: {", ".join(self.known[:_NAMES_SHOWN])}{more}'


class RemovedError(UnknownNameError):
    """A name that was asked for is not there any more: a policy or a command removed it.

    Attributes:
        removal: When it went and by which line, as people read it.
    """

    def __init__(self, kind: str, name: str, removal: str) -> None:
        super().__init__(kind, name)
        self.removal = removal
        self.args = (kind, name, removal)

    def __str__(self) -> str:
        return f"{self.kind} {self.name} was {self.removal}; `sweeplake undo` brings it back until vacuum"


class FailedRunError(UnknownNameError):
    """A run that was asked for failed: there is nothing of it but that.

    Attributes:
        cause: Kind of failure, as `failures` has it.
        error: The error's own message.
    """

    def __init__(self, run_id: str, cause: str, error: str) -> None:
        super().__init__("run", run_id)
        self.cause, self.error = cause, error
        self.args = (run_id, cause, error)

    def __str__(self) -> str:
        return (
            f"run {self.name} failed ({self.cause}): {self.error}; the view failures has its parameters and "
            f"traceback: sweeplake sql \"from failures where run_id = '{self.name}'\""
        )


class BadValueError(QueryError):
    """A value does not fit what it is compared with, or an option cannot be used so."""

    def __init__(self, name: str, value: object, reason: str) -> None:
        super().__init__(name, value, reason)
        self.name, self.value, self.reason = name, value, reason

    def __str__(self) -> str:
        return f"{self.name} = {self.value!r}: {self.reason}"


class DoesNotFitError(QueryError):
    """A form of files cannot hold what it was given."""

    def __init__(self, form: str, what: str) -> None:
        super().__init__(form, what)
        self.form, self.what = form, what

    def __str__(self) -> str:
        return f"{self.form} cannot hold {self.what}; write csv or parquet, or select less"


class ValueDoesNotFitError(QueryError):
    """A form of files, or a table on a terminal, cannot hold a value or a column's type.

    Attributes:
        form: The form.
        reason: Why, in the words of whoever writes it.
    """

    def __init__(self, form: str, reason: str) -> None:
        super().__init__(form, reason)
        self.form, self.reason = form, reason

    def __str__(self) -> str:
        return (
            f"{self.form} cannot hold a value of this answer ({self.reason}); make its column text, "
            "e.g. cast(x as varchar)"
        )


class MissingPackageError(QueryError):
    """A form of files, or a picture, needs a package that is not installed."""

    def __init__(self, form: str, package: str, extra: str) -> None:
        super().__init__(form, package, extra)
        self.form, self.package, self.extra = form, package, extra

    def __str__(self) -> str:
        return f"{self.form} needs {self.package}; install it first: pip install 'sweeplake[{self.extra}]'"


class RefusedSqlError(QueryError):
    """SQL that came from outside asks for more than it may."""

    def __init__(self, text: str, reason: str, remedy: str) -> None:
        super().__init__(text, reason, remedy)
        self.text, self.reason, self.remedy = text, reason, remedy

    def __str__(self) -> str:
        return f"refused: {self.reason}; {self.remedy}"


class QueryFailedError(QueryError):
    """DuckDB could not answer; its own words follow."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return f"the query failed: {self.message}"


class SnapshotGoneError(QueryError):
    """Files of the snapshot are no longer there: vacuum removed what newer versions do not need."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return f"this snapshot is older than vacuum keeps ({self.message}); refresh the catalog and ask again"


class FileLostError(QueryError):
    """A file of the newest snapshot is not there: no refresh helps."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.file = file

    def __str__(self) -> str:
        return f"a committed file is missing: {self.file}; `sweeplake check` tells what is lost"


class FileUnreadableError(QueryError):
    """A file of the snapshot is there and cannot be read.

    Attributes:
        file: The file, relative to the lake's root; "" if DuckDB does not name it.
        reason: Why, in the words of whoever read it.
    """

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(file, reason)
        self.file, self.reason = file, reason

    def __str__(self) -> str:
        name = f": {self.file}" if self.file else ""
        return f"a committed file cannot be read{name} ({self.reason}); `sweeplake check` tells what is lost"


class CopyUnreadableError(QueryError):
    """The copy of a lake on this machine is damaged."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"the copy of this lake's metrics on this machine is damaged ({self.reason}); `sweeplake cache "
            "--clear` deletes it, and the lake answers"
        )


class PinnedSnapshotError(QueryError):
    """A catalog on a snapshot of its own cannot move on to a newer one."""

    def __str__(self) -> str:
        return "this catalog is pinned to one snapshot; open a Catalog on the lake to be able to refresh"
