"""Which outside tools may be asked, and how much of them is listened to: a TOML file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from moravec.core.errors import BadInput

MOST_SERVERS = 8
MOST_TOOLS = 16  # of one server
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_TOOL = re.compile(r"[A-Za-z0-9_.\-/]{1,128}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ToolServer:
    """One Model Context Protocol server, started as `command` and spoken to over its standard input and output. Raises BadInput.

    name        how it is called here
    tools       the tools that may be called, by their names; no other is shown to anybody
    timeout     [s] for one answer
    characters  of one answer that are kept
    pins        tool -> SHA-256 of its description, where only that one may be called
    """

    name: str
    command: tuple[str, ...]
    tools: tuple[str, ...]
    timeout: float = 5.0
    characters: int = 4000
    pins: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        of = f"of the tool server {self.name!r}"
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise BadInput("'name' of a tool server", self.name, "1 to 40 letters, digits, - or _")
        if not self.command or not all(isinstance(word, str) and word and "\0" not in word for word in self.command):
            raise BadInput(f"'command' {of}", list(self.command), "a list of words, the program first")
        if not 1 <= len(self.tools) <= MOST_TOOLS or not all(isinstance(t, str) and _TOOL.fullmatch(t) for t in self.tools):
            raise BadInput(f"'tools' {of}", list(self.tools), f"a list of 1 to {MOST_TOOLS} names of tools")
        if len(set(self.tools)) != len(self.tools):
            raise BadInput(f"'tools' {of}", list(self.tools), "each tool once")
        _number(f"'timeout' {of}", self.timeout, 0.1, 60.0)
        _number(f"'characters' {of}", self.characters, 100, 20_000)
        for tool, digest in self.pins.items():
            if tool not in self.tools:
                raise BadInput(f"'pins' {of}", tool, self.tools)
            if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
                raise BadInput(f"the pin of {tool!r} {of}", digest, "a SHA-256 in 64 hexadecimal digits")


def servers_of(text: str) -> tuple[ToolServer, ...]:
    """The servers in a TOML text with a table [[server]] for each. Raises BadInput."""
    try:
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadInput("--tools", " ".join(str(error).split()), "a TOML file") from error
    for name in found:
        if name != "server":
            raise BadInput("a table of --tools", name, ("server",))
    tables = found.get("server")
    if not isinstance(tables, list) or not 1 <= len(tables) <= MOST_SERVERS or not all(isinstance(t, dict) for t in tables):
        raise BadInput("--tools", "no [[server]]" if not tables else f"{tables!r:.80}", f"1 to {MOST_SERVERS} tables [[server]]")
    servers = tuple(_server(table) for table in tables)
    names = [server.name for server in servers]
    if len(set(names)) != len(names):
        raise BadInput("the names of tool servers", names, "each name once")
    return servers


def _server(table: Mapping[str, Any]) -> ToolServer:
    known = [f.name for f in fields(ToolServer)]
    for name in table:
        if name not in known:
            raise BadInput("a setting of a tool server", name, known)
    for name in ("name", "command", "tools"):
        if name not in table:
            allowed = "name, command and tools; timeout, characters and pins where one likes"
            raise BadInput("a tool server", f"no {name!r}", allowed)
    for name in ("command", "tools"):
        if not isinstance(table[name], list):
            raise BadInput(f"{name!r} of a tool server", table[name], "a list")
    if not isinstance(table.get("pins", {}), Mapping):
        raise BadInput("'pins' of a tool server", table["pins"], "a table: tool = \"SHA-256\"")
    return ToolServer(**{**table, "command": tuple(table["command"]), "tools": tuple(table["tools"])})


def _number(asked: str, value: Any, low: float, high: float) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
        raise BadInput(asked, value, f"a number from {low:g} to {high:g}")
