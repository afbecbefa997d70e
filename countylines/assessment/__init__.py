"""Assessment: the claims of the published assessment, one by one.

- :func:`assess`: what the published figures can and cannot support, as an :class:`Assessment`.
- :class:`Assessment`: the claims, as HTML, Markdown, JSON or a summary for the terminal.

On the command line: ``countylines assess``.
"""

from __future__ import annotations

from countylines.assessment.report import Assessment, assess

__all__ = ["Assessment", "assess"]
