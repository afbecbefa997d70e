"""Joinpoint regression: where does the yearly change of a count or share itself change?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from countylines import _validate, resampling
from countylines._kernels import segmented
from countylines._typing import RNG, ArrayLike
from countylines.errors import DegenerateDataWarning, InputError, warn
from countylines.localisation import _series
from countylines.localisation.joinpoint_result import JoinpointEstimate
from countylines.results import OK, Note, Verdict

FloatArray = NDArray[np.float64]

SELECT = ("permutation", "bic", "bic3")
LOCATION = ("grid", "continuous")
VARIANCE = ("over-dispersed", "counts", "constant")
BETWEEN = 2  # observed periods before, between and after joinpoints
FEWEST = 8
MOST = 5
MOST_SETS = 120_000
REFERENCES = {
    "permutation": ("kim2000",),
    "bic": ("kim2016joinpoint",),
    "bic3": ("kim2016joinpoint",),
}
NO_LINE = Verdict(
    False,
    "no-finite-slope",
    ("Events are missing, or all in the first or the last period: no finite slope is best.",),
)


def joinpoint(
    count: ArrayLike,
    *,
    exposure: ArrayLike | None = None,
    total: ArrayLike | None = None,
    time: ArrayLike | None = None,
    max_joinpoints: int | None = None,
    select: str = "permutation",
    location: str = "grid",
    variance: str = "over-dispersed",
    alpha: float = 0.05,
    over: tuple[float, float] | None = None,
    level: float = 0.95,
    replicates: int = 4499,
    rng: RNG = None,
) -> JoinpointEstimate:
    r"""Fit straight segments, joined, to the log of a rate or the log odds of a share.

    It answers: by what percentage does a series change per year, and when does that percentage
    change? It describes a shape. It does not say what caused it, and a step (a new definition, a
    new team that records) is drawn as a steep short segment: see
    :func:`step_or_slope`.

    Parameters
    ----------
    count : array_like
        One series of counts in the order of time; for ``"constant"`` they need not be whole. nan is
        a missing value and is left out; its place in time is kept.
    exposure : array_like or None, optional
        Exposure (people, days, effort) of each period. None: equal.
    total : array_like or None, optional
        All cases of each period, for shares; changes are then those of the odds.
    time : array_like or None, optional
        Times of the periods, increasing. None: 0, 1, 2, ...
    max_joinpoints : int or None, optional
        The most joinpoints looked at. None: 1 from 8 periods, 2 from 12, 3 from 17, 4 from 22, 5
        from 27, or as many as can be tried in a long series. Fewer than 8 periods cannot tell a
        joinpoint.
    select : {"permutation", "bic", "bic3"}, default "permutation"
        How their number is chosen. The three often differ: BIC finds more joinpoints than are
        there, the permutation test fewer.
    location : {"grid", "continuous"}, default "grid"
        Joinpoints at observed times, or anywhere.
    variance : {"over-dispersed", "counts", "constant"}, default "over-dispersed"
        Of counts, multiplied by what their residuals say (never divided); of counts, Poisson or
        binomial; or the same in all periods, for logs fitted by least squares.
    alpha : float, default 0.05
        Bound on the probability of too many joinpoints, for ``"permutation"``.
    over : tuple of float or None, optional
        Start and end of the average change. None: the whole series.
    level : float, default 0.95
        Level of all limits.
    replicates : int, default 4499
        Permutations of each test.
    rng : int, Generator, SeedSequence or None, optional
        Source of their randomness.

    Returns
    -------
    JoinpointEstimate
        The average percent change per unit of time, with ``n_joinpoints``, ``joinpoints``,
        ``segments``, ``selection``, ``tests`` and ``fitted``.

    Raises
    ------
    InputError
        If counts are no counts (of their totals), joinpoints are asked of fewer than 8 periods or
        are too many to be tried, or a rate of 0 is to be fitted by least squares.
    LabelMismatchError
        If `time`, `exposure` or `total` do not fit `count`.

    Warns
    -----
    DegenerateDataWarning
        If there are fewer than 8 periods (a single segment is fitted), or no finite slope exists.

    See Also
    --------
    change_point : a step rather than a bend.
    step_or_slope : which of the two.
    mann_kendall : whether there is any trend.

    Notes
    -----
    The line is

    .. math:: \eta(t) = a + b t + \sum_{j=1}^k d_j (t - \tau_j)_+,

    with :math:`\log(\mu / \text{exposure}) = \eta` for counts and :math:`\operatorname{logit} p =
    \eta` for shares, fitted by maximum likelihood for every set of observed times with two periods
    or more before, between and after the joinpoints. With ``"continuous"`` the ten best sets then
    move by Gauss-Newton steps. The change of a segment of slope :math:`\beta` is
    :math:`100 (e^\beta - 1)` percent; the average change from :math:`s` to :math:`e` has
    :math:`(\eta(e) - \eta(s)) / (e - s)` for :math:`\beta`. Standard errors come from the
    information of slopes and joinpoints together, so places are not taken as known, but their
    number is: after a search the limits are somewhat too narrow.

    Permutation [1]_: no joinpoints are tested against the most; what is rejected goes up by one,
    what is not brings the other side down by one, until both meet. A test of :math:`k_0` is held
    against :math:`\alpha / (k_{max} - k_0)`. Pearson residuals of the null line are permuted, and
    the statistic is the ratio of the weighted sums of squares of the best lines at observed times,
    with the weights of the null line: zero counts need nothing added to them.

    BIC is the deviance over the dispersion of the largest model (:math:`n \log(D / n)` with
    constant variance) plus :math:`2 (k + 1) \log n`, each joinpoint counting twice: for its place
    and for its slope. BIC3 [2]_ counts it three times, :math:`(3 k + 2) \log n`.

    Limits of places at observed times hold all times whose best line (all others fitted again)
    loses no more than the squared t (normal for ``"counts"``) quantile times the dispersion.
    ``"continuous"`` ones are the place and its standard error times the quantile.

    A line whose best slope is infinite (a segment of zeros) is not considered.

    Assumptions that fail in practice: periods that resemble their neighbours beyond the line (too
    many joinpoints), steps, revisions of the latest periods (a bend at the end), and seasons.

    References
    ----------
    .. [1] Kim, H.-J., Fay, M. P., Feuer, E. J., & Midthune, D. N. (2000). Permutation tests for
       joinpoint regression with applications to cancer rates. *Statistics in Medicine* 19, 335-351.
       https://doi.org/10.1002/(SICI)1097-0258(20000215)19:3<335::AID-SIM336>3.0.CO;2-Z
    .. [2] Kim, J., & Kim, H.-J. (2016). Consistent model selection in segmented line regression.
       *Journal of Statistical Planning and Inference* 170, 106-116.
       https://doi.org/10.1016/j.jspi.2015.09.008

    Examples
    --------
    *Made-up* lines closed by a force in 14 half-years:

    >>> import numpy as np
    >>> closed = [31, 35, 33, 41, 44, 46, 55, 58, 51, 49, 42, 43, 36, 33]
    >>> halves = np.arange(2017.0, 2024.0, 0.5)
    >>> found = cl.localisation.joinpoint(closed, time=halves, rng=1)
    >>> found.joinpoints.round(1).values.tolist()
    [[2020.5, 2020.0, 2021.5]]
    >>> found.segments[["change", "low", "high"]].round(0).values.tolist()
    [[20.0, 8.0, 34.0], [-17.0, -29.0, -2.0]]
    >>> print(f"{found.estimate:.1f} % a year ({found.low:.1f} to {found.high:.1f})")
    1.5 % a year (-4.0 to 7.3)

    Closures rose by a fifth a year until about the middle of 2020 and fell by a sixth a year
    afterwards; the average over all periods, near nothing, hides both.
    """
    options = _Options(
        _validate.option("select", select, SELECT),
        _validate.option("location", location, LOCATION),
        _validate.option("variance", variance, VARIANCE),
        _validate.number("alpha", alpha, low=0.0, high=1.0, open_low=True, open_high=True),
        _validate.level(level),
        _validate.whole_number("replicates", replicates, low=1),
    )
    data, missing = _data(count, exposure, total, time, variance)
    most = _most(len(data.times), max_joinpoints)
    start, end = _span(over, data.times)
    notes = _notes(data, missing, max_joinpoints, most)
    fits = [_fit(data, k, options) for k in range(most + 1)]
    fits = fits[: next((i for i, f in enumerate(fits) if f is None), len(fits))]
    known = [f for f in fits if f is not None]
    shared: dict[str, Any] = {
        "quantity": "average percent change per unit of time",
        "method": f"joinpoint, {select}",
        "interval_method": "delta",
        "level": options.level,
        "unit": "percent per unit of time",
        "n": len(data.times),
        "references": REFERENCES[select],
    }
    if not known:
        text = NO_LINE.reasons[0]
        warn(text, DegenerateDataWarning)
        notes.append(Note("no-finite-slope", text))
        return JoinpointEstimate(
            estimate=np.nan, low=np.nan, high=np.nan, verdict=NO_LINE, notes=tuple(notes), **shared
        )
    selection = _selection(data, known, options)
    tests = None
    if select == "permutation":
        chosen, tests = _sequence(data, known, options, _validate.generator(rng))
    else:
        chosen = int(selection[select].argmin())
    best = known[chosen]
    value, error = _average(data, best, start, end)
    reach = _quantile(data, best, options) * error
    return JoinpointEstimate(
        estimate=_percent(value),
        low=_percent(value - reach),
        high=_percent(value + reach),
        standard_error=100.0 * math.exp(value) * error,
        verdict=OK,
        notes=tuple(notes),
        n_joinpoints=chosen,
        joinpoints=_places(data, best, options),
        segments=_segments(data, best, options),
        selection=selection,
        tests=tests,
        fitted=_fitted(data, best),
        dispersion=best.dispersion,
        **shared,
    )


@dataclass(frozen=True)
class _Options:
    select: str
    location: str
    variance: str
    alpha: float
    level: float
    replicates: int


@dataclass(frozen=True)
class _Fit:
    """The best line with a number of joinpoints."""

    line: segmented.Line
    sets: NDArray[np.intp]
    deviances: FloatArray
    on_grid: segmented.Line
    dispersion: float


def _data(
    count: Any, exposure: Any, total: Any, time: Any, variance: str
) -> tuple[segmented.Data, int]:
    if exposure is not None and total is not None:
        raise InputError(_validate.sentence("exposure", "left out where `total` is given", "both"))
    name = "exposure" if total is None else "total"
    weight = 1.0 if exposure is None and total is None else exposure if total is None else total
    values, weights, times, missing = _series.counted(
        count, name, weight, time, whole=variance != "constant"
    )
    family = "poisson" if total is None else "binomial"
    if variance == "constant":
        at = np.flatnonzero((values == 0) | ((values == weights) & (family == "binomial")))
        if len(at):
            raise InputError(
                _validate.sentence(
                    "count",
                    "above 0 (and below `total`) for variance='constant'",
                    _validate.show(values[at[0]]),
                    f" at position {at[0]}",
                    "Use variance='over-dispersed', which needs no logs of counts.",
                )
            )
        rest = weights if family == "poisson" else weights - values
        return segmented.Data(np.log(values / rest), np.ones(len(values)), times, "gaussian"), (
            missing
        )
    return segmented.Data(values, weights, times, family), missing


def _most(n: int, asked: Any) -> int:
    if asked is None:
        usual = 0 if n < FEWEST else max(1, min((n - 2) // 5, MOST))
        able = (k for k in range(usual, 0, -1) if _sets(n, k) <= MOST_SETS)
        return next(able, 0)
    most = _validate.whole_number("max_joinpoints", asked)
    if most and n < FEWEST:
        rule = f"0 for fewer than {FEWEST} periods"
        raise InputError(_validate.sentence("max_joinpoints", rule, f"{most} with {n}"))
    sets = _sets(n, most)
    if not 0 < sets <= MOST_SETS:
        rule = "such that joinpoints have two periods before, between and after them"
        remedy = "Ask for fewer."
        if sets:
            rule = f"such that at most {MOST_SETS:,} sets of joinpoints are tried"
            remedy = "Ask for fewer, or add periods up."
        raise InputError(
            _validate.sentence("max_joinpoints", rule, f"{most} with {n}", remedy=remedy)
        )
    return most


def _sets(n: int, k: int) -> int:
    return segmented.number_of_places(n, k, BETWEEN)


def _span(over: Any, times: FloatArray) -> tuple[float, float]:
    if over is None:
        return float(times[0]), float(times[-1])
    ends = np.asarray(over, dtype=np.float64)
    if ends.shape != (2,) or not times[0] <= ends[0] < ends[1] <= times[-1]:
        rule = f"two times, increasing, from {times[0]:g} to {times[-1]:g}"
        raise InputError(_validate.sentence("over", rule, _validate.show(over)))
    return float(ends[0]), float(ends[1])


def _notes(data: segmented.Data, missing: int, asked: Any, most: int) -> list[Note]:
    notes = [
        Note("shape-not-cause", "Joinpoints describe the shape of what was recorded, not a cause.")
    ]
    if missing:
        text = f"{missing} of {missing + len(data.times)} values are missing, left out."
        notes.append(Note("missing-values", text))
    if asked is None and len(data.times) < FEWEST:
        text = f"Fewer than {FEWEST} periods cannot tell a joinpoint: a single segment is fitted."
        notes.append(Note("too-few-periods", text))
        warn(text, DegenerateDataWarning)
    elif asked is None and most < min((len(data.times) - 2) // 5, MOST):
        text = f"No more than {most} joinpoints were looked at: {len(data.times)} periods have "
        notes.append(Note("fewer-joinpoints", text + "too many places for more."))
    return notes


def _fit(data: segmented.Data, k: int, options: _Options) -> _Fit | None:
    sets, deviances = segmented.on_grid(data, k, BETWEEN)
    best = int(np.argmin(deviances))
    if not np.isfinite(deviances[best]):
        return None
    grid = line = segmented.line(data, data.times[sets[best]])
    if options.location == "continuous" and k:
        line = segmented.between_times(data, sets, deviances, BETWEEN)
    spare = len(data.times) - 2 - 2 * k
    dispersion = segmented.pearson(data, line) / spare if spare > 0 else np.nan
    if options.variance == "counts":
        dispersion = 1.0
    elif options.variance == "over-dispersed":
        dispersion = max(dispersion, 1.0)
    return _Fit(line, sets, deviances, grid, dispersion)


def _selection(data: segmented.Data, fits: list[_Fit], options: _Options) -> pd.DataFrame:
    n = len(data.times)
    k = np.arange(len(fits))
    lost = np.array([f.line.deviance for f in fits])
    if data.family == "gaussian":
        smallest = 1e-24 * float(np.sum(data.values**2)) + 1e-300
        fit = n * np.log(np.maximum(lost, smallest) / n)
    else:
        fit = lost / fits[-1].dispersion
    return pd.DataFrame(
        {
            "deviance": lost,
            "dispersion": [f.dispersion for f in fits],
            "bic": fit + (2 * k + 2) * np.log(n),
            "bic3": fit + (3 * k + 2) * np.log(n),
        },
        index=pd.Index(k, name="joinpoints"),
    )


def _sequence(
    data: segmented.Data, fits: list[_Fit], options: _Options, generator: np.random.Generator
) -> tuple[int, pd.DataFrame]:
    fewer, more = 0, len(fits) - 1
    rows = []
    while fewer < more:
        p = _pvalue(data, fits[fewer], fewer, more, options, generator)
        threshold = options.alpha / (len(fits) - 1 - fewer)
        rows.append((fewer, more, p, threshold))
        if p <= threshold:
            fewer += 1
        else:
            more -= 1
    return fewer, pd.DataFrame(rows, columns=["null", "alternative", "pvalue", "threshold"])


def _pvalue(
    data: segmented.Data,
    null: _Fit,
    fewer: int,
    more: int,
    options: _Options,
    generator: np.random.Generator,
) -> float:
    test = segmented.projected(data, null.on_grid, BETWEEN)

    def draw(own: np.random.Generator, size: int) -> FloatArray:
        drawn: FloatArray = test.fitted + own.permuted(np.tile(test.rest, (size, 1)), axis=1)
        return drawn

    def statistic(rows: FloatArray) -> FloatArray:
        found: FloatArray = segmented.ratios(test, rows, fewer, more)
        return found

    seen = statistic((test.fitted + test.rest)[None])[0]
    drawn = resampling.replicate(draw, statistic, replicates=options.replicates, rng=generator)
    return float(resampling.permutation_pvalue(drawn, float(seen), alternative="greater"))


def _quantile(data: segmented.Data, fit: _Fit, options: _Options) -> float:
    spare = np.inf if options.variance == "counts" else len(data.times) - 2.0 - 2.0 * _k(fit)
    if spare <= 0:
        return np.nan
    return float(-stdtrit(spare, (1.0 - options.level) / 2.0))


def _k(fit: _Fit) -> int:
    return len(fit.line.joinpoints)


def _percent(slope: float) -> float:
    return 100.0 * math.expm1(slope) if slope < 700 else np.inf


def _average(data: segmented.Data, fit: _Fit, start: float, end: float) -> tuple[float, float]:
    ends = np.array([start, end])
    value = float(np.diff(fit.line.at(ends))[0]) / (end - start)
    part = np.diff(segmented.extended(ends, fit.line), axis=0)[0] / (end - start)
    return value, _error(data, fit, part)


def _error(data: segmented.Data, fit: _Fit, part: FloatArray) -> float:
    spread = segmented.covariance(data, fit.line)
    return float(np.sqrt(fit.dispersion * part @ spread @ part))


def _places(data: segmented.Data, fit: _Fit, options: _Options) -> pd.DataFrame:
    found = fit.line.joinpoints
    reach = _quantile(data, fit, options)
    low, high = np.empty(len(found)), np.empty(len(found))
    for j, place in enumerate(found):
        if options.location == "continuous":
            part = np.zeros(2 + 2 * len(found))
            part[2 + len(found) + j] = 1.0
            error = _error(data, fit, part)
            low[j], high[j] = place - reach * error, place + reach * error
        else:
            lost = (fit.deviances - fit.deviances.min()) / fit.dispersion
            near = data.times[fit.sets[lost <= reach**2, j]]
            low[j], high[j] = near.min(), near.max()
    return pd.DataFrame({"time": found, "low": low, "high": high})


def _segments(data: segmented.Data, fit: _Fit, options: _Options) -> pd.DataFrame:
    k = _k(fit)
    reach = _quantile(data, fit, options)
    edges = np.concatenate([data.times[:1], fit.line.joinpoints, data.times[-1:]])
    rows = []
    for i in range(k + 1):
        part = np.zeros(2 + 2 * k)
        part[1 : 2 + i] = 1.0
        slope = float(part[: 2 + k] @ fit.line.coefficients)
        half = reach * _error(data, fit, part)
        rows.append(
            (
                edges[i],
                edges[i + 1],
                _percent(slope),
                _percent(slope - half),
                _percent(slope + half),
            )
        )
    return pd.DataFrame(rows, columns=["start", "end", "change", "low", "high"])


def _fitted(data: segmented.Data, fit: _Fit) -> pd.DataFrame:
    rest = data.weights - data.values if data.family == "binomial" else data.weights
    with np.errstate(divide="ignore"):
        seen = np.exp(data.values) if data.family == "gaussian" else data.values / rest
    line = np.exp(fit.line.at(data.times))
    return pd.DataFrame({"time": data.times, "observed": seen, "fitted": line})
