"""The vector that every robot shares: what is put into it comes out again, from where it was put."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moravec.core.errors import ContractError
from moravec.models.aligned import METAWORLD, RESERVED, WIDTH, Alignment, gather, mask, scatter

places = st.lists(st.integers(0, RESERVED - 1), unique=True, max_size=20)


@given(places, st.lists(st.integers(1, 3), max_size=2), st.integers(0, 2**32 - 1))
def test_gather_undoes_scatter_and_the_rest_is_zero(where: list[int], batch: list[int], seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(*batch, len(where))).astype(np.float32)
    aligned = scatter(values, where)
    assert aligned.shape == (*batch, WIDTH) and aligned.dtype == np.float32
    assert np.array_equal(gather(aligned, where), values)
    assert np.array_equal(aligned * mask(where), aligned)
    assert np.count_nonzero(mask(where)) == len(where) and set(np.unique(mask(where))) <= {0.0, 1.0}


def test_what_was_gathered_is_a_copy() -> None:
    aligned = np.zeros(WIDTH, np.float32)
    gather(aligned, (3, 4))[:] = 1.0
    assert not aligned.any()


@pytest.mark.parametrize("where", [(0, 0), (-1,), (RESERVED,), (WIDTH,)])
def test_a_place_that_is_none_or_taken_twice_is_refused(where: tuple[int, ...]) -> None:
    for state, action in ((where, (1,)), ((1,), where)):
        with pytest.raises(ContractError, match="each of 0 to 65 once"):
            Alignment(state, action)
    Alignment((RESERVED - 1, 0), ())


def test_numbers_that_do_not_fit_their_places_are_refused() -> None:
    with pytest.raises(ContractError, match=r"found \(2, 3\) values for 4 places"):
        scatter(np.zeros((2, 3), np.float32), METAWORLD.state)
    with pytest.raises(ContractError, match=r"found \(\) values"):
        scatter(np.float32(1.0), (0,))  # type: ignore[arg-type]
    with pytest.raises(ContractError, match=r"found \(79,\); allowed: \(\.\.\., 80\)"):
        gather(np.zeros(79, np.float32), METAWORLD.state)
