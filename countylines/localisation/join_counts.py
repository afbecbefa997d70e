"""Do areas that have something lie together?"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from countylines import _validate, resampling
from countylines._kernels import spatial
from countylines._typing import RNG, Alternative, ArrayLike
from countylines.errors import DegenerateDataWarning, InputError, warn
from countylines.localisation import _neighbours
from countylines.results import Note, TestResult

FloatArray = NDArray[np.float64]

METHODS = ("permutation", "normal")
KINDS = ("one-one", "one-zero", "zero-zero")
REFERENCES = ("moran1950", "cliff1981")


def join_counts(
    values: ArrayLike,
    weights: Any,
    *,
    method: str = "permutation",
    alternative: Alternative = "two-sided",
    replicates: int = 9999,
    rng: RNG = None,
) -> TestResult:
    r"""Join counts, whether areas that have something border on one another.

    It answers: of the borders between areas, do more join two areas that both have something (ones)
    than if they lay anywhere? It takes how many areas have it as given. Areas that border on many
    others are no likelier to have it under the null hypothesis; large ones often are.

    Parameters
    ----------
    values : array_like
        0 or 1, an area each.
    weights : DataFrame, DataArray, ndarray, sparse array or list of pairs
        As for :func:`moran`; used as they are, so that with 1 a border the joins are borders.
    method : {"permutation", "normal"}, default "permutation"
        Random places for the ones, or the exact moments with a normal law.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        ``"greater"`` asks whether there are more joins of a kind.
    replicates : int, default 9999
        Random places for ``"permutation"``.
    rng : int, Generator, SeedSequence or None, optional
        Source of randomness for ``"permutation"``.

    Returns
    -------
    TestResult
        The statistic and the p-value are of joins of two ones; ``table`` has a row for each of
        one-one, one-zero and zero-zero: joins, expected, variance, z and p-value.

    Raises
    ------
    InputError
        If values are not 0 or 1, there are fewer than four areas, or weights are not usable.

    Warns
    -----
    DegenerateDataWarning
        If all areas are alike.

    See Also
    --------
    moran : for numbers.

    Notes
    -----
    With :math:`x_i` 0 or 1 the joins are :math:`\tfrac12 \sum w_{ij} x_i x_j`,
    :math:`\tfrac12 \sum w_{ij} (x_i - x_j)^2` and :math:`\tfrac12 \sum w_{ij} (1 - x_i)(1 - x_j)`.
    Their means and variances over all ways to place the ones are exact. If all areas are alike
    nothing can be placed elsewhere, and p is 1.

    Assumptions that fail in practice: any areas could have had it.

    References
    ----------
    .. [1] Cliff, A. D. and Ord, J. K. (1981). *Spatial Processes: Models and Applications*, chapter
       1. Pion, London.
    .. [2] Moran, P. A. P. (1950). Notes on continuous stochastic phenomena. *Biometrika* 37, 17-23.
       https://doi.org/10.1093/biomet/37.1-2.17

    Examples
    --------
    Are the ten forces with most residents neighbours?

    >>> people = cl.datasets.load_police_force_population()
    >>> size = people[people["age_band"] == "all"].set_index("force")["population"]
    >>> pairs = cl.datasets.load_police_force_pairs().query("adjacent")
    >>> borders = list(zip(pairs["force_a"], pairs["force_b"]))
    >>> large = (size.rank(ascending=False) <= 10).astype(int)
    >>> found = cl.localisation.join_counts(large, borders, rng=1)
    >>> found.table.loc["one-one", ["joins", "expected", "pvalue"]].round(2).tolist()
    [7.0, 5.03, 0.44]

    Seven borders join two of them, where five would if they lay anywhere; chance does that easily.
    """
    method = _validate.option("method", method, METHODS)
    _validate.alternative(alternative)
    replicates = _validate.whole_number("replicates", replicates, low=99)
    ones, labels = _neighbours.values("values", values, 4)
    if not np.isin(ones, (0.0, 1.0)).all():
        bad = ones[~np.isin(ones, (0.0, 1.0))][0]
        raise InputError(_validate.sentence("values", "0 or 1", _validate.show(float(bad))))
    weight = _neighbours.weights(weights, labels)
    notes = _neighbours.islands(weight, labels)
    joins = spatial.joins(ones, weight)
    mean, variance = spatial.join_moments(ones.size, int(ones.sum()), weight)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(variance > 1e-12 * np.square(mean), (joins - mean) / np.sqrt(variance), np.nan)
    if np.ptp(ones) == 0:
        text = "All areas are alike: the joins could not be others."
        notes += (Note("all-alike", text),)
        warn(text, DegenerateDataWarning)
        pvalue = np.ones(3)
    elif method == "permutation":
        drawn = resampling.replicate(
            functools.partial(_placed, ones, weight), replicates=replicates, rng=rng
        )
        pvalue = np.array(
            [
                resampling.permutation_pvalue(drawn[:, k], float(joins[k]), alternative=alternative)
                for k in range(3)
            ]
        )
    else:
        tails = {"greater": ndtr(-z), "less": ndtr(z), "two-sided": 2 * ndtr(-np.abs(z))}
        pvalue = np.where(np.isnan(z), 1.0, tails[alternative])
    columns = {"joins": joins, "expected": mean, "variance": variance, "z": z, "pvalue": pvalue}
    return TestResult(
        statistic=float(joins[0]),
        pvalue=float(pvalue[0]),
        alternative=alternative,
        null_hypothesis="The areas that have it could have been any of the areas.",
        method=f"join counts, {method}",
        table=pd.DataFrame(columns, index=list(KINDS)),
        n=len(labels),
        notes=notes,
        references=REFERENCES,
    )


def _placed(
    ones: FloatArray, weight: FloatArray, generator: np.random.Generator, size: int
) -> FloatArray:
    """Joins of ones placed at random."""
    orders = generator.permuted(np.broadcast_to(ones, (size, ones.size)).copy(), axis=1)
    return spatial.joins(orders, weight)
