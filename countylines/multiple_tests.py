"""Many tests at once: adjusted p-values, for every topic that makes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from countylines import _labels, _validate
from countylines._kernels import multiplicity
from countylines._typing import ArrayLike
from countylines.errors import InputError

__all__ = ["false_discovery"]

REFERENCES = {
    "benjamini-hochberg": ("benjamini1995",),
    "benjamini-yekutieli": ("benjamini2001",),
    "holm": ("holm1979",),
    "holm-sidak": ("holm1979",),
    "hochberg": ("hommel1988",),
    "hommel": ("hommel1988",),
    "bonferroni": ("tarone1990",),
    "sidak": ("tarone1990",),
}
ALIASES = {"bh": "benjamini-hochberg", "by": "benjamini-yekutieli"}


def false_discovery(
    pvalues: ArrayLike, *, method: str = "benjamini-hochberg", dim: Any = None
) -> Any:
    r"""P-values adjusted for there being many tests, as of 43 forces or of regions by groups.

    It answers: which of these findings stand, when so many were looked for? With 43 forces and no
    difference anywhere, two are expected below 0.05. The adjustment says nothing of size: a large
    force with a trifling difference passes it more easily than a small one with a great one.

    Parameters
    ----------
    pvalues : array_like, shape (...)
        P-values, in [0, 1], of all tests that were made, not only those that were reported.
    method : str, default "benjamini-hochberg"
        What is controlled, see Notes: the expected share of false ones among the findings by
        ``"benjamini-hochberg"`` (or ``"bh"``) or ``"benjamini-yekutieli"`` (``"by"``); the chance
        of any false finding by ``"holm"``, ``"holm-sidak"``, ``"hochberg"``, ``"hommel"``,
        ``"bonferroni"`` or ``"sidak"``.
    dim : str or int or None, optional
        Dimension that holds the tests of one family, a name for a DataArray and an axis number for
        an array, if there are several families. None: all values are one family.

    Returns
    -------
    float or labelled numbers
        Adjusted p-values, of the kind and with the labels of `pvalues`: those at or below 0.05 are
        the findings at 5 %. Where there are attributes, ``attrs["references"]`` names the papers.

    Raises
    ------
    InputError
        If a p-value is missing or outside [0, 1], there is none, or an option is unknown.

    See Also
    --------
    countylines.disproportionality.simultaneous : intervals that hold together.
    countylines.localisation.field_significance : whether there is anything to find.

    Notes
    -----
    With p-values :math:`p_{(1)} \le \dots \le p_{(m)}` the adjusted ones are

    .. math:: \min_{j \ge i} \frac{c\, m}{j} p_{(j)}, \qquad \max_{j \le i} (m - j + 1) p_{(j)},
              \qquad \min_{j \ge i} (m - j + 1) p_{(j)},

    of Benjamini and Hochberg (c = 1; Yekutieli: :math:`c = \sum_k 1 / k`), of Holm, and of
    Hochberg, never above 1. ``"bonferroni"`` is :math:`m p` and ``"sidak"``
    :math:`1 - (1 - p)^m`; ``"holm-sidak"`` does the latter by steps. ``"hommel"`` is closed testing
    by Simes' test and never rejects less than ``"hochberg"``.

    Assumptions that fail in practice: ``"benjamini-hochberg"``, ``"hochberg"`` and ``"hommel"``
    need tests that are independent or depend on each other positively, ``"sidak"`` and
    ``"holm-sidak"`` two-sided ones at least; the others need nothing. Groups that share a
    comparator depend positively, but shares of one whole negatively. A control of the false
    discovery rate holds for all findings together, not for a part of them chosen later.

    P-values of counts are discrete: where events are few many can never be small, and every
    procedure is then cautious. A test that could not reject whatever was seen may be left out
    before adjusting (Tarone, 1990), but not by looking at its p-value.

    References
    ----------
    .. [1] Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate: a practical
       and powerful approach to multiple testing. *Journal of the Royal Statistical Society: Series
       B* 57, 289-300. https://doi.org/10.1111/j.2517-6161.1995.tb02031.x
    .. [2] Benjamini, Y. and Yekutieli, D. (2001). The control of the false discovery rate in
       multiple testing under dependency. *Annals of Statistics* 29, 1165-1188.
       https://doi.org/10.1214/aos/1013699998
    .. [3] Holm, S. (1979). A simple sequentially rejective multiple test procedure. *Scandinavian
       Journal of Statistics* 6, 65-70. https://www.jstor.org/stable/4615733
    .. [4] Hommel, G. (1988). A stagewise rejective multiple test procedure based on a modified
       Bonferroni test. *Biometrika* 75, 383-386. https://doi.org/10.1093/biomet/75.2.383
    .. [5] Tarone, R. E. (1990). A modified Bonferroni method for discrete data. *Biometrics* 46,
       515-522. https://doi.org/10.2307/2531456

    Examples
    --------
    The fifteen p-values of Benjamini and Hochberg's own example [1]_, the largest six left out of
    the printing:

    >>> p = [
    ...     0.0001,
    ...     0.0004,
    ...     0.0019,
    ...     0.0095,
    ...     0.0201,
    ...     0.0278,
    ...     0.0298,
    ...     0.0344,
    ...     0.0459,
    ...     0.3240,
    ...     0.4262,
    ...     0.5719,
    ...     0.6528,
    ...     0.7590,
    ...     1.0000,
    ... ]
    >>> print([round(float(v), 4) for v in cl.localisation.false_discovery(p)[:6]])
    [0.0015, 0.003, 0.0095, 0.0356, 0.0603, 0.0639]
    >>> print(
    ...     [round(float(v), 4) for v in cl.localisation.false_discovery(p, method="holm")[:6]]
    ... )
    [0.0015, 0.0056, 0.0247, 0.114, 0.2211, 0.278]

    Nine of the fifteen are below 0.05 before adjustment. Four findings stand if one in twenty of
    the findings may be false, and three if the chance of a single false one is to be 5 %.
    """
    if isinstance(method, str):
        method = ALIASES.get(method, method)
    adjust = multiplicity.METHODS[_validate.option("method", method, multiplicity.METHODS)]
    if isinstance(pvalues, xr.DataArray):
        pvalues = pvalues.compute()
    inputs = _labels.align(pvalues=pvalues)
    values = inputs.flat[0]
    missing = values != values
    if missing.any():
        raise InputError(
            _validate.sentence(
                "pvalues",
                "in [0, 1]",
                "nan",
                inputs.where(missing),
                "Drop the tests that were not made first: nothing is left out silently.",
            )
        )
    _validate.share("pvalues", values, inputs.where, open_low=False, open_high=False)
    if dim is None:
        adjusted = inputs.back(np.ascontiguousarray(adjust(values[None])[0]))
    else:
        adjusted = inputs.with_dim(adjust(inputs.rows(dim)[0]), dim)
    if hasattr(adjusted, "attrs"):
        adjusted.attrs["references"] = REFERENCES[method]
    return adjusted
