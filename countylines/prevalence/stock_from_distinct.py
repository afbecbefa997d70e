"""From the distinct lines active in a window to the stock at a moment."""

from __future__ import annotations

from countylines import _validate
from countylines._kernels import stock_flow
from countylines._typing import ArrayLike
from countylines.bands import Band
from countylines.prevalence import _quantities
from countylines.results import Estimate


def stock_from_distinct(
    distinct: ArrayLike | Band | Estimate,
    mean_duration: ArrayLike | Band | Estimate,
    window: ArrayLike,
    *,
    poisson: bool = False,
    level: float = 0.95,
) -> Estimate:
    r"""Number of lines active at a moment, from the distinct lines active in a window.

    It answers: if so many different lines were active at some time in the window, and a line lasts
    so long on average, how many were active at once? It is an expectation under a steady state.

    Parameters
    ----------
    distinct : array_like, Band or Estimate, shape (...)
        Distinct lines active at some time in the window, of at least 0.
    mean_duration : array_like, Band or Estimate, shape (...)
        Mean active life of a line, above 0, in the unit of `window`.
    window : array_like, shape (...)
        Length of the window, above 0.
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
        If a value is negative or not finite, `mean_duration` or `window` is 0, or an estimate has
        another level.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    See Also
    --------
    distinct_in_window : the way back.
    implied_duration : the mean life that makes two figures agree.
    active_at : the count, from records.

    Notes
    -----
    The inverse of `distinct_in_window`, from Little's law [1]_,

    .. math:: S = A(w) \, \frac{L}{L + w}.

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
    In 2023/24 some 6,644 lines were detected in the year, according to the press. With a mean life
    of 2.4 months, which no source gives:

    >>> stock = cl.prevalence.stock_from_distinct(6644, 2.4, 12, poisson=True)
    >>> print(f"{stock.estimate:.0f} ({stock.low:.0f} to {stock.high:.0f})")
    1107 (1081 to 1134)

    About 1,100 lines would have been active on a day. The interval is of chance alone: the mean
    life is the weak point, and it is not in it.
    """
    return _quantities.answer(
        "lines active at a moment",
        stock_flow.stock_from_distinct,
        {"distinct": distinct, "mean_duration": mean_duration, "window": window},
        above_zero=("mean_duration", "window"),
        poisson="distinct" if _validate.flag("poisson", poisson) else None,
        level=level,
        unit="lines",
    )
