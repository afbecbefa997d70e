"""Rules of capture histories that hold however they were made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _validate
from countylines.capture_recapture import _patterns
from countylines.capture_recapture._history_table import Table
from countylines.errors import InputError, InputTypeError, SparseDataWarning, warn


def groups(
    value: Any, lists: tuple[str, ...], strata: tuple[str, ...], ordered: bool
) -> dict[str, tuple[str, ...]]:
    """Return the groups of lists that are to be merged, by new name."""
    checked: dict[str, tuple[str, ...]] = {}
    merged: set[str] = set()
    for new, members in _validate.mapping("groups", value, "of new names to lists").items():
        argument = f"groups[{new!r}]"
        if isinstance(members, (str, bytes)) or not isinstance(members, Iterable):
            raise InputTypeError(
                _validate.sentence(
                    argument,
                    "a sequence of lists",
                    _validate.show(members),
                    remedy="Use {'police': ['force', 'agency']}.",
                )
            )
        checked[new] = tuple(_validate.option(argument, member, lists) for member in members)
        _validate.not_empty(argument, len(checked[new]))
        places = sorted(lists.index(member) for member in checked[new])
        if ordered and places[-1] - places[0] >= len(places):
            rule = "successive lists, since the lists are ordered in time"
            raise InputError(_validate.sentence(argument, rule, ", ".join(map(repr, members))))
        for member in checked[new]:
            if member in merged:
                raise InputError(
                    _validate.sentence("groups", "of different lists", f"{member!r} twice")
                )
            merged.add(member)
    taken = [new for new in checked if (new in lists and new not in merged) or new in strata]
    if taken:
        raise InputError(_validate.sentence("groups", "new names not yet taken", repr(taken[0])))
    return checked


def structural_codes(value: Any, n_lists: int) -> frozenset[int]:
    """Numbers of the patterns that cannot occur."""
    name = "structural_zeros"
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise InputTypeError(
            _validate.sentence(
                name,
                "several patterns",
                f"{_validate.show(value)} of type {type(value).__name__}",
                remedy="Use structural_zeros=['011'].",
            )
        )
    codes = frozenset(_patterns.parse(name, pattern, n_lists) for pattern in value)
    if len(codes) == 2**n_lists - 1:
        raise InputError(
            _validate.sentence(name, "fewer than all the patterns", f"all {len(codes)} of them")
        )
    return codes


def covered(value: Any, table: Table) -> tuple[int, ...]:
    """For each stratum the lists that do not cover it, as bits."""
    if value is None:
        return ()
    rule = "of lists to the strata they cover"
    number, blind = len(table.lists), [0] * len(table.levels)
    for name, conditions in _validate.mapping("covers", value, rule).items():
        _validate.option("covers", name, table.lists)
        argument = f"covers[{name!r}]"
        inside = np.ones(len(table.levels), dtype=bool)
        for column, labels in _validate.mapping(
            argument, conditions, "of strata to labels"
        ).items():
            if not table.strata:
                raise InputError(
                    _validate.sentence(
                        "covers",
                        "left out for a table without strata",
                        _validate.show(name),
                        remedy="Name the columns with strata=.",
                    )
                )
            _validate.option(argument, column, table.strata)
            place = table.strata.index(column)
            inside &= _labelled(f"{argument}[{column!r}]", labels, [x[place] for x in table.levels])
        if not inside.any():
            raise InputError(_validate.sentence(argument, "of at least one stratum", "none"))
        bit = _patterns.bit(table.lists.index(name), number)
        for level in np.flatnonzero(~inside):
            blind[level] |= bit
        _refuse_unseeable(argument, table, name, ~inside)
    return tuple(blind) if any(blind) else ()


def _labelled(name: str, labels: Any, known: list[Any]) -> NDArray[np.bool_]:
    """Which strata have one of the labels, each of which must occur."""
    if isinstance(labels, (str, bytes)) or not isinstance(labels, Iterable):
        got = _validate.show(labels)
        raise InputTypeError(
            _validate.sentence(name, "a sequence of labels", got, remedy=f"Use [{got}].")
        )
    wanted = list(labels)
    for label in wanted:
        if label not in known:
            shown = ", ".join(map(repr, list(dict.fromkeys(known))[:6]))
            raise InputError(
                _validate.sentence(name, f"made of labels such as {shown}", _validate.show(label))
            )
    return np.array([label in wanted for label in known])


def _refuse_unseeable(argument: str, table: Table, name: str, outside: NDArray[np.bool_]) -> None:
    rows = table.on(name) & (table.high > 0) & outside[table.stratum]
    if rows.any():
        level = table.levels[table.stratum[rows][0]]
        raise InputError(
            _validate.sentence(
                argument,
                "of every stratum in which the list has units",
                "none",
                f" for {', '.join(map(str, level))}",
                "A list that has units there covers the stratum.",
            )
        )


def made_from(value: Any, lists: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Lists that are compiled from others, with those others."""
    if value is None:
        return ()
    found = []
    for name, sources in _validate.mapping("compiled", value, "of lists to their sources").items():
        _validate.option("compiled", name, lists)
        argument = f"compiled[{name!r}]"
        if isinstance(sources, (str, bytes)) or not isinstance(sources, Iterable):
            got = _validate.show(sources)
            raise InputTypeError(
                _validate.sentence(argument, "a sequence of lists", got, remedy=f"Use [{got}].")
            )
        checked = tuple(_validate.option(argument, source, lists) for source in sources)
        _validate.not_empty(argument, len(checked))
        if name in checked:
            raise InputError(_validate.sentence(argument, "other lists", f"{name!r} itself"))
        found.append((name, checked))
    return tuple(found)


def completed(
    table: Table,
    name: str,
    structural_zeros: Any,
    ordered: Any,
    compiled: Any = None,
    covers: Any = None,
) -> Table:
    """Add what all constructors take, after the checks that hold for all of them."""
    structural = structural_codes(structural_zeros, len(table.lists))
    impossible = np.isin(table.codes, sorted(structural)) & (table.high > 0)
    if impossible.any():
        pattern = _patterns.text(table.codes[impossible][0], len(table.lists))
        raise InputError(
            _validate.sentence(
                "structural_zeros",
                "patterns without a unit",
                f"{pattern!r} with a positive count",
                remedy="A pattern that does occur is not a structural zero.",
            )
        )
    if not table.high.any():
        raise InputError(_validate.sentence(name, "a table of at least one unit", "none"))
    ordered = _validate.flag("ordered", ordered)
    table = replace(
        table,
        structural=structural,
        ordered=ordered,
        blind=covered(covers, table),
        compiled=made_from(compiled, table.lists),
    ).tidy()
    for name in table.lists:
        if not table.high[table.on(name)].any():
            warn(
                f"There is no unit on the list {name!r}, so nothing is known of its reach. Leave "
                f"it out with .drop({name!r}).",
                SparseDataWarning,
            )
    return table
