"""Do values rise from group to group, the groups being in order? Jonckheere-Terpstra."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _validate, resampling
from countylines._kernels import kendall_score, mann_kendall, ordered_groups
from countylines._kinds import accept
from countylines._typing import RNG, Alternative
from countylines.errors import DegenerateDataWarning, InputError, warn
from countylines.results import Note, TestResult

FloatArray = NDArray[np.float64]

METHODS = ("auto", "exact", "normal", "monte-carlo")
REFERENCES = ("jonckheere1954", "terpstra1952")


def jonckheere_terpstra(
    groups: Any,
    *,
    method: str = "auto",
    continuity: bool = True,
    alternative: Alternative = "two-sided",
    replicates: int = 9999,
    rng: RNG = None,
) -> TestResult:
    r"""Test whether values rise from group to group, where the groups have an order.

    It answers: do distances, ages or sentences rise over years or bands, of which each holds
    several values? It does not say that neighbouring groups differ, nor by how much.

    Parameters
    ----------
    groups : mapping or sequence of array_like
        The values of each group, the groups in order; names are those of the mapping or 0, 1, 2,
        ...
    method : {"auto", "exact", "normal", "monte-carlo"}, default "auto"
        Distribution of the statistic when the values are dealt to the groups at random, ties
        included. ``"auto"``: exact up to 30 values where that is quick, else normal, corrected for
        ties.
    continuity : bool, default True
        For ``"normal"``: correct for a statistic that moves in steps.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        ``"greater"`` asks whether values rise.
    replicates : int, default 9999
        Random deals for ``"monte-carlo"``.
    rng : int, Generator, SeedSequence or None, optional
        Source of randomness for ``"monte-carlo"``.

    Returns
    -------
    TestResult
        ``statistic`` is the number of pairs in which the value of the later group is the larger, a
        tie counting one half. ``table`` has the size and the median of each group.

    Raises
    ------
    InputError
        If a value is not finite, a group is empty, there are fewer than two groups, or the exact
        distribution is too large.

    Warns
    -----
    DegenerateDataWarning
        If all values are equal (p-value 1).

    See Also
    --------
    mann_kendall : one value a period.
    cochran_armitage : groups of events out of totals.
    page_trend : the same places in every group.

    Notes
    -----
    With :math:`M` pairs of values from different groups, of which :math:`S` more rise than fall,
    the statistic is :math:`J = (M + S) / 2`. Given the sizes :math:`n_g` of the groups and
    :math:`t_c` of the ties, :math:`S` has mean 0 and variance

    .. math:: \sigma^2 = \tfrac{1}{18}\Bigl(v(N) - \sum_g v(n_g) - \sum_c v(t_c)\Bigr)
              + \frac{\sum_g n_g^{(3)} \sum_c t_c^{(3)}}{9 N^{(3)}}
              + \frac{\sum_g n_g^{(2)} \sum_c t_c^{(2)}}{2 N^{(2)}}

    with :math:`v(t) = t(t-1)(2t+5)` and falling powers :math:`t^{(r)}`. The normal p-value is
    :math:`\Phi(-(S - 1)/\sigma)`; the exact one counts every table with these margins. The
    two-sided p-value is twice the smaller side, at most 1.

    The assumption that fails in practice: values of one group are dealt independently of one
    another. Lines of the same force in the same year are not.

    References
    ----------
    .. [1] Jonckheere, A. R. (1954). A distribution-free k-sample test against ordered alternatives.
       *Biometrika* 41, 133-145. https://doi.org/10.1093/biomet/41.1-2.133
    .. [2] Terpstra, T. J. (1952). The asymptotic normality and consistency of Kendall's test
       against trend, when ties are present in one ranking. *Indagationes Mathematicae* 55, 327-333.
       https://doi.org/10.1016/S1385-7258(52)50043-X

    Examples
    --------
    *Made-up* distances in miles from origin to destination, by year:

    >>> miles = {2021: [88, 120, 64, 95], 2022: [70, 101, 52], 2023: [48, 66, 64, 31]}
    >>> shorter = cl.localisation.jonckheere_terpstra(miles, alternative="less")
    >>> print(f"{shorter.statistic} of 40 pairs rise, p = {shorter.pvalue:.3f}")
    7.5 of 40 pairs rise, p = 0.020

    Of 40 pairs of lines of different years the later one is longer in 7 and equal in one: distances
    fall from year to year.
    """
    method = _validate.option("method", method, METHODS)
    continuity = _validate.flag("continuity", continuity)
    _validate.alternative(alternative)
    names, values = _groups(groups)
    sizes = tuple(len(v) for v in values)
    together = np.concatenate(values)
    ties = tuple(int(t) for t in np.unique(together, return_counts=True)[1])
    pairs = (sum(sizes) ** 2 - sum(g * g for g in sizes)) / 2.0
    score = float(_scores(together[None], sizes)[0])
    used = _method(method, sizes, ties)
    if used == "exact":
        low, probability = ordered_groups.score_distribution(sizes, ties)
        upper, lower = ordered_groups.tails(round(score), low, probability)
        p = float(mann_kendall.combine(np.array(upper), np.array(lower), alternative))
    elif used == "normal":
        variance = np.array([ordered_groups.score_variance(sizes, ties)])
        shift = 0.0 if continuity else 1.0
        up, down = (
            mann_kendall.normal_tail(np.array([s * score + shift]), variance) for s in (1.0, -1.0)
        )
        p = float(mann_kendall.combine(up, down, alternative)[0])
    else:
        scores = resampling.replicate(
            resampling.permuted_rows(len(together)),
            lambda orders: _scores(together[orders], sizes),
            replicates=replicates,
            rng=rng,
        )
        p = resampling.permutation_pvalue(np.ravel(scores), score, alternative=alternative)
    notes = []
    if len(ties) == 1:
        text = "All values are equal: no order of the groups can be seen."
        notes.append(Note("constant-series", text))
        warn(text, DegenerateDataWarning)
    return TestResult(
        statistic=(pairs + score) / 2.0,
        pvalue=p,
        alternative=alternative,
        null_hypothesis="Values are dealt to the groups at random: no trend over the groups.",
        method=f"jonckheere-terpstra, {used}",
        table=pd.DataFrame({"n": sizes, "median": [float(np.median(v)) for v in values]}, names),
        n=len(together),
        notes=tuple(notes),
        references=REFERENCES,
    )


def _scores(rows: FloatArray, sizes: tuple[int, ...]) -> FloatArray:
    """Pairs of different groups that rise less pairs that fall, for values in order of group."""
    score = kendall_score.kendall(rows).score
    ends = np.cumsum(sizes)
    for size, end in zip(sizes, ends, strict=True):
        score = score - kendall_score.kendall(rows[:, end - size : end]).score
    return score


def _method(method: str, sizes: tuple[int, ...], ties: tuple[int, ...]) -> str:
    work = ordered_groups.work(sizes, ties)
    if method == "auto":
        few = sum(sizes) <= 30 and work <= ordered_groups.MOST_WORK / 10
        return "exact" if few else "normal"
    if method == "exact" and (work > ordered_groups.MOST_WORK or sum(sizes) > 100):
        raise InputError(
            _validate.sentence(
                "method",
                "'normal' or 'monte-carlo' for groups of so many values",
                f"'exact' with {sum(sizes)} values in {len(sizes)} groups",
            )
        )
    return method


def _groups(groups: Any) -> tuple[pd.Index, list[FloatArray]]:
    if isinstance(groups, Mapping):
        names, parts = pd.Index(list(groups), name="group"), list(groups.values())
    elif isinstance(groups, (list, tuple)):
        names, parts = pd.RangeIndex(len(groups), name="group"), list(groups)
    else:
        raise InputError(
            _validate.sentence(
                "groups", "a mapping or a list with the values of each group", type(groups).__name__
            )
        )
    if len(parts) < 2:
        raise InputError(_validate.sentence("groups", "of at least two groups", len(parts)))
    found = []
    for name, part in zip(names, parts, strict=True):
        values = np.asarray(accept("groups", part), dtype=np.float64)
        where = f" in group {name!r}"
        if values.ndim != 1:
            raise InputError(
                _validate.sentence(
                    "groups", "of one dimension each", f"shape {values.shape}", where
                )
            )
        wrong = ~np.isfinite(values)
        if wrong.any():
            raise InputError(
                _validate.sentence(
                    "groups",
                    "of finite values",
                    _validate.show(values[wrong][0]),
                    where,
                    "Leave missing values out.",
                )
            )
        found.append(values)
    return names, found
