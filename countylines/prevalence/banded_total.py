"""A total of counts of which some are known as bands only."""

from __future__ import annotations

import functools
from typing import Any, Literal

import numpy as np

from countylines import _labels, _rates, _validate
from countylines._kernels import banded_rate
from countylines._kernels.method import tail_area
from countylines._typing import Alternative, ArrayLike
from countylines.bands import Band
from countylines.errors import InputError, InputTypeError
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

_MODELS = ("bounds", "common-rate")
_INTERVALS = ("mid-p", "exact", "blaker", "score", "skew-score", "jeffreys", "byar")
_REFERENCES = {
    "bounds": ("manski2003", "garwood1936"),
    "common-rate": ("heitjan1989", "manski2003"),
}
_UNKNOWN = Verdict(
    False,
    "not-identified",
    ("Some counts are known as bands only: the data leave a range of totals, not one.",),
)
_UNBOUNDED = Verdict(
    False,
    "not-identified",
    ("No band has an upper end: the data say only that the total is not low.",),
)
_VERDICTS = (OK, _UNKNOWN, _UNBOUNDED)


def banded_total(
    count: Band,
    *,
    exposure: ArrayLike | None = None,
    dim: str | int | None = None,
    model: Literal["bounds", "common-rate"] = "bounds",
    interval: str | None = None,
    level: float = 0.95,
    null: float | None = None,
    alternative: Alternative = "two-sided",
) -> Estimate:
    r"""Total of several counts that were published as bands: "210 to 500", "fewer than 5".

    It answers: what total do such tables leave possible, and how sure is the process behind it? No
    band is replaced by its middle: the middles add up to a figure that nobody counted.

    Parameters
    ----------
    count : Band, shape (..., counts)
        Both ends of each count: whole numbers; equal where a count is known, ``high`` infinite for
        "more than". Whether "fewer than 5" may be 0 is said by its low end.
    exposure : array_like or None, optional
        What the events of each count happened to [people, days], above 0. Needed by
        ``model="common-rate"``, and by nothing else.
    dim : str, int or None, optional
        Dimension or axis to add over; may be left out where there is only one, or for the index of
        a frame.
    model : {"bounds", "common-rate"}, default "bounds"
        Whether nothing is assumed of the counts, or that all have one rate, see Notes.
    interval : str or None, optional
        Limits of ``"bounds"``: ``"mid-p"`` (None), ``"exact"``, ``"blaker"``, ``"score"``,
        ``"skew-score"``, ``"jeffreys"`` or ``"byar"``. Those of ``"common-rate"`` are always
        ``"profile"``.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : float or None, optional
        Expected total under test; without it nothing is tested.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test.

    Returns
    -------
    Estimate
        ``region_low`` and ``region_high`` are the totals that the bands leave possible: certain,
        and all there is to say of what was counted. ``low`` and ``high`` are round them for the
        expected total of the process. ``estimate`` is nan with the verdict *not-identified* unless
        every count is known or a common rate is assumed.

    Raises
    ------
    InputError
        If an end is not a whole number, `exposure` is missing where it is needed or given where it
        is not, or an option is unknown.
    InputTypeError
        If `count` is no band.

    See Also
    --------
    rate : one count or band per unit of exposure.
    proportion : a banded part of a known total.

    Notes
    -----
    With ``"bounds"`` the total lies in :math:`[\sum a_i, \sum b_i]`, and if the counts are
    independent and Poisson, whatever their rates, so is the total: the limits are
    :math:`m_L(\sum a_i)` and :math:`m_U(\sum b_i)` of :func:`rate`. Nothing narrower holds without
    an assumption.

    ``"common-rate"`` assumes :math:`X_i` Poisson with means :math:`\lambda e_i` and maximises

    .. math:: \ell(\lambda) = \sum_i \log P(a_i \le X_i \le b_i \mid \lambda e_i).

    The estimate is :math:`\hat\lambda \sum e_i`; the limits are those of the likelihood ratio,
    moved outwards where the chance of the very bands observed, which no p-value falls below, still
    exceeds the tail. Few wide bands are then as open as they should be. That areas share a rate is
    mostly false (see :func:`funnel_limits`), and the interval does not know it: in simulation it
    covered 0.93 or more where rates are equal, and as little as 0.75 where they differ and most
    counts are suppressed; ``"bounds"`` always covered more than 0.97.

    With every low end 0 the likelihood is highest at 0. With no upper end it rises for ever: the
    total is then not identified, and has a lower limit only, which is 0 if every low end is 0.

    References
    ----------
    .. [1] Manski, C. F. (2003). *Partial Identification of Probability Distributions*. Springer.
       https://doi.org/10.1007/b97478
    .. [2] Heitjan, D. F. (1989). Inference from grouped continuous data: a review. *Statistical
       Science* 4, 164-179. https://doi.org/10.1214/ss/1177012601

    Examples
    --------
    Lines by force of origin, 2023/24, as the press printed them: more than 501 each in London and
    Liverpool, between 210 and 500 each in Birmingham and Manchester.

    >>> exporters = cl.Band([502, 502, 210, 210], [float("inf"), float("inf"), 500, 500])
    >>> total = cl.prevalence.banded_total(exporters)
    >>> print(f"{total.region_low:.0f} or more; expected at least {total.low:.0f}")
    1424 or more; expected at least 1351

    So at least 1,424 of the 6,644 lines came from four cities, or 21 %. "The majority" may be true,
    but these bands do not show it.

    Three made-up areas with "fewer than 5", 12 and "5 to 9" lines:

    >>> few = cl.prevalence.banded_total(cl.Band([0, 12, 5], [4, 12, 9]))
    >>> print(f"{few.region_low:.0f} to {few.region_high:.0f}, {few.low:.1f} to {few.high:.1f}")
    17 to 25, 10.2 to 36.4

    There were 17 to 25 lines; a process that gives so many may be expected to give 10 to 36.
    """
    _validate.option("model", model, _MODELS)
    level = _validate.level(level)
    _validate.alternative(alternative)
    if null is not None:
        null = _validate.number("null", null, low=0)
    interval = _interval(interval, model, level, alternative)
    inputs = _aligned(count, exposure, model)
    tail = tail_area(level, alternative)

    def check(low: Any, high: Any, *rest: Any) -> None:
        *sizes, where = rest
        _validate.counts("count.low", low, where)
        _validate.counts("count.high", np.where(np.isinf(high), 0.0, high), where)
        _validate.not_above("count.low", low, "count.high", high, where)
        if sizes:
            _validate.exposure("exposure", sizes[0], where)

    def kernel(low: Any, high: Any, *sizes: Any) -> tuple[Any, ...]:
        least, most = low.sum(axis=-1), high.sum(axis=-1)
        if not sizes:
            one = np.ones(least.shape)
            ends = _rates.rate_limits(
                least, most, one, method=interval, level=level, side=alternative
            )
            point = np.where(least < most, np.nan, least)
            codes = np.where(np.isinf(high).all(axis=-1), 2, np.where(least < most, 1, 0))
            results = point, *ends, least, most, verdict_array(codes, _VERDICTS)
            if null is None:
                return results
            nulls = np.full(least.shape, null)
            return *results, _rates.rate_pvalue(
                least, most, one, method=interval, null=nulls, side=alternative
            )
        size = sizes[0].sum(axis=-1)
        data = low, high, sizes[0]
        best = banded_rate.estimate(*data)
        first, last = np.zeros(best.shape), np.full(best.shape, np.inf)
        if alternative != "less":
            first = banded_rate.limit(*data, best, tail, 1) * size
        if alternative != "greater":
            last = banded_rate.limit(*data, best, tail, -1) * size
        nothing = ((low == 0) & np.isinf(high)).all(axis=-1)  # of any rate as likely as of another
        last = np.where(nothing, np.inf, last)
        code = np.where(np.isinf(best) | nothing, 2, 0)
        verdict = verdict_array(code, _VERDICTS)
        point = np.where(code == 2, np.nan, best) * size
        results = point, first, last, least, most, verdict
        if null is None:
            return results
        values = {
            side: banded_rate.one_sided_pvalue(*data, best, null / size, side) for side in (1, -1)
        }
        doubled = np.minimum(1.0, 2.0 * np.minimum(values[1], values[-1]))
        return *results, {"two-sided": doubled, "greater": values[1], "less": values[-1]}[
            alternative
        ]

    outputs = ["estimate", "low", "high", "region_low", "region_high", "verdict"]
    out = inputs.reduce(
        kernel,
        dim=dim,
        outputs=[*outputs, *(["pvalue"] if null is not None else [])],
        check=check,
        dtypes={"verdict": object},
    )
    kept = Band(inputs.labelled("count.low"), inputs.labelled("count.high"))
    sizes = inputs.labelled("exposure") if exposure is not None else None
    return Estimate(
        quantity="total",
        method=model,
        level=level,
        interval_method=interval,
        null=null,
        alternative=alternative,
        notes=_notes(inputs, model),
        references=_REFERENCES[model],
        _recompute=functools.partial(
            banded_total,
            kept,
            exposure=sizes,
            dim=dim,
            model=model,
            interval=None if model == "common-rate" else interval,
            level=level,
        ),
        **out,
    )


def _interval(interval: Any, model: str, level: float, alternative: str) -> str:
    """The name of the limits, which must go with the model."""
    if model == "bounds":
        return _validate.option("interval", "mid-p" if interval is None else interval, _INTERVALS)
    if interval not in (None, "profile"):
        rule = "'profile' or None for model='common-rate'"
        raise InputError(_validate.sentence("interval", rule, _validate.show(interval)))
    if alternative != "two-sided" and level <= 0.5:
        rule = "above 0.5 for a one-sided limit of the likelihood"
        raise InputError(_validate.sentence("level", rule, _validate.show(level)))
    return "profile"


def _aligned(count: Any, exposure: Any, model: str) -> _labels.Inputs:
    if not isinstance(count, Band):
        rule = "a Band"
        remedy = "Use cl.Band(low, high); plain counts can simply be added."
        got = type(count).__name__
        raise InputTypeError(_validate.sentence("count", rule, got, remedy=remedy))
    given = {"count.low": count.low, "count.high": count.high}
    if (exposure is not None) != (model == "common-rate"):
        needed = model == "common-rate"
        rule = f"{'given' if needed else 'left out'} for model={model!r}"
        got = "None" if needed else "one"
        remedy = "" if needed else "Without a common rate it has no say in the total."
        raise InputError(_validate.sentence("exposure", rule, got, remedy=remedy))
    if exposure is not None:
        given["exposure"] = exposure
    return _labels.align(**given)


def _notes(inputs: _labels.Inputs, model: str) -> tuple[Note, ...]:
    if model == "common-rate":
        text = (
            "The estimate and its limits assume one rate for all counts; the region does not. "
            "Where areas differ the interval is too narrow."
        )
        return (Note("common-rate", text),)
    if inputs.is_lazy or not (inputs.flat[0] < inputs.flat[1]).any():
        return ()
    text = (
        "The region is what the bands leave possible of the total counted; the interval round it "
        "is for the expected total of the process."
    )
    return (Note("banded", text),)
