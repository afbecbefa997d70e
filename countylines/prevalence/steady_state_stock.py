"""The stock that a rate of openings and a mean life imply."""

from __future__ import annotations

from countylines import _validate
from countylines._kernels import stock_flow
from countylines._typing import ArrayLike
from countylines.bands import Band
from countylines.prevalence import _quantities
from countylines.results import Estimate


def steady_state_stock(
    openings_per_day: ArrayLike | Band | Estimate,
    mean_duration: ArrayLike | Band | Estimate,
    *,
    poisson: bool = False,
    level: float = 0.95,
) -> Estimate:
    r"""Number of lines active at a moment, from the rate of openings and the mean life.

    It answers: if so many lines open a day and a line lasts so many days, how many are active at
    once? It is an expectation under a steady state, and with openings as detected it is the stock
    of lines that will be detected. Where openings change over time use `expected_stock`.

    Parameters
    ----------
    openings_per_day : array_like, Band or Estimate, shape (...)
        Openings in a unit of time, of at least 0.
    mean_duration : array_like, Band or Estimate, shape (...)
        Mean active life in that unit, above 0.
    poisson : bool, default False
        Whether `openings_per_day` is a count with the chance of a Poisson count, which it has if
        lines open independently of each other; then it has exact limits at `level`.
    level : float, default 0.95
        Level of the limits, and of the intervals of estimates that go in.

    Returns
    -------
    Estimate
        ``estimate`` [lines], of the kind and with the labels of the arguments. With numbers only
        it is arithmetic: ``level`` is None and both ends are the estimate. With a band ``low`` and
        ``high`` are the identified range, the same as ``region_low`` and ``region_high``, and there
        is no estimate. With estimates or `poisson` they are confidence limits, with a band as well
        limits round the range.

    Raises
    ------
    InputError
        If a value is negative or not finite, `mean_duration` is 0, or an estimate has another
        level.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    See Also
    --------
    expected_stock : openings that change over time.
    distinct_in_window : distinct lines in a window, from the stock.
    survival : the mean life, from records.

    Notes
    -----
    Little's law [1]_, for any distribution of lives:

    .. math:: S = \lambda L.

    Lines found active on a day are the long-lived ones: their mean life is
    :math:`E[L^2] / E[L]`, not :math:`L`, and putting it in instead gives too large a stock. With
    `poisson` the openings are those of a single day.

    Limits of several estimates, taken as independent, are joined on the log scale: the distance of
    each limit from the value is the root of the sum of the squared distances that each estimate
    alone would give [2]_. At an estimate of 0 the upper distances are joined on the plain scale.

    Assumptions that fail in practice: openings at a constant rate, complete detection while active,
    and one unit: phone numbers turn over faster than lines. A number that changes is a life that
    ends.

    References
    ----------
    .. [1] Little, J. D. C. (1961). A proof for the queuing formula: L = λW. *Operations Research*
       9, 383-387. https://doi.org/10.1287/opre.9.3.383
    .. [2] Donner, A. and Zou, G. Y. (2012). Closed-form confidence intervals for functions of the
       normal mean and standard deviation. *Statistical Methods in Medical Research* 21, 347-359.
       https://doi.org/10.1177/0962280210383082

    Examples
    --------
    Some 4,007 lines a year were detected in 2022/23, according to the press. Had
    each been opened in that year and lasted 60 days, which no source gives:

    >>> stock = cl.prevalence.steady_state_stock(4007 / 365, 60)
    >>> print(f"{stock.estimate:.0f}")
    659

    About 660 lines would have been active on any day.
    """
    return _quantities.answer(
        "lines active at a moment",
        stock_flow.steady_stock,
        {"openings_per_day": openings_per_day, "mean_duration": mean_duration},
        above_zero=("mean_duration",),
        poisson="openings_per_day" if _validate.flag("poisson", poisson) else None,
        level=level,
        unit="lines",
    )
