"""One interval for a ratio when the odds among the missing are known only roughly."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtri

from countylines import _validate
from countylines import benchmark as _benchmark
from countylines._kernels.missing_prior import Posterior
from countylines.benchmark import Benchmark
from countylines.disproportionality import _missing
from countylines.disproportionality._two_groups import NOT_A_CAUSE
from countylines.disproportionality.missing_odds_curve import checked_sample
from countylines.results import Estimate, Note


def missing_odds_prior(
    count: float,
    known: float,
    missing: float,
    benchmark: float | Benchmark,
    *,
    odds: float = 1.0,
    factor: float = 2.0,
    level: float = 0.95,
) -> Estimate:
    r"""Representation ratio with a prior on how unlike the known the people of unknown group are.

    It answers: if the odds of being of the group among those of unknown ethnicity are probably
    within a factor of 2, say, of those among the known, what is the ratio? The counts cannot
    correct the prior: however many there are, the interval does not shrink below what it says.

    Parameters
    ----------
    count : float
        People of the group among those of known group: a whole number.
    known : float
        All people of known group, at least `count` and at least 1.
    missing : float
        People recorded whose group is unknown or not stated.
    benchmark : float or Benchmark
        The group's share of the comparison population, in (0, 1), taken as known.
    odds : float, default 1.0
        Median of the odds multiplier: odds among the missing over odds among the known.
    factor : float, default 2.0
        The multiplier is within this factor of `odds`, up or down, with probability 95 %; at least
        1. With 1 it is known.
    level : float, default 0.95
        Probability of the interval, a share in (0, 1).

    Returns
    -------
    Estimate
        ``estimate`` is the posterior median of the ratio, ``low`` and ``high`` its central credible
        interval [pure number, 0 to 1/benchmark]; ``n`` is ``known + missing``.

    Raises
    ------
    InputError
        If a count is bad, nobody is of known group, or `odds` or `factor` is out of range.

    See Also
    --------
    missing_odds_curve : one row a multiplier, without a prior.
    missing_bounds : ranges instead of probabilities.

    Notes
    -----
    With p the share among the known, w the share missing and :math:`\phi` the multiplier,

    .. math:: p \sim \mathrm{Beta}(x + \tfrac12, K - x + \tfrac12), \quad
              w \sim \mathrm{Beta}(M + \tfrac12, K + \tfrac12), \quad
              \log \phi \sim N(\log \phi_0, (\log f / 1.96)^2),

    and the ratio is :math:`\{(1 - w) p + w s\} / q` with
    :math:`s = \phi p / (1 - p + \phi p)`. Its distribution is computed by quadrature, without
    random numbers. With nobody missing it is the Jeffreys posterior of the known-only ratio.

    With nobody of the group among the known the median is above 0, as Jeffreys' prior has it. The
    assumption that fails in practice is the prior: say where it comes from, and show
    :func:`missing_odds_curve` beside it.

    References
    ----------
    .. [1] Little, R. J. A. (1993). Pattern-mixture models for multivariate incomplete data.
       *Journal of the American Statistical Association* 88, 125-134.
       https://doi.org/10.1080/01621459.1993.10594302

    Examples
    --------
    MADE-UP counts: 30 of 150 people of known ethnicity are of a group that is 11.8 % of the
    residents, and the ethnicity of 25 is not recorded.

    >>> ratio = cl.disproportionality.missing_odds_prior(30, 150, 25, 0.118, factor=3)
    >>> print(f"{ratio.estimate:.2f} ({ratio.low:.2f} to {ratio.high:.2f})")
    1.71 (1.19 to 2.36)

    Doubt about the missing by a factor of three adds little here to the doubt from 150 people:
    with a factor of 1 the interval would be 1.20 to 2.28.
    """
    level = _validate.level(level)
    sample = checked_sample(count, known, missing)
    q = _validate.number("benchmark", _benchmark.known_share(benchmark, "missing_odds_prior"))
    _validate.share("benchmark", np.array([q]))
    odds = _validate.number("odds", odds, low=0.0, open_low=True)
    factor = _validate.number("factor", factor, low=1.0)
    spread = math.log(factor) / float(ndtri(0.975))
    posterior = Posterior(*sample, math.log(odds), spread)
    low, middle, high = (
        posterior.quantile(area) / q for area in ((1 - level) / 2, 0.5, (1 + level) / 2)
    )
    x, of, _ = (np.array([value]) for value in sample)
    text = (
        f"The odds multiplier has a log-normal prior: median {odds:.3g}, 95 % between "
        f"{odds / factor:.3g} and {odds * factor:.3g}. No count can correct it."
    )
    return Estimate(
        quantity="representation ratio",
        estimate=middle,
        low=low,
        high=high,
        method="prior on the odds among the missing",
        level=level,
        interval_kind="credible",
        interval_method="quadrature",
        n=int(sample[1] + sample[2]),
        notes=(
            NOT_A_CAUSE,
            Note("prior", text),
            _missing.known_only(x, of, np.array([q]), "jeffreys", level),
            _benchmark.note(benchmark),
        ),
        references=("little1993",),
    )
