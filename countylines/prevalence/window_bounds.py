"""What a count in a window of one length says of a window of another, free of any model."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _validate
from countylines._kernels import stock_flow
from countylines._typing import ArrayLike
from countylines.bands import Band
from countylines.errors import InputError
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]

BOUNDS = (stock_flow.long_window_bounds, stock_flow.short_window_bounds)
VERDICTS = (
    OK,
    Verdict(False, "not-identified", ("How far lines last from window to window is not known.",)),
)
COMPLETE = Note(
    "complete-detection",
    "Holds for counts of one unit under one definition, with every active line seen in each.",
)


def window_bounds(
    count: ArrayLike | Band,
    windows: ArrayLike,
    *,
    of: Literal["long", "short"] = "long",
) -> Estimate:
    r"""Range of the distinct lines in a long window, or of the mean count of short ones.

    It answers: twelve monthly counts are known by their mean, what can the year have had? Or: a
    year's count is known, what can the months have had? No model and no mean life are needed, so
    the range is wide; `convert_window` narrows it at the price of an assumption.

    Parameters
    ----------
    count : array_like or Band, shape (...)
        Mean count of the short windows, or with ``of="short"`` the count of distinct lines in the
        long one; of at least 0.
    windows : array_like, shape (...)
        Number of short windows that make up the long one: whole, of at least 1.
    of : {"long", "short"}, default "long"
        What is bounded: the distinct lines in the long window, or the mean count of the short ones.

    Returns
    -------
    Estimate
        ``low`` and ``high``, the same as ``region_low`` and ``region_high``, are the identified
        range [lines] and ``level`` is None: it is arithmetic, not probability. There is no estimate
        unless both ends meet.

    Raises
    ------
    InputError
        If `count` is negative or not finite, or `windows` is not a whole number of at least 1.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    See Also
    --------
    convert_window : a single number, in a steady state with a known mean life.
    active_during : the counts themselves, from records.

    Notes
    -----
    With counts :math:`A_1, \dots, A_k` in windows that follow each other and :math:`A` in all of
    them together,

    .. math:: \frac1k \sum_j A_j \;\le\; \max_j A_j \;\le\; A \;\le\; \sum_j A_j,

    since no line is active in the whole that is active in no part, and each part is in the whole.
    Both ends can be reached: if every line is there all the time, and if none lasts into a second
    window. Where all counts are known, the largest is a better lower end than their mean.

    The assumptions that fail in practice are complete detection in every window and one unit: a
    line found in one month out of four of its life makes the months too small and leaves the year.

    References
    ----------
    .. [1] Manski, C. F. (2003). *Partial Identification of Probability Distributions*. Springer.
       https://doi.org/10.1007/b97478

    Examples
    --------
    In 2019/20 there were 800 to 1,100 lines "potentially active per month" (written answer 126769).
    A year of such months had

    >>> year = cl.prevalence.window_bounds(cl.Band(800, 1100), 12)
    >>> print(f"{year.low:.0f} to {year.high:.0f}")
    800 to 13200

    different lines: the 6,644 detected in 2023/24 are neither more nor fewer, as far as these
    figures go.
    """
    bound = BOUNDS[_validate.option("of", of, ("long", "short")) == "short"]
    ends = (count.low, count.high) if isinstance(count, Band) else (count,)
    names = ("count.low", "count.high") if isinstance(count, Band) else ("count",)
    inputs = _labels.align(**dict(zip(names, ends, strict=True)), windows=windows)

    def check(*parts: Any) -> None:
        *flat, where = parts
        for name, values in zip(names, flat, strict=False):
            if name == "count.high":
                values = np.where(np.isposinf(values), 1.0, values)
            _validate.exposure(name, values, where, zero=True)
        _validate.exposure("windows", flat[-1], where, zero=True)
        bad = (flat[-1] < 1) | (flat[-1] != np.floor(flat[-1]))
        if bad.any():
            got = _validate.show(float(flat[-1][bad][0]))
            rule = "a whole number of at least 1"
            remedy = "A part of a window may hold as many as a whole one: count it as one."
            raise InputError(_validate.sentence("windows", rule, got, where(bad), remedy))

    def kernel(*flat: FloatArray) -> tuple[NDArray[Any], ...]:
        low, _ = bound(flat[0], flat[-1])
        _, high = bound(flat[-2], flat[-1])
        known = low == high
        verdict = verdict_array(np.where(known, 0, 1), VERDICTS)
        return np.where(known, low, np.nan), low, high, verdict

    out = inputs.apply(
        kernel,
        outputs=["estimate", "low", "high", "verdict"],
        check=check,
        dtypes={"verdict": object},
    )
    long = of == "long"
    return Estimate(
        quantity="distinct lines in the long window" if long else "mean count of the short windows",
        method="bounds",
        level=None,
        interval_kind="identification",
        interval_method="arithmetic",
        region_low=out["low"],
        region_high=out["high"],
        unit="lines",
        notes=(COMPLETE,),
        references=("manski2003",),
        **out,
    )
