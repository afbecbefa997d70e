"""A ratio of groups, adjusted for age, area or period by regression."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _validate
from countylines._kernels import glm
from countylines._kernels.cluster_robust import POWERS, limits
from countylines._typing import Alternative
from countylines.disproportionality import _adjusted_data, _adjusted_fit
from countylines.disproportionality._adjusted_fit import Model, Ratio, Settings
from countylines.disproportionality._two_groups import NOT_A_CAUSE
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning, warn
from countylines.regression import RegressionEstimate
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]

SHARES = ("quasi-binomial", "binomial", "beta-binomial")
RATES = ("quasi-poisson", "poisson", "negative-binomial")
INTERVALS = ("profile", "wald", *POWERS)
ENDS = (
    OK,
    Verdict(
        False,
        "separated",
        ("Only the group has events where both are seen: the ratio has no end.",),
    ),
    Verdict(False, "separated", ("The group has no event where both are seen: the ratio is 0.",)),
    Verdict(
        False,
        "not-identified",
        ("The adjusters say of each row which group it is, or there are no events to compare.",),
    ),
)
MARGINAL_ENDS = (
    OK,
    Verdict(
        False,
        "separated",
        ("The odds ratio is infinite, 0 or not identified; see its verdict.",),
    ),
)
FEW_DF = 4.0  # below, Satterthwaite's approximation is known to be poor
REFERENCES = {
    "quasi-binomial": ("mccullagh1989",),
    "quasi-poisson": ("mccullagh1989",),
    "binomial": ("mccullagh1989",),
    "poisson": ("mccullagh1989",),
    "beta-binomial": ("williams1975",),
    "negative-binomial": ("lawless1987",),
}


def adjusted_ratio(
    data: pd.DataFrame,
    *,
    count: str,
    group: str,
    reference: Any,
    exposure: str | None = None,
    total: str | None = None,
    adjust: Sequence[str] = (),
    family: str | None = None,
    interval: str | None = None,
    cluster: str | None = None,
    dispersion_floor: float = 1.0,
    level: float = 0.95,
    null: float = 1.0,
    alternative: Alternative = "two-sided",
) -> RegressionEstimate:
    r"""Rate ratio or odds ratio of groups, adjusted for other columns by regression.

    It answers: how does the rate (or the odds) of a group compare with that of the reference group
    at equal age, area or period, whatever goes into `adjust`? It is not what remains after every
    difference, and a ratio within areas says nothing of why the groups live in different areas.

    Parameters
    ----------
    data : DataFrame
        One row a cell: a group in an area, an age band, a period. No missing values in the columns
        used.
    count : str
        Column of events.
    group : str
        Column of group labels.
    reference : label
        The group that others are compared with.
    exposure : str or None, optional
        Column of population or time at risk, above 0, for rate ratios.
    total : str or None, optional
        Column of cases, for odds ratios. One of `exposure` and `total` must be given.
    adjust : sequence of str, optional
        Columns held equal: text, categories and bools one level a label, numbers as a straight line
        on the scale of the log (of the rate or odds).
    family : str or None, optional
        Rates: ``"quasi-poisson"`` (the default), ``"poisson"``, ``"negative-binomial"``; shares:
        ``"quasi-binomial"`` (the default), ``"binomial"``, ``"beta-binomial"``.
    interval : str or None, optional
        ``"profile"`` (likelihood ratio, the default) or ``"wald"``; with `cluster`, ``"cr2"`` (the
        default), ``"cr0"``, ``"cr1"``, ``"cr3"``.
    cluster : str or None, optional
        Column of clusters, such as forces or networks, within which rows depend on one another.
    dispersion_floor : float, default 1.0
        The least dispersion that a quasi-likelihood takes; 0 takes what is found.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : float, default 1.0
        Ratio under test.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        ``"greater"`` asks whether the ratio exceeds `null`.

    Returns
    -------
    RegressionEstimate
        The conditional ratio: a number for two groups, a Series by group for more. ``marginal`` is
        the ratio of standardised shares (for `total`), ``coefficients`` has every term.

    Raises
    ------
    InputError
        If a column is missing, holds no counts, or leaves nothing to compare.
    InputTypeError
        If `data` is no DataFrame, or a column has a dtype that cannot be used.

    Warns
    -----
    DegenerateDataWarning
        If a ratio is infinite, 0 or not identified, or rests on one cluster on a side.
    SparseDataWarning
        If clusters leave fewer than 4 degrees of freedom.

    See Also
    --------
    rate_ratio : two groups, nothing adjusted for.
    odds_ratio : the same for odds.

    Notes
    -----
    With a group :math:`g` and adjusters :math:`z` of cell :math:`i`,

    .. math:: \log \lambda_i = a + \beta_{g(i)} + \gamma' z_i \quad\text{or}\quad
              \operatorname{logit} p_i = a + \beta_{g(i)} + \gamma' z_i,

    and the ratio is :math:`e^{\beta_g}`. Limits and errors are those of
    :func:`~countylines.localisation.trend_regression`.

    A rate ratio without interactions is collapsible: it is the ratio of rates standardised to any
    population. An odds ratio is not: it moves when a column that predicts the event is adjusted
    for, though groups do not differ in it. For shares ``marginal`` therefore gives
    :math:`\bar p_g / \bar p_r`, the fitted shares averaged over all cases as if they were all in
    one group and then in the other, with limits by the delta method on its log.

    Levels of an adjuster in which no row has an event (of shares, or a non-event) say nothing of a
    ratio; their rows are left out with a note. A term of an adjuster that earlier ones determine
    (areas within regions) is left out of the fit and nan in ``coefficients``.

    Assumptions that fail in practice: one ratio for all levels of the adjusters, straight lines in
    numeric ones, exposures that fit the counts, and clusters independent of one another.

    References
    ----------
    .. [1] McCullagh, P. and Nelder, J. A. (1989). *Generalized Linear Models*, 2nd edition. Chapman
       and Hall. https://doi.org/10.1007/978-1-4899-3242-6
    .. [2] Greenland, S., Robins, J. M. and Pearl, J. (1999). Confounding and collapsibility in
       causal inference. *Statistical Science* 14, 29-46. https://doi.org/10.1214/ss/1009211805
    .. [3] Breslow, N. E. and Day, N. E. (1987). *Statistical Methods in Cancer Research*, volume 2.
       International Agency for Research on Cancer, edition of 1987.

    Examples
    --------
    Coronary deaths of British doctors by age, smokers and non-smokers (Breslow and Day, 1987):

    >>> import pandas as pd
    >>> ages = ["35-44", "45-54", "55-64", "65-74", "75-84"]
    >>> doctors = pd.DataFrame(
    ...     {
    ...         "smokes": ["yes"] * 5 + ["no"] * 5,
    ...         "age": ages * 2,
    ...         "deaths": [32, 104, 206, 186, 102, 2, 12, 28, 28, 31],
    ...         "years": [52407, 43248, 28612, 12663, 5317, 18790, 10673, 5710, 2585, 1462],
    ...     }
    ... )
    >>> found = cl.disproportionality.adjusted_ratio(
    ...     doctors,
    ...     count="deaths",
    ...     exposure="years",
    ...     group="smokes",
    ...     reference="no",
    ...     adjust=["age"],
    ... )
    >>> print(f"{found.estimate:.2f} ({found.low:.2f} to {found.high:.2f})")
    1.43 (0.89 to 2.42)
    >>> print(f"dispersion {found.dispersion:.1f} on {found.df:.0f} degrees of freedom")
    dispersion 2.8 on 4 degrees of freedom

    At equal age smokers died 1.4 times as often. The ratio is not the same at all ages, which shows
    as dispersion, and with five ages the interval that allows for it holds 1.
    """
    link, settings = _settings(
        exposure, total, family, interval, cluster, dispersion_floor, level, null, alternative
    )
    table = _adjusted_data.table(data, count, group, exposure, total, adjust, cluster)
    _adjusted_data.check_values(table, count, exposure, total)
    labels = list(dict.fromkeys(table[group]))
    if reference not in labels:
        raise InputError(
            _validate.sentence("reference", f"a label of {group!r}", _validate.show(reference))
        )
    others = [label for label in labels if label != reference]
    if not others:
        raise InputError(
            _validate.sentence("data", f"of at least two groups in {group!r}", "one group")
        )
    kept = _adjusted_data.informative(
        table, count, total, [a for a in adjust if _adjusted_data.is_label(table[a])]
    )
    silent = len(table) - len(kept)
    if kept.empty:
        raise InputError(
            _validate.sentence(
                "count", "above 0 somewhere (and, of shares, below the total)", "not"
            )
        )
    x, names = _adjusted_data.design(kept, group, others, adjust)
    own = _adjusted_data.independent(x, len(others))
    x, every = x[:, own], names
    names = [name for name, one in zip(names, own, strict=True) if one]
    y = kept[count].to_numpy(np.float64)
    column = exposure or total
    size = kept[column].to_numpy(np.float64)
    codes = None if cluster is None else pd.factorize(kept[cluster])[0].astype(np.intp)
    if codes is not None and codes.max() < 1:
        raise InputError(_validate.sentence("cluster", "of at least two clusters", "one"))
    model = _adjusted_fit.fit(link, x, y, size, settings)
    found = [
        _adjusted_fit.ratio(link, x, y, size, codes, 1 + k, model, settings)
        for k in range(len(others))
    ]
    coef, errors = _adjusted_fit.terms(link, x, y, size, codes, model, settings)
    notes = _notes(link, found, others, silent, settings, model, codes)
    verdicts = [ENDS[r.code] for r in found]
    back = functools.partial(_back, others=others, name=group)
    marginal = None
    if link == "logit":
        marginal = _marginal(x, y, size, codes, model, found, settings, back)
    return RegressionEstimate(
        quantity=f"adjusted {'odds' if link == 'logit' else 'rate'} ratio, against {reference}",
        estimate=back([np.exp(r.value) for r in found]),
        standard_error=back([np.exp(r.value) * r.error for r in found]),
        low=back([np.exp(r.low) for r in found]),
        high=back([np.exp(r.high) for r in found]),
        method=f"regression, {settings.family}",
        level=level,
        interval_method=settings.interval,
        null=float(null),
        alternative=alternative,
        pvalue=back([r.pvalue for r in found]),
        n=int(size.sum()) if link == "logit" else int(y.sum()),
        verdict=verdicts[0]
        if len(others) == 1
        else pd.Series(
            verdict_array(np.array([r.code for r in found]), ENDS), index=_index(others, group)
        ),
        notes=notes,
        references=(*REFERENCES[settings.family], "greenland1999"),
        family=settings.family,
        dispersion=model.dispersion,
        df=back([r.df for r in found]),
        clusters=None if codes is None else int(codes.max()) + 1,
        marginal=marginal,
        coefficients=pd.DataFrame(
            {"coefficient": coef, "standard_error": errors}, index=names
        ).reindex(every),
        _recompute=functools.partial(
            adjusted_ratio,
            data,
            count=count,
            group=group,
            reference=reference,
            exposure=exposure,
            total=total,
            adjust=adjust,
            family=family,
            interval=interval,
            cluster=cluster,
            dispersion_floor=dispersion_floor,
            level=level,
        ),
    )


def _settings(
    exposure: Any,
    total: Any,
    family: str | None,
    interval: str | None,
    cluster: Any,
    floor: float,
    level: float,
    null: float,
    alternative: str,
) -> tuple[str, Settings]:
    if (exposure is None) == (total is None):
        got = "neither" if exposure is None else "both"
        raise InputError(
            _validate.sentence(
                "exposure",
                "given, or `total` in its place",
                got,
                remedy="Exposures make rates, totals make shares.",
            )
        )
    allowed = RATES if total is None else SHARES
    family = _validate.option("family", allowed[0] if family is None else family, allowed)
    if interval is None:
        interval = "profile" if cluster is None else "cr2"
    _validate.option("interval", interval, INTERVALS)
    if (interval in POWERS) != (cluster is not None):
        rule = (
            "'profile' or 'wald' without `cluster`, and one of 'cr2', 'cr0', 'cr1', 'cr3' with it"
        )
        raise InputError(_validate.sentence("interval", rule, repr(interval)))
    if cluster is not None and family in _adjusted_fit.MIXED:
        raise InputError(
            _validate.sentence(
                "cluster",
                f"None for family={family!r}, whose dispersion is between rows",
                "clusters",
                remedy="Use a quasi-likelihood with `cluster`.",
            )
        )
    settings = Settings(
        family,
        interval,
        _validate.level(level),
        _validate.alternative(alternative),
        float(np.log(_validate.number("null", null, low=0.0, open_low=True))),
        _validate.number("dispersion_floor", floor, low=0.0),
    )
    return ("log" if total is None else "logit"), settings


def _index(others: list[Any], name: str) -> pd.Index:
    index: pd.Index = pd.Index(others, name=name)
    return index


def _back(values: list[float], others: list[Any], name: str) -> Any:
    if len(others) == 1:
        return float(values[0])
    return pd.Series(np.asarray(values, dtype=np.float64), index=_index(others, name))


def _marginal(
    x: FloatArray,
    y: FloatArray,
    size: FloatArray,
    codes: Any,
    model: Model,
    found: list[Ratio],
    settings: Settings,
    back: Any,
) -> Estimate:
    """Ratio of standardised shares."""
    groups = list(range(1, 1 + len(found)))
    logs, errors, lows, highs, odds, unknown = [], [], [], [], [], []
    for k, ratio in enumerate(found):
        unknown.append(int(ratio.code != glm.FINITE))
        if ratio.code != glm.FINITE:
            logs.append(np.nan)
            errors.append(np.nan)
            lows.append(-np.inf)
            highs.append(np.inf)
            odds.append(np.nan)
            continue
        one = _adjusted_fit.standardised(x, size, model.coef, groups, 1 + k)
        error, df = _adjusted_fit.error_of(x, y, codes, one.gradient, model, settings)
        value = float(np.log(one.share / one.reference))
        low, high = limits(value, error**2, df, settings.level, settings.alternative)
        logs.append(value)
        errors.append(error if df > 0.0 else np.nan)
        odds.append(one.odds)
        lows.append(low)
        highs.append(high)
    said = ", ".join(f"{v:.4g}" for v in odds)
    text = f"The odds ratio of the standardised shares is {said}."
    return Estimate(
        quantity="ratio of standardised shares",
        estimate=back(np.exp(logs)),
        standard_error=back(np.exp(logs) * np.array(errors)),
        low=back(np.exp(lows)),
        high=back(np.exp(highs)),
        method=f"standardisation, {settings.family}",
        level=settings.level,
        interval_method="delta, log",
        alternative=settings.alternative,
        verdict=MARGINAL_ENDS[unknown[0]]
        if len(found) == 1
        else pd.Series(verdict_array(np.array(unknown), MARGINAL_ENDS), index=back(logs).index),
        notes=(NOT_A_CAUSE, Note("marginal-odds", text)),
        references=("greenland1999",),
    )


def _notes(
    link: str,
    found: list[Ratio],
    others: list[Any],
    silent: int,
    settings: Settings,
    model: Model,
    codes: Any,
) -> tuple[Note, ...]:
    notes = [NOT_A_CAUSE]
    ends = [str(o) for o, r in zip(others, found, strict=True) if r.code != glm.FINITE]
    if ends:
        text = f"The ratio is infinite, 0 or not identified for {', '.join(ends[:3])}."
        notes.append(Note("separated", text))
        warn(text, DegenerateDataWarning)
    if silent:
        text = f"{silent} rows say nothing: where they stand there is no event, or are events only."
        notes.append(Note("silent-rows", text))
    if link == "logit":
        text = (
            "An odds ratio is not collapsible: it is one at equal adjusters, and moves with what "
            "is adjusted for. `marginal` has the ratio of standardised shares."
        )
    else:
        text = "The rate ratio is collapsible: standardised to any population it is the same."
    notes.append(Note("collapsible", text))
    if settings.family in _adjusted_fit.QUASI and codes is None:
        if model.df == 0.0:
            text = "No degree of freedom is left to see the dispersion: the interval says nothing."
            notes.append(Note("no-dispersion", text))
            warn(text, DegenerateDataWarning)
        elif model.dispersion < settings.floor:
            text = (
                f"The dispersion found ({model.dispersion:.2f}) is below {settings.floor:g}, and "
                f"{settings.floor:g} is taken: so little variation is chance."
            )
            notes.append(Note("dispersion-floor", text))
    if codes is not None:
        notes += _cluster_notes(found, others, int(codes.max()) + 1)
    return tuple(notes)


def _cluster_notes(found: list[Ratio], others: list[Any], clusters: int) -> list[Note]:
    notes = []
    known = [(o, r.df) for o, r in zip(others, found, strict=True) if r.code == glm.FINITE]
    alone = [str(o) for o, df in known if not df > 0.0]
    few = [df for _, df in known if 0.0 < df < FEW_DF]
    if alone:
        text = (
            f"The ratio rests on one cluster on a side for {', '.join(alone[:3])}: nothing shows "
            "how far that cluster is from others like it, and the interval says nothing."
        )
        notes.append(Note("one-cluster", text))
        warn(text, DegenerateDataWarning)
    if few:
        text = (
            f"{clusters} clusters leave {min(few):.1f} degrees of freedom, too few for the "
            "approximation."
        )
        notes.append(Note("few-clusters", text))
        warn(text, SparseDataWarning)
    return notes
