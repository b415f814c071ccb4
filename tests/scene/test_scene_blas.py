"""MLX gets a fast BLAS on Linux, quietly, and before MLX itself is loaded."""

import ast
import os
import subprocess
import sys
from pathlib import Path

from scene import blas


def in_fresh_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=True,
    )


def imported_names(path: Path) -> list[str]:
    """Modules that a file imports at its top level, in order."""
    names = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return names


def test_every_module_that_uses_mlx_brings_the_blas_first():
    root = Path(blas.__file__).parent
    guarded = (root / "vqgan", root / "transformer")
    for package in guarded:
        assert "scene.blas" in imported_names(package / "__init__.py")
    checked = 0
    for path in root.rglob("*.py"):
        names = imported_names(path)
        uses = [n for n, name in enumerate(names) if name.split(".")[0] == "mlx"]
        if uses and path.parent not in guarded:
            assert "scene.blas" in names[: uses[0]], path
            checked += 1
    assert checked >= 5


def test_blas_is_chosen_before_mlx_is_loaded():
    code = (
        "import sys, scene.generation.pipeline\n"
        "names = list(sys.modules)\n"
        "assert names.index('scene.blas') < names.index('mlx.core')\n"
        "assert sys.modules['scene.blas'].STATUS.source != 'too late'"
    )
    in_fresh_python(code)


def test_command_modules_load_neither_mlx_nor_numpy():
    code = (
        "import sys, scene.generate, scene.train_vqgan, scene.train_transformer, scene.reconstruct,"
        " scene.evaluate, scene.info\n"
        "assert not {'mlx.core', 'numpy', 'pydantic'} & set(sys.modules)"
    )
    in_fresh_python(code)


def test_loading_after_mlx_is_reported_as_too_late():
    result = in_fresh_python("import mlx.core, scene.blas; print(scene.blas.STATUS.source)")
    expected = "too late" if sys.platform == "linux" else "native"
    assert result.stdout.strip() == expected


def test_other_platforms_and_cuda_are_left_alone(monkeypatch):
    monkeypatch.setattr(blas.sys, "platform", "darwin")
    assert blas.load().source == "native"
    monkeypatch.setattr(blas.sys, "platform", "linux")
    monkeypatch.setattr(blas, "_is_installed", lambda name: name == "mlx-cuda-13")
    assert blas.load().source == "native"


def without_blas(monkeypatch, opens: tuple[str, ...]):
    monkeypatch.setattr(blas.sys, "platform", "linux")
    monkeypatch.setattr(blas, "_uses_own_blas", lambda: False)
    monkeypatch.setattr(blas, "packaged_library", lambda: None)
    monkeypatch.setattr(blas, "_open", lambda name: name in opens)
    monkeypatch.delitem(sys.modules, "mlx.core", raising=False)


def test_the_systems_library_is_second_choice(monkeypatch, capsys):
    without_blas(monkeypatch, ("libopenblas.so.0",))
    assert blas.load() == blas.BlasStatus("system", "libopenblas.so.0")
    assert capsys.readouterr().err == ""


def test_no_library_gives_one_warning_with_a_mend(monkeypatch, capsys):
    without_blas(monkeypatch, ())
    assert blas.load().source == "reference"
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "10 to 30 times longer" in error
    assert "apt install" in error


def test_blas_can_be_switched_off_for_comparisons():
    result = in_fresh_python("import scene.blas; print(scene.blas.STATUS.source)", SCENE_BLAS="off")
    assert result.stdout.strip() == ("off" if sys.platform == "linux" else "native")
