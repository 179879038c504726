"""The executive: reads, plans, has the plan checked, acts, looks again, and mends what went otherwise.

It is a coroutine of requests like every skill, so that the runtime paces, records, cancels and replays it.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias, cast, final

from moravec.brain.agree import agree
from moravec.brain.arrivals import read_here
from moravec.brain.conclude import conclude
from moravec.brain.conduct.charter import Charter
from moravec.brain.conduct.overseer import Overseer
from moravec.brain.goal import Clause, Selection
from moravec.brain.job import Context, Job, JobReport
from moravec.brain.memory.prior import lasts
from moravec.brain.memory.recollect import Recollection
from moravec.brain.midjob.attend import attend
from moravec.brain.midjob.ear import Deaf, Ear
from moravec.brain.midjob.orders import Orders
from moravec.brain.mind import Mind
from moravec.brain.reading import Reading
from moravec.brain.recover import Limits, Reaction, react
from moravec.brain.remember import Inventory
from moravec.brain.riding import let_pass, more_comes, wants_more
from moravec.brain.settle import DETOUR, settled
from moravec.brain.state import GONE, HAND
from moravec.brain.steps import Plan, Step
from moravec.brain.think import think
from moravec.brain.wishes.fulfil import fulfil
from moravec.brain.wishes.talk import Talk
from moravec.core.errors import MoravecError
from moravec.core.workplace import Workplace
from moravec.perception.detection import Detection
from moravec.skills.contract import Ask, Note, Request, Skill, SkillResult

Routine: TypeAlias = Generator[Request, Any, Any]
_RELEASING = ("place", "stow", "discard")
_DISTURBED = ("slipped", "not_alone")  # a pick that ends so leaves things lying otherwise than it saw them
_LOOKS = 2  # tries to look at one place for a lost item
_WATCHED = ("parcel", "belt", "table", "station")


@final
class Agent:
    """One robot's mind at work. Its inventory lasts from job to job.

    `look_again`: look at the place items come from after each one was put away, so that what moved, what lay hidden
    and what is gone is known before the next is picked. `recollection`: what is remembered from earlier jobs, for one job.
    `overseer`: keeps a charter; None: the rules that are built in. `ear`: who is listened to while a job runs; None: nobody.
    """

    def __init__(
        self,
        skills: Mapping[str, Skill],
        workplace: Workplace,
        mind: Mind,
        limits: Limits | None = None,
        look_again: bool = True,
        recollection: Recollection | None = None,
        overseer: Overseer | None = None,
        ear: Ear | None = None,
    ) -> None:
        self.skills = skills
        self.workplace = workplace
        self.mind = mind
        self.limits = limits or Limits()
        self.look_again = look_again
        self.inventory = Inventory(workplace)
        self.recollection = recollection or Recollection()
        self.talk = Talk()
        self.orders = Orders(ear or Deaf())
        self.overseer = overseer or Overseer(Charter(), workplace)

    def run(self, instruction: str, context: Context) -> Generator[Request, Any, JobReport]:
        """The whole job as requests; returns what the agent believes became of it. Never raises for any instruction; a
        mind that plays a recording may (CassetteError)."""
        job = Job(instruction, self.inventory, context, self.limits)
        self.overseer.begin()
        if self.talk.turn == 0 and (offered := self.recollection.begin(self.inventory)):
            yield Note("memory", offered)
        return (yield from self.turn(job, (yield from self.read(instruction, context))))

    def read(self, text: str, context: Context) -> Generator[Request, Any, Reading]:
        """What a sentence means. Raises as `run`."""
        reads = partial(read_here, self.mind.read, text, self.workplace)
        return (yield from think(self.mind, reads, "read", context.now))

    def turn(self, job: Job, reading: Reading) -> Generator[Request, Any, JobReport]:
        """One turn of the talk, whose sentence was read."""
        self.talk = self.talk.next()
        if reading.refusal is None:
            yield from fulfil(self, job, reading.meant)
        else:
            job.refuse(str(reading.refusal))
            yield Note("refused", {"rule": reading.refusal.rule, "why": reading.refusal.why})
        report = job.report()
        if report.refused is None:
            yield Note("answer", {"text": report.answer, "success": report.success, "problems": list(report.problems)})
        return report

    def ask(self, job: Job, ask: Ask) -> Routine:
        """The answer, one of the options; the default once the questions are used up or for an answer that is none. What a
        person answered before, for later jobs as well, is not asked again."""
        known = self.recollection.answer(ask)
        if known is not None:
            job.questions.append(known)
            yield Note("recalled", known)
            return known["answer"]
        if sum("answered_by" not in question for question in job.questions) >= self.limits.questions:
            return ask.default
        ask = replace(ask, deadline=self.limits.answer_within, scope="from now on" if lasts(ask.text) else "this job")
        given = yield ask
        label = given if given in ask.options else ask.default
        job.asked(ask, label)
        return label

    # ── the loop ─────────────────────────────────────────────────────────────────────────────────────────────────
    def pursue(self, job: Job) -> Routine:
        """Plan and act until nothing is left to do or a limit is reached."""
        while not job.ended:
            if beyond := job.beyond():
                job.end(beyond)
                return
            if job.replans > self.limits.replans + self.limits.replans_per_item * len(self.inventory.items):
                job.end(f"stopped after {job.replans} replans")
                return
            yield from let_pass(job)
            plan = yield from agree(job, self.mind, self.overseer, self.workplace)
            if plan is None:
                return
            again = yield from self._follow(job, plan)
            if again or not plan.complete or (yield from more_comes(self, job)):
                continue
            if not (yield from self._overlook(job)):
                return

    def _overlook(self, job: Job) -> Routine:
        """Before leaving, look whether something fell beside; True when there is more to do. Once a job."""
        moved = any(entry["skill"] in _RELEASING for entry in job.steps)
        tables = [place for place, kind in self.inventory.kinds.items() if kind == "table"]
        if job.ended or job.overlooked or not moved or not tables:
            return False
        job.overlooked = True
        before = {item.id: item.location for item in self.inventory.items.values()}
        for table in tables:
            yield from self.glance(job, table)
        if job.ended or {item.id: item.location for item in self.inventory.items.values()} == before:
            return False
        yield from self._surprise(job, "something lies on the table that was not put there")
        return True

    def _follow(self, job: Job, plan: Plan) -> Routine:
        """Do the steps; True when a new plan is needed because something went otherwise."""
        key, uncovered = job.assignment().key(), False
        steps = list(plan.steps)
        while steps:
            step = steps.pop(0)
            if beyond := job.beyond():
                job.end(beyond)
                return False
            if (yield from attend(self, job)):
                return not job.ended
            if step.skill == "look" and step.place in self.inventory.blind:
                self.inventory.fluents["seen", str(step.place)] = True
                continue
            result = yield from self._perform(job, step)
            if result.status != "succeeded":
                if self._may_go_unseen(job, step, result):
                    continue
                fresh = step.skill == "pick" and self._saw_before(step, result, job.context.now())
                if result.code == "not_alone":
                    self._uncover(job, None)
                reaction = react(step, result, *job.failed(step), self.limits)
                if reaction.kind == "ignore":
                    continue
                yield from self._mend(job, step, reaction, look=not fresh or result.code in _DISTURBED)
                return not job.ended
            crowd = len(self.inventory.at(job.station or ""))
            yield from self._absorb(job, step, result)
            if step.skill == "pick" and (seen := settled(job, self.overseer, step, result, steps)) is not None:
                del steps[: len(DETOUR)]
                yield Note("settled", {"item": step.item, "category_p": seen.category_p, "damaged_p": seen.damaged_p})
            if step.skill == "inspect" and len(self.inventory.at(job.station or "")) > crowd:
                yield from self._surprise(job, f"more than {step.item} lies on the {job.station}")
                return True
            uncovered = uncovered or (step.skill == "pick" and self._uncover(job, step.item))
            if self.look_again and step.skill in _RELEASING and step.item is not None and step.place != job.station:
                origin = self.inventory.item(step.item).origin
                if self.inventory.kinds.get(origin) != "belt" or wants_more(job):
                    yield from self.glance(job, origin)
            if uncovered and step.skill in _RELEASING:
                yield from self._surprise(job, f"what lay beside {step.item} shows whole now")
                return True
            if plan.complete and job.assignment().key() != key:
                yield from self._surprise(job, f"after {step} the items are not what the plan expected")
                return True
        return False

    def _may_go_unseen(self, job: Job, step: Step, result: SkillResult) -> bool:
        """A place that cannot be looked at, where the job can go on from memory: a bin, the table."""
        kind = self.inventory.kinds.get(step.place or "")
        if step.skill != "look" or not result.recoverable or kind in ("parcel", "shelf"):
            return False
        self.inventory.fluents["seen", str(step.place)] = True
        if result.code == "blind":
            self.inventory.blind |= {place for place, other in self.inventory.kinds.items() if other == kind}
        if kind != "bin" and step.place not in job.in_case:
            job.problems.append(f"{step.place} could not be looked at: {result.message or result.code}")
        return True

    def _perform(self, job: Job, step: Step) -> Routine:
        """Run one skill and log the call. A skill that breaks its contract counts as a failure that ends the job."""
        skill = self.skills.get(step.skill)
        yield Note("step", {"n": len(job.steps), "skill": step.skill, "args": step.arguments})
        start = job.context.now()
        result = self.overseer.forbids(job, step)
        if result is None and skill is None:
            result = SkillResult("failed", "no_skill", f"this robot has no skill {step.skill!r}")
        if result is None and skill is not None:
            try:
                result = yield from skill.run(cast(Any, job.context), step.arguments)
            except MoravecError as error:
                result = SkillResult("failed", "broken", str(error))
            self.overseer.ended(step, result)
        assert result is not None  # one of the three
        job.log(step, result, job.context.now() - start)
        return result

    # ── taking in what happened ──────────────────────────────────────────────────────────────────────────────────
    def _absorb(self, job: Job, step: Step, result: SkillResult) -> Routine:
        """Update the inventory after success."""
        t = job.context.now()
        if step.skill == "pick":
            self._saw_before(step, result, t)
        self.inventory.after(step, t)
        if step.skill == "look" and step.place is not None:
            self._looked(job, step.place, result, t)
            asking = partial(self.ask, job)
            job.surprises += yield from self.recollection.after_look(self.inventory, step.place, result, asking)
        detections = list(result.data.get("detections") or ())
        inspected = step.item if step.skill == "inspect" and detections else None
        if inspected is not None:
            own = self.inventory.likeliest(inspected, detections)
            differing = self.inventory.inspected(inspected, own, t)
            if differing:
                job.surprises.append(f"{inspected} turned out otherwise: {', '.join(differing)}")
            self.inventory.update(self.inventory.item(inspected).location, detections, t, whole=False)
        yield from self.recollection.insist(self.inventory, t)
        if inspected is not None:
            yield from self._doubt(job, inspected, own, t)

    def _uncover(self, job: Job, taken: str | None) -> bool:
        """Things that shared the station with what was just `taken`, or lay there as one, may have been half hidden: they are
        inspected again."""
        beside = [item.id for item in self.inventory.at(job.station or "") if item.id != taken and item.inspected]
        for item in beside:
            self.inventory.doubt(item)
        return bool(beside)

    def _looked(self, job: Job, place: str, result: SkillResult, t: float) -> None:
        """Detections carry their place: a look at a shelf may show its bins. Labels are read twice at most."""
        inventory = self.inventory
        inventory.read_labels(result.data.get("labels") or {}, t)
        unread = set(self.workplace.labels) - set(inventory.labels.values())
        if inventory.kinds[place] == "shelf" and unread and not job.calls[f"unread {place}"]:
            job.calls[f"unread {place}"] += 1
            inventory.fluents["seen", place] = False
        detections = result.data.get("detections")
        if detections is None:
            return
        inventory.update(place, [d for d in detections if d.place == place], t)
        for other in sorted({d.place for d in detections} - {place}):
            inventory.update(other, [d for d in detections if d.place == other], t, whole=False)

    def _saw_before(self, step: Step, result: SkillResult, t: float) -> bool:
        """Take in what a pick saw before it grasped; whether it saw anything."""
        detections = result.data.get("detections")
        place = self.inventory.item(str(step.item)).location
        if detections is None or place not in self.inventory.kinds:
            return False
        self.inventory.update(place, [d for d in detections if d.place == place], t)
        return True

    def _doubt(self, job: Job, item: str, seen: Detection, t: float) -> Routine:
        """Ask a person what an item is when even the close look does not tell."""
        if seen.category_p >= self.limits.ask_below or "category" in self.recollection.told(self.inventory.item(item)):
            return
        best = seen.category if seen.category in self.workplace.categories else self.workplace.categories[0]
        why = f"after inspection it is a {best} with a certainty of {seen.category_p:.2f} only"
        ask = Ask(f"What is the {seen.colour} item on the station ({item})?", self.workplace.categories, best, why)
        told = yield from self.ask(job, ask)
        self.inventory.told(item, {"category": told}, t)

    def glance(self, job: Job, place: str) -> Routine:
        """Look at `place` again, as far as that is possible; a failure is no matter."""
        if self.inventory.kinds.get(place) in _WATCHED:
            yield from self._look_again(job, place)

    def _look_again(self, job: Job, place: str) -> Routine:
        step = Step.of("look", place=place)
        result = yield from self._perform(job, step)
        if result.status == "succeeded":
            yield from self._absorb(job, step, result)
        elif not result.recoverable:
            job.end(f"{step} failed with {result.code}: {result.message}")

    # ── mending ──────────────────────────────────────────────────────────────────────────────────────────────────
    def _mend(self, job: Job, step: Step, reaction: Reaction, look: bool) -> Routine:
        """Carry out the reaction to a failed step, so that the next plan starts from a belief that holds."""
        yield from self._surprise(job, f"{reaction.why} -> {reaction.kind}")
        item = step.item
        if reaction.kind == "ask":
            yield from self._ask_for_help(job, step, reaction.why)
        elif reaction.kind == "end":
            job.end(reaction.why)
        if item is None or job.ended:
            return
        if reaction.kind == "full" and step.place is not None:
            yield from self._full(job, step.place, item, reaction.why)
        elif reaction.kind == "find":
            yield from self._find(job, item, step.place)
        elif reaction.kind == "shelf":
            for shelf in [place for place, kind in self.inventory.kinds.items() if kind == "shelf"]:
                yield from self._look_again(job, shelf)
        elif reaction.kind == "look" and look:
            yield from self.glance(job, self.inventory.item(item).location)
        if reaction.kind == "look" and self.inventory.item(item).location == GONE:
            yield from self._find(job, item, None)
        if reaction.give_up:
            job.aside[item] = reaction.why
            yield Note("set_aside", {"item": item, "why": reaction.why})

    def _ask_for_help(self, job: Job, step: Step, why: str) -> Routine:
        """Whether to go on trying what somebody may have mended meanwhile; without an answer the job ends."""
        text = f"I cannot {step.skill} the {step.place}, and tried {self.limits.tries} times. Shall I try again?"
        if (yield from self.ask(job, Ask(text, ("try again", "leave it"), "leave it", why))) == "leave it":
            job.end(why)
        job.calls[f"{step.skill} {step.place}"] = 0

    def _find(self, job: Job, item: str, towards: str | None) -> Routine:
        """Look where a lost item may lie: on the station, the table, where it came from, where it was going."""
        self.inventory.lost(item, job.context.now())
        kinds = self.inventory.kinds
        places = [p for p in kinds if kinds[p] == "station"] + [p for p in kinds if kinds[p] == "table"]
        places += [p for p in (self.inventory.item(item).origin, towards) if p in kinds]
        for place in places:
            self.inventory.fluents["seen", place] = False
        for place in (p for p in dict.fromkeys(places) for _ in range(_LOOKS)):
            if job.ended or self.inventory.item(item).location not in (GONE, HAND):
                return
            if self.inventory.fluents["seen", place] is not True:
                yield from self._look_again(job, place)

    def _full(self, job: Job, place: str, item: str, why: str) -> Routine:
        """A place is full: use another bin with its label, or what a person says, or leave things where they are."""
        inventory = self.inventory
        inventory.mark_full(place, job.context.now())
        label = inventory.labels.get(place)
        free = [p for p in inventory.labels if inventory.fluents.get(("full", p)) is not True]
        if inventory.kinds[place] not in ("bin", "reject") or any(inventory.labels[p] == label for p in free):
            return
        origin = inventory.item(item).origin
        choices = {f"leave it in the {origin}": origin} if inventory.kinds.get(origin) not in ("bin", "reject") else {}
        choices |= {f"bin {inventory.labels[p]}": p for p in sorted(free, key=lambda p: inventory.labels[p])}
        if not choices:
            job.aside[item] = why
            return
        name = f"Bin {label}" if label else f"The {place}"
        ask = Ask(f"{name} is full. What shall I use instead?", tuple(choices), next(iter(choices)), why)
        told = yield from self.ask(job, ask)
        for full in [*(p for p, other in job.overflow.items() if other == place), place]:
            job.overflow[full] = choices[told]

    def _surprise(self, job: Job, what: str) -> Routine:
        job.replans += 1
        job.surprises.append(what)
        yield Note("surprise", {"what": what, "replans": job.replans})

    # ── closing ─────────────────────────────────────────────────────────────────────────────────────────────────
    def conclude(self, job: Job) -> None:
        """The answers and the open points; what was said before stays."""
        if broken := self.overseer.closing(job):
            job.problems.append(broken)
        conclude(job, self.recollection)

    def recalled(self, what: Selection) -> str:
        """What is remembered of things that are not here, in words; "" for nothing."""
        return self.recollection.recalled(Clause("question", what, query="where"), self.inventory)
