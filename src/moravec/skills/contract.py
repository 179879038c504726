"""The contract every skill keeps, hard-coded or learned.

A skill is a coroutine of requests. It never touches a robot, a clock, a file or the network: it yields what it wants
(`Follow`, `Grip`, `Capture`, `Compute`, `Pause`, `Ask`, `Note`, `Tighten`) and is sent what came of it. The runtime is the
only one that answers requests, so it can pace, record, cancel, replay or refuse them; closing the coroutine cancels the skill.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from moravec.core.command import ActionChunk
from moravec.core.errors import SkillError
from moravec.core.observation import CameraFrame, RobotState
from moravec.skills.preview import Preview
from moravec.skills.symbols import Condition, Effect, Value

if TYPE_CHECKING:
    from moravec.skills.context import SkillContext


# ── requests, and what answers them ──────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Closing:
    """Fingers that close to `width` [m] with at most `force` [N] on the way, `at` [s] of the motion's own time."""

    at: float
    width: float
    force: float


@dataclass(frozen=True, slots=True)
class Follow:
    """Follow a chunk of set-points. With `contact_force` [N] the motion ends early when the tool feels more than that from any
    side, beyond the least it felt on the way; from a `closing` on it goes to its end, whatever is felt."""

    chunk: ActionChunk
    contact_force: float | None = None
    closing: Closing | None = None


@dataclass(frozen=True, slots=True)
class Followed:
    """How a `Follow` ended, and the body's state then."""

    end: Literal["done", "contact", "stopped"]
    state: RobotState
    reason: str = ""
    check: str = ""  # of the guard, that stopped it


@dataclass(frozen=True, slots=True)
class Grip:
    """Bring the fingers to `width` [m] with at most `force` [N] each; ends when they rest or after `timeout` [s]."""

    width: float
    force: float
    timeout: float = 2.0


@dataclass(frozen=True, slots=True)
class Gripped:
    """Where the fingers came to rest."""

    width: float  # [m]
    force: float  # [N]
    state: RobotState


@dataclass(frozen=True, slots=True)
class Capture:
    """Take one picture with each named camera; answered by a dict of CameraFrame."""

    cameras: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compute:
    """Run `work()` beside the control loop; answered by its result, not before `latency` [s] of the robot's time."""

    work: Callable[[], Any]
    label: str
    latency: float = 0.05


@dataclass(frozen=True, slots=True)
class Pause:
    """Hold still for `seconds`; answered by the body's state."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a question is about: an item, and where it shows in the last picture of `camera`: left, top, right, bottom [px]."""

    item: str
    camera: str = ""
    box: tuple[int, int, int, int] = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to a person; answered by the label of one option, the `default` when nobody answers in time.

    `scores` in [0, 1] say how likely each option is meant, where that is known; `evidence` shows what it is about; `deadline` [s]
    is how long an answer is waited for, None for as long as it takes; `scope` says how far an answer may hold.
    """

    text: str
    options: tuple[str, ...]
    default: str
    why: str
    scores: tuple[float, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    deadline: float | None = None
    scope: Literal["", "this job", "from now on"] = ""

    def more(self) -> dict[str, Any]:
        """What is known of it besides text, options, default and reason, as plain JSON data."""
        shown = [{"item": e.item, "camera": e.camera, "box": list(e.box)} for e in self.evidence]
        known = {"scores": list(self.scores), "evidence": shown, "deadline": self.deadline, "scope": self.scope}
        return {key: value for key, value in known.items() if value}


@dataclass(frozen=True, slots=True)
class Note:
    """Something for the tape and for who is watching; answered by None. `payload` is plain JSON data."""

    topic: str
    payload: Mapping[str, Any]
    frame: CameraFrame | None = None


@dataclass(frozen=True, slots=True)
class Tighten:
    """From now on tighter limits hold, until the routine ends or another `Tighten` replaces them; answered by None.

    `changes` are fields of the robot's limit table with their new values; none: the robot's own limits hold again. Limits that
    would be wider anywhere are refused (GuardConfigError): the guard alone decides what is wider. `who` goes onto the tape.
    """

    changes: Mapping[str, Any]
    who: str


Request: TypeAlias = Follow | Grip | Capture | Compute | Pause | Ask | Note | Tighten
Routine: TypeAlias = Generator[Request, Any, "SkillResult"]


# ── what a skill declares, and what it returns ───────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a skill. `kind` is the symbol's type: "item", "place", "text"."""

    name: str
    kind: str
    doc: str


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One declared way to fail. `recoverable`: trying again, or another way, may help."""

    code: str
    recoverable: bool
    doc: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a skill says of itself, readable without running it. `preview` objects beforehand to what surely cannot be done."""

    name: str
    doc: str
    parameters: tuple[Parameter, ...] = ()
    preconditions: tuple[Condition, ...] = ()
    effects: tuple[Effect, ...] = ()
    errors: tuple[ErrorCode, ...] = ()
    timeout: float = 60.0  # [s] of the robot's time
    preview: Preview | None = None

    def error(self, code: str) -> ErrorCode:
        """The declared error called `code`. Raises SkillError for an undeclared one."""
        for error in self.errors:
            if error.code == code:
                return error
        raise SkillError(f"skill {self.name!r} failed with {code!r}; declared: {[e.code for e in self.errors]}")


@dataclass(frozen=True, slots=True)
class SkillResult:
    """How one call of a skill ended. `data` is what it found, for the brain; `code` is "ok" or a declared error."""

    status: Literal["succeeded", "failed", "cancelled"]
    code: str = "ok"
    message: str = ""
    recoverable: bool = False
    data: Mapping[str, Any] = field(default_factory=dict)


class Skill(ABC):
    """Subclasses are final: they set `manifest` and write `run`."""

    manifest: Manifest

    @abstractmethod
    def run(self, context: SkillContext, args: Mapping[str, Value]) -> Routine:
        """The skill as a coroutine of requests."""

    def failed(self, code: str, message: str, **data: Any) -> SkillResult:
        """A failed result with a declared `code`. Raises SkillError for an undeclared one."""
        return SkillResult("failed", code, message, self.manifest.error(code).recoverable, data)
