"""Cases of the second period moved from one kind to the other, and how many must move.

Moving the share m of the internal cases gives (1 - m) internal and external + m internal ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def moved(
    source: FloatArray, target: FloatArray, share: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Source and target after the given share of the source has moved to the target."""
    return source * (1.0 - share), target + source * share


def tipping_share(
    source_before: FloatArray,
    target_before: FloatArray,
    source_after: FloatArray,
    target_after: FloatArray,
    null: FloatArray,
) -> FloatArray:
    """Share of the source after that must move for the odds ratio of source to target to be `null`.

    In (0, 1) where the odds ratio is above `null`, 0 where it is there, below 0 where it is below;
    1 where it is infinite, which it stays until nothing is left; nan where there is nothing to move
    or a period is empty.
    """
    spare = source_after * target_before - null * source_before * target_after
    with np.errstate(invalid="ignore", divide="ignore"):
        share = spare / (source_after * (target_before + null * source_before))
    empty = (source_after <= 0) | (source_before + target_before <= 0)
    return np.where(empty, np.nan, share)
