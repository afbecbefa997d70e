"""Is the ratio of two groups the same in every stratum?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import chdtrc

from countylines import _validate
from countylines._kernels import common_ratio_exact, heterogeneity, log_ratios, mantel_haenszel
from countylines._kernels import homogeneity as kernel
from countylines._typing import RNG, ArrayLike
from countylines.disproportionality import _strata
from countylines.disproportionality._two_groups import NOT_A_CAUSE
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning, warn
from countylines.results import OK, Estimate, Note, TestResult, Verdict, verdict_array

FloatArray = NDArray[np.float64]

ALIASES = {"woolf": "cochran", "zelen": "exact"}
DEFAULT = {"odds-ratio": "breslow-day-tarone", "rate-ratio": "score", "risk-ratio": "score"}
REFERENCES = {
    "score": ("laud2017",),
    "likelihood-ratio": ("breslow1987",),
    "breslow-day": ("breslow1980",),
    "breslow-day-tarone": ("breslow1980", "tarone1985"),
    "cochran": ("cochran1954", "woolf1955"),
    "mantel-haenszel": ("cochran1954",),
    "exact": ("zelen1971",),
}
SMALL = 5.0
NOT_SEEN = Verdict(
    False, "not-identified", ("Fewer than two strata say something: a spread cannot be seen.",)
)


def homogeneity(
    count: ArrayLike,
    size: ArrayLike,
    ref_count: ArrayLike,
    ref_size: ArrayLike,
    *,
    measure: str = "rate-ratio",
    method: str | None = None,
    dim: Any = None,
    zero_correction: float = 0.5,
    level: float = 0.95,
    replicates: int = 9999,
    rng: RNG = None,
) -> TestResult:
    r"""Test whether the ratio of two groups is the same in every stratum.

    It answers: could one ratio, and chance, give what was seen in all strata? A large p-value is
    not evidence that strata are alike: few events show no difference, whatever there is; the upper
    end of ``effect`` says how far apart they may be.

    Parameters
    ----------
    count, size, ref_count, ref_size : array_like, shape (..., strata)
        Events of the group, its exposure or total, and the same of the group compared with; see
        :func:`pool`.
    measure : str, default "rate-ratio"
        ``"rate-ratio"``, ``"risk-ratio"``, ``"odds-ratio"``, ``"rate-difference"`` or
        ``"risk-difference"``.
    method : str or None, optional
        ``"score"`` (default for rate and risk ratios), ``"breslow-day-tarone"`` (default for odds
        ratios) and ``"breslow-day"`` (rate and odds ratios), ``"likelihood-ratio"``, ``"cochran"``
        (or ``"woolf"``; about the inverse-variance mean), ``"mantel-haenszel"`` (the same about the
        Mantel-Haenszel value; default for differences), ``"exact"`` (or ``"zelen"``; rate and odds
        ratios).
    dim : str or int or None, optional
        Dimension that holds the strata; see :func:`pool`.
    zero_correction : float, default 0.5
        For ``"cochran"`` and ``"mantel-haenszel"``, and for `effect`: added to the cells of strata
        in which one of them is 0.
    level : float, default 0.95
        Level of the interval of `effect`.
    replicates : int, default 9999
        Random tables for ``"exact"``, where there are too many to list.
    rng : int, Generator, SeedSequence or None, optional
        Source of randomness of those tables.

    Returns
    -------
    TestResult
        ``effect`` is the standard deviation of log ratios (or of differences) between strata,
        with its Q-profile interval. For one table of strata ``table`` has a row a stratum: its own
        value, its standard error, and what it adds to the statistic.

    Raises
    ------
    InputError
        If a count is not one or has no population, or the measure does not have the method.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If fewer than two strata say something, or no common value exists.
    SparseDataWarning
        If chi-squared stands in for the law of a statistic where strata have few events.

    See Also
    --------
    pool : the common value, or the mean of those that differ.

    Notes
    -----
    With the expected counts :math:`E_j` and variances :math:`V_j` of :math:`x_j` under a common
    ratio, given the events of both groups,

    .. math:: Q = \sum_j \frac{(x_j - E_j)^2}{V_j},

    about chi-squared with one degree of freedom less than strata. ``"score"`` takes the ratio of
    greatest likelihood (for shares and odds the variances have N - 1 for N), ``"breslow-day"``
    that of Mantel and Haenszel, from which Tarone's correction takes
    :math:`(\sum (x_j - E_j))^2 / \sum V_j`. ``"cochran"`` is
    :math:`\sum (\hat\theta_j - \bar\theta)^2 / v_j` of log ratios or of differences; that of
    differences rejects too often where events are few, because small counts look certain.
    ``"exact"`` adds the probabilities of all tables, given all margins and :math:`\sum x_j`, that
    are at most as likely as the one seen; up to about a million tables are listed, otherwise drawn.

    Strata that say nothing are left out, and named in a note.

    References
    ----------
    .. [1] Woolf, B. (1955). On estimating the relation between blood group and disease. *Annals of
       Human Genetics* 19, 251-253. https://doi.org/10.1111/j.1469-1809.1955.tb01348.x
    .. [2] Tarone, R. E. (1985). On heterogeneity tests based on efficient scores. *Biometrika* 72,
       91-95. https://doi.org/10.1093/biomet/72.1.91
    .. [3] Zelen, M. (1971). The analysis of several 2 x 2 contingency tables. *Biometrika* 58,
       129-137. https://doi.org/10.1093/biomet/58.1.129
    .. [4] Cochran, W. G. (1954). The combination of estimates from different experiments.
       *Biometrics* 10, 101-129. https://doi.org/10.2307/3001666

    Examples
    --------
    Stops and searches of Black and of White people in 2020, by police force:

    >>> stops = cl.datasets.load_stop_search_pfa_2019_2021().query("year == 2020")
    >>> table = stops.pivot(index="force", columns="ethnic_group")
    >>> groups = [table[c][g] for g in ("Black", "White") for c in ("stopped", "population")]
    >>> test = cl.disproportionality.homogeneity(*groups)
    >>> print(f"Q = {test.statistic:.0f} in {test.n} forces, p = {test.pvalue:.0g}")
    Q = 2336 in 43 forces, p = 0
    >>> spread = test.effect
    >>> print(f"{spread.estimate:.2f} ({spread.low:.2f} to {spread.high:.2f})")
    0.48 (0.38 to 0.62)

    No single ratio fits all forces: theirs differ by a standard deviation of about a half on the
    log scale, so that a factor of 1.6 above or below the middle is nothing out of the ordinary.
    """
    measure = _validate.option("measure", measure, _strata.MEASURES)
    if method is None:
        method = DEFAULT.get(measure, "mantel-haenszel")
    method = _validate.option("method", ALIASES.get(method, method), kernel.SUITS)
    if measure not in kernel.SUITS[method]:
        raise InputError(
            _validate.sentence(
                "method",
                f"one that {measure!r} has",
                _validate.show(method),
                remedy=f"{method!r} is for {', '.join(kernel.SUITS[method])}.",
            )
        )
    zero_correction = _validate.number("zero_correction", zero_correction, low=0.0, open_low=True)
    level = _validate.level(level)
    replicates = _validate.whole_number("replicates", replicates, low=99)
    generator = _validate.generator(rng)
    strata = _strata.read(measure, dim, count, size, ref_count, ref_size).with_events
    if method == "exact":
        statistic, pvalue, drawn = _exact(strata, replicates, generator)
        parts = None
        law = "simulated given the margins" if drawn else "exact"
    else:
        statistic, pvalue, parts = tested(strata, method, zero_correction)
        law = "chi-squared"
    notes = _notes(strata, method, pvalue)
    give = strata.one_each
    words = _strata.WORDS[measure]
    return TestResult(
        statistic=give(statistic),
        pvalue=give(pvalue),
        alternative="greater",
        null_hypothesis=f"All strata have the same {words}.",
        method=f"{method}, {law}",
        effect=_spread(strata, zero_correction, level),
        table=_table(strata, parts, zero_correction) if len(statistic) == 1 else None,
        n=give(strata.says.sum(axis=1).astype(np.int64)),
        notes=notes,
        references=REFERENCES[method],
    )


def tested(
    strata: _strata.Strata, method: str, zero_correction: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Statistic, p-value and parts; p is 1 where fewer than two strata say something."""
    parts = kernel.squares(strata.measure, strata.data, strata.says, method, zero_correction)
    statistic = parts.sum(axis=1)
    df = strata.says.sum(axis=1) - 1.0
    none = (df < 1.0) | np.isnan(statistic)
    statistic = np.where(none, np.nan, np.maximum(statistic, 0.0))
    pvalue = np.where(none, 1.0, chdtrc(np.maximum(df, 1.0), np.where(none, 0.0, statistic)))
    return statistic, pvalue, parts[:, :-1]


def _exact(
    strata: _strata.Strata, replicates: int, generator: np.random.Generator
) -> tuple[FloatArray, FloatArray, bool]:
    tables = len(strata.says)
    pvalue, drawn = np.ones(tables), False
    with np.errstate(divide="ignore", invalid="ignore"):
        start = np.log(mantel_haenszel.METHODS[strata.measure](*strata.data)[0])
    for table, child in enumerate(generator.spawn(tables)):
        says = strata.says[table]
        if says.sum() < 2 or not np.isfinite(start[table]):
            continue
        x, n, y, m = (column[table][says] for column in strata.data)
        row = (x, n, y, m)
        if common_ratio_exact.cost(strata.measure, row) > common_ratio_exact.MOST:
            raise InputError(
                _validate.sentence(
                    "count",
                    "small enough for method='exact'",
                    f"{int(x.sum() + y.sum()):,} events in {len(x)} strata",
                    remedy="Use method='score', which large counts hold to its level.",
                )
            )
        pvalue[table], by_chance = kernel.exact_pvalue(
            strata.measure, row, float(start[table]), replicates, child
        )
        drawn |= by_chance
    return np.full(tables, np.nan), pvalue, drawn


def _notes(strata: _strata.Strata, method: str, pvalue: FloatArray) -> tuple[Note, ...]:
    notes = [NOT_A_CAUSE, *strata.notes("They take no part.")]
    if (strata.says.sum(axis=1) < 2).any():
        text = "Fewer than two strata say something: they cannot differ, and the p-value is 1."
        notes.append(Note("too-few-strata", text))
        warn(text, DegenerateDataWarning)
    elif (pvalue == 1.0).any() and method != "exact":
        x, _, y, _ = strata.crude
        if ((x == 0.0) | (y == 0.0)).any():
            text = "One group has no events: no ratio can differ from another, and p is 1."
            notes.append(Note("zero-count", text))
            warn(text, DegenerateDataWarning)
    x, n, y, m = strata.data
    if method != "exact":
        with np.errstate(invalid="ignore", divide="ignore"):
            least = (x + y) * np.minimum(n, m) / (n + m)
        if (least[strata.says] < SMALL).any():
            text = (
                f"Some strata expect fewer than {SMALL:g} events in a group, where chi-squared is "
                "not the law of the statistic. Use method='exact' where the measure has it."
            )
            notes.append(Note("sparse", text))
            warn(text, SparseDataWarning)
    return tuple(notes)


def _spread(strata: _strata.Strata, add: float, level: float) -> Estimate:
    """Standard deviation between strata, with its Q-profile limits."""
    y, v = log_ratios.effects(strata.measure, strata.data, add)
    part = strata.says & (v > 0.0)
    tables = len(part)
    out = np.array([[np.nan], [0.0], [np.inf]]).repeat(tables, axis=1)
    patterns, which = np.unique(part, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        if pattern.sum() < 2:
            continue
        rows = np.flatnonzero(which.ravel() == number)
        some = np.ix_(rows, pattern)
        t = heterogeneity.paule_mandel(y[some], v[some])
        out[:, rows] = np.sqrt([t, *heterogeneity.q_profile(y[some], v[some], level)])
    words = _strata.WORDS[strata.measure]
    logs = f"log {words}" if strata.measure in _strata.RATIOS else words
    give = strata.one_each
    return Estimate(
        quantity=f"standard deviation of {logs}s between strata",
        estimate=give(out[0]),
        low=give(out[1]),
        high=give(out[2]),
        method="paule-mandel",
        level=level,
        interval_method="Q-profile",
        verdict=give(verdict_array(np.isnan(out[0]).astype(np.intp), (OK, NOT_SEEN))),
        references=("paule1982", "viechtbauer2007"),
    )


def _table(strata: _strata.Strata, parts: FloatArray | None, add: float) -> pd.DataFrame:
    """One row a stratum: its own value and what it adds to the statistic."""
    x, y = strata.data[0][0], strata.data[2][0]
    y_own, v = (values[0] for values in log_ratios.effects(strata.measure, strata.data, add))
    says = strata.says[0]
    frame = pd.DataFrame(
        {
            "count": x.astype(np.int64),
            "ref_count": y.astype(np.int64),
            _strata.WORDS[strata.measure]: np.where(
                says, np.exp(y_own) if strata.measure in _strata.RATIOS else y_own, np.nan
            ),
            "standard_error": np.where(says, np.sqrt(v), np.nan),
        },
        index=strata.names,
    )
    if parts is not None:
        frame["part"] = np.where(says, parts[0], np.nan)
    return frame
