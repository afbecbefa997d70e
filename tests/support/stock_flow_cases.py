"""Reference cases of stock and flow, by id."""

from __future__ import annotations

import json
from pathlib import Path

_PATH = Path(__file__).parents[1] / "reference" / "stock_flow.json"
CASES = {case["id"]: case for case in json.loads(_PATH.read_text(encoding="utf-8"))["cases"]}
