"""A proportion with its confidence interval."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from countylines import _labels, _shares, _validate
from countylines._kernels import binomial
from countylines._typing import Alternative, ArrayLike
from countylines.results import Estimate, Note


def proportion(
    count: ArrayLike,
    total: ArrayLike,
    *,
    method: str = "mid-p",
    design_effect: ArrayLike | None = None,
    level: float = 0.95,
    null: ArrayLike | None = None,
    alternative: Alternative = "two-sided",
) -> Estimate:
    r"""Proportion of a total, with an interval that stays near its level at small counts.

    It answers: of the `total` things looked at, what share has the property, in the population (or
    the process) that they stand for? It is not a statement about things that were never looked
    at: lines that were not detected, people who were not recorded. Where the counts are complete
    records rather than a sample, the interval describes the process that could have produced
    other counts in the same circumstances.

    Parameters
    ----------
    count : array_like, shape (...)
        Number with the property: whole numbers, from 0 to `total`.
    total : array_like, shape (...)
        Number looked at; broadcast against `count`. Where it is 0 there is no estimate.
    method : str, default "mid-p"
        How the limits are made, see Notes: ``"mid-p"``, ``"wilson"``, ``"wilson-cc"``,
        ``"clopper-pearson"``, ``"blaker"``, ``"minlike"``, ``"agresti-coull"``, ``"plus-four"``,
        ``"jeffreys"``, ``"modified-jeffreys"``, ``"logit"``, ``"arcsine"``, ``"profile"``,
        ``"skew-score"`` or ``"wald"``.
    design_effect : array_like or None, optional
        Variance relative to a simple random sample of the same size, above 0: co-defendants are
        clustered, so their effective number is ``total / design_effect``. Makes counts fractional,
        which ``"blaker"`` and ``"minlike"`` cannot use.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : array_like or None, optional
        Proportion under test; without it nothing is tested.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test; ``"greater"`` gives ``[low, 1]``.

    Returns
    -------
    Estimate
        ``estimate``, ``low``, ``high`` [share, 0 to 1], of the kind and with the labels of the
        data; ``n`` is `total`; ``pvalue`` where `null` is given.

    Raises
    ------
    InputError
        If a count is negative, fractional, missing or above its total, or an option is unknown.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If a total is 0, or the method says nothing at 0 or at the total.
    SparseDataWarning
        If a large-sample method is used with fewer than 5 events or non-events.

    See Also
    --------
    countylines.disproportionality.representation_ratio : a share against a benchmark share.
    countylines.localisation.localisation_odds_ratio : two shares, before and after.

    Notes
    -----
    With :math:`X` binomial, the mid-P limits solve

    .. math:: P(X > x \mid p_L) + \tfrac12 P(X = x \mid p_L) = \tfrac{1-\gamma}{2}, \qquad
              P(X < x \mid p_U) + \tfrac12 P(X = x \mid p_U) = \tfrac{1-\gamma}{2},

    to a relative 1e-10. ``"clopper-pearson"`` leaves the factor one half out and never covers
    less than `level`; ``"blaker"`` and ``"minlike"`` invert tests that order outcomes by tail or
    by probability, also never cover less, and are mostly shorter (where accepted values have a
    gap, the hull is given with a note). ``"wilson"`` inverts the score test, ``"skew-score"``
    corrects it for skewness, so that both ends err about equally often on average; ``"profile"``
    inverts the likelihood ratio. ``"jeffreys"`` is a posterior interval used as a confidence
    interval, with the end moved to 0 or 1 when the count is there. ``"wald"`` is given for
    comparison only.

    Assumptions that fail in practice: independent cases (use `design_effect`), one probability for
    all, no misclassification. One-sided limits of ``"blaker"`` and ``"minlike"`` are those of
    ``"clopper-pearson"``. P-values come from the same inversion as the limits.

    References
    ----------
    .. [1] Berry, G. and Armitage, P. (1995). Mid-P confidence intervals: a brief review.
       *The Statistician* 44, 417-423. https://doi.org/10.2307/2348891
    .. [2] Brown, L. D., Cai, T. T. and DasGupta, A. (2001). Interval estimation for a binomial
       proportion. *Statistical Science* 16, 101-133. https://doi.org/10.1214/ss/1009213286
    .. [3] Laud, P. J. (2017). Equal-tailed confidence intervals for comparison of rates.
       *Pharmaceutical Statistics* 16, 334-348. https://doi.org/10.1002/pst.1813
    .. [4] Blaker, H. (2000). Confidence curves and improved exact confidence intervals for
       discrete distributions. *Canadian Journal of Statistics* 28, 783-798.
       https://doi.org/10.2307/3315916

    Examples
    --------
    In 2017, 38 of 43 police forces returned evidence of county lines activity.

    >>> forces = cl.prevalence.proportion(38, 43)
    >>> print(f"{forces.estimate:.3f} ({forces.low:.3f} to {forces.high:.3f})")
    0.884 (0.761 to 0.956)

    So 88 % of the forces said that they had seen such lines. That is a share of returns, not of
    places: a force that had not looked also returned no evidence.
    """
    method = _validate.option("method", method, binomial.METHODS)
    level = _validate.level(level)
    _validate.alternative(alternative)
    given = {"count": count, "total": total}
    if design_effect is not None:
        _shares.whole_counts_only(method, "design_effect")
        given["design_effect"] = design_effect
    if null is not None:
        given["null"] = null
    inputs = _labels.align(**given)
    settings: dict[str, Any] = {"method": method, "level": level, "alternative": alternative}

    def check(count: Any, total: Any, *rest: Any) -> None:
        *values, where = rest
        extra = dict(zip(inputs.names[2:], values, strict=True))
        _shares.check_share(count, total, where)
        if "design_effect" in extra:
            _validate.exposure("design_effect", extra["design_effect"], where)
        if "null" in extra:
            _validate.share("null", extra["null"], where, open_low=False, open_high=False)

    def kernel(count: Any, total: Any, *values: Any) -> tuple[Any, ...]:
        extra = dict(zip(inputs.names[2:], values, strict=True))
        effect = extra.get("design_effect", 1.0)
        count, total = count / effect, total / effect
        results = *_shares.share_values(count, total, **settings), _shares.share_verdicts(total)
        if "null" not in extra:
            return results
        test = binomial.METHODS[method].pvalue
        return *results, test(count, total, null=extra["null"], alternative=alternative)

    outputs = ["estimate", "standard_error", "low", "high", "verdict"]
    out = inputs.apply(
        kernel,
        outputs=outputs + (["pvalue"] if null is not None else []),
        check=check,
        dtypes={"verdict": object},
    )
    notes: tuple[Note, ...] = ()
    if not inputs.is_lazy:
        flat = dict(zip(inputs.names, inputs.flat, strict=True))
        effect = flat.get("design_effect", np.ones(1))
        notes = _shares.share_notes(flat["count"] / effect, flat["total"] / effect, **settings)
    if design_effect is not None:
        text = "The interval rests on count and total divided by the design effect."
        notes += (Note("design-effect", text),)
    kept = {name: inputs.labelled(name) for name in inputs.names if name != "null"}
    return Estimate(
        quantity="proportion",
        method=method,
        level=level,
        interval_kind=binomial.METHODS[method].interval_kind,
        interval_method=method,
        null=None if null is None else inputs.given("null"),
        alternative=alternative,
        n=kept["total"],
        notes=notes,
        references=_shares.REFERENCES[method],
        _recompute=functools.partial(proportion, **kept, method=method, level=level),
        **out,
    )
