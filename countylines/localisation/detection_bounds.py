"""What counts of detected lines leave open when detection is known only to lie in ranges."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtr

from countylines import _validate
from countylines._kernels import binomial, identified_interval, odds_ratio
from countylines._kernels.method import critical_value
from countylines.bands import Band
from countylines.errors import InputError
from countylines.localisation.localisation_odds_ratio import NAMES

REFERENCES = ("imbens2004", "newcombe1998")
COLUMNS = (
    "observed",
    "region_low",
    "region_high",
    "low",
    "high",
    "null",
    "sign_identified",
    "established",
    "level",
    "interval_kind",
    "method",
    "n",
)


class _Range(NamedTuple):
    """A quantity on the scale where detection adds a known shift."""

    seen: float
    shift_low: float
    shift_high: float


def detection_bounds(
    internal_before: float,
    external_before: float,
    internal_after: float,
    external_after: float,
    *,
    detection: Mapping[str, Any],
    target: str = "parameter",
    level: float = 0.95,
) -> pd.DataFrame:
    r"""Shares, change and odds ratio of all lines, for ranges of the probability of detection.

    It answers: if the probability that a line is detected lay within these ranges, by type and
    period, what can the lines themselves have done? The range of answers is sharp: every value in
    it belongs to some detection within the ranges. It is not an estimate of detection, and a range
    that is wrong gives a wrong answer.

    Parameters
    ----------
    internal_before, external_before, internal_after, external_after : float
        Detected lines: whole numbers, with lines in both periods.
    detection : mapping
        For each of the four names the range of the probability of detection, above 0 and at most 1:
        a pair ``(low, high)``, a ``Band`` or one number.
    target : {"parameter", "region"}, default "parameter"
        What the confidence limits are to hold: the true value, wherever in the region it is, or the
        whole region.
    level : float, default 0.95
        Confidence level, a share in (0, 1).

    Returns
    -------
    DataFrame
        One row a quantity: the internal share before and after (of 0 to 1), the change of it, the
        odds ratio, and the growth ratios of internal and external lines. ``observed`` is the value
        of the detected lines, ``region_low`` and ``region_high`` the identified region of all
        lines, ``low`` and ``high`` limits round it; ``null`` is no change (one half for a share);
        ``sign_identified`` says whether the region lies on one side of `null`, ``established``
        whether the limits do. ``.attrs["references"]`` holds keys for :func:`countylines.cite`.

    Raises
    ------
    InputError
        If a count is no count, a period has no lines, or a range of detection is missing, empty or
        not within (0, 1].

    See Also
    --------
    tipping_point : the change of detection that would explain the odds ratio.
    localisation_odds_ratio : the odds ratio of the detected lines.

    Notes
    -----
    With detection probabilities :math:`d` of internal and external lines before (0) and after (1),

    .. math:: OR = OR_{\text{seen}} \frac{d_{I0}\, d_{E1}}{d_{I1}\, d_{E0}}, \qquad
              \frac{s}{1 - s} = \frac{s_{\text{seen}}}{1 - s_{\text{seen}}} \frac{d_E}{d_I}, \qquad
              \frac{N_1}{N_0} = \Bigl(\frac{N_1}{N_0}\Bigr)_{\text{seen}} \frac{d_0}{d_1}.

    Each moves one way in every probability, so the ends of the region are at corners of the ranges.
    A change of detection common to both types cancels in the odds ratio, not in the growth ratios.

    Limits: mid-P for shares and growth ratios (given the total), skewness-corrected score for the
    odds ratio, and from those of the shares for their change [2]_. With ``target="parameter"`` they
    use the critical value of Imbens and Manski [1]_, between the one-sided and the two-sided one,
    which holds here because the width of the region on the log scale is known and not estimated.
    For the change of the share it is estimated, and the limits hold the region in either case.

    The assumption that fails in practice is that the ranges hold: nobody has measured the detection
    of lines. Lines are taken as independent.

    References
    ----------
    .. [1] Imbens, G. W. and Manski, C. F. (2004). Confidence intervals for partially identified
       parameters. *Econometrica* 72, 1845-1857. https://doi.org/10.1111/j.1468-0262.2004.00555.x
    .. [2] Newcombe, R. G. (1998). Interval estimation for the difference between independent
       proportions. *Statistics in Medicine* 17, 873-890.
       https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I

    Examples
    --------
    One of the 14 tables behind the published figures, with *assumed* ranges of detection:

    >>> ranges = {
    ...     "internal_before": (0.2, 0.4),
    ...     "external_before": (0.5, 0.8),
    ...     "internal_after": (0.4, 0.7),
    ...     "external_after": (0.6, 0.9),
    ... }
    >>> found = cl.localisation.detection_bounds(1280, 2727, 4250, 2394, detection=ranges)
    >>> row = found.loc["change of internal share"]
    >>> print(
    ...     f"{row.region_low:+.2f} to {row.region_high:+.2f}; sign known: {row.sign_identified}"
    ... )
    -0.05 to +0.43; sign known: False

    If detection lay in these ranges, the internal share of all lines may have risen by 43 points or
    fallen by 5: such figures do not say that lines became local.
    """
    target = _validate.option("target", target, identified_interval.TARGETS)
    level = _validate.level(level)
    cells = _cells(internal_before, external_before, internal_after, external_after)
    ranges = _ranges(detection)
    x0, y0, x1, y1 = cells
    (i0, e0, i1, e1) = (tuple(map(math.log, ranges[name])) for name in NAMES)
    rows = {
        "internal share before": _share(x0, y0, i0, e0, level, target),
        "internal share after": _share(x1, y1, i1, e1, level, target),
        "change of internal share": _change(cells, (i0, e0, i1, e1), level),
        "odds ratio": _odds_ratio(cells, (i0, e0, i1, e1), level, target),
        "growth ratio of internal lines": _growth(x0, x1, i0, i1, level, target),
        "growth ratio of external lines": _growth(y0, y1, e0, e1, level, target),
    }
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame["sign_identified"] = (frame["region_low"] > frame["null"]) | (
        frame["region_high"] < frame["null"]
    )
    frame["established"] = (frame["low"] > frame["null"]) | (frame["high"] < frame["null"])
    frame["level"] = level
    frame["interval_kind"] = "confidence"
    frame["method"] = "imbens-manski" if target == "parameter" else "region"
    frame.loc["change of internal share", "method"] = "region"
    frame.index.name = "quantity"
    frame = frame[list(COLUMNS)]
    frame.attrs["references"] = REFERENCES
    return frame


def _cells(*values: Any) -> tuple[float, float, float, float]:
    found = []
    for name, value in zip(NAMES, values, strict=True):
        found.append(float(_validate.whole_number(name, value)))
    for period, pair in (("before", found[:2]), ("after", found[2:])):
        if sum(pair) == 0:
            raise InputError(
                _validate.sentence(
                    f"internal_{period}", "above 0 where there are no external lines", "0"
                )
            )
    return found[0], found[1], found[2], found[3]


def _ranges(detection: Any) -> dict[str, tuple[float, float]]:
    given = _validate.mapping("detection", detection, "a mapping of the four names to ranges")
    unknown = [name for name in given if name not in NAMES]
    missing = [name for name in NAMES if name not in given]
    if unknown or missing:
        got = f"{unknown[0]!r}" if unknown else f"nothing for {missing[0]!r}"
        raise InputError(
            _validate.sentence(
                "detection",
                f"given for {', '.join(NAMES)}",
                got,
                remedy="Where nothing is known of a probability use (0.01, 1) or wider.",
            )
        )
    found = {}
    for name in NAMES:
        value = given[name]
        if isinstance(value, Band):
            pair = value.low, value.high
        elif isinstance(value, (tuple, list)) and len(value) == 2:
            pair = value[0], value[1]
        else:
            pair = value, value
        label = f"detection[{name!r}]"
        ends = np.array([_validate.number(label, end) for end in pair])
        _validate.share(label, ends, open_high=False)
        if ends[0] > ends[1]:
            raise InputError(
                _validate.sentence(
                    label,
                    "a range with its lower end first",
                    f"({_validate.show(ends[0])}, {_validate.show(ends[1])})",
                )
            )
        found[name] = float(ends[0]), float(ends[1])
    return found


def _expanded(limits: Any, width: float, level: float, target: str) -> tuple[float, float]:
    """Limits of a seen quantity on its log scale, at the level that the target asks for."""
    low, high = limits(level)
    z = critical_value(level, "two-sided")
    ends = [end for end in (low, high) if math.isfinite(end)]
    error = (high - low) / (2.0 * z) if len(ends) == 2 else math.inf
    c = identified_interval.critical_value(width, error, level, target)
    found: tuple[float, float] = limits(float(2.0 * ndtr(c) - 1.0))
    return found


def _logit(share: float) -> float:
    if share in (0.0, 1.0):
        return -math.inf if share == 0.0 else math.inf
    return math.log(share) - math.log1p(-share)


def _expit(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value)) if value > -700 else 0.0


def _binomial(count: float, total: float) -> Any:
    def limits(level: float) -> tuple[float, float]:
        low, high = binomial.METHODS["mid-p"].limits(
            np.array([count]), np.array([total]), level=level, alternative="two-sided"
        )
        return _logit(float(low[0])), _logit(float(high[0]))

    return limits


def _share(x: float, y: float, i: Any, e: Any, level: float, target: str) -> dict[str, float]:
    shift = e[0] - i[1], e[1] - i[0]
    low, high = _expanded(_binomial(x, x + y), shift[1] - shift[0], level, target)
    seen = _logit(x / (x + y))
    return {
        "observed": x / (x + y),
        "region_low": _expit(seen + shift[0]),
        "region_high": _expit(seen + shift[1]),
        "low": _expit(low + shift[0]),
        "high": _expit(high + shift[1]),
        "null": 0.5,
        "n": x + y,
    }


def _growth(before: float, after: float, d0: Any, d1: Any, level: float, target: str) -> Any:
    shift = d0[0] - d1[1], d0[1] - d1[0]
    total = before + after
    if total == 0:
        undefined = ("observed", "region_low", "region_high")
        return {**dict.fromkeys(undefined, math.nan), "low": 0.0, "high": math.inf} | {
            "null": 1.0,
            "n": total,
        }
    low, high = _expanded(_binomial(after, total), shift[1] - shift[0], level, target)
    seen = _logit(after / total)
    return {
        "observed": _exp(seen),
        "region_low": _exp(seen + shift[0]),
        "region_high": _exp(seen + shift[1]),
        "low": _exp(low + shift[0]),
        "high": _exp(high + shift[1]),
        "null": 1.0,
        "n": total,
    }


def _exp(value: float) -> float:
    return math.inf if value >= 709 else math.exp(value)


def _odds_ratio(cells: Any, logs: Any, level: float, target: str) -> dict[str, float]:
    x0, y0, x1, y1 = cells
    i0, e0, i1, e1 = logs
    shift = i0[0] + e1[0] - i1[1] - e0[1], i0[1] + e1[1] - i1[0] - e0[0]
    groups = [np.array([v]) for v in (x1, x1 + y1, x0, x0 + y0)]
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = float(np.log(odds_ratio.estimate(*groups))[0])

    def limits(level: float) -> tuple[float, float]:
        low, high = odds_ratio.METHODS["skew-score"].limits(
            *groups, level=level, alternative="two-sided"
        )
        with np.errstate(divide="ignore"):
            return float(np.log(low[0])), float(np.log(high[0]))

    low, high = _expanded(limits, shift[1] - shift[0], level, target)
    return {
        "observed": _exp(seen),
        "region_low": _exp(seen + shift[0]),
        "region_high": _exp(seen + shift[1]),
        "low": _exp(low + shift[0]),
        "high": _exp(high + shift[1]),
        "null": 1.0,
        "n": sum(cells),
    }


def _change(cells: Any, logs: Any, level: float) -> dict[str, float]:
    x0, y0, x1, y1 = cells
    i0, e0, i1, e1 = logs
    before = _Range(_logit(x0 / (x0 + y0)), e0[0] - i0[1], e0[1] - i0[0])
    after = _Range(_logit(x1 / (x1 + y1)), e1[0] - i1[1], e1[1] - i1[0])
    region = (
        _expit(after.seen + after.shift_low) - _expit(before.seen + before.shift_high),
        _expit(after.seen + after.shift_high) - _expit(before.seen + before.shift_low),
    )

    def reaches(level: float) -> tuple[float, float]:
        """How far the limits lie outside the region, below and above (square and add)."""
        low0, high0 = _binomial(x0, x0 + y0)(level)
        low1, high1 = _binomial(x1, x1 + y1)(level)

        def gap(part: _Range, limit: float, shift: float) -> float:
            return _expit(limit + shift) - _expit(part.seen + shift)

        down = math.hypot(gap(after, low1, after.shift_low), gap(before, high0, before.shift_high))
        up = math.hypot(gap(after, high1, after.shift_high), gap(before, low0, before.shift_low))
        return down, up

    # the width of this region is estimated: the value of Imbens and Manski is not safe for it
    down, up = reaches(level)
    return {
        "observed": x1 / (x1 + y1) - x0 / (x0 + y0),
        "region_low": region[0],
        "region_high": region[1],
        "low": max(region[0] - down, -1.0),
        "high": min(region[1] + up, 1.0),
        "null": 0.0,
        "n": sum(cells),
    }
