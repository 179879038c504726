"""The project's own sentences for Meta-World: whole, distinct, not the protocol's, and held out by their words."""

from __future__ import annotations

import dataclasses
import json
import re
from collections import Counter
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from moravec.core.errors import BadInput, WorldError
from moravec.worlds.metaworld.sentences import Sentences, parse, sentences, sentences_of
from moravec.worlds.metaworld.tasks import TASKS

TEXT = files("moravec.worlds.metaworld").joinpath("sentences.json").read_text(encoding="utf-8")
PROTOCOL = Path(__file__).resolve().parents[3] / "shared" / "data" / "metaworld_protocol.json"

# Words that carry grammar or politeness. They never count as another wording.
_GRAMMAR = """a an the it its this that these those of to in into on onto at from with by for as is be are was so and or then
until while i me my you your yourself we want wants need needs would like please could can will should make sure let there here
one way all some no more if"""
GRAMMAR = frozenset(_GRAMMAR.split())
POLITE = frozenset(("a", "an", "the", "please", "could", "can", "you", "i", "want", "would", "like", "need", "your"))
# Content words of held-out sentences that fewer than two other tasks have in training: none.
RARE: frozenset[str] = frozenset()


def words(sentence: str) -> list[str]:
    return re.findall(r"[a-z]+", sentence.lower())


def vocabulary(lines: Iterable[str]) -> set[str]:
    return {word for line in lines for word in words(line)}


def stem(word: str) -> str:
    """A word without its ending, so that "pushed" after "push" is no new word; rather too much is cut than too little."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)]
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sl":
                word = word[:-1]
            break
    return word.rstrip("e")


def new_words(sentence: str, known: Iterable[str]) -> set[str]:
    """Content words of `sentence` that, whatever their ending, are not among `known`."""
    stems = {stem(word) for word in known}
    return {word for word in words(sentence) if word not in GRAMMAR and stem(word) not in stems}


def bare(sentence: str) -> tuple[str, ...]:
    """The words of a sentence without articles and politeness, in the order of the alphabet."""
    return tuple(sorted(word for word in words(sentence) if word not in POLITE))


def everything() -> list[tuple[str, str]]:
    return [(task, line) for task, said in sentences().items() for line in (*said.train, *said.held_out)]


TRAIN = {task: vocabulary(said.train) for task, said in sentences().items()}
HELD_OUT = [(task, line) for task, said in sentences().items() for line in said.held_out]


def test_every_task_has_its_sentences() -> None:
    assert tuple(sentences()) == TASKS
    assert {len(said.train) for said in sentences().values()} <= {10, 11, 12}
    assert {len(said.held_out) for said in sentences().values()} == {4}


def test_no_sentence_is_there_twice() -> None:
    """Not in two tasks, not in both sets; case, commas and question marks do not make another sentence."""
    assert [line for line, count in Counter(tuple(words(line)) for _, line in everything()).items() if count > 1] == []


def test_no_two_tasks_are_asked_for_in_the_same_words() -> None:
    asked: dict[tuple[str, ...], set[str]] = {}
    for task, line in everything():
        asked.setdefault(bare(line), set()).add(task)
    assert {key: tasks for key, tasks in asked.items() if len(tasks) > 1} == {}


def test_no_sentence_is_a_plain_rewording_of_a_held_out_one() -> None:
    """Another order, another article or a "please" is not enough to be held out."""
    trained = {(task, bare(line)) for task, said in sentences().items() for line in said.train}
    assert [(task, line) for task, line in HELD_OUT if (task, bare(line)) in trained] == []


@pytest.mark.parametrize("task", TASKS)
def test_sentences_are_short_plain_and_clean(task: str) -> None:
    said = sentences_of(task)
    for line in (*said.train, *said.held_out):
        assert line.isascii()
        assert re.fullmatch(r"[A-Z][a-z]*(?:,? [a-z]+)*\??", line), line
        assert 2 <= len(words(line)) <= 20
        assert len(line) <= 100
        assert line.endswith("?") == line.startswith(("Could you ", "Can you ")), line


@pytest.mark.parametrize(("task", "line"), HELD_OUT)
def test_held_out_means_other_words(task: str, line: str) -> None:
    assert new_words(line, TRAIN[task]), "every content word of this sentence is in its task's training sentences"


@pytest.mark.parametrize(("task", "line"), HELD_OUT)
def test_new_words_can_be_learnt_from_two_other_tasks(task: str, line: str) -> None:
    """Every word, grammar too, in exactly this form: it is in the task's own training sentences or in two other tasks'."""
    strange = {
        word: [other for other in TASKS if other != task and word in TRAIN[other]]
        for word in words(line)
        if word not in TRAIN[task] and word not in RARE
    }
    assert {word: others for word, others in strange.items() if len(others) < 2} == {}


def test_much_of_the_held_out_wording_is_new() -> None:
    """Not one odd word in an old sentence: in all, two in five content words are new to their task."""
    content = sum(word not in GRAMMAR for _, line in HELD_OUT for word in words(line))
    new = sum(len(new_words(line, TRAIN[task])) for task, line in HELD_OUT)
    assert new / content >= 0.4


def test_exceptions_are_used() -> None:
    assert vocabulary(line for _, line in HELD_OUT) >= RARE


@pytest.mark.parametrize(
    ("sentence", "known", "new"),
    [
        ("Shut the door", {"close", "the", "door"}, {"shut"}),
        ("Please close that door", {"closed", "doors"}, set()),
        ("Pushing the puck", {"push", "puck"}, set()),
        ("Grab it by dropping", {"drop"}, {"grab"}),
        ("Press", {"pressed"}, set()),
    ],
)
def test_the_measure_of_new_words(sentence: str, known: set[str], new: set[str]) -> None:
    assert new_words(sentence, known) == new


OPPOSITES = {
    "door-open-v3": "open",
    "door-close-v3": "close closed shut",
    "window-open-v3": "open right",
    "window-close-v3": "close closed shut left",
    "drawer-open-v3": "open out toward pull drag tug",
    "drawer-close-v3": "close closed shut in inside",
    "handle-pull-v3": "up upward lift raise",
    "handle-press-v3": "down downward lower press shove",
    "handle-pull-side-v3": "up upward lift lifted raise",
    "handle-press-side-v3": "down downward lower press shove bottom",
    "faucet-open-v3": "open on right counterclockwise run",
    "faucet-close-v3": "close closed shut off left clockwise",
    "door-unlock-v3": "unlock unlocked counterclockwise up upward raise release",
    "door-lock-v3": "lock locked clockwise down downward",
    "coffee-pull-v3": "away out back toward closer clear nearer remove retrieve",
    "coffee-push-v3": "under below beneath into push shove nudge deliver leave",
    "stick-pull-v3": "pull pulled drag toward closer tug back haul draw nearer",
    "stick-push-v3": "push pushed nudge away shove drive slide right",
    "push-back-v3": "back backward behind toward closer near nearer",
    "push-v3": "push pushed slide shove nudge along across forward",
}
PAIRS = list(zip(list(OPPOSITES)[::2], list(OPPOSITES)[1::2], strict=True))
BOTH_SIDES = {"lock", "under", "beneath", "in", "on", "along", "push", "shove", "slide"}  # words that say nothing by themselves


@pytest.mark.parametrize(("task", "other"), [*PAIRS, *((other, task) for task, other in PAIRS)])
def test_opposites_say_which(task: str, other: str) -> None:
    """Each sentence has a word of its own side, and none that only the other side says."""
    own, others = set(OPPOSITES[task].split()), set(OPPOSITES[other].split())
    said = sentences_of(task)
    for line in (*said.train, *said.held_out):
        assert own & set(words(line)), line
        assert not (others - own - BOTH_SIDES) & set(words(line)), line


WALL = {"wall", "barrier", "obstacle", "partition", "divider", "bricks"}
TOP = {"above", "top", "down", "downward"}
SIDE = {"side", "sideways", "left", "right"}


@pytest.mark.parametrize("task", TASKS)
def test_walls_tops_and_sides_are_named_where_they_matter(task: str) -> None:
    said = sentences_of(task)
    for line in (*said.train, *said.held_out):
        found = set(words(line))
        assert bool(found & WALL) == ("wall" in task), line
        if task.startswith("button-press"):
            assert bool(found & TOP) == ("topdown" in task), line
        if task.startswith(("plate-slide", "handle-p")):
            assert bool(found & SIDE) == ("side" in task), line
        if task.startswith("plate-slide"):
            outward = found & {"out", "from", "leave", "back"} and not found & {"in", "into"}
            assert bool(outward) == ("back" in task), line


def test_an_unknown_task_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(BadInput, match=r"the Meta-World task: found 'door-opn-v3'.*did you mean 'door-open-v3'\?"):
        sentences_of("door-opn-v3")


def test_nothing_can_be_changed() -> None:
    book: Any = sentences()
    with pytest.raises(TypeError):
        book["door-open-v3"] = Sentences((), ())
    entry: Any = book["door-open-v3"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        entry.train = ()
    assert sentences() is book


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_a_file_cut_short_is_refused(share: float) -> None:
    with pytest.raises(WorldError, match=r"^sentences.json: no JSON"):
        parse(TEXT[: int(len(TEXT) * share)])


def broken(task: str, entry: object) -> str:
    return json.dumps(json.loads(TEXT) | {task: entry})


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[]", "missing or unknown: list"),
        ("{}", "missing or unknown: .*assembly-v3"),
        (broken("tea-pour-v3", {"train": ["Pour"], "held_out": ["Serve"]}), r"missing or unknown: \['tea-pour-v3'\]"),
        (broken("reach-v3", ["Reach"]), "reach-v3: must have 'train' and 'held_out'"),
        (broken("reach-v3", {"train": ["Reach"]}), "reach-v3: must have 'train' and 'held_out'"),
        (broken("reach-v3", {"train": ["Reach"], "held_out": []}), "reach-v3: 'held_out' must be a list of sentences"),
        (broken("reach-v3", {"train": "Reach", "held_out": ["Go"]}), "reach-v3: 'train' must be a list of sentences"),
        (broken("reach-v3", {"train": ["Reach", " "], "held_out": ["Go"]}), "reach-v3: 'train' must be a list"),
        (broken("reach-v3", {"train": ["Reach", 3], "held_out": ["Go"]}), "reach-v3: 'train' must be a list"),
    ],
)
def test_a_file_with_something_wrong_is_refused(text: str, line: str) -> None:
    with pytest.raises(WorldError, match=line):
        parse(text)


def test_none_is_the_protocols_sentence() -> None:
    """The public protocol's fifty prompts are not copied: no sentence of ours is one of theirs, articles aside."""
    if not PROTOCOL.exists():
        pytest.skip("the protocol's prompts (../shared/data/metaworld_protocol.json) are not beside this checkout")
    theirs = json.loads(PROTOCOL.read_text(encoding="utf-8"))["TASK_DESCRIPTIONS"]
    assert set(theirs) == set(TASKS)
    plain = {tuple(word for word in words(line) if word not in ("a", "an", "the")) for line in theirs.values()}
    ours = [(line, tuple(word for word in words(line) if word not in ("a", "an", "the"))) for _, line in everything()]
    assert [line for line, key in ours if key in plain] == []
