"""What a `.distill` file says about itself: configuration, origin, figures, health, hash.

The header is JSON in the metadata of a safetensors file and is read without touching a tensor.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from distill.config import PriorConfig, SpectrogramConfig, VocoderConfig, VQVAEConfig
from distill.errors import ModelFileError
from vq_common.health import CodebookHealth

FORMAT = "distill-model"
FORMAT_VERSION = 1
_KEY = "distill"
_MAX_HEADER = 8 * 2**20
_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)
_Text = Annotated[str, Field(max_length=4000)]


@dataclass(frozen=True, config=_STRICT)
class ModelMetadata:
    """Where a model comes from and how good it is.

    trained_on, held_out: SHA-256 of each sound file by name; figures: measured quality by name;
    synthesis: "vocoder" or "griffin_lim", whichever did better on held-out coded sounds; sha256:
    over everything else in the file.
    """

    name: _Text = "untitled"
    created: _Text = ""
    command: _Text = ""
    licence: _Text = "unknown"
    origin: _Text = "unknown"
    seed: int = 0
    seconds_of_sound: float = 0.0
    synthesis: Annotated[str, Field(pattern="^(vocoder|griffin_lim)$")] = "griffin_lim"
    level_labels: list[_Text] | None = None
    trained_on: dict[str, str] = field(default_factory=dict)
    held_out: dict[str, str] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    sha256: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")] = ""


@dataclass(frozen=True, config=_STRICT)
class ModelHeader:
    """Everything but the tensors. `vocoder` and `prior` are None where there is none."""

    metadata: ModelMetadata
    spectrogram: SpectrogramConfig
    vqvae: VQVAEConfig
    vocoder: VocoderConfig | None = None
    prior: PriorConfig | None = None
    prior_metadata: dict[str, float] | None = None
    codebook_health: list[CodebookHealth] = field(default_factory=list)


_ADAPTER = TypeAdapter(ModelHeader)
_ANY = TypeAdapter(Any)


def pack_header(header: ModelHeader) -> dict[str, str]:
    """The header as safetensors metadata: one entry, so that equal models are equal files."""
    about = {"format": FORMAT, "version": FORMAT_VERSION, "header": header}
    return {_KEY: _ANY.dump_json(about).decode()}


def unpack_header(metadata: Mapping[str, Any], path: Path) -> ModelHeader:
    """Inverse of `pack_header`, for metadata that nobody vouches for.

    Raises:
        ModelFileError: of another kind or version, or not valid.
    """
    try:
        about = json.loads(metadata.get(_KEY, "null"))
    except (ValueError, TypeError, RecursionError):
        about = None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise ModelFileError(f"{path}: is not a distill model")
    if about.get("version") != FORMAT_VERSION:
        raise ModelFileError(
            f"{path}: format version {str(about.get('version'))[:20]} is unknown to this program "
            f"(it reads {FORMAT_VERSION}); update distill"
        )
    try:
        return _ADAPTER.validate_python(about.get("header"))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "header"
        raise ModelFileError(f"{path}: damaged header ({where}: {first['msg']})") from None


def read_header(path: Path) -> ModelHeader:
    """Header of a model file; reads nothing behind it.

    Raises:
        ModelFileError: missing, damaged or of another kind.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= _MAX_HEADER:
                raise ModelFileError(f"{path}: is not a distill model")
            raw = json.loads(file.read(length))
    except OSError as error:
        raise ModelFileError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(f"{path}: is not a distill model") from None
    metadata = raw.get("__metadata__") if isinstance(raw, dict) else None
    return unpack_header(metadata if isinstance(metadata, dict) else {}, path)


def fingerprint(header: ModelHeader, tensors: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over the header (without its own) and every tensor's name, type, shape and bytes."""
    nameless = replace(header, metadata=replace(header.metadata, sha256=""))
    digest = hashlib.sha256(_ADAPTER.dump_json(nameless))
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        digest.update(f"\n{name} {array.dtype} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
