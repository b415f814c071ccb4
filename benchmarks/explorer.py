"""The explorer's figures in one run: training speed, what each network buys, the page's cost.

    uv run python benchmarks/explorer.py [--idx-folder FOLDER] [--steps 2000] [--tabs 0 1 8]
    make bench                                  # puts the tables into docs/benchmarks.md
    uv run python benchmarks/explorer.py --only memory --minutes 20

speed: the trainer's compiled loop against the plain loop at the same batch size. The plain loop is
the convolutional network in Flax's own convolutions, one jitted step per Python iteration, host
copies of losses, codebook, indices and encoder outputs after each, and assignment counts over the
last 100 batches by a Python loop. Interleaved rounds, without compilation; trust the ratios.
frontier: each network trained to `--steps`, its held-out error, and the time with compilation.
page: training with 0, 1 and 8 open tabs, updates per second in a tab, and the round trip.
memory: resident memory of the server and heap of an open page while it trains.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import report

from rq_vae_explorer.config import Hyper, RunConfig
from rq_vae_explorer.data import load_digits
from rq_vae_explorer.model import ResidualQuantizer
from rq_vae_explorer.training.engine import Engine
from rq_vae_explorer.training.evaluation import evaluate
from rq_vae_explorer.training.losses import compute_losses

BATCH = 64
CHUNK = 50
NETWORKS = ("dense", "patch", "conv")
GOAL = 0.0445  # test MSE
PARTS = ("speed", "frontier", "page")


class PlainModel(nn.Module):
    """The convolutional RQ-VAE as one would write it first."""

    @nn.compact
    def __call__(self, x):
        x = nn.relu(nn.Conv(32, (3, 3), strides=(2, 2))(x))
        x = nn.relu(nn.Conv(64, (3, 3), strides=(2, 2))(x))
        x = nn.relu(nn.Dense(128)(x.reshape(x.shape[0], -1)))
        z_q, aux = ResidualQuantizer(16, 2, 2)(nn.Dense(2)(x))
        y = nn.relu(nn.Dense(128)(z_q))
        y = nn.relu(nn.Dense(7 * 7 * 64)(y)).reshape(-1, 7, 7, 64)
        y = nn.relu(nn.ConvTranspose(32, (3, 3), strides=(2, 2))(y))
        return nn.sigmoid(nn.ConvTranspose(1, (3, 3), strides=(2, 2))(y)), aux


class PlainLoop:
    """One jitted step per Python iteration, everything copied to the host after each."""

    def __init__(self, images):
        self.images = images.astype(np.float32)[..., None] / 255
        self.rng = np.random.default_rng(0)
        self.model = PlainModel()
        self.params = self.model.init(jax.random.PRNGKey(0), jnp.zeros((1, 28, 28, 1)))
        optimiser = optax.adam(1e-3)
        self.optimiser_state = optimiser.init(self.params)
        self.recent = deque(maxlen=100)
        self.history = []

        @jax.jit
        def step(params, optimiser_state, x):
            def loss(params):
                y, aux = self.model.apply(params, x)
                losses = compute_losses(x, y, aux["z_e"], aux["z_q"])
                return losses["total"], (losses, aux)

            gradients, (losses, aux) = jax.grad(loss, has_aux=True)(params)
            updates, optimiser_state = optimiser.update(gradients, optimiser_state)
            return optax.apply_updates(params, updates), optimiser_state, losses, aux

        self.jitted = step

    def run(self, count):
        for _ in range(count):
            picks = self.rng.integers(0, len(self.images), BATCH)
            x = jnp.array(self.images[picks])
            self.params, self.optimiser_state, losses, aux = self.jitted(
                self.params, self.optimiser_state, x
            )
            self.history.append({name: float(value) for name, value in losses.items()})
            np.array(aux["codebook"])
            np.array(aux["z_e"])
            self.recent.append(np.array(aux["indices"]))
            counts = np.zeros((2, 16), np.int64)
            for indices in self.recent:
                for row in indices:
                    for level, code in enumerate(row):
                        counts[level, code] += 1


def speed(run: Callable[[int], object], count: int, seconds: float) -> float:
    """Steps per second of `run(count)` calls repeated for at least `seconds`."""
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        run(count)
        done += count
    return done / (time.perf_counter() - started)


def compare_speed(images, seconds, rounds=3):
    """Median steps per second of every contestant, in interleaved rounds."""
    plain = PlainLoop(images)
    hyper = Hyper()
    contestants = {"plain loop (conv)": (plain.run, 5)}
    for network in NETWORKS:
        engine = Engine(RunConfig(network=network, batch_size=BATCH), images)
        contestants[f"ours, {network}"] = (lambda n, e=engine: e.run(n, hyper), CHUNK)
    plain.run(110)  # compiles, and fills the window of 100 batches
    for run, count in contestants.values():
        run(count)
    speeds = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, (run, count) in contestants.items():
            speeds[name].append(speed(run, count, seconds / rounds))
    return {name: statistics.median(values) for name, values in speeds.items()}


def frontier(digits, steps):
    """Wall seconds (compilation included) and held-out figures of each network."""
    for network in NETWORKS:
        jax.clear_caches()
        reached, paused, started = None, 0.0, time.perf_counter()
        engine = Engine(RunConfig(network=network, batch_size=BATCH), digits.train_images)
        while engine.step < steps:
            engine.run(min(CHUNK, steps - engine.step), Hyper())
            if engine.step % 250 == 0 and engine.step >= 1000 and reached is None:
                now = time.perf_counter()
                if evaluate(engine, digits.test_images).recon_mse <= GOAL:
                    reached = now - started - paused
                paused += time.perf_counter() - now
        wall = time.perf_counter() - started - paused
        yield network, wall, reached, evaluate(engine, digits.test_images)


def speed_table(digits, seconds):
    speeds = compare_speed(digits.train_images, seconds)
    base = speeds["plain loop (conv)"]
    return report.table(
        ("contestant", "steps/s", "ratio"),
        ((name, f"{value:.1f}", f"{value / base:.1f}") for name, value in speeds.items()),
    )


def frontier_table(digits, steps):
    names = ("network", "wall s", f"s to {GOAL}", "test MSE", "unquantised")
    rows = (
        (
            network,
            f"{wall:.0f}",
            None if reached is None else f"{reached:.0f}",
            f"{test.recon_mse:.4f}",
            f"{test.unquantised_mse:.4f}",
            f"{test.levels[0].error:.3f}",
            sum(level.dead for level in test.levels),
            test.pairs_used,
        )
        for network, wall, reached, test in frontier(digits, steps)
    )
    return report.table((*names, "level-1 error / var(z)", "dead codes", "pairs"), rows)


def page_table(tabs, seconds, rounds):
    from explorer_page import measure_tabs

    samples = measure_tabs(tabs, seconds, rounds)
    base = samples[min(samples)].steps_per_second
    rows = []
    for count, sample in samples.items():
        speed = (f"{sample.steps_per_second:.0f}", f"{sample.steps_per_second / base:.2f}")
        watched = (None, None)
        if sample.updates_per_second is not None:
            watched = (f"{sample.updates_per_second:.1f}", f"{sample.round_trip_ms:.0f} ms")
        rows.append((count, *speed, *watched))
    return report.table(("open tabs", "steps/s", "ratio", "updates/s in a tab", "round trip"), rows)


def print_memory(minutes):
    from explorer_page import measure_memory

    report.table(
        ("minute", "step", "server MiB", "page heap MiB"),
        (
            (m.minute, f"{m.step:,}", f"{m.server:.0f}", f"{m.page:.1f}")
            for m in measure_memory(minutes)
        ),
    )


def main():
    parser = report.parser(__doc__.splitlines()[0])
    parser.add_argument("--only", choices=(*PARTS, "memory"), nargs="+", default=PARTS)
    parser.add_argument("--idx-folder", default="bundled", help="folder of idx files, or a name")
    parser.add_argument("--seconds", type=float, default=6, help="of each measurement of a speed")
    parser.add_argument("--steps", type=int, default=2000, help="of the frontier")
    parser.add_argument("--tabs", type=int, nargs="+", default=[0, 1, 8])
    parser.add_argument("--rounds", type=int, default=3, help="of the page's measurements")
    parser.add_argument("--minutes", type=int, default=20, help="of the memory's measurement")
    options = parser.parse_args()
    digits = load_digits(options.idx_folder)
    about = report.machine(("jax", "flax", "gradio"))
    about += f" Data: {digits.name}, {len(digits.train_images):,} training images."
    print(about)
    tables = {}
    if "page" in options.only and len(options.only) > 1:
        # In a process of its own: the page leaves a core to the browser, the others take all.
        page = ["--only", "page", "--tabs", *map(str, options.tabs)]
        page += ["--seconds", str(options.seconds), "--rounds", str(options.rounds)]
        page += ["--idx-folder", options.idx_folder] + ["--publish"] * options.publish
        subprocess.run([sys.executable, __file__, *page], check=True)
        options.only = [part for part in options.only if part != "page"]
    if "speed" in options.only:
        tables["explorer-speed"] = speed_table(digits, options.seconds)
    if "frontier" in options.only:
        tables["explorer-frontier"] = frontier_table(digits, options.steps)
    if "page" in options.only:
        tables["explorer-page"] = page_table(options.tabs, options.seconds, options.rounds)
    if "memory" in options.only:
        print_memory(options.minutes)
    for name, lines in tables.items() if options.publish else ():
        report.publish(name, about, lines)


if __name__ == "__main__":
    main()
