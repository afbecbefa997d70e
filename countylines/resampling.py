"""Bootstrap and permutation: replicates that do not depend on how the work was split.

``replicate`` draws them, ``interval`` turns those of a bootstrap into limits and
``permutation_pvalue`` those of a permutation into a p-value. Nothing is dropped: an infinite
replicate stays infinite in the quantiles, and one that is undefined is an error, or widens the
interval and is counted in a note.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from countylines import _validate
from countylines._kernels import bca
from countylines._kernels.method import tail_area
from countylines._progress import reporter
from countylines._typing import RNG, Alternative, Progress
from countylines.errors import InputError, InputTypeError
from countylines.results import Note

__all__ = [
    "BLOCK",
    "ReplicateInterval",
    "interval",
    "permutation_pvalue",
    "permuted_rows",
    "replicate",
    "resampled_rows",
]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Draw = Callable[[np.random.Generator, int], Any]

BLOCK = 1024
KINDS = ("percentile", "basic", "bca")


class ReplicateInterval(NamedTuple):
    """Limits from replicates, and what the reader of them must know.

    Attributes
    ----------
    low, high : float
        The limits; infinite where the replicates are.
    notes : tuple of Note
        How many replicates were infinite or undefined, where there were any.
    references : tuple of str
        Keys of the package's bibliography, to be handed on with the limits.
    """

    low: float
    high: float
    notes: tuple[Note, ...] = ()
    references: tuple[str, ...] = ()


def replicate(
    draw: Draw,
    statistic: Callable[[Any], Any] | None = None,
    *,
    replicates: int,
    rng: RNG = None,
    batch: int | None = None,
    map: Callable[..., Iterable[Any]] = map,
    progress: Progress = False,
) -> FloatArray:
    """Replicates of a statistic, the same however the work is split.

    It answers: what would the estimator have said of other data from the same source? It does not
    say whether that source is the right one.

    Parameters
    ----------
    draw : callable
        ``draw(generator, size)`` returns `size` data sets, or statistics, along the first axis. It
        must draw at random from `generator` alone.
    statistic : callable or None, optional
        ``statistic(data)`` turns data sets along the first axis into one row of numbers each, every
        row from its own data set; None if `draw` returns numbers already.
    replicates : int
        How many, at least 1.
    rng : int, Generator, SeedSequence or None, optional
        Source of randomness; the same whole number gives the same replicates.
    batch : int or None, optional
        The most data sets given to `statistic` at once, to save memory; all of a block of 1,024 if
        None. It makes no difference to the result.
    map : callable, default builtin map
        ``map(function, generators, sizes)`` runs the blocks, in any order, and returns their
        results in the order given: for example ``concurrent.futures.Executor.map``.
    progress : bool or callable, default False
        True writes to standard error; a callable gets ``(done, total)`` after every block.

    Returns
    -------
    ndarray of shape (replicates, ...)
        Infinite and undefined replicates included.

    Raises
    ------
    InputError
        If `draw` or `statistic` returns another number of rows than asked for.

    See Also
    --------
    interval : limits from bootstrap replicates.
    permutation_pvalue : p-value from permutation replicates.

    Notes
    -----
    Each block of 1,024 replicates has a generator of its own, spawned from `rng` before any work is
    done. Neither `batch` nor the number of workers has a say in what a replicate draws.

    Examples
    --------
    Shares of external lines among 40, had 13 of 40 been the whole truth:

    >>> from countylines import resampling
    >>> def draw(generator, size):
    ...     return generator.binomial(40, 13 / 40, size=size) / 40
    >>> shares = resampling.replicate(draw, replicates=2000, rng=1)
    >>> shares.shape
    (2000,)

    Two thousand shares that could have been seen in place of the one that was.
    """
    replicates = _validate.whole_number("replicates", replicates, low=1)
    batch = None if batch is None else _validate.whole_number("batch", batch, low=1)
    report = reporter(progress, "replicates")
    sizes = [min(BLOCK, replicates - start) for start in range(0, replicates, BLOCK)]
    generators = _spawn(_validate.generator(rng), len(sizes))
    run = functools.partial(_block, draw=draw, statistic=statistic, batch=batch)
    done, blocks = 0, []
    for size, values in zip(sizes, map(run, generators, sizes), strict=True):
        blocks.append(values)
        done += size
        report(done, replicates)
    return np.concatenate(blocks)


def _spawn(generator: np.random.Generator, number: int) -> list[np.random.Generator]:
    try:
        return generator.spawn(number)
    except TypeError:  # a bit generator that was given a state and no seed
        raise InputTypeError(
            _validate.sentence(
                "rng",
                "a generator that can spawn others",
                "one without a seed sequence",
                remedy="Use rng=numpy.random.default_rng(1).",
            )
        ) from None


def _block(
    generator: np.random.Generator,
    size: int,
    *,
    draw: Draw,
    statistic: Callable[[Any], Any] | None,
    batch: int | None,
) -> FloatArray:
    data = draw(generator, size)
    _same_length("draw", len(data), size)
    if statistic is None:
        return np.asarray(data, dtype=np.float64)
    rows = []
    for part in _parts(data, batch or size):
        values = np.atleast_1d(np.asarray(statistic(part), dtype=np.float64))
        _same_length("statistic", len(values), len(part))
        rows.append(values)
    return np.concatenate(rows)


def _parts(data: Any, batch: int) -> Iterator[Any]:
    for start in range(0, len(data), batch):
        yield data[start : start + batch]


def _same_length(name: str, given: int, wanted: int) -> None:
    if given != wanted:
        rule = f"a function that returns one row for each of {wanted} data sets"
        raise InputError(_validate.sentence(name, rule, f"{given} rows"))


def resampled_rows(length: int) -> Draw:
    """Draw row numbers with replacement, for the ordinary bootstrap of independent rows.

    Parameters
    ----------
    length : int
        Number of rows of the data.

    Returns
    -------
    callable
        For `replicate`: ``(generator, size)`` to an array of shape ``(size, length)``.

    See Also
    --------
    permuted_rows : without replacement.

    Examples
    --------
    >>> from countylines import resampling
    >>> rows = resampling.replicate(resampling.resampled_rows(3), replicates=2, rng=1)
    >>> rows.shape
    (2, 3)

    Two data sets of three rows each, some rows more than once.
    """
    return functools.partial(_resampled, _validate.whole_number("length", length, low=1))


def permuted_rows(length: int) -> Draw:
    """Draw orders of the rows, for permutation tests.

    Parameters
    ----------
    length : int
        Number of rows of the data.

    Returns
    -------
    callable
        For `replicate`: ``(generator, size)`` to an array of shape ``(size, length)``.

    See Also
    --------
    resampled_rows : with replacement.
    permutation_pvalue : what to do with the statistics of permuted data.

    Examples
    --------
    >>> from countylines import resampling
    >>> orders = resampling.replicate(resampling.permuted_rows(3), replicates=2, rng=1)
    >>> [sorted(order) for order in orders.astype(int).tolist()]
    [[0, 1, 2], [0, 1, 2]]

    Two orders of the same three rows.
    """
    return functools.partial(_permuted, _validate.whole_number("length", length, low=1))


def _resampled(length: int, generator: np.random.Generator, size: int) -> IntArray:
    return generator.integers(length, size=(size, length))


def _permuted(length: int, generator: np.random.Generator, size: int) -> IntArray:
    return generator.permuted(np.tile(np.arange(length), (size, 1)), axis=1)


def interval(
    values: Any,
    estimate: float,
    *,
    level: float = 0.95,
    kind: str = "percentile",
    alternative: Alternative = "two-sided",
    jackknife: Any = None,
    jackknife_weights: Any = None,
    undefined: str = "raise",
) -> ReplicateInterval:
    r"""Limits from bootstrap replicates of one number.

    Parameters
    ----------
    values : array_like, shape (replicates,)
        Replicates of the estimate; infinite ones stay infinite in the quantiles.
    estimate : float
        The estimate itself.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    kind : {"percentile", "basic", "bca"}, default "percentile"
        Quantiles of the replicates; the same mirrored at the estimate; or quantiles corrected for
        bias and for a standard error that changes with the truth.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        ``"greater"`` gives a low limit alone, ``"less"`` a high one; the other end is infinite.
    jackknife : array_like or None, optional
        Estimates without one observation, needed by ``"bca"``.
    jackknife_weights : array_like or None, optional
        How many observations each of `jackknife` stands for; one each if None.
    undefined : {"raise", "widen"}, default "raise"
        What to do with replicates that are nan: refuse, or count each as beyond both limits.

    Returns
    -------
    ReplicateInterval
        ``low``, ``high``, ``notes``, ``references``.

    Raises
    ------
    InputError
        If replicates are nan and `undefined` is ``"raise"``, or ``"bca"`` has no acceleration or
        all replicates on one side of the estimate.

    See Also
    --------
    replicate : where the replicates come from.

    Notes
    -----
    Quantiles are of type 8 of Hyndman and Fan [1]_, for every kind. With :math:`z_0` the normal
    score of the share of replicates below the estimate (ties count half) and :math:`a` the
    acceleration from the jackknife, the BCa limit for tail area :math:`\alpha` is read off at

    .. math:: \Phi\left(z_0 + \frac{z_0 + z_\alpha}{1 - a (z_0 + z_\alpha)}\right).

    Percentile limits keep within the range of the estimator; basic limits may leave it. Where the
    estimator is biased, or its error grows with the truth as for hidden populations, prefer
    ``"bca"``. An infinite replicate makes a basic limit infinite on the other side.

    References
    ----------
    .. [1] Hyndman, R. J. and Fan, Y. (1996). Sample quantiles in statistical packages. *The
       American Statistician* 50, 361-365. https://doi.org/10.2307/2684934
    .. [2] Efron, B. (1987). Better bootstrap confidence intervals. *Journal of the American
       Statistical Association* 82, 171-185. https://doi.org/10.1080/01621459.1987.10478410

    Examples
    --------
    >>> from countylines import resampling
    >>> values = [8, 9, 9, 10, 11, 14, float("inf")]
    >>> found = resampling.interval(values, 10, level=0.5)
    >>> (found.low, round(found.high, 2))
    (9.0, 13.5)

    Half of the replicates lie between 9 and 13.5; the infinite one is among the upper quarter.
    """
    level = _validate.level(level)
    _validate.option("kind", kind, KINDS)
    _validate.alternative(alternative)
    _validate.option("undefined", undefined, ("raise", "widen"))
    estimate = _validate.number("estimate", estimate, finite=False)
    replicates = _one_dimension("values", values)
    notes = _facts(replicates, undefined)
    least, most = (np.sort(np.where(np.isnan(replicates), end, replicates)) for end in _ENDS)
    tail = tail_area(level, alternative)
    shares = (tail, 1.0 - tail)
    if kind == "basic":
        low, high = (
            2 * estimate - bca.quantile(most, shares[1]),
            2 * estimate - bca.quantile(least, shares[0]),
        )
    else:
        if kind == "bca":
            shares = _bca_shares(replicates, estimate, shares, jackknife, jackknife_weights)
        low, high = bca.quantile(least, shares[0]), bca.quantile(most, shares[1])
    low = -np.inf if alternative == "less" else low
    high = np.inf if alternative == "greater" else high
    references = ("efron1987",) if kind == "bca" else ()
    return ReplicateInterval(float(low), float(high), notes, references)


_ENDS = (-np.inf, np.inf)


def _one_dimension(name: str, values: Any) -> FloatArray:
    array = np.asarray(values)
    _validate.not_empty(name, array.size)
    _validate.numeric_dtype(name, array.dtype)
    if array.ndim != 1:
        rule = "one-dimensional"
        raise InputError(_validate.sentence(name, rule, f"an array of shape {array.shape}"))
    return array.astype(np.float64)


def _facts(replicates: FloatArray, undefined: str) -> tuple[Note, ...]:
    size = replicates.size
    missing, infinite = int(np.isnan(replicates).sum()), int(np.isinf(replicates).sum())
    notes = []
    if missing and undefined == "raise":
        raise InputError(
            _validate.sentence(
                "values",
                "free of nan",
                f"{missing:,} undefined of {size:,} replicates",
                remedy="Find out why they are, or pass undefined='widen', which counts each as "
                "beyond both limits; to leave them out would make the interval too short.",
            )
        )
    if missing:
        text = f"{missing:,} of {size:,} replicates had no estimate; each is beyond both limits."
        notes.append(Note("undefined-replicates", text))
    if infinite:
        text = f"{infinite:,} of {size:,} replicates were infinite and stay so in the quantiles."
        notes.append(Note("infinite-replicates", text))
    return tuple(notes)


def _bca_shares(
    replicates: FloatArray,
    estimate: float,
    shares: tuple[float, float],
    jackknife: Any,
    weights: Any,
) -> tuple[float, float]:
    if jackknife is None:
        raise InputError(
            _validate.sentence(
                "jackknife",
                "given with kind='bca'",
                "None",
                remedy="Pass the estimates without one observation each, or use kind='percentile'.",
            )
        )
    left_out = _one_dimension("jackknife", jackknife)
    _validate.finite("jackknife", left_out)
    times = (
        np.ones_like(left_out) if weights is None else _one_dimension("jackknife_weights", weights)
    )
    _validate.exposure("jackknife_weights", times, zero=True)
    if times.shape != left_out.shape:
        rule = f"of the length of `jackknife`, {left_out.size}"
        raise InputError(_validate.sentence("jackknife_weights", rule, times.size))
    bias = bca.bias(replicates[~np.isnan(replicates)], estimate)
    if not np.isfinite(bias):
        raise InputError(
            _validate.sentence(
                "estimate",
                "inside the range of the replicates with kind='bca'",
                _validate.show(estimate),
                remedy="All replicates lie on one side of it, so there is no correction for bias: "
                "use kind='percentile' and find out why.",
            )
        )
    acceleration = bca.acceleration(left_out, times)
    low, high = (bca.level(share, bias, acceleration) for share in shares)
    return low, high


def permutation_pvalue(
    values: Any, observed: float, *, alternative: Alternative = "two-sided"
) -> float:
    r"""P-value from statistics of permuted data, never 0.

    Parameters
    ----------
    values : array_like, shape (replicates,)
        Statistics of data in random order, as the null hypothesis has it.
    observed : float
        The statistic of the data as they are.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        ``"greater"`` counts statistics at least as large as `observed`; ``"two-sided"`` doubles the
        smaller side.

    Returns
    -------
    float
        At least ``1 / (replicates + 1)``.

    Raises
    ------
    InputError
        If a statistic is nan.

    See Also
    --------
    replicate : where the statistics come from.
    permuted_rows : orders of the rows.

    Notes
    -----
    :math:`p = (1 + \#\{t_i \ge t\}) / (1 + B)`: the data as they are count as one of the orders,
    or else a test at level :math:`\alpha` would err more often than :math:`\alpha` [1]_.
    Statistics closer than a relative 1e-10 count as equal.

    References
    ----------
    .. [1] Phipson, B. and Smyth, G. K. (2010). Permutation p-values should never be zero.
       *Statistical Applications in Genetics and Molecular Biology* 9, 39.
       https://doi.org/10.2202/1544-6115.1585

    Examples
    --------
    >>> from countylines import resampling
    >>> resampling.permutation_pvalue([1, 4, 2, 0, 3, 1, 2, 5, 1], 4, alternative="greater")
    0.3

    Two of nine orders, and the one that was seen, gave a statistic of 4 or more.
    """
    _validate.alternative(alternative)
    observed = _validate.number("observed", observed, finite=False)
    statistics = _one_dimension("values", values)
    _facts(statistics, "raise")
    slack = bca.TIE * abs(observed) if np.isfinite(observed) else 0.0
    total = statistics.size + 1
    greater = (1 + int(np.sum(statistics >= observed - slack))) / total
    less = (1 + int(np.sum(statistics <= observed + slack))) / total
    sides = {"greater": greater, "less": less, "two-sided": min(1.0, 2 * min(greater, less))}
    return sides[alternative]
