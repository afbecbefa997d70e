"""The odds of a group over the odds of another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from countylines import _odds_ratios, _shares, _validate
from countylines._kernels import odds_ratio as kernel
from countylines._typing import Alternative, ArrayLike
from countylines.bands import Band
from countylines.disproportionality._two_groups import Measure, compare, method_name
from countylines.results import Estimate, Note

FloatArray = NDArray[np.float64]

NOT_RISKS = Note(
    "odds-ratio",
    "An odds ratio: it is farther from 1 than the ratio of the shares, and near it only where both "
    "shares are small.",
)
MEASURE = Measure(
    quantity="odds ratio",
    kernel=kernel,
    size=("total", "ref_total"),
    undefined=(
        "Nobody or everybody has the outcome, or a group is empty: the counts say nothing of "
        "the ratio of the odds."
    ),
    rising=("miettinen-nurminen", "score", "conditional", "conditional-mid-p"),
)


def odds_ratio(
    count: ArrayLike | Band,
    total: ArrayLike,
    ref_count: ArrayLike | Band,
    ref_total: ArrayLike,
    *,
    method: str = "skew-score",
    level: float = 0.95,
    null: ArrayLike = 1.0,
    alternative: Alternative = "two-sided",
) -> Estimate:
    r"""Ratio of the odds of an outcome in two groups of known size.

    It answers: how do the odds that a member of one group was charged, remanded or referred compare
    with those of another? Counting those who were not turns it into its inverse, and it is what
    case-control samples and logistic models give. It is not the ratio of the shares, which it
    exaggerates where the outcome is common, and not evidence of a cause.

    Parameters
    ----------
    count : array_like or Band, shape (...)
        People of the group with the outcome: whole numbers, from 0 to `total`.
    total : array_like, shape (...)
        All people of the group at risk of it.
    ref_count : array_like or Band, shape (...)
        People with the outcome in the group compared with.
    ref_total : array_like, shape (...)
        All people of that group; all four broadcast together.
    method : str, default "skew-score"
        How the limits are made, see Notes: ``"skew-score"`` (or ``"scas"``),
        ``"miettinen-nurminen"``, ``"score"``, ``"conditional"``, ``"conditional-mid-p"``,
        ``"minlike"``, ``"blaker"``, ``"mover-wilson"``, ``"mover-jeffreys"``, ``"woolf"``,
        ``"gart"`` or ``"independence-smoothed"``.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : array_like, default 1.0
        Odds ratio under test, above 0.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test; ``"greater"`` asks whether the ratio exceeds `null`.

    Returns
    -------
    Estimate
        ``estimate``, ``low``, ``high`` [pure number], of the kind and with the labels of the data.
        Infinite, with a finite low end, where a cell of the denominator is 0; nan, with the verdict
        *no-data*, where nobody or everybody has the outcome, or a group is empty. ``n`` is the
        number of people in both groups.

    Raises
    ------
    InputError
        If a count is negative, fractional, missing or above its total, or `null` is not above 0.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If the ratio is undefined, 0 or infinite somewhere.
    SparseDataWarning
        If a large-sample method is used with a cell below 5.

    See Also
    --------
    rate_ratio : events per head, where a person can count more than once.
    countylines.localisation.localisation_odds_ratio : the same measure of two kinds of line.

    Notes
    -----
    .. math:: \widehat{OR} = \frac{x / (n - x)}{y / (m - y)}

    ``"skew-score"`` inverts the score test with a correction for skewness, so that both ends err
    about equally often; ``"miettinen-nurminen"`` and ``"score"`` do without it. ``"conditional"``
    never covers less than `level`; ``"conditional-mid-p"`` does so on average; ``"minlike"`` and
    ``"blaker"`` are shorter exact intervals (where the values they accept have a gap, the hull is
    given with a note). The MOVER methods combine the limits of the two odds. ``"woolf"`` is the
    large-sample interval of the log odds ratio, ``"gart"`` the same with 1/2 added to every cell,
    ``"independence-smoothed"`` with amounts that the margins suggest and that add up to 2: the only
    methods that add anything. P-values come from the same inversion as the limits, for every null
    and side.

    Assumptions that fail in practice: both groups counted by the same rule, and nobody twice;
    people independent of one another, although co-defendants are charged together; nobody's group
    unknown; the totals are those who could have had the outcome, so that an earlier stage at which
    the groups were already treated differently is not in them.

    References
    ----------
    .. [1] Laud, P. J. (2017). Equal-tailed confidence intervals for comparison of rates.
       *Pharmaceutical Statistics* 16, 334-348. https://doi.org/10.1002/pst.1813
    .. [2] Laud, P. J. (2018). Equal-tailed confidence intervals for comparison of rates:
       corrigendum. *Pharmaceutical Statistics* 17, 290-293. https://doi.org/10.1002/pst.1855
    .. [3] Miettinen, O. and Nurminen, M. (1985). Comparative analysis of two rates. *Statistics in
       Medicine* 4, 213-226. https://doi.org/10.1002/sim.4780040211

    Examples
    --------
    Made-up figures: 36 of 40 people of one group and 16 of 80 of another were remanded in custody.

    >>> ratio = cl.disproportionality.odds_ratio(36, 40, 16, 80)
    >>> print(f"{ratio.estimate:.0f} ({ratio.low:.0f} to {ratio.high:.0f})")
    36 (12 to 126)

    The odds were 36 times as high, where the share (90 % against 20 %) was 4.5 times as high: with
    an outcome as common as this the odds ratio must not be read as "so many times as likely".
    """
    method = method_name(method, kernel.METHODS)
    level = _validate.level(level)
    _validate.alternative(alternative)

    def check(
        count: FloatArray,
        total: FloatArray,
        ref_count: FloatArray,
        ref_total: FloatArray,
        where: _validate.Where,
    ) -> None:
        _shares.check_share(count, total, where)
        _validate.counts("ref_count", ref_count, where)
        _validate.counts("ref_total", ref_total, where)
        _validate.not_above("ref_count", ref_count, "ref_total", ref_total, where)

    def notes(columns: tuple[FloatArray, ...]) -> tuple[Note, ...]:
        return NOT_RISKS, *_odds_ratios.odds_ratio_notes(columns, method, level, alternative)

    return compare(
        odds_ratio,
        {"count": count, "total": total, "ref_count": ref_count, "ref_total": ref_total},
        measure=MEASURE,
        method=method,
        level=level,
        null=null,
        alternative=alternative,
        check=check,
        notes=notes,
        references=_odds_ratios.REFERENCES[method],
    )
