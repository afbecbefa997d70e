"""Does an index of flows rise or fall from period to period?"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _validate, resampling
from countylines._kernels import concentration, random_tables
from countylines._typing import RNG, Alternative
from countylines.errors import DegenerateDataWarning, InputError, warn
from countylines.localisation import _distances, _periods
from countylines.localisation.flows import LineFlows
from countylines.results import OK, Estimate, Note, TestResult, Verdict

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

INDICES = ("internal-share", "mean-distance", *concentration.INDICES)
MARGINS = ("lines", "origin", "destination")
WEIGHTS = ("lines", "equal")
REFERENCES = ("phipson2010",)
CELLS = 4_000_000  # counts held at once
ROUNDING = 1e-12  # of the terms of a slope
NO_TREND = Verdict(False, "no-data", ("Fewer than two periods have lines: there is no trend.",))


def flow_trend(
    flows: LineFlows,
    index: str = "internal-share",
    *,
    of: str = "destination",
    distances: Any = None,
    include_internal: bool = True,
    intrazonal: Any = None,
    times: Any = None,
    weights: str = "lines",
    margins: str = "lines",
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    replicates: int = 1999,
    rng: RNG = None,
) -> TestResult:
    r"""Trend of an index of flows over periods, tested by shuffling periods over lines.

    It answers: does the index rise or fall, beyond what chance makes of so many lines a period? It
    is a trend among *detected* lines. With `margins` it can be asked within origins: an internal
    share that rises because the lines of large forces are found more often is then no trend.

    Parameters
    ----------
    flows : LineFlows
        Lines by origin, destination and period.
    index : str, default "internal-share"
        ``"internal-share"``, ``"mean-distance"``, ``"entropy"``, ``"gini"``, ``"hhi"`` or
        ``"theil"``, as the methods of :class:`LineFlows`.
    of : {"destination", "origin"}, default "destination"
        Over which places concentration is measured.
    distances : DataFrame, DataArray, Series or array_like, optional
        For ``"mean-distance"``.
    include_internal : bool, default True
        Whether internal lines count.
    intrazonal : None, "half-nearest", Series, array or number, optional
        For ``"mean-distance"``: how far internal lines run.
    times : array_like or None, optional
        A number a period; the labels themselves if they are numbers, else 0, 1, 2, ...
    weights : {"lines", "equal"}, default "lines"
        Whether a period weighs as many as it has lines.
    margins : {"lines", "origin", "destination"}, default "lines"
        Among which lines periods are shuffled: all, those of the same origin, or of the same
        destination. The number of lines of a period, and of an origin in it, are kept.
    level : float, default 0.95
        Confidence level of the slope.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the test and of the interval.
    replicates : int, default 1999
        Of the permutation and of the bootstrap.
    rng : int, Generator, SeedSequence or None, optional
        Source of randomness.

    Returns
    -------
    TestResult
        ``effect`` is the slope per unit of time with bootstrap limits; ``table`` holds the index
        and the lines of every period.

    Raises
    ------
    InputError
        If an option is unknown, distances are missing, or there is one period only.

    Warns
    -----
    DegenerateDataWarning
        If fewer than two periods have lines.

    See Also
    --------
    mantel_trend : a trend of shares within strata without replicates.
    mann_kendall : a trend of the index as a series, which vouches for changes between periods.

    Notes
    -----
    The slope is that of weighted least squares. Two periods give a change, not a trend. Limits are
    those of the basic bootstrap of lines within periods, which removes most of the bias that few
    lines give an index of concentration. The p-value shuffles the labels of periods and is exact
    but for the number of replicates, so p-value and limits need not agree to the last digit.

    Assumptions that fail in practice: lines are found independently of one another. An operation
    that finds ten lines at once makes the interval too short, and so do years that differ by more
    than chance without a trend. A change of detection that differs by type is a trend here.

    References
    ----------
    .. [1] Phipson, B. and Smyth, G. K. (2010). Permutation p-values should never be zero.
       *Statistical Applications in Genetics and Molecular Biology* 9, 39.
       https://doi.org/10.2202/1544-6115.1585

    Examples
    --------
    *Made-up* lines of a city and a shire; in the second year more of the shire's are found:

    >>> table = [[[40, 60], [9, 41]], [[40, 60], [27, 123]]]
    >>> flows = cl.localisation.LineFlows(table, periods=[2023, 2024])
    >>> for margins in ("lines", "origin"):
    ...     found = cl.localisation.flow_trend(flows, margins=margins, rng=1)
    ...     print(f"{margins}: {found.statistic:+.3f} a year, p = {found.pvalue:.2f}")
    lines: +0.112 a year, p = 0.03
    origin: +0.112 a year, p = 1.00

    The share rises by 11 points, all of it because more lines of the shire are known.
    """
    _periods.check_flows(flows)
    index = _validate.option("index", index, INDICES)
    of = _validate.option("of", of, ("destination", "origin"))
    weights = _validate.option("weights", weights, WEIGHTS)
    margins = _validate.option("margins", margins, MARGINS)
    level = _validate.level(level)
    _validate.alternative(alternative)
    replicates = _validate.whole_number("replicates", replicates, low=99)
    seeds = _validate.generator(rng).spawn(2)
    when, notes = _periods.times(times, flows.periods)
    include = _validate.flag("include_internal", include_internal)
    category, worth, function = _index(flows, index, of, distances, include, intrazonal)
    counts = _tables(flows, category, len(worth), margins, include)
    together = counts.sum(axis=0)
    n = together.sum(axis=1)
    slope = functools.partial(
        _slope, function=function, when=when, weight=n if weights == "lines" else 1.0 * (n > 0)
    )
    series = np.where(n > 0, function(together.astype(np.float64)), np.nan)
    table = pd.DataFrame({"index": series, "lines": n}, index=flows.periods)
    notes += flows._notes()
    known = int((n > 0).sum()) > 1 and np.unique(when[n > 0]).size > 1
    if known:
        statistic = float(slope(together[None])[0])
        rounding = ROUNDING * _scale(series, when, n, weights)
        statistic = 0.0 if abs(statistic) <= rounding else statistic
        block = max(1, CELLS // together.size)
        shuffled = resampling.replicate(
            functools.partial(_draw, random_tables.permuted, counts, slope, block),
            replicates=replicates,
            rng=seeds[0],
        )
        pvalue = resampling.permutation_pvalue(
            np.where(np.abs(shuffled - statistic) <= rounding, statistic, shuffled),
            statistic,
            alternative=alternative,
        )
        drawn = resampling.replicate(
            functools.partial(_draw, random_tables.resampled, together, slope, block),
            replicates=replicates,
            rng=seeds[1],
        )
        limits = resampling.interval(
            drawn, statistic, level=level, kind="basic", alternative=alternative
        )
        low, high, error = limits.low, limits.high, float(drawn.std(ddof=1))
        if np.ptp(shuffled) <= rounding:
            among = "all lines" if margins == "lines" else f"lines of the same {margins}"
            text = f"Shuffled among {among}, the index does not change: the test cannot reject."
            notes += (Note("fixed", text),)
        if np.ptp(drawn) <= rounding:
            low, high, error = -np.inf, np.inf, np.nan
            text = "Drawn again, lines give the same slope: there are no limits to it."
            notes += (Note("no-spread", text),)
    else:
        statistic, pvalue, low, high, error = np.nan, 1.0, -np.inf, np.inf, np.nan
        notes += (Note("no-data", NO_TREND.reasons[0]),)
        warn(NO_TREND.reasons[0], DegenerateDataWarning)
    within = "" if margins == "lines" else f" within each {margins}"
    effect = Estimate(
        quantity=f"slope of the {index} per unit of time",
        estimate=statistic,
        low=low,
        high=high,
        standard_error=error,
        method="least-squares",
        level=level,
        interval_method="basic bootstrap of lines",
        alternative=alternative,
        n=int(n.sum()),
        verdict=OK if known else NO_TREND,
        notes=notes,
        references=REFERENCES,
    )
    return TestResult(
        statistic=statistic,
        pvalue=pvalue,
        alternative=alternative,
        null_hypothesis=f"Where lines go does not change with the period{within}.",
        method=f"permutation of periods over lines{within}",
        effect=effect,
        table=table,
        n=int(n.sum()),
        notes=notes,
        references=REFERENCES,
    )


def _index(
    flows: LineFlows, index: str, of: str, distances: Any, include: bool, intrazonal: Any
) -> tuple[IntArray, FloatArray, Callable[[FloatArray], FloatArray]]:
    """The category of each stored pair, a value a category, and the index of their counts."""
    parts = flows._parts
    if index != "mean-distance" and (distances is not None or intrazonal is not None):
        got = f"given with index={index!r}"
        raise InputError(_validate.sentence("distances", "None", got))
    if index == "internal-share":
        if not include:
            got = "False with index='internal-share'"
            raise InputError(_validate.sentence("include_internal", "True", got))
        worth = np.array([0.0, 1.0])
        return (parts.origin == parts.destination).astype(np.int64), worth, _mean_of(worth)
    if index == "mean-distance":
        if distances is None:
            got = "None with index='mean-distance'"
            raise InputError(_validate.sentence("distances", "given", got))
        apart = _distances.between(distances, flows.areas)
        own = _distances.within(intrazonal, apart, flows.areas) if include else 0.0
        np.fill_diagonal(apart, own)
        worth, category = np.unique(apart[parts.origin, parts.destination], return_inverse=True)
        return category.astype(np.int64), worth, _mean_of(worth)
    place = parts.origin if of == "origin" else parts.destination
    return place, np.zeros(len(flows.areas)), concentration.INDICES[index]


def _mean_of(worth: FloatArray) -> Callable[[FloatArray], FloatArray]:
    return functools.partial(_mean, worth=worth)


def _mean(counts: FloatArray, *, worth: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore"):
        mean: FloatArray = counts @ worth / counts.sum(axis=-1)
    return mean


def _tables(
    flows: LineFlows, category: IntArray, width: int, margins: str, include: bool
) -> IntArray:
    """Lines by stratum, period and category."""
    parts, (periods, size) = flows._parts, flows._shape
    stratum = {
        "lines": np.zeros_like(parts.origin),
        "origin": parts.origin,
        "destination": parts.destination,
    }[margins]
    tables = np.zeros((1 if margins == "lines" else size, periods, width), dtype=np.int64)
    kept = include | (parts.origin != parts.destination)
    np.add.at(tables, (stratum[kept], parts.period[kept], category[kept]), parts.lines[kept])
    return tables


def _draw(
    random: Callable[..., IntArray],
    counts: IntArray,
    slope: Callable[[IntArray], FloatArray],
    block: int,
    generator: np.random.Generator,
    size: int,
) -> FloatArray:
    """Slopes of `size` random tables, no more than `block` held at once."""
    starts = range(0, size, block)
    return np.concatenate(
        [slope(random(generator, min(block, size - start), counts)) for start in starts]
    )


def _slope(
    counts: IntArray,
    *,
    function: Callable[[FloatArray], FloatArray],
    when: FloatArray,
    weight: FloatArray,
) -> FloatArray:
    """Weighted least squares over the periods that have lines."""
    used = weight > 0
    values = function(counts[:, used].astype(np.float64))
    time = when[used] - np.average(when[used], weights=weight[used])
    pull = weight[used] * time
    slope: FloatArray = values @ pull / (pull @ time)
    return slope


def _scale(series: FloatArray, when: FloatArray, n: IntArray, weights: str) -> float:
    """Size of the terms that a slope is the sum of: its rounding error is a small part of it."""
    used = n > 0
    weight = n[used] if weights == "lines" else np.ones(int(used.sum()))
    time = when[used] - np.average(when[used], weights=weight)
    return float(np.abs(series[used]).max() * (weight @ np.abs(time)) / (weight @ np.square(time)))
