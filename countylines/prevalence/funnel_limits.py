"""Limits within which chance alone keeps the rates of many areas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from countylines import _labels, _left_out, _rates, _validate
from countylines._kernels import funnel
from countylines._typing import ArrayLike
from countylines.errors import InputError
from countylines.results import OK, Estimate, Note, verdict_array

Measure = Literal["rate", "proportion", "ratio"]
Overdispersion = Literal["multiplicative", "additive"]

MEASURES = ("rate", "proportion", "ratio")
OVERDISPERSION = ("multiplicative", "additive")
LEAST_AREAS = 3


def funnel_limits(
    exposure: ArrayLike,
    *,
    target: float | None = None,
    count: ArrayLike | None = None,
    measure: Measure = "rate",
    per: float = 1,
    level: float = 0.95,
    method: str = "interpolated",
    overdispersion: Overdispersion | None = None,
    dispersion: float | None = None,
    estimator: str = "dersimonian-laird",
    winsorise: float = 0.1,
    transform: str = "stabilising",
    leave_out: Sequence[Any] = (),
) -> Estimate:
    r"""Control limits for the rates of many areas about a target: the funnel of a funnel plot.

    It answers: which areas differ from the target by more than chance, and, with over-dispersion,
    by more than areas mostly do? It is not a league table: areas inside the limits have no order,
    and one outside may record differently rather than have more.

    Parameters
    ----------
    exposure : array_like, shape (areas...)
        What the events happened to: residents or person-years (``measure="rate"``), the total
        looked at (``"proportion"``), or the expected number (``"ratio"``); above 0.
    target : float or None, optional
        Rate per `per`, share, or ratio that areas are held against. None: the pooled rate of the
        areas in `count`, or 1 for a ratio.
    count : array_like or None, optional
        Number of events in each area. Needed where the target or the over-dispersion is to be
        estimated.
    measure : {"rate", "proportion", "ratio"}, default "rate"
        Poisson counts over an exposure, binomial counts among a total, or observed over expected.
    per : float, default 1
        Rates are per so many units of exposure, such as 100_000.
    level : float, default 0.95
        Share of areas in control that chance keeps inside, in (0, 1). Funnels mostly show 0.95 and
        0.998: call once for each.
    method : {"interpolated", "exact", "mid-p"}, default "interpolated"
        How the limits of a discrete count are placed, see Notes.
    overdispersion : {"multiplicative", "additive"} or None, optional
        Whether areas in control vary by more than chance: all by a factor of the variance, or by a
        variance between areas that does not shrink in large ones.
    dispersion : float or None, optional
        That factor (at least 1), or that variance on the scale of `transform` of rates per `per`
        (at least 0). None: estimated from `count`.
    estimator : {"dersimonian-laird", "reml"}, default "dersimonian-laird"
        How the variance between areas is estimated.
    winsorise : float, default 0.1
        Share of the areas at each end whose scores are drawn in before the over-dispersion is
        estimated, in [0, 0.5), so that the areas to be found do not widen the funnel.
    transform : {"stabilising", "log", "none"}, default "stabilising"
        Scale on which over-dispersion is estimated: square root of a rate or ratio and arcsine of
        a proportion, the logarithm (of the odds), or none.
    leave_out : sequence of labels, default ()
        Areas that have no population to divide by, named. They have no limits, and count neither
        for the target nor for the over-dispersion.

    Returns
    -------
    Estimate
        ``estimate`` is the target, ``low`` and ``high`` the limits, of the kind and with the labels
        of the data; ``interval_kind`` is *prediction*. An area is in control if its own rate lies
        from ``low`` to ``high``.

    Raises
    ------
    InputError
        If an exposure is not above 0, `count` is needed and not there (or waits for dask), or an
        option is unknown.

    See Also
    --------
    countylines.plotting.funnel : draw them, with the areas.
    rate : the rate of one area and its interval, which is another question.

    Notes
    -----
    At the tail :math:`p = (1-\gamma)/2`, ``"exact"`` gives the smallest and the largest count that
    the one-sided exact tests do not refuse, ``"mid-p"`` those that the mid-P tests do not refuse;
    both are counts that are themselves in control. ``"interpolated"`` is the definition of
    Spiegelhalter (2005): with r the smallest count with :math:`F(r) \ge p`, the limit is

    .. math:: r - \frac{F(r) - p}{F(r) - F(r-1)},

    which draws smooth lines. Its upper limit can exclude one count that the exact test would
    keep. Limits below 0 are 0.

    With over-dispersion the normal deviate :math:`z_p` becomes :math:`z_p \sqrt\phi`, or
    :math:`z_p \sqrt{1 + \tau^2 / s_i^2}` with :math:`s_i` the standard deviation by chance, and the
    limits are those at the tail of that deviate: discreteness and range are kept. Here
    :math:`\phi` is the mean of the squared winsorised scores :math:`z_i`, about the target;
    :math:`\tau^2` is

    .. math:: \max\left(0, \frac{n \phi - (n - 1)}{\sum w_i - \sum w_i^2 / \sum w_i}\right),
              \qquad w_i = s_i^{-2},

    or its restricted maximum likelihood estimate. Areas that vary less than chance get the plain
    limits.

    The variance between areas depends much on `estimator` and `transform` where areas differ
    greatly. Of the stops and searches of Black people in 2020, by police force, 5 of 43 forces are
    outside at 95 % by default, 23 with ``estimator="reml"``, and 1 with ``transform="log"`` by
    either estimator, as small rates are far apart by logs. Say which was used, and try another
    before an area is named.

    Assumptions that fail in practice: counts that come one by one, exposure of the people counted,
    and, above all, like recording. A dispersion far above 1 says that the target and its chance
    variation do not describe these areas; limits stretched to fit hide that.

    References
    ----------
    .. [1] Spiegelhalter, D. J. (2005). Funnel plots for comparing institutional performance.
       *Statistics in Medicine* 24, 1185-1202. https://doi.org/10.1002/sim.1970
    .. [2] Spiegelhalter, D. J. (2005). Handling over-dispersion of performance indicators.
       *Quality and Safety in Health Care* 14, 347-351.
       https://doi.org/10.1136/qshc.2005.013755

    Examples
    --------
    Children referred by the police as criminally exploited in 2023, per 100,000 residents aged 10
    to 17:

    >>> referrals = cl.datasets.load_nrm_criminal_exploitation_force()
    >>> year = referrals[referrals["quarter"].str.startswith("2023")]
    >>> count = year.groupby("force")["child_criminal_any"].sum()
    >>> people = cl.datasets.load_police_force_population().query("age_band == '10-17'")
    >>> children = people.set_index("force")["population"].loc[count.index]
    >>> limits = cl.prevalence.funnel_limits(
    ...     children, count=count, per=100_000, level=0.998, leave_out=["London, City of"]
    ... )
    >>> found = cl.prevalence.rate(count, children, per=100_000, leave_out=["London, City of"])
    >>> outside = (found.estimate < limits.low) | (found.estimate > limits.high)
    >>> int(outside.sum()), len(count) - 1
    (12, 42)

    Chance alone would put one force in 500 outside; 12 of 42 are. So forces do differ by more than
    chance, as a whole:

    >>> stretched = cl.prevalence.funnel_limits(
    ...     children,
    ...     count=count,
    ...     per=100_000,
    ...     level=0.998,
    ...     overdispersion="additive",
    ...     leave_out=["London, City of"],
    ... )
    >>> int(((found.estimate < stretched.low) | (found.estimate > stretched.high)).sum())
    0

    Held against how much forces differ anyway, none stands out. What makes them all differ, such
    as how they record, is the question to ask first.
    """
    method = _validate.option("method", method, funnel.METHODS)
    _validate.option("measure", measure, MEASURES)
    _validate.option("estimator", estimator, funnel.ESTIMATORS)
    _validate.option("transform", transform, funnel.TRANSFORMS)
    if overdispersion is not None:
        _validate.option("overdispersion", overdispersion, OVERDISPERSION)
    level = _validate.level(level)
    winsorise = _validate.number("winsorise", winsorise, low=0, high=0.5, open_high=True)
    per = _validate.number("per", per, low=0, open_low=True)
    if measure != "rate" and per != 1:
        rule = f"1 for measure={measure!r}"
        raise InputError(_validate.sentence("per", rule, _validate.show(per)))
    dispersion = _check_dispersion(dispersion, overdispersion)
    share = measure == "proportion"
    if target is not None:
        top = 1.0 if share else np.inf
        target = _validate.number("target", target, low=0, high=top, open_low=True, open_high=share)
    names = _left_out.names_given(leave_out)
    given = {"exposure": exposure} if count is None else {"exposure": exposure, "count": count}
    inputs = _labels.align(**given)
    if names:
        given["leave_out"] = _left_out.marks(names, inputs.template)
        inputs = _labels.align(**given)
    if target is None and measure == "ratio":
        target = 1.0
    _check_count(inputs, target is None, overdispersion is not None and dispersion is None)

    def read(values: tuple[Any, ...]) -> tuple[Any, Any, Any]:
        """Exposures in units of `per`, counts, and what is left out."""
        named = dict(zip(inputs.names, values, strict=True))
        out = named["leave_out"] > 0 if names else np.zeros(named["exposure"].shape, dtype=bool)
        return np.where(out, 1.0, named["exposure"]) / per, named.get("count"), out

    def check(*values: Any) -> None:
        *columns, where = values
        named = dict(zip(inputs.names, columns, strict=True))
        out = named["leave_out"] > 0 if names else np.zeros(named["exposure"].shape, dtype=bool)
        _rates.check_exposure(named["exposure"], where, out)
        if share:
            _validate.counts("exposure", np.where(out, 1.0, named["exposure"]), where)
        if count is not None:
            _validate.counts("count", named["count"], where)
            if share:
                kept = np.where(out, named["count"], named["exposure"])
                _validate.not_above("count", named["count"], "exposure", kept, where)

    notes: tuple[Note, ...] = ()
    if not inputs.is_lazy:
        check(*inputs.flat, inputs.where)
        units, events, out = read(inputs.flat)
        if target is None:
            target = _pooled(events[~out], units[~out], share)
        if overdispersion is not None and dispersion is None:
            _check_transform(events, units, ~out, transform, share, inputs)
            dispersion = funnel.dispersion(
                events[~out],
                units[~out],
                target,
                share=share,
                overdispersion=overdispersion,
                estimator=estimator,
                winsorise=winsorise,
                transform=transform,
            )
            notes += (_dispersion_note(overdispersion, dispersion, int((~out).sum())),)
    aim = float(target if target is not None else np.nan)

    def kernel(*values: Any) -> tuple[Any, ...]:
        units, _, out = read(values)
        aims = np.full(units.shape, aim)
        error = (funnel.share_error if share else funnel.rate_error)(units, aims, transform)
        deviate = funnel.stretched(level, error, overdispersion, dispersion or 0.0)
        counts = funnel.BinomialCounts(units, aims) if share else funnel.PoissonCounts(units * aims)
        low, high = funnel.limits(counts, deviate, method=method)
        columns = [aims, np.maximum(low, 0.0) / units, high / units]
        columns = [np.where(out, np.nan, column) for column in columns]
        return *columns, verdict_array(np.where(out, 1, 0), (OK, _rates.NO_DENOMINATOR))

    result = inputs.apply(
        kernel,
        outputs=["estimate", "low", "high", "verdict"],
        check=check,
        dtypes={"verdict": object},
    )
    if names:
        text = (
            "Left out, because there is no population to divide by: "
            f"{', '.join(str(name) for name in names)}. Their counts belong to totals."
        )
        notes += (Note("left-out", text),)
    return Estimate(
        quantity=f"{measure} in control",
        method=method,
        level=level,
        interval_kind="prediction",
        interval_method=method,
        unit="" if per == 1 else f"per {per:,.10g}",
        n=inputs.labelled("count") if count is not None else None,
        notes=notes,
        references=("spiegelhalter2005",)
        + (("spiegelhalter2005b",) if overdispersion is not None else ()),
        **result,
    )


def _check_dispersion(value: float | None, overdispersion: str | None) -> float | None:
    if value is None:
        return None
    if overdispersion is None:
        rule = "left out unless `overdispersion` says what it is"
        raise InputError(_validate.sentence("dispersion", rule, _validate.show(value)))
    least = 1.0 if overdispersion == "multiplicative" else 0.0
    return _validate.number("dispersion", value, low=least)


def _check_count(inputs: _labels.Inputs, for_target: bool, for_dispersion: bool) -> None:
    """The count must be there, in memory, for what is to be estimated from it."""
    if not (for_target or for_dispersion):
        return
    what = "the target" if for_target else "the over-dispersion"
    if "count" not in inputs.names:
        remedy = "Pass count=, or target=." if for_target else "Pass count=, or dispersion=."
        rule = f"given where {what} is to be estimated"
        raise InputError(_validate.sentence("count", rule, "None", remedy=remedy))
    if inputs.is_lazy:
        rule = f"in memory where {what} is to be estimated"
        remedy = "Use .compute() first, or pass the number."
        raise InputError(_validate.sentence("count", rule, "values that wait for dask", "", remedy))
    if for_dispersion and inputs.flat[0].size < LEAST_AREAS:
        rule = f"that of at least {LEAST_AREAS} areas where the over-dispersion is to be estimated"
        raise InputError(_validate.sentence("count", rule, inputs.flat[0].size))


def _pooled(count: Any, units: Any, share: bool) -> float:
    pooled = float(count.sum() / units.sum()) if count.size else 0.0
    if pooled <= 0.0 or (share and pooled >= 1.0):
        rule = "one with events" + (" and non-events" if share else "")
        remedy = "Pass target=: without both there is no variation to hold areas against."
        raise InputError(_validate.sentence("count", rule, _validate.show(count.sum()), "", remedy))
    return pooled


def _check_transform(
    count: Any, units: Any, used: Any, transform: str, share: bool, inputs: _labels.Inputs
) -> None:
    bad = used & ((count <= 0) | (share & (count >= units)))
    if transform == "log" and bad.any():
        rule = "above 0" + (" and below `exposure`" if share else "") + " for transform='log'"
        first = _validate.show(float(count[bad][0]))
        remedy = "Use transform='stabilising'."
        raise InputError(_validate.sentence("count", rule, first, inputs.where(bad), remedy))


def _dispersion_note(overdispersion: str, dispersion: float, areas: int) -> Note:
    if overdispersion == "multiplicative":
        much, name = dispersion > 1.0, f"variance {dispersion:.3g} times that of chance"
    else:
        much, name = dispersion > 0.0, f"variance between areas {dispersion:.3g}"
    text = f"Over-dispersion of {areas} areas: {name}."
    if not much:
        text += " They vary no more than by chance, and the limits are the plain ones."
    return Note("over-dispersion", text)
