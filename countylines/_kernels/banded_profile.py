"""Exact multinomial profile likelihood where some cells of the table are known only as bands.

Given a total N, or a hidden number h, the likelihood of what is known is the sum over all tables
within the bands of their multinomial probabilities. A table enters only through its numbers in the
bands, and the multinomial factor only through their sum s, so the sum over tables is a chain: the
distribution of the partial sums, band by band, from both ends. That gives the likelihood and the
means and covariances of the banded counts given what is known, without listing a table:

    total N:     log N! - N log M + sum y_i eta_i + log sum_s c(s) exp(h_s eta_0) / h_s!,
    hidden h:    sum y_i eta_i + h eta_0 - log h! + log sum_s c(s) N_s! / M**N_s,

with eta the predictors, M the sum of all exp(eta), c(s) the sum over tables of
prod exp(y_j eta_j) / y_j!, h_s = N - n_s and N_s = n_s + h. Newton's method maximises it over the
effects; where its curvature is not that of a maximum the step takes the missing counts as known.
The factorials are those of real numbers, so N may be real; between whole numbers terms with
-1 < h_s < 0 keep the likelihood continuous, and at whole numbers they are 0.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln

from countylines._kernels import loglinear_banded, stirling
from countylines._kernels.lattice import Lattice, unions
from countylines._kernels.loglinear_banded import Bands, bands, moments
from countylines._kernels.profile_limits import Curve

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

WIDEST_SUM = 1000
_NARROW = 12  # bands up to here are summed over number by number
_TOLERANCE = 1e-11
_MAX_STEPS = 200
_LEAST_SHARE = 1e-7  # of the complete information that a step takes each direction to have
_LONGEST_STEP = 5.0
_LEAST_GAIN = 1e-13  # of the likelihood: rounding hides any that is smaller
_HALVINGS = 40
_DIFFERENCE = 1e-4


class Table(NamedTuple):
    """Ends of the counts and model of one table: cells on the face, independent terms only."""

    low: FloatArray
    high: FloatArray
    cells: IntArray
    terms: IntArray
    of_total: bool  # profile of the total (above the least number seen) or of the hidden number

    @property
    def least(self) -> float:
        """The smallest number of units that may have been seen."""
        return float(self.low.sum())

    @property
    def widest(self) -> float:
        """How many more may have been seen."""
        return float((self.high - self.low).sum())


def curve(points: FloatArray, table: Table) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Profile log-likelihood, its slope and its curvature (by a difference of slopes).

    Points are hidden numbers, or totals less the least number seen.
    """
    near = points * (1.0 + _DIFFERENCE)
    value, slope = _maximised(np.concatenate([points, near]), table)
    rows = len(points)
    bend = (slope[rows:] - slope[:rows]) / (near - points)
    return value[:rows], slope[:rows], bend


def bound(table: Table) -> Curve:
    """The curve of one table."""
    return functools.partial(curve, table=table)


class _State(NamedTuple):
    """One row a point; cells include the hidden one, first."""

    value: FloatArray
    expected: FloatArray  # (rows, cells): counts given what is known
    fitted: FloatArray  # (rows, cells), summing to the expected total
    covariance: FloatArray  # (rows, bands, bands): of the banded counts given what is known
    slope: FloatArray


def _maximised(points: FloatArray, table: Table) -> tuple[FloatArray, FloatArray]:
    rows, size = len(points), len(table.terms)
    cells = np.concatenate([[0], table.cells])
    lattice = Lattice(cells)
    start = _start(points, table, cells)
    terms = np.broadcast_to(table.terms, (rows, size))
    both = unions(table.terms[None])
    effects = start
    state = _evaluate(effects, points, table, lattice, terms)
    active = np.arange(rows)
    for _ in range(_MAX_STEPS):
        here = _State(*(part[active] for part in state))
        score = lattice.by_term(here.expected - here.fitted, terms[active])
        complete = lattice.by_union(here.fitted, both)
        missing = _missing(here, table)
        step, decrement = _step(complete, missing, score)
        scale = np.maximum(1.0, np.abs(here.value))
        done = decrement <= _TOLERANCE**2 * scale
        done |= np.abs(step).max(axis=1) <= _TOLERANCE
        effects[active], found = _line_search(
            effects[active], step, here, points[active], table, lattice
        )
        for old, new in zip(state, found, strict=True):
            old[active] = new
        done |= found.value - here.value <= _LEAST_GAIN * scale
        active = active[~done]
        if active.size == 0:
            break
    return state.value, state.slope


def _start(points: FloatArray, table: Table, cells: IntArray) -> FloatArray:
    """Effects of the fit in which each cell is Poisson and the hidden one counts as seen."""
    rows = len(points)
    low = np.broadcast_to(table.low, (rows, len(table.low)))
    high = np.broadcast_to(table.high, (rows, len(table.high)))
    hidden = points
    if table.of_total:
        # a small total leaves little for each band: start where there is enough for all
        number = int((table.high > table.low).sum())
        most = np.maximum(np.ceil(points / (number + 1.0)), 1.0)[:, None]
        high = np.where(points[:, None] < table.widest, np.minimum(high, low + most), high)
        spent = 0.5 * (high - low).sum(axis=1)
        hidden = np.maximum(points - spent, 0.5 * np.minimum(points, 1.0))
    low, high = np.column_stack([hidden, low]), np.column_stack([hidden, high])
    masks = np.ones((rows, len(table.terms)), dtype=bool)
    face = np.ones(low.shape, dtype=bool)
    return loglinear_banded.fit(low, high, table.terms, masks, face, cells).coefficients


def _missing(state: _State, table: Table) -> FloatArray:
    """Information lost because banded counts, and with them the hidden one, are not known."""
    banded = table.high > table.low
    holds = (table.cells[banded, None] & table.terms) == table.terms
    if table.of_total:
        # whatever lies in a band is not hidden
        rest = np.zeros((1, len(table.terms)))
        rest[:, table.terms == 0] = 1.0
        differ = np.broadcast_to(holds - rest, (len(state.value), *holds.shape))
    else:
        lattice_cells = np.concatenate([[0], table.cells])
        design = (lattice_cells[:, None] & table.terms) == table.terms
        share = state.fitted / state.fitted.sum(axis=1, keepdims=True)
        differ = holds[None] - (share @ design)[:, None, :]
    product: FloatArray = differ.transpose(0, 2, 1) @ state.covariance @ differ
    return product


def _step(
    complete: FloatArray, missing: FloatArray, score: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Newton's step, with the curvature made that of a maximum where it is not.

    In the metric of the complete information the observed one has eigenvalues of at most 1: shares
    of what complete counts would tell.
    """
    scale = 1.0 / np.sqrt(np.maximum(np.diagonal(complete, axis1=1, axis2=2), 1e-280))
    both = scale[:, :, None] * scale[:, None, :]
    value, vectors = np.linalg.eigh(complete * both)
    root = vectors / np.sqrt(np.maximum(value, _LEAST_SHARE**2))[:, None, :]
    inner = root.transpose(0, 2, 1) @ ((complete - missing) * both) @ root
    share, turn = np.linalg.eigh(0.5 * (inner + inner.transpose(0, 2, 1)))
    turned = root @ turn
    along = (turned.transpose(0, 2, 1) @ (score * scale)[..., None])[..., 0]
    part = along / np.maximum(np.abs(share), _LEAST_SHARE)
    step: FloatArray = (turned @ part[..., None])[..., 0] * scale
    longest = np.abs(step).max(axis=1, keepdims=True)
    step = step * np.minimum(1.0, _LONGEST_STEP / np.maximum(longest, 1e-300))
    return step, (along * part).sum(axis=1)


def _line_search(
    effects: FloatArray,
    step: FloatArray,
    here: _State,
    points: FloatArray,
    table: Table,
    lattice: Lattice,
) -> tuple[FloatArray, _State]:
    result = effects.copy()
    found = _State(*(part.copy() for part in here))
    waiting = np.arange(len(step))
    scale = 1.0
    slack = 1e-13 * np.maximum(1.0, np.abs(here.value))
    for _ in range(_HALVINGS):
        trial = effects[waiting] + scale * step[waiting]
        terms = np.broadcast_to(table.terms, trial.shape)
        tried = _evaluate(trial, points[waiting], table, lattice, terms)
        better = tried.value >= here.value[waiting] - slack[waiting]
        taken = waiting[better]
        result[taken] = trial[better]
        for old, new in zip(found, tried, strict=True):
            old[taken] = new[better]
        waiting = waiting[~better]
        if waiting.size == 0:
            break
        scale *= 0.5
    return result, found


def _evaluate(
    effects: FloatArray, points: FloatArray, table: Table, lattice: Lattice, terms: IntArray
) -> _State:
    """Likelihood of each point at given effects; `expected` is what the bands leave open."""
    predictor = lattice.predictor(effects, terms)
    with np.errstate(over="ignore"):
        fitted = np.exp(predictor)
    banded = table.high > table.low
    at = 1 + np.flatnonzero(banded)
    exact = 1 + np.flatnonzero(~banded)
    inside = bands(table.low[banded], table.high[banded])
    log_mean = predictor[:, at]
    inside = Bands(*(np.broadcast_to(part, (len(points), *part.shape)) for part in inside))
    alone = moments(log_mean, inside)
    share = _shares(log_mean, inside)
    steps = np.arange(int((table.high - table.low).sum()) + 1, dtype=np.float64)
    known = table.least
    count = table.low[~banded]
    value = (count * predictor[:, exact] - fitted[:, exact] - gammaln(count + 1.0)).sum(axis=1)
    value += alone.log_probability.sum(axis=1)
    if table.of_total:
        total = known + points
        hidden = points[:, None] - steps
        logs = _log_hidden(hidden, predictor[:, :1], fitted[:, :1])
        value += stirling.log_factorial_rest(total)
    else:
        whole = known + steps + points[:, None]
        sum_fitted = fitted.sum(axis=1, keepdims=True)
        excess = (sum_fitted - whole) / whole
        logs = stirling.log_factorial_rest(whole) + whole * (excess - np.log1p(excess))
        value += _log_hidden(points[:, None], predictor[:, :1], fitted[:, :1])[:, 0]
    top = logs.max(axis=1, keepdims=True)
    weight = np.exp(logs - top)
    chain = _Chain(share, weight)
    value += top[:, 0] + np.log(chain.mass)
    posterior = chain.sums
    expected = np.empty(predictor.shape)
    expected[:, exact] = count
    expected[:, at] = table.low[banded] + chain.mean
    if table.of_total:
        expected[:, 0] = points - chain.mean.sum(axis=1)
        at_hidden = np.where(posterior > 0, digamma(np.maximum(hidden, -0.999999) + 1.0), 0.0)
        slope = digamma(total + 1.0) - np.log(total) + predictor[:, 0]
        slope -= (posterior * at_hidden).sum(axis=1)
    else:
        expected[:, 0] = points
        everything = expected.sum(axis=1)
        slope = (posterior * digamma(whole + 1.0)).sum(axis=1) - digamma(points + 1.0)
        slope += predictor[:, 0] - np.log(sum_fitted[:, 0])
        fitted *= (everything / sum_fitted[:, 0])[:, None]
    return _State(
        np.where(np.isfinite(value), value, -np.inf), expected, fitted, chain.covariance, slope
    )


def _log_hidden(hidden: FloatArray, log_mean: FloatArray, mean: FloatArray) -> FloatArray:
    """Log Poisson probability of a real hidden number above -1, minus infinity below."""
    possible = hidden > -1.0
    some = np.maximum(hidden, 0.5)
    excess = (mean - some) / some
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        large = some * (np.log1p(excess) - excess) - stirling.log_factorial_rest(some)
        small = np.where(possible, np.minimum(hidden, 0.5), 0.0)
        direct = small * log_mean - mean - gammaln(small + 1.0)
    return np.where(possible, np.where(hidden > 0.5, large, direct), -np.inf)


def _shares(log_mean: FloatArray, inside: Bands) -> FloatArray:
    """Probability of each number in each band, (rows, bands, width)."""
    logs = inside.values * log_mean[..., None] + inside.log_weights
    share: FloatArray = np.exp(logs - logs.max(axis=-1, keepdims=True))
    share /= share.sum(axis=-1, keepdims=True)
    return share


class _Chain:
    """Numbers in bands, each with its shares, weighted by a function of their sum.

    `share` (rows, bands, width) and `weight` (rows, sums), both counted from the low ends.
    """

    def __init__(self, share: FloatArray, weight: FloatArray) -> None:
        rows, number, width = share.shape
        steps = np.arange(width)
        widths = [int(np.flatnonzero(share[:, j].any(axis=0))[-1]) + 1 for j in range(number)]
        size = weight.shape[1]
        after = [weight]  # weights of the partial sum before band j, all later bands summed out
        for j in range(number)[::-1]:
            after.append(_backward(after[-1], share[:, j, : widths[j]]))
        after = after[::-1]
        before = np.zeros((rows, size))
        before[:, 0] = 1.0
        self.mass = after[0][:, 0]
        second = np.zeros((rows, number, number))
        first = np.zeros((rows, number))
        carried = np.zeros((rows, number, size))
        for j in range(number):
            here = share[:, j, : widths[j]]
            times = here * steps[: widths[j]]
            ahead = _backward(after[j + 1], times)
            first[:, j] = (before * ahead).sum(axis=1)
            ahead_square = _backward(after[j + 1], times * steps[: widths[j]])
            second[:, j, j] = (before * ahead_square).sum(axis=1)
            if j:
                cross = (carried[:, :j] * ahead[:, None, :]).sum(axis=2)
                second[:, j, :j] = second[:, :j, j] = cross
                carried[:, :j] = _forward(carried[:, :j], here[:, None, :])
            carried[:, j] = _forward(before, times)
            before = _forward(before, here)
        with np.errstate(divide="ignore", invalid="ignore"):
            self.sums = before * weight / self.mass[:, None]
            self.mean = first / self.mass[:, None]
            second /= self.mass[:, None, None]
        self.covariance = second - self.mean[:, :, None] * self.mean[:, None, :]


def _forward(values: FloatArray, share: FloatArray) -> FloatArray:
    """Weights by the sum so far, after one more number."""
    return _backward(values[..., ::-1], share)[..., ::-1]


def _backward(values: FloatArray, share: FloatArray) -> FloatArray:
    """Mean weight of the sum, over one more number, by the sum before it."""
    size, width = values.shape[-1], share.shape[-1]
    if width <= _NARROW:
        result = np.zeros_like(values)
        for k in range(width):
            result[..., : size - k] += values[..., k:] * share[..., k : k + 1]
        return result
    padded = np.concatenate([values, np.zeros((*values.shape[:-1], width - 1))], axis=-1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, width, axis=-1)
    wide: FloatArray = np.einsum("...sk,...k->...s", windows, share)
    return wide
