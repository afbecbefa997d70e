"""Datasets: what was published, in which words, under which licence.

Every loader reads a file that is shipped with the package, checks that it is unaltered, and returns
a frame whose ``attrs`` hold its provenance: title, source, citation, licence, date of retrieval,
status, caveats, and which figures are known only from the press. Nothing is fetched.

- :func:`list_tables`: what tables there are; :func:`list_mse`: what tables of lists.
- Lines: :func:`load_county_lines_national`, :func:`load_localisation`,
  :func:`load_localisation_counts_derived`, :func:`load_localisation_identification_derived`.
- People: :func:`load_nominals_as_published`, :func:`load_missing_children`,
  :func:`load_nrm_county_lines`, :func:`load_nrm_criminal_exploitation_national`,
  :func:`load_nrm_criminal_exploitation_force`, :func:`load_nrm_referral_vintages`,
  :func:`load_stop_search_pfa_2019_2021`.
- Places: :func:`load_census2021_ethnicity_region`, :func:`load_census2021_ethnicity_pfa`,
  :func:`load_census2021_age_region`, :func:`load_police_force_population`,
  :func:`load_police_force_centroids`, :func:`load_police_force_pairs`.
- As benchmarks: :func:`census2021_benchmark`.
- Lists: :func:`load_mse`, tables for capture-recapture.
"""

from __future__ import annotations

from countylines.datasets.benchmarks import census2021_benchmark
from countylines.datasets.catalogue import list_tables
from countylines.datasets.lines import (
    load_county_lines_national,
    load_localisation,
    load_localisation_counts_derived,
    load_localisation_identification_derived,
)
from countylines.datasets.multiple_systems import list_mse, load_mse
from countylines.datasets.people import (
    load_missing_children,
    load_nominals_as_published,
    load_nrm_county_lines,
    load_nrm_criminal_exploitation_force,
    load_nrm_criminal_exploitation_national,
    load_nrm_referral_vintages,
    load_stop_search_pfa_2019_2021,
)
from countylines.datasets.places import (
    load_census2021_age_region,
    load_census2021_ethnicity_pfa,
    load_census2021_ethnicity_region,
    load_police_force_centroids,
    load_police_force_pairs,
    load_police_force_population,
)

__all__ = [
    "census2021_benchmark",
    "list_mse",
    "list_tables",
    "load_census2021_age_region",
    "load_census2021_ethnicity_pfa",
    "load_census2021_ethnicity_region",
    "load_county_lines_national",
    "load_localisation",
    "load_localisation_counts_derived",
    "load_localisation_identification_derived",
    "load_missing_children",
    "load_mse",
    "load_nominals_as_published",
    "load_nrm_county_lines",
    "load_nrm_criminal_exploitation_force",
    "load_nrm_criminal_exploitation_national",
    "load_nrm_referral_vintages",
    "load_police_force_centroids",
    "load_police_force_pairs",
    "load_police_force_population",
    "load_stop_search_pfa_2019_2021",
]
