"""Has the benchmark's own evaluator judge the plans. Runs in the benchmark's environment, PYTHONHASHSEED as for the problems.

    python scripts/eai/score.py RESPONSES OUT
"""

from __future__ import annotations

import sys

from virtualhome_eval.agent_eval import agent_evaluation

if __name__ == "__main__":
    what = {"mode": "evaluate_results", "eval_type": "action_sequencing", "dataset": "virtualhome"}
    agent_evaluation(**what, llm_response_path=sys.argv[1], output_dir=sys.argv[2])
