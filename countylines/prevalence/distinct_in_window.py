"""From a stock at a moment to the distinct lines active at some time in a window."""

from __future__ import annotations

from countylines import _validate
from countylines._kernels import stock_flow
from countylines._typing import ArrayLike
from countylines.bands import Band
from countylines.prevalence import _quantities
from countylines.results import Estimate


def distinct_in_window(
    stock: ArrayLike | Band | Estimate,
    mean_duration: ArrayLike | Band | Estimate,
    window: ArrayLike,
    *,
    poisson: bool = False,
    level: float = 0.95,
) -> Estimate:
    r"""Number of distinct lines active at some time in a window, from the stock at a moment.

    It answers: if so many lines are active at any moment and a line lasts so long on average, how
    many different ones are active at some time in the window? It is an expectation under a steady
    state, not a count.

    Parameters
    ----------
    stock : array_like, Band or Estimate, shape (...)
        Lines active at a moment, of at least 0.
    mean_duration : array_like, Band or Estimate, shape (...)
        Mean active life of a line, above 0, in the unit of `window`.
    window : array_like, shape (...)
        Length of the window, of at least 0.
    poisson : bool, default False
        Whether `stock` is a count with the chance of a Poisson count, which it has if lines open
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
        If a value is negative or not finite, `mean_duration` is 0, or an estimate has another
        level.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    See Also
    --------
    stock_from_distinct : the way back.
    convert_window : from one window to another.
    implied_duration : the mean life that makes two figures agree.
    active_during : the count, from records.

    Notes
    -----
    Those active in a window are those active when it opens, and those that open in it. With mean
    life :math:`L` and openings at the rate :math:`S / L`, by Little's law [1]_,

    .. math:: E[A(w)] = S \left(1 + \frac{w}{L}\right),

    whatever the distribution of lives.

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
    In 2020/21 some 600 lines were "potentially active per month" (written answer 126769). Read as a
    stock, with a mean life of 1.2 months, which no source gives:

    >>> year = cl.prevalence.distinct_in_window(600, 1.2, 12)
    >>> print(f"{year.estimate:.0f}")
    6600

    Then 6,600 different lines would be active in a year, with never more than about 600 at a time.
    If the life is only known to be 1 to 3 months, so is the answer:

    >>> print(cl.prevalence.distinct_in_window(600, cl.Band(1, 3), 12).verdict.code)
    not-identified

    Between 3,000 and 7,800 lines are possible, and no number between them is better than another.
    """
    return _quantities.answer(
        "distinct lines active in a window",
        stock_flow.distinct_from_stock,
        {"stock": stock, "mean_duration": mean_duration, "window": window},
        above_zero=("mean_duration",),
        poisson="stock" if _validate.flag("poisson", poisson) else None,
        level=level,
        unit="lines",
    )
