"""The change in relative detection that would by itself explain a localisation odds ratio."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _odds_ratios, _validate
from countylines._kernels import odds_ratio
from countylines._typing import ArrayLike
from countylines.errors import DegenerateDataWarning, warn
from countylines.localisation.localisation_odds_ratio import NAMES, as_groups
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]

VERDICTS = (
    OK,
    Verdict(
        False,
        "no-data",
        ("One period has no lines, or both have none of one kind: there is no odds ratio.",),
    ),
)


def tipping_point(
    internal_before: ArrayLike,
    external_before: ArrayLike,
    internal_after: ArrayLike,
    external_after: ArrayLike,
    *,
    null: ArrayLike = 1.0,
    at: Literal["estimate", "limit"] = "estimate",
    method: str = "skew-score",
    level: float = 0.95,
) -> Estimate:
    r"""Change in relative detection that would by itself explain the odds ratio.

    It answers: how many times better must internal lines have become detected, relative to external
    ones, for the figures to arise without any change in the lines themselves? It is not a statement
    that detection did change so, nor that it did not: the counts cannot tell. It gives the reader
    the number to hold against what is known of recording practice.

    Parameters
    ----------
    internal_before, external_before : array_like, shape (...)
        Lines of each kind in the first period: whole numbers of at least 0.
    internal_after, external_after : array_like, shape (...)
        Lines of each kind in the second period; all four broadcast together.
    null : array_like, default 1.0
        Odds ratio that would be left, above 0; 1 is no change in the lines.
    at : {"estimate", "limit"}, default "estimate"
        What is to reach `null`: the odds ratio itself, or the limit of its interval that is nearer
        to `null`. Where the interval already contains `null` the latter needs no change: it is 1.
    method : str, default "skew-score"
        How the limits of the odds ratio are made; see `localisation_odds_ratio`.
    level : float, default 0.95
        Confidence level of those limits, a share in (0, 1).

    Returns
    -------
    Estimate
        ``estimate`` is the factor [pure number] by which detection of internal relative to external
        lines must have changed, after relative to before; below 1 it must have fallen. ``low`` and
        ``high`` are the limits of the odds ratio over `null`, of the kind of the data.

    Raises
    ------
    InputError
        If a count is negative, fractional or missing, or `null` is not above 0.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If the odds ratio is undefined, 0 or infinite somewhere.

    See Also
    --------
    localisation_odds_ratio : the odds ratio and its interval.
    reclassification_sensitivity : the other route, re-labelling of lines.

    Notes
    -----
    With detection probabilities :math:`d` of internal and external lines before (0) and after (1),
    the odds ratio of the lines that exist is

    .. math:: OR_{\mathrm{true}} = OR_{\mathrm{seen}} \Big/ D, \qquad
              D = \frac{d_{I1} / d_{I0}}{d_{E1} / d_{E0}},

    so :math:`D = OR_{\mathrm{seen}} / \mathrm{null}` explains it. A change of detection that both
    kinds share drops out. No detection probability exceeds 1, which bounds what is feasible: a
    :math:`D` above 1 needs :math:`d_{I0} d_{E1} \le 1 / D`, and one below 1 needs
    :math:`d_{I1} d_{E0} \le D`. With the detection of external lines unchanged a :math:`D` above 1
    therefore needs :math:`d_{I0} \le 1 / D`.

    Detected means recorded at all, and as what it is. No correction is added to zero cells: where
    the odds ratio is 0 or infinite so is the tipping point at the estimate, and the one at the
    limit is not. The assumption that fails in practice is that detection alone changed: lines and
    definitions changed as well, and only other data can say how much each did.

    References
    ----------
    .. [1] Greenland, S. (1996). Basic methods for sensitivity analysis of biases. *International
       Journal of Epidemiology* 25, 1107-1116. https://doi.org/10.1093/ije/25.6.1107-a
    .. [2] VanderWeele, T. J. and Ding, P. (2017). Sensitivity analysis in observational research:
       introducing the E-value. *Annals of Internal Medicine* 167, 268-274.
       https://doi.org/10.7326/M16-2607

    Examples
    --------
    One of the 14 tables behind the published totals and percentages for 2022/23 and 2023/24:

    >>> table = (1280, 2727, 4250, 2394)
    >>> print(f"{cl.localisation.tipping_point(*table).estimate:.2f}")
    3.78
    >>> limit = cl.localisation.tipping_point(*table, at="limit", method="woolf")
    >>> print(f"{limit.estimate:.2f}")
    3.48

    A 3.8-fold rise in the detection of internal relative to external lines would give the published
    figures with no change in the lines, and a 3.5-fold rise would make them compatible with none.
    It is feasible only if little was seen before: with the detection of external lines unchanged,
    at most 26 % of the internal lines of 2022/23 (1 / 3.78) can have been detected.
    """
    method = _validate.option("method", method, odds_ratio.METHODS)
    at_limit = _validate.option("at", at, ("estimate", "limit")) == "limit"
    level = _validate.level(level)
    inputs = _labels.align(
        internal_before=internal_before,
        external_before=external_before,
        internal_after=internal_after,
        external_after=external_after,
        null=null,
    )

    def check(*values: Any) -> None:
        *cells, null, where = values
        for name, cell in zip(NAMES, cells, strict=True):
            _validate.counts(name, cell, where)
        _validate.exposure("null", null, where)

    def kernel(*values: FloatArray) -> tuple[Any, ...]:
        *cells, null = values
        groups = as_groups(*cells)
        ratio = odds_ratio.estimate(*groups)
        low, high = odds_ratio.METHODS[method].limits(*groups, level=level, alternative="two-sided")
        needed = _nearer_limit(low, high, null) if at_limit else ratio
        needed = np.where(np.isnan(ratio), np.nan, needed)
        verdict = verdict_array(np.isnan(ratio).astype(np.intp), VERDICTS)
        return needed / null, low / null, high / null, verdict, np.sum(cells, axis=0)

    with np.errstate(invalid="ignore"):
        out = inputs.apply(
            kernel,
            outputs=["estimate", "low", "high", "verdict", "n"],
            check=check,
            dtypes={"verdict": object},
        )
    return Estimate(
        quantity="change in relative detection that explains the odds ratio",
        method=f"tipping point at the {at}",
        level=level,
        interval_kind=odds_ratio.METHODS[method].interval_kind,
        interval_method=method,
        notes=() if inputs.is_lazy else _notes(inputs, out, at_limit),
        references=("greenland1996", "vanderweele2017", *_odds_ratios.REFERENCES.get(method, ())),
        **out,
    )


def _nearer_limit(low: FloatArray, high: FloatArray, null: FloatArray) -> FloatArray:
    """The limit between the odds ratio and `null`; `null` itself where none is."""
    return np.where(low > null, low, np.where(high < null, high, null))


def _notes(inputs: _labels.Inputs, out: dict[str, Any], at_limit: bool) -> tuple[Note, ...]:
    notes = []
    if (np.min(inputs.flat[:4], axis=0) == 0).any():
        text = (
            "A count is 0, so the odds ratio is 0, infinite or undefined there; no correction is "
            "added. Read the tipping point at the limit."
        )
        notes.append(Note("zero-cell", text))
        warn(text, DegenerateDataWarning)
    if (inputs.flat[4] != 1).any():
        left = _validate.show(inputs.numbers["null"]) if "null" in inputs.numbers else "`null`"
        text = f"What would be left is an odds ratio of {left}, not of 1."
        notes.append(Note("null", text))
    if inputs.kind == "scalar":
        notes += _scalar_notes(out, at_limit)
    else:
        text = (
            "No detection probability exceeds 1. A factor D above 1 needs (detection of internal "
            "before) x (of external after) of at most 1 / D; one below 1 needs (detection of "
            "internal after) x (of external before) of at most D."
        )
        notes.append(Note("feasible", text))
    return tuple(notes)


def _scalar_notes(out: dict[str, Any], at_limit: bool) -> list[Note]:
    factor = out["estimate"]
    if not np.isfinite(factor) or factor <= 0:
        return []
    if at_limit and out["low"] <= 1 <= out["high"]:
        return [
            Note(
                "interval-contains-null",
                "The interval contains the null already: no change in detection is needed.",
            )
        ]
    if factor == 1:
        return []
    most, when = (1 / factor, "before") if factor > 1 else (factor, "after")
    return [
        Note(
            "feasible",
            "No detection probability exceeds 1: with the detection of external lines unchanged, "
            f"at most {100 * most:.3g} % of the internal lines {when} can have been detected.",
        )
    ]
