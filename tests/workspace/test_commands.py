"""Every console command answers --help and --version lightly and refuses nonsense with exit 2."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FRAMEWORKS = {"jax", "flax", "optax", "mlx", "torch", "torchaudio", "gradio", "matplotlib"}

# Calls the entry point in a fresh interpreter, then names the frameworks that it has loaded.
PROBE = """
import importlib, sys
module, function = sys.argv[1].split(":")
sys.argv = [sys.argv[2], *sys.argv[3:]]
code = 0
try:
    code = getattr(importlib.import_module(module), function)()
except SystemExit as stop:
    code = stop.code
print("LOADED", *sorted({name.split(".")[0] for name in sys.modules}))
sys.exit(code)
"""


def commands() -> dict[str, str]:
    found: dict[str, str] = {}
    for file in sorted(ROOT.glob("apps/*/pyproject.toml")):
        found |= tomllib.loads(file.read_text())["project"]["scripts"]
    return found


def call(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROBE, commands()[command], command, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("command", commands())
def test_help_teaches_without_loading_a_framework(command):
    result = call(command, "--help")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("usage:")
    assert len(result.stdout.splitlines()) > 8, "a usage line alone teaches nobody"
    loaded = set(result.stdout.rsplit("LOADED", 1)[1].split())
    assert not loaded & FRAMEWORKS


@pytest.mark.parametrize("command", commands())
def test_version_is_the_packages_own(command):
    result = call(command, "--version")
    assert result.returncode == 0, result.stderr
    assert "0.1.0" in result.stdout


@pytest.mark.parametrize("command", commands())
def test_an_unknown_option_is_a_usage_error_in_words(command):
    result = call(command, "--no-such-option")
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    # Argparse names what is required before what is unknown.
    assert re.search(r"--no-such-option|the following arguments are required", result.stderr)
