"""Does a series rise or fall beyond what a covariate's trend explains? Partial Mann-Kendall."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _validate
from countylines._kernels import mann_kendall, partial_kendall
from countylines._typing import Alternative, ArrayLike
from countylines.errors import DegenerateDataWarning, InputError, warn
from countylines.localisation import _series
from countylines.results import Note, TestResult

FloatArray = NDArray[np.float64]

METHODS = ("auto", "exact", "normal")
EXACT_TO = 8
REFERENCES = ("libiseller2002", "dietz1981")
OUTPUTS = ["partial", "pvalue", "score", "covariate_score", "correlation", "variance", "n"]
DTYPES = {"n": np.int64}


def partial_mann_kendall(
    x: ArrayLike,
    covariate: ArrayLike,
    *,
    dim: Any = None,
    method: str = "auto",
    alternative: Alternative = "two-sided",
) -> TestResult:
    r"""Test whether a series rises or falls beyond what the trend of a covariate explains.

    It answers: do recorded lines rise more than the effort put into finding them does? The
    covariate is taken as a cause or a companion of the series, measured without error. It does not
    adjust the level of the series, and a covariate that lines themselves drive (arrests, say) takes
    away a trend that is real.

    Parameters
    ----------
    x : array_like
        The series, in the order of time: a Series, an array, the columns of a DataFrame, or a
        DataArray. nan is a missing value.
    covariate : array_like
        As `x`, or one that broadcasts against it: effort, staff, operations, recording. Periods in
        which either value is missing are left out, the order of the others kept.
    dim : str, int or None, optional
        The dimension of time: a name for a DataArray, an axis number otherwise. A DataFrame is
        reduced over its index.
    method : {"auto", "exact", "normal"}, default "auto"
        Distribution of the partial score. Exact: all orders of the periods, series and covariate
        kept together, up to 9 periods. ``"auto"``: exact up to 8 periods, else normal.
    alternative : {"two-sided", "less", "greater"}, default "two-sided"
        ``"greater"`` asks whether the series rises.

    Returns
    -------
    TestResult
        ``statistic`` is the partial score. ``table``: the scores of series and covariate, the
        correlation of the two scores, the variance of the partial score, and n, for every series
        (None for arrays that wait for dask). There is no effect size: the score has no units.

    Raises
    ------
    InputError
        If a value is infinite, or every order is asked for of too many periods.
    LabelMismatchError
        If `covariate` does not have the labels of `x`.

    Warns
    -----
    DegenerateDataWarning
        If the covariate leaves nothing of the series (in the same order, or the exact opposite), so
        that there is no p-value, or there are fewer than three periods.

    See Also
    --------
    mann_kendall : without a covariate.
    tipping_point : how much better detection explains all of a change.

    Notes
    -----
    With scores :math:`S_x, S_c` and :math:`\sigma` as in :func:`seasonal_mann_kendall`,

    .. math:: S_{x \mid c} = S_x - \frac{\sigma_{xc}}{\sigma_{cc}} S_c, \qquad
              \operatorname{var} S_{x \mid c} = \sigma_{xx} - \frac{\sigma_{xc}^2}{\sigma_{cc}}.

    Variances and covariance are corrected for ties, so that a covariate equal to the series leaves
    exactly nothing; it is then said that there is no answer, where a formula without ties finds
    one. Without ties it is the test of Libiseller and Grimvall [1]_. A constant covariate changes
    nothing. The two-sided p-value is twice the smaller side, at most 1.

    What fails in practice: effort measured with error takes away part of its own effect only, so
    that what is left may still be effort; and periods that resemble their neighbours.

    References
    ----------
    .. [1] Libiseller, C. and Grimvall, A. (2002). Performance of partial Mann-Kendall tests for
       trend detection in the presence of covariates. *Environmetrics* 13, 71-84.
       https://doi.org/10.1002/env.507
    .. [2] Dietz, E. J. and Killeen, T. J. (1981). A nonparametric multivariate test for monotone
       trend with pharmaceutical applications. *Journal of the American Statistical Association* 76,
       169-174. https://doi.org/10.1080/01621459.1981.10477624

    Examples
    --------
    *Made-up* lines recorded in eight half-years, and the staff who looked for them:

    >>> lines = [31, 38, 35, 44, 52, 49, 58, 66]
    >>> staff = [10, 12, 13, 14, 18, 16, 20, 19]
    >>> print(f"p = {cl.localisation.mann_kendall(lines).pvalue:.4f}")
    p = 0.0017
    >>> given_staff = cl.localisation.partial_mann_kendall(lines, staff)
    >>> print(f"p = {given_staff.pvalue:.2f}")
    p = 0.50

    Lines rise beyond doubt, and by no more than the number of those who look for them.
    """
    method = _validate.option("method", method, METHODS)
    _validate.alternative(alternative)
    inputs = _labels.align(x=x, covariate=covariate)
    kernel = functools.partial(_kernel, method=method, alternative=alternative)
    out = inputs.reduce(kernel, dim=dim, outputs=OUTPUTS, check=_check, dtypes=DTYPES)
    lazy = inputs.is_lazy
    notes = [] if lazy else _notes(inputs, out)
    return TestResult(
        statistic=out["partial"],
        pvalue=out["pvalue"],
        alternative=alternative,
        null_hypothesis="Given the covariate, all orders of the periods are equally likely.",
        method=f"partial mann-kendall, {method}",
        table=None if lazy else _series.table(out, tuple(OUTPUTS[2:])),
        n=out["n"],
        notes=tuple(notes),
        references=REFERENCES,
    )


def _check(x: FloatArray, covariate: FloatArray, where: Any) -> None:
    for name, values in (("x", x), ("covariate", covariate)):
        _validate.finite(name, np.where(np.isnan(values), 0.0, values), where)


def _kernel(
    x: FloatArray, covariate: FloatArray, *, method: str, alternative: str
) -> tuple[NDArray[Any], ...]:
    found = partial_kendall.partial(x, covariate)
    most = int(found.present.max(initial=0))
    if method == "exact" and most > partial_kendall.MOST:
        raise InputError(
            _validate.sentence(
                "method",
                f"'normal' for more than {partial_kendall.MOST} periods",
                f"'exact' with {most}",
            )
        )
    able = (found.variance > 0) & (found.present > 2)
    # the partial score does not move in steps of two: no correction
    upper = mann_kendall.normal_tail(found.partial + 1.0, found.variance)
    lower = mann_kendall.normal_tail(-found.partial + 1.0, found.variance)
    if method != "normal":
        few = found.present <= (EXACT_TO if method == "auto" else partial_kendall.MOST)
        for i in np.flatnonzero(able & few):
            both = ~np.isnan(x[i]) & ~np.isnan(covariate[i])
            upper[i], lower[i] = partial_kendall.exact_tails(
                x[i, both], covariate[i, both], float(found.slope[i])
            )
    p = np.where(able, mann_kendall.combine(upper, lower, alternative), np.nan)
    score = np.where(able, found.partial, np.nan)
    return (
        score,
        p,
        found.score,
        found.other,
        found.correlation,
        found.variance,
        found.present,
    )


def _notes(inputs: _labels.Inputs, out: dict[str, Any]) -> list[Note]:
    notes = []
    missing = int((np.isnan(inputs.flat[0]) | np.isnan(inputs.flat[1])).sum())
    if missing:
        text = f"{missing} of {inputs.flat[0].size} periods lack a value and are left out."
        notes.append(Note("missing-values", text))
    refused = np.isnan(np.asarray(out["pvalue"]))
    short = np.asarray(out["n"]) < 3
    for mask, code, text in (
        (short, "too-few-values", "fewer than three periods with both values: there is no p-value"),
        (
            refused & ~short,
            "not-estimable",
            "nothing that the covariate leaves of the series: it is constant, or in the order of "
            "the covariate, so that there is no p-value",
        ),
    ):
        if mask.any():
            whole = "The data have" if mask.size == 1 else f"{int(mask.sum())} of {mask.size} have"
            notes.append(Note(code, f"{whole} {text}."))
            warn(f"{whole} {text}.", DegenerateDataWarning)
    return notes
