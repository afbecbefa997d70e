"""Whether an estimate exists, and what its reader must know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["OK", "Note", "Verdict", "verdict_array"]


@dataclass(frozen=True)
class Note:
    """A fact about a result that its reader must know.

    Parameters
    ----------
    code : str
        Short stable name, for example ``"few-recaptures"``.
    text : str
        The fact in one or two sentences.
    """

    code: str
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Verdict:
    """Whether an estimate exists, and if not, why.

    Parameters
    ----------
    estimable : bool
        Whether the data determine the estimate.
    code : str
        ``"ok"``, ``"boundary-finite"``, ``"hidden-zero"``, ``"hidden-infinite"``,
        ``"not-identified"``, ``"out-of-range"``, ``"no-data"``, ``"no-denominator"``,
        ``"separated"``, ``"chains-disagree"``.
    reasons : tuple of str
        Sentences that say why, naming lists and cells where there are any.

    Notes
    -----
    An estimate that does not exist is a verdict, never a number: with ``"hidden-infinite"`` the
    estimate is infinite and the low end finite; with ``"hidden-zero"`` the estimate is the number
    observed, which the likelihood never leaves, and the high end says what is known; with
    ``"separated"`` a ratio is infinite or 0 and one end says what is known; with every other code
    that is not estimable the estimate is nan.
    """

    estimable: bool
    code: str
    reasons: tuple[str, ...] = ()

    def __str__(self) -> str:
        words = self.code if self.estimable else f"not estimable ({self.code})"
        return f"{words}: {' '.join(self.reasons)}" if self.reasons else words


OK = Verdict(True, "ok")


def verdict_array(codes: NDArray[np.integer], verdicts: tuple[Verdict, ...]) -> NDArray[np.object_]:
    """Verdicts picked by code."""
    table = np.empty(len(verdicts), dtype=object)
    table[:] = verdicts
    picked: NDArray[np.object_] = table[codes]
    return picked
