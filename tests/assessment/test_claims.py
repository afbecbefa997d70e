"""What each claim says: the figures of the reference file, and the rules all claims keep."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from countylines import datasets
from countylines._citations import bibliography
from countylines.assessment import assess
from countylines.assessment.claim import KIND_MEANINGS, KIND_WORDS, VERDICT_MEANINGS, VERDICTS
from countylines.assessment.claims import CLAIMS
from countylines.assessment.report import assess_sources
from countylines.assessment.sources import Sources
from countylines.errors import InputError

CASES = json.loads(
    (Path(__file__).parents[1] / "reference" / "assessment.json").read_text(encoding="utf-8")
)["cases"]
REPORT = assess()
BY_ID = {claim.id: claim for claim in REPORT.claims}


def row(claim, label):
    return next(row for row in BY_ID[claim].estimates if row.label.startswith(label))


def table(claim, title):
    return next(table for table in BY_ID[claim].tables if table.title.startswith(title))


@pytest.mark.reference
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_reference(case):
    if "estimate" in case:
        found = getattr(row(case["claim"], case["estimate"]), case["field"])
    else:
        rows = table(case["claim"], case["table"]).rows
        if "row_number" in case:
            chosen = rows[case["row_number"]]
        else:
            chosen = next(cells for cells in rows if cells[0] == case["row"])
        found = chosen[case["column"]]
    assert found == pytest.approx(case["expected"], abs=case["atol"] or 1e-9, rel=0)


class TestLines:
    def test_the_fourteen_tables_are_those_of_the_dataset(self):
        derived = datasets.load_localisation_counts_derived().to_numpy()
        found = np.array(
            [cells[:4] for cells in table("localisation", "The 14 tables").rows], dtype=int
        )
        # The table of the dataset runs internal, external, then the same for the later year.
        assert found.tolist() == derived.tolist()

    def test_only_the_two_detected_totals_may_be_compared(self):
        rows = table("active-lines", "Which published figures").rows
        assert [cells[1] for cells in rows if cells[-1].startswith("Yes")] == ["4,007", "6,644"]
        assert [cells[1] for cells in rows if cells[-1].startswith("Same")] == ["around 6,600"]
        assert sum(cells[-1].startswith("No") for cells in rows) == len(rows) - 3

    def test_the_bounds_contain_every_monthly_figure(self):
        bounds = row("active-lines", "Average monthly figure")
        monthly = [cells[0] for cells in table("active-lines", "What a monthly").rows]
        assert all(bounds.low <= value <= bounds.high for value in monthly)

    @pytest.mark.parametrize(
        ("claim", "label"),
        [
            ("active-lines", "Lines detected, 2023/24"),
            ("active-lines", "Lines detected, 2022/23"),
            ("localisation", "Internal lines, change"),
            ("localisation", "External lines, change"),
        ],
    )
    def test_a_figure_known_from_the_press_says_so(self, claim, label):
        assert row(claim, label).known_from == "press"

    def test_what_rests_on_press_figures_says_so(self):
        for estimate in BY_ID["localisation"].estimates:
            assert estimate.known_from == "press", estimate.label


class TestRegions:
    def test_the_counts_are_those_of_a_search(self):
        needed = table("all-regions", "Fewest Black people")
        sizes = [int(re.sub(r"\D", "", column.name)) for column in needed.columns[3:]]
        assert sizes == [50, 100, 258, 1000]
        assert len(needed.rows) == 10
        for cells in needed.rows:
            for size, count in zip(sizes, cells[3:], strict=True):
                tails = stats.binom.sf(np.arange(size + 1) - 1, size, cells[1])
                assert count == np.flatnonzero(tails <= 0.05)[0], (cells[0], size)

    def test_the_power_for_all_is_the_product_over_regions(self):
        needed = table("all-regions", "Fewest Black people").rows
        power = table("all-regions", "Chance to establish").rows
        for position, cells in enumerate(power):
            for ratio, found in zip((2, 3), cells[1:3], strict=True):
                each = [
                    stats.binom.sf(region[3 + position] - 1, cells[0], ratio * region[1])
                    for region in needed
                ]
                assert found == pytest.approx(math.prod(each), rel=1e-9)
                if ratio == 2:
                    assert cells[3] == pytest.approx(min(each), rel=1e-9)

    def test_the_sample_size_is_where_the_power_stays(self):
        for ratio in (2, 3):
            note = row(
                "all-regions",
                f"Chance to establish it in all 10 regions at once, if the true ratio is {ratio}",
            ).note
            size = int(re.search(r"take ([\d,]+) in each", note).group(1).replace(",", ""))
            shares = np.array([cells[1] for cells in table("all-regions", "Fewest").rows])
            for n, enough in ((size, True), (size + 1, True), (size + 10, True), (size - 1, False)):
                counts = stats.binom.isf(0.05, n, shares) + 1
                power = stats.binom.sf(counts - 1, n, ratio * shares).prod()
                assert (power >= 0.8) == enough, (ratio, n)

    def test_the_benchmark_moves_the_ratio(self):
        note = table("all-regions", "If 10 %").note
        assert "by 2.4" in note
        assert "by 5.2" in note

    def test_the_sample_is_not_said_to_support_the_claim(self):
        assert "not known to support this claim" in row("all-regions", "People in the one").note


class TestRules:
    def test_every_claim_has_an_entry_and_its_own_id(self):
        assert [claim.id for claim in REPORT.claims] == list(CLAIMS)

    @pytest.mark.parametrize("claim", REPORT.claims, ids=lambda claim: claim.id)
    def test_a_claim_is_complete(self, claim):
        for name in ("title", "wording", "estimand", "sureness"):
            assert getattr(claim, name), name
        assert claim.verdict.sentence.endswith(".")
        assert claim.verdict.code in VERDICTS
        assert claim.sources
        assert claim.sources[0].url.startswith("http")
        assert claim.estimates
        assert claim.cautions
        assert claim.needed
        assert claim.references
        assert set(claim.references) <= set(bibliography())

    @pytest.mark.parametrize("claim", REPORT.claims, ids=lambda claim: claim.id)
    def test_a_number_says_what_kind_it_is(self, claim):
        for estimate in claim.estimates:
            assert estimate.kind in KIND_WORDS
            assert estimate.note, estimate.label
            assert (estimate.level is not None) == (estimate.kind == "confidence")
            if estimate.low is not None and estimate.high is not None:
                assert estimate.low <= estimate.high

    @pytest.mark.parametrize("claim", REPORT.claims, ids=lambda claim: claim.id)
    def test_the_rows_of_a_table_fit_its_columns(self, claim):
        for item in claim.tables:
            assert item.rows
            assert {len(cells) for cells in item.rows} == {len(item.columns)}

    def test_every_word_is_explained(self):
        assert KIND_MEANINGS.keys() == KIND_WORDS.keys()
        assert VERDICT_MEANINGS.keys() == VERDICTS.keys()

    def test_drawings_have_their_own_ids(self):
        ids = [t.drawing.id for c in REPORT.claims for t in c.tables if t.drawing is not None]
        assert len(ids) == len(set(ids))
        assert 3 <= len(ids) <= 6


class TestNothingIsWrittenDown:
    """Change a figure in a table, and every mention of it changes."""

    @staticmethod
    def doubled():
        national = datasets.load_county_lines_national()
        detected = national["measure"] == "lines_detected"
        national.loc[detected, "value"] *= 2
        national.loc[detected, "wording"] = "words without figures"
        headline = national["measure"] == "active_lines"
        national.loc[headline & (national["period"] == "2023/24"), "value"] = 13300
        return Sources.of({"county_lines_national": national})

    def test_a_changed_total_changes_every_mention(self):
        report = assess_sources(self.doubled(), ids=list(CLAIMS), level=0.95)
        for text in (report.to_markdown(), report.summary()):
            assert "6,644" not in text
            assert "4,007" not in text
            assert "13,288" in text
            assert "8,014" in text

    def test_a_changed_sample_changes_every_mention(self):
        national = datasets.load_county_lines_national()
        sample = national["measure"] == "nominals_sample_size"
        national.loc[sample, "value"] = 3000.0
        national.loc[sample, "wording"] = "words without figures"
        sources = Sources.of({"county_lines_national": national})
        text = assess_sources(sources, ids=["all-regions"], level=0.95).to_markdown()
        text = text.split("## Where this comes from")[0]
        assert "2,577" not in text
        assert "258" not in text
        assert "3,000" in text
        assert "of 300" in text

    def test_the_level_is_that_asked_for(self):
        narrow = assess(claims=["active-lines", "localisation"], level=0.5001)
        text = narrow.to_markdown()
        assert "95 %" not in text
        wide = row("active-lines", "Lines detected, 2023/24 over")
        ratio = next(r for r in narrow.claims[0].estimates if r.label == wide.label)
        assert wide.low < ratio.low < ratio.estimate < ratio.high < wide.high

    def test_a_missing_figure_is_an_error_that_names_it(self):
        national = datasets.load_county_lines_national()
        without = national[national["measure"] != "lines_detected"]
        with pytest.raises(InputError, match=r"one row for .*lines_detected.*got 0"):
            assess_sources(
                Sources.of({"county_lines_national": without}), ids=["active-lines"], level=0.95
            )

    def test_the_tables_are_left_as_they_are(self):
        national = datasets.load_county_lines_national()
        before = national.copy()
        attributes = dict(national.attrs)
        assess_sources(Sources.of({"county_lines_national": national}), ids=["closures"], level=0.9)
        assert national.equals(before)
        assert national.attrs == attributes


def test_claims_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        REPORT.claims[0].title = "another"
