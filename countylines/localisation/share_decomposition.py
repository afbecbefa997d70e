"""A change of a share, taken apart: within forces, by their mix, by forces that came or went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from countylines.results import Estimate

__all__ = ["ShareDecomposition"]


@dataclass(frozen=True, eq=False, repr=False)
class ShareDecomposition(Estimate):
    """The change of a share between two periods, and the parts that add up to it.

    Parameters
    ----------
    components : DataFrame
        Rows ``within forces``, ``mix of forces``, ``newly reporting``, ``stopped reporting`` and
        ``total``: ``estimate``, ``standard_error``, ``low`` and ``high``, as shares.
    forces : DataFrame
        The same four parts for each force, which add up to the components.

    See Also
    --------
    countylines.localisation.shift_share : what makes it.

    Notes
    -----
    The estimate is the total. The parts are arithmetic on what was recorded: a part within forces
    is a change of recording as well as of lines.

    Examples
    --------
    *Made-up* lines of two forces:

    >>> found = cl.localisation.shift_share([10, 5], [30, 15], [20, 9], [20, 16])
    >>> found.components["estimate"].round(3).tolist()
    [0.2, -0.004, 0.0, 0.0, 0.196]

    All of the rise of 20 points is within the two forces; their mix takes next to nothing off it.
    """

    components: Any = None
    forces: Any = None
