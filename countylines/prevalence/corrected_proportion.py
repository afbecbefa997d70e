"""A proportion corrected for things that were labelled wrongly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _shares, _validate
from countylines._kernels import binomial, misclassification
from countylines._kernels.misclassification import Data
from countylines._typing import Alternative, ArrayLike
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning, warn
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]

VERDICTS = (
    OK,
    Verdict(
        True,
        "boundary-finite",
        ("Fewer are labelled so than false positives alone would be: the estimate is cut to 0.",),
    ),
    Verdict(
        True,
        "boundary-finite",
        ("More are labelled so than the sensitivity allows: the estimate is cut to 1.",),
    ),
    _shares.NO_DATA,
    Verdict(
        False,
        "not-identified",
        ("Sensitivity and specificity add up to 1: the label says nothing of the truth.",),
    ),
)
ESTIMATED = tuple(misclassification.METHODS)
TRANSFORMED = tuple(name for name in binomial.METHODS if name not in misclassification.METHODS)
REFERENCES = {
    "lang-reiczigel": ("rogan1978", "lang2014"),
    "melding": ("rogan1978", "bayer2022"),
    "mid-p": ("rogan1978", "bayer2022", "lancaster1961"),
    "rogan-gladen": ("rogan1978",),
}


def corrected_proportion(
    count: ArrayLike,
    total: ArrayLike,
    *,
    sensitivity: ArrayLike,
    specificity: ArrayLike,
    sensitivity_n: ArrayLike | None = None,
    specificity_n: ArrayLike | None = None,
    method: str = "lang-reiczigel",
    level: float = 0.95,
    alternative: Alternative = "two-sided",
) -> Estimate:
    r"""True share behind a share of labels, some of which are wrong.

    It answers: a flag marks some records, a check of some of them has shown how often the flag is
    missing where it should be and set where it should not be; what share should have it? It is a
    correction of labels, not of what was never recorded: a line that no one saw has no flag.

    Parameters
    ----------
    count : array_like, shape (...)
        Number with the label: whole numbers, from 0 to `total`.
    total : array_like, shape (...)
        Number looked at. Where it is 0 there is no estimate.
    sensitivity, specificity : array_like, shape (...)
        Share [0 to 1] of those that should have the label and do, and of those that should not and
        do not. Together at least 1.
    sensitivity_n, specificity_n : array_like or None, optional
        Numbers checked of which `sensitivity` and `specificity` are the shares, whole and above 0;
        None where the share is known or assumed. Leaving them out takes a guess for a fact.
    method : str, default "lang-reiczigel"
        How the limits are made, see Notes: ``"lang-reiczigel"``, ``"melding"``, ``"mid-p"`` or
        ``"rogan-gladen"``; where neither size is given also the other methods of `proportion`.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval; ``"greater"`` gives ``[low, 1]``.

    Returns
    -------
    Estimate
        ``estimate``, ``low``, ``high`` [share, 0 to 1], of the kind and with the labels of the
        data; ``n`` is `total`. Where the apparent share is below ``1 - specificity``, or above
        `sensitivity`, the estimate is cut to 0, or 1, and the verdict is ``"boundary-finite"``.
        ``standard_error`` is that of the estimate before it is cut.

    Raises
    ------
    InputError
        If a count is negative, fractional, missing or above its total, a share is not one, both
        shares add up to less than 1, or `method` cannot use the sizes given.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    Warns
    -----
    DegenerateDataWarning
        If an estimate is cut, a total is 0 or the label says nothing of the truth.
    SparseDataWarning
        If a large-sample method is used with fewer than 5 labels or non-labels.

    See Also
    --------
    proportion : the share of labels as it stands.
    countylines.localisation.reclassification_sensitivity : labels that changed between periods.

    Notes
    -----
    With apparent share :math:`p` the true share is

    .. math:: \theta = \frac{p + \mathrm{Sp} - 1}{\mathrm{Se} + \mathrm{Sp} - 1},

    cut to [0, 1] [1]_. ``"rogan-gladen"`` is its delta-method interval, for comparison.
    ``"lang-reiczigel"`` adds :math:`z^2/2` to the count, one success and one failure to each check,
    and moves the centre [2]_; it is near its level, and both ends err about as often.
    ``"melding"`` draws each of the three shares from its exact confidence distributions [3]_: no
    setting is known in which it covers less than `level`. ``"mid-p"`` does the same with mid-P
    distributions and is shorter. Both are integrals, computed without simulation to about five
    digits; ``"mid-p"`` takes some 20 milliseconds a row. With known shares they are the
    Clopper-Pearson and the mid-P limits of :math:`p`, put through the equation.

    With a zero count, or one below the expected false positives, the lower limit is 0; if the upper
    one is 0 as well, the count disagrees with the specificity, and a note says so. Assumptions that
    fail in practice: checks drawn at random from the same records, the same shares in every group,
    and a check that is itself right.

    References
    ----------
    .. [1] Rogan, W. J. and Gladen, B. (1978). Estimating prevalence from the results of a screening
       test. *American Journal of Epidemiology* 107, 71-76.
       https://doi.org/10.1093/oxfordjournals.aje.a112510
    .. [2] Lang, Z. and Reiczigel, J. (2014). Confidence limits for prevalence of disease adjusted
       for estimated sensitivity and specificity. *Preventive Veterinary Medicine* 113, 13-22.
       https://doi.org/10.1016/j.prevetmed.2013.09.015
    .. [3] Bayer, D. M., Fay, M. P. and Graubard, B. I. (2022). Confidence intervals for prevalence
       estimates from complex surveys with imperfect assays.
       https://doi.org/10.48550/arXiv.2205.13494

    Examples
    --------
    In 2022, 2,281 of the 16,938 referrals first published had the county lines flag. Suppose that a
    check, which is made up, had found 40 of 50 flags set that should be, and 4 of 200 that should
    not:

    >>> flagged = cl.prevalence.corrected_proportion(
    ...     2281, 16938, sensitivity=0.8, sensitivity_n=50, specificity=0.98, specificity_n=200
    ... )
    >>> print(f"{flagged.estimate:.3f} ({flagged.low:.3f} to {flagged.high:.3f})")
    0.147 (0.114 to 0.179)

    Then 15 % of the referrals would be about county lines, give or take 3 points, nearly all of it
    from the smallness of the check; the flag itself says 13 %.
    """
    level = _validate.level(level)
    _validate.alternative(alternative)
    sizes = {"sensitivity_n": sensitivity_n, "specificity_n": specificity_n}
    given_sizes = {name: size for name, size in sizes.items() if size is not None}
    method = _method(method, bool(given_sizes))
    inputs = _labels.align(
        count=count,
        total=total,
        sensitivity=sensitivity,
        specificity=specificity,
        **given_sizes,
    )

    def check(*parts: Any) -> None:
        *flat, where = parts
        named = dict(zip(inputs.names, flat, strict=True))
        _shares.check_share(named["count"], named["total"], where)
        _check_labels(named, where)

    def kernel(*flat: FloatArray) -> tuple[NDArray[Any], ...]:
        data = _data(dict(zip(inputs.names, flat, strict=True)))
        return _values(data, method, bool(given_sizes), level, alternative)

    out = inputs.apply(
        kernel,
        outputs=["estimate", "standard_error", "low", "high", "verdict"],
        check=check,
        dtypes={"verdict": object},
    )
    notes: tuple[Note, ...] = ()
    if not inputs.is_lazy:
        data = _data(dict(zip(inputs.names, inputs.flat, strict=True)))
        met = np.ravel(np.asarray(out["low"]) == np.asarray(out["high"]))
        notes = _notes(data, method, met)
    if not given_sizes:
        text = "Sensitivity and specificity are taken as known; the limits leave out their error."
        notes += (Note("known-test", text),)
    interval = binomial.METHODS[method].interval_kind if method in TRANSFORMED else "confidence"
    return Estimate(
        quantity="corrected proportion",
        method="rogan-gladen",
        level=level,
        interval_kind=interval,
        interval_method=method,
        alternative=alternative,
        n=inputs.labelled("total"),
        notes=notes,
        references=REFERENCES.get(method) or ("rogan1978", *_shares.REFERENCES[method]),
        **out,
    )


def _method(method: Any, estimated: bool) -> str:
    chosen = _validate.option("method", method, (*ESTIMATED, *TRANSFORMED))
    if estimated and chosen in TRANSFORMED:
        words = ", ".join(repr(name) for name in ESTIMATED)
        raise InputError(
            _validate.sentence(
                "method",
                f"one of {words} where `sensitivity_n` or `specificity_n` is given",
                repr(chosen),
                remedy="The others take both shares as known.",
            )
        )
    return chosen


def _check_labels(named: dict[str, FloatArray], where: _validate.Where) -> None:
    for name in ("sensitivity", "specificity"):
        _validate.share(name, named[name], where, open_low=False, open_high=False)
        if f"{name}_n" in named:
            _validate.counts(f"{name}_n", named[f"{name}_n"], where)
            _validate.exposure(f"{name}_n", named[f"{name}_n"], where)
    worse = named["sensitivity"] + named["specificity"] < 1.0 - 1e-12
    if worse.any():
        pair = [_validate.show(float(named[n][worse][0])) for n in ("sensitivity", "specificity")]
        raise InputError(
            "`sensitivity` and `specificity` must add up to at least 1, got "
            f"{pair[0]} and {pair[1]}{where(worse)}. A label worse than chance has its two values "
            "swapped."
        )


def _data(named: dict[str, FloatArray]) -> Data:
    zero = np.zeros_like(named["count"])
    return Data(
        count=named["count"],
        total=named["total"],
        sensitivity=named["sensitivity"],
        sensitivity_n=named.get("sensitivity_n", zero),
        specificity=named["specificity"],
        specificity_n=named.get("specificity_n", zero),
    )


def _codes(data: Data) -> NDArray[np.intp]:
    """Position among the verdicts."""
    raw = misclassification.rogan_gladen(data)
    code = np.select([raw < -1e-12, raw > 1.0 + 1e-12], [1, 2], 0)
    code = np.where(data.sensitivity + data.specificity - 1.0 <= 1e-12, 4, code)
    return np.where(data.total == 0, 3, code)


def _values(
    data: Data, method: str, estimated: bool, level: float, alternative: str
) -> tuple[NDArray[Any], ...]:
    code = _codes(data)
    exists = code < 3
    low, high = np.zeros_like(data.count), np.ones_like(data.count)
    rows = np.flatnonzero(exists)
    if rows.size:
        part = data.rows(rows)
        if estimated or method in ("lang-reiczigel", "rogan-gladen"):
            limits = misclassification.METHODS[method](part, level=level, alternative=alternative)
        else:
            name = misclassification.KNOWN.get(method, method)
            apparent = binomial.METHODS[name].limits(
                part.count, part.total, level=level, alternative=alternative
            )
            limits = misclassification.known_limits(*apparent, part.sensitivity, part.specificity)
        low[rows], high[rows] = limits
        # integrals leave a rounding error where all of the interval is cut away
        high = np.where((code == 1) & (high < 1e-12), 0.0, high)
        low = np.where((code == 2) & (low > 1.0 - 1e-12), 1.0, low)
        if alternative == "less":
            low[rows] = 0.0
        if alternative == "greater":
            high[rows] = 1.0
    share = np.clip(misclassification.rogan_gladen(data), 0.0, 1.0)
    error = misclassification.standard_error(data)
    return (
        np.where(exists, share, np.nan),
        np.where(exists, error, np.nan),
        low,
        high,
        verdict_array(code, VERDICTS),
    )


def _notes(data: Data, method: str, met: NDArray[np.bool_]) -> tuple[Note, ...]:
    code = _codes(data)
    found = []
    texts = {
        1: ("out-of-range", "Fewer are labelled so than the false positives alone would be"),
        2: ("out-of-range", "More are labelled so than the sensitivity allows"),
        3: ("no-data", "The total is 0"),
        4: ("not-identified", "The label says nothing of the truth"),
    }
    ends = {1: "the estimate is cut to 0.", 2: "the estimate is cut to 1."}
    for position, (name, text) in texts.items():
        hits = int((code == position).sum())
        if hits:
            places = "" if code.size == 1 else f" in {hits} of {code.size} places"
            end = ends.get(position, "there is no estimate.")
            found.append(Note(name, f"{text}{places}: {end}"))
            warn(found[-1].text, DegenerateDataWarning)
    if (met & ((code == 1) | (code == 2))).any():
        text = (
            "The whole interval is cut to one end: the count disagrees with the sensitivity and "
            "specificity given."
        )
        found.append(Note("conflict", text))
        warn(text, DegenerateDataWarning)
    few = np.minimum(data.count, data.total - data.count) < _shares.FEW
    large_sample = method == "rogan-gladen" or (
        method in TRANSFORMED and binomial.METHODS[method].asymptotic
    )
    if large_sample and (few & (code < 3)).any():
        text = (
            f"Fewer than {_shares.FEW} labels or non-labels, where the large-sample {method} "
            "interval does not hold its level. Use method='lang-reiczigel'."
        )
        found.append(Note("sparse", text))
        warn(text, SparseDataWarning)
    return tuple(found)
