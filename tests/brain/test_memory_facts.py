"""What is believed: people outrank what was seen, whatever came first; rules speak of counts; corrections are checked."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers_memory import BORN, HOUR, a_clock, call, memory_at, observed, told
from hypothesis import given, settings
from hypothesis import strategies as st

from moravec.brain.memory.correct import correct, forget
from moravec.brain.memory.explain import explain
from moravec.brain.memory.facts import Fact, believed, facts_of
from moravec.brain.memory.learn import Account, Heard, take_in
from moravec.brain.memory.prior import prior_of
from moravec.brain.memory.rules import FAILURES, JOBS, SUCCESSES, Run, findings
from moravec.brain.memory.store import Memory
from moravec.core.errors import BadInput

ARRIVALS = st.lists(st.tuples(st.sampled_from(["observed", "told"]), st.sampled_from("ABC")), min_size=1, max_size=8)


def a_fact(number: int, provenance: Any, value: str = "A", **more: Any) -> Fact:
    about = {"who": None, "why": None, "expires_ns": None, "first_ns": 0, "last_ns": 0, "count": 1}
    return Fact(id=number, subject="bin_1", key="label", value=value, provenance=provenance, last_seq=number, **(about | more))


FACTS = (a_fact(1, "seen"), a_fact(2, "inferred"), a_fact(3, "told"), a_fact(4, "told", "B"), a_fact(5, "seen", "C"))


@given(st.permutations(FACTS))
def test_the_newest_word_of_a_person_counts_in_any_order(facts: list[Fact]) -> None:
    best = believed(facts, 10)
    assert best is not None and best.id == 4
    without = believed([f for f in facts if f.provenance != "told"], 10)
    assert without is not None and without.id == 5


def test_what_has_ended_or_expired_does_not_count() -> None:
    expired, ended, left = a_fact(3, "told", expires_ns=10), a_fact(2, "told", ended_seq=9), a_fact(1, "seen")
    assert believed([expired, ended, left], 9) is expired
    assert believed([expired, ended, left], 10) is left
    assert believed([ended], 10) is None


@settings(max_examples=12, deadline=None)
@given(ARRIVALS)
def test_told_outranks_seen_in_any_order_of_arrival(arrivals: list[tuple[str, str]]) -> None:
    """In the file: a person's last word counts; without one, what was seen last; all else is kept, and told by `explain`."""
    with tempfile.TemporaryDirectory() as folder, memory_at(Path(folder) / "site.db") as memory:
        with memory.writing() as log:
            log.append("place", {"name": "bin_1", "kind": "bin", "centre": [0, 0], "size": [1, 1], "floor": 0, "rim": 1})
            for kind, value in arrivals:
                log.append(kind, told("bin_1", "label", value) if kind == "told" else observed("bin_1", "label", value))
        words = [value for kind, value in arrivals if kind == "told"]
        sights = [value for kind, value in arrivals if kind == "observed"]
        expected = words[-1] if words else sights[-1]
        assert prior_of(memory).labels["bin_1"].text == expected
        (belief,) = explain(memory, "bin_1", "label")["beliefs"]
        assert belief["value"] == expected
        kept = {belief["value"], *(row["value"] for row in belief["beside"])}
        assert kept == set(words) | set(sights)
        shown = sum(len(row["evidence"]) for row in (belief, *belief["beside"]))
        assert shown == len(arrivals)  # every observation and every word is evidence of something


def test_a_correction_is_not_replaced_and_what_contradicts_it_is_kept_beside_it(tmp_path: Path) -> None:
    clock = a_clock()
    with memory_at(tmp_path / "site.db", clock) as memory:
        with memory.writing() as log:
            log.append("place", {"name": "bin_1", "kind": "bin", "centre": [0, 0], "size": [1, 1], "floor": 0, "rim": 1})
        correct(memory, "bin_1", "label", "B", who="the shift leader")
        for _ in range(5):
            clock.advance(HOUR)
            with memory.writing() as log:
                log.append("observed", observed("bin_1", "label", "E"))
        (belief,) = explain(memory, "bin_1")["beliefs"]
        assert (belief["value"], belief["provenance"], belief["who"]) == ("B", "told", "the shift leader")
        (beside,) = belief["beside"]
        assert (beside["value"], beside["count"], beside["not_counted"]) == ("E", 5, "it is outranked")
        assert len(beside["evidence"]) == 5 and beside["last"] == "2023-11-15T03:13:20Z"
        json.dumps(belief)
        (again,) = explain(memory, belief["fact"])["beliefs"]  # a fact explains its subject
        assert again == belief


def test_a_correction_may_expire(tmp_path: Path) -> None:
    clock = a_clock()
    with memory_at(tmp_path / "site.db", clock) as memory:
        with memory.writing() as log:
            log.append("place", {"name": "bin_1", "kind": "bin", "centre": [0, 0], "size": [1, 1], "floor": 0, "rim": 1})
            log.append("observed", observed("bin_1", "full", False))
        correct(memory, "bin_1", "full", "yes", expires_ns=BORN + round(HOUR * 1e9))
        assert prior_of(memory).avoid == {"bin_1"}
        clock.advance(HOUR)
        assert prior_of(memory).avoid == frozenset()
        assert explain(memory, "bin_1", "full")["beliefs"][0]["beside"][0]["not_counted"] == "it has expired"


def test_what_a_person_says_for_a_while_lies_over_what_a_person_said_for_good(tmp_path: Path) -> None:
    """When it has expired, the word for good counts again, and not what was seen; a new word for good ends both."""
    clock = a_clock()
    with memory_at(tmp_path / "site.db", clock) as memory:
        with memory.writing() as log:
            log.append("place", {"name": "bin_1", "kind": "bin", "centre": [0, 0], "size": [1, 1], "floor": 0, "rim": 1})
        correct(memory, "bin_1", "label", "B")
        correct(memory, "bin_1", "label", "C", expires_ns=BORN + round(2 * HOUR * 1e9))
        correct(memory, "bin_1", "label", "D", expires_ns=BORN + round(HOUR * 1e9))
        said = []
        for _ in range(3):
            with memory.writing() as log:
                log.append("observed", observed("bin_1", "label", "E"))
            said.append(prior_of(memory).labels["bin_1"].text)
            clock.advance(HOUR)
        assert said == ["D", "C", "B"]
        correct(memory, "bin_1", "label", "F")
        (belief,) = explain(memory, "bin_1")["beliefs"]
        assert [row["not_counted"][:8] for row in belief["beside"]] == ["it is ou", *["event 9 "] * 3]


def test_what_is_inferred_again_is_the_same_fact_with_more_evidence(tmp_path: Path) -> None:
    with memory_at(tmp_path / "site.db") as memory:
        for n in range(6):
            job_with(memory, call("stow", "bin_1", "contact"))
            with memory.reading() as db:
                facts = facts_of(db, "bin_1", "sticks")
            assert [f.count for f in facts] == ([n - 1] if n >= 2 else [])
        assert facts[0].why == "stow ended with contact there 6 times in the last 6 jobs that used it"


@pytest.mark.parametrize(
    ("name", "key", "value", "line"),
    [
        ("bin_2", "label", "B", "something in this memory: found 'bin_2'; allowed: one of bin_1"),
        ("bin_1", "lable", "B", "did you mean 'label'?"),
        ("bin_1", "full", "very", "full of bin_1: found 'very'; allowed: one of no, yes"),
        ("bin_1", "label", " ", "at least one letter"),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused(tmp_path: Path, name: str, key: str, value: str, line: str) -> None:
    with memory_at(tmp_path / "site.db") as memory:
        with memory.writing() as log:
            log.append("place", {"name": "bin_1", "kind": "bin", "centre": [0, 0], "size": [1, 1], "floor": 0, "rim": 1})
        head = memory.head
        with pytest.raises(BadInput) as refused:
            correct(memory, name, key, value)
        assert line in str(refused.value)
        assert memory.head == head


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def runs(*calls: tuple[int, str]) -> list[Run]:
    """Stows into bin_1: (job, code)."""
    return [
        Run(i, job, "stow", "can", "bin_1", "succeeded" if code == "ok" else "failed", code, 1.0)
        for i, (job, code) in enumerate(calls, start=1)
    ]


def test_three_failures_of_one_kind_make_a_place_stick_and_two_do_not() -> None:
    calls = [(1, "contact"), (1, "ok"), (2, "contact"), (3, "no_space"), (3, "unreachable")]
    assert findings(runs(*calls)) == []
    (found,) = findings(runs(*calls, (4, "contact")))
    assert (found.subject, found.key, found.value, found.evidence) == ("bin_1", "sticks", True, (1, 3, 6))
    assert found.why == "stow ended with contact there 3 times in the last 4 jobs that used it"


@given(st.integers(0, 12), st.integers(0, 8), st.integers(0, 6))
def test_the_rule_holds_by_its_counts(old: int, failures: int, since: int) -> None:
    """`old` jobs in between, picks, push the failures out of the window; `since` stows that went well lift."""
    failed = [(1 + i % 2, "contact") for i in range(failures)]
    made = runs(*failed, *[(3 + i, "ok") for i in range(old)], *[(30, "ok")] * since)
    made = [replace(run, skill="pick") if 2 < run.job < 30 else run for run in made]
    held = failures >= FAILURES and since < SUCCESSES and 2 + old + (since > 0) <= JOBS
    assert bool([f for f in findings(made) if f.key == "sticks"]) == held


def test_one_bad_item_or_a_failure_now_and_then_is_no_rule() -> None:
    """The three tries of one job, and three failures among many calls that went well; for a place and for a category."""
    tries = [Run(i, 1, "pick", "ball", "parcel", "failed", code, 1.0) for i in (1, 2, 3) for code in ("contact", "missed")]
    assert findings(tries) == []
    assert {f.subject for f in findings([*tries, *(replace(run, job=2, seq=9) for run in tries[:2])])} == {"parcel", "pick(ball)"}
    good = [(1 + i // 9, "ok") for i in range(27)]
    assert findings(runs(*good, (3, "contact"), (4, "contact"), (5, "contact"))) == []
    assert findings(runs(*good[:6], (3, "contact"), (4, "contact"), (5, "contact"))) != []


def test_what_fell_out_of_the_hand_says_nothing_of_the_place() -> None:
    assert {f.subject for f in findings(runs((1, "lost"), (2, "lost"), (3, "lost")))} == {"stow(can)"}


def test_a_finding_is_noted_with_its_evidence_and_lifted_when_it_holds_no_longer(tmp_path: Path) -> None:
    with memory_at(tmp_path / "site.db") as memory:
        for _ in range(FAILURES):
            job_with(memory, call("stow", "bin_1", "contact"))
        assert prior_of(memory).avoid == {"bin_1"}
        (belief,) = [b for b in explain_place(memory) if b["key"] == "sticks"]
        assert belief["provenance"] == "inferred" and len(belief["evidence"]) == 1 + FAILURES
        assert {row["kind"] for row in belief["evidence"]} == {"inferred", "run"}
        correct(memory, "bin_1", "sticks", "no")
        assert prior_of(memory).avoid == frozenset()  # a person knows better
        for _ in range(SUCCESSES):
            job_with(memory, call("stow", "bin_1"))
        (belief,) = [b for b in explain_place(memory) if b["key"] == "sticks"]
        (beside,) = belief["beside"]
        assert belief["provenance"] == "told" and "ended it" in beside["not_counted"]


def test_forgotten_evidence_takes_its_finding_along(tmp_path: Path) -> None:
    with memory_at(tmp_path / "site.db") as memory:
        jobs = [job_with(memory, call("pick", "parcel", "missed", "ball")) for _ in range(FAILURES)]
        with memory.reading() as db:
            assert [(f.subject, f.value) for f in facts_of(db, key="often")] == [("pick(ball)", "missed")]
        forget(memory, f"job-{jobs[0]}")
        with memory.reading() as db:
            assert [f.ended_seq is None for f in facts_of(db, key="often")] == [False]


def job_with(memory: Memory, *steps: dict[str, Any]) -> int:
    """A job of these calls."""
    with memory.writing() as log:
        log.append("place", {"name": "bin_1", "kind": "bin", "centre": [0, 0], "size": [1, 1], "floor": 0, "rim": 1})
        job = log.append("job", {"instruction": "store it"})
    calls = [{**s, "args": {"item": f"item-{s['category']}", "place": s["place"]}} for s in steps]
    item = {"location": "gone", "position": (0.0, 0.0, 0.0), "extent": (0.1, 0.1, 0.1), "colour": "red", "damaged": False,
            "code": None, "category_p": 0.9, "camera": ""}  # fmt: skip
    items = [{**item, "id": f"item-{s['category']}", "category": s["category"]} for s in steps if s["category"]]
    take_in(memory, job, Account(success=True, steps=calls, items=items))
    return job


def explain_place(memory: Memory) -> list[dict[str, Any]]:
    return list(explain(memory, "bin_1")["beliefs"])


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
QUESTION = "Bin B is full. What shall I use instead?"


@pytest.mark.parametrize(("scope", "kept"), [("once", False), ("task", False), ("site", True), ("always", True)])
def test_answers_hold_as_far_as_they_were_given(tmp_path: Path, scope: str, kept: bool) -> None:
    with memory_at(tmp_path / "site.db") as memory:
        heard = Heard(QUESTION, ("bin C", "bin D"), "bin D", "it is full", scope)
        about_one = Heard("What is the red item (item-3)?", ("can", "box"), "can", "unsure", scope)
        take_in(memory, answering(memory), Account(success=True, heard=(heard, about_one)))
        answers = prior_of(memory).answers
        assert list(answers) == ([QUESTION] if kept else [])  # item-3 is another thing in the next job
        with memory.reading() as db:
            number = db.execute("SELECT min(id) FROM answers").fetchone()[0]
        correct(memory, f"answer-{number}", "scope", "site")
        correct(memory, f"answer-{number}", "answer", "bin C")
        assert prior_of(memory).answers[QUESTION].answer == "bin C"
        correct(memory, f"answer-{number}", "answer", "bin Z")  # no option: not used
        assert prior_of(memory).answers == {}


def answering(memory: Memory) -> int:
    with memory.writing() as log:
        return log.append("job", {"instruction": "store it"})
