"""`moravec incident` on an edge process's black box: verified, told, drawn; refused in one line where it was changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers_edge import HOLD, OFF, PERIOD, RUN, N, Sim

from moravec.cli import main
from moravec.console.incident.block import lines
from moravec.console.incident.box import BoxIncidents
from moravec.console.incident.examine import Incident, examine, to_json
from moravec.console.incident.page import page
from moravec.core.errors import TapeTampered
from moravec.edge.blackbox import HASH, RECORD, BoxWriter, chained, read_box
from moravec.edge.compiled import INTERPRETED
from moravec.edge.form import DRIVER
from moravec.edge.recorder import Recorder
from moravec.guard.kernel.codes import REDUCED
from moravec.guard.parts import Capsule
from moravec.guard.separation import Separation

ORIGIN = (0.0, 0.0, 0.0)
BODIES = (Capsule("upper", 2, ORIGIN, (-0.4, 0.0, 0.0), 0.05), Capsule("hand", 3, ORIGIN, (0.0, 0.0, 0.1), 0.05))
TERMS = Separation(1.6, 0.02, 0.2, 3.0, 0.12, 0.05, 0.01)
NEAR, FAR = (0.78, 0.34), (4.0, 0.0)  # [m] where somebody stands


class Play:
    """A driven robot whose ticks end in a black box."""

    def __init__(self, out: Path, interpreted: bool = False) -> None:
        loop = INTERPRETED if interpreted else None
        self.sim = Sim(out / "shared", DRIVER, loop, None, bodies=BODIES, separation=TERMS)
        self.recorder = Recorder(self.sim.memory, self.sim.limits, out, [].append)
        self.person = FAR

    def report(self, ticks: int = 1, **changes: Any) -> None:
        """Ticks without a command."""
        for _ in range(ticks):
            self.sim.report(self._measured(**changes))
            self.sim.tick()
        self.recorder.poll()

    def move(self, ticks: int, rate: float = 8.0) -> None:
        """Joint 0 speeds up by `rate` [rad/s^2], until a stop."""
        sim, speed, q = self.sim, self.sim.speed, self.sim.q
        for _ in range(ticks):
            speed += rate * PERIOD
            q[0] += speed * PERIOD
            sim.say(q, (speed, 0, 0))
            self.report()
            if sim.state != RUN:
                return

    def _measured(self, **changes: Any) -> Any:
        sim = self.sim
        made = sim.measured(sim.q, (sim.speed, 0, 0), people=1, people_t=sim.now * 1e-9, **changes)
        made[0]["person"][:2] = self.person
        return made


def play(out: Path, interpreted: bool = False) -> Path:
    """A client that falls silent; an emergency stop and its reset, to reduced speed; somebody too near."""
    staged = Play(out, interpreted)
    staged.report(100)
    staged.move(50)
    staged.report(100)
    assert staged.sim.state == HOLD
    staged.move(50)
    staged.report(estop=1)
    staged.report(350)
    assert staged.sim.state == OFF
    staged.sim.order(reset=1, sets=1, mode=REDUCED)
    staged.report()
    staged.move(10, 2.0)
    staged.person = NEAR
    staged.move(60, 2.0)
    staged.report(100)
    staged.recorder.finish()
    return out / "blackbox-1.bin"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return play(tmp_path_factory.mktemp("box"))


@pytest.fixture(scope="module")
def found(box: Path) -> list[Incident]:
    return [examine(cut) for cut in BoxIncidents(box)]


def test_each_stop_is_found_with_its_numbers(box: Path, found: list[Incident]) -> None:
    """As the loop itself recorded them, to the last bit."""
    ticks = read_box(box).ticks
    (begun,) = np.nonzero(ticks["began"] == 1)
    checks = [incident.cause.verdict.check for incident in found]
    assert len(found) == len(begun) and checks[:2] == ["command_age", "estop"] and checks[2] == "separation"
    for incident, at in zip(found, begun, strict=True):
        row, verdict, track = ticks[at], incident.cause.verdict, incident.track
        assert incident.clock == row["asked"]["now"] and incident.cut.rows[incident.cut.begin].tick.now == incident.clock
        assert (verdict.value, verdict.limit, verdict.margin) == tuple(row["answer"][k] for k in ("value", "limit", "margin"))
        assert verdict.decision == "stop" and verdict.category == row["answer"]["category"] and verdict.reason
        first = incident.cut.begin
        kept = ticks[at - first : at - first + len(track.t)]
        assert (track.q == kept["answer"]["q"][:, :N]).all() and (track.state == kept["state"]).all()
        assert (track.measured_q == kept["asked"]["measured_q"][:, :N]).all()
        fits = kept["asked"]["command_fits"] == 1
        assert (track.asked_q[fits] == kept["asked"]["q"][fits][:, :N]).all() and np.isnan(track.asked_q[~fits]).all()
        rest = int(np.nonzero(np.isin(kept["state"][first:], (HOLD, OFF)))[0][0])
        assert incident.halt is not None and incident.halt.time == pytest.approx(rest * PERIOD, abs=1e-9)


def test_distances_and_resets_are_told(found: list[Incident]) -> None:
    silent, pressed, near = found
    assert near.protective == (near.cause.verdict.value, near.cause.verdict.limit) and near.cause.rules.mode == "reduced"
    nearest = float(near.track.nearest[near.cut.begin])
    assert 0.1 < nearest < near.cause.verdict.limit and float(silent.track.nearest[silent.cut.begin]) > 2.0
    told = dict(lines(pressed))
    assert told["states"].startswith("RUN -> ENDING -> OFF (+0.") and "-> HOLD (+" in told["states"]
    kinds = [(h.kind, h.text) for h in pressed.cut.happenings]
    assert kinds[0][0] == "reset" and kinds[0][1].startswith("reset granted") and ("mode", MODE) in kinds
    assert "doing" in told and "skill" not in told["doing"], "what a box does not hold is left out"
    assert json.dumps(to_json(near, True), allow_nan=False)


MODE = "reduced: set by operator or client, or because the process was to end"


def test_the_page_leaves_out_what_a_box_does_not_hold(found: list[Incident]) -> None:
    for incident in found:
        html = page(incident, "blackbox-1.bin")
        assert "asked by the client" in html and "<dt>black box</dt>" in html and "moravec incident blackbox-1.bin" in html
        for word in ("moravec replay", "<h3>Steps</h3>", "no skill", 'class="shots"', "on this tape", "data:image"):
            assert word not in html
    assert "protective distance" in page(found[2], "b")


def test_records_that_were_not_used_are_told_once_a_second(tmp_path: Path) -> None:
    staged = Play(tmp_path)
    staged.report(5)
    staged.move(20)
    for _ in range(20):
        staged.sim.order(77, reset=1)
        staged.report()
    staged.recorder.finish()
    (incident,) = [examine(cut) for cut in BoxIncidents(tmp_path / "blackbox-1.bin")]
    told = [h.text for h in incident.cut.happenings if "operator" in h.text]
    assert told == ["a record of the operator was not used: foreign"]


def test_the_interpreted_loops_box_is_told_the_same(tmp_path: Path, found: list[Incident]) -> None:
    again = [examine(cut) for cut in BoxIncidents(play(tmp_path, interpreted=True))]
    assert [list(lines(a)) for a in again] == [list(lines(b)) for b in found]


def told(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of `moravec incident`."""
    status = main(["incident", *map(str, words)])
    shown = capsys.readouterr()
    return status, shown.out, shown.err


def test_the_command_tells_and_draws(box: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = told(capsys, box, "--out", tmp_path)
    assert (status, err) == (0, "") and out.startswith("incident 1 of 3") and "emergency stop pressed or latched" in out
    pages = sorted(path.name for path in tmp_path.iterdir())
    assert pages == [f"blackbox-1-incident-{i}.html" for i in (1, 2, 3)]
    status, out, err = told(capsys, box, "--out", tmp_path, "--json", "--n", 2)
    result = json.loads(out)
    assert status == 0 and result["kind"] == "black box" and result["chain"] == read_box(box).last and result["count"] == 3
    assert [entry["causes"][0]["check"] for entry in result["incidents"]] == ["estop"] and result["incidents"][0]["curves"]
    assert result["seconds"] == pytest.approx((len(read_box(box).ticks) - 1) * PERIOD, abs=0.01)
    assert told(capsys, box, "--out", tmp_path, "--n", 4)[0] == 2


@pytest.mark.parametrize("where", [9, 200, 5000, -60, -1])
def test_a_changed_byte_is_refused(box: Path, tmp_path: Path, where: int, capsys: pytest.CaptureFixture[str]) -> None:
    data = bytearray(box.read_bytes())
    data[where] ^= 1
    (tmp_path / "b.bin").write_bytes(data)
    status, out, err = told(capsys, tmp_path / "b.bin")
    assert (status, out, err.count("\n")) == (2, "", 1) and "a black box of 'moravec edge', as it was recorded" in err
    assert list(tmp_path.glob("*.html")) == []


@pytest.mark.parametrize("length", [8, 12, 300, 4000, -1, -RECORD - HASH])
def test_a_box_that_was_cut_off_is_refused(
    box: Path, tmp_path: Path, length: int, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "b.bin").write_bytes(box.read_bytes()[:length])
    status, out, err = told(capsys, tmp_path / "b.bin", "--json")
    assert (status, err.count("\n")) == (2, 1) and "black box" in err and json.loads(out)["error"] in err
    assert list(tmp_path.glob("*.html")) == []


def forged(box: Path, path: Path, change: Any) -> Path:
    """A box that somebody made anew, with a chain that holds and other numbers in it."""
    whole = read_box(box)
    header, ticks, hashes, chain = dict(whole.header), whole.ticks.copy(), [], bytes.fromhex(whole.header["chain_before"])
    change(header, ticks)
    for row in ticks:
        chain = chained(chain, row.tobytes())
        hashes.append(np.frombuffer(chain, np.uint8))
    writer = BoxWriter(path, header)
    writer.add(ticks.view(np.uint8).reshape(len(ticks), RECORD), np.array(hashes))
    writer.close()
    return path


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [("", "state", 9), ("asked", "mode", 7), ("answer", "check", 500), ("answer", "decision", 3), ("answer", "check", -999)],
)
def test_numbers_that_no_guard_writes_are_refused(
    box: Path, tmp_path: Path, part: str, field: str, value: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def change(header: Any, ticks: Any) -> None:
        (ticks[part] if part else ticks)[field][50] = value

    status, out, err = told(capsys, forged(box, tmp_path / "b.bin", change))
    assert (status, out, err.count("\n")) == (2, "", 1) and "found tick" in err


def test_a_limit_table_that_is_not_the_one_is_refused(box: Path, tmp_path: Path) -> None:
    path = forged(box, tmp_path / "b.bin", lambda header, ticks: header["limits"].update(tool_speed=2.9))
    with pytest.raises(TapeTampered, match="limit table"):
        list(BoxIncidents(path))


def test_a_box_without_a_stop_says_so(box: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = told(capsys, forged(box, tmp_path / "b.bin", lambda header, ticks: ticks["began"].fill(0)))
    assert status == 0 and out.startswith("no stop in this black box: ") and out.count("\n") == 1
