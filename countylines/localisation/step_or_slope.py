"""Did a series change at once or steadily, or can that not be told?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _validate, resampling
from countylines._kernels import shapes
from countylines._typing import RNG, ArrayLike
from countylines.errors import InputError
from countylines.localisation import _series
from countylines.localisation.shape_test import ShapeTest
from countylines.results import Note

FloatArray = NDArray[np.float64]

VARIANCE = ("over-dispersed", "counts")
BETWEEN = 2
FEWEST = 8
SENTENCES = {
    "step": "A step fits and a slope alone does not.",
    "slope": "A slope fits and a step alone does not.",
    "step and slope": "Neither a step nor a slope is enough alone.",
    "no change shown": "One level fits: no change is shown.",
    "cannot tell": "The series changes, and a step explains it as well as a slope: these periods "
    "cannot tell them apart.",
}


def step_or_slope(
    count: ArrayLike,
    *,
    exposure: ArrayLike | None = None,
    total: ArrayLike | None = None,
    time: ArrayLike | None = None,
    variance: str = "over-dispersed",
    alpha: float = 0.05,
    replicates: int = 999,
    rng: RNG = None,
) -> ShapeTest:
    r"""Tell a step from a slope in a series of counts or shares, where that can be told.

    It answers: did the series change at once, as when recording or a definition changes, or
    steadily? It tells shapes apart, not causes: a true change can be sudden, and recording can
    improve by and by.

    Parameters
    ----------
    count : array_like
        One series of counts in the order of time, of 8 values or more. nan is a missing value and
        is left out; its place in time is kept.
    exposure : array_like or None, optional
        Exposure (people, days, effort) of each period. None: equal.
    total : array_like or None, optional
        All cases of each period, for shares.
    time : array_like or None, optional
        Times of the periods, increasing. None: 0, 1, 2, ...
    variance : {"over-dispersed", "counts"}, default "over-dispersed"
        Whether counts may vary more than Poisson or binomial ones.
    alpha : float, default 0.05
        A shape is ruled out where its p-value is at most this.
    replicates : int, default 999
        Simulated series of each test.
    rng : int, Generator, SeedSequence or None, optional
        Source of their randomness.

    Returns
    -------
    ShapeTest
        ``shape`` is the answer, ``"cannot tell"`` among others; ``table`` has the shapes.

    Raises
    ------
    InputError
        If there are fewer than 8 values, a count is no count, or nothing was counted.
    LabelMismatchError
        If `time`, `exposure` or `total` do not fit `count`.

    See Also
    --------
    change_point : a step, its p-value and its place.
    joinpoint : slopes that change.

    Notes
    -----
    Four shapes are fitted by maximum likelihood, rates on the log and shares on the logit scale: a
    level, a slope, a step after any period (two or more on each side), and a step beside a slope.
    Each of the first three is tested against the last, which contains them. The statistic is the
    fall of the deviance, over the deviance per degree of freedom of the largest shape where
    variance is ``"over-dispersed"``. Its distribution comes from series simulated from the simpler
    shape and fitted in the same way, with all places tried again: gamma-Poisson or beta-binomial
    counts with the dispersion of the largest shape's residuals, Poisson or binomial ones for
    ``"counts"``.

    The answer is the shape that is not ruled out where the other is. Both ruled out: ``"step and
    slope"``, which here means any richer shape. None: ``"cannot tell"``. AICc counts the place of a
    step as a parameter; it ranks shapes and does not decide.

    With 8 to 12 periods only steep changes of large counts are told apart: in simulations of 14
    counts that double from a mean of 25, a slope is ruled out where a step is true in 61 %, and a
    step where a slope is true in 26 %. Assumptions that fail in
    practice: one step, a straight slope, and periods that do not resemble their neighbours.

    References
    ----------
    .. [1] Cox, D. R. (1962). Further results on tests of separate families of hypotheses. *Journal
       of the Royal Statistical Society B* 24, 406-424.
       https://doi.org/10.1111/j.2517-6161.1962.tb00468.x

    Examples
    --------
    *Made-up* lines by half-year, before and after forces changed how they record:

    >>> lines = [41, 38, 44, 40, 43, 75, 81, 78, 74, 80]
    >>> found = cl.localisation.step_or_slope(lines, rng=1)
    >>> found.shape
    'step'
    >>> found.table["pvalue"].round(3).tolist()
    [0.001, 0.001, 0.515, nan]

    A steady rise is ruled out (p = 0.001) and a step after the fifth half-year is not. It is the
    shape that a change of recording has; whether it was one, the counts do not say.
    """
    variance = _validate.option("variance", variance, VARIANCE)
    alpha = _validate.number("alpha", alpha, low=0.0, high=1.0, open_low=True, open_high=True)
    replicates = _validate.whole_number("replicates", replicates, low=1)
    data, missing = _data(count, exposure, total, time, variance == "over-dispersed")
    generator = _validate.generator(rng)
    found = data.fit(data.values[None])
    places = {"step": int(found.place[0]), "step and slope": int(found.place_with_slope[0])}
    falls = data.falls(found)[:, 0]
    dispersion = data.dispersion(found)
    p = np.full(4, np.nan)
    for i, shape in enumerate(shapes.SHAPES[:3]):
        p[i] = _pvalue(data, i, shape, places["step"], falls[i], dispersion, replicates, generator)
    shape = _shape(p <= alpha)
    n = len(data.times)
    k = np.array(shapes.PARAMETERS)
    table = pd.DataFrame(
        {
            "deviance": found.deviance[:, 0],
            "aicc": found.deviance[:, 0] / dispersion + 2.0 * k * n / (n - k - 1.0),
            "time": [data.times[places[s] - 1] if s in places else np.nan for s in shapes.SHAPES],
            "pvalue": p,
        },
        index=pd.Index(shapes.SHAPES, name="shape"),
    )
    notes = [Note("shape-not-cause", "Shapes are told apart here, not causes.")]
    if missing:
        text = f"{missing} of {missing + n} values are missing, left out."
        notes.append(Note("missing-values", text))
    return ShapeTest(
        statistic=float(falls[0]),
        pvalue=float(p[0]),
        alternative="two-sided",
        null_hypothesis="One level holds in all periods.",
        method=f"step or slope, simulated, {variance}",
        table=table,
        n=n,
        notes=tuple(notes),
        references=("cox1962",),
        shape=shape,
        sentence=SENTENCES[shape],
    )


@dataclass(frozen=True)
class _Data:
    values: FloatArray
    weights: FloatArray
    times: FloatArray
    family: str
    scaled: bool

    def fit(self, rows: FloatArray) -> shapes.Fitted:
        return shapes.fitted(rows, self.weights, self.times, self.family, BETWEEN)

    def falls(self, found: shapes.Fitted) -> FloatArray:
        """By how much the largest shape fits better than a level, a slope, a step: (3, rows)."""
        both = found.deviance[3]
        fall = found.deviance[:3] - both
        if self.scaled:
            fall /= np.maximum(both / (len(self.times) - 4.0), 1e-9)
        return np.asarray(fall, dtype=np.float64)

    def dispersion(self, found: shapes.Fitted) -> float:
        if not self.scaled:
            return 1.0
        return max(1.0, float(found.deviance[3, 0]) / (len(self.times) - 4.0))


def _data(
    count: ArrayLike,
    exposure: ArrayLike | None,
    total: ArrayLike | None,
    time: ArrayLike | None,
    scaled: bool,
) -> tuple[_Data, int]:
    if exposure is not None and total is not None:
        raise InputError(_validate.sentence("exposure", "left out where `total` is given", "both"))
    name = "exposure" if total is None else "total"
    weight = 1.0 if exposure is None and total is None else exposure if total is None else total
    values, weights, times, missing = _series.counted(count, name, weight, time)
    if len(values) < FEWEST:
        rule = f"of at least {FEWEST} values"
        remedy = "Fewer cannot tell a step from a slope."
        raise InputError(_validate.sentence("count", rule, f"{len(values)}", remedy=remedy))
    if values.sum() == 0 or (total is not None and np.all(values == weights)):
        rule = "above 0 (and below `total`) somewhere"
        raise InputError(_validate.sentence("count", rule, "nothing that can change"))
    family = "poisson" if total is None else "binomial"
    return _Data(values, weights, times, family, scaled), missing


def _pvalue(
    data: _Data,
    which: int,
    shape: str,
    place: int,
    seen: float,
    dispersion: float,
    replicates: int,
    generator: np.random.Generator,
) -> float:
    mean = shapes.means(data.values, data.weights, data.times, data.family, shape, place)

    def draw(own: np.random.Generator, size: int) -> FloatArray:
        return shapes.drawn(own, size, mean, data.weights, data.family, dispersion)

    def statistic(rows: FloatArray) -> FloatArray:
        fall: FloatArray = data.falls(data.fit(rows))[which]
        return fall

    reached = resampling.replicate(draw, statistic, replicates=replicates, rng=generator)
    return float(resampling.permutation_pvalue(reached, seen, alternative="greater"))


def _shape(out: NDArray[np.bool_]) -> str:
    """The answer, by whether level, slope and step are ruled out."""
    if not out[0]:
        return "no change shown"
    return {
        (False, True): "slope",
        (True, False): "step",
        (True, True): "step and slope",
        (False, False): "cannot tell",
    }[bool(out[1]), bool(out[2])]
