"""Estimates from several imputed data sets made one, by Rubin's rules."""

from __future__ import annotations

import functools
import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _validate
from countylines._kernels import rubin
from countylines._typing import Alternative, ArrayLike
from countylines.combined import CombinedEstimate
from countylines.errors import InputError
from countylines.results import Note

FloatArray = NDArray[np.float64]

SCALES = ("log", "identity")
REFERENCES = ("rubin1987", "barnard1999")


def combine_imputations(
    estimates: ArrayLike,
    standard_errors: ArrayLike,
    *,
    scale: Literal["log", "identity"] = "log",
    complete_df: float | None = None,
    dim: Any = None,
    level: float = 0.95,
    null: float | None = None,
    alternative: Alternative = "two-sided",
) -> CombinedEstimate:
    r"""Combine the estimates of several imputed data sets, with what is missing in the interval.

    It answers: when missing ethnicity has been filled in several times, by draws from a model, what
    is the estimate and how wide is its interval? It takes the imputations as given: if their model
    is wrong (ethnicity missing for a reason that it does not know), so is the result.

    Parameters
    ----------
    estimates : array_like, shape (m,) or (m, ...)
        One estimate an imputation, two at least; above 0 on the log scale. With more than one
        dimension each other place is combined by itself.
    standard_errors : array_like, shape (m,) or (m, ...)
        Their standard errors, in the unit of `estimates`, as ``.standard_error`` of an
        :class:`~countylines.Estimate` has them.
    scale : {"log", "identity"}, default "log"
        Scale on which they are combined: ``"log"`` for ratios, ``"identity"`` for differences and
        for estimates that are logs already.
    complete_df : float or None, optional
        Degrees of freedom that the estimate would have with nothing missing; None for a large
        sample.
    dim : str, int or None, optional
        Dimension of the imputations: a name for a DataArray and an axis number otherwise; the index
        of a DataFrame, and the only dimension, need not be named.
    level : float, default 0.95
        Confidence level, a share in (0, 1).
    null : float or None, optional
        Value under test, in the unit of `estimates`; None for 1 on the log scale and 0 otherwise.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        Side of the interval and of the test.

    Returns
    -------
    CombinedEstimate
        ``estimate``, ``low``, ``high`` in the unit of `estimates`; ``df``, ``within``, ``between``,
        ``relative_increase`` and ``missing_information`` on the scale of combination.

    Raises
    ------
    InputError
        If there are fewer than two imputations, a value is not finite, a standard error is
        negative, all of them are 0 (and `complete_df` is given or the estimates are all the same),
        or an estimate is not above 0 on the log scale.

    See Also
    --------
    impute_counts : imputations of counts.
    missing_bounds : what is left without a model of the missing.

    Notes
    -----
    With estimates :math:`Q_i` and variances :math:`U_i` of m imputations, :math:`\bar U` the mean
    variance and B the variance of the :math:`Q_i`,

    .. math:: T = \bar U + (1 + 1/m) B, \qquad \lambda = (1 + 1/m) B / T, \qquad
              \nu = (m - 1) / \lambda^2,

    and with complete-data degrees of freedom :math:`\nu_0` those of Barnard and Rubin [2]_, who
    combine :math:`\nu` with
    :math:`\nu_{obs} = \frac{\nu_0 + 1}{\nu_0 + 3} \nu_0 (1 - \lambda)` as
    :math:`1 / (1/\nu + 1/\nu_{obs})`. Limits are
    :math:`\bar Q \pm t_\nu \sqrt T`. The fraction of missing information is
    :math:`(r + 2 / (\nu + 3)) / (r + 1)` with :math:`r = (1 + 1/m) B / \bar U`. On the log scale
    standard errors are divided by their estimates first.

    It is a large-sample method. With few people in the group the estimates are skewed, and with
    none of them in one imputation the log scale has no value: the error says so. As many
    imputations as the percentage of missing information make the result repeatable [3]_.

    References
    ----------
    .. [1] Rubin, D. B. (1987). *Multiple Imputation for Nonresponse in Surveys*. Wiley.
       https://doi.org/10.1002/9780470316696
    .. [2] Barnard, J. and Rubin, D. B. (1999). Small-sample degrees of freedom with multiple
       imputation. *Biometrika* 86, 948-955. https://doi.org/10.1093/biomet/86.4.948
    .. [3] White, I. R., Royston, P. and Wood, A. M. (2011). Multiple imputation using chained
       equations: issues and guidance for practice. *Statistics in Medicine* 30, 377-399.
       https://doi.org/10.1002/sim.4067

    Examples
    --------
    MADE-UP counts by region: of the group, of known group, and of unknown group.

    >>> import pandas as pd
    >>> regions = ["North", "South"]
    >>> filled = cl.disproportionality.impute_counts(
    ...     pd.Series([12, 60], index=regions),
    ...     pd.Series([90, 200], index=regions),
    ...     pd.Series([5, 80], index=regions),
    ...     imputations=50,
    ...     rng=1,
    ... )
    >>> ratio = cl.disproportionality.representation_ratio(filled.sum(axis=1), 375, 0.1)
    >>> both = cl.disproportionality.combine_imputations(ratio.estimate, ratio.standard_error)
    >>> print(f"{both.estimate:.1f} ({both.low:.1f} to {both.high:.1f})")
    2.6 (2.1 to 3.1)
    >>> print(f"{both.missing_information:.0%} of the information is missing")
    21% of the information is missing

    If ethnicity is missing at random within regions the ratio is 2.6. The 72 of 290 known people
    alone would give 2.5, because it is missing where the group is larger.
    """
    scale = _validate.option("scale", scale, SCALES)  # type: ignore[assignment]
    level = _validate.level(level)
    _validate.alternative(alternative)
    log = scale == "log"
    if complete_df is not None:
        complete_df = _validate.number("complete_df", complete_df, low=0.0, open_low=True)
    if null is None:
        null = 1.0 if log else 0.0
    null = _validate.number("null", null, low=0.0 if log else -math.inf, open_low=log)
    inputs = _labels.align(estimates=estimates, standard_errors=standard_errors)

    def check(estimates: FloatArray, errors: FloatArray, where: _validate.Where) -> None:
        _validate.finite("estimates", estimates, where)
        _validate.exposure("standard_errors", errors, where, zero=True)
        bad = estimates <= 0
        if log and bad.any():
            raise InputError(
                _validate.sentence(
                    "estimates",
                    "above 0 on the log scale",
                    _validate.show(float(estimates[bad][0])),
                    where(bad),
                    "With nobody of the group in an imputation use scale='identity'.",
                )
            )

    def solve(estimates: FloatArray, errors: FloatArray) -> tuple[Any, ...]:
        if estimates.shape[1] < 2:
            rule = "of two imputations at least"
            raise InputError(_validate.sentence("estimates", rule, str(estimates.shape[1])))
        if log:
            estimates, errors = np.log(estimates), errors / estimates
        found = rubin.combine(
            estimates, errors**2, math.inf if complete_df is None else complete_df
        )
        if ((found.total if complete_df is None else found.within) <= 0.0).any():
            rule, remedy = "above 0 in some imputation", ""
            if (found.total > 0.0).all():
                rule += " where `complete_df` is given"
                remedy = "Without sampling error there are no degrees of freedom: leave it out."
            raise InputError(_validate.sentence("standard_errors", rule, "0 in all", remedy=remedy))
        tested = np.full(found.estimate.shape, math.log(null) if log else null)
        p = rubin.pvalue(found, tested, alternative)
        ends = rubin.limits(found, level, alternative)
        error = np.sqrt(found.total)
        point = found.estimate
        if log:
            with np.errstate(over="ignore"):
                point, ends = np.exp(point), (np.exp(ends[0]), np.exp(ends[1]))
            error = error * point
        rest = found.within, found.between, found.df, found.relative_increase
        return (point, error, *ends, p, *rest, found.missing_information)

    out = inputs.reduce(
        solve,
        dim=dim,
        outputs=[
            "estimate",
            "standard_error",
            "low",
            "high",
            "pvalue",
            "within",
            "between",
            "df",
            "relative_increase",
            "missing_information",
        ],
        check=check,
    )
    m = _number_of(inputs, dim)
    kept: dict[str, Any] = {"estimates": estimates, "standard_errors": standard_errors}
    return CombinedEstimate(
        quantity="combined ratio" if log else "combined estimate",
        method="Rubin's rules",
        level=level,
        interval_method="Barnard-Rubin t" if complete_df is not None else "Rubin t",
        null=null,
        alternative=alternative,
        notes=_notes(out, m, is_lazy=inputs.is_lazy),
        references=(*REFERENCES, "white2011"),
        imputations=m,
        _recompute=functools.partial(
            combine_imputations, **kept, scale=scale, complete_df=complete_df, dim=dim, level=level
        ),
        **out,
    )


def _number_of(inputs: _labels.Inputs, dim: Any) -> int:
    shape: tuple[int, ...] = np.shape(inputs.template)
    return int(shape[inputs.axis(dim)])


def _notes(out: dict[str, Any], m: int, *, is_lazy: bool) -> tuple[Note, ...]:
    text = "The result is as good as the model of the imputations, which it cannot check."
    notes = [Note("imputation-model", text)]
    if not is_lazy:
        most = float(np.max(np.asarray(out["missing_information"])))
        if m < 100.0 * most:
            notes.append(
                Note(
                    "few-imputations",
                    f"{m} imputations for {100 * most:.0f} % of missing information: another set "
                    "would give another answer. Use as many as the percentage.",
                )
            )
    return tuple(notes)
