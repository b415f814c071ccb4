"""Checkpoints: a folder with `model.safetensors` and `config.json`, written atomically.

A model folder is all that a later command needs: the settings inside rebuild the model. A
training folder adds `training.safetensors` (optimiser state) and `progress.json`. The files of
one checkpoint are written to a sibling folder first, which then takes the old one's place, so
that weights and settings never come from different moments.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from mlx.utils import tree_flatten, tree_unflatten
from pydantic import Field

from scene.codec import PictureCodec
from scene.config import Section, Size, TransformerConfig, VQGANConfig, parse_config
from scene.errors import SceneError, reason
from scene.images import to_float
from scene.layouts import LayoutCodec
from scene.packing import pack, unpack
from scene.patches import PatchTree
from scene.patches.cutting import PIXELS
from scene.patches.latents import Latents
from scene.patches.looks import Looks, look
from scene.patches.meaning import Meaning
from scene.patches.tree import MOST_PER_BRANCH
from scene.transformer import ImageTransformer, SimpleTokenizer
from scene.vqgan import VQGAN

Form = TypeVar("Form", bound="SettingsFile")
FORMAT = 1
CHECKSUM = "sha256"  # key in the metadata of a safetensors file
MODEL, SETTINGS, OPTIMIZER, PROGRESS = (
    "model.safetensors",
    "config.json",
    "training.safetensors",
    "progress.json",
)
LAYERS = ("inner", "bias", "outer", "ratios")  # arrays of what words patches go with
PACKED = ".packed"  # ends the names of weights that are packed


def save_checkpoint(
    folder: Path,
    arrays: Mapping[str, Mapping[str, mx.array]],
    documents: Mapping[str, Any],
) -> None:
    """Replace `folder` by files of `arrays` (safetensors) and `documents` (JSON), all or none.

    Raises SceneError or OSError where that cannot be written; `folder` is then as it was.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = folder.with_name(f".{folder.name}.new")
    old = folder.with_name(f".{folder.name}.old")
    if old.exists() and not folder.exists():
        old.rename(folder)  # a crash between the two renames below: this is the only whole copy
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        fresh.mkdir()
        for name, values in arrays.items():
            metadata = {"format": "mlx", CHECKSUM: _digest(values)}
            mx.save_safetensors(str(fresh / name), dict(values), metadata=metadata)
            _sync(fresh / name)
        for name, document in documents.items():
            with (fresh / name).open("w", encoding="utf-8") as file:
                json.dump(document, file, indent=1, ensure_ascii=False, sort_keys=True)
                file.flush()
                os.fsync(file.fileno())
    except BaseException as error:
        shutil.rmtree(fresh, ignore_errors=True)
        if isinstance(error, RuntimeError):  # of MLX's writer, when the disk is full
            raise SceneError(f"cannot write {folder}: {reason(error)}") from error
        raise
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _digest(arrays: Mapping[str, mx.array]) -> str:
    """Of every name, type, shape and byte, so that no flipped bit passes for a trained weight."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def read_document(folder: Path, name: str) -> dict[str, Any]:
    """One JSON file of a checkpoint. Raises SceneError if it is missing or broken."""
    path = settled(folder) / name
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SceneError(f"no checkpoint at {folder} ({name} is missing)") from error
    except (OSError, ValueError, RecursionError) as error:
        raise SceneError(f"{path}: broken checkpoint ({reason(error)})") from error
    if not isinstance(document, dict):
        raise SceneError(f"{path}: broken checkpoint (want an object)")
    return document


def read_arrays(folder: Path, name: str) -> dict[str, mx.array]:
    """One safetensors file of a checkpoint, half precision widened to float32.

    Raises SceneError if it is missing, broken or altered.
    """
    path = settled(folder) / name
    if not path.is_file():
        raise SceneError(f"no checkpoint at {folder} ({name} is missing)")
    try:
        arrays, metadata = cast(
            tuple[dict[str, mx.array], dict[str, str]], mx.load(str(path), return_metadata=True)
        )
        found = _digest(arrays)
    except (RuntimeError, ValueError, OSError) as error:
        raise SceneError(f"{path}: broken checkpoint ({reason(error)})") from error
    if metadata.get(CHECKSUM) != found:
        raise SceneError(f"{path}: broken checkpoint (its checksum does not match)")
    return {key: _widen(value) for key, value in arrays.items()}


def _narrow(value: mx.array) -> mx.array:
    return value.astype(mx.float16) if value.dtype == mx.float32 else value


def _widen(value: mx.array) -> mx.array:
    return value.astype(mx.float32) if value.dtype == mx.float16 else value


def settled(folder: Path) -> Path:
    """The folder itself, or what a crash between two renames left as its newest whole copy."""
    fresh = folder.with_name(f".{folder.name}.old")
    return fresh if not folder.exists() and fresh.exists() else folder


def load_weights(model: nn.Module, folder: Path) -> None:
    """Fill `model` from a checkpoint; every name and shape must fit."""
    arrays = read_arrays(folder, MODEL)
    here = flat_parameters(model)
    try:
        for name in [name for name in arrays if name.endswith(PACKED)]:
            bare = name.removesuffix(PACKED)
            if bare not in here or here[bare].dtype != mx.uint8:
                raise ValueError(f"no table is called {bare}")
            arrays[bare] = mx.array(unpack(np.asarray(arrays.pop(name)), here[bare].shape))
        model.load_weights(list(arrays.items()), strict=True)
    except ValueError as error:
        raise SceneError(f"{folder}: weights do not fit the settings ({reason(error)})") from error
    mx.eval(model.parameters())


def flat_parameters(model: nn.Module, half: bool = False) -> dict[str, mx.array]:
    """All parameters by dotted name, as float16 if `half`."""
    flat = cast(dict[str, mx.array], dict(tree_flatten(model.parameters())))
    return half_precision(flat) if half else flat


def half_precision(arrays: Mapping[str, mx.array]) -> dict[str, mx.array]:
    """The same arrays with float32 as float16: for storage, not for arithmetic."""
    return {name: _narrow(value) for name, value in arrays.items()}


def packed_tables(arrays: Mapping[str, mx.array]) -> dict[str, mx.array]:
    """The same arrays of a transformer with tables of bytes packed: for storage."""
    smaller = dict(arrays)
    for name, array in arrays.items():
        if array.dtype == mx.uint8 and array.ndim > 1:
            smaller[name + PACKED] = mx.array(pack(np.asarray(smaller.pop(name))))
    return smaller


def build_vqgan(config: VQGANConfig, palette: mx.array | None) -> VQGAN:
    """A fresh VQGAN of these settings; `palette` is (C, 3) in [-1, 1] if it has a palette head."""
    model = config.model
    return VQGAN(
        model.in_channels,
        model.hidden_channels,
        model.codebook_size,
        model.codebook_dim,
        model.num_res_blocks,
        num_levels=model.num_levels,
        channel_multipliers=model.channel_multipliers,
        head_channels=model.head_channels,
        commitment_cost=model.commitment_cost,
        ema_decay=model.ema_decay,
        restart_below=model.restart_below,
        lookup=model.lookup,
        palette=palette if model.palette_size else None,
    )


def vqgan_documents(config: VQGANConfig) -> dict[str, Any]:
    """The settings file of a VQGAN checkpoint."""
    return {"format": FORMAT, "kind": "vqgan", "config": config.model_dump(mode="json")}


class SettingsFile(Section):
    """What every settings file says first."""

    format: int
    kind: str


def read_settings(folder: Path, kind: str, form: type[Form]) -> Form:
    """The settings file of a checkpoint of this `kind`, which has this form.

    Raises SceneError for another kind and for a file that was altered.
    """
    document = read_document(folder, SETTINGS)
    if document.get("format") != FORMAT or document.get("kind") != kind:
        raise SceneError(f"{folder}: not a {kind} checkpoint of format {FORMAT}")
    return parse_config(form, document, str(folder / SETTINGS))


class _VQGANSettings(SettingsFile):
    config: VQGANConfig


class _PatchSettings(SettingsFile):
    codebook_size: Annotated[int, Field(ge=2, le=1024)]
    # Without it there are as many patches to a branch as branches.
    branch_size: Annotated[int, Field(ge=2, le=MOST_PER_BRANCH)] | None = None
    grown_from: str | None = None
    image_size: Size
    words: tuple[str, ...] = ()
    card: dict[str, Any]


class _LabelSettings(SettingsFile):
    image_size: Size


class _TransformerSettings(SettingsFile):
    config: TransformerConfig
    vocabulary: list[str] | None
    vqgan: str
    layouts: str | None = None


def load_vqgan(folder: Path) -> tuple[VQGAN, VQGANConfig]:
    """Rebuild a VQGAN from its checkpoint folder, in evaluation mode."""
    config = read_settings(folder, "vqgan", _VQGANSettings).config
    arrays = read_arrays(folder, MODEL)
    model = build_vqgan(config, arrays.get("palette_head.palette"))
    load_weights(model, folder)
    model.eval()
    return model, config


def save_patches(folder: Path, tree: PatchTree, image_size: Size, card: Mapping[str, Any]) -> None:
    """Write a patch tree with the `card` that says how it was made."""
    arrays = {
        "palette": mx.array(tree.palette),
        "patches": mx.array(pack(tree.patches)),
        "mean": mx.array(tree.latents.mean),
        "axes": mx.array(tree.latents.axes),
    }
    if tree.meaning is not None:
        arrays |= {name: mx.array(getattr(tree.meaning, name)) for name in LAYERS}
    settings = {
        "format": FORMAT,
        "kind": "patches",
        "codebook_size": tree.codebook_sizes[0],
        "branch_size": tree.codebook_sizes[1],
        "grown_from": tree.grown_from,
        "image_size": image_size,
        "words": [] if tree.meaning is None else list(tree.meaning.words),
        "card": dict(card),
    }
    save_checkpoint(folder, {MODEL: arrays}, {SETTINGS: settings})


def _load_patches(folder: Path) -> "LoadedCodec":
    settings = read_settings(folder, "patches", _PatchSettings)
    arrays = read_arrays(folder, MODEL)
    k = settings.codebook_size
    j = settings.branch_size or k
    try:
        patches = unpack(np.asarray(arrays["patches"]), (k, j, PIXELS))
        palette = np.asarray(arrays["palette"])
        latents = Latents(to_float(palette), np.asarray(arrays["mean"]), np.asarray(arrays["axes"]))
        layers = {name: np.asarray(arrays[name]) for name in LAYERS if settings.words}
        meaning = Meaning(settings.words, **layers) if layers else None
        tree = PatchTree(palette, patches, latents, meaning, settings.grown_from)
    except (KeyError, ValueError) as error:
        raise SceneError(
            f"{folder}: broken checkpoint ({reason(error)}): learn the patches again"
        ) from error
    return LoadedCodec(tree, settings.image_size)


def save_labels(folder: Path, codec: LayoutCodec, image_size: Size) -> None:
    """Write the labels of layouts, by their colours."""
    settings = {"format": FORMAT, "kind": "labels", "image_size": image_size}
    save_checkpoint(folder, {MODEL: {"palette": mx.array(codec.palette)}}, {SETTINGS: settings})


def load_labels(folder: Path) -> LayoutCodec:
    """The labels of layouts from their checkpoint folder."""
    read_settings(folder, "labels", _LabelSettings)
    palette = np.asarray(read_arrays(folder, MODEL).get("palette", mx.zeros(0)))
    if palette.dtype != np.uint8 or palette.ndim != 2 or palette.shape[1] != 3:
        raise SceneError(f"{folder}: broken checkpoint (no palette)")
    return LayoutCodec(palette)


@dataclass(frozen=True)
class LoadedCodec:
    """A picture tokenizer, and the size (W, H) of the pictures that it was made for."""

    model: PictureCodec
    image_size: Size


def load_codec(folder: Path) -> LoadedCodec:
    """A picture tokenizer of any kind from its checkpoint folder."""
    kind = read_document(folder, SETTINGS).get("kind")
    if kind == "patches":
        return _load_patches(folder)
    if kind == "labels":
        return LoadedCodec(
            load_labels(folder), read_settings(folder, "labels", _LabelSettings).image_size
        )
    vqgan, config = load_vqgan(folder)
    return LoadedCodec(vqgan, config.data.image_size)


def unflatten(arrays: Mapping[str, mx.array], prefix: str) -> Any:
    """The tree of all arrays whose name starts with `prefix.`."""
    chosen = [
        (name.removeprefix(f"{prefix}."), value)
        for name, value in arrays.items()
        if name.startswith(f"{prefix}.")
    ]
    return tree_unflatten(chosen)


def fingerprint(codec: PictureCodec) -> str:
    """Twelve hex digits that name what the codes stand for, the same for float32 and float16
    storage.

    A transformer writes codes of one tokenizer: with another one they mean nothing.
    """
    digest = hashlib.sha256()
    if isinstance(codec, LayoutCodec):
        books = [codec.palette]
    elif isinstance(codec, PatchTree):
        books = [codec.palette, codec.patches, codec.latents.mean, codec.latents.axes]
    else:
        books = [np.asarray(book.astype(mx.float16)) for book in codec.codebooks()]
    for book in books:
        digest.update(book.tobytes())
    return digest.hexdigest()[:12]


def build_transformer(config: TransformerConfig) -> ImageTransformer:
    """A fresh image transformer of these settings."""
    model = config.model
    return ImageTransformer(
        model.vocab_sizes,
        model.text_vocab_size,
        model.max_seq_len,
        model.embed_dim,
        model.num_heads,
        model.num_layers,
        mlp_ratio=model.mlp_ratio,
        dropout=model.dropout,
        num_levels=model.num_levels,
        grid_width=model.grid_width,
        depth_layers=model.depth_layers,
        text_embed_dim=model.text_embed_dim,
        text_layers=model.text_layers,
        text_heads=model.text_heads,
        max_text_len=model.max_text_len,
        view_dims=model.view_dims,
        pick_dims=model.pick_dims,
        layout_labels=model.layout_labels,
        textures=model.textures,
        around=model.around,
    )


def transformer_documents(
    config: TransformerConfig, tokenizer: SimpleTokenizer, vqgan: str, layouts: str | None = None
) -> dict[str, Any]:
    """The settings file of a transformer checkpoint; `vqgan` is the fingerprint of its codes,
    `layouts` that of the labels that it draws by."""
    return {
        "format": FORMAT,
        "kind": "transformer",
        "config": config.model_dump(mode="json"),
        "vocabulary": tokenizer.vocabulary,
        "vqgan": vqgan,
        "layouts": layouts,
    }


def looks_for(config: TransformerConfig, codec: PictureCodec) -> Looks | None:
    """What a transformer sees of the patches that its codes name, if it wants a look at them.

    Raises SceneError for a tokenizer whose codes name none.
    """
    if not config.model.view_dims:
        return None
    if not isinstance(codec, PatchTree):
        raise SceneError(
            "model.view_dims is for the codes of a patch tree, not of a VQGAN: set it to 0"
        )
    return look(codec, config.model.view_dims, config.model.pick_dims)


def show_patches(model: ImageTransformer, looks: Looks | None) -> None:
    """Give the transformer its look at the patches, if it wants one."""
    if looks is not None:
        seen = (looks.views, looks.picks, looks.near, looks.far, looks.palette)
        model.look_at(*map(mx.array, seen))
        if "meetings" in model:
            model.meetings.look_at(looks.near, looks.near_keys, looks.far)
        if "company" in model:
            model.company.look_at(looks.patches)


@dataclass(frozen=True)
class LoadedTransformer:
    """A transformer in evaluation mode with its words, the fingerprint of its tokenizer and, if it
    draws by layouts, that of their labels."""

    model: ImageTransformer
    tokenizer: SimpleTokenizer
    config: TransformerConfig
    vqgan: str
    layouts: str | None


def load_transformer(folder: Path) -> LoadedTransformer:
    """Rebuild a transformer and its tokenizer from a checkpoint folder."""
    settings = read_settings(folder, "transformer", _TransformerSettings)
    shape = settings.config.model
    try:
        tokenizer = SimpleTokenizer(shape.text_vocab_size, shape.max_text_len, settings.vocabulary)
        model = build_transformer(settings.config)
    except ValueError as error:
        raise SceneError(f"{folder / SETTINGS}: {error}") from error
    load_weights(model, folder)
    model.eval()
    return LoadedTransformer(model, tokenizer, settings.config, settings.vqgan, settings.layouts)
