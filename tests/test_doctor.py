"""The doctor finds what is there, what is not, and never falls over."""

from pathlib import Path

import pytest

from moravec import doctor
from moravec.core.errors import WorldError
from moravec.worlds.render import backend
from moravec.worlds.render.backend import open_renderer


def found(folder: Path) -> dict[str, doctor.Finding]:
    return {finding.name: finding for finding in doctor.diagnose(folder)}


def test_every_finding_that_is_not_ok_says_what_mends_it_or_what_it_costs(tmp_path: Path) -> None:
    findings = found(tmp_path)
    wanted = {"python", "mujoco", "renderer", "onnxruntime", "disk", "cores", "memory", "real-time priority", "memory locking"}
    assert set(findings) == wanted
    assert all(f.status in ("ok", "better", "missing") and f.detail for f in findings.values())
    assert all(f.mend for f in findings.values() if f.status == "missing")
    assert findings["python"].status == findings["mujoco"].status == "ok"
    assert " ms for 640 x 480" in findings["renderer"].detail


def test_without_opengl_it_names_the_packages_that_bring_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "open_renderer", lambda model, h, w: open_renderer(model, h, w, prefer="rays"))
    finding = found(tmp_path)["renderer"]
    assert finding.status == "better" and finding.detail.startswith("rays, ")
    assert "libegl1 libgl1" in finding.mend and "libosmesa6" in finding.mend


def test_a_renderer_that_fails_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise WorldError("nothing draws")

    monkeypatch.setattr(backend, "open_renderer", fail)
    assert found(tmp_path)["renderer"] == doctor.Finding(
        "renderer", "missing", "nothing draws", doctor._BETTER_RENDERER
    )


@pytest.mark.parametrize(
    ("version", "status"),
    [("3.8.1", "ok"), ("3.14.0", "ok"), ("4.0.0", "missing"), ("3.3.0", "missing"), (None, "missing")],
)
def test_only_supported_mujoco_is_ok(version: str | None, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_version", lambda package: version)
    finding = doctor._mujoco()
    assert finding.status == status
    assert finding.status == "ok" or finding.mend == "pip install 'mujoco>=3.8,<4'"


def test_a_folder_that_is_missing_is_a_finding(tmp_path: Path) -> None:
    finding = found(tmp_path / "nowhere")["disk"]
    assert finding.status == "missing" and finding.mend.startswith("mkdir -p ")


@pytest.mark.parametrize(("refused", "status"), [("", "ok"), ("Operation not permitted", "better")])
def test_real_time_priority_is_tried(refused: str, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "priority_refused", lambda: refused)
    finding = doctor._realtime()
    assert finding.status == status and ("rtprio 80" in finding.mend) == bool(refused)


@pytest.mark.parametrize(("refused", "status"), [("", "ok"), ("Cannot allocate memory", "better")])
def test_memory_locking_is_tried(refused: str, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "locking_refused", lambda: refused)
    finding = doctor._locking()
    assert finding.status == status and ("memlock unlimited" in finding.mend) == bool(refused)
    assert finding.detail == "granted" or finding.detail.startswith("refused (cannot allocate memory)")


def test_what_was_locked_on_trial_is_let_go() -> None:
    locked = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmLck")]
    doctor._locking()
    assert [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmLck")] == locked
