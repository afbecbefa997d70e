"""Cox's proportional hazards with delayed entry: the partial likelihood of statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines._curves import Curve, StepCurve
from countylines._kernels.breslow import cumulative_hazard
from countylines._kernels.maximum_likelihood import Likelihood, maximise
from countylines._kernels.method import FloatArray, critical_value
from countylines._smooth_curves import UnknownCurve
from countylines.errors import DegenerateDataWarning
from countylines.prevalence._survival_design import Covariate
from countylines.prevalence._survival_fit import Fact, Fit
from countylines.prevalence._survival_input import Spells
from countylines.results import OK, Verdict

LEAST_INFORMATION = 1e-8


def fitted(
    spells: Spells,
    *,
    covariates: tuple[Covariate, ...],
    design: FloatArray,
    life: FloatArray,
    words: str,
    level: float,
) -> Fit:
    """Coefficients with Efron's rule for ties, and Breslow's curve for one life."""
    event = spells.ended
    centre, spread = design.mean(axis=0), design.std(axis=0)
    verdict, curve = OK, None
    facts = [
        Fact("drawn-for", f"The curve is that of a life with {words}."),
        Fact("mean-without-limits", "A mean of this curve comes without a standard error."),
    ]
    beta = np.full(centre.size, np.nan)
    covariance = np.full((beta.size, beta.size), np.nan)
    log_likelihood = np.nan
    if not event.any():
        verdict = Verdict(False, "not-identified", ("No spell ended.",))
    else:
        likelihood = _partial_likelihood(spells, (design - centre) / spread)
        found = maximise(likelihood, np.zeros(beta.size))
        log_likelihood = found.log_likelihood
        beta, covariance = found.value / spread, found.covariance / np.outer(spread, spread)
        if not found.found or _runs_away(likelihood, found.value):
            text = (
                "The partial likelihood grows without end: a value of a covariate goes with no "
                "end, or with every end, among those at risk."
            )
            verdict = Verdict(False, "not-identified", (text,))
    time = np.unique(spells.lower)
    if verdict.estimable:
        curve = _curve(spells, event, design, beta, covariance, life[1:], level)
        time = curve.time
    else:
        facts.append(Fact("no-maximum", " ".join(verdict.reasons), DegenerateDataWarning))
        beta, covariance = np.full_like(beta, np.nan), np.full_like(covariance, np.nan)
        log_likelihood = np.nan
    drawn: Curve = curve or UnknownCurve(verdict)
    shown = drawn.at(time)
    labels = pd.Index([label for c in covariates for label in c.labels], name="parameter")
    n = spells.lower.size
    return Fit(
        drawn,
        time,
        shown.estimate,
        shown.standard_error,
        shown.low,
        shown.high,
        n=n,
        start=curve.start if curve is not None else 0.0,
        verdict=verdict,
        facts=tuple(facts),
        params=pd.Series(beta, index=labels),
        covariance=pd.DataFrame(covariance, index=labels, columns=labels),
        log_likelihood=log_likelihood,
        aic=2.0 * beta.size - 2.0 * log_likelihood,
        bic=beta.size * np.log(n) - 2.0 * log_likelihood,
    )


def _partial_likelihood(spells: Spells, design: FloatArray) -> Likelihood:
    """Value, gradient and Hessian.

    Only the order of times matters. statsmodels takes who enters at a time as at risk at that time,
    and no entry below 0: entries are put between the ranks of exits.
    """
    from statsmodels.duration.hazard_regression import PHReg

    times, rank = np.unique(spells.lower, return_inverse=True)
    entry = np.searchsorted(times, spells.entry, side="right") + 0.5
    status = spells.ended.astype(np.int64)
    model = PHReg(rank + 1.0, design, status=status, entry=entry, ties="efron")
    return lambda beta: (float(model.loglike(beta)), model.score(beta), model.hessian(beta))


def _runs_away(likelihood: Likelihood, beta: FloatArray) -> bool:
    """Whether hardly any of the information at 0 is left, as where there is no maximum."""
    before, after = -likelihood(np.zeros(beta.size))[2], -likelihood(beta)[2]
    left = np.linalg.eigvals(np.linalg.solve(before, after)).real
    return bool(np.min(left) < LEAST_INFORMATION)


def _curve(
    spells: Spells,
    event: NDArray[np.bool_],
    design: FloatArray,
    beta: FloatArray,
    covariance: FloatArray,
    x: FloatArray,
    level: float,
) -> StepCurve:
    found = cumulative_hazard(spells.entry, spells.lower, event, design, beta, covariance, x)
    factor = np.exp(critical_value(level, "two-sided") * np.sqrt(found.log_variance))
    value = np.exp(-found.hazard)
    return StepCurve(
        time=found.time,
        value=value,
        standard_error=value * found.hazard * np.sqrt(found.log_variance),
        low=np.exp(-found.hazard * factor),
        high=np.exp(-found.hazard / factor),
        start=max(float(np.min(spells.entry)), 0.0),
        reach=float(np.max(spells.lower)),
        level=level,
    )
