"""Pictures: Plotly figures of runs and sweeps, as files and as pages that need no network.

They need the extra `pictures`; importing anything from here without it raises `ExtraMissingError`.
"""

from importlib.util import find_spec

from sweeplake.errors import ExtraMissingError

_EXTRA = "pictures"
_PACKAGES = ("plotly", "kaleido", "jinja2")

for _package in _PACKAGES:
    if find_spec(_package) is None:
        raise ExtraMissingError(_package, _EXTRA)
