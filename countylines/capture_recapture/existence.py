"""Whether a log-linear estimate of the hidden number exists."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import facial_set, hierarchical
from countylines.capture_recapture._models import Counts, Model, counts_of, parse
from countylines.capture_recapture.histories import CaptureHistories
from countylines.results import OK, Verdict

_CELLS_NAMED = 5


def existence(histories: CaptureHistories, model: Any) -> Verdict:
    r"""Whether the estimate of a log-linear model exists, and if not, why.

    It answers, before anything is fitted: do these counts determine the hidden number under this
    model? Empty cells can send it to infinity or to zero, or leave it undetermined, while software
    that fits without asking prints a number with a very large standard error. It does not say that
    the model is right.

    Parameters
    ----------
    histories : CaptureHistories
        One table without strata, of exact counts or with bands.
    model : str or sequence of sequence of str
        ``"independence"``, ``"all-two-way"``, a formula such as ``"A*B + C"``, or generators such
        as ``[("A", "B"), ("C",)]``; see :func:`loglinear`.

    Returns
    -------
    Verdict
        ``code`` is ``"ok"``; ``"boundary-finite"`` (some cells have fitted value 0, the hidden
        number is determined all the same); ``"hidden-infinite"``; ``"hidden-zero"``; or
        ``"not-identified"``. ``reasons`` names the lists and the cells.

    Raises
    ------
    InputError
        If the model does not name every list, or the table has strata or too many lists.

    See Also
    --------
    loglinear : the estimate itself, which asks this first.

    Notes
    -----
    With counts :math:`y` and design matrix :math:`X`, the maximum likelihood estimate exists
    exactly if :math:`X^\top y` lies inside the cone that the rows of :math:`X` span. Otherwise
    there are directions :math:`b` with :math:`Xb = 0` on the cells seen and :math:`Xb \ge 0` on the
    others; a linear programme finds all cells that they empty, and the estimate exists in the
    extended sense on the cells that remain, the facial set. The hidden cell has design row
    :math:`(1, 0, \dots, 0)`: its fitted value is determined if that row lies in the space of the
    remaining rows, and otherwise goes where the sign of :math:`b_0` sends it.

    It is not a matter of empty overlaps alone: with three lists and all pairs, one empty cell of
    the three that are on two lists only sends the hidden number to infinity.

    A band that may be 0 counts as 0: the probability of "at most 4" grows without end as the mean
    of the cell falls, as that of "none" does, so the likelihood of what is known has the same
    directions. Where the verdict turns on such bands the reasons say so.

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
    Three lists, and no unit that is on the first two but not on the third:

    >>> seen = {"111": 4, "101": 7, "011": 5, "100": 30, "010": 25, "001": 40}
    >>> table = cl.CaptureHistories.from_cells(seen, lists=["A", "B", "C"])
    >>> cl.capture_recapture.existence(table, "all-two-way").code
    'hidden-infinite'
    >>> cl.capture_recapture.existence(table, "A*B + C").code
    'ok'

    With an effect for every pair the counts put no upper limit on the hidden number; with one pair
    they do. That is no reason to believe the second model.
    """
    counts = counts_of(histories)
    return verdict(parse(model, histories.lists, histories.absent), counts)


def facial(model: Model, counts: Counts, seen: NDArray[np.bool_] | None = None) -> facial_set.Faces:
    """Facial set of one model; `seen` in place of the cells that have a unit for certain."""
    masks = np.ones((1, len(model.terms)), dtype=bool)
    pattern = counts.seen if seen is None else seen
    return facial_set.faces(masks, model.terms, pattern, counts.cells)


def verdict(model: Model, counts: Counts) -> Verdict:
    """The verdict of one model, in words."""
    found = facial(model, counts)
    return worded(model, counts, int(found.code[0]), found.on_face[0])


def worded(model: Model, counts: Counts, code: int, on_face: NDArray[np.bool_]) -> Verdict:
    """Reasons that name lists and cells."""
    name = facial_set.CODES[code]
    if name == "ok":
        return OK
    reasons = [_empty_margin(model, counts, term) for term in _zero_margins(model, counts)]
    if (~on_face).any():
        reasons.append(f"Cells with fitted value 0: {_cells(model, counts.cells[~on_face])}.")
    reasons.append(_WORDS[name])
    reasons.extend(_turning_on_bands(model, counts, name))
    return Verdict(name == "boundary-finite", name, tuple(reasons))


def _turning_on_bands(model: Model, counts: Counts, name: str) -> list[str]:
    """What the verdict would be if no band were 0, where that is another."""
    doubtful = (counts.low == 0) & (counts.high > 0)
    if not doubtful.any():
        return []
    code = int(facial(model, counts, counts.high > 0).code[0])
    if facial_set.CODES[code] == name:
        return []
    return [
        f"It turns on bands that may be 0 ({_cells(model, counts.cells[doubtful])}): if each held "
        f"a unit, the verdict would be {facial_set.CODES[code]!r}."
    ]


_WORDS = {
    "boundary-finite": "The hidden number is determined by the other cells.",
    "hidden-infinite": "The likelihood never falls as the hidden number grows without bound.",
    "hidden-zero": "The likelihood never falls as the hidden number shrinks to 0.",
    "not-identified": "The counts fit any hidden number equally well under this model.",
}


def _zero_margins(model: Model, counts: Counts) -> list[int]:
    """Lowest terms of the model that no unit is sure to hold, though some cell could."""
    holds = hierarchical.design(counts.cells, model.terms) > 0
    empty = (counts.seen @ holds == 0) & holds.any(axis=0)
    zero = [int(t) for t in model.terms[empty]]
    return [t for t in zero if not any(o != t and t & o == o for o in zero)]


def _empty_margin(model: Model, counts: Counts, term: int) -> str:
    if term == 0:
        return "Perhaps no unit is on any list: every count may be 0."
    lists = _joined(model.names(term))
    holds = counts.cells & term == term
    if counts.high[holds].any():
        return f"Perhaps no unit is on {lists}, so their interaction goes to minus infinity."
    return f"No unit is on {lists}, so their interaction is at minus infinity."


def _cells(model: Model, cells: NDArray[np.int64]) -> str:
    more = f" and {len(cells) - _CELLS_NAMED} more" if len(cells) > _CELLS_NAMED else ""
    return "; ".join(_cell(model, int(c)) for c in cells[:_CELLS_NAMED]) + more


def _cell(model: Model, cell: int) -> str:
    inside = model.names(cell)
    return f"{_joined(inside)} only" if len(inside) < len(model.lists) else _joined(inside)


def _joined(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
