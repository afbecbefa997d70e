"""Size of a partly hidden population from many lists, interactions selected one by one."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from countylines import _validate
from countylines._kernels import stepwise as kernel
from countylines._kernels.faces_by_row import FaceFinder
from countylines._typing import RNG, Alternative, Progress
from countylines.capture_recapture import _models, _resampled_selection
from countylines.capture_recapture._selection import by_steps, finder_for
from countylines.capture_recapture.histories import CaptureHistories
from countylines.capture_recapture.loglinear import INTERVALS as ONE_MODEL
from countylines.capture_recapture.loglinear import loglinear
from countylines.errors import ConvergenceError, InputError
from countylines.results import Note, PopulationEstimate

METHOD = "log-linear, stepwise"
REFERENCES = ("chan2021", "fienberg2012")
INTERVALS = (*_resampled_selection.INTERVALS, *ONE_MODEL)


def stepwise(
    histories: CaptureHistories,
    *,
    threshold: float = 0.02,
    max_order: int = 2,
    kind: str = "semiparametric",
    interval: str = "percentile",
    replicates: int = 1000,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    rng: RNG = None,
    progress: Progress = False,
) -> PopulationEstimate:
    counts = _models.exact_counts(histories)
    lists = histories.lists
    if len(lists) < 3:
        raise InputError(
            _validate.sentence(
                "histories",
                "of three lists or more",
                len(lists),
                remedy="Use chapman() for two lists.",
            )
        )
    threshold = _validate.number("threshold", threshold, low=0.0, high=1.0)
    order = _validate.whole_number("max_order", max_order, low=2, high=len(lists) - 1)
    interval = _validate.option("interval", interval, INTERVALS)
    resampled = interval in _resampled_selection.INTERVALS
    asked = _resampled_selection.request(
        kind,
        interval if resampled else "percentile",
        replicates,
        level,
        alternative,
        rng,
        progress,
    )
    finder = finder_for(len(lists), order, counts.cells)
    selected = _selected(finder, counts, threshold)
    model = _models.Model(lists, finder.terms[selected.masks[0]])
    fitted = loglinear(
        histories,
        model.generators,
        interval="wald" if resampled else interval,
        level=asked.level,
        alternative=asked.alternative,
    )
    path = _path(selected, finder, model, threshold)
    if not (resampled and fitted.estimable):
        return dataclasses.replace(
            fitted,
            method=METHOD,
            notes=(*fitted.notes, path, _ignored(resampled, fitted.interval_method)),
            references=tuple(dict.fromkeys((*REFERENCES, *fitted.references))),
            _recompute=None,
        )
    return _resampled_selection.bootstrap(
        by_steps(finder, threshold),
        fitted,
        counts,
        lists,
        finder.terms,
        asked,
        method=METHOD,
        notes=(*fitted.notes, path),
        references=REFERENCES,
    )


def _selected(finder: FaceFinder, counts: _models.Counts, threshold: float) -> kernel.Selected:
    try:
        return kernel.select(counts.values[None], finder, threshold)
    except ArithmeticError as error:
        raise ConvergenceError("A log-linear fit of the selection did not converge.") from error


def _path(
    selected: kernel.Selected, finder: FaceFinder, model: _models.Model, threshold: float
) -> Note:
    """The interactions in the order in which they were added."""
    added = [
        f"{'*'.join(model.names(int(finder.terms[step.term[0]])))} ({step.overlap[0]:,.0f} seen, "
        f"{_short(float(step.expected[0]))} expected, p {_pvalue(float(step.log_pvalue[0]))})"
        for step in selected.steps
    ]
    what = ", then ".join(added) if added else "none"
    return Note("selection-path", f"Interactions added with p below {threshold:g}: {what}.")


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _pvalue(log_pvalue: float) -> str:
    digits = log_pvalue / math.log(10.0)
    if digits < -15:
        return f"= 1e{math.ceil(digits)} or less"
    return f"= {math.exp(log_pvalue):.2g}"


def _ignored(resampled: bool, interval: str) -> Note:
    if resampled:
        text = (
            "Without a finite estimate there is no population to resample: the limits are those of "
            f"the {interval} likelihood of independence."
        )
        return Note("no-bootstrap", text)
    text = (
        f"The {interval} interval takes the selected model as given: it ignores the selection and "
        "is too short. Use interval='percentile', which redoes it."
    )
    return Note("selection-ignored", text)
