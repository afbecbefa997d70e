"""A proportion with its confidence interval."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from countylines import _labels, _shares, _validate
from countylines._kernels import binomial, finite_population
from countylines._typing import Alternative, ArrayLike
from countylines.bands import Band
from countylines.errors import InputError
from countylines.prevalence._survey import KORN_GRAUBARD, survey_proportion
from countylines.results import Estimate, Note


def proportion(
    count: ArrayLike | Band,
    total: ArrayLike,
    *,
    method: str = "mid-p",
    design_effect: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    cluster: Any = None,
    population: ArrayLike | None = None,
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
    count : array_like or Band, shape (...)
        Number with the property: whole numbers, from 0 to `total`, or a band of them where only a
        range was published. With `weights` or `cluster`, one row a respondent (0 or 1) or a group
        of respondents, shape (rows,).
    total : array_like, shape (...)
        Number looked at; broadcast against `count`. Where it is 0 there is no estimate. With
        `weights` or `cluster` it is 1 for a respondent, or the size of the group.
    method : str, default "mid-p"
        How the limits are made, see Notes: ``"mid-p"``, ``"wilson"``, ``"wilson-cc"``,
        ``"clopper-pearson"``, ``"blaker"``, ``"minlike"``, ``"agresti-coull"``, ``"plus-four"``,
        ``"jeffreys"``, ``"modified-jeffreys"``, ``"logit"``, ``"arcsine"``, ``"profile"``,
        ``"skew-score"`` or ``"wald"``; with a survey design also ``"korn-graubard"``, which is
        ``"clopper-pearson"`` there, but not ``"blaker"``, ``"minlike"`` or
        ``"modified-jeffreys"``, which need whole counts.
    design_effect : array_like or None, optional
        Variance relative to a simple random sample of the same size, above 0: co-defendants are
        clustered, so their effective number is ``total / design_effect``. Makes counts fractional,
        which ``"blaker"`` and ``"minlike"`` cannot use.
    weights : array_like or None, optional
        Sampling weight of each row, at least 0: how many of the population a respondent stands for,
        up to a common factor. All rows together give one estimate.
    cluster : sequence of labels or None, optional
        What each row was drawn with, such as its operation or line: rows of one cluster are alike.
        Without it each row is a cluster of its own. All rows together give one estimate.
    population : array_like or None, optional
        How many there are, of which `total` were drawn at random without replacement: the limits
        are then those of the share in this population. With `weights` or `cluster`, a single
        number: how many rows or clusters could have been drawn.
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
        If a count is negative, fractional, missing or above its total, an option is unknown, or the
        method does not go with a band, a design or a population.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If a total is 0, the method says nothing at 0 or at the total, or a design shows no
        variance.
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

    With weights :math:`w_i` the share is :math:`\hat p = \sum w_i x_i / \sum w_i n_i`, and its
    variance is that of the linearised values between the m clusters,

    .. math:: v = (1 - f) \frac{m}{m - 1} \sum_c \Big(\sum_{i \in c}
              \frac{w_i (x_i - \hat p\, n_i)}{\sum w n}\Big)^2,

    with :math:`f = m / \mathrm{population}`, or 0. The limits are those of the method for
    :math:`n^* = \hat p (1 - \hat p) / v` cases of which :math:`n^* \hat p` have the property, with
    n* multiplied by :math:`(t_{n-1} / t_{m-1})^2` for methods that rest on tails, as Korn and
    Graubard propose for ``"clopper-pearson"``, and by :math:`(z / t_{m-1})^2` for the others, so
    that ``"logit"`` is the usual interval on the log odds. Where no row, or every row, has the
    property, the variance is 0 and n* is the number looked at. Rows of
    weight 0 are no part of the sample. In simulation at the level 0.95 ``"korn-graubard"`` covered
    0.91 or more, the others as little as 0.83 (``"wald"`` 0.75) with 10 clusters, unequal weights
    and a rare property; with fewer than 30 clusters a note says so. There are no strata: a
    stratified sample is treated as if its strata had not been fixed, which is mostly cautious.

    With `population` alone the count is hypergeometric, the limits are whole numbers of the
    population, and only ``"mid-p"`` and ``"clopper-pearson"`` invert that exactly. A complete count
    has no interval: but whether the process could have given other counts is then the question,
    and `population` must be left out to ask it.

    A band is not replaced by its middle: with the count in [a, b] the limits are the lower one of a
    and the upper one of b, for methods whose limits rise with the count (``"mid-p"``,
    ``"clopper-pearson"``, ``"wilson"``, ``"jeffreys"``, ``"skew-score"``).

    Assumptions that fail in practice: independent cases (use `cluster` or `design_effect`), one
    probability for all, no misclassification, and, for `weights`, a sample drawn by a known plan.
    One-sided limits of ``"blaker"`` and ``"minlike"`` are those of ``"clopper-pearson"``. P-values
    come from the same inversion as the limits.

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
    .. [5] Korn, E. L. and Graubard, B. I. (1998). Confidence intervals for proportions with small
       expected number of positive counts estimated from survey data. *Survey Methodology* 24,
       193-201. https://www150.statcan.gc.ca/n1/en/catalogue/12-001-X19980024356

    Examples
    --------
    In 2017, 38 of 43 police forces returned evidence of county lines activity.

    >>> forces = cl.prevalence.proportion(38, 43)
    >>> print(f"{forces.estimate:.3f} ({forces.low:.3f} to {forces.high:.3f})")
    0.884 (0.761 to 0.956)

    So 88 % of the forces said that they had seen such lines. That is a share of returns, not of
    places: a force that had not looked also returned no evidence.

    Ten made-up operations in which 12 people were charged each, of whom so many were under 18.
    People of one operation are alike, so the operations are the clusters:

    >>> young = [0, 0, 1, 0, 6, 0, 2, 0, 0, 7]
    >>> alike = cl.prevalence.proportion(young, 12, cluster=range(10), method="korn-graubard")
    >>> print(f"{alike.estimate:.3f} ({alike.low:.3f} to {alike.high:.3f})")
    0.133 (0.021 to 0.376)
    >>> apart = cl.prevalence.proportion(16, 120)
    >>> print(f"{apart.low:.3f} to {apart.high:.3f}")
    0.081 to 0.203

    Taken as 120 separate people the share seems known to within 6 points; two operations hold 13 of
    the 16, and what ten operations can say is far less.
    """
    if weights is not None or cluster is not None:
        return survey_proportion(
            count,
            total,
            weights=weights,
            cluster=cluster,
            population=population,
            design_effect=design_effect,
            method=method,
            level=level,
            null=null,
            alternative=alternative,
        )
    _validate.option("method", method, [*binomial.METHODS, KORN_GRAUBARD])
    if method == KORN_GRAUBARD:
        rule = "one without a design unless `weights` or `cluster` is given"
        remedy = "Use method='clopper-pearson'."
        raise InputError(_validate.sentence("method", rule, repr(method), remedy=remedy))
    level = _validate.level(level)
    _validate.alternative(alternative)
    banded = isinstance(count, Band)
    _check_combination(method, banded, population is not None, design_effect is not None)
    given: dict[str, Any] = {"count": count, "total": total}
    if isinstance(count, Band):
        given = {"count": count.low, "total": total, "count.high": count.high}
    extras = {"design_effect": design_effect, "population": population, "null": null}
    given |= {name: value for name, value in extras.items() if value is not None}
    inputs = _labels.align(**given)
    settings: dict[str, Any] = {"method": method, "level": level, "alternative": alternative}

    def check(*values: Any) -> None:
        *columns, where = values
        named = dict(zip(inputs.names, columns, strict=True))
        _shares.check_share(named["count"], named["total"], where)
        if banded:
            high = np.where(np.isinf(named["count.high"]), named["total"], named["count.high"])
            _validate.counts("count.high", high, where)
            _validate.not_above("count", named["count"], "count.high", high, where)
            _validate.not_above("count.high", high, "total", named["total"], where)
        if "design_effect" in named:
            _validate.exposure("design_effect", named["design_effect"], where)
        if "population" in named:
            _validate.counts("population", named["population"], where)
            _validate.not_above("total", named["total"], "population", named["population"], where)
        if "null" in named:
            _validate.share("null", named["null"], where, open_low=False, open_high=False)

    def kernel(*values: Any) -> tuple[Any, ...]:
        named = dict(zip(inputs.names, values, strict=True))
        if banded:
            results = _shares.banded_values(
                named["count"], named["count.high"], named["total"], **settings
            )
        elif population is not None:
            results = _shares.finite_values(
                named["count"], named["total"], named["population"], **settings
            )
        else:
            effect = named.get("design_effect", 1.0)
            named |= {"count": named["count"] / effect, "total": named["total"] / effect}
            shares = _shares.share_values(named["count"], named["total"], **settings)
            results = *shares, _shares.share_verdicts(named["total"])
        if "null" not in named:
            return results
        test = {"method": method, "null": named["null"], "alternative": alternative}
        if banded:
            pvalue = _shares.banded_pvalue(
                named["count"], named["count.high"], named["total"], **test
            )
        elif population is not None:
            pvalue = _shares.finite_pvalue(
                named["count"], named["total"], named["population"], **test
            )
        else:
            test.pop("method")
            pvalue = binomial.METHODS[method].pvalue(named["count"], named["total"], **test)
        return *results, pvalue

    outputs = ["estimate", "standard_error", "low", "high"]
    outputs += ["region_low", "region_high"] if banded else []
    outputs += ["verdict", *(["pvalue"] if null is not None else [])]
    out = inputs.apply(kernel, outputs=outputs, check=check, dtypes={"verdict": object})
    notes: tuple[Note, ...] = ()
    if not inputs.is_lazy:
        flat = dict(zip(inputs.names, inputs.flat, strict=True))
        effect = flat.get("design_effect", np.ones(1))
        notes = _shares.share_notes(flat["count"] / effect, flat["total"] / effect, **settings)
        if banded:
            notes += _shares.banded_notes(flat["count"], flat["count.high"])
    if design_effect is not None:
        text = "The interval rests on count and total divided by the design effect."
        notes += (Note("design-effect", text),)
    if population is not None:
        text = (
            "The share is that of the population given, of which the total is taken as a simple "
            "random sample without replacement."
        )
        notes += (Note("finite-population", text),)
    kept = {name: inputs.labelled(name) for name in inputs.names if name != "null"}
    if banded:
        kept["count"] = Band(kept["count"], kept.pop("count.high"))
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
        references=_shares.REFERENCES[method] + (("manski2003",) if banded else ()),
        _recompute=functools.partial(proportion, **kept, method=method, level=level),
        **out,
    )


def _check_combination(method: str, banded: bool, finite: bool, effect: bool) -> None:
    """Refuse what does not go together."""
    if effect:
        _shares.whole_counts_only(method, "design_effect")
    if finite and (banded or effect):
        rule = "left out with " + ("a banded count" if banded else "`design_effect`")
        raise InputError(_validate.sentence("population", rule, "both"))
    if banded and effect:
        raise InputError(
            _validate.sentence("design_effect", "left out with a banded count", "both")
        )
    if finite and method not in finite_population.METHODS:
        rule = "'mid-p' or 'clopper-pearson' with `population`"
        raise InputError(_validate.sentence("method", rule, repr(method)))
    if banded and method not in _shares.RISING:
        rule = "one whose limits rise with the count, for a band"
        raise InputError(
            _validate.sentence("method", rule, repr(method), remedy="Use method='mid-p'.")
        )
