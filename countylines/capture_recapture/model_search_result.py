"""What a search over models found: their table, their ranking, and how far they disagree."""

from __future__ import annotations

import dataclasses
import functools
import math
import warnings
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from countylines import _citations, _frames, _render, _validate
from countylines._kernels import criteria
from countylines._typing import RNG, Alternative, Progress
from countylines.capture_recapture import _model_disagreement, _models, _search_bootstrap
from countylines.capture_recapture._resampled_selection import request as _request
from countylines.capture_recapture.histories import CaptureHistories
from countylines.capture_recapture.loglinear import loglinear
from countylines.capture_recapture.model_average import ModelAverage, averaged
from countylines.capture_recapture.selection_bootstrap import SelectionBootstrap
from countylines.errors import CountyLinesWarning, InputError
from countylines.results import Note, PopulationEstimate


@dataclass(frozen=True, eq=False, repr=False)
class ModelSearch:
    r"""Models of one table, compared; what :func:`model_search` returns.

    It is not an estimate. It answers how far the models that the counts support disagree, and its
    summary shows that, never one number alone.

    Parameters
    ----------
    table : DataFrame
        One row a model, best first: ``model, generators, estimate, hidden, standard_error,
        hidden_error`` (that of the hidden number, another only with bands), ``deviance, df,
        parameters, on_face`` (parameters that are not at minus infinity), ``log_likelihood, aic,
        aicc, bic, weight, estimable, code``.
    criterion : {"bic", "aic", "aicc"}
        What the table is sorted by and the weights are made from.
    max_order : int
        Largest interaction allowed.
    strategy : {"exhaustive", "bounded", "downhill"}
        All models; the best and every other within `within` of it; or the models met on a walk.
    histories : CaptureHistories
        The table of counts.
    within : float
        Largest distance of a model of the table from the best, in units of the criterion; infinite
        unless the search is bounded.
    left_out : float
        Share of the weight of all models that those outside the table hold at most; nan where
        nothing bounds it, as after a walk downhill.
    notes : tuple of Note
        Facts about this search that its reader must know.
    references : tuple of str
        Keys of the package's bibliography.

    See Also
    --------
    model_search : how it is made.
    ModelAverage : what :meth:`average` returns.
    countylines.plotting.disagreement : a picture of it.

    Notes
    -----
    Weights are :math:`\exp(-\Delta_i / 2)` over their sum, with :math:`\Delta_i` the criterion less
    its smallest value among the models that have an estimate.

    Examples
    --------
    >>> cells = {"111": 28, "110": 21, "101": 17, "011": 18, "100": 69, "010": 55, "001": 63}
    >>> cases = cl.CaptureHistories.from_cells(cells, lists=["P", "Q", "E"])
    >>> search = cl.capture_recapture.model_search(cases)
    >>> shown = search.disagreement()
    >>> shown.loc[0, ["lowest", "highest"]].astype(float).round().tolist()
    [1313.0, 1313.0]

    Among the eight models of this hepatitis outbreak one alone is supported; it has as many
    parameters as cells, so its fit says nothing for it.
    """

    table: pd.DataFrame
    criterion: str
    max_order: int
    strategy: str
    histories: CaptureHistories = field(repr=False)
    within: float = math.inf
    left_out: float = 0.0
    notes: tuple[Note, ...] = ()
    references: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _frames.freeze(self, vars(self))

    def __setstate__(self, state: dict[str, Any]) -> None:
        _frames.freeze(self, state)

    @functools.cached_property
    def best(self) -> PopulationEstimate:
        """The estimate of the model ranked highest; its interval ignores the search."""
        return loglinear(self.histories, _search_bootstrap.best_generators(self))

    def disagreement(self, *, within: float = 6.0) -> pd.DataFrame:
        """How far the preferred models disagree, under every criterion and both counts.

        Parameters
        ----------
        within : float, default 6.0
            Models whose criterion exceeds the best by no more than this are taken as supported: a
            weight of at least 1 to 20 against the best.

        Returns
        -------
        DataFrame
            One row for each criterion and way of counting parameters (``"all"``, or ``"on face"``,
            without those at minus infinity): ``criterion, counted``; the best ``model``, its
            ``estimate``, that of the ``runner_up``, the ``lowest`` and ``highest`` estimates among
            the supported models, and their number, ``models``; ``modes``, the totals round which
            the weight gathers, and their ``shares`` of it, the largest first; ``lost``, the share
            of the weight on models without an estimate; ``settled``, whether no model outside the
            table can be the best by that criterion.

        Raises
        ------
        InputError
            If `within` is negative, or beyond what a bounded search has kept.

        See Also
        --------
        average : the same by one criterion, with quantiles.

        Notes
        -----
        A mode is a hill of the weighted mixture of the models' sampling distributions (as in
        :meth:`average`), on a logarithmic scale, that a valley of half its height parts from any
        higher one and that holds 5 % of the weight of the models with an estimate.
        """
        within = self._reached(within)
        counts = self._counts
        least = float(counts.low.sum())
        return _model_disagreement.rows(self.table, counts.n, least, within, self._settles)

    def average(
        self,
        criterion: str | None = None,
        *,
        level: float = 0.95,
        alternative: Alternative = "two-sided",
    ) -> ModelAverage:
        """The models' estimates averaged by weight, with the quantiles and modes of their mixture.

        It answers what all models say together, and shows whether that is anything that one of
        them says: where they gather round several totals the average lies between, and no single
        interval tells of it.

        Parameters
        ----------
        criterion : {"bic", "aic", "aicc"} or None, optional
            What the weights are made from; that of the search if None.
        level : float, default 0.95
            Share of the mixture between the limits, in (0, 1).
        alternative : {"two-sided", "less", "greater"}, default "two-sided"
            Side of the limits.

        Returns
        -------
        ModelAverage

        Raises
        ------
        InputError
            If no model has an estimate, or the search kept only models near the best by another
            criterion.

        Warns
        -----
        DegenerateDataWarning
            If models without an estimate hold more than 5 % of the weight.
        ApproximationWarning
            If models with parameters at minus infinity hold half the weight by AIC or AICc, or
            those that a bounded search left out may hold more than 5 %.

        See Also
        --------
        disagreement : all criteria at once.
        """
        name = self.criterion if criterion is None else criterion
        name = _validate.option("criterion", name, criteria.NAMES)
        if self.strategy == "bounded" and name != self.criterion:
            raise InputError(
                _validate.sentence(
                    "criterion",
                    f"{self.criterion!r}, by which the search was bounded",
                    repr(name),
                    remedy=f"Search again with criterion={name!r}.",
                )
            )
        return averaged(
            self.table,
            n=self._counts.n,
            least=float(self._counts.low.sum()),
            criterion=name,
            level=level,
            alternative=alternative,
            left_out=self.left_out,
            banded=self._counts.is_banded,
        )

    def bootstrap(
        self,
        *,
        kind: str = "semiparametric",
        interval: str = "percentile",
        replicates: int = 1000,
        level: float = 0.95,
        alternative: Alternative = "two-sided",
        rng: RNG = None,
        progress: Progress = False,
    ) -> SelectionBootstrap:
        r"""The best model's estimate, with an interval that redoes the search in every replicate.

        It answers what the search would have found in other tables from the same population: how
        often another model, and how far from this total. It does not hold the error of all models
        alike on units that are on no list.

        Parameters
        ----------
        kind : {"semiparametric", "parametric", "conditional"}, default "semiparametric"
            What a replicate draws (:func:`stepwise`): seen and hidden units by the observed shares
            of the cells or by those of the best model; or the observed units alone.
        interval : {"percentile", "basic", "bca"}, default "percentile"
            How the limits are read off the replicates (``countylines.resampling.interval``).
        replicates : int, default 1000
            How many, at least 99.
        level : float, default 0.95
            Confidence level, a share in (0, 1).
        alternative : {"two-sided", "less", "greater"}, default "two-sided"
            Side of the interval.
        rng : int, Generator, SeedSequence or None, optional
            Source of randomness; the same whole number gives the same replicates.
        progress : bool or callable, default False
            True writes to standard error; a callable gets ``(done, total)``.

        Returns
        -------
        SelectionBootstrap
            ``models`` and ``verdicts`` say what the replicates selected; with bands
            ``region_low`` and ``region_high`` are the range over whole tables within them.

        Raises
        ------
        InputError
            If no model has an estimate, BCa limits are not defined (never with bands), or the bands
            are of several kinds, so that no one rule suppresses the replicates.
        ConvergenceError
            If a fit does not converge, or bounds do not settle the search of a replicate.

        Warns
        -----
        SparseDataWarning
            If more than 5 % of the replicates have no finite estimate.
        ApproximationWarning
            If more than 5 % of the replicates select another model and BCa limits are asked for.
        DegenerateDataWarning
            If some cells have fitted value 0 under the best model.

        See Also
        --------
        stepwise : another rule; its Notes define the kinds of bootstrap and how well they cover.

        Notes
        -----
        The search is redone as it was made: over all models, or by a walk. A model's deviance is at
        least that of any model containing it, so most are shown not to be the best without a fit:
        about 90 of the 1,024 with pairs of five lists are fitted, 150 of all 6,893. 1,000
        replicates take some 3 and 15 seconds, 2 minutes with the 32,768 of six lists. Memory is
        bounded. Replicates with bands, filled and suppressed as :func:`stepwise` says, take two to
        four times as long. Up to 256 tables within the bands are searched for the range (a second;
        a minute with 6,893 models and many cells that may be empty); where the bands allow more, as
        many are drawn evenly, and the true range may be wider.

        Examples
        --------
        >>> people = cl.datasets.load_mse("uk_2013_5")
        >>> lists = [name for name in people.columns if name != "n"]
        >>> table = cl.CaptureHistories.from_table(people, lists=lists)
        >>> search = cl.capture_recapture.model_search(table, max_order=2)
        >>> redone = search.bootstrap(replicates=200, rng=1)
        >>> print(f"{redone.estimate:,.0f} ({redone.low:,.0f} to {redone.high:,.0f})")
        22,991 (10,254 to 32,042)
        >>> redone.models[["share", "median"]].head(2).round({"share": 2, "median": -2})
           share   median
        0   0.26  23700.0
        1   0.21  12500.0

        The best model says 23,000. In tables that could as well have been seen it is the best one
        time in four, and another, that says 12,500, nearly as often: the interval holds both.
        """
        asked = _request(kind, interval, replicates, level, alternative, rng, progress)
        return _search_bootstrap.bootstrap(self, asked)

    def over_bands(self, *, within: float = 6.0) -> pd.DataFrame:
        """Range of each supported model's estimate over the tables that the bands allow.

        It answers what the bands leave possible, model by model; the table of the search answers
        what they make likely.

        Parameters
        ----------
        within : float, default 6.0
            Models whose criterion exceeds the best by no more than this are taken as supported.

        Returns
        -------
        DataFrame
            One row a supported model, best first: ``model, estimate, region_low, region_high,
            code``. An end is the least number seen, or infinite, where some table within the bands
            gives no estimate.

        Raises
        ------
        InputError
            If the counts are exact, or `within` is negative or beyond what a search has kept.

        See Also
        --------
        loglinear : how the range is found; it can be wide of the truth where tables are many.
        """
        within = self._reached(within)
        if not self._counts.is_banded:
            raise InputError(
                _validate.sentence(
                    "histories", "banded", "exact counts", remedy="Use .disagreement()."
                )
            )
        score = self.table[self.criterion].where(self.table["estimable"])
        near = self.table[score <= score.min() + within]
        with warnings.catch_warnings():  # what they say is in the column `code`
            warnings.simplefilter("ignore", CountyLinesWarning)
            fits = [loglinear(self.histories, g, interval="lognormal") for g in near["generators"]]
        return pd.DataFrame(
            {
                "model": near["model"].to_numpy(),
                "estimate": near["estimate"].to_numpy(),
                "region_low": [fit.region_low for fit in fits],
                "region_high": [fit.region_high for fit in fits],
                "code": near["code"].to_numpy(),
            }
        )

    def _reached(self, within: float) -> float:
        """A distance from the best up to which the search has kept every model."""
        within = _validate.number("within", within, low=0)
        if within > self.within:
            raise InputError(
                _validate.sentence(
                    "within",
                    f"at most {self.within:g}, as the search was told",
                    _validate.show(within),
                    remedy=f"Search again with within={within:g}.",
                )
            )
        return within

    def _settles(self, criterion: str, counted: str) -> bool:
        """Whether no model outside the table can be the best."""
        if self.strategy == "bounded":
            return criterion == self.criterion and counted == "all"
        return self.strategy == "exhaustive"

    @property
    def _shown(self) -> float:
        """Distance from the best up to which the summary takes models as supported."""
        return min(6.0, self.within)

    @functools.cached_property
    def _counts(self) -> _models.Counts:
        return _models.counts_of(self.histories)

    def summary(self, format: str = "text") -> str:
        """The disagreement in words and numbers.

        Parameters
        ----------
        format : {"text", "markdown", "html", "latex"}, default "text"
            Markup of the table. Everything is escaped.

        Returns
        -------
        str
        """
        _validate.option("format", format, _render.FORMATS)
        usable = int(self.table["estimable"].sum())
        title = (
            f"Search of {len(self.table):,} models ({self.strategy}, interactions of up to "
            f"{self.max_order} lists); {usable:,} give an estimate"
        )
        shown = self.disagreement(within=self._shown)
        seen = self._counts
        observed = _render.number(seen.low.sum())
        if seen.is_banded:
            observed += f" to {_render.number(seen.high.sum())}"
        facts = [("observed", observed)]
        table = _model_disagreement.in_words(shown)
        return _render._document(title, facts, table, [note.text for note in self.notes], format)

    def to_dict(self) -> dict[str, Any]:
        """Nested dictionary for strict JSON: nan becomes None, infinities ``"inf"``, ``"-inf"``.

        Returns
        -------
        dict
            With a ``countylines`` entry that names the version; tables are lists by column.
        """
        tables = {"table": self.table, "disagreement": self.disagreement(within=self._shown)}
        content = {
            "countylines": _frames.version(),
            "kind": type(self).__name__,
            "criterion": self.criterion,
            "max_order": self.max_order,
            "strategy": self.strategy,
            "within": self.within,
            "left_out": self.left_out,
            "lists": self.histories.lists,
            "cells": self.histories.cells(),
            "structural_zeros": self.histories.structural_zeros,
            **{
                name: {str(c): frame[c].tolist() for c in frame.columns}
                for name, frame in tables.items()
            },
            "notes": [{"code": note.code, "text": note.text} for note in self.notes],
            "references": self.references,
        }
        made: dict[str, Any] = _frames.to_dict(content)
        return made

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw how the models disagree.

        Parameters
        ----------
        ax : matplotlib Axes or None
            Where to draw; a new figure if None.
        **options
            Passed to :func:`countylines.plotting.disagreement`.

        Returns
        -------
        matplotlib Axes
        """
        from countylines import plotting

        return plotting.disagreement(self, ax=ax, **options)

    def cite(self, format: str = "text") -> str:
        """References of the methods used, and of countylines itself.

        Parameters
        ----------
        format : {"text", "bibtex"}, default "text"

        Returns
        -------
        str
        """
        return _citations.cite(self.references, format)

    def identical(self, other: object) -> bool:
        """Whether another search found the same in the same table.

        Parameters
        ----------
        other : object
            What to compare with.

        Returns
        -------
        bool
        """
        return type(self) is type(other) and all(
            _frames.identical(getattr(self, f.name), getattr(other, f.name))
            for f in dataclasses.fields(self)
        )

    def __repr__(self) -> str:
        return (
            f"<ModelSearch of {len(self.table):,} models by {self.criterion}; "
            "see .disagreement() and .table>"
        )

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        return self.summary("html")
