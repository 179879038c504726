"""What can be set of a remote mind in a file: limits, prices, the model's profile. Which model it is, where nobody says."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moravec.brain.remote.errors import ServerError
from moravec.brain.remote.limits import CallLimits, Prices, of_mapping
from moravec.brain.remote.profile import Profile, profile_for
from moravec.brain.remote.wire import MODELS, Transport, models
from moravec.core.errors import BadInput

SECTIONS = ("limits", "prices", "profile")


@dataclass(frozen=True, slots=True)
class Settings:
    """All that a settings file holds."""

    limits: CallLimits = field(default_factory=CallLimits)
    prices: Prices = field(default_factory=Prices)
    changes: Mapping[str, Any] = field(default_factory=dict)  # of the model's profile

    def profile(self, model: str) -> Profile:
        """The profile of `model` with these changes. Raises BadInput."""
        return profile_for(model, self.changes)


def settings_of(text: str) -> Settings:
    """The settings in a TOML text with the tables limits, prices and profile, each of which may be left out. Raises BadInput."""
    try:
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadInput("--brain-settings", " ".join(str(error).split()), "a TOML file") from error
    for name, section in found.items():
        if name not in SECTIONS:
            raise BadInput("a table of --brain-settings", name, SECTIONS)
        if not isinstance(section, Mapping):
            raise BadInput(f"[{name}] of --brain-settings", section, "a table")
    settings = Settings(
        of_mapping(CallLimits, found.get("limits", {})), of_mapping(Prices, found.get("prices", {})), found.get("profile", {})
    )
    settings.profile("")  # what is wrong with it is told at once
    return settings


def model_of(transport: Transport, server: str, deadline: float) -> str:
    """The one model that a server offers. Raises ServerError, and BadInput where it offers none or several."""
    names = models(transport.send(MODELS, None, deadline), server)
    if len(names) == 1:
        return names[0]
    if not names:
        raise ServerError("refused", f"{server} lists no model; name one with --brain-model")
    shown = [*names[:20], "…"] if len(names) > 20 else names
    raise BadInput("--brain-model", "none, and the server offers several", f"one of {', '.join(shown)}")
