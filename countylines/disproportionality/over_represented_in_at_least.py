"""Is a group over-represented in at least k of m regions? Partial conjunction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from countylines import _validate
from countylines._kernels import partial_conjunction
from countylines._typing import ArrayLike
from countylines.benchmark import Benchmark
from countylines.disproportionality import _cells
from countylines.disproportionality import smallest_ratio as _smallest
from countylines.disproportionality._two_groups import NOT_A_CAUSE
from countylines.results import Estimate, Note, TestResult

REFERENCES = {
    "bonferroni": ("holm1979",),
    "simes": ("simes1986",),
    "fisher": (),
}


def over_represented_in_at_least(
    count: ArrayLike,
    total: ArrayLike,
    benchmark: ArrayLike | Benchmark,
    *,
    at_least: int = 1,
    combine: str = "simes",
    dim: Any = None,
    ratio: float = 1.0,
    method: str = "exact",
    level: float = 0.95,
    benchmark_n: ArrayLike | None = None,
    design_effect: ArrayLike | None = None,
    by: Any = None,
    cluster: Any = None,
) -> TestResult:
    r"""Test whether a group is over-represented in at least so many of several cells.

    It answers: in how many regions at least? Short of "in all" there is "in at least eight of ten",
    which can be established without saying which eight. It does not name them, and no ratio is
    evidence of its cause.

    Parameters
    ----------
    count, total, benchmark : array_like
        As for :func:`over_represented_in_all`, like all that is not described here.
    at_least : int, default 1
        How many; the number of cells asks for all.
    combine : {"simes", "bonferroni", "fisher"}, default "simes"
        How the p-values of the cells enter: ``"bonferroni"`` holds whatever their dependence;
        ``"simes"``, never larger, where they are independent or rise and fall together;
        ``"fisher"`` where they are independent and tests exact, and finds many small excesses.
    dim : name, axis number, list of them or None, optional
        Dimensions over which cells are counted; None: all.
    ratio : float, default 1.0
        What a ratio must exceed to count.
    method : {"exact", "mid-p", "clopper-pearson", "wilson", "jeffreys", "skew-score"}, optional
        One-sided test in each cell.
    level : float, default 0.95
        Level of the lower limit of the number.
    benchmark_n, design_effect, by, cluster : optional
        As for :func:`over_represented_in_all`.

    Returns
    -------
    TestResult
        ``pvalue`` for `at_least`; ``effect`` is the number of cells over-represented: ``low`` is
        its lower limit at `level`, ``estimate`` the one at 50 %, which is too large at most half
        of the time, ``high`` the number of cells. ``table`` has a row for each number, with its
        p-value (with `dim`, a column for each of the other labels). All of these hold at once.

    Raises
    ------
    InputError
        If an argument is bad, as for :func:`over_represented_in_all`, or `at_least` is not between
        1 and the number of cells.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If a total is 0: nothing can be established there.

    See Also
    --------
    over_represented_in_all : all of them, and which one decides.

    Notes
    -----
    With ordered p-values :math:`p_{(1)} \le \dots \le p_{(m)}`, that fewer than k ratios exceed
    :math:`R_0` is tested by the largest m - k + 1 of them,

    .. math:: \text{Bonferroni: } (m - k + 1)\, p_{(k)}, \qquad
              \text{Simes: } \min_{j \ge k} \frac{m - k + 1}{j - k + 1}\, p_{(j)}, \qquad
              \text{Fisher: } P\Bigl(\chi^2_{2(m - k + 1)} \ge
              -2 \sum_{j \ge k} \log p_{(j)}\Bigr).

    If fewer than k are true excesses, then m - k + 1 cells at least have none, and their p-values
    are no larger than those used. For k = m each is the largest p-value, the test of "in all".

    These hypotheses are nested: one that speaks of fewer implies one that speaks of more. The
    p-value of k is therefore taken as the largest of those for 1 to k, and then the largest number
    with a p-value of at most ``1 - level`` is a lower limit of the number of true excesses, with no
    further allowance. With ``"simes"`` the p-value of m stays that of "in all"; with the others
    holding for all k at once may raise it. With ``"bonferroni"`` the number is that of the cells
    which Holm's procedure picks.

    Exact tests of small counts are cautious, and all three combinations the more so. In simulation
    with ten regions the limit exceeded the true number 4 times in a hundred at most. Where nine of
    ten ratios were 1.7 it was 3.9 on average with ``"bonferroni"``, 4.4 with ``"simes"`` and 6.3
    with ``"fisher"``.

    Assumptions that fail in practice: as for :func:`over_represented_in_all`; the same people or
    clusters in several cells, such as region by role, make ``"fisher"`` reject too often.

    References
    ----------
    .. [1] Benjamini, Y. and Heller, R. (2008). Screening for partial conjunction hypotheses.
       *Biometrics* 64, 1215-1222. https://doi.org/10.1111/j.1541-0420.2007.00984.x
    .. [2] Goeman, J. J. and Solari, A. (2011). Multiple testing for exploratory research.
       *Statistical Science* 26, 584-597. https://doi.org/10.1214/11-STS356
    .. [3] Simes, R. J. (1986). An improved Bonferroni procedure for multiple tests of significance.
       *Biometrika* 73, 751-754. https://doi.org/10.1093/biomet/73.3.751

    Examples
    --------
    *Made-up* counts of Black people among 258 recorded in each of four regions, against the shares
    of residents at the 2021 census:

    >>> import pandas as pd
    >>> count = pd.Series({"London": 72, "West Midlands": 30, "South West": 5, "Wales": 4})
    >>> census = cl.datasets.census2021_benchmark("Black").share[count.index]
    >>> most = cl.disproportionality.over_represented_in_at_least(
    ...     count, 258, census, at_least=2
    ... )
    >>> print(f"at least 2: p = {most.pvalue:.1e}; at least {most.effect.low:.0f} at 95 %")
    at least 2: p = 7.9e-06; at least 2 at 95 %

    That the share is above that of residents is established in two of the four at least.
    """
    method = _cells.method_name(method)
    combine = _validate.option("combine", combine, partial_conjunction.METHODS)
    level = _validate.level(level)
    ratio = _validate.number("ratio", ratio, low=0, open_low=True)
    cells = _cells.read(
        count,
        total,
        benchmark,
        dim=dim,
        method=method,
        level=level,
        benchmark_n=benchmark_n,
        design_effect=design_effect,
        by=by,
        cluster=cluster,
    )
    _cells.check_ratio(cells, "ratio", ratio)
    at_least = _validate.whole_number("at_least", at_least, low=1, high=cells.number)
    pvalues = partial_conjunction.simultaneous(cells.pvalue(ratio, 1), combine)
    low, middle = ((pvalues <= tail).sum(axis=1) for tail in (1.0 - level, 0.5))
    text = (
        "P-values and lower limits of the number hold at once for every number of cells; they do "
        "not say which cells they are."
    )
    notes = (NOT_A_CAUSE, *cells.notes, Note("simultaneous", text))
    references = (
        "benjamini2008",
        "goeman2011",
        *REFERENCES[combine],
        *_smallest.references(method, cells),
    )
    chosen = cells.back(pvalues[:, at_least - 1])
    effect = Estimate(
        quantity=f"number of cells with a ratio above {ratio:g}",
        estimate=cells.back(middle.astype(np.float64)),
        low=cells.back(low.astype(np.float64)),
        high=cells.back(np.full(len(low), float(cells.number))),
        method=f"partial conjunction, {combine}",
        level=level,
        interval_method=f"one-sided {method} tests in each cell",
        alternative="greater",
        n=cells.back(cells.total.sum(axis=1).astype(np.int64)),
        notes=notes,
        references=references,
    )
    return TestResult(
        statistic=effect.estimate,
        pvalue=chosen,
        alternative="greater",
        null_hypothesis=f"In fewer than {at_least} of {cells.number} cells is the group's share "
        f"above {ratio:g} times its benchmark share.",
        method=f"partial conjunction, {combine}, of one-sided {method} tests",
        effect=effect,
        table=_table(pvalues, cells, chosen, level),
        n=effect.n,
        notes=notes,
        references=references,
    )


def _table(pvalues: Any, cells: _cells.Cells, chosen: Any, level: float) -> pd.DataFrame:
    """One row a number of cells."""
    numbers = pd.RangeIndex(1, cells.number + 1, name="at_least")
    if len(pvalues) == 1:
        columns = {"pvalue": pvalues[0], "established": pvalues[0] <= 1.0 - level}
        return pd.DataFrame(columns, index=numbers)
    names = chosen.index if isinstance(chosen, pd.Series) else range(len(pvalues))
    return pd.DataFrame(pvalues.T, index=numbers, columns=pd.Index(names))
