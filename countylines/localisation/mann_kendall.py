"""Does a series rise or fall from period to period? The Mann-Kendall test."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _validate, resampling
from countylines._kernels import adjusted_mann_kendall, kendall_score
from countylines._kernels import mann_kendall as kernels
from countylines._typing import RNG, Alternative, ArrayLike, Progress
from countylines.errors import ApproximationWarning, InputError, warn
from countylines.localisation import _series
from countylines.localisation.sens_slope import exact_rows
from countylines.results import OK, Estimate, Note, TestResult, Verdict, verdict_array

FloatArray = NDArray[np.float64]

METHODS = tuple(adjusted_mann_kendall.METHODS)
SERIAL = ("hamed-rao", "yue-wang", "prewhiten", "trend-free-prewhiten", "block-bootstrap")
REFERENCES = {
    "hamed-rao": ("hamed1998",),
    "yue-wang": ("yue2004",),
    "prewhiten": ("kulkarni1995",),
    "trend-free-prewhiten": ("yue2002",),
    "block-bootstrap": ("kundzewicz2004",),
}
FEWEST = 2
VERDICTS = (OK, Verdict(False, "no-data", ("A trend needs two values.",)))
OUTPUTS = ["score", "pvalue", "variance", "tau", "slope", "low", "high", "n", "verdict", "tested"]
DTYPES = {"n": np.int64, "verdict": object}


def mann_kendall(
    x: ArrayLike,
    *,
    time: ArrayLike | None = None,
    dim: Any = None,
    method: str = "auto",
    lags: int | str | None = None,
    block_length: int | None = None,
    replicates: int = 2000,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    rng: RNG = None,
    progress: Progress = False,
) -> TestResult:
    r"""Test whether a series rises or falls, by counting the pairs that do.

    It answers: is the later value larger than the earlier one in more pairs than chance would make?
    It does not say by how much (the slope beside it does), nor why: counts rise with recording and
    detection as with what is counted. Two periods make a change, not a trend.

    Parameters
    ----------
    x : array_like
        The series, in the order of time: a Series, an array, the columns of a DataFrame, or a
        DataArray. nan is a missing value; its place in time is kept.
    time : array_like or None, optional
        Times of the places, increasing; they matter for the slope, not for the score. None: 0, 1,
        2, ...
    dim : str, int or None, optional
        The dimension of time: a name for a DataArray, an axis number otherwise. A DataFrame is
        reduced over its index.
    method : str, default "auto"
        ``"original"``: normal, corrected for ties and continuity. ``"exact"``: every order of the
        values equally likely, ties included. ``"auto"``: exact up to 10 values, else original. For
        series that resemble themselves: ``"hamed-rao"``, ``"yue-wang"`` (another variance),
        ``"prewhiten"``, ``"trend-free-prewhiten"`` (another series), ``"block-bootstrap"``
        (another distribution). These need evenly spaced times.
    lags : int, "all", "ar1" or None, optional
        For ``"hamed-rao"`` and ``"yue-wang"``: how many lags. None means all; ``"ar1"``, for
        ``"yue-wang"`` alone, takes them from the first as if each value depended on the one before.
    block_length : int or None, optional
        For ``"block-bootstrap"``: length of the blocks. None: the cube root of the length, up.
    replicates : int, default 2000
        For ``"block-bootstrap"``.
    level : float, default 0.95
        Level of the limits of the slope.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        ``"greater"`` asks whether the series rises.
    rng : int, Generator, SeedSequence or None, optional
        Source of randomness, for ``"block-bootstrap"``.
    progress : bool or callable, default False
        Shows the progress of ``"block-bootstrap"``.

    Returns
    -------
    TestResult
        ``statistic`` is the score: pairs that rise less pairs that fall. ``effect`` is Sen's slope
        with the limits of the same test. ``table`` has the score, its variance, Kendall's tau-b and
        n for every series (None for arrays that wait for dask).

    Raises
    ------
    InputError
        If a value is infinite, `time` does not increase, an option does not belong to the method,
        or times are uneven for a method that needs even ones.
    LabelMismatchError
        If `time` does not fit `x`.

    Warns
    -----
    DegenerateDataWarning
        If a series is constant (p-value 1) or has fewer than two values (p-value nan).
    ApproximationWarning
        If a variance corrected for serial dependence is not positive: there is no p-value then.

    See Also
    --------
    sens_slope : the slope alone.
    localisation_odds_ratio : two periods.

    Notes
    -----
    .. math:: S = \sum_{i < j} \operatorname{sign}(x_j - x_i), \qquad
              p_{\text{greater}} = P(S^* \ge S)

    with :math:`S^*` the score of the values in random order. Its exact distribution given ties of
    sizes :math:`t` comes from the q-multinomial coefficient; the normal one is
    :math:`\Phi(-(S - 1)/\sigma)` with the variance in :func:`sens_slope`. The two-sided p-value is
    twice the smaller side, at most 1. Ties at a slope of 0 count as neither rise nor fall here and
    against rejecting it in the limits of the slope, which may then touch 0 where the test rejects.

    *Hamed and Rao* [2]_ multiply :math:`\sigma^2` by
    :math:`1 + \frac{2}{n(n-1)(n-2)} \sum_k (n-k)(n-k-1)(n-k-2) r_k`, where :math:`r_k` is the
    autocorrelation at lag :math:`k` of the ranks of the series less its Sen slope, if significant
    at 5 %. *Yue and Wang* [3]_ multiply by :math:`1 + 2 \sum_k (1 - k/n) r_k` with the
    autocorrelations of the values. A sum over many lags can be negative; there is no p-value then.
    *Prewhiten* tests :math:`x_t - r_1 x_{t-1}`: it takes part of a trend away with the dependence.
    *Trend-free* prewhitening [4]_ takes the slope away first and puts it back. The *block
    bootstrap* [5]_ puts series together from blocks of neighbours; the limits of the slope use the
    variance of its scores.

    Simulated at a nominal 5 % with 20 values, each 0.6 times the one before plus noise, the
    original test rejects 27 % of series without a trend, Hamed and Rao's as many, trend-free
    prewhitening 30 %, Yue and Wang's with ``lags="ar1"`` 14 %, the block bootstrap 18 %, and
    prewhitening 5 %, which also finds fewer of the trends that are there. Yue and Wang's sum over
    all lags is nearly -1/2 whatever the series, so that it rejects nearly half of those that are
    nothing but noise: give `lags`. The page on validation has the table.

    The assumption that fails in practice: without a trend all orders are equally likely. Periods
    that resemble their neighbours, seasons, and values of unequal variance break it, and a step of
    recording is no trend.

    References
    ----------
    .. [1] Mann, H. B. (1945). Nonparametric tests against trend. *Econometrica* 13, 245-259.
       https://doi.org/10.2307/1907187
    .. [2] Hamed, K. H. and Rao, A. R. (1998). A modified Mann-Kendall trend test for autocorrelated
       data. *Journal of Hydrology* 204, 182-196. https://doi.org/10.1016/S0022-1694(97)00125-X
    .. [3] Yue, S. and Wang, C. (2004). The Mann-Kendall test modified by effective sample size to
       detect trend in serially correlated hydrological series. *Water Resources Management* 18,
       201-218. https://doi.org/10.1023/B:WARM.0000043140.61082.60
    .. [4] Yue, S., Pilon, P., Phinney, B. and Cavadias, G. (2002). The influence of autocorrelation
       on the ability to detect trend in hydrological series. *Hydrological Processes* 16,
       1807-1829. https://doi.org/10.1002/hyp.1095
    .. [5] Kundzewicz, Z. W. and Robson, A. J. (2004). Change detection in hydrological records: a
       review of the methodology. *Hydrological Sciences Journal* 49, 7-19.
       https://doi.org/10.1623/hysj.49.1.7.53993

    Examples
    --------
    Referrals for criminal exploitation by quarter, 2022 Q2 to 2023 Q4:

    >>> referrals = [722, 808, 820, 836, 728, 722, 843]
    >>> trend = cl.localisation.mann_kendall(referrals)
    >>> print(f"score {trend.statistic:.0f}, p = {trend.pvalue:.2f}")
    score 6, p = 0.46
    >>> print(f"{trend.effect.low:.0f} to {trend.effect.high:.0f} a quarter")
    -33 to 49 a quarter

    Six more pairs of quarters rise than fall, as chance alone makes in nearly half of all orders.
    That is no evidence of stability either: a rise of 49 a quarter fits as well.
    """
    method = _validate.option("method", method, METHODS)
    level = _validate.level(level)
    _validate.alternative(alternative)
    given = _series.series(x, time, dim)
    lag_rule = _lags(lags, method)
    _check_options(given, method, block_length)
    bootstrap = None
    if method == "block-bootstrap":
        length = len(given.times)
        block = _block_length(block_length, length)
        draws = functools.partial(_block_bootstrap, length=length, block=block)
        bootstrap = functools.partial(draws, replicates=replicates, rng=rng, progress=progress)
    kernel = functools.partial(
        _kernel,
        times=given.times,
        method=method,
        lags=lag_rule,
        level=level,
        alternative=alternative,
        bootstrap=bootstrap,
    )
    out = given.inputs.reduce(
        kernel, dim=given.dim, outputs=OUTPUTS, check=_series.check, dtypes=DTYPES
    )
    lazy = given.inputs.is_lazy
    notes = _method_notes(method, lag_rule, block_length, len(given.times), alternative)
    if not lazy:
        notes += _notes(given, out)
    references = ("mann1945", *REFERENCES.get(method, ()))
    return TestResult(
        statistic=out["score"],
        pvalue=out["pvalue"],
        alternative=alternative,
        null_hypothesis="All orders of the values are equally likely: no trend.",
        method=f"mann-kendall, {method}",
        effect=Estimate(
            quantity="slope per unit of time",
            estimate=out["slope"],
            low=out["low"],
            high=out["high"],
            method="sen",
            level=level,
            interval_method=method,
            alternative=alternative,
            n=out["n"],
            verdict=out["verdict"],
            notes=tuple(notes),
            references=("sen1968", *references),
        ),
        table=None if lazy else _series.table(out, ("score", "variance", "tau", "n")),
        n=out["n"],
        notes=tuple(notes),
        references=references,
    )


def _kernel(
    rows: FloatArray,
    *,
    times: FloatArray,
    method: str,
    lags: int | str,
    level: float,
    alternative: Alternative,
    bootstrap: Any,
) -> tuple[NDArray[Any], ...]:
    tested = adjusted_mann_kendall.METHODS[method](rows, times, lags)
    counted = kendall_score.kendall(tested.rows)
    exact = exact_rows(counted, method if method in ("auto", "exact") else "normal")
    with np.errstate(invalid="ignore"):
        variance = np.where(tested.factor > 0, counted.variance * tested.factor, np.nan)
    # without a spread there is nothing to correct
    variance = np.where(counted.variance == 0, 0.0, variance)
    if bootstrap is not None:
        scores = bootstrap(rows)
        variance = scores.var(axis=0)
        p = np.array(
            [
                resampling.permutation_pvalue(scores[:, i], s, alternative=alternative)
                for i, s in enumerate(counted.score)
            ]
        )
    else:
        ties = kendall_score.tie_sizes(
            kendall_score.dense_ranks(tested.rows), np.isnan(tested.rows)
        )
        p = kernels.pvalue(counted, ties, variance, exact, alternative)
    slope, low, high = kernels.slopes(
        tested.rows, tested.times, variance, exact, level, alternative
    )
    none = counted.present < FEWEST
    p = np.where(none, np.nan, p)
    present = counted.present.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        tau = counted.score / np.sqrt(counted.pairs * present * (present - 1.0) / 2.0)
        scaled = [np.asarray(v * tested.scale) for v in (slope, low, high)]
    values = (~np.isnan(rows)).sum(axis=1)
    verdict = verdict_array(none.astype(np.intp), VERDICTS)
    tested_values = np.where(none, np.nan, present)
    return counted.score, p, variance, tau, *scaled, values, verdict, tested_values


def _block_bootstrap(
    rows: FloatArray, *, length: int, block: int, replicates: int, rng: RNG, progress: Progress
) -> FloatArray:
    blocks = math.ceil(length / block)

    def draw(generator: np.random.Generator, size: int) -> NDArray[np.int64]:
        return generator.integers(0, length, (size, blocks))

    return resampling.replicate(
        draw,
        lambda starts: adjusted_mann_kendall.block_scores(rows, starts, block),
        replicates=replicates,
        rng=rng,
        batch=max(1, 2_000_000 // rows.size),
        progress=progress,
    )


def _lags(lags: Any, method: str) -> int | str:
    if method not in ("hamed-rao", "yue-wang"):
        if lags is not None:
            raise InputError(
                _validate.sentence(
                    "lags", "left out unless method is 'hamed-rao' or 'yue-wang'", lags
                )
            )
        return "all"
    if lags is None or lags == "all":
        return "all"
    if lags == "ar1" and method == "yue-wang":
        return "ar1"
    return _validate.whole_number("lags", lags, low=1)


def _block_length(block_length: int | None, length: int) -> int:
    if block_length is None:
        return int(np.ceil(np.cbrt(length)))
    return _validate.whole_number("block_length", block_length, low=1, high=length)


def _check_options(given: _series.Series, method: str, block_length: Any) -> None:
    if block_length is not None and method != "block-bootstrap":
        raise InputError(
            _validate.sentence(
                "block_length", "left out unless method is 'block-bootstrap'", block_length
            )
        )
    if method in SERIAL and not given.evenly:
        raise InputError(
            _validate.sentence(
                "time",
                f"evenly spaced for method={method!r}",
                "uneven steps",
                remedy="Use method='original', or put nan where periods are missing.",
            )
        )
    if method == "block-bootstrap" and given.inputs.is_lazy:
        raise InputError(
            _validate.sentence(
                "x",
                "in memory for method='block-bootstrap'",
                "an array that waits for dask",
                remedy="Use x.compute(): its random numbers must not depend on the chunks.",
            )
        )


def _method_notes(
    method: str, lags: int | str, block_length: Any, length: int, alternative: str
) -> list[Note]:
    words = {"all": "all lags", "ar1": "a first-order dependence"}
    used = words.get(str(lags), f"lags 1 to {lags}")
    texts = {
        "hamed-rao": f"The variance is corrected by the autocorrelations of the ranks at {used} "
        "that are significant at 5 %, the slope taken away.",
        "yue-wang": f"The variance is corrected by the autocorrelations of the values at {used}, "
        "the slope taken away."
        + (" Over all lags this rejects far more often than it says." if lags == "all" else ""),
        "prewhiten": "Each value is tested less the lag-1 correlation times the one before, which "
        "takes part of a trend away too; the slope is scaled back.",
        "trend-free-prewhiten": "What is left of the series without its slope is whitened and the "
        "slope put back; without a trend this rejects more often than it says.",
        "block-bootstrap": f"Series were put together from blocks of "
        f"{_block_length(block_length, length)} neighbours; the limits of the slope use the "
        "variance of their scores.",
    }
    return [Note("serial-dependence", texts[method])] if method in texts else []


def _notes(given: _series.Series, out: dict[str, Any]) -> list[Note]:
    spread = np.asarray(out["variance"])
    # of the series that was tested: whitening needs neighbours
    enough = ~np.isnan(np.asarray(out["tested"]))
    present = np.where(enough, np.maximum(out["n"], FEWEST), 0)
    notes = _series.notes(given.inputs.flat[0], present, (spread == 0) & enough, FEWEST)
    refused = int((np.isnan(spread) & enough).sum())
    if refused:
        which = "" if np.ndim(spread) == 0 else f" for {refused} of {spread.size} series"
        text = (
            f"The variance corrected for serial dependence is not positive{which}: there is no "
            "p-value. Use fewer lags."
        )
        notes.append(Note("negative-variance", text))
        warn(text, ApproximationWarning)
    return notes
