"""Relative rates from stage to stage: population, arrest, charge, custody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from countylines import _kinds, _validate
from countylines._kernels import risk_ratio
from countylines._typing import Alternative, ArrayLike
from countylines.disproportionality._two_groups import ALIASES
from countylines.disproportionality.risk_ratio import REFERENCES
from countylines.errors import (
    DegenerateDataWarning,
    InputError,
    InputTypeError,
    LabelMismatchError,
    warn,
)

FloatArray = NDArray[np.float64]

OVERALL = "overall"
COLUMNS = ("count", "total")
EMPTY = "no-data"
MOST_ERRORS = 37.0  # the normal tail beyond is below 1e-299
FARTHEST = 700.0


def relative_rate_chain(
    counts_by_stage: ArrayLike | Mapping[str, float] | pd.DataFrame,
    ref_counts_by_stage: ArrayLike | Mapping[str, float] | pd.DataFrame,
    *,
    nested: bool,
    method: str = "skew-score",
    level: float = 0.95,
    null: float = 1.0,
    alternative: Alternative = "two-sided",
) -> pd.DataFrame:
    r"""Relative rate of a group at each stage, and of all stages together.

    It answers: where does disproportionality arise, and how much has built up by each stage? A
    ratio of 1 at the last stage does not say that the outcome is proportionate, if the way there
    was not. It says nothing of why: offence, record, plea and place differ between groups, and who
    has left by one stage is not who would have gone on.

    Parameters
    ----------
    counts_by_stage : Series, mapping or array_like, or DataFrame
        Members of the group: with ``nested=True`` those who reached each stage, in order, the
        population first; with ``nested=False`` a table with one row a stage and the columns
        ``count`` (who went on) and ``total`` (who could).
    ref_counts_by_stage : Series, mapping or array_like, or DataFrame
        The same of the group compared with, with the same stages.
    nested : bool
        True if everybody counted at a stage was counted at the one before, so that what is reached
        by the last stage has one count at either end. False if the stages come from different
        sources, years or people, and are independent.
    method : str, default "skew-score"
        Interval of each ratio: a method of :func:`risk_ratio`.
    level : float, default 0.95
        Confidence level of each interval, a share in (0, 1).
    null : float, default 1.0
        Ratio under test, above 0.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the intervals and of the tests.

    Returns
    -------
    DataFrame
        A row for each stage and one for all, ``"overall"``: ``share`` and ``ref_share`` (who went
        on), ``estimate``, ``low``, ``high``, ``pvalue``; ``cumulative``, ``cumulative_low``,
        ``cumulative_high`` (of all stages so far); ``level``, ``interval_kind``, ``method``,
        ``verdict``. ``attrs["references"]`` names the papers.

    Raises
    ------
    InputError
        If a count is not one or rises from a stage to the next, there are too few stages, the
        first count (or a total) is 0, or an option is unknown.
    LabelMismatchError
        If the two have other stages, or the same in another order.

    Warns
    -----
    DegenerateDataWarning
        If a stage was reached by nobody, so that later ratios do not exist.

    See Also
    --------
    risk_ratio : the ratio of one stage.
    ratio_of_ratios : whether two ratios differ.

    Notes
    -----
    With :math:`x_0 \ge x_1 \ge \dots \ge x_K` members of the group and :math:`y_k` of the other who
    reached stage k,

    .. math:: \theta_k = \frac{x_k / x_{k-1}}{y_k / y_{k-1}}, \qquad
              \prod_{k=1}^{K} \theta_k = \frac{x_K / x_0}{y_K / y_0} .

    Nested stages telescope: the overall ratio depends on the first and the last stage alone, and
    its interval is that of one risk ratio. Multiplying intervals, or adding variances of the
    stages as if nothing else were known, is not wrong on average but needs each stage to be large;
    one stage with few people would then spoil what the ends say.

    Independent stages do not telescope. Their product has limits by MOVER on the log scale,

    .. math:: \log L = \sum_k \log \hat\theta_k
              - \sqrt{\sum_k \left(\log \hat\theta_k - \log L_k\right)^2},

    with the limits of the stages; with log-normal ones this is the sum of their variances. The
    p-value is the tail area at which the limit reaches `null`.

    Where nobody of the group goes on the ratio is 0 and later ones are undefined (verdict
    *no-data*); where nobody of the other does it is infinite. A product with a 0 or an infinite
    ratio has that limit at one end and a finite one, or none, at the other.

    Assumptions that fail in practice: nobody enters between the first stage and the last (people
    charged without arrest); a person is counted once at each stage; ethnicity is recorded at all
    stages by the same rule (it is self-defined at some, and seen by an officer at others).

    References
    ----------
    .. [1] Uhrig, N. (2016). *Black, Asian and minority ethnic disproportionality in the criminal
       justice system in England and Wales*. Ministry of Justice, chapter 2.
    .. [2] Laud, P. J. (2017). Equal-tailed confidence intervals for comparison of rates.
       *Pharmaceutical Statistics* 16, 334-348. https://doi.org/10.1002/pst.1813
    .. [3] Zou, G. Y. and Donner, A. (2008). Construction of confidence limits about effect
       measures: a general approach. *Statistics in Medicine* 27, 1693-1702.
       https://doi.org/10.1002/sim.3095

    Examples
    --------
    A made-up area:

    >>> group = {"residents": 20_000, "arrested": 300, "charged": 120, "in custody": 54}
    >>> others = {"residents": 400_000, "arrested": 2_400, "charged": 840, "in custody": 294}
    >>> chain = cl.disproportionality.relative_rate_chain(group, others, nested=True)
    >>> shown = chain[["estimate", "low", "high", "cumulative"]].rename_axis(None)
    >>> print(shown.round(2).to_string())
                estimate   low  high  cumulative
    arrested        2.50  2.22  2.81        2.50
    charged         1.14  0.98  1.32        2.86
    in custody      1.29  1.02  1.58        3.67
    overall         3.67  2.73  4.88        3.67

    Nearly all of it arises at arrest: a resident of the group is 2.5 times as likely to be
    arrested. What follows adds to it, and in all they are 2.7 to 4.9 times as likely to be in
    custody.
    """
    nested = _validate.flag("nested", nested)
    if isinstance(method, str):
        method = ALIASES.get(method, method)
    method = _validate.option("method", method, risk_ratio.METHODS)
    level = _validate.level(level)
    null = _validate.number("null", null, low=0.0, open_low=True)
    _validate.alternative(alternative)
    read = _nested if nested else _independent
    stages, x, n = read("counts_by_stage", counts_by_stage)
    ref_stages, y, m = read("ref_counts_by_stage", ref_counts_by_stage)
    if not stages.equals(ref_stages):
        rule = "of the same stages as `counts_by_stage`, in the same order"
        got = "others" if set(stages) != set(ref_stages) else "another order"
        raise LabelMismatchError(_validate.sentence("ref_counts_by_stage", rule, got))
    one = _Ratios(method, level, null, alternative)
    rows = one.of(x, n, y, m)
    if nested:
        first = np.full(x.shape, n[0]), np.full(y.shape, m[0])
        so_far = one.of(x, first[0], y, first[1])
    else:
        parts = [one.product(x[:k], n[:k], y[:k], m[:k]) for k in range(1, x.size + 1)]
        so_far = pd.concat(parts, ignore_index=True)
    frame = pd.concat([rows, so_far.iloc[[-1]]], ignore_index=True)
    for ours, name in (("", "estimate"), ("_low", "low"), ("_high", "high")):
        frame[f"cumulative{ours}"] = [*so_far[name], so_far[name].iloc[-1]]
    frame["level"], frame["interval_kind"] = level, risk_ratio.METHODS[method].interval_kind
    frame["method"] = [method] * x.size + [method if nested else f"MOVER of {method}"]
    undefined = frame["estimate"].isna()
    frame["verdict"] = np.where(undefined, EMPTY, "ok")
    if undefined.any():
        warn(
            "A stage was reached by nobody, or counts are 0 in both groups: "
            f"{int(undefined.sum())} ratios are undefined.",
            DegenerateDataWarning,
        )
    frame.index = pd.Index([*stages, OVERALL], name="stage")
    order = ["share", "ref_share", "estimate", "low", "high", "pvalue"]
    frame = frame[[*order, *(c for c in frame.columns if c not in order)]]
    extra = () if nested else ("zou2008",)
    frame.attrs["references"] = (*REFERENCES[method], *extra)
    return frame


class _Ratios:
    """Risk ratios with limits and p-values of one kind."""

    def __init__(self, method: str, level: float, null: float, alternative: str) -> None:
        self.method = risk_ratio.METHODS[method]
        self.level, self.null, self.alternative = level, null, alternative

    def of(self, x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray) -> pd.DataFrame:
        """One row a ratio."""
        options = {"level": self.level, "alternative": self.alternative}
        low, high = self.method.limits(x, n, y, m, **options)
        null = np.full(x.shape, self.null)
        p = self.method.pvalue(x, n, y, m, null=null, alternative=self.alternative)
        estimate = risk_ratio.estimate(x, n, y, m)
        none = np.isnan(estimate)
        with np.errstate(invalid="ignore"):
            share, ref_share = x / n, y / m
        return pd.DataFrame(
            {
                "share": share,
                "ref_share": ref_share,
                "estimate": estimate,
                "low": np.where(none, 0.0, low),
                "high": np.where(none, np.inf, high),
                "pvalue": np.where(none, 1.0, p),
            }
        )

    def end(
        self, x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray, tail: float, side: str
    ) -> FloatArray:
        """Limit of the product over the last axis, by MOVER on the log scale."""
        flat = (x.ravel(), n.ravel(), y.ravel(), m.ravel())
        ends = self.method.limits(*flat, level=1.0 - tail, alternative=side)
        limit = ends[0 if side == "greater" else 1].reshape(x.shape)
        sign = -1.0 if side == "greater" else 1.0
        with np.errstate(divide="ignore", invalid="ignore"):
            middle = np.log(risk_ratio.estimate(x, n, y, m))
            away = sign * (np.log(limit) - middle)
            reach = np.sqrt(np.sum(np.where(np.isnan(away), np.inf, away) ** 2, axis=-1))
            value = np.exp(middle.sum(axis=-1) + sign * reach)
        # a ratio of 0 has no distance to its lower limit, nor an infinite one to its upper
        return np.where(np.isnan(value), 0.0 if side == "greater" else np.inf, value)

    def product(self, x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray) -> pd.DataFrame:
        """One row: the product of independent ratios."""
        with np.errstate(invalid="ignore"):
            estimate = np.prod(risk_ratio.estimate(x, n, y, m))
            share, ref_share = np.prod(x / n), np.prod(y / m)

        def end(tail: float, side: str) -> float:
            return float(self.end(x, n, y, m, tail, side))

        sides = 2.0 if self.alternative == "two-sided" else 1.0
        tail = (1.0 - self.level) / sides
        low = end(tail, "greater") if self.alternative != "less" else 0.0
        high = end(tail, "less") if self.alternative != "greater" else np.inf
        greater, less = (_tail(end, side, self.null) for side in ("greater", "less"))
        if self.alternative == "two-sided":
            p = min(1.0, 2.0 * min(greater, less))
        else:
            one, other = (greater, less) if self.alternative == "greater" else (less, greater)
            p = one if one < 0.5 else 1.0 - other
        if np.isnan(estimate):
            low, high, p = 0.0, np.inf, 1.0
        names = ("share", "ref_share", "estimate", "low", "high", "pvalue")
        values = (share, ref_share, estimate, low, high, p)
        return pd.DataFrame({k: [v] for k, v in zip(names, values, strict=True)})


def _tail(end: Callable[[float, str], float], side: str, null: float) -> float:
    """Tail area, up to one half, at which the limit of a side reaches the null."""
    sign = 1.0 if side == "greater" else -1.0

    def outside(errors: float) -> float:
        with np.errstate(divide="ignore"):
            reached = np.clip(np.log(end(float(ndtr(-errors)), side)), -FARTHEST, FARTHEST)
        return float(sign * (reached - np.log(null)))

    if outside(0.0) <= 0.0:
        return 0.5
    if outside(MOST_ERRORS) > 0.0:
        return float(ndtr(-MOST_ERRORS))
    return float(ndtr(-brentq(outside, 0.0, MOST_ERRORS, xtol=1e-13)))


def _nested(name: str, given: Any) -> tuple[pd.Index, FloatArray, FloatArray]:
    """Names of the stages after the first, who reached them, and who reached those before."""
    if isinstance(given, pd.DataFrame):
        raise InputTypeError(
            _validate.sentence(
                name,
                "one count a stage when stages are nested",
                "a DataFrame",
                remedy="Pass one of its columns, or nested=False.",
            )
        )
    if isinstance(given, Mapping):
        given = pd.Series(dict(given))
    values = np.asarray(_kinds.accept(name, given), dtype=np.float64)
    if values.ndim != 1 or values.size < 2:
        rule = "a series of at least two stages"
        raise InputError(_validate.sentence(name, rule, _validate.show(values)))
    labels = given.index if isinstance(given, pd.Series) else pd.RangeIndex(values.size)
    where = _named(labels)
    _validate.counts(name, values, where)
    if values[0] == 0.0:
        raise InputError(_validate.sentence(name, "above 0 at the first stage", "0"))
    rising = np.concatenate([[False], np.diff(values) > 0.0])
    if rising.any():
        raise InputError(
            _validate.sentence(
                name,
                "of counts that never rise when stages are nested",
                f"{_validate.show(values[rising][0])}",
                where(rising),
                "Pass nested=False with `count` and `total` of each stage if they are not.",
            )
        )
    return pd.Index(labels[1:]), values[1:], values[:-1]


def _independent(name: str, given: Any) -> tuple[pd.Index, FloatArray, FloatArray]:
    """Names of the stages, who went on and who could."""
    if not isinstance(given, pd.DataFrame) or not set(COLUMNS) <= set(given.columns):
        got = (
            f"columns {list(given.columns)}"
            if isinstance(given, pd.DataFrame)
            else type(given).__name__
        )
        rule = "a DataFrame with the columns 'count' and 'total' when stages are not nested"
        raise InputTypeError(_validate.sentence(name, rule, got))
    if not len(given):
        raise InputError(_validate.sentence(name, "of at least one stage", "no rows"))
    where = _named(given.index)
    x, n = (np.asarray(_kinds.accept(f"{name}.{c}", given[c]), dtype=np.float64) for c in COLUMNS)
    _validate.counts(f"{name}.count", x, where)
    _validate.exposure(f"{name}.total", n, where)
    _validate.counts(f"{name}.total", n, where)
    _validate.not_above(f"{name}.count", x, f"{name}.total", n, where)
    return given.index, x, n


def _named(labels: Any) -> _validate.Where:
    def where(bad: NDArray[np.bool_]) -> str:
        return f" at {labels[int(np.flatnonzero(bad)[0])]!r}"

    return where
