"""A quantity over time with its limits: what has happened by then, or what is left."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from countylines import _citations, _frames, _render, _validate
from countylines._curves import Curve, Points, crossed, group_index
from countylines._typing import ArrayLike
from countylines.errors import InputError
from countylines.results import OK, Estimate, Note

__all__ = ["TimeCurve"]

TIMES_SHOWN = 8


@dataclass(frozen=True, eq=False, repr=False)
class TimeCurve:
    """A quantity over time, with limits at each time.

    Limits are pointwise unless `interval_method` says otherwise: each holds at its own time, not
    all of them at once.

    Parameters
    ----------
    quantity : str
        What the curve says, in words.
    estimate, low, high, standard_error : Series
        By time, or by group and time. Between times a step curve keeps its last value.
    method, interval_method : str
        How the curve and its limits were computed.
    at_risk, events : Series or None
        How many were under observation at each time, and how many ended there; None for models.
    level : float
        Level of the limits.
    interval_kind : str
        What the limits cover.
    unit : str
        Unit of the estimate; empty for a share.
    time_unit : str
        Unit of time.
    start : float or Series
        What lies before this time is given: the curve is conditional on it.
    n : int or Series
        Number of spells.
    verdict : Verdict or Series
        Whether the curve exists, for each group.
    notes : tuple of Note
        Facts about this result that its reader must know.
    references : tuple of str
        Keys of the package's bibliography.
    by : tuple of str
        Names of the columns that made groups; empty for one curve.

    See Also
    --------
    Survival : the curve of what has not ended yet.

    Notes
    -----
    Results are frozen and their arrays read-only.

    Examples
    --------
    >>> import pandas as pd
    >>> lines = pd.DataFrame({"days": [20, 30, 55, 80], "ended": [True, False, True, False]})
    >>> curve = cl.prevalence.survival(lines, duration="days", event="ended")
    >>> curve.at([25, 60]).estimate.to_dict()
    {25.0: 0.75, 60.0: 0.375}

    Three quarters of these made-up lives last longer than 25 days, three eighths longer than 60.
    """

    quantity: str
    estimate: Any
    low: Any
    high: Any
    method: str
    standard_error: Any = None
    at_risk: Any = None
    events: Any = None
    level: float = 0.95
    interval_kind: str = "confidence"
    interval_method: str = ""
    unit: str = ""
    time_unit: str = ""
    start: Any = 0.0
    n: Any = None
    verdict: Any = OK
    notes: tuple[Note, ...] = ()
    references: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    _curves: Mapping[Any, Curve] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        _frames.freeze(self, vars(self))

    def __setstate__(self, state: dict[str, Any]) -> None:
        _frames.freeze(self, state)

    @property
    def alternative(self) -> str:
        """Side of the limits: always two-sided."""
        return "two-sided"

    @property
    def is_lazy(self) -> bool:
        """Whether anything waits for dask: never, for a curve is computed at once."""
        return False

    @property
    def estimable(self) -> Any:
        """Whether the curve exists: True or False, group by group where there are groups."""
        return _frames.over(self.verdict, lambda v: v.estimable, bool)

    def at(self, times: ArrayLike) -> Estimate:
        """The curve at given times.

        Parameters
        ----------
        times : array_like
            Times, finite and at least 0, in `time_unit`.

        Returns
        -------
        Estimate
            One value a time, for each group where there are groups. Beyond the last time under
            observation nothing is known: nan, with the possible range in ``region_low`` and
            ``region_high``.

        Raises
        ------
        InputError
            If a time is negative or not finite.
        """
        values, single = _one_axis("times", times)
        _validate.exposure("times", values, zero=True)
        index = pd.Index(values, name="time")
        return self._collected(
            f"{self.quantity} at a time",
            lambda curve: curve.at(values),
            index,
            single,
            unit=self.unit,
        )

    def quantile(self, q: ArrayLike = 0.5) -> Estimate:
        """Time by which a share has ended, with limits where the limits of the curve get there.

        Parameters
        ----------
        q : array_like, default 0.5
            Shares in (0, 1); 0.5 gives the median.

        Returns
        -------
        Estimate
            The first time at which the share is reached, in `time_unit`; the curve of a law alone
            gives a standard error. Not estimable, with its low end, where watching ends before.

        Raises
        ------
        InputError
            If a share is outside (0, 1), or the curve counts what can happen again.
        """
        shares, single = _one_axis("q", q)
        _validate.share("q", shares)
        if self.unit:
            raise InputError(
                f"`quantile` must be asked of a curve of shares, got one in {self.unit}. "
                "Use .at(times)."
            )
        index = pd.Index(shares, name="q")
        return self._collected(
            "time by which a share has ended",
            lambda curve: curve.quantile(shares),
            index,
            single,
            unit=self.time_unit,
        )

    def _collected(
        self,
        quantity: str,
        ask: Callable[[Curve], Points],
        index: pd.Index | None,
        single: bool,
        *,
        unit: str,
        interval_method: str | None = None,
    ) -> Estimate:
        """One estimate of what every group's curve says."""
        found = {key: ask(curve) for key, curve in self._curves.items()}

        def labelled(values: list[Any]) -> Any:
            flat = [np.atleast_1d(value) for value in values]
            if not self.by:
                value = flat[0]
                return value[0] if single else pd.Series(value, index=index)
            groups = group_index(list(found), self.by)
            if single:
                return pd.Series(np.concatenate(flat), index=groups)
            assert index is not None
            return pd.Series(np.concatenate(flat), index=crossed(groups, [index] * len(flat)))

        parts = {
            name: labelled([getattr(value, name) for value in found.values()])
            for name in Points._fields
        }
        same = np.array_equal(
            np.asarray(parts["region_low"], dtype=float),
            np.asarray(parts["region_high"], dtype=float),
            equal_nan=True,
        )
        if same:
            del parts["region_low"], parts["region_high"]
        n = (
            self.n
            if single or not self.by
            else self.n.repeat(0 if index is None else len(index)).set_axis(parts["estimate"].index)
        )
        return Estimate(
            quantity=quantity,
            method=self.method,
            level=self.level,
            interval_kind=self.interval_kind,
            interval_method=self.interval_method if interval_method is None else interval_method,
            unit=unit,
            n=n,
            notes=self.notes,
            references=self.references,
            **parts,
        )

    def to_frame(self) -> pd.DataFrame:
        """Tidy table, one row a time.

        Returns
        -------
        DataFrame
            Group columns, ``time``, then ``estimate, standard_error, low, high, level,
            interval_kind, method, n, at_risk, events``; the last two are missing for models.
        """
        frame, _ = _frames.long(self.estimate)
        for name in _frames.TIDY:
            value = getattr(self, name)
            if name == "n" and self.by:
                groups = self.estimate.index.droplevel(-1)
                frame[name] = value.reindex(groups).to_numpy()
            else:
                frame[name] = _frames.column(value, len(frame))
        for name in ("at_risk", "events"):
            frame[name] = _frames.column(getattr(self, name), len(frame))
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Nested dictionary for strict JSON: nan becomes None, infinities ``"inf"``, ``"-inf"``.

        Returns
        -------
        dict
            With a ``countylines`` entry that names the version.
        """
        content: dict[str, Any] = _frames.to_dict(self)
        return content

    def summary(self, format: str = "text") -> str:
        """Readable table: a few times with the curve and its limits, and the notes.

        Parameters
        ----------
        format : {"text", "markdown", "html", "latex"}, default "text"
            Markup of the table. Everything is escaped.

        Returns
        -------
        str
        """
        _validate.option("format", format, _render.FORMATS)
        title = self.quantity + (f" [by time in {self.time_unit}]" if self.time_unit else "")
        return _render._document(
            title, self._facts(), self._table(), [note.text for note in self.notes], format
        )

    def _facts(self) -> list[tuple[str, str]]:
        facts = [("interval", _render.interval_words(self))]
        method = self.method
        if self.interval_method:
            method += f"; interval: {self.interval_method}"
        facts.append(("method", method))
        if not self.by:
            facts.append(("n", _render.number(self.n)))
            if not self.verdict.estimable or self.verdict.reasons:
                facts.append(("verdict", str(self.verdict)))
        return facts

    def _table(self) -> list[list[str]]:
        """A few times of every group."""
        frame = self.to_frame()
        groups = list(frame.columns[: frame.columns.get_loc("estimate")])[:-1]
        shown = [
            part.iloc[np.unique(np.linspace(0, len(part) - 1, TIMES_SHOWN).round().astype(int))]
            for _, part in (frame.groupby(groups, sort=False) if groups else [("", frame)])
        ]
        time = frame.columns[len(groups)]
        rows = [[*map(str, groups), "time", "estimate", "low", "high"]]
        for _, row in pd.concat(shown).head(_render.ROWS_SHOWN).iterrows():
            labels = [str(row[name]) for name in groups]
            numbers = [_render.number(row[n]) for n in (time, "estimate", "low", "high")]
            rows.append([*labels, *numbers])
        return rows

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw the curve with its limits.

        Parameters
        ----------
        ax : matplotlib Axes or None
            Where to draw; a new figure if None.
        **options
            Passed to :func:`countylines.plotting.survival`.

        Returns
        -------
        matplotlib Axes
        """
        from countylines import plotting

        return plotting.survival(self, ax=ax, **options)

    def cite(self, format: str = "text") -> str:
        """References of the methods used, and of countylines itself.

        Parameters
        ----------
        format : {"text", "bibtex"}, default "text"
            Form of the references.

        Returns
        -------
        str
        """
        return _citations.cite(self.references, format)

    def identical(self, other: object) -> bool:
        """Whether another result has the same type, values, labels and notes.

        Parameters
        ----------
        other : object
            What to compare with.

        Returns
        -------
        bool
        """
        return type(self) is type(other) and all(
            _frames.identical(getattr(self, f.name), getattr(other, f.name))
            for f in dataclasses.fields(self)
            if not f.name.startswith("_")
        )

    def __repr__(self) -> str:
        curves = "" if len(self._curves) == 1 else f"{len(self._curves)} curves, "
        n = int(np.sum(self.n))
        return f"<{type(self).__name__} {self.quantity}: {curves}{n:,} spells, {self.method}>"

    def __str__(self) -> str:
        return self.summary("text")

    def _repr_html_(self) -> str:
        return self.summary("html")


def _one_axis(name: str, values: Any) -> tuple[Any, bool]:
    """Values as one row of floats, and whether there was a single one."""
    array = np.asarray(values)
    _validate.not_empty(name, array.size)
    _validate.numeric_dtype(name, array.dtype)
    if array.ndim > 1:
        got = f"values of shape {array.shape}"
        raise InputError(_validate.sentence(name, "a number or one row of numbers", got))
    return array.astype(np.float64).reshape(-1), array.ndim == 0
