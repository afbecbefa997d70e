"""Survival from risk sets: product-limit estimate, cumulative hazard, variances and limits.

Spells are (entry, exit]: who enters at a time is not at risk at that time, who leaves at it is. An
entry of minus infinity means that the spell was watched from its beginning.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from countylines._kernels.method import FloatArray, critical_value, tail_area
from countylines._kernels.roots import Rows, increasing_root
from countylines._kernels.simultaneous_band import equal_precision

CELLS = 2_000_000  # of a block of the triangle of times and earlier times


class RiskTable(NamedTuple):
    """Distinct times at which spells leave, with who was at risk, ended, and stays on."""

    time: FloatArray
    at_risk: FloatArray
    events: FloatArray
    after: FloatArray  # at risk just after the time
    later: FloatArray  # spells that leave after the time, entered or not


class ProductLimit(NamedTuple):
    """Logs of the survival function, with the sums behind its variance and the Nelson-Aalen sum."""

    log_survival: FloatArray
    greenwood: FloatArray  # variance of the log; infinite once survival is 0
    hazard: FloatArray
    hazard_variance: FloatArray


def risk_table(entry: FloatArray, exit: FloatArray, event: NDArray[np.bool_]) -> RiskTable:
    """Count who is at risk at every distinct exit, and how many end there."""
    exits, entries, ends = np.sort(exit), np.sort(entry), np.sort(exit[event])
    time = exits[np.flatnonzero(np.append(True, exits[1:] != exits[:-1]))]
    left = exit.size - np.searchsorted(exits, time, side="left")
    later = exit.size - np.searchsorted(exits, time, side="right")
    waiting = exit.size - np.searchsorted(entries, time, side="left")
    outside = exit.size - np.searchsorted(entries, time, side="right")
    events = np.searchsorted(ends, time, side="right") - np.searchsorted(ends, time, side="left")
    counts = (left - waiting, events, later - outside, later)
    return RiskTable(time, *(count.astype(np.float64) for count in counts))


def product_limit(at_risk: FloatArray, events: FloatArray) -> ProductLimit:
    """Kaplan and Meier's product with Greenwood's sum; Nelson and Aalen's sum beside it."""
    with np.errstate(divide="ignore"):
        share = events / at_risk
        log_survival = np.cumsum(np.log1p(-share))
        greenwood = np.cumsum(np.where(events > 0, share / (at_risk - events), 0.0))
    return ProductLimit(log_survival, greenwood, np.cumsum(share), np.cumsum(share / at_risk))


def standard_error(fit: ProductLimit) -> FloatArray:
    """Of survival; undefined once it is 0."""
    finite = np.isfinite(fit.greenwood)
    spread = np.sqrt(np.where(finite, fit.greenwood, np.nan))
    return np.exp(fit.log_survival) * spread


# --- limits: each takes the table, the fit, a level and a side ------------------------------------


def _log_log(table: RiskTable, fit: ProductLimit, z: float) -> tuple[FloatArray, FloatArray]:
    total = -fit.log_survival
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        factor = np.exp(z * np.sqrt(fit.greenwood) / total)
        low, high = np.exp(-total * factor), np.exp(-total / factor)
    none = total == 0.0
    return np.where(none, 1.0, low), np.where(none, 1.0, high)


def _log(table: RiskTable, fit: ProductLimit, z: float) -> tuple[FloatArray, FloatArray]:
    spread = z * np.sqrt(fit.greenwood)
    with np.errstate(invalid="ignore"):
        low, high = np.exp(fit.log_survival - spread), np.exp(fit.log_survival + spread)
    return low, np.minimum(high, 1.0)


def _plain(table: RiskTable, fit: ProductLimit, z: float) -> tuple[FloatArray, FloatArray]:
    survival = np.exp(fit.log_survival)
    with np.errstate(invalid="ignore"):
        spread = z * survival * np.sqrt(fit.greenwood)
    return np.maximum(survival - spread, 0.0), np.minimum(survival + spread, 1.0)


def _arcsine(table: RiskTable, fit: ProductLimit, z: float) -> tuple[FloatArray, FloatArray]:
    survival, lost = np.exp(fit.log_survival), -np.expm1(fit.log_survival)
    angle = np.arctan2(np.sqrt(survival), np.sqrt(lost))
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = 0.5 * z * np.sqrt(fit.greenwood * survival / lost)
    spread = np.where(lost == 0.0, 0.0, spread)
    low, high = np.maximum(angle - spread, 0.0), np.minimum(angle + spread, np.pi / 2)
    return np.sin(low) ** 2, np.sin(high) ** 2


def likelihood_ratio(
    at_risk: FloatArray, events: FloatArray, multiplier: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Twice the loss of log-likelihood, its slope and log survival, for hazards d / (n + lambda).

    Rows of `multiplier` (a column) by times; events of 0 add nothing.
    """
    stay = at_risk - events
    with np.errstate(divide="ignore", invalid="ignore"):
        of_risk = np.log1p(multiplier / at_risk)
        of_stay = np.where(stay > 0, np.log1p(multiplier / stay), 0.0)
        gain = at_risk * of_risk - stay * of_stay
        slope = at_risk / (at_risk + multiplier) - np.where(stay > 0, stay / (stay + multiplier), 0)
        survival = np.log1p(-events / (at_risk + multiplier))
    some = events > 0
    return 2 * np.where(some, gain, 0), 2 * np.where(some, slope, 0), np.where(some, survival, 0)


def _thomas_grunkemeier(
    table: RiskTable, fit: ProductLimit, z: float
) -> tuple[FloatArray, FloatArray]:
    """Invert the likelihood ratio test of the survival at each time."""
    low, high = np.ones_like(table.time), np.ones_like(table.time)
    changes = np.flatnonzero(table.events > 0)
    if not changes.size:
        return low, high
    n, d = table.at_risk[changes], table.events[changes]
    low_at, high_at = np.empty(changes.size), np.empty(changes.size)
    step = max(1, CELLS // changes.size)
    for start in range(0, changes.size, step):
        rows = np.arange(start, min(start + step, changes.size))
        low_at[rows] = _ratio_limits(n, d, rows, z, upper=False)
        high_at[rows] = _ratio_limits(n, d, rows, z, upper=True)
    place = np.searchsorted(changes, np.arange(table.time.size), side="right") - 1
    some = place >= 0
    low[some], high[some] = low_at[place[some]], high_at[place[some]]
    return low, high


def _ratio_limits(n: FloatArray, d: FloatArray, rows: Rows, z: float, *, upper: bool) -> FloatArray:
    """Limits of survival after the first ``rows + 1`` events; `x` is a log of lambda."""
    stay = np.minimum.accumulate(n - d)[rows]
    spread = np.cumsum(d / (n * np.maximum(n - d, 0.5)))[rows]
    last = rows[-1] + 1
    n, d = n[None, :last], d[None, :last]

    def lam(x: FloatArray, of: FloatArray) -> FloatArray:
        return np.exp(x) if upper else -of * -np.expm1(-np.exp(x))

    def residual(x: FloatArray, some: Rows) -> tuple[FloatArray, FloatArray]:
        until = np.arange(last)[None, :] <= rows[some][:, None]
        value = lam(x, stay[some])
        drop, slope, _ = likelihood_ratio(n, np.where(until, d, 0.0), value[:, None])
        grow = value if upper else -stay[some] * np.exp(-np.exp(x) + x)
        root = np.sqrt(np.maximum(drop.sum(axis=1), 1e-300))
        return root - z, 0.5 * slope.sum(axis=1) * grow / root

    start = np.log(z / np.sqrt(spread))
    if not upper:
        fraction = np.minimum(np.exp(start) / np.maximum(stay, 1e-300), 0.9)
        start = np.log(-np.log1p(-fraction))
    known = np.ones(rows.size, dtype=bool) if upper else stay > 0
    result = np.zeros(rows.size)
    if known.any():
        kept = np.flatnonzero(known)
        width = np.full(kept.size, 60.0)
        x = increasing_root(lambda x, some: residual(x, kept[some]), -width, width, start[kept])
        until = np.arange(last)[None, :] <= rows[kept][:, None]
        value = lam(x, stay[kept])[:, None]
        logs = likelihood_ratio(n, np.where(until, d, 0.0), value)[2].sum(axis=1)
        result[kept] = np.exp(logs)
    return result


def _beta_product(
    table: RiskTable, fit: ProductLimit, z: float, *, tail: float
) -> tuple[FloatArray, FloatArray]:
    """Fay, Brittain and Proschan: products of beta variables, by the beta with their moments."""
    n, d = table.at_risk, table.events
    first = np.cumsum(np.log((n - d + 1) / (n + 1)))
    second = np.cumsum(np.log((n - d + 1) * (n - d + 2) / ((n + 1) * (n + 2))))
    high = np.ones_like(n)
    some = first < 0.0
    high[some] = betaincinv(*_beta_of(first[some], second[some]), 1.0 - tail)
    stay = table.after
    with np.errstate(divide="ignore"):
        first = first + np.log(stay / (stay + 1))
        second = second + np.log(stay / (stay + 2))
    low = np.zeros_like(n)
    some = stay > 0
    low[some] = betaincinv(*_beta_of(first[some], second[some]), tail)
    return low, high


def _beta_of(first: FloatArray, second: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Parameters of the beta whose first two moments have these logs."""
    total = -np.expm1(second - first) / (np.exp(first) * np.expm1(second - 2 * first))
    return np.exp(first) * total, -np.expm1(first) * total


def _equal_precision(
    table: RiskTable, fit: ProductLimit, level: float
) -> tuple[FloatArray, FloatArray]:
    """Nair's band from the first end to the last before survival is 0, and what follows from it.

    On the arcsine scale: on the log-log scale its upper limit is too low where few have ended.
    """
    inside = (fit.greenwood > 0.0) & np.isfinite(fit.greenwood)
    if not inside.any():
        return np.zeros_like(table.time), np.ones_like(table.time)
    least, most = fit.greenwood[inside][[0, -1]]
    z = equal_precision(level, float(np.log(most / least)))
    low, high = carried(fit.log_survival, *_arcsine(table, fit, z))
    first = int(np.argmax(inside))
    low[:first] = low[first]  # survival cannot rise
    return low, high


Limits = Callable[[RiskTable, ProductLimit, float], tuple[FloatArray, FloatArray]]
_PIVOTS: dict[str, Limits] = {
    "log-log": _log_log,
    "log": _log,
    "plain": _plain,
    "arcsine": _arcsine,
    "thomas-grunkemeier": _thomas_grunkemeier,
}
METHODS = (*_PIVOTS, "beta-product", "equal-precision")


def limits(
    method: str, table: RiskTable, fit: ProductLimit, *, level: float
) -> tuple[FloatArray, FloatArray]:
    """Two-sided limits of survival at every time of the table.

    Where survival is 0 a method without limits of its own gets 0 below and, above, its upper limit
    before that time: survival cannot rise.
    """
    if method == "equal-precision":
        return _equal_precision(table, fit, level)
    if method == "beta-product":
        return _beta_product(table, fit, 0.0, tail=tail_area(level, "two-sided"))
    low, high = _PIVOTS[method](table, fit, critical_value(level, "two-sided"))
    if method == "thomas-grunkemeier":
        return low, high
    return carried(fit.log_survival, low, high)


def without_an_end(table: RiskTable, at_start: float, tail: float) -> FloatArray:
    """Lower limits of survival had nothing ended so far, from the start and at each time on.

    With at least m at risk throughout, the chance of no end is at most the m-th power of survival.
    """
    watched = np.append(table.after[:-1], table.at_risk[-1])
    least = np.minimum.accumulate(np.append(at_start, watched))
    with np.errstate(divide="ignore"):
        floor: FloatArray = np.exp(np.log(tail) / least)
    return floor


def before_the_first(
    table: RiskTable, low: FloatArray, at_start: float, tail: float
) -> tuple[float, FloatArray]:
    """Lower limits from the start and at each time, where those of a method are 1 for want of ends.

    A lower limit after the first end also holds before it, since survival cannot rise.
    """
    floor = without_an_end(table, at_start, tail)
    ended = np.cumsum(table.events) > 0
    later = low[np.argmax(ended)] if ended.any() else 0.0
    raised = np.maximum(floor, later)
    return float(raised[0]), np.where(ended, low, raised[1:])


def carried(
    log_survival: FloatArray, low: FloatArray, high: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Limits where survival is 0: from 0 to the upper limit before."""
    gone = np.isneginf(log_survival)
    if not gone.any():
        return low, high
    first = int(np.argmax(gone))
    before = high[first - 1] if first else 1.0
    return np.where(gone, 0.0, low), np.where(gone, before, high)


def area(
    time: FloatArray,
    survival: FloatArray,
    start: float,
    limit: float,
    events: FloatArray,
    at_risk: FloatArray,
) -> tuple[float, float]:
    """Area under the curve from `start` to `limit`, with its variance."""
    inside = time < limit
    edges = np.concatenate([[start], time[inside], [limit]])
    heights = np.concatenate([[1.0], survival[inside]])
    pieces = np.diff(edges) * heights
    rest = np.cumsum(pieces[::-1])[::-1][1:]
    n, d = at_risk[inside], events[inside]
    stay = n - d
    weight = np.divide(d, n * stay, out=np.zeros_like(n), where=(stay > 0) & (d > 0))
    return float(pieces.sum()), float(np.sum(rest**2 * weight))
