"""The same server for clients that connect, on this machine alone: Streamable HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Final, final

import uvicorn

from moravec.commands.mcp_server.desk import Desk
from moravec.commands.mcp_server.server import LINE, build
from moravec.core.errors import BadInput

LOCAL: Final = ("127.0.0.1", "localhost")
PATH: Final = "/mcp"


def address(text: str) -> tuple[str, int]:
    """"HOST:PORT" of this machine; port 0: any that is free. Raises BadInput."""
    allowed = "127.0.0.1:PORT or localhost:PORT, PORT from 0 to 65535"
    host, _, port = text.rpartition(":")
    if host not in LOCAL or not (port.isascii() and port.isdecimal() and int(port) <= 65_535):
        raise BadInput("--http", text, allowed)
    return host, int(port)


async def serve_http(desk: Desk, text: str, tell: Callable[[str], None]) -> None:
    """Until SIGINT or SIGTERM; a job is stopped first. Web pages of other origins are turned away. Raises BadInput."""
    host, port = address(text)
    with _bound(host, port) as listening:
        app = build(desk).streamable_http_app(streamable_http_path=PATH, host=host, max_request_body_size=LINE)
        config = uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=1)
        tell(f"http://{host}:{listening.getsockname()[1]}{PATH}")
        server = _Server(config)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, server.leave)
        try:
            await server.serve(sockets=[listening])
        finally:
            await desk.jobs.close()


@final
class _Server(uvicorn.Server):
    """Leaves signals to whoever serves: uvicorn would end the process with them before the job is brought to rest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing."""
        yield

    def leave(self) -> None:
        """Ends serving soon."""
        self.should_exit = True


@contextlib.contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
            listening.listen()  # from here on clients may come: they wait until they are served
        except OSError as error:
            raise BadInput("--http", f"{host}:{port}", f"an address that can be had ({error.strerror})") from error
        yield listening
