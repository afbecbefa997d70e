"""How fast lines thin out with distance, and whether that changes."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from countylines import _validate
from countylines._kernels import two_way_poisson
from countylines._kernels.method import tail_area
from countylines._typing import Alternative
from countylines.errors import DegenerateDataWarning, InputError, warn
from countylines.localisation import _distances, _periods
from countylines.localisation.flows import LineFlows
from countylines.results import OK, Estimate, Note, Verdict

FloatArray = NDArray[np.float64]

FORMS = ("exponential", "power")
VARIANCES = ("robust", "dispersion", "poisson")
REFERENCES = ("santossilva2006", "weidner2021")
NO_DECAY = Verdict(
    False,
    "not-identified",
    (
        "Among the pairs that the margins leave open, no contrast of distances is left to estimate "
        "from, or the likelihood rises for ever.",
    ),
)


def distance_decay(
    flows: LineFlows,
    distances: Any,
    *,
    form: str = "exponential",
    trend: bool = True,
    times: Any = None,
    variance: str = "robust",
    level: float = 0.95,
    null: float = 0.0,
    alternative: Alternative = "two-sided",
) -> Estimate:
    r"""Decay of external lines with distance, and its trend.

    It answers: how fast do lines thin out with distance, whatever each area sends and receives in
    each period, and does that become faster? Origins that grow, markets that grow, and detection
    that improves in an area all cancel. It says nothing of internal lines, which are left out.

    Parameters
    ----------
    flows : LineFlows
        Lines by origin, destination and period.
    distances : DataFrame, DataArray, Series or array_like
        Between areas, as for :meth:`LineFlows.mean_distance`; the diagonal is not used.
    form : {"exponential", "power"}, default "exponential"
        Whether the logarithm of the flow falls with distance or with its logarithm.
    trend : bool, default True
        Whether the decay may change with time.
    times : array_like or None, optional
        A number a period; the labels themselves if they are numbers, else 0, 1, 2, ...
    variance : {"robust", "dispersion", "poisson"}, default "robust"
        From residuals, clustered by pair of areas in either direction; from counts over-dispersed
        by one factor; or from Poisson counts.
    level : float, default 0.95
        Confidence level.
    null : float, default 0.0
        Value under test.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test.

    Returns
    -------
    Estimate
        A Series: ``decay`` at the mean time of the external lines, positive where lines thin out,
        and ``trend``, its change per unit of time.

    Raises
    ------
    InputError
        If distances do not fit, or there is one period only and a trend is asked for.

    Warns
    -----
    DegenerateDataWarning
        If the decay is not identified.

    See Also
    --------
    expected_internal_share : what such a decay makes of internal lines.

    Notes
    -----
    With :math:`f(d) = d` or :math:`\log d`, for every pair of different areas

    .. math:: \log E\, y_{odt} = a_{ot} + b_{dt} - (\beta + \gamma (t - \bar t)) f(d_{od}),

    by Poisson likelihood, which needs the mean alone to be right [1]_. The effects reproduce what
    every origin sends and every destination receives in every period. A pair that is 0 in every
    table with these margins is fitted as 0. Residuals enter the robust variance divided by the
    root of one less their leverage, for with so many effects they are too small [2]_; limits are of
    Student's t with the number of pairs in use less the number of coefficients.

    Assumptions that fail in practice: distance acts the same everywhere, and not by road, rail or
    an old tie; both ends are recorded; detection of a pair has no part beyond those of its ends.

    References
    ----------
    .. [1] Santos Silva, J. M. C. and Tenreyro, S. (2006). The log of gravity. *Review of Economics
       and Statistics* 88, 641-658. https://doi.org/10.1162/rest.88.4.641
    .. [2] Weidner, M. and Zylkin, T. (2021). Bias and consistency in three-way gravity models.
       *Journal of International Economics* 132, 103513.
       https://doi.org/10.1016/j.jinteco.2021.103513

    Examples
    --------
    *Made-up* lines between four areas on a road, 20 km apart, in two years:

    >>> import numpy as np
    >>> apart = 20.0 * abs(np.subtract.outer(range(4), range(4)))
    >>> first = [[9, 20, 9, 4], [18, 5, 21, 8], [7, 19, 6, 20], [5, 9, 22, 8]]
    >>> second = [[9, 24, 8, 2], [25, 5, 23, 6], [6, 25, 6, 24], [3, 7, 26, 8]]
    >>> flows = cl.localisation.LineFlows([first, second], periods=[2023, 2024])
    >>> found = cl.localisation.distance_decay(flows, apart)
    >>> found.estimate.round(3).to_dict()
    {'decay': 0.052, 'trend': 0.021}

    Lines thin out by 5 % a kilometre, and in the second year by 2 points more than in the first.
    """
    _periods.check_flows(flows)
    form = _validate.option("form", form, FORMS)
    trend = _validate.flag("trend", trend)
    variance = _validate.option("variance", variance, VARIANCES)
    level = _validate.level(level)
    null = _validate.number("null", null)
    _validate.alternative(alternative)
    if times is not None and not trend:
        raise InputError(_validate.sentence("times", "None with trend=False", "times"))
    apart = _distances.between(distances, flows.areas)
    when, notes = _periods.times(times, flows.periods) if trend else (np.zeros(1), ())
    regressors, scale = _regressors(flows, apart, form, when if trend else None)
    counts = flows._dense()
    outside = ~np.eye(len(flows.areas), dtype=bool)
    allowed = np.broadcast_to(outside, counts.shape)
    names = ["decay", "trend"][: len(scale)]
    n = int(counts[allowed].sum())
    again = functools.partial(
        distance_decay,
        flows,
        distances,
        form=form,
        trend=trend,
        times=times,
        variance=variance,
        level=level,
    )
    found = two_way_poisson.fit(counts, allowed, regressors) if n else None
    verdict = OK if found is not None and found.identified and found.converged else NO_DECAY
    values = np.full((5, len(names)), np.nan)
    values[2], values[3], values[4] = -np.inf, np.inf, 1.0
    if verdict is OK and found is not None:
        covariance, freedom, more = _covariance(counts, found, variance)
        notes += flows._notes() + more
        error = np.sqrt(np.diag(covariance)) / scale
        estimate = found.coefficients / scale
        reach = -stdtrit(freedom, tail_area(level, alternative)) * error
        score = (estimate - null) / error
        tails = {"greater": stdtr(freedom, -score), "less": stdtr(freedom, score)}
        tails["two-sided"] = 2.0 * stdtr(freedom, -np.abs(score))
        low = np.full(error.shape, -np.inf) if alternative == "less" else estimate - reach
        high = np.full(error.shape, np.inf) if alternative == "greater" else estimate + reach
        values = np.array([estimate, error, low, high, tails[alternative]])
    else:
        warn(verdict.reasons[0], DegenerateDataWarning)
        notes += (Note("not-identified", verdict.reasons[0]),)
    fields = ("estimate", "standard_error", "low", "high", "pvalue")
    series: dict[str, Any] = {
        name: pd.Series(row, index=names) for name, row in zip(fields, values, strict=True)
    }
    return Estimate(
        quantity=f"decay of external lines with distance ({form})",
        method="poisson",
        level=level,
        interval_method=variance,
        null=null,
        alternative=alternative,
        n=pd.Series([n] * len(names), index=names),
        verdict=pd.Series([verdict] * len(names), index=names),
        notes=notes,
        references=REFERENCES,
        _recompute=again,
        **series,
    )


def _regressors(
    flows: LineFlows, apart: FloatArray, form: str, when: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """Regressors on a scale near 1, and what their coefficients are to be divided by."""
    outside = ~np.eye(len(apart), dtype=bool)
    some = np.where(outside, apart, 1.0)
    reach = np.where(outside, np.log(some) if form == "power" else some, 0.0)
    unit = 1.0 if form == "power" else float(reach.max(initial=0.0)) or 1.0
    shape = flows._shape[0], *apart.shape
    columns = [np.broadcast_to(-reach / unit, shape)]
    scale = [unit]
    if when is not None:
        lines = flows._sums("origin", "period", False).sum(axis=1)
        centre = float(lines @ when / lines.sum()) if lines.sum() else float(when.mean())
        width = float(np.ptp(when))
        columns.append(columns[0] * ((when - centre) / width)[:, None, None])
        scale.append(unit * width)
    return np.stack(columns, axis=-1), np.array(scale)


def _covariance(
    counts: FloatArray, found: two_way_poisson.Fit, variance: str
) -> tuple[FloatArray, float, tuple[Note, ...]]:
    """Covariance of the coefficients, degrees of freedom, and what is worth a note."""
    inverse = np.asarray(np.linalg.inv(found.information), dtype=np.float64)
    gap = np.where(found.pairs, counts - found.fitted, 0.0)
    width = len(inverse)
    residual = float(found.pairs.sum() - found.effects - width)
    safe = np.where(found.pairs & (found.fitted > 0), found.fitted, 1.0)
    dispersion = float((gap**2 / safe)[found.pairs].sum()) / residual if residual > 0 else np.nan
    text = f"Pearson's chi-squared is {dispersion:.3g} a degree of freedom."
    notes: tuple[Note, ...] = (Note("dispersion", text),)
    closed = int((~found.pairs).sum()) - found.pairs.shape[0] * found.pairs.shape[1]
    if closed:
        text = f"{closed:,} pairs of a period are 0 in every table with these margins."
        notes += (Note("closed-pairs", text),)
    if variance == "poisson":
        return inverse, np.inf, notes
    if variance == "dispersion":
        return inverse * max(dispersion, 1.0), residual, notes
    spread = np.sqrt(np.maximum(1.0 - found.leverage, 1e-12))
    score = np.einsum("todk,tod->odk", found.residual, gap / spread)
    score = score + np.swapaxes(score, 0, 1)
    upper = np.triu_indices(len(score), 1)
    used = np.asarray(found.pairs.any(axis=0))
    clusters = int((used | used.T)[upper].sum())
    middle = score[upper].T @ score[upper] * clusters / max(clusters - 1.0, 1.0)
    return inverse @ middle @ inverse, max(clusters - width, 1.0), notes
