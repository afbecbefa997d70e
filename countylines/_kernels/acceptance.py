"""Exact two-sided limits that order outcomes, by tail (Blaker 2000) or probability (Sterne 1954).

The p-value of a null is the tail that holds the count plus the far tail up to the last outcome k
that is no likelier: by its tail probability ("blaker") or by its own ("minlike"). As the null moves
from the end of the range to the estimate, k rises by one at nulls p_k, with a jump up; between
jumps the p-value P(X >= x) + P(X <= k) falls first and then rises. So the outermost accepted null
is a jump or lies on the rising branch before one, and no search over a grid is needed: the limits
are the hull of the accepted nulls, exact to rounding. Only tail functions are used, never a list of
outcomes, so that counts may be large.

All is written as seen from one end of the range, on a scale t of the null that rises from that end
towards the estimate; a family of counts says what its tails are there. Counts are whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from countylines._kernels.method import FloatArray
from countylines._kernels.roots import Rows, increasing_root
from countylines._kernels.stirling import log_factorial_rest

Flags = NDArray[np.bool_]

METHODS = frozenset({"blaker", "minlike"})

# Outcomes this close in probability count as equally likely: ties are exact on paper (at a null of
# one half, say), and come out of the tail functions a few units in the last place apart.
TIE = 1e-11

_SETTLED = 1e-9  # slopes rest on logs of factorials, which lose digits where totals are large


class View(Protocol):
    """Outcomes as seen from one end of the range: the count `near`, and outcomes k below it."""

    @property
    def bottom(self) -> float:
        """The number below the first outcome."""

    @property
    def left(self) -> float:
        """The lowest t."""

    @property
    def near(self) -> FloatArray:
        """The count, numbered from this end."""

    def take(self, rows: Rows) -> Self:
        """The same for some of the rows."""

    def null(self, t: FloatArray) -> FloatArray:
        """The null at t."""

    def scale(self, null: FloatArray) -> FloatArray:
        """The t of a null."""

    def reached(self, t: FloatArray) -> FloatArray:
        """P(X >= near)."""

    def short(self, k: FloatArray, t: FloatArray) -> FloatArray:
        """P(X <= k); 0 at the bottom."""

    def slopes(self, k: FloatArray, t: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Derivatives of P(X >= near) and of -P(X <= k) by t."""

    def no_likelier(self, k: FloatArray, t: FloatArray) -> Flags:
        """Whether P(X = k) <= P(X = near), ties included."""

    def tie(self, k: FloatArray) -> FloatArray:
        """The t at which k and the count are equally likely; -inf at the bottom."""

    def dip(self, k: FloatArray) -> FloatArray:
        """The t at which P(k < X < near) is largest; k is below near - 1."""

    def central(self, tail: FloatArray) -> FloatArray:
        """The t of the one-sided exact limit with this tail outside."""

    def quantile(self, t: FloatArray, tail: FloatArray) -> FloatArray:
        """About the k with P(X <= k) = tail."""

    def about(self, tail: FloatArray) -> FloatArray:
        """About the t of the limit with this tail outside."""


class Ordered:
    """Limits, p-values and gaps for a family of counts, given how it looks from either end.

    `view(*data, side)` is the family seen from the lower end (side 1) or from the upper one, and
    `above(*data, null)` says where the count exceeds its expectation.
    """

    methods = METHODS

    def __init__(self, view: Callable[..., View], above: Callable[..., Flags], top: float) -> None:
        self._view = view
        self._above = above
        self._top = top

    def limit(self, *data: FloatArray, level: float, side: int, method: str) -> FloatArray:
        """End of the hull of the accepted nulls on one side."""
        view = self._view(*data, side)
        result = np.full(data[0].shape, 0.0 if side > 0 else self._top)
        inner = _some_below(view)
        some = view.take(inner)
        result[inner] = some.null(_outermost(some, 1.0 - level, method)[0])
        return result

    def pvalue(self, *columns: FloatArray, method: str) -> FloatArray:
        """Two-sided p-value: ``(*data, null)``."""
        *data, null = columns
        views = {side: self._view(*data, side) for side in (1, -1)}
        if method == "blaker":
            reached = [view.reached(view.scale(null)) for view in views.values()]
            above = reached[0] <= reached[1]
        else:
            above = self._above(*data, null)
        result = np.ones(null.shape)
        for side, view in views.items():
            inner = np.zeros(null.shape, dtype=bool)
            inner[_some_below(view)] = True
            rows = np.flatnonzero((above if side > 0 else ~above) & inner)
            some = view.take(rows)
            result[rows] = _pvalue(some, some.scale(null[rows]), method)
        return result

    def has_gap(self, *data: FloatArray, level: float, method: str) -> Flags:
        """Whether nulls inside the hull are refused."""
        found = np.zeros(data[0].shape, dtype=bool)
        for side in (1, -1):
            view = self._view(*data, side)
            rows = _some_below(view)
            found[rows] |= _dips(view.take(rows), 1.0 - level, method)
        return found


def _some_below(view: View) -> Rows:
    """Rows whose count has outcomes below it."""
    return np.flatnonzero(view.near > view.bottom + 1.0)


def log_product(low: FloatArray, high: FloatArray) -> FloatArray:
    """log(high! / low!) for low < high, to full relative precision."""
    steps = high - low
    some = np.maximum(low, 1.0)
    lead = high * np.log1p(steps / some) + steps * np.log(some)
    lead = np.where(low > 0.0, lead, high * np.log(high))
    return lead - steps + log_factorial_rest(high) - log_factorial_rest(low)


def last_whole(
    holds: Callable[[FloatArray, Rows], Flags], bottom: float, top: FloatArray, guess: FloatArray
) -> FloatArray:
    """Largest whole number in [bottom, top) at which `holds`, if it holds up to some number.

    Steps away from the guess that double, cut short by halving; `bottom` may be minus infinity.
    """
    low, high = np.full(top.shape, bottom), top.copy()
    rows = np.flatnonzero(high - low > 1.0)
    probe = np.clip(np.floor(guess[rows]), low[rows] + 1.0, high[rows] - 1.0)
    step = 1.0
    while rows.size:
        yes = holds(probe, rows)
        below, above = np.where(yes, probe, low[rows]), np.where(yes, high[rows], probe)
        low[rows], high[rows] = below, above
        middle = np.floor(0.5 * (below + above))
        probe = np.where(yes, np.minimum(below + step, middle), np.maximum(above - step, middle))
        going = above - below > 1.0
        rows, probe = rows[going], probe[going]
        step *= 2.0
    return low


def _accepted(view: View, k: FloatArray, t: FloatArray) -> FloatArray:
    """P(X >= near) + P(X <= k)."""
    return view.reached(t) + view.short(k, t)


def _jump(view: View, k: FloatArray, method: str, left: FloatArray) -> FloatArray:
    """The t from which k counts as no likelier than the count; `left` lies below it."""
    tie = view.tie(k)
    if method == "minlike":
        return tie

    def residual(t: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        here, j = view.take(rows), k[rows]
        reached, short = here.reached(t), here.short(j, t)
        up, down = here.slopes(j, t)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(reached) - np.log(short), up / reached + down / short

    median = view.central(np.full(k.shape, 0.5))
    return increasing_root(residual, left, np.maximum(median, left), tie, settled=_SETTLED)


def _outermost(view: View, outside: float, method: str) -> tuple[FloatArray, FloatArray]:
    """The t of the outermost accepted null, and the k of the first jump to acceptance."""
    near = view.near
    tail = np.full(near.shape, 0.5 * outside)
    if method == "blaker":
        # Just after p_k the p-value is 2 P(X >= near): the first jump that reaches `outside` is the
        # first one beyond the one-sided limit for half of it.
        left = view.central(tail)

        def below(k: FloatArray, rows: Rows) -> Flags:
            return view.take(rows).short(k, left[rows]) < 0.5 * outside * (1.0 - TIE)

        k = last_whole(below, view.bottom, near - 1.0, view.quantile(left, tail)) + 1.0
        jump = _jump(view, k, method, left)
    else:

        def refused(k: FloatArray, rows: Rows) -> Flags:
            here = view.take(rows)
            return _accepted(here, k, here.tie(k)) < outside

        guess = view.quantile(view.about(tail), tail)
        k = last_whole(refused, view.bottom, near - 1.0, guess) + 1.0
        jump = view.tie(k)
        left = np.maximum(view.tie(k - 1.0), view.left)
    before = np.flatnonzero(_accepted(view, k - 1.0, jump) > outside)
    rising, j = view.take(before), k[before] - 1.0

    def residual(t: FloatArray, rows: Rows) -> tuple[FloatArray, FloatArray]:
        here = rising.take(rows)
        up, down = here.slopes(j[rows], t)
        value = _accepted(here, j[rows], t)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(value / outside), (up - down) / value

    outermost = jump.copy()
    outermost[before] = increasing_root(
        residual, left[before], jump[before], jump[before], settled=_SETTLED
    )
    return outermost, k


def _pvalue(view: View, t: FloatArray, method: str) -> FloatArray:
    """The tail that holds the count, and the far tail up to the last outcome no likelier."""
    reached = view.reached(t)

    def no_likelier(k: FloatArray, rows: Rows) -> Flags:
        here = view.take(rows)
        if method == "blaker":
            return here.short(k, t[rows]) <= reached[rows] * (1.0 + TIE)
        return here.no_likelier(k, t[rows])

    guess = view.quantile(t, np.clip(reached, 1e-300, 0.5))
    k = last_whole(no_likelier, view.bottom, view.near, guess)
    both = np.minimum(1.0, reached + view.short(k, t))
    return np.where(k >= view.near - 1.0, 1.0, both)


def _dips(view: View, outside: float, method: str) -> Flags:
    """Whether the p-value falls below `outside` again between the outermost null and the estimate.

    Between p_k and the next jump it is one less the chance of k < X < near, which is largest at
    `dip`. That largest chance shrinks as k rises, so the search over k ends as soon as it is small
    enough.
    """
    dips = np.zeros(view.near.shape, dtype=bool)
    k = _outermost(view, outside, method)[1]
    rows: Any = np.flatnonzero(k < view.near - 1.0)
    while rows.size:
        here, j = view.take(rows), k[rows]
        lowest = here.dip(j)
        possible = np.flatnonzero(_accepted(here, j, lowest) < outside * (1.0 - TIE))
        rows, lowest, j, here = rows[possible], lowest[possible], j[possible], here.take(possible)
        start = _jump(here, j, method, np.full(j.shape, here.left))
        end = _jump(here, j + 1.0, method, start)
        bottom = _accepted(here, j, np.clip(lowest, start, end))
        dip = bottom < outside * (1.0 - TIE)
        dips[rows[dip]] = True
        rows = rows[~dip]
        k[rows] += 1.0
        rows = rows[k[rows] < view.near[rows] - 1.0]
    return dips
