"""The internal share is the proportion of internal lines among all that were typed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countylines.errors import DegenerateDataWarning, InputError
from countylines.localisation import internal_share
from countylines.prevalence import proportion

pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.SparseDataWarning")


@given(st.integers(0, 500), st.integers(1, 500))
def test_it_is_a_proportion(internal, external):
    found = internal_share(internal, external, null=0.4)
    wanted = proportion(internal, internal + external, null=0.4)
    assert (found.estimate, found.low, found.high) == (wanted.estimate, wanted.low, wanted.high)
    assert found.pvalue == wanted.pvalue
    assert found.n == internal + external


def test_published_split():
    found = internal_share([1280, 4250], [2727, 2394])
    assert [round(100 * v) for v in found.estimate] == [32, 64]


def test_swapping_the_types_turns_it_over():
    one, other = internal_share(30, 70), internal_share(70, 30)
    assert one.estimate == pytest.approx(1 - other.estimate)
    assert one.low == pytest.approx(1 - other.high)


def test_no_lines():
    with pytest.warns(DegenerateDataWarning):
        found = internal_share(0, 0)
    assert np.isnan(found.estimate)
    assert found.verdict.code == "no-data"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((-1, 2), "`internal` must be a whole"), ((1, 2.5), "`external` must be a whole")],
)
def test_bad_counts(arguments, message):
    with pytest.raises(InputError, match=message):
        internal_share(*arguments)
