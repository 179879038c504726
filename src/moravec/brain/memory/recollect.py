"""One job's use of the memory: what a look confirms or refutes, answers that need not be asked for again. It writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, final

from moravec.brain.goal import EVERYWHERE, Clause
from moravec.brain.match import match
from moravec.brain.memory.facts import Value
from moravec.brain.memory.learn import Heard
from moravec.brain.memory.prior import STORES, KnownAnswer, Prior
from moravec.brain.remember import Inventory, Item
from moravec.brain.schedule.expect import putting
from moravec.skills.contract import Ask, Note, Request, SkillResult


@final
class Recollection:
    """Has the life of one job; without a `prior` nothing is remembered. `heard`: what a person answers in it. `known`: item ->
    the remembered object it is; `read`: bin -> label as it was read, whatever a person said; `used`: remembered answers that
    were given, in order; `refuted`: remembered objects that are no longer where they were; `empty`: places in which a look
    found nothing."""

    def __init__(self, prior: Prior | None = None, heard: Sequence[Heard] = ()) -> None:
        self.prior = prior or Prior()
        self.heard = heard
        self.known: dict[str, int] = {}
        self.read: dict[str, str] = {}
        self.used: list[int] = []
        self.refuted: dict[int, None] = {}  # in order
        self.empty: set[str] = set()
        self._remembers = prior is not None
        self._asked: set[str] = set()
        self._seen: dict[str, dict[str, Any]] = {}  # item -> what was seen of it, where a person says otherwise
        self._told: dict[str, dict[str, Value]] = {}
        self._inventory: Inventory | None = None

    def begin(self, inventory: Inventory) -> dict[str, Any]:
        """What is offered to this job, for the record; nothing where nothing is remembered."""
        self._inventory = inventory
        inventory.avoid = self.prior.avoid & set(inventory.kinds)
        inventory.effort = partial(putting, self.prior.costs, inventory.kinds)
        words = {"category": inventory.workplace.categories, "colour": inventory.workplace.colours, "damaged": (True, False)}
        self._told = {code: {k: v for k, v in says.items() if v in words[k]} for code, says in self.prior.told.items()}
        if not self._remembers:
            return {}
        prior = self.prior
        return {
            "site": prior.site, "events": prior.events, "head": prior.head, "avoid": sorted(inventory.avoid),
            "labels": {place: label.text for place, label in sorted(prior.labels.items()) if place in inventory.kinds},
            "things": [{"object": t.name, "what": t.describe(), "place": t.place} for t in prior.things],
            "told": {code: dict(says) for code, says in sorted(self._told.items())}, "answers": sorted(prior.answers),
        }  # fmt: skip

    def believed(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The job's items as they were seen, whatever a person said of them, and what happened to them: see `Account`."""
        if self._inventory is None:
            return [], []
        told = self._inventory.snapshot()
        return [{**item, **self._seen.get(item["id"], {})} for item in told["items"]], told["history"]

    def answer(self, ask: Ask) -> dict[str, Any] | None:
        """What a person answered to the same question before, if it is one of the options now, as a report's question."""
        now = (heard for heard in reversed(self.heard) if heard.question == ask.text and heard.scope != "once")
        found = next(now, self.prior.answers.get(ask.text))
        if found is None or found.answer not in ask.options:
            return None
        source = f"in this job, scope {found.scope}"
        if isinstance(found, KnownAnswer):
            self.used.append(found.id)
            source = f"memory: answer-{found.id}, scope {found.scope}"
        question = {"text": ask.text, "options": list(ask.options), "answer": found.answer, "why": ask.why}
        return question | {"answered_by": source}

    def after_look(
        self, inventory: Inventory, place: str, result: SkillResult, asking: Callable[[Ask], Generator[Request, Any, str]]
    ) -> Generator[Request, Any, list[str]]:
        """Notes what a look that the inventory has taken in says of what was remembered, and asks for a label that was read
        before and cannot be read now. The surprises."""
        surprises = []
        for news in self.looked(inventory, place, result.data.get("labels") or {}):
            yield Note("remembered", news)
            if news["says"] == "refuted":
                surprises.append(f"otherwise than remembered: {news}")
        if inventory.kinds[place] == "shelf" and inventory.fluents["seen", place] is True:  # no second look is to come
            while (doubt := self.doubtful(inventory)) is not None:
                if (yield from asking(doubt[1])) == "yes":
                    inventory.read_labels({doubt[0]: self.prior.labels[doubt[0]].text})
        return surprises

    def looked(self, inventory: Inventory, place: str, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """Takes in a look at `place` that the inventory has taken in already; what it says of what was remembered.

        A label that a person told holds against one that was read.
        """
        self.read |= labels
        news = [self._label(bin_, text) for bin_, text in sorted(labels.items()) if bin_ in self.prior.labels]
        if inventory.kinds.get(place) == "shelf":
            unread = set(inventory.kinds) - set(self.read)
            told = {p: label.text for p, label in self.prior.labels.items() if label.told and p in inventory.kinds}
            inventory.read_labels(told)
            news += [{"place": p, "key": "label", "was": told[p], "says": "unread"} for p in sorted(unread & set(told))]
        if inventory.kinds.get(place) in STORES and inventory.fluents["seen", place] is True and not inventory.at(place):
            self.empty.add(place)
        expected = [thing for thing in self.prior.things if thing.place == place and thing.id not in self.known.values()]
        fresh = [item for item in inventory.at(place) if item.id not in self.known]
        pairs = match(expected, fresh, gate=None)  # by looks alone: who put it there knew no position to the centimetre
        for i, j in pairs:
            self.known[fresh[j].id] = expected[i].id
            news.append({"place": place, "object": expected[i].name, "item": fresh[j].id, "says": "confirmed"})
        if place in self.empty and not inventory.at(place):  # one thing can hide another, so else it stays open
            self.refuted |= dict.fromkeys(thing.id for thing in expected)
            news += [{"place": place, "object": thing.name, "says": "refuted"} for thing in expected]
        return news

    def told(self, item: Item) -> Mapping[str, Value]:
        """What a person told of the thing that carries this item's code, in words that this workplace has."""
        return self._told.get(item.code or "", {})

    def insist(self, inventory: Inventory, t: float) -> Generator[Request, Any, None]:
        """What a person told of a thing holds against what was seen of it by now."""
        for item in list(inventory.items.values()):
            says, fields = self.told(item), asdict(item)
            seen = {key: fields[key] for key, value in says.items() if fields[key] != value}
            if seen:
                certain = {f"{key}_p": fields[f"{key}_p"] for key in seen}
                self._seen.setdefault(item.id, {}).update(seen | certain)
                inventory.told(item.id, says, t)
                yield Note("remembered", {"item": item.id, "code": item.code, "seen": seen, "told": dict(says), "says": "told"})

    def _label(self, place: str, text: str) -> dict[str, Any]:
        known = self.prior.labels[place]
        says = "confirmed" if known.text == text else "refuted"
        return {"place": place, "key": "label", "was": known.text, "read": text, "told": known.told, "says": says}

    def doubtful(self, inventory: Inventory) -> tuple[str, Ask] | None:
        """A bin whose label was read in earlier jobs and cannot be read now, and what to ask of it; each once."""
        carried = set(inventory.labels.values())
        for place, label in sorted(self.prior.labels.items()):
            missing = place in inventory.kinds and place not in inventory.labels and label.text not in carried
            if missing and label.text in inventory.workplace.labels and place not in self._asked:
                self._asked.add(place)
                why = f"it cannot be read now, and was read {label.count} times before"
                return place, Ask(f"Does {place} still carry the label {label.text}?", ("yes", "no"), "no", why)
        return None

    def recalled(self, clause: Clause, inventory: Inventory) -> str:
        """What is remembered of the things a question asks about, and was not met in this job; "" for nothing."""
        what = clause.what
        if clause.kind != "question" or clause.query not in ("where", "any", "how many", "what"):
            return ""
        fits = [
            thing
            for thing in self.prior.things
            if thing.id not in self.known.values()
            and (not what.categories or thing.category in what.categories)
            and (not what.colours or thing.colour in what.colours)
            and (not what.codes or thing.code in what.codes)
            and (what.condition is None or thing.damaged == (what.condition == "damaged"))
            and _in_place(thing.place, what.place, inventory, self.prior)
        ]
        if not fits or not (what.categories or what.colours or what.codes or what.place):
            return ""
        lines = [f"{thing.describe()} in {_named(thing.place, self.prior)}" for thing in fits[:10]]
        more = f" and {len(fits) - 10} more" if len(fits) > 10 else ""
        return f"From earlier jobs, not looked at now: {'; '.join(lines)}{more}."


def _in_place(place: str, wanted: str | None, inventory: Inventory, prior: Prior) -> bool:
    if wanted is None or wanted == EVERYWHERE:
        return True
    if wanted.startswith("bin:"):
        label = prior.labels.get(place)
        return label is not None and label.text == wanted[4:]
    return wanted in (place, inventory.kinds.get(place)) or (wanted == "bins" and inventory.kinds.get(place) == "bin")


def _named(place: str, prior: Prior) -> str:
    label = prior.labels.get(place)
    return f"bin {label.text}" if label is not None else f"the {place}" if place == "reject" else place
