"""Tables of flows: input, order, periods, indices against reference values, edges."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

import countylines as cl
from countylines._kernels import concentration, risk_ratio
from countylines.errors import (
    DegenerateDataWarning,
    InputError,
    InputTypeError,
    LabelMismatchError,
    SparseDataWarning,
)
from countylines.localisation import LineFlows, _flow_spread, internal_share, intrazonal_distance

CASES = {
    case["id"]: case
    for case in json.loads(
        (Path(__file__).parents[1] / "reference" / "flows.json").read_text(encoding="utf-8")
    )["cases"]
}
NAMES = ["City", "Shire", "Coast"]
TABLE = pd.DataFrame([[52, 24, 15], [4, 30, 5], [1, 3, 12]], NAMES, NAMES)
DISTANCES = pd.DataFrame([[0, 30, 80], [30, 0, 55], [80, 55, 0]], NAMES, NAMES)
RECORDS = pd.DataFrame(
    {
        "from": ["A", "A", "B", "B", "A", "C"],
        "to": ["A", "B", "B", "A", "C", "C"],
        "year": [2021, 2021, 2021, 2022, 2022, 2022],
    }
)
COLUMNS = {"origin": "from", "destination": "to", "period": "year"}


@pytest.fixture
def flows():
    return LineFlows(TABLE)


@pytest.fixture
def yearly():
    return LineFlows.from_records(RECORDS, **COLUMNS)


@pytest.mark.reference
@pytest.mark.parametrize("case", ["od_indices_2020", "od_indices_2021"])
def test_reference_indices(case):
    case = CASES[case]
    flows = LineFlows(case["inputs"]["flows"])
    distances = np.array(case["inputs"]["distance"], dtype=float)
    options = {"include_internal": True, "intrazonal": 0}
    found = {
        "internal_share": flows.internal_share().estimate,
        "supply_self_containment": flows.self_containment().estimate,
        "demand_self_containment": flows.self_containment("demand").estimate,
        "mean_distance": flows.mean_distance(distances, **options).estimate,
        "mean_distance_external": flows.mean_distance(distances, include_internal=False).estimate,
        "median_distance": flows.median_distance(distances, **options).estimate,
        "flow_entropy": flows.entropy("pair"),
        "hhi_import": flows.hhi(),
        "gini_import": flows.gini(),
        "theil_import": flows.theil(),
        "net_export": flows.net_export(),
        "location_quotient_internal": flows.location_quotient().estimate,
    }
    for name, value in found.items():
        np.testing.assert_allclose(value, case["expected"][name], rtol=1e-12, err_msg=name)
    assert set(found) == set(case["expected"])


@pytest.mark.reference
@pytest.mark.parametrize("case", ["ineq_b", "ineq_c"])
def test_reference_concentration(case):
    x = np.array(CASES[case]["inputs"]["x"], dtype=float)
    expected = CASES[case]["expected"]
    assert concentration.gini(x) == pytest.approx(expected["gini"], rel=1e-9, abs=1e-14)
    assert concentration.hhi(x) == pytest.approx(expected["herfindahl"], rel=1e-9)
    if x.all():
        assert concentration.theil(x) == pytest.approx(expected["theil"], abs=1e-14)


def test_theil_counts_places_without_lines():
    # R's ineq leaves zeros out: its index is that of the other places alone
    case = CASES["ineq_b"]
    x = np.array(case["inputs"]["x"], dtype=float)
    rest = x[x > 0]
    assert concentration.theil(rest) == pytest.approx(case["expected"]["theil"], rel=1e-9)
    gap = np.log(len(x) / len(rest))
    assert concentration.theil(x) == pytest.approx(concentration.theil(rest) + gap, rel=1e-12)


@pytest.mark.reference
def test_reference_theil_parts():
    case = CASES["inequality_theil_decomp"]
    x, region = np.array(case["inputs"]["x"]), np.array(case["inputs"]["region"])
    between, within = concentration.theil_parts(x, region)
    assert between == pytest.approx(case["expected"]["between"], rel=1e-9)
    assert within == pytest.approx(case["expected"]["within"], rel=1e-9)
    zeros = CASES["inequality_theil_zeros"]
    value = concentration.theil(np.array(zeros["inputs"]["x"]))
    assert value == pytest.approx(zeros["expected"]["theil"], rel=1e-9)


COUNTS = hnp.arrays(np.int64, (5,), elements=st.integers(0, 40)).filter(lambda x: x.sum() > 0)


@given(COUNTS)
def test_indices_keep_to_their_ranges(x):
    n = len(x)
    x = x.astype(float)
    assert -1e-12 <= concentration.gini(x) <= (n - 1) / n + 1e-12
    assert 1 / n - 1e-12 <= concentration.hhi(x) <= 1 + 1e-12
    entropy, theil = concentration.entropy(x), concentration.theil(x)
    assert -1e-12 <= entropy <= np.log(n) + 1e-12
    assert theil == pytest.approx(max(np.log(n) - entropy, 0.0), abs=1e-12)
    apart = np.abs(x[:, None] - x).mean() / (2 * x.mean())
    assert concentration.gini(x) == pytest.approx(apart, abs=1e-12)
    between, within = concentration.theil_parts(x, np.array([0, 0, 1, 1, 1]))
    assert between + within == pytest.approx(theil, abs=1e-12)
    assert within >= 0


class TestInput:
    def test_records_and_matrix_agree(self, yearly):
        assert yearly.n_lines == 6
        assert list(yearly.areas) == ["A", "B", "C"]
        assert list(yearly.periods) == [2021, 2022]
        again = LineFlows(yearly.to_xarray())
        assert again.identical(yearly)
        assert LineFlows(
            yearly.to_xarray().values, areas=["A", "B", "C"], periods=[2021, 2022]
        ).identical(yearly)
        counted = LineFlows.from_records(
            yearly.to_frame(),
            origin="origin",
            destination="destination",
            period="period",
            count="lines",
        )
        assert counted.identical(yearly)

    def test_the_order_of_a_table_is_kept_and_that_of_its_columns_does_not_matter(self, flows):
        assert list(flows.areas) == NAMES
        turned = LineFlows(TABLE[NAMES[::-1]])
        assert turned.identical(flows)

    def test_areas_that_occur_on_one_side_only(self):
        found = LineFlows(pd.DataFrame([[1, 2]], ["City"], ["City", "Coast"]))
        assert list(found.areas) == ["City", "Coast"]
        assert found.to_xarray().values.tolist() == [[1, 2], [0, 0]]

    def test_areas_and_periods_without_a_line(self):
        found = LineFlows.from_records(
            RECORDS, **COLUMNS, areas=["C", "B", "A", "D"], periods=[2020, 2021, 2022]
        )
        assert list(found.areas) == ["C", "B", "A", "D"]
        assert found.to_xarray().sel(period=2020).sum() == 0
        assert found.n_lines == 6

    def test_unknown_ends_are_refused_or_counted(self):
        data = RECORDS.copy()
        data.loc[2, "to"] = None
        with pytest.raises(InputError, match=r"`to` must be known .* row 2; 1 of 6 rows"):
            LineFlows.from_records(data, **COLUMNS)
        found = LineFlows.from_records(data, **COLUMNS, missing="leave-out")
        assert (found.n_lines, found.left_out) == (5, 1)
        assert [note.code for note in found.internal_share().notes] == ["left-out"]
        assert found.during(2021).left_out == 1

    @pytest.mark.parametrize(
        ("call", "error", "message"),
        [
            (lambda: LineFlows([[1, -2], [3, 4]]), InputError, "cannot be negative"),
            (lambda: LineFlows([[1, 2.5], [3, 4]]), InputError, "`table` must be a whole number"),
            (lambda: LineFlows([[1, np.nan], [3, 4]]), InputError, "missing values"),
            (lambda: LineFlows([[1, np.inf], [3, 4]]), InputError, "A count is finite"),
            (lambda: LineFlows([[True, False], [False, True]]), InputTypeError, "bool"),
            (lambda: LineFlows([]), InputError, "`table` must be non-empty"),
            (lambda: LineFlows([[1, 2, 3], [4, 5, 6]]), InputError, "square"),
            (lambda: LineFlows([1, 2]), InputError, r"got shape \(2,\)"),
            (lambda: LineFlows([[1, 2], [3, 4]], areas=["A"]), LabelMismatchError, "`areas`"),
            (
                lambda: LineFlows([[1, 2], [3, 4]], areas=["A", "A"]),
                InputError,
                "must be different, got 'A' twice",
            ),
            (lambda: LineFlows([[1]], areas="A"), InputTypeError, "a list of labels"),
            (lambda: LineFlows([[1]], areas=[None]), InputError, "free of missing labels"),
            (
                lambda: LineFlows(pd.DataFrame([[1, 2], [3, 4]], ["A", "A"], ["A", "B"])),
                InputError,
                "The rows of `table` must be different",
            ),
            (
                lambda: LineFlows(xr.DataArray([[1]], dims=("origin", "end"))),
                InputError,
                "of the dimensions origin, destination",
            ),
            (
                lambda: LineFlows(TABLE, areas=["City", "Shire"]),
                LabelMismatchError,
                "all that occur, got 'Coast'",
            ),
            (
                lambda: LineFlows.from_records([1], origin="a", destination="b"),
                InputTypeError,
                "a DataFrame with one row a line",
            ),
            (
                lambda: LineFlows.from_records(RECORDS, origin="off", destination="to"),
                InputError,
                "`origin` must be a column of `data`, got 'off'",
            ),
            (
                lambda: LineFlows.from_records(
                    RECORDS, origin="from", destination="to", periods=[1]
                ),
                InputError,
                "`periods` must be None without `period`",
            ),
            (
                lambda: LineFlows.from_records(RECORDS, **COLUMNS, missing="drop"),
                InputError,
                "`missing` must be one of",
            ),
            (
                lambda: LineFlows.from_records(RECORDS[:0], **COLUMNS),
                InputError,
                "`data` must be non-empty",
            ),
            (
                lambda: LineFlows.from_records(
                    RECORDS.assign(**{"from": ["A", 1, 2, 3, 4, 5]}), **COLUMNS
                ),
                InputError,
                "labels of one kind",
            ),
        ],
    )
    def test_bad_input(self, call, error, message):
        with pytest.raises(error, match=message):
            call()

    def test_dask_is_refused(self):
        lazy = xr.DataArray([[1, 2], [3, 4]], dims=("origin", "destination")).chunk()
        with pytest.raises(InputError, match=r"Use table\.compute"):
            LineFlows(lazy)


class TestTable:
    def test_it_never_changes(self, flows):
        with pytest.raises(AttributeError, match="never change"):
            flows.areas = []
        assert pickle.loads(pickle.dumps(flows)).identical(flows)

    def test_what_it_was_given_is_not_changed(self):
        table = np.array([[1, 2], [3, 4]])
        found = LineFlows(table)
        table[0, 0] = 9
        assert found.n_lines == 10

    def test_periods(self, yearly):
        one = yearly.during(2022)
        assert (one.n_lines, list(one.periods)) == (3, [2022])
        np.testing.assert_array_equal(one.to_xarray()[0], yearly.to_xarray()[1])
        assert yearly.during([2021, 2022]).identical(yearly)
        assert yearly.together().periods is None
        np.testing.assert_array_equal(
            yearly.together().to_sparse().toarray(), yearly.to_xarray().sum("period")
        )
        with pytest.raises(LabelMismatchError, match="among the periods of the table, got 2030"):
            yearly.during(2030)

    def test_another_table_is_not_identical(self, yearly):
        assert not yearly.identical(yearly.together())
        assert not yearly.identical(yearly.during(2021))
        assert not yearly.identical("flows")

    def test_words(self, yearly):
        assert repr(yearly) == "<LineFlows: 6 lines between 3 areas in 2 periods>"


class TestIndices:
    def test_shares_are_those_of_the_counts(self, yearly):
        by_year = yearly.internal_share(by="period")
        wanted = internal_share([2, 1], [1, 2])
        np.testing.assert_array_equal(by_year.low, wanted.low)
        assert list(by_year.estimate.index) == [2021, 2022]
        with pytest.warns(DegenerateDataWarning, match="2 of 6 places"):
            by_both = yearly.internal_share(by=("period", "destination"), null=0.5)
        assert by_both.estimate.loc[2022, "C"] == 0.5
        assert by_both.pvalue.loc[2022, "C"] == 1.0

    def test_an_area_without_lines_has_no_share(self):
        found = LineFlows([[1, 2], [0, 0]])
        with pytest.warns(DegenerateDataWarning):
            share = found.self_containment()
        assert share.verdict[1].code == "no-data"
        assert np.isnan(share.estimate[1])
        assert share.references[-1] == "coombes1988"

    def test_self_containment_can_be_tested(self, flows):
        share = flows.self_containment("demand")
        tested = share.test(null=0.5)
        assert "are its own" in tested.null_hypothesis
        np.testing.assert_array_equal(
            tested.pvalue, internal_share([52, 30, 12], [5, 27, 20], null=0.5).pvalue
        )

    def test_quotients_come_from_ratios_to_the_rest(self, flows):
        found = flows.location_quotient()
        part = found.n / found.n.sum()
        rho = found.low * (1 - part) / (1 - part * found.low)
        table = (
            np.array([52.0, 30, 12]),
            np.array([57.0, 57, 32]),
            np.array([42.0, 64, 82]),
            np.array([89.0, 89, 114]),
        )
        p = risk_ratio.METHODS["skew-score"].pvalue(
            *table, null=rho.to_numpy(), alternative="two-sided"
        )
        np.testing.assert_allclose(p, 0.05, rtol=1e-9)
        assert (found.low < found.estimate).all()
        assert (found.estimate < found.high).all()

    def test_a_quotient_that_does_not_exist(self):
        with pytest.warns(DegenerateDataWarning, match="1 of 2 areas"):
            found = LineFlows([[1, 0], [2, 0]]).location_quotient()
        assert found.verdict[1].code == "no-data"
        assert found.high[1] == np.inf

    def test_mean_distance_has_the_diagonal_in_or_out(self, flows):
        inside = flows.mean_distance(DISTANCES, include_internal=True, intrazonal=[10, 20, 30])
        outside = flows.mean_distance(DISTANCES, include_internal=False)
        counts = TABLE.to_numpy()
        apart = DISTANCES.to_numpy().astype(float)
        lines = np.repeat((apart + np.diag([10.0, 20, 30])).ravel(), counts.ravel())
        assert inside.estimate == pytest.approx(lines.mean())
        assert inside.standard_error == pytest.approx(lines.std(ddof=1) / np.sqrt(len(lines)))
        assert (inside.n, outside.n) == (146, 52)
        assert inside.low < inside.estimate < inside.high

    def test_distances_in_any_form(self, flows):
        pairs = pd.Series(
            [30.0, 55.0, 80.0],
            pd.MultiIndex.from_tuples([("Shire", "City"), ("Shire", "Coast"), ("City", "Coast")]),
        )
        array = xr.DataArray(DISTANCES.to_numpy(), [("origin", NAMES), ("destination", NAMES)])
        wanted = flows.mean_distance(DISTANCES, include_internal=False).estimate
        for given_as in (pairs, array, DISTANCES.to_numpy(), DISTANCES.loc[NAMES[::-1]]):
            assert flows.mean_distance(given_as, include_internal=False).estimate == wanted
        halves = flows.mean_distance(pairs, include_internal=True, intrazonal="half-nearest")
        exact = (counts := TABLE.to_numpy()) * (DISTANCES.to_numpy() + np.diag([15, 15, 27.5]))
        assert halves.estimate == pytest.approx(exact.sum() / counts.sum())

    def test_directed_pairs(self):
        both = pd.Series([10.0, 20.0], pd.MultiIndex.from_tuples([(0, 1), (1, 0)]))
        found = LineFlows([[0, 40], [0, 0]]).mean_distance(both, include_internal=False)
        assert found.estimate == 10.0

    def test_few_lines_and_none(self, yearly):
        apart = np.full((3, 3), 5.0)
        with pytest.warns(SparseDataWarning, match="fewer than 30 lines in 2 of 2"):
            yearly.mean_distance(apart, include_internal=False, by="period")
        with pytest.warns(DegenerateDataWarning, match="no lines"):
            found = LineFlows([[3, 0], [0, 2]]).mean_distance(apart[:2, :2], include_internal=False)
        assert found.verdict.code == "no-data"
        assert (found.low, found.high) == (0.0, np.inf)

    def test_limits_of_lines_of_one_distance_are_not_the_distance(self):
        apart = np.array([[0.0, 30, 80], [30, 0, 55], [80, 55, 0]])
        found = LineFlows([[0, 40, 0], [0, 0, 0], [0, 0, 0]]).mean_distance(
            apart, include_internal=False
        )
        # were a share of lines more than 1 - 0.025^(1/40) of 80 km, none is seen in less than 2.5 %
        assert (1 - (found.high - 30) / 50) ** 40 == pytest.approx(0.025)
        assert (found.low, found.estimate) == (30.0, 30.0)
        assert np.isnan(found.standard_error)
        assert "one-distance" in [note.code for note in found.notes]

    def test_limits_of_the_mean_are_distances_that_can_be(self, flows):
        with pytest.warns(SparseDataWarning):
            found = LineFlows([[0, 1, 1], [0, 0, 0], [0, 0, 0]]).mean_distance(
                DISTANCES.to_numpy(), include_internal=False
            )
        assert (found.low, found.high) == (30.0, 80.0)

    @pytest.mark.parametrize("n", [1, 5, 6, 30, 31, 200, 100_000])
    def test_limits_of_the_median_are_the_ranks_of_the_sign_test(self, n):
        below = int(_flow_spread._ranks(np.array([float(n)]), 0.025)[0])
        law = stats.binom(n, 0.5)
        assert law.cdf(below) <= 0.025 < law.cdf(below + 1)

    def test_the_median_is_that_of_the_lines(self, flows):
        counts = TABLE.to_numpy()
        apart = DISTANCES.to_numpy().astype(float)
        lines = np.sort(np.repeat(apart.ravel(), counts.ravel() * ~np.eye(3, dtype=bool).ravel()))
        found = flows.median_distance(DISTANCES, include_internal=False)
        assert found.estimate == np.median(lines)
        k = int(stats.binom.ppf(0.025, 52, 0.5)) - 1
        assert (found.low, found.high) == (lines[k], lines[-1 - k])
        assert found.n == 52

    def test_the_median_between_two_distances(self):
        with pytest.warns(SparseDataWarning, match="median is of fewer than 30"):
            found = LineFlows([[0, 2, 2], [0, 0, 0], [0, 0, 0]]).median_distance(
                DISTANCES.to_numpy(), include_internal=False
            )
        assert (found.estimate, found.low, found.high) == (55.0, 30.0, 80.0)

    def test_the_median_of_nothing_by_period(self):
        table = [[[0, 40], [0, 0]], [[3, 0], [0, 0]]]
        with pytest.warns(DegenerateDataWarning, match="no lines to take a median"):
            found = LineFlows(table).median_distance(
                [[0, 9], [7, 0]], include_internal=False, by="period"
            )
        assert found.estimate[0] == 9.0
        assert found.verdict[1].code == "no-data"
        assert (found.low[1], found.high[1]) == (0.0, np.inf)

    def test_lines_of_a_register(self):
        lines = cl.simulate.register(internal=(300, 500), external=(400, 350), rng=3)
        options = {"origin": "origin", "destination": "destination", "period": "year"}
        found = LineFlows.from_records(lines, **options).internal_share(by="period").estimate
        for year, truth in lines.attrs["truth"].items():
            total = truth["internal"] + truth["external"]
            assert found[year] == truth["internal"] / total

    def test_areas_of_a_dataarray(self):
        array = xr.DataArray(
            [[1, 2], [3, 4]], [("origin", ["a", "b"]), ("destination", ["a", "b"])]
        )
        found = LineFlows(array, areas=["b", "c", "a"])
        assert list(found.areas) == ["b", "c", "a"]
        assert found.to_xarray().sel(origin="a", destination="b") == 2

    @pytest.mark.parametrize(
        "table",
        [TABLE, TABLE.to_numpy(), xr.DataArray(TABLE.to_numpy(), dims=["origin", "destination"])],
    )
    def test_periods_of_a_table_without_them_are_refused(self, table):
        with pytest.raises(InputError, match="`periods` must be None for a"):
            LineFlows(table, periods=[2023])

    def test_nothing_known_is_refused(self):
        rows = pd.DataFrame({"o": [None, "a"], "d": ["a", None]})
        with pytest.raises(InputError, match="none known in any of 2 rows"):
            LineFlows.from_records(rows, origin="o", destination="d", missing="leave-out")

    def test_concentration_by_period_and_without_internal_lines(self, yearly):
        found = yearly.hhi(by="period")
        assert found.to_dict() == pytest.approx({2021: 5 / 9, 2022: 5 / 9})
        assert yearly.hhi(include_internal=False) == pytest.approx(1 / 3)
        assert yearly.gini("origin") == pytest.approx(concentration.gini(np.array([3.0, 2, 1])))
        assert np.isnan(LineFlows([[3, 0], [0, 2]]).entropy(include_internal=False))

    def test_theil_by_groups(self, yearly):
        groups = pd.Series({"C": "south", "A": "north", "B": "north"})
        found = yearly.theil(groups=groups, by="period")
        np.testing.assert_allclose(found["total"], yearly.theil(by="period"), atol=1e-12)
        whole = yearly.theil(groups=groups)
        assert whole["between"] + whole["within"] == pytest.approx(whole["total"])

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda f: f.internal_share(by="year"), "`by` must be None or 'origin'"),
            (lambda f: f.hhi(by="period"), "of a table without periods"),
            (lambda f: f.hhi("market"), "`of` must be one of"),
            (lambda f: f.self_containment("import"), "`side` must be one of"),
            (lambda f: f.location_quotient(method="exact"), "`method` must be one of"),
            (
                lambda f: f.theil("pair", groups=[1, 1, 2]),
                "`of` must be one of .destination., .origin., got",
            ),
            (lambda f: f.theil(groups=[1, 2]), "`groups` must be one label for each"),
            (lambda f: f.theil(groups=[1, 2, None]), "known for every area"),
            (
                lambda f: f.theil(groups=pd.Series([1, 2], ["City", "Shire"])),
                "given once for every area",
            ),
            (
                lambda f: f.mean_distance(DISTANCES, include_internal=False, intrazonal=3),
                "`intrazonal` must be None",
            ),
            (
                lambda f: f.mean_distance(DISTANCES.iloc[:2], include_internal=False),
                "none for 'Coast'; 1 of 3 areas",
            ),
            (
                lambda f: f.mean_distance(DISTANCES * 0, include_internal=False),
                "finite and above 0 between different areas, got 0 from 'City' to 'Shire'",
            ),
            (lambda f: f.mean_distance("km", include_internal=False), "a square DataFrame"),
            (lambda f: f.mean_distance(np.ones((2, 2)), include_internal=False), "of shape"),
            (
                lambda f: f.mean_distance(
                    pd.Series([1.0], pd.MultiIndex.from_tuples([("City", "Shire")])),
                    include_internal=False,
                ),
                "given for every pair",
            ),
            (
                lambda f: f.mean_distance(DISTANCES, include_internal=True, intrazonal="disc"),
                "`intrazonal` must be one of 'half-nearest'",
            ),
            (
                lambda f: f.mean_distance(DISTANCES, include_internal=True, intrazonal=[-1, 1, 1]),
                "`intrazonal` must be finite and at least 0",
            ),
            (
                lambda f: f.mean_distance(DISTANCES, include_internal=True, intrazonal=[1, 1]),
                "one number for each of the 3 areas",
            ),
            (
                lambda f: f.mean_distance(
                    DISTANCES,
                    include_internal=True,
                    intrazonal=pd.Series([1.0, 2], ["City", "Shire"]),
                ),
                "none for 'Coast'",
            ),
        ],
    )
    def test_bad_arguments(self, flows, call, message):
        with pytest.raises(InputError, match=message):
            call(flows)

    def test_a_missing_diagonal_is_asked_for(self, flows):
        values = DISTANCES.astype(float).to_numpy().copy()
        np.fill_diagonal(values, np.nan)
        with pytest.raises(InputError, match="`distances` has none for 'City'"):
            flows.mean_distance(values, include_internal=True)


class TestIntrazonalDistance:
    def test_a_disc(self):
        points = np.random.default_rng(1).uniform(-1, 1, (2, 400_000, 2))
        inside = points[:, (np.square(points).sum(axis=2) <= 1).all(axis=0)]
        centre = np.sqrt(np.square(inside[0]).sum(axis=1)).mean()
        apart = np.sqrt(np.square(inside[0] - inside[1]).sum(axis=1)).mean()
        assert intrazonal_distance(np.pi) == pytest.approx(centre, rel=2e-3)
        assert intrazonal_distance(np.pi, rule="between-points") == pytest.approx(apart, rel=2e-3)

    def test_kinds_and_errors(self):
        areas = pd.Series([1.0, 4.0], ["A", "B"])
        found = intrazonal_distance(areas)
        assert found["B"] == 2 * found["A"]
        assert isinstance(intrazonal_distance(3), float)
        assert isinstance(intrazonal_distance(xr.DataArray([1.0], dims="area")), xr.DataArray)
        with pytest.raises(InputError, match="`area` must be finite and above 0"):
            intrazonal_distance([1, 0])
        with pytest.raises(InputError, match="`rule` must be one of"):
            intrazonal_distance(1, rule="square")
