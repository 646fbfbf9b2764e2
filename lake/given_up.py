"""Given up: why a removal that was at work does not come to its end."""

from lake.errors import LakeError


class RemovalUndoneError(LakeError):
    """A removal was undone, or given up, while it was at work."""

    def __init__(self, removal: str) -> None:
        super().__init__(removal)
        self.removal = removal

    def __str__(self) -> str:
        return (
            f"removal {self.removal} was undone by another process while this one was at it; it takes "
            "nothing more out, and what it took comes back; if it was meant, remove it again"
        )


class PinnedMeanwhileError(LakeError):
    """Something that a removal names was pinned while it was at work; nothing of it is removed.

    Attributes:
        removal: The removal.
        is_back: Whether what it had taken out is back already; else the next removal brings it back.
    """

    def __init__(self, removal: str, is_back: bool) -> None:  # noqa: FBT001  an error is made anew from its args
        super().__init__(removal, is_back)
        self.removal, self.is_back = removal, is_back

    def __str__(self) -> str:
        back = "is back" if self.is_back else "comes back with the next `sweeplake maintain` or `retain`"
        return (
            f"removal {self.removal} was given up, for something that it names was pinned meanwhile; what it "
            f"had taken out {back}; run it again, and it is planned with that pin"
        )
