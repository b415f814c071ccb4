"""Speed of scene: BLAS, sampling with and without a cache, `generate` as people run it.

uv run python benchmarks/scene.py            all parts (a few minutes)
uv run python benchmarks/scene.py --quick    fewer repeats
make bench                                   puts the tables into docs/benchmarks.md

Every ratio compares two runs of the same call on the same machine; absolute times move with
whatever else it does.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

# This file is named after the app: `import scene` must not find the file itself.
sys.path.append(sys.path.pop(0))

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import numpy as np
import report
from mlx.utils import tree_flatten

from scene.config import TransformerConfig, load_config
from scene.generation.pipeline import Generator, Sampling
from scene.transformer import ImageTransformer

CONFIGS = Path(__file__).parents[1] / "apps" / "scene" / "configs"
PROMPT = "a castle on a hill at sunset"


def blas() -> list[str]:
    """Matrix product and convolution with OpenBLAS and with MLX's own BLAS."""
    code = (
        "import json; from scene.speed import matmul_gflops, conv_gflops;"
        "print(json.dumps([matmul_gflops(), conv_gflops()]))"
    )
    found = {}
    for mode in ("on", "off"):
        result = subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"SCENE_BLAS": mode},
            capture_output=True,
            text=True,
            check=True,
        )
        found[mode] = json.loads(result.stdout)
    rows = []
    for number, name in enumerate(
        ("matrix product 1024 x 1024", "convolution 3 x 3, 128 channels")
    ):
        fast, slow = found["on"][number], found["off"][number]
        rows.append((name, f"{fast:.0f}", f"{slow:.1f}", f"{fast / slow:.0f}"))
    return report.table(("GFLOP/s", "OpenBLAS", "MLX's own", "ratio"), rows)


def build(path: Path) -> ImageTransformer:
    """A transformer of a config, ready for drawing, with random weights: speed does not depend on
    them."""
    from scene.checkpoints import build_transformer

    model = build_transformer(load_config(TransformerConfig, path))
    model.eval()
    model.settle()
    mx.eval(model.parameters())
    return model


def whole_prefix(model: ImageTransformer, text: mx.array, positions: list[int]) -> float:
    """Mean seconds per position when the whole prefix is run again for each."""
    shape = (1, model.max_seq_len, model.num_levels)
    codes = mx.zeros(shape, mx.int32)
    spent = 0.0
    for position in positions:
        started = time.perf_counter()
        mx.eval(model(text, codes[:, : position + 1])[:, -1])
        spent += time.perf_counter() - started
    return spent / len(positions)


def copy_bandwidth() -> float:
    """Bytes per second that one core reads, by the sum of an array that fits no cache."""
    block = np.ones(64 * 2**20 // 4, np.float32)
    block.sum()
    best = min(_timed(block.sum) for _ in range(5))
    return block.nbytes / best


def _timed(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def sampling(quick: bool) -> list[str]:
    """A picture's codes by the KV cache, against running the whole prefix again per position.

    Once per position, or once per code as a plain loop over the model's forward pass does.
    """
    bandwidth = copy_bandwidth()
    rows = []
    for name in ("transformer-small.yaml", "transformer.yaml"):
        model = build(CONFIGS / name)
        text = mx.array([[5, 6, 7, 8, 9, 10, 11, 12]])
        model.generate(text, seeds=[0])
        cached = min(_timed(lambda m=model, t=text: m.generate(t, seeds=[1])) for _ in range(2))
        positions = list(range(0, model.max_seq_len, 24 if quick else 6))
        whole = whole_prefix(model, text, positions) * model.max_seq_len
        plain = whole * model.num_levels
        weights = tree_flatten(model.parameters())
        tables = ("text_encoder", "codes.", "key_value", "rows", "columns")
        read = sum(v.nbytes for n, v in weights if not any(t in n for t in tables))
        rows.append(
            (
                f"`{name}`",
                f"{cached:.2f} s",
                f"{plain:.3g} s",
                f"{plain / cached:.0f}",
                f"{whole:.3g} s",
                f"{whole / cached:.1f}",
                f"{cached / model.max_seq_len * 1000:.1f} ms",
                f"{read / bandwidth * 1000:.2f} ms",
            )
        )
    names = ("config", "cached", "whole prefix per code", "ratio", "per position", "ratio")
    return report.table((*names, "a position, cached", "its floor"), rows)


def pictures() -> list[str]:
    """`generate` as a fresh process, and further pictures in the same one."""
    with tempfile.TemporaryDirectory() as folder:
        order = [sys.executable, "-m", "scene.generate", PROMPT, "-o", f"{folder}/x.png"]
        fresh = _timed(lambda: subprocess.run(order, check=True, capture_output=True))
    generator = Generator()
    sampling_settings = Sampling()
    generator.draw([PROMPT], [0], sampling_settings)
    one = min(_timed(lambda: generator.draw([PROMPT], [1], sampling_settings)) for _ in range(2))
    eight = _timed(lambda: generator.draw([PROMPT] * 8, range(8), sampling_settings))
    rows = (("a fresh process, one picture", fresh), ("a further picture", one))
    rows = (*rows, ("eight at once", eight))
    return report.table(("`generate`", "wall"), ((name, f"{s:.1f} s") for name, s in rows))


def main() -> None:
    parser = report.parser(__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer repeats")
    options = parser.parse_args()
    about = report.machine(("mlx", "ngsolve-openblas"))
    print(about)
    tables = {"scene-blas": blas(), "scene-sampling": sampling(options.quick)}
    tables["scene-generate"] = pictures()
    for name, lines in tables.items() if options.publish else ():
        report.publish(name, about, lines)


if __name__ == "__main__":
    main()
