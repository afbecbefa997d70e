"""The null at which a tail probability has a given value."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from countylines._kernels.method import FloatArray
from countylines._kernels.roots import Rows, increasing_root

# Tail at t, its derivative by t, and the log derivative of that, for some of the rows.
Curve = Callable[[FloatArray, Rows], tuple[FloatArray, FloatArray, FloatArray]]


def tail_root(
    curve: Curve,
    tail: FloatArray,
    side: int,
    edge: FloatArray,
    start: FloatArray,
    settled: FloatArray,
) -> FloatArray:
    """The t at which the tail of the side is `tail`, between -edge and edge.

    With side 1 the tail rises with t, with side -1 it falls. The log of the tail is solved: it is
    close to straight far out, and rounding is relative both in t and in the tail. The slope handed
    on is Halley's, so that convergence is cubic.
    """
    target = np.log(tail)

    def residual(t: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            value, density, bend = curve(side * t, rows)
            distance, slope = np.log(value) - target[rows], density / value
            halley = slope - 0.5 * distance * (side * bend - slope)
        return distance, np.where(halley > 0.5 * slope, halley, slope)

    root: FloatArray = side * increasing_root(residual, -edge, edge, side * start, settled=settled)
    return root
