"""The share of lines that are internal."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from countylines import _labels, _shares, _validate
from countylines._kernels import binomial
from countylines._typing import Alternative, ArrayLike
from countylines.results import Estimate, Note


def internal_share(
    internal: ArrayLike,
    external: ArrayLike,
    *,
    method: str = "mid-p",
    level: float = 0.95,
    null: ArrayLike | None = None,
    alternative: Alternative = "two-sided",
) -> Estimate:
    r"""Share of detected lines that start and end in one force's area.

    It answers: of the lines that were detected and typed, which share was internal, and within
    which limits? It is not the share of all lines: a type that is found more easily has a larger
    share among the detected. A large force makes lines internal by its size alone.

    Parameters
    ----------
    internal, external : array_like
        Lines of each type.
    method : str, default "mid-p"
        One of the fifteen methods of :func:`countylines.prevalence.proportion`.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : array_like or None, optional
        Share under test; without it nothing is tested.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test.

    Returns
    -------
    Estimate
        Of the kind of the data; undefined, with the limits 0 and 1, where there are no lines.

    Raises
    ------
    InputError
        If a count is no count or an option is unknown.

    Warns
    -----
    DegenerateDataWarning
        If there are no lines somewhere.
    SparseDataWarning
        If a large-sample method meets few lines of a type.

    See Also
    --------
    localisation_odds_ratio : the change of it between two periods.
    share_from_changes : what two percentages say of it.
    cochran_armitage : its trend over several periods.

    Notes
    -----
    :math:`x / (x + y)` with :math:`x` internal and :math:`y` external lines, and binomial limits.
    Where the probability of detection is :math:`d_I` and :math:`d_E`, the odds of the detected
    share are :math:`d_I / d_E` times those of all lines.

    Assumptions that fail in practice: every line is typed, and by the same definition throughout;
    lines are independent. Where counts are a complete record of a year the interval is about the
    process that makes such counts.

    References
    ----------
    .. [1] Berry, G. and Armitage, P. (1995). Mid-P confidence intervals: a brief review.
       *The Statistician* 44, 417-423. https://doi.org/10.2307/2348891

    Examples
    --------
    One of the 14 tables behind the published totals and percentages, 2022/23 and 2023/24:

    >>> share = cl.localisation.internal_share([1280, 4250], [2727, 2394])
    >>> share.low.round(3).tolist(), share.high.round(3).tolist()
    ([0.305, 0.628], [0.334, 0.651])

    Of the lines detected in 2022/23 about a third were internal, of those of 2023/24 two thirds.
    Whether that holds of the lines that were not detected, the counts do not say.
    """
    method = _validate.option("method", method, binomial.METHODS)
    level = _validate.level(level)
    _validate.alternative(alternative)
    given = {"internal": internal, "external": external}
    if null is not None:
        given["null"] = null
    inputs = _labels.align(**given)
    settings: dict[str, Any] = {"method": method, "level": level, "alternative": alternative}

    def check(*values: Any) -> None:
        *arguments, where = values
        _validate.counts("internal", arguments[0], where)
        _validate.counts("external", arguments[1], where)
        if null is not None:
            _validate.share("null", arguments[2], where, open_low=False, open_high=False)

    def kernel(internal: Any, external: Any, *rest: Any) -> tuple[Any, ...]:
        total = internal + external
        values = _shares.share_values(internal, total, **settings)
        results = *values, total, _shares.share_verdicts(total)
        if not rest:
            return results
        test = binomial.METHODS[method].pvalue
        return *results, test(internal, total, null=rest[0], alternative=alternative)

    outputs = ["estimate", "standard_error", "low", "high", "n", "verdict"]
    out = inputs.apply(
        kernel,
        outputs=outputs + (["pvalue"] if null is not None else []),
        check=check,
        dtypes={"verdict": object, "n": np.int64},
    )
    notes: tuple[Note, ...] = ()
    if not inputs.is_lazy:
        internal_flat, external_flat = inputs.flat[:2]
        notes = _shares.share_notes(internal_flat, internal_flat + external_flat, **settings)
    kept = {name: inputs.labelled(name) for name in ("internal", "external")}
    return Estimate(
        quantity="share of detected lines that are internal",
        method=method,
        level=level,
        interval_kind=binomial.METHODS[method].interval_kind,
        interval_method=method,
        null=None if null is None else inputs.given("null"),
        alternative=alternative,
        notes=notes,
        references=_shares.REFERENCES[method],
        _recompute=functools.partial(internal_share, **kept, method=method, level=level),
        **out,
    )
