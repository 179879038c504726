"""What `--skills` means: nothing, or a model that leads the hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from moravec.core.errors import BadInput
from moravec.models.contract import join
from moravec.models.package import MANIFEST, hash_of
from moravec.models.suite import PICK, TRUSTED, keys
from moravec.skills.learned.pilot import SPEC, Modelled, Pilot

THREADS = 1  # the same answer, bit for bit, on every machine with the same processor


@dataclass(frozen=True, slots=True)
class Picking:
    """Who leads the hand (None: the hard-coded skill does), and what names that on a tape."""

    pilot: Pilot | None = None
    named: Mapping[str, str] = field(default_factory=dict)


def picking(skills: str, model: Path | None, trust: str) -> Picking:
    """Opens the model where one is asked for. Raises BadInput, ContractError for one that cannot lead this hand."""
    if skills != "learned":
        if model is not None:
            raise BadInput("--pick-model", str(model), "with --skills learned")
        if trust:
            raise BadInput("--trust", trust, "with --skills learned")
        return Picking()
    pilot, known = opened("--skills learned, its model", "--pick-model DIR", model, keys(trust))
    return Picking(pilot, {"skills": skills, "pick_model": known})


def opened(asked: str, option: str, model: Path | None, trust: tuple[str, ...]) -> tuple[Pilot, str]:
    """A model (None: the one that came with the package) as a pilot, and its manifest's hash. Raises BadInput, ContractError for
    one that cannot lead this hand."""
    folder = model or PICK
    if not (folder / MANIFEST).is_file():
        found = "no model" if model is None else str(model)
        none = "; none came with this package" if model is None else ""
        raise BadInput(asked, found, f"{option}, a folder of 'moravec export'{none}")
    from moravec.models.manip.shipped import open_policy

    policy = open_policy(folder, (*TRUSTED, *trust), THREADS)
    join(policy.spec, SPEC)
    return Modelled(policy), hash_of(folder / MANIFEST)
