"""The bootstrap of a search over models: its chooser, and what its result says."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from countylines._kernels import hierarchical
from countylines._kernels.faces_by_row import FaceFinder
from countylines.capture_recapture import (
    _models,
    _resampled_selection,
    _selection,
    _selection_over_bands,
)
from countylines.capture_recapture.loglinear import loglinear
from countylines.capture_recapture.selection_bootstrap import SelectionBootstrap
from countylines.errors import InputError
from countylines.results import Note

if TYPE_CHECKING:
    from countylines.capture_recapture.model_search_result import ModelSearch

MOST_LISTED = 1 << 15  # models: all of six lists with pairs
MOST_TABLES = 256  # within bands, each of them searched


def best_generators(search: ModelSearch) -> tuple[tuple[str, ...], ...]:
    """The model ranked highest of those with an estimate."""
    usable = search.table[search.table["estimable"]]
    if usable.empty:
        raise InputError(
            "`histories` must give an estimate under some model, got none. See .table['code']."
        )
    generators: tuple[tuple[str, ...], ...] = usable["generators"].iloc[0]
    return generators


def bootstrap(search: ModelSearch, asked: _resampled_selection.Request) -> SelectionBootstrap:
    """The best model's estimate, with limits that redo the search in every replicate."""
    counts = _models.counts_of(search.histories)
    lists = search.histories.lists
    best = best_generators(search)
    finder = _selection.finder_for(len(lists), search.max_order, counts.cells)
    usable = int(search.table["estimable"].sum())
    text = (
        f"The model is the best by {search.criterion.upper()} of {len(search.table):,} "
        f"({search.strategy} search), of which {usable:,} give an estimate."
    )
    walked = [note for note in search.notes if note.code in ("downhill", "bounds-ran-out")]
    fitted = loglinear(
        search.histories,
        best,
        interval="wald",
        level=asked.level,
        alternative=asked.alternative,
    )
    choose = _chooser(search, finder, _models.parse(best, lists))
    fitted, ranged = _selection_over_bands.ranged(fitted, counts, choose, MOST_TABLES)
    return _resampled_selection.bootstrap(
        choose,
        fitted,
        counts,
        lists,
        finder.terms,
        asked,
        method=f"log-linear, best by {search.criterion.upper()}",
        notes=(*fitted.notes, Note("selected-by", text), *walked, *ranged),
        references=search.references,
    )


def _chooser(search: ModelSearch, finder: FaceFinder, best: _models.Model) -> _selection.Chooser:
    if search.strategy == "downhill":
        return _selection.by_walk(finder, search.criterion)
    if search.strategy == "exhaustive" or _few(finder):
        masks = hierarchical.all_models(finder.terms)
        return _selection.by_criterion(finder, search.criterion, masks)
    start = np.stack([hierarchical.orders_of(finder.terms) < 2, np.isin(finder.terms, best.terms)])
    return _selection.by_bounds(finder, search.criterion, start)


def _few(finder: FaceFinder) -> bool:
    """Whether all models can be listed: with pairs only there are 2 to the number of pairs."""
    orders = hierarchical.orders_of(finder.terms)
    return int(orders.max()) == 2 and int((orders == 2).sum()) <= math.log2(MOST_LISTED)
