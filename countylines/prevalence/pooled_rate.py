"""One rate out of many areas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from countylines._typing import RNG, Alternative, ArrayLike
from countylines.pooled import PooledEstimate
from countylines.prevalence import _pooling
from countylines.prevalence._pooled_result import pooled_estimate

METHODS = ("negative-binomial", "moments", "quasi-poisson", *_pooling.LOG_SCALE)


def pooled_rate(
    count: ArrayLike,
    exposure: ArrayLike,
    *,
    method: str = "negative-binomial",
    interval: str = "t",
    dim: Any = None,
    leave_out: Sequence[Any] = (),
    per: float = 1,
    zero_correction: float = 0.5,
    level: float = 0.95,
    null: float | None = None,
    alternative: Alternative = "two-sided",
    replicates: int = 9999,
    rng: RNG = None,
) -> PooledEstimate:
    r"""Overall rate of many areas whose own rates differ, and by how much they differ.

    It answers: what is the rate over all areas, allowing for the fact that areas differ by more
    than chance? It is not the rate of any one area (see `prediction` in the result), and where the
    areas are all there are, not a sample, the interval describes the process that could have given
    them other rates.

    Parameters
    ----------
    count : array_like, shape (..., areas)
        Events in each area: whole numbers, at least 0.
    exposure : array_like, shape (..., areas)
        Population, or time at risk, of each area: above 0.
    method : str, default "negative-binomial"
        What is estimated and how, see Notes: ``"negative-binomial"`` (mean over areas),
        ``"moments"`` or ``"quasi-poisson"`` (total over total), ``"dersimonian-laird"``,
        ``"reml"`` or ``"paule-mandel"`` (median over areas, by logs of the rates).
    interval : {"t", "normal"}, default "t"
        Quantiles of t with one degree of freedom less than areas, because the variance between
        areas is estimated; for the methods by logs, with the factor of Knapp and Hartung, held at 1
        or more. ``"normal"`` (chi-squared for a likelihood ratio) suits many areas only.
    dim : str or int or None, optional
        Dimension that holds the areas: a name for a DataArray, an axis number for an array; the
        index of a Series or DataFrame if None.
    leave_out : sequence of labels, optional
        Areas without a population to divide by, such as the City of London: they take no part, and
        a note names them. Their exposure may be missing.
    per : float, default 1
        Unit of the rate: 100,000 gives rates per 100,000.
    zero_correction : float, default 0.5
        Added to counts of 0 by the methods by logs; the others need none.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : float or None, optional
        Rate under test, in the unit of `per`; without it nothing is tested.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test.
    replicates : int, default 9999
        Simulated tables for the p-value of `overdispersion`, where an area expects fewer than 5
        events.
    rng : int, Generator, SeedSequence or None, optional
        Source of randomness of those tables.

    Returns
    -------
    PooledEstimate
        ``estimate``, ``low``, ``high`` [events per `per` units of exposure], without the dimension
        of areas; ``estimand`` in words; ``between``, ``prediction``, ``overdispersion``, ``plain``.

    Raises
    ------
    InputError
        If a count is not one, an exposure is not above 0, or `leave_out` names no area.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If there is one area only, or no event at all.
    SparseDataWarning
        If a method by logs meets areas with fewer than 5 events.

    See Also
    --------
    pooled_proportion : the same for shares.
    shrunken_rate : the rates of the areas themselves.

    Notes
    -----
    Given its rate :math:`\lambda_i`, area :math:`i` has a Poisson count with mean
    :math:`e_i \lambda_i`. ``"negative-binomial"`` takes the rates as gamma with mean :math:`\mu`
    and squared coefficient of variation :math:`\alpha`,

    .. math:: \ell(\mu, \alpha) = \sum_i \sum_{j < x_i} \log(1 + \alpha j)
              + x_i \log (e_i \mu) - (x_i + 1/\alpha) \log(1 + \alpha e_i \mu),

    maximises it, and inverts the likelihood ratio :math:`W` of :math:`\mu`; with :math:`k` areas,
    ``interval="t"`` puts the limits at :math:`W = k \log(1 + t^2 / (k - 1))`, which would be exact
    for normal areas seen without noise. ``"moments"`` estimates :math:`\sum x / \sum e` with the
    variance

    .. math:: \frac{\hat p}{\sum e} + \hat\tau^2 \frac{\sum e^2}{(\sum e)^2},

    where :math:`\hat\tau^2` makes the weighted squares of the rates meet their expectation.
    ``"quasi-poisson"`` multiplies the Poisson variance by Pearson's statistic over its degrees of
    freedom, held at 1 or more: right only if large areas are as over-dispersed in proportion to
    their counts as small ones. The methods by logs give log rates the variance :math:`1/x_i`.

    Where no area has an event the estimate is 0 and the upper limit that of one Poisson count; one
    area alone says nothing of a mean over areas, and there is no estimate.

    In simulations with areas of unequal size whose rates vary by a half, nominal 95 % intervals
    covered: with 5 areas of 20 events each 94 % (negative-binomial), 93 % (moments), 92 %
    (quasi-Poisson), 96 % (by logs); with 43 such areas 94, 95, 87 and 90 %; with 43 areas of 2
    events 94, 94 and 92 %, and by logs 9 to 20 %, because of their bias. Prediction intervals of
    ``"negative-binomial"`` held the rate of another area in 89 % at
    worst, with 5 areas of 20 events.

    Assumptions that fail in practice: areas are independent (neighbours are not), rates do not go
    with size, and an event is recorded alike everywhere. Recording practice differs between police
    forces, and is the first explanation of what looks like over-dispersion.

    References
    ----------
    .. [1] Lawless, J. F. (1987). Negative binomial and mixed Poisson regression. *Canadian Journal
       of Statistics* 15, 209-225. https://doi.org/10.2307/3314912
    .. [2] DerSimonian, R. and Laird, N. (1986). Meta-analysis in clinical trials. *Controlled
       Clinical Trials* 7, 177-188. https://doi.org/10.1016/0197-2456(86)90046-2
    .. [3] Röver, C., Knapp, G. and Friede, T. (2015). Hartung-Knapp-Sidik-Jonkman approach and its
       modification for random-effects meta-analysis with few studies. *BMC Medical Research
       Methodology* 15, 99. https://doi.org/10.1186/s12874-015-0091-1
    .. [4] Viechtbauer, W. (2007). Confidence intervals for the amount of heterogeneity in
       meta-analysis. *Statistics in Medicine* 26, 37-52. https://doi.org/10.1002/sim.2514
    .. [5] Christiansen, C. L. and Morris, C. N. (1997). Hierarchical Poisson regression modeling.
       *Journal of the American Statistical Association* 92, 618-632.
       https://doi.org/10.1080/01621459.1997.10474013

    Examples
    --------
    Children referred as potential victims of criminal exploitation by police forces from April 2022
    to December 2023, per 100,000 residents aged 10 to 17 and year:

    >>> table = cl.datasets.load_nrm_criminal_exploitation_force()
    >>> count = table.dropna(subset=["force"]).groupby("force")["child_criminal_any"].sum()
    >>> people = cl.datasets.load_police_force_population().query("age_band == '10-17'")
    >>> years = people.set_index("force")["population"].loc[count.index] * 1.75
    >>> options = {"leave_out": ["London, City of"], "per": 100_000, "rng": 1}
    >>> pooled = cl.prevalence.pooled_rate(count, years, **options)
    >>> print(f"{pooled.estimate:.1f} ({pooled.low:.1f} to {pooled.high:.1f})")
    20.4 (17.3 to 24.2)
    >>> print(
    ...     f"{pooled.plain.estimate:.1f} ({pooled.plain.low:.1f} to {pooled.plain.high:.1f})"
    ... )
    20.0 (19.2 to 20.9)
    >>> print(f"{pooled.prediction.low:.1f} to {pooled.prediction.high:.1f}")
    5.3 to 45.8

    Had chance alone made forces differ, 20 would be known to within one; as they do differ, the
    mean over forces is known to within four, and a force like these may lie anywhere from 5 to 46.
    """
    return pooled_estimate(
        _pooling.RATE,
        pooled_rate,
        METHODS,
        count,
        exposure,
        size_name="exposure",
        method=method,
        interval=interval,
        zero_correction=zero_correction,
        dim=dim,
        leave_out=leave_out,
        per=per,
        level=level,
        null=null,
        alternative=alternative,
        replicates=replicates,
        rng=rng,
    )
