"""A rate with its confidence interval."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from countylines import _labels, _left_out, _rates, _validate
from countylines._kernels import poisson
from countylines._typing import Alternative, ArrayLike
from countylines.bands import Band
from countylines.errors import InputError
from countylines.results import Estimate, Note


def rate(
    count: ArrayLike | Band,
    exposure: ArrayLike,
    *,
    per: float = 1,
    method: str = "mid-p",
    leave_out: Sequence[Any] = (),
    level: float = 0.95,
    null: ArrayLike | None = None,
    alternative: Alternative = "two-sided",
) -> Estimate:
    r"""Events per head or per unit of time, with an interval that stays near its level at few.

    It answers: at what rate do such events happen in the process that gave this count? Events are
    what was recorded. The interval says nothing of lines that were not detected, nor of what a
    change of definition did: a count that doubled because someone began to look has a narrow
    interval too.

    Parameters
    ----------
    count : array_like or Band, shape (...)
        Number of events: whole numbers of at least 0, or a band of them where only a range was
        published ("210 to 500", "more than 501", "fewer than 5").
    exposure : array_like, shape (...)
        What the events happened to [people, person-years, line-days, or the expected number]:
        finite and above 0; broadcast against `count`.
    per : float, default 1
        The rate is given per so many units of exposure, such as 100_000.
    method : str, default "mid-p"
        How the limits are made, see Notes: ``"mid-p"``, ``"exact"``, ``"byar"``,
        ``"byar-mid-p"``, ``"blaker"``, ``"minlike"``, ``"score"``, ``"skew-score"``,
        ``"jeffreys"``, ``"profile"``, ``"anscombe"``, ``"anscombe-cc"``, ``"square-root"``,
        ``"wald"``, ``"wald-half"`` or ``"wald-log"``.
    leave_out : sequence of labels, default ()
        Areas that have no population to divide by, named: their rate is a verdict, whatever their
        exposure. Needs labelled data. Their counts still belong to totals.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : array_like or None, optional
        Rate under test, in the same units; without it nothing is tested.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test; ``"greater"`` gives ``[low, inf]``.

    Returns
    -------
    Estimate
        ``estimate``, ``low``, ``high`` [events per `per` units of exposure], of the kind and with
        the labels of the data; ``n`` is `count`. For a band ``estimate`` is nan with the verdict
        *not-identified*, ``region_low`` and ``region_high`` are the rates at its two ends, and the
        interval is round that region.

    Raises
    ------
    InputError
        If a count is negative, fractional or missing, an exposure is not above 0, or an option is
        unknown.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If a count is 0 and the method says nothing there.
    SparseDataWarning
        If a large-sample method is used with fewer than 5 events.

    See Also
    --------
    banded_total : a total, or one rate, from several banded counts.
    proportion : a share of a total.

    Notes
    -----
    With :math:`X` Poisson, the mid-P limits of its mean solve

    .. math:: P(X > x \mid m_L) + \tfrac12 P(X = x \mid m_L) = \tfrac{1-\gamma}{2}, \qquad
              P(X < x \mid m_U) + \tfrac12 P(X = x \mid m_U) = \tfrac{1-\gamma}{2},

    to a relative 1e-10, at counts up to 1e9 and beyond. They cover 0.95 or more on average over
    expected counts, and 0.916 at the worst of them. ``"exact"`` leaves the factor one half out
    and never covers less than `level`; ``"blaker"`` and ``"minlike"`` invert tests that order
    outcomes by tail or by probability, also never cover less, and are mostly shorter (where
    accepted values have a gap, the hull is given with a note). ``"byar"`` approximates ``"exact"``
    by cube roots, and ``"byar-mid-p"`` approximates ``"mid-p"``; both are closed forms from the
    age of pocket calculators, and some health statistics still switch from the one to the exact
    limits at a count of 10. ``"score"`` inverts the score test; ``"skew-score"`` corrects it for
    skewness, which on paper is also Vandenbroucke's corrected square root. ``"profile"`` inverts
    the likelihood ratio. ``"jeffreys"`` is a posterior interval used as a confidence interval, with
    the lower end moved to 0 at a count of 0. ``"wald-half"`` adds half an event to the variance of
    ``"wald"``; both are given for comparison only.

    A band is not replaced by its middle. If the count lies in :math:`[a, b]`, the limits are
    :math:`m_L(a)` and :math:`m_U(b)`: limits rise with the count (those of ``"wald-log"`` do not:
    it is refused), so this holds the interval of every count in the band, and covers at least as
    often as the method does. For ``"exact"`` it is
    also the interval that inverts the likelihood of the band itself,
    :math:`P(a \le X \le b \mid m)`, in the order of the bands. A band without an upper end gives a
    lower limit only.

    At a count of 0 the lower limit is 0 and the upper one is about 3 (``"mid-p"``) or 3.7
    (``"exact"``) events over the exposure at the level 0.95.

    Assumptions that fail in practice: events that come singly and independently (one operation
    charges many people at once), a constant rate,
    exposure that is known and is that of the people counted.

    References
    ----------
    .. [1] Garwood, F. (1936). Fiducial limits for the Poisson distribution. *Biometrika* 28,
       437-442. https://doi.org/10.1093/biomet/28.3-4.437
    .. [2] Barker, L. (2002). A comparison of nine confidence intervals for a Poisson parameter when
       the expected number of events is <= 5. *The American Statistician* 56, 85-89.
       https://doi.org/10.1198/000313002317572736
    .. [3] Laud, P. J. (2017). Equal-tailed confidence intervals for comparison of rates.
       *Pharmaceutical Statistics* 16, 334-348. https://doi.org/10.1002/pst.1813
    .. [4] Blaker, H. (2000). Confidence curves and improved exact confidence intervals for
       discrete distributions. *Canadian Journal of Statistics* 28, 783-798.
       https://doi.org/10.2307/3315916

    Examples
    --------
    In 2023 the police of Gwent referred 29 children as criminally exploited, and 55,725 residents
    were aged 10 to 17 (:func:`countylines.datasets.load_nrm_criminal_exploitation_force` and
    :func:`~countylines.datasets.load_police_force_population`).

    >>> gwent = cl.prevalence.rate(29, 55_725, per=100_000)
    >>> print(f"{gwent.estimate:.0f} ({gwent.low:.0f} to {gwent.high:.0f})")
    52 (36 to 74)

    So such referrals came at 52 per 100,000 a year, and another year of the same process could have
    shown a third less or more. It is a rate of referrals, which follow the practice of a force as
    much as what happens to the children in its area.

    Lines by force of origin were printed in bands: "between 210 and 500" for Manchester. If that
    means Greater Manchester, with 2,867,769 residents in 2021:

    >>> banded = cl.prevalence.rate(cl.Band(210, 500), 2_867_769, per=100_000)
    >>> print(f"{banded.region_low:.1f} to {banded.region_high:.1f}")
    7.3 to 17.4
    >>> print(f"{banded.low:.1f} to {banded.high:.1f}")
    6.4 to 19.0

    The band leaves any rate from 7 to 17 per 100,000 residents; with chance in the count, 6 to 19.
    """
    method = _validate.option("method", method, poisson.METHODS)
    if isinstance(count, Band) and method == "wald-log":
        # Its limits do not rise with the count, and are the whole range at 0.
        rule = "one whose limits rise with the count, for a band"
        raise InputError(
            _validate.sentence("method", rule, repr(method), remedy="Use method='mid-p'.")
        )
    level = _validate.level(level)
    _validate.alternative(alternative)
    per = _validate.number("per", per, low=0, open_low=True)
    names = _left_out.names_given(leave_out)
    banded = isinstance(count, Band)
    given: dict[str, Any] = {"count": count, "exposure": exposure}
    if isinstance(count, Band):
        given = {"count.low": count.low, "count.high": count.high, "exposure": exposure}
    if null is not None:
        given["null"] = null
    inputs = _labels.align(**given)
    if names:
        given["leave_out"] = _left_out.marks(names, inputs.template)
        inputs = _labels.align(**given)

    def read(values: tuple[Any, ...]) -> tuple[Any, ...]:
        """The ends of the count, the exposure, what is left out, and the null."""
        named = dict(zip(inputs.names, values, strict=True))
        low = named["count.low" if banded else "count"]
        out = named["leave_out"] > 0 if names else np.zeros(low.shape, dtype=bool)
        return (
            low,
            named["count.high"] if banded else low,
            named["exposure"],
            out,
            named.get("null"),
        )

    def check(*values: Any) -> None:
        *columns, where = values
        low, high, exposure, out, null = read(tuple(columns))
        if banded:
            _validate.counts("count.low", low, where)
            _validate.counts("count.high", np.where(np.isinf(high), 0.0, high), where)
            _validate.not_above("count.low", low, "count.high", high, where)
        else:
            _validate.counts("count", low, where)
        _rates.check_exposure(exposure, where, out)
        if null is not None:
            _validate.exposure("null", null, where, zero=True)

    def kernel(*values: Any) -> tuple[Any, ...]:
        low, high, exposure, out, null = read(values)
        units = np.where(out, 1.0, exposure) / per
        first, last = _rates.rate_limits(
            low, high, units, method=method, level=level, side=alternative
        )
        point = np.where(low < high, np.nan, low)
        columns = [point / units, np.sqrt(point) / units, first, last]
        if banded:
            columns += [low / units, high / units]
        if null is not None:
            columns.append(
                _rates.rate_pvalue(low, high, units, method=method, null=null, side=alternative)
            )
        columns = [np.where(out, np.nan, column) for column in columns]
        return *columns, _rates.rate_verdicts(low, high, out)

    outputs = ["estimate", "standard_error", "low", "high"]
    outputs += ["region_low", "region_high"] if banded else []
    outputs += ["pvalue"] if null is not None else []
    out = inputs.apply(
        kernel, outputs=[*outputs, "verdict"], check=check, dtypes={"verdict": object}
    )
    notes: tuple[Note, ...] = ()
    if not inputs.is_lazy:
        low, high, _, gone, _ = read(inputs.flat)
        notes = _rates.rate_notes(
            low[~gone], high[~gone], method=method, level=level, alternative=alternative
        )
    if names:
        text = (
            "Left out, because there is no population to divide by: "
            f"{', '.join(str(name) for name in names)}. Their counts belong to totals."
        )
        notes += (Note("left-out", text),)
    again = Band(inputs.labelled("count.low"), inputs.labelled("count.high")) if banded else None
    kept: dict[str, Any] = {"count": again or inputs.labelled("count")}
    kept["exposure"] = inputs.labelled("exposure")
    return Estimate(
        quantity="rate",
        method=method,
        level=level,
        interval_kind=poisson.METHODS[method].interval_kind,
        interval_method=method,
        null=None if null is None else inputs.given("null"),
        alternative=alternative,
        unit="" if per == 1 else f"per {per:,.10g}",
        n=None if banded else kept["count"],
        notes=notes,
        references=_rates.REFERENCES[method] + (("manski2003",) if banded else ()),
        _recompute=functools.partial(
            rate, **kept, per=per, method=method, leave_out=names, level=level
        ),
        **out,
    )
