"""The report: its JSON, its arguments, its text for terminals, and where it comes from."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from importlib import resources

import pytest

import countylines as cl
from countylines.assessment import Assessment, assess
from countylines.assessment.claims import CLAIMS
from countylines.errors import InputError, InputTypeError

REPORT = assess()

NEEDED = {
    "id": str,
    "claim": str,
    "source": list,
    "estimand": str,
    "verdict": dict,
    "estimates": list,
    "cautions": list,
    "references": list,
}


def strict(content):
    """Through JSON that knows neither nan nor infinity, and back."""
    return json.loads(json.dumps(content, allow_nan=False))


class TestJson:
    def test_the_claims_have_what_is_promised(self):
        content = strict(REPORT.to_dict())
        assert set(content) == {"claims", "provenance"}
        assert [claim["id"] for claim in content["claims"]] == list(CLAIMS)
        for claim in content["claims"]:
            assert NEEDED.keys() <= claim.keys()
            for name, kind in NEEDED.items():
                assert isinstance(claim[name], kind), (claim["id"], name)
                assert claim[name], (claim["id"], name)

    def test_sources_verdicts_and_estimates_have_what_is_promised(self):
        for claim in strict(REPORT.to_dict())["claims"]:
            assert {"code", "words", "sentence", "sureness"} == claim["verdict"].keys()
            for source in claim["source"]:
                assert {"publisher", "date", "url", "status", "wording"} <= source.keys()
                assert source["status"] in {"primary", "press", "second-hand"}
                assert source["date"] is None or re.fullmatch(
                    r"\d{4}(-\d\d(-\d\d)?)?", source["date"]
                )
            for estimate in claim["estimates"]:
                wanted = {"label", "kind", "estimate", "low", "high", "level", "unit", "note"}
                assert wanted <= estimate.keys()

    def test_an_estimate_carries_the_whole_result(self):
        claim = next(c for c in strict(REPORT.to_dict())["claims"] if c["id"] == "localisation")
        whole = next(e for e in claim["estimates"] if e["result"] is not None)
        assert whole["result"]["kind"] == "Estimate"
        assert whole["result"]["low"] == whole["low"]

    def test_it_is_the_same_each_time(self):
        assert assess().to_dict() == REPORT.to_dict()


class TestProvenance:
    def test_it_names_the_tables_with_their_hashes(self):
        content = strict(REPORT.to_dict())["provenance"]
        names = [table["name"] for table in content["tables"]]
        assert names == sorted(names)
        assert {"county_lines_national", "census2021_ethnicity_region"} <= set(names)
        folder = resources.files("countylines.datasets").joinpath("tables")
        for table in content["tables"]:
            found = hashlib.sha256(folder.joinpath(f"{table['name']}.csv").read_bytes()).hexdigest()
            assert table["sha256"] == found
            assert table["attribution"]

    def test_it_names_only_the_tables_used(self):
        names = [table["name"] for table in assess(claims=["closures"]).provenance["tables"]]
        assert names == ["county_lines_national"]

    def test_it_names_the_passages_with_their_hashes(self):
        folder = resources.files("countylines.assessment")
        for name, found in REPORT.provenance["passages"].items():
            assert found == hashlib.sha256(folder.joinpath(name).read_bytes()).hexdigest()

    def test_it_names_version_and_methods(self):
        assert REPORT.provenance["countylines"] == cl.__version__
        assert "conditional binomial, mid-p" in REPORT.provenance["methods"]

    def test_no_time_of_writing_is_kept(self):
        text = json.dumps(REPORT.to_dict()) + REPORT.to_html() + REPORT.to_markdown()
        assert not re.search(r"\d\d:\d\d(:\d\d)?", text)


class TestArguments:
    def test_claims_come_in_the_order_wanted(self):
        report = assess(claims=["closures", "threat-stable"])
        assert [claim.id for claim in report.claims] == ["closures", "threat-stable"]

    def test_an_unknown_claim_is_named_with_what_there_is(self):
        with pytest.raises(InputError, match=r"`claims` must be one of 'active-lines'.*Did you m"):
            assess(claims=["localization"])

    def test_a_single_word_is_not_a_list(self):
        with pytest.raises(InputTypeError, match=r"Use claims=\['closures'\]"):
            assess(claims="closures")

    def test_a_claim_is_named_once(self):
        with pytest.raises(InputError, match="'closures' more than once"):
            assess(claims=["closures", "closures"])

    def test_no_claims_at_all(self):
        with pytest.raises(InputError, match="`claims` must be non-empty"):
            assess(claims=[])

    @pytest.mark.parametrize("level", [0.5, 1.0, 0.0, 95, "high"])
    def test_a_bad_level(self, level):
        with pytest.raises(InputError, match="`level` must be"):
            assess(level=level)


class TestTerminal:
    def test_it_fits_the_terminal(self):
        lines = REPORT.summary().split("\n")
        assert max(map(len, lines)) <= 100
        assert len(lines) <= 45

    def test_it_holds_the_verdicts(self):
        text = REPORT.summary()
        for claim in REPORT.claims:
            assert claim.verdict.words.upper() in text
        assert "6,644" in text
        assert "press" in text

    def test_str_and_repr(self):
        assert str(REPORT) == REPORT.summary()
        assert repr(assess(claims=["closures"])) == (
            "<Assessment closures: needs-unpublished-data>"
        )


def test_it_is_public():
    assert cl.assess is assess
    assert isinstance(REPORT, Assessment)


def test_it_cites_methods_and_package():
    assert "Schuirmann" in REPORT.cite()
    assert "@article{przyborowski1940" in REPORT.cite("bibtex")


def test_it_reaches_no_network():
    code = """
import sys
seen = []
def watch(event, args):
    if event.startswith(("socket.", "urllib.", "http.")):
        seen.append(event)
sys.addaudithook(watch)
import countylines
report = countylines.assess()
report.to_html(), report.to_markdown(), report.to_dict(), report.summary()
sys.exit(str(seen) if seen else 0)
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
