"""Profile likelihood of a population seen by two independent lists.

With probabilities p1 and p2 of being on each list, the four cells of the two-by-two table are
multinomial out of N, and the cell on neither list is hidden. Putting p_i = n_i / N back leaves a
likelihood in N alone (model Mt of Otis et al., 1978), here for real N >= n_observed:

    l(N) = log N! - log (N - n)! + sum_i (N - n_i) log(N - n_i) - 2 N log N.

Everything is worked in h = N - n, the hidden number, with the leading terms cancelled on paper:
the plain formula loses all its digits once N log N exceeds about 1e13. The remainder series of
Stirling's formula is used where it is exact to the last bit (x >= 16), never as an approximation.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln, polygamma, xlogy

from countylines._kernels.method import FloatArray
from countylines._kernels.stirling import (
    DIGAMMA,
    HALF_LOG_2PI,
    SERIES_FROM,
    odd_series,
    remainder,
)

_TRIGAMMA = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730)
_MAX_STEPS = 200
_NEWTON_STEP = 1e-9  # convergence is quadratic: the step after one this small is lost in rounding


def log_likelihood(
    hidden: FloatArray, first_only: FloatArray, second_only: FloatArray, both: FloatArray
) -> FloatArray:
    """Profile log-likelihood at `hidden` >= 0, up to a constant of the data; hidden may be inf."""
    observed = first_only + second_only + both
    h = np.maximum(hidden, SERIES_FROM)
    with np.errstate(invalid="ignore"):
        value = (
            -observed
            - xlogy(both, h)
            + _excess(h, first_only)
            + _excess(h, second_only)
            - _excess(h, observed)
            + 0.5 * np.log1p(observed / h)
            + remainder(observed + h)
            - remainder(h)
        )
    near = hidden < SERIES_FROM
    if near.any():
        value[near] = _log_likelihood_near_zero(
            hidden[near], first_only[near], second_only[near], both[near]
        )
    return value


def _excess(h: FloatArray, part: FloatArray) -> FloatArray:
    """(h + part) log(1 + part / h), which tends to `part` for large h."""
    return np.where(np.isinf(h), part, (h + part) * np.log1p(part / h))


def _log_likelihood_near_zero(
    h: FloatArray, first_only: FloatArray, second_only: FloatArray, both: FloatArray
) -> FloatArray:
    n = first_only + second_only + both
    at_zero = (
        -n
        + HALF_LOG_2PI
        + 0.5 * np.log(n)
        + remainder(n)
        + xlogy(first_only, first_only / n)
        + xlogy(second_only, second_only / n)
        - both * np.log(n)
    )
    return (
        at_zero
        + _growth(h, first_only)
        + _growth(h, second_only)
        - _growth(h, n)
        - h
        + 0.5 * np.log1p(h / n)
        + remainder(n + h)
        - remainder(n)
        - gammaln(h + 1.0)
    )


def _growth(h: FloatArray, part: FloatArray) -> FloatArray:
    """(h + part) log(h + part) - part log part."""
    ratio = np.divide(h, part, out=np.zeros_like(h), where=part > 0)
    return xlogy(h, h + part) + part * np.log1p(ratio)


def _slope(
    h: FloatArray, first_only: FloatArray, second_only: FloatArray, both: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """First and second derivative of the profile log-likelihood at 0 < h < inf."""
    n = first_only + second_only + both
    total = n + h
    odds = (first_only * second_only - both * h) / (h * total)
    digamma_total, trigamma_total = _digamma_part(total)
    digamma_hidden, trigamma_hidden = _digamma_part(h)
    first = np.log1p(odds) + digamma_total - digamma_hidden
    second = (
        1.0 / (h + first_only)
        + 1.0 / (h + second_only)
        - 1.0 / total
        - 1.0 / h
        + trigamma_total
        - trigamma_hidden
    )
    return first, second


def _digamma_part(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """digamma(x + 1) - log x and its derivative."""
    inverse = 1.0 / x
    value = 0.5 * inverse - inverse * odd_series(DIGAMMA, inverse)
    derivative = -0.5 * inverse**2 + inverse**2 * odd_series(_TRIGAMMA, inverse)
    small = x < SERIES_FROM
    if small.any():
        y = x[small]
        value[small] = digamma(y + 1.0) - np.log(y)
        derivative[small] = polygamma(1, y + 1.0) - 1.0 / y
    return value, derivative


def most_likely_hidden(
    first_only: FloatArray, second_only: FloatArray, both: FloatArray
) -> FloatArray:
    """The hidden number that maximises the profile likelihood; inf where no unit is on both lists.

    It lies below first_only * second_only / both, the Lincoln-Petersen value, and is 0 as soon as
    the likelihood falls from h = 0 on.
    """
    best = np.where(both > 0, 0.0, np.inf)
    inner = (both > 0) & (first_only > 0) & (second_only > 0)
    a, b, m = first_only[inner], second_only[inner], both[inner]
    n = a + b + m
    rising = digamma(n + 1.0) - digamma(1.0) + np.log(a / n) + np.log(b / n) > 0
    a, b, m = a[rising], b[rising], m[rising]

    def falling_slope(h: FloatArray, rows: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        first, second = _slope(h, a[rows], b[rows], m[rows])
        return -first, -second

    where = np.flatnonzero(inner)[rising]
    best[where] = _increasing_root(falling_slope, np.zeros_like(a), a * b / m, 0.9 * a * b / m)
    return best


def signed_root(
    hidden: FloatArray,
    first_only: FloatArray,
    second_only: FloatArray,
    both: FloatArray,
    best: FloatArray | None = None,
) -> FloatArray:
    """Signed root of the profile deviance at `hidden`: negative below the maximum, 0 at it."""
    if best is None:
        best = most_likely_hidden(first_only, second_only, both)
    drop = log_likelihood(best, first_only, second_only, both) - log_likelihood(
        hidden, first_only, second_only, both
    )
    side = np.where(hidden == best, 0.0, np.where(hidden < best, -1.0, 1.0))
    return side * np.sqrt(2.0 * np.maximum(drop, 0.0))


def hidden_at(
    target: float,
    first_only: FloatArray,
    second_only: FloatArray,
    both: FloatArray,
    best: FloatArray | None = None,
) -> FloatArray:
    """The hidden number whose signed root equals `target`; 0 or inf where none does."""
    if best is None:
        best = most_likely_hidden(first_only, second_only, both)
    if target == 0.0:
        return best
    zero = np.zeros_like(best)
    reached = signed_root(zero, first_only, second_only, both, best) >= target
    beyond = np.isinf(best) & (target > 0.0)
    result = np.where(beyond, np.inf, 0.0)
    rows = np.flatnonzero(~(reached | beyond))
    a, b, m = first_only[rows], second_only[rows], both[rows]
    peak = best[rows]
    top = log_likelihood(peak, a, b, m)

    def distance(h: FloatArray, at: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        drop = top[at] - log_likelihood(h, a[at], b[at], m[at])
        root = np.where(h < peak[at], -1.0, 1.0) * np.sqrt(2.0 * np.maximum(drop, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            return root - target, -_slope(h, a[at], b[at], m[at])[0] / root

    low = zero[rows] if target < 0.0 else peak
    start = (a + 0.5) * (b + 0.5) / (m + 0.5)
    spread = np.sqrt(
        1 / (m + 0.5) + 1 / (a + 0.5) + 1 / (b + 0.5) + (m + 0.5) / ((a + 0.5) * (b + 0.5))
    )
    guess = start * np.exp(np.clip(target * spread, -30.0, 30.0))
    high = peak.copy() if target < 0.0 else np.full_like(peak, np.inf)
    high = _raise_until(distance, 4.0 * (guess + 1.0), high)
    result[rows] = _increasing_root(distance, low, high, guess)
    return result


Residual = Callable[[FloatArray, NDArray[np.intp]], tuple[FloatArray, FloatArray]]


def _raise_until(residual: Residual, start: FloatArray, high: FloatArray) -> FloatArray:
    """Replace each infinite end of the bracket by a value at which the residual is positive."""
    rows = np.flatnonzero(np.isinf(high))
    value = start[rows]
    while rows.size:
        high[rows] = value
        short = residual(value, rows)[0] < 0.0
        rows, value = rows[short], value[short] * 64.0
    return high


def _increasing_root(
    residual: Residual, low: FloatArray, high: FloatArray, start: FloatArray
) -> FloatArray:
    """Root of an increasing function between 0 <= low and high, row by row.

    Newton's method on the scale log(h + 1/2), on which these problems are close to straight; a
    step that leaves the bracket, or that shrinks it too slowly, is replaced by halving.
    """
    left, right = np.log(low + 0.5), np.log(high + 0.5)
    u = np.clip(np.log(start + 0.5), left, right)
    u = np.where((u <= left) | (u >= right), 0.5 * (left + right), u)
    result = np.array(low)
    rows = np.arange(low.size)
    for step in range(_MAX_STEPS):
        h = np.exp(u) - 0.5
        h = np.clip(h, low[rows], high[rows])
        value, derivative = residual(h, rows)
        right = np.where(value > 0.0, u, right)
        left = np.where(value <= 0.0, u, left)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            move = value / (derivative * (h + 0.5))
            proposal = u - move
        trusted = (proposal >= left) & (proposal <= right) & (step % 8 != 7)
        following = np.where(trusted, proposal, 0.5 * (left + right))
        done = (trusted & (np.abs(move) <= _NEWTON_STEP)) | (right - left <= 1e-15 * np.abs(u))
        result[rows] = np.clip(np.exp(following) - 0.5, low[rows], high[rows])
        if done.all():
            break
        going = ~done
        rows, u = rows[going], following[going]
        left, right = left[going], right[going]
    return result
