"""Whole-number tables behind printed figures, against the double loop that one would write.

No Python package answers the question; the yardstick tries every pair of counts in floating point,
for the first kind before and after, with whatever is left for the second.
"""

from __future__ import annotations

import pytest

from countylines.errors import InputError
from countylines.localisation import compatible_counts

PRINTED = {
    "changes": {"internal": 232, "external": -12.2},
    "decimals": {"internal": 0, "external": 1},
}


def double_loop(total_before, total_after):
    rows = []
    for internal_before in range(1, total_before):
        external_before = total_before - internal_before
        for internal_after in range(3 * internal_before, 4 * internal_before):
            if round(100 * (internal_after / internal_before - 1)) != 232:
                continue
            external_after = total_after - internal_after
            if round(100 * (external_after / external_before - 1), 1) == -12.2:
                rows.append((internal_before, external_before, internal_after, external_after))
    return rows


@pytest.mark.benchmark(group="tables behind 4,007 and 6,644")
def test_published_split_ours(benchmark):
    tables = benchmark(compatible_counts, 4007, 6644, **PRINTED)
    assert len(tables) == 14


@pytest.mark.benchmark(group="tables behind 4,007 and 6,644")
def test_published_split_loop(benchmark):
    assert len(benchmark.pedantic(double_loop, args=(4007, 6644), rounds=1)) == 14


@pytest.mark.benchmark(group="tables behind totals of a million, three decimals")
def test_a_million_ours(benchmark):
    changes = {"internal": 232.0, "external": -12.2}
    tables = benchmark(compatible_counts, 10**6, 1_658_098, changes=changes, decimals=3)
    assert len(tables) > 0


@pytest.mark.benchmark(group="tables behind 4,007 and 6,644 with a fifth untyped after")
def test_untyped_ours(benchmark):
    tables = benchmark(compatible_counts, 4007, 6644, **PRINTED, untyped=(0.0, 0.2))
    assert len(tables) == 16301


@pytest.mark.benchmark(group="refusal of too many tables")
def test_too_many_ours(benchmark):
    def refused():
        with pytest.raises(InputError, match="max_tables"):
            compatible_counts(10**6, 1_658_098, **PRINTED, untyped=(0.2, 0.2))

    benchmark(refused)
