"""Zelterman's estimate, from how many units were seen once and how many twice."""

from __future__ import annotations

import functools
import math
from typing import Any

from countylines import _validate
from countylines._kernels import hidden_limits, repeat_counts
from countylines._typing import Alternative
from countylines.capture_recapture import _frequencies
from countylines.results import Note, PopulationEstimate


def zelterman(
    frequencies: Any,
    *,
    interval: str = "lognormal",
    occasions: float | None = None,
    dim: Any = None,
    level: float = 0.95,
    null: float | None = None,
    alternative: Alternative = "two-sided",
) -> PopulationEstimate:
    r"""Zelterman's estimate of a population size, from how often each unit was seen.

    It answers: if units that were seen once or twice are the ones that resemble those never seen,
    how many were never seen? The rate is read off units seen once and twice only, so that a few
    units seen very often do not matter. It is not a lower bound: see Notes.

    Parameters
    ----------
    frequencies : CaptureHistories, mapping, Series, array_like, DataFrame or DataArray
        Numbers of units by how often they were seen. A mapping ``{1: f1, 2: f2, ...}`` and a
        Series go by their labels, in any order, and numbers not named have no units; a list or an
        array by position, f1 first. Of a DataFrame (its index), an array of several dimensions or a
        DataArray, `dim` is reduced, so that each column or label gets its own estimate.
        `CaptureHistories` are counted by their method ``frequencies()``.
    interval : {"lognormal", "wald"}, default "lognormal"
        Limits: normal for the log of the hidden number, or standard errors added and taken off.
    occasions : int, inf or None, optional
        How often a unit could have been seen. None: the number of lists of `CaptureHistories`,
        otherwise unlimited.
    dim : str, int or None, optional
        Dimension that says how often: a name for a DataArray, an axis number for an array.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : float or None, optional
        Population size under test [units]; without it nothing is tested.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test.

    Returns
    -------
    PopulationEstimate
        ``estimate``, ``low``, ``high`` are the TOTAL [units]; ``hidden`` the part never seen;
        ``n_observed`` the part seen.

    Raises
    ------
    InputError
        If a count is negative, fractional or missing; if a label is not a whole number of at least
        1; if units were seen more often than `occasions`; or if histories have strata, bands or
        structural zeros.

    Warns
    -----
    DegenerateDataWarning
        If no unit was seen exactly once, or none exactly twice.

    See Also
    --------
    chao_lower_bound : a bound from the same two counts.

    Notes
    -----
    With :math:`f_k` units seen k times, :math:`n` seen at all and unlimited occasions [1]_ [2]_,

    .. math:: \hat\lambda = \frac{2 f_2}{f_1}, \quad \hat N = \frac{n}{1 - e^{-\hat\lambda}}, \quad
              \widehat{\mathrm{var}} = n G \left\{1 + n G \hat\lambda^2 \left(\frac{1}{f_1} +
              \frac{1}{f_2}\right)\right\}, \quad G = \frac{e^{-\hat\lambda}}{(1 -
              e^{-\hat\lambda})^2}.

    With :math:`t` occasions the odds :math:`2 f_2 / ((t - 1) f_1)` take the place of the rate:
    :math:`\hat N = n / (1 - (1 + o)^{-t})`, and :math:`t o / (1 + o)` that of
    :math:`\hat\lambda` in the variance.

    It is no bound. All :math:`n` units are divided by one chance of being seen, that of the rarely
    seen, also those seen so often that next to none of their kind can have been missed: where
    some units are seen far more often than others it exceeds Chao's bound and may exceed the truth.
    In a made-up population of which half is seen at a rate of 0.5 and half at a rate of 5, its
    limit is 1.13 times the truth, and that of Chao's bound 0.87 times.

    With :math:`f_2 = 0` it is infinite (verdict ``"hidden-infinite"``), with :math:`f_1 = 0` nobody
    is hidden (``"hidden-zero"``); the finite end of the interval is then that of the table with
    one unit put in the empty place. With neither it is not determined.

    What fails in practice: one-inflation (units that cannot be seen again after the first time)
    makes it too high, often by a multiple, as it does Chao's bound; one sighting that leads to the
    next makes it too low.

    References
    ----------
    .. [1] Zelterman, D. (1988). Robust estimation in truncated discrete distributions with
       application to capture-recapture experiments. *Journal of Statistical Planning and Inference*
       18, 225-237. https://doi.org/10.1016/0378-3758(88)90007-9
    .. [2] Böhning, D. (2008). A simple variance formula for population size estimators by
       conditioning. *Statistical Methodology* 5, 410-423.
       https://doi.org/10.1016/j.stamet.2007.10.001
    .. [3] van der Heijden, P. G. M., Bustami, R., Cruyff, M. J. L. F., Engbersen, G. and van
       Houwelingen, H. C. (2003). Point and interval estimation of the population size using the
       truncated Poisson regression model. *Statistical Modelling* 3, 305-322.
       https://doi.org/10.1191/1471082X03st057oa

    Examples
    --------
    Immigrants without papers in four Dutch cities, 1995, whom the police met and could not expel
    [3]_:

    >>> seen = {1: 1645, 2: 183, 3: 37, 4: 13, 5: 1, 6: 1}
    >>> people = cl.capture_recapture.zelterman(seen)
    >>> print(f"{people.estimate:,.0f} ({people.low:,.0f} to {people.high:,.0f})")
    9,425 (8,199 to 10,888)

    If those met once or twice resemble those never met, there were about 9,400 of them in all, of
    whom four in five were not met.
    """
    interval = _validate.option("interval", interval, hidden_limits.LIMITS)
    level = _validate.level(level)
    side = _validate.alternative(alternative)
    tested = None if null is None else _validate.number("null", null, low=0)
    given = _frequencies.read(frequencies, occasions, dim)
    return _frequencies.estimate(
        given,
        repeat_counts.zelterman,
        repeat_counts.zelterman,
        interval=interval,
        level=level,
        null=tested,
        alternative=side,
        zero_code="hidden-infinite",
        labels={
            "quantity": "population size",
            "method": "Zelterman",
            "model": "one rate for all that were seen never, once or twice"
            + ("" if math.isinf(given.occasions) else f", on {given.occasions:g} occasions"),
            "references": tuple(
                dict.fromkeys(
                    ("zelterman1988", "bohning2008")
                    + (("chao1987",) if interval == "lognormal" else ())
                )
            ),
            "_recompute": functools.partial(
                zelterman,
                frequencies,
                interval=interval,
                occasions=occasions,
                dim=dim,
                level=level,
            ),
        },
        notes=(
            Note(
                "not-a-bound",
                "Not a lower bound: where some units are seen far more often than others it can "
                "exceed the truth.",
            ),
            Note(
                "one-inflation",
                "Units that cannot be seen again after the first time make the estimate too high.",
            ),
        ),
    )
