"""A real SFTP server on loopback, in a thread of its own."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import asyncssh


class SftpServer(NamedTuple):
    """Where it listens, and the folder with the client's key and the server's."""

    port: int
    folder: Path


@contextlib.contextmanager
def serving_files(folder: Path) -> Iterator[SftpServer]:
    """A server of this machine's files for whoever holds the key in `folder`."""
    host, client = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    client.write_private_key(folder / "key")
    client.write_public_key(folder / "authorized")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def listen():
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[host],
            authorized_client_keys=str(folder / "authorized"),
            sftp_factory=True,
        )

    async def end(server):
        server.close()
        await server.wait_closed()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(30)
    port = server.get_port()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} " + host.export_public_key().decode())
    yield SftpServer(port, folder)
    asyncio.run_coroutine_threadsafe(end(server), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
