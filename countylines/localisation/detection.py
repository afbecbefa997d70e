"""What is known of how lines are detected: each input with its equation and its assumption."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from countylines import _kinds, _validate
from countylines._kernels import detection_limits
from countylines.errors import InputError, InputTypeError, LabelMismatchError

FloatArray = NDArray[np.float64]

TYPES = ("internal", "external")
ODDS_RATIO, COUNTS, BOTH = "odds ratio", "counts", "odds ratio and counts"
EQUATIONS = {
    "audit": "found ~ Binomial(present, d) for each type and period",
    "second list": "on both ~ Binomial(on the second list, d) for each type and period",
    "probability": "logit of the estimate ~ Normal(logit d, its variance)",
    "repeat detections": "detections of a line ~ Poisson, seen only above 0; d = 1 - P(0)",
    "effort": "d proportional to effort ** elasticity",
    "control": "log odds of the control ~ constant + log(d internal / d external)",
    "prior": "log d ~ Normal, with the range given as its central part",
}
ASSUMPTIONS = {
    "audit": "the lines audited are a random sample of the lines that exist, of their type and "
    "period, found without the help of the register",
    "second list": "within a type and period the second list is independent of the register, and "
    "every line on it is as likely to be in the register as any other line",
    "probability": "the model that gave the probabilities holds, for each type and period, and "
    "their errors are independent",
    "repeat detections": "every line of a type and period is detected at one rate, independently; "
    "where lines differ, detection is overstated, more so for the type that differs more",
    "effort": "detection per unit of effort did not change, and the elasticity is as given",
    "control": "the true ratio of the two control series did not change, and their detection "
    "moved with that of internal and external lines",
    "prior": "the range is right, and errors of types and periods are independent: it is opinion, "
    "and no data here can correct it",
}


@dataclass(frozen=True)
class Parts:
    """Independent estimates on a log scale, and how each enters the log detection of each type."""

    values: FloatArray  # (parts,)
    errors: FloatArray  # (parts,): standard errors
    limits: Callable[[float], tuple[FloatArray, FloatArray]]  # by normal deviate
    internal: FloatArray  # (parts, periods)
    external: FloatArray  # (parts, periods)
    missed: FloatArray | None = None  # (2, periods): share not recorded of lines also counted
    found: FloatArray | None = None  # (2, periods): lines of the input that are in the register


@dataclass(frozen=True, eq=False)
class Detection:
    """One source of knowledge on the detection of lines, with what it assumes.

    It answers: what do we know of how completely lines were recorded, and what does that let us
    say? It is an input of :func:`detection_adjusted_trend`, made by one of the class methods below;
    it holds no estimate by itself. Every one takes values by period, oldest first: with columns
    ``internal`` and ``external`` (a DataFrame or a mapping of the two) where they are known by
    type, or one value a period (a Series, list or array) where they are common to both types.

    What is common to both types cancels in the odds ratio of internal to external lines: it says
    nothing about whether lines became local, however well it is known. It adjusts counts only. An
    audit, effort or list added up over both types is no such value unless both are detected alike:
    else it is a mixture that moves with the mix, and adjusts neither type rightly.

    Parameters
    ----------
    kind : str
        Which class method made it. Do not call the class itself.
    common : bool
        Whether it is the same for both types.
    periods : int
        Number of periods.
    parts : object
        What was estimated on a log scale, for :func:`detection_adjusted_trend`.
    index : Index or None
        Labels of the periods.

    See Also
    --------
    detection_adjusted_trend : what such inputs make of a trend.
    detection_bounds : when detection is known only to lie in ranges.

    Notes
    -----
    Each has an estimating equation (``.equation``) for the probability :math:`d_{kt}` that a line
    of type :math:`k` active in period :math:`t` is in the register, an assumption in words
    (``.assumption``), and says what it can adjust (``.identifies``). The assumptions that fail in
    practice: audited lines are found with the help of the register, lists pass names on to each
    other, some lines are seen again and again, and effort finds less the more has been found.

    Examples
    --------
    A *made-up* audit: of 40 internal and 40 external lines known to exist, found in the register.

    >>> audit = cl.localisation.Detection.audit(
    ...     {"internal": [10, 20], "external": [28, 30]},
    ...     {"internal": [40, 40], "external": [40, 40]},
    ... )
    >>> audit.identifies
    'odds ratio and counts'
    >>> print(audit.equation)
    found ~ Binomial(present, d) for each type and period

    The audit is by type, so it can say how much of a change in the recorded internal share is
    detection; one total for both types could not.
    """

    kind: str
    common: bool
    periods: int
    parts: Parts = field(repr=False)
    index: Any = field(repr=False, default=None)

    @property
    def equation(self) -> str:
        """The estimating equation."""
        return EQUATIONS[self.kind]

    @property
    def assumption(self) -> str:
        """What must hold for the input to mean what it says."""
        words = ASSUMPTIONS[self.kind]
        return f"{words}; and lines of both types are detected alike" if self.common else words

    @property
    def identifies(self) -> str:
        """What the input can adjust."""
        if self.common:
            return COUNTS
        return ODDS_RATIO if self.kind == "control" else BOTH

    @classmethod
    def audit(cls, found: Any, present: Any) -> Detection:
        """Lines known to exist from elsewhere, and how many of them the register holds.

        Parameters
        ----------
        found : DataFrame, mapping, Series or array_like
            Lines of the audit that are in the register, by period: whole numbers.
        present : DataFrame, mapping, Series or array_like
            Lines of the audit, of the same shape: whole numbers above 0.

        Returns
        -------
        Detection

        Raises
        ------
        InputError
            If a number is no count, or more lines were found than were audited.
        """
        return _binomial("audit", ("found", found), ("present", present))

    @classmethod
    def second_list(cls, on_both: Any, on_second: Any) -> Detection:
        """Lines on a second list, and how many of them the register holds as well.

        Parameters
        ----------
        on_both : DataFrame, mapping, Series or array_like
            Lines on the second list and in the register, by period: whole numbers.
        on_second : DataFrame, mapping, Series or array_like
            Lines on the second list, of the same shape: whole numbers above 0.

        Returns
        -------
        Detection

        Raises
        ------
        InputError
            If a number is no count, or more lines are on both than on the second list.
        """
        return _binomial("second list", ("on_both", on_both), ("on_second", on_second))

    @classmethod
    def probability(cls, estimate: Any, standard_error: Any) -> Detection:
        """Probabilities of detection from a model, such as one of capture and recapture.

        Parameters
        ----------
        estimate : DataFrame, mapping, Series or array_like
            Probability of detection by period, a share in (0, 1).
        standard_error : DataFrame, mapping, Series or array_like
            Standard error of `estimate`, of the same shape, at least 0.

        Returns
        -------
        Detection

        Raises
        ------
        InputError
            If a probability is not within (0, 1), or a standard error is negative.
        """
        (p, error), common, index = _columns(
            ("estimate", estimate), ("standard_error", standard_error)
        )
        _validate.share("estimate", p, open_high=True)
        _validate.finite("standard_error", error)
        if (error < 0).any():
            raise InputError(
                _validate.sentence("standard_error", "at least 0", _validate.show(error.min()))
            )

        def limits(z: float) -> tuple[FloatArray, FloatArray]:
            return detection_limits.log_logit_normal(p, error, z)

        return _each("probability", common, index, np.log(p), error / p, limits)

    @classmethod
    def repeat_detections(cls, lines: Any, detections: Any) -> Detection:
        """How often the detected lines were detected.

        Parameters
        ----------
        lines : DataFrame, mapping, Series or array_like
            Lines detected at least once, by period: whole numbers above 0.
        detections : DataFrame, mapping, Series or array_like
            Detections of these lines in all, of the same shape: whole numbers, at least `lines`.

        Returns
        -------
        Detection

        Raises
        ------
        InputError
            If a number is no count, or there are fewer detections than lines.
        """
        (n, total), common, index = _columns(("lines", lines), ("detections", detections))
        _validate.counts("lines", n)
        _validate.counts("detections", total)
        _above_zero("lines", n)
        _validate.not_above("lines", n, "detections", total, remedy="")

        def limits(z: float) -> tuple[FloatArray, FloatArray]:
            return detection_limits.log_repeated(n, total, z)

        value = limits(0.0)[0]
        low, high = limits(1.0)
        return _each("repeat detections", common, index, value, (high - low) / 2, limits)

    @classmethod
    def effort(cls, effort: Any, *, elasticity: float = 1.0, standard_error: float = 0.0) -> Any:
        """Effort spent on detection, and how detection grows with it.

        Parameters
        ----------
        effort : DataFrame, mapping, Series or array_like
            Effort by period, in any unit, above 0; only ratios between periods matter.
        elasticity : float, default 1.0
            Per cent by which detection rises with one per cent more effort: 1 where detection is
            rare and every unit of effort finds as much, towards 0 where nearly all are found.
        standard_error : float, default 0.0
            Uncertainty of `elasticity`; 0 takes it as known.

        Returns
        -------
        Detection

        Raises
        ------
        InputError
            If effort is not above 0, or `elasticity` or `standard_error` is negative.
        """
        (amount,), common, index = _columns(("effort", effort))
        _validate.exposure("effort", amount)
        value = np.array([_validate.number("elasticity", elasticity, low=0)])
        error = np.array([_validate.number("standard_error", standard_error, low=0)])
        logs = np.log(amount)
        internal, external = (logs, logs) if common else np.split(logs, 2)

        def limits(z: float) -> tuple[FloatArray, FloatArray]:
            return value - z * error, value + z * error

        parts = Parts(value, error, limits, internal[None, :], external[None, :])
        return cls("effort", common, internal.size, parts, index)

    @classmethod
    def control(cls, counts: Any) -> Detection:
        """Two series recorded in the same way, whose true ratio did not change.

        Parameters
        ----------
        counts : DataFrame or mapping
            Counts of each control by period, ``internal`` recorded as internal lines are and
            ``external`` as external lines are: whole numbers.

        Returns
        -------
        Detection

        Raises
        ------
        InputError
            If a number is no count, a period has neither, or the counts are not by type.
        """
        (x,), common, index = _columns(("counts", counts))
        if common:
            raise InputError(
                _validate.sentence("counts", "given for internal and external", "one series")
            )
        _validate.counts("counts", x)
        first, second = np.split(x, 2)
        _above_zero("counts", first + second)
        total = first + second

        def limits(z: float) -> tuple[FloatArray, FloatArray]:
            return detection_limits.log_odds(first, total, z)

        with np.errstate(divide="ignore"):
            error = np.sqrt(1.0 / first + 1.0 / second)
        one = np.eye(first.size)
        parts = Parts(limits(0.0)[0], error, limits, one, np.zeros_like(one))
        return cls("control", False, first.size, parts, index)

    @classmethod
    def prior(cls, low: Any, high: Any, *, level: float = 0.95) -> Detection:
        """A range of opinion on the probability of detection.

        Parameters
        ----------
        low, high : DataFrame, mapping, Series or array_like
            Ends of the range by period, shares in (0, 1]; only ratios between periods and types
            matter.
        level : float, default 0.95
            Probability that the range holds, a share in (0, 1).

        Returns
        -------
        Detection

        Raises
        ------
        InputError
            If an end is not within (0, 1], or `low` is above `high`.
        """
        (below, above), common, index = _columns(("low", low), ("high", high))
        level = _validate.level(level)
        _validate.share("low", below, open_high=False)
        _validate.share("high", above, open_high=False)
        _validate.not_above("low", below, "high", above, remedy="")
        value = (np.log(below) + np.log(above)) / 2
        error = (np.log(above) - np.log(below)) / (2 * float(ndtri((1 + level) / 2)))

        def limits(z: float) -> tuple[FloatArray, FloatArray]:
            return value - z * error, value + z * error

        return _each("prior", common, index, value, error, limits)


def _binomial(kind: str, top: tuple[str, Any], bottom: tuple[str, Any]) -> Detection:
    (x, n), common, index = _columns(top, bottom)
    _validate.counts(top[0], x)
    _validate.counts(bottom[0], n)
    _above_zero(bottom[0], n)
    _validate.not_above(top[0], x, bottom[0], n)

    def limits(z: float) -> tuple[FloatArray, FloatArray]:
        return detection_limits.log_share(x, n, z)

    with np.errstate(divide="ignore"):
        error = np.sqrt(1.0 / x - 1.0 / n)
    made = _each(kind, common, index, limits(0.0)[0], error, limits)
    if common:
        return made
    shape = (2, made.periods)
    parts = replace(made.parts, missed=1.0 - (x / n).reshape(shape), found=x.reshape(shape))
    return replace(made, parts=parts)


def _each(
    kind: str,
    common: bool,
    index: Any,
    values: FloatArray,
    errors: FloatArray,
    limits: Callable[[float], tuple[FloatArray, FloatArray]],
) -> Detection:
    """One part for each type and period, or for each period where they are common."""
    if common:
        internal = external = np.eye(values.size)
    else:
        one, none = np.eye(values.size // 2), np.zeros((values.size // 2, values.size // 2))
        internal, external = np.vstack([one, none]), np.vstack([none, one])
    return Detection(
        kind, common, internal.shape[1], Parts(values, errors, limits, internal, external), index
    )


def _above_zero(name: str, values: FloatArray) -> None:
    if (values == 0).any():
        raise InputError(_validate.sentence(name, "above 0 in every period", "0"))


def _columns(*given: tuple[str, Any]) -> tuple[list[FloatArray], bool, Any]:
    """Values of each argument, internal ones before external ones; whether common; their labels."""
    found = [_read(name, value) for name, value in given]
    first, common, index = found[0]
    for (name, _), (values, other, labels) in zip(given[1:], found[1:], strict=True):
        if other != common or values.shape != first.shape:
            raise InputError(
                _validate.sentence(
                    name, f"of the shape of `{given[0][0]}`", f"{values.size} values"
                )
            )
        if index is not None and labels is not None and not index.equals(labels):
            raise LabelMismatchError(
                _validate.sentence(name, f"labelled as `{given[0][0]}`", "other labels")
            )
        index = labels if index is None else index
    return [values for values, _, _ in found], common, index


def _read(name: str, value: Any) -> tuple[FloatArray, bool, Any]:
    if isinstance(value, Mapping):
        for label in value:
            if label not in TYPES:
                raise _not_types(name, label)
        if set(value) != set(TYPES):
            raise _not_types(name, next(iter(value), "nothing"))
        lengths = {np.size(v) for v in value.values()}
        if len(lengths) != 1:
            raise InputError(
                _validate.sentence(name, "of one length for both types", f"lengths {lengths}")
            )
        value = pd.DataFrame({k: value[k] for k in TYPES})
    if isinstance(value, pd.DataFrame):
        if set(value.columns) != set(TYPES) or len(value.columns) != 2:
            other = [c for c in value.columns if c not in TYPES]
            raise _not_types(name, other[0] if other else list(value.columns))
        columns = [_numbers(name, value[k]) for k in TYPES]
        return np.concatenate(columns), False, _labels_of(value.index)
    labels = _labels_of(value.index) if isinstance(value, pd.Series) else None
    return _numbers(name, value), True, labels


def _not_types(name: str, got: object) -> InputError:
    return InputError(
        _validate.sentence(
            name,
            "given for internal and external, or as one value a period",
            repr(got),
            remedy="One value a period is common to both types.",
        )
    )


def _numbers(name: str, value: Any) -> FloatArray:
    values = np.asarray(_kinds.accept(name, value), dtype=np.float64)
    if values.ndim != 1:
        raise InputTypeError(
            _validate.sentence(
                name,
                "one value a period, or a DataFrame with columns internal and external",
                f"an array of {values.ndim} dimensions",
            )
        )
    _validate.not_empty(name, values.size)
    _validate.finite(name, values)
    return values


def _labels_of(index: pd.Index) -> pd.Index | None:
    return None if isinstance(index, pd.RangeIndex) else index
