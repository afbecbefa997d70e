"""Rules of capture histories that hold however they were made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

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


def completed(table: Table, name: str, structural_zeros: Any, ordered: Any) -> Table:
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
    table = replace(table, structural=structural, ordered=ordered).tidy()
    for name in table.lists:
        if not table.high[table.on(name)].any():
            warn(
                f"There is no unit on the list {name!r}, so nothing is known of its reach. Leave "
                f"it out with .drop({name!r}).",
                SparseDataWarning,
            )
    return table
