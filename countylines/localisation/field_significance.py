"""Whether there is anything to find among the tests of many forces."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy.special import bdtrc

from countylines import _labels, _validate, resampling
from countylines._kernels import common_order, kendall_score
from countylines._typing import RNG
from countylines.errors import InputError, InputTypeError
from countylines.results import Note, TestResult

FloatArray = NDArray[np.float64]

REFERENCES = ("livezey1983", "wilks2006")
FEWEST = 4


def field_significance(
    x: pd.DataFrame | xr.DataArray | FloatArray,
    *,
    time: Any = None,
    block_length: int = 1,
    level: float = 0.95,
    permutations: int = 2000,
    rng: RNG = None,
) -> TestResult:
    r"""Test whether more forces show a trend than chance and their common ups and downs explain.

    It answers: if 6 of 43 forces have a trend at 5 %, is there a trend anywhere at all? Two are
    expected by chance, and far more at a time if forces rise and fall together, as they do when a
    recording rule changes for all. It does not say which forces: that is for
    :func:`countylines.disproportionality.false_discovery`.

    Parameters
    ----------
    x : DataFrame, DataArray or ndarray, shape (periods, forces)
        Values by period (rows) and force (columns), without gaps.
    time : str or None, optional
        Name of the dimension of periods, for a DataArray; its first one if None.
    block_length : int, default 1
        Periods that are moved together: 1 if those of a force are independent but for a trend, more
        where what is high stays high for a while.
    level : float, default 0.95
        The test of each force is at 1 less this.
    permutations : int, default 2000
        How many orders of the periods are tried, at least 99.
    rng : int, Generator, SeedSequence or None, optional
        Source of randomness.

    Returns
    -------
    TestResult
        ``statistic`` is the share of forces whose Mann-Kendall test rejects; ``table`` has a row a
        force with ``score``, ``pvalue`` and ``rejected``; notes have the p-value were forces
        independent, and Walker's bound for the smallest p-value.

    Raises
    ------
    InputError
        If there are gaps, fewer than 4 periods or 2 forces, too long blocks, or an option is
        unknown.

    See Also
    --------
    countylines.disproportionality.false_discovery : which forces.
    regional_mann_kendall : one trend of all forces.
    shrunken_slopes : how large.

    Notes
    -----
    With p-values :math:`p_i` of the Mann-Kendall tests of m forces (ties allowed for), and whole
    periods put in another order, for all forces the same,

    .. math:: S = \frac1m \sum_i 1(p_i \le \alpha), \qquad
              p = \frac{1 + \#\{S^* \ge S\}}{1 + B} .

    What forces share within a period stays, so that the p-value holds however they are correlated.
    Were they independent, the number rejecting would be binomial and the smallest p-value below
    Walker's :math:`1 - (1 - \alpha)^{1/m}` with chance :math:`\alpha`.

    Where a test of few periods can never reject, S is 0 and the p-value 1.

    Assumptions that fail in practice: blocks of periods exchangeable without trend (seasons are
    not: take them out, or one block a year); with blocks few orders differ, and the p-value cannot
    be small.

    References
    ----------
    .. [1] Livezey, R. E. and Chen, W. Y. (1983). Statistical field significance and its
       determination by Monte Carlo techniques. *Monthly Weather Review* 111, 46-59.
       https://doi.org/10.1175/1520-0493(1983)111<0046:SFSAID>2.0.CO;2
    .. [2] Wilks, D. S. (2006). On "field significance" and the false discovery rate. *Journal of
       Applied Meteorology and Climatology* 45, 1181-1189. https://doi.org/10.1175/JAM2404.1

    Examples
    --------
    SYNTHETIC values of 20 forces over 12 periods, without trend, that rise and fall together:

    >>> import numpy as np
    >>> generator = np.random.default_rng(31)
    >>> common = generator.normal(size=(12, 1))
    >>> x = common + 0.5 * generator.normal(size=(12, 20))
    >>> found = cl.localisation.field_significance(x, rng=1)
    >>> print(f"{found.statistic:.2f} {found.pvalue:.2f}")
    0.20 0.08

    Four of the twenty have a trend at 5 %, where one is expected. Independent forces would do that
    2 times in 100; forces that rise and fall together do it 8 times in 100, and nothing is shown.
    """
    level = _validate.level(level)
    permutations = _validate.whole_number("permutations", permutations, low=99)
    values, names = _table(x, time)
    periods, forces = values.shape
    block = _validate.whole_number("block_length", block_length, low=1, high=periods // 4)
    alpha = 1.0 - level
    counted = kendall_score.kendall(np.ascontiguousarray(values.T))
    pvalue = common_order.pvalues(counted.score, counted.variance)
    rejected = pvalue <= alpha
    observed = float(rejected.mean())
    signs = common_order.pair_signs(values)

    def share(orders: Any) -> FloatArray:
        score = common_order.scores(signs, orders)
        found: FloatArray = (common_order.pvalues(score, counted.variance) <= alpha).mean(axis=1)
        return found

    draw = functools.partial(common_order.block_orders, periods, block)
    drawn = resampling.replicate(draw, share, replicates=permutations, rng=rng, batch=128)
    p = (1.0 + float((drawn >= observed - 1e-12).sum())) / (1.0 + permutations)
    number = int(rejected.sum())
    alone = float(bdtrc(number - 1, forces, alpha)) if number else 1.0
    walker = -np.expm1(np.log1p(-alpha) / forces)
    notes = (
        Note(
            "independent",
            f"Were forces independent the p-value would be {alone:.4g}: {number} of {forces} "
            f"reject, {alpha * forces:.3g} are expected.",
        ),
        Note(
            "walker",
            f"The smallest p-value is {pvalue.min():.3g}; were forces independent, one below "
            f"{walker:.3g} would show a trend somewhere (Walker).",
        ),
    )
    table = pd.DataFrame({"score": counted.score, "pvalue": pvalue, "rejected": rejected}, names)
    return TestResult(
        statistic=observed,
        pvalue=p,
        alternative="greater",
        null_hypothesis="No force has a trend.",
        method=f"permutation of {'periods' if block == 1 else f'blocks of {block} periods'}, "
        "the same for all forces",
        table=table,
        n=periods * forces,
        notes=notes,
        references=REFERENCES,
    )


def _table(x: Any, time: Any) -> tuple[FloatArray, pd.Index]:
    """Values with a row a period and a column a force, and the names of the forces."""
    if isinstance(x, xr.DataArray):
        x = x.compute()
        if x.ndim == 2:
            time = x.dims[0] if time is None else time
            if time not in x.dims:
                dims = [str(d) for d in x.dims]
                raise InputError(_validate.sentence("time", f"one of {dims}", _validate.show(time)))
            x = x.transpose(time, ...).to_pandas()
    elif time is not None:
        rule = "None unless `x` is a DataArray"
        raise InputError(_validate.sentence("time", rule, _validate.show(time)))
    inputs = _labels.align(x=x)
    shape = np.shape(inputs.template)
    if len(shape) != 2:
        rule = "a table of periods and forces"
        raise InputTypeError(_validate.sentence("x", rule, _validate.show(np.asarray(x))))
    _validate.finite("x", inputs.flat[0], inputs.where)
    if shape[0] < FEWEST or shape[1] < 2:
        rule = f"of at least {FEWEST} periods and 2 forces"
        got = f"{shape[0]} periods and {shape[1]} forces"
        raise InputError(_validate.sentence("x", rule, got))
    names = pd.Index(x.columns) if isinstance(x, pd.DataFrame) else pd.RangeIndex(shape[1])
    return inputs.flat[0].reshape(shape), names
