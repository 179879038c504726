"""Why a schedule must not be carried out.

ScheduleError          any of them; exit status 1
├── NotDone            a step is missing, done twice, or at no time there is
├── Unable             a robot does what it has no skill or no reach for
├── Clash              two robots at once where there is room for fewer, or one robot in two steps
├── Disorder           a step before another that it needs, or one whose precondition does not hold then
├── Crossed            what one robot took, another puts down, with no place between
└── Forbidden          a rule, a permission or a preview speaks against it
"""

from __future__ import annotations

from moravec.core.errors import MoravecError


class ScheduleError(MoravecError):
    """A schedule that must not be carried out."""


class NotDone(ScheduleError):
    """A step is missing, done twice, or at no time there is."""


class Unable(ScheduleError):
    """A robot does what it has no skill or no reach for."""


class Clash(ScheduleError):
    """Two at once where there is room for fewer."""


class Disorder(ScheduleError):
    """A step before another that it needs."""


class Crossed(ScheduleError):
    """What one robot took, another puts down."""


class Forbidden(ScheduleError):
    """A rule, a permission or a preview speaks against a step at its time."""
