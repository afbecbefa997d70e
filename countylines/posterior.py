"""Posterior distributions of a partly hidden population: draws or exact probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from countylines import _frames, _labels, _validate
from countylines import _posterior as parts
from countylines._typing import Alternative, ArrayLike
from countylines.errors import InputError, missing_extra
from countylines.results import Estimate, Note, PopulationEstimate

__all__ = ["Posterior"]


@dataclass(frozen=True, eq=False, repr=False)
class Posterior(PopulationEstimate):
    """What is believed of a population's size after the data: draws, or exact probabilities.

    It answers: given the model and its prior, how probable is each total? It says nothing of how
    the answer would change with another prior; run several.

    Parameters
    ----------
    modes : DataFrame
        One row a mode, the likeliest first: ``mode``, its ``mass``, and the interval ``low`` to
        ``high`` within it; label columns first where there are several posteriors. Where chains
        disagree it shows where they are, and the masses mean nothing.
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
        >>> import numpy as np
        >>> rng = np.random.default_rng(1)
        >>> draws = 120 + rng.negative_binomial(5, 0.05, size=(4, 500))
        >>> posterior = cl.Posterior.from_draws(draws, n_observed=120)
        >>> len(posterior.modes)
        1

        The four chains agree, and there is one hill: a single interval says it all.
        """
        level = _validate.level(level)
        _validate.alternative(alternative)
        array, first = parts.chains_last(draws)
        inputs = _labels.align(draws=first, n_observed=n_observed)
        totals, observed = parts.checked_draws(array, inputs)
        summaries = [
            parts.summary_of_draws(one, seen, level, alternative)
            for one, seen in zip(totals, observed, strict=True)
        ]
        return cls._assemble(
            inputs,
            summaries,
            observed,
            notes=(*notes, *parts.notes_on_draws(totals, summaries)),
            model=model,
            draws=array,
            level=level,
            alternative=alternative,
            method=method,
            unit=unit,
            references=(*references, "vehtari2021"),
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
        totals, chances = parts.checked_pmf(values, probabilities, seen)
        summary = parts.summary_of_pmf(totals, chances, seen, level, alternative)
        index = pd.Index(totals.astype(np.int64), name="total")
        return cls._assemble(
            _labels.align(n_observed=float(seen)),
            [summary],
            np.array([float(seen)]),
            notes=(*notes, *parts.notes_on_pmf(totals, chances, summary)),
            model=model,
            pmf=pd.Series(chances, index=index, name="probability"),
            level=level,
            alternative=alternative,
            method=method,
            unit=unit,
            references=references,
        )

    @classmethod
    def _assemble(
        cls,
        inputs: _labels.Inputs,
        summaries: list[parts.Summary],
        observed: NDArray[np.float64],
        *,
        notes: tuple[Note, ...],
        model: str,
        pmf: Any = None,
        draws: Any = None,
        **settings: Any,
    ) -> Posterior:
        total = parts.columns(summaries)
        hidden = {n: v if n == "standard_error" else v - observed for n, v in total.items()}
        shared = {
            "verdict": inputs.back(parts.objects([s.verdict for s in summaries])),
            "n": inputs.labelled("n_observed"),
            "interval_kind": "credible",
            "interval_method": "equal tails",
            **settings,
        }
        return cls(
            quantity="population size",
            **{name: inputs.back(values) for name, values in total.items()},
            **shared,
            notes=notes,
            model=model,
            hidden=Estimate(
                quantity="hidden number",
                **{name: inputs.back(values) for name, values in hidden.items()},
                **shared,
            ),
            n_observed=inputs.labelled("n_observed"),
            modes=parts.stacked_modes(summaries, inputs),
            diagnostics=None if draws is None else parts.stacked_diagnostics(summaries, inputs),
            pmf=pmf,
            draws=draws,
        )

    def to_xarray(self) -> xr.Dataset:
        """Labelled dataset with one variable a field and the rest as attributes.

        Returns
        -------
        Dataset
            With ``pmf`` along ``total``, where probabilities are exact, and the modes as
            attributes, where there is one posterior.
        """
        dataset = super().to_xarray()
        if self.pmf is not None:
            dataset["pmf"] = ("total", self.pmf.to_numpy())
            dataset = dataset.assign_coords(total=self.pmf.index.to_numpy())
        if np.ndim(self.estimate) == 0:
            found = self.modes[["mode", "mass"]]
            dataset.attrs |= {f"mode_{name}": found[name].to_numpy() for name in ("mode", "mass")}
        return dataset

    def to_arviz(self) -> Any:
        """Draws as ArviZ knows them, for its diagnostics and plots.

        Returns
        -------
        xarray.DataTree
            Group ``posterior`` with ``population`` and ``hidden``, ``constant_data`` with
            ``n_observed``; ``ci_kind`` and ``ci_prob`` as attributes.

        Raises
        ------
        InputError
            If there are no draws, because probabilities are exact.
        MissingExtraError
            If arviz-base is not installed.
        """
        if self.draws is None:
            raise InputError(
                "`to_arviz` must be asked of a posterior with draws, got exact probabilities. "
                "Use `.pmf`; nothing needs diagnosing there."
            )
        try:
            import arviz_base
        except ImportError as error:
            raise missing_extra("to_arviz()", "arviz-base", "arviz") from error
        leading: dict[str, Any] = {}
        if isinstance(self.draws, xr.DataArray):
            labelled = _frames.as_dataarray(self.draws)
            names = labelled.dims[:-2]
            leading["dims"] = {key: list(names) for key in ("population", "hidden", "n_observed")}
            leading["coords"] = {d: labelled[d].values for d in names if d in labelled.coords}
        values = np.moveaxis(np.asarray(self.draws), (-2, -1), (0, 1))
        observed = np.asarray(self.n_observed)
        tree = arviz_base.from_dict(
            {
                "posterior": {"population": values, "hidden": values - observed},
                "constant_data": {"n_observed": observed},
            },
            **leading,
        )
        tree["posterior"].attrs |= {
            "ci_kind": "eti",
            "ci_prob": self.level,
            "method": self.method,
            "creation_library": "countylines",
            "creation_library_version": _frames.version(),
        }
        return tree
