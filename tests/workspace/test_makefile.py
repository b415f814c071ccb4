"""The Makefile explains itself and fetches uv where it is missing."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = [
    "help",
    "setup",
    "explorer",
    "scene",
    "distill",
    "format",
    "lint",
    "test",
    "test-explorer",
    "test-scene",
    "test-distill",
    "e2e",
    "scene-models",
    "bench",
    "bench-peers",
    "faults",
    "docs",
]


def make(*arguments: str, path: str | None = None, cwd: Path = ROOT) -> str:
    program = shutil.which("make")
    assert program, "make is missing"
    result = subprocess.run(
        [program, "--no-print-directory", *arguments],
        cwd=cwd,
        env={"PATH": path or "/usr/bin:/bin", "HOME": str(cwd)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_make_alone_lists_every_target_with_its_explanation():
    listed = re.findall(r"^  ([a-z0-9-]+) +(\S.*)$", make(), re.MULTILINE)
    assert set(TARGETS) <= {name for name, _ in listed}


@pytest.mark.parametrize("target", [t for t in TARGETS if t != "help"])
def test_a_target_fetches_uv_into_an_ignored_folder_where_it_is_missing(target, tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    bare = tmp_path / "bin"
    bare.mkdir()
    for tool in ("bash", "grep", "awk", "python3"):
        program = shutil.which(tool)
        assert program
        (bare / tool).symlink_to(program)
    plan = make("--dry-run", target, path=str(bare), cwd=tmp_path).splitlines()
    assert plan[0] == "python3 -m venv .uv"
    assert "pip install" in plan[1]
    assert all(line.startswith(".uv/bin/uv ") for line in plan[2:])
    assert ".uv/" in (ROOT / ".gitignore").read_text().splitlines()


@pytest.mark.parametrize("target", [t for t in TARGETS if t != "help"])
def test_a_target_uses_the_uv_that_is_there(target):
    uv = shutil.which("uv")
    if uv is None:
        uv = str(ROOT / ".uv/bin/uv")
    plan = make("--dry-run", target, path=f"{Path(uv).parent}:/usr/bin:/bin").splitlines()
    assert plan
    assert all(line.startswith(uv) for line in plan)
