"""How far lines run, and how concentrated they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import bdtrik, betainc, stdtrit

from countylines import _validate
from countylines._kernels import concentration
from countylines._kernels.method import tail_area
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning, warn
from countylines.localisation import _distances
from countylines.localisation._flow_sums import FlowSums
from countylines.results import OK, Estimate, Note, Verdict, verdict_array

FloatArray = NDArray[np.float64]

OF = ("destination", "origin", "pair")
FEW = 30
NO_LINES = Verdict(False, "no-data", ("There are no lines to take a mean of.",))


class FlowSpread(FlowSums):
    """How far lines run, and how concentrated they are."""

    __slots__ = ()

    def mean_distance(
        self,
        distances: Any,
        *,
        include_internal: bool,
        intrazonal: Any = None,
        by: Any = None,
        level: float = 0.95,
    ) -> Estimate:
        r"""Mean distance between where lines start and where they end.

        Parameters
        ----------
        distances : DataFrame, DataArray, Series or array_like
            Between areas: square with labels, a Series with a distance a pair (two levels of
            labels, either direction), or an array in the order of the areas.
        include_internal : bool
            Whether internal lines count. There is no default: with them the mean falls when lines
            become local, without them it need not.
        intrazonal : None, "half-nearest", Series, array or number, optional
            How far internal lines run; the diagonal of `distances` if None.
        by : None or "period", optional
            One mean a period if ``"period"``.
        level : float, default 0.95
            Confidence level.

        Returns
        -------
        Estimate
            In the unit of `distances`; undefined without lines.

        Raises
        ------
        InputError
            If distances are not positive, miss a pair, or the diagonal is needed and not given.

        Warns
        -----
        SparseDataWarning
            If a mean is of fewer than 30 lines.
        DegenerateDataWarning
            If there are no lines somewhere.

        See Also
        --------
        intrazonal_distance : distances within areas by their size.

        Notes
        -----
        :math:`\bar d \pm t\, s / \sqrt n`, kept between the shortest and the longest distance that
        a line can have. Distances are skewed, so limits of few lines are rough. All lines of a pair
        have the same distance. Where all :math:`n` lines have one distance, :math:`s = 0` says
        nothing: limits then let the share :math:`1 - (\alpha/2)^{1/n}` of lines, of which none need
        be seen, run the shortest or the longest distance.
        """
        by, level = self._by(by), _validate.level(level)
        include = _validate.flag("include_internal", include_internal)
        flat, lines, nearest, farthest = self._reach(distances, include, intrazonal, by)
        n = lines.sum(axis=1)
        tail = tail_area(level, "two-sided")
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = lines @ flat / n
            squares = (lines * np.square(flat - mean[:, None])).sum(axis=1)
            error = np.sqrt(squares / (n - 1.0) / n)
            unseen = 1.0 - tail ** (1.0 / n)
        last = np.where(lines > 0, flat, -np.inf).max(axis=1)
        one = last == np.where(lines > 0, flat, np.inf).min(axis=1)
        mean = np.where(one, last, mean)
        reach = -stdtrit(np.maximum(n - 1.0, 1.0), tail) * error
        low = np.where(one, mean - unseen * (mean - nearest), mean - reach)
        high = np.where(one, mean + unseen * (farthest - mean), mean + reach)
        low = np.where(n > 0, np.maximum(low, nearest), 0.0)
        high = np.where(n > 0, np.minimum(high, farthest), np.inf)
        error = np.where(one, np.nan, error)
        verdicts = verdict_array(np.where(n > 0, 0, 1), (OK, NO_LINES))
        notes = _distance_notes(n, "mean") + _one_distance(one)
        values = {"estimate": mean, "standard_error": error, "low": low, "high": high}
        series = {name: self._periodic(value, by) for name, value in values.items()}
        whole = n.astype(np.int64)
        return Estimate(
            quantity="mean distance of lines"
            + (", internal ones included" if include else " between different areas"),
            method="mean",
            level=level,
            interval_method="t",
            n=int(whole[0]) if by is None else pd.Series(whole, index=self._parts.periods),
            verdict=verdicts[0] if by is None else pd.Series(verdicts, index=self._parts.periods),
            notes=(*notes, *self._notes()),
            references=("head2002",) if include else (),
            **series,
        )

    def median_distance(
        self,
        distances: Any,
        *,
        include_internal: bool,
        intrazonal: Any = None,
        by: Any = None,
        level: float = 0.95,
    ) -> Estimate:
        r"""Median distance between where lines start and where they end.

        Parameters
        ----------
        distances : DataFrame, DataArray, Series or array_like
            Between areas, as for :meth:`mean_distance`.
        include_internal : bool
            Whether internal lines count; no default, as for :meth:`mean_distance`.
        intrazonal : None, "half-nearest", Series, array or number, optional
            How far internal lines run; the diagonal of `distances` if None.
        by : None or "period", optional
            One median a period if ``"period"``.
        level : float, default 0.95
            Confidence level, at least.

        Returns
        -------
        Estimate
            In the unit of `distances`; undefined without lines. No standard error.

        Raises
        ------
        InputError
            If distances are not positive, miss a pair, or the diagonal is needed and not given.

        Warns
        -----
        SparseDataWarning
            If a median is of fewer than 30 lines.
        DegenerateDataWarning
            If there are no lines somewhere.

        Notes
        -----
        Limits are distances of lines: with :math:`k` the largest number for which
        :math:`P(B \le k) \le \alpha/2`, :math:`B` binomial with :math:`n` lines and one half, those
        of line :math:`k + 1` from either end. They hold the level whatever the distances are. Of
        too few lines for that they are the shortest and the longest distance that a line can have.
        Where more than half of the lines are internal, the median is a distance within an area, and
        so follows the rule for it.
        """
        by, level = self._by(by), _validate.level(level)
        include = _validate.flag("include_internal", include_internal)
        flat, lines, nearest, farthest = self._reach(distances, include, intrazonal, by)
        order = np.argsort(flat, kind="stable")
        running = np.cumsum(lines[:, order], axis=1)
        n = running[:, -1]
        middle = (_at(flat[order], running, (n - 1) // 2) + _at(flat[order], running, n // 2)) / 2.0
        below = _ranks(n, tail_area(level, "two-sided"))
        inside = below >= 0
        low = np.where(inside, _at(flat[order], running, below), nearest)
        high = np.where(inside, _at(flat[order], running, n - 1 - below), farthest)
        none = n == 0
        verdicts = verdict_array(np.where(none, 1, 0), (OK, NO_LINES))
        values = {
            "estimate": np.where(none, np.nan, middle),
            "low": np.where(none, 0.0, low),
            "high": np.where(none, np.inf, high),
        }
        series = {name: self._periodic(value, by) for name, value in values.items()}
        whole = n.astype(np.int64)
        return Estimate(
            quantity="median distance of lines"
            + (", internal ones included" if include else " between different areas"),
            method="median",
            level=level,
            interval_method="binomial ranks",
            n=int(whole[0]) if by is None else pd.Series(whole, index=self._parts.periods),
            verdict=verdicts[0] if by is None else pd.Series(verdicts, index=self._parts.periods),
            notes=(*_distance_notes(n, "median"), *self._notes()),
            references=("head2002",) if include else (),
            **series,
        )

    def _reach(
        self, distances: Any, include: bool, intrazonal: Any, by: Any
    ) -> tuple[FloatArray, FloatArray, float, float]:
        """Distances of pairs, lines by pair, and the shortest and longest a line can have."""
        areas = self._parts.areas
        apart = _distances.between(distances, areas)
        if include:
            np.fill_diagonal(apart, _distances.within(intrazonal, apart, areas))
        else:
            if intrazonal is not None:
                got = "given, and internal lines do not count"
                raise InputError(_validate.sentence("intrazonal", "None", got))
            np.fill_diagonal(apart, 0.0)
        open_to = apart[~np.eye(len(areas), dtype=bool)] if not include else apart.ravel()
        nearest = float(open_to.min(initial=np.inf))
        farthest = float(open_to.max(initial=0.0))
        return apart.ravel(), self._sums("pair", by, include), nearest, farthest

    def _index(self, name: str, of: str, by: Any, include_internal: bool) -> Any:
        of = _validate.option("of", of, OF)
        by = self._by(by)
        include = _validate.flag("include_internal", include_internal)
        return self._periodic(concentration.INDICES[name](self._sums(of, by, include)), by)

    def entropy(
        self, of: str = "destination", *, by: Any = None, include_internal: bool = True
    ) -> Any:
        """Shannon's entropy of the lines over places, in nats.

        Parameters
        ----------
        of : {"destination", "origin", "pair"}, default "destination"
            Over which places.
        by : None or "period", optional
            One value a period if ``"period"``.
        include_internal : bool, default True
            Whether internal lines count.

        Returns
        -------
        float or Series
            0 if one place has all lines; nan without lines.

        Raises
        ------
        InputError
            If an option is unknown.

        Notes
        -----
        A description of the lines that were detected, without an interval. Few lines look
        concentrated by chance alone: compare periods with as many lines.
        """
        return self._index("entropy", of, by, include_internal)

    def gini(
        self, of: str = "destination", *, by: Any = None, include_internal: bool = True
    ) -> Any:
        """Gini coefficient of the lines over places.

        Parameters
        ----------
        of : {"destination", "origin", "pair"}, default "destination"
            Over which places.
        by : None or "period", optional
            One value a period if ``"period"``.
        include_internal : bool, default True
            Whether internal lines count.

        Returns
        -------
        float or Series
            0 if all places have the same; ``(n - 1) / n`` if one of n has all; nan without lines.

        Raises
        ------
        InputError
            If an option is unknown.

        Notes
        -----
        A description, as :meth:`entropy` is. Areas without lines count.
        """
        return self._index("gini", of, by, include_internal)

    def hhi(self, of: str = "destination", *, by: Any = None, include_internal: bool = True) -> Any:
        """Herfindahl-Hirschman index: the chance that two lines share a place.

        Parameters
        ----------
        of : {"destination", "origin", "pair"}, default "destination"
            Over which places.
        by : None or "period", optional
            One value a period if ``"period"``.
        include_internal : bool, default True
            Whether internal lines count.

        Returns
        -------
        float or Series
            Between 1 over the number of places and 1; nan without lines.

        Raises
        ------
        InputError
            If an option is unknown.

        Notes
        -----
        A description, as :meth:`entropy` is.
        """
        return self._index("hhi", of, by, include_internal)

    def theil(
        self,
        of: str = "destination",
        *,
        groups: Any = None,
        by: Any = None,
        include_internal: bool = True,
    ) -> Any:
        """Theil's T of the lines over places, in whole or between and within groups of areas.

        Parameters
        ----------
        of : {"destination", "origin", "pair"}, default "destination"
            Over which places; not pairs where there are `groups`.
        groups : Series, list or None, optional
            A group an area, such as its region.
        by : None or "period", optional
            One value, or row, a period if ``"period"``.
        include_internal : bool, default True
            Whether internal lines count.

        Returns
        -------
        float or Series, or with `groups` a Series or DataFrame
            With `groups`: ``total``, ``between`` and ``within``, which add up.

        Raises
        ------
        InputError
            If an option is unknown or an area has no group.

        Notes
        -----
        A description, as :meth:`entropy` is. It is the logarithm of the number of places less the
        entropy, so places without lines add nothing and need no small number in their stead.
        """
        if groups is None:
            return self._index("theil", of, by, include_internal)
        of = _validate.option("of", of, OF[:2])
        by, include = self._by(by), _validate.flag("include_internal", include_internal)
        lines = self._sums(of, by, include)
        between, within = concentration.theil_parts(lines, _grouped(groups, self._parts.areas))
        columns = {"total": between + within, "between": between, "within": within}
        frame = pd.DataFrame(columns, index=self._parts.periods if by else [0])
        return frame if by else pd.Series(frame.iloc[0], name=None)


def _distance_notes(n: FloatArray, what: str) -> tuple[Note, ...]:
    notes = []
    empty, few = int((n == 0).sum()), int(((n > 0) & (n < FEW)).sum())
    where = "" if n.size == 1 else f" in {{}} of {n.size} periods"
    if empty:
        text = f"There are no lines to take a {what} of{where.format(empty)}."
        notes.append(Note("no-data", text))
        warn(text, DegenerateDataWarning)
    if few:
        text = f"The {what} is of fewer than {FEW} lines{where.format(few)}: its limits are rough."
        notes.append(Note("few-lines", text))
        warn(text, SparseDataWarning)
    return tuple(notes)


def _one_distance(one: NDArray[np.bool_]) -> tuple[Note, ...]:
    if not one.any():
        return ()
    where = "" if one.size == 1 else f" in {int(one.sum())} of {one.size} periods"
    text = (
        f"All lines have one distance{where}: limits are those of what could have been missed, and "
        "there is no standard error."
    )
    return (Note("one-distance", text),)


def _ranks(n: FloatArray, tail: float) -> FloatArray:
    """Largest number that half of the lines, at random, reach with no more than `tail`; or -1."""
    number = np.maximum(n, 1.0)
    guess = np.floor(np.nan_to_num(bdtrik(tail, number, 0.5), nan=-1.0))
    ranks = np.full(n.shape, -1.0)
    for k in (guess - 1.0, guess, guess + 1.0):
        known = (k >= 0) & (k < number)
        at = np.where(known, k, 0.0)
        ranks = np.where(known & (betainc(number - at, at + 1.0, 0.5) <= tail), k, ranks)
    return ranks


def _at(values: FloatArray, running: FloatArray, place: FloatArray) -> FloatArray:
    """The value of the line at a place, counted from 0, of lines in order."""
    index = (running <= place[:, None]).sum(axis=1)
    found: FloatArray = values[np.minimum(index, len(values) - 1)]
    return found


def _grouped(groups: Any, areas: pd.Index) -> NDArray[np.int64]:
    """A number for the group of each area."""
    if isinstance(groups, pd.Series):
        if not groups.index.is_unique or not areas.isin(groups.index).all():
            got = "another set of labels"
            raise InputError(_validate.sentence("groups", "given once for every area", got))
        groups = groups.loc[areas]
    if np.shape(groups) != (len(areas),):
        rule = f"one label for each of the {len(areas)} areas"
        raise InputError(_validate.sentence("groups", rule, f"shape {np.shape(groups)}"))
    codes, _ = pd.factorize(pd.Series(list(groups)))
    if (codes < 0).any():
        raise InputError(_validate.sentence("groups", "known for every area", "a missing one"))
    return np.asarray(codes, dtype=np.int64)
