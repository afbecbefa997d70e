"""What tables there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from countylines.datasets import _loading

if TYPE_CHECKING:
    import pandas as pd


def list_tables() -> pd.DataFrame:
    """List the published tables that are shipped, one a row.

    It answers: what was published that can be used here, and how far can it be trusted? The tables
    of lists for multiple-systems estimation are not in it: see `list_mse`.

    Returns
    -------
    DataFrame
        Indexed by the name of the table, whose loader is ``load_<name>``: ``title``, ``row`` (what
        one row is), ``n_rows``, ``status`` (primary, secondary, derived or mixed), ``licence``
        (SPDX) and ``retrieved`` (date).

    See Also
    --------
    list_mse : tables of lists, for capture-recapture.
    load_county_lines_national : the figures of the national assessments.

    Notes
    -----
    A status of *mixed* means that a column of the table says it row by row. *Derived* means
    computed from published figures, if only by adding up cells.

    Examples
    --------
    >>> tables = cl.datasets.list_tables()
    >>> len(tables)
    17
    >>> tables.loc["localisation_counts_derived", "status"]
    'derived'

    So no source prints those counts: they were computed here from figures that were printed.
    """
    import pandas as pd

    shown = ("title", "row", "n_rows", "status", "licence", "retrieved")
    entries = _loading.registry()["tables"]
    rows = {
        name: {**entry, "licence": " AND ".join(entry["licence"])}
        for name, entry in sorted(entries.items())
    }
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=list(shown))
    return frame.rename_axis(index="table")
