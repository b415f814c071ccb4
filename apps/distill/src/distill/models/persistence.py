"""The `.distill` file: one safetensors file with a JSON header. Nothing is ever unpickled.

Weights are stored as float16, codebooks as float32; a loaded model computes in float32 with
exactly the numbers that were stored, so figures measured after loading hold for the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.numpy import load as load_numpy
from safetensors.torch import save as save_bytes
from torch import Tensor, nn

from distill.atomic import replacing
from distill.audio.spectrogram import AudioSpectrogram
from distill.config import PriorConfig, VQVAEConfig
from distill.errors import ModelFileError
from distill.models.header import (
    ModelHeader,
    ModelMetadata,
    fingerprint,
    pack_header,
    read_header,
)
from distill.models.prior import CodePrior
from distill.models.vocoder import Vocoder
from distill.models.vqvae import ConvVQVAE
from vq_common.health import CodebookHealth

SUFFIX = ".distill"
_MAX_BYTES = 2**30
_EXACT = ("quantizer.",)  # stored as they are: rounding a codebook would move its cells


@dataclass(frozen=True)
class LoadedVQModel:
    """A model ready for use, in `eval` mode; share it between threads, never change it.

    model: the autoencoder; spectrogram: with the vocoder inside where the model synthesises by
    it; metadata: origin, licence, figures; codebook_health: one entry per level; prior and what
    belongs to it: None where none was trained; vocoder: kept even where Griffin-Lim won.
    """

    model: ConvVQVAE
    spectrogram: AudioSpectrogram
    metadata: ModelMetadata
    device: torch.device
    codebook_health: list[CodebookHealth]
    vqvae_config: VQVAEConfig
    prior: CodePrior | None = None
    prior_config: PriorConfig | None = None
    prior_metadata: dict[str, float] | None = None
    vocoder: Vocoder | None = None

    @property
    def model_id(self) -> str:
        """Sixteen hexadecimal digits that stand for configuration and weights."""
        return self.metadata.sha256[:16]


@dataclass(frozen=True)
class ListedModel:
    """A file that `list_models` found: its header, or what is wrong with it."""

    path: Path
    header: ModelHeader | None
    problem: str = ""


def save_model(path: str | Path, loaded: LoadedVQModel) -> LoadedVQModel:
    """Write a model atomically; returns it with the id that it got.

    Raises:
        ModelFileError: the file cannot be written.
    """
    path = Path(path)
    parts: dict[str, nn.Module | None] = {
        "vqvae": loaded.model,
        "vocoder": loaded.vocoder,
        "prior": loaded.prior,
    }
    tensors = {
        f"{part}.{name}": _stored(name, tensor)
        for part, module in parts.items()
        if module is not None
        for name, tensor in module.state_dict().items()
    }
    header = _header_of(loaded)
    digest = fingerprint(header, {name: tensor.numpy() for name, tensor in tensors.items()})
    named = replace(header, metadata=replace(header.metadata, sha256=digest))
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(save_bytes(tensors, pack_header(named)))
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be written ({error.strerror})") from None
    return replace(loaded, metadata=named.metadata)


def load_model(path: str | Path) -> LoadedVQModel:
    """Read a model onto the CPU, trusting nothing: kind, version, configuration, shapes and hash
    are checked.

    Raises:
        ModelFileError: missing, damaged, altered, hostile or of another kind.
    """
    path = Path(path)
    header = read_header(path)
    if path.stat().st_size > _MAX_BYTES:
        raise ModelFileError(f"{path}: larger than any distill model")
    try:
        arrays = load_numpy(path.read_bytes())
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"{path}: damaged or cut short ({error})") from None
    if fingerprint(header, arrays) != header.metadata.sha256:
        raise ModelFileError(f"{path}: altered or damaged, its hash does not match")
    tensors = {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}
    return _assemble(header, tensors, path)


def list_models(folder: str | Path) -> list[ListedModel]:
    """The models in a folder, read from their headers alone, sorted by name."""
    listed = []
    # Hidden files are models that are still being written.
    for path in sorted(Path(folder).glob(f"[!.]*{SUFFIX}")):
        try:
            listed.append(ListedModel(path, read_header(path)))
        except ModelFileError as error:
            listed.append(ListedModel(path, None, str(error)))
    return listed


def _stored(name: str, tensor: Tensor) -> Tensor:
    exact = name.startswith(_EXACT) or not tensor.is_floating_point()
    return tensor.detach().cpu().contiguous() if exact else tensor.detach().cpu().half()


def _header_of(loaded: LoadedVQModel) -> ModelHeader:
    return ModelHeader(
        metadata=loaded.metadata,
        spectrogram=loaded.spectrogram.config,
        vqvae=loaded.vqvae_config,
        vocoder=loaded.vocoder.config if loaded.vocoder else None,
        prior=loaded.prior_config,
        prior_metadata=loaded.prior_metadata,
        codebook_health=list(loaded.codebook_health),
    )


def _assemble(header: ModelHeader, tensors: Mapping[str, Tensor], path: Path) -> LoadedVQModel:
    spectrogram = AudioSpectrogram(header.spectrogram)
    vocoder = prior = None
    # On the meta device a hostile configuration asks for no memory before its shapes are checked.
    with torch.device("meta"):
        model = ConvVQVAE(header.vqvae)
        if header.vocoder is not None:
            vocoder = Vocoder(spectrogram, header.vocoder)
        if header.prior is not None:
            prior = CodePrior(header.prior, header.vqvae)
    modules = {"vqvae": model, "vocoder": vocoder, "prior": prior}
    left = dict(tensors)
    for part, module in modules.items():
        if module is not None:
            _fill(module, part, left, path)
            module.eval().requires_grad_(False)
    if left:
        raise ModelFileError(f"{path}: holds unknown tensors ({next(iter(left))[:60]})")
    if header.metadata.synthesis == "vocoder":
        if vocoder is None:
            raise ModelFileError(f"{path}: asks for a vocoder that it does not hold")
        spectrogram.synthesizer = vocoder
    return LoadedVQModel(
        model=model,
        spectrogram=spectrogram,
        metadata=header.metadata,
        device=torch.device("cpu"),
        codebook_health=header.codebook_health,
        vqvae_config=header.vqvae,
        prior=prior,
        prior_config=header.prior,
        prior_metadata=header.prior_metadata,
        vocoder=vocoder,
    )


def _fill(module: nn.Module, part: str, left: dict[str, Tensor], path: Path) -> None:
    state = {}
    for name, expected in module.state_dict().items():
        tensor = left.pop(f"{part}.{name}", None)
        if tensor is None or tensor.shape != expected.shape:
            raise ModelFileError(f"{path}: tensor {part}.{name} is missing or of another shape")
        state[name] = tensor.to(expected.dtype)
    module.load_state_dict(state, assign=True)
