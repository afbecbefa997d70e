"""A drawing as inline SVG: the same bytes for the same input, and ids that are unique in a page."""

from __future__ import annotations

import html
import io
import re
from typing import Any

from countylines.assessment.claim import Drawing

WIDTH = 5.2
"""Inches; at 72 units an inch a phone shows the figure at nearly the size it is drawn."""

FONTS = ["DejaVu Sans"]
"""Bundled with matplotlib, so that the layout is the same everywhere."""

# Text stays text: it can be searched, read out and copied, and prints sharp.
SETTINGS: dict[str, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": FONTS,
    "font.size": 10.5,
    "axes.labelsize": 10.5,
    "xtick.labelsize": 10.0,
    "ytick.labelsize": 10.0,
    "legend.fontsize": 10.0,
    "legend.title_fontsize": 10.0,
    "lines.markersize": 6.5,
    "axes.unicode_minus": True,
    "text.usetex": False,
    "path.simplify": True,
}

MISSING = (
    "This report has no figures, because matplotlib is not installed. Every figure shows numbers "
    'that stand in a table. To have them: pip install "countylines[plot]"'
)


def is_available() -> bool:
    """Whether figures can be drawn: matplotlib is there, and whole."""
    try:
        import matplotlib.backends.backend_svg
        import matplotlib.figure  # noqa: F401
    except ImportError:
        return False
    return True


def render(drawing: Drawing, prefix: str = "") -> str:
    """An ``<svg>`` element with a title and a description, free of outside references."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    name = f"{prefix}{drawing.id}"
    target = io.StringIO()
    with mpl.rc_context():
        mpl.rcdefaults()
        settings: Any = {**SETTINGS, "svg.hashsalt": name}
        mpl.rcParams.update(settings)
        figure = Figure(figsize=(WIDTH, drawing.height), layout="constrained")
        FigureCanvasSVG(figure)
        drawing.draw(figure)
        figure.savefig(target, format="svg", metadata={"Date": None}, transparent=True)
    return _inline(target.getvalue(), drawing, name)


def _inline(document: str, drawing: Drawing, name: str) -> str:
    """The element alone, named and described, with its ids made its own."""
    body = document[document.index("<svg") :]
    body = re.sub(r"\s*<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->\s*", "", body, flags=re.DOTALL)
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = re.sub(r'(?:xlink:)?href="#', f'href="#{name}-', body)
    body = body.replace("url(#", f"url(#{name}-")
    # The reader's own font: the one the layout was measured with is wide, so nothing runs over.
    body = re.sub(r"font-family: [^;\"]*", "font-family: inherit", body)
    body = re.sub(
        r"(font: (?:[\w.]+ )*[\d.]+px) (?:'[^']*'|[\w ]+)(?:, ?(?:'[^']*'|[\w -]+))*",
        r"\1 system-ui, -apple-system, 'Segoe UI', sans-serif",
        body,
    )
    start = body.index(">") + 1
    box = re.search(r'viewBox="([^"]+)"', body[:start])
    assert box is not None
    head = (
        f'<svg viewBox="{box.group(1)}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{html.escape(drawing.title)}</title>'
        f'<desc id="{name}-desc">{html.escape(drawing.description)}</desc>'
    )
    return head + body[start:].rstrip()
