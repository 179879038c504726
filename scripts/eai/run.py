"""Embodied Agent Interface, action sequencing in VirtualHome: the brain's search plans, the benchmark's own evaluator judges.

    python scripts/eai/run.py --out runs/eai

The benchmark (eai-eval, MIT) is installed into an environment of its own under OUT. What is done already is not done again.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

from moravec.core.wilson import wilson

HERE = Path(__file__).resolve().parent
BENCHMARK = "eai-eval==1.0.5"
SEED = {"PYTHONHASHSEED": "0"}  # the evaluator keeps wanted actions in a set and asks for them in its order
PUBLISHED = 73.4  # best of a language model, task success, arXiv 2410.07166


def environment(folder: Path) -> Path:
    """The Python of the benchmark's environment, made where it is missing."""
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        print(f"eai: installing {BENCHMARK}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", BENCHMARK], check=True)
        (folder / "installed").touch()
    return python


def judged(log: str) -> dict[str, Any]:
    """How many problems counted, and how many plans were right, as the evaluator logged it; and how many plans it left out of its
    count of right ones because they are the human's own, word for word."""
    programs, right = (int(re.findall(rf"{name}: (\d+)", log)[-1]) for name in ("Program number", "Correct plan"))
    same = 0
    for part in log.split("Task is ")[1:]:
        gone = any(mark in part for mark in ("did not pass gold", "Predicted:", "not executable", "has no prediction"))
        same += not gone and "actions=" in part
    return {"problems": programs, "right": right, "same_as_the_human": same}


def main() -> int:
    """Environment, problems, plans, judgement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/eai"))
    out = parser.parse_args().out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    python, problems, answers = environment(out / "venv"), out / "problems.json", out / "responses"
    if not problems.exists():
        subprocess.run([python, HERE / "problems.py", problems.with_suffix(".new")], env=os.environ | SEED, check=True)
        problems.with_suffix(".new").rename(problems)
    plans = answers / "virtualhome" / "action_sequencing" / "moravec_outputs.json"
    subprocess.run([sys.executable, HERE / "solve.py", problems, plans], check=True)
    print("eai: the evaluator judges; some minutes", flush=True)
    for old in (out / "logs").glob("action_sequencing_eval_*.log"):
        old.unlink()
    subprocess.run([python, HERE / "score.py", answers, out / "judged"], env=os.environ | SEED, cwd=out, check=True)
    told = judged("".join(path.read_text() for path in (out / "logs").glob("action_sequencing_eval_*.log")))
    low, high = wilson(told["right"], told["problems"])
    told |= {"task_success": told["right"] / told["problems"], "ci95": [low, high]}
    (out / "eai.json").write_text(json.dumps(told, indent=1) + "\n")
    share = f"{100 * told['task_success']:.1f} % (95 % interval {100 * low:.1f} to {100 * high:.1f})"
    print(f"eai: {told['right']} of {told['problems']} plans right, {share}; best published {PUBLISHED}.")
    print(f"{told['same_as_the_human']} more are the human's own plan word for word, which the evaluator counts as wrong.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
