"""Cumulative incidence of competing ends, with its variance, from risk sets."""

from __future__ import annotations

import numpy as np

from countylines._kernels.method import FloatArray, critical_value

METHODS = ("log-log", "arcsine", "plain")


def incidence(
    at_risk: FloatArray, events: FloatArray, log_survival: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Share ended by each cause (a row each) at each time, and its variance.

    `events` has a row a cause. The variance is that of the delta method on the hazards of all
    causes; sums over earlier times are expanded, so that nothing is summed twice.
    """
    every = events.sum(axis=0)
    before = np.exp(np.append(0.0, log_survival[:-1]))
    step = before * events / at_risk
    share = np.cumsum(step, axis=1)
    stay = at_risk - every
    own = np.divide(every, at_risk * stay, out=np.zeros_like(every), where=stay > 0)

    def until(terms: FloatArray) -> FloatArray:
        total: FloatArray = np.cumsum(terms, axis=-1)
        return total

    squares = share**2 * until(own) - 2.0 * share * until(share * own) + until(share**2 * own)
    mixed = step / at_risk
    products = share * until(mixed) - until(share * mixed)
    jumps = until(before**2 * (at_risk - events) * events / at_risk**3)
    return share, np.maximum(squares + jumps - 2.0 * products, 0.0)


def limits(
    method: str, share: FloatArray, variance: FloatArray, *, level: float
) -> tuple[FloatArray, FloatArray]:
    """Two-sided limits, normal on a scale; where the share is 0 or 1 they are the share itself."""
    z, error = critical_value(level, "two-sided"), np.sqrt(variance)
    inner = (share > 0.0) & (share < 1.0)
    value = np.where(inner, share, 0.5)
    if method == "plain":
        low, high = np.maximum(value - z * error, 0.0), np.minimum(value + z * error, 1.0)
    elif method == "arcsine":
        angle = np.arcsin(np.sqrt(value))
        spread = 0.5 * z * error / np.sqrt(value * (1.0 - value))
        low = np.sin(np.maximum(angle - spread, 0.0)) ** 2
        high = np.sin(np.minimum(angle + spread, np.pi / 2)) ** 2
    else:
        total = -np.log(value)
        factor = np.exp(z * error / (value * total))
        low, high = np.exp(-total * factor), np.exp(-total / factor)
    return np.where(inner, low, share), np.where(inner, high, share)
