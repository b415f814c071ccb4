"""Speed of the arithmetic that models stand on, in GFLOP/s on this machine."""

import time
from collections.abc import Callable

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx

REPEATS = 3


def best_seconds(run: Callable[[], mx.array]) -> float:
    """Shortest wall time of a few runs, after one to warm up."""
    mx.eval(run())
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        mx.eval(run())
        times.append(time.perf_counter() - started)
    return min(times)


def matmul_gflops(size: int = 1024) -> float:
    """Square float32 matrix product."""
    a = mx.random.normal((size, size))
    return 2 * size**3 / best_seconds(lambda: a @ a) / 1e9


def conv_gflops(channels: int = 128, height: int = 24, width: int = 40) -> float:
    """3x3 convolution of a batch of 4, forward."""
    x = mx.random.normal((4, height, width, channels))
    weight = mx.random.normal((channels, 3, 3, channels))
    work = 2 * 4 * height * width * 9 * channels**2
    return work / best_seconds(lambda: mx.conv2d(x, weight, padding=1)) / 1e9
