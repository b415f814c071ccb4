"""What the distributed tests run on two devices that XLA makes of one processor.

XLA_FLAGS=--xla_force_host_platform_device_count=2 python train_sharded.py IDX_FOLDER OUT
"""

import sys
from pathlib import Path

import jax
import numpy as np

from rq_vae_explorer.config import Hyper, RunConfig
from rq_vae_explorer.data import load_digits
from rq_vae_explorer.training.engine import Engine
from rq_vae_explorer.training.headless import train_headless
from rq_vae_explorer.training.sharding import DevicesError

STEPS = 24
CONFIG = RunConfig()
# Everything that sums over the batch takes part: transport, dropout of levels, restarts.
HYPER = Hyper(lambda_sinkhorn=0.1, quantizer_dropout=0.3, restart_threshold=0.9)


def main(folder: Path, out: Path) -> None:
    """Metrics of every step, a run folder of the headless trainer, and a batch that is odd."""
    assert jax.device_count() == 2
    digits = load_digits(str(folder))
    engine = Engine(CONFIG, digits.train_images, jax.devices())
    rows = engine.run(STEPS, HYPER)
    program = engine._run.lower(engine.state, engine._images, _traced(), 1).compile().as_text()
    np.savez(out / "sharded.npz", rows=rows, reduces=program.count("all-reduce"))
    train_headless(CONFIG, HYPER, digits, STEPS // 2, out / "run")
    try:
        Engine(RunConfig(batch_size=63), digits.train_images, jax.devices())
    except DevicesError as error:
        print(error)


def _traced() -> dict[str, jax.Array]:
    from rq_vae_explorer.training.step import traced

    return traced(HYPER)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
