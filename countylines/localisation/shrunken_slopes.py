"""Trends of many forces, each drawn towards the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import stdtrit

from countylines import _labels, _validate
from countylines._kernels import heterogeneity, normal_shrinkage
from countylines._typing import ArrayLike
from countylines.errors import InputError, InputTypeError
from countylines.results import Note
from countylines.shrunken import ShrunkenEstimate

FloatArray = NDArray[np.float64]

REFERENCES = ("dersimonian1986", "hartung2001")


def shrunken_slopes(
    slope: ArrayLike, standard_error: ArrayLike, *, level: float = 0.95
) -> ShrunkenEstimate:
    r"""Slopes of many forces, each drawn towards the others, the more the less it is known by.

    It answers: how steep is the trend of each force likely to be, given that forces are somewhat
    alike? The steepest of 43 is mostly one that is badly known. Shrunken slopes are biased on
    purpose, towards the mean, and do not say what made a trend.

    Parameters
    ----------
    slope : array_like, shape (forces,)
        Slope of each force, on a scale without ends such as log odds per year: finite.
    standard_error : array_like, shape (forces,)
        Its standard error: finite and above 0.
    level : float, default 0.95
        Level of each interval, a share in (0, 1).

    Returns
    -------
    ShrunkenEstimate
        ``estimate`` (posterior median), ``low``, ``high`` (credible), ``own``, ``weight`` and
        ``towards``, with the labels of the data; ``to_frame()`` is a table of trends by force, and
        :func:`countylines.plotting.forest` draws it. A note has the mean slope with its interval
        and how far slopes vary.

    Raises
    ------
    InputError
        If a slope is not finite, a standard error not above 0, or there are fewer than 3 forces.
    LabelMismatchError
        If labelled arguments do not have the same labels in the same order.

    See Also
    --------
    mantel_trend : one trend within all forces.
    field_significance : whether there is any trend.
    countylines.disproportionality.false_discovery : which forces have one.

    Notes
    -----
    With slopes :math:`b_i` and standard errors :math:`s_i`,

    .. math:: b_i \mid \beta_i \sim N(\beta_i, s_i^2), \qquad \beta_i \sim N(\mu, \tau^2) .

    :math:`\mu` has a flat prior and the variance one that is uniform in the factor by which a
    typical force is shrunk; both are summed over, so that the intervals allow for their being
    unknown. ``weight`` is :math:`\tau^2 / (\tau^2 + s_i^2)` at the posterior mean of :math:`\tau`.
    The mean in the note is that of random effects with :math:`\tau^2` by restricted maximum
    likelihood and the interval of Hartung and Knapp, never shorter than the plain one.

    Intervals hold on average over forces. One that truly differs from all others is drawn to them
    all the same.

    Assumptions that fail in practice: standard errors known, and slopes near normal (with few
    counts log odds are neither: add up years first); forces exchangeable and independent, whereas
    a change of recording moves all at once.

    References
    ----------
    .. [1] DerSimonian, R. and Laird, N. (1986). Meta-analysis in clinical trials. *Controlled
       Clinical Trials* 7, 177-188. https://doi.org/10.1016/0197-2456(86)90046-2
    .. [2] Hartung, J. and Knapp, G. (2001). On tests of the overall treatment effect in
       meta-analysis with normally distributed responses. *Statistics in Medicine* 20, 1771-1782.
       https://doi.org/10.1002/sim.791

    Examples
    --------
    Log odds per year of a line being internal in five forces, made up:

    >>> import pandas as pd
    >>> slope = pd.Series([0.05, 0.80, 0.22, 0.10, 0.18], index=["A", "B", "C", "D", "E"])
    >>> error = pd.Series([0.06, 0.40, 0.10, 0.05, 0.15], index=slope.index)
    >>> found = cl.localisation.shrunken_slopes(slope, error)
    >>> for force in ("B", "D"):
    ...     print(f"{force} {slope[force]:.2f} {found.estimate[force]:.2f}")
    B 0.80 0.14
    D 0.10 0.11

    Force B's trend looks by far the steepest and is known too badly to say so: in the light of the
    others it is likely to be like theirs.
    """
    level = _validate.level(level)
    given = {"slope": slope, "standard_error": standard_error}
    ready = {k: v.compute() if isinstance(v, xr.DataArray) else v for k, v in given.items()}
    inputs = _labels.align(**ready)
    shape: Any = np.shape(inputs.template)
    if inputs.kind == "scalar" or len(shape) != 1:
        rule = "a series of slopes, one a force"
        raise InputTypeError(_validate.sentence("slope", rule, "a number or a table"))
    y, s = inputs.flat
    _validate.finite("slope", y, inputs.where)
    _validate.exposure("standard_error", s, inputs.where)
    if y.size < 3:
        raise InputError(_validate.sentence("slope", "of at least 3 forces", f"{y.size}"))
    v = s**2
    at = normal_shrinkage.grid(y, v)
    found = normal_shrinkage.shrink(normal_shrinkage.normal(y, v, at), at, y, v, level)
    return ShrunkenEstimate(
        quantity="shrunken slope",
        estimate=inputs.back(found.median),
        standard_error=inputs.back(found.deviation),
        low=inputs.back(found.low),
        high=inputs.back(found.high),
        method="normal",
        level=level,
        interval_kind="credible",
        interval_method="hierarchical",
        notes=(_mean_note(y, v, level),),
        references=REFERENCES,
        own=inputs.given("slope"),
        weight=inputs.back(found.spread**2 / (found.spread**2 + v)),
        towards=found.mean,
    )


def _mean_note(y: FloatArray, v: FloatArray, level: float) -> Note:
    """The mean slope by random effects."""
    rows = y[None], v[None]
    tau2 = heterogeneity.restricted_likelihood(*rows)
    mean, variance = heterogeneity.mean(*rows, tau2)
    factor = heterogeneity.knapp_hartung(*rows, tau2, at_least=1.0)
    reach = float(stdtrit(y.size - 1.0, (1.0 + level) / 2.0) * np.sqrt(factor[0] * variance[0]))
    text = (
        f"The mean slope is {mean[0]:.3g} ({mean[0] - reach:.3g} to {mean[0] + reach:.3g}, Hartung "
        f"and Knapp); slopes vary from force to force with a standard deviation of "
        f"{np.sqrt(tau2[0]):.3g}."
    )
    return Note("mean", text)
