"""The ratio of two rates that have been given the make-up of one population."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from countylines import _labels, _validate
from countylines._kernels import standardised_ratio as kernel
from countylines._kernels.ratio_error import ratio_error
from countylines._typing import Alternative, ArrayLike
from countylines.disproportionality._two_groups import NOT_A_CAUSE
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning, warn
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

REFERENCES = {
    "f": ("fay1999", "fay1997"),
    "f-tiwari": ("tiwari2006", "fay1999"),
    "log-delta": ("breslow1987",),
}
FEW = 10
VERDICTS = (
    OK,
    Verdict(False, "no-data", ("There are no events in either group to form a ratio of.",)),
)


def standardised_rate_ratio(
    count: ArrayLike,
    exposure: ArrayLike,
    ref_count: ArrayLike,
    ref_exposure: ArrayLike,
    standard: ArrayLike,
    *,
    dim: str | int | None = None,
    method: str = "f",
    level: float = 0.95,
    null: float = 1.0,
    alternative: Alternative = "two-sided",
) -> Estimate:
    r"""Ratio of two rates as if both groups had the ages (or sexes, or regions) of one population.

    It answers: how much of a rate ratio is left once the two groups are made up alike? It is one
    average over the strata: where the ratio differs between them, another standard gives another
    answer, and none says which. It is not evidence of a cause, and it removes only what the strata
    record.

    Parameters
    ----------
    count : array_like, shape (..., strata)
        Events of the group in each stratum: whole numbers of at least 0.
    exposure : array_like, shape (..., strata)
        What they happened to [people or person-years]: above 0 in every stratum.
    ref_count : array_like, shape (..., strata)
        Events in the group compared with.
    ref_exposure : array_like, shape (..., strata)
        Its exposure, in the same unit.
    standard : array_like, shape (..., strata)
        Size of the stratum in the standard population: at least 0; only the proportions count. With
        the group's own `exposure` the ratio is the standardised ratio of observed to expected
        events, with chance in the reference counts allowed for.
    dim : str, int or None, optional
        Dimension or axis of the strata; may be left out where there is only one, or for the index
        of a frame.
    method : str, default "f"
        How the limits are made, see Notes: ``"f"``, ``"f-tiwari"`` or ``"log-delta"``.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : float, default 1.0
        Ratio under test, above 0.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test.

    Returns
    -------
    Estimate
        ``estimate``, ``low``, ``high`` [pure number], of the kind of the data less the strata;
        ``n`` is the number of events in both groups, in the strata used.

    Raises
    ------
    InputError
        If a count is missing, negative or fractional, an exposure or `null` is not above 0, or all
        sizes of the standard are 0.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order: no stratum is dropped.

    Warns
    -----
    DegenerateDataWarning
        If a group has no event in the strata used.
    SparseDataWarning
        If ``"log-delta"`` is used with fewer than 10 events in a group.

    See Also
    --------
    standardised_ratio : observed over expected events.
    rate_ratio : the ratio without strata.

    Notes
    -----
    With :math:`w_i = s_i / (\sum s) / e_i`, a standardised rate is :math:`y = \sum w_i x_i` with
    variance :math:`v = \sum w_i^2 x_i`; k is the largest weight. The F limits are

    .. math:: \theta_L = \frac{y_1}{y_2 + k_2}\,
              F^{-1}\!\left(\tfrac{1-\gamma}{2};\ \frac{2 y_1^2}{v_1},\
              \frac{2 (y_2 + k_2)^2}{v_2 + k_2^2}\right), \qquad
              \theta_U = \frac{y_1 + k_1}{y_2}\,
              F^{-1}\!\left(\tfrac{1+\gamma}{2};\ \frac{2 (y_1 + k_1)^2}{v_1 + k_1^2},\
              \frac{2 y_2^2}{v_2}\right),

    with :math:`\gamma` the level. With one stratum they are the exact limits of
    :func:`rate_ratio`. ``"f"`` is on the safe side where weights differ much; ``"f-tiwari"`` takes
    the mean of the weights and of their squares for k, and is shorter. ``"log-delta"`` is normal on
    the log scale, with the variance :math:`v_1 / y_1^2 + v_2 / y_2^2`. P-values come from the same
    inversion.

    Without events in the group the ratio is 0 with a finite high end; without events in the
    reference it is infinite with a finite low end; ``"log-delta"`` says nothing there.

    Assumptions that fail in practice: strata known for every event, by the same rule as for the
    people; independent events; one rate in each stratum.

    References
    ----------
    .. [1] Fay, M. P. (1999). Approximate confidence intervals for rate ratios from directly
       standardized rates with sparse data. *Communications in Statistics: Theory and Methods* 28,
       2141-2160, as used by
       https://seer.cancer.gov/help/seerstat/equations-and-algorithms/rate-algorithms
    .. [2] Tiwari, R. C., Clegg, L. X. and Zou, Z. (2006). Efficient interval estimation for
       age-adjusted cancer rates. *Statistical Methods in Medical Research* 15, 547-569.
       https://doi.org/10.1177/0962280206070621

    Examples
    --------
    Made-up arrests in two age groups: 15 to 24, and 25 or older. The group is younger.

    >>> crude = cl.disproportionality.rate_ratio(50, 5_000, 350, 90_000)
    >>> adjusted = cl.disproportionality.standardised_rate_ratio(
    ...     [40, 10], [2_000, 3_000], [200, 150], [10_000, 80_000], [10_000, 80_000]
    ... )
    >>> print(f"{crude.estimate:.2f} to {adjusted.estimate:.2f}")
    2.57 to 1.33
    >>> print(f"{adjusted.low:.2f} to {adjusted.high:.2f}")
    0.87 to 2.02

    With the ages of the reference group the ratio falls from 2.6 to 1.3, and an excess beyond what
    age explains is not established.
    """
    method = _validate.option("method", method, kernel.METHODS)
    level = _validate.level(level)
    _validate.alternative(alternative)
    null = _validate.number("null", null, low=0, open_low=True)
    inputs = _labels.align(
        count=count,
        exposure=exposure,
        ref_count=ref_count,
        ref_exposure=ref_exposure,
        standard=standard,
    )
    chosen = kernel.METHODS[method]

    def check(*values: Any) -> None:
        count, exposure, ref_count, ref_exposure, standard, where = values
        _validate.counts("count", count, where)
        _validate.exposure("exposure", exposure, where)
        _validate.counts("ref_count", ref_count, where)
        _validate.exposure("ref_exposure", ref_exposure, where)
        _validate.exposure("standard", standard, where, zero=True)

    def solve(
        count: Any, exposure: Any, ref_count: Any, ref_exposure: Any, standard: Any
    ) -> tuple[Any, ...]:
        size = standard.sum(axis=-1, keepdims=True)
        if not (size > 0).all():
            rule = "above 0 in at least one stratum"
            raise InputError(_validate.sentence("standard", rule, "0 in all of them"))
        data = count, standard / size / exposure, ref_count, standard / size / ref_exposure
        pair = kernel.both_sums(*data)
        ratio = kernel.estimate(pair)
        low, high = chosen.limits(*data, level=level, alternative=alternative)
        p = chosen.pvalue(*data, null=null, alternative=alternative)
        verdict = verdict_array(np.isnan(ratio).astype(np.intp), VERDICTS)
        events, others = pair[0].total, pair[1].total
        error = ratio_error(ratio, kernel.log_standard_error(pair))
        return ratio, error, low, high, p, verdict, events + others, np.minimum(events, others)

    names = ["estimate", "standard_error", "low", "high", "pvalue", "verdict", "n", "fewest"]
    out = inputs.reduce(solve, dim=dim, outputs=names, check=check, dtypes={"verdict": object})
    fewest = out.pop("fewest")
    kept = {name: inputs.labelled(name) for name in inputs.names}
    return Estimate(
        quantity="standardised rate ratio",
        method="ratio of directly standardised rates",
        level=level,
        interval_kind=chosen.interval_kind,
        interval_method=method,
        null=null,
        alternative=alternative,
        notes=(NOT_A_CAUSE, *(() if inputs.is_lazy else _notes(np.asarray(fewest), method))),
        references=REFERENCES[method],
        _recompute=functools.partial(
            standardised_rate_ratio, **kept, dim=dim, method=method, level=level
        ),
        **out,
    )


def _notes(fewest: Any, method: str) -> tuple[Note, ...]:
    notes = []
    if (fewest == 0).any():
        text = "A group has no event, so the ratio is 0, infinite or undefined there; " + (
            "the log-delta interval says nothing. Use method='f'."
            if method == "log-delta"
            else "one limit may still be finite."
        )
        notes.append(Note("zero-count", text))
        warn(text, DegenerateDataWarning)
    if kernel.METHODS[method].asymptotic and (fewest < FEW).any():
        text = (
            f"Fewer than {FEW} events in a group, where the large-sample {method} interval does "
            "not hold its level. Use method='f'."
        )
        notes.append(Note("sparse", text))
        warn(text, SparseDataWarning)
    return tuple(notes)
