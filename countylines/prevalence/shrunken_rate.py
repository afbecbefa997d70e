"""Rates of many areas, each drawn towards what the others say."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from countylines import _validate
from countylines._typing import ArrayLike
from countylines.errors import InputError
from countylines.prevalence import _adjacency, _areas, _mapping, _shrinking
from countylines.prevalence._pooling import RATE
from countylines.prevalence._shrunken_result import shrunken_estimate
from countylines.shrunken import ShrunkenEstimate

METHODS = ("gamma-poisson", "marshall", "fay-herriot", "spatial")
INTERVALS = {
    "gamma-poisson": ("hierarchical", "plug-in"),
    "marshall": ("plug-in",),
    "fay-herriot": ("mse",),
    "spatial": ("hierarchical",),
}
REFERENCES = {
    "gamma-poisson": ("clayton1987", "christiansen1997"),
    "marshall": ("marshall1991",),
    "fay-herriot": ("fay1979", "prasad1990", "li2010"),
    "spatial": ("riebler2016", "freni2018", "rue2009"),
}


def shrunken_rate(
    count: ArrayLike,
    exposure: ArrayLike,
    *,
    method: str = "gamma-poisson",
    interval: str | None = None,
    adjacency: Any = None,
    covariates: Any = None,
    dim: Any = None,
    leave_out: Sequence[Any] = (),
    per: float = 1,
    level: float = 0.95,
) -> ShrunkenEstimate:
    r"""Rate of each of many areas, drawn towards the others: the more, the smaller the area.

    It answers: what is each area's rate likely to be, if areas are somewhat alike? The rate of a
    small area is mostly chance, and both ends of a league table are filled with small areas;
    shrinking takes that out. It does not take out what differs in recording, and the shrunken rates
    are less spread than the true ones.

    Parameters
    ----------
    count : array_like, shape (..., areas)
        Events in each area: whole numbers, at least 0.
    exposure : array_like, shape (..., areas)
        Population, or time at risk, of each area: above 0.
    method : {"gamma-poisson", "marshall", "fay-herriot", "spatial"}, default "gamma-poisson"
        Maximum likelihood for rates that follow a gamma law; moments; a linear model of the rates
        with covariates; or a map, on which neighbours have something in common.
    interval : {"hierarchical", "plug-in"} or None, optional
        For ``"gamma-poisson"``: whether limits allow for the law of the areas being estimated.
        ``"plug-in"`` does not, and is much too short; it is what other software gives. The other
        methods have one interval each: ``"marshall"`` plug-in, ``"spatial"`` hierarchical, and
        ``"fay-herriot"`` normal limits from the mean squared errors.
    adjacency : DataFrame, ndarray, list of pairs, or None, optional
        Which areas touch, for ``"spatial"``, which needs it, and ``"marshall"``, which then draws
        each area towards its neighbourhood. A square table of 0 and 1 in the order of the areas, or
        pairs of their labels.
    covariates : DataFrame, Series, array_like or None, optional
        For ``"fay-herriot"``: a row an area; a constant is added. The rates are drawn towards what
        the covariates predict.
    dim : str or int or None, optional
        Dimension that holds the areas: a name for a DataArray, an axis number for an array; the
        index of a Series or DataFrame if None. What is along the others is shrunk apart.
    leave_out : sequence of labels, optional
        Areas without a population to divide by, such as the City of London: they get no rate, and a
        note names them. Their exposure may be missing.
    per : float, default 1
        Unit of the rate: 100,000 gives rates per 100,000.
    level : float, default 0.95
        Probability that each interval holds the rate, a share in (0, 1).

    Returns
    -------
    ShrunkenEstimate
        ``estimate``, ``low``, ``high`` [events per `per` units of exposure], ``own``, ``weight``,
        ``towards``, all with the labels of the data; ``diagnostics`` for ``"spatial"`` and
        ``"fay-herriot"`` (there on the scale of `per` 1). The intervals are credible intervals,
        those of ``"fay-herriot"`` prediction intervals.

    Raises
    ------
    InputError
        If a count is not one, an exposure is not above 0, `leave_out` names no area, or
        `adjacency`, `covariates` or `interval` do not fit the areas or the method.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If there is one area only, or no event at all.
    ApproximationWarning
        If there are fewer events than areas, too few for the approximation behind ``"spatial"``.

    See Also
    --------
    fay_herriot : estimates with standard errors, from a survey.
    pooled_rate : the overall rate, and how much areas differ.
    rank_intervals : ranks with their uncertainty.
    rate : each area by itself.

    Notes
    -----
    With rates that are gamma with mean :math:`\mu` and squared coefficient of variation
    :math:`\alpha`, the estimate is

    .. math:: E(\lambda_i \mid x_i) = \frac{x_i + 1/\alpha}{e_i + 1/(\alpha \mu)},

    at the :math:`\mu` and :math:`\alpha` of largest likelihood: between the area's own rate and
    :math:`\mu`. ``interval="hierarchical"`` averages the posterior of :math:`\lambda_i` over all
    :math:`\mu` and :math:`\alpha`, with a flat prior for :math:`\log \mu` and a uniform one for the
    share :math:`1 / (1 + \alpha m)` by which an area of typical size is shrunk (:math:`m` is its
    expected count at the overall rate, for the median exposure). ``"plug-in"`` takes the two for
    known; where :math:`\alpha` is 0 there is no such interval, and limits are nan.

    ``"marshall"`` gives :math:`b + \frac{a}{a + b / e_i}(x_i / e_i - b)`, with the mean :math:`b`
    and the moment estimate :math:`a` of the variance of the rates, over all areas or over each area
    and those that touch it; a negative :math:`a` becomes 0, and the area gets the mean
    without an interval.

    ``"fay-herriot"`` takes :math:`x_i / e_i` as normal about a linear function of the covariates,
    with a variance between areas by restricted likelihood and the sampling variance
    :math:`b / e_i`; see :func:`fay_herriot`. Lower limits below 0 become 0, with a note.

    ``"spatial"`` takes log rates as :math:`\beta + s (\sqrt{1 - f} v_i + \sqrt{f} u_i)`, with
    independent normal :math:`v_i` and :math:`u` an intrinsic autoregression over the map, scaled in
    every connected part so that :math:`s` is a typical deviation (BYM2). An area without neighbours
    has a :math:`u_i` of its own. Priors: flat for :math:`\beta`, exponential for :math:`s` with
    :math:`P(s > 1) = 0.1`, uniform for :math:`f`. The posterior is computed by Laplace's method
    over a grid of :math:`(s, f)`, with a correction for skewness; against importance sampling of
    the exact posterior its limits were off by 1 % of a standard deviation on average with 47 events
    an area, 3 % with three and 15 % with one event in three areas. ``diagnostics`` has the
    posterior means of :math:`s` (``deviation``) and :math:`f` (``shared_with_neighbours``), and the
    largest skewness. Here ``weight`` is the share of the own count in the log rate.

    How often 95 % intervals held the rate, averaged over areas, in simulations where rates vary by
    a quarter: with 10 areas of 2 events each 98 % (hierarchical) and 34 % (plug-in); with 10 areas
    of 20 events 95 and 74 %; with 42 areas of 20 events 94 and 92 %. At worst the hierarchical ones
    covered 92 %, with 5 areas of 20 events whose rates vary by a half. On a map of 42 areas with
    :math:`s = 0.5` those of ``"spatial"`` covered 92 % with 2 events an area and 94 % with 20.

    That is an average: an area whose rate is unlike all others is drawn too far, and its interval
    misses more often. Where no area has an event the estimates are 0 and the limits each area's
    own; one area alone cannot be shrunk, and there is no estimate.

    Assumptions that fail in practice: rates do not go with the size of areas, none belongs to
    another kind (leave it out, or shrink it apart), and events are recorded alike everywhere.

    References
    ----------
    .. [1] Clayton, D. and Kaldor, J. (1987). Empirical Bayes estimates of age-standardized relative
       risks for use in disease mapping. *Biometrics* 43, 671-681. https://doi.org/10.2307/2532003
    .. [2] Christiansen, C. L. and Morris, C. N. (1997). Hierarchical Poisson regression modeling.
       *Journal of the American Statistical Association* 92, 618-632.
       https://doi.org/10.1080/01621459.1997.10474013
    .. [3] Fay, R. E. and Herriot, R. A. (1979). Estimates of income for small places: an
       application of James-Stein procedures to census data. *Journal of the American Statistical
       Association* 74, 269-277. https://doi.org/10.1080/01621459.1979.10482505
    .. [4] Riebler, A., Sørbye, S. H., Simpson, D. and Rue, H. (2016). An intuitive Bayesian spatial
       model for disease mapping that accounts for scaling. *Statistical Methods in Medical
       Research* 25, 1145-1165. https://doi.org/10.1177/0962280216660421
    .. [5] Rue, H., Martino, S. and Chopin, N. (2009). Approximate Bayesian inference for latent
       Gaussian models by using integrated nested Laplace approximations. *Journal of the Royal
       Statistical Society: Series B* 71, 319-392.
       https://doi.org/10.1111/j.1467-9868.2008.00700.x
    .. [6] Marshall, R. J. (1991). Mapping disease and mortality rates using empirical Bayes
       estimators. *Applied Statistics* 40, 283-294. https://doi.org/10.2307/2347593

    Examples
    --------
    Children referred as potential victims of criminal exploitation by police forces from April
    2022 to December 2023, per 100,000 residents aged 10 to 17 and year:

    >>> table = cl.datasets.load_nrm_criminal_exploitation_force()
    >>> count = table.dropna(subset=["force"]).groupby("force")["child_criminal_any"].sum()
    >>> people = cl.datasets.load_police_force_population().query("age_band == '10-17'")
    >>> years = people.set_index("force")["population"].loc[count.index] * 1.75
    >>> shrunken = cl.prevalence.shrunken_rate(
    ...     count, years, leave_out=["London, City of"], per=100_000
    ... )
    >>> for force in ("Gwent", "Northumbria", "Cumbria"):
    ...     own, value = shrunken.own[force], shrunken.estimate[force]
    ...     print(f"{force:12} {own:4.1f} {value:4.1f}")
    Gwent        55.4 49.5
    Northumbria   4.0  5.4
    Cumbria      12.0 13.8

    The fourteen-fold range from Northumbria to Gwent becomes ninefold once chance is allowed for.
    That is still far more than chance: the first explanation is how forces record and refer.
    """
    method = _validate.option("method", method, METHODS)
    interval = INTERVALS[method][0] if interval is None else interval
    _validate.option("interval", interval, (*_shrinking.INTERVALS, "mse"))
    if interval not in INTERVALS[method]:
        rule = f"{' or '.join(map(repr, INTERVALS[method]))} with method={method!r}"
        raise InputError(_validate.sentence("interval", rule, repr(interval)))
    _only_with("adjacency", adjacency, method, ("spatial", "marshall"))
    _only_with("covariates", covariates, method, ("fay-herriot",))
    if method == "spatial" and adjacency is None:
        rule = "given with method='spatial'"
        raise InputError(_validate.sentence("adjacency", rule, "None"))
    settings = _shrinking.Settings(interval, _validate.level(level))
    per = _validate.number("per", per, low=0.0, open_low=True)
    areas = _areas.read(dim, leave_out, size="exposure", count=count, exposure=exposure)
    labels, used = areas.inputs.labels_along(dim), areas.used
    near = None
    if adjacency is not None:
        near = _adjacency.matrix(adjacency, labels)[used][:, used]
    shrink: Callable[..., _shrinking.Shrunken]
    if method == "marshall":
        shrink = functools.partial(_shrinking.marshall_shrinkage, near=near, settings=settings)
    elif near is not None:
        shrink = functools.partial(
            _mapping.map_shrinkage, near=near, names=areas.names, settings=settings
        )
    elif method == "fay-herriot":
        table = _mapping.covariate_table(covariates, labels, used)
        shrink = functools.partial(_mapping.rate_by_covariates, z=table, settings=settings)
    else:
        shrink = functools.partial(_shrinking.conjugate_shrinkage, RATE, settings=settings)
    return shrunken_estimate(
        RATE,
        areas,
        shrink,
        settings,
        per=per,
        method="marshall by neighbourhood" if method == "marshall" and near is not None else method,
        interval=interval,
        interval_kind="prediction" if method == "fay-herriot" else "credible",
        references=REFERENCES[method],
    )


def _only_with(name: str, value: Any, method: str, methods: tuple[str, ...]) -> None:
    """Refuse an argument that the method would not look at."""
    if value is not None and method not in methods:
        words = " or ".join(repr(word) for word in methods)
        raise InputError(
            _validate.sentence(
                name,
                f"None with method={method!r}",
                _validate.show(value),
                remedy=f"Use it with method={words}.",
            )
        )
