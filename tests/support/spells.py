"""Tables of spells made by hypothesis, and slow counts, day by day, to hold others against."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import strategies as st

ORIGIN = np.datetime64("2024-01-01", "D")
LAST = 60  # last day of observation, counted from the origin


def day(number):
    return pd.Timestamp(ORIGIN + int(number))


def dates(numbers):
    return pd.to_datetime([None if n is None else day(n) for n in numbers])


@st.composite
def tables(draw, most=12, lines=5):
    """Spells in a frame, with the same in day numbers: (frame, list of dicts)."""
    rows = []
    for _ in range(draw(st.integers(1, most))):
        opened = draw(st.integers(0, 50))
        seen = draw(st.integers(opened, 55))
        closed = draw(st.one_of(st.none(), st.integers(seen, LAST)))
        rows.append(
            {
                "opened": opened,
                "last_seen": seen,
                "closed": closed,
                "line": draw(st.integers(1, lines)),
                "force": draw(st.sampled_from(["Met", "Kent", "Essex"])),
            }
        )
    return frame(rows), rows


def frame(rows):
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return pd.DataFrame(
        {n: dates(v) if n in ("opened", "last_seen", "closed") else v for n, v in columns.items()}
    )


def active_days(row, convention="closed", rule="until-closed", within=0):
    """The set of days on which a spell is active, from the definitions in words."""
    closed = row["closed"]
    last = LAST if closed is None else closed - (convention == "half-open")
    if rule != "until-closed":
        last = min(last, row["last_seen"] + within)
    return set(range(row["opened"], min(last, LAST) + 1))
