"""The state of an unfinished training run in one safetensors file: exact resume, no pickle."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from distill.atomic import replacing
from distill.errors import TrainingError

_FORMAT = "distill-training"
_VERSION = "1"


class Stage(Protocol):
    """One part of training: a module, its optimiser and a step."""

    optimizer: torch.optim.AdamW
    generator: torch.Generator

    @property
    def name(self) -> str: ...

    @property
    def module(self) -> nn.Module: ...

    def start(self) -> None: ...

    def step(self, progress: float) -> Mapping[str, float]: ...

    def validate(self) -> Mapping[str, float]: ...


@dataclass(frozen=True)
class Checkpoint:
    """Where a run stands.

    run: what identifies it (resolved configuration, corpus); stage: name of the stage under way;
    step, seconds: done in it; finished: state of the stages before it, by stage name; tensors:
    weights, optimiser and generator of the stage under way; figures: last validation of each
    stage.
    """

    run: Mapping[str, Any]
    stage: str
    step: int
    seconds: float
    finished: Mapping[str, Mapping[str, Tensor]]
    tensors: Mapping[str, Tensor]
    figures: Mapping[str, Mapping[str, float]]

    def save(self, path: Path) -> None:
        """Write atomically."""
        tensors = {f"now/{k}": v.contiguous() for k, v in self.tensors.items()}
        for stage, state in self.finished.items():
            tensors |= {f"finished/{stage}/{k}": v.contiguous() for k, v in state.items()}
        about = {
            "run": self.run,
            "stage": self.stage,
            "step": self.step,
            "seconds": self.seconds,
            "figures": self.figures,
        }
        state = json.dumps(about)
        metadata = {"format": _FORMAT, "version": _VERSION, "state": state}
        metadata["sha256"] = _digest(state, tensors)
        with replacing(path) as temporary:
            save_file(tensors, temporary, metadata)

    @classmethod
    def load(cls, path: Path) -> "Checkpoint":
        """Read what `save` wrote.

        Raises:
            TrainingError: missing, damaged or of another kind.
        """
        try:
            with safe_open(path, "pt") as file:
                metadata = file.metadata() or {}
                if metadata.get("format") != _FORMAT or metadata.get("version") != _VERSION:
                    raise TrainingError(f"{path}: is not the state of a training run")
                about = json.loads(metadata["state"])
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            if metadata["sha256"] != _digest(metadata["state"], tensors):
                raise TrainingError(f"{path}: damaged; start without --resume")
        except FileNotFoundError:
            raise TrainingError(f"{path}: nothing to resume; start without --resume") from None
        except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, TrainingError):
                raise
            raise TrainingError(f"{path}: damaged; start without --resume") from None
        now, finished = {}, {}
        for key, tensor in tensors.items():
            kind, _, rest = key.partition("/")
            if kind == "now":
                now[rest] = tensor
            else:
                stage, _, name = rest.partition("/")
                finished.setdefault(stage, {})[name] = tensor
        return cls(finished=finished, tensors=now, **about)


def _digest(state: str, tensors: Mapping[str, Tensor]) -> str:
    """Of every name, type, shape and byte: a flipped bit would train on as a wrong weight."""
    digest = hashlib.sha256(state.encode())
    for name in sorted(tensors):
        array = tensors[name].numpy()
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def capture(stage: Stage) -> dict[str, Tensor]:
    """Weights, optimiser and generator of a stage as tensors (copies)."""
    tensors = {f"module/{k}": v.clone() for k, v in stage.module.state_dict().items()}
    for index, state in stage.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer/{index}/{k}": v.clone() for k, v in state.items()}
    tensors["generator"] = stage.generator.get_state()
    return tensors


def restore(stage: Stage, tensors: Mapping[str, Tensor]) -> None:
    """Put back what `capture` took.

    Raises:
        TrainingError: it does not fit the stage.
    """
    module: dict[str, Tensor] = {}
    optimizer: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        kind, _, rest = key.partition("/")
        if kind == "module":
            module[rest] = tensor
        elif kind == "optimizer":
            index, _, name = rest.partition("/")
            optimizer.setdefault(int(index), {})[name] = tensor.clone()
    try:
        stage.module.load_state_dict(module)
        groups = stage.optimizer.state_dict()["param_groups"]
        stage.optimizer.load_state_dict({"state": optimizer, "param_groups": groups})
        stage.generator.set_state(tensors["generator"])
    except (RuntimeError, KeyError, ValueError) as error:
        raise TrainingError(f"the saved state does not fit: {error}") from None
