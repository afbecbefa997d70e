"""Does a share rise or fall with a score within strata? Mantel's extension test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr

from countylines import _kinds, _labels, _validate
from countylines._kernels import logistic_trend
from countylines._kernels.logistic_trend import Tables
from countylines._typing import RNG, Alternative, ArrayLike
from countylines.errors import DegenerateDataWarning, InputError, LabelMismatchError, warn
from countylines.localisation import _score_trend
from countylines.results import Estimate, Note, TestResult

FloatArray = NDArray[np.float64]

REFERENCES = ("mantel1963",)


def mantel_trend(
    count: ArrayLike,
    total: ArrayLike,
    *,
    strata: Any,
    scores: ArrayLike | None = None,
    method: str = "asymptotic",
    variance: str = "hypergeometric",
    continuity: bool = False,
    two_sided: str = "doubled",
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    replicates: int = 9999,
    rng: RNG = None,
) -> TestResult:
    r"""Test whether a share rises or falls with a score within strata, such as police forces.

    It answers: is there a common trend inside the strata, whatever the level of each and however
    the mix of strata changes? A force that begins to report, or grows, makes no trend here. It does
    not say that the trend is the same everywhere (the note on heterogeneity does), nor what caused
    it.

    Parameters
    ----------
    count, total : array_like
        Events and all cases: two-dimensional (DataFrames, DataArrays, arrays of groups by strata),
        or one row a stratum and group (Series, arrays) with `strata` and `scores` beside.
    strata : str, int or array_like
        Which dimension holds the strata: ``"columns"`` or ``"index"`` of a DataFrame, the name of a
        dimension of a DataArray, an axis number of an array. With one row a stratum and group: the
        label of each row's stratum.
    scores : array_like or None, optional
        One number a group, or, with one row a stratum and group, a row. None: 0, 1, 2, ...
    method : {"asymptotic", "exact", "mid-p", "monte-carlo"}, default "asymptotic"
        Distribution of the statistic given the margins of every stratum.
    variance : {"hypergeometric", "binomial"}, default "hypergeometric"
        For ``"asymptotic"``: with N - 1 in each stratum, or with N.
    continuity : bool, default False
        For ``"asymptotic"``: correct for the grid of the statistic.
    two_sided : {"doubled", "distance", "probability"}, default "doubled"
        Which values are at least as extreme on the other side; see :func:`cochran_armitage`.
    level : float, default 0.95
        Level of the limits of the common odds ratio.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        ``"greater"`` asks whether the shares rise with the score.
    replicates : int, default 9999
        Random tables for ``"monte-carlo"``.
    rng : int, Generator, SeedSequence or None, optional
        Source of randomness for ``"monte-carlo"``.

    Returns
    -------
    TestResult
        ``effect`` is the common odds ratio per unit of score; ``table`` has one row a stratum:
        statistic, its mean, variance, z, two-sided p-value (normal) and n.

    Raises
    ------
    InputError
        If counts are no counts out of totals, scores do not fit, a stratum has a score twice, or an
        exact distribution is asked for too large a table.
    LabelMismatchError
        If `strata` or `scores` do not fit the counts.

    Warns
    -----
    DegenerateDataWarning
        If no stratum can show a trend.

    See Also
    --------
    cochran_armitage : without strata.

    Notes
    -----
    With :math:`T_k = \sum_i s_i x_{ik}` in stratum :math:`k`,

    .. math:: z = \frac{\sum_k (T_k - E T_k)}{\sqrt{\sum_k \operatorname{var} T_k}},

    moments given the margins of each stratum. It is the score statistic of
    :math:`\operatorname{logit} p_{ik} = a_k + \theta s_i` at :math:`\theta = 0`; limits of
    :math:`e^\theta` come from the same statistic at other values. Strata whose margins fix
    :math:`T_k` (one group, all events, or none) add nothing and are named in a note. Exact
    distributions are those of the sum over strata.

    Whether the trend differs between strata is judged by
    :math:`Q = \sum_k (T_k - E_{\hat\theta} T_k)^2 / \operatorname{var}_{\hat\theta} T_k`, which is
    about chi-squared with one degree of freedom less than there are strata that count.

    Assumptions that fail in practice: independent cases within strata, and many strata with few
    cases each for the test of heterogeneity.

    References
    ----------
    .. [1] Mantel, N. (1963). Chi-square tests with one degree of freedom; extensions of the
       Mantel-Haenszel procedure. *Journal of the American Statistical Association* 58, 690-700.
       https://doi.org/10.1080/01621459.1963.10500879

    Examples
    --------
    A *made-up* pair of forces, of which the second, all internal, begins to report in year 2:

    >>> import pandas as pd
    >>> internal = pd.DataFrame({"A": [10, 11, 9], "B": [0, 45, 90]})
    >>> lines = pd.DataFrame({"A": [100, 110, 90], "B": [0, 50, 100]})
    >>> together = cl.localisation.cochran_armitage(internal.sum(axis=1), lines.sum(axis=1))
    >>> within = cl.localisation.mantel_trend(internal, lines, strata="columns")
    >>> print(f"together p = {together.pvalue:.1e}, within forces p = {within.pvalue:.2f}")
    together p = 1.8e-12, within forces p = 1.00

    All of the national rise comes from who reports; no force has become more local.
    """
    chosen = _score_trend.options(
        method, variance, continuity, two_sided, level, alternative, replicates, rng
    )
    tables, names = _tables(count, total, strata, scores)
    tested = _score_trend.test(tables, chosen)
    fixed = bool(tested.code[0])
    parts = _parts(tables, names, variance)
    notes = _score_trend.tail_notes(chosen) + _notes(tables, parts, tested, fixed)
    n = int(tables.sizes.sum())
    estimate, low, high = (float(np.exp(v[0])) for v in (tested.slope, tested.low, tested.high))
    return TestResult(
        statistic=float(tested.statistic[0]),
        pvalue=float(tested.pvalue[0]),
        alternative=alternative,
        null_hypothesis="In no stratum does the share change with the score.",
        method=f"mantel, {method}",
        effect=Estimate(
            quantity="common odds ratio per unit of score",
            estimate=estimate,
            low=low,
            high=high,
            method="conditional" if method in ("exact", "mid-p") else "maximum-likelihood",
            level=level,
            interval_method=method if method != "monte-carlo" else "asymptotic",
            alternative=alternative,
            n=n,
            verdict=_score_trend.VERDICTS[int(fixed)],
            notes=tuple(notes),
            references=REFERENCES,
        ),
        table=parts,
        n=n,
        notes=tuple(notes),
        references=REFERENCES,
    )


def _tables(count: Any, total: Any, strata: Any, scores: Any) -> tuple[Tables, pd.Index]:
    """One data set of shape (1, strata, groups), and the names of its strata."""
    inputs = _labels.align(count=count, total=total)
    if inputs.is_lazy:
        raise InputError(
            _validate.sentence(
                "count", "in memory", "an array that waits for dask", remedy="Use count.compute()."
            )
        )
    count_flat, total_flat = inputs.flat
    _score_trend.check(count_flat, total_flat, inputs.where)
    shape = np.shape(inputs.template)
    if len(shape) == 1:
        return _from_rows(count_flat, total_flat, inputs.template, strata, scores)
    if len(shape) != 2 or inputs.kind == "scalar":
        raise InputError(
            _validate.sentence(
                "count", "of groups by strata, or one row a stratum and group", f"shape {shape}"
            )
        )
    if np.ndim(strata) > 0 or strata is None:
        raise InputError(
            _validate.sentence(
                "strata",
                "the name or number of the dimension that holds the strata",
                "labels" if np.ndim(strata) else "nothing",
                remedy="Labels go with one row a stratum and group.",
            )
        )
    axis = inputs.axis(strata)
    rows = [np.moveaxis(v.reshape(shape), axis, 0)[None] for v in inputs.flat]
    values = _score_trend.scores(scores, inputs, 1 - axis)
    return Tables(rows[0], rows[1], values), _names(inputs.template, axis, shape[axis])


def _names(template: Any, axis: int, length: int) -> pd.Index:
    if isinstance(template, pd.DataFrame):
        named: pd.Index = template.axes[axis]
        return named
    if isinstance(template, xr.DataArray) and template.dims[axis] in template.coords:
        labels: pd.Index = template.coords[template.dims[axis]].to_index()
        return labels
    return pd.RangeIndex(length)


def _from_rows(
    count: FloatArray, total: FloatArray, template: Any, strata: Any, scores: Any
) -> tuple[Tables, pd.Index]:
    for name, value in (("strata", strata), ("scores", scores)):
        if np.shape(value) != np.shape(count):
            raise LabelMismatchError(
                _validate.sentence(
                    name,
                    f"one label for each of the {len(count)} rows",
                    "nothing" if value is None else f"shape {np.shape(value)}",
                )
            )
        both = isinstance(value, pd.Series) and isinstance(template, pd.Series)
        if both and not value.index.equals(template.index):
            raise LabelMismatchError(
                _validate.sentence(name, "labelled as `count`", "other labels or another order")
            )
    frame = pd.DataFrame(
        {
            "stratum": np.asarray(strata),
            "score": np.asarray(_kinds.accept("scores", scores), dtype=np.float64),
            "count": count,
            "total": total,
        }
    )
    _validate.finite("scores", frame["score"].to_numpy())
    twice = frame.duplicated(["stratum", "score"])
    if twice.any():
        raise InputError(
            _validate.sentence(
                "scores",
                "different within each stratum",
                f"{int(twice.sum())} repeated",
                remedy="Add up the rows of the same stratum and score.",
            )
        )
    wide = frame.pivot(index="stratum", columns="score").fillna(0.0)
    values = wide["count"].columns.to_numpy(dtype=np.float64)
    if len(values) < 2:
        raise InputError(
            _validate.sentence("scores", "of at least two different values", "equal ones")
        )
    successes, sizes = wide["count"].to_numpy()[None], wide["total"].to_numpy()[None]
    return Tables(successes, sizes, values), wide.index


def _parts(tables: Tables, names: pd.Index, variance: str) -> pd.DataFrame:
    """One row a stratum."""
    alone = Tables(
        np.moveaxis(tables.successes, 0, 1), np.moveaxis(tables.sizes, 0, 1), tables.scores
    )
    mean, _, spread = logistic_trend.moments(alone, np.zeros(len(names)), variance)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(spread > 0, (alone.statistic - mean) / np.sqrt(spread), np.nan)
    return pd.DataFrame(
        {
            "statistic": alone.statistic,
            "mean": mean,
            "variance": spread,
            "z": z,
            "pvalue": np.where(np.isnan(z), 1.0, 2.0 * ndtr(-np.abs(z))),
            "n": tables.sizes[0].sum(axis=1).astype(np.int64),
        },
        index=names,
    )


def _notes(
    tables: Tables, parts: pd.DataFrame, tested: _score_trend.Tested, fixed: bool
) -> list[Note]:
    notes = []
    silent = parts.index[parts["variance"] == 0]
    if fixed:
        text = "In no stratum can a trend show: the margins fix the statistic. The p-value is 1."
        notes.append(Note("no-trend-possible", text))
        warn(text, DegenerateDataWarning)
        return notes
    if len(silent):
        named = ", ".join(map(str, silent[:3])) + (" and more" if len(silent) > 3 else "")
        text = f"{len(silent)} of {len(parts)} strata can show no trend and add nothing: {named}."
        notes.append(Note("silent-strata", text))
    informative = len(parts) - len(silent)
    slope = logistic_trend.slope(tables)
    if informative > 1 and np.isfinite(slope[0]):
        alone = Tables(
            np.moveaxis(tables.successes, 0, 1), np.moveaxis(tables.sizes, 0, 1), tables.scores
        )
        mean, _, spread = logistic_trend.moments(
            alone, np.full(len(parts), slope[0]), "hypergeometric"
        )
        known = spread > 0
        q = float(((alone.statistic - mean)[known] ** 2 / spread[known]).sum())
        p = float(chdtrc(informative - 1, q))
        text = (
            f"Heterogeneity of the trend between {informative} strata: Q = {q:.2f}, "
            f"p = {p:.3g} (chi-squared, {informative - 1} degrees of freedom)."
        )
        notes.append(Note("heterogeneity", text))
    return notes
