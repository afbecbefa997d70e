"""One proportion out of many areas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from countylines._typing import RNG, Alternative, ArrayLike
from countylines.pooled import PooledEstimate
from countylines.prevalence import _pooling
from countylines.prevalence._pooled_result import pooled_estimate

METHODS = ("beta-binomial", "moments", "quasi-binomial", *_pooling.LOG_SCALE)


def pooled_proportion(
    count: ArrayLike,
    total: ArrayLike,
    *,
    method: str = "beta-binomial",
    interval: str = "t",
    dim: Any = None,
    leave_out: Sequence[Any] = (),
    zero_correction: float = 0.5,
    level: float = 0.95,
    null: float | None = None,
    alternative: Alternative = "two-sided",
    replicates: int = 9999,
    rng: RNG = None,
) -> PooledEstimate:
    r"""Overall share of many areas whose own shares differ, and by how much they differ.

    It answers: what is the share over all areas, allowing for the fact that areas differ by more
    than chance? It is not the share of any one area: for that see `prediction` in the result, or
    :func:`shrunken_proportion`.

    Parameters
    ----------
    count : array_like, shape (..., areas)
        Number with the property in each area: whole numbers, from 0 to `total`.
    total : array_like, shape (..., areas)
        Number looked at in each area, above 0.
    method : str, default "beta-binomial"
        What is estimated and how, see Notes: ``"beta-binomial"`` (mean over areas),
        ``"moments"`` or ``"quasi-binomial"`` (total over total), ``"dersimonian-laird"``,
        ``"reml"`` or ``"paule-mandel"`` (median over areas, by log odds).
    interval : {"t", "normal"}, default "t"
        Quantiles of t with one degree of freedom less than areas, because the variance between
        areas is estimated; for the methods by log odds, with the factor of Knapp and Hartung, held
        at 1 or more. ``"normal"`` (chi-squared for a likelihood ratio) suits many areas only.
    dim : str or int or None, optional
        Dimension that holds the areas: a name for a DataArray, an axis number for an array; the
        index of a Series or DataFrame if None.
    leave_out : sequence of labels, optional
        Areas that take no part; a note names them. Their total may be missing or 0.
    zero_correction : float, default 0.5
        Added to counts of 0 and their complements by the methods by log odds.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : float or None, optional
        Share under test; without it nothing is tested.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test.
    replicates : int, default 9999
        Simulated tables for the p-value of `overdispersion`, where an area expects fewer than 5
        events or non-events.
    rng : int, Generator, SeedSequence or None, optional
        Source of randomness of those tables.

    Returns
    -------
    PooledEstimate
        ``estimate``, ``low``, ``high`` [share, 0 to 1], without the dimension of areas;
        ``estimand`` in words; ``between``, ``prediction``, ``overdispersion``, ``plain``.

    Raises
    ------
    InputError
        If a count is not one or is above its total, a total is 0, or `leave_out` names no area.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If there is one area only, or no event or no non-event at all.
    SparseDataWarning
        If a method by log odds meets areas with fewer than 5 events or non-events.

    See Also
    --------
    pooled_rate : the same for rates.
    proportion : one share, or each area by itself.

    Notes
    -----
    Given its share :math:`p_i`, area :math:`i` has a binomial count. ``"beta-binomial"`` takes the
    shares as beta with mean :math:`p` and correlation :math:`\rho` between two members of an area:
    with :math:`\gamma = \rho / (1 - \rho)` and :math:`q = 1 - p`,

    .. math:: \ell(p, \gamma) = \sum_i \Big[ \sum_{j < x_i} \log(p + \gamma j)
              + \sum_{j < n_i - x_i} \log(q + \gamma j) - \sum_{j < n_i} \log(1 + \gamma j)
              \Big],

    maximises it, and inverts the likelihood ratio of :math:`p`, with the quantiles that
    :func:`pooled_rate` describes. ``"moments"`` and
    ``"quasi-binomial"`` give the total over the total with a variance as there, with :math:`p q`
    for the variance of one member.

    Where no area has an event (or a non-event) the estimate is the end of the range, and the other
    limit that of one binomial share; one area alone says nothing of a mean over areas, and there is
    no estimate.

    Assumptions that fail in practice: areas are independent, shares do not go with size, and the
    property is recorded alike everywhere.

    References
    ----------
    .. [1] Williams, D. A. (1975). The analysis of binary responses from toxicological experiments
       involving reproduction and teratogenicity. *Biometrics* 31, 949-952.
       https://doi.org/10.2307/2529820
    .. [2] Viechtbauer, W. (2007). Confidence intervals for the amount of heterogeneity in
       meta-analysis. *Statistics in Medicine* 26, 37-52. https://doi.org/10.1002/sim.2514

    Examples
    --------
    Of the children whom police forces referred as potential victims of modern slavery from April
    2022 to December 2023, the share referred for criminal exploitation:

    >>> table = cl.datasets.load_nrm_criminal_exploitation_force().dropna(subset=["force"])
    >>> sums = table.groupby("force")[["child_criminal_any", "child_all_types"]].sum()
    >>> share = cl.prevalence.pooled_proportion(
    ...     sums["child_criminal_any"], sums["child_all_types"], rng=1
    ... )
    >>> print(f"{share.estimate:.2f} ({share.low:.2f} to {share.high:.2f})")
    0.77 (0.72 to 0.81)
    >>> print(f"{share.prediction.low:.2f} to {share.prediction.high:.2f}")
    0.50 to 0.95

    On average over forces 77 % of the children were referred for criminal exploitation; for one
    force it may be anything from half to nearly all, which tells as much of what forces look for as
    of what happens there.
    """
    return pooled_estimate(
        _pooling.SHARE,
        pooled_proportion,
        METHODS,
        count,
        total,
        size_name="total",
        method=method,
        interval=interval,
        zero_correction=zero_correction,
        dim=dim,
        leave_out=leave_out,
        per=1.0,
        level=level,
        null=null,
        alternative=alternative,
        replicates=replicates,
        rng=rng,
    )
