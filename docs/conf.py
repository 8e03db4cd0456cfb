"""Configuration of the documentation site, which `make docs` builds into build/docs without any network."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import mvn_dask  # noqa: E402
from docs.extensions.type_links import type_aliases  # noqa: E402

project = "mvn_dask"
author = "the mvn_dask developers"
copyright = "the mvn_dask developers, BSD 3-clause licence"  # noqa: A001
version = release = mvn_dask.__version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "docs.extensions.author_names",
    "docs.extensions.code_blocks",
    "docs.extensions.code_breaks",
    "docs.extensions.code_links",
    "docs.extensions.current_code",
    "docs.extensions.earlier_builds",
    "docs.extensions.gallery",
    "docs.extensions.inline_pictures",
    "docs.extensions.mathml",
    "docs.extensions.notebook_kernels",
    "docs.extensions.outside_links",
    "docs.extensions.public_members",
    "docs.extensions.repository_links",
    "docs.extensions.type_links",
]
root_doc = "index"
exclude_patterns = ["_templates", "extensions"]
templates_path = ["_templates"]
nitpicky = True

# Pages are read on code hosts as well: headings have the anchors that those give them.
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "dollarmath", "deflist", "attrs_inline"]

nb_execution_mode = "auto"
nb_execution_timeout = 240
nb_execution_raise_on_error = True
nb_merge_streams = True

default_role = "name"
autosummary_generate = True
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_use_plots = False
numpydoc_xref_param_type = True
numpydoc_xref_aliases = type_aliases()
numpydoc_xref_ignore = "all"  # words that are no alias

html_title = "mvn_dask"
html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/favicon.svg"
html_math_renderer = "mathml"
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "logo": {"image_light": "_static/logo.svg", "image_dark": "_static/logo-dark.svg", "alt_text": "mvn_dask"},
    "header_links_before_dropdown": 6,
    "navigation_with_keys": False,
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": ["version", "theme-version"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_context = {"default_mode": "auto"}
# Pages without any below or beside them have no navigation of their section to show.
html_sidebars = {name: [] for name in ("index", "get-started", "support", "contributing", "releasing", "changelog")}

# A prompt is no part of what is copied, and neither is what follows from it.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
