"""Every number that stands at the level of a module of the guard, written down a second time.

Mutation testing changes what stands inside functions; these it does not reach. Whoever changes one changes it here as well,
and says in the same breath that it was meant.
"""

from __future__ import annotations

import ast
from pathlib import Path

import moravec.guard

NUMBERS = {
    "contact.TRANSIENT_FACTOR": 2.0,
    "counted.GRAVITY": 9.80665,
    "degraded.RECOVERY": 5.0,
    "limits.LONGEST_AGE": 0.5,
    "kernel.braking.ROUNDING": 1e-9,
    "kernel.checks.HUGE": 1e9,
    "kernel.checks.BEYOND": 6.2831853,
    "kernel.checks.TOLERANCE": 1e-3,
    "kernel.checks.POSITION_TOLERANCE": 1e-6,
    "kernel.checks.GRIP_TOLERANCE": 1e-6,
    "kernel.checks.FUTURE_TOLERANCE": 1e-6,
    "kernel.collision.FAR": 1e9,
    "kernel.collision.LOOKS": 24,
    "kernel.collision.SHARE": 0.999,
    "kernel.decide.REST_SPEED": 0.02,
    "kernel.decide.LIMIT_BUDGET_TICKS": 50.0,
    "kernel.decide.LIMIT_LEAK": 0.1,
    "kernel.decide.PUSH_TIME": 0.02,
    "kernel.decide.TRANSIENT": 2.0,
    "kernel.decide.LOAD_TIME": 0.5,
    "kernel.decide.LATCH_TIME": 0.5,
    "kernel.decide.EXPIRY_GRACE": 0.004,
    "kernel.decide.OVERSPEED_SHARE": 1.1,
    "kernel.decide.BLIND_MAX": 0.1,
    "kernel.decide.RUNAWAY": 2.0,
    "kernel.form.JOINTS": 16,
    "kernel.form.BODIES": 16,
    "kernel.form.PAIRS": 64,
    "kernel.form.BOXES": 24,
    "kernel.form.REGIONS": 8,
    "kernel.form.ZONES": 8,
    "kernel.form.SPANS": 4,
    "kernel.form.PEOPLE": 8,
    "kernel.motion.PULL_BACK_MAX": 0.01,
    "kernel.motion.BAND": 1.5,
    "kernel.motion.SLOWINGS": 3,
    "kernel.motion.MISMATCH_TICKS": 2.0,
    "kernel.motion.WINDOW_TIME": 0.25,
    "kernel.motion.LOOK_EVERY": 0.1,
    "kernel.motion.MOST_LOOKS": 12.0,
    "kernel.people.SIGHT_MAX": 100.0,
    "parts.TINY": 1e-9,
    "separation.WALKING_SPEED": 1.6,
    "separation.REACHING_SPEED": 2.0,
    "separation.LARGEST": 1e3,
}


def written() -> dict[str, float]:
    """Every name that is set to one number at the level of a module, from the text."""
    folder, found = Path(moravec.guard.__file__).parent, {}
    for path in sorted(folder.rglob("*.py")):
        module = ".".join(path.relative_to(folder).with_suffix("").parts)
        for line in ast.parse(path.read_text()).body:
            if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant):
                target = line.targets[0]
                assert isinstance(target, ast.Name) and isinstance(line.value.value, int | float), ast.unparse(line)
                found[f"{module}.{target.id}"] = line.value.value
    return found


def test_every_number_is_the_one_that_was_meant() -> None:
    assert written() == NUMBERS
