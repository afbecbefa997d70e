"""The claims that are assessed, one file each: a function from the sources to a :class:`Claim`."""

from __future__ import annotations

from collections.abc import Callable

from countylines.assessment.claim import Claim
from countylines.assessment.claims import (
    active_lines,
    all_regions,
    closures,
    fewer_children,
    localisation,
    missing_children,
    threat_stable,
)
from countylines.assessment.sources import Sources

CLAIMS: dict[str, Callable[[Sources, float], Claim]] = {
    "active-lines": active_lines.claim,
    "localisation": localisation.claim,
    "all-regions": all_regions.claim,
    "missing-children": missing_children.claim,
    "threat-stable": threat_stable.claim,
    "fewer-children": fewer_children.claim,
    "closures": closures.claim,
}
"""Every claim by its id, in the order of the report."""
