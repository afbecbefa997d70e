"""How often limits adjusted for detection hold the true odds ratio.

Lines of two types are drawn as Poisson numbers and recorded with given probabilities; an audit of
up to a given number of lines of each type and period, or detections of each, are drawn from them.
The row without adjustment shows what the recorded trend does: it is not a method that should hold.

``pytest -m slow tests/coverage/test_detection_adjusted_trend.py`` checks the recorded table against
a new simulation with other random numbers; running this file records it.
"""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path

import numpy as np
import pytest

from countylines.localisation import Detection, _adjusted_slope
from countylines.localisation._adjusted_slope import SHARE, Counts

RESULTS = Path(__file__).parent / "results" / "detection_adjusted_trend.json"
LEVEL = 0.95
TABLES = 2000
# lines by type and their detection, from the first period to the last
TYPES = {"internal": ((1.0, 1.6), (0.25, 0.5)), "external": ((2.0, 1.7), (0.7, 0.75))}
PERIODS = (2, 5)
SIZES = (50, 500)
KNOWN = (10, 40, 200)  # lines audited of each type and period, at most
METHODS = ("audit", "repeat detections", "recorded, not adjusted")


def course(periods, size):
    """Lines and probabilities of detection by type: lines on a log-linear trend."""
    share = np.linspace(0, 1, periods)
    lines, detection = {}, {}
    for kind, ((first, last), (low, high)) in TYPES.items():
        lines[kind] = size * first * (last / first) ** share
        detection[kind] = low + (high - low) * share
    return lines, detection


def coverage(periods, size, known, method, seed):
    rng = np.random.default_rng([seed, periods, size, known, METHODS.index(method)])
    lines, detection = course(periods, size)
    truth = math.log((1.6 / 1.0) / (1.7 / 2.0)) / (periods - 1)
    below = above = used = 0
    for _ in range(TABLES):
        seen, made = draw(rng, lines, detection, known, method)
        if made is None and method != METHODS[2]:
            continue
        counts = Counts(seen["internal"], seen["external"], np.arange(float(periods)))
        if (counts.total == 0).any():
            continue
        slope = _adjusted_slope.slope(counts, SHARE, made and made.parts, quasi=False)
        low, high = slope.limits(LEVEL, "two-sided")
        used += 1
        below += high < truth
        above += low > truth
    return {
        "periods": periods,
        "lines": size,
        "known": known,
        "method": method,
        "coverage": round(1 - (below + above) / used, 4),
        "below": below / used,
        "above": above / used,
        "tables": used,
    }


def draw(rng, lines, detection, known, method):
    """Recorded lines, and the input; None where no line was recorded of some type."""
    if method == "repeat detections":
        seen, times = {}, {}
        for kind in TYPES:
            rate = -np.log1p(-detection[kind])
            each = [rng.poisson(r, rng.poisson(n)) for r, n in zip(rate, lines[kind], strict=True)]
            seen[kind] = np.array([float((e > 0).sum()) for e in each])
            times[kind] = np.array([float(e.sum()) for e in each])
        if min(v.min() for v in seen.values()) == 0:
            return seen, None
        return seen, Detection.repeat_detections(seen, times)
    there = {k: rng.poisson(lines[k]) for k in TYPES}
    seen = {k: rng.binomial(there[k], detection[k]).astype(float) for k in TYPES}
    if method == METHODS[2]:
        return seen, None
    # an audit draws from the lines there are, of which those seen are recorded
    present = {k: np.minimum(known, n) for k, n in there.items()}
    if min(v.min() for v in present.values()) == 0:
        return seen, None
    found = {
        k: rng.hypergeometric(seen[k].astype(int), there[k] - seen[k].astype(int), present[k])
        for k in TYPES
    }
    return seen, Detection.audit(found, present)


def settings():
    rows = [(p, n, k, "audit") for p in PERIODS for n in SIZES for k in KNOWN]
    for method in METHODS[1:]:
        rows += [(p, n, 0, method) for p in PERIODS for n in SIZES]
    return rows


def record():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = [coverage(*setting, 1) for setting in settings()]
    text = ",\n".join("  " + json.dumps(row) for row in rows)
    RESULTS.write_text(f'{{\n "level": {LEVEL},\n "rows": [\n{text}\n ]\n}}\n', encoding="utf-8")


def recorded():
    return json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]


def setting_of(row):
    return row["periods"], row["lines"], row["known"], row["method"]


@pytest.mark.slow
@pytest.mark.parametrize("setting", settings(), ids=str)
def test_simulation_gives_the_recorded_coverage(setting):
    (row,) = [r for r in recorded() if setting_of(r) == setting]
    again = coverage(*setting, 2)
    assert again["coverage"] == pytest.approx(row["coverage"], abs=0.03)


def test_every_setting_is_recorded():
    assert [setting_of(row) for row in recorded()] == settings()


def test_adjusted_limits_hold_their_level():
    for row in recorded():
        if row["method"] != METHODS[2]:
            assert row["coverage"] > 0.93, row


def test_recorded_trends_do_not():
    for row in recorded():
        if row["method"] == METHODS[2] and row["lines"] == 500:
            assert row["coverage"] < 0.5, row


if __name__ == "__main__":
    record()
