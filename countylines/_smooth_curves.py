"""Curves of parametric models: survival, quantiles and means with their limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad_vec
from scipy.special import gammainc

from countylines import _render
from countylines._curves import Points, points
from countylines._kernels.method import FloatArray, critical_value
from countylines._kernels.parametric_survival import FAMILIES
from countylines._kernels.piecewise_exponential import exposures
from countylines.results import OK, Verdict

ACCURACY = 1e-11


def _known(estimate: FloatArray, error: FloatArray, low: FloatArray, high: FloatArray) -> Points:
    nothing = np.zeros(estimate.shape, dtype=bool)
    return points(estimate, error, low, high, unknown=nothing, verdict=OK)


def _unknown(shape: tuple[int, ...], verdict: Verdict) -> Points:
    nan = np.full(shape, np.nan)
    everything = np.ones(shape, dtype=bool)
    return points(nan, nan, nan, nan, unknown=everything, verdict=verdict, region=(nan, nan))


def _error(gradient: FloatArray, covariance: FloatArray) -> FloatArray:
    """Standard errors of what has these rows of derivatives."""
    variance: FloatArray = np.einsum("ij,jk,ik->i", gradient, covariance, gradient)
    return np.sqrt(np.maximum(variance, 0.0))


@dataclass(frozen=True)
class UnknownCurve:
    """A curve that does not exist, and why."""

    verdict: Verdict

    def at(self, times: FloatArray) -> Points:
        """Nothing, at any time."""
        return _unknown(times.shape, self.verdict)

    def quantile(self, shares: FloatArray) -> Points:
        """Nothing, for any share."""
        return _unknown(shares.shape, self.verdict)

    def mean(self, limit: float | None) -> Points:
        """Nothing."""
        return _unknown((), self.verdict)


@dataclass(frozen=True)
class ScaledCurve:
    """Survival of a life whose log is ``x @ beta + exp(log_scale) * w``."""

    family: str
    theta: FloatArray
    covariance: FloatArray
    x: FloatArray
    level: float

    @property
    def _location(self) -> float:
        return float(self.x @ self.theta[: self.x.size])

    @property
    def _scale(self) -> float:
        return float(np.exp(self.theta[-1])) if FAMILIES[self.family].scaled else 1.0

    def _gradient(self, *, of_location: float, of_log_scale: FloatArray) -> FloatArray:
        """Rows of derivatives in the parameters."""
        rows = np.tile(of_location * self.x, (of_log_scale.size, 1))
        scaled = FAMILIES[self.family].scaled
        return np.column_stack([rows, of_log_scale]) if scaled else rows

    def at(self, times: FloatArray) -> Points:
        """Survival; limits are normal on the scale of the standard variable."""
        with np.errstate(divide="ignore"):
            z = (np.log(times) - self._location) / self._scale
        started = np.isfinite(z)
        z = np.where(started, z, 0.0)
        error = _error(
            self._gradient(of_location=-1.0 / self._scale, of_log_scale=-z), self.covariance
        )
        spread = critical_value(self.level, "two-sided") * error
        survival = FAMILIES[self.family].survival
        with np.errstate(over="ignore", under="ignore"):
            log, slope, _ = survival(z)
            value, low, high = np.exp(log), *(np.exp(survival(z + s)[0]) for s in (spread, -spread))
            density = value * np.abs(np.where(value > 0.0, slope, 0.0))
        ends = [np.where(started, part, 1.0) for part in (value, low, high)]
        return _known(ends[0], np.where(started, density * error, 0.0), ends[1], ends[2])

    def quantile(self, shares: FloatArray) -> Points:
        """Times; limits are normal on the scale of their logs."""
        w = self._scale * FAMILIES[self.family].quantile(shares)
        return self._times(self._location + w, self._gradient(of_location=1.0, of_log_scale=w))

    def _times(self, log: FloatArray, gradient: FloatArray) -> Points:
        error = _error(gradient, self.covariance)
        spread = critical_value(self.level, "two-sided") * error
        time = np.exp(log)
        return _known(time, time * error, np.exp(log - spread), np.exp(log + spread))

    def mean(self, limit: float | None) -> Points:
        """Mean life, or mean life up to a limit; limits are normal on the scale of its log."""
        if limit is None:
            log_mean, slope = FAMILIES[self.family].log_mean(self._scale)
            if not np.isfinite(log_mean):
                text = "Under this log-logistic model lives have no finite mean. Pass limit=."
                return _unknown((), Verdict(False, "not-identified", (text,)))
            gradient = self._gradient(of_location=1.0, of_log_scale=np.array([slope]))
            found = self._times(np.array([self._location + log_mean]), gradient)
        else:
            found = self._restricted(limit)
        single: dict[str, Any] = {k: v.reshape(()) for k, v in found._asdict().items()}
        return Points(**single)

    def _restricted(self, limit: float) -> Points:
        family, location, scale = FAMILIES[self.family], self._location, self._scale

        def integrand(s: float) -> FloatArray:
            z = np.array([(np.log(limit) - s - location) / scale])
            log, slope, _ = family.survival(z)
            weight = limit * np.exp(-s + log[0])
            move = weight * slope[0] / scale
            return np.array([weight, -move, -move * z[0] * scale])

        total, of_location, of_log_scale = quad_vec(
            integrand, 0.0, np.inf, epsabs=ACCURACY * limit, epsrel=ACCURACY
        )[0]
        gradient = self._gradient(
            of_location=of_location / total, of_log_scale=np.array([of_log_scale / total])
        )
        found = self._times(np.array([np.log(total)]), gradient)
        return found._replace(high=np.minimum(found.high, limit))


@dataclass(frozen=True)
class PiecewiseCurve:
    """Survival under a hazard that is constant between breaks, times ``exp(x @ beta)``.

    `used` says which pieces have a hazard above 0; `theta` has those, then the coefficients.
    """

    theta: FloatArray
    covariance: FloatArray
    x: FloatArray
    breaks: FloatArray
    used: NDArray[np.bool_]
    level: float

    @property
    def _hazards(self) -> FloatArray:
        hazards = np.zeros(self.used.size)
        kept = int(np.sum(self.used))
        hazards[self.used] = np.exp(self.theta[:kept] + self.x @ self.theta[kept:])
        return hazards

    def _parts(self, times: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Cumulative hazard, and its derivatives in the parameters."""
        parts = exposures(times, self.breaks) * self._hazards
        total = parts.sum(axis=1)
        return total, np.column_stack([parts[:, self.used], total[:, None] * self.x])

    def at(self, times: FloatArray) -> Points:
        """Survival; limits are normal on the scale of the log of the cumulative hazard."""
        total, gradient = self._parts(times)
        error = _error(gradient, self.covariance)
        spread = np.divide(error, total, out=np.zeros_like(total), where=total > 0.0)
        factor = np.exp(critical_value(self.level, "two-sided") * spread)
        value = np.exp(-total)
        return _known(value, value * error, np.exp(-total * factor), np.exp(-total / factor))

    def quantile(self, shares: FloatArray) -> Points:
        """Times; the last hazard goes on for ever."""
        goal = -np.log1p(-shares)
        hazards = self._hazards
        edges = np.concatenate([[0.0], self.breaks])
        reached = self._parts(edges)[0]
        piece = np.searchsorted(reached, goal, side="left") - 1
        never = (goal > reached[-1]) & (hazards[-1] == 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            time = edges[piece] + (goal - reached[piece]) / hazards[piece]
        time = np.where(never, edges[-1], time)
        gradient = self._parts(time)[1]
        with np.errstate(divide="ignore"):
            error = np.where(never, np.nan, _error(gradient, self.covariance) / hazards[piece])
        factor = np.exp(critical_value(self.level, "two-sided") * error / time)
        text = f"No life is expected to end after {_render.number(edges[-1])} under this model."
        return points(
            time,
            error,
            np.where(never, time, time / factor),
            np.where(never, np.inf, time * factor),
            unknown=never,
            verdict=Verdict(False, "not-identified", (text,)),
            region=(time, np.where(never, np.inf, time)),
        )

    def mean(self, limit: float | None) -> Points:
        """Mean life, or mean life up to a limit; limits are normal on the scale of its log."""
        hazards = self._hazards
        if limit is None and hazards[-1] == 0.0:
            text = "Some lives never end under this model. Pass limit=."
            return _unknown((), Verdict(False, "not-identified", (text,)))
        finish = np.inf if limit is None else limit
        edges = np.concatenate([[0.0], self.breaks[self.breaks < finish]])
        hazards, width = hazards[: edges.size], np.diff(np.append(edges, finish))
        before, slopes = self._parts(edges)
        flat = hazards == 0.0
        rate = np.where(flat, 1.0, hazards)
        area = np.exp(-before) * np.where(flat, width, -np.expm1(-rate * width) / rate)
        moment = np.exp(-before) * np.where(flat, 0.0, gammainc(2.0, rate * width) / rate)
        own = np.zeros((edges.size, self.used.size))
        own[range(edges.size), range(edges.size)] = moment
        rows = np.column_stack([own[:, self.used], moment[:, None] * self.x])
        total, gradient = float(area.sum()), -(area @ slopes + rows.sum(axis=0))
        error = float(_error(gradient[None, :], self.covariance)[0])
        factor = np.exp(critical_value(self.level, "two-sided") * error / total)
        found = (total, error, total / factor, min(total * factor, finish))
        return _known(*(np.array(part) for part in found))
