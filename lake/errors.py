"""The errors of `lake`."""


class LakeError(Exception):
    """Base of every error that `lake` raises on purpose."""
