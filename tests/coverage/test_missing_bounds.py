"""How often limits hold the truth when the group of some people is unknown, by enumeration.

Numbers of people in the group, of others and of missing are multinomial. For ``target="parameter"``
the truth is put at the ends of its region, where coverage is least, and the lower of the two is
recorded; for ``target="region"`` the whole region must be held. Where the odds among the missing
are known the region is a point. Every sample is enumerated: there is no simulation error.

``pytest -m slow tests/coverage/test_missing_bounds.py`` enumerates again;
``python tests/coverage/test_missing_bounds.py`` records.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import gammaln, xlogy

from countylines._kernels import missing_share
from countylines.disproportionality.missing_bounds import _Region

RESULTS = Path(__file__).parent / "results" / "missing_bounds.json"
LEVEL = 0.95
PEOPLE = (20, 60, 150)
SHARES = (0.05, 0.2)
MISSING = (0.01, 0.1, 0.4)
ASSUMED = {
    "worst case": ("share", 0.0, 1.0),
    "share of 0.1 to 0.4": ("share", 0.1, 0.4),
    "odds of 0.5 to 2": ("odds", 0.5, 2.0),
    "odds of 2": ("odds", 2.0, 2.0),
}


def samples(people):
    """Every count and number missing, as columns, with the number of others."""
    x, missing = (grid.ravel() for grid in np.mgrid[0 : people + 1, 0 : people + 1])
    kept = x + missing <= people
    x, missing = x[kept].astype(float), missing[kept].astype(float)
    return x, missing, people - x - missing


def probability(columns, shares):
    counts = np.array(columns)
    n = counts[:, 0].sum()
    terms = xlogy(counts, np.array(shares)[:, None]) - gammaln(counts + 1.0)
    return np.exp(gammaln(n + 1.0) + terms.sum(axis=0))


def coverage(people, share, missing, assumed, method, target):
    kind, low, high = ASSUMED[assumed]
    x, gone, other = samples(people)
    weight = probability(
        (x, gone, other), (share * (1 - missing), missing, 0.0 + (1 - share) * (1 - missing))
    )
    ends = np.full(x.shape, low), np.full(x.shape, high)
    data = [x, x + other, gone]
    found = _Region(kind, method, data, *ends).limits(LEVEL, target, "two-sided")
    exact = [np.array([v]) for v in (share, 1.0)]
    region = []
    for value in (low, high):
        among = missing_share.share_among_missing(kind, *exact, np.array([value]))[0]
        region.append((1 - missing) * share + missing * among)
    slack = 1e-12
    if target == "region":
        below = weight[found[1] < region[1] - slack].sum()
        above = weight[found[0] > region[0] + slack].sum()
        missed = (found[1] < region[1] - slack) | (found[0] > region[0] + slack)
        return float(weight[~missed].sum()), float(below), float(above)
    rows = []
    for truth in region:
        below = weight[found[1] < truth - slack].sum()
        above = weight[found[0] > truth + slack].sum()
        rows.append((float(1 - below - above), float(below), float(above)))
    return min(rows)


def settings():
    return [
        (people, share, missing, assumed, method, target)
        for people in PEOPLE
        for share in SHARES
        for missing in MISSING
        for assumed in ASSUMED
        for method in ("mid-p", "clopper-pearson", "wald")
        for target in ("parameter", "region")
        if (target == "parameter" or ASSUMED[assumed][1] < ASSUMED[assumed][2])
        and (method != "wald" or assumed == "worst case")
    ]


def as_row(setting):
    people, share, missing, assumed, method, target = setting
    held, below, above = coverage(*setting)
    return {
        "people": people,
        "share": share,
        "missing": missing,
        "assumed": assumed,
        "method": f"{method}, {target}",
        "coverage": round(held, 4),
        "below": round(below, 4),
        "above": round(above, 4),
    }


def record():
    rows = [as_row(setting) for setting in settings()]
    text = ",\n".join("  " + json.dumps(row) for row in rows)
    RESULTS.write_text(f'{{\n "level": {LEVEL},\n "rows": [\n{text}\n ]\n}}\n', encoding="utf-8")


def recorded():
    return json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]


@pytest.mark.slow
def test_enumeration_gives_the_recorded_coverage():
    assert [as_row(setting) for setting in settings()] == recorded()


def test_the_methods_hold_what_they_promise():
    for row in recorded():
        if row["method"].startswith("clopper-pearson"):
            assert row["coverage"] >= 0.95, row
        elif row["method"].startswith("mid-p"):
            # as low as mid-P limits of one share at such counts
            assert row["coverage"] > 0.92, row


def test_one_setting_is_enumerated_again():
    setting = (20, 0.2, 0.1, "worst case", "mid-p", "parameter")
    assert as_row(setting) in recorded()


if __name__ == "__main__":
    record()
