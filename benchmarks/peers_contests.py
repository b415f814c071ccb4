"""Who meets whom in `benchmarks/peers.py`: each contest is a pair of calls that do the same job."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

CONFIGS = Path(__file__).parents[1] / "apps" / "scene" / "configs"
ROWS = 4096  # vectors in a batch of the quantisers
STEPS = 50  # of the explorer's trainer in a round
SECONDS = 2.0  # of sound
Clocked = Callable[[], float]


@dataclass(frozen=True)
class Contest:
    """Two calls that return the CPU seconds they took, for `amount` of `unit`'s work."""

    what: str
    against: str
    unit: str
    amount: float
    ours: Clocked
    peer: Clocked
    less_is_better: bool = False
    close: Callable[[], None] = lambda: None

    def figure(self, seconds: float) -> float:
        """Work a second, or seconds a piece of work."""
        return seconds / self.amount if self.less_is_better else self.amount / seconds


def clocked(work: Callable[[], object], times: int = 1) -> Clocked:
    """CPU seconds of all threads of this process: other processes do not count."""

    def run() -> float:
        began = time.process_time()
        for _ in range(times):
            work()
        return time.process_time() - began

    return run


def quantisers() -> Iterator[Contest]:
    """Forward pass and codebook update of the three residual quantisers."""
    from vector_quantize_pytorch import ResidualVQ

    def theirs(dim: int, levels: int, codes: int, decay: float) -> Clocked:
        module = ResidualVQ(
            dim=dim, num_quantizers=levels, codebook_size=codes, decay=decay,
            threshold_ema_dead_code=1, rotation_trick=False,
        )  # fmt: skip
        x = torch.randn(1, ROWS, dim)
        return clocked(torch.no_grad()(lambda: module(x)))

    names = {
        "explorer": (_explorer_quantiser(), (2, 2, 16, 0.99)),
        "scene": (_scene_quantiser(), (32, 4, 512, 0.99)),
        "distill": (_distill_quantiser(), (64, 4, 256, 0.99)),
    }
    for name, (ours, sizes) in names.items():
        dim, levels, codes, _ = sizes
        what = f"{name}'s residual quantiser, {levels} x {codes} codes of {dim}"
        peer = theirs(*sizes)
        yield Contest(what, "vector-quantize-pytorch", "positions/s", ROWS, ours, peer)


def _explorer_quantiser() -> Clocked:
    import jax

    from rq_vae_explorer.config import Hyper
    from rq_vae_explorer.model.quantizer import quantize
    from rq_vae_explorer.training.codebook import (
        count_assignments,
        initial_codebook_state,
        move_codes,
        note_deaths,
    )
    from rq_vae_explorer.training.step import traced

    book = jax.random.normal(jax.random.PRNGKey(0), (2, 16, 2))
    z = jax.random.normal(jax.random.PRNGKey(1), (ROWS, 2))
    hyper = traced(Hyper(quantizer="ema"))

    @jax.jit
    def step(book, memory, z):
        parts = quantize(z, book)
        batch = count_assignments(parts.indices, parts.residuals, 16)
        none = jax.numpy.zeros_like(book)
        book, memory = move_codes(book, memory, none, none, batch, hyper)
        return book, note_deaths(memory, 1), parts.partial_sums[-1]

    state = [book, initial_codebook_state(book, ROWS)]

    def work() -> None:
        *state[:], _ = jax.block_until_ready(step(*state, z))

    return clocked(work)


def _scene_quantiser() -> Clocked:
    import scene.blas  # noqa: F401  isort: skip  (before mlx)

    import mlx.core as mx

    from scene.vqgan.quantizer import ResidualQuantizer

    module = ResidualQuantizer(4, 512, 32, decay=0.99)
    z = mx.random.normal((1, 1, ROWS, 32))

    def work() -> None:
        out = module(z)
        mx.eval(out.z_q, out.indices, out.loss, module.state)

    return clocked(work)


def _distill_quantiser() -> Clocked:
    from distill.models.quantizer import QuantizerConfig, ResidualQuantizer

    module, generator = ResidualQuantizer(QuantizerConfig(4, 256, 64)), torch.Generator()
    z = torch.randn(ROWS, 64)
    module.start(z, generator, iterations=1)

    @torch.no_grad()
    def work() -> None:
        module.learn(z, module(z).indices, generator)

    return clocked(work)


def explorer() -> Iterator[Contest]:
    """The compiled training loop against the same dense network in plain PyTorch."""
    from peers_torch import explorer_step

    from rq_vae_explorer.config import Hyper, RunConfig
    from rq_vae_explorer.data import load_digits
    from rq_vae_explorer.training.engine import Engine

    images = load_digits().train_images
    engine = Engine(RunConfig(), images)
    step = explorer_step(64, torch.from_numpy(images.reshape(len(images), -1).copy()))
    ours, peer = clocked(lambda: engine.run(STEPS, Hyper())), clocked(step, STEPS)
    yield Contest("explorer's trainer, batch 64", "plain PyTorch", "steps/s", STEPS, ours, peer)


def scene_work(job: str) -> Callable[[], object]:
    """One training step of the VQGAN, or the codes of one picture, at the sizes that ship."""
    import scene.blas  # noqa: F401  isort: skip  (before mlx)

    import mlx.core as mx
    import mlx.nn as nn
    import mlx.optimizers as optim

    from scene.checkpoints import build_transformer, build_vqgan
    from scene.config import TransformerConfig, VQGANConfig, load_config
    from scene.vqgan.losses import l1_loss

    if job == "sample":
        model = build_transformer(
            load_config(TransformerConfig, CONFIGS / "transformer-small.yaml")
        )
        model.settle()
        text = mx.array([[5, 6, 7, 8, 9, 10, 11, 12]])
        return lambda: mx.eval(model.generate(text, 0.9, 100, seeds=[0]))
    config = load_config(VQGANConfig, CONFIGS / "vqgan-small.yaml", {"model.palette_size": 0})
    model = build_vqgan(config, None)
    x = mx.array(_pictures())
    optimizer = optim.AdamW(1e-3, bias_correction=True)
    model.train()

    def objective(model: nn.Module) -> mx.array:
        out = model.run(x)
        return l1_loss(out.rgb, x) + out.vq_loss

    def step() -> None:
        loss, gradients = nn.value_and_grad(model, objective)(model)
        gradients, _ = optim.clip_grad_norm(gradients, 1.0)
        optimizer.update(model, gradients)
        mx.eval(model.state, optimizer.state, loss)

    return step


def _pictures() -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (8, 64, 64, 3)).astype(np.float32)


def serve_scene(job: str) -> None:
    """Do one piece of work for each line that comes in, and say how long it took."""
    run = clocked(scene_work(job))
    for _ in sys.stdin:
        print(run(), flush=True)


class _Elsewhere:
    """scene's work in a process of its own, in which MLX keeps the BLAS that it came with."""

    def __init__(self, job: str) -> None:
        script = Path(__file__).with_name("peers.py")
        self._process = subprocess.Popen(
            [sys.executable, str(script), "--serve-scene", job],
            env=os.environ | {"SCENE_BLAS": "off"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __call__(self) -> float:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(file=self._process.stdin, flush=True)
        return float(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


def scene() -> Iterator[Contest]:
    """VQGAN training and sampling against PyTorch and against MLX as it is installed."""
    from peers_torch import Sampler, vqgan_step

    x = torch.from_numpy(_pictures()).permute(0, 3, 1, 2).contiguous()
    sampler, text = Sampler(), torch.randn(1, 9, 128)
    torches = {"train": vqgan_step(x), "sample": lambda: sampler.generate(text)}
    whats = {
        "train": "scene's VQGAN training step, 8 crops of 64x64",
        "sample": "scene's sampler, 240 positions x 4 codes",
    }
    units = {"train": "steps/s", "sample": "pictures/s"}
    for job, what in whats.items():
        ours = clocked(scene_work(job))
        yield Contest(what, "the same in PyTorch", units[job], 1, ours, clocked(torches[job]))
        stock = _Elsewhere(job)
        yield Contest(what, "MLX's own BLAS", units[job], 1, ours, stock, close=stock.close)


def distill() -> Iterator[Contest]:
    """Real-time factors (seconds of work per second of sound) against EnCodec and DAC."""
    from transformers import DacConfig, DacModel, EncodecConfig, EncodecModel

    from distill.inference import decode_code_grid
    from distill.inference.codes import encode_waves
    from distill.models.persistence import load_model
    from distill.shipped import SHIPPED_MODEL

    loaded = load_model(SHIPPED_MODEL)
    sound = _sound(48_000)
    codes = encode_waves(iter([sound]), loaded)
    grid = (codes["indices"], codes["spatial_shape"], codes["mel_shape"], loaded)
    encode = clocked(lambda: encode_waves(iter([sound]), loaded))
    decode = clocked(lambda: decode_code_grid(*grid))
    encodec, dac = EncodecModel(EncodecConfig()), DacModel(DacConfig(sampling_rate=44_100))
    peers = {"EnCodec 24 kHz, 6 kbit/s": _encodec(encodec), "DAC 44.1 kHz, 9 levels": _dac(dac)}
    for name, (peer_encode, peer_decode) in peers.items():
        for what, ours, peer in (
            ("encode", encode, peer_encode),
            ("decode", decode, peer_decode),
        ):
            yield Contest(f"distill, {what}", name, "real-time factor", SECONDS, ours, peer, True)


def _sound(rate: int) -> torch.Tensor:
    t = torch.arange(round(SECONDS * rate)) / rate
    return 0.3 * torch.sin(2 * torch.pi * 220 * t) * torch.exp(-3 * (t % 0.5))


def _encodec(model: torch.nn.Module) -> tuple[Clocked, Clocked]:
    wave = _sound(24_000)[None, None]
    model.eval()
    encode = torch.inference_mode()(lambda: model.encode(wave, bandwidth=6.0))
    made = encode()
    decode = torch.inference_mode()(lambda: model.decode(made.audio_codes, made.audio_scales))
    return clocked(encode), clocked(decode)


def _dac(model: torch.nn.Module) -> tuple[Clocked, Clocked]:
    wave = _sound(44_100)[None, None]
    model.eval()
    encode = torch.inference_mode()(lambda: model.encode(wave))
    made = encode()
    decode = torch.inference_mode()(lambda: model.decode(audio_codes=made.audio_codes))
    return clocked(encode), clocked(decode)


PARTS = {"quantisers": quantisers, "explorer": explorer, "scene": scene, "distill": distill}
