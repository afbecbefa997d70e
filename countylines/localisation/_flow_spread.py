"""How far lines run, and how concentrated they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from countylines import _validate
from countylines._kernels import flow_indices
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
        :math:`\bar d \pm t\, s / \sqrt n`, not below 0. Distances are skewed, so limits
        of few lines are rough. All lines of a pair have the same distance.
        """
        include = _validate.flag("include_internal", include_internal)
        by, level = self._by(by), _validate.level(level)
        apart = _distances.between(distances, self._parts.areas)
        if include:
            own = _distances.within(intrazonal, apart, self._parts.areas)
            np.fill_diagonal(apart, own)
        else:
            if intrazonal is not None:
                got = "given, and internal lines do not count"
                raise InputError(_validate.sentence("intrazonal", "None", got))
            np.fill_diagonal(apart, 0.0)
        flat = apart.ravel()
        lines = self._sums("pair", by, include)
        n = lines.sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = lines @ flat / n
            squares = (lines * np.square(flat - mean[:, None])).sum(axis=1)
            error = np.sqrt(squares / (n - 1.0) / n)
        reach = -stdtrit(np.maximum(n - 1.0, 1.0), tail_area(level, "two-sided")) * error
        low = np.where(n > 1, np.maximum(mean - reach, 0.0), 0.0)
        high = np.where(n > 1, mean + reach, np.inf)
        verdicts = verdict_array(np.where(n > 0, 0, 1), (OK, NO_LINES))
        notes = _distance_notes(n)
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

    def _index(self, name: str, of: str, by: Any, include_internal: bool) -> Any:
        of = _validate.option("of", of, OF)
        by = self._by(by)
        include = _validate.flag("include_internal", include_internal)
        return self._periodic(flow_indices.INDICES[name](self._sums(of, by, include)), by)

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
        between, within = flow_indices.theil_parts(lines, _grouped(groups, self._parts.areas))
        columns = {"total": between + within, "between": between, "within": within}
        frame = pd.DataFrame(columns, index=self._parts.periods if by else [0])
        return frame if by else pd.Series(frame.iloc[0], name=None)


def _distance_notes(n: FloatArray) -> list[Note]:
    notes = []
    empty, few = int((n == 0).sum()), int(((n > 0) & (n < FEW)).sum())
    where = "" if n.size == 1 else f" in {{}} of {n.size} periods"
    if empty:
        text = f"There are no lines to take a mean of{where.format(empty)}."
        notes.append(Note("no-data", text))
        warn(text, DegenerateDataWarning)
    if few:
        text = f"The mean is of fewer than {FEW} lines{where.format(few)}: its limits are rough."
        notes.append(Note("few-lines", text))
        warn(text, SparseDataWarning)
    return notes


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
