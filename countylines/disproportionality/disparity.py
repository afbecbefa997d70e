"""Ratio, difference and excess count of two groups in one table."""

from __future__ import annotations

import dataclasses
from typing import Any

import pandas as pd

from countylines import _labels, _validate
from countylines._typing import ArrayLike
from countylines.disproportionality.rate_difference import rate_difference
from countylines.disproportionality.rate_ratio import rate_ratio
from countylines.disproportionality.risk_difference import risk_difference
from countylines.disproportionality.risk_ratio import risk_ratio

MEASURES: dict[str, Any] = {
    "risk": (risk_ratio, risk_difference),
    "rate": (rate_ratio, rate_difference),
}


def disparity(
    count: ArrayLike,
    size: ArrayLike,
    ref_count: ArrayLike,
    ref_size: ArrayLike,
    *,
    measure: str = "risk",
    method: str = "skew-score",
    level: float = 0.95,
) -> pd.DataFrame:
    r"""Ratio, difference and excess count of two groups, together.

    It answers: how many times as often, how much more often, and how many people is that? Each
    hides what another shows: a large ratio of rare events is few people, and a small ratio of
    common ones many. None is evidence of a cause.

    Parameters
    ----------
    count : array_like, shape (...)
        People of the group with the outcome, or its events.
    size : array_like, shape (...)
        All people of the group, or its exposure.
    ref_count, ref_size : array_like, shape (...)
        The same of the group compared with.
    measure : {"risk", "rate"}, default "risk"
        Shares of people who can each be counted once, or events per exposure.
    method : str, default "skew-score"
        A method that both the ratio and the difference have, such as ``"skew-score"`` or
        ``"mover-jeffreys"``.
    level : float, default 0.95
        Confidence level of each interval.

    Returns
    -------
    DataFrame
        Three rows a pair of groups: ``quantity``, labels, and the columns common to all
        estimators. The excess count is in events of the group.

    Raises
    ------
    InputError
        If the counts are not possible, or an option is unknown.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    See Also
    --------
    four_fifths : a decision on the ratio.
    excess_count : the excess over a share of a benchmark.

    Notes
    -----
    With x of n and y of m, the ratio is :math:`(x / n) / (y / m)`, the difference
    :math:`d = x / n - y / m`, and the excess :math:`n d = x - n y / m`: what the group has beyond
    the reference's rate. Its limits are n times those of d. The three intervals are of the same
    method and agree on a difference of 0 (with ``"skew-score"`` up to what the correction for
    skewness differs by), and each holds its level alone.

    Assumptions that fail in practice: those of the ratio. The excess is no number of people who
    would be spared if rates were equal, unless everything else stayed as it is.

    References
    ----------
    .. [1] Laud, P. J. (2017). Equal-tailed confidence intervals for comparison of rates.
       *Pharmaceutical Statistics* 16, 334-348. https://doi.org/10.1002/pst.1813

    Examples
    --------
    In Cumbria in 2020 the police recorded 19 stops and searches of Black people, of whom 2,579 were
    counted as living there, and 2,365 of White people, of 487,409 (see
    :func:`countylines.datasets.load_stop_search_pfa_2019_2021`):

    >>> table = cl.disproportionality.disparity(19, 2_579, 2_365, 487_409, measure="rate")
    >>> excess = table.set_index("quantity").loc["excess count"]
    >>> print(f"{excess['estimate']:.1f} ({excess['low']:.1f} to {excess['high']:.1f})")
    6.5 (-0.7 to 16.6)

    A ratio of 1.5 is six or seven stops more than the rate of White residents gives, and a deficit
    of one is not excluded for the process behind them.
    """
    measure = _validate.option("measure", measure, MEASURES)
    ratio_of, difference_of = MEASURES[measure]
    data = count, size, ref_count, ref_size
    ratio = ratio_of(*data, method=method, level=level).compute()
    difference = difference_of(*data, method=method, level=level).compute()
    inputs = _labels.align(count=count, size=size, ref_count=ref_count, ref_size=ref_size)
    people = inputs.labelled("size")
    names = ("estimate", "standard_error", "low", "high")
    excess = dataclasses.replace(
        difference,
        quantity="excess count",
        method="count - size * reference rate",
        **{name: getattr(difference, name) * people for name in names},
    ).compute()
    tables = [result.to_frame() for result in (ratio, difference, excess)]
    for table, result in zip(tables, (ratio, difference, excess), strict=True):
        table.insert(0, "quantity", result.quantity)
    whole: pd.DataFrame = pd.concat(tables, ignore_index=True)
    whole.attrs["references"] = tuple(dict.fromkeys((*ratio.references, *difference.references)))
    return whole
