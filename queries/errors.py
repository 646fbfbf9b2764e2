"""The errors of `queries`."""


class QueryError(Exception):
    """Base of every error that `queries` raises on purpose."""
