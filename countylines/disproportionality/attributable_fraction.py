"""Part of the events of a group, or of everybody, that is an excess over another group's rate."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _validate
from countylines import benchmark as _benchmark
from countylines._typing import ArrayLike
from countylines.benchmark import Benchmark
from countylines.disproportionality._two_groups import not_a_cause
from countylines.errors import InputError
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]

ADJUSTED = "standardised rate ratio"
ACCEPTED = ("rate ratio", "risk ratio", "rate ratio against the rest", ADJUSTED)
EXPOSED, POPULATION = "attributable fraction", "population attributable fraction"
NO_EVENTS = Verdict(
    False, "no-events", ("The group has no events of which a part could be an excess.",)
)
NO_RATIO = Verdict(False, "no-data", ("There is no ratio, so there is no fraction.",))
VERDICTS = (OK, NO_EVENTS, NO_RATIO)


def attributable_fraction(
    ratio: Estimate, *, share: ArrayLike | Benchmark | None = None
) -> Estimate:
    r"""Part of the events of a group that is above what the other group's rate would give.

    It answers: of all recorded of this group, what part is the excess over the rate of the other?
    With `share`: of all recorded, what part is that excess? It is arithmetic on a ratio. Whether
    the excess would go away if anything were done, the name notwithstanding, it does not say: that
    takes a cause, and a ratio is not evidence of one.

    Parameters
    ----------
    ratio : Estimate
        A ratio as :func:`rate_ratio`, :func:`risk_ratio`, :func:`standardised_rate_ratio` or, from
        a representation ratio, :func:`representation_to_rate_ratio` gives it.
    share : array_like, Benchmark or None, optional
        The group's share of all the people, or of the exposure, of both groups together, in (0, 1),
        taken as known; None for the fraction of the events of the group.

    Returns
    -------
    Estimate
        The fraction [pure number, at most 1; negative where the ratio is below 1], with limits and
        a p-value carried over from the ratio.

    Raises
    ------
    InputError
        If `ratio` is another quantity, or `share` is not a share, comes from a sample, or is given
        for a standardised ratio.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    See Also
    --------
    excess_count : the excess in people, against a benchmark.
    e_value : what could explain the ratio.

    Notes
    -----
    With ratio :math:`\theta` and share w,

    .. math:: AF = 1 - \frac{1}{\theta}, \qquad
              AF_{pop} = \frac{w (\theta - 1)}{1 + w (\theta - 1)}.

    Both increase in the ratio, so that its limits go over into theirs, with the same p-value, and
    hold whatever level they held. That needs w to be known, such as a share of exposure or of
    residents. Multiplied by the share of the group among those recorded the first gives the second.
    With an adjusted ratio the second formula is biased [2]_, so that `share` is refused there. The
    standard error is that of the ratio times the slope.

    With no events in the group the first does not exist, and its verdict says so; the second is
    :math:`-w / (1 - w)`. With none in the other group both are 1 and the low limits are not. Below
    0, one minus the ratio is the shortfall of the group relative to the other rate. What fails in
    practice: fractions of several groups or characteristics do not add up to one.

    References
    ----------
    .. [1] Greenland, S. and Robins, J. M. (1988). Conceptual problems in the definition and
       interpretation of attributable fractions. *American Journal of Epidemiology* 128, 1185-1197.
       https://doi.org/10.1093/oxfordjournals.aje.a115073
    .. [2] Rockhill, B., Newman, B. and Weinberg, C. (1998). Use and misuse of population
       attributable fractions. *American Journal of Public Health* 88, 15-19.
       https://doi.org/10.2105/AJPH.88.1.15

    Examples
    --------
    MADE-UP counts: 12 people recorded of a group of 40,000 and 30 of the other 900,000.

    >>> ratio = cl.disproportionality.rate_ratio(12, 40_000, 30, 900_000)
    >>> part = cl.disproportionality.attributable_fraction(ratio)
    >>> print(f"{part.estimate:.0%} ({part.low:.0%} to {part.high:.0%})")
    89% (78% to 94%)
    >>> of_all = cl.disproportionality.attributable_fraction(ratio, share=40 / 940)
    >>> print(f"{of_all.estimate:.0%} ({of_all.low:.0%} to {of_all.high:.0%})")
    25% (13% to 41%)

    At the rate of the others 89 % of the 12, or a quarter of all 42, would not have been recorded;
    why they were is another question.
    """
    if not isinstance(ratio, Estimate) or ratio.quantity not in ACCEPTED:
        got = repr(ratio.quantity) if isinstance(ratio, Estimate) else _validate.show(ratio)
        raise InputError(
            _validate.sentence(
                "ratio",
                "the result of rate_ratio, risk_ratio or standardised_rate_ratio",
                got,
                remedy="For a representation ratio use representation_to_rate_ratio first.",
            )
        )
    if share is not None and ratio.quantity == ADJUSTED:
        rule, remedy = "None for a standardised ratio", "The formula is for ratios of plain rates."
        raise InputError(_validate.sentence("share", rule, _validate.show(share), remedy=remedy))
    known = None if share is None else _benchmark.known_share(share, "attributable_fraction")

    def carried(*values: Any) -> Any:
        """A value, or an error together with the ratio at which its slope is taken."""
        names = ("value", "at")[: len(values)]
        given = dict(zip(names, values, strict=True))
        if known is not None:
            given["share"] = known
        inputs = _labels.align(**given)

        def check(*columns: Any) -> None:
            if known is not None:
                _validate.share("share", columns[-2], columns[-1])

        def solve(value: FloatArray, *rest: FloatArray) -> tuple[FloatArray]:
            w = rest[-1] if known is not None else None
            return (_slope(rest[0], w) * value if len(values) > 1 else _fraction(value, w),)

        return inputs.apply(solve, outputs=["value"], check=check)["value"]

    kept = tuple(note for note in ratio.notes if note.code not in ("not-a-cause", "bound"))
    notes = (not_a_cause("fraction called attributable"), *kept)
    if known is not None:
        notes += (Note("share", "The group's share of the exposure is taken as known."),)
    if isinstance(share, Benchmark):
        notes = (*(note for note in notes if note.code != "benchmark"), _benchmark.note(share))
    error = ratio.standard_error
    ends: dict[str, Any] = {
        name: None if getattr(ratio, name) is None else carried(getattr(ratio, name))
        for name in ("low", "high", "region_low", "region_high", "null")
    }
    return dataclasses.replace(
        ratio,
        quantity=EXPOSED if known is None else POPULATION,
        estimate=_existing(carried(ratio.estimate)),
        standard_error=None if error is None else carried(error, ratio.estimate),
        **ends,
        method=f"{ratio.method}, as a fraction",
        verdict=ratio.verdict if known is not None else _verdicts(ratio),
        notes=notes,
        references=("greenland1988", "rockhill1998", *ratio.references),
        draws=None,
        _recompute=None,
    )


def _verdicts(ratio: Estimate) -> Any:
    """Those of the ratio, but where it is 0: a ratio is then known, and no fraction."""
    inputs = _labels.align(ratio=ratio.estimate)
    if inputs.is_lazy:

        def solve(theta: FloatArray) -> tuple[NDArray[np.object_]]:
            codes = np.where(np.isnan(theta), 2, (theta == 0.0).astype(np.intp))
            return (verdict_array(codes, VERDICTS),)

        out = inputs.apply(solve, outputs=["verdict"], dtypes={"verdict": object})
        return out["verdict"]
    theta, found = inputs.flat[0], np.empty(inputs.flat[0].size, dtype=object)
    found[:] = np.asarray(ratio.verdict, dtype=object).ravel()
    found[theta == 0.0] = NO_EVENTS
    return inputs.back(found)


def _fraction(ratio: FloatArray, share: FloatArray | None) -> FloatArray:
    """The fraction, 1 at an infinite ratio; minus infinity in a group without events."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if share is None:
            return np.asarray(1.0 - 1.0 / ratio)
        found = share * (ratio - 1.0) / (1.0 + share * (ratio - 1.0))
    return np.where(np.isinf(ratio), 1.0, found)


def _slope(ratio: FloatArray, share: FloatArray | None) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        if share is None:
            return np.asarray(1.0 / ratio**2)
        return np.asarray(share / (1.0 + share * (ratio - 1.0)) ** 2)


def _existing(value: Any) -> Any:
    """Not a number where there is nothing to take a fraction of."""
    inputs = _labels.align(value=value)
    return inputs.apply(lambda v: (np.where(np.isinf(v), np.nan, v),), outputs=["value"])["value"]
