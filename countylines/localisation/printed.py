"""Figures as they are printed, each a statement about whole numbers that are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from countylines import _validate
from countylines._kernels.rounding import RULES
from countylines._kernels.whole_programme import LARGEST, Row
from countylines.errors import InputError
from countylines.localisation._printed import MOST_DECIMALS, exact, printed_change

Cells = tuple[str, ...]


@dataclass(frozen=True)
class Printed:
    """One printed figure: a count, a percentage, a share, a change, or a range.

    It answers: what does this figure say of the counts behind it, its rounding allowed for? Make
    one by a class method. Counts are named by the reader; several names are added up. A statement
    holds no estimate by itself: give all of them to :func:`compatible_tables` or
    :func:`compatible_range`.

    Parameters
    ----------
    words : str
        The statement, for messages. Do not call the class itself.
    cells : tuple of str
        Names of the counts that it is about.
    constraints : tuple
        Whole-number constraints: coefficients of named counts, and bounds.

    See Also
    --------
    compatible_tables : every table that agrees with such figures.
    compatible_range : the range of a count or share.

    Notes
    -----
    A percentage :math:`p` printed with unit :math:`u` says of counts :math:`a` of :math:`b` that
    :math:`p - u/2 \\le 100\\, a/b < p + u/2` for rounding to the nearest, which is linear in
    whole numbers. The assumption that fails in practice is that all figures share one definition
    and one vintage of the data.

    Examples
    --------
    >>> Printed = cl.localisation.Printed
    >>> print(Printed.percent("internal", 64, of=["internal", "external"]))
    internal is 64 % of internal + external (0 decimals, nearest)

    So internal lines are at least 63.5 % and less than 64.5 % of both.
    """

    words: str
    cells: Cells
    constraints: tuple[tuple[tuple[tuple[str, int], ...], int | None, int | None], ...]

    def __str__(self) -> str:
        return self.words

    @classmethod
    def count(cls, cells: Any, value: float, *, rounded_to: int = 1) -> Printed:
        """A count or total as printed.

        Parameters
        ----------
        cells : str or sequence of str
            Names of the counts that add up to it.
        value : int
            The printed number.
        rounded_to : int, default 1
            What it was rounded to, such as 5 or 100: the nearest multiple, halves up.

        Returns
        -------
        Printed

        Raises
        ------
        InputError
            If `value` is no count or no multiple of `rounded_to`.
        """
        names = _names("cells", cells)
        number = _validate.whole_number("value", value, high=LARGEST)
        unit = _validate.whole_number("rounded_to", rounded_to, low=1, high=LARGEST)
        if number % unit:
            raise InputError(
                _validate.sentence(
                    "value", f"a multiple of {unit}, which `rounded_to` says", f"{number}"
                )
            )
        low, high = -(-(2 * number - unit) // 2), (2 * number + unit - 1) // 2
        words = f"{_sum(names)} is {number}" + (f", rounded to {unit}" if unit > 1 else "")
        return cls(words, names, ((_terms(names), max(low, 0), high),))

    @classmethod
    def between(cls, cells: Any, low: int, high: int) -> Printed:
        """A count known only as a range, such as a suppressed one.

        Parameters
        ----------
        cells : str or sequence of str
            Names of the counts that add up to it.
        low, high : int
            Ends of the range, both in it.

        Returns
        -------
        Printed

        Raises
        ------
        InputError
            If an end is no count, or `low` is above `high`.
        """
        names = _names("cells", cells)
        first = _validate.whole_number("low", low, high=LARGEST)
        last = _validate.whole_number("high", high, high=LARGEST)
        if first > last:
            raise InputError(_validate.sentence("low", "at most `high`", f"{first} > {last}"))
        words = f"{_sum(names)} is between {first} and {last}"
        return cls(words, names, ((_terms(names), first, last),))

    @classmethod
    def percent(
        cls, cells: Any, value: float, *, of: Any, decimals: int = 0, rounding: str = "nearest"
    ) -> Printed:
        """A percentage as printed.

        Parameters
        ----------
        cells : str or sequence of str
            Names of the counts on top.
        value : float
            The printed percentage, of at least 0.
        of : str or sequence of str
            Names of the counts below, not all 0.
        decimals : int, default 0
            Decimals with which it is printed.
        rounding : {"nearest", "truncate", "floor"}, default "nearest"
            How it was rounded; halves away from zero.

        Returns
        -------
        Printed

        Raises
        ------
        InputError
            If `value` is negative or has more decimals than `decimals`.
        """
        names, base = _names("cells", cells), _names("of", of)
        places = _validate.whole_number("decimals", decimals, high=MOST_DECIMALS)
        scaled = exact("value", value) * 10**places
        if scaled.denominator != 1:
            raise InputError(
                _validate.sentence(
                    "value", f"a percentage of {places} decimals", _validate.show(value)
                )
            )
        if scaled < 0:
            raise InputError(_validate.sentence("value", "at least 0", _validate.show(value)))
        rule = _validate.option("rounding", rounding, RULES)
        low, high, low_closed, high_closed = RULES[rule](int(scaled))
        ends = _ratio(
            names, base, 200 * 10**places, (max(low, 0), low_closed or low < 0), (high, high_closed)
        )
        words = f"{_sum(names)} is {_validate.show(value)} % of {_sum(base)}"
        return cls(f"{words} ({places} decimals, {rule})", _union(names, base), ends)

    @classmethod
    def share(cls, cells: Any, low: float, high: float, *, of: Any) -> Printed:
        """A share known only as a range, such as an upper limit of lines without a type.

        Parameters
        ----------
        cells : str or sequence of str
            Names of the counts on top.
        low, high : float
            Ends of the share [0 to 1], both in it.
        of : str or sequence of str
            Names of the counts below, not all 0.

        Returns
        -------
        Printed

        Raises
        ------
        InputError
            If an end is not a share, or `low` is above `high`.
        """
        names, base = _names("cells", cells), _names("of", of)
        ends = exact("low", low), exact("high", high)
        for name, end in zip(("low", "high"), ends, strict=True):
            if not 0 <= end <= 1:
                raise InputError(
                    _validate.sentence(
                        name,
                        "a share in [0, 1]",
                        _validate.show(float(end)),
                        remedy="A percentage is 100 times that.",
                    )
                )
        if ends[0] > ends[1]:
            raise InputError(_validate.sentence("low", "at most `high`", f"{low} > {high}"))
        whole = ends[0].denominator * ends[1].denominator
        first, last = int(ends[0] * whole), int(ends[1] * whole)
        words = f"{_sum(names)} is {low} to {high} of {_sum(base)}"
        limits = _ratio(names, base, whole, (first, True), (last, True))
        return cls(words, _union(names, base), limits)

    @classmethod
    def change(
        cls, cells: Any, value: float, *, since: Any, decimals: int = 0, rounding: str = "nearest"
    ) -> Printed:
        """A percentage change as printed.

        Parameters
        ----------
        cells : str or sequence of str
            Names of the counts after.
        value : float
            The printed percentage change, of at least -100.
        since : str or sequence of str
            Names of the counts before, not all 0.
        decimals : int, default 0
            Decimals with which it is printed.
        rounding : {"nearest", "truncate", "floor"}, default "nearest"
            How it was rounded; halves away from zero.

        Returns
        -------
        Printed

        Raises
        ------
        InputError
            If `value` is below -100 or has more decimals than `decimals`.
        """
        names, base = _names("cells", cells), _names("since", since)
        bounds = printed_change("value", value, decimals, rounding)
        ends = _ratio(
            names,
            base,
            bounds.denominator,
            (bounds.low, bounds.low_closed),
            (bounds.high, bounds.high_closed),
        )
        words = f"{_sum(names)} changed by {_validate.show(value)} % since {_sum(base)}"
        return cls(f"{words} ({decimals} decimals, {rounding})", _union(names, base), ends)

    def rows(self, places: dict[str, int]) -> list[Row]:
        """The constraints by places of the counts.

        Parameters
        ----------
        places : dict of str to int
            Place of each named count.

        Returns
        -------
        list of Row
        """
        found = []
        for terms, low, high in self.constraints:
            added: dict[int, int] = {}
            for name, coefficient in terms:
                added[places[name]] = added.get(places[name], 0) + coefficient
            left = tuple((i, c) for i, c in added.items() if c)
            found.append(Row(left, low, high).reduced())
        return found


def _ratio(
    top: Cells, bottom: Cells, denominator: int, low: tuple[int, bool], high: tuple[int, bool]
) -> tuple[tuple[tuple[tuple[str, int], ...], int | None, int | None], ...]:
    """``low / denominator <= top / bottom <= high / denominator``, and a bottom of at least 1."""
    scaled = tuple((name, denominator) for name in top)

    def against(end: int) -> tuple[tuple[str, int], ...]:
        return scaled + tuple((name, -end) for name in bottom)

    return (
        (against(low[0]), 0 if low[1] else 1, None),
        (against(high[0]), None, 0 if high[1] else -1),
        (_terms(bottom), 1, None),
    )


def _names(argument: str, value: Any) -> Cells:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, Sequence) or not value or not all(isinstance(v, str) for v in value):
        raise InputError(
            _validate.sentence(argument, "a name or a list of names", _validate.show(value))
        )
    if len(set(value)) != len(value):
        raise InputError(_validate.sentence(argument, "of different names", f"{list(value)}"))
    return tuple(value)


def _terms(names: Cells) -> tuple[tuple[str, int], ...]:
    return tuple((name, 1) for name in names)


def _sum(names: Cells) -> str:
    return " + ".join(names)


def _union(first: Cells, second: Cells) -> Cells:
    return tuple(dict.fromkeys(first + second))
