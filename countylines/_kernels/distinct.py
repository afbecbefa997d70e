"""Solve each distinct row once: tables of counts repeat themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines._kernels.method import FloatArray


def once_per_row(solve: Callable[..., Any], *columns: FloatArray) -> Any:
    """``solve(*columns)`` for an elementwise `solve`, called on the distinct rows only.

    `solve` returns an array of the length of its arguments, or a tuple of such arrays.
    """
    if columns[0].size < 2:
        return solve(*columns)
    varying = [column for column in columns if (column != column[0]).any()]
    if not varying:
        solved = solve(*(column[:1] for column in columns))
        return _taken(solved, np.zeros(columns[0].size, dtype=np.intp))
    order = np.lexsort(varying)
    new = np.zeros(order.size, dtype=bool)
    new[0] = True
    for column in varying:
        ordered = column[order]
        new[1:] |= ordered[1:] != ordered[:-1]
    if new.all():
        return solve(*columns)
    group = np.empty(order.size, dtype=np.intp)
    group[order] = np.cumsum(new) - 1
    first = order[new]
    return _taken(solve(*(column[first] for column in columns)), group)


def _taken(solved: Any, group: NDArray[np.intp]) -> Any:
    if isinstance(solved, tuple):
        return tuple(part[group] for part in solved)
    return solved[group]
