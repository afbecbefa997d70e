"""How differently two groups are spread over areas."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import concentration
from countylines._typing import RNG, ArrayLike
from countylines.disproportionality import _evenness
from countylines.results import Estimate

FloatArray = NDArray[np.float64]


def dissimilarity(
    count: ArrayLike,
    ref_count: ArrayLike,
    *,
    correction: str = "bootstrap",
    level: float = 0.95,
    replicates: int = 2000,
    rng: RNG = None,
) -> Estimate:
    r"""Index of dissimilarity of two groups over areas, less what chance makes of small counts.

    It answers: which part of one group would have to move for both to be spread alike? Two groups
    that are drawn at random from one population are never spread quite alike: with few people in
    many areas the index is large without any cause. It depends on how areas are cut, and says
    nothing of how often anybody is recorded.

    Parameters
    ----------
    count : array_like, shape (areas,)
        Members of the group in each area: whole numbers of at least 0.
    ref_count : array_like, shape (areas,)
        Members of the other group.
    correction : {"bootstrap", "none"}, default "bootstrap"
        Whether the estimated bias is taken off.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    replicates : int, default 2000
        Tables drawn for the interval, and as many for the test; at least 99.
    rng : int, Generator, SeedSequence or None, optional
        Source of randomness.

    Returns
    -------
    Estimate
        ``estimate``, ``low``, ``high`` [share, 0 to 1]. Notes have the index of the counts
        themselves, its mean where both groups are spread alike, and the p-value of that. Nan, with
        the verdict *no-data*, where a group is empty.

    Raises
    ------
    InputError
        If a count is not one, there are fewer than two areas, or an option is unknown.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    See Also
    --------
    gini : how unevenly rates are spread.
    rate_ratio : how often, not where.

    Notes
    -----
    .. math:: D = \frac12 \sum_i \left|\frac{x_i}{X} - \frac{y_i}{Y}\right| .

    Counts of each group are drawn again from their own shares; the mean of the indices less the
    index estimates the bias. The limits are of true shares between even ones and those seen, or up
    to three times as far from even: those from which as high, and as low, an index as that of the
    counts is drawn in half of 1 - `level` of the tables. The lower one is 0 where evenness is not
    rejected at that tail.
    The correction is partial where shares are truly alike, as the index cannot be below 0: read it
    beside the mean under evenness, which is exact. That and the p-value are given all margins:
    everybody falls to either group at random, so that

    .. math:: E(D) = \frac12 \left(\frac1X + \frac1Y\right) \sum_i E\left|x_i - E x_i\right|

    with hypergeometric :math:`x_i`.

    In simulations of 10 and 40 areas with 5 or 50 people of the smaller group in each, nominal 95 %
    intervals held the true index in 80 to 99 %; what misses lies below it, mostly where many areas
    have few people.

    Areas where both groups are absent make no difference.

    Assumptions that fail in practice: people settle or are recorded independently of one another;
    areas alike in size.

    References
    ----------
    .. [1] Duncan, O. D. and Duncan, B. (1955). A methodological analysis of segregation indexes.
       *American Sociological Review* 20, 210-217. https://doi.org/10.2307/2088328
    .. [2] Allen, R., Burgess, S., Davidson, R. and Windmeijer, F. (2015). More reliable inference
       for the dissimilarity index of segregation. *Econometrics Journal* 18, 40-66.
       https://doi.org/10.1111/ectj.12039

    Examples
    --------
    Twelve people of a group and sixty others in six areas, made up:

    >>> found = cl.disproportionality.dissimilarity(
    ...     [4, 1, 0, 3, 2, 2], [12, 10, 9, 11, 8, 10], rng=1
    ... )
    >>> for part in found.notes[1].text.split("; "):
    ...     print(part)
    The index of the counts themselves is 0.2333
    where chance alone makes them uneven it is 0.2859 on average.

    A quarter of the group would have to move, and that is less than chance makes of twelve people.
    """
    data = _evenness.read(count=count, ref_count=ref_count)
    x, y = data["count"], data["ref_count"]
    sizes = x.sum(), y.sum()
    plain = float(concentration.dissimilarity(x, y)) if min(sizes) > 0 else np.nan

    def index(tables: FloatArray) -> FloatArray:
        return concentration.dissimilarity(tables[:, 0], tables[:, 1])

    def again(rng: np.random.Generator, size: int) -> FloatArray:
        drawn = [rng.multinomial(int(v.sum()), v / v.sum(), size=size) for v in (x, y)]
        return np.stack(drawn, axis=1).astype(np.float64)

    def even(rng: np.random.Generator, size: int) -> FloatArray:
        whole = (x + y).astype(np.int64)
        drawn = rng.multivariate_hypergeometric(whole, int(x.sum()), size=size, method="marginals")
        return np.stack([drawn, whole - drawn], axis=1).astype(np.float64)

    def stretched(factor: float) -> tuple[FloatArray, _evenness.Draw]:
        even_share = (x + y) / (x + y).sum()
        shares = [_evenness.between(even_share, v / v.sum(), factor) for v in (x, y)]

        def draw(rng: np.random.Generator, size: int) -> FloatArray:
            drawn = [
                rng.multinomial(int(v.sum()), share, size=size)
                for v, share in zip((x, y), shares, strict=True)
            ]
            return np.stack(drawn, axis=1).astype(np.float64)

        return np.stack(shares), draw

    return _evenness.index_estimate(
        "index of dissimilarity",
        plain,
        index=index,
        again=again,
        even=even,
        stretched=stretched,
        top=1.0,
        n=int(sum(sizes)),
        expected=None
        if np.isnan(plain)
        else float(concentration.expected_dissimilarity(x, y, both=True)),
        correction=correction,
        level=level,
        replicates=replicates,
        rng=rng,
        references=("duncan1955", "allen2015"),
    )
