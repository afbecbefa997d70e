"""How long lives last: survival with delayed entry, censoring and several models."""

from __future__ import annotations

from typing import Any

import pandas as pd

from countylines import _validate
from countylines._kernels import parametric_survival, product_limit
from countylines._typing import RNG, Progress
from countylines.errors import InputError
from countylines.prevalence import (
    _survival_cox,
    _survival_design,
    _survival_input,
    _survival_parametric,
    _survival_steps,
    _survival_turnbull,
)
from countylines.prevalence._survival_fit import Fit, assembled
from countylines.survival import Survival

PARAMETRIC = (*parametric_survival.FAMILIES, "piecewise")
MODELS = ("kaplan-meier", "turnbull", *PARAMETRIC, "cox")
INTERVALS: dict[str, tuple[str, ...]] = {
    "kaplan-meier": product_limit.METHODS,
    "turnbull": ("bootstrap", "none"),
    **dict.fromkeys((*PARAMETRIC, "cox"), ("wald",)),
}


def survival(
    spells: pd.DataFrame,
    *,
    model: str = "kaplan-meier",
    duration: Any = None,
    entry: Any = None,
    exit: Any = None,
    event: Any = None,
    lower: Any = None,
    upper: Any = None,
    origin: Any = None,
    covariates: Any = None,
    where: Any = None,
    by: Any = None,
    start: float | None = None,
    breaks: Any = None,
    interval: str | None = None,
    level: float = 0.95,
    time_unit: str = "days",
    replicates: int = 500,
    rng: RNG = None,
    progress: Progress = False,
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
    model : str, default "kaplan-meier"
        ``"kaplan-meier"``; ``"turnbull"``, the same for ends that are known to intervals only; or
        a law of lives: ``"exponential"``, ``"weibull"``, ``"lognormal"``,
        ``"loglogistic"``, or ``"piecewise"``, a hazard that is constant between `breaks`; or
        ``"cox"``, hazards in proportion and otherwise free. See Notes.
    duration : column name, optional
        How long each life had lasted when it ended or was last watched: numbers in `time_unit`, or
        time spans. Give `duration`, or `exit`, or `lower` and `upper`.
    entry : column name, optional
        Since when each life was watched: its age then or, with `origin`, a date. A life that had
        ended before would not be in the table. None: all were watched from their beginning.
    exit : column name, optional
        When each life ended or was last watched: its age then or, with `origin`, a date.
    event : column name, optional
        Whether the life ended then (True) or went on (False). None: all of them ended.
    lower, upper : column name, optional
        Ends of the interval (lower, upper] in which each life ended, on the clock of `exit`: it
        went on at `lower` and had ended by `upper`. Equal where the end is known, a missing or
        infinite `upper` where the life went on. ``"kaplan-meier"`` takes no wider intervals.
    origin : column name, optional
        Dates at which lives began; `entry`, `exit`, `lower` and `upper` are dates too.
    covariates : column name or list of them, optional
        What a law, or the hazard of ``"cox"``, depends on: numbers, or levels, of which the first
        in order is the reference.
    where : mapping or None, optional
        Values of covariates for which the curve is drawn, as ``{"kind": "internal"}``. What is not
        named is at its mean, or at its commonest level; a note says so.
    by : column name or list of them, optional
        A curve for each group.
    start : float or None, optional
        A time that lives are given to have reached: what happened before is left out, as suits an
        early risk set that is tiny or empty. None: 0, or the first entry if that is later.
    breaks : array_like, optional
        Rising times at which the hazard of ``"piecewise"`` may change.
    interval : str or None, optional
        Limits of ``"kaplan-meier"``: ``"log-log"`` (None), ``"log"``, ``"plain"``, ``"arcsine"``,
        ``"thomas-grunkemeier"``, ``"beta-product"``, or ``"equal-precision"``, a band for the whole
        curve at once. Of ``"turnbull"``: ``"bootstrap"`` (None) or ``"none"``. Of the laws and
        ``"cox"``: ``"wald"``.
    level : float, default 0.95
        Confidence level of each limit at its own time (of the band, at all times together), a share
        in (0, 1).
    time_unit : str, default "days"
        Unit of time: ``"hours"``, ``"days"``, ``"weeks"``, ``"months"`` (of 30.4375 days) or
        ``"years"`` (of 365.25 days) where dates are converted; a word to show where times are
        numbers already.
    replicates : int, default 500
        Resamples of the bootstrap; each costs as much as the estimate.
    rng : int, Generator, SeedSequence or None, optional
        Source of its randomness.
    progress : bool or callable, default False
        True writes to standard error; a callable gets ``(done, total)``.

    Returns
    -------
    Survival
        ``.estimate``, ``.low``, ``.high`` by time, ``.at(times)``, ``.quantile(q)``,
        ``.mean(limit=)``, ``.plot()``; for a law also ``.params``, ``.covariance``,
        ``.coefficients()``, ``.log_likelihood``, ``.aic``, ``.bic``.

    Raises
    ------
    InputError
        If a column is missing, has gaps, or a spell ends before it begins or as it is entered; if
        covariates are constant or follow from each other; if an option does not suit the model.
    ConvergenceError
        If the conditions for a maximum of ``"turnbull"`` do not hold to 1e-10.

    Warns
    -----
    DegenerateDataWarning
        If the risk set empties while more spells are to come, no spell ended, or a likelihood has
        no maximum: the verdict says why and the estimates are nan.
    SparseDataWarning
        If fewer than 10 were at risk when one ended, before others were found.

    See Also
    --------
    countylines.Survival : what can be asked of the result.
    cumulative_incidence : how lives end, where they can end in several ways.
    mean_recurrences : what can happen again.
    length_biased_mean : mean life from whole lives found because they were open.

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
    Clopper-Pearson. ``"equal-precision"`` is Nair's band [4]_ on the arcsine scale.

    Where the curve is 0 its standard error is undefined, and the other methods have 0 below and
    their last upper limit above, which holds since survival cannot rise. Before the first end,
    where other software gives 1 to 1, the lower limit is :math:`(\alpha/2)^{1/m}` with :math:`m`
    the least number at risk so far, or the lower limit after the first end if that is larger:
    nothing seen is not nothing.

    ``"turnbull"`` maximises the likelihood below over all laws, by Newton's method on cumulative
    hazards, until no direction raises it by more than 1e-10 a spell. It says how much falls between
    two times, not where: within the intervals of ``.intervals`` the curve is not identified, and
    ``.at``, ``.quantile`` and ``.mean`` give ranges there. Limits are percentiles of resampled
    spells; with ends known to intervals only they are rough, since the curve converges at the rate
    of the cube root of the number of spells. Where no end need have come yet, the lower limit is
    :math:`(\alpha/2)^{1/m}` as above, :math:`m` being known to go on.

    The laws are fitted by maximum likelihood to the chance of what was seen given life at entry,

    .. math:: \frac{f(t)}{S(e)}, \quad \frac{S(t)}{S(e)} \quad\text{or}\quad
              \frac{S(l) - S(u)}{S(e)}

    for an end at :math:`t`, a life still going on at :math:`t`, an end in :math:`(l, u]`. Newton's
    method ends where no step would move by 1e-7 of a standard error; standard errors are from the
    observed information. Four laws are :math:`\log T = x\beta + \sigma W`: a coefficient above 0
    means *longer* lives, by the factor :math:`e^\beta`; :math:`W` has the smallest-value law for
    ``"weibull"`` (its shape is :math:`1/\sigma`, its scale :math:`e^{x\beta}`) and, with
    :math:`\sigma = 1`, for ``"exponential"``, the normal and the logistic law for the others.
    Coefficients of ``"piecewise"`` are on the log *hazard*: above 0 means *shorter* lives. Limits
    are normal (``"wald"``) for each parameter, for :math:`(\log t - x\beta) / \sigma` of a curve,
    for the log of its cumulative hazard if it is piecewise, and for the log of quantiles and means.
    ``bic`` counts spells. A life of no length is refused by the first four laws: say up to which
    length the record cannot tell it from 0.

    ``"cox"`` maximises the partial likelihood of statsmodels with Efron's rule for ties, with times
    in order so given that who enters at a time is not at risk then. Its curve is Breslow's, its
    coefficients are on the log hazard, and its mean has no standard error.

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
    .. [4] Nair, V. N. (1984). Confidence bands for survival functions with censored data: a
       comparative study. *Technometrics* 26, 265-275. https://doi.org/10.1080/00401706.1984.10487964
    .. [5] Tsai, W.-Y., Jewell, N. P. and Wang, M.-C. (1987). A note on the product-limit estimator
       under right censoring and left truncation. *Biometrika* 74, 883-886.
       https://doi.org/10.1093/biomet/74.4.883
    .. [6] Turnbull, B. W. (1976). The empirical distribution function with arbitrarily grouped,
       censored and truncated data. *Journal of the Royal Statistical Society* B 38, 290-295.
       https://doi.org/10.1111/j.2517-6161.1976.tb01597.x
    .. [7] Frydman, H. (1994). A note on nonparametric estimation of the distribution function from
       interval-censored and truncated observations. *Journal of the Royal Statistical Society* B
       56, 71-74. https://doi.org/10.1111/j.2517-6161.1994.tb01960.x
    .. [8] Cox, D. R. (1972). Regression models and life-tables. *Journal of the Royal Statistical
       Society* B 34, 187-202. https://doi.org/10.1111/j.2517-6161.1972.tb00899.x
    .. [9] Kalbfleisch, J. D. and Prentice, R. L. (2002). *The Statistical Analysis of Failure Time
       Data*, 2nd edition. Wiley, Hoboken, chapters 2 and 3.
       https://doi.org/10.1002/9781118032985

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
    interval = INTERVALS[model][0] if interval is None else interval
    interval = _validate.option("interval", interval, INTERVALS[model])
    level = _validate.level(level)
    if start is not None:
        _only(model, ("kaplan-meier",), "start", start)
        start = _validate.number("start", start, low=0)
    if covariates is not None:
        _only(model, (*PARAMETRIC, "cox"), "covariates", covariates)
    elif model == "cox":
        rule, remedy = "given with model='cox'", "Without them use model='kaplan-meier'."
        raise InputError(_validate.sentence("covariates", rule, "None", remedy=remedy))
    if breaks is not None or model == "piecewise":
        _only(model, ("piecewise",), "breaks", breaks)
        breaks = _survival_parametric.checked_breaks(breaks)
    replicates = _validate.whole_number("replicates", replicates, low=1)
    generator = _validate.generator(rng)
    frame = _survival_input.table(spells)
    every = _survival_input.read(
        frame,
        duration=duration,
        entry=entry,
        exit=exit,
        event=event,
        lower=lower,
        upper=upper,
        origin=origin,
        time_unit=time_unit,
    )
    found = _survival_design.read(frame, covariates)
    if model in ("kaplan-meier", "cox"):
        _survival_steps.exact_ends(every, model)
    fits: dict[Any, Fit] = {}
    for key, rows in _survival_input.groups(frame, by):
        picked = every.pick(rows)
        life, words = _survival_design.drawn(found, where, rows)
        if model == "kaplan-meier":
            fits[key] = _survival_steps.fitted(picked, start=start, interval=interval, level=level)
            continue
        if model == "turnbull":
            fits[key] = _survival_turnbull.fitted(
                picked,
                interval=interval,
                replicates=replicates,
                rng=generator,
                progress=progress,
                level=level,
            )
            continue
        group = "" if key is None else f" in group {key}"
        common: dict[str, Any] = {
            "covariates": found,
            "design": _survival_design.design(found, rows, group),
            "life": life,
            "words": words,
            "level": level,
        }
        if model == "cox":
            fits[key] = _survival_cox.fitted(picked, **common)
            continue
        fits[key] = _survival_parametric.fitted(picked, model=model, breaks=breaks, **common)
    late = (_DELAYED[model],) if every.truncated and model in _DELAYED else ()
    return Survival(
        quantity="survival",
        method=model,
        level=level,
        interval_method=interval,
        time_unit=time_unit,
        references=(_SOURCES.get(model, "kalbfleisch2002"), *late, *_LIMITS.get(interval, ())),
        **assembled(fits, _survival_input.names_of("by", by)),
    )


def _only(model: str, models: tuple[str, ...], argument: str, value: Any) -> None:
    """Refuse an option that the model has no use for."""
    if model not in models:
        rule = f"left out with model={model!r}"
        remedy = f"It is for {', '.join(map(repr, models))}."
        raise InputError(_validate.sentence(argument, rule, _validate.show(value), remedy=remedy))


_SOURCES = {"kaplan-meier": "kaplan1958", "turnbull": "turnbull1976", "cox": "cox1972"}
_DELAYED = {"kaplan-meier": "tsai1987", "turnbull": "frydman1994"}
_LIMITS = {
    "thomas-grunkemeier": ("thomas1975",),
    "beta-product": ("fay2013",),
    "equal-precision": ("nair1984",),
}
