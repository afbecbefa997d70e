"""How local lines are: shares, self-containment, quotients, what an area sends and receives."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _validate
from countylines._kernels import risk_ratio
from countylines._typing import Alternative, ArrayLike
from countylines.errors import DegenerateDataWarning, warn
from countylines.localisation._flow_sums import FlowSums
from countylines.localisation.internal_share import internal_share
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]

SIDES = {"supply": "origin", "demand": "destination"}
NO_QUOTIENT = Verdict(
    False, "no-data", ("No lines of the area, or no internal lines at all, to compare.",)
)
_CROSSED = (("period", "origin"), ("period", "destination"))


class FlowLocality(FlowSums):
    """How local lines are."""

    __slots__ = ()

    def internal_share(
        self,
        *,
        by: Any = None,
        method: str = "mid-p",
        level: float = 0.95,
        null: ArrayLike | None = None,
        alternative: Alternative = "two-sided",
    ) -> Estimate:
        """Share of lines that end in the area where they start.

        Parameters
        ----------
        by : None, "period", "origin", "destination", or ("period", "origin" or "destination")
            One share of all lines; one a period, an area of origin or of destination; or a table.
        method : str, default "mid-p"
            One of the fifteen methods of :func:`countylines.prevalence.proportion`.
        level : float, default 0.95
            Confidence level.
        null : number or None, optional
            Share under test.
        alternative : {"two-sided", "less", "greater"}, default "two-sided"
            Side of the interval and of the test.

        Returns
        -------
        Estimate
            A number, a Series or a DataFrame (periods in rows); undefined where there are no lines.

        Raises
        ------
        InputError
            If an option is unknown, or `by` names periods and there are none.

        Warns
        -----
        DegenerateDataWarning
            If there are no lines somewhere.

        Notes
        -----
        Intervals take lines as independent. A large area makes lines internal by its size alone.
        """
        allowed = ("period", "origin", "destination", *_CROSSED)
        by = self._by(by, allowed if self._has_periods else ("origin", "destination"))
        side = by[1] if isinstance(by, tuple) else by if by in SIDES.values() else None
        time = "period" if by == "period" or isinstance(by, tuple) else None
        total = self._sums(side or "origin", time, True)
        internal = total - self._sums(side or "origin", time, False)
        if side is None:
            total, internal = total.sum(axis=1), internal.sum(axis=1)
        values = [self._labelled(v, by) for v in (internal, total - internal)]
        found = internal_share(
            *values, method=method, level=level, null=null, alternative=alternative
        )
        return dataclasses.replace(found, notes=(*found.notes, *self._notes()))

    def self_containment(
        self, side: str = "supply", *, by: Any = None, method: str = "mid-p", level: float = 0.95
    ) -> Estimate:
        """Share of the lines of each area that stay in it.

        Parameters
        ----------
        side : {"supply", "demand"}, default "supply"
            Of the lines that start in an area, or of those that end there, its market.
        by : None or "period", optional
            A row a period if ``"period"``.
        method : str, default "mid-p"
            As for :meth:`internal_share`.
        level : float, default 0.95
            Confidence level.

        Returns
        -------
        Estimate
            A Series over areas, or a DataFrame of periods by areas.

        Raises
        ------
        InputError
            If an option is unknown.

        Warns
        -----
        DegenerateDataWarning
            If an area has no lines.
        """
        end = SIDES[_validate.option("side", side, SIDES)]
        by = self._by(by)
        found = self.internal_share(by=end if by is None else (by, end), method=method, level=level)
        words = {
            "supply": "start in the area and stay",
            "demand": "end in the area and are its own",
        }
        quantity = f"share of detected lines that {words[side]}"
        again = functools.partial(_renamed, found._recompute, quantity)
        return dataclasses.replace(
            found,
            quantity=quantity,
            references=(*found.references, "coombes1988"),
            _recompute=again,
        )

    def location_quotient(
        self, side: str = "demand", *, method: str = "skew-score", level: float = 0.95
    ) -> Estimate:
        r"""How many times as internal the lines of an area are as all lines.

        Parameters
        ----------
        side : {"demand", "supply"}, default "demand"
            Whether the lines of an area are those that end there or those that start there.
        method : str, default "skew-score"
            One of the methods of :func:`countylines.disproportionality.risk_ratio`.
        level : float, default 0.95
            Confidence level.

        Returns
        -------
        Estimate
            A Series over areas, with the p-values of the quotient 1.

        Raises
        ------
        InputError
            If an option is unknown.

        Warns
        -----
        DegenerateDataWarning
            If a quotient is undefined.

        Notes
        -----
        An area is part of the whole. With :math:`\rho` the ratio of its internal share to that of
        the *other* areas and :math:`w` its part of all lines, the quotient is
        :math:`\rho / (w \rho + 1 - w)`, and so are its limits from those of :math:`\rho`.
        """
        end = SIDES[_validate.option("side", side, SIDES)]
        method = _validate.option("method", method, risk_ratio.METHODS)
        level = _validate.level(level)
        total = self._sums(end, None, True)[0]
        internal = total - self._sums(end, None, False)[0]
        table = internal, total, internal.sum() - internal, total.sum() - total
        with np.errstate(divide="ignore", invalid="ignore"):
            part = total / total.sum()
            value = (internal / total) / (internal.sum() / total.sum())
        limits = risk_ratio.METHODS[method].limits(*table, level=level, alternative="two-sided")
        low, high = (_part_of_whole(limit, part) for limit in limits)
        known = np.isfinite(value)
        names = self._parts.areas
        notes = []
        if not known.all():
            text = f"{int((~known).sum())} of {len(names)} areas have no quotient."
            notes.append(Note("no-data", text))
            warn(text, DegenerateDataWarning)
        pvalue = risk_ratio.METHODS[method].pvalue(*table, null=1.0, alternative="two-sided")
        columns = {
            "estimate": value,
            "low": np.where(known, low, 0.0),
            "high": np.where(known, high, np.inf),
            "pvalue": pvalue,
        }
        series: dict[str, Any] = {
            name: pd.Series(column, index=names) for name, column in columns.items()
        }
        verdicts = verdict_array(np.where(known, 0, 1), (OK, NO_QUOTIENT))
        sources = ("laud2017",) if method == "skew-score" else ()
        return Estimate(
            quantity=f"internal share of an area ({side} side) to that of all areas",
            **series,
            method="ratio",
            level=level,
            interval_method=method,
            null=1.0,
            n=pd.Series(total.astype(np.int64), index=names),
            verdict=pd.Series(verdicts, index=names),
            notes=(*notes, *self._notes()),
            references=sources,
        )

    def net_export(self, *, by: Any = None) -> Any:
        """Lines that start in an area less those that end there.

        Parameters
        ----------
        by : None or "period", optional
            A row a period if ``"period"``.

        Returns
        -------
        Series or DataFrame of int
            Positive where an area sends more than it receives.

        Raises
        ------
        InputError
            If `by` is unknown.
        """
        by = self._by(by)
        net = self._sums("origin", by, True) - self._sums("destination", by, True)
        return self._labelled(net, "origin" if by is None else (by, "origin"))


def _renamed(recompute: Any, quantity: str, **options: Any) -> Estimate:
    found: Estimate = dataclasses.replace(recompute(**options), quantity=quantity)
    return found


def _part_of_whole(ratio: FloatArray, part: FloatArray) -> FloatArray:
    """Quotient to the whole from a ratio to the rest."""
    with np.errstate(divide="ignore", invalid="ignore"):
        value = ratio / (part * ratio + 1.0 - part)
        return np.where(np.isinf(ratio), 1.0 / part, value)
