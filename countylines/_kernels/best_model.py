"""The best of many models by a criterion, for many tables at once, without fitting them all.

The deviance of a model is at least that of every model that contains it. Once a few large models
of a table are fitted, each of the others has a lower bound on its deviance and so on its
criterion, and one whose bound exceeds the criterion of a model already fitted cannot be the best.
The most promising models are fitted first, a few of every table at a time; each fit tightens the
bounds of the models within it. What is left out cannot change the answer. Existence is asked only
of the models that are fitted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from countylines._kernels import facial_set, hierarchical, rows_fitted
from countylines._kernels.faces_by_row import FaceFinder

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

TIE = 1e-9  # criteria closer than this count as equal: the first model is taken
ROUNDING = 1e-14  # of a deviance, as a share of the sums that it is the difference of
AT_ONCE = 16  # models of each table fitted in one round
NUMBERS_AT_ONCE = 2_000_000  # of tables times models, or times cells of models fitted together


class Best(NamedTuple):
    """The best model of each table, one row a table."""

    model: IntArray  # position in the family; -1 where no model has an estimate
    code: IntArray  # position in facial_set.CODES
    log_hidden: FloatArray
    seen: FloatArray  # number of units seen, with bands its mean given the fit
    fitted: int  # how many fits it took in all


class Family(NamedTuple):
    """Hierarchical models over one set of terms, the intercept first."""

    masks: BoolArray  # (models, terms)
    packed: NDArray[np.uint64]  # (models, words): the terms as bits
    bounding: IntArray  # models that bound many others


def family(masks: BoolArray, terms: IntArray) -> Family:
    """Prepare a family, which should hold the largest model without each term."""
    return Family(masks, _packed(masks), _bounding(masks, terms))


def _packed(masks: BoolArray) -> NDArray[np.uint64]:
    models, size = masks.shape
    words = -(-size // 64)
    padded = np.zeros((models, 64 * words), dtype=bool)
    padded[:, :size] = masks
    bytes_ = np.packbits(padded, axis=1, bitorder="little")
    packed: NDArray[np.uint64] = bytes_.view("<u8").astype(np.uint64)
    return packed


def _bounding(masks: BoolArray, terms: IntArray) -> IntArray:
    """The largest model, and the largest without each interaction or pair of interactions."""
    everything: BoolArray = np.asarray(masks.any(axis=0))
    interactions = [int(t) for t in terms[everything] if hierarchical.order(int(t)) >= 2]
    lowest = [t for t in interactions if hierarchical.order(t) == 2]
    wanted = [everything]
    without = {t: everything & ((terms & t) != t) for t in interactions}
    wanted += list(without.values())
    wanted += [without[a] & without[b] for i, a in enumerate(lowest) for b in lowest[:i]]
    position = {row.tobytes(): i for i, row in enumerate(masks)}
    found = [position[w.tobytes()] for w in wanted if w.tobytes() in position]
    return np.array(sorted(set(found)), dtype=np.int64)


def best(
    counts: FloatArray,
    models: Family,
    finder: FaceFinder,
    penalty: FloatArray,
    *,
    high: FloatArray | None = None,
    prune: bool = True,
) -> Best:
    """The model with the least deviance plus penalty that has an estimate, for each row.

    `counts` is (rows, cells), with `high` the lower ends of bands; `penalty` is (rows, models).
    With ``prune=False`` all are fitted.
    """
    rows = len(counts)
    result = Best(
        np.full(rows, -1),
        np.full(rows, facial_set.NOT_IDENTIFIED),
        np.full(rows, np.nan),
        counts.sum(axis=1),
        0,
    )
    total = 0
    first = len(models.bounding) * counts.shape[1]  # numbers of a table in the first round
    at_once = max(1, NUMBERS_AT_ONCE // max(len(models.masks), first))
    for start in range(0, rows, at_once):
        part = slice(start, start + at_once)
        upper = None if high is None else high[part]
        search = _Search(counts[part], upper, models, finder, penalty[part])
        if prune:
            search.pruned()
        else:
            search.everything()
        result.model[part], result.code[part] = search.model, search.code
        result.log_hidden[part], result.seen[part] = search.log_hidden, search.units
        total += search.count
    return result._replace(fitted=total)


class _Search:
    """The state of the search in a block of tables."""

    def __init__(
        self,
        counts: FloatArray,
        high: FloatArray | None,
        models: Family,
        finder: FaceFinder,
        penalty: FloatArray,
    ) -> None:
        rows, size = len(counts), len(models.masks)
        self.counts, self.high = counts, high
        self.models, self.finder, self.penalty = models, finder, penalty
        self.seen = counts > 0
        self.bound = penalty.copy()  # least that the criterion of each model can be
        most = counts if high is None else high
        self.slack = np.maximum(TIE, ROUNDING * xlogy(most, most).sum(axis=1))
        self.done = np.zeros((rows, size), dtype=bool)
        self.least = np.full(rows, np.inf)
        self.model = np.full(rows, -1)
        self.code = np.full(rows, facial_set.NOT_IDENTIFIED)
        self.log_hidden = np.full(rows, np.nan)
        self.units = counts.sum(axis=1)
        self.count = 0

    def everything(self) -> None:
        size = len(self.models.masks)
        for row in range(len(self.counts)):
            self._fit(np.full(size, row), np.arange(size))

    def pruned(self) -> None:
        rows = np.arange(len(self.counts))
        bounding = self.models.bounding
        self._fit(np.repeat(rows, len(bounding)), np.tile(bounding, len(rows)), sure=True)
        width = min(AT_ONCE, len(self.models.masks))
        while True:
            open_bound = np.where(self.done[rows], np.inf, self.bound[rows])
            promising = np.argpartition(open_bound, width - 1, axis=1)[:, :width]
            values = np.take_along_axis(open_bound, promising, axis=1)
            worth = values <= (self.least + self.slack)[rows, None]
            worth &= np.isfinite(values)
            at, column = np.nonzero(worth)
            if at.size == 0:
                return
            self._fit(rows[at], promising[at, column])
            rows = np.unique(rows[at])

    def _fit(self, rows: IntArray, models: IntArray, *, sure: bool = False) -> None:
        """Fit models of tables, (row, model) pairs; note bounds and the best.

        With `sure`, only those whose face needs no linear programme.
        """
        masks = self.models.masks[models]
        if sure:
            found, decided = self.finder.quick(self.seen[rows], masks)
            good = decided
            self.done[rows[decided], models[decided]] = True
        else:
            found = self.finder.faces(self.seen[rows], masks)
            good = found.code <= facial_set.BOUNDARY_FINITE
            self.done[rows, models] = True
        rows, models, found = rows[good], models[good], rows_fitted.rows_of(found, good)
        high = None if self.high is None else self.high[rows]
        fits = rows_fitted.fit(self.counts[rows], high, self.finder, found)
        self.count += len(rows)
        code = found.code
        if not fits.decided.all():
            rows, models, code = rows[fits.decided], models[fits.decided], code[fits.decided]
            fits = fits.only_decided()
        self._tighten(rows, models, fits.deviance)
        value = fits.deviance + self.penalty[rows, models]
        order = np.lexsort([models, rows])
        for row, mine in _grouped(rows[order], order):
            least, slack = value[mine].min(), self.slack[row]
            if not np.isfinite(least) or least > self.least[row] + slack:
                continue
            close = mine[value[mine] <= min(least, self.least[row]) + slack]
            first = close[0]
            if abs(least - self.least[row]) <= slack and models[first] > self.model[row]:
                continue
            self.least[row] = min(least, self.least[row])
            self.model[row] = models[first]
            self.code[row], self.units[row] = code[first], fits.seen[first]
            self.log_hidden[row] = fits.log_hidden[first]

    def _tighten(self, rows: IntArray, models: IntArray, deviance: FloatArray) -> None:
        packed = self.models.packed
        for row, mine in _grouped_sorted(rows):
            fitted = packed[models[mine]]
            within = ((packed[None, :, :] & ~fitted[:, None, :]) == 0).all(axis=2)
            floor = np.where(within, deviance[mine][:, None], 0.0).max(axis=0)
            np.maximum(self.bound[row], floor + self.penalty[row], out=self.bound[row])


def _grouped_sorted(rows: IntArray) -> Iterator[tuple[int, IntArray]]:
    order = np.argsort(rows, kind="stable")
    return _grouped(rows[order], order)


def _grouped(ordered: IntArray, order: IntArray) -> Iterator[tuple[int, IntArray]]:
    """Each row and the positions that belong to it."""
    if ordered.size == 0:
        return
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    for start, stop in zip(starts, np.append(starts[1:], len(ordered)), strict=True):
        yield int(ordered[start]), order[start:stop]
