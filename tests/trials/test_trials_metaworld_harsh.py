"""`metaworld-harsh`: the same attempts as drawn and bent, words that are changed, and what is said to be left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("metaworld")

from moravec.cli import main
from moravec.core.errors import BadInput
from moravec.trials.metaworld.episode import Record
from moravec.trials.metaworld.harsh import TALK, bent_attempts, said, suite
from moravec.trials.metaworld.result import of_harsh
from moravec.trials.metaworld.suite import words_of
from moravec.worlds.metaworld.bent.conditions import ALL, Conditions
from moravec.worlds.metaworld.sentences import sentences

TASKS = ("reach-v3", "push-v3")
WORDS = words_of("train")


def test_every_variation_bends_what_the_table_has_and_all_seven_axes_are_there() -> None:
    named = set()
    for bend in suite().perturbations:
        for texts in bend.conditions:
            told = Conditions.parse(texts).told()
            assert len(told) == len(texts), "each differs from the drawing"
            named |= set(told)
    assert named == set(ALL), "every condition is in the suite"
    assert {bend.axis for bend in suite().perturbations} == {
        "camera", "robot", "language", "light", "background", "sensor", "layout", "control",
    }  # fmt: skip


def test_attempts_are_the_same_as_drawn_and_bent() -> None:
    found = bent_attempts(TASKS, 2, 1, WORDS, (1, 3), ("orbit", "words"))
    assert [(a.variation, a.task, a.index) for a in found[:6]] == [
        ("", "reach-v3", 0), ("", "push-v3", 0), ("orbit-1", "reach-v3", 0), ("orbit-1", "push-v3", 0),
        ("orbit-3", "reach-v3", 0), ("orbit-3", "push-v3", 0),
    ]  # fmt: skip
    assert len(found) == 2 * 2 * 5 and len({a.key for a in found}) == len(found)
    usual = {(a.task, a.index): a for a in found if not a.variation}
    for attempt in found:
        drawn = usual[attempt.task, attempt.index]
        assert attempt.seed == drawn.seed and bool(attempt.conditions) == attempt.variation.startswith("orbit")
        assert (attempt.prompt == drawn.prompt) == (not attempt.variation.startswith("words"))
        if attempt.variation == "words-1":
            assert attempt.prompt in sentences()[attempt.task].held_out
    with pytest.raises(BadInput, match="did you mean 'orbit'"):
        bent_attempts(TASKS, 1, 0, WORDS, (1,), ("orbt",))


def test_words_are_misspelt_or_stand_among_talk() -> None:
    sentence = "push the little puck to the marked place"
    found = [said(sentence, "misspelt", seed) for seed in range(20)]
    assert len(set(found)) > 10 and found == [said(sentence, "misspelt", seed) for seed in range(20)]
    for words in found:
        assert sorted(words) == sorted(sentence) and len(words) == len(sentence)
        for word, usual in zip(words.split(), sentence.split(), strict=True):
            assert word[0] == usual[0] and word[-1] == usual[-1]
    talk = {said(sentence, "among talk", seed) for seed in range(20)}
    assert len(talk) == len(TALK) and all("Push the little puck to the marked place." in words for words in talk)
    with pytest.raises(BadInput, match="how words are changed"):
        said(sentence, "sung", 0)


def test_what_is_left_is_told_by_pairs_with_an_interval_that_never_vanishes() -> None:
    def row(index: int, success: bool, variation: str = "") -> Record:
        return Record("reach-v3", index, index, "x", success, 10, "" if success else "missed", variation=variation)

    usual = [row(k, k != 0) for k in range(40)]
    bent = [row(k, k not in (0, 1, 2, 3), "orbit-2") for k in range(40)] + [row(k, k != 0, "dim-1") for k in range(40)]
    result = of_harsh([*usual, *bent])
    assert (result["n_success"], result["n_episodes"]) == (39, 40)
    orbit, dim = result["variations"]["orbit-2"], result["variations"]["dim-1"]
    assert orbit["retention"]["of_success"] == pytest.approx(36 / 39) and orbit["retention"]["p_mcnemar"] == 0.25
    assert orbit["severity"] == "middle" and orbit["level"] == "15 degrees" and orbit["axis"] == "camera"
    low, high = dim["retention"]["ci95"]
    assert dim["retention"]["of_success"] == 1.0 and low < 0.95 and high > 1.0
    assert result["axes"]["camera"]["n_success"] == 36 and result["axes"]["light"]["n_episodes"] == 40
    nothing = of_harsh([row(0, False), row(0, True, "dim-1")])
    assert nothing["variations"]["dim-1"]["retention"] is None


def test_the_command_makes_them_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["trial", "metaworld-harsh", "--policy", "expert", "--tasks", "reach-v3", "--episodes", "2", "--processes", "1"]
    bent = ["--severity", "mild", "--only", "start,dim", "--out", str(tmp_path / "out")]
    assert main([*words, *bent]) == 0
    shown = capsys.readouterr().out
    assert "robot: 100.0 %" in shown and "light: 100.0 %" in shown
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert set(result["variations"]) == {"start-1", "dim-1"} and result["n_episodes"] == 2
    lines = (tmp_path / "out" / "episodes.jsonl").read_text()
    assert main([*words, *bent]) == 0 and (tmp_path / "out" / "episodes.jsonl").read_text() == lines
    assert main([*words, "--against", str(tmp_path / "out"), "--out", str(tmp_path / "other")]) == 2
    assert main([*words, "--severity", "worst", "--out", str(tmp_path / "other")]) == 2
    assert main(["trial", "metaworld", "--only", "dim", "--out", str(tmp_path / "other")]) == 2
    assert "with whole jobs and metaworld-harsh" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
