"""The benchmark share at which a representation ratio, or its limit, is one."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _shares, _validate
from countylines._kernels import binomial
from countylines._typing import ArrayLike
from countylines.disproportionality._two_groups import NOT_A_CAUSE, method_name
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]

VERDICTS = (
    OK,
    _shares.NO_DATA,
    Verdict(
        False,
        "out-of-range",
        ("It cannot be reached: the ratio is above the threshold for every benchmark share.",),
    ),
)


def benchmark_tipping_point(
    count: ArrayLike,
    total: ArrayLike,
    *,
    threshold: ArrayLike = 1.0,
    at: Literal["estimate", "limit"] = "estimate",
    method: str = "mid-p",
    level: float = 0.95,
) -> Estimate:
    r"""Share of the benchmark population at which the representation ratio is 1.

    It answers: how large would the group's share of the right population have to be for there to be
    no over-representation? Whoever doubts a benchmark can hold the share that they think right
    against it. It needs no benchmark, and so takes no side in which is right.

    Parameters
    ----------
    count : array_like, shape (...)
        People of the group among those recorded: whole numbers, from 0 to `total`.
    total : array_like, shape (...)
        All people recorded, of known group; broadcast against `count`.
    threshold : array_like, default 1.0
        Ratio to be reached, above 0.
    at : {"estimate", "limit"}, default "estimate"
        Whether the ratio itself is to be at the threshold, or its lower limit.
    method : str, default "mid-p"
        Method of the limits of the share, as in :func:`countylines.prevalence.proportion`.
    level : float, default 0.95
        Confidence level, a share in (0, 1).

    Returns
    -------
    Estimate
        ``estimate`` is the benchmark share [of 0 to 1] in question. ``low`` and ``high`` are limits
        of the share at which the ratio is `threshold`: against benchmarks below ``low`` the ratio
        is established to be above it, against those above ``high`` to be below it. With
        ``at="limit"`` the estimate is ``low``. Where no share up to 1 is large enough it is nan,
        with the verdict *out-of-range*.

    Raises
    ------
    InputError
        If a count is negative, fractional, missing or above its total, or `threshold` is not above
        0.
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
    benchmark_sensitivity : ratios against candidate populations.
    missing_tipping_point : the same for people of unknown group.

    Notes
    -----
    The ratio is :math:`\hat p / q`, so it is :math:`R_0` at :math:`q^* = \hat p / R_0`, and its
    limits are at :math:`p_L / R_0` and :math:`p_U / R_0`. With a threshold of 1 the tipping point
    is the share recorded and its limits, and the only new thing is how it is read.

    With nobody in the group it is 0: no benchmark share is small enough. Assumptions that fail in
    practice: group recorded for all, or missing at random; people recorded independently of one
    another; a benchmark that is known and not from a sample.

    References
    ----------
    .. [1] Berry, G. and Armitage, P. (1995). Mid-P confidence intervals: a brief review.
       *The Statistician* 44, 417-423. https://doi.org/10.2307/2348891

    Examples
    --------
    A HYPOTHETICAL 40 of 258 people:

    >>> tip = cl.disproportionality.benchmark_tipping_point(40, 258)
    >>> print(f"{tip.estimate:.3f}, limits {tip.low:.3f} to {tip.high:.3f}")
    0.155, limits 0.115 to 0.203

    There is over-representation against any population of which the group is less than 15.5 %, and
    it is established against those of which it is less than 11.5 %; in London it is 13.5 %.
    """
    method = method_name(method, binomial.METHODS)
    at_limit = _validate.option("at", at, ("estimate", "limit")) == "limit"
    level = _validate.level(level)
    inputs = _labels.align(count=count, total=total, threshold=threshold)
    settings: dict[str, Any] = {"method": method, "level": level, "alternative": "two-sided"}

    def check(*values: Any) -> None:
        count, total, threshold, where = values
        _shares.check_share(count, total, where)
        _validate.exposure("threshold", threshold, where)

    def solve(count: FloatArray, total: FloatArray, threshold: FloatArray) -> tuple[Any, ...]:
        share, error, low, high = _shares.share_values(count, total, **settings)
        found = np.where(total > 0, low if at_limit else share, np.nan) / threshold
        codes = np.where(total > 0, np.where(found > 1.0, 2, 0), 1)
        ends = [np.minimum(end / threshold, 1.0) for end in (low, high)]
        reached = codes == 0
        return (
            np.where(reached, found, np.nan),
            np.where(reached & (not at_limit), error / threshold, np.nan),
            *ends,
            verdict_array(codes, VERDICTS),
        )

    out = inputs.apply(
        solve,
        outputs=["estimate", "standard_error", "low", "high", "verdict"],
        check=check,
        dtypes={"verdict": object},
    )
    notes: tuple[Note, ...] = (NOT_A_CAUSE,)
    if not inputs.is_lazy:
        flat = dict(zip(inputs.names, inputs.flat, strict=True))
        notes += _shares.share_notes(flat["count"], flat["total"], **settings)
    return Estimate(
        quantity="benchmark share at which the representation ratio is at the threshold",
        method=f"tipping point at the {at}",
        level=level,
        interval_kind=binomial.METHODS[method].interval_kind,
        interval_method=method,
        n=inputs.labelled("total"),
        notes=notes,
        references=_shares.REFERENCES[method],
        **out,
    )
