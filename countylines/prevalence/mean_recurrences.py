"""How often something happens again, on average, by a given time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _render, _validate
from countylines._curves import StepCurve
from countylines._kernels import recurrence
from countylines._kernels.method import critical_value, tail_area
from countylines.errors import DegenerateDataWarning, InputError
from countylines.prevalence import _survival_input
from countylines.prevalence._survival_fit import Fact, Fit, assembled
from countylines.prevalence._survival_input import FloatArray
from countylines.time_curve import TimeCurve

INTERVALS = ("log", "plain")
ALIKE = 1e-10  # of the mean: an error so small is rounding


def mean_recurrences(
    records: pd.DataFrame,
    *,
    unit: Any,
    time: Any,
    event: Any,
    entry: Any = None,
    by: Any = None,
    interval: str = "log",
    level: float = 0.95,
    time_unit: str = "days",
) -> TimeCurve:
    r"""Mean number of recurrences by a given time, such as reopenings of a line.

    It answers: how often, on average, has a line reopened by an age? It is not the share of lines
    that ever reopen (for that take the first reopening of each as the end of a life in
    :func:`survival`), and it does not say whether reopenings follow upon each other.

    Parameters
    ----------
    records : DataFrame
        One row for each recurrence, and one for the end of watching of each unit.
    unit : column name
        Which unit, for example which line.
    time : column name
        Age of the unit at the recurrence, or at the end of watching: numbers in `time_unit`, or
        time spans.
    event : column name
        True for a recurrence, False for the end of watching: one False for every unit.
    entry : column name, optional
        Age since which the unit was watched, the same in all its rows. None: since 0.
    by : column name or list of them, optional
        A curve for each group of units.
    interval : {"log", "plain"}, default "log"
        Scale on which limits are normal.
    level : float, default 0.95
        Confidence level of each limit at its own time, a share in (0, 1).
    time_unit : str, default "days"
        Unit of time, as in :func:`survival`.

    Returns
    -------
    TimeCurve
        ``.estimate``, ``.low``, ``.high`` by time, in recurrences a unit, until the last end of
        watching; ``.at(times)``, ``.plot()``.

    Raises
    ------
    InputError
        If a unit has no end of watching or several, or a recurrence outside the time it was
        watched.

    Warns
    -----
    DegenerateDataWarning
        If nothing recurred, or nobody was watched for a time while others come later.

    See Also
    --------
    survival : time to an end that comes once.

    Notes
    -----
    With :math:`d_i` recurrences at time :math:`t_i` among :math:`Y_i` units watched in (entry, end]

    .. math:: \hat M(t) = \sum_{t_i \le t} \frac{d_i}{Y_i}, \qquad
              \widehat{\mathrm{var}} \hat M(t) = \sum_u \Bigl\{ \sum_{t_i \le t} \frac{Y_{ui}}{Y_i}
              \Bigl( d_{ui} - \frac{d_i}{Y_i} \Bigr) \Bigr\}^2

    over units :math:`u` [1]_ [2]_. The variance holds however the recurrences of one unit depend on
    each other; with few units it is too small. A unit that can recur no more, since its operators
    are in prison, should stay watched without recurrences if the mean is to be over all units; if
    its watching ends instead, the mean is over those that still can.

    Before the first recurrence the upper limit is :math:`-\log(\alpha/2) / m` with :math:`m` the
    least number watched so far, or that after the first recurrence if it is smaller. It holds if
    recurrences come by chance alone (Poisson); where few units have most of them it is too low.
    While all units watched have had as many recurrences, as where there is one unit only, the
    variance above is 0 and says nothing: there is no standard error, and the limits are 0 and
    infinity.

    Assumptions that fail in practice: that watching ends for reasons that have nothing to do with
    recurrences; that each reopening is seen and ascribed to the right line.

    References
    ----------
    .. [1] Nelson, W. (1988). Graphical analysis of system repair data. *Journal of Quality
       Technology* 20, 24-35. https://doi.org/10.1080/00224065.1988.11979080
    .. [2] Lawless, J. F. and Nadeau, C. (1995). Some simple robust methods for the analysis of
       recurrent events. *Technometrics* 37, 158-168. https://doi.org/10.1080/00401706.1995.10484300

    Examples
    --------
    Three made-up lines: one reopened twice, one once, one never.

    >>> import pandas as pd
    >>> seen = pd.DataFrame(
    ...     {
    ...         "line": ["a", "a", "a", "b", "b", "c"],
    ...         "day": [30, 50, 90, 60, 100, 80],
    ...         "reopened": [True, True, False, True, False, False],
    ...     }
    ... )
    >>> again = cl.prevalence.mean_recurrences(seen, unit="line", time="day", event="reopened")
    >>> round(float(again.at(75).estimate), 3)
    1.0

    By day 75 a line has reopened once on average.
    """
    interval = _validate.option("interval", interval, INTERVALS)
    level = _validate.level(level)
    frame = _survival_input.table(records, "records")
    remedy = "Subtract the dates at which the units began: time spans will do."
    clock: dict[str, Any] = {"origin": None, "time_unit": time_unit, "without_origin": remedy}
    moment = _survival_input.times(frame, "time", time, **clock)
    again = _survival_input.flags(frame, "event", event)
    since = np.zeros(len(frame))
    if entry is not None:
        since = _survival_input.times(frame, "entry", entry, **clock)
    who = _survival_input.column(frame, "unit", unit)
    if who.isna().any():
        rows = _survival_input.rows(who.isna().to_numpy())
        raise InputError(_validate.sentence("unit", "without missing values", "nan", rows))
    fits = {}
    for key, places in _survival_input.groups(frame, by):
        code = pd.factorize(who.iloc[places])[0]
        units = _units(code, moment[places], again[places], since[places], places)
        fits[key] = _fitted(*units, interval=interval, level=level)
    return TimeCurve(
        quantity="mean number of recurrences",
        unit="recurrences a unit",
        method="nelson",
        level=level,
        interval_method=interval,
        time_unit=time_unit,
        references=("nelson1988", "lawless1995"),
        **assembled(fits, _survival_input.names_of("by", by), whole=()),
    )


def _units(
    code: NDArray[np.intp],
    moment: FloatArray,
    again: NDArray[np.bool_],
    since: FloatArray,
    places: NDArray[np.intp],
) -> tuple[FloatArray, FloatArray, NDArray[np.intp], FloatArray]:
    """Entry and end of every unit, and recurrences with the unit of each."""
    size = int(code.max()) + 1
    ends = np.bincount(code[~again], minlength=size)
    wrong = ends[code] != 1

    def refuse(argument: str, rule: str, got: Any, bad: NDArray[np.bool_]) -> None:
        if bad.any():
            where = np.zeros(int(places.max()) + 1, dtype=bool)
            where[places[bad]] = True
            raise InputError(_validate.sentence(argument, rule, got, _survival_input.rows(where)))

    rule = "False in one row of every unit, where its watching ends"
    refuse("event", rule, "another number of such rows", wrong)
    end, entry = np.empty(size), np.empty(size)
    end[code[~again]], entry[code[~again]] = moment[~again], since[~again]
    refuse("entry", "the same in all rows of a unit", "several values", since != entry[code])
    refuse("time", "above `entry` where watching ends", "less", ~again & (moment <= since))
    rule = "above `entry` and at most the end of watching"
    refuse("time", rule, "a recurrence outside", again & ((moment > end[code]) | (moment <= since)))
    return entry, end, code[again], moment[again]


def _fitted(
    entry: FloatArray,
    end: FloatArray,
    unit: NDArray[np.intp],
    time: FloatArray,
    *,
    interval: str,
    level: float,
) -> Fit:
    found = recurrence.mean_function(entry, end, unit, time)
    found = _until_the_end(found, entry, end)
    reach, start, gap, facts = float(end.max()), float(entry.min()), _gap(entry, end), []
    if not found.events.any():
        text = "Nothing recurred: the mean is 0. Upper limits are those of chance alone (Poisson)."
        facts.append(Fact("no-events", text, DegenerateDataWarning))
    error = np.sqrt(found.variance)
    spread = critical_value(level, "two-sided") * error
    if interval == "log":
        factor = np.exp(np.divide(spread, found.mean, out=np.zeros(error.size), where=spread > 0))
        low, high = found.mean / factor, found.mean * factor
    else:
        low, high = np.maximum(found.mean - spread, 0.0), found.mean + spread
    alike = (found.mean > 0.0) & (error <= ALIKE * found.mean)
    if alike.any():
        until = _render.number(found.time[np.flatnonzero(alike)[-1]])
        text = (
            f"Until {until} all units watched had as many recurrences: how units differ was not "
            "seen, and there is no standard error."
        )
        facts.append(Fact("no-variance", text))
        error, low = np.where(alike, np.nan, error), np.where(alike, 0.0, low)
        high = np.where(alike, np.inf, high)
    ceiling = recurrence.without_events(
        entry, end, start, np.append(found.time[0], found.time), tail_area(level, "two-sided")
    )
    some = found.events.any()
    ceiling = np.minimum(ceiling, high[0]) if some else ceiling
    high = high if some else ceiling[1:]
    mean, unknown = found.mean, found.time > gap
    if np.isfinite(gap):
        text = (
            f"Nobody was watched just after {_render.number(gap)}: what recurred there is unknown, "
            "and so is the mean from then on."
        )
        facts.append(Fact("gap", text, DegenerateDataWarning))
    if unknown.any():
        before = int(np.argmax(unknown)) - 1
        mean, error = (np.where(unknown, np.nan, part) for part in (mean, error))
        low = np.where(unknown, low[before] if before >= 0 else 0.0, low)
        high = np.where(unknown, np.inf, high)
    curve = StepCurve(
        time=found.time,
        value=mean,
        standard_error=error,
        low=low,
        high=high,
        start=start,
        reach=reach,
        level=level,
        falls=False,
        first_high=float(ceiling[0]),
        gap=gap,
    )
    return Fit(
        curve,
        found.time,
        mean,
        error,
        low,
        high,
        n=end.size,
        start=start,
        at_risk=found.at_risk,
        events=found.events,
        facts=tuple(facts),
    )


def _until_the_end(
    found: recurrence.Recurrences, entry: FloatArray, end: FloatArray
) -> recurrence.Recurrences:
    """Rows until the end of all watching: the last one, or all ends if nothing recurred."""
    last = np.unique(end)
    if found.time.size:
        last = last[-1:][last[-1:] > found.time[-1]]
    at_risk = np.sum((entry < last[:, None]) & (end >= last[:, None]), axis=1)

    def kept(values: FloatArray) -> FloatArray:
        return np.append(values, np.full(last.size, values[-1] if values.size else 0.0))

    return recurrence.Recurrences(
        np.append(found.time, last),
        kept(found.mean),
        kept(found.variance),
        np.append(found.at_risk, at_risk),
        np.append(found.events, np.zeros(last.size)),
    )


def _gap(entry: FloatArray, end: FloatArray) -> float:
    """The first time after which nothing was watched although more came later."""
    order = np.argsort(entry)
    reached = np.maximum.accumulate(end[order])[:-1]
    gaps = np.flatnonzero(entry[order][1:] > reached)
    return float(reached[gaps[0]]) if gaps.size else np.inf
