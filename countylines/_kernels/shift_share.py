"""Parts of a change of a share over areas, and their errors by complex steps.

Counts are (4, areas): internal and external before, then after. The parts are rational in the
counts, so a complex step gives their derivatives to the last digit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

PARTS = ("within forces", "mix of forces", "newly reporting", "stopped reporting")
_STEP = 1e-150


def parts(counts: Any, before: NDArray[np.bool_], after: NDArray[np.bool_]) -> Any:
    """The four parts (4, ..., areas), for counts (4, ..., areas) of areas seen before and after."""
    internal, every = counts[[0, 2]], counts[[0, 2]] + counts[[1, 3]]
    seen = np.stack([before, after]).reshape(2, *(1,) * (every.ndim - 2), -1)
    share = internal / np.where(seen, every, 1.0)
    weight = every / every.sum(axis=-1, keepdims=True)
    both = before & after
    common = np.where(both, every, 0.0)
    stay = common / common.sum(axis=-1, keepdims=True)
    level = (stay * share).sum(axis=-1, keepdims=True)
    reference = level.mean(axis=0)
    within = np.where(both, stay.mean(axis=0) * (share[1] - share[0]), 0.0)
    mix = np.where(both, (stay[1] - stay[0]) * (share.mean(axis=0) - reference), 0.0)
    new = np.where(~before & after, weight[1] * (share[1] - level[1]), 0.0)
    gone = np.where(before & ~after, -weight[0] * (share[0] - level[0]), 0.0)
    return np.stack([within, mix, new, gone])


def decomposed(counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Parts by area (4, areas), and the covariance of their sums if all counts are Poisson."""
    before, after = counts[0] + counts[1] > 0, counts[2] + counts[3] > 0
    by_area = parts(counts, before, after)
    number = counts.size
    moved = np.zeros((4, number, counts.shape[1]), dtype=np.complex128)
    moved += counts[:, None, :]
    which, where = np.divmod(np.arange(number), counts.shape[1])
    moved[which, np.arange(number), where] += 1j * _STEP
    slopes = parts(moved, before, after).sum(axis=-1).imag / _STEP
    spread: FloatArray = (slopes * counts.ravel()) @ slopes.T
    return np.asarray(by_area, dtype=np.float64), spread
