"""A rate with the make-up of a standard population."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from countylines import _labels, _validate
from countylines._kernels import weighted_poisson
from countylines._typing import Alternative, ArrayLike
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning, warn
from countylines.results import Estimate, Note

_REFERENCES = {
    "tiwari": ("tiwari2006", "fay1997"),
    "fay-feuer": ("fay1997",),
    "mean-weight": ("fay1997", "fay2017"),
    "min-max-average": ("fay1997", "fay2017"),
    "mid-p": ("fay2017",),
    "dobson": ("dobson1991", "breslow1987"),
    "dobson-exact": ("dobson1991",),
    "dobson-mid-p": ("dobson1991",),
    "wald": ("fay1997",),
    "wald-log": ("fay1997",),
}


def standardised_rate(
    count: ArrayLike,
    exposure: ArrayLike,
    standard: ArrayLike,
    *,
    per: float = 1,
    dim: str | int | None = None,
    method: str = "tiwari",
    level: float = 0.95,
    null: float | None = None,
    alternative: Alternative = "two-sided",
) -> Estimate:
    r"""Rate that an area would have if its people were made up as a standard population is.

    It answers: do two areas differ in more than the ages (or sexes, or deprivation) of their
    people? It is a weighted mean of the rates of the strata, fit for comparison only: it is the
    rate of nobody, and where the strata differ in how two areas compare, it hides that.

    Parameters
    ----------
    count : array_like, shape (..., strata)
        Number of events in each stratum: whole numbers of at least 0.
    exposure : array_like, shape (..., strata)
        What the events happened to [people, person-years]: above 0 in every stratum.
    standard : array_like, shape (..., strata)
        Size of the stratum in the standard population: at least 0; only the proportions count. A
        stratum of size 0 is no part of the rate.
    per : float, default 1
        The rate is given per so many units of exposure, such as 100_000.
    dim : str, int or None, optional
        Dimension or axis of the strata; may be left out where there is only one, or for the index
        of a frame.
    method : str, default "tiwari"
        How the limits are made, see Notes: ``"tiwari"``, ``"fay-feuer"``, ``"mean-weight"``,
        ``"min-max-average"``, ``"mid-p"``, ``"dobson"``, ``"dobson-exact"``, ``"dobson-mid-p"``,
        ``"wald"`` or ``"wald-log"``.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : float or None, optional
        Rate under test, in the same units; without it nothing is tested.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test.

    Returns
    -------
    Estimate
        ``estimate``, ``low``, ``high`` [events per `per` units of exposure], of the kind of the
        data less the strata; ``n`` is the number of events in the strata used.

    Raises
    ------
    InputError
        If a count is missing, negative or fractional, an exposure is not above 0, or all sizes of
        the standard are 0. A stratum without people has no rate: merge it with its neighbour.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order: no stratum is dropped.

    Warns
    -----
    DegenerateDataWarning
        If there is no event and the method says nothing there.
    SparseDataWarning
        If a method that scales or approximates is used with fewer than 10 events.

    See Also
    --------
    rate : a rate as it is, without a standard.
    funnel_limits : which of many areas differ by more than chance.

    Notes
    -----
    With :math:`w_i = s_i / (\sum s) / e_i`, the rate is :math:`y = \sum w_i x_i` and its variance,
    if counts are Poisson, :math:`v = \sum w_i^2 x_i`. The gamma limits are quantiles of gamma
    distributions,

    .. math:: y_L = G^{-1}\!\left(\tfrac{1-\gamma}{2};\; y, v\right), \qquad
              y_U = G^{-1}\!\left(\tfrac{1+\gamma}{2};\; y + k, v + k_2\right),

    where :math:`G(\cdot; m, s^2)` has the mean m and the variance s². The upper one allows for one
    more event, in a stratum of weight k: the largest (``"fay-feuer"``, never known to cover less
    than the level, and wide where weights differ much), the mean of the weights and of their
    squares (``"tiwari"``, close to the level), the mean weight (``"mean-weight"``), or half-way
    between the smallest and the largest (``"min-max-average"``). ``"mid-p"`` averages the lower
    distribution with that of ``"fay-feuer"`` (Fay and Kim 2017). With one stratum, ``"fay-feuer"``
    and ``"tiwari"`` are the exact limits of :func:`rate`, and ``"mid-p"`` its mid-P limits.

    ``"dobson"`` scales Byar's limits of the total count,
    :math:`y + \sqrt{v / x}\,(x_L - x)`, as health statistics do (and print nothing below 10
    events); ``"dobson-exact"`` and ``"dobson-mid-p"`` scale those limits. Where a stratum of large
    weight has few events they cover less than the level, for 0.95 down to 0.86 with 12 events
    expected in all (see the page on validation). ``"wald"`` and ``"wald-log"`` are given for
    comparison.

    Without events the estimate and the lower limit are 0. The upper gamma limit then rests on the
    weights alone; those of Dobson and of the logarithm say nothing, and are infinite.

    Assumptions that fail in practice: strata known for every event (an unknown age is not a missing
    stratum: see :func:`countylines.disproportionality.representation_ratio` for shares of the
    known), independent events, exposure of the same people.

    References
    ----------
    .. [1] Fay, M. P. and Feuer, E. J. (1997). Confidence intervals for directly standardized rates:
       a method based on the gamma distribution. *Statistics in Medicine* 16, 791-801.
       https://doi.org/10.1002/(SICI)1097-0258(19970415)16:7%3C791::AID-SIM500%3E3.0.CO;2-%23
    .. [2] Tiwari, R. C., Clegg, L. X. and Zou, Z. (2006). Efficient interval estimation for
       age-adjusted cancer rates. *Statistical Methods in Medical Research* 15, 547-569.
       https://doi.org/10.1177/0962280206070621
    .. [3] Fay, M. P. and Kim, S. (2017). Confidence intervals for directly standardized rates using
       mid-p gamma intervals. *Biometrical Journal* 59, 377-387.
       https://doi.org/10.1002/bimj.201600111
    .. [4] Dobson, A. J., Kuulasmaa, K., Eberle, E. and Scherer, J. (1991). Confidence intervals for
       weighted sums of Poisson parameters. *Statistics in Medicine* 10, 457-462.
       https://doi.org/10.1002/sim.4780100317

    Examples
    --------
    Charged people by age in a made-up force area, with the ages of England and Wales as a made-up
    standard:

    >>> rate = cl.prevalence.standardised_rate(
    ...     [40, 90, 30], [60_000, 45_000, 300_000], [5.6, 5.0, 38.0], per=100_000
    ... )
    >>> print(f"{rate.estimate:.1f} ({rate.low:.1f} to {rate.high:.1f})")
    36.1 (30.7 to 42.2)

    With the ages of the standard, 36 per 100,000 would have been charged; the crude rate, 39.5, is
    higher because this area is younger.
    """
    method = _validate.option("method", method, weighted_poisson.METHODS)
    level = _validate.level(level)
    _validate.alternative(alternative)
    per = _validate.number("per", per, low=0, open_low=True)
    if null is not None:
        null = _validate.number("null", null, low=0)
    inputs = _labels.align(count=count, exposure=exposure, standard=standard)
    chosen = weighted_poisson.METHODS[method]

    def check(count: Any, exposure: Any, standard: Any, where: Any) -> None:
        _validate.counts("count", count, where)
        _validate.exposure("exposure", exposure, where)
        _validate.exposure("standard", standard, where, zero=True)

    def kernel(count: Any, exposure: Any, standard: Any) -> tuple[Any, ...]:
        size = standard.sum(axis=-1, keepdims=True)
        if not (size > 0).all():
            rule = "above 0 in at least one stratum"
            raise InputError(_validate.sentence("standard", rule, "0 in all of them"))
        weight = standard / size / exposure * per
        sums = weighted_poisson.sums(count, weight)
        low, high = chosen.limits(count, weight, level=level, alternative=alternative)
        results = sums.rate, np.sqrt(sums.variance), low, high, sums.total
        if null is None:
            return results
        return *results, chosen.pvalue(count, weight, null=null, alternative=alternative)

    outputs = ["estimate", "standard_error", "low", "high", "n"]
    out = inputs.reduce(
        kernel, dim=dim, outputs=[*outputs, *(["pvalue"] if null is not None else [])], check=check
    )
    kept = {name: inputs.labelled(name) for name in inputs.names}
    return Estimate(
        quantity="standardised rate",
        method=method,
        level=level,
        interval_kind=chosen.interval_kind,
        interval_method=method,
        null=null,
        alternative=alternative,
        unit="" if per == 1 else f"per {per:,.10g}",
        notes=() if inputs.is_lazy else _notes(np.asarray(out["n"]), method),
        references=_REFERENCES[method],
        _recompute=functools.partial(
            standardised_rate, **kept, per=per, dim=dim, method=method, level=level
        ),
        **out,
    )


def _notes(events: Any, method: str) -> tuple[Note, ...]:
    """Facts about the data and the method; each is also warned of."""
    notes = []
    if method in weighted_poisson.UNINFORMATIVE_AT_ZERO and (events == 0).any():
        text = (
            f"The {method} interval says nothing without events: it is the whole range there. Use "
            "method='tiwari'."
        )
        notes.append(Note("no-events", text))
        warn(text, DegenerateDataWarning)
    few = weighted_poisson.FEW
    if weighted_poisson.METHODS[method].asymptotic and (events < few).any():
        text = (
            f"Fewer than {few} events, where the {method} interval does not hold its level. Use "
            "method='tiwari'."
        )
        notes.append(Note("sparse", text))
        warn(text, SparseDataWarning)
    return tuple(notes)
