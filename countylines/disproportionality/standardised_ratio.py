"""Observed events over those expected at the rates of a reference population."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _rates, _validate
from countylines._kernels import poisson
from countylines._typing import Alternative, ArrayLike
from countylines.disproportionality._two_groups import NOT_A_CAUSE
from countylines.results import Estimate, Note

FloatArray = NDArray[np.float64]

FIXED = Note(
    "fixed-expectation",
    "Expected events are taken as known. Where the reference has few events itself, use "
    "standardised_rate_ratio with the group's exposure as standard.",
)
OWN_STANDARD = Note(
    "own-standard",
    "Each ratio has the make-up of its own group as standard, so two of them are not comparable "
    "with each other where their groups are made up differently.",
)


def standardised_ratio(
    observed: ArrayLike,
    expected: ArrayLike,
    *,
    method: str = "mid-p",
    level: float = 0.95,
    null: ArrayLike = 1.0,
    alternative: Alternative = "two-sided",
) -> Estimate:
    r"""Observed over expected events: indirect standardisation.

    It answers: how many times as many events were there as there would have been at the rates of a
    reference population, age by age? It needs the ages of the group's people but not of its events,
    which is why small groups are compared so. It is not comparable between groups that are made up
    differently, and not evidence of a cause.

    Parameters
    ----------
    observed : array_like, shape (...)
        Events: whole numbers of at least 0.
    expected : array_like, shape (...)
        Events expected at the reference's rates, as from :func:`expected_count`: above 0, known.
    method : str, default "mid-p"
        How the limits of the observed count are made: any method of
        :func:`countylines.prevalence.rate`, such as ``"exact"``, ``"byar"`` or ``"skew-score"``.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : array_like, default 1.0
        Ratio under test, at least 0.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test.

    Returns
    -------
    Estimate
        ``estimate``, ``low``, ``high`` [pure number], of the kind and with the labels of the data;
        ``n`` is the number observed.

    Raises
    ------
    InputError
        If a count is negative, fractional or missing, `expected` is not above 0, or an option is
        unknown.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    SparseDataWarning
        If a large-sample method is used with fewer than 5 events.
    DegenerateDataWarning
        If ``"wald-log"`` meets a count of 0, of which it says nothing.

    See Also
    --------
    expected_count : the expected events, from strata.
    standardised_rate_ratio : direct standardisation, and expected events that are uncertain.

    Notes
    -----
    With O observed and E expected events, the ratio is O / E, and its limits are those of the
    Poisson mean of O, over E; the p-value of a ratio r is that of a mean of rE. Health statistics
    call it the standardised mortality (or admission) ratio, and often take Byar's limits from 10
    events on and the exact ones below; ``"mid-p"`` needs no switch.

    With 0 observed the ratio and its low end are 0, and the high end is about 3 over E.

    Assumptions that fail in practice: independent events; a reference so large that its rates are
    known; events of the group counted by the same rule as the reference's. Where the group is part
    of the reference the ratio is drawn towards 1.

    References
    ----------
    .. [1] Breslow, N. E. and Day, N. E. (1987). *Statistical Methods in Cancer Research. Volume II:
       The Design and Analysis of Cohort Studies*, chapter 2. International Agency for Research on
       Cancer, Lyon.
    .. [2] Berry, G. and Armitage, P. (1995). Mid-P confidence intervals: a brief review.
       *The Statistician* 44, 417-423. https://doi.org/10.2307/2348891

    Examples
    --------
    Made-up figures: nine children of a group were referred, and 6.57 would have been at the rates
    of all children of their ages.

    >>> ratio = cl.disproportionality.standardised_ratio(9, 6.57)
    >>> print(f"{ratio.estimate:.2f} ({ratio.low:.2f} to {ratio.high:.2f})")
    1.37 (0.67 to 2.51)

    Nine are a third more than expected, and neither a third fewer nor twice as many is excluded for
    the process behind them.
    """
    method = _validate.option("method", method, poisson.METHODS)
    level = _validate.level(level)
    _validate.alternative(alternative)
    inputs = _labels.align(observed=observed, expected=expected, null=null)

    def check(
        observed: FloatArray, expected: FloatArray, null: FloatArray, where: _validate.Where
    ) -> None:
        _validate.counts("observed", observed, where)
        _validate.exposure("expected", expected, where)
        _validate.exposure("null", null, where, zero=True)

    def solve(observed: FloatArray, expected: FloatArray, null: FloatArray) -> tuple[Any, ...]:
        low, high = _rates.rate_limits(
            observed, observed, expected, method=method, level=level, side=alternative
        )
        p = _rates.rate_pvalue(
            observed, observed, expected, method=method, null=null, side=alternative
        )
        verdict = _rates.rate_verdicts(observed, observed, np.zeros(p.shape, dtype=bool))
        return observed / expected, np.sqrt(observed) / expected, low, high, p, verdict

    names = ["estimate", "standard_error", "low", "high", "pvalue", "verdict"]
    out = inputs.apply(solve, outputs=names, check=check, dtypes={"verdict": object})
    notes: tuple[Note, ...] = (NOT_A_CAUSE, FIXED, OWN_STANDARD)
    if not inputs.is_lazy:
        seen = inputs.flat[0]
        notes += _rates.rate_notes(seen, seen, method=method, level=level, alternative=alternative)
    kept = {name: inputs.given(name) for name in ("observed", "expected")}
    return Estimate(
        quantity="standardised ratio",
        method="observed / expected",
        level=level,
        interval_kind=poisson.METHODS[method].interval_kind,
        interval_method=method,
        null=inputs.given("null"),
        alternative=alternative,
        n=inputs.labelled("observed"),
        notes=notes,
        references=("breslow1987", *_rates.REFERENCES[method]),
        _recompute=functools.partial(standardised_ratio, **kept, method=method, level=level),
        **out,
    )
