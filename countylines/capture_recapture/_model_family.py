"""A family of hierarchical models of one table: fits of many at once, and their tidy table."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines._kernels import criteria, facial_set, hierarchical
from countylines.capture_recapture import _models, _patterns
from countylines.capture_recapture._fits import fit_models

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Fitted(NamedTuple):
    """What was found of each model of a list; arrays with one row a model."""

    masks: BoolArray  # (models, terms of the family)
    total: FloatArray  # infinite, the number seen or nan where it has no estimate
    error: FloatArray  # its standard error
    hidden: FloatArray  # the part on no list
    hidden_error: FloatArray
    deviance: FloatArray
    log_likelihood: FloatArray
    df: IntArray
    parameters: IntArray  # all that the model names
    on_face: IntArray  # those not at minus infinity
    code: IntArray  # position in facial_set.CODES

    @property
    def estimable(self) -> BoolArray:
        """Which models give an estimate."""
        estimable: BoolArray = self.code <= facial_set.BOUNDARY_FINITE
        return estimable

    def rows(self, which: BoolArray | NDArray[np.intp]) -> Fitted:
        """Some of the models."""
        return self._replace(**{name: getattr(self, name)[which] for name in self._fields})

    @classmethod
    def joined(cls, parts: list[Fitted]) -> Fitted:
        """The models of several lists, in turn."""
        names = cls._fields
        return parts[0]._replace(
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        )


@dataclass(frozen=True)
class Family:
    """All hierarchical models with every list, up to an order, of one table."""

    counts: _models.Counts
    lists: tuple[str, ...]
    terms: IntArray

    @classmethod
    def up_to(cls, order: int, counts: _models.Counts, lists: tuple[str, ...]) -> Family:
        """The family of the models with interactions of up to `order` lists."""
        return cls(counts, lists, hierarchical.all_terms(len(lists), order))

    @property
    def n_observed(self) -> float:
        """How many units were seen; with bands the middle of what may have been."""
        return self.counts.n

    def fitted(self, masks: BoolArray) -> Fitted:
        """Fit models, each on its face; those without an estimate keep their likelihood."""
        found = fit_models(self.counts, self.terms, masks)
        return Fitted(
            masks=masks,
            total=found.total,
            error=found.total_error,
            hidden=found.hidden,
            hidden_error=found.hidden_error,
            deviance=np.maximum(found.fits.deviance, 0.0),
            log_likelihood=found.fits.log_likelihood,
            df=found.df,
            parameters=found.parameters,
            on_face=found.faces.rank,
            code=found.faces.code,
        )

    def table(self, found: Fitted, criterion: str) -> pd.DataFrame:
        """One row a model in order of the criterion, those without an estimate last."""
        scores = criteria.criteria(found.log_likelihood, found.parameters, self.n_observed)
        order = np.lexsort([scores[criterion], ~found.estimable])
        found = found.rows(order)
        scores = {name: values[order] for name, values in scores.items()}
        generators = self._generators(found.masks)
        joined = {names: "*".join(names) for names in self._names}
        codes = np.array(facial_set.CODES, dtype=object)
        return pd.DataFrame(
            {
                "model": [" + ".join([joined[g] for g in names]) for names in generators],
                "generators": pd.Series(generators, dtype=object),
                "estimate": found.total,
                "hidden": found.hidden,
                "standard_error": found.error,
                "hidden_error": found.hidden_error,
                "deviance": found.deviance,
                "df": found.df,
                "parameters": found.parameters,
                "on_face": found.on_face,
                "log_likelihood": found.log_likelihood,
                "aic": scores["aic"],
                "aicc": scores["aicc"],
                "bic": scores["bic"],
                "weight": criteria.weights(scores[criterion], found.estimable),
                "estimable": found.estimable,
                "code": codes[found.code],
            }
        )

    @functools.cached_property
    def _names(self) -> list[tuple[str, ...]]:
        """Lists of each term."""
        total = len(self.lists)
        return [
            tuple(n for j, n in enumerate(self.lists) if int(t) & _patterns.bit(j, total))
            for t in self.terms
        ]

    def _generators(self, masks: BoolArray) -> list[tuple[tuple[str, ...], ...]]:
        """Highest-order terms of each model by the names of their lists."""
        # by order and, within one, from the first list on, which has the highest bit
        place = np.lexsort([-self.terms, -hierarchical.orders_of(self.terms)])
        top = hierarchical.generator_masks(masks, self.terms)[:, place]
        named = [self._names[p] for p in place]
        flat = [named[c] for c in np.nonzero(top)[1].tolist()]
        ends = np.cumsum(top.sum(axis=1)).tolist()
        return [tuple(flat[a:b]) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
