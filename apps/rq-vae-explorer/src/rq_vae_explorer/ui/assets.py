"""The page's own HTML, CSS and JavaScript, shipped in the package folder `static/`."""

from __future__ import annotations

from importlib.resources import files

_STATIC = files("rq_vae_explorer.ui") / "static"


def read_asset(name: str) -> str:
    """Text of one file of `static/`."""
    return (_STATIC / name).read_text(encoding="utf-8")


def dashboard_script() -> str:
    """All numbered `static/*.js` in their order: one function body for the component."""
    return _joined(".js")


def dashboard_style() -> str:
    """All numbered `static/*.css` in their order, to be nested in the component's element."""
    return _joined(".css")


def _joined(suffix: str) -> str:
    names = sorted(entry.name for entry in _STATIC.iterdir())
    numbered = [name for name in names if name.endswith(suffix) and name[0].isdigit()]
    return "\n".join(read_asset(name) for name in numbered)
