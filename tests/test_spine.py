"""The whole spine once, as a newcomer runs it: a small delivery in the real cell, from the sentence to the replayed tape."""

from __future__ import annotations

import html
import json
import os
import subprocess
import sys
from pathlib import Path

SENTENCE = "Unpack the delivery, classify the items, organise and store them"
SOURCE = Path(__file__).parents[1] / "src"


def _moravec(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), "NO_COLOR": "1"}
    command = [sys.executable, "-W", "error", "-m", "moravec.cli", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300)


def test_one_command_unpacks_a_delivery(tmp_path: Path) -> None:
    """Two items. Whether each ended in the right place is a matter of trials; that the parts fit together is not."""
    done = _moravec(tmp_path, "run", SENTENCE, "--items", "2", "--seed", "0", "--json", "--out", "out")
    assert "Traceback" not in done.stderr, done.stderr[-3000:]
    result = json.loads(done.stdout)
    assert done.returncode == (0 if result["success"] else 1)
    assert json.loads((tmp_path / "out" / "result.json").read_text()) == result
    skills = [step["skill"] for step in result["steps"] if step["status"] == "succeeded"]
    assert {"look", "open", "pick", "inspect", "home"} <= set(skills)
    moved = [item for item in result["final"].values() if item["location"] != "parcel"]
    assert len(result["final"]) == 2 and moved
    assert result["guard"]["stop"] == 0 and result["guard"]["pass"] > 10_000

    report = html.unescape((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert "limits broken, by the simulator's own measure</dt><dd>none</dd>" in report

    again = _moravec(tmp_path, "replay", "out/tape.mcap", "--json")
    replayed = json.loads(again.stdout)
    assert again.returncode == 0, again.stdout + again.stderr
    assert replayed["diverged"] == 0 and not replayed["tampered"] and replayed["truncated_at"] is None
    verdicts = sum(result["guard"].values())
    assert replayed["decisions"] > verdicts  # every verdict, and every plan's validation
