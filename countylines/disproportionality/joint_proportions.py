"""Shares of one whole with limits that all hold at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from countylines import _labels, _validate
from countylines._kernels import binomial, multinomial_limits
from countylines._typing import ArrayLike
from countylines.errors import (
    DegenerateDataWarning,
    InputError,
    InputTypeError,
    SparseDataWarning,
    warn,
)
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]

METHODS = multinomial_limits.METHODS
ALIASES = {"wilson-bonferroni": "goodman", "clopper-pearson-bonferroni": "exact-bonferroni"}
NO_DATA = Verdict(False, "no-data", ("All counts are 0: there is no composition to estimate.",))
NOT_HELD = ("goodman", "quesenberry-hurst", "fitzpatrick-scott", "sison-glaz", "wald-bonferroni")
REFERENCES = {
    "mid-p-bonferroni": ("berry1995", "lancaster1961"),
    "exact-bonferroni": ("clopper1934",),
    "skew-score-bonferroni": ("laud2017",),
    "jeffreys-bonferroni": ("brown2001",),
    "goodman": ("goodman1965", "wilson1927"),
    "quesenberry-hurst": ("quesenberry1964",),
    "fitzpatrick-scott": ("fitzpatrick1987",),
    "sison-glaz": ("sison1995",),
    "wald-bonferroni": ("goodman1965",),
}
SMALL = 5.0


def joint_proportions(
    counts: ArrayLike,
    *,
    method: str = "mid-p-bonferroni",
    dim: Any = None,
    level: float = 0.95,
) -> Estimate:
    r"""Composition of one whole, with intervals for all shares that hold at once.

    It answers: what are the shares of all groups, so that any of them may be picked out afterwards?
    Separate 95 % intervals of five groups leave out some true share far more often than one time in
    twenty. Nobody may be in two groups, and those whose group is not known are a group of their own
    or outside the whole: say which.

    Parameters
    ----------
    counts : array_like, shape (..., categories)
        Whole numbers of at least 0, one a category; together they are the whole.
    method : str, default "mid-p-bonferroni"
        See Notes: ``"mid-p-bonferroni"``, ``"exact-bonferroni"``, ``"skew-score-bonferroni"``,
        ``"jeffreys-bonferroni"``, ``"goodman"`` (or ``"wilson-bonferroni"``),
        ``"quesenberry-hurst"``, ``"fitzpatrick-scott"``, ``"sison-glaz"`` or ``"wald-bonferroni"``.
    dim : str or int or None, optional
        Dimension that holds the categories: a name for a DataArray, an axis number for an array;
        the index of a Series or DataFrame if None. What is along the others is apart, and its
        intervals hold together within it only.
    level : float, default 0.95
        Chance that all intervals of one whole hold, a share in (0, 1).

    Returns
    -------
    Estimate
        ``estimate``, ``low``, ``high`` [shares], of the kind and with the labels of the data. Where
        all counts are 0, nan, with the verdict *no-data* and the interval [0, 1]. ``n`` is the
        whole.

    Raises
    ------
    InputError
        If a count is not one, there are fewer than two categories, or an option is unknown.

    Warns
    -----
    DegenerateDataWarning
        If all counts of a whole are 0.
    SparseDataWarning
        If a count is below 5 and the method does not hold its level there.

    See Also
    --------
    simultaneous : the same for ratios, and for areas that are apart.
    representation_ratio : one share against its benchmark.
    countylines.prevalence.proportion : one share by itself.

    Notes
    -----
    With k categories and counts :math:`x_i` of :math:`n`,

    .. math:: P\left(L_i \le \pi_i \le U_i \text{ for all } i\right) \ge 1 - \alpha

    holds if each interval has level :math:`1 - \alpha / k`. The methods named bonferroni do that
    with the binomial method of that name, and ``"goodman"`` with Wilson's; only
    ``"exact-bonferroni"`` never falls short. ``"quesenberry-hurst"`` is Wilson's interval with the
    quantile of chi-squared on k - 1 degrees of freedom. ``"fitzpatrick-scott"`` gives all shares
    one width, :math:`\pm z_{\alpha/2} / (2 \sqrt{n})`; in large samples it holds with at least 0.89
    at level 0.95. ``"sison-glaz"`` looks for the smallest whole number by which all counts stay
    near their means at once, the counts seen being taken for the means.

    By enumeration of all tables of 10, 30 and 60 people in four categories, at 95 %,
    ``"mid-p-bonferroni"`` held at least 0.94, ``"goodman"`` 0.89 and ``"sison-glaz"`` 0.62: score
    limits start too high where a rare category is seen once, and Sison and Glaz's are nearly as
    short below a count of 1 as above it. ``"wald-bonferroni"`` has no width where a count is 0.

    Assumptions that fail in practice: people fall into categories independently (members of one
    family or one operation do not); nobody's category depends on which others are recorded.

    At zero the low end is 0 and the high end is above it, in every method but
    ``"wald-bonferroni"``.

    References
    ----------
    .. [1] Goodman, L. A. (1965). On simultaneous confidence intervals for multinomial proportions.
       *Technometrics* 7, 247-254. https://doi.org/10.1080/00401706.1965.10490252
    .. [2] Quesenberry, C. P. and Hurst, D. C. (1964). Large sample simultaneous confidence
       intervals for multinomial proportions. *Technometrics* 6, 191-195.
       https://doi.org/10.1080/00401706.1964.10490163
    .. [3] Fitzpatrick, S. and Scott, A. (1987). Quick simultaneous confidence intervals for
       multinomial proportions. *Journal of the American Statistical Association* 82, 875-878.
       https://doi.org/10.1080/01621459.1987.10478511
    .. [4] Sison, C. P. and Glaz, J. (1995). Simultaneous confidence intervals and sample size
       determination for multinomial proportions. *Journal of the American Statistical Association*
       90, 366-369. https://doi.org/10.1080/01621459.1995.10476521

    Examples
    --------
    Ethnic groups of 67 people, made up:

    >>> import pandas as pd
    >>> counts = pd.Series({"Asian": 7, "Black": 3, "Mixed": 2, "White": 55, "Other": 0})
    >>> shares = cl.disproportionality.joint_proportions(counts)
    >>> print(shares.to_frame()[["index", "estimate", "low", "high"]].round(3).to_string())
       index  estimate    low   high
    0  Asian     0.104  0.034  0.229
    1  Black     0.045  0.006  0.146
    2  Mixed     0.030  0.002  0.123
    3  White     0.821  0.679  0.919
    4  Other     0.000  0.000  0.066

    All five intervals hold at once with 95 %: whichever group is talked about, its true share lies
    in its interval, and that nobody was Other does not show that fewer than 6 % are.
    """
    if isinstance(method, str):
        method = ALIASES.get(method, method)
    method = _validate.option("method", method, METHODS)
    level = _validate.level(level)
    if isinstance(counts, xr.DataArray):
        counts = counts.compute()
    inputs = _labels.align(counts=counts)
    if inputs.kind == "scalar":
        rule = "a series of counts, one a category"
        raise InputTypeError(_validate.sentence("counts", rule, "a single number"))
    _validate.counts("counts", inputs.flat[0], inputs.where)
    x = inputs.rows(dim)[0]
    if x.shape[1] < 2:
        raise InputError(_validate.sentence("counts", "of at least two categories", "one"))
    total = np.broadcast_to(x.sum(axis=1, keepdims=True), x.shape)
    some = total[:, 0] > 0.0
    low, high = np.zeros(x.shape), np.ones(x.shape)
    estimate = np.full(x.shape, np.nan)
    estimate[some] = x[some] / total[some]
    if some.any():
        low[some], high[some] = METHODS[method](x[some], level)
    verdict = verdict_array(np.where(total > 0.0, 0, 1), (OK, NO_DATA))
    return Estimate(
        quantity="share of each category",
        estimate=inputs.with_dim(estimate, dim),
        standard_error=inputs.with_dim(_standard_error(x, total), dim),
        low=inputs.with_dim(low, dim),
        high=inputs.with_dim(high, dim),
        method="proportion",
        level=level,
        interval_kind="credible" if method.startswith("jeffreys") else "confidence",
        interval_method=f"{method}, all {x.shape[1]} together",
        n=inputs.with_dim(total.astype(np.int64), dim),
        verdict=inputs.with_dim(verdict, dim),
        notes=_notes(x[some], some, method, level),
        references=REFERENCES[method],
    )


def _standard_error(x: FloatArray, total: FloatArray) -> FloatArray:
    return binomial.standard_error(x.ravel(), total.ravel()).reshape(x.shape)


def _notes(x: FloatArray, some: NDArray[np.bool_], method: str, level: float) -> tuple[Note, ...]:
    notes = [
        Note(
            "simultaneous",
            "The intervals of one whole hold together at the level given; each by itself holds "
            "more often.",
        )
    ]
    if not some.all():
        text = NO_DATA.reasons[0]
        notes.append(Note("no-data", text))
        warn(text, DegenerateDataWarning)
    if method in NOT_HELD and (x < SMALL).any():
        text = (
            f"A count is below {SMALL:g}, where the {method} intervals fall short of their level. "
            "Use method='mid-p-bonferroni'."
        )
        if method == "fitzpatrick-scott":
            bound = multinomial_limits.fitzpatrick_scott_bound(level)
            text += f" Even in large samples they hold with at least {bound:.3f} only."
        notes.append(Note("sparse", text))
        warn(text, SparseDataWarning)
    return tuple(notes)
