"""Figures on lines: how many, and how many of them within one force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from countylines.datasets import _loading

if TYPE_CHECKING:
    import pandas as pd


def load_county_lines_national() -> pd.DataFrame:
    """Load the national figures on county lines, as published from 2017 to 2025.

    It answers: what was published, on what unit and what counting basis, in which words? It is not
    a time series: numbers, branded lines, a monthly stock and lines active at some time in a year
    are different quantities.

    Returns
    -------
    DataFrame
        One published figure a row: ``period``, ``measure``, ``unit``, ``counting_basis``,
        ``qualifier``, ``value``, ``value_upper`` (of a range), ``status``, ``wording``,
        ``source_url``. Provenance in ``attrs``.

    Raises
    ------
    CountyLinesError
        If the file is not the one that was shipped.

    See Also
    --------
    load_localisation : the two years of the latest assessment, by type of line.
    load_missing_children : children and incidents.

    Notes
    -----
    ``status`` begins with *primary* where the text of the producer was read, and with *secondary*
    where press, a blog or an event page quotes it. ``attrs["press_only"]`` names the latter.

    Examples
    --------
    >>> figures = cl.datasets.load_county_lines_national()
    >>> lines = figures[figures["measure"] == "lines_detected"].set_index("period")
    >>> float(lines.loc["2023/24", "value"]), lines.loc["2023/24", "status"]
    (6644.0, 'secondary')

    So 6,644 lines were detected in 2023/24, according to the press: the release of the police says
    around 6,600.
    """
    return _loading.table("county_lines_national")


def load_localisation() -> pd.DataFrame:
    """Load what was published on internal and external lines in 2022/23 and 2023/24.

    It answers: which totals and which changes were printed, and by whom? It does not hold the
    split of lines by type, which no source prints.

    Returns
    -------
    DataFrame
        One figure a row: ``period``, ``line_type`` (internal, external, all), ``definition``,
        ``measure`` (lines_detected, change, ratio), ``value``, ``unit``, ``status``, ``wording``,
        ``source_url``, ``note``. Provenance in ``attrs``.

    Raises
    ------
    CountyLinesError
        If the file is not the one that was shipped.

    See Also
    --------
    load_localisation_counts_derived : the counts that these figures imply.
    countylines.localisation.compatible_counts : how they are found.

    Notes
    -----
    All four printed figures (two totals, two percentages) are known from the press only. Ratios,
    and the change of the total, were computed here and have status *derived*.

    Examples
    --------
    >>> changes = cl.datasets.load_localisation().query("measure == 'change'")
    >>> changes.set_index("line_type")["value"].to_dict()
    {'all': 65.8, 'internal': 232.0, 'external': -12.2}

    So detected internal lines rose by 232 %, while external lines fell by 12.2 %.
    """
    return _loading.table("localisation")


def load_localisation_counts_derived() -> pd.DataFrame:
    """Load the whole-number tables that agree with the printed totals and percentages.

    It answers: how many internal and external lines can there have been, if 4,007 and 6,644 lines,
    +232 % and -12.2 % are all true? It is not published: it follows under conditions.

    Returns
    -------
    DataFrame
        One candidate table a row: ``internal_2022_23``, ``external_2022_23``,
        ``internal_2023_24``, ``external_2023_24`` [lines]. Provenance in ``attrs``.

    Raises
    ------
    CountyLinesError
        If the file is not the one that was shipped.

    See Also
    --------
    countylines.localisation.compatible_counts : the computation, for any printed figures.
    load_localisation_identification_derived : what could be said without the totals.

    Notes
    -----
    The conditions: every line is internal or external; totals and percentages share definition and
    vintage; percentages are rounded to the nearest unit. The counts are of detected lines.

    Examples
    --------
    >>> tables = cl.datasets.load_localisation_counts_derived()
    >>> len(tables)
    14
    >>> share = tables["internal_2023_24"] / 6644
    >>> print(f"{share.min():.1%} to {share.max():.1%}")
    63.9% to 64.0%

    So, under the conditions, 64 % of the lines detected in 2023/24 were internal.
    """
    return _loading.table("localisation_counts_derived")


def load_localisation_identification_derived() -> pd.DataFrame:
    """Load what the two percentages alone say about the internal share.

    It answers: how much would the share of internal lines depend on a total that was not printed?
    It is a table of assumptions and their consequences, not of published figures.

    Returns
    -------
    DataFrame
        One assumed ratio a row: ``total_ratio_r`` (lines in 2023/24 over lines in 2022/23), the
        two shares and the counts it implies. Provenance in ``attrs``.

    Raises
    ------
    CountyLinesError
        If the file is not the one that was shipped.

    See Also
    --------
    countylines.localisation.share_from_changes : the computation.
    load_localisation_counts_derived : what is known with the totals.

    Notes
    -----
    With :math:`r` the ratio of the totals, the share after is
    :math:`(1/0.878 - 1/r) / (1/0.878 - 1/3.32)`, and the counts use 6,600 lines.

    Examples
    --------
    >>> table = cl.datasets.load_localisation_identification_derived()
    >>> float(table.set_index("total_ratio_r").loc[1.0, "internal_share_2023_24"])
    0.1659

    So if the total had not changed, 17 % of the lines of 2023/24 would be internal.
    """
    return _loading.table("localisation_identification_derived")
