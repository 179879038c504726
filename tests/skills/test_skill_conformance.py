"""The nine delivery skills against the public conformance suite, and the suite against skills that break the contract."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import Any, final

import numpy as np
import pytest
from helpers_skills import HOME, Lid, Stage, detection, held, play, staged

from moravec.core.errors import SkillError
from moravec.skills.conformance import Call, complaints, forbidden, manifest_complaints, request_complaints
from moravec.skills.contract import Compute, ErrorCode, Manifest, Note, Parameter, Pause, Routine, Skill, SkillResult
from moravec.skills.delivery import delivery_skills
from moravec.skills.manifests import ALL, BY_NAME
from moravec.skills.symbols import Condition, Effect, Value

SKILLS = delivery_skills()
AWAY = {1: "stopped"}
TURNED = HOME + np.array([0.5, 0, 0, 0, 0, 0.3])
INTO_BIN = {"item": "thing", "place": "bin_1"}
REJECT = {"item": "thing", "place": "reject"}
STATION = {"item": "thing", "place": "station"}

CALLS: dict[str, list[Call]] = {
    "look": [
        Call("parcel", {"place": "parcel"}, staged(), "ok"),
        Call("shelf", {"place": "shelf"}, staged(), "ok"),
        Call("table", {"place": "table"}, staged(), "ok"),
        Call("bin", {"place": "bin_1"}, staged(), "ok"),
        Call("no post", {"place": "lid_rest"}, staged(), "blind"),
        Call("stopped", {"place": "parcel"}, staged(ends=AWAY), "stopped"),
    ],
    "open": [
        Call("it opens", {"place": "parcel"}, staged(held_width=0.022), "ok"),
        Call("no handle seen", {"place": "parcel"}, staged(lid=None), "no_handle"),
        Call("closed beside it", {"place": "parcel"}, staged(held_width=0.0), "no_handle"),
        Call("lost on the way", {"place": "parcel"}, staged(held_width=0.022, widths=[0.08] * 3 + [0.022, 0.0]), "stuck"),
        Call("it holds fast", {"place": "parcel"}, staged(held_width=0.022, ends={4: "contact"}), "stuck"),
        Call("far away", {"place": "parcel"}, staged(lid=Lid((3.0, 0.0, 0.1))), "unreachable"),
        Call("stopped", {"place": "parcel"}, staged(ends={3: "stopped"}), "stopped"),
    ],
    "pick": [
        Call("it holds", {"item": "thing"}, staged(), "ok", cuts=3),
        Call("nobody knows it", {"item": "thing"}, staged(believed=None), "not_seen"),
        Call("gone", {"item": "thing"}, staged(items=[[]]), "not_seen"),
        Call("nothing to hold", {"item": "thing"}, staged(boxes=()), "no_grasp", cuts=1),
        Call("closed on nothing", {"item": "thing"}, staged(held_width=0.0), "missed", cuts=1),
        Call("touched early", {"item": "thing"}, staged(ends=dict.fromkeys(range(2, 40), "contact")), None, cuts=1),
        Call("slipped", {"item": "thing"}, staged(widths=[0.08, 0.08, 0.08, 0.005]), "slipped", cuts=1),
        Call("stopped", {"item": "thing"}, staged(ends=AWAY), "stopped"),
    ],
    "inspect": [
        Call("something lies there", {"item": "thing"}, staged(items=[[detection("station", (0.30, -0.43))]]), "ok"),
        Call("nothing lies there", {"item": "thing"}, staged(items=[[]]), "not_seen"),
        Call("stopped", {"item": "thing"}, staged(ends=AWAY), "stopped"),
    ],
    "place": [
        Call("down", STATION, staged(holds=held(), width=0.05), "ok"),
        Call("empty hand", STATION, staged(), "lost"),
        Call("lost on the way", STATION, staged(holds=held(), width=0.05, widths=[0.0]), "lost"),
        Call("stopped", STATION, staged(holds=held(), width=0.05, ends=AWAY), "stopped"),
    ],
    "stow": [
        Call("in", INTO_BIN, staged(holds=held(), width=0.05), "ok"),
        Call("upper row", {"item": "thing", "place": "bin_6"}, staged(holds=held(), width=0.05), "ok"),
        Call("empty hand", INTO_BIN, staged(), "lost"),
        Call("lost on the way", INTO_BIN, staged(holds=held(), width=0.05, widths=[0.0]), "lost"),
        Call("stopped", INTO_BIN, staged(holds=held(), width=0.05, ends=AWAY), "stopped"),
    ],
    "discard": [
        Call("in", REJECT, staged(holds=held(), width=0.05), "ok"),
        Call("empty hand", REJECT, staged(), "lost"),
        Call("stopped", REJECT, staged(holds=held(), width=0.05, ends=AWAY), "stopped"),
    ],
    "home": [
        Call("it goes", {}, staged(q=TURNED), "ok"),
        Call("stopped", {}, staged(q=TURNED, ends=AWAY), "stopped"),
    ],
    "ask": [
        Call("it asks", {"question": "Which?", "options": "this| that |"}, staged(), "ok"),
        Call("no options", {"question": "Which?", "options": " | "}, staged(), "no_options"),
    ],
}


def test_there_are_nine_and_every_one_is_tried() -> None:
    assert set(SKILLS) == set(BY_NAME) == set(CALLS) and len(ALL) == len(SKILLS) == 9


@pytest.mark.parametrize("name", sorted(SKILLS))
def test_every_skill_keeps_the_contract(name: str) -> None:
    assert complaints(SKILLS[name], CALLS[name]) == []


@pytest.mark.parametrize("name", ["open", "stow", "place"])
def test_a_cancelled_skill_leaves_the_planner_believing_nothing_is_held(name: str) -> None:
    """Wherever it is cut; and there are places where the planner does believe it."""
    call, carried, cut = CALLS[name][0], 0, 0
    while True:
        context, answer = call.stage()
        routine, reply = SKILLS[name].run(context, call.args), None
        try:
            for _ in range(cut + 1):
                reply = answer(routine.send(reply))
        except StopIteration:
            break
        carried += int(context.arm._model.geom_conaffinity[context.arm._held])
        routine.close()
        assert context.arm._model.geom_conaffinity[context.arm._held] == 0
        cut += 1
    assert carried > 0


# ── the suite finds what is broken ───────────────────────────────────────────────────────────────────────────────────
GOOD = Manifest(
    "wave", "Wave.", (Parameter("item", "item", "what at"),), (Condition(("holding",), "?item", "it is not held"),),
    (Effect(("waved", "?item"), True),), (ErrorCode("tired", True, "the arm is tired"),),
)  # fmt: skip


@final
class Wave(Skill):
    """A skill that does what the test says."""

    def __init__(self, steps: Callable[[Skill], Routine], manifest: Manifest = GOOD, **keeps: Any) -> None:
        self.manifest = manifest
        self._steps = steps
        self.__dict__.update(keeps)

    def run(self, context: Any, args: Mapping[str, Value]) -> Routine:
        return self._steps(self)


def of(steps: Callable[[Skill], Routine], **more: Any) -> list[str]:
    return complaints(Wave(steps, **more), [Call("only", {"item": "x"}, staged())])


def waves(skill: Skill) -> Routine:
    yield Pause(0.1)
    yield Note("wave", {"times": 3, "names": ["a", None]})
    yield Compute(lambda: 3, "count")
    return SkillResult("succeeded")


def test_a_good_skill_has_no_complaints() -> None:
    assert of(waves) == []


def undeclared(skill: Skill) -> Routine:
    yield Pause(0.1)
    return SkillResult("failed", "bored", "it was dull")


def through_failed(skill: Skill) -> Routine:
    yield Pause(0.1)
    return skill.failed("bored", "it was dull")


def wrong_recoverable(skill: Skill) -> Routine:
    yield Pause(0.1)
    return SkillResult("failed", "tired", "so tired", recoverable=False)


def silent(skill: Skill) -> Routine:
    yield Pause(0.1)
    return SkillResult("failed", "tired", "", recoverable=True)


def odd_success(skill: Skill) -> Routine:
    yield Pause(0.1)
    return SkillResult("succeeded", "tired")


def no_result(skill: Skill) -> Routine:
    yield Pause(0.1)
    return None  # type: ignore[return-value]


def clings(skill: Skill) -> Routine:
    try:
        yield Pause(0.1)
    finally:
        yield Pause(0.2)
    return SkillResult("succeeded")


def swallows(skill: Skill) -> Routine:
    for _ in range(3):
        try:
            yield Pause(0.1)
        except GeneratorExit:
            continue
    return SkillResult("succeeded")


def foreign(skill: Skill) -> Routine:
    yield "please"  # type: ignore[misc]
    return SkillResult("succeeded")


def endless(skill: Skill) -> Routine:
    while True:
        yield Pause(0.1)


def carries_a_file(skill: Skill) -> Routine:
    log = io.StringIO()
    yield Compute(lambda: log.write("x"), "log")
    return SkillResult("succeeded")


def returns_a_file(skill: Skill) -> Routine:
    yield Pause(0.1)
    return SkillResult("succeeded", data={"log": [io.BytesIO()]})


def odd_note(skill: Skill) -> Routine:
    yield Note("x", {"values": {1, 2}})
    return SkillResult("succeeded")


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        (undeclared, "it failed with 'bored'; declared: ['tired']"),
        (through_failed, "it broke its own contract"),
        (wrong_recoverable, "declared recoverable=True"),
        (silent, "no message"),
        (odd_success, "with code 'tired'"),
        (no_result, "it returned NoneType"),
        (clings, "did not let go"),
        (swallows, "did not let go"),
        (foreign, "it asked for str"),
        (endless, "did not end within"),
        (carries_a_file, "Compute carries a StringIO"),
        (returns_a_file, "result carries a BytesIO"),
        (odd_note, "not plain JSON"),
    ],
)
def test_a_broken_skill_is_found_out(steps: Callable[[Skill], Routine], says: str) -> None:
    assert any(says in text for text in of(steps)), of(steps)


def test_a_skill_that_keeps_a_file_or_remembers_is_found_out() -> None:
    assert any("keeps a StringIO" in text for text in of(waves, log=io.StringIO()))

    def remembers(skill: Skill) -> Routine:
        done = skill.__dict__.setdefault("done", [])
        done.append(1)
        for _ in range(3 - 2 * (len(done) > 1)):
            yield Pause(0.1)
        return SkillResult("succeeded")

    assert any("ended earlier the second time" in text for text in of(remembers))


def test_a_skill_that_is_no_generator_or_not_final_is_found_out() -> None:
    assert any("allowed: a generator" in text for text in of(lambda skill: SkillResult("succeeded")))  # type: ignore[arg-type, return-value]

    class Open(Skill):
        manifest = GOOD

        def run(self, context: Any, args: Mapping[str, Value]) -> Generator[Any, Any, SkillResult]:
            return waves(self)

    assert "Open is not marked @final" in complaints(Open(), [])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "Wave at"}, "not a word in small letters"),
        ({"doc": " "}, "no doc"),
        ({"timeout": 0.0}, "timeout"),
        ({"timeout": float("inf")}, "timeout"),
        ({"parameters": GOOD.parameters * 2}, "parameter 'item' is declared twice"),
        ({"parameters": (Parameter("item", "thing", "what"),)}, "has kind 'thing'"),
        ({"parameters": ()}, "'?item' is no parameter"),
        ({"preconditions": (Condition(("open", ("location", "?where")), True, "closed"),)}, "'?where' is no parameter"),
        ({"preconditions": (Condition(("holding",), "?what", "no"),)}, "'?what' is no parameter"),
        ({"preconditions": (Condition(("holding",), "?item", ""),)}, "says no why"),
        ({"effects": GOOD.effects * 2}, "two effects write"),
        ({"errors": GOOD.errors * 2}, "error 'tired' is declared twice"),
        ({"errors": (ErrorCode("ok", True, "fine"),)}, "'ok'"),
        ({"errors": (ErrorCode("tired", True, ""),)}, "says nothing"),
    ],
)
def test_a_broken_manifest_is_found_out(changes: dict[str, Any], says: str) -> None:
    assert manifest_complaints(GOOD) == []
    assert any(says in text for text in manifest_complaints(replace(GOOD, **changes)))


def test_what_may_not_be_in_a_skills_hands() -> None:
    assert forbidden({"a": [1, ("b", 2.0)]}) == []
    assert forbidden({"a": [1, (io.BytesIO(),)]}) == ["a BytesIO"]
    assert forbidden(io.StringIO().write) == []  # a builtin method hides its object: nothing to be found, nothing raised
    assert request_complaints(Note("x", {"a": float("nan")})) and request_complaints(Compute(lambda: 1, ""))


def test_a_failure_must_be_declared() -> None:
    with pytest.raises(SkillError, match=r"'home' failed with 'bored'; declared: \['unreachable', 'contact', 'stopped'\]"):
        SKILLS["home"].failed("bored", "x")
    result = SKILLS["home"].failed("unreachable", "too far", tried=3)
    assert (result.status, result.code, result.recoverable, dict(result.data)) == ("failed", "unreachable", True, {"tried": 3})


def test_pick_says_what_it_holds_and_place_lets_go() -> None:
    result, context = play(SKILLS["pick"], Stage(), {"item": "thing"})
    assert result.code == "ok" and context.hand.held is not None and context.hand.held.width == result.data["width"] == 0.05
    result, context = play(SKILLS["place"], Stage(holds=held(), width=0.05), STATION)
    assert result.code == "ok" and context.hand.held is None
