"""The stock that openings which change over time, and lives, imply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _labels, _validate
from countylines._kernels import expected_stock as kernel
from countylines._typing import ArrayLike
from countylines.errors import InputError

FloatArray = NDArray[np.float64]
SurvivalLike: TypeAlias = "Callable[[FloatArray], Any] | ArrayLike"


def expected_stock(
    openings: ArrayLike,
    survival: SurvivalLike,
    *,
    step: float = 1.0,
    initial_stock: float = 0.0,
    initial_survival: SurvivalLike | None = None,
) -> pd.DataFrame:
    r"""Stock at the end of each period, where openings change from period to period.

    It answers: with so many openings in each period and lives of such lengths, how many are active
    at the end of each, and how many different ones during it? A fall in openings lowers the stock
    late and slowly; in between no steady state holds, and `steady_state_stock` and `convert_window`
    mislead.

    Parameters
    ----------
    openings : array_like, shape (n,)
        Openings in each of `n` periods that follow each other, of at least 0; a Series keeps its
        index.
    survival : callable or array_like, shape (n + 1,)
        Share of lines still active at each age: a function of an array of ages, or the values at
        ages 0, `step`, ..., `n` times `step`, taken as straight in between. It starts at 1 and does
        not rise.
    step : float, default 1.0
        Length of a period, in the unit of age.
    initial_stock : float, default 0.0
        Lines already active when the first period begins.
    initial_survival : callable or array_like, shape (n + 1,), optional
        As `survival`, for the time that the initial stock has left; must be given with it.

    Returns
    -------
    DataFrame
        One row a period: ``openings``, ``closures`` expected within it, ``stock_end``,
        ``stock_end_sd`` (standard deviation of the stock given the openings) and ``distinct``
        (active at some time in the period) [lines].

    Raises
    ------
    InputError
        If openings are negative or not finite, or a survival is not one.

    See Also
    --------
    steady_state_stock : openings at a constant rate.
    survival : the survival of lives, from records.
    stock_flow_audit : the same identity, in records.

    Notes
    -----
    With :math:`n_j` openings spread evenly over period :math:`j` of length :math:`h`,

    .. math:: E[S_k] = \sum_{j \le k} n_j \, w_{k-j}, \qquad
              w_m = \frac1h \int_{mh}^{(m+1)h} S(u)\, du,

    the sum over all periods up to :math:`k` [1]_. Given the openings each line is open or not
    independently of the others, so that the variance is
    :math:`\sum_j n_j w_{k-j} (1 - w_{k-j})`. The integral is computed to a relative 1e-10.

    What was open before the first period is not there unless `initial_stock` says so. Its time left
    is not a fresh life: in a steady state before, its survival is :math:`\int_u^\infty S(v)\,dv \,/
    \int_0^\infty S(v)\,dv`. Assumptions that fail in practice: one distribution of lives for all
    openings, and openings that are dated when they are found.

    References
    ----------
    .. [1] Keiding, N. (1991). Age-specific incidence and prevalence: a statistical perspective.
       *Journal of the Royal Statistical Society A* 154, 371-412. https://doi.org/10.2307/2983150

    Examples
    --------
    Made-up openings of 100 a month for a year, then of 50, with exponential lives of 2.4 months:

    >>> import numpy as np
    >>> openings = [100] * 12 + [50] * 3
    >>> stock = cl.prevalence.expected_stock(openings, lambda age: np.exp(-age / 2.4))
    >>> stock["stock_end"].round(0).astype(int).tolist()[-4:]
    [238, 198, 171, 154]

    Openings halve at once; three months later the stock has fallen by a third, on its way to 120.
    """
    inputs = _labels.align(openings=openings)
    if inputs.is_lazy or inputs.kind not in ("array", "series") or np.ndim(inputs.template) != 1:
        raise InputError(
            _validate.sentence("openings", "an array or a Series of one dimension", _kind(inputs))
        )
    (counts,) = inputs.flat
    _validate.exposure("openings", counts, inputs.where, zero=True)
    step = _validate.number("step", step, low=0, open_low=True)
    initial = _validate.number("initial_stock", initial_stock, low=0)
    if (initial_survival is None) != (initial == 0):
        got = "None" if initial_survival is None else "one without a stock"
        rule = "given with an `initial_stock` above 0, and with no other"
        raise InputError(_validate.sentence("initial_survival", rule, got))
    n = counts.size
    mean, variance = kernel.stock(counts, _share_open("survival", survival, n, step))
    if initial_survival is not None:
        left = _at_ends("initial_survival", initial_survival, n, step)[1:]
        mean, variance = mean + initial * left, variance + initial * left * (1.0 - left)
    start = np.concatenate([[initial], mean[:-1]])
    index = inputs.template.index if inputs.kind == "series" else pd.RangeIndex(n, name="period")
    return pd.DataFrame(
        {
            "openings": counts,
            "closures": np.maximum(start + counts - mean, 0.0),
            "stock_end": mean,
            "stock_end_sd": np.sqrt(np.maximum(variance, 0.0)),
            "distinct": start + counts,
        },
        index=index,
    )


def _kind(inputs: _labels.Inputs) -> str:
    return f"a {inputs.kind} of {np.ndim(inputs.template)} dimensions"


def _share_open(name: str, survival: SurvivalLike, n: int, step: float) -> FloatArray:
    values = _at_ends(name, survival, n, step)
    if not callable(survival):
        return kernel.tabled_mean_survival(values)
    return kernel.mean_survival(lambda ages: np.asarray(survival(ages), dtype=np.float64), n, step)


def _at_ends(name: str, survival: SurvivalLike, n: int, step: float) -> FloatArray:
    """Survival at 0 and at the end of each period, checked."""
    ages = np.arange(n + 1, dtype=np.float64) * step
    given = survival(ages) if callable(survival) else survival
    (values,) = _labels.align(**{name: given}).flat
    if values.size != n + 1:
        raise InputError(
            _validate.sentence(name, f"of length {n + 1}, one more than openings", values.size)
        )
    _validate.share(name, values, open_low=False, open_high=False)
    if values[0] != 1 or (np.diff(values) > 0).any():
        got = "one that starts at " + _validate.show(float(values[0]))
        got = got if values[0] != 1 else "one that rises"
        raise InputError(_validate.sentence(name, "a survival: 1 at age 0, never rising", got))
    return values
