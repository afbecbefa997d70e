"""Hierarchical models in words, formulas and generators, as terms over the lists of a table."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _validate
from countylines._kernels import hierarchical
from countylines._kernels.loglinear_banded import WIDEST
from countylines.capture_recapture import _patterns
from countylines.capture_recapture.histories import CaptureHistories
from countylines.errors import InputError, InputTypeError

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

MOST_LISTS = 12
RULE = (
    "'independence', 'all-two-way', a formula such as 'A*B + C', or generators such as "
    "[('A', 'B'), ('C',)]"
)


@dataclass(frozen=True)
class Model:
    """A hierarchical model of one table."""

    lists: tuple[str, ...]
    terms: IntArray  # by order, the intercept first

    @functools.cached_property
    def generators(self) -> tuple[tuple[str, ...], ...]:
        """Highest-order terms by the names of their lists."""
        masks = hierarchical.generators(self.terms.tolist())
        return tuple(sorted((self.names(m) for m in masks), key=self._place))

    @property
    def formula(self) -> str:
        """The model as a formula."""
        return " + ".join("*".join(names) for names in self.generators)

    def names(self, mask: int) -> tuple[str, ...]:
        """Lists of a term or of a cell, in the order of the table."""
        total = len(self.lists)
        return tuple(n for j, n in enumerate(self.lists) if mask & _patterns.bit(j, total))

    def _place(self, names: tuple[str, ...]) -> tuple[int, list[int]]:
        return -len(names), [self.lists.index(n) for n in names]


def parse(model: Any, lists: Sequence[str], absent: Sequence[str] = ()) -> Model:
    """Return the model that a user named; lists that are `absent` drop out of its terms."""
    names = tuple(lists)
    if model == "independence":
        groups: Iterable[Sequence[str]] = [(n,) for n in names]
    elif model == "all-two-way":
        groups = list(combinations(names, 2))
    elif isinstance(model, str):
        groups = [[part.strip() for part in term.split("*")] for term in model.split("+")]
    elif isinstance(model, Iterable):
        groups = [_group(item) for item in model]
    else:
        raise InputTypeError(
            _validate.sentence("model", RULE, f"a value of type {type(model).__name__}")
        )
    masks = [_mask([n for n in group if n not in absent], names) for group in groups]
    terms = hierarchical.closure(masks)
    for j, name in enumerate(names):
        if _patterns.bit(j, len(names)) not in terms:
            raise InputError(
                _validate.sentence(
                    "model",
                    "one that names every list",
                    f"one without {name!r}",
                    remedy="Add it as a term of its own, or take it out with histories.drop().",
                )
            )
    ordered = sorted(terms, key=lambda t: (hierarchical.order(t), -t))
    return Model(names, np.array(ordered, dtype=np.int64))


def _group(item: Any) -> Sequence[str]:
    if isinstance(item, str) or not isinstance(item, Iterable):
        raise InputTypeError(
            _validate.sentence(
                "model", RULE, f"the generator {_validate.show(item)}", remedy="Write ('A',)."
            )
        )
    return list(item)


def _mask(group: Sequence[str], names: tuple[str, ...]) -> int:
    mask = 0
    for name in group:
        if name not in names:
            known = ", ".join(repr(n) for n in names)
            remedy = "A formula joins lists by * and terms by +; write generators for a name that "
            raise InputError(
                _validate.sentence(
                    "model",
                    f"made of the lists {known}",
                    _validate.show(name),
                    remedy=remedy + "holds one.",
                )
            )
        mask |= _patterns.bit(names.index(name), len(names))
    return mask


@dataclass(frozen=True)
class Counts:
    """Cells of one table that can occur, and the ends of their counts: equal where it is known."""

    cells: IntArray
    low: FloatArray
    high: FloatArray

    @property
    def values(self) -> FloatArray:
        """Counts of the cells of a table without bands."""
        if self.is_banded:
            raise ValueError("a banded table has no exact counts")
        return self.low

    @property
    def is_banded(self) -> bool:
        """Whether some count is known only as a band."""
        return bool((self.low != self.high).any())

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Which cells have a unit for certain."""
        return self.low > 0

    @property
    def n(self) -> float:
        """Number observed; of a banded table the middle of its ends."""
        return 0.5 * float(self.low.sum() + self.high.sum())


def exact_counts(histories: Any) -> Counts:
    """Counts by cell of a table without strata or bands."""
    counts = counts_of(histories)
    if counts.is_banded:
        raise InputError(
            _validate.sentence(
                "histories",
                "of exact counts",
                "banded ones",
                remedy="loglinear and model_search take bands; here try both ends of each.",
            )
        )
    return counts


def counts_of(histories: Any) -> Counts:
    """Counts by cell of a table without strata, exact or in bands."""
    if not isinstance(histories, CaptureHistories):
        raise InputTypeError(
            _validate.sentence(
                "histories",
                "CaptureHistories",
                f"a {type(histories).__name__}",
                remedy="Make them with CaptureHistories.from_cells, from_table or from_records.",
            )
        )
    if histories.strata:
        raise InputError(
            _validate.sentence(
                "histories",
                "one table",
                f"strata by {', '.join(histories.strata)}",
                remedy="Use histories.pool(), or estimate each stratum by itself.",
            )
        )
    for copy, sources in histories.compiled.items():
        raise InputError(
            _validate.sentence(
                "histories",
                "of lists that are separate looks",
                f"{copy!r}, which is compiled from {', '.join(map(repr, sources))}",
                remedy="What they share was copied and says nothing of how many are hidden: "
                f"leave one out with .drop({copy!r}), or make one list of them with .merge.",
            )
        )
    total = len(histories.lists)
    if total > MOST_LISTS:
        raise InputError(
            _validate.sentence(
                "histories", f"of at most {MOST_LISTS} lists", total, remedy="Merge or drop lists."
            )
        )
    cells = np.arange(1, 1 << total)
    cells = cells[~np.isin(cells, sorted(histories._table.structural))]
    low, high = np.zeros((2, 1 << total))
    table = histories._table
    low[table.codes], high[table.codes] = table.low, table.high
    if (high - low).max() > WIDEST:
        raise InputError(
            _validate.sentence(
                "histories",
                f"of bands at most {WIDEST:,} wide",
                f"one of {int((high - low).max()):,}",
                remedy="Such a band says next to nothing: ask for the count, or drop the list.",
            )
        )
    return Counts(cells, low[cells], high[cells])
