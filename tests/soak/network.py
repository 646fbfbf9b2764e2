"""A network of this machine: hosts on a switch, whose cables can be pulled."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from pyroute2 import IPRoute, netns

OUTSIDE = 1
"""The last number of this machine's own address on the switch; hosts have those after it."""


@dataclass(frozen=True)
class Network:
    """A switch with hosts.

    Attributes:
        name: Its own, in the names of all that belongs to it.
        prefix: What all addresses begin with.
        hosts: Names of the hosts.
    """

    name: str
    prefix: str
    hosts: tuple[str, ...]

    @property
    def outside(self) -> str:
        """The address of this machine, as hosts see it."""
        return f"{self.prefix}.{OUTSIDE}"

    def address(self, host: str) -> str:
        """Return the address of a host."""
        return f"{self.prefix}.{OUTSIDE + 1 + self.hosts.index(host)}"

    def on(self, host: str) -> tuple[str, ...]:
        """Return what a command begins with that runs on a host."""
        return ("nsenter", f"--net=/var/run/netns/{self.name}-{host}")

    def pull(self, host: str) -> None:
        """Pull the cable of a host: nobody is told, what is sent does not arrive."""
        self._set(host, "down")

    def plug(self, host: str) -> None:
        """Plug it in again."""
        self._set(host, "up")

    def _set(self, host: str, state: str) -> None:
        with IPRoute() as routes:
            routes.link("set", index=_index(routes, self._cable(host)), state=state)

    def _cable(self, host: str) -> str:
        return f"{self.name}p{self.hosts.index(host)}"


def can_be_had() -> bool:
    """Return whether this process may make networks."""
    return os.geteuid() == 0


@contextmanager
def switched(hosts: Sequence[str]) -> Iterator[Network]:
    """Yield a network of hosts that reach each other, this machine, and nothing else."""
    number = os.getpid() % 60_000
    network = Network(f"swl{number}", f"10.{200 + number // 250 % 50}.{number % 250}", tuple(hosts))
    with IPRoute() as routes:
        try:
            routes.link("add", ifname=network.name, kind="bridge")
            switch = _index(routes, network.name)
            routes.addr("add", index=switch, address=network.outside, prefixlen=24)
            routes.link("set", index=switch, state="up")
            for host in hosts:
                _plug_in(routes, network, host, switch)
            yield network
        finally:
            for host in hosts:
                with suppress(FileNotFoundError):
                    netns.remove(f"{network.name}-{host}")
            routes.link("del", index=_index(routes, network.name))


def _plug_in(routes: IPRoute, network: Network, host: str, switch: int) -> None:
    space, cable = f"{network.name}-{host}", network._cable(host)
    netns.create(space)
    routes.link("add", ifname=cable, kind="veth", peer={"ifname": "eth0", "net_ns_fd": space})
    routes.link("set", index=_index(routes, cable), master=switch, state="up")
    with IPRoute(netns=space) as inside:
        own = _index(inside, "eth0")
        inside.addr("add", index=own, address=network.address(host), prefixlen=24)
        for index in (own, _index(inside, "lo")):
            inside.link("set", index=index, state="up")


def _index(routes: IPRoute, name: str) -> int:
    return int(routes.link_lookup(ifname=name)[0])
