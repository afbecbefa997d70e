"""Sphinx settings. The build needs no network: every file a page loads is copied into the site."""

from __future__ import annotations

import re
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from generated_pages import public_names, write_a_to_z, write_coverage

project = "countylines"
author = "The countylines developers"
copyright = f"2026, {author}"
version = release = metadata.version("countylines")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "sphinxcontrib.bibtex",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "gallery/*.ipynb", "**/GALLERY_HEADER.rst"]
# Single backticks are names of parameters and fields, as numpydoc has it.
default_role = "literal"
add_function_parentheses = False
toc_object_entries_show_parents = "hide"

# --- strictness ---------------------------------------------------------------------------------

nitpicky = True
_OUTSIDE = "numpy|np|scipy|pandas|pd|xarray|xr|matplotlib|dask|statsmodels|hypothesis|arviz_base"
nitpick_ignore_regex = [
    (r"py:.*", rf"({_OUTSIDE})(\..+)?"),
    # The standard library, of which no inventory is fetched.
    (
        r"py:(exc|class|obj|func|mod|meth|data)",
        r"(collections|typing|fractions|decimal|pathlib)\..+",
    ),
    (r"py:(exc|class|obj)", r"[A-Za-z]+(Error|Warning|Exception)"),
    (r"py:(class|obj)", r"(str|int|float|bool|bytes|object|tuple|list|dict|set|None|True|False)"),
]

# --- docstrings ---------------------------------------------------------------------------------

autodoc_typehints = "none"
autodoc_member_order = "bysource"
autosummary_generate = True
autosummary_imported_members = False
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "attrs_block"]
myst_heading_anchors = 3

bibtex_bibfiles = ["../countylines/references.bib"]
bibtex_default_style = "plain"

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# --- gallery ------------------------------------------------------------------------------------

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/plot_",
    # A block that ends by drawing shows the drawing only.
    "ignore_repr_types": r"matplotlib",
    "abort_on_example_error": True,
    "doc_module": ("countylines",),
    "backreferences_dir": "api/generated/used_in",
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "within_subsection_order": "FileNameSortKey",
    "nested_sections": False,
}

# --- pages --------------------------------------------------------------------------------------


def mathjax() -> str:
    """The one file of MathJax that pages load, from the installed distribution."""
    found = find_spec("mathjax")
    if found is None or found.origin is None:
        raise ImportError("the documentation needs MathJax: pip install django-static-mathjax")
    return str(Path(found.origin).parent / "static" / "mathjax" / "es5" / "tex-svg.js")


html_theme = "pydata_sphinx_theme"
html_title = f"countylines {version}"
html_static_path = ["_static", mathjax()]
html_css_files = ["countylines.css"]
html_show_sourcelink = False
html_copy_source = False
mathjax_path = "tex-svg.js"
mathjax3_config = {"options": {"enableMenu": False}}
html_theme_options = {
    "logo": {"text": "countylines"},
    "show_toc_level": 2,
    "navbar_align": "left",
    "navigation_with_keys": False,
    "header_links_before_dropdown": 6,
    "navbar_persistent": ["search-button"],
    "navbar_end": ["theme-switcher"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "back_to_top_button": False,
}
html_sidebars = {"index": [], "quickstart": []}


def resolve_public_name(app: Any, env: Any, node: Any, contnode: Any) -> Any:
    """Link a public name that is written short, or by the file it is defined in."""
    target = node.get("reftarget", "")
    parts = target.removeprefix("countylines.").split(".")
    for at, part in enumerate(parts):
        home = public_names().get(part)
        if home is not None:
            full = ".".join([home, *parts[at + 1 :]])
            if full != target:
                return env.domains["py"].resolve_xref(
                    env, node["refdoc"], app.builder, "obj", full, node, contnode
                )
    return None


def without_private_fields(
    app: Any, what: str, name: str, obj: Any, options: Any, signature: str, returned: str
) -> tuple[str, str] | None:
    """A signature without the fields of a dataclass that only the package sets."""
    if what == "class" and signature:
        return re.sub(r", _\w+=\w+", "", signature), returned
    return None


def setup(app: Any) -> None:
    """Write what is written from the package before pages are read, and resolve short names."""
    write_a_to_z()
    write_coverage()
    app.connect("autodoc-process-signature", without_private_fields)
    app.connect("missing-reference", resolve_public_name)
