"""`moravec serve`: a model behind the openpi WebSocket protocol, for any robot or trial that speaks it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from moravec.commands.clock import WallClock
from moravec.commands.options import Options, say, typed, unset, whole
from moravec.core.errors import BadInput

if TYPE_CHECKING:
    from moravec.models.serving.server import ServerEvent

LOCAL = ("127.0.0.1", "::1", "localhost")
Port = Annotated[int, typed(whole("--port", 0, 65_535), "N")]


@dataclass(frozen=True, kw_only=True)
class Serve(Options):
    """Serve a model over WebSocket until Ctrl-C, in openpi's protocol.

    Clients: 'moravec trial --policy ws://HOST:PORT', and whatever speaks to an openpi server.
    """

    model: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="manip|DIR")]
    """A shipped model, or a folder of 'moravec export'."""
    host: Annotated[str, tyro.conf.arg(metavar="ADDRESS")] = "127.0.0.1"
    """Where to listen; another address than this machine's own needs --key-file."""
    port: Port = 8000
    """0: any that is free."""
    key_file: Annotated[Path | None, unset("FILE")] = None
    """Holds the key that clients must show."""
    trust: Annotated[str, tyro.conf.arg(metavar="KEYS")] = ""
    """Public keys of models to trust besides the project's, separated by commas."""

    def execute(self) -> int:
        """Serves. Raises BadInput for a model that is none, an address that cannot be had, or one that anybody reaches."""
        from moravec.commands.policies import open_folder
        from moravec.models.serving.server import ServerOptions, serve
        from moravec.models.suite import folder_of, keys

        key = self._key()
        if key is None and self.host not in LOCAL:
            raise BadInput("--host", self.host, f"{', '.join(LOCAL)}; or any with --key-file: others can reach it there")
        policy = open_folder(folder_of(self.model), keys(self.trust), threads=2)
        serve(lambda: policy, ServerOptions(self.host, self.port, key), clock=WallClock(), tell=_tell)
        return 0

    def _key(self) -> str | None:
        if self.key_file is None:
            return None
        try:
            return self.key_file.read_text().strip()
        except OSError as error:
            raise BadInput("--key-file", str(self.key_file), f"a file that can be read ({error.strerror})") from error


def _tell(event: ServerEvent) -> None:
    say(" ".join(filter(None, (event.kind, event.peer, event.text))))
