"""Size of a closed population: the models M0, Mt, Mh, Mth, Mb, Mbh and Mtb."""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Any

import numpy as np

from countylines import _validate
from countylines._kernels import hidden_limits, hidden_profile
from countylines._kernels.method import critical_value
from countylines._typing import Alternative
from countylines.capture_recapture import _closed_models, _loglinear_notes, _models
from countylines.capture_recapture._closed_models import Fit, Sightings
from countylines.capture_recapture.histories import CaptureHistories
from countylines.capture_recapture.loglinear import loglinear
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning, warn
from countylines.results import OK, Estimate, Note, PopulationEstimate, Verdict

INTERVALS = ("profile", "lognormal", "wald")
LARGE_BIAS = 0.1
WORDS = {
    "M0": "all units and lists alike",
    "Mt": "lists of unequal reach",
    "Mh": "units that differ",
    "Mth": "lists of unequal reach, units that differ",
    "Mb": "a chance that changes at the first sighting",
    "Mbh": "a chance that changes at the first sighting, the first occasion apart",
    "Mtb": "occasions of unequal reach, and one log odds ratio once seen before",
}
REFERENCES = {
    "profile": ("cormack1992",),
    "lognormal": ("chao1987",),
    "wald": (),
}


def closed_population(
    histories: Any,
    *,
    model: str = "M0",
    heterogeneity: str | None = None,
    bias_corrected: bool = False,
    interval: str | None = None,
    occasions: float | None = None,
    level: float = 0.95,
    null: float | None = None,
    alternative: Alternative = "two-sided",
) -> PopulationEstimate:
    r"""Size of a closed population by one of the classical models of who is seen when.

    It answers: if chances differ by list (t), by unit (h) or with having been seen before (b), and
    by nothing else, how many units were never seen? The models were made for repeated looks at one
    population with one method. Lists of bodies that work together depend on each other in ways that
    only :func:`loglinear` has; and forms of heterogeneity that fit equally well can differ
    several-fold in the number hidden, which no count can settle.

    Parameters
    ----------
    histories : CaptureHistories, or frequencies
        One table without strata. Its counts are exact; for Mt, which is the log-linear model of
        independent lists, cells may be known as bands. For M0 and Mh also numbers of units by how
        often they were seen, ``{1: f1, 2: f2, ...}``, a Series or a list, with `occasions`.
    model : {"M0", "Mt", "Mh", "Mth", "Mb", "Mbh", "Mtb"}, default "M0"
        What chances depend on. Mb, Mbh and Mtb need histories made with ``ordered=True``.
    heterogeneity : {"chao", "poisson", "darroch", "gamma", "normal"} or None, optional
        How units differ, for Mh and Mth; ``"chao"`` if None. See Notes.
    bias_corrected : bool, default False
        Whether counts are moved a little so that most of the bias goes.
    interval : {"profile", "lognormal", "wald"} or None, optional
        Limits: exact multinomial profile likelihood, whose upper end may be infinite; normal for
        the log of the hidden number; or standard errors. None: profile, and log-normal with
        `bias_corrected`, which has no likelihood.
    occasions : int, inf or None, optional
        With frequencies only: how often a unit could have been seen.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : float or None, optional
        Population size under test; without it nothing is tested.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test.

    Returns
    -------
    PopulationEstimate
        ``estimate``, ``low``, ``high`` are the TOTAL [units]; ``hidden`` is the part never seen;
        ``params`` the parameters of the model; ``deviance``, ``df``, ``aic``, ``bic``, ``aicc`` of
        the table of all patterns, so that all models of one table compare (of the frequencies, if
        that is all there is).

    Raises
    ------
    InputError
        If the model does not suit the table: lists without an order, too few of them, strata,
        bands with a model other than Mt, or frequencies for a model that needs to know the list.

    Warns
    -----
    DegenerateDataWarning
        If there is no estimate, or it lies at an end of its range; or all units of one list, of
        lists without an order, are on another, which may be compiled from it.
    SparseDataWarning
        If the estimate's bias is above a tenth of it.

    See Also
    --------
    loglinear : Mt with dependence between lists.
    chao_lower_bound : Mh with ``heterogeneity="chao"``, for tables of frequencies at once.

    Notes
    -----
    Patterns :math:`\omega` of k lists have Poisson means [1]_ [2]_

    .. math:: \log \mu_\omega = \gamma + \sum_j \beta_j \omega_j + \tau\, h(k), \qquad
              \hat N = n + e^{\hat\gamma},

    with one :math:`\beta` for M0 and Mh, and :math:`h` for Mh and Mth: ``"poisson"``
    :math:`2^k - 1`, ``"darroch"`` :math:`k^2 / 2`, ``"gamma"`` :math:`-\log(1 + k / 3.5)`, in
    this order with more and more units that are next to never seen. ``"chao"`` has a parameter
    :math:`\eta_j \ge 0` for each bend :math:`(k - j + 1)_+`, j = 3 ... t, and gives a lower bound
    whatever the heterogeneity [2]_; parameters at 0 are not counted and a note names them.
    ``"normal"`` is a logit with normal deviates of standard deviation :math:`\sigma`, integrated
    by a trapezoidal rule that is exact to rounding for :math:`\sigma` up to 8.

    Mb (chance p until first seen, any other after) is the removal model: only first sightings count
    for N. Mbh leaves the first occasion free. Mtb has log odds :math:`a_j` on occasion j, and
    :math:`a_j + b` once a unit was seen: it is this one b for all occasions that identifies N, an
    assumption that no count tests. It is not log-linear; N is where it equals its fitted value.

    Standard errors are those of the multinomial model; profile limits use its exact likelihood (log
    gamma functions), whose maximum lies slightly below the estimate. Where an estimate is at an end
    of its range, or does not exist, limits are the profile ones, whatever was asked for.

    Solutions that cannot be are verdicts and no numbers. Where first sightings do not fall off, the
    removal models have their maximum at infinity (``"hidden-infinite"``), where a formula without a
    look at the likelihood returns a negative size. A deviation of 0 under ``"normal"``, and empty
    cells that leave the hidden number finite, are ``"boundary-finite"``. A negative
    :math:`\tau` is reported with a note: no distribution of units has it.

    The bias of :math:`\hat N` to the second order is compared with :math:`\hat N`; above a tenth
    a warning says so. `bias_corrected` moves the counts as in [3]_.

    Assumptions that fail in practice: a closed population; perfect linkage; lists that are looks of
    one kind; a form of heterogeneity known beforehand. Units seen once and then gone make every
    model but Mb and Mbh overstate. How much the form matters was simulated, with 1,000 units on
    five occasions: where units are alike all intervals cover about 95 %. With chances of a beta
    distribution the estimates are 70 % (M0), 78 % (``"poisson"``), 89 % (``"darroch"``), 92 %
    (``"normal"``) and 108 % (``"gamma"``) of the truth, with two classes 64, 71, 88, 99 and 126 %;
    profile limits then cover 0 to 90 %, the less the more units there are.

    References
    ----------
    .. [1] Cormack, R. M. (1989). Log-linear models for capture-recapture. *Biometrics* 45, 395-413.
       https://doi.org/10.2307/2531485
    .. [2] Rivest, L.-P. and Baillargeon, S. (2007). Applications and extensions of Chao's moment
       estimator for the size of a closed population. *Biometrics* 63, 999-1006.
       https://doi.org/10.1111/j.1541-0420.2007.00779.x
    .. [3] Rivest, L.-P. and Lévesque, T. (2001). Improved log-linear model estimators of abundance
       in capture-recapture experiments. *Canadian Journal of Statistics* 29, 555-572.
       https://doi.org/10.2307/3316007

    Examples
    --------
    Snowshoe hares, trapped on six successive days [1]_:

    >>> frame = cl.datasets.load_mse("snowshoe_hare")
    >>> hares = cl.CaptureHistories.from_table(frame, lists=frame.attrs["lists"], ordered=True)
    >>> for heterogeneity in ("chao", "poisson", "darroch", "gamma", "normal"):
    ...     fit = cl.capture_recapture.closed_population(
    ...         hares, model="Mth", heterogeneity=heterogeneity
    ...     )
    ...     print(
    ...         f"{heterogeneity:8} {fit.estimate:4.0f} ({fit.low:.0f} to {fit.high:.0f}) "
    ...         f"AIC {fit.aic:.1f}"
    ...     )
    chao       80 (70 to 95) AIC 151.3
    poisson    81 (72 to 94) AIC 146.3
    darroch    90 (74 to 121) AIC 148.9
    gamma     102 (74 to 172) AIC 150.1
    normal     92 (73 to 142) AIC 149.0

    68 hares were trapped; there were at least some 80, and how many more depends on how many hares
    never go into traps, which traps cannot say.
    """
    model = _validate.option("model", model, _closed_models.MODELS)
    heterogeneity = _heterogeneity(model, heterogeneity)
    bias_corrected = _validate.flag("bias_corrected", bias_corrected)
    interval = _interval(interval, bias_corrected)
    level = _validate.level(level)
    side = _validate.alternative(alternative)
    tested = None if null is None else _validate.number("null", null, low=0)
    on_bands = isinstance(histories, CaptureHistories) and histories.is_banded
    if on_bands and model == "Mt" and not bias_corrected and occasions is None:
        return _on_bands(histories, interval, level, tested, alternative)
    sightings = _closed_models.read(histories, model, occasions)
    _closed_models.check(sightings, model, heterogeneity)
    name = model if heterogeneity is None else f"{model} {heterogeneity}"
    if bias_corrected:
        found = _closed_models.corrected(sightings, model, heterogeneity)
    else:
        found = _closed_models.fit(sightings, model, heterogeneity)
    verdict, hidden = _verdict(found, sightings, name)
    at_end = found.code != "ok" and found.likelihood is not None
    interval = "profile" if at_end else interval
    error = found.error if verdict.estimable else math.nan
    ends = _limits(found, hidden, error, sightings, interval, level, side, tested)
    low, high, pvalue, peak = ends
    observed = int(sightings.observed)
    notes = _notes(found, verdict, hidden, sightings, name)
    if peak is not None and verdict.estimable:
        text = (
            f"The profile limits belong to the multinomial likelihood, whose maximum is "
            f"{observed + peak:,.1f}; the estimate is that of the Poisson likelihood."
        )
        notes.append(Note("multinomial-maximum", text))
    if math.isinf(high) and verdict.estimable and side != "greater":
        text = "The likelihood never falls far enough above: there is no upper limit."
        notes.append(Note("no-upper-limit", text))
    source = ("rivest2001",) if bias_corrected else ()
    shared: dict[str, Any] = {
        "standard_error": error,
        "level": level,
        "interval_method": interval,
        "method": f"closed population, {name}" + (", bias-corrected" if bias_corrected else ""),
        "alternative": side,
        "verdict": verdict,
        "references": ("cormack1989", "rivest2007", *source, *REFERENCES[interval]),
        "n": observed,
    }
    fitted = {} if bias_corrected else _closed_models.criteria(sightings, found)
    return PopulationEstimate(
        quantity="population size",
        estimate=observed + hidden,
        low=observed + low,
        high=observed + high,
        hidden=Estimate(quantity="hidden number", estimate=hidden, low=low, high=high, **shared),
        n_observed=observed,
        null=tested,
        pvalue=pvalue,
        notes=tuple(notes),
        model=f"{name}: {WORDS[model]}",
        params=found.params if len(found.params) else None,
        **(fitted if verdict.estimable else {}),
        _recompute=functools.partial(
            closed_population,
            histories,
            model=model,
            heterogeneity=heterogeneity,
            bias_corrected=bias_corrected,
            interval=interval,
            occasions=occasions,
            level=level,
        ),
        **shared,
    )


def _on_bands(
    histories: CaptureHistories,
    interval: str,
    level: float,
    null: float | None,
    alternative: Alternative,
) -> PopulationEstimate:
    """Mt where cells are banded: independent lists, by the probability of what is known."""
    found = loglinear(histories, interval=interval, level=level, null=null, alternative=alternative)
    method = "closed population, Mt"
    references = tuple(dict.fromkeys(("cormack1989", "rivest2007", *found.references)))
    return dataclasses.replace(
        found,
        method=method,
        model=f"Mt: {WORDS['Mt']}",
        generators=(),
        hidden=dataclasses.replace(found.hidden, method=method, references=references),
        references=references,
        _recompute=functools.partial(
            closed_population,
            histories,
            model="Mt",
            interval=found.interval_method,
            level=level,
        ),
    )


def _heterogeneity(model: str, value: str | None) -> str | None:
    if model not in ("Mh", "Mth"):
        if value is not None:
            raise InputError(
                _validate.sentence(
                    "heterogeneity",
                    f"left out with model {model!r}",
                    _validate.show(value),
                    remedy="Only units of Mh and Mth differ.",
                )
            )
        return None
    return _validate.option("heterogeneity", value or "chao", _closed_models.HETEROGENEITY)


def _interval(value: str | None, bias_corrected: bool) -> str:
    if value is None:
        return "lognormal" if bias_corrected else "profile"
    value = _validate.option("interval", value, INTERVALS)
    if bias_corrected and value == "profile":
        raise InputError(
            _validate.sentence(
                "interval",
                "'lognormal' or 'wald' with bias_corrected=True",
                "'profile'",
                remedy="Counts that were moved have no likelihood.",
            )
        )
    return value


def _verdict(found: Fit, sightings: Sightings, name: str) -> tuple[Verdict, float]:
    """Whether the estimate exists, and the hidden number that goes with that."""
    code, hidden = found.code, found.hidden
    if code == "ok" and hidden == 0.0:
        code = "hidden-zero"
    removal = name in _closed_models.BEHAVIOURAL
    if code == "ok" and hidden < 0.0:
        reason = (
            f"The estimate of {name}, {sightings.observed + hidden:,.1f}, lies below the "
            f"{sightings.observed:,.0f} seen."
        )
        return Verdict(False, "out-of-range", (reason,)), math.nan
    if code == "ok":
        return OK, hidden
    if code == "boundary-finite":
        reason = (
            "The deviation between units is estimated as 0: all are alike."
            if found.held
            else "Some patterns have fitted value 0, but the hidden number does not rest on them."
        )
        return Verdict(True, code, (reason,)), hidden
    reasons = {
        "hidden-infinite": "First sightings do not fall off over the occasions: under "
        f"{name} the likelihood grows with the hidden number without end."
        if removal
        else f"Too few units were seen twice for {name}, or too many more often than twice: the "
        "likelihood grows with the hidden number without end.",
        "hidden-zero": f"Under {name} the likelihood never falls as the hidden number shrinks to "
        "0: the number seen stands in for the estimate, and only the upper limit says something.",
        "not-identified": f"The counts do not determine the hidden number under {name}: any number "
        "fits equally well.",
        "not-converged": f"The fit of {name} did not settle: its parameters run off.",
    }
    wanted = "not-identified" if code == "not-converged" else code
    number = {"hidden-infinite": math.inf, "hidden-zero": 0.0}.get(wanted, math.nan)
    return Verdict(False, wanted, (reasons[code],)), number


def _limits(
    found: Fit,
    hidden: float,
    error: float,
    sightings: Sightings,
    interval: str,
    level: float,
    alternative: str,
    null: float | None,
) -> tuple[float, float, float | None, float | None]:
    """Limits of the hidden number, p-value of the null, and the top of the profile if used."""
    z = critical_value(level, alternative)
    asked = None if null is None else null - sightings.observed
    if interval == "profile" and found.likelihood is not None and found.code != "not-identified":
        start = hidden if math.isfinite(hidden) and hidden > 0 else sightings.observed
        peak = hidden_profile.maximum(found.likelihood, start)
        low = 0.0 if alternative == "less" else hidden_profile.limit(found.likelihood, peak, -z)
        high = math.inf
        if alternative != "greater":
            high = hidden_profile.limit(found.likelihood, peak, z)
        p = None
        if asked is not None:
            distance = hidden_profile.signed_root(found.likelihood, peak, max(asked, 0.0))
            p = _pvalue(asked, distance, alternative)
        return low, high, p, peak if peak > hidden_profile.LEAST else 0.0
    if not math.isfinite(hidden):
        p = None
        if asked is not None:
            p = 0.0 if asked < 0 and alternative != "less" else 1.0
        return 0.0, math.inf, p, None
    if hidden == 0.0 or not error > 0.0:
        p = None if asked is None else (0.0 if asked < 0 and alternative != "less" else 1.0)
        return 0.0, math.inf, p, None
    ends = hidden_limits.LIMITS[interval](np.array(hidden), np.array(error), z)
    low = 0.0 if alternative == "less" else float(ends[0])
    high = math.inf if alternative == "greater" else float(ends[1])
    if asked is None:
        return low, high, None, None
    distance = float(
        hidden_limits.DISTANCES[interval](np.array(asked), np.array(hidden), np.array(error))
    )
    return low, high, _pvalue(asked, distance, alternative), None


def _pvalue(asked: float, distance: float, alternative: str) -> float:
    return float(hidden_limits.pvalue(np.array(asked), np.array(distance), alternative))


def _notes(
    found: Fit, verdict: Verdict, hidden: float, sightings: Sightings, name: str
) -> list[Note]:
    notes = [
        Note(
            "model-dependence",
            "The hidden number rests on how chances are assumed to differ: forms that fit as well "
            "can differ several-fold.",
        )
    ]
    if name.endswith("chao"):
        text = "A lower bound: the true total may lie far above it, and above the interval."
        notes.append(Note("lower-bound", text))
        if found.held:
            text = f"Held at 0, since negative values are impossible: {', '.join(found.held)}."
            notes.append(Note("held-at-zero", text))
    if sightings.cells is not None and not sightings.ordered:
        counts = _models.Counts(sightings.cells, sightings.values, sightings.values)
        notes += _loglinear_notes.copies(counts, sightings.lists)
    if name == "Mtb":
        text = "The number rests on one log odds ratio for all occasions, which nothing tests."
        notes.append(Note("constraint", text))
    if math.isinf(sightings.occasions):
        text = (
            f"Occasions are unlimited; the model describes units seen once to "
            f"{int(sightings.times.max())} times, the most that was seen."
        )
        notes.append(Note("occasions", text))
    if "tau" in found.params and found.params["tau"] < 0:
        text = "The term of heterogeneity is negative: no way in which units differ gives that."
        notes.append(Note("negative-heterogeneity", text))
    if verdict.code != "ok":
        text = " ".join(verdict.reasons)
        notes.append(Note(verdict.code, text))
        warn(text, DegenerateDataWarning)
    total = sightings.observed + hidden
    if verdict.estimable and abs(found.bias) > LARGE_BIAS * total:
        text = (
            f"The estimate is biased by about {found.bias:,.0f} of {total:,.0f} at this size: "
            "read the interval, or use bias_corrected=True."
        )
        notes.append(Note("large-bias", text))
        warn(text, SparseDataWarning)
    return notes
