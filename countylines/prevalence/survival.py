"""How long lives last: survival with delayed entry, censoring and several models."""

from __future__ import annotations

from typing import Any

import pandas as pd

from countylines import _validate
from countylines._kernels import product_limit
from countylines.prevalence import _survival_input, _survival_steps
from countylines.prevalence._survival_fit import assembled
from countylines.survival import Survival

MODELS = ("kaplan-meier",)


def survival(
    spells: pd.DataFrame,
    *,
    model: str = "kaplan-meier",
    duration: Any = None,
    entry: Any = None,
    exit: Any = None,
    event: Any = None,
    origin: Any = None,
    by: Any = None,
    start: float | None = None,
    interval: str = "log-log",
    level: float = 0.95,
    time_unit: str = "days",
) -> Survival:
    r"""How long lives last, from spells of which some are unfinished and some were found late.

    It answers: what share of lives, of lines for example, lasts longer than a time? It is not the
    age of the lines that are open today, nor the mean of the lives that are complete: both mislead.
    Lines that were found because they were open are longer-lived than lines are: give the age at
    which each was found as `entry`.

    Parameters
    ----------
    spells : DataFrame
        One row a spell of observation.
    model : {"kaplan-meier"}, default "kaplan-meier"
        How the curve is made, see Notes.
    duration : column name, optional
        How long each life had lasted when it ended or was last watched: numbers in `time_unit`, or
        time spans. One of `duration` and `exit` must be given.
    entry : column name, optional
        Since when each life was watched: its age then or, with `origin`, a date. A life that had
        ended before would not be in the table. None: all were watched from their beginning.
    exit : column name, optional
        When each life ended or was last watched: its age then or, with `origin`, a date.
    event : column name, optional
        Whether the life ended then (True) or went on (False). None: all of them ended.
    origin : column name, optional
        Dates at which lives began; `entry` and `exit` are dates too.
    by : column name or list of them, optional
        A curve for each group.
    start : float or None, optional
        A time that lives are given to have reached: what happened before is left out, as suits an
        early risk set that is tiny or empty. None: 0, or the first entry if that is later.
    interval : str, default "log-log"
        Limits: ``"log-log"``, ``"log"``, ``"plain"``, ``"arcsine"``, ``"thomas-grunkemeier"`` or
        ``"beta-product"``.
    level : float, default 0.95
        Confidence level of each limit at its own time, a share in (0, 1).
    time_unit : str, default "days"
        Unit of time: ``"hours"``, ``"days"``, ``"weeks"``, ``"months"`` (of 30.4375 days) or
        ``"years"`` (of 365.25 days) where dates are converted; a word to show where times are
        numbers already.

    Returns
    -------
    Survival
        ``.estimate``, ``.low``, ``.high`` by time, ``.at(times)``, ``.quantile(q)``,
        ``.mean(limit=)``, ``.plot()``.

    Raises
    ------
    InputError
        If a column is missing, has gaps, or a spell ends before it begins or as it is entered.

    Warns
    -----
    DegenerateDataWarning
        If the risk set empties while more spells are to come, or no spell ended.
    SparseDataWarning
        If fewer than 10 were at risk when one ended, before others were found.

    See Also
    --------
    countylines.Survival : what can be asked of the result.
    countylines.prevalence.proportion : a share without time.

    Notes
    -----
    A spell is at risk in (entry, exit]: one found at a time is not at risk at that time, one that
    ends then is. With :math:`d_i` ends among :math:`n_i` at risk at time :math:`t_i`,

    .. math:: \hat S(t) = \prod_{t_i \le t} \Bigl(1 - \frac{d_i}{n_i}\Bigr), \qquad
              \widehat{\mathrm{var}} \log \hat S(t) = \sum_{t_i \le t} \frac{d_i}{n_i (n_i - d_i)}

    (Kaplan and Meier, with Greenwood's variance). ``"log-log"``, ``"log"``, ``"plain"`` and
    ``"arcsine"`` are normal on that scale. ``"thomas-grunkemeier"`` inverts the likelihood ratio
    [2]_ and holds with delayed entry too; ``"beta-product"`` [3]_ is close to exact at any number
    of spells, wider, and needs all watched from the beginning: without unfinished spells it is
    Clopper-Pearson. Where the curve is 0 the other methods have 0 below and their last upper limit
    above, which holds since survival cannot rise; before the first end their limits are 1.

    Assumptions that fail in practice: that spells which stop being watched are like the rest (a
    line is often lost from sight because it is about to move); that being found does not depend on
    what life is left; that one law holds throughout. A closed number is not a closed line: one that
    reopens is a recurrence, see :func:`mean_recurrences`.

    References
    ----------
    .. [1] Kaplan, E. L. and Meier, P. (1958). Nonparametric estimation from incomplete
       observations. *Journal of the American Statistical Association* 53, 457-481.
       https://doi.org/10.1080/01621459.1958.10501452
    .. [2] Thomas, D. R. and Grunkemeier, G. L. (1975). Confidence interval estimation of survival
       probabilities for censored data. *Journal of the American Statistical Association* 70,
       865-871. https://doi.org/10.1080/01621459.1975.10480315
    .. [3] Fay, M. P., Brittain, E. H. and Proschan, M. A. (2013). Pointwise confidence intervals
       for a survival distribution with small samples or heavy censoring. *Biostatistics* 14,
       723-736. https://doi.org/10.1093/biostatistics/kxt016
    .. [4] Tsai, W.-Y., Jewell, N. P. and Wang, M.-C. (1987). A note on the product-limit estimator
       under right censoring and left truncation. *Biometrika* 74, 883-886.
       https://doi.org/10.1093/biomet/74.4.883

    Examples
    --------
    Eight made-up lines, found at various ages; two were still open when last looked at.

    >>> import warnings
    >>> import pandas as pd
    >>> lines = pd.DataFrame(
    ...     {
    ...         "found": [0, 0, 0, 0, 20, 25, 40, 60],
    ...         "last": [6, 25, 30, 44, 33, 70, 66, 95],
    ...         "closed": [True, True, False, True, True, True, True, False],
    ...     }
    ... )
    >>> with warnings.catch_warnings(action="ignore"):  # four are at risk on day 6
    ...     lives = cl.prevalence.survival(lines, entry="found", exit="last", event="closed")
    >>> found = lives.at(50)
    >>> print(f"{found.estimate:.2f} ({found.low:.2f} to {found.high:.2f})")
    0.25 (0.02 to 0.60)

    A quarter of such lines last longer than 50 days, and eight lines leave that between 2 and 60 in
    a hundred. Without ``entry`` it would be 45 in a hundred: the lines that were found late could
    not have ended before they were found.
    """
    model = _validate.option("model", model, MODELS)
    interval = _validate.option("interval", interval, product_limit.METHODS)
    level = _validate.level(level)
    if start is not None:
        start = _validate.number("start", start, low=0)
    frame = _survival_input.table(spells)
    every = _survival_input.read(
        frame,
        duration=duration,
        entry=entry,
        exit=exit,
        event=event,
        origin=origin,
        time_unit=time_unit,
    )
    fits = {
        key: _survival_steps.fitted(every.pick(rows), start=start, interval=interval, level=level)
        for key, rows in _survival_input.groups(frame, by)
    }
    late = ("tsai1987",) if every.truncated else ()
    return Survival(
        quantity="survival",
        method=model,
        level=level,
        interval_method=interval,
        time_unit=time_unit,
        references=("kaplan1958", *late, *_REFERENCES.get(interval, ())),
        **assembled(fits, _survival_input.names_of("by", by)),
    )


_REFERENCES = {
    "thomas-grunkemeier": ("thomas1975",),
    "beta-product": ("fay2013",),
}
