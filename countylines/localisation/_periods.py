"""When the periods of a table of flows are, as numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _validate
from countylines.errors import InputError, LabelMismatchError
from countylines.localisation.flows import LineFlows
from countylines.results import Note


def check_flows(flows: Any) -> None:
    """Refuse anything that is no table of flows."""
    if not isinstance(flows, LineFlows):
        raise InputError(_validate.sentence("flows", "a LineFlows", _validate.show(flows)))


def times(given: Any, periods: pd.Index | None) -> tuple[NDArray[np.float64], tuple[Note, ...]]:
    """A number a period: those given, numeric labels themselves, or 0, 1, 2, ... with a note."""
    if periods is None or len(periods) < 2:
        raise InputError(
            _validate.sentence(
                "flows", "of at least two periods", "one", remedy="Pass `period` when reading it."
            )
        )
    if given is not None:
        values = np.asarray(given, dtype=np.float64)
        if values.shape != (len(periods),):
            rule = f"one number for each of the {len(periods)} periods"
            raise LabelMismatchError(_validate.sentence("times", rule, f"shape {values.shape}"))
        _validate.finite("times", values)
    elif periods.dtype.kind in "iuf":
        values = periods.to_numpy(dtype=np.float64)
    else:
        text = "Labels of periods are no numbers: time is counted 0, 1, 2, ... in their order."
        return np.arange(len(periods), dtype=np.float64), (Note("times", text),)
    if np.unique(values).size < 2:
        raise InputError(_validate.sentence("times", "of at least two values", "equal ones"))
    return values, ()
