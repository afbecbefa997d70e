"""Does a series change at one place, and where? Pettitt, likelihood ratio, SNHT, Buishand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc

from countylines import _validate, resampling
from countylines._kernels import change_statistics as kernels
from countylines._typing import RNG, ArrayLike
from countylines.errors import ApproximationWarning, DegenerateDataWarning, InputError, warn
from countylines.localisation import _change_data, _pelt, _series
from countylines.localisation._change_data import FEWEST, Given, Series
from countylines.results import OK, Estimate, Note, TestResult, Verdict, verdict_array

FloatArray = NDArray[np.float64]

METHODS = ("pettitt", "poisson", "binomial", "snht", "buishand", "pelt")
PVALUES = ("auto", "exact", "monte-carlo")
TOO_SCATTERED = 0.05
VERDICTS = (OK, Verdict(False, "no-data", (f"A change needs {FEWEST} values.",)))
OUTPUTS = ["statistic", "pvalue", "time", "low", "high", "before", "after", "n", "verdict"]
DTYPES = {"n": np.int64, "verdict": object}
REFERENCES = {
    "pettitt": ("pettitt1979",),
    "poisson": ("worsley1986",),
    "binomial": ("worsley1983",),
    "snht": ("alexandersson1986",),
    "buishand": ("buishand1982",),
}


def change_point(
    x: ArrayLike,
    *,
    total: ArrayLike | None = None,
    exposure: ArrayLike | None = None,
    time: ArrayLike | None = None,
    dim: Any = None,
    method: str = "pettitt",
    pvalue: str = "auto",
    penalty: float | None = None,
    level: float = 0.95,
    replicates: int = 1999,
    rng: RNG = None,
) -> TestResult:
    r"""Test whether a series changes at one unknown place, and say where it may be.

    It answers: is there a period after which values, rates or shares differ from those before? It
    does not say why: a new definition, better recording and a true change look the same. A steady
    slope also makes it significant, somewhere in the middle.

    Parameters
    ----------
    x : array_like
        The series, in the order of time: a Series, an array, the columns of a DataFrame, or a
        DataArray; counts for ``"poisson"`` and ``"binomial"``. nan is a missing value and is left
        out of its series; its place in time is kept.
    total : array_like or None, optional
        For ``"binomial"``: all cases of each period; as `x`, or broadcasting against it.
    exposure : array_like or None, optional
        For ``"poisson"``: exposure (people, effort, days) of each period; as `x`, or broadcasting
        against it. None: equal.
    time : array_like or None, optional
        Times of the places, increasing. None: 0, 1, 2, ...
    dim : str, int or None, optional
        The dimension of time: a name for a DataArray, an axis number otherwise. A DataFrame is
        reduced over its index. Each series is tested by itself, with the same random numbers.
    method : {"pettitt", "poisson", "binomial", "snht", "buishand", "pelt"}, default "pettitt"
        Ranks; rates of counts; shares; means (standard normal homogeneity test); the range of the
        cumulative deviations. ``"pelt"`` looks for any number of changes of the mean and tests
        none; it needs the package ruptures (the extra ``change-points``).
    pvalue : {"auto", "exact", "monte-carlo"}, default "auto"
        How the p-value is found. ``"auto"``: exact where it is quick.
    penalty : float or None, optional
        For ``"pelt"``: by how much the sum of squared deviations must fall for one change more.
        None: three times the variance times the log of the number of values.
    level : float, default 0.95
        Level of the limits of the place.
    replicates : int, default 1999
        Random series, for the limits and for a Monte Carlo p-value.
    rng : int, Generator, SeedSequence or None, optional
        Source of their randomness.

    Returns
    -------
    TestResult
        ``effect`` is the time of the last period before the change with the limits of the places
        that are not rejected; ``table`` has n and the mean, rate or share before and after. For
        ``"pelt"`` the statistic is the number of changes, ``table`` has a row for each segment, and
        the p-value is nan. For several series statistic, p-value and effect are labelled as they
        are, and ``table`` has a row for each (``"pelt"``: for each of its segments).

    Raises
    ------
    InputError
        If a lone series has fewer than three values, a value is infinite or no count, an option
        does not belong to the method, an exact p-value is asked for too long a series, or `x` waits
        for dask.
    MissingExtraError
        If ``"pelt"`` is asked for and ruptures is not installed.
    LabelMismatchError
        If `time`, `total` or `exposure` do not fit `x`.

    Warns
    -----
    DegenerateDataWarning
        If nothing varies (p-value 1), or one of several series has fewer than three values (p-value
        nan).
    ApproximationWarning
        If counts scatter about the fitted step more than Poisson or binomial ones do: the
        Pearson statistic of the fitted step is beyond the 95th percentile of chi-squared with
        :math:`n - 2` degrees of freedom. The p-value is then too small.

    See Also
    --------
    mann_kendall : a trend rather than a step.
    localisation_odds_ratio : a change at a place that is known.

    Notes
    -----
    The statistic is the largest over places :math:`k = 1, \dots, n - 1` of

    - Pettitt: :math:`|U_k| = |2 \sum_{i \le k} R_i - k (n + 1)|`, ties sharing ranks;
    - SNHT: :math:`k \bar z_{1..k}^2 + (n - k) \bar z_{k+1..n}^2` of values in standard units;
    - Poisson and binomial: twice the log of the likelihood ratio of two rates (shares) to one.

    Buishand's is the range of :math:`S_k = \sum_{i \le k} (x_i - \bar x)` with :math:`S_0 = 0` over
    :math:`s \sqrt n`, :math:`s` with divisor :math:`n`.

    P-values are those of the maximum, not of a place known beforehand. For Pettitt and SNHT all
    orders of the values are equally likely, and all are counted up to 15 values. For counts the
    distribution given the total is exact too: it has no unknown rate in it. The formula
    :math:`2 \exp(-6 U^2 / (n^3 + n^2))` in common use for Pettitt is far too large for short series
    (0.14 for 0.029 with 8 values) and is not used.

    A place is within the limits unless a change there is rejected. Given a change after place
    :math:`\tau`, values on each side are in random order (counts: dealt at random given the totals
    of both sides); the statistic is the largest minus that at :math:`\tau`. The limits are the
    first and the last place kept. They suppose that there is one change.

    Assumptions that fail in practice: one step and nothing else, counts that are Poisson or
    binomial (over-dispersed ones reject too often: a note says where they scatter too much, and
    ``"pettitt"`` does not mind), and periods that do not resemble their neighbours. That
    note is seldom wrong (1 to 3 % of Poisson series of 8) but its absence proves little: it speaks
    in 9 to 21 % of series of 8 counts with twice the variance.

    Simulated with 8 counts of mean 25 and twice the Poisson variance, ``"poisson"`` rejects 27 % of
    series without a change at a nominal 5 %, Pettitt's test 2 %; a doubling halfway is found in
    71 % by Pettitt's. Buishand's range is that of every rotation of a series, so that 8 values
    are hardly ever rejected. The page on validation has the table.

    References
    ----------
    .. [1] Pettitt, A. N. (1979). A non-parametric approach to the change-point problem. *Journal of
       the Royal Statistical Society C* 28, 126-135. https://doi.org/10.2307/2346729
    .. [2] Worsley, K. J. (1986). Confidence regions and tests for a change-point in a sequence of
       exponential family random variables. *Biometrika* 73, 91-104.
       https://doi.org/10.1093/biomet/73.1.91
    .. [3] Worsley, K. J. (1983). The power of likelihood ratio and cumulative sum tests for a
       change in a binomial probability. *Biometrika* 70, 455-464.
       https://doi.org/10.1093/biomet/70.2.455
    .. [4] Alexandersson, H. (1986). A homogeneity test applied to precipitation data. *Journal of
       Climatology* 6, 661-675. https://doi.org/10.1002/joc.3370060607
    .. [5] Buishand, T. A. (1982). Some methods for testing the homogeneity of rainfall records.
       *Journal of Hydrology* 58, 11-27. https://doi.org/10.1016/0022-1694(82)90066-X
    .. [6] Killick, R., Fearnhead, P., & Eckley, I. A. (2012). Optimal detection of changepoints
       with a linear computational cost. *Journal of the American Statistical Association* 107,
       1590-1598. https://doi.org/10.1080/01621459.2012.737745

    Examples
    --------
    *Made-up* internal lines of a force by half-year, whose recording changed after 2021.5:

    >>> import numpy as np
    >>> lines = [4, 6, 3, 5, 6, 4, 12, 9, 13, 11]
    >>> halves = np.arange(2019.0, 2024.0, 0.5)
    >>> found = cl.localisation.change_point(lines, time=halves, method="poisson", rng=1)
    >>> print(f"p = {found.pvalue:.4f}, after {found.effect.estimate}")
    p = 0.0022, after 2021.5
    >>> print(found.table["rate"].round(2).tolist())
    [4.67, 11.25]

    The rate more than doubles after the second half of 2021, and chance makes so large a step
    anywhere in about one of 450 such series; whether lines or their recording changed, it cannot
    tell.
    """
    method = _validate.option("method", method, METHODS)
    pvalue = _validate.option("pvalue", pvalue, PVALUES)
    level = _validate.level(level)
    if penalty is not None and method != "pelt":
        raise InputError(_validate.sentence("penalty", "left out unless method is 'pelt'", penalty))
    given = _change_data.inputs(x, total, exposure, time, dim, method)
    if method == "pelt":
        return _pelt.search(given, penalty)
    seed = _validate.seed(rng)
    found = [
        None if data is None else _one(data, method, pvalue, level, replicates, seed)
        for data in given.data
    ]
    notes = given.missing() + _notes(found, method)
    hows = [one.how for one in found if one is not None]
    how = "exact" if set(hows) == {"exact"} else "monte-carlo"
    if len(set(hows)) > 1:
        text = f"P-values are exact in {hows.count('exact')} of {len(hows)} series, else sampled."
        notes.append(Note("mixed-pvalues", text))
    out: dict[str, Any]
    if given.several:
        out = _labelled(given, found)
        table = _series.table(out, tuple(OUTPUTS[:-1]))
    else:
        (data,), (one,) = given.data, found
        assert data is not None  # a lone short series was refused
        assert one is not None
        out = {**dict(zip(OUTPUTS, one.values, strict=False)), "n": len(data.values), "verdict": OK}
        table = _table(data, method, one.best)
    return TestResult(
        statistic=out["statistic"],
        pvalue=out["pvalue"],
        alternative="two-sided",
        null_hypothesis="No period is followed by another level: no change.",
        method=f"change point, {method}, {how}",
        effect=Estimate(
            quantity="last time before the change",
            estimate=out["time"],
            low=out["low"],
            high=out["high"],
            method=method,
            level=level,
            interval_method="places not rejected",
            n=out["n"],
            verdict=out["verdict"],
            notes=tuple(notes),
            references=REFERENCES[method],
        ),
        table=table,
        n=out["n"],
        notes=tuple(notes),
        references=REFERENCES[method],
    )


@dataclass(frozen=True)
class _Found:
    """What the test of one series says."""

    values: tuple[float, ...]  # as OUTPUTS, up to the level after the change
    best: int
    flat: bool
    how: str
    dispersion: float
    scattered: bool


def _one(
    data: Series, method: str, pvalue: str, level: float, replicates: int, seed: int
) -> _Found:
    path = _statistics(data, data.values[None], method)
    best = int(np.argmax(path[0]))
    statistic = float(_largest(data, data.values[None], method, path)[0])
    flat = bool(path.max() <= kernels.CLOSE)
    how = _how(data, method, pvalue)
    generator = np.random.default_rng(seed)
    if flat:
        p = 1.0
    elif how == "exact":
        p = _exact(data, method, float(path.max()))
    else:
        drawn = _draw(data, method, (len(data.values),), generator, replicates)
        reached = _largest(data, drawn, method, _statistics(data, drawn, method))
        p = resampling.permutation_pvalue(reached, statistic, alternative="greater")
    kept = _kept(data, method, path[0], level, replicates, generator)
    sides = _table(data, method, best).iloc[:, 1]
    places = (data.times[best], data.times[kept[0]], data.times[kept[-1]])
    values = (statistic, p, *map(float, (*places, *sides)))
    return _Found(values, best, flat, how, *_scatter(data, method, sides.to_numpy(), best))


def _scatter(data: Series, method: str, sides: FloatArray, best: int) -> tuple[float, bool]:
    """Pearson's dispersion of counts about the fitted step, and whether it is clearly above 1."""
    n = len(data.values)
    if method not in ("poisson", "binomial"):
        return np.nan, False
    share = np.where(np.arange(n) <= best, sides[0], sides[1])
    mean = data.weights * share
    variance = mean * (1.0 - share) if method == "binomial" else mean
    varies = variance > 0.0
    pearson = float(((data.given - mean)[varies] ** 2 / variance[varies]).sum())
    return pearson / (n - 2), bool(chdtrc(n - 2, pearson) < TOO_SCATTERED)


def _notes(found: list[_Found | None], method: str) -> list[Note]:
    """What is odd, as notes and warnings."""
    known = [one for one in found if one is not None]
    total, notes = len(found), []
    if len(known) < total:
        short = total - len(known)
        text = f"{short} of {total} series have fewer than {FEWEST} values: they are not tested."
        notes.append(Note("too-few-values", text))
        warn(text, DegenerateDataWarning)
    flat = sum(one.flat for one in known)
    if flat:
        where = "" if total == 1 else f" in {flat} of {total} series"
        text = f"Nothing varies{where}: there is no change to be placed."
        notes.append(Note("constant-series", text))
        warn(text, DegenerateDataWarning)
    scattered = [one.dispersion for one in known if one.scattered]
    if scattered:
        where = "" if total == 1 else f" in {len(scattered)} of {total} series"
        most = "" if len(scattered) == 1 else "up to "
        text = (
            f"About the fitted step the variance{where} is {most}{max(scattered):.1f} times that "
            f"of {method} counts: more than chance makes. The p-value is too small and the limits "
            "too narrow if counts are over-dispersed; use method='pettitt', or step_or_slope."
        )
        notes.append(Note("over-dispersed", text))
        warn(text, ApproximationWarning)
    return notes


def _labelled(given: Given, found: list[_Found | None]) -> dict[str, Any]:
    """One value a series, labelled as the series are."""
    code = np.array([one is None for one in found], dtype=np.intp)
    part = np.full((len(OUTPUTS) - 2, len(found)), np.nan)
    for i, one in enumerate(found):
        if one is not None:
            part[:, i] = one.values

    def kernel(x: FloatArray, _: FloatArray) -> tuple[NDArray[Any], ...]:
        return *part, (~np.isnan(x)).sum(axis=1), verdict_array(code, VERDICTS)

    return given.inputs.reduce(kernel, dim=given.dim, outputs=OUTPUTS, dtypes=DTYPES)


def _statistics(data: Series, rows: FloatArray, method: str) -> FloatArray:
    """The statistic at each place of each row: (rows, n - 1)."""
    n = rows.shape[1]
    sums = np.cumsum(rows, axis=1)[:, :-1]
    place = np.arange(1.0, n)
    before = np.cumsum(data.weights)[:-1]
    if method == "poisson":
        return kernels.poisson(sums, float(data.given.sum()), before / data.weights.sum())
    if method == "binomial":
        every = float(data.weights.sum())
        return kernels.binomial(sums, float(data.given.sum()), before, every)
    if method == "buishand":
        deviations: FloatArray = np.abs(sums) / np.sqrt(n)
        return deviations
    return _PLAIN[method](sums, place, n)


_PLAIN: dict[str, Callable[..., FloatArray]] = {"pettitt": kernels.pettitt, "snht": kernels.snht}


def _largest(data: Series, rows: FloatArray, method: str, path: FloatArray) -> FloatArray:
    if method != "buishand":
        largest: FloatArray = path.max(axis=1)
        return largest
    sums = np.cumsum(rows, axis=1)[:, :-1] / np.sqrt(rows.shape[1])
    span: FloatArray = np.maximum(sums.max(axis=1), 0.0) - np.minimum(sums.min(axis=1), 0.0)
    return span


def _how(data: Series, method: str, pvalue: str) -> str:
    n = len(data.values)
    if method in ("poisson", "binomial"):
        most = kernels.MOST_WORK if pvalue == "exact" else kernels.QUICK_WORK
        able = n * (data.given.sum() + 1.0) ** 2 <= most
        rule = "'monte-carlo' for so many events"
    else:
        able = n <= kernels.MOST_VALUES and method != "buishand"
        rule = f"'monte-carlo' for more than {kernels.MOST_VALUES} values, and for Buishand's test"
    if pvalue == "exact" and not able:
        raise InputError(_validate.sentence("pvalue", rule, f"'exact' with {n} values"))
    return "exact" if able and pvalue != "monte-carlo" else "monte-carlo"


def _exact(data: Series, method: str, bound: float) -> float:
    if method in _PLAIN:
        return kernels.orders_reaching(data.values, _PLAIN[method], bound)
    total, every = float(data.given.sum()), float(data.weights.sum())
    before = np.cumsum(data.weights)

    def statistic(k: int, first: FloatArray) -> FloatArray:
        if method == "poisson":
            return kernels.poisson(first, total, np.asarray(before[k - 1] / every))
        # counts that the cases do not allow have no chance, and need no statistic
        cases = before[k - 1]
        inside = np.clip(first, max(0.0, total - (every - cases)), min(cases, total))
        return kernels.binomial(inside, total, np.asarray(cases), every)

    return kernels.counts_reaching(
        int(total), data.weights, statistic, bound, finite=method == "binomial"
    )


def _draw(
    data: Series,
    method: str,
    sizes: tuple[int, ...],
    generator: np.random.Generator,
    replicates: int,
) -> FloatArray:
    """Series drawn within segments of these sizes, given what each holds."""
    drawn = np.empty((replicates, len(data.values)))
    ends = np.cumsum(sizes)
    for size, end in zip(sizes, ends, strict=True):
        here = slice(end - size, end)
        if method == "poisson":
            share = data.weights[here] / data.weights[here].sum()
            part = generator.multinomial(int(data.given[here].sum()), share, replicates)
        elif method == "binomial":
            cases = data.weights[here].astype(np.int64)
            part = generator.multivariate_hypergeometric(
                cases, int(data.given[here].sum()), replicates, method="marginals"
            )
        else:
            part = generator.permuted(np.tile(data.values[here], (replicates, 1)), axis=1)
        drawn[:, here] = part
    return drawn


def _kept(
    data: Series,
    method: str,
    path: FloatArray,
    level: float,
    replicates: int,
    generator: np.random.Generator,
) -> NDArray[np.int64]:
    """Places at which a change is not rejected."""
    n = len(data.values)
    kept = []
    for i in range(n - 1):
        drawn = _draw(data, method, (i + 1, n - i - 1), generator, replicates)
        paths = _statistics(data, drawn, method)
        lead = paths.max(axis=1) - paths[:, i]
        observed = float(path.max() - path[i])
        if resampling.permutation_pvalue(lead, observed, alternative="greater") > 1.0 - level:
            kept.append(i)
    return np.array(kept)


def _table(data: Series, method: str, best: int) -> pd.DataFrame:
    parts = [slice(0, best + 1), slice(best + 1, None)]
    name = {"poisson": "rate", "binomial": "share"}.get(method, "mean")
    level = [data.given[p].sum() / data.weights[p].sum() for p in parts]
    size = [len(data.given[p]) for p in parts]
    return pd.DataFrame({"n": size, name: level}, index=["before", "after"])
