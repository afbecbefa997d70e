"""The share of a group over the share of another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from countylines import _shares, _validate
from countylines._kernels import risk_ratio as kernel
from countylines._typing import Alternative, ArrayLike
from countylines.bands import Band
from countylines.disproportionality._two_groups import Measure, compare, method_name
from countylines.errors import DegenerateDataWarning, SparseDataWarning, warn
from countylines.results import Estimate, Note

FloatArray = NDArray[np.float64]

REFERENCES = {
    "skew-score": ("laud2017", "laud2018"),
    "gart-nam": ("gart1988",),
    "miettinen-nurminen": ("miettinen1985",),
    "koopman": ("koopman1984",),
    "mover-wilson": ("donner2012", "newcombe2016"),
    "mover-jeffreys": ("donner2012", "newcombe2016"),
    "katz-log": ("katz1978",),
    "adjusted-log": ("katz1978",),
}
FEW = 5
MEASURE = Measure(
    quantity="risk ratio",
    kernel=kernel,
    size=("total", "ref_total"),
    undefined=(
        "Both counts are 0, or a group is empty: the counts say nothing of the ratio of the shares."
    ),
    rising=(
        "skew-score",
        "gart-nam",
        "miettinen-nurminen",
        "koopman",
        "mover-wilson",
        "mover-jeffreys",
    ),
)


def risk_ratio(
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
    r"""Ratio of the shares of two groups that have an outcome.

    It answers: how many times as large is the share of one group that was charged, remanded or
    referred as that of another? This is the *relative rate* of one stage of the criminal justice
    system. It says nothing of who reached that stage, it changes when those without the outcome are
    counted instead (see :func:`odds_ratio`), and it is not evidence of a cause.

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
        How the limits are made, see Notes: ``"skew-score"`` (or ``"scas"``), ``"gart-nam"``,
        ``"miettinen-nurminen"``, ``"koopman"``, ``"mover-wilson"``, ``"mover-jeffreys"``,
        ``"katz-log"`` or ``"adjusted-log"``.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : array_like, default 1.0
        Ratio under test, above 0: 1.25 asks whether four-fifths is exceeded, not whether the shares
        differ.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test; ``"greater"`` asks whether the ratio exceeds `null`.

    Returns
    -------
    Estimate
        ``estimate``, ``low``, ``high`` [pure number], of the kind and with the labels of the data.
        Infinite, with a finite low end, where only `ref_count` is 0; nan, with the verdict
        *no-data*, where both counts are, or a group is empty. ``n`` is the number of people in
        both groups.

    Raises
    ------
    InputError
        If a count is negative, fractional, missing or above its total, or `null` is not above 0.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If the ratio is undefined, 0 or infinite, or a logarithm has no variance, somewhere.
    SparseDataWarning
        If a large-sample method is used with fewer than 5 people with the outcome in a group.

    See Also
    --------
    odds_ratio : the ratio that turns into its inverse with the outcome.
    rate_ratio : events per head, where a person can count more than once.

    Notes
    -----
    .. math:: \widehat{RR} = \frac{x / n}{y / m}

    ``"koopman"`` inverts the score test of :math:`p_1 = \theta p_2`, whose statistic is
    :math:`(x / n - \theta y / m) / \sqrt{V}` with the variance :math:`V` at the shares fitted
    under it; ``"miettinen-nurminen"`` multiplies the variance by :math:`N / (N - 1)`, with
    :math:`N = n + m`. ``"gart-nam"`` corrects the first, and ``"skew-score"`` the second, for
    skewness, so that both ends err about equally often. The MOVER methods combine the limits of the
    two shares. ``"katz-log"`` is the large-sample interval of the logarithm, ``"adjusted-log"`` the
    same with 1/2 added to each count and total: the only method that adds anything. P-values come
    from the same inversion as the limits, for every null and side.

    A count of 0 makes the low end 0 (`count`) or the high end infinite (`ref_count`), in every
    method but ``"adjusted-log"``. Where everybody has the outcome in both groups the ratio is 1,
    with limits that narrow with the totals; the logarithm then has no variance, and the methods
    that rest on it say nothing. There the skewness does not fade as the ratio nears 1, and a
    corrected statistic that has passed 0 is taken as 0.

    Assumptions that fail in practice: both groups counted by the same rule, and nobody twice;
    people independent of one another, although co-defendants are charged together; nobody's group
    unknown; the totals are those who could have had the outcome, so that an earlier stage at which
    the groups were already treated differently is not in them.

    References
    ----------
    .. [1] Laud, P. J. (2017). Equal-tailed confidence intervals for comparison of rates.
       *Pharmaceutical Statistics* 16, 334-348. https://doi.org/10.1002/pst.1813
    .. [2] Miettinen, O. and Nurminen, M. (1985). Comparative analysis of two rates. *Statistics in
       Medicine* 4, 213-226. https://doi.org/10.1002/sim.4780040211
    .. [3] Koopman, P. A. R. (1984). Confidence intervals for the ratio of two binomial proportions.
       *Biometrics* 40, 513-517. https://doi.org/10.2307/2531405
    .. [4] Gart, J. J. and Nam, J. (1988). Approximate interval estimation of the ratio of binomial
       parameters: a review and corrections for skewness. *Biometrics* 44, 323-338.
       https://doi.org/10.2307/2531848

    Examples
    --------
    Made-up figures: 36 of 40 people of one group and 16 of 80 of another were remanded in custody.

    >>> ratio = cl.disproportionality.risk_ratio(36, 40, 16, 80)
    >>> print(f"{ratio.estimate:.1f} ({ratio.low:.1f} to {ratio.high:.1f})")
    4.5 (3.0 to 7.4)

    The share remanded was between three and seven times as large; that the odds ratio of the same
    people is 36 does not make it larger.
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
        return _notes(columns, method)

    return compare(
        risk_ratio,
        {"count": count, "total": total, "ref_count": ref_count, "ref_total": ref_total},
        measure=MEASURE,
        method=method,
        level=level,
        null=null,
        alternative=alternative,
        check=check,
        notes=notes,
        references=REFERENCES[method],
    )


def _notes(columns: tuple[FloatArray, ...], method: str) -> tuple[Note, ...]:
    count, total, ref_count, ref_total = columns
    notes = []
    smallest = np.minimum(count, ref_count)
    if (smallest == 0).any():
        text = "A count is 0, so the ratio is 0, infinite or undefined there; " + (
            f"the {method} interval rests on what is added to the counts and can leave it out."
            if method == "adjusted-log"
            else "nothing is added to it, and one limit may still be finite."
        )
        notes.append(Note("zero-count", text))
        warn(text, DegenerateDataWarning)
    asymptotic = kernel.METHODS[method].asymptotic
    everybody = (count == total) & (ref_count == ref_total) & (smallest > 0)
    if asymptotic and everybody.any():
        text = (
            f"Everybody has the outcome in both groups, where the {method} interval says nothing. "
            "Use method='skew-score'."
        )
        notes.append(Note("no-variance", text))
        warn(text, DegenerateDataWarning)
    if asymptotic and (smallest < FEW).any():
        text = (
            f"Fewer than {FEW} people with the outcome in a group, where the large-sample {method} "
            "interval does not hold its level. Use method='skew-score'."
        )
        notes.append(Note("sparse", text))
        warn(text, SparseDataWarning)
    return tuple(notes)
