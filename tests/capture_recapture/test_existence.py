"""Existence: every verdict of the peers that check it, and reasons that name lists and cells."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import countylines as cl
from countylines.capture_recapture import existence
from countylines.errors import InputError, InputTypeError

CASES = json.loads((Path(__file__).parents[1] / "reference" / "loglinear.json").read_text())[
    "cases"
]
CODE = {0: {"ok", "boundary-finite"}, 1: {"hidden-infinite", "hidden-zero"}, 2: {"not-identified"}}
THREE = {"111": 4, "110": 3, "101": 7, "011": 5, "100": 30, "010": 25, "001": 40}
pytestmark = pytest.mark.filterwarnings("ignore::countylines.errors.SparseDataWarning")


def table_of(case):
    data = case["inputs"]
    return cl.CaptureHistories.from_cells(dict(data["cells"]), lists=data["lists"])


def generators(text, lists):
    return [[lists[int(i) - 1] for i in part] for part in text.strip("[]").split(",")]


def models_of(case):
    """Models of a case, as generators, with the code of the peer."""
    lists = case["inputs"]["lists"]
    if case["id"].startswith("checkident"):
        pairs = case["parameters"]["pairs_order"]
        for mask, code in enumerate(case["expected"]["codes"]):
            chosen = [p for i, p in enumerate(pairs) if mask >> i & 1]
            text = ",".join([*chosen, *(str(j + 1) for j in range(len(lists)))])
            yield generators(text, lists), int(code)
    else:
        for text, code in case["expected"].items():
            yield generators(text, lists), int(code)


@pytest.mark.reference
@pytest.mark.parametrize(
    "case", [c for c in CASES if c["id"].startswith("check")], ids=lambda case: case["id"]
)
def test_reference(case):
    table = table_of(case)
    compared = 0
    for model, code in models_of(case):
        assert existence(table, model).code in CODE[code]
        compared += 1
    assert compared in (8, 64, 113, 1024)


def without(*patterns):
    return cl.CaptureHistories.from_cells(
        {p: n for p, n in THREE.items() if p not in patterns}, lists=["A", "B", "C"]
    )


class TestVerdicts:
    def test_ok(self):
        verdict = existence(without(), "all-two-way")
        assert verdict.code == "ok"
        assert verdict.estimable
        assert str(verdict) == "ok"

    def test_one_empty_cell_on_two_lists_is_infinite(self):
        verdict = existence(without("110"), "all-two-way")
        assert verdict.code == "hidden-infinite"
        assert not verdict.estimable
        assert "Cells with fitted value 0: A and B only." in verdict.reasons

    def test_an_empty_cell_on_all_lists_is_zero(self):
        assert existence(without("111"), "all-two-way").code == "hidden-zero"

    def test_an_empty_overlap_can_leave_it_finite(self):
        verdict = existence(without("110", "111"), "A*B + C")
        assert verdict.code == "boundary-finite"
        assert verdict.estimable
        assert verdict.reasons[0].startswith("No unit is on A and B")

    def test_the_saturated_model_identifies_nothing(self):
        assert existence(without(), "A*B*C").code == "not-identified"

    def test_the_way_the_lists_are_ordered_does_not_matter(self):
        rng = np.random.default_rng(1)
        for _ in range(20):
            seen = {p: 5 for p in THREE if rng.random() < 0.7} or {"100": 1}
            for order in ([0, 1, 2], [2, 0, 1], [1, 0, 2]):
                turned = {"".join(p[i] for i in order): n for p, n in seen.items()}
                names = [["A", "B", "C"][i] for i in order]
                one = cl.CaptureHistories.from_cells(seen, lists=["A", "B", "C"])
                two = cl.CaptureHistories.from_cells(turned, lists=names)
                for model in ("A*B + C", "A*B + B*C", "all-two-way"):
                    assert existence(one, model).code == existence(two, model).code

    def test_structural_zeros_are_left_out(self):
        table = cl.CaptureHistories.from_cells(
            {p: n for p, n in THREE.items() if p not in ("110", "111")},
            lists=["A", "B", "C"],
            structural_zeros=["110", "111"],
        )
        assert existence(table, "independence").code == "ok"


class TestBands:
    def banded(self, **cells):
        bands = {k.removeprefix("c"): v for k, v in cells.items()}
        return cl.CaptureHistories.from_cells(THREE | bands, lists=["A", "B", "C"])

    def test_a_band_above_0_is_a_cell_that_was_seen(self):
        assert existence(self.banded(c110=(1, 4)), "all-two-way") == existence(
            without(), "all-two-way"
        )

    def test_a_band_that_may_be_0_counts_as_0_and_says_so(self):
        verdict = existence(self.banded(c110=(0, 4)), "all-two-way")
        assert verdict.code == "hidden-infinite"
        assert verdict.reasons[-1] == (
            "It turns on bands that may be 0 (A and B only): if each held a unit, the verdict "
            "would be 'ok'."
        )

    def test_an_overlap_that_may_be_empty(self):
        verdict = existence(self.banded(c110=(0, 4), c111=(0, 2)), "A*B + C")
        assert verdict.code == "boundary-finite"
        assert verdict.reasons[0].startswith("Perhaps no unit is on A and B, so their")

    def test_bands_that_do_not_matter_are_not_mentioned(self):
        assert existence(self.banded(c110=(0, 4)), "independence").code == "ok"
        verdict = existence(self.banded(c110=(0, 4)), "A*B*C")
        assert verdict.code == "not-identified"
        assert not any("It turns on" in reason for reason in verdict.reasons)


class TestErrors:
    def test_models(self):
        table = without()
        with pytest.raises(InputError, match="`model` must be one that names every list, got one"):
            existence(table, "A*B")
        with pytest.raises(InputError, match="`model` must be made of the lists 'A', 'B', 'C'"):
            existence(table, "A*D + B + C")
        odd = cl.CaptureHistories.from_cells({"11": 3, "10": 2, "01": 2}, lists=["A+B", "C"])
        with pytest.raises(
            InputError, match=r"got 'A'\. .* write generators for a name that holds"
        ):
            existence(odd, "A+B + C")
        assert existence(odd, [("A+B",), ("C",)]).code == "ok"
        with pytest.raises(InputTypeError, match=r"the generator 'A'. Write \('A',\)"):
            existence(table, ["A", "B", "C"])
        with pytest.raises(InputTypeError, match="a value of type int"):
            existence(table, 3)

    def test_tables(self):
        with pytest.raises(
            InputTypeError, match="`histories` must be CaptureHistories, got a dict"
        ):
            existence({"11": 3}, "independence")
        strata = cl.CaptureHistories.from_table(
            pd.DataFrame({"s": [1, 2], "A": [1, 1], "B": [1, 0], "n": [3, 4]}),
            lists=["A", "B"],
            strata="s",
        )
        with pytest.raises(InputError, match="`histories` must be one table, got strata by s"):
            existence(strata, "independence")
        broad = cl.CaptureHistories.from_cells(
            {"11": (0, 10**6), "10": 5, "01": 6}, lists=["A", "B"]
        )
        with pytest.raises(InputError, match="bands at most 100,000 wide, got one of 1,000,000"):
            existence(broad, "independence")
        wide = cl.CaptureHistories.from_cells(
            {"1" * 13: 1, **{"0" * j + "1" + "0" * (12 - j): 2 for j in range(13)}},
            lists=[f"L{j}" for j in range(13)],
        )
        with pytest.raises(InputError, match="of at most 12 lists, got 13"):
            existence(wide, "independence")
