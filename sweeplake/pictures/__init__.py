"""Pictures: Plotly figures of runs and sweeps, as files and as pages that need no network.

They need the extra `pictures`; importing anything from here without it raises `MissingPackageError`.
"""

from importlib.util import find_spec

from queries.errors import MissingPackageError

_EXTRA = "pictures"
_PACKAGES = ("plotly", "kaleido", "jinja2")

for _package in _PACKAGES:
    if find_spec(_package) is None:
        raise MissingPackageError("a picture", _package, _EXTRA)
