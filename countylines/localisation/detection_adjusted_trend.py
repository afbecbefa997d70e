"""Did lines become local once what is known of their detection is taken into account?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _kinds, _labels, _validate
from countylines._typing import Alternative, ArrayLike
from countylines.errors import (
    InputError,
    InputTypeError,
    LabelMismatchError,
)
from countylines.localisation import _adjusted_slope, _pooled_detection
from countylines.localisation._adjusted_slope import EXTERNAL, INTERNAL, SHARE, Counts, Slope
from countylines.localisation.detection import COUNTS, ODDS_RATIO, Detection, Parts
from countylines.results import OK, Estimate, Note, TestResult, Verdict

FloatArray = NDArray[np.float64]

FAMILIES = ("quasi-binomial", "binomial")
REFERENCES = ("greenland1996", "newcombe2001", "zou2008")
NOTHING = Verdict(
    False,
    "not-identified",
    (
        "No input says how the detection of internal lines changed relative to external ones, so "
        "the recorded change cannot be split into lines and detection.",
    ),
)
UNFOUND = Verdict(
    False,
    "not-identified",
    (
        "The estimate has no value: lines of a type, or what an input found of them, are 0 in a "
        "period, or all of them are in one. Use detection_bounds with a range for that period.",
    ),
)
SEVERAL = Verdict(
    False,
    "not-identified",
    ("Several inputs adjust the odds ratio, one as if known without error: the table has each.",),
)
COLUMNS = (
    "status",
    "estimate",
    "standard_error",
    "low",
    "high",
    "null",
    "pvalue",
    "level",
    "interval_kind",
    "method",
    "n",
    "verdict",
    "equation",
    "assumption",
)


class _Row(NamedTuple):
    slope: Slope
    status: str
    given: Detection | None


class _Asked(NamedTuple):
    level: float
    alternative: Alternative
    null: float
    quasi: bool
    unit: str


def detection_adjusted_trend(
    internal: ArrayLike,
    external: ArrayLike,
    *,
    detection: Any = (),
    time: ArrayLike | None = None,
    family: str = "quasi-binomial",
    null: float = 1.0,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
) -> TestResult:
    r"""Trend of internal against external lines, as recorded and as adjusted for detection.

    It answers: how much of the recorded change in the odds that a line is internal is left once
    detection is allowed for, by what input, and under which assumption? From recorded counts alone
    nothing is left to say, for they hold only the product of lines and detection; this function
    says so, instead of taking the recorded trend for the trend of lines. It does not know whether
    the assumption of an input is right.

    Parameters
    ----------
    internal, external : array_like, shape (periods,)
        Recorded lines of each type by period, oldest first: whole numbers; at least two periods.
    detection : Detection, list of Detection, or mapping of names to Detection, optional
        What is known of detection; see :class:`Detection`. None given: only the recorded trend.
    time : array_like, shape (periods,), or None, optional
        Times of the periods, rising, in the unit that the result is to be per; None: 0, 1, 2, ...
    family : {"quasi-binomial", "binomial"}, default "quasi-binomial"
        With three periods or more, whether scatter round the trend widens the limits. It is
        estimated (at least 1) less what the inputs add to it, with Student's quantiles.
    null : float, default 1.0
        Odds ratio per unit of time under test, above 0.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        ``"greater"`` asks whether the odds that a line is internal rise.

    Returns
    -------
    TestResult
        ``effect`` is the odds ratio per unit of time adjusted by all inputs that can adjust it, or
        not identified if none can. ``table`` has a row for each quantity (the odds ratio, the
        growth ratios of internal and of external lines) and input: ``"recorded"``, each input, and
        ``"all inputs"`` where several adjust it. ``status`` is ``"recorded"``, ``"adjusted"``,
        ``"cancels"`` (common to both types) or ``"not adjusted"``; ``equation`` and ``assumption``
        are those of the input.

    Raises
    ------
    InputError
        If a count is no count, a period has no lines, times do not rise, or an input has another
        number of periods or found more lines in the register than it holds.
    InputTypeError
        If `detection` holds anything but :class:`Detection`.
    LabelMismatchError
        If labels of periods differ.

    Warns
    -----
    ApproximationWarning
        If inputs that are pooled disagree by more than their errors allow.

    See Also
    --------
    Detection : the inputs.
    detection_bounds : when detection is known only to lie in ranges.
    tipping_point : the change of detection that would explain the recorded change.

    Notes
    -----
    Lines :math:`N_{kt}` of type :math:`k` are recorded with probability :math:`d_{kt}`, and

    .. math:: \log\frac{I_t}{E_t} = \log\frac{N_{It}}{N_{Et}} + \log\frac{d_{It}}{d_{Et}} .

    Inputs estimate :math:`\log d_{kt}`, or as much of it as matters, and enter a logistic
    regression on time as an offset; growth ratios come from a Poisson regression in the same way.
    With two periods the estimate is the odds ratio over the ratio of detection ratios. The slope
    moves with each piece of each input by a known coefficient; limits join those of the counts
    (Wilson's log odds with two periods [1]_, Wald's with more) and of every piece (Wilson's for
    shares found, the score test for repeat detections, normal for the others) by square and add
    [2]_. Lines found by an audit or a second list are recorded as well, so that the number recorded
    and the share found move together; limits are narrowed for the covariance
    :math:`(1 - d_{kt}) / n_{kt}`. The p-value is that of the same limits. Where a piece is infinite
    the limits are added up instead, which is wider.

    Several inputs are weighted by the inverse variance of what each says of the slope; a note
    tests whether they agree. They are taken as independent of each other, but that two inputs which
    hold recorded lines have the covariance above with each other as well; the same audit given
    twice is not. An input taken as known (effort with an elasticity without error)
    leaves no weight to others and is not pooled. P-values below 1e-299 are given as that.

    A change of detection that both types share cancels in the odds ratio, so an input common to
    both adjusts counts only. The assumptions that fail in practice are those of the inputs: audits
    are no random samples, lists share sources, lines differ in how visible they are [3]_. Lines
    are taken as independent; two periods give a change and no trend.

    References
    ----------
    .. [1] Newcombe, R. G. (2001). Logit confidence intervals and the inverse sinh transformation.
       *American Statistician* 55, 200-202. https://doi.org/10.1198/000313001317098167
    .. [2] Zou, G. Y. and Donner, A. (2008). Construction of confidence limits about effect
       measures: a general approach. *Statistics in Medicine* 27, 1693-1702.
       https://doi.org/10.1002/sim.3095
    .. [3] Greenland, S. (1996). Basic methods for sensitivity analysis of biases. *International
       Journal of Epidemiology* 25, 1107-1116. https://doi.org/10.1093/ije/25.6.1107-a

    Examples
    --------
    One of the 14 tables behind the published figures, with a *made-up* audit in which the register
    held 10 and then 20 of 40 internal lines, and 28 and then 30 of 40 external ones:

    >>> audit = cl.localisation.Detection.audit(
    ...     {"internal": [10, 20], "external": [28, 30]},
    ...     {"internal": [40, 40], "external": [40, 40]},
    ... )
    >>> trend = cl.localisation.detection_adjusted_trend(
    ...     [1280, 4250], [2727, 2394], detection=audit
    ... )
    >>> odds = trend.effect
    >>> print(f"{odds.estimate:.2f} ({odds.low:.2f} to {odds.high:.2f})")
    2.03 (1.03 to 3.90)
    >>> nothing = cl.localisation.detection_adjusted_trend([1280, 4250], [2727, 2394])
    >>> nothing.effect.verdict.code
    'not-identified'

    As recorded the odds of an internal line rose 3.8-fold. Were this audit real, nearly half of
    that on the log scale would be detection, and it is too small to show that any rise is left.
    """
    asked = _Asked(
        _validate.level(level),
        alternative,
        _validate.number("null", null, low=0, open_low=True),
        _validate.option("family", family, FAMILIES) == "quasi-binomial",
        "period" if time is None else "unit of time",
    )
    _validate.alternative(alternative)
    shapes = [np.shape(_kinds.accept(*v)) for v in (("internal", internal), ("external", external))]
    if len(shapes[0]) != 1 or shapes[0] != shapes[1]:
        raise InputTypeError(
            _validate.sentence(
                "internal",
                "one value a period, as many as `external`",
                f"shapes {shapes[0]} and {shapes[1]}",
            )
        )
    inputs = _labels.align(internal=internal, external=external)
    counts = _counts(inputs, time)
    given = _given(detection, inputs, counts)
    rows: dict[tuple[str, str], _Row] = {}
    notes = _input_notes(given)
    for kind, quantity in _quantities(asked.unit).items():
        notes += _fill(rows, quantity, kind, counts, given, asked)
    name = _quantities(asked.unit)[SHARE]
    adjusted = [key for key, row in rows.items() if key[0] == name and row.status == "adjusted"]
    notes += _period_notes(counts, rows[name, "recorded"].slope, asked)
    effect = _effect(rows, name, adjusted, counts, asked, tuple(notes))
    statistic = math.nan
    if effect.verdict.estimable:
        chosen = (name, "all inputs") if len(adjusted) > 1 else adjusted[0]
        statistic = rows[chosen].slope.deviate(math.log(asked.null))
    return TestResult(
        statistic=statistic,
        pvalue=effect.pvalue,
        alternative=alternative,
        null_hypothesis="The odds that a line is internal do not change, detection allowed for."
        if asked.null == 1
        else f"The odds that a line is internal change by {_validate.show(asked.null)} "
        f"per {asked.unit}, detection allowed for.",
        method="detection-adjusted trend",
        effect=effect,
        table=_table(rows, counts, asked),
        n=effect.n,
        notes=tuple(notes),
        references=REFERENCES,
    )


def _quantities(unit: str) -> dict[str, str]:
    return {
        SHARE: f"odds ratio of internal lines per {unit}",
        INTERNAL: f"growth ratio of internal lines per {unit}",
        EXTERNAL: f"growth ratio of external lines per {unit}",
    }


def _counts(inputs: _labels.Inputs, time: Any) -> Counts:
    first, second = (np.asarray(values, dtype=np.float64) for values in inputs.flat)
    for name, values in (("internal", first), ("external", second)):
        _validate.counts(name, values, inputs.where)
    if first.size < 2:
        raise InputError(_validate.sentence("internal", "of at least 2 periods", f"{first.size}"))
    if (first + second == 0).any():
        raise InputError(
            _validate.sentence(
                "internal",
                "above 0 where there are no external lines",
                "0",
                inputs.where(first + second == 0),
                "Leave the period out and give `time`.",
            )
        )
    if time is None:
        return Counts(first, second, np.arange(first.size, dtype=np.float64))
    times = np.asarray(_labels.align(internal=inputs.given("internal"), time=time).flat[1])
    _validate.finite("time", times)
    if times.shape != first.shape or (np.diff(times) <= 0).any():
        raise InputError(_validate.sentence("time", "rising, one a period", "times that do not"))
    return Counts(first, second, times)


def _given(detection: Any, inputs: _labels.Inputs, counts: Counts) -> dict[str, Detection]:
    """Inputs by name."""
    periods = counts.time.size
    if isinstance(detection, Detection):
        detection = [detection]
    if isinstance(detection, Mapping):
        named = {str(name): value for name, value in detection.items()}
    elif isinstance(detection, (list, tuple)):
        named = {}
        for value in detection:
            kind = getattr(value, "kind", "")
            same = sum(getattr(v, "kind", "") == kind for v in named.values())
            named[f"{kind} {same + 1}" if same else kind] = value
    else:
        named = {"": detection}
    labels = inputs.template.index if inputs.kind == "series" else None
    for name, value in named.items():
        if not isinstance(value, Detection):
            raise InputTypeError(
                _validate.sentence(
                    "detection",
                    "a Detection, a list of them or a mapping of names to them",
                    f"{type(value).__name__}",
                    remedy="Make one by Detection.audit, .effort, .control and the like.",
                )
            )
        if name in ("recorded", "all inputs"):
            raise InputError(
                _validate.sentence("detection", "named otherwise than a row", repr(name))
            )
        if value.periods != periods:
            raise InputError(
                _validate.sentence(
                    f"detection[{name!r}]", f"of {periods} periods", f"{value.periods}"
                )
            )
        if labels is not None and value.index is not None and not labels.equals(value.index):
            raise LabelMismatchError(
                _validate.sentence(
                    f"detection[{name!r}]", "labelled as `internal`", "other labels of periods"
                )
            )
        found = value.parts.found
        if found is not None and (found > np.stack([counts.internal, counts.external])).any():
            raise InputError(
                _validate.sentence(
                    f"detection[{name!r}]",
                    "of lines that are recorded",
                    "more lines found in the register than it holds",
                )
            )
    return named


def _fill(
    rows: dict[tuple[str, str], _Row],
    quantity: str,
    kind: str,
    counts: Counts,
    given: dict[str, Detection],
    asked: _Asked,
) -> list[Note]:
    """The rows of one quantity; what there is to say of several inputs."""
    recorded = _adjusted_slope.slope(counts, kind, None, quasi=asked.quasi)
    rows[quantity, "recorded"] = _Row(recorded, "recorded", None)
    able: dict[str, tuple[Slope, Parts]] = {}
    for name, value in given.items():
        idle = {SHARE: COUNTS}.get(kind, ODDS_RATIO)
        if value.identifies == idle:
            status = "cancels" if kind == SHARE else "not adjusted"
            rows[quantity, name] = _Row(recorded, status, value)
            continue
        made = _adjusted_slope.slope(counts, kind, value.parts, quasi=asked.quasi)
        rows[quantity, name] = _Row(made, "adjusted", value)
        able[name] = made, value.parts
    if len(able) < 2:
        return []
    pooled, notes = _pooled_detection.pooled(
        able, counts, kind, quantity=quantity, quasi=asked.quasi, level=asked.level
    )
    if pooled is not None:
        rows[quantity, "all inputs"] = _Row(pooled, "adjusted", None)
    return notes


def _input_notes(given: dict[str, Detection]) -> list[Note]:
    notes = []
    for name, value in given.items():
        text = f"{name}: {value.equation}. It assumes that {value.assumption}."
        if value.common:
            text += (
                " As it is common to both types it cancels in the odds ratio, whatever its size, "
                "and adjusts counts only."
            )
        notes.append(Note("input", text))
    return notes


def _period_notes(counts: Counts, recorded: Slope, asked: _Asked) -> list[Note]:
    notes = []
    if counts.time.size == 2:
        notes.append(Note("two-periods", "Two periods give a change, not a trend."))
    elif recorded.dispersion > 1:
        text = f"Scatter round the recorded trend is {recorded.dispersion:.3g} times binomial."
        notes.append(Note("dispersion", text))
    if math.isfinite(recorded.estimate):
        factor = math.exp(recorded.estimate - math.log(asked.null))
        text = (
            "The recorded trend is all detection if the detection of internal lines relative to "
            f"external ones changed {factor:.3g}-fold per {asked.unit}."
        )
        notes.append(Note("tipping-point", text))
    return notes


def _effect(
    rows: dict[tuple[str, str], _Row],
    name: str,
    adjusted: list[tuple[str, str]],
    counts: Counts,
    asked: _Asked,
    notes: tuple[Note, ...],
) -> Estimate:
    blank = {"estimate": math.nan, "standard_error": math.nan, "low": 0.0, "high": math.inf}
    values: dict[str, Any] = {**blank, "pvalue": math.nan, "verdict": NOTHING}
    if len(adjusted) == 1:
        values = _values(rows[adjusted[0]], asked, asked.null)
    elif (name, "all inputs") in rows:
        values = _values(rows[name, "all inputs"], asked, asked.null)
    elif adjusted:
        values["verdict"] = SEVERAL
    return Estimate(
        quantity=f"{name}, adjusted for detection",
        method="detection-adjusted trend",
        level=asked.level,
        interval_method="square-and-add",
        null=asked.null,
        alternative=asked.alternative,
        n=float(counts.total.sum()),
        notes=notes,
        references=REFERENCES,
        **values,
    )


def _values(row: _Row, asked: _Asked, null: float) -> dict[str, Any]:
    slope = row.slope
    low, high = slope.limits(asked.level, asked.alternative)
    with np.errstate(over="ignore"):
        estimate, low, high = (float(np.exp(v)) for v in (slope.estimate, low, high))
    return {
        "estimate": estimate,
        "standard_error": estimate * slope.standard_error,
        "low": low,
        "high": high,
        "pvalue": _adjusted_slope.pvalue(slope.deviate(math.log(null)), asked.alternative),
        "verdict": UNFOUND if math.isnan(estimate) else OK,
    }


def _table(rows: dict[tuple[str, str], _Row], counts: Counts, asked: _Asked) -> pd.DataFrame:
    found = []
    share = next(iter(rows))[0]
    for (quantity, _), row in rows.items():
        null = asked.null if quantity == share else 1.0
        size = {share: counts.total}.get(
            quantity, counts.internal if "of internal" in quantity else counts.external
        )
        found.append(
            {
                "status": row.status,
                **_values(row, asked, null),
                "null": null,
                "level": asked.level,
                "interval_kind": "confidence",
                "method": "square-and-add",
                "n": float(size.sum()),
                "equation": row.given.equation if row.given else "",
                "assumption": row.given.assumption if row.given else "",
            }
        )
    index = pd.MultiIndex.from_tuples(list(rows), names=["quantity", "input"])
    frame = pd.DataFrame(found, index=index)
    frame["verdict"] = [verdict.code for verdict in frame["verdict"]]
    frame = frame[list(COLUMNS)]
    frame.attrs["references"] = REFERENCES
    return frame
