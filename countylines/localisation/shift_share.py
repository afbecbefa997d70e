"""Shift-share of the internal share: what changed within forces, and what by their mix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from countylines import _labels, _validate
from countylines._kernels import shift_share as kernels
from countylines._kernels.method import critical_value
from countylines._typing import ArrayLike
from countylines.errors import InputError, SparseDataWarning, warn
from countylines.localisation.share_decomposition import ShareDecomposition
from countylines.results import Note

NAMES = ("internal_before", "external_before", "internal_after", "external_after")
SPARSE = 5
_NO_ERROR = 1e-12


def shift_share(
    internal_before: ArrayLike,
    external_before: ArrayLike,
    internal_after: ArrayLike,
    external_after: ArrayLike,
    *,
    level: float = 0.95,
) -> ShareDecomposition:
    r"""Take the change of a share between two periods apart, force by force, so that it adds up.

    It answers: did the internal share rise because it rose within forces, because forces with a
    high share recorded more of the lines, or because forces began (or ceased) to report? It does
    not say whether a rise within a force is one of lines or of their recording.

    Parameters
    ----------
    internal_before, external_before, internal_after, external_after : array_like
        Lines of each force, one entry a force: sequences, Series with the same index, or
        one-dimensional DataArrays. A force with no line at all in a period does not report in it.
    level : float, default 0.95
        Confidence level, a share in (0, 1).

    Returns
    -------
    ShareDecomposition
        The change of the share as a difference of shares, with ``components`` and ``forces``. Where
        a period has no lines of a type and the delta variance of a part is 0 for that, its standard
        error is nan and its limits are -1 and 1.

    Raises
    ------
    InputError
        If a count is no count, there is more than one dimension, or no force reports in both
        periods.
    LabelMismatchError
        If the labels of forces differ.

    Warns
    -----
    SparseDataWarning
        If a period has fewer than 5 internal or external lines in all.

    See Also
    --------
    localisation_odds_ratio : the change itself.
    mantel_trend : a trend within forces, tested.

    Notes
    -----
    Let :math:`p_f` be the share of force :math:`f`, :math:`w_f` its part of all lines, :math:`v_f`
    its part of those of the forces that report in both periods, and :math:`C = \sum v_f p_f` their
    share. Then, with bars for means over the two periods and :math:`\Delta` for differences,

    .. math:: \Delta P = \underbrace{\sum_f \bar v_f \Delta p_f}_{\text{within}}
              + \underbrace{\sum_f (\bar p_f - \bar C) \Delta v_f}_{\text{mix}}
              + \underbrace{\sum_{\text{new}} w_f (p_f - C)_{\text{after}}}_{\text{new}}
              - \underbrace{\sum_{\text{gone}} w_f (p_f - C)_{\text{before}}}_{\text{stopped}}.

    The weights are those of Kitagawa [1]_, the same whichever period comes first, and forces that
    come or go are held against those that stay [2]_. A force that newly reports and has the share
    of the others adds nothing.

    Standard errors take all counts to be Poisson, by the derivatives of the parts (delta method),
    with the set of reporting forces fixed. The parts are correlated, so their limits do not add up.

    Assumptions that fail in practice: independent lines (those of one network are not: the limits
    are too narrow), few lines in a force, and one meaning of "force" in both periods. The finer the
    areas, the more of a change becomes mix.

    References
    ----------
    .. [1] Kitagawa, E. M. (1955). Components of a difference between two rates. *Journal of the
       American Statistical Association* 50, 1168-1194.
       https://doi.org/10.1080/01621459.1955.10501299
    .. [2] Melitz, M. J., & Polanec, S. (2015). Dynamic Olley-Pakes productivity decomposition with
       entry and exit. *RAND Journal of Economics* 46, 362-375.
       https://doi.org/10.1111/1756-2171.12088

    Examples
    --------
    *Made-up* lines of four forces, the last of which did not report before:

    >>> import pandas as pd
    >>> forces = ["city", "coast", "county", "vale"]
    >>> lines = pd.DataFrame(
    ...     {
    ...         "ib": [60, 10, 8, 0],
    ...         "eb": [140, 40, 32, 0],
    ...         "ia": [130, 16, 10, 45],
    ...         "ea": [150, 44, 30, 15],
    ...     },
    ...     index=forces,
    ... )
    >>> found = cl.localisation.shift_share(lines["ib"], lines["eb"], lines["ia"], lines["ea"])
    >>> (100 * found.components["estimate"]).round(1).tolist()
    [13.4, 0.7, 4.6, 0.0, 18.8]
    >>> within = 100 * found.components.loc["within forces", ["low", "high"]]
    >>> within.round(1).tolist()
    [6.4, 20.5]

    Of a rise of 18.8 points, 13.4 (6.4 to 20.5) are within forces, and 4.6 come from a force
    that is seen for the first time and has mostly internal lines.
    """
    level = _validate.level(level)
    given = (internal_before, external_before, internal_after, external_after)
    inputs = _labels.align(**dict(zip(NAMES, given, strict=True)))
    if inputs.is_lazy or len(np.shape(inputs.template)) != 1:
        rule = "one row of forces in memory"
        got = f"shape {np.shape(inputs.template)}"
        raise InputError(_validate.sentence(NAMES[0], rule, got))
    counts = np.array(inputs.flat)
    for name, values in zip(NAMES, counts, strict=True):
        _validate.counts(name, values, inputs.where)
    totals = counts[:2].sum(axis=0), counts[2:].sum(axis=0)
    if not np.any((totals[0] > 0) & (totals[1] > 0)):
        rule = "of at least one force that reports in both periods"
        raise InputError(_validate.sentence(NAMES[2], rule, "none"))
    by_force, spread = kernels.decomposed(counts)
    add = np.vstack([np.eye(4), np.ones(4)])
    value = add @ by_force.sum(axis=1)
    error = np.sqrt(np.maximum(np.diagonal(add @ spread @ add.T), 0.0))
    reach = critical_value(level, "two-sided") * error
    low, high = value - reach, value + reach
    # cells of 0 have no variance by the formula, which is not to know their share for certain
    unknown = _without_variance(totals, error) if (counts.sum(axis=1) == 0).any() else error < 0
    error, low, high = (
        np.where(unknown, other, own) for own, other in ((error, np.nan), (low, -1.0), (high, 1.0))
    )
    components = pd.DataFrame(
        {"estimate": value, "standard_error": error, "low": low, "high": high},
        index=pd.Index([*kernels.PARTS, "total"], name="component"),
    )
    return ShareDecomposition(
        quantity="change of the internal share",
        estimate=float(value[-1]),
        low=float(low[-1]),
        high=float(high[-1]),
        standard_error=float(error[-1]),
        method="shift-share",
        interval_method="delta",
        level=level,
        n=int(counts.sum()),
        notes=_notes(counts),
        references=("kitagawa1955", "melitz2015"),
        components=components,
        forces=pd.DataFrame(by_force.T, columns=list(kernels.PARTS), index=_index(inputs)),
    )


def _without_variance(totals: Any, error: Any) -> Any:
    """Parts whose error is 0 for want of lines of a type, and not because they cannot differ."""
    before, after = totals[0] > 0, totals[1] > 0
    several, new, gone = (
        (before & after).sum() > 1,
        (~before & after).any(),
        (before & ~after).any(),
    )
    return (error <= _NO_ERROR) & np.array([True, several, new, gone, True])


def _index(inputs: _labels.Inputs) -> Any:
    if inputs.kind == "series":
        return inputs.template.index
    if inputs.kind == "dataarray" and inputs.template.dims[0] in inputs.template.indexes:
        return inputs.template.indexes[inputs.template.dims[0]]
    return pd.RangeIndex(len(inputs.template), name="force")


def _notes(counts: np.ndarray[Any, Any]) -> tuple[Note, ...]:
    text = "The parts are arithmetic on recorded lines; they do not say why a share changed."
    notes = [Note("not-a-cause", text)]
    least = int(counts.sum(axis=1).min())
    if least < SPARSE:
        text = (
            f"A period has {least} internal or external lines: the normal limits are a poor guide."
        )
        notes.append(Note("sparse", text))
        warn(text, SparseDataWarning)
    reported = (counts[0] + counts[1] > 0, counts[2] + counts[3] > 0)
    for word, one, other in (("newly", *reported), ("no longer", *reported[::-1])):
        number = int((~one & other).sum())
        if number:
            notes.append(Note("reporting-forces", f"Forces that {word} report: {number}."))
    return tuple(notes)
