"""SYNTHETIC lines: those that exist, and which of them were recorded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _validate
from countylines._typing import RNG
from countylines.datasets import load_police_force_pairs, load_police_force_population
from countylines.errors import InputError

FloatArray = NDArray[np.float64]

TYPES = ("internal", "external")
SYNTHETIC = "SYNTHETIC: made by countylines.simulate.register; no line in it exists."
# Assumed: shares of external lines by origin, for forces that the assessment names as exporters.
EXPORTERS = {
    "Metropolitan Police": 0.3375,
    "Merseyside": 0.15,
    "West Midlands": 0.15,
    "Greater Manchester": 0.1125,
}
SIZE_POWER = 0.8  # assumed: lines grow with the population of a force to this power
DECAY_KM = 100.0  # assumed: e-folding distance of external lines
LONDON_CITY = "City of London"
REFUSED_AT = 2_000_000
MOST_DETECTIONS = 1e6  # of a line on average
MOST_DAYS = 3_650.0


def register(
    internal: Sequence[int] = (5120, 8500),
    external: Sequence[int] = (3896, 3192),
    *,
    detection: Mapping[str, Any] | None = None,
    audited: int = 0,
    heterogeneity: float = 0.0,
    mean_days: float = 73.0,
    start: str = "2022-04-01",
    rng: RNG = None,
) -> pd.DataFrame:
    r"""Make a SYNTHETIC register: one row a line that exists, with what of it was recorded.

    It answers: would an estimator find the truth, if the truth were this? It is not data, and its
    defaults are no estimates: they are chosen so that about as many lines are recorded as were
    published, while true internal lines grew by 66 % and not by 232 %.

    Parameters
    ----------
    internal, external : sequence of int, default (5120, 8500) and (3896, 3192)
        Lines that exist, by year; as many years as there are numbers.
    detection : mapping or None, optional
        Probability of being recorded, a share in (0, 1), for ``"internal"`` and ``"external"``: one
        number a year. None: (0.25, 0.50) and (0.70, 0.75), and only for two years.
    audited : int, default 0
        Lines of each type and year that a random audit looks up in the register; no more than
        there are.
    heterogeneity : float, default 0.0
        Variance of a gamma factor, of mean 1, by which the rate of detections differs from line to
        line; 0 for none. The probability of being recorded stays as asked.
    mean_days : float, default 73.0
        Mean life of a line [days], above 0 and at most 3,650; lives are exponential and may end
        after the year.
    start : str, default "2022-04-01"
        First day of the first year.
    rng : int, Generator, SeedSequence or None, optional
        Source of randomness.

    Returns
    -------
    DataFrame
        One row a line that exists: ``line`` (name), ``year`` (label), ``type``, ``origin`` and
        ``destination`` (police forces; the same for internal lines), ``opened`` and ``closed``
        (dates), ``detections`` (how often it was detected), ``recorded`` and ``audited`` (bool).
        ``attrs["synthetic"]`` says what it is; ``attrs["truth"]`` holds, for each year,
        lines of each type, their probability of being recorded and the true odds ratio against the
        first year.

    Raises
    ------
    InputError
        If a number is no count, types have other numbers of years, a probability is not within
        (0, 1), more lines are audited than there are, `heterogeneity` is too large for the
        probabilities, or more than two million lines are asked for.

    See Also
    --------
    countylines.localisation.detection_adjusted_trend : whether lines became local.
    countylines.localisation.Detection.audit : what an audit says of detection.

    Notes
    -----
    A line is detected a Poisson number of times, with mean :math:`\lambda g` where :math:`g` is
    gamma of mean 1 and variance :math:`v`; recorded means detected at least once, and
    :math:`\lambda` solves

    .. math:: 1 - (1 + v \lambda)^{-1/v} = d \qquad (1 - e^{-\lambda} = d \text{ for } v = 0).

    Origins and destinations are ASSUMED: three quarters of external lines start in four forces,
    the others and internal ones by population to the power 0.8, destinations by the same times
    :math:`\exp(-\text{km} / 100)`. The City of London counts with the Metropolitan Police.

    An assumption that fails in practice: lines are independent, and an audit a random sample.

    Examples
    --------
    >>> lines = cl.simulate.register(rng=1)
    >>> seen = lines[lines["recorded"]].groupby(["year", "type"]).size().unstack()
    >>> int(seen.loc["2022/23", "internal"]), int(seen.loc["2023/24", "internal"])
    (1312, 4258)
    >>> round(lines.attrs["truth"]["2023/24"]["odds_ratio"], 2)
    2.03

    In this SYNTHETIC register recorded internal lines more than tripled. The odds that a line is
    internal rose twofold in truth, and nearly fourfold in the records.
    """
    numbers = {"internal": _lines("internal", internal), "external": _lines("external", external)}
    years = numbers["internal"].size
    if numbers["external"].size != years:
        raise InputError(
            _validate.sentence("external", f"of {years} years", f"{numbers['external'].size}")
        )
    total = int(sum(n.sum() for n in numbers.values()))
    if total > REFUSED_AT:
        raise InputError(
            _validate.sentence("internal", f"at most {REFUSED_AT:,} lines in all", f"{total:,}")
        )
    shares = _detection(detection, years)
    audited = _validate.whole_number("audited", audited)
    smallest = int(min(n.min() for n in numbers.values()))
    if audited > smallest:
        raise InputError(
            _validate.sentence("audited", f"at most the {smallest} lines of a year", f"{audited}")
        )
    variance = _validate.number("heterogeneity", heterogeneity, low=0)
    most = max(float(values.max()) for values in shares.values())
    if -variance * math.log1p(-most) > math.log1p(variance * MOST_DETECTIONS):
        raise InputError(
            _validate.sentence(
                "heterogeneity",
                f"small enough for a detection of {_validate.show(most)}",
                _validate.show(variance),
                remedy="Lines would be detected more than a million times on average.",
            )
        )
    mean_days = _validate.number("mean_days", mean_days, low=0, high=MOST_DAYS, open_low=True)
    first = _day(start)
    generator = _validate.generator(rng)
    geography = _Geography()
    parts = []
    for year in range(years):
        for kind in TYPES:
            count, share = int(numbers[kind][year]), float(shares[kind][year])
            rate = _rate(share, variance) * _factors(generator, count, variance)
            origin, destination = geography.places(kind, count, generator)
            begin = first + pd.DateOffset(years=year)
            days = (begin + pd.DateOffset(years=1) - begin).days
            opened = begin + pd.to_timedelta(generator.integers(days, size=count), unit="D")
            life = np.ceil(generator.exponential(mean_days, size=count))
            looked_up = np.zeros(count, dtype=bool)
            looked_up[generator.choice(count, audited, replace=False)] = True
            parts.append(
                pd.DataFrame(
                    {
                        "year": f"{begin.year}/{(begin.year + 1) % 100:02d}",
                        "type": kind,
                        "origin": origin,
                        "destination": destination,
                        "opened": opened,
                        "closed": opened + pd.to_timedelta(life, unit="D"),
                        "detections": generator.poisson(rate),
                        "audited": looked_up,
                    }
                )
            )
    frame = pd.concat(parts, ignore_index=True)
    frame.insert(0, "line", [f"SYNTHETIC-{i:07d}" for i in range(1, len(frame) + 1)])
    frame["recorded"] = frame["detections"] > 0
    frame.attrs["synthetic"] = SYNTHETIC
    frame.attrs["truth"] = _truth(numbers, shares, list(frame["year"].unique()))
    return frame


def _lines(name: str, value: Any) -> FloatArray:
    array = np.asarray(value)
    if array.ndim != 1 or array.size == 0:
        raise InputError(_validate.sentence(name, "one number a year", _validate.show(value)))
    _validate.numeric_dtype(name, array.dtype)
    counts = array.astype(np.float64)
    _validate.counts(name, counts)
    if (counts == 0).any():
        raise InputError(_validate.sentence(name, "above 0 in every year", "0"))
    return counts


def _detection(given: Any, years: int) -> dict[str, FloatArray]:
    if given is None:
        if years != 2:
            raise InputError(
                _validate.sentence("detection", "given unless there are two years", "None")
            )
        return {"internal": np.array([0.25, 0.50]), "external": np.array([0.70, 0.75])}
    given = _validate.mapping("detection", given, "a mapping of internal and external to shares")
    if set(given) != set(TYPES):
        raise InputError(
            _validate.sentence("detection", "given for internal and external", f"{list(given)}")
        )
    found = {}
    for kind in TYPES:
        name = f"detection[{kind!r}]"
        raw = np.asarray(given[kind])
        _validate.numeric_dtype(name, raw.dtype)
        values = raw.astype(np.float64)
        if values.shape != (years,):
            raise InputError(_validate.sentence(name, f"of {years} years", f"{values.size}"))
        _validate.share(name, values)
        found[kind] = values
    return found


def _day(start: str) -> pd.Timestamp:
    try:
        day = pd.Timestamp(start)
    except (ValueError, TypeError):
        day = None
    if day is None or pd.isna(day):
        raise InputError(
            _validate.sentence("start", "a date such as '2022-04-01'", _validate.show(start))
        )
    return day


def _rate(share: float, variance: float) -> float:
    """Mean number of detections that leaves the share asked for detected at least once."""
    if variance == 0:
        return -math.log1p(-share)
    return math.expm1(-variance * math.log1p(-share)) / variance


def _factors(generator: np.random.Generator, count: int, variance: float) -> FloatArray:
    if variance == 0:
        return np.ones(count)
    return generator.gamma(1.0 / variance, variance, size=count)


def _truth(
    numbers: dict[str, FloatArray], shares: dict[str, FloatArray], years: list[str]
) -> dict[str, dict[str, float]]:
    odds = numbers["internal"] / numbers["external"]
    truth: dict[str, dict[str, float]] = {}
    for place, year in enumerate(years):
        truth[year] = {kind: float(numbers[kind][place]) for kind in TYPES}
        truth[year] |= {f"detection_{kind}": float(shares[kind][place]) for kind in TYPES}
        truth[year]["odds_ratio"] = float(odds[place] / odds[0])
    return truth


class _Geography:
    """Assumed origins and destinations between real police force areas."""

    def __init__(self) -> None:
        people = load_police_force_population()
        people = people[(people["age_band"] == "all") & (people["force"] != LONDON_CITY)]
        self.forces = people["force"].to_numpy(dtype=object)
        size = people["population"].to_numpy(dtype=np.float64) ** SIZE_POWER
        self.by_size = size / size.sum()
        self.exporting = np.array([EXPORTERS.get(force, 0.0) for force in self.forces])
        others = np.where(self.exporting == 0, self.by_size, 0.0)
        self.exporting += others / others.sum() * (1 - self.exporting.sum())
        self.toward = size * np.exp(-self._distances() / DECAY_KM)
        np.fill_diagonal(self.toward, 0.0)
        self.toward /= self.toward.sum(axis=1, keepdims=True)

    def _distances(self) -> FloatArray:
        pairs = load_police_force_pairs()
        place = {force: i for i, force in enumerate(self.forces)}
        known = pairs["force_a"].isin(place) & pairs["force_b"].isin(place)
        pairs = pairs[known]
        km = np.zeros((len(place), len(place)))
        a, b = pairs["force_a"].map(place), pairs["force_b"].map(place)
        km[a, b] = km[b, a] = pairs["distance_km_popweighted"]
        return km

    def places(
        self, kind: str, count: int, generator: np.random.Generator
    ) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
        """Origin and destination of each line."""
        if kind == "internal":
            home = self.forces[generator.choice(len(self.forces), count, p=self.by_size)]
            return home, home
        origin = generator.choice(len(self.forces), count, p=self.exporting)
        # one uniform number a line against the cumulative shares of its origin
        drawn = generator.random(count)
        steps = np.cumsum(self.toward, axis=1)
        steps[:, -1] = 1.0
        target = (drawn[:, None] > steps[origin]).sum(axis=1)
        return self.forces[origin], self.forces[target]
