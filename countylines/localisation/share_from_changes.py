"""The share of internal lines that two percentage changes leave possible."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _validate
from countylines._kernels import growth_share
from countylines._typing import ArrayLike
from countylines.bands import Band
from countylines.errors import InputError
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]

# In the order of the codes of the kernel.
VERDICTS = (
    OK,
    Verdict(
        False,
        "not-identified",
        ("The changes of both kinds leave a range of shares; that of the total would narrow it.",),
    ),
    Verdict(False, "no-data", ("Nothing is left after: there is no share.",)),
    Verdict(
        False,
        "out-of-range",
        ("The change of a total lies between those of its two kinds, and this one does not.",),
    ),
    Verdict(
        False,
        "not-identified",
        ("Both kinds changed alike, so their changes say nothing of the share.",),
    ),
)


def share_from_changes(
    internal_change: ArrayLike,
    external_change: ArrayLike,
    *,
    total_change: ArrayLike | Band | None = None,
) -> Estimate:
    r"""Share of internal lines AFTER that the percentage changes of both kinds imply.

    It answers: when only percentage changes are printed, what can be said of the share? With the
    change of the total, the share itself; with a range for it, a range; without it, nothing but
    that the share lies between 0 and 1. It says nothing of sampling error, nor of lines that were
    not detected.

    Parameters
    ----------
    internal_change, external_change : array_like, shape (...)
        Change of each kind [per cent, at least -100]: 232 and -12.2.
    total_change : array_like, Band or None, optional
        Change of the total [per cent]: a number, or a band of numbers where only a range is known.
        It lies between the changes of the two kinds. None: nothing is known of it.

    Returns
    -------
    Estimate
        ``estimate`` is the share after [0 to 1] where it is identified, else nan with a verdict;
        ``low`` and ``high``, the same as ``region_low`` and ``region_high``, are the identified
        range, with ``level`` None: it is a statement of arithmetic, not of probability.

    Raises
    ------
    InputError
        If a change is below -100 or not finite.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    See Also
    --------
    compatible_counts : the counts themselves, with the rounding of the percentages respected.
    localisation_odds_ratio : what is identified without the total.

    Notes
    -----
    With ratios after / before :math:`g_I = 1 + \mathrm{internal}/100`, :math:`g_E` likewise and
    :math:`r` for the total, the share before solves :math:`g_I s + g_E (1 - s) = r`, and

    .. math:: s_{\mathrm{after}} = \frac{g_I s}{r}
              = \frac{1/g_E - 1/r}{1/g_E - 1/g_I},

    which moves in one direction with :math:`r`, from 0 at :math:`r = g_E` to 1 at
    :math:`r = g_I`. Any :math:`r` between the two ratios is possible, any other is a contradiction
    (verdict ``"out-of-range"``), and a band is cut to the possible part. Where the two changes are
    equal the share is not identified even with the total. If one kind vanished (-100 %), the share
    is 0 or 1 whatever the total.

    Percentages are taken as exact. The assumption that fails in practice is that they are: printed
    ones are rounded, which matters most where the changes are close; `compatible_counts` respects
    the rounding. Lines of neither kind, and totals of another definition or vintage than the
    percentages, falsify the share as well.

    References
    ----------
    .. [1] Manski, C. F. (2003). *Partial Identification of Probability Distributions*. Springer.
       https://doi.org/10.1007/b97478

    Examples
    --------
    Internal lines rose by 232 % and external lines fell by 12.2 %. Without the totals that leaves
    the share of internal lines open, and says so:

    >>> share = cl.localisation.share_from_changes(232, -12.2)
    >>> share.low, share.high, share.verdict.code
    (0.0, 1.0, 'not-identified')

    If the total had not changed, one line in six would now be internal. The press printed totals of
    4,007 and 6,644, a rise of 65.8 %: then it is 64 %, so nearly everything hangs on the totals.

    >>> print(f"{cl.localisation.share_from_changes(232, -12.2, total_change=0).estimate:.3f}")
    0.166
    >>> print(
    ...     f"{cl.localisation.share_from_changes(232, -12.2, total_change=65.8).estimate:.3f}"
    ... )
    0.640

    These are shares of detected lines: a rise in the detection of internal lines raises them too.
    """
    given: dict[str, Any] = {
        "internal_change": internal_change,
        "external_change": external_change,
    }
    if isinstance(total_change, Band):
        given |= {"total_change.low": total_change.low, "total_change.high": total_change.high}
    elif total_change is not None:
        given["total_change"] = total_change
    inputs = _labels.align(**given)

    def check(*values: Any) -> None:
        *changes, where = values
        for name, change in zip(inputs.names, changes, strict=True):
            _percentage_change(name, change, where)

    out = inputs.apply(
        _kernel,
        outputs=["estimate", "low", "high", "verdict"],
        check=check,
        dtypes={"verdict": object},
    )
    return Estimate(
        quantity="share of internal lines after",
        method="accounting identity",
        level=None,
        interval_kind="identification",
        interval_method="range over the possible changes of the total",
        region_low=out["low"],
        region_high=out["high"],
        notes=() if inputs.is_lazy else _notes(inputs),
        references=("manski2003",),
        **out,
    )


def _ratios(*changes: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Ratios after / before of the kinds, and the range of the total's."""
    internal, external, *total = (1.0 + change / 100.0 for change in changes)
    if not total:
        return internal, external, np.minimum(internal, external), np.maximum(internal, external)
    return internal, external, total[0], total[-1]


def _kernel(*changes: FloatArray) -> tuple[NDArray[Any], ...]:
    low, high, code = growth_share.share_range(*_ratios(*changes))
    estimate = np.where(code == growth_share.POINT, low, np.nan)
    return estimate, low, high, verdict_array(code, VERDICTS)


def _percentage_change(name: str, values: FloatArray, where: _validate.Where) -> None:
    _validate.finite(name, values, where)
    bad = values < -100
    if bad.any():
        rule = "a percentage change of at least -100"
        got = _validate.show(float(values[bad][0]))
        remedy = "Nothing can fall by more than all of it."
        raise InputError(_validate.sentence(name, rule, got, where(bad), remedy))


def _notes(inputs: _labels.Inputs) -> tuple[Note, ...]:
    internal, external, total_low, total_high = _ratios(*inputs.flat)
    notes = [
        Note(
            "exact-percentages",
            "The percentages are taken as exact; compatible_counts respects their rounding.",
        )
    ]
    _, _, code = growth_share.share_range(internal, external, total_low, total_high)
    cut = np.isin(code, (growth_share.POINT, growth_share.RANGE)) & (
        (total_low < np.minimum(internal, external)) | (total_high > np.maximum(internal, external))
    )
    if (cut & (total_low < total_high)).any():
        text = (
            "Part of the band of the total lies outside the changes of the two kinds, which is "
            "impossible; the range rests on the part inside."
        )
        notes.append(Note("band-cut", text))
    if inputs.kind == "scalar" and code[0] == growth_share.POINT and total_low[0] == total_high[0]:
        before = growth_share.share_before(internal, external, total_low)
        notes.append(Note("share-before", f"The share before is then {before[0]:.4g}."))
    return tuple(notes)
