"""Hidden number from how many units were seen once and how many twice: Chao and Zelterman.

Data: `once`, `twice` and `observed`, the units seen once, twice, and at least once; equally long
one-dimensional arrays of checked counts. `occasions` is how often a unit could have been seen; it
may be infinite. With p the chance of being seen on an occasion and o = p / (1 - p), the units seen
k times are expected in the proportions 1, t o, t (t - 1) o^2 / 2 for k = 0, 1, 2; with unlimited
occasions those of a Poisson number.

* `once` = 0: the hidden number is 0. `twice` = 0: it is infinite. Both: it is not determined.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from countylines._kernels import roots, stirling

FloatArray = NDArray[np.float64]

LEAST, MOST = 1e-8, 1e15
STRETCH = 1e-4  # in the log of the hidden number, for the slope of the score


def occasions_factor(occasions: float) -> float:
    """(t - 1) / t, the limit 1 where occasions are unlimited."""
    return 1.0 - 1.0 / occasions


def chao(
    once: FloatArray, twice: FloatArray, observed: FloatArray, occasions: float
) -> tuple[FloatArray, FloatArray]:
    """Chao's hidden number and its standard error."""
    share = occasions_factor(occasions)
    with np.errstate(divide="ignore", invalid="ignore"):
        hidden = 0.5 * share * once * (once / twice)
        variance = hidden + hidden**2 * (4.0 / once + 1.0 / twice)
    nobody = (once == 0.0) & (twice > 0.0)
    return np.where(nobody, 0.0, hidden), np.sqrt(np.where(nobody, 0.0, variance))


def chao_bias_corrected(
    once: FloatArray, twice: FloatArray, observed: FloatArray, occasions: float
) -> tuple[FloatArray, FloatArray]:
    """The same without most of its bias, and Rivest and Baillargeon's standard error."""
    share = occasions_factor(occasions)
    pairs = share * once * np.maximum(once - 1.0, 0.0)
    hidden = pairs / (2.0 * (twice + 1.0))
    rest = once**2 + 4.0 * once * twice + 3.0 * once - 6.0 * twice - 6.0
    variance = hidden + share * pairs * rest / (4.0 * (twice + 1.0) ** 2 * (twice + 2.0))
    return hidden, np.sqrt(variance)


def zelterman(
    once: FloatArray, twice: FloatArray, observed: FloatArray, occasions: float
) -> tuple[FloatArray, FloatArray]:
    """Zelterman's hidden number and the standard error by conditioning (Boehning, 2008)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if np.isinf(occasions):
            rate = 2.0 * twice / once
            log_unseen = -rate
        else:
            odds = 2.0 * twice / (once * (occasions - 1.0))
            log_unseen = -occasions * np.log1p(odds)
            rate = occasions * odds / (1.0 + odds)
        ratio = 1.0 / np.expm1(-log_unseen)  # hidden to observed
        hidden = observed * ratio
        spread = observed * ratio * (1.0 + ratio)
        variance = spread + (spread * rate) ** 2 * (1.0 / once + 1.0 / twice)
    nobody = (once == 0.0) & (twice > 0.0)
    return np.where(nobody, 0.0, hidden), np.sqrt(np.where(nobody, 0.0, variance))


def log_likelihood(
    hidden: FloatArray, once: FloatArray, twice: FloatArray, observed: FloatArray, occasions: float
) -> tuple[FloatArray, FloatArray]:
    """Profile multinomial log-likelihood of a hidden number above 0, and its slope.

    Counts of units seen three times or more have parameters of their own, so that only the units
    seen never, once or twice follow one binomial or Poisson law.
    """
    share = occasions_factor(occasions)
    few = hidden + once + twice
    mean, below = (once + 2.0 * twice) / few, (hidden - twice) / few
    rest = (hidden + 0.5 * once) / few
    root = np.sqrt(below**2 + 4.0 * share * rest * mean)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.where(
            below > 0.0, 2.0 * mean / (below + root), (root - below) / (2.0 * share * rest)
        )
        second = 0.5 * share * odds**2
        whole = 1.0 + odds + second
        excess = (once + twice - few * ((odds + second) / whole)) / hidden
        log_ratio = np.where(hidden < few / 2.0, np.log(few / whole / hidden), np.log1p(excess))
    total = observed + hidden
    value = stirling.log_factorial_rest(total) - stirling.log_factorial_rest(hidden)
    value += hidden * log_ratio
    value += xlogy(once, few * (odds / whole)) + xlogy(twice, few * (second / whole))
    slope = stirling.digamma_rest(total) - stirling.digamma_rest(hidden) + log_ratio
    return value, slope


def profile_peak(
    once: FloatArray, twice: FloatArray, observed: FloatArray, occasions: float
) -> FloatArray:
    """Hidden number of the highest likelihood; `LEAST` and `MOST` stand for 0 and infinity."""

    def falling(point: FloatArray, rows: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        data = once[rows], twice[rows], observed[rows], occasions
        hidden, further = np.exp(point), np.exp(point + STRETCH)
        score = hidden * log_likelihood(hidden, *data)[1]
        return -score, (score - further * log_likelihood(further, *data)[1]) / STRETCH

    ends = np.full(once.shape, np.log(LEAST)), np.full(once.shape, np.log(MOST))
    start = np.log(np.maximum(chao_bias_corrected(once, twice, observed, occasions)[0], 0.5))
    peak = np.exp(roots.increasing_root(falling, *ends, start, settled=1e-5))
    peak = np.where((once == 0.0) & (twice > 0.0), LEAST, peak)
    return np.where((twice == 0.0) & (once > 0.0), MOST, peak)


def profile_limit(
    peak: FloatArray,
    once: FloatArray,
    twice: FloatArray,
    observed: FloatArray,
    occasions: float,
    z: float,
) -> FloatArray:
    """Hidden number z standard normal units above the peak, below it if z is negative.

    0 or infinite where the likelihood never falls that far.
    """

    def residual(point: FloatArray, rows: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        hidden, data = np.exp(point), (once[rows], twice[rows], observed[rows], occasions)
        value, slope = log_likelihood(hidden, *data)
        root = np.sqrt(np.maximum(2.0 * (top[rows] - value), 0.0))
        side = np.where(hidden < peak[rows], -1.0, 1.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return side * root - z, -side * slope * hidden / root

    top, _ = log_likelihood(peak, once, twice, observed, occasions)
    least, most = np.log(LEAST), np.log(MOST)
    ends = np.full(peak.shape, least), np.full(peak.shape, most)
    start = np.log(peak) + np.sign(z)
    point = roots.increasing_root(residual, *ends, start, settled=1e-9)
    point = np.where(point <= least + 1e-6, -np.inf, point)
    return np.exp(np.where(point >= most - 1e-6, np.inf, point))


def profile_distance(
    asked: FloatArray,
    peak: FloatArray,
    once: FloatArray,
    twice: FloatArray,
    observed: FloatArray,
    occasions: float,
) -> FloatArray:
    """Signed root of the deviance at a hidden number, below the peak negative."""
    inside = np.clip(asked, LEAST, MOST)
    top, _ = log_likelihood(peak, once, twice, observed, occasions)
    value, _ = log_likelihood(inside, once, twice, observed, occasions)
    return np.where(inside < peak, -1.0, 1.0) * np.sqrt(np.maximum(2.0 * (top - value), 0.0))


def verdict_code(once: FloatArray, twice: FloatArray, observed: FloatArray) -> NDArray[np.int64]:
    """0 ok, 1 nobody hidden, 2 infinite, 3 not determined, 4 no unit at all."""
    code = np.where(once == 0.0, np.where(twice == 0.0, 3, 1), np.where(twice == 0.0, 2, 0))
    return np.where(observed == 0.0, 4, code)


CHAO: dict[str, Callable[..., tuple[FloatArray, FloatArray]]] = {
    "classic": chao,
    "bias-corrected": chao_bias_corrected,
}
ZELTERMAN: dict[str, Callable[..., tuple[FloatArray, FloatArray]]] = {"zelterman": zelterman}
