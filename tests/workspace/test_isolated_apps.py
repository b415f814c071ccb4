"""Each app runs with nothing but what it declares, in an environment of its own."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIST_MODULES = (
    "import importlib.util as u, sys; print(*[m for m in sys.argv[1:] if u.find_spec(m)])"
)


def run_alone(package: str, *command: str) -> subprocess.CompletedProcess[str]:
    uv = shutil.which("uv") or str(ROOT / ".uv/bin/uv")
    alone = ["run", "--isolated", "--exact", "--locked", "--offline", "--no-dev"]
    return subprocess.run(
        [uv, *alone, "--package", package, *command],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("package", "command", "foreign"),
    [
        ("rq-vae-explorer", "rq-vae-explorer", ["torch", "mlx", "scene", "distill", "tensorflow"]),
        ("scene", "generate", ["torch", "jax", "gradio", "rq_vae_explorer", "distill"]),
        ("distill", "distill", ["jax", "mlx", "rq_vae_explorer", "scene"]),
    ],
)
def test_an_app_runs_alone_without_its_neighbours_frameworks(package, command, foreign):
    helped = run_alone(package, command, "--help")
    assert helped.returncode == 0, helped.stderr
    assert helped.stdout.startswith("usage:")
    listed = run_alone(package, "python", "-c", LIST_MODULES, *foreign, "vq_common")
    assert listed.stdout.split() == ["vq_common"], listed.stderr
