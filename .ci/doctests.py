"""Run every example of the public modules, the README and the documentation pages.

Numbers are compared as numbers, not as text. ``countylines`` is imported as ``cl`` beforehand, as
the pages say. Exits 1 if an example fails.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import tempfile
import warnings
from pathlib import Path
from types import ModuleType

import scipy_doctest

import countylines as cl

ROOT = Path(__file__).resolve().parents[1]


def config() -> scipy_doctest.DTConfig:
    """Examples see `cl`, and a warning in an example is an error."""
    made = scipy_doctest.DTConfig()
    made.default_namespace = {**made.default_namespace, "cl": cl}
    return made


def public_modules() -> list[ModuleType]:
    """The package and every module in it that says what is public in it."""
    found = pkgutil.walk_packages(cl.__path__, prefix=f"{cl.__name__}.")
    names = [info.name for info in found if "._" not in info.name]
    modules = [cl, *(importlib.import_module(name) for name in names)]
    return [module for module in modules if hasattr(module, "__all__")]


def pages() -> list[Path]:
    """The README and every page that people write below docs/."""
    made = {"_build", "generated", "gallery"}
    written = [
        path
        for path in sorted((ROOT / "docs").rglob("*"))
        if path.suffix in {".md", ".rst"} and made.isdisjoint(path.relative_to(ROOT).parts)
    ]
    return [ROOT / "README.md", *written]


def without_fences(page: Path, folder: Path) -> Path:
    """A copy of a page in which the lines of code fences are empty, as doctest needs them."""
    copy = folder / page.name
    lines = page.read_text(encoding="utf-8").splitlines()
    kept = ("" if line.lstrip().startswith(("```", ":::")) else line for line in lines)
    copy.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return copy


def main() -> int:
    """Count examples and failures, and say where they are."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        return run(Path(folder))


def run(folder: Path) -> int:
    """Run everything with `folder` as the place for copies."""
    attempted = failed = 0
    modules, files = public_modules(), pages()
    for module in modules:
        result, _ = scipy_doctest.testmod(module, strategy="api", config=config())
        failed += result.failed
        attempted += result.attempted
    for page in files:
        copy = str(without_fences(page, folder))
        result, _ = scipy_doctest.testfile(copy, module_relative=False, config=config())
        failed += result.failed
        attempted += result.attempted
    print(f"{attempted} examples in {len(modules)} modules and {len(files)} pages, {failed} failed")
    return 1 if failed or not attempted else 0


if __name__ == "__main__":
    warnings.simplefilter("error")
    sys.exit(main())
