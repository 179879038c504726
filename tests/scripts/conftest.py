"""The long jobs' own modules stand beside each other in scripts."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2] / "scripts")]
