"""The report in a few lines for a terminal."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from countylines.assessment import _text

if TYPE_CHECKING:
    from countylines.assessment.report import Assessment

WIDTH = 100
INDENT = "   "


def summary(report: Assessment) -> str:
    """Each claim with its verdict; nothing wider than `WIDTH`."""
    lines = [_text.TITLE, ""]
    for number, claim in enumerate(report.claims, 1):
        verdict = claim.verdict.words.upper()
        title = textwrap.shorten(
            f"{number}. {claim.title}", WIDTH - len(verdict) - 2, placeholder=" ..."
        )
        lines.append(f"{title}{verdict:>{WIDTH - len(title)}}")
        lines += textwrap.wrap(
            claim.verdict.sentence, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT
        )
        lines.append("")
    return "\n".join(lines).rstrip()
