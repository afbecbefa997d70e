"""The smallest of several representation ratios, with an interval that holds for the smallest."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _shares, _validate
from countylines._kernels import partial_conjunction
from countylines._kernels.method import tail_area
from countylines._typing import Alternative, ArrayLike
from countylines.benchmark import Benchmark
from countylines.disproportionality import _cells
from countylines.disproportionality._cells import Cells
from countylines.disproportionality._two_groups import NOT_A_CAUSE
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]

QUANTITY = "smallest representation ratio"
VERDICTS = (
    OK,
    Verdict(
        False,
        "no-data",
        ("In one cell or more the total is 0, so that the smallest ratio is not known.",),
    ),
)
BIASED = Note(
    "smallest-of-several",
    "The smallest of several estimates is on average below the smallest true ratio; the interval "
    "allows for that.",
)


def smallest_ratio(
    count: ArrayLike,
    total: ArrayLike,
    benchmark: ArrayLike | Benchmark,
    *,
    dim: Any = None,
    method: str = "exact",
    level: float = 0.95,
    null: float = 1.0,
    alternative: Alternative = "two-sided",
    benchmark_n: ArrayLike | None = None,
    design_effect: ArrayLike | None = None,
    by: Any = None,
    cluster: Any = None,
) -> Estimate:
    r"""Estimate the smallest of several representation ratios, such as that of the weakest region.

    It answers: over-represented by at least what factor everywhere? It is not the ratio of the
    region where the smallest one was seen: which region that is, is part of what is uncertain. It
    is no evidence of a cause.

    Parameters
    ----------
    count, total, benchmark : array_like
        People of the group and all people of known group in each cell, such as a region, and the
        group's share of the population of the cell, in (0, 1), or a :class:`countylines.Benchmark`
        of such shares. People whose group is not recorded
        are in neither count.
    dim : name, axis number, list of them or None, optional
        Dimensions over which the smallest is taken; None: all, so that the result is one number.
    method : {"exact", "mid-p", "clopper-pearson", "wilson", "jeffreys", "skew-score"}, optional
        Limits of the share in each cell; ``"exact"`` is ``"clopper-pearson"``.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : float, default 1.0
        Smallest ratio under test.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test; ``"greater"`` asks whether all ratios exceed `null`.
    benchmark_n : array_like or None, optional
        Sizes of the samples behind the benchmarks; without them these are taken as known.
    design_effect : array_like or None, optional
        Variance relative to people charged independently, as in
        :func:`countylines.prevalence.proportion`.
    by, cluster : labels or None, optional
        For one row a person or cluster; see :func:`over_represented_in_all`.

    Returns
    -------
    Estimate
        ``estimate``, ``low``, ``high`` of the smallest ratio, a number or, with `dim`, one for each
        of the other labels; ``n`` is the number of people.

    Raises
    ------
    InputError
        If a count or share is bad, an option is unknown, or `null` is above one over a benchmark.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If a total is 0: the smallest ratio is then undefined, and its lower limit 0.

    See Also
    --------
    over_represented_in_all : the test that belongs to it, and which cell decides.
    representation_ratio : the ratio in each cell.

    Notes
    -----
    With one-sided limits :math:`L_i(a)` and :math:`U_i(a)` of the ratio in cell i, each of which
    leaves the tail a outside,

    .. math:: L = \min_i L_i(a), \qquad U = \min_i U_i\bigl(1 - (1 - a)^{1/m}\bigr),

    where a is one minus the level, or half of it for two sides. The lower limit needs no allowance
    for the number m of cells: it fails only if the limit of the cell with the smallest true ratio
    does. The upper limit does need it, since *any* of m limits may fall below: with ten equal
    ratios the minimum of ten two-sided 95 % upper limits, each with a tail of 2.5 %, is above the
    truth with probability 0.975^10 = 78 %, that of one-sided ones with 60 %. The allowance is
    Sidak's, for independent cells; it also holds where limits that fail together do so more often
    than by chance. Where ratios differ much the upper limit is cautious. Enumerated for ten regions
    of 258 or 1,000 people with all ratios 1, or one 1 and the others 3, ``"exact"`` intervals at
    95 % covered 97.7 to 99.7 %, ``"mid-p"`` ones 96.7 to 98.8 %.

    With `benchmark_n` the limits in each cell are those of MOVER-R, with clusters or a
    `design_effect` those of the people that the totals are worth; neither is exact.

    The p-value against a smaller or equal smallest ratio is the largest of the one-sided p-values
    in the cells, and against a larger or equal one Sidak's of the smallest of those on the other
    side, so that both belong to the limits.

    Assumptions that fail in practice: as for :func:`representation_ratio`, in every cell.

    References
    ----------
    .. [1] Berger, R. L. (1982). Multiparameter hypothesis testing and acceptance sampling.
       *Technometrics* 24, 295-300. https://doi.org/10.1080/00401706.1982.10487790
    .. [2] Sidak, Z. (1967). Rectangular confidence regions for the means of multivariate normal
       distributions. *Journal of the American Statistical Association* 62, 626-633.
       https://doi.org/10.1080/01621459.1967.10482935
    .. [3] Clopper, C. J. and Pearson, E. S. (1934). The use of confidence or fiducial limits
       illustrated in the case of the binomial. *Biometrika* 26, 404-413.
       https://doi.org/10.1093/biomet/26.4.404

    Examples
    --------
    *Made-up* counts of Black people among 258 recorded in each of three regions, against the shares
    of residents at the 2021 census:

    >>> import pandas as pd
    >>> count = pd.Series({"London": 72, "West Midlands": 30, "Wales": 9})
    >>> census = pd.Series({"London": 0.135, "West Midlands": 0.0452, "Wales": 0.00887})
    >>> smallest = cl.disproportionality.smallest_ratio(count, 258, census)
    >>> print(f"{smallest.estimate:.2f} ({smallest.low:.2f} to {smallest.high:.2f})")
    2.07 (1.67 to 2.60)

    In all three the share is at least 1.67 times that of residents, at 97.5 % confidence.
    """
    method = _cells.method_name(method)
    level = _validate.level(level)
    _validate.alternative(alternative)
    null = _validate.number("null", null, low=0, open_low=True)
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
    _cells.check_ratio(cells, "null", null)
    again = functools.partial(
        smallest_ratio,
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
    return estimate(cells, null, alternative, method, level, again)


def estimate(
    cells: Cells,
    null: float,
    alternative: str,
    method: str,
    level: float,
    again: functools.partial[Estimate],
) -> Estimate:
    """The smallest ratio of cells that have been read."""
    tail = tail_area(level, alternative)
    sets = len(cells.count)
    low, high = np.zeros(sets), np.full(sets, np.inf)
    if not cells.sampled:
        high = 1.0 / cells.benchmark.max(axis=1)
    if alternative != "less":
        low = cells.limit(tail, 1).min(axis=1)
    if alternative != "greater":
        each = partial_conjunction.sidak_tail(tail, cells.number)
        high = np.minimum(high, cells.limit(each, -1).min(axis=1))
    empty = (cells.total == 0).any(axis=1)
    found = np.where(empty, np.nan, cells.ratio.min(axis=1))
    size = cells.total.sum(axis=1)
    return Estimate(
        quantity=QUANTITY,
        estimate=cells.back(found),
        low=cells.back(low),
        high=cells.back(high),
        method="smallest of share / benchmark",
        level=level,
        interval_method=f"{method} in each cell",
        null=null,
        alternative=alternative,
        pvalue=cells.back(_pvalue(cells, null, alternative)),
        n=cells.back(size.astype(np.int64)),
        verdict=_verdict(cells, empty),
        notes=(NOT_A_CAUSE, BIASED, *cells.notes),
        references=references(method, cells),
        _recompute=again,
    )


def _pvalue(cells: Cells, null: float, alternative: str) -> FloatArray:
    greater, less = np.ones(len(cells.count)), np.ones(len(cells.count))
    if alternative != "less":
        greater = cells.pvalue(null, 1).max(axis=1)
    if alternative != "greater":
        less = partial_conjunction.sidak(cells.pvalue(null, -1).min(axis=1), cells.number)
    if alternative == "two-sided":
        return np.minimum(1.0, 2.0 * np.minimum(greater, less))
    return greater if alternative == "greater" else less


def _verdict(cells: Cells, empty: NDArray[np.bool_]) -> Any:
    codes = verdict_array(empty.astype(np.intp), VERDICTS)
    return cells.back(codes)


def references(method: str, cells: Cells) -> tuple[str, ...]:
    """Keys of the papers behind a question on all cells."""
    keys = ("berger1982", "sidak1967", *_shares.REFERENCES[method])
    if cells.sampled:
        keys += ("donner2012", "newcombe2016")
    return keys
