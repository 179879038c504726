"""What goes wrong between a robot and a policy that is slow, far away, or gone.

MoravecError
└── PolicyError       there is no answer that can be used
    ├── PolicyLate    no answer by its deadline
    ├── PolicyGone    no server, or one that left
    └── PolicyFailed  the server says that it cannot answer
"""

from __future__ import annotations

from moravec.core.errors import MoravecError


class PolicyError(MoravecError):
    """There is no answer that can be used."""


class PolicyLate(PolicyError):
    """No answer by its deadline. What comes later is never taken for the answer to anything else."""


class PolicyGone(PolicyError):
    """No server could be reached, or the line to it was lost."""


class PolicyFailed(PolicyError):
    """The server says that it cannot answer; asking it the same again would not help."""
