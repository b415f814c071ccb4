"""Codes as a JSON file that a person can read and a program can check.

`indices` has one list per level, coarsest first; -1 is nothing at this level.
"""

import json
from dataclasses import field
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from distill.atomic import replacing
from distill.errors import CodesError
from distill.inference.codes import MelShape
from distill.labels import get_level_labels
from distill.models.persistence import LoadedVQModel

FORMAT = "distill-codes"
FORMAT_VERSION = 1
_MAX_BYTES = 256 * 2**20
_Index = Annotated[int, Field(ge=-1, lt=4096)]
_Positive = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid", strict=True, allow_inf_nan=False))
class CodesFile:
    """A table of codes and what it takes to decode it.

    mel_shape: (n_mels, T); spatial_shape: (1, W); num_samples: exact length at `sample_rate`;
    columns_per_second: time of column i is i / columns_per_second.
    """

    format: Annotated[str, Field(pattern=f"^{FORMAT}$")]
    version: Annotated[int, Field(ge=FORMAT_VERSION, le=FORMAT_VERSION)]
    model_id: Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
    sample_rate: _Positive
    num_samples: _Positive
    duration_s: Annotated[float, Field(gt=0)]
    columns_per_second: Annotated[float, Field(gt=0)]
    num_quantizers: Annotated[int, Field(ge=1, le=8)]
    codebook_size: Annotated[int, Field(ge=2, le=4096)]
    spatial_shape: Annotated[list[_Positive], Field(min_length=2, max_length=2)]
    mel_shape: Annotated[list[_Positive], Field(min_length=2, max_length=2)]
    indices: list[list[_Index]]
    level_labels: list[Annotated[str, Field(max_length=200)]] = field(default_factory=list)
    source: Annotated[str, Field(max_length=1000)] = ""

    @model_validator(mode="after")
    def _consistent(self) -> "CodesFile":
        columns = self.spatial_shape[0] * self.spatial_shape[1]
        if len(self.indices) != self.num_quantizers:
            raise ValueError(f"{self.num_quantizers} levels need as many lists of codes")
        if any(len(row) != columns for row in self.indices):
            raise ValueError(f"each level needs {columns} codes")
        if any(code >= self.codebook_size for row in self.indices for code in row):
            raise ValueError(f"codes must be below {self.codebook_size}")
        return self


_ADAPTER = TypeAdapter(CodesFile)


def codes_file_of(encoded: dict[str, Any], loaded: LoadedVQModel, source: str = "") -> CodesFile:
    """What `encode_audio_file` returned, as a codes file."""
    config = loaded.spectrogram.config
    levels = encoded["num_quantizers"]
    return CodesFile(
        format=FORMAT,
        version=FORMAT_VERSION,
        model_id=encoded["model_id"],
        sample_rate=config.sample_rate,
        num_samples=encoded["num_samples"],
        duration_s=float(encoded["duration_s"]),
        columns_per_second=config.sample_rate / (config.hop_length * loaded.vqvae_config.stride),
        num_quantizers=levels,
        codebook_size=encoded["codebook_size"],
        spatial_shape=list(encoded["spatial_shape"]),
        mel_shape=list(encoded["mel_shape"]),
        indices=encoded["indices"][0].T.tolist(),
        level_labels=get_level_labels(levels, loaded.metadata.level_labels),
        source=source,
    )


def encoded_of(codes: CodesFile, loaded: LoadedVQModel) -> dict[str, Any]:
    """Inverse of `codes_file_of`.

    Raises:
        CodesError: the codes were made with another model.
    """
    if codes.model_id != loaded.model_id:
        raise CodesError(
            f"these codes were made with model {codes.model_id}, this is {loaded.model_id}; "
            "give the right one with -m"
        )
    return {
        "indices": torch.tensor(codes.indices, dtype=torch.long).T[None].contiguous(),
        "spatial_shape": tuple(codes.spatial_shape),
        "mel_shape": MelShape(codes.mel_shape[0], codes.mel_shape[1], codes.num_samples),
        "num_quantizers": codes.num_quantizers,
        "codebook_size": codes.codebook_size,
        "duration_s": codes.duration_s,
        "num_samples": codes.num_samples,
        "model_id": codes.model_id,
    }


def write_codes_file(path: str | Path, codes: CodesFile) -> None:
    """Write JSON atomically, one line per level.

    Raises:
        CodesError: the file cannot be written.
    """
    about = _ADAPTER.dump_python(codes, mode="json")
    rows = ",\n    ".join(json.dumps(row, separators=(",", ":")) for row in about.pop("indices"))
    head = json.dumps(about, indent=2, ensure_ascii=False)[:-2]
    try:
        with replacing(path) as temporary:
            temporary.write_text(
                f'{head},\n  "indices": [\n    {rows}\n  ]\n}}\n', encoding="utf-8"
            )
    except OSError as error:
        raise CodesError(f"{path}: cannot be written ({error.strerror})") from None


def read_codes_file(path: str | Path) -> CodesFile:
    """Read and check a codes file.

    Raises:
        CodesError: missing, too large, not JSON, or wrong in some field, which is named.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise CodesError(f"{path}: larger than any codes file")
        return parse_codes(path.read_bytes(), str(path))
    except OSError as error:
        raise CodesError(f"{path}: {error.strerror}") from None


def parse_codes(text: str | bytes, name: str = "codes") -> CodesFile:
    """Check JSON text; `name` is for the message.

    Raises:
        CodesError: as `read_codes_file`.
    """
    try:
        return _ADAPTER.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise CodesError(f"{name}: not valid codes ({where}: {first['msg']})") from None
