"""A Poisson rate with its limits, for every topic that needs one: checks, values, notes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from countylines import _validate
from countylines._kernels import poisson
from countylines.errors import DegenerateDataWarning, SparseDataWarning, warn
from countylines.results import OK, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]

BANDED = Verdict(
    False,
    "not-identified",
    ("The count is known as a band only: the data leave a range of rates, not one.",),
)
NO_DENOMINATOR = Verdict(
    False, "no-denominator", ("Left out by name: there is no population to divide by.",)
)
RATE_VERDICTS = (OK, BANDED, NO_DENOMINATOR)
FEW = 5

REFERENCES = {
    "mid-p": ("lancaster1961", "berry1995"),
    "exact": ("garwood1936",),
    "byar": ("breslow1987",),
    "byar-mid-p": ("rothman1979",),
    "blaker": ("blaker2000",),
    "minlike": ("sterne1954",),
    "score": ("barker2002",),
    "skew-score": ("laud2017", "vandenbroucke1982"),
    "jeffreys": ("brown2003",),
    "profile": ("brown2003",),
    "anscombe": ("anscombe1948",),
    "anscombe-cc": ("anscombe1948",),
    "square-root": ("barker2002",),
    "wald": ("barker2002",),
    "wald-half": ("barker2002",),
    "wald-log": ("breslow1987",),
}


def rate_limits(
    low: FloatArray, high: FloatArray, exposure: FloatArray, *, method: str, level: float, side: str
) -> tuple[FloatArray, FloatArray]:
    """Limits for counts between `low` and `high`: the least and the most that any of them gives.

    Limits rise with the count, so the ends of the band decide. `high` may be infinite.
    """
    limits = poisson.METHODS[method].limits
    first, last = limits(low, exposure, level=level, alternative=side)
    if high is not low:
        open_end = np.isinf(high)
        last = limits(np.where(open_end, 0.0, high), exposure, level=level, alternative=side)[1]
        last = np.where(open_end, np.inf, last)
    return first, last


def rate_pvalue(
    low: FloatArray,
    high: FloatArray,
    exposure: FloatArray,
    *,
    method: str,
    null: FloatArray,
    side: str,
) -> FloatArray:
    """P-value of the same inversion: the largest that any count of the band gives."""
    test = poisson.METHODS[method].pvalue
    if high is low:
        return test(low, exposure, null=null, alternative=side)
    open_end = np.isinf(high)
    ends = low, np.where(open_end, 0.0, high)
    first, last = (test(end, exposure, null=null, alternative=side) for end in ends)
    last = np.where(open_end, 1.0, last)
    if side != "two-sided":
        return first if side == "greater" else last
    mean = null * exposure
    within = (mean >= low) & (mean <= high)
    return np.where(within, 1.0, np.where(mean < low, first, last))


def rate_verdicts(
    low: FloatArray, high: FloatArray, left_out: NDArray[np.bool_]
) -> NDArray[np.object_]:
    """Whether each rate exists."""
    codes = np.where(left_out, 2, np.where(low < high, 1, 0))
    return verdict_array(codes, RATE_VERDICTS)


def check_exposure(
    exposure: FloatArray, where: _validate.Where, left_out: NDArray[np.bool_]
) -> None:
    """Refuse exposures that are not positive, except where the rate is left out by name."""
    _validate.exposure("exposure", np.where(left_out, 1.0, exposure), where)


def rate_notes(
    low: FloatArray, high: FloatArray, *, method: str, level: float, alternative: str
) -> tuple[Note, ...]:
    """Facts about the data and the method; each warning is also a note."""
    notes = []
    if method == "wald-log" and (low == 0).any():
        text = (
            "The wald-log interval says nothing where the count is 0: it is the whole range "
            "there. Use method='mid-p'."
        )
        notes.append(Note("wald-log-uninformative", text))
        warn(text, DegenerateDataWarning)
    if poisson.METHODS[method].asymptotic and (low < FEW).any():
        text = (
            f"Fewer than {FEW} events, where the large-sample {method} interval does not hold its "
            "level. Use method='mid-p'."
        )
        notes.append(Note("sparse", text))
        warn(text, SparseDataWarning)
    if method in poisson.WHOLE_COUNTS_ONLY and alternative == "two-sided":
        counts = np.unique(np.concatenate([low, high[np.isfinite(high)]]))
        if poisson.gap_in_acceptance(counts, level=level, method=method).any():
            text = (
                f"The values that the {method} test accepts have a gap; the interval given is "
                "their hull."
            )
            notes.append(Note("hull", text))
    if (low < high).any():
        text = (
            "Where the count is a band, the region is what its two ends give, and the interval "
            "holds the interval of every count in it; no count in between is taken as likelier."
        )
        notes.append(Note("banded", text))
        if np.isinf(high).any():
            notes.append(
                Note("open-band", "A band without an upper end says only that the rate is not low.")
            )
    return tuple(notes)
