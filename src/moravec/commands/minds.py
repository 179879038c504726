"""Which mind `--brain` means, and how it is opened."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from moravec.commands.clock import WallClock
from moravec.commands.options import Options, needing, typed, unset
from moravec.core.errors import BadInput

if TYPE_CHECKING:
    from moravec.brain.mind import Mind, SymbolicMind
    from moravec.brain.remote.consult import Consultant
    from moravec.brain.remote.mind import RemoteMind
    from moravec.brain.remote.settings import Settings
    from moravec.brain.remote.wire import Transport
    from moravec.core.clock import Clock

SYMBOLIC = "symbolic"
RECORDING = ".jsonl"
_MOST = 100_000  # bytes of a key's or settings file


def _brain(text: str) -> str:
    """A name, the base address of a server, or a file. Raises BadInput."""
    from moravec.brain.remote.wire import check_url

    if "://" in text:
        return check_url(text)
    if text == SYMBOLIC or text.endswith(RECORDING):
        return text
    raise BadInput("--brain", text, "symbolic, the address of a model server as http://HOST:PORT/v1, or a recording FILE.jsonl")


Brain = Annotated[str, typed(_brain, "symbolic|URL|FILE")]


@dataclass(frozen=True, kw_only=True)
class BrainOptions(Options):
    """What a command takes that reads or plans."""

    brain: Brain = SYMBOLIC
    """The mind that reads and plans: symbolic; an OpenAI-compatible server; or a recording of one, FILE.jsonl."""
    brain_model: Annotated[str | None, unset("NAME")] = None
    """The server's model; by default the one that it offers."""
    brain_key: Annotated[Path | None, unset("FILE")] = None
    """Holds the server's API key. It goes only over https, or to this machine."""
    brain_settings: Annotated[Path | None, unset("FILE")] = None
    """A TOML file with limits, prices and the model's profile; see docs/brain.md."""
    brain_record: Annotated[Path | None, unset("FILE")] = None
    """Record what the server answers into a new FILE.jsonl, which --brain takes later."""


@dataclass(frozen=True, kw_only=True)
class MindOptions(BrainOptions):
    """What a command takes that has a job planned."""

    tools: Annotated[Path | None, unset("FILE")] = None
    """With --brain URL: a TOML file with outside MCP tools that the server may look things up with; see docs/mcp.md."""
    rules: Annotated[Path | None, unset("FILE")] = None
    """Rules of the workplace's own, a TOML file, that hold besides the built-in ones; see docs/rules.md."""
    permit: Annotated[str | None, unset("PERMIT")] = None
    """What plans may do: "skills=NAME,NAME places=NAME,NAME categories=NAME,NAME", each of which may be left out."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A mind, what names it on a tape, and how it went, for a result."""

    mind: Mind
    named: Mapping[str, Any] = field(default_factory=dict)
    record: Callable[[], dict[str, Any]] = lambda: {"mind": SYMBOLIC}


def symbolic_mind() -> SymbolicMind:
    """The mind that needs no network, with the reader that comes with the project. Raises BadInput where that was changed."""
    from moravec.brain.mind import SymbolicMind
    from moravec.brain.reader.mind import reads_by
    from moravec.brain.reader.shipped import open_reader
    from moravec.models.suite import TRUSTED, shipped_folder

    return SymbolicMind(reads_by(open_reader(shipped_folder("reader"), TRUSTED)))


@contextmanager
def opened_mind(options: MindOptions) -> Iterator[Opened]:
    """The mind that `options` ask for. Raises BadInput, ServerError, CassetteError, and MoravecError without the extra."""
    if options.brain == SYMBOLIC:
        check_unused(options)
        if options.tools is not None:
            raise BadInput("--tools", str(options.tools), "with --brain URL")
        yield Opened(symbolic_mind())
        return
    with opened_server(options) as (mind, _), _consulting(options.tools) as consultant:
        model, server = mind.chat.model, mind.chat.server
        mind.consultant = consultant

        def record() -> dict[str, Any]:
            asked = {"mind": server, "model": model, **mind.chat.ledger.to_json()}
            if consultant is None:
                return asked
            return asked | {"tools": {**consultant.toolbox.to_json(), "answers": [a.to_json() for a in consultant.answers]}}

        offered = {} if consultant is None else {"tools": consultant.toolbox.to_json()["tools"]}
        yield Opened(mind, {"brain_model": model, **offered}, record)


@contextmanager
def _consulting(tools: Path | None) -> Iterator[Consultant | None]:
    """The outside tools of a file, ready to be asked. Raises BadInput, and MoravecError where a server does not start."""
    if tools is None:
        yield None
        return
    from moravec.brain.remote.consult import Consultant
    from moravec.brain.tools.settings import servers_of
    from moravec.brain.tools.toolbox import Toolbox

    servers = servers_of(text_in("--tools", tools))
    with needing("mcp"):
        if find_spec("mcp") is None:  # the processes that talk to the servers import it; this one need not
            raise ModuleNotFoundError(name="mcp")
    with Toolbox(servers, WallClock()) as toolbox:
        yield Consultant(toolbox)


def check_unused(options: BrainOptions) -> None:
    """Whether nothing was said of a server where none is asked. Raises BadInput."""
    for name, value in (
        ("--brain-model", options.brain_model), ("--brain-key", options.brain_key),
        ("--brain-settings", options.brain_settings), ("--brain-record", options.brain_record),
    ):  # fmt: skip
        if value is not None:
            raise BadInput(name, str(value), "with --brain URL")


@contextmanager
def opened_server(options: BrainOptions) -> Iterator[tuple[RemoteMind, Settings]]:
    """A mind on a server, or on a recording of one."""
    from moravec.brain.remote.chat import Chat
    from moravec.brain.remote.mind import RemoteMind
    from moravec.brain.remote.settings import Settings, model_of, settings_of

    settings = Settings() if options.brain_settings is None else settings_of(text_in("--brain-settings", options.brain_settings))
    with _transport(options, settings) as (transport, model, clock, wait):
        if model is None:
            model = model_of(transport, options.brain, settings.limits.deadline)
        with _recorded(options, transport, model, clock) as carried:
            chat = Chat(carried, model, options.brain, clock, wait, settings.limits, settings.prices)
            yield RemoteMind(chat, symbolic_mind()), settings


@contextmanager
def _transport(
    options: BrainOptions, settings: Settings
) -> Iterator[tuple[Transport, str | None, Clock, Callable[[float], None]]]:
    """What carries requests, the model where that is known, the time, and how to wait."""
    if "://" not in options.brain:
        from moravec.brain.remote.cassette import Replaying

        replaying = Replaying(Path(options.brain))
        yield replaying, options.brain_model or replaying.model, replaying.clock, replaying.clock.advance
        return
    with needing("remote"):
        from moravec.brain.remote.http import HttpTransport
    key = None if options.brain_key is None else text_in("--brain-key", options.brain_key).strip()
    yield HttpTransport(options.brain, key, settings.limits.answer_bytes), options.brain_model, WallClock(), time.sleep


@contextmanager
def _recorded(options: BrainOptions, transport: Transport, model: str, clock: Clock) -> Iterator[Transport]:
    if options.brain_record is None:
        yield transport
        return
    from moravec.brain.remote.cassette import Recording

    if options.brain_record.suffix != RECORDING:
        raise BadInput("--brain-record", str(options.brain_record), f"a file whose name ends in {RECORDING}")
    with Recording(transport, options.brain_record, model, clock) as recording:
        yield recording


def text_in(option: str, path: Path) -> str:
    """A small text file. Raises BadInput, which never shows what is in it."""
    try:
        if path.stat().st_size > _MOST:
            raise BadInput(option, str(path), f"a file of at most {_MOST} bytes")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise BadInput(option, str(path), f"a text file that can be read ({why})") from error
