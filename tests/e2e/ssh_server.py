"""An SSH server on loopback, a process of its own: it runs what a client with the one known key asks for."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncssh

KEY, KNOWN, PORT = "key", "authorized_keys", "port"


@contextmanager
def serving(folder: Path) -> Iterator[dict[str, object]]:
    """Yield what asyncssh needs to connect to a server that lives as long; its keys are in a folder."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(str(folder / KEY))
    key.write_public_key(str(folder / KNOWN))
    server = subprocess.Popen([sys.executable, __file__, str(folder)], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        port = int(server.stdout.readline())
        yield {"port": port, "username": "sweeper", "client_keys": [str(folder / KEY)], "known_hosts": None}
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


async def run(process: "asyncssh.SSHServerProcess[bytes]") -> None:
    """Run a client's command; it ends with its connection."""
    child = await asyncio.create_subprocess_shell(
        process.command or "",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        await process.redirect(stdin=child.stdin, stdout=child.stdout, stderr=child.stderr)
        ended = asyncio.create_task(child.wait())
        left = asyncio.create_task(process.channel.wait_closed())
        await asyncio.wait({ended, left}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            process.exit(ended.result())
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


async def main(folder: Path) -> None:
    """Serve until the process is told to end."""
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[str(folder / KEY)],
        authorized_client_keys=str(folder / KNOWN),
        process_factory=run,
        encoding=None,
    )
    print(server.get_port(), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
