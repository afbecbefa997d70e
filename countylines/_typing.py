"""Type names used in public signatures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

ArrayLike: TypeAlias = "npt.ArrayLike | pd.Series | pd.DataFrame | xr.DataArray | Sequence[Any]"
Alternative: TypeAlias = Literal["two-sided", "less", "greater"]
IntervalKind: TypeAlias = Literal["confidence", "credible", "prediction", "identification"]
Progress: TypeAlias = bool | Callable[[int, int], None]
RNG: TypeAlias = int | np.random.Generator | np.random.SeedSequence | None
