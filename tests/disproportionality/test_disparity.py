"""Ratio, difference and excess together: the parts, the closed form, labels, errors."""

from __future__ import annotations

import pandas as pd
import pytest

from countylines.disproportionality import (
    disparity,
    rate_difference,
    rate_ratio,
    risk_difference,
    risk_ratio,
)
from countylines.errors import InputError

COLUMNS = ["estimate", "low", "high"]
pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.CountyLinesWarning")


@pytest.mark.parametrize(
    ("measure", "ratio_of", "difference_of"),
    [("risk", risk_ratio, risk_difference), ("rate", rate_ratio, rate_difference)],
)
def test_the_rows_are_those_of_the_functions(measure, ratio_of, difference_of):
    data = (36, 40, 16, 80)
    table = disparity(*data, measure=measure).set_index("quantity")
    ratio, difference = (
        function(*data, method="skew-score") for function in (ratio_of, difference_of)
    )
    for name in COLUMNS:
        assert table.loc[f"{measure} ratio", name] == getattr(ratio, name)
        assert table.loc[f"{measure} difference", name] == getattr(difference, name)
        assert table.loc["excess count", name] == 40 * getattr(difference, name)


def test_the_excess_over_the_rate_of_the_reference():
    """Twelve events in 40,000 against 30 in 900,000: 12 less 4/3, exactly."""
    table = disparity(12, 40_000, 30, 900_000, measure="rate").set_index("quantity")
    assert table.loc["excess count", "estimate"] == pytest.approx(12 - 4 / 3, rel=1e-12)


def test_labels_stay():
    count = pd.Series([3, 9], index=pd.Index(["N", "S"], name="region"))
    table = disparity(count, [40, 50], 16, 80)
    assert table["region"].tolist() == ["N", "S"] * 3
    assert list(table.columns[:2]) == ["quantity", "region"]
    second = table[table["region"] == "S"].set_index("quantity").loc["excess count"]
    assert second["estimate"] == pytest.approx(9 - 50 * 16 / 80)
    assert "laud2017" in table.attrs["references"]


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ((5, 4, 1, 3), {}, "`count` must be at most `total`"),
        ((1, 0, 1, 3), {"measure": "rate"}, "`exposure` must be finite and above 0"),
        ((1, 4, 1, 3), {"measure": "odds"}, "`measure` must be one of"),
        ((1, 4, 1, 3), {"method": "wald"}, "`method` must be one of"),
    ],
)
def test_errors(data, options, message):
    with pytest.raises(InputError, match=message):
        disparity(*data, **options)
