"""Survival: the share of lives that last longer than a time, for each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from countylines import _frames, _render, _validate
from countylines._kernels.method import critical_value
from countylines.errors import InputError
from countylines.results import Estimate
from countylines.time_curve import TimeCurve

__all__ = ["Survival"]


@dataclass(frozen=True, eq=False, repr=False)
class Survival(TimeCurve):
    r"""Share of lives that have not ended yet, over time.

    It answers: how probable is it that a life lasts longer than a time, and how long do lives last?

    Parameters
    ----------
    cumulative_hazard : Series or None
        The sum of hazards up to each time (Nelson and Aalen); None where a model has no risk sets.
    intervals : DataFrame or None
        For ``"turnbull"``: where the estimate puts its mass, ``left, right, mass``. Within such an
        interval the data do not say how survival falls.
    params : Series or None
        Parameters of a model, on the scale named by its index.
    covariance : DataFrame or None
        Their covariance, from the observed information.
    log_likelihood, aic, bic : float, Series or None
        Fit of a model.

    See Also
    --------
    TimeCurve : the fields common to all curves.
    countylines.prevalence.survival : how it is made.

    Notes
    -----
    :math:`S(t) = P(T > t)`; with left truncation :math:`S(t) = P(T > t \mid T > t_0)` with
    :math:`t_0` in `start`.

    Examples
    --------
    >>> import pandas as pd
    >>> lines = pd.DataFrame({"days": [20, 30, 55, 80], "ended": [True, True, True, False]})
    >>> lives = cl.prevalence.survival(lines, duration="days", event="ended")
    >>> lives.quantile(0.5).estimate
    np.float64(30.0)

    Half of these made-up lines had ended by day 30.
    """

    cumulative_hazard: Any = None
    intervals: Any = None
    params: Any = None
    covariance: Any = None
    log_likelihood: Any = None
    aic: Any = None
    bic: Any = None

    def mean(self, limit: float | None = None) -> Estimate:
        r"""Mean life, up to a limit if one is given.

        Parameters
        ----------
        limit : float or None, optional
            Lives that last longer count as this long (the restricted mean). None: the mean of all,
            which exists only where the curve comes down to 0, or under a model.

        Returns
        -------
        Estimate
            :math:`E[\min(T, limit) \mid T > t_0]`, with a standard error and normal limits;
            not estimable where watching ends before. Where all lives were as long, or none ended
            by the limit, nothing shows how they differ: then there is no standard error, and the
            limits are the areas under those of the curve.

        Raises
        ------
        InputError
            If the limit is not above `start`.
        """
        if limit is not None:
            limit = _validate.number("limit", limit, low=float(np.max(self.start)), open_low=True)
        words = "mean life" if limit is None else f"mean life up to {_render.number(limit)}"
        return self._collected(
            words,
            lambda curve: curve.mean(limit),
            None,
            True,
            unit=self.time_unit,
            interval_method="normal" if self.intervals is None else None,
        )

    def coefficients(self) -> pd.DataFrame:
        """Parameters of a model with normal limits.

        Returns
        -------
        DataFrame
            One row a parameter (and group): ``estimate, standard_error, low, high, level,
            interval_kind, method, n``.

        Raises
        ------
        InputError
            If the curve is not that of a model.
        """
        if self.params is None:
            raise InputError(
                f"`coefficients` must be asked of a model with parameters, got {self.method!r}."
            )
        frame, values = _frames.long(self.params)
        groups = (
            [self.covariance]
            if not self.by
            else [
                self.covariance.xs(key, level=0)
                for key in dict.fromkeys(self.params.index.droplevel(-1))
            ]
        )
        variance = np.concatenate([np.diag(np.asarray(part, dtype=float)) for part in groups])
        error = np.sqrt(variance)
        spread = critical_value(self.level, "two-sided") * error
        numbers = {"estimate": values, "standard_error": error}
        numbers |= {"low": values - spread, "high": values + spread, "level": self.level}
        n = self.n if not self.by else self.n.reindex(self.params.index.droplevel(-1)).to_numpy()
        return frame.assign(**numbers, interval_kind="confidence", method=self.method, n=n)

    def __repr__(self) -> str:
        if len(self._curves) != 1 or self.by:
            return super().__repr__()
        median = self.quantile(0.5)
        words = f"{_render.number(median.estimate)} ({_render.number(median.low)} to "
        words += f"{_render.number(median.high)}) {self.time_unit}".rstrip()
        return f"<Survival {self.method}: {self.n:,} spells, median {words}>"
