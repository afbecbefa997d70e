"""The share of a group less the share of another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _shares, _validate
from countylines._kernels import risk_difference as kernel
from countylines._typing import Alternative, ArrayLike
from countylines.bands import Band
from countylines.disproportionality._two_groups import Measure, compare, method_name
from countylines.errors import DegenerateDataWarning, SparseDataWarning, warn
from countylines.results import Estimate, Note

FloatArray = NDArray[np.float64]

REFERENCES = {
    "skew-score": ("laud2017", "laud2018"),
    "gart-nam": ("gart1990",),
    "miettinen-nurminen": ("miettinen1985",),
    "mee": ("mee1984",),
    "mover-wilson": ("newcombe1998b",),
    "mover-wilson-cc": ("newcombe1998b",),
    "mover-jeffreys": ("zou2008", "laud2017"),
    "agresti-caffo": ("agresti2000",),
    "wald": ("newcombe1998b",),
}
FEW = 5
MEASURE = Measure(
    quantity="risk difference",
    kernel=kernel,
    size=("total", "ref_total"),
    undefined="A group is empty: its share is undefined.",
    rising=(
        "miettinen-nurminen",
        "mee",
        "mover-wilson",
        "mover-wilson-cc",
        "mover-jeffreys",
        "agresti-caffo",
    ),
    range_=(-1.0, 1.0),
    word="difference",
)


def risk_difference(
    count: ArrayLike | Band,
    total: ArrayLike,
    ref_count: ArrayLike | Band,
    ref_total: ArrayLike,
    *,
    method: str = "skew-score",
    level: float = 0.95,
    null: ArrayLike = 0.0,
    alternative: Alternative = "two-sided",
) -> Estimate:
    r"""Difference of the shares of two groups that have an outcome.

    It answers: by how much is the share of one group that was charged, remanded or referred larger
    than that of another? It is the same for the outcome and for its absence, with the sign turned,
    which no ratio of shares is. It says nothing of who reached the stage, and it is not evidence of
    a cause.

    Parameters
    ----------
    count : array_like or Band, shape (...)
        People of the group with the outcome: whole numbers, from 0 to `total`, or a
        :class:`~countylines.Band`.
    total : array_like, shape (...)
        All people of the group at risk of it.
    ref_count : array_like or Band, shape (...)
        People with the outcome in the group compared with.
    ref_total : array_like, shape (...)
        All people of that group; all four broadcast together.
    method : str, default "skew-score"
        How the limits are made, see Notes: ``"skew-score"`` (or ``"scas"``), ``"gart-nam"``,
        ``"miettinen-nurminen"``, ``"mee"``, ``"mover-wilson"`` (or ``"newcombe"``),
        ``"mover-wilson-cc"`` (or ``"newcombe-cc"``), ``"mover-jeffreys"``, ``"agresti-caffo"`` or
        ``"wald"``.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : array_like, default 0.0
        Difference under test, between -1 and 1.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test; ``"greater"`` asks whether the difference exceeds
        `null`.

    Returns
    -------
    Estimate
        ``estimate``, ``low``, ``high`` [share, between -1 and 1], of the kind and with the labels
        of the data; nan, with the verdict *no-data*, where a group is empty. ``n`` is the number of
        people in both groups.

    Raises
    ------
    InputError
        If a count is negative, fractional, missing or above its total, `null` is not between -1 and
        1, an option is unknown, or a method takes no bands.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If a group is empty, or a method of estimated variance has no width.
    SparseDataWarning
        If a large-sample method is used with fewer than 5 people with, or without, the outcome.

    See Also
    --------
    risk_ratio : how many times as large the share is.
    disparity : ratio, difference and excess count together.

    Notes
    -----
    .. math:: \hat d = x / n - y / m

    Among the shares with :math:`p - q = d`, the most likely satisfy
    :math:`x - n p = u\, p (1 - p)` and :math:`y - m q = -u\, q (1 - q)`, and with their variance
    :math:`V = p (1 - p) / n + q (1 - q) / m` the score :math:`\hat d - d` is :math:`u V`. ``"mee"``
    refers :math:`u \sqrt V` to the normal distribution, ``"miettinen-nurminen"`` multiplies V by
    :math:`N / (N - 1)`, ``"gart-nam"`` corrects Mee's statistic for skewness and ``"skew-score"``
    that of Miettinen and Nurminen. ``"mover-wilson"`` is Newcombe's method 10: the squared
    distances of Wilson's limits of each share are added; ``"mover-wilson-cc"`` (his method 11) uses
    Wilson's limits with the continuity correction, and ``"mover-jeffreys"`` Jeffreys' limits round
    the median they enclose. ``"agresti-caffo"`` adds one person with and one without the outcome to
    each group; ``"wald"`` is given for comparison only. P-values come from the same inversion as
    the limits, for every null and side.

    With nobody, or everybody, in both groups the estimate is 0 and the interval is not empty: it
    says what could go unseen in groups of such size. With everybody in the one and nobody in the
    other the limit is the end of the range. Only ``"wald"`` has no width there.

    With skewness corrected, the statistic would move back for a while where a share that was fitted
    as 0 or 1 leaves that end; it is held instead. That concerns nulls with a p-value above 0.3
    only.

    Assumptions that fail in practice: both groups counted by the same rule, and nobody twice;
    people independent of one another, although co-defendants are charged together; nobody's group
    unknown; the totals are those who could have had the outcome.

    References
    ----------
    .. [1] Newcombe, R. G. (1998). Interval estimation for the difference between independent
       proportions: comparison of eleven methods. *Statistics in Medicine* 17, 873-890.
       https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C873::AID-SIM779%3E3.0.CO;2-I
    .. [2] Laud, P. J. (2017). Equal-tailed confidence intervals for comparison of rates.
       *Pharmaceutical Statistics* 16, 334-348. https://doi.org/10.1002/pst.1813
    .. [3] Miettinen, O. and Nurminen, M. (1985). Comparative analysis of two rates. *Statistics in
       Medicine* 4, 213-226. https://doi.org/10.1002/sim.4780040211
    .. [4] Gart, J. J. and Nam, J. (1990). Approximate interval estimation of the difference in
       binomial parameters: correction for skewness and extension to multiple tables. *Biometrics*
       46, 637-643. https://doi.org/10.2307/2532084
    .. [5] Agresti, A. and Caffo, B. (2000). Simple and effective confidence intervals for
       proportions and differences of proportions result from adding two successes and two failures.
       *The American Statistician* 54, 280-288. https://doi.org/10.1080/00031305.2000.10474560

    Examples
    --------
    Made-up figures: 36 of 40 people of one group and 16 of 80 of another were remanded in custody.

    >>> more = cl.disproportionality.risk_difference(36, 40, 16, 80)
    >>> print(f"{more.estimate:.2f} ({more.low:.2f} to {more.high:.2f})")
    0.70 (0.55 to 0.81)

    The share remanded was larger by 55 to 81 people in 100; the share that was not was smaller by
    the same.
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

    def check_null(null: FloatArray, where: _validate.Where) -> None:
        _validate.between("null", null, -1, 1, where)

    def notes(columns: tuple[Any, ...]) -> tuple[Note, ...]:
        return _notes(columns, method)

    return compare(
        risk_difference,
        {"count": count, "total": total, "ref_count": ref_count, "ref_total": ref_total},
        measure=MEASURE,
        method=method,
        level=level,
        null=null,
        alternative=alternative,
        check=check,
        notes=notes,
        references=REFERENCES[method],
        check_null=check_null,
    )


def _notes(columns: tuple[FloatArray, ...], method: str) -> tuple[Note, ...]:
    count, total, ref_count, ref_total = columns
    notes = []
    known = (total > 0) & (ref_total > 0)
    if not known.all():
        text = "A group is empty, so the difference is undefined there and may be from -1 to 1."
        notes.append(Note("no-data", text))
        warn(text, DegenerateDataWarning)
    rest, ref_rest = total - count, ref_total - ref_count
    settled = (np.minimum(count, rest) == 0) & (np.minimum(ref_count, ref_rest) == 0)
    if method == "wald" and (settled & known).any():
        text = (
            "In each group nobody or everybody has the outcome, where the wald interval has no "
            "width, as if nothing could go unseen. Use method='skew-score'."
        )
        notes.append(Note("no-variance", text))
        warn(text, DegenerateDataWarning)
    fewest = np.minimum.reduce([count, rest, ref_count, ref_rest])
    if kernel.METHODS[method].asymptotic and ((fewest < FEW) & known).any():
        text = (
            f"Fewer than {FEW} people with, or without, the outcome in a group, where the "
            f"large-sample {method} interval does not hold its level. Use method='skew-score'."
        )
        notes.append(Note("sparse", text))
        warn(text, SparseDataWarning)
    return tuple(notes)
