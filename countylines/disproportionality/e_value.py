"""How strong unmeasured confounding of individuals would have to be to explain a ratio."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _validate
from countylines._typing import ArrayLike
from countylines.disproportionality._two_groups import NOT_A_CAUSE
from countylines.errors import InputError
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]

ACCEPTED = ("risk ratio", "rate ratio", "odds ratio")
VERDICTS = (OK, Verdict(False, "no-data", ("There is no ratio, so there is no E-value.",)))
INDIVIDUALS = Note(
    "individuals",
    "An E-value speaks of one unmeasured characteristic of individuals. It says nothing of the "
    "wrong benchmark, missing ethnicity, recording or selection.",
)


def e_value(ratio: ArrayLike | Estimate, *, null: ArrayLike = 1.0, rare: bool | None = None) -> Any:
    r"""E-value of a risk or rate ratio: the confounding that could explain it away.

    It answers: how strongly would an unmeasured characteristic of individuals have to go with both
    group and outcome for the ratio to be no more than that? It is **only for confounding at the
    level of individuals**, in data where each person's group and outcome are known. A
    representation ratio compares a record with a population in which the same people are counted
    again; what is wrong with it, if anything, is the benchmark, and no E-value speaks of that.
    Such ratios are refused.

    Parameters
    ----------
    ratio : array_like or Estimate
        Risk ratio or rate ratio, at least 0, as numbers or as the result of ``risk_ratio``,
        ``rate_ratio`` or ``odds_ratio``, whose limits are then converted, too.
    null : array_like, default 1.0
        Ratio that would be left, above 0.
    rare : bool or None, optional
        For an odds ratio, which must say it: True if the outcome is rare in both groups (below
        15 %), so that it stands for the risk ratio; False if not, when its square root does.

    Returns
    -------
    Estimate
        ``estimate`` is the E-value [pure number, at least 1] of the ratio; ``low`` is that of the
        limit nearer to `null`, 1 where the interval holds `null`, and ``high`` that of the other
        limit. They are nan for plain numbers, which have no limits.

    Raises
    ------
    InputError
        If the ratio is negative, is a representation ratio or another quantity, or is an odds ratio
        and `rare` is not given.

    See Also
    --------
    benchmark_tipping_point : what to use for a representation ratio.
    missing_tipping_point : the same for missing ethnicity.

    Notes
    -----
    With :math:`RR = \text{ratio} / \text{null}`, turned over where it is below 1,

    .. math:: E = RR + \sqrt{RR\,(RR - 1)}.

    A characteristic that is E times as common in one group and multiplies the risk by E could
    explain the ratio, and a weaker one could not. At a ratio of 0 or infinity E is infinite; the
    E-value of the limit is not. Ethnicity is not assigned, so what counts as confounding is itself
    a choice: place and age may be part of what is to be explained.

    References
    ----------
    .. [1] VanderWeele, T. J. and Ding, P. (2017). Sensitivity analysis in observational research:
       introducing the E-value. *Annals of Internal Medicine* 167, 268-274.
       https://doi.org/10.7326/M16-2607

    Examples
    --------
    MADE-UP counts: 56 of 70 people of one group and 48 of 80 of another were charged.

    >>> ratio = cl.disproportionality.risk_ratio(56, 70, 48, 80)
    >>> value = cl.disproportionality.e_value(ratio)
    >>> print(f"{value.estimate:.2f}, at the limit {value.low:.2f}")
    2.00, at the limit 1.37

    A characteristic that doubles the risk and is twice as common in the first group could explain
    the ratio; one of strength 1.4 would make it compatible with no difference.
    """
    given = ratio if isinstance(ratio, Estimate) else None
    root = False
    if given is not None:
        if given.quantity not in ACCEPTED:
            raise InputError(
                _validate.sentence(
                    "ratio",
                    "a risk, rate or odds ratio of individuals",
                    f"a {given.quantity}",
                    remedy="For a representation ratio use benchmark_tipping_point.",
                )
            )
        if given.quantity == "odds ratio":
            if rare is None:
                raise InputError(
                    _validate.sentence(
                        "rare",
                        "given for an odds ratio",
                        "None",
                        remedy="Use rare=True below 15 %.",
                    )
                )
            root = not _validate.flag("rare", rare)
    if rare is not None and (given is None or given.quantity != "odds ratio"):
        raise InputError(
            _validate.sentence("rare", "None but for an odds ratio", _validate.show(rare))
        )
    parts = {"ratio": ratio if given is None else given.estimate, "null": null}
    if given is not None:
        parts |= {"low": given.low, "high": given.high}
    inputs = _labels.align(**parts)

    def check(*values: Any) -> None:
        ratios, null, where = values[0], values[1], values[-1]
        _validate.exposure("null", null, where)
        known = np.where(np.isnan(ratios) | (ratios == np.inf), 1.0, ratios)
        if given is None:
            known = np.where(ratios == np.inf, 1.0, ratios)
        _validate.exposure("ratio", known, where, zero=True)

    def solve(ratios: FloatArray, null: FloatArray, *ends: FloatArray) -> tuple[Any, ...]:
        def over(values: FloatArray) -> FloatArray:
            return (np.sqrt(values) if root else values) / null

        point = _e(over(ratios))
        low = high = np.full(point.shape, np.nan)
        if ends:
            lower, upper = over(ends[0]), over(ends[1])
            nearer = np.where(lower > 1.0, lower, np.where(upper < 1.0, upper, 1.0))
            low, high = _e(nearer), np.fmax(_e(lower), _e(upper))
        return point, low, high, verdict_array(np.isnan(point).astype(np.intp), VERDICTS)

    out = inputs.apply(
        solve,
        outputs=["estimate", "low", "high", "verdict"],
        check=check,
        dtypes={"verdict": object},
    )
    notes = [NOT_A_CAUSE, INDIVIDUALS]
    if root:
        text = (
            "The outcome is not rare: the square root of the odds ratio stands for the risk ratio."
        )
        notes.append(Note("square-root", text))
    return Estimate(
        quantity="E-value",
        method="VanderWeele-Ding",
        level=None if given is None else given.level,
        interval_kind="confidence" if given is None else given.interval_kind,
        interval_method="" if given is None else given.interval_method,
        n=None if given is None else given.n,
        notes=tuple(notes),
        references=("vanderweele2017",),
        **out,
    )


def _e(ratio: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        away = np.where(ratio < 1.0, 1.0 / ratio, ratio)
        value = away + np.sqrt(away * (away - 1.0))
    return np.where(np.isinf(away), np.inf, value)
