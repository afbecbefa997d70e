"""What the people of unknown group would have to be for a ratio to reach a threshold."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _shares, _validate
from countylines import benchmark as _benchmark
from countylines._kernels import missing_share as kernel
from countylines._typing import ArrayLike
from countylines.benchmark import Benchmark
from countylines.disproportionality import _missing
from countylines.disproportionality._two_groups import NOT_A_CAUSE, method_name
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]

VERDICTS = (
    OK,
    Verdict(False, "no-data", ("The group is missing for nobody: nothing can be tipped.",)),
    Verdict(
        False,
        "out-of-range",
        (
            "It cannot be reached: whatever the people of unknown group are, the ratio, or its "
            "limit, stays above the threshold.",
        ),
    ),
    Verdict(
        False,
        "out-of-range",
        (
            "It cannot be reached: whatever the people of unknown group are, the ratio, or its "
            "limit, stays below the threshold.",
        ),
    ),
    Verdict(False, "no-data", ("The group is known of nobody: there are no odds to multiply.",)),
)
_NOT_MISSING, _ABOVE, _BELOW, _NOT_KNOWN = 1, 2, 3, 4
SCALES = ("share", "odds")


def missing_tipping_point(
    count: ArrayLike,
    known: ArrayLike,
    missing: ArrayLike,
    benchmark: ArrayLike | Benchmark,
    *,
    threshold: ArrayLike = 1.0,
    at: Literal["estimate", "limit"] = "estimate",
    scale: Literal["share", "odds"] = "share",
    method: str = "mid-p",
    level: float = 0.95,
) -> Estimate:
    r"""Share of the group among those of unknown group at which the ratio reaches a threshold.

    It answers: how unlike the known would the people of unknown ethnicity have to be for the
    over-representation to vanish? It does not say what they are; it gives the reader the number to
    hold against what is known of recording.

    Parameters
    ----------
    count : array_like, shape (...)
        People of the group among those of known group: whole numbers.
    known : array_like, shape (...)
        All people of known group, at least `count`.
    missing : array_like, shape (...)
        People recorded whose group is unknown or not stated.
    benchmark : array_like, shape (...), or Benchmark
        The group's share of the comparison population, in (0, 1), taken as known.
    threshold : array_like, default 1.0
        Ratio to be reached, above 0 and at most ``1 / benchmark``.
    at : {"estimate", "limit"}, default "estimate"
        What is to reach it: the ratio itself, or the limit of its interval on the side of the
        threshold, as seen from the known-only ratio.
    scale : {"share", "odds"}, default "share"
        Whether the answer is the group's share among the missing, or the number by which its odds
        there differ from those among the known.
    method : str, default "mid-p"
        Method of the limits, as in :func:`missing_bounds`.
    level : float, default 0.95
        Confidence level of the limits, a share in [0.5, 1).

    Returns
    -------
    Estimate
        ``estimate`` is the share [of 0 to 1] or the odds multiplier [pure number]; nan where the
        threshold cannot be reached, with a verdict that says on which side the ratio stays.
        ``low`` and ``high`` enclose the values at which the threshold lies within the interval of
        the ratio; they are nan where there are none. ``n`` is ``known + missing``.

    Raises
    ------
    InputError
        If a count is bad, `count` exceeds `known`, or `benchmark` or `threshold` is out of range.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    See Also
    --------
    missing_bounds : the range of ratios itself.
    missing_odds_curve : the ratio for a series of odds multipliers.

    Notes
    -----
    With x of K known people in the group, M missing, n = K + M, benchmark share q and threshold
    :math:`R_0`,

    .. math:: s^* = \frac{R_0\, q\, n - x}{M}, \qquad
              \phi^* = \frac{s^* / (1 - s^*)}{p / (1 - p)}, \quad p = x / K.

    At a limit the same is solved for the limit of the ratio, made as in :func:`missing_bounds` for
    a known share or a known odds multiplier.

    With nobody of the group among the known the odds multiplier is infinite, and the share is not:
    any share of the missing above 0 is more than was seen. Assumptions that fail in practice are
    those of :func:`missing_bounds`.

    References
    ----------
    .. [1] Campbell, G., Pennello, G. and Yue, L. (2011). Missing data in the regulation of medical
       devices. *Journal of Biopharmaceutical Statistics* 21, 180-195.
       https://doi.org/10.1080/10543406.2011.550094

    Examples
    --------
    MADE-UP counts: 30 of 150 people of known ethnicity are of a group that is 18 % of the
    residents, and the ethnicity of 25 is not recorded.

    >>> tip = cl.disproportionality.missing_tipping_point(30, 150, 25, 0.18)
    >>> print(f"{tip.estimate:.2f}")
    0.06
    >>> never = cl.disproportionality.missing_tipping_point(30, 150, 25, 0.118)
    >>> never.verdict.code
    'out-of-range'

    Against 18 % the ratio of all would be 1 if 6 % of the missing were of the group, against 20 %
    of the known; against 11.8 % it stays above 1 even if none of them is.
    """
    method = method_name(method, dict.fromkeys(_missing.METHODS))
    at_limit = _validate.option("at", at, ("estimate", "limit")) == "limit"
    scale_name = _validate.option("scale", scale, SCALES)
    level = _missing.level(level)
    share = _benchmark.known_share(benchmark, "missing_tipping_point")
    inputs = _labels.align(
        count=count, known=known, missing=missing, benchmark=share, threshold=threshold
    )

    def check(*values: Any) -> None:
        x, known, missing, q, threshold, where = values
        _missing.check(x, known, missing, q, where)
        _validate.exposure("threshold", threshold, where)
        remedy = "No ratio can be larger."
        _validate.not_above("threshold", threshold, "1 / benchmark", 1 / q, where, remedy)

    def solve(*values: FloatArray) -> tuple[Any, ...]:
        *sample, q, threshold = values
        return _tipping(
            sample, np.minimum(threshold * q, 1.0), scale_name, method, level, at_limit=at_limit
        )

    out = inputs.apply(
        solve,
        outputs=["estimate", "low", "high", "verdict", "n"],
        check=check,
        dtypes={"verdict": object, "n": np.int64},
    )
    notes: tuple[Note, ...] = (NOT_A_CAUSE,)
    if not inputs.is_lazy:
        flat = dict(zip(inputs.names, inputs.flat, strict=True))
        data = (flat["count"], flat["known"], flat["benchmark"])
        notes += (_missing.known_only(*data, method, level),)
        if inputs.kind == "scalar" and out["verdict"].estimable:
            notes += _scalar_notes(flat, out["estimate"], scale_name)
    what = "share of the group among the missing"
    if scale_name == "odds":
        what = "odds of the group among the missing over those among the known"
    return Estimate(
        quantity=f"{what} at the tipping point",
        method=f"tipping point at the {at}",
        level=level,
        interval_method=method,
        notes=(*notes, _benchmark.note(benchmark)),
        references=("campbell2011", *_shares.REFERENCES[method]),
        **out,
    )


def _tipping(
    sample: list[FloatArray],
    goal: FloatArray,
    scale: str,
    method: str,
    level: float,
    *,
    at_limit: bool,
) -> tuple[Any, ...]:
    """Tipping point, the ends of the values compatible with the threshold, verdict and n."""
    _, known, missing = sample
    result = np.full((3, goal.size), np.nan)
    codes = np.where(missing > 0, _NOT_KNOWN, _NOT_MISSING)
    rows = np.flatnonzero((missing > 0) & ((known > 0) | (scale == "share")))
    x, of, unknown = (part[rows] for part in sample)
    goal, area = goal[rows], np.full(rows.shape, (1.0 - level) / 2.0)
    found, reach = {}, {}
    for side in (-1, 0, 1):
        found[side], reach[side] = kernel.value_at(scale, side, method, x, of, unknown, area, goal)
    # the upper limit reaches the goal at the least value, the lower limit at the largest
    empty = (reach[-1] < 0) & (reach[1] < 0) | (reach[-1] > 0) & (reach[1] > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        known_share = np.where(of > 0, x / of, 0.0)
    nearer = np.where(known_share >= goal, 1, -1) if at_limit else np.zeros(goal.shape, dtype=int)
    where = np.select([nearer == 1, nearer == 0], [reach[1], reach[0]], reach[-1])
    value = np.select([nearer == 1, nearer == 0], [found[1], found[0]], found[-1])
    result[0, rows] = np.where(where == 0, value, np.nan)
    for row, side in ((1, -1), (2, 1)):
        end = _open(found[side], reach[side], scale)
        result[row, rows] = np.where(empty, np.nan, end)
    codes[rows] = np.select([where == 0, where < 0], [0, _ABOVE], _BELOW)
    return (*result, verdict_array(codes, VERDICTS), known + missing)


def _open(value: FloatArray, reach: NDArray[np.int8], scale: str) -> FloatArray:
    """An end that no value reaches is the end of the range."""
    least, most = (0.0, np.inf) if scale == "odds" else (0.0, 1.0)
    return np.where(reach == 0, value, np.where(reach < 0, least, most))


def _scalar_notes(flat: dict[str, FloatArray], value: float, scale: str) -> tuple[Note, ...]:
    """The same tipping point on the other scale."""
    x, known, missing = (float(flat[name][0]) for name in ("count", "known", "missing"))
    if scale == "odds":
        given = np.array([x]), np.array([known]), np.array([value])
        share = float(kernel.share_among_missing("odds", *given)[0])
        return (
            Note(
                "people",
                f"It is a share of {share:.3g}, or {share * missing:.3g} of {missing:.0f} missing.",
            ),
        )
    text = f"It is {value * missing:.3g} of {missing:.0f} missing people"
    if 0.0 < x < known and value < 1.0:
        multiplier = value / (1.0 - value) / (x / (known - x))
        text += f", and odds {multiplier:.3g} times those among the known"
    return (Note("people", text + "."),)
