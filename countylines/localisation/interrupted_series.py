"""Did a share or a rate jump at a date, or change its slope? Interrupted time series."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from countylines import _validate
from countylines._kernels import glm
from countylines._kernels.newey_west import newey_west
from countylines._typing import ArrayLike
from countylines.errors import InputError, LabelMismatchError
from countylines.localisation._trend_data import TrendData, trend_data

FloatArray = NDArray[np.float64]

FAMILIES = ("quasi-binomial", "binomial", "quasi-poisson", "poisson")
SHAPES = ("both", "step", "slope")
ERRORS = ("model", "hac")
FEWEST = 8
REFERENCES = ("bernal2017", "newey1987")
VERDICTS = ("ok", "separated", "separated", "not-identified")
ENDS = {glm.RISES: np.inf, glm.FALLS: -np.inf, glm.UNKNOWN: np.nan}
SIDES = {glm.RISES: -1, glm.FALLS: 1}
VANISHED = 1e-10  # variance of a member of a period whose fit is certain


def interrupted_series(
    count: ArrayLike,
    total: ArrayLike | None = None,
    *,
    at: float,
    exposure: ArrayLike | None = None,
    time: ArrayLike | None = None,
    family: str = "quasi-binomial",
    shape: str = "both",
    season: Any = None,
    errors: str = "model",
    lags: int | None = None,
    dispersion_floor: float = 1.0,
    level: float = 0.95,
) -> pd.DataFrame:
    r"""Step and change of slope of a share or a rate at a date that was known beforehand.

    It answers: at a named date, did the odds (or the rate) jump, and did their trend bend? It tells
    shapes apart, not causes: whatever else happened at that date, a new way of recording first of
    all, makes the same step. For a date that is looked for see :func:`change_point`.

    Parameters
    ----------
    count : array_like
        Events of each period: whole numbers; missing values (nan) are left out.
    total : array_like or None, optional
        Cases of each period, for shares.
    at : float
        The first time after the change, in units of `time`.
    exposure : array_like or None, optional
        For rates: population or time at risk of each period. Neither: the counts themselves.
    time : array_like or None, optional
        One number a period; None: 0, 1, 2, ...
    family : str, default "quasi-binomial"
        ``"quasi-binomial"`` or ``"binomial"`` with `total`, ``"quasi-poisson"`` or ``"poisson"``
        without.
    shape : {"both", "step", "slope"}, default "both"
        What may change at the date. A step alone makes a bend look like one.
    season : array_like or None, optional
        A label a period, such as the month, each with a level of its own.
    errors : {"model", "hac"}, default "model"
        Errors by the family, or by Newey and West, for periods that depend on the ones before.
    lags : int or None, optional
        For ``"hac"``: how many periods back; None: the whole part of 4 times the power 2/9 of
        a hundredth of the periods.
    dispersion_floor : float, default 1.0
        The least dispersion that a quasi-likelihood takes.
    level : float, default 0.95
        Confidence level, a share in (0, 1).

    Returns
    -------
    DataFrame
        Ratios, one row each: ``slope before`` (per unit of time), ``level change`` (just after
        against what the slope before would have given), ``slope change`` (the factor on the slope)
        and ``slope after``; with standard errors, limits and p-values of a ratio of 1, and the
        ``dispersion``, ``df`` and ``verdict`` (``"ok"``, ``"separated"``, ``"not-identified"``).

    Raises
    ------
    InputError
        If there are fewer than 8 periods, fewer than three on a side, or too few for the terms.
    LabelMismatchError
        If labels or lengths do not match.

    See Also
    --------
    trend_regression : one slope throughout.
    change_point : a date that is not known.
    joinpoint : bends at dates that are not known.

    Notes
    -----
    On the scale of the link, with :math:`z = 1` from the date :math:`\tau` on and 0 before,

    .. math:: a + b t + c z + d z (t - \tau) + \text{season},

    and the rows are :math:`e^b, e^c, e^d, e^{b + d}`. Limits are Wald's with Student's t (the
    normal law for a family without dispersion and ``errors="model"``). ``"hac"`` sums products of
    scores up to `lags` periods apart with Bartlett's weights, times :math:`n / (n - k)`; with few
    periods it is too narrow.

    A ratio whose fit runs to infinity or 0 is given as such. With ``errors="model"`` its one limit
    is that of the scaled likelihood ratio, as is its p-value; with ``"hac"`` limits say nothing.
    Periods whose fit is certain then say nothing of dispersion and are not counted in ``df``; where
    no degree of freedom is left, the limits of a quasi-likelihood say nothing.

    Assumptions that fail in practice: a date chosen before looking, straight lines on both sides,
    nothing else at that date, and a definition that stays the same across it.

    References
    ----------
    .. [1] Lopez Bernal, J., Cummins, S. and Gasparrini, A. (2017). Interrupted time series
       regression for the evaluation of public health interventions: a tutorial. *International
       Journal of Epidemiology* 46, 348-355. https://doi.org/10.1093/ije/dyw098
    .. [2] Newey, W. K. and West, K. D. (1987). A simple, positive semi-definite,
       heteroskedasticity and autocorrelation consistent covariance matrix. *Econometrica* 55,
       703-708. https://doi.org/10.2307/1913610

    Examples
    --------
    A *made-up* force whose share of internal lines doubles its odds in the sixth quarter, when a
    new form asks for it:

    >>> internal = [20, 22, 19, 23, 21, 36, 35, 38, 36, 39]
    >>> found = cl.localisation.interrupted_series(internal, [100] * 10, at=5)
    >>> print(found[["estimate", "low", "high"]].round(2).to_string())
                  estimate   low  high
    slope before      1.02  0.84  1.23
    level change      1.95  0.93  4.10
    slope change      1.01  0.79  1.30
    slope after       1.03  0.88  1.21

    The step is about twofold in odds, and ten quarters do not quite exclude none; no slope shows on
    either side. That the form made it is known from the date, not from the numbers.
    """
    _validate.option("family", family, FAMILIES)
    _validate.option("shape", shape, SHAPES)
    _validate.option("errors", errors, ERRORS)
    floor = _validate.number("dispersion_floor", dispersion_floor, low=0.0)
    level = _validate.level(level)
    at = _validate.number("at", at)
    data = trend_data(count, total, exposure, time, None, None, None, family)
    if not data.one:
        raise InputError(
            _validate.sentence("count", "one series", "several", remedy="Pass one at a time.")
        )
    x, y, size = _cells(data, at, shape, season)
    terms = x.shape[1]
    full = glm.fit(data.link, x[None], y[None], size[None])
    seen = full.weight[0] > VANISHED * size
    df = float(seen.sum() - np.linalg.matrix_rank(x[seen]))
    dispersion = float(glm.pearson(full, y[None])[0]) / df if df > 0.0 else np.nan
    bread = _bread(x[seen], full.weight[0][seen])
    if errors == "hac":
        lags = _lags(lags, len(y))
        scores = (y - full.mean[0])[:, None] * x
        covariance = newey_west(scores, bread, lags) * len(y) / max(df, 1.0)
    else:
        if lags is not None:
            raise InputError(_validate.sentence("lags", "None unless errors='hac'", str(lags)))
        quasi = family.startswith("quasi")
        phi = max(dispersion, floor) if quasi and df > 0.0 else 1.0
        covariance = bread * phi
        df = df if quasi else np.inf
    rows = _contrasts(shape, terms)
    reach = -float(stdtrit(df, (1.0 - level) / 2.0)) if df > 0.0 else np.inf
    table = {}
    for name, contrast in rows.items():
        code = glm.existence(data.link, x, y, size, contrast)
        value = ENDS.get(code, float(contrast @ full.coef[0]))
        error, ends, p = np.nan, (-np.inf, np.inf), 1.0
        if code == glm.FINITE and df > 0.0:
            error = float(np.sqrt(contrast @ covariance @ contrast))
            with np.errstate(divide="ignore", invalid="ignore"):
                p = float(2.0 * stdtr(df, -abs(np.divide(value, error))))
            ends = value - reach * error, value + reach * error
        elif code in SIDES and errors == "model" and df > 0.0:
            end, root = _one_end(data.link, x, y, size, contrast, SIDES[code], phi * reach**2)
            p = float(2.0 * stdtr(df, -abs(root) / np.sqrt(phi)))
            ends = (end, np.inf) if code == glm.RISES else (-np.inf, end)
        table[name] = {
            "estimate": np.exp(value),
            "standard_error": np.exp(value) * error,
            "low": np.exp(ends[0]),
            "high": np.exp(ends[1]),
            "pvalue": p,
            "level": level,
            "dispersion": dispersion,
            "df": df,
            "n": len(y),
            "verdict": VERDICTS[code],
        }
    frame = pd.DataFrame.from_dict(table, orient="index")
    frame.attrs["references"] = REFERENCES
    frame.attrs["method"] = f"interrupted series, {family}, {errors}"
    return frame


def _cells(
    data: TrendData, at: float, shape: str, season: Any
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Design, counts and sizes of the periods that are known, in order of time."""
    known = data.size[0] > 0.0
    order = np.argsort(data.times[known], kind="stable")
    t = data.times[known][order]
    y, size = data.y[0][known][order], data.size[0][known][order]
    periods = len(np.unique(t))
    if periods < FEWEST:
        raise InputError(
            _validate.sentence(
                "count",
                f"known in at least {FEWEST} periods, to tell a step from a slope",
                str(periods),
            )
        )
    after = t >= at
    sides = len(np.unique(t[~after])), len(np.unique(t[after]))
    if min(sides) < 3:
        raise InputError(
            _validate.sentence(
                "at",
                "a time with at least three periods before it and three from it on",
                f"{_validate.show(at)}, with {sides[0]} and {sides[1]}",
            )
        )
    columns = [np.ones(len(t)), t - at]
    if shape in ("both", "step"):
        columns.append(after.astype(np.float64))
    if shape in ("both", "slope"):
        columns.append(np.where(after, t - at, 0.0))
    if season is not None:
        labels = np.asarray(season)
        if labels.shape != data.times.shape:
            raise LabelMismatchError(
                _validate.sentence(
                    "season",
                    f"one label for each of the {len(data.times)} periods",
                    f"shape {labels.shape}",
                )
            )
        codes, names = pd.factorize(labels[known][order])
        columns += [(codes == k).astype(np.float64) for k in range(1, len(names))]
    x = np.column_stack(columns)
    if len(y) <= x.shape[1] or np.linalg.matrix_rank(x) < x.shape[1]:
        raise InputError(
            _validate.sentence(
                "season",
                "such that its levels, the step and the slopes can be told apart",
                f"{len(y)} periods for {x.shape[1]} terms",
            )
        )
    return x, y, size


def _bread(x: FloatArray, weight: FloatArray) -> FloatArray:
    """Inverse of the information, on the terms that it speaks of."""
    information = (x * weight[:, None]).T @ x
    diagonal = np.diag(information)
    scale = np.sqrt(np.where(diagonal > 0.0, diagonal, 1.0))
    inverse: FloatArray = np.linalg.pinv(
        information / np.outer(scale, scale), rcond=1e-12, hermitian=True
    ) / np.outer(scale, scale)
    return inverse


def _one_end(
    link: str,
    x: FloatArray,
    y: FloatArray,
    size: FloatArray,
    contrast: FloatArray,
    side: int,
    fall: float,
) -> tuple[float, float]:
    """Limit of a sum of terms that runs to the other side, and its signed root at a ratio of 1."""
    pivot = int(np.flatnonzero(contrast)[0])
    turned = x - np.outer(x[:, pivot], contrast / contrast[pivot])
    turned[:, pivot] = x[:, pivot] / contrast[pivot]
    unit = float(np.ptp(turned[:, pivot]))
    turned[:, pivot] /= unit
    cells = turned[None], y[None], size[None]
    full = glm.fit(link, *cells)
    end = glm.profile_limits(link, *cells, full, pivot, np.array([fall]), side)[0]
    return float(end) / unit, float(glm.signed_root(link, *cells, full, pivot, np.zeros(1))[0])


def _contrasts(shape: str, terms: int) -> dict[str, FloatArray]:
    """What is reported, as sums of terms."""
    unit = np.eye(terms)
    if shape == "step":
        return {"slope before": unit[1], "level change": unit[2]}
    last = 3 if shape == "both" else 2
    rows = {"slope before": unit[1]}
    if shape == "both":
        rows["level change"] = unit[2]
    return {**rows, "slope change": unit[last], "slope after": unit[1] + unit[last]}


def _lags(lags: int | None, periods: int) -> int:
    if lags is None:
        return int(4.0 * (periods / 100.0) ** (2.0 / 9.0))
    return _validate.whole_number("lags", lags, high=periods - 1)
