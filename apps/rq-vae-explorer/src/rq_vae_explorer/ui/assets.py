"""The page's own HTML, CSS and JavaScript, shipped in the package folder `static/`."""

from __future__ import annotations

from importlib.resources import files

_STATIC = files("rq_vae_explorer.ui") / "static"


def read_asset(name: str) -> str:
    """Text of one file of `static/`."""
    return (_STATIC / name).read_text(encoding="utf-8")


def dashboard_script() -> str:
    """All `static/*.js` in the order of their numbers: one function body for the component."""
    names = sorted(entry.name for entry in _STATIC.iterdir() if entry.name.endswith(".js"))
    return "\n".join(read_asset(name) for name in names)
