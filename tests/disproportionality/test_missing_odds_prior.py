"""A prior on the odds among the missing: simulation of its model, its limits, its words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaincinv

from countylines._kernels import missing_prior, missing_share
from countylines.disproportionality import missing_bounds, missing_odds_curve, missing_odds_prior
from countylines.errors import InputError


@given(st.floats(0.001, 0.999), st.floats(-6, 6), st.floats(0.0, 0.99))
def test_the_root_gives_the_share_back(p, log_odds, w):
    odds = np.exp(log_odds)
    share = (1 - w) * p + w * odds * p / (1 - p + odds * p)
    found = missing_prior.share_among_known(share, np.array([odds]), np.array([w]))
    assert found[0] == pytest.approx(p, rel=1e-8)


@pytest.mark.parametrize(
    ("sample", "odds", "factor"),
    [((30, 150, 25), 1.0, 3.0), ((2, 20, 30), 0.5, 2.0), ((0, 40, 10), 1.0, 10.0)],
)
def test_it_is_the_posterior_of_its_model(sample, odds, factor):
    x, known, missing = sample
    rng, draws = np.random.default_rng(1), 400_000
    p = rng.beta(x + 0.5, known - x + 0.5, draws)
    w = rng.beta(missing + 0.5, known + 0.5, draws)
    phi = odds * np.exp(rng.normal(0, np.log(factor) / 1.959963984540054, draws))
    s = missing_share.share_among_missing("odds", p, np.ones(draws), phi)
    ratio = ((1 - w) * p + w * s) / 0.2
    result = missing_odds_prior(x, known, missing, 0.2, odds=odds, factor=factor)
    for value, area in ((result.low, 0.025), (result.estimate, 0.5), (result.high, 0.975)):
        below = (ratio <= value).mean()
        assert below == pytest.approx(area, abs=5 * np.sqrt(area * (1 - area) / draws))


def test_nobody_missing_is_the_posterior_of_jeffreys():
    result = missing_odds_prior(30, 150, 0, 0.118, factor=5)
    exact = betaincinv(30.5, 120.5, [0.025, 0.5, 0.975]) / 0.118
    assert [result.low, result.estimate, result.high] == pytest.approx(exact, rel=1e-9)


def test_known_odds_come_near_the_curve():
    for odds in (0.5, 1.0, 2.0):
        result = missing_odds_prior(300, 1500, 250, 0.118, odds=odds, factor=1)
        row = missing_odds_curve(300, 1500, 250, 0.118, odds=odds).iloc[0]
        assert result.estimate == pytest.approx(row["estimate"], rel=3e-3)
        assert [result.low, result.high] == pytest.approx([row["low"], row["high"]], rel=5e-3)


def test_more_doubt_widens_up_to_the_bounds():
    results = [missing_odds_prior(300, 1500, 250, 0.118, factor=f) for f in (1, 2, 10, 1e6)]
    widths = [r.high - r.low for r in results]
    assert widths == sorted(widths)
    worst = missing_bounds(300, 1500, 250, 0.118, target="region", level=0.99)
    assert worst.low < results[-1].low
    assert results[-1].high < worst.high


def test_more_counts_do_not_remove_the_doubt():
    few, many = (missing_odds_prior(30 * k, 150 * k, 25 * k, 0.118) for k in (1, 10_000))
    assert (many.high - many.low) > 0.15 * (few.high - few.low)


@pytest.mark.parametrize(
    ("sample", "spread"),
    [((1, 1, 5), 2.0), ((300, 1500, 250), 7.0), ((300_000, 1_500_000, 250_000), 0.4)],
)
def test_the_quadrature_has_converged(sample, spread, monkeypatch):
    areas = (0.025, 0.5, 0.975)
    usual = [missing_prior.Posterior(*sample, 0.0, spread).quantile(a) for a in areas]
    monkeypatch.setattr(missing_prior, "_NODES", 300)
    finer = [missing_prior.Posterior(*sample, 0.0, spread).quantile(a) for a in areas]
    assert usual == pytest.approx(finer, rel=1e-8)


def test_words():
    result = missing_odds_prior(30, 150, 25, 0.118, odds=2, factor=4)
    notes = {note.code: note.text for note in result.notes}
    assert "median 2, 95 % between 0.5 and 8" in notes["prior"]
    assert "known-only" in notes
    assert "not stated" in notes["benchmark"]
    assert result.interval_kind == "credible"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"odds": 0}, "`odds` must be a finite number above 0, got 0"),
        ({"factor": 0.5}, "`factor` must be a finite number of at least 1, got 0.5"),
        ({"level": 95}, "looks like a percentage"),
    ],
)
def test_errors(options, message):
    with pytest.raises(InputError, match=message):
        missing_odds_prior(30, 150, 25, 0.2, **options)


def test_bad_data():
    with pytest.raises(InputError, match=r"`benchmark` must be a share.*percentage"):
        missing_odds_prior(30, 150, 25, 4.04)
    with pytest.raises(InputError, match="`known` must be a whole number of at least 1"):
        missing_odds_prior(0, 0, 25, 0.2)
