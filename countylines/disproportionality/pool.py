"""One ratio of two groups out of many strata."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _validate
from countylines._kernels import log_ratios, odds_ratio, rate_ratio, risk_ratio, stratified_score
from countylines._typing import Alternative, ArrayLike
from countylines.disproportionality import _pooling, _strata
from countylines.disproportionality._pooling import Pooled, Settings
from countylines.disproportionality._two_groups import NOT_A_CAUSE
from countylines.disproportionality.homogeneity import tested
from countylines.errors import DegenerateDataWarning, SparseDataWarning, warn
from countylines.pooled import PooledEstimate
from countylines.results import OK, Estimate, Note, TestResult, Verdict, verdict_array

FloatArray = NDArray[np.float64]

FEW = 5
CRUDE = {
    "rate-ratio": (rate_ratio, "mid-p"),
    "risk-ratio": (risk_ratio, "skew-score"),
    "odds-ratio": (odds_ratio, "skew-score"),
}
REFERENCES = {
    "mantel-haenszel": ("mantel1959", "greenland1985"),
    "score": ("miettinen1985",),
    "skew-score": ("laud2017",),
    "exact": ("gart1970",),
    "mid-p": ("gart1970", "berry1995"),
    "dersimonian-laird": ("dersimonian1986", "rover2015"),
    "reml": ("viechtbauer2005", "rover2015"),
    "ml": ("viechtbauer2005", "rover2015"),
    "paule-mandel": ("paule1982", "rover2015"),
    "empirical-bayes": ("morris1983", "paule1982", "rover2015"),
    "hedges": ("viechtbauer2005", "rover2015"),
    "hunter-schmidt": ("viechtbauer2005", "rover2015"),
    "sidik-jonkman": ("sidik2005", "rover2015"),
    "fixed": ("cochran1954",),
    "glmm": ("stijnen2010",),
}
NO_DATA = Verdict(
    False, "no-data", ("In no stratum are there both groups and an event: nothing is compared.",)
)
FEW_STRATA = Verdict(
    False,
    "not-identified",
    ("Fewer than two strata take part: how strata differ, and so their mean, cannot be seen.",),
)
RUNS_OFF = Verdict(
    False,
    "not-identified",
    (
        "One group has no events, or the strata seem to differ without bound: there is no mean of "
        "log ratios.",
    ),
)


def pool(
    count: ArrayLike,
    size: ArrayLike,
    ref_count: ArrayLike,
    ref_size: ArrayLike,
    *,
    measure: str = "rate-ratio",
    estimand: str = "weighted",
    method: str | None = None,
    dim: Any = None,
    weights: str = "efficient",
    interval: str = "t",
    uninformative: str = "drop",
    zero_correction: float = 0.5,
    level: float = 0.95,
    null: float | None = None,
    alternative: Alternative = "two-sided",
) -> PooledEstimate:
    r"""One ratio of two groups over strata, such as police forces or age bands.

    It answers one of two questions, and `estimand` says which. ``"weighted"``: if the ratio were
    the same in every stratum, what would it be? ``"mean"``: strata have ratios of their own; what
    is the mean of their logarithms, and how far apart are they? Neither is the ratio of the totals
    (see ``plain`` in the result, and :func:`simpson_report`): that one also shows where each group
    lives. Neither is evidence of a cause.

    Parameters
    ----------
    count : array_like, shape (..., strata)
        Events in the group: whole numbers of at least 0.
    size : array_like, shape (..., strata)
        Exposure of the group [people or person-years] for rates, its total for shares and odds; 0
        where nobody of it is there.
    ref_count, ref_size : array_like, shape (..., strata)
        The same of the group compared with.
    measure : str, default "rate-ratio"
        ``"rate-ratio"``, ``"risk-ratio"``, ``"odds-ratio"``, or, by Mantel-Haenszel and the methods
        for a mean, ``"rate-difference"``, ``"risk-difference"``.
    estimand : {"weighted", "mean"}, default "weighted"
        A value common to all strata, or the mean of values that differ.
    method : str or None, optional
        Weighted: ``"mantel-haenszel"`` (default), ``"score"``, ``"skew-score"`` (or ``"scas"``),
        ``"exact"``, ``"mid-p"`` (the last two not for risk ratios). Mean: ``"reml"`` (default),
        ``"dersimonian-laird"``, ``"paule-mandel"``, ``"ml"``, ``"sidik-jonkman"``, ``"hedges"``,
        ``"hunter-schmidt"``, ``"empirical-bayes"`` (the same numbers as Paule-Mandel), ``"fixed"``
        (no variance between strata), or, for rate ratios, ``"glmm"``.
    dim : str or int or None, optional
        Dimension that holds the strata: a name for a DataArray, an axis number for an array; the
        index of a Series or DataFrame if None.
    weights : {"efficient", "mantel-haenszel"}, default "efficient"
        For the score methods: the weights of the likelihood, or those of Mantel and Haenszel.
    interval : {"t", "t-unheld", "normal"}, default "t"
        For a mean. ``"t"``: the variance of Knapp and Hartung, its factor held at 1 or more, and
        quantiles of t; for ``"glmm"`` the profile likelihood at the distance that belongs to them.
        ``"t-unheld"``: the factor may be less than 1. ``"normal"``: neither. Both of these take
        the variance between strata as known in ``prediction``.
    uninformative : {"drop", "keep"}, default "drop"
        For a mean of log ratios: whether strata without any event take part with `zero_correction`
        in their cells. They then pull the mean towards the ratio of what was added, and no event
        stands behind it. The weighted methods and ``"glmm"`` never use them.
    zero_correction : float, default 0.5
        For a mean by logs: added to the cells of strata in which one of them is 0. The weighted
        methods and ``"glmm"`` add nothing.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : float or None, optional
        Value under test; 1 for ratios, 0 for differences if None.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test.

    Returns
    -------
    PooledEstimate
        ``estimate``, ``low``, ``high`` [pure number, or the unit of the rates], without the
        dimension of strata; ``estimand`` in words. ``between`` (standard deviation of the log
        ratios) and ``prediction`` (the ratio of another stratum) for a mean, else None.
        ``overdispersion`` tests whether all strata have one value; ``plain`` is the ratio of the
        totals. ``n`` is the number of strata that say something.

    Raises
    ------
    InputError
        If a count is not one or has no population, or method, measure and estimand do not go
        together.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If a common ratio is 0 or infinite, or does not exist.
    SparseDataWarning
        If log ratios are averaged over strata with fewer than 5 events in a group.

    See Also
    --------
    homogeneity : whether one ratio is enough.
    simpson_report : how far the ratio of the totals misleads.
    rate_ratio : one stratum.

    Notes
    -----
    With events :math:`x_j, y_j` in sizes :math:`n_j, m_j`, and :math:`N_j = n_j + m_j`, Mantel
    and Haenszel's ratio is

    .. math:: \hat\theta = \frac{\sum_j x_j m_j / N_j}{\sum_j y_j n_j / N_j}

    (for odds :math:`y_j (n_j - x_j)` stands below and :math:`x_j (m_j - y_j)` above). Its
    interval is by logs, with the variance of Greenland and Robins, for odds of Robins, Breslow and
    Greenland, for risk differences of Sato: all hold for few large and for many small strata.
    ``"score"`` and ``"skew-score"`` invert

    .. math:: \frac{\sum_j w_j (x_j / n_j - \theta\, y_j / m_j)}
              {\sqrt{\sum_j w_j^2 \tilde V_j(\theta)}} = \pm z

    with variances under the hypothesis, the second corrected for skewness; its estimate is where
    the corrected statistic is 0. ``"exact"`` and ``"mid-p"`` use the law of :math:`\sum x_j` given
    the margins of every stratum. If strata do differ, all of these still estimate *an* average, one
    weighted by size, and their intervals do not allow for which strata there are.

    A mean is :math:`\sum w_j \log\hat\theta_j / \sum w_j`, :math:`w_j = 1 / (v_j + \hat\tau^2)`.
    At small counts log ratios are biased and weighted by chance; ``"glmm"`` works with the counts:
    given :math:`x_j + y_j`, those of the group are binomial with log odds
    :math:`\log(n_j / m_j) + \mu + \tau z_j`, whose likelihood is integrated over normal :math:`z_j`
    and profiled in :math:`\mu` and :math:`\tau`.

    The limits of ``between`` are by the Q-profile: those :math:`\tau^2` at which
    :math:`Q = \sum w_j (\log\hat\theta_j - \hat\mu)^2` meets quantiles of chi-squared with
    :math:`k - 1` degrees of freedom. All quantiles together give a confidence distribution of
    :math:`\tau^2`, and ``prediction`` has the quantiles of
    :math:`N(\hat\mu(\tau^2), \tau^2 + 1 / \sum w_j)` mixed over it, as Nagashima and others do by
    simulation from Cochran's Q; it is never shorter than the interval of the mean. It does not
    depend on which estimate of the variance `method` makes. With ``"glmm"`` the profile likelihood
    stands in for Q, through the estimate of :math:`\tau` and its two limits. With other kinds of
    `interval`, and ``"fixed"``, it is :math:`\hat\mu \pm t_{k-1} \sqrt{\hat\tau^2 +
    \mathrm{se}^2}`, normal quantiles for ``"normal"``: that takes :math:`\hat\tau` as known.

    How often 95 % intervals held the truth in simulations (500 tables a setting, 120 for
    ``"glmm"``; log ratios that vary by 0 to 0.3): with 10 and more events of the group a stratum
    and 3 to 40 strata, those of the mean 93 to 100 %, predictions 91 to 100 %, and 76 to 95 % with
    ``interval="normal"``. With 40 strata of 2 events, 85 % and 82 % by ``"reml"``, because of its
    bias, and 93 % and 93 % by ``"glmm"``. There the reference had four times the population; with
    20 times less of the bias cancels, and means were held in 64 % (``"glmm"``: 92 %).

    Strata without one of the groups, or without any event (for odds, or any non-event), say
    nothing of a ratio; a note names them. Where a group has no event in any stratum the common
    ratio is 0 or infinite; ``"mantel-haenszel"`` then has no limits, the other weighted methods
    have one.

    Assumptions that fail in practice: events independent of one another; the same definition of
    both groups in counts and populations; for a mean, that these strata stand for others like them.

    References
    ----------
    .. [1] Mantel, N. and Haenszel, W. (1959). Statistical aspects of the analysis of data from
       retrospective studies of disease. *Journal of the National Cancer Institute* 22, 719-748.
       https://doi.org/10.1093/jnci/22.4.719
    .. [2] Greenland, S. and Robins, J. M. (1985). Estimation of a common effect parameter from
       sparse follow-up data. *Biometrics* 41, 55-68. https://doi.org/10.2307/2530643
    .. [3] Robins, J., Breslow, N. and Greenland, S. (1986). Estimators of the Mantel-Haenszel
       variance consistent in both sparse data and large-strata limiting models. *Biometrics* 42,
       311-323. https://doi.org/10.2307/2531052
    .. [4] Laud, P. J. (2017). Equal-tailed confidence intervals for comparison of rates.
       *Pharmaceutical Statistics* 16, 334-348. https://doi.org/10.1002/pst.1813
    .. [5] Röver, C., Knapp, G. and Friede, T. (2015). Hartung-Knapp-Sidik-Jonkman approach and its
       modification for random-effects meta-analysis with few studies. *BMC Medical Research
       Methodology* 15, 99. https://doi.org/10.1186/s12874-015-0091-1
    .. [6] Stijnen, T., Hamza, T. H. and Özdemir, P. (2010). Random effects meta-analysis of event
       outcome in the framework of the generalized linear mixed model. *Statistics in Medicine* 29,
       3046-3067. https://doi.org/10.1002/sim.4040
    .. [7] Nagashima, K., Noma, H. and Furukawa, T. A. (2019). Prediction intervals for
       random-effects meta-analysis: a confidence distribution approach. *Statistical Methods in
       Medical Research* 28, 1689-1702. https://doi.org/10.1177/0962280218773520

    Examples
    --------
    Stops and searches of Black and of White people in 2020, by police force:

    >>> stops = cl.datasets.load_stop_search_pfa_2019_2021().query("year == 2020")
    >>> table = stops.pivot(index="force", columns="ethnic_group")
    >>> groups = [table[c][g] for g in ("Black", "White") for c in ("stopped", "population")]
    >>> common = cl.disproportionality.pool(*groups)
    >>> print(f"{common.estimate:.2f}; of the totals {common.plain.estimate:.2f}")
    2.78; of the totals 5.34
    >>> mean = cl.disproportionality.pool(*groups, estimand="mean")
    >>> print(f"{mean.estimate:.2f} ({mean.low:.2f} to {mean.high:.2f})")
    2.93 (2.52 to 3.41)
    >>> print(f"{mean.prediction.low:.1f} to {mean.prediction.high:.1f}")
    1.1 to 7.8

    Within forces Black residents were stopped just under three times as often per head as White
    residents; in another force like these it could be hardly more often, or nearly eight times. The
    ratio of the totals, 5.3, also holds that more of them live where everybody is stopped more.
    """
    measure = _validate.option("measure", measure, _strata.MEASURES)
    estimand, method = _pooling.settle(measure, estimand, method)
    ratio = measure in _strata.RATIOS
    if null is None:
        null = 1.0 if ratio else 0.0
    null = _validate.number("null", null, low=0.0 if ratio else -np.inf, open_low=ratio)
    settings = Settings(
        measure,
        estimand,
        method,
        _validate.option("weights", weights, stratified_score.WEIGHTS),
        _validate.option("interval", interval, _pooling.INTERVALS),
        _validate.option("uninformative", uninformative, ("drop", "keep")) == "keep",
        _validate.number("zero_correction", zero_correction, low=0.0, open_low=True),
        _validate.level(level),
        _validate.alternative(alternative),
        null,
    )
    strata = _strata.read(measure, dim, count, size, ref_count, ref_size)
    found = _pooling.pool(strata, settings)
    verdict = _verdicts(strata, settings, found)
    notes = _notes(strata, settings, found, verdict)
    given = (count, size, ref_count, ref_size)
    kept = {
        "measure": measure,
        "estimand": estimand,
        "method": method,
        "dim": dim,
        "weights": weights,
        "interval": interval,
        "uninformative": uninformative,
        "zero_correction": settings.zero_correction,
        "level": settings.level,
    }
    return _result(strata, settings, found, verdict, notes, functools.partial(pool, *given, **kept))


def _verdicts(strata: _strata.Strata, settings: Settings, found: Pooled) -> NDArray[np.object_]:
    silent = ~strata.says.any(axis=1)
    code = np.where(np.isnan(found.estimate), 3, 0)
    if settings.estimand == "mean":
        code[(code > 0) & (_pooling.used(strata, settings).sum(axis=1) < 2)] = 2
    code[silent & (code > 0)] = 1
    return verdict_array(code.astype(np.intp), (OK, NO_DATA, FEW_STRATA, RUNS_OFF))


def _notes(
    strata: _strata.Strata, settings: Settings, found: Pooled, verdict: NDArray[np.object_]
) -> tuple[Note, ...]:
    kept = settings.keep and settings.estimand == "mean" and settings.method != "glmm"
    fate = (
        f"Where both groups are, they take part with {settings.zero_correction:g} in each cell."
        if kept
        else "They take no part."
    )
    notes = [NOT_A_CAUSE, *strata.notes(fate)]
    lost = {v.code: v.reasons[0] for v in verdict if v is not OK}
    for code, reason in lost.items():
        notes.append(Note(code, reason))
        warn(reason, DegenerateDataWarning)
    estimable = ~np.isnan(found.estimate)
    if settings.estimand == "weighted":
        if settings.is_ratio and np.isinf(found.estimate[estimable]).any():
            text = "One group has no events where it could be compared: the ratio is 0 or infinite."
            if settings.method == "mantel-haenszel":
                text += " Mantel and Haenszel's method has no limits there; method='mid-p' has one."
            notes.append(Note("zero-count", text))
            warn(text, DegenerateDataWarning)
        elif settings.method == "mantel-haenszel" and np.isnan(found.error[estimable]).any():
            text = "The variance is estimated as 0, which is no certainty: there are no limits."
            notes.append(Note("zero-variance", text))
            warn(text, DegenerateDataWarning)
        return tuple(notes)
    if settings.method != "glmm":
        notes += _log_notes(strata, settings)
    assert found.between is not None
    if (found.between[0] <= 0.0).any() and settings.method != "fixed":
        text = (
            "The estimated variance between strata is 0: they differ no more than by chance. That "
            "does not show that they are alike; see the upper limit of `between`."
        )
        notes.append(Note("no-variance-between", text))
    if (found.between[2] <= 0.0).any():
        text = (
            "Strata differ even less than chance alone makes likely: no variance between them "
            "fits, and the limits of `between` are both 0. That is an empty interval, not a "
            "certain one."
        )
        notes.append(Note("less-than-chance", text))
    return tuple(notes)


def _log_notes(strata: _strata.Strata, settings: Settings) -> list[Note]:
    notes = []
    part = _pooling.used(strata, settings)
    filled = int((log_ratios.empty_cell(settings.measure, strata.data) & part).sum())
    if filled:
        text = (
            f"{settings.zero_correction:g} was added to each cell of {filled} strata with an "
            "empty cell."
        )
        notes.append(Note("zero-correction", text))
    fewest = np.minimum(strata.data[0], strata.data[2])
    if (fewest[part] < FEW).any():
        glmm = "method='glmm', or " if settings.measure == "rate-ratio" else ""
        text = (
            f"Some strata have fewer than {FEW} events in a group: their log ratios are biased, "
            "their weights depend on chance, and intervals may miss the mean far more often than "
            f"they say. Use {glmm}estimand='weighted' for a common value."
        )
        notes.append(Note("sparse", text))
        warn(text, SparseDataWarning)
    return notes


def _result(
    strata: _strata.Strata,
    settings: Settings,
    found: Pooled,
    verdict: NDArray[np.object_],
    notes: tuple[Note, ...],
    again: Any,
) -> PooledEstimate:
    give, ratio = strata.one_each, settings.is_ratio
    words = _strata.WORDS[settings.measure]

    def value(logs: FloatArray) -> FloatArray:
        return np.exp(logs) if ratio else logs

    estimate = value(found.estimate)
    error = found.error * estimate if ratio else found.error
    taking_part = strata.says
    if settings.estimand == "mean":
        taking_part = _pooling.used(strata, settings)
    n = give(taking_part.sum(axis=1).astype(np.int64))
    logs = f"log {words}" if ratio else words
    between = prediction = None
    if found.between is not None and found.prediction is not None:
        seen = np.where(np.isnan(found.between[0]), 1, 0).astype(np.intp)
        between = Estimate(
            quantity=f"standard deviation of {logs}s between strata",
            estimate=give(found.between[0]),
            low=give(found.between[1]),
            high=give(found.between[2]),
            method=settings.method,
            level=settings.level,
            interval_method="profile likelihood" if settings.method == "glmm" else "Q-profile",
            verdict=give(verdict_array(seen, (OK, FEW_STRATA))),
            n=n,
            references=("viechtbauer2007",),
        )
        prediction = Estimate(
            quantity=f"{words} of another stratum",
            estimate=give(estimate),
            low=give(value(found.prediction[0])),
            high=give(value(found.prediction[1])),
            method=settings.method,
            level=settings.level,
            interval_kind="prediction",
            interval_method=settings.prediction_words,
            verdict=give(verdict),
            n=n,
            references=("nagashima2019",) if settings.integrates else ("higgins2009",),
        )
    statistic, pvalue, _ = tested(
        strata.with_events, "score" if ratio else "mantel-haenszel", settings.zero_correction
    )
    return PooledEstimate(
        quantity=f"common {words}" if settings.estimand == "weighted" else f"mean {words}",
        estimate=give(estimate),
        standard_error=None if np.isnan(error).all() else give(error),
        low=give(value(found.low)),
        high=give(value(found.high)),
        method=settings.method,
        level=settings.level,
        interval_method=settings.interval_words,
        null=settings.null,
        alternative=settings.alternative,
        pvalue=give(found.pvalue),
        n=n,
        verdict=give(verdict),
        notes=notes,
        references=_references(settings),
        estimand=(
            f"{'an' if words[0] in 'aeio' else 'a'} {words} common to all strata"
            if settings.estimand == "weighted"
            else f"mean of the {logs}s of strata"
        ),
        between=between,
        prediction=prediction,
        overdispersion=TestResult(
            statistic=give(statistic),
            pvalue=give(pvalue),
            alternative="greater",
            null_hypothesis=f"All strata have the same {words}.",
            method="score, chi-squared" if ratio else "mantel-haenszel, chi-squared",
            n=n,
        ),
        plain=_plain(strata, settings),
        _recompute=again,
    )


def _references(settings: Settings) -> tuple[str, ...]:
    if settings.method == "mantel-haenszel" and settings.measure == "odds-ratio":
        return ("mantel1959", "robins1986")
    if settings.measure == "risk-difference" and settings.method == "mantel-haenszel":
        return ("mantel1959", "sato1989")
    return REFERENCES[settings.method]


def _plain(strata: _strata.Strata, settings: Settings) -> Estimate | None:
    """The ratio of the totals; None for differences."""
    if not settings.is_ratio:
        return None
    kernel, method = CRUDE[settings.measure]
    table = strata.crude
    empty = (table[1] <= 0.0) | (table[3] <= 0.0)
    usable = tuple(
        np.where(empty, filled, c) for filled, c in zip((0, 1, 0, 1), table, strict=True)
    )
    low, high = kernel.METHODS[method].limits(
        *usable, level=settings.level, alternative=settings.alternative
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(empty, np.nan, kernel.estimate(*usable))
    return Estimate(
        quantity=f"{_strata.WORDS[settings.measure]} of the totals",
        estimate=strata.one_each(value),
        low=strata.one_each(low),
        high=strata.one_each(high),
        method="total over total",
        level=settings.level,
        interval_method=method,
        alternative=settings.alternative,
        verdict=strata.one_each(verdict_array(np.isnan(value).astype(np.intp), (OK, NO_DATA))),
        notes=(NOT_A_CAUSE,),
    )
