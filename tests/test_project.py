"""Rules of the project that no single module can keep by itself."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from importlib import resources
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import countylines

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path(countylines.__file__).resolve().parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")

README_COMMANDS = {
    "readme-1": "python3 -m venv .venv && .venv/bin/pip install '.[plot]' && "
    ".venv/bin/countylines assess --out assessment.html",
    "readme-2": "python3 -m venv .venv-test && .venv-test/bin/pip install '.[test]' && "
    ".venv-test/bin/pytest -q",
}


def relative(path: Path) -> str:
    return path.relative_to(PACKAGE.parent).as_posix()


def imported_modules(path: Path) -> set[str]:
    """Every module that a file imports, wherever the statement stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def own_files() -> list[Path]:
    """Files of the project that people write, without environments and what tools made."""
    made = ("_build", "gallery", "generated", "build", "dist", "__pycache__")
    kinds = {".py", ".md", ".rst", ".toml", ".cff", ".bib", ".json", ".csv", ".css", ".yaml"}
    return [
        path
        for path in sorted(ROOT.rglob("*"))
        if path.suffix in kinds
        and not any(
            part in made or (part.startswith(".") and part != ".ci")
            for part in path.relative_to(ROOT).parts[:-1]
        )
        and not path.name.startswith("assessment.")
        and path.is_file()
    ]


class TestInstalled:
    def test_the_tests_run_against_the_installed_package(self):
        distribution = importlib.metadata.distribution("countylines")
        direct = json.loads(distribution.read_text("direct_url.json") or "{}")
        if direct.get("dir_info", {}).get("editable", False):
            home = Path(unquote(urlsplit(direct["url"]).path)).resolve()
        else:
            home = Path(distribution.locate_file("")).resolve()
        assert home / "countylines" == PACKAGE, (
            "these tests import another countylines than the one installed; "
            "run `pytest`, not `python -m pytest`"
        )

    @pytest.mark.parametrize(
        "name",
        ["py.typed", "references.bib", "datasets/registry.json", "datasets/tables"],
    )
    def test_data_are_installed(self, name):
        there = resources.files("countylines").joinpath(*name.split("/"))
        assert there.is_file() or any(item.name.endswith(".csv") for item in there.iterdir())

    def test_the_console_script_is_declared(self):
        scripts = importlib.metadata.entry_points(group="console_scripts")
        assert scripts["countylines"].value == "countylines.__main__:main"

    def test_the_module_runs(self):
        done = subprocess.run(
            [sys.executable, "-P", "-m", "countylines", "--help"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "assess" in done.stdout


class TestRequirements:
    def test_no_requirement_has_an_upper_cap(self):
        project = PYPROJECT["project"]
        groups = [project["dependencies"], *project["optional-dependencies"].values()]
        wanted = [line for group in groups for line in group]
        assert [line for line in wanted if re.search(r"<|==|~=", line)] == []

    def test_the_extras_are_those_promised(self):
        promised = {"plot", "dask", "arviz", "change-points", "test", "docs", "bench", "all"}
        assert set(PYPROJECT["project"]["optional-dependencies"]) == promised


class TestSources:
    @pytest.mark.parametrize("path", SOURCES, ids=relative)
    def test_a_file_can_be_read_at_one_sitting(self, path):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 500

    def test_no_module_is_called_utils(self):
        vague = {"utils", "_utils", "util", "helpers", "_helpers", "misc", "common", "_common"}
        assert [relative(path) for path in SOURCES if path.stem in vague] == []
        assert [relative(path) for path in SOURCES if path.parent.name in vague] == []

    @pytest.mark.parametrize("path", SOURCES, ids=relative)
    def test_annotations_are_never_evaluated(self, path):
        text = path.read_text(encoding="utf-8")
        code = [n for n in ast.parse(text).body if not isinstance(n, ast.Expr)]
        assert not code or "from __future__ import annotations" in text

    @pytest.mark.parametrize(
        "path", sorted((PACKAGE / "_kernels").rglob("*.py")), ids=lambda path: path.name
    )
    def test_a_kernel_is_numerics_only(self, path):
        for name in imported_modules(path):
            root = name.partition(".")[0]
            assert not name.startswith("scipy.stats"), name
            assert root not in {"pandas", "xarray", "dask", "matplotlib", "statsmodels"}, name
            if root == "countylines":
                assert name.startswith("countylines._kernels"), name

    @pytest.mark.parametrize("path", SOURCES, ids=relative)
    def test_an_optional_package_is_never_imported_at_the_top(self, path):
        optional = {"matplotlib", "dask", "distributed", "arviz_base", "polars", "statsmodels"}
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Import):
                roots = {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                roots = {(node.module or "").partition(".")[0]}
            else:
                continue
            assert roots.isdisjoint(optional)

    def test_no_global_random_state(self):
        used = re.compile(r"\bnp\.random\.(seed|rand|randn|random|normal|poisson|binomial)\b")
        assert [relative(p) for p in SOURCES if used.search(p.read_text(encoding="utf-8"))] == []


class TestText:
    def test_every_example_runs(self):
        skipped = re.compile(r"doctest:\s*\+SKIP")
        found = [p for p in own_files() if skipped.search(p.read_text(encoding="utf-8"))]
        assert [p.relative_to(ROOT).as_posix() for p in found if p != Path(__file__)] == []

    def test_no_path_of_one_machine(self):
        machine = re.compile(r"(?<![\w.~-])/(?:work|root|home|Users)/\w")
        found = [p for p in own_files() if machine.search(p.read_text(encoding="utf-8"))]
        assert [p.relative_to(ROOT).as_posix() for p in found] == []

    @pytest.mark.parametrize("name", README_COMMANDS)
    def test_the_readme_has_its_command(self, name):
        block = re.search(rf"<!-- ci: {name} -->\n```\w*\n(.*?)\n```", README, re.DOTALL)
        assert block is not None
        assert block.group(1) == README_COMMANDS[name]

    def test_the_versions_agree(self):
        version = PYPROJECT["project"]["version"]
        citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
        changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
        assert importlib.metadata.version("countylines") == version
        assert re.search(rf'^version: "?{re.escape(version)}"?$', citation, re.MULTILINE)
        assert re.search(rf"^## \[?{re.escape(version)}\b", changelog, re.MULTILINE)
