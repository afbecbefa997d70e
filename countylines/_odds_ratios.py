"""What every topic with an odds ratio says of its methods: references and notes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from countylines._kernels import odds_ratio
from countylines.errors import DegenerateDataWarning, SparseDataWarning, warn
from countylines.results import Note

FloatArray = NDArray[np.float64]

REFERENCES = {
    "skew-score": ("laud2017", "laud2018"),
    "miettinen-nurminen": ("miettinen1985",),
    "score": ("cornfield1956",),
    "conditional": ("cornfield1956",),
    "conditional-mid-p": ("berry1995",),
    "minlike": ("sterne1954",),
    "blaker": ("blaker2000",),
    "mover-wilson": ("donner2012", "newcombe2016"),
    "mover-jeffreys": ("donner2012", "newcombe2016"),
    "woolf": ("woolf1955",),
    "gart": ("gart1966",),
    "independence-smoothed": ("agresti1999",),
}
FEW = 5


def odds_ratio_notes(
    groups: tuple[FloatArray, ...], method: str, level: float, alternative: str
) -> tuple[Note, ...]:
    """Facts about the tables and the method; each warning is also a note.

    `groups` is count, total, ref_count, ref_total.
    """
    count, total, ref_count, ref_total = groups
    notes = []
    cells = (count, total - count, ref_count, ref_total - ref_count)
    smallest = np.min(cells, axis=0)
    if (smallest == 0).any():
        text = "A count is 0, so the ratio is 0, infinite or undefined there; " + (
            f"the {method} interval rests on what is added to the counts and can leave it out."
            if method in ("gart", "independence-smoothed")
            else "nothing is added to it, and one limit may still be finite."
        )
        notes.append(Note("zero-cell", text))
        warn(text, DegenerateDataWarning)
    if odds_ratio.METHODS[method].asymptotic and (smallest < FEW).any():
        text = (
            f"A count is below {FEW}, where the large-sample {method} interval does not hold its "
            "level. Use method='skew-score' or 'conditional-mid-p'."
        )
        notes.append(Note("sparse", text))
        warn(text, SparseDataWarning)
    whole = method in ("minlike", "blaker") and alternative == "two-sided"
    if whole and odds_ratio.gap_in_acceptance(*groups, level=level, method=method).any():
        text = (
            f"The values that the {method} test accepts have a gap; the interval given is their "
            "hull."
        )
        notes.append(Note("hull", text))
    return tuple(notes)
