"""``python -m benchmarks [pytest options]``: time everything and print one table a group."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
OURS = "ours"


def run(options: list[str], report: Path) -> int:
    """Run the benchmarks against the installed package and save what was measured."""
    command = [sys.executable, "-P", "-m", "pytest", str(HERE), "-q", "-p", "no:cacheprovider"]
    command += ["--benchmark-disable-gc", "--benchmark-quiet", f"--benchmark-json={report}"]
    return subprocess.run([*command, *options], cwd=HERE.parent, check=False).returncode


def seconds(value: float) -> str:
    """A duration with three digits and the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"


def row_name(test: str) -> str:
    """What a row is called: countylines, the peer, or the words of the test's name."""
    name, _, case = test.removeprefix("test_").rstrip("]").partition("[")
    who = name.rsplit("_", 1)[-1]
    words = "countylines" if who == OURS else name.replace("_", " ")
    return f"{words} ({case})" if case else words


def tables(report: dict[str, list[dict]]) -> str:
    """One table a group: median, spread, and how many times ours it takes."""
    groups: dict[str, list[tuple[str, float, float]]] = {}
    for item in report["benchmarks"]:
        stats = item["stats"]
        groups.setdefault(item["group"] or item["name"], []).append(
            (row_name(item["name"]), stats["median"], stats["iqr"])
        )
    width = max(len(name) for rows in groups.values() for name, _, _ in rows) + 2
    parts = []
    for group, rows in sorted(groups.items()):
        ours = [median for name, median, _ in rows if name == "countylines"]
        parts += ["", group, f"  {'':<{width}}{'median':>10}{'iqr':>10}{'times ours':>12}"]
        for name, median, spread in sorted(rows, key=lambda row: (row[0] != "countylines", row[1])):
            ratio = f"{median / ours[0]:.2f}" if ours and name != "countylines" else ""
            line = f"  {name:<{width}}{seconds(median):>10}{seconds(spread):>10}{ratio:>12}"
            parts.append(line.rstrip())
    return "\n".join(parts)


def main() -> int:
    """Time, print, and return what pytest returned."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        status = run(sys.argv[1:], report)
        if report.exists():
            print(tables(json.loads(report.read_text(encoding="utf-8"))))
    return status


if __name__ == "__main__":
    sys.exit(main())
