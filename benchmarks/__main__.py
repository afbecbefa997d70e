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


def tables(report: dict[str, list[dict]]) -> str:
    """One table a group: median, spread and the peer's time over ours."""
    groups: dict[str, list[tuple[str, float, float]]] = {}
    for item in report["benchmarks"]:
        who = item["name"].partition("[")[0].rsplit("_", 1)[-1]
        stats = item["stats"]
        groups.setdefault(item["group"] or item["name"], []).append(
            (who, stats["median"], stats["iqr"])
        )
    parts = []
    for group, rows in sorted(groups.items()):
        base = next((median for who, median, _ in rows if who == OURS), None)
        parts += ["", group, f"  {'':<16}{'median':>10}{'iqr':>10}{'over ours':>12}"]
        for who, median, spread in sorted(rows, key=lambda row: (row[0] != OURS, row[1])):
            ratio = f"{median / base:.2f} x" if base and who != OURS else ""
            name = "countylines" if who == OURS else who
            parts.append(f"  {name:<16}{seconds(median):>10}{seconds(spread):>10}{ratio:>12}")
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
