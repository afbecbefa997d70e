"""A trend test of shares that holds for several sets of scores at once: the largest statistic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from countylines import _labels, _validate, resampling
from countylines._kernels import max_score
from countylines._kernels.logistic_trend import Tables
from countylines._typing import RNG, Alternative, ArrayLike
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning, warn
from countylines.localisation import _score_trend
from countylines.results import Estimate, Note, TestResult

FloatArray = NDArray[np.float64]

METHODS = ("auto", "exact", "asymptotic", "monte-carlo")
MOST_TABLES = 2_000_000
QUICK_TABLES = 200_000
DRAWS = 20_000
SPARSE = 10
REFERENCES = ("freidlin2002", "naiman2001")


def max_score_trend(
    count: ArrayLike,
    total: ArrayLike,
    *,
    score_sets: Mapping[str, ArrayLike],
    method: str = "auto",
    alternative: Alternative = "two-sided",
    level: float = 0.95,
    replicates: int = 9999,
    rng: RNG = None,
) -> TestResult:
    r"""Test whether a share rises or falls, whichever of several sets of scores is right.

    It answers: is there a trend, when it is not known whether it is straight, early or late? Trying
    several scores with :func:`cochran_armitage` and keeping the smallest p-value rejects too often;
    this p-value allows for the choice.

    Parameters
    ----------
    count, total : array_like
        Events and all cases of each group, in order: one data set.
    score_sets : mapping of str to array_like
        Sets of scores by name, one number a group; all must rise (or fall) in the same direction
        for a one-sided test to mean anything.
    method : {"auto", "exact", "asymptotic", "monte-carlo"}, default "auto"
        Distribution given all margins: every table, correlated normal statistics, or random tables.
        ``"auto"`` is exact for up to 200,000 tables and asymptotic beyond.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        ``"greater"`` asks whether the share rises with the scores.
    level : float, default 0.95
        Level of the limits of all odds ratios together.
    replicates : int, default 9999
        Random tables for ``"monte-carlo"``.
    rng : int, Generator, SeedSequence or None, optional
        Source of randomness, which the asymptotic p-value has too (below 1 % of itself).

    Returns
    -------
    TestResult
        ``statistic`` is the largest of the standardised statistics. ``table`` has, for each set,
        ``z``, its adjusted ``pvalue``, and the odds ratio per unit of score with limits that hold
        for all sets at once. ``effect`` is that of the set with the largest statistic.

    Raises
    ------
    InputError
        If counts are no counts out of totals, sets do not fit or do not vary, or an exact
        distribution is asked for too many tables.

    Warns
    -----
    DegenerateDataWarning
        If all cases are events, none is, or one group has all: the p-value is 1.
    SparseDataWarning
        If there are fewer than 10 events or non-events: the limits are normal ones.

    See Also
    --------
    cochran_armitage : one set of scores, chosen beforehand.

    Notes
    -----
    With :math:`T_j = \sum_i s_{ij} x_i` for set :math:`j`, standardised given the margins to
    :math:`z_j`, the statistic is :math:`\max_j |z_j|`, and the adjusted p-value of set :math:`j` is
    the chance that the largest reaches :math:`|z_j|`. Asymptotically the :math:`z_j` are normal
    with the correlations of the scores, weighted by group size; the chance that one of them is
    beyond a bound is a sum over sets, each draw counting one over the number of sets that are
    beyond [2]_, so that a small chance is as precise as a large one.

    Sets of scores that differ by shift and scale are one set. The more sets differ, the more the
    test pays for them; three (straight, early, late) cover most shapes.

    Assumptions that fail in practice: independent cases, one meaning of an event, no change in what
    is detected.

    References
    ----------
    .. [1] Freidlin, B., Zheng, G., Li, Z., & Gastwirth, J. L. (2002). Trend tests for case-control
       studies of genetic markers: power, sample size and robustness. *Human Heredity* 53, 146-152.
       https://doi.org/10.1159/000064976
    .. [2] Naiman, D. Q., & Priebe, C. E. (2001). Computing scan statistic p values using importance
       sampling. *Journal of Computational and Graphical Statistics* 10, 296-328.
       https://doi.org/10.1198/10618600152628329

    Examples
    --------
    Drinks a day of mothers, and malformations of their children (the table of Graubard and Korn,
    whose p-value depends on the scores):

    >>> malformed = [48, 38, 5, 1, 1]
    >>> births = [17114, 14502, 793, 127, 38]
    >>> sets = {"drinks": [0, 0.5, 1.5, 4, 7], "order": [1, 2, 3, 4, 5]}
    >>> found = cl.localisation.max_score_trend(malformed, births, score_sets=sets, rng=1)
    >>> print(f"p = {found.pvalue:.3f}")
    p = 0.016

    Whichever of the two sets is right, a trend as clear as this comes by chance about once in 60.
    """
    method = _validate.option("method", method, METHODS)
    _validate.alternative(alternative)
    level = _validate.level(level)
    replicates = _validate.whole_number("replicates", replicates, low=1)
    data = _data(count, total, score_sets)
    generator = _validate.generator(rng)
    null = "The share does not change with any of the scores."
    if data.fixed:
        text = "All cases are events, none is, or one group has all: no trend can show."
        warn(text, DegenerateDataWarning)
        return TestResult(
            statistic=np.nan,
            pvalue=1.0,
            alternative=alternative,
            null_hypothesis=null,
            method="max-score",
            n=int(data.total.sum()),
            notes=(Note("no-trend-possible", text),),
            references=REFERENCES,
        )
    mean, spread = max_score.moments(data.total, data.count.sum(), data.scores)
    error = np.sqrt(np.diagonal(spread))
    correlation = spread / np.outer(error, error)
    z = (data.scores @ data.count - mean) / error
    used = _used(data, method)
    side = max_score.SIDES.get(alternative, 0.0)
    bounds = np.abs(z) if alternative == "two-sided" else side * z
    if used == "asymptotic":
        p = [max_score.tail(float(b), correlation, alternative, generator, DRAWS) for b in bounds]
    else:
        p = _by_tables(data, used, bounds, alternative, replicates, generator, mean, error)
    best = int(np.argmax(bounds))
    critical = max_score.critical(correlation, level, alternative, generator, DRAWS)
    own = 1.0 - (2.0 if alternative == "two-sided" else 1.0) * float(ndtr(-critical))
    notes: tuple[Note, ...] = ()
    few = float(min(data.count.sum(), (data.total - data.count).sum()))
    if few < SPARSE:
        text = f"With {few:.0f} events or non-events the normal limits are a poor guide."
        notes = (Note("sparse", text),)
        warn(text, SparseDataWarning)
    table = _table(data, z, np.array(p), alternative, own)
    return TestResult(
        statistic=float(bounds[best]),
        pvalue=float(p[best]),
        alternative=alternative,
        null_hypothesis=null,
        method=f"max-score, {used}",
        effect=Estimate(
            quantity=f"odds ratio per unit of score ({data.names[best]})",
            estimate=float(table["odds_ratio"].iloc[best]),
            low=float(table["low"].iloc[best]),
            high=float(table["high"].iloc[best]),
            method="maximum-likelihood",
            level=level,
            interval_method="simultaneous over sets of scores",
            alternative=alternative,
            n=int(data.total.sum()),
            notes=notes,
            references=REFERENCES,
        ),
        table=table,
        n=int(data.total.sum()),
        notes=notes,
        references=REFERENCES,
    )


@dataclass(frozen=True)
class _Data:
    count: FloatArray
    total: FloatArray
    scores: FloatArray
    names: tuple[str, ...]

    @property
    def fixed(self) -> bool:
        """Whether the margins leave nothing to vary."""
        events = self.count.sum()
        return bool(events in (0.0, self.total.sum()) or (self.total > 0).sum() < 2)


def _data(count: Any, total: Any, score_sets: Any) -> _Data:
    rule = "a mapping of names to one number a group"
    sets = _validate.mapping("score_sets", score_sets, rule)
    inputs = _labels.align(count=count, total=total)
    if inputs.is_lazy or len(np.shape(inputs.template)) != 1:
        got = f"shape {np.shape(inputs.template)}"
        raise InputError(_validate.sentence("count", "one data set in memory", got))
    values, sizes = inputs.flat
    _score_trend.check(values, sizes, inputs.where)
    if not sets:
        raise InputError(_validate.sentence("score_sets", rule, "none"))
    scores = np.array([_score_trend.scores(s, inputs, 0) for s in sets.values()])
    seen = scores[:, sizes > 0]
    flat = np.ptp(seen, axis=1) == 0 if seen.shape[1] > 1 else np.zeros(len(sets), dtype=bool)
    if flat.any():
        name = list(sets)[int(flat.argmax())]
        rule = "of at least two different values among groups with cases"
        raise InputError(_validate.sentence("score_sets", rule, f"equal ones in {name!r}"))
    return _Data(values, sizes, scores, tuple(str(name) for name in sets))


def _used(data: _Data, method: str) -> str:
    if method in ("asymptotic", "monte-carlo"):
        return method
    sizes = data.total.astype(np.int64)
    events = int(data.count.sum())
    few = events <= MOST_TABLES and data.total.sum() < 1e9
    tables = max_score.number_of_tables(sizes, events) if few else np.inf
    if method == "exact" and tables > MOST_TABLES:
        rule = f"'asymptotic' or 'monte-carlo' for more than {MOST_TABLES:,} tables"
        raise InputError(_validate.sentence("method", rule, f"'exact' with {tables:.3g}"))
    return "exact" if method == "exact" or tables <= QUICK_TABLES else "asymptotic"


def _by_tables(
    data: _Data,
    used: str,
    bounds: FloatArray,
    alternative: str,
    replicates: int,
    generator: np.random.Generator,
    mean: FloatArray,
    error: FloatArray,
) -> list[float]:
    sizes, events = data.total.astype(np.int64), int(data.count.sum())

    def statistic(rows: Any) -> FloatArray:
        return max_score.extreme((rows @ data.scores.T - mean) / error, alternative)

    if used == "exact":
        rows, chance = max_score.tables(sizes, events)
        reached = statistic(rows)
        return [min(1.0, float(chance[reached >= b - 1e-9 * (1 + abs(b))].sum())) for b in bounds]

    def draw(own: np.random.Generator, size: int) -> Any:
        return own.multivariate_hypergeometric(sizes, events, size=size, method="marginals")

    drawn = resampling.replicate(draw, statistic, replicates=replicates, rng=generator)
    return [
        float(resampling.permutation_pvalue(drawn, float(b), alternative="greater")) for b in bounds
    ]


def _table(
    data: _Data, z: FloatArray, p: FloatArray, alternative: Alternative, own: float
) -> pd.DataFrame:
    chosen = _score_trend.options(
        "asymptotic", "hypergeometric", False, "doubled", own, alternative, 1, None
    )
    rows = []
    for scores, value, chance in zip(data.scores, z, p, strict=True):
        found = _score_trend.test(
            Tables(data.count[None, None], data.total[None, None], scores), chosen
        )
        odds = [float(np.exp(v[0])) for v in (found.slope, found.low, found.high)]
        rows.append((value, chance, *odds))
    columns = ["z", "pvalue", "odds_ratio", "low", "high"]
    return pd.DataFrame(rows, columns=columns, index=pd.Index(data.names, name="scores"))
