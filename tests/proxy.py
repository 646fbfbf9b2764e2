"""A proxy in front of an HTTP server: it counts requests, and does to each of them what a test says.

    def hook(method: str, path: str, n: int) -> Action: ...     # n counts from 1
    with Proxy("127.0.0.1", port, hook) as proxy:
        ...                                                     # talk to proxy.endpoint
        print(proxy.counts())

An action is a function of one exchange. Those below are the usual ones; a test may write its own, for
example one that forwards, kills the client, and answers nothing. The hook runs on the thread of its request,
many at a time; the number is drawn in the order of arrival.
"""

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from types import TracebackType
from typing import Self

_HOP = {"connection", "keep-alive", "transfer-encoding", "date", "server"}


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Exchange:
    """One request and what can be done with it: forward it, reply, or hang up."""

    method: str
    path: str
    n: int
    forward: Callable[[], Answer]
    reply: Callable[[Answer], None]
    hang_up: Callable[[], None]


Action = Callable[[Exchange], None]
Hook = Callable[[str, str, int], Action]


def passed_on(exchange: Exchange) -> None:
    """Let the request through, and its answer."""
    exchange.reply(exchange.forward())


def dropped(exchange: Exchange) -> None:
    """Close the connection; the server never hears of it."""
    exchange.hang_up()


def answer_lost(exchange: Exchange) -> None:
    """Let the server do it, then close the connection without a word."""
    exchange.forward()
    exchange.hang_up()


def cut_short(exchange: Exchange) -> None:
    """Let the request through and half of its answer's body."""
    answer = exchange.forward()
    promised = {"Content-Length": str(len(answer.body)), **answer.headers}
    exchange.reply(Answer(answer.status, promised, answer.body[: len(answer.body) // 2]))
    exchange.hang_up()


def refused(status: int, code: str) -> Action:
    """Answer with an S3 error instead of asking the server."""

    def act(exchange: Exchange) -> None:
        text = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>injected</Message></Error>'
        body = b"" if exchange.method == "HEAD" else text.encode()
        exchange.reply(Answer(status, {"Content-Type": "application/xml"}, body))

    return act


def delayed(seconds: float) -> Action:
    """Let the request through after a while."""

    def act(exchange: Exchange) -> None:
        time.sleep(seconds)
        passed_on(exchange)

    return act


FAULTS: tuple[Action, ...] = (
    refused(500, "InternalError"),
    refused(503, "SlowDown"),
    refused(429, "TooManyRequests"),
    dropped,
    answer_lost,
    cut_short,
)


def undisturbed(method: str, path: str, n: int) -> Action:
    """Be the hook that lets everything through."""
    return passed_on


def faulty(share: float, seed: int = 0, faults: tuple[Action, ...] = FAULTS) -> Hook:
    """Return a hook that does one of some faults to a share of all requests, at random by a seed."""
    random, lock = Random(seed), threading.Lock()

    def hook(method: str, path: str, n: int) -> Action:
        with lock:
            return random.choice(faults) if random.random() < share else passed_on

    return hook


class Proxy:
    """The proxy, serving on a free port of loopback while the `with` lasts.

    Attributes:
        hook: Decides on every request; may be replaced at any time.
        endpoint: Its address.
    """

    def __init__(self, host: str, port: int, hook: Hook = undisturbed) -> None:
        self.hook = hook
        self._target = (host, port)
        self._lock = threading.Lock()
        self._seen: list[tuple[str, str, Action]] = []
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def seen(self) -> list[tuple[str, str]]:
        """Method and path of every request since the last `forget`."""
        with self._lock:
            return [(method, path) for method, path, _ in self._seen]

    @property
    def faults(self) -> int:
        """Requests that were not simply passed on."""
        with self._lock:
            return sum(action is not passed_on for _, _, action in self._seen)

    def counts(self) -> Counter[str]:
        """Count the requests by S3 operation: GET, HEAD, LIST, PUT, POST, DELETE."""
        return Counter("LIST" if "list-type=" in path else method for method, path in self.seen)

    def forget(self) -> None:
        """Count from nothing."""
        with self._lock:
            self._seen.clear()

    def decide(self, method: str, path: str) -> tuple[int, Action]:
        """Number a request and ask the hook about it."""
        with self._lock:
            n = len(self._seen) + 1
            self._seen.append((method, path, passed_on))
        action = self.hook(method, path, n)
        with self._lock:
            if n <= len(self._seen):
                self._seen[n - 1] = (method, path, action)
        return n, action

    def forward(self, handler: "_Handler") -> Answer:
        """Ask the server what a client asked."""
        connection = HTTPConnection(*self._target, timeout=60)
        headers = {name: value for name, value in handler.headers.items() if name.lower() not in _HOP}
        try:
            connection.request(handler.command, handler.path, handler.body, headers)
            got = connection.getresponse()
            kept = {name.title(): value for name, value in got.getheaders() if name.lower() not in _HOP}
            return Answer(got.status, kept, got.read())
        finally:
            connection.close()

    def _handler(self) -> type["_Handler"]:
        return type("Handler", (_Handler,), {"proxy": self})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients that hang up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body go in two writes: the second would wait 40 ms
    body = b""

    def _exchange(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        n, action = self.proxy.decide(self.command, self.path)
        action(
            Exchange(self.command, self.path, n, lambda: self.proxy.forward(self), self._reply, self._hang_up)
        )

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _exchange  # noqa: N815  the base class's names

    def _reply(self, answer: Answer) -> None:
        self.send_response(answer.status)
        headers = {"Content-Length": str(len(answer.body)), **answer.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Say nothing."""
