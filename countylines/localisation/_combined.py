"""Mann-Kendall tests of several series at once, for the seasonal and the regional test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from countylines import _validate
from countylines._kernels import combined_kendall, kendall_exact, kendall_score, mann_kendall
from countylines._kernels.method import critical_value, tail_area
from countylines.errors import DegenerateDataWarning, InputError, warn
from countylines.results import OK, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

METHODS = ("auto", "exact", "normal")
EXACT_TO = 10
OUTPUTS = ["score", "pvalue", "variance", "tau", "slope", "low", "high", "n", "verdict"]
DTYPES = {"n": np.int64, "verdict": object}
_LISTED = 4_000_000


@dataclass(frozen=True)
class Choice:
    """How the scores are judged."""

    correlated: bool
    method: str
    continuity: bool
    level: float
    alternative: str


def choice(
    correlated: Any, method: Any, continuity: Any, level: Any, alternative: Any, periods: int
) -> Choice:
    """Check the options."""
    method = _validate.option("method", method, METHODS)
    chosen = Choice(
        _validate.flag("correlated", correlated),
        method,
        _validate.flag("continuity", continuity),
        _validate.level(level),
        _validate.alternative(alternative),
    )
    most = combined_kendall.MOST_TOGETHER if chosen.correlated else kendall_exact.MOST
    if method == "exact" and periods > most:
        raise InputError(
            _validate.sentence(
                "method",
                f"'normal' for more than {most} periods" + " that go together" * chosen.correlated,
                f"'exact' with {periods}",
            )
        )
    return chosen


def verdicts(part: str) -> tuple[Verdict, Verdict]:
    """What is said of sets in which no series has two values."""
    return (OK, Verdict(False, "no-data", (f"A trend needs two values in one {part}.",)))


def test(
    cube: FloatArray, times: FloatArray, chosen: Choice, part: str
) -> tuple[NDArray[Any], ...]:
    """Judge each set of a cube (sets, series, periods); times are (series, periods)."""
    sets, series, periods = cube.shape
    rows = cube.reshape(sets * series, periods)
    counted = kendall_score.kendall(rows)
    present = counted.present.reshape(sets, series)
    score = counted.score.reshape(sets, series).sum(axis=1)
    alone = counted.variance.reshape(sets, series)
    variance = alone.sum(axis=1)
    if chosen.correlated:
        variance = combined_kendall.covariance(cube).sum(axis=(1, 2))
        # what is left by rounding where the scores cancel
        variance = np.where(variance < 1e-9 * alone.sum(axis=1), 0.0, variance)
    exact = _exact(cube, chosen)
    p = _pvalue(cube, rows, score, variance, exact, chosen)
    slope, low, high = _slopes(cube, times, present, variance, exact, chosen)
    n = present.astype(np.float64)
    possible = n * (n - 1.0) / 2.0
    with np.errstate(invalid="ignore"):
        tau = score / np.sqrt(counted.pairs.reshape(sets, series) * possible).sum(axis=1)
    none = possible.sum(axis=1) == 0
    p = np.where(none, np.nan, p)
    verdict = verdict_array(none.astype(np.intp), verdicts(part))
    return score, p, variance, tau, slope, low, high, present.sum(axis=1), verdict


def _exact(cube: FloatArray, chosen: Choice) -> BoolArray:
    if chosen.method != "auto":
        return np.full(len(cube), chosen.method == "exact")
    there = ~np.isnan(cube)
    periods = there.any(axis=1).sum(axis=1) if chosen.correlated else there.sum(axis=2).max(axis=1)
    few: BoolArray = periods <= EXACT_TO
    return few


def _pvalue(
    cube: FloatArray,
    rows: FloatArray,
    score: FloatArray,
    variance: FloatArray,
    exact: BoolArray,
    chosen: Choice,
) -> FloatArray:
    shift = 0.0 if chosen.continuity else 1.0
    upper = mann_kendall.normal_tail(score + shift, variance)
    lower = mann_kendall.normal_tail(-score + shift, variance)
    ties = kendall_score.tie_sizes(kendall_score.dense_ranks(rows), np.isnan(rows))
    sizes = ties.reshape(*cube.shape[:2], -1)
    for i in np.flatnonzero(exact):
        if chosen.correlated:
            there = ~np.isnan(cube[i]).all(axis=0)
            matrix = combined_kendall.signs(cube[i][:, there]).sum(axis=0)
            both = [combined_kendall.at_least_together(s * score[i], matrix) for s in (1.0, -1.0)]
        else:
            groups = _groups(sizes[i])
            both = [combined_kendall.at_least(s * score[i], groups) for s in (1.0, -1.0)]
        upper[i], lower[i] = both
    return mann_kendall.combine(upper, lower, chosen.alternative)


def _groups(sizes: FloatArray) -> tuple[tuple[int, ...], ...]:
    return tuple(sorted(tuple(int(t) for t in -np.sort(-row) if t) for row in sizes))


def _slopes(
    cube: FloatArray,
    times: FloatArray,
    present: NDArray[np.int64],
    variance: FloatArray,
    exact: BoolArray,
    chosen: Choice,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Median of the slopes within the series, and its limits."""
    sets, _, periods = cube.shape
    pairs = (present * (present - 1) // 2).sum(axis=1)
    depth = _depth(present, pairs, variance, exact, chosen)
    early, late = np.triu_indices(periods, 1)
    lapse = times[:, late] - times[:, early]
    picked = np.full((sets, 4), np.nan)
    places = np.column_stack([(pairs - 1) // 2, pairs // 2, depth, pairs - 1 - depth])
    step = max(_LISTED // max(lapse.size, 1), 1)
    for begin in range(0, sets, step):
        here = slice(begin, begin + step)
        block = cube[here]
        slopes = ((block[..., late] - block[..., early]) / lapse).reshape(len(block), -1)
        slopes.sort(axis=1)
        at, end = places[here], pairs[here, None]
        inside = (at >= 0) & (at < end)
        found = (
            np.take_along_axis(slopes, np.where(inside, at, 0), axis=1) if slopes.size else at * 0.0
        )
        picked[here] = np.where(inside, found, np.where(at < 0, -np.inf, np.inf))
    known = pairs > 0
    with np.errstate(invalid="ignore"):
        middle = (picked[:, 0] + picked[:, 1]) / 2.0
    low = np.full(sets, -np.inf) if chosen.alternative == "less" else picked[:, 2]
    high = np.full(sets, np.inf) if chosen.alternative == "greater" else picked[:, 3]
    return tuple(np.where(known, v, np.nan) for v in (middle, low, high))  # type: ignore[return-value]


def _depth(
    present: NDArray[np.int64],
    pairs: NDArray[np.int64],
    variance: FloatArray,
    exact: BoolArray,
    chosen: Choice,
) -> NDArray[np.int64]:
    """Place of the lower limit among the slopes in order; -1 where nothing can be rejected."""
    z = critical_value(chosen.level, chosen.alternative)
    shift = 1.0 if chosen.continuity else 0.0
    depth = np.ceil((pairs - shift - z * np.sqrt(variance)) / 2.0) - 1.0
    if not chosen.correlated:
        tail = tail_area(chosen.level, chosen.alternative)
        for i in np.flatnonzero(exact):
            groups = tuple(sorted((1,) * int(n) for n in present[i]))
            at_most = np.cumsum(combined_kendall.falls(groups))
            depth[i] = float(np.searchsorted(at_most, tail)) - 1.0
    return np.clip(depth, -1, pairs).astype(np.int64)


def notes(out: dict[str, Any], missing: int, size: int, chosen: Choice, part: str) -> list[Note]:
    """What the reader must know; what is odd also warns."""
    found = []
    if missing:
        text = f"{missing} of {size} values are missing; their places in time are kept."
        found.append(Note("missing-values", text))
    if chosen.correlated:
        text = (
            "The variance is that over all orders of whole periods, the values of all "
            f"{part}s at once; the limits of the slope are normal with it."
        )
        found.append(Note("correlated", text))
    none = np.isnan(np.asarray(out["pvalue"]))
    flat = (np.asarray(out["variance"]) == 0) & ~none
    for mask, code, text in (
        (none, "too-few-values", f"no {part} with two values: nothing can be said of a trend"),
        (flat, "constant-series", "no order that another score would have: the p-value is 1"),
    ):
        if mask.any():
            whole = "The data have" if mask.size == 1 else f"{int(mask.sum())} of {mask.size} have"
            found.append(Note(code, f"{whole} {text}."))
            warn(f"{whole} {text}.", DegenerateDataWarning)
    return found


def heterogeneity(score: FloatArray, variance: FloatArray, part: str) -> Note | None:
    """Whether the series of one set have different trends; None where fewer than two can show one.

    Chi-squared by the scores less their common part, as if the series were independent.
    """
    able = variance > 0
    if able.sum() < 2:
        return None
    z = score[able] / np.sqrt(variance[able])
    chi_squared = float(((z - z.mean()) ** 2).sum())
    p = float(chdtrc(len(z) - 1, chi_squared))
    text = (
        f"Difference in trend between {len(z)} {part}s: chi-squared {chi_squared:.2f}, "
        f"p = {p:.3g}, if the {part}s are independent."
    )
    return Note("heterogeneity", text)
