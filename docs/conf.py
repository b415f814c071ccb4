"""The documentation as a site: `make docs` builds it into `site/`, warnings are errors.

The source is the repository's root rather than `docs/`, so that a link between README, docs and the
cards of the models is the same on the site and in the repository.
"""

project = "vq-lab"
author = "the authors of vq-lab"
project_copyright = "MIT licence"

extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/*.md",
    "docs/tutorials/*.md",
    "apps/*/src/*/shipped/*.md",
    "apps/*/src/*/shipped/*/*.md",
    "apps/*/src/*/data/bundled/*.md",
]

myst_heading_anchors = 4  # the anchors that GitHub gives to headings
myst_enable_extensions = ["attrs_inline"]

html_theme = "furo"
html_title = "vq-lab"
html_extra_path = ["_site"]
html_show_sphinx = False
html_copy_source = False
