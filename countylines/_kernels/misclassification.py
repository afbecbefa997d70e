"""A true share behind an apparent one: limits that know how sure sensitivity and specificity are.

With apparent share `p`, sensitivity `s` and false-positive share `f` the true share is
``g = (p - f) / (s - f)``. Each of the three is a binomial proportion with a lower and an upper
confidence distribution, both beta. Melding takes the limit of `g` from the distribution that `g`
has when the three are drawn from those: for the lower limit `p` from its lower distribution and `s`
and `f` from their upper ones, for the upper limit the other way round. ``"mid-p"`` draws each from
the even mixture of its two.

For ``0 <= t < 1`` the event ``g <= t`` is ``p <= (1 - t) f + t s``, so its chance is an integral of
a beta distribution function over the two others. The widest of the three is the one whose
distribution function is used, and the others are integrated by Gauss and Hermite over their normal
scores: no simulation. A part that is known is a single point.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincc, betainccinv, betaincinv, betaln, ndtr, xlog1py, xlogy

from countylines._kernels import roots
from countylines._kernels.method import critical_value, tail_area

FloatArray = NDArray[np.float64]

WIDE, NARROW = 40, 12  # nodes for the wider and the narrower of the parts integrated over
BLOCK = 2**21  # values of the integrand at a time
TINY = 1e-300


@dataclass(frozen=True)
class Data:
    """Counts of one row each; a size of 0 says that the share is known."""

    count: FloatArray
    total: FloatArray
    sensitivity: FloatArray
    sensitivity_n: FloatArray
    specificity: FloatArray
    specificity_n: FloatArray

    def rows(self, which: NDArray[np.intp]) -> Data:
        return Data(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


def rogan_gladen(data: Data) -> FloatArray:
    """The true share that would give the apparent one, before it is cut to [0, 1]."""
    with np.errstate(divide="ignore", invalid="ignore"):
        apparent = data.count / data.total
        excess = data.specificity - 1.0
        return np.asarray((apparent + excess) / (data.sensitivity + excess))


def standard_error(data: Data) -> FloatArray:
    """Standard error by the delta method, at the estimate before it is cut."""
    share = rogan_gladen(data)
    with np.errstate(divide="ignore", invalid="ignore"):
        apparent = data.count / data.total
        variance = apparent * (1.0 - apparent) / data.total + _validation(data, share, 0.0)
        return np.sqrt(variance) / (data.sensitivity + data.specificity - 1.0)


def _validation(data: Data, share: FloatArray, extra: float) -> FloatArray:
    """What the uncertainty of sensitivity and specificity adds, on the apparent scale."""
    s, p = data.sensitivity, data.specificity
    return share**2 * _over(s * (1.0 - s), data.sensitivity_n, extra) + (1.0 - share) ** 2 * _over(
        p * (1.0 - p), data.specificity_n, extra
    )


def _over(top: FloatArray, size: FloatArray, extra: float) -> FloatArray:
    return np.where(size > 0, top / np.where(size > 0, size + extra, 1.0), 0.0)


def wald_limits(data: Data, *, level: float, alternative: str) -> tuple[FloatArray, FloatArray]:
    """Estimate and standard errors of the delta method (Rogan and Gladen 1978)."""
    centre, half = rogan_gladen(data), critical_value(level, alternative) * standard_error(data)
    return _sides(centre - half, centre + half, alternative)


def lang_reiczigel_limits(
    data: Data, *, level: float, alternative: str
) -> tuple[FloatArray, FloatArray]:
    """Adjusted counts, as Agresti and Coull do, and a shifted centre (Lang and Reiczigel 2014)."""
    z = critical_value(level, alternative)
    size = data.total + z**2
    apparent = (data.count + z**2 / 2.0) / size
    adjusted = Data(
        count=apparent * size,
        total=size,
        sensitivity=_shrunk(data.sensitivity, data.sensitivity_n),
        sensitivity_n=data.sensitivity_n,
        specificity=_shrunk(data.specificity, data.specificity_n),
        specificity_n=data.specificity_n,
    )
    share = rogan_gladen(adjusted)
    s, p = adjusted.sensitivity, adjusted.specificity
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = share * _over(s * (1 - s), data.sensitivity_n, 2.0)
        shift -= (1.0 - share) * _over(p * (1 - p), data.specificity_n, 2.0)
        variance = apparent * (1.0 - apparent) / size + _validation(adjusted, share, 2.0)
        half = z * np.sqrt(variance) / (s + p - 1.0)
    centre = share + 2.0 * z**2 * shift
    return _sides(centre - half, centre + half, alternative)


def _shrunk(share: FloatArray, size: FloatArray) -> FloatArray:
    return np.where(size > 0, (share * size + 1.0) / (size + 2.0), share)


def _sides(low: FloatArray, high: FloatArray, alternative: str) -> tuple[FloatArray, FloatArray]:
    low = np.zeros_like(low) if alternative == "less" else np.clip(low, 0.0, 1.0)
    high = np.ones_like(high) if alternative == "greater" else np.clip(high, 0.0, 1.0)
    return low, high


# --- melding ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """Confidence distributions of one share: shapes (rows, components), mixed evenly."""

    a: FloatArray
    b: FloatArray

    def rows(self, which: NDArray[np.intp]) -> _Part:
        return _Part(self.a[which], self.b[which])

    @property
    def spread(self) -> FloatArray:
        """Standard deviation of the first component, to see which part is the widest."""
        a, b = self.a[:, 0], self.b[:, 0]
        with np.errstate(invalid="ignore"):
            deviation = np.sqrt(a * b / ((a + b) ** 2 * (a + b + 1.0)))
        return np.where(np.isfinite(a + b), deviation, 0.0)

    def points(self, nodes: int) -> tuple[FloatArray, FloatArray]:
        """Values of shape (rows, points) and their weights."""
        scores, weights = np.polynomial.hermite_e.hermegauss(nodes)
        weights = weights / weights.sum()
        if np.isinf(self.a).any():  # known: the share itself stands in b
            return self.b[:, :1], np.ones(1)
        a, b = self.a[:, :, None], self.b[:, :, None]
        with np.errstate(invalid="ignore"):
            below = betaincinv(a, b, ndtr(np.minimum(scores, 0.0)))
            above = betainccinv(a, b, ndtr(np.minimum(-scores, 0.0)))
        value = np.where(scores <= 0, below, above)
        value = np.where(a == 0, 0.0, np.where(b == 0, 1.0, value))
        components = self.a.shape[1]
        return value.reshape(len(value), -1), np.tile(weights / components, components)

    def tail(self, x: FloatArray, upper: bool) -> FloatArray:
        """P(share <= x), or P(share > x), for x of shape (rows, points)."""
        x = np.clip(x, 0.0, 1.0)[:, None, :]
        a, b = self.a[:, :, None], self.b[:, :, None]
        with np.errstate(invalid="ignore"):
            value = (betaincc if upper else betainc)(a, b, x)
        value = np.where(a == 0, 0.0 if upper else 1.0, value)
        at_one = (x < 1) if upper else (x >= 1)
        value = np.where(b == 0, at_one.astype(np.float64), value)
        return np.asarray(value.mean(axis=1), dtype=np.float64)

    def density(self, x: FloatArray) -> FloatArray:
        inside = (x > 0) & (x < 1)
        x = np.where(inside, x, 0.5)[:, None, :]
        a, b = self.a[:, :, None], self.b[:, :, None]
        with np.errstate(invalid="ignore", over="ignore"):
            log = xlogy(a - 1.0, x) + xlog1py(b - 1.0, -x) - betaln(a, b)
            value = np.where((a > 0) & (b > 0), np.exp(log), 0.0).mean(axis=1)
        return np.where(inside, value, 0.0)


def _binomial_part(share: FloatArray, size: FloatArray, which: str) -> _Part:
    """Lower, upper or both confidence distributions of a proportion; inf marks a known one."""
    count = share * size
    whole = np.rint(count)
    count = np.where(np.abs(count - whole) < 1e-9 * np.maximum(size, 1.0), whole, count)
    lower = count, size - count + 1.0
    upper = count + 1.0, size - count
    parts = {"lower": [lower], "upper": [upper], "mid-p": [lower, upper]}[which]
    known = size == 0
    a = np.stack([np.where(known, np.inf, a) for a, _ in parts], axis=1)
    b = np.stack([np.where(known, share, b) for _, b in parts], axis=1)
    return _Part(a, b)


def melded_limits(
    data: Data, *, level: float, alternative: str, mid: bool
) -> tuple[FloatArray, FloatArray]:
    """Limits by melding; with `mid` from the mixture of both distributions of each share."""
    tail = tail_area(level, alternative)
    start = lang_reiczigel_limits(data, level=level, alternative="two-sided")
    low, high = np.zeros_like(data.count), np.ones_like(data.count)
    if alternative != "less":
        low = _limit(data, "mid-p" if mid else "lower", False, tail, start[0])
    if alternative != "greater":
        high = _limit(data, "mid-p" if mid else "upper", True, tail, start[1])
    return low, high


OPPOSITE = {"lower": "upper", "upper": "lower", "mid-p": "mid-p"}


def _limit(data: Data, which: str, upper: bool, tail: float, start: FloatArray) -> FloatArray:
    """Where P(g <= t), or P(g > t) if `upper`, is the tail area; the end of [0, 1] if nowhere."""
    observed = _binomial_part(data.count / np.maximum(data.total, 1.0), data.total, which)
    true = _binomial_part(data.sensitivity, data.sensitivity_n, OPPOSITE[which])
    false = _binomial_part(1.0 - data.specificity, data.specificity_n, OPPOSITE[which])
    share = np.clip(rogan_gladen(data), 0.0, 1.0)
    spreads = np.stack([observed.spread, share * true.spread, (1.0 - share) * false.spread])
    order = np.argsort(-spreads, axis=0, kind="stable")
    result = np.empty_like(data.count)
    for kind, second in itertools.permutations(range(3), 2):
        rows = np.flatnonzero((order[0] == kind) & (order[1] == second))
        parts = [part.rows(rows) for part in (observed, true, false)]
        if rows.size:
            result[rows] = _solve(parts, kind, second, upper, tail, start[rows])
    return result


def _solve(
    parts: list[_Part], kind: int, wider: int, upper: bool, tail: float, start: FloatArray
) -> FloatArray:
    """Roots for rows whose widest part is `kind`: 0 apparent, 1 sensitivity, 2 false positives."""
    own = parts[kind]
    others = [
        part.points(WIDE if i == wider else NARROW) for i, part in enumerate(parts) if i != kind
    ]
    (first, first_weight), (second, second_weight) = others
    weight = np.outer(first_weight, second_weight).ravel()
    per_block = max(1, BLOCK // (weight.size * own.a.shape[1]))
    if len(start) > per_block:
        blocks = np.array_split(np.arange(len(start)), -(-len(start) // per_block))
        return np.concatenate(
            [
                _solve([p.rows(rows) for p in parts], kind, wider, upper, tail, start[rows])
                for rows in blocks
            ]
        )
    x = np.repeat(first, second.shape[1], axis=1)
    y = np.tile(second, (1, first.shape[1]))

    def chance(t: FloatArray, rows: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        place, slope = _threshold(kind, x[rows], y[rows], t[:, None])
        part = own.rows(rows)
        below = kind == 0  # g <= t where the apparent share is below, or another one above
        value = part.tail(place, upper == below) @ weight
        return value, (part.density(place) * slope) @ weight

    def residual(t: FloatArray, rows: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        value, slope = chance(t, rows)
        value = np.maximum(value, TINY)
        distance = np.log(value / tail)
        return (-distance if upper else distance), slope / value

    every = np.arange(len(start))
    end = np.full(len(start), 1.0 if upper else 0.0)
    at_end, _ = chance(end, every)
    inside = np.flatnonzero(at_end < tail)
    result = end
    if inside.size:
        zero, one = np.zeros(inside.size), np.ones(inside.size)
        result[inside] = roots.increasing_root(
            lambda t, rows: residual(t, inside[rows]), zero, one, start[inside]
        )
    return result


def _threshold(
    kind: int, x: FloatArray, y: FloatArray, t: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Value of the widest part at which g is t, and how fast the chance of g <= t moves with it."""
    if kind == 0:  # x sensitivity, y false positives
        return (1.0 - t) * y + t * x, x - y
    with np.errstate(divide="ignore", invalid="ignore"):
        if kind == 1:  # x apparent, y false positives
            place, slope = (x - (1.0 - t) * y) / t, (x - y) / t**2
        else:  # x apparent, y sensitivity
            place, slope = (x - t * y) / (1.0 - t), (y - x) / (1.0 - t) ** 2
    place = np.where(np.isnan(place), 1.0, place)
    return place, np.where(np.isfinite(slope), slope, 0.0)


def melding_limits(data: Data, *, level: float, alternative: str) -> tuple[FloatArray, FloatArray]:
    """Melding of lower with upper distributions: holds its level in all that was tried."""
    return melded_limits(data, level=level, alternative=alternative, mid=False)


def mid_limits(data: Data, *, level: float, alternative: str) -> tuple[FloatArray, FloatArray]:
    """Melding of mid-P distributions: shorter, near its level on average."""
    return melded_limits(data, level=level, alternative=alternative, mid=True)


METHODS = {
    "lang-reiczigel": lang_reiczigel_limits,
    "melding": melding_limits,
    "mid-p": mid_limits,
    "rogan-gladen": wald_limits,
}
# What melding comes to where sensitivity and specificity are known.
KNOWN = {"melding": "clopper-pearson", "mid-p": "mid-p"}


def known_limits(
    low: FloatArray, high: FloatArray, sensitivity: FloatArray, specificity: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Limits of the apparent share turned into limits of the true one, by a known test."""
    gain = sensitivity + specificity - 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = [np.clip((end + specificity - 1.0) / gain, 0.0, 1.0) for end in (low, high)]
    return ends[0], ends[1]
