"""Chapman's estimator: published cases and what sets it apart from Lincoln-Petersen."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines.capture_recapture import chapman, lincoln_petersen
from countylines.errors import DegenerateDataWarning

CASES = json.loads((Path(__file__).parents[1] / "reference" / "two_list.json").read_text())["cases"]


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_reference(case):
    numbers = [case["inputs"][k] for k in ("n1", "n2", "m")]
    expected = case["expected"]
    result = chapman(*numbers)
    assert result.estimate == pytest.approx(expected["chapman"], rel=1e-10)
    assert result.standard_error == pytest.approx(expected["chapman_se"], rel=1e-10)
    for method in ("normal", "lognormal"):
        limits = chapman(*numbers, method=method)
        assert [limits.low, limits.high] == pytest.approx(
            expected[f"chapman_{method}_ci"], rel=1e-6
        )


def test_no_overlap_stays_finite_and_says_why():
    with pytest.warns(DegenerateDataWarning, match="finite only because 1 is added"):
        result = chapman(10, 12, 0)
    assert result.estimate == 11 * 13 - 1
    assert math.isfinite(result.high)
    assert result.estimable
    assert "no-recaptures" in [note.code for note in result.notes]


@given(both=st.integers(7, 200), first=st.integers(1, 2000), second=st.integers(1, 2000))
def test_properties(both, first, second):
    """Swapping the lists changes nothing; Chapman lies between observed and Lincoln-Petersen."""
    one, other = (
        chapman(first + both, second + both, both),
        chapman(second + both, first + both, both),
    )
    assert one.estimate == pytest.approx(other.estimate, rel=1e-12)
    assert [one.low, one.high] == pytest.approx([other.low, other.high], rel=1e-12)
    assert (
        one.n_observed
        <= one.estimate
        <= lincoln_petersen(first + both, second + both, both).estimate
    )
    if min(first, second) >= 2:
        more = chapman(first + both, second + both, both + 1)
        assert more.hidden.estimate < one.hidden.estimate
