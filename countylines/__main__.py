"""The command line: ``countylines assess`` and ``python -m countylines assess``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from countylines._frames import version
from countylines.errors import CountyLinesError, InputError

if TYPE_CHECKING:
    from countylines.assessment import Assessment

SUFFIXES = {"html": ".html", "markdown": ".md", "json": ".json"}
READ_AS = {".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown"}
READ_AS |= {".json": "json"}

PLAIN = str.maketrans({"“": '"', "”": '"', "’": "'", "–": "-", "\u00a0": " "})

USAGE_ERROR = 2
FAILED = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    argv : sequence of str or None, optional
        Arguments; those of the process if None.

    Returns
    -------
    int
        Exit code: 0 if all went well, 1 if countylines refused, 2 for a command it does not know.
    """
    _never_fail_to_print()
    parser = _parser()
    try:
        options = parser.parse_args(argv)
    except SystemExit as stopped:
        return stopped.code if isinstance(stopped.code, int) else USAGE_ERROR
    if options.command is None:
        parser.print_help()
        return 0
    try:
        return _assess(options)
    except CountyLinesError as error:
        print(f"countylines: {error}", file=sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="countylines",
        description="What figures on county lines can and cannot support.",
        epilog="Exit codes: 0 done, 1 refused (the message says why), 2 unknown command or option.",
    )
    parser.add_argument("--version", action="version", version=f"countylines {version()}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    assess = commands.add_parser(
        "assess",
        help="assess the published claims and write a report",
        description="Assess the claims of the published assessment, from the published tables that "
        "come with the package, and write a report. Nothing is fetched.",
    )
    assess.add_argument(
        "--out",
        metavar="PATH",
        type=Path,
        help="file to write; its suffix chooses the format (default: assessment.html)",
    )
    assess.add_argument(
        "--format",
        choices=tuple(SUFFIXES),
        help="format of the report (default: that of the suffix of --out, or html)",
    )
    assess.add_argument("--quiet", action="store_true", help="print nothing")
    return parser


def _assess(options: argparse.Namespace) -> int:
    path, form = _target(options.out, options.format)
    from countylines.assessment import assess

    report = assess()
    _write(path, _text(report, form))
    if not options.quiet:
        print(_printable(f"{report.summary()}\n\nWritten: {path}"))
    return 0


def _target(path: Path | None, form: str | None) -> tuple[Path, str]:
    """Where to write, and in which format; checked before any work is done."""
    if form is None:
        form = "html" if path is None else READ_AS.get(path.suffix.lower(), "")
    if not form:
        raise InputError(
            f"`--out` must be a file with one of the suffixes {', '.join(READ_AS)}, or come with "
            f"--format, got {str(path)!r}. Use --format html, markdown or json."
        )
    path = path or Path(f"assessment{SUFFIXES[form]}")
    # os.path says False where it may not look; writing then says why.
    if os.path.isdir(path):
        raise InputError(
            f"`--out` must be a file, got the directory {str(path)!r}. "
            f"Use --out {path / f'assessment{SUFFIXES[form]}'}."
        )
    if not os.path.isdir(path.parent):
        raise InputError(
            f"`--out` must be a file in a directory that exists, got {str(path)!r}. "
            f"Make {str(path.parent)!r} first, or choose another place with --out PATH."
        )
    return path, form


def _text(report: Assessment, form: str) -> str:
    if form == "html":
        return report.to_html()
    if form == "markdown":
        return report.to_markdown()
    return json.dumps(report.to_dict(), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(
            f"`--out` must be a file that can be written, got {str(path)!r} ({error.strerror}). "
            "Choose another place with --out PATH."
        ) from None


def _never_fail_to_print() -> None:
    """Lose a character rather than fail where a terminal cannot show it."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _printable(text: str) -> str:
    """Text with plain quotation marks and dashes where the terminal has no others."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return text.translate(PLAIN)
    return text


if __name__ == "__main__":
    sys.exit(main())
