"""Bad usage and bad input: one clear line, exit status 2, no traceback; help that says what there is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from moravec.cli import main

GOLDEN = Path(__file__).parent / "golden"
COMMANDS = (
    "run", "plan", "replay", "incident", "memory", "mcp", "doctor", "bench", "data", "train", "export", "card", "serve", "trial",
)  # fmt: skip

ALL = "bench, card, data, doctor, edge, export, incident, mcp, memory, plan, replay, run, serve, stress, train, trial"
BAD = [
    ([], f"the command: found 'nothing'; allowed: one of {ALL}"),
    (["rnu"], "did you mean 'run'?"),
    (["tune", "x"], f"the command: found 'tune'; allowed: one of {ALL}"),
    (["run"], "'moravec run': found 'no INSTRUCTION'"),
    (["run", "store", "the", "cans"], "'moravec run': found 'the cans'; allowed: each instruction in quotes"),
    (["plan", "a", "b"], "'moravec plan': found 'b'; allowed: each instruction in quotes"),
    (["run", "a", "--sed", "3"], "found '--sed'"),
    (["run", "a", "--sed", "3"], "did you mean '--seed'?"),
    (["run", "a", "--seed", "abc"], "--seed: found 'abc'; allowed: a whole number of 0 or more"),
    (["run", "a", "--seed", "-1"], "--seed: found '-1'; allowed: a whole number of 0 or more"),
    (["run", "a", "--seed", "1.5"], "--seed: found '1.5'"),
    (["run", "a", "--seed"], "Missing value for argument '--seed'"),
    (["run", "a", "--items", "0"], "--items: found '0'; allowed: a whole number from 1 to 12"),
    (["run", "a", "--speed", "fast"], "--speed: found 'fast'; allowed: max, real, or a number"),
    (["run", "a", "--speed", "nan"], "--speed: found 'nan'"),
    (["run", "a", "--renderer", "vulkan"], "--renderer: found 'vulkan'; allowed: one of egl, osmesa, rays"),
    (["run", "a", "--brain", "gpt"], "--brain: found 'gpt'; allowed: symbolic, the address of a model server"),
    (["run", "a", "--brain", "ftp://x"], "--brain: found 'ftp://x'; allowed: http://HOST:PORT[/v1] or https://HOST[/v1]"),
    (["plan", "a", "--brain", "http://me:secret@x"], "--brain: found 'an address with a name or password in it'"),
    (["plan", "a", "--brain", "http://me:secret@x/a.jsonl"], "--brain: found 'an address with a name or password in it'"),
    (["plan", "a", "--brain", "http://x/v1?key=secret"], "--brain: found 'an address with a query in it'"),
    (["run", "a", "--brain-model", "m"], "--brain-model: found 'm'; allowed: with --brain URL"),
    (["run", "a", "--tools", "t.toml"], "--tools: found 't.toml'; allowed: with --brain URL"),
    (["plan", "a", "--brain", "http://x", "--brain-model", "m", "--tools", "/nowhere/t"], "--tools: found '/nowhere/t'"),
    (["plan", "a", "--brain", "no.jsonl"], "no.jsonl is no recording of a brain: No such file or directory"),
    (["plan", "a", "--brain", "http://x", "--brain-key", "/nowhere/k"], "--brain-key: found '/nowhere/k'"),
    (["plan", "a", "--brain", "http://x", "--brain-settings", "/nowhere/s"], "--brain-settings: found '/nowhere/s'"),
    (["doctor", "--brain-record", "a.jsonl"], "--brain-record: found 'a.jsonl'; allowed: with --brain URL"),
    (["bench", "gard"], "did you mean 'guard'?"),
    (["incident"], "'moravec incident': found 'no TAPE'"),
    (["incident", "/nowhere/tape.mcap"], "TAPE: found '/nowhere/tape.mcap'; allowed: a tape of 'moravec run'"),
    (["incident", "t", "--n", "x"], "--n: found 'x'; allowed: a whole number from 0 to 10000000"),
    (["replay", "/nowhere/tape.mcap"], "TAPE: found '/nowhere/tape.mcap'; allowed: a tape of 'moravec run'"),
]


@pytest.mark.parametrize(("words", "line"), BAD)
def test_bad_usage_is_one_clear_line(words: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2; one line on standard error that names what was asked, found and allowed; nothing on standard output."""
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert shown.err.startswith("moravec: ")
    assert line in shown.err


@pytest.mark.parametrize(
    ("option", "given", "found"),
    [
        ("--conveyor", "fast", "a conveyor: found 'fast'"),
        ("--conveyor", "0.9", "the conveyor's speed: found 0.9; allowed: 0.01 to 0.2 m/s"),
        ("--mishaps", "fire", "a mishap: found 'fire'"),
        ("--fixture", "0.04", "--fixture: found '0.04'; allowed: a number from 0 to 0.03"),
    ],
)
def test_a_world_that_cannot_be_is_one_clear_line(
    option: str, given: str, found: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "store everything", option, given, "--out", str(tmp_path / "out")]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == 1 and found in shown.err
    assert not (tmp_path / "out").exists()


def test_with_json_the_error_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    """A program that reads standard output always finds JSON there."""
    assert main(["replay", "/nowhere/tape.mcap", "--json"]) == 2
    shown = capsys.readouterr()
    assert json.loads(shown.out)["error"] in shown.err


def test_a_foreign_or_empty_file_is_no_tape(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Bad input, not a failed replay."""
    for name, content in (("notes.txt", b"hello, I am no tape at all"), ("empty.mcap", b""), ("a.bag", b"#ROSBAG V2.0\n")):
        path = tmp_path / name
        path.write_bytes(content)
        assert main(["replay", str(path)]) == 2
        assert str(path) in capsys.readouterr().err
    assert main(["replay", str(tmp_path)]) == 2
    assert "Is a directory" in capsys.readouterr().err


def words_of(text: str) -> str:
    """Without boxes and line breaks, which depend on the terminal."""
    return " ".join(re.sub(r"[│╭╮╰╯─•|+*]|--{3,}", " ", text).split())


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_golden(command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What help says only changes on purpose: then write the new words into the golden file."""
    monkeypatch.setenv("COLUMNS", "90")
    with pytest.raises(SystemExit) as end:
        main([*([command] if command else []), "--help"])
    assert end.value.code in (None, 0)
    golden = GOLDEN / f"help{'_' if command else ''}{command}.txt"
    assert words_of(capsys.readouterr().out) == golden.read_text(encoding="utf-8").strip()


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """`moravec --version`."""
    with pytest.raises(SystemExit):
        main(["--version"])
    assert re.fullmatch(r"moravec \d+\.\d+\.\d+\n", capsys.readouterr().out)


def test_learned_skills_need_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Told before anything begins, with what would help."""
    assert main(["run", "sort it", "--skills", "learned", "--pick-model", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "a folder of 'moravec export'" in capsys.readouterr().err
    assert main(["run", "sort it", "--pick-model", str(tmp_path)]) == 2
    assert "--skills learned" in capsys.readouterr().err
    assert main(["run", "sort it", "--trust", "ab" * 32, "--out", str(tmp_path / "out")]) == 2
    assert "--trust: found" in (said := capsys.readouterr().err) and "with --skills learned" in said
    assert not (tmp_path / "out").exists()
    assert main(["run", "sort it", "--skills", "learnt"]) == 2
    assert "did you mean 'learned'" in capsys.readouterr().err


def test_trials_in_the_cell_need_what_can_lead_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(*words: str) -> str:
        assert main(["trial", "cell-pick", *words, "--out", str(tmp_path / "out")]) == 2
        return capsys.readouterr().err

    assert "hard-coded, teacher" in refused("--policy", str(tmp_path))
    assert "none came with this package" in refused()
    assert "--tasks" in refused("--policy", "teacher", "--tasks", "reach")
    assert "held_out" in refused("--policy", "teacher", "--sentences", "held_uot")
    assert "it is told no words" in refused("--policy", "hard-coded", "--sentences", "held_out")
    assert not (tmp_path / "out").exists()
