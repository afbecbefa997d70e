"""Capture patterns as whole numbers: one bit a list, the first list in the highest bit.

So the order of the numbers is the order of the patterns read as text, '001' < '010' < '111'.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countylines import _validate
from countylines.errors import InputError, InputTypeError

IntArray = NDArray[np.int64]

MOST_LISTS = 62


def list_names(name: str, value: Any) -> tuple[str, ...]:
    """Return the names of two or more lists."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise InputTypeError(
            _validate.sentence(
                name,
                "the names of the lists, one for each",
                f"{_validate.show(value)} of type {type(value).__name__}",
                remedy="Use lists=['police', 'charity'].",
            )
        )
    names = list(value)
    for item in names:
        if not isinstance(item, str):
            got = f"{_validate.show(item)} of type {type(item).__name__}"
            raise InputTypeError(_validate.sentence(name, "text, one name for each list", got))
        if not item.strip():
            raise InputError(_validate.sentence(name, "non-empty names", repr(item)))
    repeated = [item for item, times in Counter(names).items() if times > 1]
    if repeated:
        raise InputError(
            _validate.sentence(name, "names that differ", f"{repeated[0]!r} more than once")
        )
    if not 2 <= len(names) <= MOST_LISTS:
        raise InputError(
            _validate.sentence(
                name,
                f"2 to {MOST_LISTS} lists",
                len(names),
                remedy="One list alone says nothing of who is on none."
                if len(names) < 2
                else "Merge lists that belong together.",
            )
        )
    return tuple(names)


def parse(name: str, value: Any, n_lists: int) -> int:
    """Return the number of one pattern."""
    rule = f"a pattern of {n_lists} characters 0 or 1, one for each list"
    if not isinstance(value, str):
        raise InputTypeError(
            _validate.sentence(
                name,
                rule,
                f"{_validate.show(value)} of type {type(value).__name__}",
                remedy="Write it as text: a number loses its leading zeros.",
            )
        )
    if len(value) != n_lists or set(value) - {"0", "1"}:
        raise InputError(_validate.sentence(name, rule, _validate.show(value)))
    code = int(value, 2)
    if code == 0:
        raise all_zero(name, value)
    return code


def all_zero(name: str, pattern: str) -> InputError:
    """Error for the pattern that no unit can show."""
    return InputError(
        _validate.sentence(
            name,
            f"without the pattern {pattern!r}",
            "it",
            remedy="Units on no list are what is estimated; leave that row out.",
        )
    )


def text(code: int, n_lists: int) -> str:
    """The pattern of a number."""
    return format(int(code), f"0{n_lists}b")


def bit(position: int, n_lists: int) -> int:
    """The bit of the list at a position."""
    return 1 << (n_lists - 1 - position)


def on_list(codes: IntArray, position: int, n_lists: int) -> NDArray[np.bool_]:
    """Which patterns include a list."""
    member: NDArray[np.bool_] = (codes & bit(position, n_lists)) != 0
    return member


def projected(codes: IntArray, target: Sequence[int | None], n_new: int) -> IntArray:
    """Patterns on other lists: list j becomes list `target[j]`, or none if that is None."""
    result = np.zeros_like(codes)
    for position, new in enumerate(target):
        if new is not None:
            member = on_list(codes, position, len(target))
            result |= np.where(member, bit(new, n_new), 0)
    return result


def projected_structural(
    codes: Iterable[int], target: Sequence[int | None], n_new: int
) -> frozenset[int]:
    """Structural zeros on the other lists: patterns of which every source is a structural zero."""
    source = np.array(sorted(codes), dtype=np.int64)
    if source.size == 0:
        return frozenset()
    sizes = Counter(target)
    patterns, times = np.unique(projected(source, target, n_new), return_counts=True)
    found = set()
    for pattern, covered in zip(patterns.tolist(), times.tolist(), strict=True):
        ways = 2 ** sizes[None]
        for new in range(n_new):
            if pattern & bit(new, n_new):
                ways *= 2 ** sizes[new] - 1
        if pattern and covered == ways:
            found.add(pattern)
    return frozenset(found)


def projected_blind(
    blind: Sequence[int], target: Sequence[int | None], n_new: int
) -> tuple[int, ...]:
    """Lists that do not cover a stratum, on the other lists: those of which no source covers it."""
    old = len(target)
    sources = [
        sum(bit(j, old) for j, place in enumerate(target) if place == new) for new in range(n_new)
    ]
    found = tuple(
        sum(bit(new, n_new) for new, mask in enumerate(sources) if lost & mask == mask)
        for lost in blind
    )
    return found if any(found) else ()


def merged(
    lists: tuple[str, ...], groups: Mapping[str, Sequence[str]]
) -> tuple[tuple[str, ...], list[int | None]]:
    """Names after merging, each group at the place of its first member, and where lists go."""
    new_name = {old: new for new, members in groups.items() for old in members}
    names = list_names("groups", dict.fromkeys(new_name.get(old, old) for old in lists))
    return names, [names.index(new_name.get(old, old)) for old in lists]
