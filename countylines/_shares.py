"""A binomial share with its limits, for every topic that needs one: checks, values, notes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from countylines import _validate
from countylines._kernels import binomial, finite_population
from countylines._kernels.method import tail_area
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning, warn
from countylines.results import OK, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]

NO_DATA = Verdict(False, "no-data", ("The total is 0: there is no observation to estimate from.",))
BANDED = Verdict(
    False,
    "not-identified",
    ("The count is known as a band only: the data leave a range of shares, not one.",),
)
SHARE_VERDICTS = (OK, NO_DATA, BANDED)
# Methods whose limits rise with the count, so that the ends of a band decide.
RISING = ("mid-p", "clopper-pearson", "wilson", "jeffreys", "skew-score")
FEW = 5

REFERENCES = {
    "mid-p": ("berry1995", "lancaster1961"),
    "wilson": ("wilson1927",),
    "wilson-cc": ("newcombe1998",),
    "clopper-pearson": ("clopper1934",),
    "blaker": ("blaker2000",),
    "minlike": ("sterne1954",),
    "agresti-coull": ("agresti1998",),
    "plus-four": ("agresti1998",),
    "jeffreys": ("brown2001",),
    "modified-jeffreys": ("brown2001",),
    "logit": ("brown2001",),
    "arcsine": ("anscombe1948",),
    "profile": ("brown2001",),
    "skew-score": ("laud2017",),
    "wald": ("brown2001",),
}


def check_share(
    count: FloatArray, total: FloatArray, where: _validate.Where, *, whole: bool = True
) -> None:
    """Refuse anything that is not a count out of a total."""
    _validate.counts("count", count, where, whole=whole)
    _validate.counts("total", total, where, whole=whole)
    _validate.not_above("count", count, "total", total, where)


def whole_counts_only(method: str, name: str) -> None:
    """Refuse a method that needs whole counts where `name` makes them fractional."""
    if method in binomial.WHOLE_COUNTS_ONLY:
        words = ", ".join(sorted(binomial.WHOLE_COUNTS_ONLY))
        raise InputError(
            _validate.sentence(
                "method",
                f"one that works with fractional counts when `{name}` is given",
                repr(method),
                remedy=f"Use any method but {words}; 'mid-p' is the nearest in spirit.",
            )
        )


def share_values(
    count: FloatArray,
    total: FloatArray,
    *,
    method: str,
    level: float,
    alternative: str,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Estimate, standard error and limits; an empty total gives nan and the whole range."""
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = count / total
    low, high = binomial.METHODS[method].limits(count, total, level=level, alternative=alternative)
    return estimate, binomial.standard_error(count, total), low, high


def share_verdicts(total: FloatArray) -> NDArray[np.object_]:
    """Whether each share exists."""
    return verdict_array(np.where(total > 0, 0, 1), SHARE_VERDICTS)


def banded_values(
    low: FloatArray,
    high: FloatArray,
    total: FloatArray,
    *,
    method: str,
    level: float,
    alternative: str,
) -> tuple[NDArray[np.generic], ...]:
    """Estimate, standard error, limits, region and verdict for counts between `low` and `high`.

    The limits are the least and the most that any count of the band gives.
    """
    high = np.minimum(high, total)
    limits = binomial.METHODS[method].limits
    first = limits(low, total, level=level, alternative=alternative)[0]
    last = limits(high, total, level=level, alternative=alternative)[1]
    point = np.where(low < high, np.nan, low)
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = point / total
        least = np.where(total > 0, low / total, 0.0)
        most = np.where(total > 0, high / total, 1.0)
    codes = np.where(total > 0, np.where(low < high, 2, 0), 1)
    error = binomial.standard_error(point, total)
    return estimate, error, first, last, least, most, verdict_array(codes, SHARE_VERDICTS)


def banded_pvalue(
    low: FloatArray,
    high: FloatArray,
    total: FloatArray,
    *,
    method: str,
    null: FloatArray,
    alternative: str,
) -> FloatArray:
    """P-value of the same inversion: the largest that any count of the band gives."""
    high = np.minimum(high, total)
    test = binomial.METHODS[method].pvalue
    first, last = (test(end, total, null=null, alternative=alternative) for end in (low, high))
    if alternative != "two-sided":
        return first if alternative == "greater" else last
    mean = null * total
    within = (mean >= low) & (mean <= high)
    return np.where(within, 1.0, np.where(mean < low, first, last))


def banded_notes(low: FloatArray, high: FloatArray) -> tuple[Note, ...]:
    """What is known of bands."""
    if not (low < high).any():
        return ()
    text = (
        "Where the count is a band, the region is what its two ends give, and the interval holds "
        "the interval of every count in it; no count in between is taken as likelier."
    )
    return (Note("banded", text),)


def finite_values(
    count: FloatArray,
    total: FloatArray,
    population: FloatArray,
    *,
    method: str,
    level: float,
    alternative: str,
) -> tuple[NDArray[np.generic], ...]:
    """Estimate, standard error, limits and verdict of the share in a finite population."""
    some = np.flatnonzero(total > 0)
    x, n, whole = count[some], total[some], population[some]
    low, high = np.zeros(count.shape), np.ones(count.shape)
    estimate, error = np.full(count.shape, np.nan), np.full(count.shape, np.nan)
    ends = finite_population.limits(x, n, whole, tail_area(level, alternative), method=method)
    if alternative != "less":
        low[some] = ends[0] / whole
    if alternative != "greater":
        high[some] = ends[1] / whole
    share = x / n
    estimate[some] = share
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt(share * (1.0 - share) / (n - 1.0) * (1.0 - n / whole))
    error[some] = np.where(n < whole, spread, 0.0)
    return estimate, error, low, high, share_verdicts(total)


def finite_pvalue(
    count: FloatArray,
    total: FloatArray,
    population: FloatArray,
    *,
    method: str,
    null: FloatArray,
    alternative: str,
) -> FloatArray:
    """P-value of the share in a finite population, which need not be attainable there."""
    result = np.ones(count.shape)
    some = np.flatnonzero(total > 0)
    data = count[some], total[some], population[some], null[some]
    sides = {"greater": (1,), "less": (-1,), "two-sided": (1, -1)}[alternative]
    values = [finite_population.pvalue(*data, side, method=method) for side in sides]
    result[some] = np.minimum(1.0, len(sides) * np.minimum.reduce(values))
    return result


def share_notes(
    count: FloatArray, total: FloatArray, *, method: str, level: float, alternative: str
) -> tuple[Note, ...]:
    """Facts about the data and the method; each is also warned of."""
    notes = []
    empty = total == 0
    if empty.any():
        how_many = "" if empty.size == 1 else f" in {int(empty.sum())} of {empty.size} places"
        text = f"The total is 0{how_many}: there the share is undefined and its interval is [0, 1]."
        notes.append(Note("no-data", text))
        warn(text, DegenerateDataWarning)
    if method == "logit" and (((count == 0) | (count == total)) & ~empty).any():
        text = (
            "The logit interval says nothing where the count is 0 or equals the total: it is "
            "[0, 1] there. Use method='mid-p'."
        )
        notes.append(Note("logit-uninformative", text))
        warn(text, DegenerateDataWarning)
    if binomial.METHODS[method].asymptotic:
        sparse = (np.minimum(count, total - count) < FEW) & ~empty
        if sparse.any():
            text = (
                f"Fewer than {FEW} (effective) events or non-events, where the large-sample "
                f"{method} interval "
                "does not hold its level. Use method='mid-p'."
            )
            notes.append(Note("sparse", text))
            warn(text, SparseDataWarning)
    both_sides = method in binomial.WHOLE_COUNTS_ONLY and alternative == "two-sided"
    if both_sides and binomial.gap_in_acceptance(count, total, level=level, method=method).any():
        text = (
            f"The values that the {method} test accepts have a gap; the interval given is their "
            "hull."
        )
        notes.append(Note("hull", text))
    return tuple(notes)
