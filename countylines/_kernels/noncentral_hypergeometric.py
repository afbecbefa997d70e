"""Exact inference on an odds ratio, given the margins of the two-by-two table.

Of `total` and `ref_total` trials m = count + ref_count succeed in all. Given m, the count follows
Fisher's noncentral hypergeometric distribution, P(k) proportional to
C(total, k) C(ref_total, m - k) ratio**k, in which the odds ratio is the only parameter.

Supports are laid side by side, each as the logarithms of the weights at ratio 1, summed outwards
from the observed count: near it they are exact to rounding whatever the size of the counts, where
differences of log-factorials lose all digits at 1e8. Only upper limits are worked out; a lower
limit is the reciprocal of the upper limit of the table with success and failure exchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from countylines._kernels.method import FloatArray, Method, tail_area

IntArray = NDArray[np.intp]
Limits = tuple[FloatArray, FloatArray]

_BLOCK = 2**18  # support points worked at once: what fits the processor's cache
_FARTHEST = 650.0  # log odds ratios beyond +-650 are 0 and infinity
_TOLERANCE = 1e-12
_TIE = 1e-11  # log probabilities nearer than this, per unit of distance, are equal


class Supports:
    """Supports of several tables, lined up so that the observed counts share a column.

    A support is cut 20 sqrt(smallest margin) + 1000 away from the observed count, which is at least
    40 standard deviations: a table whose centre lies beyond has a tail below 1e-300.
    """

    def __init__(
        self, count: FloatArray, total: FloatArray, ref_total: FloatArray, successes: FloatArray
    ) -> None:
        first = np.maximum(0.0, successes - ref_total)
        last = np.minimum(total, successes)
        margin = np.minimum(np.minimum(total, ref_total), np.minimum(successes, total - successes))
        margin = np.where(total > successes, np.minimum(total, successes), margin)
        margin = np.minimum(np.minimum(total, ref_total), successes)
        reach = np.ceil(20.0 * np.sqrt(np.maximum(margin, 0.0)) + 1000.0)
        below, above = np.minimum(count - first, reach), np.minimum(last - count, reach)
