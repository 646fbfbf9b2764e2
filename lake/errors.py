"""The errors of `lake`."""

from lake.stores import LOCAL_SCHEMES, scheme_of


class LakeError(Exception):
    """Base of every error that `lake` raises on purpose."""


class LakeUnwritableError(LakeError):
    """The lake's place cannot be written."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url, self.reason = url, reason

    def __str__(self) -> str:
        return (
            f"cannot write to the lake {self.url}: {self.reason}; "
            "give another place with --lake or $SWEEPLAKE_LAKE"
        )


class LakeAddressError(LakeError):
    """The lake's URL is not understood."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url, self.reason = url, reason

    def __str__(self) -> str:
        return f"cannot open the lake {self.url!r}: {self.reason}; use a folder, file://..., or s3://bucket/prefix"


class LakeUnreachableError(LakeError):
    """The lake's storage does not answer."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)
        self.url, self.reason = url, reason

    def __str__(self) -> str:
        return f"cannot reach the lake {self.url}: {self.reason}; see that {self._remedy()}"

    def _remedy(self) -> str:
        if scheme_of(self.url) in LOCAL_SCHEMES:
            return "the disk is there and that you may read it"
        endpoint = "AWS_ENDPOINT_URL is right, " if scheme_of(self.url) in {"s3", "s3a"} else ""
        return f"the bucket exists, that {endpoint}and that the credentials in the environment may use it"
