"""Posterior distributions of a partly hidden population: draws or exact probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from countylines import _frames, _labels, _validate
from countylines._kernels import discrete_quantile, mcmc_diagnostics, modes
from countylines._kernels.method import tail_area
from countylines._typing import Alternative, ArrayLike
from countylines.errors import ConvergenceWarning, InputError, InputTypeError, missing_extra, warn
from countylines.results import OK, Estimate, Note, PopulationEstimate, Verdict

__all__ = ["Posterior"]

FloatArray = NDArray[np.float64]

DOUBTFUL_RHAT = 1.01
DISAGREEING_RHAT = 1.05
FEW_EFFECTIVE = 400
CUT_OFF = 1e-2  # of the highest probability, at the last value
SUM_TO_ONE = 1e-6
DIAGNOSTICS = ("r_hat", "ess_bulk", "ess_tail", "chains", "draws")


class _Summary(NamedTuple):
    """One posterior in numbers."""

    estimate: float
    low: float
    high: float
    standard_error: float
    modes: pd.DataFrame
    diagnostics: dict[str, float]
    verdict: Verdict


@dataclass(frozen=True, eq=False, repr=False)
class Posterior(PopulationEstimate):
    """What is believed of a population's size after the data: draws, or exact probabilities.

    It answers: given the model and its prior, how probable is each total? It says nothing of how
    the answer would change with another prior; run several.

    Parameters
    ----------
    modes : DataFrame
        One row a mode: ``mode``, its ``mass``, and the interval ``low`` to ``high`` within it;
        label columns first where there are several posteriors.
    pmf : Series or None
        Exact probabilities by total.
    diagnostics : Series, DataFrame or None
        ``r_hat``, ``ess_bulk``, ``ess_tail``, ``chains``, ``draws``; one row a posterior where
        there are several; None with exact probabilities.

    See Also
    --------
    PopulationEstimate : the fields common to all population sizes.
    Posterior.from_draws : from the chains of a sampler.
    Posterior.from_pmf : from exact probabilities.

    Notes
    -----
    The estimate is the posterior median, the interval runs between equal tails, and both are values
    of the distribution itself. An interval is refused where chains disagree: with a rank-normalised
    split R-hat [1]_ above 1.05 the estimate and its limits are nan, with the verdict
    ``"chains-disagree"``; above 1.01 there is a warning. Where the distribution has several modes,
    a single interval covers places that are hardly probable between them: the modes come first in
    the text, each with its own interval.

    References
    ----------
    .. [1] Vehtari, A., Gelman, A., Simpson, D., Carpenter, B. and Bürkner, P.-C. (2021).
       Rank-normalization, folding, and localization: an improved R-hat for assessing convergence
       of MCMC. *Bayesian Analysis* 16, 667-718. https://doi.org/10.1214/20-BA1221

    Examples
    --------
    >>> posterior = cl.Posterior.from_pmf([8, 9, 10], [0.25, 0.5, 0.25], n_observed=8)
    >>> posterior
    <Posterior population size: 9 (8 to 10, 95 % credible interval)>

    Eight were seen; that there are nine in all is as probable as any other total together.
    """

    modes: Any = None
    pmf: Any = None
    diagnostics: Any = None

    @classmethod
    def from_draws(
        cls,
        draws: ArrayLike,
        *,
        n_observed: ArrayLike,
        level: float = 0.95,
        alternative: Alternative = "two-sided",
        method: str = "posterior draws",
        model: str = "",
        unit: str = "",
        notes: tuple[Note, ...] = (),
        references: tuple[str, ...] = (),
    ) -> Posterior:
        """Posterior from the draws of one or more chains.

        It answers what a sampler says of the total, and whether its chains agree well enough to
        say it.

        Parameters
        ----------
        draws : array_like, shape (..., chain, draw)
            Totals, seen and hidden together; a DataArray has dimensions ``"chain"`` and
            ``"draw"``. They may be infinite, not nan. At least 10 a chain.
        n_observed : array_like, shape (...)
            How many were seen; no draw is below it.
        level : float, default 0.95
            Posterior probability of the interval, a share in (0, 1).
        alternative : {"two-sided", "less", "greater"}, default "two-sided"
            ``"greater"`` gives ``[low, inf]``, ``"less"`` ``[n_observed, high]``.
        method, model, unit : str
            In words; see :class:`countylines.PopulationEstimate`.
        notes : tuple of Note
            Facts to put before those found here.
        references : tuple of str
            Keys of the package's bibliography.

        Returns
        -------
        Posterior
            With one value for each element of the axes before chain and draw.

        Raises
        ------
        InputError
            If a draw is nan or below `n_observed`, or there are fewer than 10 a chain.
        LabelMismatchError
            If `n_observed` does not carry the labels of `draws`.

        Warns
        -----
        ConvergenceWarning
            If R-hat is above 1.01, or draws are worth fewer than 400 independent ones.

        See Also
        --------
        from_pmf : from exact probabilities.

        Notes
        -----
        With a single chain R-hat compares its halves: it cannot see places that the chain never
        went to, and a note says so.

        Examples
        --------
        >>> rng = np.random.default_rng(1)
        >>> draws = 120 + rng.negative_binomial(5, 0.05, size=(4, 500))
        >>> posterior = cl.Posterior.from_draws(draws, n_observed=120)
        >>> len(posterior.modes)
        1

        The four chains agree, and there is one hill: a single interval says it all.
        """
        level = _validate.level(level)
        _validate.alternative(alternative)
        array, leading = _chains_last(draws)
        inputs = _labels.align(draws=leading, n_observed=n_observed)
        totals, observed = _checked(array, inputs)
        summaries = [
            _summarise_draws(t, n, level, alternative)
            for t, n in zip(totals, observed, strict=True)
        ]
        found = _draw_notes(totals, summaries)
        return cls._assemble(
            inputs,
            summaries,
            observed=observed,
            level=level,
            alternative=alternative,
            method=method,
            model=model,
            unit=unit,
            notes=(*notes, *found),
            references=(*references, "vehtari2021"),
            draws=array,
        )

    @classmethod
    def from_pmf(
        cls,
        values: ArrayLike,
        probabilities: ArrayLike,
        *,
        n_observed: int,
        level: float = 0.95,
        alternative: Alternative = "two-sided",
        method: str = "exact posterior",
        model: str = "",
        unit: str = "",
        notes: tuple[Note, ...] = (),
        references: tuple[str, ...] = (),
    ) -> Posterior:
        """Posterior from exact probabilities of totals.

        It answers the same as draws would, without their noise: no diagnostics are needed.

        Parameters
        ----------
        values : array_like, shape (k,)
            Totals in strictly ascending order, none below `n_observed`.
        probabilities : array_like, shape (k,)
            Probability of each total; their sum is 1.
        n_observed : int
            How many were seen.
        level : float, default 0.95
            Posterior probability of the interval, a share in (0, 1).
        alternative : {"two-sided", "less", "greater"}, default "two-sided"
            ``"greater"`` gives ``[low, inf]``, ``"less"`` ``[n_observed, high]``.
        method, model, unit : str
            In words; see :class:`countylines.PopulationEstimate`.
        notes : tuple of Note
            Facts to put before those found here.
        references : tuple of str
            Keys of the package's bibliography.

        Returns
        -------
        Posterior

        Raises
        ------
        InputError
            If totals are not ascending whole numbers of at least `n_observed`, or probabilities
            are negative or do not sum to 1.

        See Also
        --------
        from_draws : from the chains of a sampler.

        Notes
        -----
        The interval leaves at most half of ``1 - level`` outside on either side. Where the last
        total still has a sizeable probability, a note says that the list was cut off there.

        Examples
        --------
        >>> posterior = cl.Posterior.from_pmf([5, 6, 7, 8], [0.5, 0.1, 0.1, 0.3], n_observed=5)
        >>> posterior.modes[["mode", "mass"]].values.tolist()
        [[5.0, 0.6], [8.0, 0.4]]

        Either none or three are hidden; one or two would surprise.
        """
        level = _validate.level(level)
        _validate.alternative(alternative)
        seen = _validate.whole_number("n_observed", n_observed)
        totals, chances = _checked_pmf(values, probabilities, seen)
        inputs = _labels.align(n_observed=float(seen))
        summary = _summarise_pmf(totals, chances, seen, level, alternative)
        found = (*_cut_off_notes(totals, chances), *_mode_notes([summary]))
        index = pd.Index(totals.astype(np.int64), name="total")
        return cls._assemble(
            inputs,
            [summary],
            observed=np.array([float(seen)]),
            level=level,
            alternative=alternative,
            method=method,
            model=model,
            unit=unit,
            notes=(*notes, *found),
            references=references,
            pmf=pd.Series(chances, index=index, name="probability"),
        )

    @classmethod
    def _assemble(
        cls,
        inputs: _labels.Inputs,
        summaries: list[_Summary],
        *,
        observed: FloatArray,
        pmf: Any = None,
        draws: Any = None,
        **settings: Any,
    ) -> Posterior:
        def field(values: list[Any], dtype: Any = np.float64) -> NDArray[Any]:
            array = np.empty(len(values), dtype=dtype)
            array[:] = values
            return array

        names = ("estimate", "low", "high", "standard_error")
        numbers = {name: field([getattr(s, name) for s in summaries]) for name in names}
        verdicts = field([s.verdict for s in summaries], object)
        total = {name: inputs.back(values) for name, values in numbers.items()}
        shift = {name: 0.0 if name == "standard_error" else observed for name in names}
        shared = {
            "verdict": inputs.back(verdicts),
            "n": inputs.labelled("n_observed"),
            "interval_kind": "credible",
            "interval_method": "equal tails",
            **settings,
        }
        apart = {name: settings[name] for name in ("level", "alternative", "method", "unit")}
        hidden = Estimate(
            quantity="hidden number",
            **{name: inputs.back(values - shift[name]) for name, values in numbers.items()},
            **{**shared, **apart, "notes": (), "references": settings["references"]}
            | {"model": None}
            if False
            else {},
        )
        return cls(
            quantity="population size",
            **total,
            **shared,
            hidden=hidden,
            n_observed=inputs.labelled("n_observed"),
            modes=_stacked([s.modes for s in summaries], inputs),
            diagnostics=_diagnostics(summaries, inputs) if pmf is None else None,
            pmf=pmf,
            draws=draws,
        )
