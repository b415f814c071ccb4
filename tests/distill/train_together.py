"""What each process of the distributed tests runs: a tiny training, then codebooks alone.

torchrun --nproc-per-node 2 tests/distill/train_together.py SOUNDS OUT CONFIG STOP_AFTER
"""

import sys
import weakref
from pathlib import Path

import torch
import torch.distributed as dist
from pydantic import TypeAdapter
from safetensors.torch import save_file

from distill.models.peers import Peers
from distill.models.quantizer import QuantizerConfig, ResidualQuantizer
from distill.training import autoencoder, loop, prior
from distill.training.config import TrainingConfig
from distill.training.distributed import joined
from distill.training.job import Job
from distill.training.loop import TrainingStopped
from distill.training.pipeline import train

# Every step is logged; what is only long becomes short.
LEAN = ((loop, "_LOG_EVERY", 1), (prior, "_PROBE_COLUMNS", 8), (autoencoder, "_START_BATCHES", 4))


def learn_codebooks(peers: Peers, mine: slice) -> dict[str, torch.Tensor]:
    """Codebooks after a start and two steps in which most codes die and restart."""
    z = torch.randn(64, 4, generator=torch.Generator().manual_seed(1))
    quantizer = ResidualQuantizer(QuantizerConfig(2, 16, 4, decay=0.5, restart_below=0.9))
    generator = torch.Generator().manual_seed(2)
    quantizer.start(z[mine], generator, peers=peers)
    for _ in range(2):
        rows = z[mine]
        quantizer.learn(rows, quantizer.search(rows), generator, peers)
    return quantizer.state_dict()


def main(sounds: str, out: str, config: str, stop_after: str) -> None:
    """Train until `stop_after` steps are done in all; codebooks go beside the model."""
    torch.set_num_threads(1)
    for module, name, value in LEAN:
        setattr(module, name, value)
    left = [int(stop_after)]

    def should_stop() -> bool:
        left[0] -= 1
        return left[0] <= 0

    with joined() as peers:
        group = weakref.ref(dist.group.WORLD)
        try:
            train(
                Job(
                    folder=Path(sounds),
                    out=Path(out),
                    config=TypeAdapter(TrainingConfig).validate_json(config),
                    should_stop=should_stop,
                    show=False,
                    peers=peers,
                )
            )
        except TrainingStopped:
            codebooks = learn_codebooks(peers, peers.share(64))
            save_file(codebooks, Path(out).with_name(f"codebooks-{peers.rank}.safetensors"))
    # What still held the group would leave its threads to an interpreter on its way out.
    assert group() is None


if __name__ == "__main__":
    main(*sys.argv[1:])
