"""The estimates of many models of one table, averaged by the weight of each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _render, _validate
from countylines._kernels import criteria
from countylines._kernels.log_normal_mixture import Mixture
from countylines._kernels.method import tail_area
from countylines._typing import Alternative
from countylines.capture_recapture import _model_disagreement
from countylines.errors import ApproximationWarning, DegenerateDataWarning, InputError, warn
from countylines.results import OK, Estimate, Note, PopulationEstimate, Verdict

FloatArray = NDArray[np.float64]

SIZEABLE = 0.05  # of the weight, without an estimate or left out: warned of
NAMES = {"bic": "BIC", "aic": "AIC", "aicc": "AICc"}
HALF = 0.5
HARDLY = 0.1  # of the weight
NEAR = 0.1  # of the average: how close an estimate is to it
REFERENCES = ("buckland1997", "burnham2002", "chao1987", "kabaila2020")
_WORDS = {
    "hidden-infinite": "an infinite number hidden",
    "hidden-zero": "nobody hidden",
    "not-identified": "any number hidden",
}


@dataclass(frozen=True, eq=False, repr=False)
class ModelAverage(PopulationEstimate):
    r"""The estimates of many models averaged by weight; what :meth:`ModelSearch.average` returns.

    It answers what the models of a search say together. It is not the answer of any one of them:
    where the models gather round several totals, `modes` says where, and the average lies between.

    Parameters
    ----------
    modes : DataFrame
        One row a mode, the heaviest first: ``mode``, its ``mass`` (share of the weight of all
        models), and the limits ``low`` to ``high`` within it.
    median : float
        Median of the mixture; nan where it depends on models that identify no hidden number.
    components : DataFrame
        One row a model with a positive weight: ``model, weight, estimate, hidden, spread`` (of the
        log of the hidden number), ``code``.
    lost : Series
        Share of the weight on models without an estimate, by verdict.

    See Also
    --------
    ModelSearch.disagreement : all criteria at once.
    countylines.PopulationEstimate : the fields common to all population sizes.

    Notes
    -----
    The estimate is the weighted mean of the models' estimates [1]_, and its standard error that of
    the mixture,

    .. math:: \bar N = \sum_i w_i \hat N_i, \qquad
              \mathrm{se}^2 = \sum_i w_i \{ \mathrm{se}_i^2 + (\hat N_i - \bar N)^2 \}, \qquad
              w_i \propto \exp(-\Delta_i / 2),

    over the models that have an estimate. Each of these says that the log of the hidden number is
    normal about :math:`\log \hat h_i` with variance :math:`\log(1 + \mathrm{se}_i^2 / \hat h_i^2)`,
    as the log-normal limits of :func:`loglinear` do; effects at minus infinity are taken as known.
    With banded counts the limits of the total are those of what it exceeds the smallest number that
    can have been seen by.
    The limits are quantiles of the mixture of these distributions with the same weights. There is
    no normal interval round the average: where there are several modes it would be centred where
    hardly any model lies.

    Models without an estimate keep their weight in the limits: an infinite hidden number stays
    infinite, a hidden number of zero stays zero, and one that is not identified counts towards
    whichever end is in question, so that the limits hold whatever it is. If such models hold half
    the weight there is no estimate.

    What fails in practice: the weights measure the fit to the cells that were seen, not who is
    hidden; every model starts with the same weight, so that a family with many alike counts them
    all; and the limits of an average need not hold their level [2]_. In 500 simulated tables each,
    95 % limits by BIC held the truth in 94 to 97 % where a plain model of four lists was true, in
    86 and 93 % where one of the two rivals of the example was (limits of the best model alone: 72
    and 86 %), and in 20 % of large tables where a quarter of the units was on every list more
    often, which no model of the family describes.

    References
    ----------
    .. [1] Buckland, S. T., Burnham, K. P. and Augustin, N. H. (1997). Model selection: an integral
       part of inference. *Biometrics* 53, 603-618. https://doi.org/10.2307/2533961
    .. [2] Kabaila, P., Welsh, A. H. and Wijethunga, C. (2020). Finite sample properties of
       confidence intervals centered on a model averaged estimator. *Journal of Statistical
       Planning and Inference* 207, 10-26. https://doi.org/10.1016/j.jspi.2019.10.004

    Examples
    --------
    >>> people = cl.datasets.load_mse("uk_2013_5")
    >>> lists = [name for name in people.columns if name != "n"]
    >>> table = cl.CaptureHistories.from_table(people, lists=lists)
    >>> average = cl.capture_recapture.model_search(table, max_order=2).average()
    >>> round(average.estimate)
    18020
    >>> average.modes[["mode", "mass"]].round({"mode": -2, "mass": 2}).values.tolist()
    [[23500.0, 0.52], [12000.0, 0.48]]

    Models of pairs gather round 23,500 and 12,000 with about the same weight; 18,020 is what none
    of them says.
    """

    modes: Any = None
    median: float = math.nan
    components: Any = None
    lost: Any = None


class _Lost(NamedTuple):
    """Shares of the weight on models without an estimate."""

    infinite: float
    zero: float
    anywhere: float

    @property
    def all(self) -> float:
        return self.infinite + self.zero + self.anywhere


def averaged(
    table: pd.DataFrame,
    *,
    n: float,
    least: float,
    criterion: str,
    level: float,
    alternative: Alternative,
    left_out: float,
    banded: bool,
) -> ModelAverage:
    """Average the models of a search.

    `n` is the number observed that the criteria take, `least` the smallest that it can have been.
    """
    level = _validate.level(level)
    side = _validate.alternative(alternative)
    estimable = table["estimable"].to_numpy()
    score = _model_disagreement.scores(table, criterion, "parameters", n)
    weight = criteria.weights(score, np.ones(len(score), dtype=bool))
    if not weight[estimable].sum() > 0:
        raise InputError(
            "`histories` must give an estimate under some model, got none. See .table['code']."
        )
    lost = _Lost(
        *(
            float(weight[table["code"] == code].sum())
            for code in ("hidden-infinite", "hidden-zero", "not-identified")
        )
    )
    own = np.where(estimable, weight, 0.0)
    own /= own.sum()
    mixture = _model_disagreement.mixture(table, own, least)
    unseen = _model_disagreement.hidden_mixture(table, own)
    used = own > 0
    totals, errors = table["estimate"].to_numpy()[used], table["standard_error"].to_numpy()[used]
    mean = float(own[used] @ totals)
    hidden = float(own[used] @ table["hidden"].to_numpy()[used])
    n_observed = mean - hidden if banded else int(n)
    spread = math.sqrt(float(own[used] @ (errors**2 + (totals - mean) ** 2)))
    verdict = _verdict(lost)
    if not verdict.estimable:
        given = {"hidden-infinite": (math.inf, math.inf), "hidden-zero": (n_observed, 0.0)}
        mean, hidden = given.get(verdict.code, (math.nan, math.nan))
        spread = math.nan
    tail = tail_area(level, side)
    total, part = (_ends(each, lost, tail, side) for each in (mixture, unseen))
    modes = _modes(mixture, least, 1.0 - lost.all, level)
    components = _components(table, weight)
    found = _Found(mean, criterion)
    notes = _notes(found, modes, components, lost, left_out)
    shared: dict[str, Any] = {
        "standard_error": spread,
        "level": level,
        "alternative": side,
        "method": f"average of {len(table):,} models by {NAMES[criterion]}",
        "interval_method": "quantiles of the mixture",
        "n": n_observed,
        "verdict": verdict,
        "references": REFERENCES + (("overstall2014",) if banded else ()),
    }
    return ModelAverage(
        quantity="population size",
        estimate=mean,
        low=least + total[0],
        high=least + total[1],
        hidden=Estimate(
            quantity="hidden number", estimate=hidden, low=part[0], high=part[1], **shared
        ),
        n_observed=n_observed,
        model=f"{len(table):,} log-linear models",
        notes=notes,
        modes=modes,
        median=_median(mixture, lost) + least,
        components=components,
        lost=pd.Series(
            [lost.infinite, lost.zero, lost.anywhere],
            index=pd.Index(list(_WORDS), name="code"),
            name="weight",
        ),
        **shared,
    )


class _Found(NamedTuple):
    estimate: float
    criterion: str


def _verdict(lost: _Lost) -> Verdict:
    if lost.all < HALF:
        return OK
    code = tuple(_WORDS)[int(np.argmax(lost))]
    reason = (
        f"Models without an estimate hold {_model_disagreement.share(lost.all)} of the weight, "
        f"most of it on models that say {_WORDS[code]}."
    )
    return Verdict(False, code, (reason,))


def _ends(mixture: Mixture, lost: _Lost, tail: float, side: str) -> tuple[float, float]:
    low = 0.0 if side == "less" else _low(mixture, lost, tail)
    return low, math.inf if side == "greater" else _high(mixture, lost, tail)


def _low(mixture: Mixture, lost: _Lost, tail: float) -> float:
    """Low limit of the hidden number, whatever it is under models that do not identify it."""
    left = tail - lost.zero - lost.anywhere
    if left <= 0:
        return 0.0
    share = 1.0 - lost.all
    return math.exp(mixture.quantile(left / share)) if left < share else math.inf


def _high(mixture: Mixture, lost: _Lost, tail: float) -> float:
    left = tail - lost.infinite - lost.anywhere
    if left <= 0:
        return math.inf
    share = 1.0 - lost.all
    return math.exp(mixture.quantile(left / share, upper=True)) if left < share else 0.0


def _median(mixture: Mixture, lost: _Lost) -> float:
    """Median where it does not depend on models that do not identify the hidden number."""
    low, high = _low(mixture, lost, 0.5), _high(mixture, lost, 0.5)
    return low if math.isclose(low, high, rel_tol=1e-8) else math.nan


def _modes(mixture: Mixture, seen: float, share: float, level: float) -> pd.DataFrame:
    """Each mode with its share of the weight and the limits within it, the heaviest first."""
    hills = mixture.modes()
    ends = np.concatenate([[-np.inf], hills.first[1:], [np.inf]])
    reached = mixture.below(ends)
    tail = tail_area(level, "two-sided")
    rows = []
    for place, start, stop in zip(hills.mode, reached[:-1], reached[1:], strict=True):
        held = stop - start
        low = mixture.quantile(start + tail * held)
        high = mixture.quantile(1.0 - stop + tail * held, upper=True)
        rows.append((seen + math.exp(place), share * held, seen + math.exp(low), high))
    frame = pd.DataFrame(rows, columns=["mode", "mass", "low", "high"])
    frame["high"] = seen + np.exp(frame["high"])
    return frame.sort_values("mass", ascending=False, kind="stable", ignore_index=True)


def _components(table: pd.DataFrame, weight: FloatArray) -> pd.DataFrame:
    held = table.loc[weight > 0, ["model", "estimate", "hidden", "code"]]
    ratio = table.loc[weight > 0, "hidden_error"] / held["hidden"]
    held.insert(1, "weight", weight[weight > 0])
    held.insert(4, "spread", np.sqrt(np.log1p(ratio**2)))
    boundary = table["parameters"] > table["on_face"]
    held["boundary"] = boundary[weight > 0]
    return held.sort_values("weight", ascending=False, kind="stable", ignore_index=True)


def _notes(
    found: _Found, modes: pd.DataFrame, components: pd.DataFrame, lost: _Lost, left_out: float
) -> tuple[Note, ...]:
    share = _model_disagreement.share
    notes = []
    if len(modes) > 1:
        places = _model_disagreement.modes_in_words(tuple(modes["mode"]), tuple(modes["mass"]))
        text = f"The models gather round {len(modes)} totals: {places} of the weight."
        if math.isfinite(found.estimate):
            away = (components["estimate"] - found.estimate).abs()
            near = components["weight"][away <= NEAR * found.estimate].sum()
            place = ", where hardly any model lies: those" if near < HARDLY else ": models"
            text += (
                f" Their average is {_render.number(found.estimate)}{place} within "
                f"{100 * NEAR:.0f} % of it hold {share(near)} of the weight."
            )
        text += " Read the modes: one interval across them covers what hardly any model supports."
        notes.append(Note("several-modes", text))
    if lost.all > 0:
        parts = [f"{share(w)} on {_WORDS[c]}" for c, w in zip(_WORDS, lost, strict=True) if w > 0]
        text = (
            f"Models without an estimate hold {share(lost.all)} of the weight: {', '.join(parts)}. "
            "The limits allow for them; the estimate and the standard error leave them out."
        )
        notes.append(Note("weight-without-estimate", text))
        if lost.all > SIZEABLE:
            warn(text, DegenerateDataWarning)
    boundary = float(components["weight"][components["boundary"]].sum())
    if boundary >= HALF:
        text = (
            f"Models with effects at minus infinity hold {share(boundary)} of the weight by "
            f"{NAMES[found.criterion]}. An empty overlap that a model fits by such an effect "
            "raises its likelihood at the price of one parameter, though nothing was estimated; "
            "their sampling error takes these effects as known."
        )
        notes.append(Note("weight-on-boundary", text))
        if found.criterion != "bic":
            warn(text, ApproximationWarning)
    if left_out > 0:
        text = f"Models that were not kept hold at most {share(left_out)} of the weight."
        notes.append(Note("left-out", text))
        if left_out > SIZEABLE:
            warn(f"{text} Search again with a larger `within`.", ApproximationWarning)
    elif math.isnan(left_out):
        text = "Only the models met on a walk are averaged; others may hold more weight than they."
        notes.append(Note("walk", text))
    return tuple(notes)
