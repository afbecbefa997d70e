"""How lives end: the share ended by each cause, over time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from countylines import _validate
from countylines._curves import StepCurve
from countylines._kernels import aalen_johansen, product_limit
from countylines._kernels.method import tail_area
from countylines.errors import InputError
from countylines.prevalence import _survival_input, _survival_steps
from countylines.prevalence._survival_fit import Fit, assembled
from countylines.prevalence._survival_input import FloatArray, Spells
from countylines.time_curve import TimeCurve


def cumulative_incidence(
    spells: pd.DataFrame,
    *,
    cause: Any,
    duration: Any = None,
    entry: Any = None,
    exit: Any = None,
    origin: Any = None,
    by: Any = None,
    start: float | None = None,
    interval: str = "log-log",
    level: float = 0.95,
    time_unit: str = "days",
) -> TimeCurve:
    r"""Share of lives that have ended by each cause, over time, where one end precludes another.

    It answers: by a given age, what share of lines has ended by an arrest, and what share by a
    change of number? It is not what would happen if one way to end were taken away: for that the
    causes would have to be independent, which these data cannot show.

    Parameters
    ----------
    spells : DataFrame
        One row a spell of observation.
    cause : column name
        How each life ended; missing, or an empty text, where it went on when last watched.
    duration : column name, optional
        How long each life had lasted when it ended or was last watched: numbers in `time_unit`, or
        time spans. Give `duration` or `exit`.
    entry : column name, optional
        Since when each life was watched: its age then or, with `origin`, a date.
    exit : column name, optional
        When each life ended or was last watched: its age then or, with `origin`, a date.
    origin : column name, optional
        Dates at which lives began; `entry` and `exit` are dates too.
    by : column name or list of them, optional
        Curves for each group.
    start : float or None, optional
        A time that lives are given to have reached, as in :func:`survival`.
    interval : {"log-log", "arcsine", "plain"}, default "log-log"
        Scale on which limits are normal.
    level : float, default 0.95
        Confidence level of each limit at its own time, a share in (0, 1).
    time_unit : str, default "days"
        Unit of time, as in :func:`survival`.

    Returns
    -------
    TimeCurve
        A curve for each cause (and group): ``.estimate``, ``.low``, ``.high`` by cause and time,
        ``.at(times)``, ``.quantile(q)``, ``.plot()``. At each time the curves and what has not
        ended add up to one.

    Raises
    ------
    InputError
        If a column is missing or a spell ends before it begins or as it is entered.

    Warns
    -----
    DegenerateDataWarning
        If the risk set empties while more spells are to come, or no spell ended.
    SparseDataWarning
        If fewer than 10 were at risk when one ended, before others were found.

    See Also
    --------
    survival : what has not ended by any cause.

    Notes
    -----
    With :math:`d_{ki}` ends by cause :math:`k` among :math:`n_i` at risk in (entry, exit] at time
    :math:`t_i`, Aalen and Johansen's estimate is

    .. math:: \hat F_k(t) = \sum_{t_i \le t} \hat S(t_{i-1}) \frac{d_{ki}}{n_i},

    with the variance of the delta method. One minus Kaplan and Meier's curve for one cause, with
    ends by others taken as no longer watched, is larger: it counts what could not happen any more.

    Before the first end by a cause the upper limit is :math:`1 - (\alpha/2)^{1/m}` with :math:`m`
    the least number at risk so far: nothing seen is not nothing. Where all have ended by one cause
    its standard error is undefined and the lower limit is the one before, which still holds.

    Assumptions that fail in practice: that the cause is recorded without error (a closed number may
    be a line that moved), and those of :func:`survival`.

    References
    ----------
    .. [1] Aalen, O. O. and Johansen, S. (1978). An empirical transition matrix for non-homogeneous
       Markov chains based on censored observations. *Scandinavian Journal of Statistics* 5,
       141-150.
    .. [2] Choudhury, J. B. (2002). Non-parametric confidence interval estimation for competing
       risks analysis: application to contraceptive data. *Statistics in Medicine* 21, 1129-1144.
       https://doi.org/10.1002/sim.1070

    Examples
    --------
    >>> import pandas as pd
    >>> lines = pd.DataFrame(
    ...     {"days": [20, 30, 55, 80], "why": ["arrest", "", "number", "arrest"]}
    ... )
    >>> ends = cl.prevalence.cumulative_incidence(lines, duration="days", cause="why")
    >>> ends.at(60).estimate.round(3).to_dict()
    {'arrest': 0.25, 'number': 0.375}

    By 60 days a quarter of these made-up lines has ended by an arrest and three eighths by a change
    of number; three eighths last longer.
    """
    interval = _validate.option("interval", interval, aalen_johansen.METHODS)
    level = _validate.level(level)
    if start is not None:
        start = _validate.number("start", start, low=0)
    frame = _survival_input.table(spells)
    names, code = _causes(frame, cause)
    every = _survival_input.read(
        frame, duration=duration, entry=entry, exit=exit, origin=origin, time_unit=time_unit
    )
    groups = _survival_input.names_of("by", by)
    if cause in groups:
        got = _validate.show(cause)
        raise InputError(_validate.sentence("by", "other columns than `cause`", got))
    fits: dict[Any, Fit] = {}
    for key, rows in _survival_input.groups(frame, by):
        picked = every.pick(rows)
        ended = Spells(picked.entry, picked.lower, np.where(code[rows] < 0, np.inf, picked.upper))
        base = _survival_steps.fitted(
            ended, start=start, interval="log-log", level=level, falls=False
        )
        for i, name in enumerate(names):
            own = code[rows] == i
            labels = (*(key if isinstance(key, tuple) else (key,) * len(groups)), name)
            fits[labels if groups else name] = _one(
                base, ended, own, interval=interval, level=level, told=i == 0
            )
    return TimeCurve(
        quantity="share ended by the cause",
        method="aalen-johansen",
        level=level,
        interval_method=interval,
        time_unit=time_unit,
        references=("aalen1978", "choudhury2002"),
        **assembled(
            fits, (*groups, cause), whole=(), about=lambda key: key[:-1] if groups else None
        ),
    )


def _causes(frame: pd.DataFrame, cause: Any) -> tuple[list[Any], np.ndarray[Any, Any]]:
    """Causes in order, and which of them each life ended by; -1 where it went on."""
    values = _survival_input.column(frame, "cause", cause)
    ended = values.notna() & (values.astype(object) != "")
    code, names = pd.factorize(values.where(ended), sort=True)
    if not len(names):
        rule, remedy = "a column with at least one cause", "No spell ended."
        raise InputError(_validate.sentence("cause", rule, "none", remedy=remedy))
    return list(names), code


def _one(
    base: Fit, spells: Spells, own: np.ndarray[Any, Any], *, interval: str, level: float, told: bool
) -> Fit:
    """The curve of one cause, on the risk sets of all."""
    curve = base.curve
    assert isinstance(curve, StepCurve)
    assert base.at_risk is not None
    assert base.events is not None
    assert curve.after is not None
    mine = _counts(base.time, spells.lower[own])
    fit = product_limit.product_limit(base.at_risk, base.events)
    both = np.stack([mine, base.events - mine])
    share, variance = (
        part[0] for part in aalen_johansen.incidence(base.at_risk, both, fit.log_survival)
    )
    low, high = aalen_johansen.limits(interval, share, variance, level=level)
    table = product_limit.RiskTable(base.time, base.at_risk, mine, curve.after, curve.after)
    floor = product_limit.without_an_end(table, curve.at_start, tail_area(level, "two-sided"))
    ended = np.cumsum(mine) > 0
    ceiling = np.minimum(1.0 - floor, high[np.argmax(ended)] if ended.any() else 1.0)
    high = np.where(ended, high, ceiling[1:])
    left = np.exp(fit.log_survival)
    unknown = (base.time > curve.gap) & (left > 0.0)
    if unknown.any():
        before = int(np.argmax(unknown)) - 1
        most = share[before] + left[before]
        share, variance = (np.where(unknown, np.nan, part) for part in (share, variance))
        low, high = np.where(unknown, low[before], low), np.where(unknown, most, high)
    error = np.sqrt(variance)
    every = np.isneginf(fit.log_survival) & (np.cumsum(mine) == np.cumsum(base.events))
    if every.any():  # all ended by this cause: that is no certainty
        first = int(np.argmax(every))
        share, high = (np.where(every, 1.0, part) for part in (share, high))
        low = np.where(every, low[first - 1] if first else 0.0, low)
        error = np.where(every, np.nan, error)
    rising = StepCurve(
        time=base.time,
        value=share,
        standard_error=error,
        low=low,
        high=high,
        start=base.start,
        reach=np.inf if left[-1] == 0.0 else curve.reach,
        level=level,
        falls=False,
        first_high=float(ceiling[0]),
        gap=curve.gap,
        most=np.minimum(share + left, 1.0),
    )
    return Fit(
        rising,
        base.time,
        share,
        error,
        low,
        high,
        n=base.n,
        start=base.start,
        at_risk=base.at_risk,
        events=mine,
        verdict=base.verdict,
        facts=base.facts if told else (),
    )


def _counts(time: FloatArray, ends: FloatArray) -> FloatArray:
    """How many of `ends` are at each time."""
    inside = ends[ends >= time[0]]
    counts = np.bincount(np.searchsorted(time, inside), minlength=time.size)
    return counts.astype(np.float64)
