"""Whether chains agree, and how much they know: R-hat, effective sizes, Monte Carlo errors.

Draws come with chain and draw as the last two axes; every function returns one value for each
element of the axes before them. Definitions are those of Vehtari, Gelman, Simpson, Carpenter and
Bürkner (2021), https://doi.org/10.1214/20-BA1221. They work on ranks, so that draws may be
infinite, or without a mean, but not nan.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import ndtri

FloatArray = NDArray[np.float64]

FEWEST_DRAWS = 10  # a chain: with fewer, the halves have too few lags to end the sum of lags
TAILS = (0.05, 0.95)


def rank_rhat(draws: FloatArray) -> FloatArray:
    """Rank-normalised split R-hat: the larger of that of the draws and of their spread.

    It is 1 where chains (and the halves of each) have the same distribution, and larger where they
    do not; nan where all draws are equal, infinite where each half chain has stuck to a value.
    """
    bulk = _split_rhat(rank_normalised(split_chains(draws)))
    tail = _split_rhat(rank_normalised(_folded(split_chains(draws))))
    larger: FloatArray = np.fmax(bulk, tail)
    return larger


def bulk_ess(draws: FloatArray) -> FloatArray:
    """Number of independent draws that would tell the centre as well."""
    return effective_size(rank_normalised(split_chains(draws)))


def tail_ess(draws: FloatArray) -> FloatArray:
    """Number of independent draws that would tell the 5 % and 95 % quantiles as well."""
    flat = draws.reshape(*draws.shape[:-2], -1)
    sizes = []
    for share in TAILS:
        # the draw below the interpolated quantile parts the draws alike, and may be infinite
        quantile = np.quantile(flat, share, axis=-1, method="lower")
        below = (draws <= quantile[..., None, None]).astype(np.float64)
        sizes.append(effective_size(split_chains(below)))
    smaller: FloatArray = np.fmin(*sizes)
    return smaller


def split_chains(draws: FloatArray) -> FloatArray:
    """Each chain as two, its first and last half; of an odd number the middle draw is left out."""
    half = draws.shape[-1] // 2
    return np.concatenate([draws[..., :half], draws[..., draws.shape[-1] - half :]], axis=-2)


def rank_normalised(draws: FloatArray) -> FloatArray:
    """Normal scores of the ranks among all draws of all chains; ties share their mean rank."""
    flat = draws.reshape(-1, draws.shape[-2] * draws.shape[-1])
    ranks = np.stack([_mean_ranks(row) for row in flat])
    scores: FloatArray = ndtri((ranks - 0.375) / (flat.shape[-1] + 0.25))
    return scores.reshape(draws.shape)


def _mean_ranks(values: FloatArray) -> FloatArray:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks: FloatArray = np.cumsum(count) - 0.5 * (count - 1)
    return ranks[place]


def _folded(draws: FloatArray) -> FloatArray:
    """Distance from the median of all draws of all chains."""
    middle = np.median(draws.reshape(*draws.shape[:-2], -1), axis=-1)
    with np.errstate(invalid="ignore"):
        distance = np.abs(draws - middle[..., None, None])
    return np.where(np.isnan(distance), 0.0, distance)  # infinity less an infinite median


def _split_rhat(draws: FloatArray) -> FloatArray:
    length = draws.shape[-1]
    within = draws.var(axis=-1, ddof=1).mean(axis=-1)
    between = draws.mean(axis=-1).var(axis=-1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        rhat: FloatArray = np.sqrt((length - 1) / length + between / within)
    return rhat


def effective_size(draws: FloatArray) -> FloatArray:
    """Number of draws over their integrated autocorrelation time, by Geyer's initial sequence.

    Autocorrelations of several chains are those of Vehtari et al. (2021, eq. 10): variance within
    chains, and between them, over the marginal variance. The sum ends before the first pair of
    neighbouring lags with a negative sum; sums of pairs are made to decrease (Geyer 1992,
    https://doi.org/10.1214/ss/1177011137). The result is kept below ``size * log10(size)``, which
    antithetic chains would exceed. Nan where all draws are equal.
    """
    *_, chains, length = draws.shape
    size = chains * length
    covariance = _autocovariance(draws).mean(axis=-2)
    within = covariance[..., 0] * length / (length - 1)
    marginal = covariance[..., 0]
    if chains > 1:
        marginal = marginal + draws.mean(axis=-1).var(axis=-1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = 1.0 - (within[..., None] - covariance) / marginal[..., None]
    correlation[..., 0] = 1.0
    time = _autocorrelation_time(correlation)
    sizes: FloatArray = size / np.maximum(time, 1.0 / np.log10(size))
    return np.where(marginal > 0, sizes, np.nan)


def _autocovariance(draws: FloatArray) -> FloatArray:
    length = draws.shape[-1]
    centred = draws - draws.mean(axis=-1, keepdims=True)
    padded = next_fast_len(2 * length, real=True)
    spectrum = rfft(centred, n=padded, axis=-1)
    products: FloatArray = irfft(np.abs(spectrum) ** 2, n=padded, axis=-1)[..., :length] / length
    return products


def _autocorrelation_time(correlation: FloatArray) -> FloatArray:
    """Minus 1 plus twice the sum of the leading positive pairs of lags, made to decrease."""
    last = max((correlation.shape[-1] - 3) // 2, 0)
    even, odd = correlation[..., 0 : 2 * last + 1 : 2], correlation[..., 1 : 2 * last + 2 : 2]
    leading = np.logical_and.accumulate(even + odd > 0, axis=-1)
    leading[..., last] = False  # lags that only a few products tell of always end the sum
    decreasing = np.minimum.accumulate(np.where(leading, even + odd, 0.0), axis=-1)
    # The even lag of the pair that ends the sum counts once, which steadies the estimate for
    # chains that alternate.
    ended = leading.sum(axis=-1)[..., None]
    first = np.take_along_axis(even, ended, axis=-1)[..., 0]
    time: FloatArray = 2.0 * decreasing.sum(axis=-1) - 1.0 + np.maximum(first, 0.0)
    return time
