"""The operator's end of the shared memory: resets, and the mode that nobody who commands may loosen."""

from __future__ import annotations

import time
from pathlib import Path
from typing import final

import numpy as np

from moravec.core.errors import ContractError
from moravec.edge.client import End
from moravec.edge.form import OrderBox
from moravec.edge.layout import AT_CLIENT_PID, AT_OPERATOR, AT_OPERATOR_PID, AT_ORDER
from moravec.guard.kernel.form import dtype_of

PATIENCE = 1.0  # [s] for an answer: a host that stalls takes its time


@final
class OperatorClient(End):
    """The one who may reset a latched stop, and say what is allowed at most. Raises ContractError where no edge process runs,
    where another operator holds the lease, and in the process of the client: a reset is an act apart from whoever commands."""

    def __init__(self, path: Path, timeout: float = 5.0) -> None:
        super().__init__(path, "operator", AT_OPERATOR)
        self._payload = np.zeros(1, dtype_of(OrderBox))
        try:
            self._stand_apart(path, AT_OPERATOR_PID, AT_CLIENT_PID, "client")
            self.wait(self._memory.ticks + 2, timeout)  # an answer to the operator before counts as none from now on
        except ContractError:
            self.close()
            raise

    def allow(self, mode: int) -> None:
        """From now on, and when this operator has gone, no more than `mode` of the guard. Raises ContractError where the edge
        process does not take it."""
        self._payload[0]["mode"], self._payload[0]["sets"] = int(mode), 1
        self._order()

    def reset(self) -> np.record:
        """Asks for a reset. The answer, as `AnswerBox`: its `reset_code` is an index into `moravec.guard.reasons.RESETS`, 0 where
        it is granted. Raises ContractError where the edge process does not take it."""
        self._payload[0]["reset"] += 1
        return self._order()

    def _order(self) -> np.record:
        """Sends the order until it is taken: one that a stalled host made too old is not. The answer to it."""
        first, end = self._number + 1, time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self._post(AT_ORDER, self._payload)
            self.wait(self.ticks + 1, PATIENCE)
            answer = self.answer()
            if answer is not None and answer.orders >= first:
                return answer
        raise ContractError(f"edge process: found an order not taken within {PATIENCE:g} s; allowed: one that the loop reads")
