"""What "over-represented in all regions" takes: the chance to establish it, and the fewest people.

Three questions asked before any data are looked at.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _validate
from countylines import benchmark as _benchmark
from countylines._kernels import establishing
from countylines._typing import ArrayLike
from countylines.benchmark import Benchmark
from countylines.disproportionality import _cells
from countylines.errors import InputError

FloatArray = NDArray[np.float64]

LARGEST = 1e7


def power_in_all(
    total: ArrayLike,
    benchmark: ArrayLike | Benchmark,
    *,
    true_ratio: ArrayLike,
    ratio: float = 1.0,
    dim: Any = None,
    method: str = "exact",
    level: float = 0.95,
    design_effect: ArrayLike | None = None,
) -> Any:
    r"""Chance that samples of these sizes establish over-representation in all cells at once.

    It answers: had the true ratios been these, how likely was "in all regions" to be established?
    Where that was unlikely, that it was not established says next to nothing. It is no probability
    that the claim is true.

    Parameters
    ----------
    total : array_like
        People of known group recorded in each cell, such as a region.
    benchmark : array_like or Benchmark
        The group's share of the population of each cell, in (0, 1), taken as known.
    true_ratio : array_like
        The representation ratio that is supposed to be true in each cell, above `ratio`. Where it
        would make the share larger than 1, the share is 1.
    ratio : float, default 1.0
        What every ratio must be shown to exceed.
    dim : name, axis number, list of them or None, optional
        Dimensions over which "all" runs; None: all, so that the result is one number.
    method : {"exact", "mid-p", "clopper-pearson", "wilson", "jeffreys", "skew-score"}, optional
        Test in each cell, as in :func:`over_represented_in_all`.
    level : float, default 0.95
        A cell passes with a p-value of at most ``1 - level``.
    design_effect : array_like or None, optional
        Variance relative to people charged independently; a total then counts as the whole part
        of total / design_effect people.

    Returns
    -------
    float or labelled floats
        A probability; with `dim`, one for each of the other labels.

    Raises
    ------
    InputError
        If a total, share or ratio is bad, or `true_ratio` is not above `ratio`.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    See Also
    --------
    over_represented_in_all : the test; prints this for whatever it does not establish.
    total_needed_in_all : how many people would make it likely.

    Notes
    -----
    With the smallest count :math:`c_i` that passes in cell i, benchmark :math:`q_i`, true ratio
    :math:`\rho_i` and independent cells,

    .. math:: \prod_i P\bigl(X_i \ge c_i \mid n_i, \min(\rho_i q_i, 1)\bigr),

    by exact binomial tails. An assumption that fails in practice: independent people and cells.

    References
    ----------
    .. [1] Berger, R. L. (1982). Multiparameter hypothesis testing and acceptance sampling.
       *Technometrics* 24, 295-300. https://doi.org/10.1080/00401706.1982.10487790

    Examples
    --------
    A release mentions a sample of 2,577 people: an equal part for each of nine regions and Wales
    would be 258. Suppose that the share of Black people was twice that of residents everywhere:

    >>> black = cl.datasets.census2021_benchmark("Black")
    >>> power = cl.disproportionality.power_in_all(258, black, true_ratio=2)
    >>> print(f"{power:.1%}")
    0.7%

    A true ratio of 2 in every region would have been established in all of them less than once
    in a hundred times.
    """
    data = _Data(total, benchmark, ratio, method, level, design_effect, true_ratio=true_ratio)
    order, back = _cells.sets(data.inputs, dim)
    chance = establishing.power(
        np.floor(data.total / data.effect), data.null, data.true_share, data.tail, data.method
    )
    return back(chance[order].prod(axis=1))


def smallest_establishing_count(
    total: ArrayLike,
    benchmark: ArrayLike | Benchmark,
    *,
    ratio: float = 1.0,
    method: str = "exact",
    level: float = 0.95,
    design_effect: ArrayLike | None = None,
) -> Any:
    r"""Fewest people of a group that would establish over-representation, cell by cell.

    It answers: how many would it have taken? It is not the number expected, nor evidence.

    Parameters
    ----------
    total : array_like, shape (...)
        People of known group recorded.
    benchmark : array_like, shape (...), or Benchmark
        The group's share of the population, in (0, 1), taken as known.
    ratio : float, default 1.0
        What the representation ratio must be shown to exceed.
    method : {"exact", "mid-p", "clopper-pearson", "wilson", "jeffreys", "skew-score"}, optional
        Test in each cell.
    level : float, default 0.95
        The p-value is at most ``1 - level``.
    design_effect : array_like or None, optional
        Variance relative to people charged independently.

    Returns
    -------
    float or labelled floats
        A whole number, of the kind and with the labels of the data; infinite where not even all of
        `total` would be enough.

    Raises
    ------
    InputError
        If a total, share or ratio is bad.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    See Also
    --------
    power_in_all : how likely so many are.

    Notes
    -----
    The smallest whole x whose one-sided p-value is at most :math:`1 - \gamma`; for ``"exact"``

    .. math:: P(X \ge x \mid n, r q) \le 1 - \gamma .

    An assumption that fails in practice: people recorded independently; see `design_effect`.

    References
    ----------
    .. [1] Clopper, C. J. and Pearson, E. S. (1934). The use of confidence or fiducial limits
       illustrated in the case of the binomial. *Biometrika* 26, 404-413.
       https://doi.org/10.1093/biomet/26.4.404

    Examples
    --------
    In the North East 1.01 % of residents were Black at the 2021 census. Of 258 people there:

    >>> cl.disproportionality.smallest_establishing_count(258, 0.0101)
    6.0

    Six would establish that the share is above that of residents; five would not.
    """
    data = _Data(total, benchmark, ratio, method, level, design_effect)
    found = establishing.smallest_count(data.total, data.null, data.tail, data.method, data.effect)
    return data.inputs.back(found)


def total_needed_in_all(
    benchmark: ArrayLike | Benchmark,
    *,
    true_ratio: ArrayLike,
    power: float = 0.8,
    ratio: float = 1.0,
    method: str = "exact",
    level: float = 0.95,
    design_effect: float = 1.0,
) -> int:
    r"""People needed in each cell to establish over-representation in all of them.

    It answers: how large would the sample have to be, the same in each region?

    Parameters
    ----------
    benchmark : array_like or Benchmark
        The group's share of the population of each cell, in (0, 1), taken as known; one number for
        one cell.
    true_ratio : array_like
        The ratio that is supposed to be true in each cell, above `ratio`.
    power : float, default 0.8
        The chance wanted, in (0, 1), that all cells pass.
    ratio : float, default 1.0
        What every ratio must be shown to exceed.
    method : {"exact", "mid-p", "clopper-pearson", "wilson", "jeffreys", "skew-score"}, optional
        Test in each cell.
    level : float, default 0.95
        A cell passes with a p-value of at most ``1 - level``.
    design_effect : float, default 1.0
        Variance relative to people charged independently, above 0.

    Returns
    -------
    int
        The smallest size in each cell from which the power stays at `power` or above.

    Raises
    ------
    InputError
        If a share or ratio is bad, or more than ten million people in each cell are needed.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    See Also
    --------
    power_in_all : the power of sizes that are given.

    Notes
    -----
    The size is the smallest n with :func:`power_in_all` of at least `power` for n and for every
    larger size. The power of an exact test rises with n, but falls back wherever one more person
    of the group is needed, so that smaller sizes may reach `power` too.

    An assumption that fails in practice: independent people and cells, and a `design_effect` that
    is known before the sample is.

    References
    ----------
    .. [1] Berger, R. L. (1982). Multiparameter hypothesis testing and acceptance sampling.
       *Technometrics* 24, 295-300. https://doi.org/10.1080/00401706.1982.10487790

    Examples
    --------
    Against the shares of Black residents of nine regions and Wales at the 2021 census:

    >>> black = cl.datasets.census2021_benchmark("Black")
    >>> cl.disproportionality.total_needed_in_all(black, true_ratio=2)
    1511
    >>> cl.disproportionality.total_needed_in_all(black, true_ratio=3)
    486

    A true ratio of 2 everywhere takes some 15,000 people in all, six times the sample of 2,577 that
    a release mentions, to be established with a chance of 80 %.
    """
    power = _validate.number("power", power, low=0, high=1, open_low=True, open_high=True)
    effect = _validate.number("design_effect", design_effect, low=0, open_low=True)
    data = _Data(1.0, benchmark, ratio, method, level, None, true_ratio=true_ratio)
    chosen = data.null, data.true_share, data.tail, data.method
    if np.prod(establishing.power(np.floor(LARGEST / effect), *chosen)) < power:
        raise InputError(
            _validate.sentence(
                "true_ratio",
                "one that up to ten million people in each cell can tell from `ratio`",
                _validate.show(float(data.true_ratio.min())),
            )
        )
    return int(np.ceil(establishing.total_needed(*chosen, power) * effect))


class _Data:
    """Checked and aligned arguments: every column flat, with the share that the null stands for."""

    def __init__(
        self,
        total: Any,
        benchmark: Any,
        ratio: Any,
        method: Any,
        level: Any,
        design_effect: Any,
        true_ratio: Any = None,
    ) -> None:
        self.method = _cells.method_name(method)
        self.tail = 1.0 - _validate.level(level)
        ratio = _validate.number("ratio", ratio, low=0, open_low=True)
        given = {"total": total, "benchmark": _benchmark.known_share(benchmark, "a power")}
        extras = {"design_effect": design_effect, "true_ratio": true_ratio}
        given |= {name: value for name, value in extras.items() if value is not None}
        self.inputs = _cells.in_memory(_labels.align(**given))
        flat = dict(zip(self.inputs.names, self.inputs.flat, strict=True))
        where = self.inputs.where
        self.total, share = flat["total"], flat["benchmark"]
        _validate.not_empty("total", share.size)
        _validate.counts("total", self.total, where)
        _validate.share("benchmark", share, where)
        self.effect = flat.get("design_effect", np.ones(share.size))
        _validate.exposure("design_effect", self.effect, where)
        _validate.not_above(
            "ratio",
            np.full(share.size, ratio),
            "1 / benchmark",
            1 / share,
            where,
            "No ratio can be larger.",
        )
        self.null = ratio * share
        if "true_ratio" not in flat:
            return
        self.true_ratio = flat["true_ratio"]
        _validate.exposure("true_ratio", self.true_ratio, where)
        too_small = self.true_ratio <= ratio
        if too_small.any():
            rule = f"above `ratio` ({ratio:g})"
            got = _validate.show(float(self.true_ratio[too_small][0]))
            remedy = "The chance to be wrong there is at most 1 - level."
            raise InputError(_validate.sentence("true_ratio", rule, got, where(too_small), remedy))
        self.true_share: FloatArray = np.minimum(self.true_ratio * share, 1.0)
