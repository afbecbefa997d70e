"""Figures on people: nominals, children, referrals, stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from countylines.datasets import _loading

if TYPE_CHECKING:
    import pandas as pd


def load_nominals_as_published() -> pd.DataFrame:
    """Load what is public, and what is not, on the 2,577 nominals and on ethnicity.

    It answers: which statements on offenders and victims can be checked at all? It holds no count
    by ethnicity or region, because none was published; rows with status *missing* say so.

    Returns
    -------
    DataFrame
        One statement a row: ``population``, ``period``, ``group``, ``statistic``, ``value``
        (a number, where there is one), ``statement`` (in words), ``unit``, ``status``,
        ``wording``, ``source_url``. Provenance in ``attrs``.

    Raises
    ------
    CountyLinesError
        If the file is not the one that was shipped.

    See Also
    --------
    load_census2021_ethnicity_region : the benchmark that the claim refers to.
    countylines.disproportionality.representation_ratio : what a count would be needed for.

    Notes
    -----
    That the sample of 2,577 supports the statement on ethnicity is not known: the release does not
    say which figure its footnote belongs to.

    Examples
    --------
    >>> nominals = cl.datasets.load_nominals_as_published()
    >>> nominals["status"].value_counts()["missing"]
    3

    So three figures that would be needed to check the claim were looked for and not found.
    """
    return _loading.table("nominals_as_published")


def load_missing_children() -> pd.DataFrame:
    """Load the published figures on missing children and missing incidents.

    It answers: how many children, or how many incidents, and who said so? Children and incidents
    are different units: a child can go missing many times.

    Returns
    -------
    DataFrame
        One figure a row: ``period``, ``measure``, ``value``, ``unit``, ``status``, ``wording``,
        ``source_url``. Provenance in ``attrs``.

    Raises
    ------
    CountyLinesError
        If the file is not the one that was shipped.

    See Also
    --------
    load_county_lines_national : the other figures of the assessment.

    Notes
    -----
    No method and no interval were published for the 1,900 children. The number of incidents with a
    criminal exploitation flag was said in 2020 not to be available: its ``value`` is missing.

    Examples
    --------
    >>> missing = cl.datasets.load_missing_children()
    >>> missing.loc[0, "value"], missing.loc[0, "unit"]
    (1900.0, 'children (estimate)')

    So the estimate is of 1,900 children in 2021/22; the other rows are incidents.
    """
    return _loading.table("missing_children")


def load_nrm_county_lines() -> pd.DataFrame:
    """Load published referrals with the county lines flag, and of exploited children.

    It answers: how many potential victims were referred to the National Referral Mechanism with
    that flag? A referral is not a finding, and the flag counts of several years were not found.

    Returns
    -------
    DataFrame
        One figure a row: ``period``, ``measure``, ``value``, ``unit``, ``share_pct``,
        ``share_of``, ``status``, ``wording``, ``source_url``. Provenance in ``attrs``.

    Raises
    ------
    CountyLinesError
        If the file is not the one that was shipped.

    See Also
    --------
    load_nrm_criminal_exploitation_national : criminal exploitation of any form, by quarter.
    load_nrm_referral_vintages : how totals are revised.

    Notes
    -----
    Only rows whose ``measure`` says so carry the flag; criminal exploitation is a wider class. The
    count of 2019 was derived from a printed rise of 31 %.

    Examples
    --------
    >>> flagged = cl.datasets.load_nrm_county_lines().query(
    ...     "measure == 'county_lines_flagged_referrals'"
    ... )
    >>> flagged.set_index("period")["value"].to_dict()
    {'2020': 1544.0, '2019': 1179.0, '2020Q3': 401.0, '2022': 2281.0}

    So 1,544 referrals carried the flag in 2020 and 2,281 in 2022; 2021 was not found.
    """
    return _loading.table("nrm_county_lines")


def load_nrm_referral_vintages() -> pd.DataFrame:
    """Load totals of referrals as successive publications printed them.

    It answers: how much does a first published total change later? It is about all types of
    exploitation, not county lines.

    Returns
    -------
    DataFrame
        One printed total a row: ``reference_period``, ``publication_vintage``, ``all_referrals``
        [referrals], ``source``. Provenance in ``attrs``.

    Raises
    ------
    CountyLinesError
        If the file is not the one that was shipped.

    See Also
    --------
    load_nrm_criminal_exploitation_national : the first published vintage, in detail.

    Notes
    -----
    The table is a revision triangle: rows of one ``reference_period`` differ only in when they were
    printed.

    Examples
    --------
    >>> totals = cl.datasets.load_nrm_referral_vintages()
    >>> totals.query("reference_period == '2022Q2'")["all_referrals"].to_list()
    [4171, 4169, 4157]

    So the total of that quarter fell by 14 of 4,171 in the two years after it was first printed.
    """
    return _loading.table("nrm_referral_vintages")


def load_nrm_criminal_exploitation_national() -> pd.DataFrame:
    """Load referrals for criminal exploitation by first responder, age and sex.

    It answers: how many potential victims were referred in a quarter, by whom, of what age? It is
    criminal exploitation of any form, of which county lines are one.

    Returns
    -------
    DataFrame
        One combination a row: ``quarter``, ``first_responder_type``, ``age_at_exploitation``,
        ``criminal_exploitation``, ``sex``, ``referrals`` [referrals]. Provenance in ``attrs``.

    Raises
    ------
    CountyLinesError
        If the file is not the one that was shipped.

    See Also
    --------
    load_nrm_criminal_exploitation_force : police first responders, by force.
    load_nrm_county_lines : the county lines flag.

    Notes
    -----
    Categories contain each other: ``all_exploitation_types`` holds
    ``criminal_alone_or_with_others``, which holds ``criminal_only``; sex ``all`` holds other and
    unknown. Keep to one of each when adding.

    Examples
    --------
    >>> referrals = cl.datasets.load_nrm_criminal_exploitation_national()
    >>> children = referrals[
    ...     (referrals["criminal_exploitation"] == "criminal_only")
    ...     & (referrals["age_at_exploitation"] == "child_17_or_under")
    ...     & (referrals["sex"] == "all")
    ... ]
    >>> int(children.groupby("quarter")["referrals"].sum()["2022Q2"])
    722

    So 722 children were referred for criminal exploitation alone in that quarter, as printed.
    """
    return _loading.table("nrm_criminal_exploitation_national")


def load_nrm_criminal_exploitation_force() -> pd.DataFrame:
    """Load referrals for criminal exploitation by police force and quarter.

    It answers: how many potential victims did each police force refer? It leaves out referrals by
    local authorities, government agencies and charities.

    Returns
    -------
    DataFrame
        One force and quarter a row: ``quarter``, ``responder``, ``force``, ``ons_code``, ten
        counts under different definitions [referrals], and ``listed_in_release``. Provenance in
        ``attrs``; ``attrs["columns"]`` says what each count is.

    Raises
    ------
    CountyLinesError
        If the file is not the one that was shipped.

    See Also
    --------
    load_police_force_population : children by force, for rates.
    load_nrm_criminal_exploitation_national : all first responders.

    Notes
    -----
    The ten counts overlap, so they must not be added across. Rates by force differ fourteen-fold,
    for which differences in recording are the first explanation.

    Examples
    --------
    >>> by_force = cl.datasets.load_nrm_criminal_exploitation_force()
    >>> by_force.groupby("quarter")["child_criminal_any"].sum().to_list()
    [304, 311, 323, 300, 275, 289, 316]

    So the police referred about 300 children a quarter for criminal exploitation.
    """
    return _loading.table("nrm_criminal_exploitation_force")


def load_stop_search_pfa_2019_2021() -> pd.DataFrame:
    """Load stops of Black and White people by police force, 2019 to 2021.

    It answers: how many stops of each group did a force record, beside how many residents? It is
    an example of two groups in many places; nothing in it is about county lines.

    Returns
    -------
    DataFrame
        One force, year and group a row: ``year``, ``force``, ``ons_code``, ``ethnic_group``,
        ``stopped`` [stops], ``population`` [residents]. Provenance in ``attrs``.

    Raises
    ------
    CountyLinesError
        If the file is not the one that was shipped.

    See Also
    --------
    load_census2021_ethnicity_pfa : residents by the census's own groups.

    Notes
    -----
    The source counts Mixed White and Black as Black and leaves out Gypsy, Irish Traveller and Roma,
    so its populations differ from those of the census table. Coverage of forces varies by year.

    Examples
    --------
    >>> stops = cl.datasets.load_stop_search_pfa_2019_2021()
    >>> total = (
    ...     stops.query("year == 2019").groupby("ethnic_group")[["stopped", "population"]].sum()
    ... )
    >>> rate = total["stopped"] / total["population"]
    >>> print(f"{rate['Black'] / rate['White']:.2f}")
    6.58

    So the recorded stops of Black people per resident were 6.6 times those of White people.
    """
    return _loading.table("stop_search_pfa_2019_2021")
