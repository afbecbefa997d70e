"""Do neighbouring areas resemble one another?"""

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
from countylines.errors import DegenerateDataWarning, warn
from countylines.localisation import _neighbours
from countylines.results import Note, TestResult

METHODS = ("randomisation", "normal", "permutation")
REFERENCES = ("moran1950", "cliff1981")


def moran(
    values: ArrayLike,
    weights: Any,
    *,
    standardise: str = "row",
    method: str = "randomisation",
    alternative: Alternative = "two-sided",
    replicates: int = 9999,
    rng: RNG = None,
) -> TestResult:
    r"""Moran's index, whether neighbouring areas have values that are alike.

    It answers: is an area more like its neighbours than like any other? It does not say why, and
    not which areas. Rates of small areas vary by chance alone, and where small areas lie together
    that looks like likeness, or hides it: draw rates together first, as
    :func:`countylines.prevalence.shrunken_rate` does [3]_.

    Parameters
    ----------
    values : array_like
        One number an area.
    weights : DataFrame, DataArray, ndarray, sparse array or list of pairs
        Weights of neighbours, with labels or in the order of `values`; or pairs of labels (or
        positions) of neighbours, of weight 1 in both directions.
    standardise : {"row", "none"}, default "row"
        Whether the neighbours of each area weigh 1 together.
    method : {"randomisation", "normal", "permutation"}, default "randomisation"
        Moments over all orders of the values, those of normal values, or random orders.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        ``"greater"`` asks whether neighbours are alike.
    replicates : int, default 9999
        Random orders for ``"permutation"``.
    rng : int, Generator, SeedSequence or None, optional
        Source of randomness for ``"permutation"``.

    Returns
    -------
    TestResult
        The statistic is the index; ``table`` has its mean and variance without autocorrelation,
        z, and Geary's index beside it.

    Raises
    ------
    InputError
        If there are fewer than four areas, or values or weights are not usable.

    Warns
    -----
    DegenerateDataWarning
        If all values are equal.

    See Also
    --------
    join_counts : for areas that have something or have it not.

    Notes
    -----
    .. math:: I = \frac{n}{\sum w_{ij}} \frac{\sum w_{ij} (x_i - \bar x)(x_j - \bar x)}
       {\sum (x_i - \bar x)^2}, \qquad E\,I = -\frac{1}{n - 1}.

    With a method other than ``"permutation"`` the p-value takes I as normal. If all values are
    equal the index is undefined (nan) and p is 1.

    Assumptions that fail in practice: any order of the values was as likely as the one seen, which
    unequal populations break; forces that border on the sea have neighbours nobody counts.

    References
    ----------
    .. [1] Moran, P. A. P. (1950). Notes on continuous stochastic phenomena. *Biometrika* 37, 17-23.
       https://doi.org/10.1093/biomet/37.1-2.17
    .. [2] Cliff, A. D. and Ord, J. K. (1981). *Spatial Processes: Models and Applications*, chapter
       2. Pion, London.
    .. [3] Assunção, R. M. and Reis, E. A. (1999). A new proposal to adjust Moran's I for population
       density. *Statistics in Medicine* 18, 2147-2162.
       https://doi.org/10.1002/(SICI)1097-0258(19990830)18:16<2147::AID-SIM179>3.0.CO;2-I

    Examples
    --------
    Are forces of many residents next to one another?

    >>> people = cl.datasets.load_police_force_population()
    >>> size = people[people["age_band"] == "all"].set_index("force")["population"]
    >>> pairs = cl.datasets.load_police_force_pairs().query("adjacent")
    >>> borders = list(zip(pairs["force_a"], pairs["force_b"]))
    >>> found = cl.localisation.moran(size, borders)
    >>> print(f"I = {found.statistic:.3f}, p = {found.pvalue:.2f}")
    I = -0.074, p = 0.45

    No: a force is no more like its neighbours in size than like the others.
    """
    standardise = _validate.option("standardise", standardise, ("row", "none"))
    method = _validate.option("method", method, METHODS)
    _validate.alternative(alternative)
    replicates = _validate.whole_number("replicates", replicates, low=99)
    array, labels = _neighbours.values("values", values, 4)
    weight = _neighbours.weights(weights, labels)
    notes = _neighbours.islands(weight, labels)
    if standardise == "row":
        rows = weight.sum(axis=1, keepdims=True)
        weight = np.divide(weight, rows, out=np.zeros_like(weight), where=rows > 0)
    row = dict.fromkeys(("moran", "expected", "variance", "z", "geary"), np.nan)
    pvalue = 1.0
    if np.ptp(array) == 0:
        text = "All values are equal: there is no likeness of neighbours to look at."
        notes += (Note("equal-values", text),)
        warn(text, DegenerateDataWarning)
    else:
        array = (array - array.mean()) / np.abs(array - array.mean()).max()
        index = float(spatial.moran(array, weight))
        law = "normal" if method == "normal" else "randomisation"
        mean, variance = spatial.moran_moments(array, weight, law)
        z = (index - mean) / np.sqrt(variance) if variance > 0 else np.nan
        found = (index, mean, variance, z, spatial.geary(array, weight))
        row = dict(zip(row, found, strict=True))
        if method == "permutation":
            drawn = resampling.replicate(
                functools.partial(_shuffled, array, weight), replicates=replicates, rng=rng
            )
            pvalue = resampling.permutation_pvalue(drawn, index, alternative=alternative)
        elif np.isfinite(z):
            tails = {"greater": ndtr(-z), "less": ndtr(z), "two-sided": 2 * ndtr(-abs(z))}
            pvalue = float(tails[alternative])
    return TestResult(
        statistic=row["moran"],
        pvalue=pvalue,
        alternative=alternative,
        null_hypothesis="Any order of the values over the areas was equally likely.",
        method=f"Moran, {method}",
        table=pd.DataFrame([row]),
        n=len(labels),
        notes=notes,
        references=(*REFERENCES, "assuncao1999"),
    )


def _shuffled(
    values: NDArray[np.float64],
    weight: NDArray[np.float64],
    generator: np.random.Generator,
    size: int,
) -> NDArray[np.float64]:
    """Moran's index of random orders."""
    orders = generator.permuted(np.broadcast_to(values, (size, values.size)).copy(), axis=1)
    return spatial.moran(orders, weight)
