"""The SYNTHETIC sample: its size, its known truth, and what it says of itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import countylines as cl
from countylines.errors import InputError, InputTypeError
from countylines.simulate import people

CENSUS = cl.datasets.census2021_benchmark("Black").share


def test_the_default_has_the_published_number_in_equal_parts():
    sample = people(rng=1)
    assert len(sample) == 2577
    assert set(sample["region"]) == set(CENSUS.index)
    assert set(sample["region"].value_counts()) == {257, 258}
    assert set(sample["role"]) == {"offender", "victim"}
    assert sample["person"].is_unique
    assert sample["person"].str.startswith("SYNTHETIC").all()
    assert "SYNTHETIC" in sample.attrs["synthetic"]


def test_a_seed_gives_one_sample():
    pd.testing.assert_frame_equal(people(rng=7), people(rng=7))
    assert not people(rng=7).equals(people(rng=8))
    assert people(rng=np.random.default_rng(7)).equals(people(rng=7))


def test_the_truth_is_in_the_sample():
    ratio = pd.DataFrame({"offender": 2.0, "victim": 3.0}, index=CENSUS.index)
    ratio.loc["Wales"] = 1.0
    sample = people(400_000, ratio=ratio, missing=0.0, rng=2)
    black = sample["true_ethnicity"].eq("Black")
    share = black.groupby([sample["region"], sample["role"]]).agg(["mean", "size"])
    truth = sample.attrs["truth"]
    for (region, role), row in share.iterrows():
        wanted = truth["ratio"][region][role] * truth["benchmark"][region]
        assert abs(row["mean"] - wanted) < 4.5 * np.sqrt(wanted / row["size"]), (region, role)
    assert truth["smallest_ratio"] == 1.0
    assert truth["benchmark"]["London"] == CENSUS["London"]
    assert sample["ethnicity"].notna().all()
    assert sample["ethnicity"].equals(sample["true_ethnicity"])


def test_the_others_are_as_among_residents():
    sample = people(200_000, ratio=2.0, rng=3)
    rest = sample[sample["region"].eq("London") & sample["true_ethnicity"].ne("Black")]
    asian = cl.datasets.census2021_benchmark("Asian").share["London"] / (1 - CENSUS["London"])
    assert rest["true_ethnicity"].eq("Asian").mean() == pytest.approx(asian, abs=0.012)
    assert set(sample["true_ethnicity"]) == {"Asian", "Black", "Mixed", "White", "Other"}


@pytest.mark.parametrize("odds", [1.0, 3.0, 0.2])
def test_what_is_missing_has_its_share_and_odds(odds):
    sample = people(300_000, missing=0.2, missing_odds=odds, rng=4)
    unknown, black = sample["ethnicity"].isna(), sample["true_ethnicity"].eq("Black")
    assert unknown.mean() == pytest.approx(0.2, abs=0.004)
    share = unknown.groupby(black).mean()
    found = share[True] / (1 - share[True]) / (share[False] / (1 - share[False]))
    assert found == pytest.approx(odds, rel=0.1)


def test_clusters_are_as_alike_as_asked():
    sample = people(200_000, regions={"London": 1}, cluster_size=3, alike=0.4, rng=5)
    assert len(sample) / sample["cluster"].nunique() == pytest.approx(3, abs=0.05)
    offenders = sample[sample["role"].eq("offender")]
    black = offenders["true_ethnicity"].eq("Black").astype(float)
    p = black.mean()
    rows = black.groupby(offenders["cluster"]).agg(["sum", "size"])
    pairs = (rows["size"] * (rows["size"] - 1)).sum()
    squares = ((rows["sum"] - p * rows["size"]) ** 2).sum() - len(offenders) * p * (1 - p)
    assert squares / (pairs * p * (1 - p)) == pytest.approx(0.4, abs=0.03)
    assert p == pytest.approx(2 * CENSUS["London"], abs=0.006)
    sizes = sample["cluster"].value_counts()
    effect = 1 + 0.4 * ((sizes**2).sum() / sizes.sum() - 1)
    assert sample.attrs["truth"]["design_effect"] == pytest.approx(effect)


def test_no_cluster_is_in_two_regions():
    sample = people(cluster_size=4, rng=6)
    assert (sample.groupby("cluster")["region"].nunique() == 1).all()
    assert people(rng=6)["cluster"].is_unique


def test_parts_ratios_and_ages():
    sample = people(
        1000, regions={"London": 3, "Wales": 1}, roles={"a": 1}, under_18=0.0, ratio=0.0, rng=1
    )
    assert sample["region"].value_counts().to_dict() == {"London": 750, "Wales": 250}
    assert set(sample["role"]) == {"a"}
    assert set(sample["age"]) == {"18 and over"}
    assert not sample["true_ethnicity"].eq("Black").any()
    by_role = people(ratio=pd.Series({"offender": 2.0, "victim": 1.0}), rng=1)
    assert by_role.attrs["truth"]["ratio"]["Wales"] == {"offender": 2.0, "victim": 1.0}


def test_attrs_do_not_hinder_pandas():
    sample = people(50, rng=1)
    assert len(pd.concat([sample, sample])) == 100


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n": 0}, "`n` must be a whole number of at least 1"),
        ({"ratio": 8.0}, "`ratio` must be at most one over the share of residents.*London"),
        ({"ratio": -1}, "`ratio` must be a finite number of at least 0"),
        ({"ratio": pd.Series([1.0], index=["London"])}, "labelled by every region"),
        ({"ratio": pd.DataFrame({"victim": CENSUS})}, "labelled by every region"),
        ({"group": "black"}, "`group` must be one of .*Did you mean 'Black'"),
        ({"regions": {"Scotland": 1}}, "`regions` must be one of 'North East'"),
        ({"regions": {}}, "`regions` must be non-empty"),
        ({"regions": {"Wales": 0}}, r"`regions\['Wales'\]` must be a finite number above 0"),
        ({"missing": 1}, r"`missing` must be a number in \[0, 1\)"),
        ({"missing_odds": 0}, "`missing_odds` must be a finite number above 0"),
        ({"cluster_size": 0.5}, "`cluster_size` must be a finite number of at least 1"),
        ({"alike": 2}, r"`alike` must be a number in \[0, 1\]"),
        ({"under_18": -1}, r"`under_18` must be a number in \[0, 1\]"),
    ],
)
def test_errors(options, message):
    with pytest.raises(InputError, match=message):
        people(**options)


def test_wrong_types():
    with pytest.raises(InputTypeError, match="`roles` must be a mapping"):
        people(roles=["offender"])
    with pytest.raises(InputTypeError, match="`rng` must be"):
        people(rng="one")
