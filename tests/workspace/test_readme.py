"""Every command that the README and the docs show exists, with the options that they show."""

import re
import shlex
import subprocess
import sys
import tomllib
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAUNCHERS = ("torchrun", "mlx.launch")  # of PyTorch and MLX: start several processes of a command
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def shown_commands() -> list[tuple[str, str]]:
    """(page, command line) of every line in the pages' bash blocks."""
    found = []
    for page in PAGES:
        for block in re.findall(r"```(?:bash|sh|console)\n(.*?)```", page.read_text(), re.DOTALL):
            joined = block.replace("\\\n", " ")
            lines = (line.strip().removeprefix("$ ") for line in joined.splitlines())
            found += [(page.name, line) for line in lines if line and not line.startswith("#")]
    return found


def entry_points() -> dict[str, str]:
    found: dict[str, str] = {}
    for file in ROOT.glob("apps/*/pyproject.toml"):
        found |= tomllib.loads(file.read_text())["project"]["scripts"]
    return found


@lru_cache
def help_of(command: str, *subcommand: str) -> str:
    module, function = entry_points()[command].split(":")
    call = (
        f"import sys; from {module} import {function} as f; sys.argv[0]={command!r}; sys.exit(f())"
    )
    result = subprocess.run(
        [sys.executable, "-c", call, *subcommand, "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def app_command(words: list[str]) -> list[str]:
    """The words from the app's own command on, without `uv run` and its options."""
    rest = words[2:]
    while rest and rest[0].startswith("-"):
        rest = rest[2:] if rest[0] == "--package" else rest[1:]
    if rest and rest[0] in LAUNCHERS:
        # What they launch, after options with a value each: `-m distill` or a path's last part.
        rest = rest[1:]
        while rest[0].startswith("-") and rest[0] != "-m":
            rest = rest[2:]
        rest = rest[1:] if rest[0] == "-m" else [Path(rest[0]).name, *rest[1:]]
    return rest


@pytest.mark.parametrize(("page", "line"), shown_commands())
def test_a_shown_command_exists(page, line):
    words = shlex.split(line, comments=True)
    if words[0] == "make":
        targets = re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert all(word in targets or "=" in word for word in words[1:])
        return
    if words[:2] != ["uv", "run"] and words[0] not in entry_points():
        assert words[0] in {
            "git",
            "cd",
            "uv",
            "python3",
            "pip",
            "apt-get",
            "printf",
            "sudo",
            "torchrun",
        }
        return
    command = words if words[0] in entry_points() else app_command(words)
    if command[0] in {"python", "pytest"}:
        assert all((ROOT / word).exists() for word in command[1:] if word.endswith(".py"))
        return
    assert command[0] in entry_points(), f"{page}: {command[0]} is no command of the apps"
    subcommands = subcommand_of(command)
    shown = help_of(command[0], *subcommands)
    for option in (word.split("=")[0] for word in command[1:] if re.match(r"-[-a-z]", word)):
        assert re.search(rf"(^|[\s,\[(]){re.escape(option)}\b", shown), f"{option} is not in --help"


def subcommand_of(command: list[str]) -> tuple[str, ...]:
    """The subcommand, where the command's help lists the first argument as one."""
    named = len(command) > 1 and re.fullmatch(r"[a-z][a-z-]+", command[1])
    if named and re.search(rf"^ +{command[1]}\s", help_of(command[0]), re.MULTILINE):
        return (command[1],)
    return ()


def test_the_readme_leads_with_the_two_make_commands():
    first = [line.split("#")[0].strip() for page, line in shown_commands() if page == "README.md"]
    assert "make explorer" in first
    assert "make test" in first
