"""Every figure adds up where it should, and is the one that was published."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from countylines import datasets

REFERENCE = json.loads(
    (Path(__file__).resolve().parents[1] / "reference" / "datasets.json").read_text("utf-8")
)
PUBLISHED = {case["id"]: case["value"] for case in REFERENCE["published"]}


def case_id(case: dict[str, object]) -> str:
    return str(case["id"])


class TestLines:
    def test_the_totals_are_those_printed(self):
        lines = datasets.load_localisation().query("measure == 'lines_detected'")
        totals = lines.set_index("period")["value"]
        assert totals[["2022/23", "2023/24"]].to_list() == PUBLISHED["total/lines"]
        national = datasets.load_county_lines_national().query("measure == 'lines_detected'")
        assert national.set_index("period")["value"].to_dict() == totals.to_dict()

    def test_ratios_are_those_of_the_printed_figures(self):
        table = datasets.load_localisation()
        ratio = table[table["measure"] == "ratio"].set_index("line_type")["value"]
        change = table[table["measure"] == "change"].set_index("line_type")["value"]
        assert (ratio[["internal", "external"]] - 1 - change / 100).abs().max() < 1e-12
        before, after = PUBLISHED["total/lines"]
        assert ratio["all"] == round(after / before, 4)
        assert change["all"] == round(100 * (after / before - 1), 1)

    def test_only_computed_figures_are_called_derived(self):
        table = datasets.load_localisation()
        derived = table["status"] == "derived"
        assert set(table.loc[derived, "measure"] + " " + table.loc[derived, "line_type"]) == {
            "ratio internal",
            "ratio external",
            "ratio all",
            "change all",
        }
        assert (table.loc[~derived, "status"] == "secondary").all()
        assert table.loc[~derived, "wording"].notna().all()

    def test_every_derived_table_gives_the_printed_figures(self):
        table = datasets.load_localisation_counts_derived()
        before, after = PUBLISHED["total/lines"]
        assert (table["internal_2022_23"] + table["external_2022_23"] == before).all()
        assert (table["internal_2023_24"] + table["external_2023_24"] == after).all()
        internal = 100 * (table["internal_2023_24"] / table["internal_2022_23"] - 1)
        external = 100 * (table["external_2023_24"] / table["external_2022_23"] - 1)
        assert (internal.round(0) == 232).all()
        assert (external.round(1) == -12.2).all()

    def test_no_other_table_gives_them(self):
        before, after = PUBLISHED["total/lines"]
        found = [
            (i, before - i, j, after - j)
            for i in range(1, before)
            # 231.5 % to 232.5 % more, in whole numbers.
            for j in range(-(-i * 6630 // 2000), i * 6650 // 2000 + 1)
            if j < after
            and round(100 * (j / i - 1)) == 232
            and round(100 * ((after - j) / (before - i) - 1), 1) == -12.2
        ]
        table = datasets.load_localisation_counts_derived()
        assert found == [tuple(row) for row in table.itertuples(index=False)]
        assert len(found) == 14

    def test_the_identified_shares_follow_from_the_ratio(self):
        table = datasets.load_localisation_identification_derived()
        r = table["total_ratio_r"]
        after = (1 / 0.878 - 1 / r) / (1 / 0.878 - 1 / 3.32)
        before = (r - 0.878) / (3.32 - 0.878)
        assert (table["internal_share_2023_24"] - after).abs().max() <= 0.5e-4 + 1e-12
        assert (table["internal_share_2022_23"] - before).abs().max() <= 0.5e-4 + 1e-12
        for year, share in (("2023_24", after), ("2022_23", before)):
            total = 6600 if year == "2023_24" else 6600 / r
            assert (table[f"internal_{year}"] - total * share).abs().max() <= 1
            assert (table[f"external_{year}"] - total * (1 - share)).abs().max() <= 1
        assert (table["total_2022_23"] - 6600 / r).abs().max() <= 0.5

    def test_the_figures_of_the_release_are_there(self):
        table = datasets.load_county_lines_national().set_index(["period", "measure"])
        release = table[table["status"].str.startswith("primary (NPCC press release")]
        assert release["value"].to_dict() == {
            ("2023/24", "active_lines"): 6600,
            ("FY2022/23", "nominals_sample_size"): 2577,
            ("2021/22", "children_missing_due_to_county_lines"): 1900,
        }

    def test_a_range_has_its_ends_in_order(self):
        table = datasets.load_county_lines_national()
        ranges = table.dropna(subset=["value_upper"])
        assert len(ranges) == 3
        assert (ranges["value"] < ranges["value_upper"]).all()
        assert table[["value", "wording", "source_url", "counting_basis"]].notna().all(axis=None)

    def test_values_stand_in_the_words_that_are_quoted(self):
        table = datasets.load_county_lines_national()
        figures = table[(table["unit"] == "lines") & (table["value"] >= 1000)]
        for row in figures.itertuples():
            printed = f"{row.value:,.0f}"
            assert printed in row.wording or printed.replace(",", "") in row.wording


class TestPeople:
    def test_what_is_not_public_has_no_value(self):
        table = datasets.load_nominals_as_published()
        missing = table["status"] == "missing"
        assert missing.sum() == 3
        assert table.loc[missing, "value"].isna().all()
        assert table.loc[missing, "statement"].str.startswith("NOT FOUND").all()
        assert table["value"].dropna().to_list() == [2577, 91.3, 75]

    def test_one_figure_on_missing_children_is_in_children(self):
        table = datasets.load_missing_children()
        assert table.loc[table["unit"].str.startswith("children"), "value"].to_list() == [1900]
        gap = table[table["value"].isna()]
        assert gap["status"].to_list() == ["missing"]
        assert (table.drop(index=gap.index)["status"] != "missing").all()

    def test_percentages_of_flagged_referrals_agree_with_their_counts(self):
        table = datasets.load_nrm_county_lines().set_index(["period", "measure"])["value"]
        flagged = table["2020", "county_lines_flagged_referrals"]
        assert round(100 * table["2020", "county_lines_flagged_male_children"] / flagged) == 81
        assert round(100 * (flagged / table["2019", "county_lines_flagged_referrals"] - 1)) == 31
        children = table["2021", "child_referrals"]
        assert round(100 * table["2021", "child_criminal_exploitation_referrals"] / children) == 49

    def test_the_same_total_is_printed_alike_in_two_tables(self):
        vintages = datasets.load_nrm_referral_vintages()
        first = vintages.drop_duplicates("reference_period").set_index("reference_period")
        words = datasets.load_nrm_county_lines()["share_of"].dropna()
        assert any(f"{first.loc['2021', 'all_referrals']:,}" in text for text in words)
        assert any("17,004" in text for text in words)
        assert 17004 in vintages.query("reference_period == '2023'")["all_referrals"].to_list()

    def test_vintages_are_in_order_and_revisions_small(self):
        vintages = datasets.load_nrm_referral_vintages()
        assert not vintages.duplicated(["reference_period", "publication_vintage"]).any()
        for _, group in vintages.groupby("reference_period"):
            assert group["publication_vintage"].is_monotonic_increasing
            totals = group["all_referrals"]
            assert (totals.max() - totals.min()) / totals.min() < 0.005


class TestReferrals:
    @pytest.fixture
    def national(self) -> pd.DataFrame:
        return datasets.load_nrm_criminal_exploitation_national()

    def quarterly(self, table: pd.DataFrame, **wanted: str) -> pd.Series:
        for column, value in {"sex": "all", **wanted}.items():
            table = table[table[column] == value]
        return table.groupby("quarter")["referrals"].sum()

    @pytest.mark.parametrize(
        ("case", "wanted"),
        [
            (
                "quarters/child_criminal_only",
                {
                    "age_at_exploitation": "child_17_or_under",
                    "criminal_exploitation": "criminal_only",
                },
            ),
            (
                "quarters/children",
                {
                    "age_at_exploitation": "child_17_or_under",
                    "criminal_exploitation": "all_exploitation_types",
                },
            ),
            (
                "quarters/adults",
                {
                    "age_at_exploitation": "adult_18_or_over",
                    "criminal_exploitation": "all_exploitation_types",
                },
            ),
        ],
    )
    def test_quarters_add_to_what_the_bulletins_print(self, national, case, wanted):
        found = self.quarterly(national, **wanted)
        assert {quarter: found[quarter] for quarter in PUBLISHED[case]} == PUBLISHED[case]

    def test_all_rows_of_a_quarter_add_to_its_total(self, national):
        found = self.quarterly(national, criminal_exploitation="all_exploitation_types")
        vintages = datasets.load_nrm_referral_vintages()
        first = vintages.drop_duplicates("reference_period").set_index("reference_period")
        short = first.loc[found.index, "all_referrals"] - found
        # As the caveats of the table say: exact in three quarters, one less in another.
        assert short["2022Q2":"2023Q1"].to_list() == [0, 0, 1, 0]
        assert short.abs().max() == 7

    def test_narrower_definitions_are_smaller(self, national):
        wide = national.pivot_table(
            index=["quarter", "first_responder_type", "age_at_exploitation", "sex"],
            columns="criminal_exploitation",
            values="referrals",
            fill_value=0,
        )
        assert (wide["criminal_only"] <= wide["criminal_alone_or_with_others"]).all()
        assert (wide["criminal_alone_or_with_others"] <= wide["all_exploitation_types"]).all()

    def test_all_sexes_are_at_least_both(self, national):
        keys = [c for c in national.columns if c not in ("sex", "referrals")]
        wide = national.pivot_table(index=keys, columns="sex", values="referrals")
        other = wide["all"] - wide["Male"].fillna(0) - wide["Female"].fillna(0)
        assert other.between(0, 6).all()
        assert (other[wide.isna().any(axis="columns")] == 0).all()

    def test_forces_add_to_the_police_of_the_national_table(self, national):
        by_force = datasets.load_nrm_criminal_exploitation_force().groupby("quarter")
        for age, prefix in (("child_17_or_under", "child"), ("adult_18_or_over", "adult")):
            for kind, suffix in (
                ("all_exploitation_types", "all_types"),
                ("criminal_alone_or_with_others", "criminal_any"),
                ("criminal_only", "criminal_only"),
            ):
                if f"{prefix}_{suffix}" == "adult_criminal_only":
                    continue
                police = self.quarterly(
                    national,
                    first_responder_type="Police",
                    age_at_exploitation=age,
                    criminal_exploitation=kind,
                )
                total = by_force[f"{prefix}_{suffix}"].sum()
                assert total.to_dict() == police.to_dict()

    def test_the_columns_of_a_force_contain_each_other(self):
        table = datasets.load_nrm_criminal_exploitation_force()
        assert len(table) == 7 * 51
        assert table.groupby("quarter")["responder"].nunique().eq(51).all()
        any_type = table["child_criminal_any"]
        both = table["child_criminal_any_male"] + table["child_criminal_any_female"]
        assert (both == any_type).all()
        assert (table["child_criminal_only"] <= any_type).all()
        assert (any_type <= table["child_all_types"]).all()
        assert (table["adult_criminal_any"] <= table["adult_all_types"]).all()
        assert (table["child_all_types"] + table["adult_all_types"] <= table["all_referrals"]).all()
        for age in ("child", "adult"):
            british = table[f"{age}_criminal_any_uk_nationality"]
            assert (british <= table[f"{age}_criminal_any"]).all()
        absent = table[~table["listed_in_release"]]
        assert len(absent) == 25
        assert (absent.select_dtypes("number") == 0).all(axis=None)

    def test_the_quarter_that_is_one_short_is_the_one_that_the_caveat_names(self):
        table = datasets.load_nrm_criminal_exploitation_force()
        found = table.groupby("quarter")["all_referrals"].sum()["2023Q1"]
        ours, printed = PUBLISHED["quarters/police_2023Q1"]
        assert (found, found + 1) == (ours, printed)
        assert any("1,042 against 1,043" in caveat for caveat in table.attrs["caveats"])

    def test_forces_without_a_code_are_not_territorial(self):
        table = datasets.load_nrm_criminal_exploitation_force()
        coded = table.dropna(subset=["ons_code"])
        assert coded["ons_code"].nunique() == 43
        assert (table["force"].isna() == table["ons_code"].isna()).all()
        assert "British Transport Police" in set(table[table["force"].isna()]["responder"])


class TestPlaces:
    def test_groups_add_to_the_population_of_a_region(self):
        census = datasets.load_census2021_ethnicity_region()
        wide = census.pivot_table(
            index="geography", columns="n_categories", values="population", aggfunc="sum"
        )
        assert (wide[5] == wide[1]).all()
        assert (wide[19] == wide[1]).all()
        assert wide.loc["England and Wales", 1] == PUBLISHED["total/census/TS021"]

    def test_nineteen_groups_add_to_five(self):
        census = datasets.load_census2021_ethnicity_region()
        groups = census.groupby(["n_categories", "geography", "ethnic_group5"])["population"].sum()
        assert groups.loc[19].to_dict() == groups.loc[5].to_dict()

    def test_regions_add_to_countries(self):
        census = datasets.load_census2021_ethnicity_region()
        keys = ["n_categories", "ethnic_group"]
        regions = census[census["geography_level"] == "region"]
        assert regions["geography"].nunique() == 10
        both = census[census["geography"] == "England and Wales"]
        england = census[census["geography"] == "England"]
        all_ten = regions.groupby(keys)["population"].sum()
        nine = regions[regions["geography"] != "Wales"].groupby(keys)["population"].sum()
        assert all_ten.to_dict() == both.set_index(keys)["population"].to_dict()
        assert nine.to_dict() == england.set_index(keys)["population"].to_dict()

    def test_percentages_are_those_of_the_counts(self):
        census = datasets.load_census2021_ethnicity_region()
        total = census[census["n_categories"] == 1].set_index("geography")["population"]
        exact = 100 * census["population"] / census["geography"].map(total)
        assert (census["percent"] - exact).abs().max() <= 0.5e-4 + 1e-9

    def test_black_shares_are_those_of_the_census(self):
        census = datasets.load_census2021_ethnicity_region()
        black = census[(census["n_categories"] == 5) & (census["ethnic_group"] == "Black")]
        found = black.set_index("geography")["percent"].round(2).to_dict()
        assert found == PUBLISHED["share/black"]

    def test_groups_add_to_the_population_of_a_force(self):
        census = datasets.load_census2021_ethnicity_pfa()
        wide = census.pivot_table(
            index="force", columns="level", values="population", aggfunc="sum"
        )
        assert len(wide) == 43
        assert (wide["group"] == wide["total"]).all()
        parts = census.pivot(index="force", columns="ethnic_group", values="population")
        assert (parts["White and Black"] <= parts["Mixed"]).all()
        assert (parts["White British"] <= parts["White"]).all()

    def test_forces_add_to_their_region(self):
        region = datasets.load_census2021_ethnicity_region()
        force = datasets.load_census2021_ethnicity_pfa()
        region = region[region["geography_level"] == "region"]
        five = region[region["n_categories"] <= 5].set_index(["geography", "ethnic_group"])
        groups = force[force["level"] != "subgroup"]
        found = groups.groupby(["region", "ethnic_group"])["population"].sum()
        assert found.to_dict() == five["population"].to_dict()

    def test_subgroups_are_those_of_the_nineteen(self):
        region = datasets.load_census2021_ethnicity_region()
        force = datasets.load_census2021_ethnicity_pfa()
        fine = region[(region["n_categories"] == 19) & (region["geography_level"] == "region")]
        fine = fine.pivot(index="geography", columns="ethnic_group", values="population")
        ours = force[force["level"] == "subgroup"].pivot_table(
            index="region", columns="ethnic_group", values="population", aggfunc="sum"
        )
        black = fine["White and Black African"] + fine["White and Black Caribbean"]
        british = fine["English, Welsh, Scottish, Northern Irish or British"]
        assert ours["White and Black"].to_dict() == black.to_dict()
        assert ours["White British"].to_dict() == british.to_dict()

    @pytest.mark.parametrize(
        ("load", "place"),
        [
            (datasets.load_census2021_age_region, "geography"),
            (datasets.load_police_force_population, "force"),
        ],
    )
    def test_age_bands_add_to_the_total(self, load, place):
        wide = load().pivot(index=place, columns="age_band", values="population")
        assert wide.shape[1] == 7
        assert (wide.drop(columns="all").sum(axis="columns") == wide["all"]).all()

    def test_age_bands_of_regions_add_to_countries_nearly(self):
        table = datasets.load_census2021_age_region()
        wide = table.pivot(index="geography", columns="age_band", values="population")
        assert wide.loc["England and Wales", "all"] == PUBLISHED["total/census/TS007"]
        regions = table[table["geography_level"] == "region"]["geography"].unique()
        assert len(regions) == 10
        short = wide.loc["England and Wales"] - wide.loc[regions].sum()
        assert short.abs().max() <= 10

    def test_two_counts_of_a_force_differ_by_at_most_31(self):
        ethnic = datasets.load_census2021_ethnicity_pfa().query("level == 'total'")
        age = datasets.load_police_force_population().query("age_band == 'all'")
        both = ethnic.merge(age, on=["force", "ons_code", "region"])
        assert len(both) == 43
        assert (both["population_x"] - both["population_y"]).abs().max() == 31

    def test_forces_of_a_region_add_to_it_within_42(self):
        force = datasets.load_police_force_population().query("age_band == 'all'")
        region = datasets.load_census2021_age_region().query("age_band == 'all'")
        found = force.groupby("region")["population"].sum()
        there = region.set_index("geography")["population"][found.index]
        assert (found - there).abs().max() == 42

    def test_every_table_names_the_same_forces(self):
        tables = [
            datasets.load_police_force_population(),
            datasets.load_police_force_centroids(),
            datasets.load_census2021_ethnicity_pfa(),
            datasets.load_stop_search_pfa_2019_2021(),
            datasets.load_nrm_criminal_exploitation_force().dropna(subset=["ons_code"]),
        ]
        named = [set(zip(t["ons_code"], t["force"], strict=True)) for t in tables]
        assert len(named[0]) == 43
        assert all(names == named[0] for names in named)

    def test_pairs_are_all_pairs_once(self):
        pairs = datasets.load_police_force_pairs()
        codes = sorted(datasets.load_police_force_centroids()["ons_code"])
        found = list(zip(pairs["ons_code_a"], pairs["ons_code_b"], strict=True))
        assert sorted(found) == list(itertools.combinations(codes, 2))
        assert [len(pairs), pairs["adjacent"].sum()] == PUBLISHED["borders"]
        assert (pairs["adjacent"] == (pairs["shared_border_km_approx"] > 1)).all()

    def test_distances_are_those_of_the_centroids(self):
        pairs = datasets.load_police_force_pairs()
        at = datasets.load_police_force_centroids().set_index("ons_code")
        lon = np.radians(at["lon_popweighted"])
        lat = np.radians(at["lat_popweighted"])
        lon_a, lon_b = (lon[pairs[f"ons_code_{end}"]].to_numpy() for end in "ab")
        lat_a, lat_b = (lat[pairs[f"ons_code_{end}"]].to_numpy() for end in "ab")
        half = np.sin((lat_b - lat_a) / 2) ** 2
        half += np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
        distance = 2 * 6371.0 * np.arcsin(np.sqrt(half))
        # Coordinates have four decimals, distances one.
        np.testing.assert_allclose(pairs["distance_km_popweighted"], distance, atol=0.1)

    def test_touching_over_water_is_said(self):
        pairs = datasets.load_police_force_pairs()
        noted = pairs.dropna(subset=["note"])
        assert set(zip(noted["force_a"], noted["force_b"], strict=True)) == {
            ("Essex", "Kent"),
            ("Merseyside", "North Wales"),
            ("Avon and Somerset", "Gwent"),
        }
        assert noted["adjacent"].all()

    def test_residents_are_the_same_in_every_year_of_stops(self):
        stops = datasets.load_stop_search_pfa_2019_2021()
        assert stops.groupby(["force", "ethnic_group"])["population"].nunique().eq(1).all()
        assert stops.groupby(["year", "ethnic_group"])["force"].nunique().eq(43).all()

    def test_stops_count_mixed_white_and_black_as_black(self):
        stops = datasets.load_stop_search_pfa_2019_2021().query("year == 2019")
        census = datasets.load_census2021_ethnicity_pfa()
        ours = census.pivot(index="force", columns="ethnic_group", values="population")
        theirs = stops.pivot(index="force", columns="ethnic_group", values="population")
        black = ours["Black"] + ours["White and Black"]
        assert (theirs["Black"] - black[theirs.index]).abs().max() == 0
        assert (theirs["White"] < ours.loc[theirs.index, "White"]).all()


class TestLists:
    @pytest.mark.parametrize("case", REFERENCE["counts"], ids=case_id)
    def test_totals_are_those_of_the_source(self, case):
        table = datasets.load_mse(case["table"])
        assert table["n"].sum() == case["n_observed"] == table.attrs["n_observed"]
        assert len(table.attrs["lists"]) == case["n_lists"]

    def test_every_table_has_a_total_to_agree_with(self):
        assert {case["table"] for case in REFERENCE["counts"]} == set(datasets.list_mse().index)

    @pytest.mark.parametrize("case", REFERENCE["list_sizes"], ids=case_id)
    def test_lists_are_as_long_as_published(self, case):
        table = datasets.load_mse(case["table"])
        found = table[table.attrs["lists"]].mul(table["n"], axis="index").sum()
        assert found.to_dict() == case["sizes"]

    @pytest.mark.parametrize("case", REFERENCE["estimates"], ids=case_id)
    def test_published_estimates_are_reproduced(self, case):
        found = loglinear_total(datasets.load_mse(case["table"]), case["pairs"])
        assert round(found, case["decimals"]) == case["estimate"]

    def test_the_printed_table_of_new_orleans_does_not_reproduce_them(self):
        printed = datasets.load_mse("new_orleans_printed")
        assert round(loglinear_total(printed, [])) == 949
        assert round(loglinear_total(printed, [["D", "E"]])) == 1110
        assert round(loglinear_total(datasets.load_mse("new_orleans_5_printed"), [])) == 981

    @pytest.mark.parametrize("suffix", ["", "_5"])
    def test_the_two_tables_of_new_orleans_differ_by_one_case_on_c_and_d(self, suffix):
        corrected = datasets.load_mse(f"new_orleans{suffix}")
        printed = datasets.load_mse(f"new_orleans{suffix}_printed")
        lists = corrected.attrs["lists"]
        both = corrected.merge(printed, on=lists, suffixes=("", "_printed"))
        assert len(both) == len(corrected) == len(printed)
        other = both[both["n"] != both["n_printed"]]
        assert other[["C", "D", "n", "n_printed"]].to_numpy().tolist() == [[1, 1, 1, 2]]
        assert other[lists].to_numpy().sum() == 2

    @pytest.mark.parametrize(
        ("merged", "full", "new"),
        [
            ("uk_2013_5", "uk_2013", {"PFNCA": ["PF", "NCA"]}),
            ("uk_2013_4", "uk_2013", {"PFNCA": ["PF", "NCA"], "GP": []}),
            ("netherlands_5", "netherlands", {"IO": ["I", "O"]}),
            ("new_orleans_5", "new_orleans", {"BEFG": ["B", "E", "F", "G"]}),
            ("new_orleans_5_printed", "new_orleans_printed", {"BEFG": ["B", "E", "F", "G"]}),
        ],
    )
    def test_merging_lists_gives_the_shorter_table(self, merged, full, new):
        short = datasets.load_mse(merged)
        lists = short.attrs["lists"]
        table = datasets.load_mse(full)
        for name, parts in new.items():
            if parts:
                table[name] = table[parts].max(axis="columns")
        counted = table.groupby(lists)["n"].sum()
        counted = counted[[any(pattern) for pattern in counted.index]]
        assert counted.to_dict() == short.set_index(lists)["n"].to_dict()

    def test_what_is_made_up_says_so(self):
        listed = datasets.list_mse()
        made_up = [n for n in listed.index if datasets.load_mse(n).attrs["status"] == "artificial"]
        assert made_up == ["artificial_3"]
        assert "ARTIFICIAL" in listed.loc["artificial_3", "title"]


def loglinear_total(table: pd.DataFrame, generators: list[list[str]]) -> float:
    """Estimated total under the hierarchical log-linear model of these generators."""
    import statsmodels.api as sm

    lists = table.attrs["lists"]
    patterns = [p for p in itertools.product((0, 1), repeat=len(lists)) if any(p)]
    count = table.set_index(lists)["n"].reindex(patterns, fill_value=0)
    terms = {
        subset
        for generator in [*([name] for name in lists), *generators]
        for size in range(1, len(generator) + 1)
        for subset in itertools.combinations(sorted(generator), size)
    }
    on = pd.DataFrame(patterns, columns=lists)
    design = np.column_stack([np.ones(len(on))] + [on[list(t)].prod(axis="columns") for t in terms])
    fit = sm.GLM(count.to_numpy(), design, family=sm.families.Poisson()).fit(tol=1e-12, maxiter=200)
    return float(count.sum() + np.exp(fit.params[0]))
