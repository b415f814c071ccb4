"""Speed of scene: BLAS, sampling with and without a cache, `generate` as people run it.

uv run python benchmarks/scene.py            all parts (a few minutes)
uv run python benchmarks/scene.py --quick    fewer repeats

Every ratio compares two runs of the same call on the same machine; absolute times move with
whatever else it does.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

# This file is named after the app: `import scene` must not find the file itself.
sys.path[:] = [p for p in sys.path if Path(p).resolve() != Path(__file__).parent]

import scene.blas  # noqa: E402, F401  isort: skip  (before mlx)

import mlx.core as mx  # noqa: E402
import numpy as np  # noqa: E402
from mlx.utils import tree_flatten  # noqa: E402

from scene.config import TransformerConfig, load_config  # noqa: E402
from scene.errors import SceneError  # noqa: E402
from scene.generation.pipeline import Generator, Sampling  # noqa: E402
from scene.transformer import ImageTransformer  # noqa: E402

CONFIGS = Path(__file__).parents[1] / "apps" / "scene" / "configs"
PROMPT = "a castle on a hill at sunset"


def blas() -> None:
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
    print("BLAS, GFLOP/s                 OpenBLAS  MLX's own  ratio")
    for number, name in enumerate(("matrix product 1024x1024", "conv 3x3, 128 channels")):
        fast, slow = found["on"][number], found["off"][number]
        print(f"  {name:27} {fast:8.1f} {slow:10.1f} {fast / slow:6.1f}")


def build(path: Path) -> ImageTransformer:
    """A transformer of a config, with random weights: speed does not depend on them."""
    from scene.checkpoints import build_transformer

    model = build_transformer(load_config(TransformerConfig, path))
    model.eval()
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


def sampling(quick: bool) -> None:
    """A picture's codes by the KV cache, against running the whole prefix again per position."""
    bandwidth = copy_bandwidth()
    print(f"\nSampling, one picture ({bandwidth / 1e9:.1f} GB/s read by one core)")
    print("  The whole prefix is run again once per position, or once per code as a plain loop")
    print("  over the model's forward pass does.")
    print(
        "  model                    cached s  per position s ratio  per code s ratio"
        "  ms/position  floor ms"
    )
    for name in ("transformer-small.yaml", "transformer.yaml"):
        model = build(CONFIGS / name)
        text = mx.array([[5, 6, 7, 8, 9, 10, 11, 12]])
        model.generate(text, seeds=[0])
        cached = min(_timed(lambda m=model, t=text: m.generate(t, seeds=[1])) for _ in range(2))
        positions = list(range(0, model.max_seq_len, 24 if quick else 6))
        whole = whole_prefix(model, text, positions) * model.max_seq_len
        weights = tree_flatten(model.parameters())
        tables = ("text_encoder", "codes.", "key_value", "rows", "columns")
        read = sum(v.nbytes for n, v in weights if not any(t in n for t in tables))
        per_token = cached / model.max_seq_len * 1000
        floor = read / bandwidth * 1000
        print(
            f"  {name:24} {cached:8.2f} {whole:15.1f} {whole / cached:5.1f}"
            f" {whole * model.num_levels:11.1f} {whole * model.num_levels / cached:5.1f}"
            f" {per_token:12.2f} {floor:9.2f}"
        )


def pictures() -> None:
    """`generate` as a fresh process, and further pictures in the same one."""
    print("\ngenerate with the models that ship, wall seconds")
    with tempfile.TemporaryDirectory() as folder:
        order = [sys.executable, "-m", "scene.generate", PROMPT, "-o", f"{folder}/x.png"]
        fresh = _timed(lambda: subprocess.run(order, check=True, capture_output=True))
    print(f"  fresh process, one picture        {fresh:6.2f}")
    generator = Generator()
    sampling_settings = Sampling()
    generator.draw([PROMPT], [0], sampling_settings)
    one = min(_timed(lambda: generator.draw([PROMPT], [1], sampling_settings)) for _ in range(2))
    eight = _timed(lambda: generator.draw([PROMPT] * 8, range(8), sampling_settings))
    print(f"  a further picture                 {one:6.2f}")
    print(f"  eight at once                     {eight:6.2f}   {eight / 8:.2f} each")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repeats")
    quick = parser.parse_args().quick
    blas()
    sampling(quick)
    try:
        pictures()
    except SceneError as error:
        print(f"  left out: {error}")


if __name__ == "__main__":
    main()
