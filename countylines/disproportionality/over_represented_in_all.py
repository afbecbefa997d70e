"""Is a group over-represented in all regions? The intersection-union test."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _validate
from countylines._kernels import establishing, partial_conjunction
from countylines._typing import ArrayLike
from countylines.benchmark import Benchmark
from countylines.disproportionality import _cells
from countylines.disproportionality import smallest_ratio as _smallest
from countylines.disproportionality._cells import Cells
from countylines.results import Note, TestResult

FloatArray = NDArray[np.float64]

ENOUGH_POWER = 0.8
LARGEST_SEARCHED = 1e6
NAMED = 3
CARRIED = ("not-a-cause", "benchmark")


def over_represented_in_all(
    count: ArrayLike,
    total: ArrayLike,
    benchmark: ArrayLike | Benchmark,
    *,
    dim: Any = None,
    ratio: float = 1.0,
    method: str = "exact",
    level: float = 0.95,
    benchmark_n: ArrayLike | None = None,
    design_effect: ArrayLike | None = None,
    by: Any = None,
    cluster: Any = None,
    true_ratio: float | None = None,
) -> TestResult:
    r"""Test whether a group is over-represented in *all* of several cells, such as regions.

    It answers: do these counts establish "in all regions", or "in all regions, as offenders and as
    victims"? All is as strong as its weakest cell, which the result names. It is not a test of
    which cells are over-represented, for which each needs an allowance for being one of many, nor
    of over-representation on average; and no ratio is evidence of its cause.

    Parameters
    ----------
    count : array_like
        People of the group recorded in each cell: a Series by region, a DataFrame or DataArray by
        region and role. With `by`, one row a person or cluster.
    total : array_like
        All people of known group recorded in the cell. People whose group is not recorded are in
        neither count, which is right only if that does not depend on their group.
    benchmark : array_like or Benchmark
        The group's share of the population of the cell, in (0, 1). With `by`: one number, or a
        Series by cell or by one of the labels of `by`.
    dim : name, axis number, list of them or None, optional
        Dimensions over which "all" runs; None: every dimension, one test of all cells. Otherwise
        there is one test for each of the other labels.
    ratio : float, default 1.0
        What every ratio must exceed: 1.25 asks for more than a fourth over the benchmark.
    method : {"exact", "mid-p", "clopper-pearson", "wilson", "jeffreys", "skew-score"}, optional
        One-sided test in each cell; ``"exact"`` is ``"clopper-pearson"``, the only one that never
        rejects more often than ``1 - level``.
    level : float, default 0.95
        Level of the limits; a cell passes with a p-value of at most ``1 - level``.
    benchmark_n : array_like or None, optional
        Sizes of the samples behind the benchmarks; without them these are taken as known.
    design_effect : array_like or None, optional
        Variance relative to people charged independently: co-defendants are alike, so that the
        people recorded are worth fewer. Counts and totals are divided by it.
    by : labels, Series or DataFrame of labels, or None, optional
        The cell of each row, where rows are people or clusters of people: regions, or a DataFrame
        with a column for region and one for role.
    cluster : labels or None, optional
        With `by`: what each row was recorded with, such as its operation; takes the place of
        `design_effect`. Without it people are taken as independent.
    true_ratio : float or None, optional
        Ratio for which the power is printed; None: twice `ratio`.

    Returns
    -------
    TestResult
        ``pvalue`` and ``statistic`` (the smallest ratio observed), one number or, with `dim`, one
        for each of the other labels. ``effect`` is :func:`smallest_ratio` from below. ``table`` has
        a row a cell, labelled: count, total, benchmark, ratio, ``low`` (its one-sided limit),
        pvalue, ``passes`` and ``decides`` (bool), ``smallest_count`` (the fewest of its total that
        would pass) and ``power`` (the chance to pass were its ratio `true_ratio`). The notes say
        what was not established and how likely that was, and in how many cells at least it was.

    Raises
    ------
    InputError
        If a count or share is bad, an option is unknown, `ratio` is above one over a benchmark,
        `true_ratio` is not above `ratio`, or options are given that do not go together.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If a total is 0: nothing can be established there, nor in all.

    See Also
    --------
    smallest_ratio : by what factor at least, everywhere.
    over_represented_in_at_least : in how many at least.
    power_in_all, total_needed_in_all, smallest_establishing_count : what it takes.

    Notes
    -----
    The hypothesis under test is that *some* ratio :math:`R_i = p_i / q_i` is at most
    :math:`R_0`. It is the union of hypotheses, one a cell, and is rejected where each of them is:

    .. math:: p = \max_i P(X_i \ge x_i \mid n_i, R_0 q_i).

    If one hypothesis is true, its own p-value falls short of a with a probability of at most a, and
    the maximum with no larger one: so no allowance for the number of cells is due, whatever their
    dependence. The price is power. With ten regions, each with just enough people for a chance of
    80 %, the chance for all is 0.8^10, or 11 %.

    With `design_effect` d the test is that of x/d among n/d people: it is exact if people come in
    groups of d who are all alike, and an approximation otherwise. With `cluster` the correlation of
    two people of one cluster is estimated from all cells together, as common to them, from the
    squares by which clusters differ from the share of their cell beyond what chance gives, and
    limited to 0 to 1; the design effect of a cell with clusters of sizes b is then
    :math:`1 + \hat\rho\,(\sum b^2 / \sum b - 1)`. In simulation the test of one cell kept to its
    level, where one that takes people as independent rejected up to four times too often. With
    `benchmark_n`, limits of both shares are combined by MOVER-R.

    ``power`` and the people needed are those of independent people, n/d of them where there is a
    design effect, also one found from clusters, and take benchmarks as known.

    Assumptions that fail in practice: independent people; group recorded for all, or missing
    whatever the group; a benchmark of the same ages, sexes and rule; region meaning the same in
    both counts.

    References
    ----------
    .. [1] Berger, R. L. (1982). Multiparameter hypothesis testing and acceptance sampling.
       *Technometrics* 24, 295-300. https://doi.org/10.1080/00401706.1982.10487790
    .. [2] Clopper, C. J. and Pearson, E. S. (1934). The use of confidence or fiducial limits
       illustrated in the case of the binomial. *Biometrika* 26, 404-413.
       https://doi.org/10.1093/biomet/26.4.404

    Examples
    --------
    A SYNTHETIC sample of 2,577 people in which the true ratio is 2 in every region:

    >>> people = cl.simulate.people(ratio=2.0, missing=0.0, rng=1)
    >>> black = people["ethnicity"].eq("Black").groupby(people["region"]).agg(["sum", "size"])
    >>> census = cl.datasets.census2021_benchmark("Black")
    >>> black = black.loc[census.share.index]
    >>> test = cl.disproportionality.over_represented_in_all(
    ...     black["sum"], black["size"], census
    ... )
    >>> print(f"p = {test.pvalue:.2f}, decided by {test.table.index[test.table['decides']][0]}")
    p = 0.67, decided by Wales
    >>> int(test.table["passes"].sum())
    5

    The truth holds in all regions and is established in some only: with so few people in each, a
    ratio of 2 is established in all of them less than once in a hundred times.
    """
    method = _cells.method_name(method)
    level = _validate.level(level)
    ratio = _validate.number("ratio", ratio, low=0, open_low=True)
    if true_ratio is not None:
        remedy = "The power is the chance to establish a ratio that is larger."
        _validate.number("true_ratio", true_ratio, low=ratio, open_low=True, remedy=remedy)
    supposed = 2.0 * ratio if true_ratio is None else float(true_ratio)
    options: dict[str, Any] = {
        "dim": dim,
        "method": method,
        "level": level,
        "benchmark_n": benchmark_n,
        "design_effect": design_effect,
        "by": by,
        "cluster": cluster,
    }
    cells = _cells.read(count, total, benchmark, **options)
    _cells.check_ratio(cells, "ratio", ratio)
    again = functools.partial(_smallest.smallest_ratio, count, total, benchmark, **options)
    effect = _smallest.estimate(cells, ratio, "greater", method, level, again)
    pvalues = cells.pvalue(ratio, 1)
    passes = pvalues <= 1.0 - level
    table = _table(cells, pvalues, passes, ratio, supposed, method, level, effect.references)
    notes = (
        *effect.notes,
        *_findings(cells, pvalues, passes, ratio, method, level),
        *_power_notes(cells, passes, ratio, supposed, method, level),
    )
    table.attrs["notes"] = [note.text for note in effect.notes if note.code in CARRIED]
    exceeds = f"at most {ratio:g} times its benchmark share"
    return TestResult(
        statistic=effect.estimate,
        pvalue=effect.pvalue,
        alternative="greater",
        null_hypothesis=f"In at least one of the {cells.number} cells the group's share is "
        f"{exceeds}.",
        method=f"intersection-union of one-sided {method} tests",
        effect=effect,
        table=table,
        n=effect.n,
        notes=notes,
        references=effect.references,
    )


def _effective(cells: Cells) -> FloatArray:
    return np.floor(cells.total / cells.worth)


def _supposed_power(
    cells: Cells, ratio: float, supposed: float, method: str, level: float
) -> FloatArray:
    """Chance of each cell to pass were its ratio the one supposed."""
    q = cells.benchmark
    return establishing.power(
        _effective(cells),
        np.minimum(ratio * q, 1.0),
        np.minimum(supposed * q, 1.0),
        1.0 - level,
        method,
    )


def _table(
    cells: Cells,
    pvalues: FloatArray,
    passes: NDArray[np.bool_],
    ratio: float,
    supposed: float,
    method: str,
    level: float,
    references: tuple[str, ...],
) -> pd.DataFrame:
    needed = establishing.smallest_count(
        cells.total, np.minimum(ratio * cells.benchmark, 1.0), 1.0 - level, method, cells.worth
    )
    columns = {
        "count": cells.count.astype(np.int64),
        "total": cells.total.astype(np.int64),
        "benchmark": cells.benchmark,
        "ratio": cells.ratio,
        "low": cells.limit(1.0 - level, 1),
        "pvalue": pvalues,
        "passes": passes,
        "decides": _decides(pvalues),
        "smallest_count": needed,
        "power": _supposed_power(cells, ratio, supposed, method, level),
    }
    flat = {name: cells.column(values) for name, values in columns.items()}
    table = pd.DataFrame(flat, index=cells.labels)
    table.attrs["true_ratio"] = supposed
    table.attrs["references"] = list(references)
    return table


def _decides(pvalues: FloatArray) -> NDArray[np.bool_]:
    """The cells with the largest p-value of their set."""
    largest: NDArray[np.bool_] = pvalues == pvalues.max(axis=1, keepdims=True)
    return largest


def _findings(
    cells: Cells,
    pvalues: FloatArray,
    passes: NDArray[np.bool_],
    ratio: float,
    method: str,
    level: float,
) -> tuple[Note, ...]:
    """Which cell decides, and in how many it is established at least."""
    notes: tuple[Note, ...] = ()
    bounds = (partial_conjunction.simultaneous(pvalues, "simes") <= 1.0 - level).sum(axis=1)
    if len(pvalues) == 1:
        names = cells.names(_decides(pvalues)[0])
        named = " and ".join(names[:NAMED]) + (" and more" if len(names) > NAMED else "")
        number = int(bounds[0])
        notes += (Note("decides", f"Decided by {named}: p = {pvalues.max():.3g}."),)
    else:
        number = int(bounds.min())
    if not passes.all():
        where = f"at least {number} of {cells.number} cells, without saying in which (Simes)"
        if number == 0:
            where = f"none of {cells.number} cells for sure, allowing for their number (Simes)"
        text = (
            f"Established at {100 * level:g} % in {where}; over_represented_in_at_least gives the "
            "p-value of each number."
        )
        notes += (Note("at-least", text),)
    high = 1.0 / cells.benchmark.max(axis=1)
    each = partial_conjunction.sidak_tail(1.0 - level, cells.number)
    high = np.minimum(high, cells.limit(each, -1).min(axis=1))
    if (high < ratio).any():
        text = (
            f"Contradicted: in at least one cell the ratio is below {ratio:g}, as the smallest "
            f"ratio is at most {high.min():.3g} at {100 * level:g} %."
        )
        notes += (Note("contradicted", text),)
    if method not in ("clopper-pearson",):
        text = f"The {method} test may reject somewhat more often than it says; 'exact' does not."
        notes += (Note("not-exact", text),)
    return notes


def _power_notes(
    cells: Cells,
    passes: NDArray[np.bool_],
    ratio: float,
    supposed: float,
    method: str,
    level: float,
) -> tuple[Note, ...]:
    """How likely "not established" was, had the ratio been large."""
    if passes.all():
        return ()
    open_sets: NDArray[np.bool_] = np.logical_not(passes.all(axis=1))
    chance = _supposed_power(cells, ratio, supposed, method, level).prod(axis=1)[open_sets]
    least, most = _percent(chance.min()), _percent(chance.max())
    words = least if least == most else f"{least} to {most}"
    beyond = (supposed * cells.benchmark > 1.0).any()
    capped = " (or the most that the benchmark allows)" if beyond else ""
    text = (
        f"Not established is not the same as untrue: had the ratio been {supposed:g} in every "
        f"cell{capped}, samples of this size would have established it in all {cells.number} "
        f"with a chance of {words}."
    )
    needed = _needed(cells, open_sets, ratio, supposed, method, level)
    if needed is not None:
        text += (
            f" For a chance of {100 * ENOUGH_POWER:g} % it takes {needed:,.0f} people in each cell."
        )
    return (Note("power", text),)


def _needed(
    cells: Cells,
    open_sets: NDArray[np.bool_],
    ratio: float,
    supposed: float,
    method: str,
    level: float,
) -> float | None:
    """People in each cell, for the set that takes most; None where that is not to be had."""
    most = 0.0
    for row in np.flatnonzero(open_sets):
        q = cells.benchmark[row]
        chosen = np.minimum(ratio * q, 1.0), np.minimum(supposed * q, 1.0), 1.0 - level, method
        if np.prod(establishing.power(np.full(q.size, LARGEST_SEARCHED), *chosen)) < ENOUGH_POWER:
            return None
        found = establishing.total_needed(*chosen, ENOUGH_POWER)
        most = max(most, float(np.ceil(found * cells.worth[row].max())))
    return most


def _percent(chance: float) -> str:
    value = 100.0 * float(chance)
    if value >= 99.95:
        return "nearly 100 %"
    return "below 0.1 %" if value < 0.05 else f"{value:.1f} %" if value < 10 else f"{value:.0f} %"
