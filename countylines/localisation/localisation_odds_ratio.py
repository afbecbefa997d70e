"""Odds of internal against external lines, after relative to before."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _odds_ratios, _validate
from countylines._kernels import odds_ratio
from countylines._typing import Alternative, ArrayLike
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]

NAMES = ("internal_before", "external_before", "internal_after", "external_after")
VERDICTS = (
    OK,
    Verdict(
        False,
        "no-data",
        (
            "One period has no lines, or both have none of one kind: the counts say nothing of a "
            "change in their ratio.",
        ),
    ),
)


def localisation_odds_ratio(
    internal_before: ArrayLike,
    external_before: ArrayLike,
    internal_after: ArrayLike,
    external_after: ArrayLike,
    *,
    method: str = "skew-score",
    level: float = 0.95,
    null: ArrayLike = 1.0,
    alternative: Alternative = "two-sided",
) -> Estimate:
    r"""Odds ratio of internal to external lines, after against before.

    It answers: did DETECTED lines shift from crossing a force boundary to staying within one? It
    is free of the totals, and of any change in detection that both kinds share. It is an odds
    ratio: neither the ratio of the shares nor their difference; and it moves one for one with any
    change in how well internal lines are detected relative to external ones, or in what is called
    internal.

    Parameters
    ----------
    internal_before, external_before : array_like, shape (...)
        Lines of each kind in the first period: whole numbers of at least 0.
    internal_after, external_after : array_like, shape (...)
        Lines of each kind in the second period; all four broadcast together.
    method : str, default "skew-score"
        How the limits are made, see Notes: ``"skew-score"``, ``"miettinen-nurminen"``,
        ``"score"``, ``"conditional"``, ``"conditional-mid-p"``, ``"minlike"``, ``"blaker"``,
        ``"mover-wilson"``, ``"mover-jeffreys"``, ``"woolf"``, ``"gart"`` or
        ``"independence-smoothed"``.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : array_like, default 1.0
        Odds ratio under test, above 0.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test; ``"greater"`` asks whether lines became more internal.

    Returns
    -------
    Estimate
        ``estimate``, ``low``, ``high`` [pure number], of the kind and with the labels of the data;
        infinite, with a finite low end, where a cell of the denominator is 0; ``n`` is the number
        of lines in both periods.

    Raises
    ------
    InputError
        If a count is negative, fractional or missing, or `null` is not above 0.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If the ratio is undefined, 0 or infinite somewhere.
    SparseDataWarning
        If a large-sample method is used with a cell below 5.

    See Also
    --------
    tipping_point : the change in detection that would explain the ratio.
    reclassification_sensitivity : the re-labelling that would explain it.
    compatible_counts : the counts behind printed totals and percentages.

    Notes
    -----
    .. math:: \widehat{OR} = \frac{I_1 / E_1}{I_0 / E_0}

    so that an increase of internal lines by 232 % and a fall of external lines by 12.2 % give
    3.32 / 0.878 = 3.78 whatever the counts; the counts matter for the interval only. With
    detection probabilities :math:`d`, the ratio of what exists is
    :math:`OR \times (d_{I0} d_{E1}) / (d_{I1} d_{E0})`: it is not identified from these counts.

    ``"skew-score"`` inverts the score test with a correction for skewness, so that both ends err
    about equally often; ``"miettinen-nurminen"`` and ``"score"`` do without it. ``"conditional"``
    never covers less than `level`; ``"conditional-mid-p"`` does so on average; ``"minlike"`` and
    ``"blaker"`` are shorter exact intervals. ``"woolf"`` is the large-sample interval of the log
    odds ratio, ``"gart"`` the same with 1/2 added to every cell, ``"independence-smoothed"`` with
    amounts that the margins suggest and that add up to 2: the only methods that add anything. A
    zero cell gives 0 or infinity for the estimate and, unless something is added, one finite
    limit.

    Assumptions that fail in practice: every line is internal or external, by the same rule in both
    years; lines are detected independently; the boundaries did not move.

    References
    ----------
    .. [1] Laud, P. J. (2017). Equal-tailed confidence intervals for comparison of rates.
       *Pharmaceutical Statistics* 16, 334-348. https://doi.org/10.1002/pst.1813
    .. [2] Laud, P. J. (2018). Equal-tailed confidence intervals for comparison of rates:
       corrigendum. *Pharmaceutical Statistics* 17, 290-293. https://doi.org/10.1002/pst.1855
    .. [3] Miettinen, O. and Nurminen, M. (1985). Comparative analysis of two rates. *Statistics in
       Medicine* 4, 213-226. https://doi.org/10.1002/sim.4780040211

    Examples
    --------
    One of the 14 whole-number tables that agree with the totals and percentages printed for
    2022/23 and 2023/24:

    >>> ratio = cl.localisation.localisation_odds_ratio(1280, 2727, 4250, 2394)
    >>> print(f"{ratio.estimate:.2f} ({ratio.low:.2f} to {ratio.high:.2f})")
    3.78 (3.48 to 4.11)

    The odds that a detected line was internal became 3.8 times as high. The share of internal
    lines doubled, from 32 % to 64 %; and a 3.8-fold rise in the detection of internal relative to
    external lines would give the same figures without any change in the lines.
    """
    method = _validate.option("method", method, odds_ratio.METHODS)
    level = _validate.level(level)
    _validate.alternative(alternative)
    inputs = _labels.align(
        internal_before=internal_before,
        external_before=external_before,
        internal_after=internal_after,
        external_after=external_after,
        null=null,
    )

    def check(*values: Any) -> None:
        *cells, null, where = values
        for name, cell in zip(NAMES, cells, strict=True):
            _validate.counts(name, cell, where)
        _validate.exposure("null", null, where)

    def kernel(*values: FloatArray) -> tuple[Any, ...]:
        *cells, null = values
        groups = as_groups(*cells)
        estimate = odds_ratio.estimate(*groups)
        with np.errstate(invalid="ignore"):
            error = estimate * odds_ratio.log_standard_error(*groups)
        chosen = odds_ratio.METHODS[method]
        low, high = chosen.limits(*groups, level=level, alternative=alternative)
        p = chosen.pvalue(*groups, null=null, alternative=alternative)
        verdict = verdict_array(np.isnan(estimate).astype(np.intp), VERDICTS)
        error = np.where(np.isfinite(estimate) & (estimate > 0), error, np.nan)
        return estimate, error, low, high, verdict, p, np.sum(cells, axis=0)

    out = inputs.apply(
        kernel,
        outputs=["estimate", "standard_error", "low", "high", "verdict", "pvalue", "n"],
        check=check,
        dtypes={"verdict": object, "n": np.int64},
    )
    notes = () if inputs.is_lazy else _notes(inputs.flat[:4], method, level, alternative)
    kept = {name: inputs.given(name) for name in NAMES}
    return Estimate(
        quantity="odds ratio of internal to external lines",
        method="odds ratio",
        level=level,
        interval_kind=odds_ratio.METHODS[method].interval_kind,
        interval_method=method,
        null=inputs.given("null"),
        alternative=alternative,
        notes=notes,
        references=_odds_ratios.REFERENCES[method],
        _recompute=functools.partial(localisation_odds_ratio, **kept, method=method, level=level),
        **out,
    )


def as_groups(
    internal_before: FloatArray,
    external_before: FloatArray,
    internal_after: FloatArray,
    external_after: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Count and total after, then count and total before: the order of the odds-ratio kernels."""
    return (
        internal_after,
        internal_after + external_after,
        internal_before,
        internal_before + external_before,
    )


def _notes(
    cells: tuple[FloatArray, ...], method: str, level: float, alternative: str
) -> tuple[Note, ...]:
    note = Note(
        "odds-ratio",
        "An odds ratio: neither the ratio of the shares nor their difference. A change in the "
        "detection of internal relative to external lines multiplies it.",
    )
    return note, *_odds_ratios.odds_ratio_notes(as_groups(*cells), method, level, alternative)
