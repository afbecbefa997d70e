"""The mean active life that makes a figure for a moment or a month agree with one for a year."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _validate
from countylines._kernels import stock_flow
from countylines._typing import ArrayLike
from countylines.bands import Band
from countylines.errors import InputError
from countylines.prevalence._quantities import STEADY
from countylines.results import OK, Estimate, Verdict, verdict_array

FloatArray = NDArray[np.float64]

VERDICTS = (
    OK,
    Verdict(False, "not-identified", ("What is given as a range leaves a range of lives.",)),
    Verdict(
        False,
        "out-of-range",
        (
            "A longer window has no fewer than a shorter one, and no more than in proportion to "
            "their lengths: no steady state gives these figures together.",
        ),
    ),
    Verdict(
        False,
        "hidden-infinite",
        ("As many in the longer window as in the shorter: nothing would ever close.",),
    ),
)


def implied_duration(
    count: ArrayLike | Band,
    distinct: ArrayLike | Band,
    window: ArrayLike,
    *,
    count_window: ArrayLike = 0.0,
) -> Estimate:
    r"""Mean active life that makes a shorter count and a longer one agree.

    It answers: if both figures are right and nothing changed in between, how long must a line live?
    A life that no one believes says that the figures are not of one thing: the unit, the definition
    or the detection differs. It is not an estimate of a life: for that see `survival`.

    Parameters
    ----------
    count : array_like or Band, shape (...)
        Lines active at a moment, or in the shorter window `count_window`; above 0.
    distinct : array_like or Band, shape (...)
        Distinct lines active at some time in the longer window, above 0.
    window : array_like, shape (...)
        Length of the longer window, above 0; the answer is in its unit.
    count_window : array_like, shape (...), default 0
        Length of the shorter window, below `window`; 0 for a stock at a moment.

    Returns
    -------
    Estimate
        ``estimate`` [unit of `window`]; with a band there is none, and ``low`` and ``high``, the
        same as ``region_low`` and ``region_high``, are the identified range, cut to what is
        possible. ``level`` is None: it is arithmetic, not probability.

    Raises
    ------
    InputError
        If a value is negative, 0 or not finite, or `count_window` is not below `window`.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    See Also
    --------
    distinct_in_window : the other way, with the life given.
    window_bounds : the range that holds without any model.

    Notes
    -----
    By Little's law [1]_ a window of length :math:`w` has :math:`\lambda (L + w)` distinct lines on
    average, so that with :math:`r` the ratio of the longer count to the shorter

    .. math:: L = \frac{w - r\, w_0}{r - 1}, \qquad 1 < r \le \frac{w}{w_0}.

    At :math:`r = 1` it is infinite (verdict ``"hidden-infinite"``), at :math:`r = w / w_0` it is 0,
    and beyond either no steady state gives both figures (verdict ``"out-of-range"``).

    It matters how a figure is read: 600 lines a month may be a stock or a count in a one-month
    window. The assumption that fails in practice is that nothing changed between the figures: a
    rise in detection from one to the other reads as a short life.

    References
    ----------
    .. [1] Little, J. D. C. (1961). A proof for the queuing formula: L = λW. *Operations Research*
       9, 383-387. https://doi.org/10.1287/opre.9.3.383

    Examples
    --------
    The press has 6,644 lines detected in 2023/24; a written answer has 600 "potentially active per
    month" in 2020/21. Read as a stock, and as a count in a one-month window:

    >>> stock = cl.prevalence.implied_duration(600, 6644, 12)
    >>> month = cl.prevalence.implied_duration(600, 6644, 12, count_window=1)
    >>> print(f"{stock.estimate:.2f} and {month.estimate:.2f} months")
    1.19 and 0.09 months

    A mean life of five weeks, or of three days: under the second reading turnover alone is no
    explanation, and something else changed between the years.
    """
    given: dict[str, Any] = {}
    for name, value in (("count", count), ("distinct", distinct)):
        if isinstance(value, Band):
            given |= {f"{name}.low": value.low, f"{name}.high": value.high}
        else:
            given[name] = value
    inputs = _labels.align(**given, window=window, count_window=count_window)

    def check(*parts: Any) -> None:
        *flat, where = parts
        for name, values in zip(inputs.names, flat, strict=True):
            if name.endswith(".high"):
                values = np.where(np.isposinf(values), 1.0, values)
            _validate.exposure(name, values, where, zero=True)
            if name != "count_window":
                _validate.exposure(name, values, where)
        bad = flat[-1] >= flat[-2]
        if bad.any():
            pair = [_validate.show(float(values[bad][0])) for values in flat[-2:]]
            rule, got = "below `window`", f"{pair[1]} against {pair[0]}"
            remedy = "The shorter window is a part of the longer one."
            raise InputError(_validate.sentence("count_window", rule, got, where(bad), remedy))

    def kernel(*flat: FloatArray) -> tuple[NDArray[Any], ...]:
        named = dict(zip(inputs.names, flat, strict=True))
        ends = (
            named[name] if name in named else named[name + end]
            for name in ("count", "distinct")
            for end in (".low", ".high")
        )
        return _range((*ends, named["count_window"], named["window"]))

    out = inputs.apply(
        kernel,
        outputs=["estimate", "low", "high", "verdict"],
        check=check,
        dtypes={"verdict": object},
    )
    return Estimate(
        quantity="mean active life",
        method="stock and flow",
        level=None,
        interval_kind="identification",
        interval_method="range over the bands",
        region_low=out["low"],
        region_high=out["high"],
        notes=(STEADY,),
        references=("little1961",),
        **out,
    )


def _range(data: tuple[FloatArray, ...]) -> tuple[NDArray[Any], ...]:
    """Least and greatest life; it grows with the shorter count and falls with the longer."""
    count_low, count_high, low, high, short, long = data
    with np.errstate(invalid="ignore", divide="ignore"):
        most, least = high / count_low, low / count_high
        largest = long / short
    # a ratio that is out of reach is cut to the nearest one that is possible
    possible = (most >= 1.0) & (least <= largest)
    ends = []
    for ratio in (most, least):
        cut = np.clip(ratio, 1.0, largest)
        life = stock_flow.duration_from_windows(1.0, short, cut, long)
        ends.append(np.where(cut == largest, 0.0, np.where(possible, life, np.nan)))
    lows, highs = (np.where(possible, end, np.nan) for end in ends)
    code = np.where(lows == highs, np.where(np.isinf(lows), 3, 0), 1)
    code = np.where(possible, code, 2)
    estimate = np.where((code == 0) | (code == 3), lows, np.nan)
    return estimate, lows, highs, verdict_array(code, VERDICTS)
