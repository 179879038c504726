"""Which outside tools may be asked, and how much of them is listened to: a TOML file."""

from __future__ import annotations

import re
import tomllib
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from moravec.core.errors import BadInput

MOST_SERVERS = 8
LOCAL = ("127.0.0.1", "localhost", "::1")
MOST_TOOLS = 16  # of one server
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_TOOL = re.compile(r"[A-Za-z0-9_.\-/]{1,128}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ToolServer:
    """One Model Context Protocol server. Raises BadInput.

    name        how it is called here
    tools       the tools that may be called, by their names; no other is shown to anybody
    command     what starts it; it is spoken to over its standard input and output
    url         or where it listens (Streamable HTTP); in clear only on this machine
    timeout     [s] for one answer
    characters  of one answer that are kept
    pins        tool -> SHA-256 of its description, where only that one may be called
    """

    name: str
    tools: tuple[str, ...]
    command: tuple[str, ...] = ()
    url: str = ""
    timeout: float = 5.0
    characters: int = 4000
    pins: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        of = f"of the tool server {self.name!r}"
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise BadInput("'name' of a tool server", self.name, "1 to 40 letters, digits, - or _")
        if bool(self.command) == bool(self.url):
            raise BadInput(f"'command' or 'url' {of}", "both" if self.url else "neither", "one of them")
        _check_url(of, self.url)
        if not all(isinstance(word, str) and word and "\0" not in word for word in self.command):
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
    for name in ("name", "tools"):
        if name not in table:
            allowed = "name, tools, and command or url; timeout, characters and pins where one likes"
            raise BadInput("a tool server", f"no {name!r}", allowed)
    for name in ("command", "tools"):
        if not isinstance(table.get(name, []), list):
            raise BadInput(f"{name!r} of a tool server", table[name], "a list")
    if not isinstance(table.get("pins", {}), Mapping):
        raise BadInput("'pins' of a tool server", table["pins"], "a table: tool = \"SHA-256\"")
    return ToolServer(**{**table, "command": tuple(table.get("command", ())), "tools": tuple(table["tools"])})


def _check_url(of: str, url: Any) -> None:
    """Whether `url` may be asked, where there is one. What it holds of secrets is not shown."""
    if url == "":
        return
    allowed = "https://HOST/PATH, or http://127.0.0.1:PORT/PATH on this machine"
    try:
        parts = urllib.parse.urlsplit(url)
        local = parts.hostname in LOCAL and parts.port != 0
    except (ValueError, AttributeError, TypeError) as error:
        raise BadInput(f"'url' {of}", "no address", allowed) from error
    if parts.username or parts.password or parts.query:
        raise BadInput(f"'url' {of}", "an address with a name, a password or a query in it", allowed)
    if not parts.hostname or parts.scheme not in ("https", "http") or (parts.scheme == "http" and not local):
        raise BadInput(f"'url' {of}", url, allowed)


def _number(asked: str, value: Any, low: float, high: float) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
        raise BadInput(asked, value, f"a number from {low:g} to {high:g}")
