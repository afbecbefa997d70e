"""What `import countylines` loads and does, each time in a fresh process.

Nothing here is timed: what is not loaded costs nothing. The seconds are in
benchmarks/test_import.py.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

LATER = ("matplotlib", "dask", "distributed", "statsmodels", "scipy.stats", "scipy.optimize")
TOPICS = ("prevalence", "capture_recapture", "disproportionality", "localisation")

# Reports every attempt to reach the network; it cannot be taken off again.
WATCH = """
import sys
_seen = []
def _watch(event, args):
    if event.startswith(("socket.", "urllib.", "http.", "ftplib.")):
        _seen.append(event)
sys.addaudithook(_watch)
"""


def fresh(code: str) -> object:
    """Run `code` in a new interpreter and return what it leaves in `answer`."""
    done = subprocess.run(
        [
            sys.executable,
            "-P",
            "-W",
            "error",
            "-c",
            f"{code}\nimport json; print(json.dumps(answer))",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def modules_after(*statements: str) -> set[str]:
    return set(fresh("\n".join((*statements, "import sys; answer = sorted(sys.modules)"))))


@pytest.fixture(scope="module")
def xarray_modules() -> set[str]:
    return modules_after("import xarray")


def test_import_loads_no_more_than_xarray(xarray_modules):
    ours = {name for name in modules_after("import countylines") if name != "countylines"}
    ours = {name for name in ours if not name.startswith("countylines.")}
    assert ours <= xarray_modules


@pytest.mark.parametrize("name", LATER)
def test_import_leaves_for_later(name):
    assert name not in modules_after("import countylines")


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_leaves_optional_packages_alone(topic, xarray_modules):
    loaded = modules_after(f"import countylines.{topic}") - xarray_modules
    roots = {name.partition(".")[0] for name in loaded}
    assert roots.isdisjoint({"matplotlib", "dask", "distributed", "statsmodels"})


def test_every_public_name_can_be_reached():
    missing = fresh(
        "import countylines\n"
        "answer = [n for n in countylines.__all__ if getattr(countylines, n, None) is None]"
    )
    assert missing == []


def test_dir_lists_every_public_name():
    absent = fresh("import countylines as c; answer = sorted(set(c.__all__) - set(dir(c)))")
    assert absent == []


def test_an_unknown_name_is_an_attribute_error():
    text = fresh(
        "import countylines\n"
        "try:\n    countylines.no_such_name\n"
        "except AttributeError as error:\n    answer = str(error)"
    )
    assert text == "module 'countylines' has no attribute 'no_such_name'"


def test_the_watch_sees_a_lookup():
    seen = fresh(
        f"{WATCH}\nimport socket\ntry:\n    socket.getaddrinfo('localhost', 80)\n"
        "except OSError:\n    pass\nanswer = _seen"
    )
    assert "socket.getaddrinfo" in seen


def test_import_and_use_reach_no_network():
    seen = fresh(
        f"{WATCH}\nimport countylines\n"
        "for name in countylines.__all__:\n    getattr(countylines, name)\n"
        "countylines.prevalence.proportion(38, 43)\n"
        "answer = _seen"
    )
    assert seen == []


def test_the_version_is_that_of_the_installed_package():
    from importlib.metadata import version

    assert fresh("import countylines; answer = countylines.__version__") == version("countylines")
