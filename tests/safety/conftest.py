"""The long measurements' own modules stand beside each other in scripts/safety; some use what the guard's tests make up."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "scripts" / "safety"), str(ROOT / "tests" / "guard")]
