"""One current lock serves every app on every supported platform."""

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLATFORMS = ["x86_64-manylinux_2_39", "aarch64-manylinux_2_39", "aarch64-apple-darwin"]


def uv(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("uv") or str(ROOT / ".uv/bin/uv")
    return subprocess.run(
        [program, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def locked_packages() -> dict[str, set[str]]:
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    versions: dict[str, set[str]] = {}
    for package in lock["package"]:
        versions.setdefault(package["name"], set()).add(package["version"])
    return versions


def exported(*which: str) -> set[str]:
    """Names of the packages that these options of `uv export` select."""
    result = uv("export", "--locked", "--offline", "--no-hashes", "--quiet", *which)
    assert result.returncode == 0, result.stderr
    return {line.split("==")[0].strip() for line in result.stdout.splitlines() if "==" in line}


def test_the_lock_is_current():
    result = uv("lock", "--check", "--offline")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_locked_package_can_be_installed_on(platform):
    result = uv(
        "sync",
        "--locked",
        "--offline",
        "--dry-run",
        "--all-packages",
        f"--python-platform={platform}",
        MACOSX_DEPLOYMENT_TARGET="14.0",
    )
    assert result.returncode == 0, result.stderr


def test_torch_and_torchaudio_fit_together():
    versions = locked_packages()
    assert all(tuple(map(int, v.split(".")[:2])) < (2, 15) for v in versions["torch"])
    assert all(v.startswith("2.11.") for v in versions["torchaudio"])


@pytest.mark.parametrize(
    ("package", "foreign"),
    [
        ("scene", {"torch", "jax", "gradio"}),
        ("rq-vae-explorer", {"torch", "mlx"}),
        ("distill", {"jax", "mlx"}),
        ("vq-common", {"torch", "jax", "mlx", "gradio"}),
    ],
)
def test_an_app_installs_no_framework_of_its_neighbours(package, foreign):
    names = exported("--package", package, "--no-dev")
    assert names, "the export is empty"
    assert not names & foreign


def test_what_only_the_peers_need_is_installed_for_nobody_else():
    usual = exported("--all-packages")
    assert "transformers" in exported("--all-packages", "--group", "peers") - usual
