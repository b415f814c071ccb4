"""The page's front end: HTML, style and script files of one tab, read from the package."""

from importlib.resources import files


def read_asset(name: str) -> str:
    """Text of `assets/NAME`."""
    return files("distill.ui").joinpath("assets", *name.split("/")).read_text(encoding="utf-8")


def join_scripts(scope: str, names: tuple[str, ...]) -> str:
    """Scripts as one function body, in order; `scope` prefixes the server functions they call."""
    parts = [f'"use strict";\nconst SCOPE = "{scope}";']
    parts += [f"// {name}\n{read_asset(name)}" for name in names]
    return "\n".join(parts)


def join_styles(names: tuple[str, ...]) -> str:
    """Style sheets as one."""
    return "\n".join(read_asset(name) for name in names)
