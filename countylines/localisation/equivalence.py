"""Whether two rates are shown to be alike: two one-sided tests."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _labels, _validate
from countylines._kernels import rate_ratio as kernel
from countylines._typing import ArrayLike
from countylines.results import OK, Estimate, Note, TestResult, Verdict, verdict_array

FloatArray = NDArray[np.float64]

VERDICTS = (OK, Verdict(False, "no-data", ("Both counts are 0: there is no ratio of rates.",)))


def equivalence(
    count: ArrayLike,
    exposure: ArrayLike,
    ref_count: ArrayLike,
    ref_exposure: ArrayLike,
    *,
    margin: float,
    level: float = 0.95,
    method: str = "mid-p",
) -> TestResult:
    r"""Test whether two rates differ by less than a margin: two one-sided tests.

    It answers: do the counts show that the rate did not change by more than a factor that matters?
    A large p-value of a test of equality does not; few data give one, too. It says nothing of a
    change that recording hides.

    Parameters
    ----------
    count : array_like, shape (...)
        Events, of the second period say: whole numbers of at least 0.
    exposure : array_like, shape (...)
        What they happened to [people, days or person-years]: finite and above 0.
    ref_count : array_like, shape (...)
        Events of what it is compared with.
    ref_exposure : array_like, shape (...)
        Its exposure, in the same unit.
    margin : float
        Factor above 1 that would matter: 1.25 stands for ratios between 0.8 and 1.25. It is chosen
        before the counts are seen, and on grounds of the matter.
    level : float, default 0.95
        Level of each one-sided test, above one half: both must reject at 1 - level.
    method : str, default "mid-p"
        Method of :func:`countylines.disproportionality.rate_ratio`.

    Returns
    -------
    TestResult
        ``pvalue`` is the larger of the two one-sided p-values; rates are shown to be alike where it
        is below 1 - level. ``effect`` is the rate ratio with its interval of level 2 level - 1,
        which then lies within the margin.

    Raises
    ------
    InputError
        If a count is negative, fractional or missing, an exposure is not above 0, `margin` is not
        above 1, or `level` is not above one half.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    See Also
    --------
    mantel_trend : a trend over more than two periods.

    Notes
    -----
    With the rate ratio :math:`\theta` and margin m, the hypothesis
    :math:`\theta \le 1/m \text{ or } \theta \ge m` is rejected where both of its halves are:

    .. math:: p = \max\{p(\theta \le 1/m),\; p(\theta \ge m)\}.

    Neither half needs a correction, since both must be rejected. That is the same as an interval of
    level 2 level - 1 (90 % for tests at 5 %) within (1/m, m), for every method but ``"minlike"``
    and ``"blaker"``, whose two-sided intervals are not made of one-sided ones: they are refused.

    With both counts 0 the p-value is 1: nothing was seen, and nothing is shown.

    Assumptions that fail in practice: independent events; the same recording in both periods.

    References
    ----------
    .. [1] Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and the power
       approach for assessing the equivalence of average bioavailability. *Journal of
       Pharmacokinetics and Biopharmaceutics* 15, 657-680. https://doi.org/10.1007/BF01068419

    Examples
    --------
    Made-up figures: 410 lines closed in one year and 425 in the next.

    >>> test = cl.localisation.equivalence(425, 365, 410, 365, margin=1.25)
    >>> print(f"{test.pvalue:.4f}; {test.effect.low:.2f} to {test.effect.high:.2f}")
    0.0035; 0.92 to 1.16

    A change by a quarter or more in either direction is excluded; with 41 and 43 lines closed it
    would not be, although the ratio would be the same.
    """
    methods = [name for name in kernel.METHODS if name not in kernel.WHOLE_COUNTS_ONLY]
    method = _validate.option("method", method, methods)
    margin = _validate.number("margin", margin, low=1, open_low=True)
    level = _validate.number("level", level, low=0.5, high=1, open_low=True, open_high=True)
    inputs = _labels.align(
        count=count, exposure=exposure, ref_count=ref_count, ref_exposure=ref_exposure
    )
    chosen, both = kernel.METHODS[method], 2 * level - 1

    def check(*values: Any) -> None:
        count, exposure, ref_count, ref_exposure, where = values
        _validate.counts("count", count, where)
        _validate.exposure("exposure", exposure, where)
        _validate.counts("ref_count", ref_count, where)
        _validate.exposure("ref_exposure", ref_exposure, where)

    def solve(*data: FloatArray) -> tuple[Any, ...]:
        ratio = kernel.estimate(*data)
        low, high = chosen.limits(*data, level=both, alternative="two-sided")
        above = chosen.pvalue(*data, null=1 / margin, alternative="greater")
        below = chosen.pvalue(*data, null=margin, alternative="less")
        verdict = verdict_array(np.isnan(ratio).astype(np.intp), VERDICTS)
        error, n = kernel.standard_error(*data), data[0] + data[2]
        return ratio, error, low, high, verdict, n, np.maximum(above, below)

    out = inputs.apply(
        solve,
        outputs=["estimate", "standard_error", "low", "high", "verdict", "n", "alike"],
        check=check,
        dtypes={"verdict": object, "n": np.int64},
    )
    pvalue = out.pop("alike")
    note = Note(
        "equivalence-interval",
        f"The interval has the level {both:.10g}, that of two one-sided tests at "
        f"{1 - level:.10g} each.",
    )
    effect = Estimate(
        quantity="rate ratio",
        method="rate ratio",
        level=both,
        interval_kind=chosen.interval_kind,
        interval_method=method,
        notes=(note,),
        references=("schuirmann1987",),
        **out,
    )
    return TestResult(
        statistic=effect.estimate,
        pvalue=pvalue,
        alternative="two-sided",
        null_hypothesis=f"The rate ratio is at most {1 / margin:.4g} or at least {margin:.4g}.",
        effect=effect,
        method=f"two one-sided tests; {method}",
        n=effect.n,
        notes=(note,),
        references=("schuirmann1987",),
    )
