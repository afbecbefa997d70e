"""Versions of what is installed, for bug reports."""

from __future__ import annotations

import platform
import sys
from importlib import metadata
from typing import TextIO

from countylines._frames import version

_PACKAGES = (
    "numpy",
    "scipy",
    "pandas",
    "xarray",
    "statsmodels",
    "matplotlib",
    "dask",
    "distributed",
    "arviz-base",
)


def show_versions(file: TextIO | None = None) -> None:
    """Print the versions of countylines, Python, the platform and the packages it uses.

    Parameters
    ----------
    file : text stream or None, optional
        Where to print; standard output if None.

    Examples
    --------
    >>> import io
    >>> stream = io.StringIO()
    >>> cl.show_versions(stream)
    >>> "numpy" in stream.getvalue()
    True

    Paste the printed lines into a bug report.
    """
    lines = {"countylines": version(), "python": platform.python_version()}
    lines["platform"] = f"{platform.system()} {platform.machine()}"
    for name in _PACKAGES:
        try:
            lines[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            lines[name] = "not installed"
    for name, text in lines.items():
        print(f"{name:<12} {text}", file=file or sys.stdout)
