"""By how much does a share or a rate change each year? Regression on time."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _validate
from countylines._typing import RNG, Alternative, ArrayLike
from countylines.errors import (
    ConvergenceError,
    DegenerateDataWarning,
    InputError,
    SparseDataWarning,
    warn,
)
from countylines.localisation import _trend_data, _trend_fit
from countylines.localisation._trend_data import TrendData, trend_data
from countylines.localisation._trend_fit import ROBUST, Options, Slopes
from countylines.regression import RegressionEstimate
from countylines.results import Note, verdict_array

FloatArray = NDArray[np.float64]

CORRELATIONS = ("exchangeable", "independence")
FEW_CLUSTERS = 6  # below, no two-sided test by signs can reach 5 %
FEW_DF = 4.0  # below, Satterthwaite's approximation is known to be poor

REFERENCES = {
    "quasi-binomial": ("mccullagh1989",),
    "quasi-poisson": ("mccullagh1989",),
    "binomial": ("mccullagh1989",),
    "poisson": ("mccullagh1989",),
    "beta-binomial": ("williams1975",),
    "negative-binomial": ("lawless1987",),
    "gee": ("liang1986",),
}
INTERVAL_REFERENCES = {
    "cr2": ("bell2002", "pustejovsky2018"),
    "cr3": ("mancl2001",),
    "cr1": ("liang1986",),
    "cr0": ("liang1986",),
    "sign-flip": ("kline2012",),
}


def trend_regression(
    count: ArrayLike,
    total: ArrayLike | None = None,
    *,
    exposure: ArrayLike | None = None,
    time: ArrayLike | None = None,
    family: str = "quasi-binomial",
    interval: str | None = None,
    cluster: Any = None,
    strata: Any = None,
    correlation: str = "exchangeable",
    dispersion_floor: float = 1.0,
    dim: Any = None,
    level: float = 0.95,
    null: float = 1.0,
    alternative: Alternative = "two-sided",
    replicates: int = 9999,
    rng: RNG = None,
) -> RegressionEstimate:
    r"""Odds ratio of a share, or ratio of a rate, per unit of time, when counts vary beyond chance.

    It answers: by how much did the odds of being internal (or the rate) change a year, and how sure
    is that if forces and years differ by more than a binomial law allows? It is not a test that the
    change is steady, and what is recorded changes with recording as well.

    Parameters
    ----------
    count : array_like
        Events of each cell (a period, or a force in a period): whole numbers. Missing values (nan)
        are left out, with a note.
    total : array_like or None, optional
        Cases of each cell, for shares. A cell without cases is allowed.
    exposure : array_like or None, optional
        For rates: population or time at risk of each cell, above 0. Neither `total` nor
        `exposure`: the counts themselves.
    time : array_like or None, optional
        One number a cell along `dim`; None: 0, 1, 2, ... The ratio is per unit of it.
    family : str, default "quasi-binomial"
        How counts vary. Shares: ``"quasi-binomial"`` (a multiple of binomial variance),
        ``"binomial"`` (chance alone), ``"beta-binomial"``. Rates: ``"quasi-poisson"``,
        ``"poisson"``, ``"negative-binomial"``. Either: ``"gee"``, with `cluster`.
    interval : str or None, optional
        ``"profile"`` (likelihood ratio) or ``"wald"``; with `cluster`, ``"cr2"`` (Bell and
        McCaffrey), ``"cr0"``, ``"cr1"``, ``"cr3"`` (Mancl and DeRouen), all with Satterthwaite's
        degrees of freedom, or ``"sign-flip"``. None: ``"cr2"`` with `cluster`, else
        ``"profile"``.
    cluster : str, int or array_like or None, optional
        What depends on one another: a label a cell, or the name of the other dimension of
        two-dimensional counts. Errors then allow for any dependence within a cluster.
    strata : str, int or array_like or None, optional
        What has a level of its own, such as a force, in the same form: the trend is that within
        strata, whatever their mix.
    correlation : {"exchangeable", "independence"}, default "exchangeable"
        For ``family="gee"``: the working correlation of the cases of a cluster.
    dispersion_floor : float, default 1.0
        The least dispersion that a quasi-likelihood takes: a few periods show less variation than
        chance often enough, and no reason for it. 0 takes what is found.
    dim : str, int or None, optional
        The dimension of the cells, for many series at once: a name for a DataArray, an axis number
        otherwise. A DataFrame is reduced over its index.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : float, default 1.0
        Ratio under test.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        ``"greater"`` asks whether the ratio exceeds `null`.
    replicates : int, default 9999
        Random patterns of signs for ``"sign-flip"`` beyond 14 clusters; up to 14 all are used.
    rng : int, Generator, SeedSequence or None, optional
        Source of randomness of those patterns.

    Returns
    -------
    RegressionEstimate
        The ratio per unit of time, with ``dispersion``, ``df``, ``correlation``, ``clusters``.
        Infinite or 0, with a verdict, where the fit has no maximum.

    Raises
    ------
    InputError
        If counts are no counts, the family does not go with totals or exposures, or the interval
        with clusters.
    LabelMismatchError
        If labels or lengths do not match.
    ConvergenceError
        If the estimating equations of ``family="gee"`` do not settle.

    Warns
    -----
    DegenerateDataWarning
        If a ratio is infinite, 0 or not identified, or no degree of freedom is left.
    SparseDataWarning
        If clusters are too few for the interval.

    See Also
    --------
    cochran_armitage : a test by chance alone.
    mantel_trend : within strata, by chance alone.
    interrupted_series : a step against a slope.
    trend_power : how large a trend can be seen.

    Notes
    -----
    With cells :math:`i`, counts :math:`x_i` and times :math:`t_i`,

    .. math:: \operatorname{logit} p_i = a_{k(i)} + \beta t_i \quad\text{or}\quad
              \log \lambda_i = a_{k(i)} + \beta t_i,

    one level :math:`a` for all or one a stratum; the estimate is :math:`e^\beta`. A
    quasi-likelihood multiplies the variance by :math:`\hat\phi = X^2 / \nu`, Pearson's chi-squared
    over its :math:`\nu` degrees of freedom, and ``"profile"`` keeps every :math:`\beta` with

    .. math:: 2 (\ell(\hat\beta) - \ell(\beta)) \le \max(\hat\phi, 1)\, t_\nu^2 .

    ``"binomial"`` and ``"poisson"`` have :math:`\phi = 1` and the normal quantile. The likelihoods
    with dispersion use :math:`m \log(1 + t_\nu^2 / \nu)` for :math:`m` cells on the right, which is
    exact for normal cells; without a maximum off the edge their dispersion is 0.

    With clusters the variance is :math:`B^{-1} \big(\sum_g u_g u_g'\big) B^{-1}`, with
    :math:`u_g = (I - A_g B^{-1})^{-1/2} s_g` from the score :math:`s_g` and information
    :math:`A_g` of a cluster and :math:`B = \sum_g A_g`: it has no bias where the working model
    holds. Degrees of freedom are those of a chi-squared with the same first two moments. It is
    Bell and McCaffrey's adjustment with the symmetric root on the standardised scale.
    Where one cluster alone informs a direction that moves :math:`\beta` (the only force seen late,
    say) it is fitted whatever it holds, its score is 0, and any such variance is too small: the
    interval then says nothing.
    ``"sign-flip"`` fits everything but :math:`\beta`, which is held, and compares the sum of what
    clusters add to its score with the sums under all patterns of signs; limits hold what it keeps.
    Neither says anything of a ratio that is infinite or 0.

    ``family="gee"`` takes the cases (of shares) or cells (of rates) of a cluster as equally
    correlated; sums over cells are enough, so that nothing has the size of a cluster.

    Simulated coverage is on the page on validation. Where the variance of counts is three times the
    binomial one, a 95 % interval by ``"binomial"`` holds the truth in about 73 of 100 sets;
    ``"quasi-binomial"`` with its floor in 95 to 98 from five periods on, and nearly always with
    three, where it is too wide to say much. Where counts have three times Poisson variance and no
    trend, ``"poisson"`` finds one at 5 % in 23 to 26 of 100 sets, ``"quasi-poisson"`` in 0 to 6.
    With forces over years that have trends of their own, ``"cr2"`` holds it in 93 to 96 of 100 with
    5 to 45 forces, ``"cr0"`` in 91 to 95; ignoring the forces, in 83 to 90. ``"sign-flip"`` stands
    beside ``"cr2"`` from six forces on.

    Assumptions that fail in practice: a straight line on the scale of the link, the same meaning of
    an event through all periods, and clusters that are independent (a network that moves between
    forces is in two).

    References
    ----------
    .. [1] McCullagh, P. and Nelder, J. A. (1989). *Generalized Linear Models*, 2nd ed. Chapman and
       Hall. https://doi.org/10.1007/978-1-4899-3242-6
    .. [2] Bell, R. M. and McCaffrey, D. F. (2002). Bias reduction in standard errors for linear
       regression with multi-stage samples. *Survey Methodology* 28, 169-181.
       https://www150.statcan.gc.ca/n1/en/catalogue/12-001-X
    .. [3] Pustejovsky, J. E. and Tipton, E. (2018). Small-sample methods for cluster-robust
       variance estimation and hypothesis testing in fixed effects models. *Journal of Business
       & Economic Statistics* 36, 672-683. https://doi.org/10.1080/07350015.2016.1247004
    .. [4] Mancl, L. A. and DeRouen, T. A. (2001). A covariance estimator for GEE with improved
       small-sample properties. *Biometrics* 57, 126-134.
       https://doi.org/10.1111/j.0006-341X.2001.00126.x
    .. [5] Kline, P. and Santos, A. (2012). A score based approach to wild bootstrap inference.
       *Journal of Econometric Methods* 1, 23-41. https://doi.org/10.1515/2156-6674.1006
    .. [6] Liang, K.-Y. and Zeger, S. L. (1986). Longitudinal data analysis using generalized linear
       models. *Biometrika* 73, 13-22. https://doi.org/10.1093/biomet/73.1.13
    .. [7] Williams, D. A. (1975). The analysis of binary responses from toxicological experiments
       involving reproduction and teratogenicity. *Biometrics* 31, 949-952.
       https://doi.org/10.2307/2529820
    .. [8] Lawless, J. F. (1987). Negative binomial and mixed Poisson regression. *Canadian Journal
       of Statistics* 15, 209-225. https://doi.org/10.2307/3314912

    Examples
    --------
    A *made-up* force over five years, whose shares jump about more than chance would have them:

    >>> internal, lines = [12, 30, 22, 48, 41], [100, 110, 105, 120, 100]
    >>> chance = cl.localisation.trend_regression(internal, lines, family="binomial")
    >>> quasi = cl.localisation.trend_regression(internal, lines)
    >>> for trend in (chance, quasi):
    ...     print(f"{trend.estimate:.2f} ({trend.low:.2f} to {trend.high:.2f})")
    1.44 (1.25 to 1.66)
    1.44 (1.01 to 2.11)

    The odds that a recorded line is internal rise by 44 % a year. Were the variation
    chance alone, a rise of 25 % at least would be shown; as it is larger, 1 % at least is.
    """
    chosen = _options(
        family,
        interval,
        cluster,
        correlation,
        dispersion_floor,
        level,
        null,
        alternative,
        replicates,
        rng,
    )
    data = trend_data(count, total, exposure, time, cluster, strata, dim, family)
    try:
        found = _trend_fit.slopes(data, chosen)
    except ArithmeticError:
        raise ConvergenceError(
            "The estimating equations did not settle. Use family='quasi-binomial' or "
            "'quasi-poisson' with `cluster`, or correlation='independence'."
        ) from None
    kept = {
        "exposure": exposure,
        "time": time,
        "family": family,
        "interval": interval,
        "cluster": cluster,
        "strata": strata,
        "correlation": correlation,
        "dispersion_floor": dispersion_floor,
        "dim": dim,
        "level": level,
        "replicates": replicates,
        "rng": _validate.seed(rng) if chosen.interval == "sign-flip" else None,
    }
    return RegressionEstimate(
        quantity=f"{'odds' if data.link == 'logit' else 'rate'} ratio per unit of time",
        estimate=data.back(np.exp(found.slope)),
        standard_error=data.back(np.exp(found.slope) * found.error),
        low=data.back(np.exp(found.low)),
        high=data.back(np.exp(found.high)),
        method=f"regression, {family}",
        level=level,
        interval_method=chosen.interval,
        null=float(null),
        alternative=alternative,
        pvalue=data.back(found.pvalue),
        n=data.back(data.n),
        verdict=data.back(verdict_array(found.code, _trend_fit.VERDICTS)),
        notes=_notes(data, chosen, found),
        references=REFERENCES[family] + INTERVAL_REFERENCES.get(chosen.interval, ()),
        family=family,
        dispersion=data.back(found.dispersion),
        df=data.back(found.df),
        correlation=found.correlation,
        clusters=found.clusters,
        _recompute=functools.partial(trend_regression, count, total, **kept),
    )


def _options(
    family: str,
    interval: str | None,
    cluster: Any,
    correlation: str,
    floor: float,
    level: float,
    null: float,
    alternative: str,
    replicates: int,
    rng: RNG,
) -> Options:
    _validate.option("family", family, _trend_data.FAMILIES)
    _validate.option("correlation", correlation, CORRELATIONS)
    if interval is None:
        interval = "profile" if cluster is None else "cr2"
    _validate.option("interval", interval, _trend_fit.INTERVALS)
    clustered = interval in ROBUST or interval == "sign-flip"
    if clustered and cluster is None:
        raise InputError(
            _validate.sentence(
                "cluster",
                f"given for interval={interval!r}",
                "nothing",
                remedy="Name the clusters.",
            )
        )
    if family == "gee" and (cluster is None or interval not in ROBUST):
        got = "nothing" if cluster is None else f"interval={interval!r}"
        raise InputError(
            _validate.sentence(
                "cluster", "given, with interval='cr2' or its kin, for family='gee'", got
            )
        )
    if cluster is not None and family in _trend_fit.MIXED:
        raise InputError(
            _validate.sentence(
                "cluster",
                f"None for family={family!r}, whose dispersion is between cells",
                "clusters",
                remedy="Use family='gee', or a quasi-likelihood with `cluster`.",
            )
        )
    if cluster is not None and not clustered:
        raise InputError(
            _validate.sentence(
                "interval",
                "'cr2', 'cr0', 'cr1', 'cr3' or 'sign-flip' where `cluster` is given",
                repr(interval),
            )
        )
    return Options(
        family,
        interval,
        correlation,
        _validate.number("dispersion_floor", floor, low=0.0),
        _validate.level(level),
        _validate.alternative(alternative),
        float(np.log(_validate.number("null", null, low=0.0, open_low=True))),
        _validate.whole_number("replicates", replicates, low=1),
        _validate.generator(rng),
    )


def _notes(data: TrendData, chosen: Options, found: Slopes) -> tuple[Note, ...]:
    notes = data.notes()
    several = len(found.code) > 1
    for code, what in ((1, "infinite"), (2, "0"), (3, "not identified")):
        hits = int((found.code == code).sum())
        if hits:
            where = f" in {hits} of {len(found.code)} series" if several else ""
            text = f"The ratio is {what}{where}: the verdict says why."
            notes.append(Note("separated" if code < 3 else "not-identified", text))
            warn(text, DegenerateDataWarning)
    if found.silent:
        text = f"{found.silent} strata have all events or none, and add nothing."
        notes.append(Note("silent-strata", text))
    if chosen.family in _trend_fit.QUASI and data.cluster is None:
        notes += _dispersion_notes(chosen, found)
    if data.cluster is not None:
        notes += _cluster_notes(data, chosen, found)
    return tuple(notes)


def _dispersion_notes(chosen: Options, found: Slopes) -> list[Note]:
    notes = []
    none = found.df == 0.0
    if none.any():
        where = f" in {int(none.sum())} of {none.size} series" if none.size > 1 else ""
        text = (
            f"No degree of freedom is left{where} to see the dispersion: the interval says nothing."
            " A family without dispersion gives the interval by chance alone."
        )
        notes.append(Note("no-dispersion", text))
        warn(text, DegenerateDataWarning)
    low = (found.dispersion < chosen.floor) & ~none
    if low.any():
        where = f" in {int(low.sum())} of {low.size} series" if low.size > 1 else ""
        one = f" ({found.dispersion[0]:.2f})" if low.size == 1 else ""
        text = (
            f"The dispersion found{one} is below {chosen.floor:g}{where}, and {chosen.floor:g} is "
            "taken: so little variation is chance."
        )
        notes.append(Note("dispersion-floor", text))
    return notes


def _cluster_notes(data: TrendData, chosen: Options, found: Slopes) -> list[Note]:
    clusters, df = found.clusters, float(found.df[0])
    assert clusters is not None
    notes: list[Note] = []
    if found.code[0] != 0:
        return notes
    if chosen.interval == "sign-flip":
        if clusters < FEW_CLUSTERS:
            text = (
                f"{clusters} clusters have {2**clusters} patterns of signs: no two-sided p-value "
                f"is below {2.0 ** (1 - clusters):.3g}."
            )
            notes.append(Note("few-clusters", text))
            warn(text, SparseDataWarning)
    elif not df > 0.0:
        text = (
            "One cluster alone moves the ratio, so that nothing shows how far it is from others "
            "like it: the interval says nothing."
        )
        notes.append(Note("one-cluster", text))
        warn(text, DegenerateDataWarning)
    elif df < FEW_DF:
        text = (
            f"{clusters} clusters leave {df:.1f} degrees of freedom, too few for the "
            "approximation. Use interval='sign-flip' beside it."
        )
        notes.append(Note("few-clusters", text))
        warn(text, SparseDataWarning)
    return notes
