"""Proportions of many areas, each drawn towards what the others say."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from countylines import _validate
from countylines._typing import ArrayLike
from countylines.prevalence import _areas, _shrinking
from countylines.prevalence._pooling import SHARE
from countylines.prevalence._shrunken_result import shrunken_estimate
from countylines.shrunken import ShrunkenEstimate


def shrunken_proportion(
    count: ArrayLike,
    total: ArrayLike,
    *,
    interval: str = "hierarchical",
    dim: Any = None,
    leave_out: Sequence[Any] = (),
    level: float = 0.95,
) -> ShrunkenEstimate:
    r"""Share in each of many areas, drawn towards the others: the more, the smaller the area.

    It answers: what is each area's share likely to be, if areas are somewhat alike? It does not
    take out what differs in recording, and the shrunken shares are less spread than the true ones.

    Parameters
    ----------
    count : array_like, shape (..., areas)
        Number with the property in each area: whole numbers, from 0 to `total`.
    total : array_like, shape (..., areas)
        Number looked at in each area, above 0.
    interval : {"hierarchical", "plug-in"}, default "hierarchical"
        Whether limits allow for the law of the areas being estimated. ``"plug-in"`` does not, and
        is much too short where areas are few or small; where the estimated variance between areas
        is 0 it does not exist, and limits are nan.
    dim : str or int or None, optional
        Dimension that holds the areas: a name for a DataArray, an axis number for an array; the
        index of a Series or DataFrame if None. What is along the others is shrunk apart.
    leave_out : sequence of labels, optional
        Areas that take no part and get no share; a note names them. Their total may be 0.
    level : float, default 0.95
        Probability that each interval holds the share, a share in (0, 1).

    Returns
    -------
    ShrunkenEstimate
        ``estimate``, ``low``, ``high`` [share, 0 to 1], ``own``, ``weight``, ``towards``, all with
        the labels of the data. The intervals are credible intervals.

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

    See Also
    --------
    shrunken_rate : the same for rates, with what is said there of the intervals.
    pooled_proportion : the overall share, and how much areas differ.

    Notes
    -----
    With shares that are beta with mean :math:`p` and correlation :math:`\rho` within an area,

    .. math:: E(p_i \mid x_i) = \frac{x_i + M p}{n_i + M}, \qquad M = \frac{1 - \rho}{\rho},

    at the :math:`p` and :math:`\rho` of largest likelihood: between the area's own share and
    :math:`p`. ``interval="hierarchical"`` averages the posterior of :math:`p_i` over all :math:`p`
    and :math:`\rho`, with a flat prior for the log odds of :math:`p` and a uniform one for
    :math:`M / (M + n)` at the median :math:`n` of the totals.

    Where no area has an event (or a non-event) the estimates are the end of the range and the
    limits each area's own; one area alone cannot be shrunk, and there is no estimate.

    References
    ----------
    .. [1] Williams, D. A. (1975). The analysis of binary responses from toxicological experiments
       involving reproduction and teratogenicity. *Biometrics* 31, 949-952.
       https://doi.org/10.2307/2529820
    .. [2] Christiansen, C. L. and Morris, C. N. (1997). Hierarchical Poisson regression modeling.
       *Journal of the American Statistical Association* 92, 618-632.
       https://doi.org/10.1080/01621459.1997.10474013

    Examples
    --------
    Of the children whom police forces referred as potential victims of modern slavery from April
    2022 to December 2023, the share referred for criminal exploitation:

    >>> table = cl.datasets.load_nrm_criminal_exploitation_force().dropna(subset=["force"])
    >>> sums = table.groupby("force")[["child_criminal_any", "child_all_types"]].sum()
    >>> shrunken = cl.prevalence.shrunken_proportion(
    ...     sums["child_criminal_any"], sums["child_all_types"]
    ... )
    >>> for force in ("Gloucestershire", "Durham", "Essex"):
    ...     own, value = shrunken.own[force], shrunken.estimate[force]
    ...     print(f"{force:16} {own:.2f} {value:.2f}")
    Gloucestershire  1.00 0.90
    Durham           0.33 0.53
    Essex            0.84 0.84

    All 17 children whom Gloucestershire referred were referred for that, and 5 of 15 in Durham;
    such small numbers support 90 and 53 %. Essex, with 172, keeps what it had.
    """
    _validate.option("interval", interval, _shrinking.INTERVALS)
    settings = _shrinking.Settings(interval, _validate.level(level))
    areas = _areas.read(dim, leave_out, size="total", count=count, total=total)
    return shrunken_estimate(
        SHARE,
        areas,
        functools.partial(_shrinking.conjugate_shrinkage, SHARE, settings=settings),
        settings,
        per=1.0,
        method="beta-binomial",
        interval=interval,
        interval_kind="credible",
        references=("williams1975", "christiansen1997"),
    )
