"""From the distinct lines active in a window of one length to those in a window of another."""

from __future__ import annotations

from countylines import _validate
from countylines._kernels import stock_flow
from countylines._typing import ArrayLike
from countylines.bands import Band
from countylines.prevalence import _quantities
from countylines.results import Estimate


def convert_window(
    distinct: ArrayLike | Band | Estimate,
    window: ArrayLike,
    new_window: ArrayLike,
    *,
    mean_duration: ArrayLike | Band | Estimate,
    poisson: bool = False,
    level: float = 0.95,
) -> Estimate:
    r"""Number of distinct lines in a window of one length, from that in a window of another.

    It answers: how many lines a year does a count of lines a month amount to, and the other way
    round? A count in a month and one in a year are not points of one series; this puts them on one
    scale, for a mean life that has to be known. `window_bounds` needs no mean life.

    Parameters
    ----------
    distinct : array_like, Band or Estimate, shape (...)
        Distinct lines active at some time in a window of length `window`, of at least 0.
    window, new_window : array_like, shape (...)
        Lengths of the window counted in and of the one asked for, above 0.
    mean_duration : array_like, Band or Estimate, shape (...)
        Mean active life of a line, above 0, in the same unit.
    poisson : bool, default False
        Whether `distinct` is a count with the chance of a Poisson count, which it has if lines open
        independently of each other; then it has exact limits at `level`.
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
        If a value is negative or not finite, a window or `mean_duration` is 0, or an estimate has
        another level.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    See Also
    --------
    window_bounds : the range that holds without any model.
    implied_duration : the mean life that makes two figures agree.
    distinct_in_window : from a stock at a moment.

    Notes
    -----
    By Little's law [1]_ :math:`E[A(w)] = \lambda (L + w)` for openings at the rate :math:`\lambda`,
    so that

    .. math:: E[A(w')] = A(w) \, \frac{L + w'}{L + w}.

    With a very short life everything is new each time and the counts are as the windows; with a
    long one they hardly differ.

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
    The written answer 126769 has 800 to 1,100 lines "potentially active per
    month" in 2019/20, as it is worded a count in a one-month window. For a mean life of 1.2 months,
    which no source gives:

    >>> year = cl.prevalence.convert_window(cl.Band(800, 1100), 1, 12, mean_duration=1.2)
    >>> print(f"{year.low:.0f} to {year.high:.0f}")
    4800 to 6600

    Lines that live for five weeks make 6,600 a year out of 1,100 a month: a rise from "1,100" to
    "6,600" need not be a rise at all.
    """
    return _quantities.answer(
        "distinct lines active in a window",
        stock_flow.convert_window,
        {
            "distinct": distinct,
            "window": window,
            "new_window": new_window,
            "mean_duration": mean_duration,
        },
        above_zero=("window", "new_window", "mean_duration"),
        poisson="distinct" if _validate.flag("poisson", poisson) else None,
        level=level,
        unit="lines",
    )
