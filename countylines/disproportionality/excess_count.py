"""How many more of a group are recorded than its benchmark share would give."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _shares, _validate
from countylines import benchmark as _benchmark
from countylines._kernels import binomial
from countylines._typing import Alternative, ArrayLike
from countylines.benchmark import Benchmark
from countylines.disproportionality._two_groups import method_name
from countylines.results import Estimate, Note

FloatArray = NDArray[np.float64]

NOTES: tuple[Note, ...] = (
    Note(
        "not-a-cause",
        "An excess is not evidence of its cause: who is counted, where, at what age and by which "
        "rule all enter it.",
    ),
    Note(
        "same-total",
        "The excess is against a record of the same size with the benchmark's shares: people of "
        "the other groups would take these places.",
    ),
)


def excess_count(
    count: ArrayLike,
    total: ArrayLike,
    benchmark: ArrayLike | Benchmark,
    *,
    method: str = "mid-p",
    level: float = 0.95,
    null: ArrayLike = 0.0,
    alternative: Alternative = "two-sided",
) -> Estimate:
    r"""Number of people of a group beyond its benchmark share of those recorded.

    It answers: how many people does the disproportion amount to? A ratio of 3 may be 4 people or
    400, so the excess belongs beside :func:`representation_ratio`. It is not a number of people
    wrongly recorded, not a forecast of what another practice would bring (the total would change,
    too), and not evidence of a cause.

    Parameters
    ----------
    count : array_like, shape (...)
        People of the group among those recorded: whole numbers, from 0 to `total`.
    total : array_like, shape (...)
        All people recorded, of known group; broadcast against `count`.
    benchmark : array_like, shape (...), or Benchmark
        The group's share of the comparison population, in (0, 1), taken as known: 0.0404, not 4.04.
        A :class:`countylines.Benchmark` carries its name and vintage into the notes.
    method : str, default "mid-p"
        Method of the limits of the share, as in :func:`countylines.prevalence.proportion`;
        ``"scas"`` is ``"skew-score"``.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : array_like, default 0.0
        Excess under test [people], which may be negative but must leave a share between 0 and 1.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test; ``"greater"`` asks whether the excess is above `null`.

    Returns
    -------
    Estimate
        ``estimate``, ``low``, ``high`` [people, from ``-total * benchmark`` to
        ``total * (1 - benchmark)``], of the kind and with the labels of the data; negative where
        the group is under-represented; ``n`` is `total`. Where the total is 0 the estimate is nan
        with the verdict *no-data*.

    Raises
    ------
    InputError
        If a count is negative, fractional, missing or above its total, `benchmark` is not a share
        (a value above 1 looks like a percentage), or `null` is out of reach.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If a total is 0, or the method says nothing at 0 or at the total.
    SparseDataWarning
        If a large-sample method is used with fewer than 5 people in or out of the group.

    See Also
    --------
    representation_ratio : the same comparison as a ratio.
    rate_ratio : the group's rate over another group's.

    Notes
    -----
    With x of n people and benchmark share q,

    .. math:: \hat E = x - n q, \qquad E = n (p - q),

    so the limits are :math:`n (p_L - q)` and :math:`n (p_U - q)` with limits of the share, and the
    p-value of :math:`E_0` is that of the share :math:`q + E_0 / n`. The p-value of an excess of 0
    is the p-value of a representation ratio of 1.

    With 0 people of the group the excess is :math:`-nq`, the least there can be, with a high end
    that says how little that settles.

    The benchmark includes the group. Against the rate of everybody else, as an attributable number
    is, the excess of the same people is larger: :math:`x - (n - x)\, q / (1 - q) = \hat E/(1 - q)`.

    Assumptions that fail in practice: the benchmark counts the same people by the same rule (which
    groups count as one, which ages, residence or place of arrest) and is not itself from a sample;
    group recorded for all, or missing at random; people recorded independently of one another.

    References
    ----------
    .. [1] Berry, G. and Armitage, P. (1995). Mid-P confidence intervals: a brief review.
       *The Statistician* 44, 417-423. https://doi.org/10.2307/2348891

    Examples
    --------
    No regional count behind "over-represented in all regions" is public. A HYPOTHETICAL sample: 6
    of 258 people in the North East, where 1.01 % of residents were Black at the 2021 census.

    >>> excess = cl.disproportionality.excess_count(6, 258, 0.0101)
    >>> print(f"{excess.estimate:.1f} people ({excess.low:.1f} to {excess.high:.1f})")
    3.4 people (-0.2 to 9.7)

    The share would be 2.3 times the census share, and that is between three and four people more
    than it would give; a deficit is not excluded.
    """
    method = method_name(method, binomial.METHODS)
    level = _validate.level(level)
    _validate.alternative(alternative)
    share = _benchmark.known_share(benchmark, "excess_count")
    inputs = _labels.align(count=count, total=total, benchmark=share, null=null)
    settings: dict[str, Any] = {"method": method, "level": level, "alternative": alternative}

    def check(
        count: FloatArray,
        total: FloatArray,
        benchmark: FloatArray,
        null: FloatArray,
        where: _validate.Where,
    ) -> None:
        _shares.check_share(count, total, where)
        _validate.share("benchmark", benchmark, where)
        _validate.finite("null", null, where)
        most, least = total * (1 - benchmark), total * benchmark
        remedy = "No share goes with a larger excess or deficit."
        _validate.not_above("null", null, "total * (1 - benchmark)", most, where, remedy)
        _validate.not_above("-null", -null, "total * benchmark", least, where, remedy)

    def kernel(
        count: FloatArray, total: FloatArray, benchmark: FloatArray, null: FloatArray
    ) -> tuple[Any, ...]:
        _, error, low, high = _shares.share_values(count, total, **settings)
        with np.errstate(divide="ignore", invalid="ignore"):
            tested = np.where(total > 0, benchmark + null / total, benchmark)
        p = binomial.METHODS[method].pvalue(
            count, total, null=np.clip(tested, 0.0, 1.0), alternative=alternative
        )
        estimate = np.where(total > 0, count - total * benchmark, np.nan)
        verdict = _shares.share_verdicts(total)
        return (
            estimate,
            total * error,
            total * (low - benchmark),
            total * (high - benchmark),
            verdict,
            p,
        )

    out = inputs.apply(
        kernel,
        outputs=["estimate", "standard_error", "low", "high", "verdict", "pvalue"],
        check=check,
        dtypes={"verdict": object},
    )
    notes = NOTES
    if not inputs.is_lazy:
        flat = dict(zip(inputs.names, inputs.flat, strict=True))
        notes += _shares.share_notes(flat["count"], flat["total"], **settings)
    notes += (_benchmark.note(benchmark),)
    kept = {name: inputs.given(name) for name in inputs.names if name != "null"}
    kept["benchmark"] = _benchmark.renamed(benchmark, kept["benchmark"])
    return Estimate(
        quantity="excess count",
        method="count - total * benchmark",
        level=level,
        interval_kind=binomial.METHODS[method].interval_kind,
        interval_method=method,
        null=inputs.given("null"),
        alternative=alternative,
        unit="people",
        n=inputs.labelled("total"),
        notes=notes,
        references=_shares.REFERENCES[method],
        _recompute=functools.partial(excess_count, **kept, method=method, level=level),
        **out,
    )
