"""Every hierarchical log-linear model of a table, compared; and how far they disagree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _validate
from countylines._kernels import criteria, facial_set, hierarchical, loglinear_fit
from countylines.capture_recapture import _models, _patterns
from countylines.capture_recapture.histories import CaptureHistories
from countylines.capture_recapture.model_search_result import ModelSearch
from countylines.errors import ConvergenceError, InputError

STRATEGIES = ("auto", "exhaustive", "downhill")
EXHAUSTIVE_LISTS = 5
COLUMNS = (
    "model",
    "generators",
    "estimate",
    "hidden",
    "standard_error",
    "deviance",
    "df",
    "parameters",
    "on_face",
    "log_likelihood",
    "aic",
    "aicc",
    "bic",
    "weight",
    "estimable",
    "code",
)


def model_search(
    histories: CaptureHistories,
    *,
    criterion: str = "bic",
    max_order: int | None = None,
    strategy: str = "auto",
) -> ModelSearch:
    r"""Fit every hierarchical log-linear model of a table and compare them.

    It answers: which models of who is on which list do the counts prefer, and how far apart are the
    population sizes that the preferred ones give? Its answer is a table, not a number. A criterion
    ranks models by how well they fit the cells that are seen; the hidden cell is not among them, so
    models of nearly equal rank can differ several-fold in what matters.

    Parameters
    ----------
    histories : CaptureHistories
        One table of exact counts, without strata.
    criterion : {"bic", "aic", "aicc"}, default "bic"
        What the table is sorted by and the weights are made from. Every parameter of the model
        counts, also those at minus infinity; n is the number observed.
    max_order : int or None, optional
        Largest interaction, from 2 to one less than the number of lists. None: that for up to 5
        lists, 2 for more.
    strategy : {"auto", "exhaustive", "downhill"}, default "auto"
        All models, or a walk from independence that adds or takes away one interaction at a time
        for as long as the criterion improves: it can end at a model that is not the best.
        ``"auto"`` takes all models for up to 5 lists, and for 6 with ``max_order=2``.

    Returns
    -------
    ModelSearch
        ``.table`` (one row a model; models without an estimate stay in, with their verdict),
        ``.best``, ``.disagreement()``.

    Raises
    ------
    InputError
        If the table has strata, bands or too many lists, or the models are too many to list.
    ConvergenceError
        If a fit does not converge.

    See Also
    --------
    loglinear : one model, with its interval.
    existence : why a model has no estimate.

    Notes
    -----
    With all main effects and without the saturated model there are 8 models of three lists, 113 of
    four, 6,893 of five and, with pairs only, 32,768 of six. All are
    fitted at once by Newton's method; before that a linear programme per distinct pattern of zeros
    decides which estimates exist. Time and memory grow with the number of models.

    .. math:: \mathrm{BIC} = -2\ell + k \log n, \qquad \mathrm{AIC} = -2\ell + 2k, \qquad
              \mathrm{AICc} = \mathrm{AIC} + \frac{2k(k+1)}{n-k-1}

    Choosing one model and quoting its interval ignores the choice. With many empty cells AIC gains
    from parameters at minus infinity that cost little fit, and chi-square tests do not hold.

    References
    ----------
    .. [1] Fienberg, S. E. and Rinaldo, A. (2012). Maximum likelihood estimation in log-linear
       models. *Annals of Statistics* 40, 996-1023. https://doi.org/10.1214/12-AOS986
    .. [2] Chan, L., Silverman, B. W. and Vincent, K. (2021). Multiple systems estimation for sparse
       capture data: inferential challenges when there are nonoverlapping lists. *Journal of the
       American Statistical Association* 116, 1297-1306.
       https://doi.org/10.1080/01621459.2019.1708748

    Examples
    --------
    Potential victims of modern slavery in the United Kingdom in 2013, on five lists:

    >>> people = cl.datasets.load_mse("uk_2013_5")
    >>> lists = [name for name in people.columns if name != "n"]
    >>> table = cl.CaptureHistories.from_table(people, lists=lists)
    >>> search = cl.capture_recapture.model_search(table, max_order=2)
    >>> search.table["estimate"].head(3).round().tolist()
    [22991.0, 12262.0, 25978.0]

    The three models that BIC ranks highest, out of 1,024, say 23,000, 12,300 and 26,000. The counts
    hardly tell them apart, so none of the three numbers is the estimate.
    """
    criterion = _validate.option("criterion", criterion, criteria.NAMES)
    strategy = _validate.option("strategy", strategy, STRATEGIES)
    counts = _models.exact_counts(histories)
    total = len(histories.lists)
    if total < 3:
        raise InputError(
            _validate.sentence(
                "histories", "of three lists or more", total, remedy="Use chapman() for two lists."
            )
        )
    top = total - 1 if total <= EXHAUSTIVE_LISTS else 2
    order = top if max_order is None else _order(max_order, total)
    few = total <= EXHAUSTIVE_LISTS or (total == EXHAUSTIVE_LISTS + 1 and order <= 2)
    if strategy == "exhaustive" and not few:
        raise InputError(
            _validate.sentence(
                "strategy",
                f"'downhill' for {total} lists and max_order={order}",
                "'exhaustive'",
                remedy="There are too many models; use max_order=2, or merge or drop lists.",
            )
        )
    exhaustive = few and strategy != "downhill"
    space = _Space(counts, total, hierarchical.all_terms(total, order))
    if exhaustive:
        rows = space.fitted(hierarchical.every_model(total, order))
    else:
        rows = _downhill(space, criterion)
    return ModelSearch(
        table=_table(rows, histories.lists, criterion),
        criterion=criterion,
        max_order=order,
        strategy="exhaustive" if exhaustive else "downhill",
        histories=histories,
    )


def _order(value: Any, lists: int) -> int:
    return _validate.whole_number("max_order", value, low=2, high=lists - 1)


@dataclass(frozen=True)
class _Space:
    """A family of models on one table."""

    counts: _models.Counts
    lists: int
    terms: NDArray[np.int64]

    def fitted(self, models: Iterable[frozenset[int]]) -> pd.DataFrame:
        """One row a model, unsorted."""
        known = list(models)
        masks = hierarchical.term_masks(known, self.terms)
        values, cells = self.counts.values, self.counts.cells
        faces = facial_set.faces(masks, self.terms, self.counts.seen, cells)
        rows = np.broadcast_to(values, (len(known), len(values)))
        fits = loglinear_fit.fit(rows, self.terms, faces.basis, faces.on_face, cells)
        estimable = faces.code <= facial_set.BOUNDARY_FINITE
        if not fits.converged[estimable].all():
            raise ConvergenceError("A log-linear fit of the search did not converge.")
        n = values.sum()
        hidden = np.where(estimable, np.exp(fits.log_hidden), np.nan)
        hidden[faces.code == facial_set.HIDDEN_INFINITE] = np.inf
        with np.errstate(invalid="ignore"):
            error = np.sqrt(hidden + hidden**2 * fits.variance)
        parameters = masks.sum(axis=1)
        likelihood = fits.log_likelihood
        frame = pd.DataFrame(
            {
                "terms": known,
                "estimate": n + hidden,
                "hidden": hidden,
                "standard_error": np.where(estimable, error, np.nan),
                "deviance": np.maximum(fits.deviance, 0.0),
                "df": faces.on_face.sum(axis=1) - faces.rank,
                "parameters": parameters,
                "on_face": faces.rank,
                "log_likelihood": likelihood,
                "estimable": estimable,
                "code": [facial_set.CODES[c] for c in faces.code],
            }
        )
        return frame.assign(**criteria.criteria(likelihood, parameters, float(n)))


def _downhill(space: _Space, criterion: str) -> pd.DataFrame:
    """Walk from independence to a model that no single interaction improves."""
    here = frozenset({0, *(1 << j for j in range(space.lists))})
    seen = space.fitted([here])
    while True:
        known = set(seen["terms"])
        new = [model for model in _neighbours(here, space.terms) if model not in known]
        if new:
            seen = pd.concat([seen, space.fitted(new)], ignore_index=True)
        usable = seen[seen["estimable"]]
        if usable.empty:
            return seen
        best: frozenset[int] = list(usable["terms"])[int(np.argmin(usable[criterion]))]
        if best == here:
            return seen
        here = best


def _neighbours(model: frozenset[int], terms: NDArray[np.int64]) -> Iterable[frozenset[int]]:
    for term in (int(t) for t in terms):
        if term in model:
            if hierarchical.order(term) > 1 and term in hierarchical.generators(model):
                yield model - {term}
        elif all(term & ~(1 << j) in model for j in hierarchical.bits(term)):
            yield model | {term}


def _table(rows: pd.DataFrame, lists: tuple[str, ...], criterion: str) -> pd.DataFrame:
    """Rows in order of the criterion, those without an estimate last, with weights."""
    score = rows[criterion].where(rows["estimable"])
    weight = np.exp(-0.5 * (score - score.min()))
    frame = rows.assign(weight=(weight / weight.sum()).fillna(0.0))
    order = np.lexsort([frame[criterion], ~frame["estimable"]])
    frame = frame.iloc[order].reset_index(drop=True)
    named = pd.Series([_named(terms, lists) for terms in frame["terms"]], dtype=object)
    frame["generators"] = named
    frame["model"] = [" + ".join("*".join(g) for g in generators) for generators in named]
    return frame[list(COLUMNS)]


def _named(terms: frozenset[int], lists: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    total = len(lists)
    groups = [
        tuple(n for j, n in enumerate(lists) if mask & _patterns.bit(j, total))
        for mask in hierarchical.generators(terms)
    ]
    return tuple(sorted(groups, key=lambda g: (-len(g), [lists.index(n) for n in g])))
