"""Size of a partly hidden population from many lists, by one log-linear model."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pandas as pd

from countylines import _validate
from countylines._kernels import banded_profile, facial_set
from countylines._kernels.criteria import criteria
from countylines._typing import RNG, Alternative, Progress
from countylines.capture_recapture import (
    _loglinear_bootstrap,
    _loglinear_ends,
    _loglinear_notes,
    _models,
)
from countylines.capture_recapture._fits import ModelFits, fit_models
from countylines.capture_recapture._loglinear_ends import Ends, Quantity
from countylines.capture_recapture.existence import facial, worded
from countylines.capture_recapture.histories import CaptureHistories
from countylines.errors import InputError
from countylines.results import Estimate, Note, PopulationEstimate

INTERVALS = ("profile", "logit", "wald", "lognormal", "bootstrap")
REFERENCES = {
    "profile": ("fienberg2012", "cormack1992"),
    "wald": ("fienberg2012",),
    "lognormal": ("fienberg2012", "chao1987"),
    "logit": ("fienberg2012", "sadinle2009", "firth1993"),
    "bootstrap": ("fienberg2012", "buckland1991", "efron1987"),
}


def loglinear(
    histories: CaptureHistories,
    model: Any = "independence",
    *,
    interval: str = "profile",
    level: float = 0.95,
    null: float | None = None,
    alternative: Alternative = "two-sided",
    replicates: int = 1999,
    kind: str = "semiparametric",
    rng: RNG = None,
    progress: Progress = False,
) -> PopulationEstimate:
    r"""Population size from many lists, by one hierarchical log-linear model.

    It answers: if who is on which list follows this model, how many units are on no list? The
    answer depends on the model more than on the counts: models that fit equally well can differ
    several-fold, and no count can test the assumption that units on no list follow the same model.
    One model is never an assessment.

    Parameters
    ----------
    histories : CaptureHistories
        One table without strata, of exact counts or with bands. Structural zeros are left out of
        the model.
    model : str or sequence of sequence of str, default "independence"
        ``"independence"``, ``"all-two-way"``, a formula such as ``"A*B + C"`` (an interaction holds
        everything below it), or generators such as ``[("A", "B"), ("C",)]``, which names that
        hold ``*`` or ``+`` need. Every list is named.
    interval : {"profile", "logit", "wald", "lognormal", "bootstrap"}, default "profile"
        Limits: exact multinomial profile likelihood, whose upper end may be infinite; normal limits
        for the log of the hidden number in a penalised fit, which hold their level best where a
        list holds nearly all units or counts are few; standard errors of the total; normal limits
        for the log of the hidden number; or quantiles of simulated populations, corrected for bias
        and acceleration.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : float or None, optional
        Population size under test; without it nothing is tested.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test.
    replicates : int, default 1999
        Replicates of ``interval="bootstrap"``, at least 99.
    kind : {"semiparametric", "parametric", "conditional"}, default "semiparametric"
        From which shares the bootstrap draws the cells: those observed, with the hidden cell filled
        in by the estimate; those fitted; or those observed without a hidden cell, which leaves out
        the variation of how many are hidden and is too narrow where most units are seen.
    rng : int, Generator or None, optional
        Random numbers of ``interval="bootstrap"`` (SPEC 7).
    progress : bool or callable, default False
        True writes to standard error; a callable gets ``(done, total)`` replicates.

    Returns
    -------
    PopulationEstimate
        ``estimate``, ``low``, ``high`` are the TOTAL [units]; ``hidden`` is the part on no list;
        ``params`` the effects (minus infinity where an overlap is empty); ``deviance`` with ``df``
        (cells on the face less its rank), ``aic``, ``bic``, ``aicc`` (every parameter counted, also
        those at minus infinity; n is the number observed). With bands ``region_low`` and
        ``region_high`` are the smallest and largest estimate over the tables within them, and
        ``n_observed`` is the mean number seen, given the bands and the fit.

    Raises
    ------
    InputError
        If the model does not name every list; if the table has strata, too many lists, or a list
        declared to be compiled from another; if its bands are too wide for what is asked.
    ConvergenceError
        If Newton's method does not converge, which a concave likelihood should not allow.

    Warns
    -----
    DegenerateDataWarning
        If the estimate does not exist, some cells have fitted value 0, or a list holds all of
        another, as one does that is compiled from it.
    ApproximationWarning
        If more than 5 % of the replicates of a bootstrap have no estimate.

    See Also
    --------
    existence : whether there is an estimate at all.
    chapman : two lists.

    Notes
    -----
    The count of each cell is Poisson with mean

    .. math:: \log \mu_i = \sum_{t \in \mathcal{M},\, t \subseteq i} \beta_t, \qquad
              \hat N = n + \exp(\hat\beta_\emptyset).

    Where empty cells send effects to minus infinity the extended estimate is given, fitted on the
    facial set (:func:`existence`). Where the hidden number itself is not determined there is a
    verdict and no number; where the likelihood never falls as it grows the estimate is infinite,
    and where it never falls as it shrinks the estimate is the number observed, and neither counts
    as an estimate. The standard error is that of
    :math:`n + \exp(\hat\beta_\emptyset)`: the root of :math:`\hat h + \hat h^2
    \mathrm{var}(\hat\beta_\emptyset)`.

    The profile limits use the exact multinomial likelihood in a real number of units, by log gamma
    functions; its maximum lies slightly below the Poisson estimate that is reported.

    A cell known only as a band enters with the probability of its band [3]_, so the likelihood is
    that of what is known and nothing is filled in: :math:`\log P(l \le Y \le u)` in place of
    :math:`\log P(Y = y)`. Standard errors come from the observed information, and the profile
    likelihood sums the multinomial probabilities of all tables within the bands. That answers what
    the bands make likely; `region_low` and `region_high` answer what they leave possible: the range
    of the estimates over all whole tables within the bands, by fitting every one up to 4,096, and
    beyond that by a search whose range the true one may exceed. AIC and BIC take the middle of the
    numbers that may have been seen. With every count below five hidden, profile limits covered 94
    to 98 % of simulated truths.

    ``"bootstrap"`` draws populations of the estimated size, puts them on the lists, hides those on
    none and fits the same model again, on the facial set of that replicate. Limits are BCa limits
    of the total [4]_ with an exact jackknife over all units drawn, the hidden ones among them
    unless the kind is conditional, cut at the number seen. Replicates that are infinite stay so.
    With bands each replicate is suppressed like the table, which takes bands that are all alike.
    The choice of the model is not repeated: a model found by a search needs the bootstrap of that
    search.

    ``"logit"`` carries the limits of Sadinle [5]_ from two lists to any model: Firth's penalised
    likelihood [6]_ adds half its leverage to each cell, which for two lists is the 1/2 that Sadinle
    adds, and :math:`\log(h + 1/2)` is taken as normal round :math:`\log \tilde h` with variance
    :math:`\mathrm{var}(\tilde\beta_\emptyset) + 1/\tilde h`. Where one list holds nearly all units
    every other interval here ends too low more often than `level` allows: for two lists of 90 % and
    20 % of 50 units profile limits cover 71 %, logit limits 93 %. They take exact counts. Where
    every unit is on nearly every list their upper end can be any size; beyond 2**53 it is given as
    infinite.

    Where there is no estimate, profile and logit limits keep the end that the data give, and the
    others become logit limits (with bands, profile limits), as `interval_method` says. Where bands
    leave nobody hidden the limits of the total are those of the hidden number beside the whole
    width of the bands.

    Assumptions that fail in practice: no interaction of all lists, a closed population, perfect
    linkage, equal chances within the table (split it by strata), lists that are not compiled from
    one another.

    References
    ----------
    .. [1] Fienberg, S. E. and Rinaldo, A. (2012). Maximum likelihood estimation in log-linear
       models. *Annals of Statistics* 40, 996-1023. https://doi.org/10.1214/12-AOS986
    .. [2] Cormack, R. M. (1992). Interval estimation for mark-recapture studies of closed
       populations. *Biometrics* 48, 567-576. https://doi.org/10.2307/2532310
    .. [3] Overstall, A. M., King, R., Bird, S. M., Hutchinson, S. J. and Hay, G. (2014). Incomplete
       contingency tables with censored cells with application to estimating the number of people
       who inject drugs in Scotland. *Statistics in Medicine* 33, 1564-1579.
       https://doi.org/10.1002/sim.6047
    .. [4] Buckland, S. T. and Garthwaite, P. H. (1991). Quantifying precision of mark-recapture
       estimates using the bootstrap and related methods. *Biometrics* 47, 255-268.
       https://doi.org/10.2307/2532510
    .. [5] Sadinle, M. (2009). Transformed logit confidence intervals for small populations in
       single capture-recapture estimation. *Communications in Statistics - Simulation and
       Computation* 38, 1909-1924. https://doi.org/10.1080/03610910903168595
    .. [6] Firth, D. (1993). Bias reduction of maximum likelihood estimates. *Biometrika* 80, 27-38.
       https://doi.org/10.1093/biomet/80.1.27

    Examples
    --------
    An outbreak of hepatitis A, known from three lists:

    >>> cells = {"111": 28, "110": 21, "101": 17, "011": 18, "100": 69, "010": 55, "001": 63}
    >>> cases = cl.CaptureHistories.from_cells(cells, lists=["P", "Q", "E"])
    >>> for model in ("independence", "P*Q + E", "P*Q + P*E", "all-two-way"):
    ...     fit = cl.capture_recapture.loglinear(cases, model)
    ...     print(f"{model:14} {fit.estimate:6,.0f} ({fit.low:,.0f} to {fit.high:,.0f})")
    independence      388 (350 to 435)
    P*Q + E           416 (363 to 486)
    P*Q + P*E         464 (373 to 618)
    all-two-way     1,313 (655 to 3,031)

    Four models, and a total anywhere between 350 and 3,000. The last fits best because it has a
    parameter for every cell; whether the people on no list follow it, the counts cannot say.

    Had the smallest count been printed as "fewer than 20, but not none":

    >>> banded = cl.CaptureHistories.from_cells(cells | {"101": (1, 19)}, lists=["P", "Q", "E"])
    >>> fit = cl.capture_recapture.loglinear(banded, "P*Q + E")
    >>> print(f"{fit.estimate:,.0f} ({fit.low:,.0f} to {fit.high:,.0f})")
    416 (363 to 486)
    >>> print(f"{fit.region_low:,.0f} to {fit.region_high:,.0f}")
    414 to 449

    The band costs little here: the other cells tell much of what lies in it, and the limits are
    those of the full table. The tables that it allows have estimates from 414 to 449.
    """
    interval = _validate.option("interval", interval, INTERVALS)
    level = _validate.level(level)
    _validate.alternative(alternative)
    plan = _loglinear_bootstrap.Plan(
        _validate.option("kind", kind, _loglinear_bootstrap.KINDS),
        _validate.whole_number("replicates", replicates, low=99),
        _validate.seed(rng),
        progress,
    )
    counts = _models.counts_of(histories)
    parsed = _models.parse(model, histories.lists, histories.absent)
    tested = None if null is None else _validate.number("null", null, low=0)
    faces = facial(parsed, counts)
    masks = np.ones((1, len(parsed.terms)), dtype=bool)
    fits = fit_models(counts, parsed.terms, masks, faces=faces)
    verdict = worded(parsed, counts, int(fits.faces.code[0]), faces.on_face[0])
    if interval == "logit" and counts.is_banded:
        raise InputError(
            _validate.sentence(
                "interval",
                "another than 'logit' where counts are banded",
                "'logit'",
                remedy="Use interval='profile'.",
            )
        )
    if not verdict.estimable and interval not in ("profile", "logit"):
        interval = "profile" if counts.is_banded else "logit"
    least = float(counts.low.sum())
    draws, more = None, tuple[Note, ...]()
    if interval == "bootstrap":
        drawn = _loglinear_bootstrap.draw(counts, parsed, fits, plan)
        total, more = _loglinear_bootstrap.ends(
            drawn, counts, parsed, fits, level=level, alternative=alternative, null=tested
        )
        # the number seen is itself a mean where counts are banded
        excess = float(fits.expected[0].sum()) - least
        hidden = Ends(max(total.low - excess, 0.0), total.high - excess)
        draws = drawn.totals[None]
    else:
        asked = None if tested is None else tested - least
        total, hidden = _ends(fits, counts, parsed, interval, level, alternative, asked)
    observed = fits.expected[0].sum()
    n_observed = observed if counts.is_banded else int(observed)
    shared: dict[str, Any] = {
        "level": level,
        "interval_method": interval,
        "method": "log-linear",
        "alternative": alternative,
        "verdict": verdict,
        "references": REFERENCES[interval] + (("overstall2014",) if counts.is_banded else ()),
        "n": n_observed,
    }
    region, range_notes = _loglinear_notes.identified_range(counts, parsed)
    return PopulationEstimate(
        quantity="population size",
        estimate=float(fits.total[0]),
        low=least + total.low,
        high=least + total.high,
        standard_error=float(fits.total_error[0]),
        region_low=region[0],
        region_high=region[1],
        hidden=Estimate(
            quantity="hidden number",
            estimate=float(fits.hidden[0]),
            low=hidden.low,
            high=hidden.high,
            standard_error=float(fits.hidden_error[0]),
            **shared,
        ),
        n_observed=n_observed,
        null=tested,
        pvalue=total.pvalue,
        notes=(
            *_loglinear_notes.notes(verdict, fits, least, total, alternative),
            *_loglinear_notes.copies(counts, histories.lists),
            *more,
            *range_notes,
        ),
        draws=draws,
        model=parsed.formula,
        generators=parsed.generators,
        params=_effects(fits, parsed),
        **_fit_statistics(fits, counts),
        _recompute=functools.partial(
            loglinear,
            histories,
            parsed.generators,
            interval=interval,
            level=level,
            replicates=plan.replicates,
            kind=kind,
            rng=plan.seed,
        ),
        **shared,
    )


def _too_wide(counts: _models.Counts) -> InputError:
    return InputError(
        _validate.sentence(
            "histories",
            f"of bands at most {banded_profile.WIDEST_SUM:,} wide in all for profile limits",
            f"bands of {int((counts.high - counts.low).sum()):,}",
            remedy="Use interval='lognormal', which takes wider ones where there is an estimate.",
        )
    )


def _effects(fits: ModelFits, model: _models.Model) -> pd.Series[float]:
    effects = np.where(fits.faces.basis[0], fits.fits.coefficients[0], -np.inf)
    if not fits.estimable[0]:
        effects = np.full(len(effects), np.nan)
    labels = [":".join(model.names(int(t))) or "hidden" for t in model.terms]
    return pd.Series(effects, index=labels, name="effect")


def _fit_statistics(fits: ModelFits, counts: _models.Counts) -> dict[str, Any]:
    found = criteria(fits.fits.log_likelihood, fits.parameters, counts.n)
    return {
        "log_likelihood": float(fits.fits.log_likelihood[0]),
        "deviance": max(float(fits.fits.deviance[0]), 0.0),
        "df": int(fits.df[0]),
        **{name: float(values[0]) for name, values in found.items()},
    }


def _ends(
    fits: ModelFits,
    counts: _models.Counts,
    model: _models.Model,
    interval: str,
    level: float,
    alternative: str,
    asked: float | None,
) -> tuple[Ends, Ends]:
    """Limits of the total beyond the least number seen, and of the hidden number."""
    if np.isnan(fits.hidden[0]):
        nothing = _loglinear_ends.unknown(alternative, asked)
        return nothing, nothing
    if interval == "profile" and (counts.high - counts.low).sum() > banded_profile.WIDEST_SUM:
        raise _too_wide(counts)
    if interval == "logit":
        code = facial_set.CODES[int(fits.faces.code[0])]
        total = _loglinear_ends.logit(counts, model, code, level, alternative, asked)
        return total, total
    of_total = of_hidden = None
    if interval == "profile":
        of_total, of_hidden = _loglinear_ends.curves(counts, model)
    start = float(fits.hidden[0]) if fits.estimable[0] else max(counts.n, 1.0)
    if counts.is_banded and fits.faces.code[0] == facial_set.HIDDEN_ZERO:
        # with nobody hidden every total within the bands fits: their width goes on top
        width = float((counts.high - counts.low).sum())
        beyond = None if asked is None else max(asked - width, min(asked, 0.0))
        nobody = Quantity(0.0, np.nan, of_hidden, start)
        hidden = _loglinear_ends.ends(nobody, interval, level, alternative, beyond)
        return Ends(0.0, hidden.high + width, hidden.pvalue, hidden.peak), hidden
    value, error = float(fits.total[0] - counts.low.sum()), float(fits.total_error[0])
    total = _loglinear_ends.ends(
        Quantity(value, error, of_total, start), interval, level, alternative, asked
    )
    if not counts.is_banded:
        return total, total
    value, error = float(fits.hidden[0]), float(fits.hidden_error[0])
    hidden = _loglinear_ends.ends(
        Quantity(value, error, of_hidden, start), interval, level, alternative, None
    )
    return total, hidden
