"""The table of an adjusted ratio: its columns checked, its rows chosen, its design."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from countylines import _kinds, _validate
from countylines.errors import InputError, InputTypeError

FloatArray = NDArray[np.float64]

DEPENDENT = 1e-9  # of the length of a column that is left when others are taken out


def table(
    data: Any,
    count: str,
    group: str,
    exposure: str | None,
    total: str | None,
    adjust: Sequence[str],
    cluster: str | None,
) -> pd.DataFrame:
    if not isinstance(data, pd.DataFrame):
        raise InputTypeError(_validate.sentence("data", "a pandas DataFrame", type(data).__name__))
    if isinstance(adjust, str):
        raise InputTypeError(
            _validate.sentence("adjust", "a list of column names", repr(adjust), "", "Use [name].")
        )
    wanted = {
        "count": count,
        "group": group,
        "exposure": exposure,
        "total": total,
        "cluster": cluster,
    }
    pairs = [(k, v) for k, v in wanted.items() if v is not None] + [("adjust", a) for a in adjust]
    for name, column in pairs:
        if column not in data.columns:
            raise InputError(_validate.sentence(name, "a column of `data`", _validate.show(column)))
    _validate.not_empty("data", len(data))
    columns = list(dict.fromkeys(column for _, column in pairs))
    twice = [column for column in columns if (data.columns == column).sum() > 1]
    if twice:
        raise InputError(
            _validate.sentence("data", "of columns with different names", f"two of {twice[0]!r}")
        )
    table = data[columns]
    for column in columns:
        gone = int(table[column].isna().sum())
        if gone:
            raise InputError(
                _validate.sentence(
                    "data",
                    "without missing values in the columns used",
                    f"{gone} in {column!r}",
                    remedy="Drop or fill them first: nothing is left out silently.",
                )
            )
    return table


def check_values(table: pd.DataFrame, count: str, exposure: str | None, total: str | None) -> None:
    def values(name: str, column: str) -> FloatArray:
        return np.asarray(_kinds.accept(name, table[column]), dtype=np.float64)

    y = values("count", count)
    _validate.counts("count", y)
    if total is not None:
        n = values("total", total)
        _validate.counts("total", n)
        _validate.not_above("count", y, "total", n)
    elif exposure is not None:
        _validate.exposure("exposure", values("exposure", exposure))


def is_label(column: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)


def informative(
    table: pd.DataFrame, count: str, total: str | None, factors: list[str]
) -> pd.DataFrame:
    """Rows of levels that have an event and, of shares, a non-event; and of shares, with cases."""
    kept = table if total is None else table[table[total] > 0]
    while True:
        before = len(kept)
        for factor in factors or [""]:
            keys = kept[factor] if factors else pd.Series(0, index=kept.index)
            sums = kept.groupby(keys.to_numpy(), observed=True)[
                [count] if total is None else [count, total]
            ].sum()
            says = sums[count] > 0
            if total is not None:
                says &= sums[count] < sums[total]
            kept = kept[np.isin(keys.to_numpy(), sums.index[says].to_numpy())]
        if len(kept) == before:
            return kept


def design(
    table: pd.DataFrame, group: str, others: list[Any], adjust: Sequence[str]
) -> tuple[FloatArray, list[str]]:
    """Intercept, groups, then adjusters; numbers from their mean."""
    columns: list[FloatArray] = [np.ones(len(table))]
    names = ["intercept"]
    for label in others:
        columns.append((table[group] == label).to_numpy(np.float64))
        names.append(f"{group}[{label}]")
    for name in dict.fromkeys(adjust):
        column = table[name]
        if is_label(column):
            for label in list(dict.fromkeys(column))[1:]:
                columns.append((column == label).to_numpy(np.float64))
                names.append(f"{name}[{label}]")
        else:
            values = column.to_numpy(np.float64)
            _validate.finite(f"data[{name!r}]", values)
            columns.append(values - values.mean())
            names.append(f"{name} (from its mean)")
    return np.column_stack(columns), names


def independent(x: FloatArray, groups: int) -> NDArray[np.bool_]:
    """Columns to keep: all of groups, and adjusters that earlier adjusters do not determine."""
    kept = np.ones(x.shape[1], dtype=bool)
    others = np.r_[0, 1 + groups : x.shape[1]]
    part = x[:, others]
    length = np.linalg.norm(part, axis=0)
    for j in range(1, part.shape[1]):
        before = part[:, :j][:, kept[others[:j]]]
        rest = part[:, j] - before @ np.linalg.lstsq(before, part[:, j])[0]
        kept[others[j]] = bool(np.linalg.norm(rest) > DEPENDENT * length[j])
    return kept
