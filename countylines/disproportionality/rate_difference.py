"""The rate of a group less the rate of another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _validate
from countylines._kernels import rate_difference as kernel
from countylines._typing import Alternative, ArrayLike
from countylines.bands import Band
from countylines.disproportionality._two_groups import Measure, compare, method_name
from countylines.errors import DegenerateDataWarning, SparseDataWarning, warn
from countylines.results import Estimate, Note

FloatArray = NDArray[np.float64]

REFERENCES = {
    "skew-score": ("laud2017",),
    "score": ("miettinen1985",),
    "mover-score": ("zou2008", "newcombe1998b"),
    "mover-jeffreys": ("zou2008", "laud2017"),
    "mover-exact": ("zou2008", "newcombe1998b"),
    "mover-byar": ("zou2008", "breslow1987"),
    "mover-mid-p": ("zou2008", "berry1995"),
    "wald": ("breslow1987",),
    "wald-half": ("breslow1987",),
}
FEW = 5
MEASURE = Measure(
    quantity="rate difference",
    kernel=kernel,
    size=("count", "ref_count"),
    undefined="",
    rising=(
        "score",
        "mover-score",
        "mover-jeffreys",
        "mover-exact",
        "mover-byar",
        "mover-mid-p",
    ),
    range_=(-np.inf, np.inf),
    word="difference",
)


def rate_difference(
    count: ArrayLike | Band,
    exposure: ArrayLike,
    ref_count: ArrayLike | Band,
    ref_exposure: ArrayLike,
    *,
    per: float = 1,
    method: str = "skew-score",
    level: float = 0.95,
    null: ArrayLike = 0.0,
    alternative: Alternative = "two-sided",
) -> Estimate:
    r"""Difference of two rates, with an interval that stays near its level at small counts.

    It answers: how many more events per head (or per 1,000) does one group have than another? It is
    what a ratio hides: a ratio of 8 is one more in a million where events are rare. It is not the
    number of people that equal rates would spare, not evidence of a cause, and not comparable
    between places where the level of the rates differs.

    Parameters
    ----------
    count : array_like or Band, shape (...)
        Events in the group: whole numbers of at least 0, or a :class:`~countylines.Band`.
    exposure : array_like, shape (...)
        What they happened to [people or person-years]: finite and above 0.
    ref_count : array_like or Band, shape (...)
        Events in the group compared with.
    ref_exposure : array_like, shape (...)
        Its exposure, in the same unit; all four broadcast together.
    per : float, default 1
        The difference is given per so many units of exposure, such as 1_000.
    method : str, default "skew-score"
        How the limits are made, see Notes: ``"skew-score"`` (or ``"scas"``), ``"score"``,
        ``"mover-score"``, ``"mover-jeffreys"``, ``"mover-exact"``, ``"mover-byar"``,
        ``"mover-mid-p"``, ``"wald"`` or ``"wald-half"``.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : array_like, default 0.0
        Difference under test, in the same units: finite.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test; ``"greater"`` asks whether the difference exceeds
        `null`.

    Returns
    -------
    Estimate
        ``estimate``, ``low``, ``high`` [events per `per` units of exposure], of the kind and with
        the labels of the data; ``n`` is the number of events in both groups.

    Raises
    ------
    InputError
        If a count is negative, fractional or missing, an exposure is not above 0, `null` is not
        finite, an option is unknown, or a method takes no bands.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If a method of estimated variance meets two counts of 0, and has no width.
    SparseDataWarning
        If a large-sample method is used with fewer than 5 events in a group.

    See Also
    --------
    rate_ratio : how many times as often.
    disparity : ratio, difference and excess count together.

    Notes
    -----
    .. math:: \hat d = x / e - y / f

    ``"score"`` inverts :math:`(\hat d - d) / \sqrt{V}` with
    :math:`V = \tilde\lambda_1 / e + \tilde\lambda_2 / f` from the most likely rates that are d
    apart. ``"skew-score"`` corrects it for skewness,
    :math:`\mu_3 = \tilde\lambda_1 / e^2 - \tilde\lambda_2 / f^2`, which is large where the group is
    small. The MOVER methods add the squared distances of the limits of each rate,

    .. math:: d_L = \hat d - \sqrt{(\hat\lambda_1 - l_1)^2 + (u_2 - \hat\lambda_2)^2}, \qquad
              d_U = \hat d + \sqrt{(u_1 - \hat\lambda_1)^2 + (\hat\lambda_2 - l_2)^2},

    where with Jeffreys' limits the middle of each rate is the median they enclose. ``"wald"``
    estimates V from the counts, ``"wald-half"`` with 1/2 added to each; both are given for
    comparison only. P-values come from the same inversion as the limits, for every null and side.

    Counts of 0 need no care, because a difference has no end: with none in either group the
    estimate is 0, the low end is minus what may be unseen in the second group, and the high end
    what may be unseen in the first. Nothing is added. Only ``"wald"`` has no width there.

    A band is not replaced by its middle: the region is what the ends of the bands give, and the
    interval goes from the low end at the smallest difference to the high end at the largest. It
    needs a method whose limits rise with the count: any but ``"skew-score"``, ``"wald"`` and
    ``"wald-half"``.

    Assumptions that fail in practice: events independent of one another (several stops of one
    person, co-defendants); exposure that counts those who could have been recorded; nobody's group
    unknown; one rate for all within a group.

    References
    ----------
    .. [1] Laud, P. J. (2017). Equal-tailed confidence intervals for comparison of rates.
       *Pharmaceutical Statistics* 16, 334-348. https://doi.org/10.1002/pst.1813
    .. [2] Miettinen, O. and Nurminen, M. (1985). Comparative analysis of two rates. *Statistics in
       Medicine* 4, 213-226. https://doi.org/10.1002/sim.4780040211
    .. [3] Zou, G. Y. and Donner, A. (2008). Construction of confidence limits about effect
       measures: a general approach. *Statistics in Medicine* 27, 1693-1702.
       https://doi.org/10.1002/sim.3095

    Examples
    --------
    In Cumbria in 2020 the police recorded 19 stops and searches of Black people, of whom 2,579 were
    counted as living there, and 2,365 of White people, of 487,409 (see
    :func:`countylines.datasets.load_stop_search_pfa_2019_2021`):

    >>> more = cl.disproportionality.rate_difference(19, 2_579, 2_365, 487_409, per=1_000)
    >>> print(f"{more.estimate:.1f} ({more.low:.1f} to {more.high:.1f})")
    2.5 (-0.3 to 6.4)

    There were between two and three more stops per 1,000 residents, and 19 stops are too few to
    exclude that the process behind them makes no difference.
    """
    method = method_name(method, kernel.METHODS)
    level = _validate.level(level)
    _validate.alternative(alternative)
    per = _validate.number("per", per, low=0, open_low=True)

    def check(
        count: FloatArray,
        exposure: FloatArray,
        ref_count: FloatArray,
        ref_exposure: FloatArray,
        where: _validate.Where,
    ) -> None:
        _validate.counts("count", count, where)
        _validate.exposure("exposure", exposure, where)
        _validate.counts("ref_count", ref_count, where)
        _validate.exposure("ref_exposure", ref_exposure, where)

    def check_null(null: FloatArray, where: _validate.Where) -> None:
        _validate.finite("null", null, where)

    def notes(columns: tuple[Any, ...]) -> tuple[Note, ...]:
        return _notes(columns, method)

    return compare(
        rate_difference,
        {
            "count": count,
            "exposure": exposure,
            "ref_count": ref_count,
            "ref_exposure": ref_exposure,
        },
        measure=MEASURE,
        method=method,
        level=level,
        null=null,
        alternative=alternative,
        check=check,
        notes=notes,
        references=REFERENCES[method],
        check_null=check_null,
        per=per,
    )


def _notes(columns: tuple[FloatArray, ...], method: str) -> tuple[Note, ...]:
    count, _, ref_count, _ = columns
    notes = []
    if method == "wald" and ((count == 0) & (ref_count == 0)).any():
        text = (
            "Both counts are 0, where the wald interval has no width, as if nothing could go "
            "unseen. Use method='skew-score'."
        )
        notes.append(Note("no-variance", text))
        warn(text, DegenerateDataWarning)
    if kernel.METHODS[method].asymptotic and (np.minimum(count, ref_count) < FEW).any():
        text = (
            f"Fewer than {FEW} events in a group, where the large-sample {method} interval does "
            "not hold its level. Use method='skew-score'."
        )
        notes.append(Note("sparse", text))
        warn(text, SparseDataWarning)
    return tuple(notes)
