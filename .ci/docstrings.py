"""Check the docstring of everything public with numpydoc, by the rules in pyproject.toml.

``numpydoc lint`` reads files, so it cannot tell what is public, nor see the fields of dataclasses.
This goes by ``__all__``: functions, classes, and the methods and properties that classes define.
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from numpydoc.validate import validate

import countylines as cl

ROOT = Path(__file__).resolve().parents[1]


def path(value: object) -> str:
    """Where a function or class is defined."""
    return f"{value.__module__}.{value.__qualname__}"


def public() -> Iterator[tuple[str, set[str]]]:
    """Import paths of all that is public, methods included, and the checks that do not suit."""
    seen: set[str] = set()
    for name in cl.__all__:
        room = getattr(cl, name)
        inner = [getattr(room, n) for n in getattr(room, "__all__", ())]
        for value in inner if inspect.ismodule(room) else [room]:
            if not (inspect.isclass(value) or inspect.isfunction(value)) or path(value) in seen:
                continue
            seen.add(path(value))
            yield path(value), excuses(value)
            if inspect.isclass(value):
                for member, method in vars(value).items():
                    function = isinstance(method, (classmethod, staticmethod, property))
                    if not member.startswith("_") and (function or inspect.isfunction(method)):
                        yield f"{path(value)}.{member}", set()


def excuses(value: object) -> set[str]:
    """Checks that do not suit an object: fields may be described as attributes, or by a base."""
    record = dataclasses.is_dataclass(value) or hasattr(value, "_fields")
    return {"PR01", "PR03"} if record else set()


def main() -> int:
    """Print every violation and return 1 if there are any."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    excused = set(settings["tool"]["numpydoc_validation"]["checks"]) - {"all"}
    checked = found = 0
    for name, unsuited in public():
        checked += 1
        report = validate(name)
        for code, text in report["errors"]:
            if code not in excused | unsuited:
                found += 1
                print(f"{name}: {code} {text}")
    print(f"{checked} docstrings, {found} violations")
    return 1 if found or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
