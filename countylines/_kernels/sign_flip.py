"""Test of one term by flipping the signs of what whole clusters add to its score.

With the term held at a value, each cluster adds a part to the score that is as likely above as
below 0. All other terms are fitted there and taken out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import glm
from countylines._kernels.method import FloatArray

MOST_EXACT = 14  # clusters whose patterns of signs are all tried
HALVINGS = 60


def signs(clusters: int, replicates: int, generator: np.random.Generator) -> FloatArray:
    """All patterns of signs, or random ones; the first is the one that was seen."""
    if clusters <= MOST_EXACT:
        bits = np.arange(2**clusters)[:, None] >> np.arange(clusters) & 1
        return (1.0 - 2.0 * bits).astype(np.float64)
    drawn = generator.integers(0, 2, (replicates, clusters))
    seen = np.zeros((1, clusters), dtype=drawn.dtype)
    return (1.0 - 2.0 * np.concatenate([seen, drawn])).astype(np.float64)


def parts(
    link: str,
    x: FloatArray,
    y: FloatArray,
    size: FloatArray,
    cluster: NDArray[np.intp],
    term: int,
    null: float,
    start: FloatArray,
) -> FloatArray:
    """What each cluster adds to the score of a term held at `null`, other terms taken out."""
    column, others = x[:, term], np.delete(x, term, axis=1)
    held = glm.fit(
        link, others[None], y[None], size[None], offset=null * column[None], start=start[None]
    )
    weight = held.weight[0]
    info = (others * weight[:, None]).T @ others
    gamma = np.linalg.lstsq(info, (others * weight[:, None]).T @ column, rcond=None)[0]
    alone = column - others @ gamma
    return np.bincount(cluster, (y - held.mean[0]) * alone).astype(np.float64)


def pvalue(added: FloatArray, patterns: FloatArray, alternative: str) -> float:
    """Share of the patterns of signs whose sum is at least as extreme as the one seen."""
    sums = patterns @ added
    seen = float(added.sum())
    slack = 1e-9 * float(np.abs(added).sum())
    above = float(np.mean(sums >= seen - slack))
    below = float(np.mean(sums <= seen + slack))
    if alternative == "two-sided":
        return min(1.0, 2.0 * min(above, below))
    return above if alternative == "greater" else below


def limit(
    link: str,
    x: FloatArray,
    y: FloatArray,
    size: FloatArray,
    cluster: NDArray[np.intp],
    term: int,
    coef: FloatArray,
    patterns: FloatArray,
    tail: float,
    side: int,
) -> float:
    """The value of a term beyond which the test on that side no longer keeps it."""
    alternative = "greater" if side < 0 else "less"
    start = np.clip(np.delete(coef, term), -30.0, 30.0)

    def kept(value: float) -> bool:
        added = parts(link, x, y, size, cluster, term, value, start)
        return pvalue(added, patterns, alternative) > tail

    inner = float(np.clip(coef[term], -glm.FARTHEST, glm.FARTHEST))
    outer = side * glm.FARTHEST
    if kept(outer):
        return side * np.inf
    step = side * 1.0
    while kept(inner + step) and abs(inner + step) < glm.FARTHEST:
        inner, step = inner + step, 2.0 * step
    outer = inner + step
    for _ in range(HALVINGS):
        middle = 0.5 * (inner + outer)
        if middle in (inner, outer):
            break
        if kept(middle):
            inner = middle
        else:
            outer = middle
    return 0.5 * (inner + outer)
