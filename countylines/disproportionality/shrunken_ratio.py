"""Ratios of many areas or groups, each drawn towards what the others say."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import expit

from countylines import _labels, _validate
from countylines._kernels import (
    conjugate,
    gamma_poisson,
    normal_shrinkage,
    two_level,
    two_level_posterior,
)
from countylines._typing import ArrayLike
from countylines.disproportionality._two_groups import NOT_A_CAUSE
from countylines.errors import DegenerateDataWarning, InputError, InputTypeError, warn
from countylines.results import OK, Note, Verdict, verdict_array
from countylines.shrunken import ShrunkenEstimate

FloatArray = NDArray[np.float64]

STEPS = 20
METHODS = ("log-normal", "gamma-poisson")
REFERENCES = {
    "log-normal": ("clayton1987", "dersimonian1986"),
    "gamma-poisson": ("clayton1987", "christiansen1997"),
}
NOTHING = Verdict(
    False,
    "not-identified",
    ("Too few areas have events for anything to be drawn towards: fewer than two say anything.",),
)


class _Row(NamedTuple):
    """What is said of one row of areas."""

    estimate: FloatArray
    error: FloatArray
    low: FloatArray
    high: FloatArray
    weight: FloatArray
    towards: float


def shrunken_ratio(
    count: ArrayLike,
    exposure: ArrayLike,
    ref_count: ArrayLike | None = None,
    ref_exposure: ArrayLike | None = None,
    *,
    method: str = "log-normal",
    dim: Any = None,
    level: float = 0.95,
) -> ShrunkenEstimate:
    r"""Ratios of many areas, each drawn towards the others, the more the fewer its events.

    It answers: how disproportionate is each area likely to be, given that areas are somewhat alike?
    The highest of many ratios is mostly that of a small area, and mostly too high. A shrunken ratio
    is biased on purpose, towards the others, and is not evidence of its cause; an area whose
    records differ in kind from the others' should not be among them.

    Parameters
    ----------
    count : array_like, shape (..., areas)
        Events in the group, in each area: whole numbers of at least 0.
    exposure : array_like, shape (..., areas)
        Their expected number, such as the benchmark share times all events; or, where a reference
        group is given, what they happened to [people or person-years]. Above 0.
    ref_count : array_like or None, optional
        Events in the group compared with.
    ref_exposure : array_like or None, optional
        Its exposure. Give both, or neither.
    method : {"log-normal", "gamma-poisson"}, default "log-normal"
        Law of the ratios from area to area; ``"gamma-poisson"`` for expected numbers only.
    dim : str or int or None, optional
        Dimension that holds the areas: a name for a DataArray, an axis number for an array; the
        index of a Series or DataFrame if None. What is along the others is apart.
    level : float, default 0.95
        Level of each interval, a share in (0, 1).

    Returns
    -------
    ShrunkenEstimate
        ``estimate`` (posterior median; mean with ``"gamma-poisson"``), ``low``, ``high``
        (credible), ``own``, ``weight`` and ``towards``, with the labels of the data.

    Raises
    ------
    InputError
        If a count is not one, an exposure is not above 0, or an option is unknown.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If fewer than two areas say anything.

    See Also
    --------
    rate_ratio : each area by itself.
    simultaneous : intervals of all areas that hold at once.
    countylines.prevalence.rank_intervals : how far ranks of observed over expected can be trusted.
    countylines.prevalence.funnel_limits : which differ by more than chance, ``measure="ratio"``.

    Notes
    -----
    With :math:`x_i` events and :math:`E_i` expected,

    .. math:: x_i \mid \theta_i \sim \mathrm{Poisson}(\theta_i E_i), \qquad
              \log \theta_i \sim N(\mu, \tau^2) \quad\text{or}\quad
              \theta_i \sim \mathrm{Gamma} .

    With a reference group the counts are binomial given their sum:
    :math:`x_i / (x_i + y_i)` has odds :math:`\theta_i e_i / f_i`. Counts enter as they are, so that
    nothing is added to a zero. :math:`\mu` has a flat prior and the variance one that is uniform in
    the factor by which a typical area is shrunk; both are summed over on a grid, so that intervals
    allow for their being unknown. With ``"log-normal"`` turning the ratios round (swapping the
    groups) inverts estimates and intervals.

    ``weight`` is :math:`\tau^2 / (\tau^2 + v_i)`, the part of the area's own log ratio, at the
    posterior mean of :math:`\tau`; ``towards`` is :math:`e^\mu`.

    Intervals hold on average over areas, not for each of them: one that truly differs from all
    others is drawn to them all the same, and its interval misses more often.

    Assumptions that fail in practice: areas exchangeable (London is not); events independent;
    expected numbers known without error; one law for all.

    References
    ----------
    .. [1] Clayton, D. and Kaldor, J. (1987). Empirical Bayes estimates of age-standardized relative
       risks for use in disease mapping. *Biometrics* 43, 671-681. https://doi.org/10.2307/2532003
    .. [2] Christiansen, C. L. and Morris, C. N. (1997). Hierarchical Poisson regression modeling.
       *Journal of the American Statistical Association* 92, 618-632.
       https://doi.org/10.1080/01621459.1997.10474013

    Examples
    --------
    Events in five areas, and how many were expected, made up:

    >>> import pandas as pd
    >>> areas = ["Avon", "Beds", "Cleveland", "Derbys", "Essex"]
    >>> count = pd.Series([4, 30, 2, 55, 18], index=areas)
    >>> expected = pd.Series([1.1, 21.0, 1.9, 30.0, 14.0], index=areas)
    >>> ratio = cl.disproportionality.shrunken_ratio(count, expected)
    >>> table = pd.DataFrame({"own": ratio.own, "shrunken": ratio.estimate, "low": ratio.low})
    >>> print(table.round(2).to_string())
                own  shrunken   low
    Avon       3.64      1.68  1.10
    Beds       1.43      1.51  1.10
    Cleveland  1.05      1.53  0.86
    Derbys     1.83      1.71  1.34
    Essex      1.29      1.47  1.00

    Avon's 3.6 rests on four events. In the light of the others it is likely to be about as high as
    Derbyshire's.
    """
    method = _validate.option("method", method, METHODS)
    level = _validate.level(level)
    given = {"count": count, "exposure": exposure}
    two = ref_count is not None or ref_exposure is not None
    if two:
        if ref_count is None or ref_exposure is None:
            missing = "ref_count" if ref_count is None else "ref_exposure"
            raise InputError(_validate.sentence(missing, "given with the other of the two", "None"))
        if method == "gamma-poisson":
            rule = "'log-normal' where a reference group is given"
            raise InputError(_validate.sentence("method", rule, repr(method)))
        given |= {"ref_count": ref_count, "ref_exposure": ref_exposure}
    ready = {k: v.compute() if isinstance(v, xr.DataArray) else v for k, v in given.items()}
    inputs = _labels.align(**ready)
    if inputs.kind == "scalar":
        rule = "a series of counts, one an area"
        raise InputTypeError(_validate.sentence("count", rule, "a single number"))
    for name, values in zip(inputs.names, inputs.flat, strict=True):
        test = _validate.exposure if name.endswith("exposure") else _validate.counts
        test(name, values, inputs.where)
    rows = inputs.rows(dim)
    shape = rows[0].shape
    fields = {k: np.full(shape, np.nan) for k in ("estimate", "error", "weight", "towards")}
    fields |= {"low": np.zeros(shape), "high": np.full(shape, np.inf)}
    known = np.zeros(shape[0], dtype=bool)
    for i, parts in enumerate(zip(*rows, strict=True)):
        known[i] = _says_something(parts)
        if known[i]:
            shrink = _by_gamma if method == "gamma-poisson" else _by_normal
            for name, value in shrink(parts, level)._asdict().items():
                fields[name][i] = value
    notes = [NOT_A_CAUSE]
    if not known.all():
        notes.append(Note(NOTHING.code, NOTHING.reasons[0]))
        warn(NOTHING.reasons[0], DegenerateDataWarning)
    with np.errstate(divide="ignore", invalid="ignore"):
        own = rows[0] / rows[1]
        if two:
            own = own / (rows[2] / rows[3])
    codes = np.broadcast_to(np.where(known, 0, 1)[:, None], shape)
    give = {k: inputs.with_dim(v, dim) for k, v in fields.items()}
    return ShrunkenEstimate(
        quantity="shrunken rate ratio" if two else "shrunken ratio of observed to expected",
        estimate=give["estimate"],
        standard_error=give["error"],
        low=give["low"],
        high=give["high"],
        method=method,
        level=level,
        interval_kind="credible",
        interval_method="hierarchical",
        n=inputs.labelled("count"),
        verdict=inputs.with_dim(verdict_array(codes, (OK, NOTHING)), dim),
        notes=tuple(notes),
        references=REFERENCES[method],
        own=inputs.with_dim(own, dim),
        weight=give["weight"],
        towards=give["towards"],
    )


def _says_something(parts: tuple[FloatArray, ...]) -> bool:
    """Whether there are two areas, with events in each group somewhere."""
    seen = parts[0] if len(parts) == 2 else parts[0] + parts[2]
    enough = parts[0].size > 1 and bool((seen > 0).sum() > 1 or len(parts) == 2)
    return enough and all(bool(x.sum() > 0) for x in parts[::2])


def _by_normal(parts: tuple[FloatArray, ...], level: float) -> _Row:
    x, e = parts[:2]
    if len(parts) == 2:
        y, v = np.log((x + 0.5) / e), 1.0 / (x + 0.5)
    else:
        other, f = parts[2:]
        y = np.log((x + 0.5) / e) - np.log((other + 0.5) / f)
        v = 1.0 / (x + 0.5) + 1.0 / (other + 0.5)
    guide = _guide(x, e) if len(parts) == 2 else _guide(x, e, other, f)
    at = normal_shrinkage.grid(y, v)
    if len(parts) == 2:
        likelihood = normal_shrinkage.poisson(x, e, at)
    else:
        likelihood = normal_shrinkage.binomial(x, other, np.log(e) - np.log(f), at)
    found = normal_shrinkage.shrink(likelihood, at, y, v, level, guide)
    estimate = np.exp(found.median)
    return _Row(
        estimate,
        estimate * found.deviation,
        np.exp(found.low),
        np.exp(found.high),
        found.spread**2 / (found.spread**2 + v),
        float(np.exp(found.mean)),
    )


def _guide(
    x: FloatArray, e: FloatArray, y: FloatArray | None = None, f: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Log ratios drawn a little to that of the totals, and variances that add up to its own.

    Where most counts are 0, half an event added to each would put the sums far from the data.
    """
    if y is None or f is None:
        common = x.sum() / e.sum()
        return np.log((x + 0.5) / (e + 0.5 / common)), 2.0 / (x + common * e)
    number, log_odds = x + y, np.log(e) - np.log(f)
    common = float(np.log(x.sum() / e.sum()) - np.log(y.sum() / f.sum()))
    for _ in range(STEPS):  # towards the one ratio of greatest likelihood
        share = expit(log_odds + common)
        step = (x.sum() - number @ share) / (number @ (share * (1.0 - share)))
        common += float(np.clip(step, -1.0, 1.0))
    share = expit(log_odds + common)
    guess = np.log(x + share) - np.log(y + 1.0 - share) - log_odds
    seen = (x + share) * (y + 1.0 - share) / (number + 1.0)
    expected = number * share * (1.0 - share)
    return guess, 2.0 / np.maximum(np.minimum(seen, number) + expected, 1e-3)


def _by_gamma(parts: tuple[FloatArray, ...], level: float) -> _Row:
    x, e = parts
    typical = float(np.median(e) * x.sum() / e.sum())
    nodes = two_level_posterior.nodes(gamma_poisson.FAMILY, x, e, typical)
    shape, rate = np.exp(-nodes.b), np.exp(-nodes.b - nodes.a)
    one, other = x[:, None] + shape, e[:, None] + rate
    mean, variance = conjugate.moments(conjugate.GAMMA, one, other, nodes.weight)
    low, high = (
        conjugate.quantile(conjugate.GAMMA, one, other, nodes.weight, share)
        for share in ((1.0 - level) / 2.0, (1.0 + level) / 2.0)
    )
    weight = (e[:, None] / other) @ nodes.weight
    best = two_level.fit(gamma_poisson.FAMILY, x[None], e[None])
    return _Row(mean, np.sqrt(variance), low, high, weight, float(np.exp(best.a[0])))
