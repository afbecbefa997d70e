"""How unevenly events are spread over areas: Theil's index."""

from __future__ import annotations

import numpy as np

from countylines._kernels import concentration
from countylines._typing import RNG, ArrayLike
from countylines.disproportionality import _evenness
from countylines.results import Estimate


def theil(
    count: ArrayLike,
    size: ArrayLike | None = None,
    *,
    correction: str = "bootstrap",
    level: float = 0.95,
    replicates: int = 2000,
    rng: RNG = None,
) -> Estimate:
    r"""Theil index of events over areas, or over people in areas, less what chance makes of it.

    It answers: how unevenly are events spread, from 0 (in proportion) to log n (all in one
    place)? Few events are never spread evenly: ten events in forty areas have an index of 1.38
    or more whatever is behind them. It does not say where they are.

    Parameters
    ----------
    count : array_like, shape (areas,)
        Events in each area: whole numbers of at least 0.
    size : array_like or None, optional
        What each area counts for, such as its population, above 0: the index is then one of rates.
        None: areas count alike.
    correction : {"bootstrap", "none"}, default "bootstrap"
        Whether the estimated bias is taken off.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    replicates : int, default 2000
        Tables drawn for the interval, and as many for the test; at least 99.
    rng : int, Generator, SeedSequence or None, optional
        Source of randomness.

    Returns
    -------
    Estimate
        ``estimate``, ``low``, ``high`` [nats]. Notes have the index of the counts themselves, its
        mean where all rates are alike, and the p-value of that. Nan, with the verdict *no-data*,
        where there is no event.

    Raises
    ------
    InputError
        If a count is not one, a size is not above 0, there are fewer than two areas, or an option
        is unknown.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    See Also
    --------
    gini : an index from 0 to 1.
    dissimilarity : two groups over areas.

    Notes
    -----
    With shares :math:`s_i` of events and :math:`p_i` of size,

    .. math:: T = \sum_i s_i \log \frac{s_i}{p_i} .

    The numbers of events are drawn again from their own shares, given their sum; the mean of the
    indices less the index estimates the bias. The limits are of true shares between even ones and
    those seen, or up to three times as far from even: those from which as high, and as low, an
    index as that of the counts is drawn in half of 1 - `level` of the tables. The lower one is 0
    where evenness is not rejected at that tail. The p-value draws them in proportion to size.

    Assumptions that fail in practice: events independent (several of one line, or of one day);
    areas cut without regard to the events.

    References
    ----------
    .. [1] Theil, H. (1972). *Statistical Decomposition Analysis*. North-Holland, chapter 2.
    .. [2] Bernasco, W. and Steenbeek, W. (2017). More places than crimes: implications for
       evaluating the law of crime concentration at place. *Journal of Quantitative Criminology* 33,
       451-467. https://doi.org/10.1007/s10940-016-9324-7

    Examples
    --------
    Twelve events in eight areas of equal size, made up:

    >>> found = cl.disproportionality.theil([3, 2, 2, 0, 1, 1, 0, 3], rng=1)
    >>> print(found.notes[2].text)
    P-value of evenness: 0.504 (2,000 tables drawn).

    Three areas have eight of the twelve, and an even spread would look like that.
    """
    return _evenness.spread_estimate(
        "Theil index",
        count,
        size,
        index=concentration.theil,
        top=lambda least: float(-np.log(least)),
        correction=correction,
        level=level,
        replicates=replicates,
        rng=rng,
        references=("theil1972", "bernasco2017"),
    )
