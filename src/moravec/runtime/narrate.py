"""Skills that tell what they do: a note when one begins, one for what it saw, one when it ends.

The skills and the mind know nothing of it; whoever assembles a job wraps them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, final

from moravec.core.errors import MoravecError
from moravec.core.observation import CameraFrame
from moravec.perception.detection import Detection
from moravec.skills.context import SkillContext
from moravec.skills.contract import Note, Routine, Skill, SkillResult
from moravec.skills.symbols import Value


@final
class Narrated(Skill):
    """`skill` with notes on the topics "skill", "seen" and "inventory".

    `believed` gives the mind's inventory as JSON data; it is told at a step's beginning, when the mind has taken in the
    step before.
    """

    def __init__(self, skill: Skill, believed: Callable[[], Mapping[str, Any]]) -> None:
        self.manifest = skill.manifest
        self._skill = skill
        self._believed = believed

    def run(self, context: SkillContext, args: Mapping[str, Value]) -> Routine:
        """As the skill itself; raises what it raises."""
        told = {"skill": self.manifest.name, "args": dict(args)}
        start = context.now()
        yield Note("inventory", _short(self._believed()))
        yield Note("skill", {**told, "status": "started"})
        try:
            result = yield from self._skill.run(context, args)
        except MoravecError as error:
            yield Note("skill", {**told, **_end("failed", "broken", str(error), context.now() - start)})
            raise
        yield from _seen(args, result)
        yield Note("skill", {**told, **_end(result.status, result.code, result.message, context.now() - start)})
        return result


def narrated(skills: Mapping[str, Skill], believed: Callable[[], Mapping[str, Any]]) -> dict[str, Skill]:
    """Every skill of `skills`, telling."""
    return {name: Narrated(skill, believed) for name, skill in skills.items()}


def _end(status: str, code: str, message: str, seconds: float) -> dict[str, Any]:
    return {"status": status, "code": code, "message": message, "seconds": round(seconds, 6)}


def _seen(args: Mapping[str, Value], result: SkillResult) -> Any:
    """What a skill found in its pictures: Detections under "detections" or "target", CameraFrames under "frames"."""
    found = [d for d in (*(result.data.get("detections") or ()), result.data.get("target")) if isinstance(d, Detection)]
    frames = [f for f in result.data.get("frames") or () if isinstance(f, CameraFrame)]
    if found or result.data.get("labels"):
        frame = next((f for f in frames if not found or f.camera == found[0].camera), None)
        place = args.get("place") or (found[0].place if found else None)
        payload: dict[str, Any] = {"place": place, "detections": [asdict(d) for d in found]}
        if found:
            payload["camera"] = found[0].camera
        if result.data.get("labels"):
            payload["labels"] = dict(result.data["labels"])
        yield Note("seen", payload, frame)


def _short(inventory: Mapping[str, Any]) -> dict[str, Any]:
    """Without the history, which the tape holds already, note by note."""
    return {key: value for key, value in inventory.items() if key != "history"}
