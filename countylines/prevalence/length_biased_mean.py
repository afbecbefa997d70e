"""Mean life of all, from the lives of those that were open at one time."""

from __future__ import annotations

import numpy as np

from countylines import _render, _validate
from countylines._kernels.method import critical_value
from countylines._typing import Alternative, ArrayLike
from countylines.errors import InputError
from countylines.results import Estimate, Note


def length_biased_mean(
    durations: ArrayLike,
    *,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    unit: str = "days",
) -> Estimate:
    r"""Mean life of all lines, from the whole lives of those that were open on one day.

    It answers: of the lines that ever open, how long does one last on average, if the lives at hand
    are of lines found because they were open? A line that lives twice as long is twice as likely to
    be found, so the plain mean of such lives is too long. It is not for lines followed from their
    opening, nor for lives that are still going on: for those use :func:`survival` with `entry`.

    Parameters
    ----------
    durations : array_like, shape (n,)
        Whole lives, from opening to closing, of the lines open at one time: above 0.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval; ``"greater"`` gives ``[low, inf]``.
    unit : str, default "days"
        Unit of time, to be shown.

    Returns
    -------
    Estimate
        The harmonic mean, with limits that are normal on the scale of its log; the plain mean, that
        of the lines open on one day, is in a note.

    Raises
    ------
    InputError
        If a life is not above 0, or there are fewer than two.

    See Also
    --------
    survival : the same lines by delayed entry: fewer assumptions, and lives may go on.

    Notes
    -----
    Where lines open at a constant rate and one law of lives holds, the lives :math:`T` of those
    open at one time have the density :math:`t f(t) / \mu`, so that :math:`E[1/T] = 1/\mu` and

    .. math:: \hat\mu = \Bigl( \frac1n \sum_i \frac{1}{t_i} \Bigr)^{-1}, \qquad
              \widehat{\mathrm{se}} \log\hat\mu = \hat\mu \, \frac{s_{1/t}}{\sqrt n}

    [1]_ [2]_. The standard error needs :math:`E[1/T^2]` to be finite. It is not where very short
    lives are common, as with an exponential law: there the estimate is right in the long run, one
    short life can move it far, and the interval holds the truth less often than it says. A
    note says how much of the sum is due to the shortest life. Where all lives are as long there is
    no standard error, and the limits are 0 and infinity.

    Assumptions that fail in practice: a constant rate of opening; that each open line is as likely
    to be found as any other; lives known from their true beginning to their true end.

    References
    ----------
    .. [1] Cox, D. R. (1969). Some sampling problems in technology. In *New Developments in Survey
       Sampling*, edited by N. L. Johnson and H. Smith, chapter 27. Wiley, New York.
    .. [2] Vardi, Y. (1982). Nonparametric estimation in the presence of length bias. *Annals of
       Statistics* 10, 616-620. https://doi.org/10.1214/aos/1176345802

    Examples
    --------
    Whole lives, in days, of six made-up lines that were open on one day:

    >>> life = cl.prevalence.length_biased_mean([20, 35, 50, 60, 90, 180])
    >>> print(f"{life.estimate:.0f} ({life.low:.0f} to {life.high:.0f})")
    45 (26 to 81)

    Their plain mean is 72.5 days, but lines that open last about 45 days on average: the long-lived
    ones were easier to find.
    """
    level = _validate.level(level)
    _validate.alternative(alternative)
    lives = np.asarray(durations)
    _validate.not_empty("durations", lives.size)
    _validate.numeric_dtype("durations", lives.dtype)
    if lives.ndim != 1 or lives.size < 2:
        got = f"values of shape {lives.shape}"
        raise InputError(_validate.sentence("durations", "one row of at least two lives", got))
    lives = lives.astype(np.float64)
    _validate.exposure("durations", lives)
    inverse = lives.min() / lives  # scaled, so that nothing overflows
    mean = lives.min() / inverse.mean()
    error = inverse.std(ddof=1) / np.sqrt(lives.size) / inverse.mean()
    alike = error == 0.0
    error = np.nan if alike else error
    factor = np.inf if alike else np.exp(critical_value(level, alternative) * error)
    plain = f"The plain mean of these lives, {_render.number(lives.mean())}, is that of the lines "
    notes = [Note("length-bias", plain + "open at one time, not of the lines that ever open.")]
    share = 1.0 / inverse.sum()
    words = f"The shortest life alone makes up {_render.number(100 * share)} % of the sum."
    notes.append(Note("shortest-life", words))
    if alike:
        words = "All lives are as long: how they differ was not seen, and there are no limits."
        notes.append(Note("no-variance", words))
    return Estimate(
        quantity="mean life",
        estimate=float(mean),
        standard_error=float(mean * error),
        low=0.0 if alternative == "less" else float(mean / factor),
        high=np.inf if alternative == "greater" else float(mean * factor),
        method="harmonic mean",
        interval_method="log-normal",
        level=level,
        alternative=alternative,
        unit=unit,
        n=lives.size,
        notes=tuple(notes),
        references=("cox1969", "vardi1982"),
    )
