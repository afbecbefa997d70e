"""How much re-labelling of lines would by itself explain a localisation odds ratio."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq

from countylines import _labels, _validate
from countylines._kernels import odds_ratio, reclassification
from countylines._typing import ArrayLike
from countylines.errors import DegenerateDataWarning, InputError, warn
from countylines.localisation.localisation_odds_ratio import NAMES, as_groups

FloatArray = NDArray[np.float64]
Cells = tuple[float, float, float, float]

DIRECTIONS = ("auto", "internal", "external")
GRID = np.arange(1, 10) / 10


def reclassification_sensitivity(
    internal_before: float,
    external_before: float,
    internal_after: float,
    external_after: float,
    *,
    moved_share: ArrayLike | None = None,
    null: float = 1.0,
    direction: Literal["auto", "internal", "external"] = "auto",
    method: str = "skew-score",
    level: float = 0.95,
) -> pd.DataFrame:
    r"""Odds ratio for every share of lines that would have been called otherwise before.

    It answers: if the rule for what is an internal line widened between the periods, how many of
    the internal lines of the second would the rule of the first have called external, for the
    figures to arise without any change in the lines? It is not a statement that lines were
    re-labelled; it gives the reader the share to hold against what is known of the rules.

    Parameters
    ----------
    internal_before, external_before : float
        Lines of each kind in the first period, by its rule: whole numbers, not both 0.
    internal_after, external_after : float
        Lines of each kind in the second period, by its rule: whole numbers, not both 0.
    moved_share : array_like or None, optional
        Shares of the lines of `direction` in the second period to move [0 to 1], of one dimension;
        None for 0.1, 0.2, ..., 0.9.
    null : float, default 1.0
        Odds ratio that would be left, above 0; 1 is no change in the lines.
    direction : {"auto", "internal", "external"}, default "auto"
        Which lines of the second period the rule of the first would have called the other kind.
        ``"auto"`` takes the one that brings the odds ratio toward `null`: internal lines if it is
        above, external ones if it is below.
    method : str, default "skew-score"
        How the limits are made, as in `localisation_odds_ratio`; one that works with fractional
        counts.
    level : float, default 0.95
        Confidence level, a share in (0, 1).

    Returns
    -------
    DataFrame
        One row a share, ascending: ``case``, ``moved_share`` [0 to 1], ``moved`` [lines],
        ``internal_after`` and ``external_after`` by the rule of the first period [lines, not
        rounded], ``internal_share_after`` [0 to 1], then the odds ratio in the tidy columns
        ``estimate, standard_error, low, high, level, interval_kind, method, n``. ``case`` is
        ``"recorded"`` for the counts as given, ``"grid"`` for a share asked for, ``"tipping"``
        where the odds ratio is `null` and ``"limit"`` where the nearer limit of its interval is.
        The last two are also in ``attrs`` as ``tipping_share`` and ``limit_share``, with
        ``direction``; they are nan and have no row where no share does it.

    Raises
    ------
    InputError
        If a count is negative or fractional, if a period has no lines, or if `method` needs whole
        counts.

    Warns
    -----
    DegenerateDataWarning
        If no share of the lines moved makes the odds ratio `null`: moving them leads away from it,
        or it is undefined, or infinite because the first period has none of them.

    See Also
    --------
    tipping_point : the other route, a change in detection.
    localisation_odds_ratio : the odds ratio and its interval.
    compatible_counts : the counts behind printed totals and percentages.

    Notes
    -----
    Moving the share :math:`m` of the internal lines of the second period makes the odds ratio

    .. math:: OR(m) = \frac{(1 - m) I_1 / (E_1 + m I_1)}{I_0 / E_0},

    which falls in `m` and reaches :math:`\theta` (`null`) at

    .. math:: m^* = \frac{I_1 E_0 - \theta I_0 E_1}{I_1 (E_0 + \theta I_0)};

    for :math:`\theta = 1` that is one less the share of internal lines before over the share after.
    For external lines swap the letters and invert :math:`\theta`. ``limit_share`` solves for the
    limit of the interval instead, and is 0 if the interval contains `null` as recorded. Nothing is
    added to zero cells.

    The moved share is fixed, not estimated: the limits hold given it. The assumptions that fail in
    practice are that lines moved in one direction only, and that the rule of the first period was
    one rule: forces label lines by their own practice.

    References
    ----------
    .. [1] Greenland, S. (1996). Basic methods for sensitivity analysis of biases. *International
       Journal of Epidemiology* 25, 1107-1116. https://doi.org/10.1093/ije/25.6.1107-a

    Examples
    --------
    One of the 14 tables behind the published totals and percentages for 2022/23 and 2023/24:

    >>> curve = cl.localisation.reclassification_sensitivity(1280, 2727, 4250, 2394)
    >>> print(f"{curve.attrs['tipping_share']:.3f}")
    0.501
    >>> grid = curve.loc[curve["case"] == "grid"].set_index("moved_share")
    >>> print(f"{grid.loc[0.2, 'estimate']:.2f}")
    2.23

    If half of the internal lines of 2023/24 would have been called external by the practice of the
    year before, the figures show no change at all. A fifth leaves an odds ratio of 2.2, not 3.8.
    """
    method = _method(method)
    level = _validate.level(level)
    null = _validate.number("null", null, low=0, open_low=True)
    given = (internal_before, external_before, internal_after, external_after)
    cells = _counts(given)
    chosen = _direction(direction, cells, null)
    question = _Question(cells, chosen == "internal", null, method, level)
    tipping, limit = question.tipping_shares()
    places = [(0.0, "recorded")]
    places += [(float(share), "grid") for share in _grid(moved_share)]
    places += [(tipping, "tipping"), (limit, "limit")]
    rows = sorted((place for place in places if not math.isnan(place[0])), key=lambda p: p[0])
    frame = question.table(np.array([share for share, _ in rows]))
    frame.insert(0, "case", [case for _, case in rows])
    frame.attrs |= {"tipping_share": tipping, "limit_share": limit, "direction": chosen}
    if math.isnan(tipping):
        warn(
            f"No share of the {chosen} lines moved makes the odds ratio {null:.6g}: it stays "
            "infinite or undefined, or moving them leads away from it.",
            DegenerateDataWarning,
        )
    return frame


ALMOST_ALL = 1 - 1e-9


@dataclass(frozen=True)
class _Question:
    """One table, and which of its lines after would move."""

    cells: Cells
    internal_moves: bool
    null: float
    method: str
    level: float

    def after(self, share: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Internal and external lines after, once the share has moved."""
        internal, external = (np.full(share.shape, cell) for cell in self.cells[2:])
        if self.internal_moves:
            return reclassification.moved(internal, external, share)
        external, internal = reclassification.moved(external, internal, share)
        return internal, external

    def groups(self, share: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """The four counts in the order of the odds-ratio kernels."""
        internal, external = (np.full(share.shape, cell) for cell in self.cells[:2])
        return as_groups(internal, external, *self.after(share))

    def limits(self, share: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Limits of the odds ratio."""
        return odds_ratio.METHODS[self.method].limits(
            *self.groups(share), level=self.level, alternative="two-sided"
        )

    def tipping_shares(self) -> tuple[float, float]:
        """Shares at which the odds ratio and its nearer limit are the null; nan for none."""
        internal, external, internal_after, external_after = map(np.atleast_1d, self.cells)
        if self.internal_moves:
            data = (internal, external, internal_after, external_after, np.array([self.null]))
        else:
            data = (external, internal, external_after, internal_after, 1 / np.array([self.null]))
        share = float(reclassification.tipping_share(*data)[0])
        if not share >= 0:
            return math.nan, math.nan
        return share if share < 1 else math.nan, self._limit_share(share)

    def _limit_share(self, most: float) -> float:
        """Share, up to the given one, at which the nearer limit is the null."""

        def beyond(share: float) -> float:
            low, high = self.limits(np.array([share]))
            gap = low - self.null if self.internal_moves else 1 / high - 1 / self.null
            return float(gap[0])

        if beyond(0.0) <= 0:
            return 0.0
        # an interval that leaves its own estimate out reaches the null only after the estimate does
        end = most if beyond(most) <= 0 else ALMOST_ALL
        if not beyond(end) <= 0:
            return math.nan
        return float(brentq(beyond, 0.0, end, xtol=1e-15, rtol=1e-13))

    def table(self, share: FloatArray) -> pd.DataFrame:
        """Counts, share and odds ratio for each share moved."""
        groups = self.groups(share)
        internal, total = groups[0], groups[1]
        source = self.cells[2] if self.internal_moves else self.cells[3]
        low, high = self.limits(share)
        ratio = odds_ratio.estimate(*groups)
        with np.errstate(invalid="ignore"):
            error = ratio * odds_ratio.log_standard_error(*groups)
        return pd.DataFrame(
            {
                "moved_share": share,
                "moved": share * source,
                "internal_after": internal,
                "external_after": total - internal,
                "internal_share_after": internal / total,
                "estimate": ratio,
                "standard_error": np.where(np.isfinite(ratio) & (ratio > 0), error, np.nan),
                "low": low,
                "high": high,
                "level": self.level,
                "interval_kind": odds_ratio.METHODS[self.method].interval_kind,
                "method": self.method,
                "n": int(sum(self.cells)),
            }
        )


def _method(method: Any) -> str:
    """A method that works with the fractional counts that moving makes."""
    chosen = _validate.option("method", method, odds_ratio.METHODS)
    if chosen in odds_ratio.WHOLE_COUNTS_ONLY:
        raise InputError(
            _validate.sentence(
                "method",
                "one that works with fractional counts, which moving lines makes",
                repr(chosen),
                remedy="Use 'skew-score'.",
            )
        )
    return chosen


def _counts(given: tuple[Any, ...]) -> Cells:
    """The four counts, with at least one line in each period."""
    counts = [_validate.whole_number(name, x) for name, x in zip(NAMES, given, strict=True)]
    for first, second, when in ((0, 1, "before"), (2, 3, "after")):
        if counts[first] + counts[second] == 0:
            raise InputError(
                f"`{NAMES[first]}` and `{NAMES[second]}` must be above 0 together, got 0 and 0. "
                f"Without lines {when} there is no odds ratio."
            )
    internal, external, internal_after, external_after = map(float, counts)
    return internal, external, internal_after, external_after


def _direction(direction: Any, cells: Cells, null: float) -> str:
    """The kind of lines that move."""
    chosen = _validate.option("direction", direction, DIRECTIONS)
    if chosen != "auto":
        return chosen
    internal, external, internal_after, external_after = cells
    below = internal_after * external < null * internal * external_after
    return "external" if below else "internal"


def _grid(moved_share: ArrayLike | None) -> FloatArray:
    """The shares asked for."""
    if moved_share is None:
        return GRID
    (shares,) = _labels.align(moved_share=moved_share).flat
    _validate.share("moved_share", shares, open_low=False, open_high=False)
    return shares
