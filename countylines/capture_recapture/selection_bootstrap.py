"""A population size with an interval that knows its model was selected."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from countylines.results import PopulationEstimate


@dataclass(frozen=True, eq=False, repr=False)
class SelectionBootstrap(PopulationEstimate):
    """A population size whose model was selected anew in every bootstrap replicate.

    What :func:`stepwise` and :meth:`ModelSearch.bootstrap` return. It is the estimate of the model
    that the counts selected, with limits from replicates in which the whole selection was redone;
    everything else is as in any :class:`~countylines.PopulationEstimate`.

    Parameters
    ----------
    models : DataFrame
        One row for each model that some replicate selected, the most frequent first: ``model``,
        ``generators``, ``replicates`` and ``share`` (of all replicates), ``median`` (of their
        totals) and ``selected`` (whether it is the model of the estimate). Replicates in which no
        model has an estimate have the model ``""``.
    verdicts : DataFrame
        One row for each verdict: ``code``, ``estimable``, ``replicates``, ``share``.

    See Also
    --------
    stepwise : forward selection of interactions.
    ModelSearch.bootstrap : selection by a criterion among all models.

    Notes
    -----
    ``draws`` holds the totals of all replicates as (chain, draw): infinite where the replicate puts
    no upper limit on the hidden number, nan where it determines none. The interval counts both.

    Examples
    --------
    Made-up counts on three lists:

    >>> cells = {"111": 9, "110": 21, "101": 17, "011": 18, "100": 169, "010": 155, "001": 163}
    >>> made_up = cl.CaptureHistories.from_cells(cells, lists=["A", "B", "C"])
    >>> result = cl.capture_recapture.stepwise(made_up, replicates=500, rng=1)
    >>> result.models[["model", "share"]].head(2).round(2).values.tolist()
    [['A + B + C', 0.98], ['A*B + C', 0.02]]

    The counts call for no interaction; in one of fifty replicates the rule adds one all the same.
    """

    models: pd.DataFrame | None = None
    verdicts: pd.DataFrame | None = None
