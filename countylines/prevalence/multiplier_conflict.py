"""Whether several benchmarks contradict each other, and which."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import chdtrc, ndtr

from countylines import _validate
from countylines._kernels import multiplier as kernel
from countylines._typing import ArrayLike
from countylines.prevalence import _multipliers
from countylines.results import Note, TestResult


def multiplier_conflict(
    benchmark: ArrayLike,
    count: ArrayLike,
    total: ArrayLike,
    *,
    scale: Literal["log", "logit"] = "log",
    level: float = 0.95,
) -> TestResult:
    r"""Test whether several multipliers speak of one population, and show which does not.

    It answers: do the sizes differ by more than their samples explain? No difference found is not
    agreement: with small samples sources may differ by a factor of two and pass.

    Parameters
    ----------
    benchmark : array_like, shape (n,)
        Numbers on each list, above 0; a single one if several samples were asked about one list.
    count, total : array_like, shape (n,)
        Numbers of each sample on its list, and sizes of the samples, of 2 sources or more; each
        count above 0 and below its total.
    scale : {"log", "logit"}, default "log"
        Whether log sizes are compared, or the logits of the shares, which needs a single benchmark.
    level : float, default 0.95
        Level of the limits in the table, a share in (0, 1).

    Returns
    -------
    TestResult
        ``statistic`` is Cochran's Q. ``table`` has a row a source: ``estimate``, ``low``, ``high``
        (mid-P), its ``share_of_q``, the pooled size ``without`` it, Q without it, and ``pvalue``
        for its difference from the others together, after Holm.

    Raises
    ------
    InputError
        If there are fewer than 2 sources, or a count is 0 or its total.

    See Also
    --------
    combined_multiplier : the pooled size.

    Notes
    -----
    With fixed-effect weights :math:`w_i = 1 / v_i` and their mean :math:`\bar y`,

    .. math:: Q = \sum_i w_i (y_i - \bar y)^2,

    chi-squared with one less degree of freedom than there are sources if all speak of one size
    [1]_. The odd one out is the one without which Q is small: a precise source pulls the mean to
    itself and can leave the larger share of Q to another. A source is held against the mean of the
    others by :math:`z_i = (y_i - \bar y_{-i}) / \sqrt{v_i + 1 / \sum_{j \ne i} w_j}`; the p-values
    are Holm's.

    References
    ----------
    .. [1] Cochran, W. G. (1954). The combination of estimates from different experiments.
       *Biometrics* 10, 101-129. https://doi.org/10.2307/3001666

    Examples
    --------
    Three made-up lists with a sample each, of which the third is far from the others:

    >>> test = cl.prevalence.multiplier_conflict([410, 520, 300], [12, 15, 60], [90, 95, 100])
    >>> print(f"{test.pvalue:.2g}")
    2.9e-20
    >>> test.table["estimate"].round().astype(int).tolist()
    [3075, 3293, 500]

    The third list gives 500 where the others give some 3,000: its sample was drawn too close to it,
    or it counts something else. A pooled size of all three would describe nothing.
    """
    level = _validate.level(level)
    sources = _multipliers.read(benchmark, count, total, scale)
    y, v = sources.y, sources.v
    k = y.size
    whole = _multipliers.pool(y, v, "fixed", "normal")
    q = float(whole.q[0])
    low, high = kernel.share_limits(
        "mid-p", sources.count, sources.total, level=level, alternative="two-sided"
    )
    table = pd.DataFrame(
        {
            "estimate": kernel.estimate(sources.benchmark, sources.count, sources.total),
            "low": sources.benchmark * low,
            "high": sources.benchmark * high,
            "share_of_q": ((y - whole.centre[:, None]) ** 2 / v)[0] / q if q > 0 else np.nan,
            **_without(sources),
        },
        index=pd.Index(sources.labels, name="source"),
    )
    return TestResult(
        statistic=q,
        pvalue=float(chdtrc(k - 1, q)),
        alternative="two-sided",
        null_hypothesis="All sources speak of a population of one size.",
        method="Cochran's Q",
        table=table,
        n=k,
        notes=(
            Note("power", "With few matches sources may differ by much and the test not see it."),
        ),
        references=("cochran1954",),
    )


def _without(sources: _multipliers.Sources) -> dict[str, np.ndarray]:
    """Pooled size and Q without each source, and how far it lies from the others."""
    y, v = sources.y[0], sources.v[0]
    k = y.size
    others = np.array([[j for j in range(k) if j != i] for i in range(k)])
    pool = _multipliers.pool(y[others], v[others], "fixed", "normal")
    z = (y - pool.centre) / np.sqrt(v + pool.error**2)
    single = 2.0 * ndtr(-np.abs(z))
    order = np.argsort(single)
    stepped = np.minimum(np.maximum.accumulate(single[order] * np.arange(k, 0, -1)), 1.0)
    holm = np.empty(k)
    holm[order] = stepped
    return {"without": sources.size(pool.centre), "q_without": pool.q, "pvalue": holm}
