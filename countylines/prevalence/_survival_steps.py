"""The product-limit curve of one group."""

from __future__ import annotations

import numpy as np

from countylines import _render, _validate
from countylines._curves import StepCurve
from countylines._kernels import product_limit
from countylines._kernels.method import tail_area
from countylines.errors import DegenerateDataWarning, InputError, SparseDataWarning
from countylines.prevalence._survival_fit import Fact, Fit
from countylines.prevalence._survival_input import FloatArray, Spells
from countylines.results import OK, Verdict

FEW = 10  # at risk: one end then takes a tenth off everything after
MOST_TIMES = 5_000  # for limits whose work grows with the square of the times


def exact_ends(spells: Spells, model: str) -> None:
    """Refuse spells whose end is only known to an interval."""
    vague = spells.ended & ~spells.exact
    if vague.any():
        raise InputError(
            _validate.sentence(
                "upper",
                f"equal to `lower`, or missing, with model={model!r}",
                f"{int(vague.sum())} wider intervals",
                remedy="Use model='turnbull' or a parametric model.",
            )
        )


def begins(spells: Spells, start: float | None) -> float:
    """The time that every statement is conditional on."""
    first = float(np.min(spells.entry))
    first = first if np.isfinite(first) else 0.0
    return first if start is None else start


def fitted(
    spells: Spells, *, start: float | None, interval: str, level: float, falls: bool = True
) -> Fit:
    """Kaplan-Meier with limits at every time at which a spell leaves.

    `falls` is False where what is shown is the share that has ended: it words the facts.
    """
    ended = spells.ended
    table = product_limit.risk_table(spells.entry, spells.lower, ended)
    since = begins(spells, start)
    if start is not None:
        kept = table.time > start
        if not np.any((spells.entry <= start) & (spells.lower > start)):
            got = _validate.show(start)
            rule = "a time at which something was under observation"
            raise InputError(_validate.sentence("start", rule, got))
        table = product_limit.RiskTable(*(part[kept] for part in table))
    changes = int(np.count_nonzero(table.events))
    if interval == "thomas-grunkemeier" and changes > MOST_TIMES:
        got = f"{interval!r} for {changes:,} distinct times"
        rule = f"another than that for more than {MOST_TIMES:,} distinct times of ending"
        remedy = "Use 'log-log': so many ends need no likelihood ratio."
        raise InputError(_validate.sentence("interval", rule, got, remedy=remedy))
    if interval == "beta-product" and spells.truncated:
        got = f"{interval!r}"
        rule = "another than that with delayed entry"
        remedy = "It is made for spells watched from their beginning; use 'thomas-grunkemeier'."
        raise InputError(_validate.sentence("interval", rule, got, remedy=remedy))
    fit = product_limit.product_limit(table.at_risk, table.events)
    survival, error = np.exp(fit.log_survival), product_limit.standard_error(fit)
    low, high = product_limit.limits(interval, table, fit, level=level)
    watched = float(np.sum((spells.entry <= since) & (spells.lower > since)))
    tail = tail_area(level, "two-sided")
    at_start = max(watched, 1.0)
    if interval == "equal-precision":  # a band is 1 nowhere but at the start
        first_low = float(low[0])
    else:
        first_low, low = product_limit.before_the_first(table, low, at_start, tail)
    gap, facts, verdict = _holes(table, survival, spells.entry, falls)
    if np.isfinite(gap):
        unknown = (table.time > gap) & (survival > 0.0)
        before = int(np.searchsorted(table.time, gap, side="right")) - 1
        low = np.where(unknown, 0.0, low)
        high = np.where(unknown, high[before], high)
        survival = np.where(unknown, np.nan, survival)
        error = np.where(unknown, np.nan, error)
    curve = StepCurve(
        time=table.time,
        value=survival,
        standard_error=error,
        low=low,
        high=high,
        start=since,
        reach=float(table.time[-1]),
        level=level,
        first_low=first_low,
        gap=gap,
        emptied=bool(np.any((survival == 0.0) & (table.later > 0))),
        at_risk=table.at_risk,
        events=table.events,
        after=table.after,
        at_start=at_start,
    )
    return Fit(
        curve,
        table.time,
        survival,
        error,
        low,
        high,
        n=spells.lower.size,
        start=since,
        at_risk=table.at_risk,
        events=table.events,
        cumulative_hazard=fit.hazard,
        verdict=verdict,
        facts=(*_truncation_facts(spells, since), *_band_facts(interval, table), *facts),
    )


def _truncation_facts(spells: Spells, since: float) -> list[Fact]:
    if since <= 0.0:
        return []
    text = f"The curve is of lives that last beyond {_render.number(since)}; it is 1 there."
    return [Fact("conditional", text)]


def _band_facts(interval: str, table: product_limit.RiskTable) -> list[Fact]:
    ends = table.time[table.events > 0]
    if interval != "equal-precision" or not ends.size:
        return []
    text = (
        "The limits are a band: at the level, the whole curve lies within it from "
        f"{_render.number(ends[0])} to {_render.number(ends[-1])}."
    )
    return [Fact("simultaneous", text)]


def _holes(
    table: product_limit.RiskTable, survival: FloatArray, entry: FloatArray, falls: bool
) -> tuple[float, list[Fact], Verdict]:
    """Where the risk set empties or is so small that a single end decides what follows."""
    facts: list[Fact] = []
    verdict = OK
    gap = np.inf
    unit = _render.number
    zero = (survival == 0.0) & (table.later > 0)
    empty = (table.after == 0) & (table.later > 0) & (survival > 0.0)
    if zero.any():
        last = table.time[np.argmax(zero)]
        when = unit(last)
        since = f"Pass start={_next(entry, last)} to take lives beyond that time as given"
        text = f"Everyone at risk at {when} ended there while others were still to be found: "
        text += (
            f"the product is 0 from then on, whatever they show. {since}, or read "
            "cumulative_hazard."
            if falls
            else f"nothing is left from then on, whatever they show. {since}."
        )
        facts.append(Fact("risk-set-empties", text, DegenerateDataWarning))
        verdict = Verdict(True, "boundary-finite", (f"Nothing is left from {when} on.",))
    elif empty.any():
        gap = float(table.time[np.argmax(empty)])
        text = (
            f"Nobody was under observation just after {unit(gap)}: what happened there is unknown, "
            f"and so is all that follows. Pass start={_next(entry, gap)} to take lives beyond the "
            "gap as given."
        )
        facts.append(Fact("gap", text, DegenerateDataWarning))
        verdict = Verdict(True, "ok", (f"Nothing is known after {unit(gap)}.",))
    largest = np.maximum.accumulate(table.at_risk[::-1])[::-1]
    few = (table.events > 0) & (table.at_risk < FEW) & (largest > table.at_risk)
    few &= (survival > 0.0) & (table.time < gap)
    if few.any():
        first = int(np.argmax(few))
        text = (
            f"Only {unit(table.at_risk[first])} were at risk at {unit(table.time[first])}, before "
            f"others were found: that one time takes the factor "
            f"{unit(1 - table.events[first] / table.at_risk[first])} off everything after. "
            "Pass start= to leave such times out."
        )
        facts.append(Fact("few-at-risk", text, SparseDataWarning))
    if not table.events.any():
        text = f"No spell ended: the curve stays at {1 if falls else 0}."
        facts.append(Fact("no-events", text, DegenerateDataWarning))
    return gap, facts, verdict


def _next(entry: FloatArray, time: float) -> str:
    """The first entry at a time or later."""
    return f"{float(np.min(entry[entry >= time])):.10g}"
