"""Asked cluster: what a caller says of where to compute, checked before anything is started for it."""

from sweeps.errors import SweepError


class BadClusterError(SweepError):
    """An argument that names no cluster."""

    def __init__(self, name: str, value: str, remedy: str) -> None:
        super().__init__(name, value, remedy)
        self.name, self.value, self.remedy = name, value, remedy

    def __str__(self) -> str:
        return f"{self.name} = {self.value}: {self.remedy}"


def check_cluster(client: object, workers: object) -> None:
    """Return if the two can name a cluster: a client, an address or None, and a count of processes or None.

    Raises:
        BadClusterError: If they cannot.
    """
    if client is not None and not isinstance(client, str):
        from distributed import Client  # noqa: PLC0415  seconds, which whoever has a client has spent

        if not isinstance(client, Client):
            remedy = "give a distributed.Client, such as Client(cluster), a scheduler's address, or None"
            raise BadClusterError("client", repr(client), remedy)
    if workers is None:
        return
    if not isinstance(workers, int) or isinstance(workers, bool) or workers < 1:
        remedy = "give a whole number of processes, 1 or more, or None for one a core"
        raise BadClusterError("workers", repr(workers), remedy)
    if client is not None:
        raise BadClusterError(
            "workers", repr(workers), "a client has its own workers; leave one of the two out"
        )
