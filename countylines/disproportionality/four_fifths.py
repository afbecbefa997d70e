"""Whether a ratio is outside the four-fifths band, inside it, or cannot be told."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from countylines import _validate
from countylines._typing import ArrayLike
from countylines.disproportionality.rate_ratio import rate_ratio
from countylines.disproportionality.risk_ratio import risk_ratio
from countylines.results import Estimate

MEASURES: dict[str, Callable[..., Estimate]] = {"risk-ratio": risk_ratio, "rate-ratio": rate_ratio}


def four_fifths(
    count: ArrayLike,
    size: ArrayLike,
    ref_count: ArrayLike,
    ref_size: ArrayLike,
    *,
    measure: str = "risk-ratio",
    threshold: float = 0.8,
    method: str | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    r"""Decide by the interval whether a ratio is beyond four-fifths, within it, or cannot be told.

    It answers: is the ratio above 1.25, below 0.80, or in between, and do the counts say so? The
    rule of thumb itself compares the estimate, and so condemns small groups by chance and clears
    them by chance; here the estimate decides nothing. It is not a test of a cause, and a ratio
    within the band is not shown to be harmless.

    Parameters
    ----------
    count : array_like, shape (...)
        People of the group with the outcome, or its events.
    size : array_like, shape (...)
        All people of the group, or its exposure.
    ref_count, ref_size : array_like, shape (...)
        The same of the group compared with.
    measure : {"risk-ratio", "rate-ratio"}, default "risk-ratio"
        Shares of people who can each be counted once, or events per exposure.
    threshold : float, default 0.8
        Lower end of the band, a share in (0, 1); the upper end is one over it.
    method : str or None, optional
        Method of :func:`risk_ratio` or :func:`rate_ratio`; the default of either if None.
    level : float, default 0.95
        Level of the two-sided interval that decides.

    Returns
    -------
    DataFrame
        One row a pair of groups: labels and the columns common to all estimators, then
        ``band_low``, ``band_high``, ``pvalue_above``, ``pvalue_below``, ``pvalue_within`` and
        ``decision``: ``"above"``, ``"within"``, ``"below"`` or ``"cannot tell"``.

    Raises
    ------
    InputError
        If the counts are not possible, `threshold` is not a share, or an option is unknown.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    See Also
    --------
    risk_ratio, rate_ratio : the ratio and its interval.
    disparity : ratio, difference and excess count together.

    Notes
    -----
    With limits L and U of the level, and the threshold t:

    .. math:: L > 1/t \Rightarrow \text{above}, \qquad U < t \Rightarrow \text{below}, \qquad
              t < L \text{ and } U < 1/t \Rightarrow \text{within},

    and otherwise it cannot be told. Each answer is a one-sided test, or two of them, at
    (1 - level) / 2: ``pvalue_within`` is the larger of the p-values against t and against 1/t, as
    in two one-sided tests of equivalence. Where the ratio is undefined, nothing can be told. Small
    groups are hardly ever shown to be within: with ten people it takes more data, not a
    "no difference found".

    Assumptions that fail in practice: those of the ratio; one comparison, not the worst of many.

    References
    ----------
    .. [1] Sobol, M. G. and Ellard, C. J. (1988). Measures of employment discrimination: a
       statistical alternative to the four-fifths rule. *Berkeley Journal of Employment and Labor
       Law* 10, 381-399. https://scholarship.law.berkeley.edu/bjell/vol10/iss3/3
    .. [2] Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the power
       approach for assessing the equivalence of average bioavailability. *Journal of
       Pharmacokinetics and Biopharmaceutics* 15, 657-680. https://doi.org/10.1007/BF01068419

    Examples
    --------
    Made-up figures: remanded in custody, of those charged, in two groups of different size.

    >>> table = cl.disproportionality.four_fifths([9, 900], [20, 2_000], 3_000, 9_000)
    >>> table["estimate"].round(2).tolist()
    [1.35, 1.35]
    >>> table["decision"].tolist()
    ['cannot tell', 'above']

    Both ratios are 1.35, and only the large group's counts say that it exceeds 1.25.
    """
    measure = _validate.option("measure", measure, MEASURES)
    threshold = _validate.number(
        "threshold", threshold, low=0, high=1, open_low=True, open_high=True
    )
    function = MEASURES[measure]
    options: dict[str, Any] = {"level": level} | ({} if method is None else {"method": method})
    data = count, size, ref_count, ref_size
    ratio = function(*data, **options).compute()
    greater, less = (
        _column(ratio.test(null=null, alternative=side).effect)
        for null, side in ((1 / threshold, "greater"), (threshold, "less"))
    )
    inner = [
        _column(ratio.test(null=null, alternative=side).effect)
        for null, side in ((threshold, "greater"), (1 / threshold, "less"))
    ]
    table = ratio.to_frame()
    low, high = table["low"].to_numpy(), table["high"].to_numpy()
    above, below = low > 1 / threshold, high < threshold
    within = (low > threshold) & (high < 1 / threshold)
    table["band_low"], table["band_high"] = threshold, 1 / threshold
    table["pvalue_above"], table["pvalue_below"] = greater, less
    table["pvalue_within"] = np.maximum(*inner)
    table["decision"] = np.select(
        [above, below, within], ["above", "below", "within"], "cannot tell"
    )
    table.attrs["references"] = ("sobol1988", "schuirmann1987", *ratio.references)
    return table


def _column(estimate: Estimate | None) -> Any:
    """The p-values in the order of the table's rows."""
    assert estimate is not None
    return dataclasses.replace(estimate, estimate=estimate.pvalue).to_frame()["estimate"].to_numpy()
