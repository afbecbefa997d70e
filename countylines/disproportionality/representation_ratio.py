"""A group's share among the recorded, relative to its share of a benchmark population."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _shares, _validate
from countylines import benchmark as _benchmark
from countylines._kernels import binomial, share_ratio
from countylines._typing import Alternative, ArrayLike
from countylines.benchmark import Benchmark
from countylines.disproportionality._two_groups import NOT_A_CAUSE
from countylines.errors import InputError
from countylines.results import Estimate, Note

FloatArray = NDArray[np.float64]


def representation_ratio(
    count: ArrayLike,
    total: ArrayLike,
    benchmark: ArrayLike | Benchmark,
    *,
    benchmark_n: ArrayLike | None = None,
    method: str = "mid-p",
    level: float = 0.95,
    null: ArrayLike = 1.0,
    alternative: Alternative = "two-sided",
) -> Estimate:
    r"""Representation ratio: a group's share of those recorded over its benchmark share.

    It answers: is the group a larger part of the people recorded than of the population they are
    compared with, and by what factor? It is not a relative risk (the group is inside its own
    comparator), not a measure that can be compared between places with different benchmark
    shares, and not evidence of a cause: recording, place, age and sex all enter.

    Parameters
    ----------
    count : array_like, shape (...)
        People of the group among those recorded.
    total : array_like, shape (...)
        All people recorded, of known group; broadcast against `count`.
    benchmark : array_like, shape (...), or Benchmark
        The group's share of the comparison population, in (0, 1): 0.0404, not 4.04. A
        :class:`countylines.Benchmark` carries its name and vintage into the notes.
    benchmark_n : array_like or None, optional
        Size of the sample behind `benchmark`; without it the benchmark is taken as known, as a
        census share is.
    method : str, default "mid-p"
        Method of the limits of the share, as in :func:`countylines.prevalence.proportion`. With
        `benchmark_n` the limits of both shares are combined by MOVER-R.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : array_like, default 1.0
        Ratio under test; at most ``1 / benchmark``.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test; ``"greater"`` asks whether the ratio exceeds `null`.

    Returns
    -------
    Estimate
        ``estimate``, ``low``, ``high`` [pure number, 0 to 1/benchmark], of the kind and with the
        labels of the data; ``n`` is `total`. The bound 1/benchmark of a known benchmark stands in
        the notes.

    Raises
    ------
    InputError
        If a count is bad, `benchmark` is not a share (a value above 1 looks like a percentage), or
        `null` is above ``1 / benchmark`` of a known benchmark.

    Warns
    -----
    DegenerateDataWarning
        If a total is 0, or the method says nothing at 0 or at the total.
    SparseDataWarning
        If a large-sample method is used with fewer than 5 people in or out of the group.

    See Also
    --------
    representation_to_rate_ratio : the group's rate against everybody else's.
    countylines.prevalence.proportion : the share itself.

    Notes
    -----
    With share :math:`\hat p = x/n` and benchmark share :math:`q`,

    .. math:: \hat R = \hat p / q, \qquad R \le 1/q.

    If the group's rate is :math:`\theta` times the rate of everybody else, then
    :math:`R = \theta / (q\theta + 1 - q)`. The same :math:`\theta` therefore gives different
    :math:`R` where :math:`q` differs: with :math:`\theta = 3`, 2.86 where the group is 2.4 % of the
    people and 2.36 where it is 13.5 %. Compare places by the rate ratio, not by :math:`R`.

    For a known benchmark the limits are those of the share divided by :math:`q`, and the p-value is
    that of the share at :math:`R_0 q`. For a benchmark from a sample both sets of limits enter
    MOVER-R, and the p-value is the tail area at which a limit reaches :math:`R_0`.

    Assumptions that fail in practice: the benchmark counts the same people by the same rule (which
    groups count as one, what of mixed groups, which ages, residence or place of arrest); group
    recorded for all, or missing at random; people recorded independently of one another.

    References
    ----------
    .. [1] Berry, G. and Armitage, P. (1995). Mid-P confidence intervals: a brief review.
       *The Statistician* 44, 417-423. https://doi.org/10.2307/2348891
    .. [2] Donner, A. and Zou, G. Y. (2012). Closed-form confidence intervals for functions of the
       normal mean and standard deviation. *Statistical Methods in Medical Research* 21, 347-359.
       https://doi.org/10.1177/0962280210383082
    .. [3] Newcombe, R. G. (2016). MOVER-R confidence intervals for ratios and products of two
       independently estimated quantities. *Statistical Methods in Medical Research* 25, 1774-1778.
       https://doi.org/10.1177/0962280213502144

    Examples
    --------
    No regional count behind "over-represented in all regions" is public. A HYPOTHETICAL sample: 6
    of 258 people in the North East, where 1.01 % of residents were Black at the 2021 census.

    >>> ratio = cl.disproportionality.representation_ratio(
    ...     6, 258, 0.0101, alternative="greater"
    ... )
    >>> print(f"{ratio.estimate:.2f}, at least {ratio.low:.2f}, p = {ratio.pvalue:.3f}")
    2.30, at least 1.11, p = 0.033

    Six people in 258 would be just enough to say, at 95 % confidence, that the share is above the
    census share there; it would not say why.
    """
    method = _validate.option("method", method, binomial.METHODS)
    level = _validate.level(level)
    _validate.alternative(alternative)
    benchmark_share, benchmark_n = _benchmark.unpacked(benchmark, benchmark_n)
    given = {"count": count, "total": total, "benchmark": benchmark_share, "null": null}
    if benchmark_n is not None:
        _shares.whole_counts_only(method, "benchmark_n")
        if alternative != "two-sided" and level < 0.5:
            rule = "at least 0.5 for one side when `benchmark_n` is given"
            raise InputError(_validate.sentence("level", rule, _validate.show(level)))
        given["benchmark_n"] = benchmark_n
    inputs = _labels.align(**given)
    settings: dict[str, Any] = {"method": method, "level": level, "alternative": alternative}

    def check(count: Any, total: Any, benchmark: Any, null: Any, *rest: Any) -> None:
        *sample, where = rest
        _shares.check_share(count, total, where)
        _validate.share("benchmark", benchmark, where)
        _validate.exposure("null", null, where, zero=True)
        if not sample:
            _validate.not_above(
                "null", null, "1 / benchmark", 1 / benchmark, where, "No ratio can be larger."
            )
        for size in sample:
            _validate.exposure("benchmark_n", size, where)

    def kernel(count: Any, total: Any, benchmark: Any, null: Any, *sample: Any) -> tuple[Any, ...]:
        share, error, low, high = _shares.share_values(count, total, **settings)
        verdict = _shares.share_verdicts(total)
        if not sample:
            test = binomial.METHODS[method].pvalue
            p = test(count, total, null=np.minimum(null * benchmark, 1.0), alternative=alternative)
            q = benchmark
            return share / q, error / q, low / q, np.minimum(high / q, 1 / q), verdict, p
        return _uncertain(count, total, benchmark, sample[0], null, settings, error, verdict)

    out = inputs.apply(
        kernel,
        outputs=["estimate", "standard_error", "low", "high", "verdict", "pvalue"],
        check=check,
        dtypes={"verdict": object},
    )
    notes: tuple[Note, ...] = (NOT_A_CAUSE,)
    if not inputs.is_lazy:
        flat = dict(zip(inputs.names, inputs.flat, strict=True))
        notes += _shares.share_notes(flat["count"], flat["total"], **settings)
        if benchmark_n is None:
            notes += (_bound_note(flat["benchmark"]),)
    if benchmark_n is not None:
        text = (
            "The benchmark is itself estimated: limits of both shares combined by MOVER-R. The "
            "ratio is bounded by one over the true benchmark share, which is not known."
        )
        notes += (Note("uncertain-benchmark", text),)
    notes += (_benchmark.note(benchmark),)
    kept = {name: inputs.given(name) for name in inputs.names if name != "null"}
    kept["benchmark"] = _benchmark.renamed(benchmark, kept["benchmark"])
    return Estimate(
        quantity="representation ratio",
        method="share / benchmark",
        level=level,
        interval_kind=binomial.METHODS[method].interval_kind,
        interval_method=method if benchmark_n is None else f"MOVER-R of {method}",
        null=inputs.given("null"),
        alternative=alternative,
        n=inputs.labelled("total"),
        notes=notes,
        references=_shares.REFERENCES[method]
        + (("donner2012", "newcombe2016") if benchmark_n is not None else ()),
        _recompute=functools.partial(representation_ratio, **kept, method=method, level=level),
        **out,
    )


def _bound_note(benchmark: FloatArray) -> Note:
    least, most = 1 / benchmark.max(), 1 / benchmark.min()
    if np.isclose(least, most):
        bound = f"{least:.3g}, one over the benchmark share"
    else:
        bound = f"one over the benchmark share, here between {least:.3g} and {most:.3g}"
    return Note(
        "bound",
        f"The ratio cannot exceed {bound}, so it must not be compared between places with "
        "different benchmark shares; representation_to_rate_ratio makes them comparable.",
    )


def _uncertain(
    count: FloatArray,
    total: FloatArray,
    benchmark: FloatArray,
    size: FloatArray,
    null: FloatArray,
    settings: dict[str, Any],
    error: FloatArray,
    verdict: NDArray[np.object_],
) -> tuple[Any, ...]:
    """Ratio to a benchmark share that comes from a sample of `size`."""
    ref_count = benchmark * size
    with np.errstate(invalid="ignore", divide="ignore"):
        share = count / total
        relative = (error / share) ** 2 + (1 - benchmark) / ref_count
        standard_error = share / benchmark * np.sqrt(relative)
        standard_error = np.where(share == 0, error / benchmark, standard_error)
    sampled = count, total, benchmark, size
    side, method = settings["alternative"], settings["method"]
    low, high = share_ratio.limits(
        *sampled, level=settings["level"], alternative=side, method=method
    )
    p = share_ratio.pvalue(*sampled, null, alternative=side, method=method)
    return share / benchmark, standard_error, low, high, verdict, p
