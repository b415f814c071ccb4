"""Settings of both stages: defaults < YAML file < command-line flags, checked before any work.

An unknown key or a wrong type is an error that names the key. YAML 1.2 is read, so `1e-4` is a
number. The resolved settings travel with each checkpoint.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from scene.errors import SceneError, reason

Positive = Annotated[int, Field(ge=1)]
Width = Annotated[int, Field(ge=1, le=8192)]
Depth = Annotated[int, Field(ge=1, le=256)]
PatchNumbers = Annotated[int, Field(ge=0, le=96)]  # principal components of a patch
Count = Annotated[int, Field(ge=1, le=1_000_000)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(gt=0)]
Size = tuple[Positive, Positive]


class Section(BaseModel):
    """A frozen block of settings that refuses keys it does not know."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), allow_inf_nan=False
    )


class VQGANModel(Section):
    """Shape of the VQGAN. Pictures are (W, H) of `data.image_size`, codes W/16 x H/16 x levels."""

    in_channels: Literal[3] = 3
    hidden_channels: Width = 128
    channel_multipliers: tuple[Depth, Depth, Depth] = (1, 2, 4)
    num_res_blocks: Depth = 2
    head_channels: Width = 24
    codebook_size: Annotated[int, Field(ge=2, le=65536)] = 512
    codebook_dim: Width = 256
    num_levels: Annotated[int, Field(ge=1, le=16)] = 4
    downsample_factor: Literal[16] = 16
    lookup: Literal["euclidean", "cosine"] = "euclidean"
    commitment_cost: NotNegative = 0.25
    ema_decay: Share = 0.98
    restart_below: Share = 0.05
    palette_size: Annotated[int, Field(ge=0, le=256)] = 64

    @model_validator(mode="after")
    def _check(self) -> "VQGANModel":
        if self.lookup == "cosine" and self.num_levels > 1:
            raise ValueError("lookup cosine needs num_levels 1: residuals have no unit length")
        return self


class VQGANLoss(Section):
    """Weights of the reconstruction terms; the PatchGAN is off while `adversarial` is 0.

    - `l1`, `gradient`: L1 of pixels, and of their horizontal and vertical differences.
    - `palette`: cross-entropy of the palette head on `palette_share` of the pixels, which are
      drawn with odds 1 + `edge_weight` on edges and times (fair share / share)^`rare_power` for
      the colour; `focal` is the focal exponent (Lin et al. 2017).
    - `adversarial` starts after `adversarial_start` of the training, times the adaptive weight.
    """

    l1: NotNegative = 1.0
    gradient: NotNegative = 0.0
    palette: NotNegative = 1.0
    palette_share: Annotated[float, Field(gt=0, le=1)] = 0.25
    edge_weight: NotNegative = 1.0
    rare_power: NotNegative = 0.5
    focal: NotNegative = 0.0
    adversarial: NotNegative = 0.0
    adversarial_start: Share = 0.5
    discriminator_channels: Width = 64
    discriminator_layers: Depth = 3
    discriminator_rate: Rate = 2e-4


class Training(Section):
    """One run. `num_epochs` passes over the pictures, or `max_steps` if that comes first."""

    batch_size: Positive = 8
    learning_rate: Rate = 1e-4
    final_rate_share: Share = 0.05
    warmup_steps: Annotated[int, Field(ge=0)] = 50
    weight_decay: NotNegative = 0.01
    clip_norm: Rate = 1.0
    num_epochs: Positive = 100
    max_steps: Positive | None = None
    save_every: Positive = 10
    sample_every: Positive = 5
    validation_share: Annotated[float, Field(gt=0, lt=1)] = 0.05
    seed: Annotated[int, Field(ge=0)] = 0


class VQGANTraining(Training):
    """`crop_size` trains on crops (W, H), aligned to the token grid; null means whole pictures.

    `continuous_steps`: the first steps train a plain autoencoder. Quantised from the first step
    on, residual codes lock the latents into the few directions that the untrained encoder had;
    started by k-means on a trained encoder they keep all of them.

    `decoder_only`: encoder and codebooks stay as they are, so that the codes keep their meaning
    and a transformer trained on them still fits, while the pictures go on getting better.
    """

    crop_size: Size | None = None
    continuous_steps: Annotated[int, Field(ge=0)] = 200
    decoder_only: bool = False
    flip: bool = False

    @model_validator(mode="after")
    def _check(self) -> "VQGANTraining":
        if self.crop_size and any(side % 16 for side in self.crop_size):
            raise ValueError("crop_size must be multiples of 16")
        return self


class VQGANData(Section):
    image_size: Size = (320, 192)
    data_dir: str = "data/images"

    @model_validator(mode="after")
    def _check(self) -> "VQGANData":
        if any(side % 16 for side in self.image_size):
            raise ValueError("image_size must be multiples of 16")
        return self


class VQGANConfig(Section):
    """Everything that `train-vqgan` needs."""

    model: VQGANModel = VQGANModel()
    loss: VQGANLoss = VQGANLoss()
    training: VQGANTraining = VQGANTraining()
    data: VQGANData = VQGANData()


class TransformerModel(Section):
    """Shape of the transformer. Codebook size, levels and grid must fit the tokenizer's codes.

    `vocab_size`: codes of every level, or a list of one number for each; null for as many as the
    tokenizer has.

    `view_dims`, `pick_dims`, for the codes of a patch tree alone: how many numbers of a patch its
    neighbours see, and how many it is chosen by. `layout_labels`: how many labels the layouts have
    that it draws by; 0 for none. `textures`, for a model that has all these: how many of the
    commonest textures across, and as many down, it knows the company of. `around`: whether a
    position looks at more of its neighbours than those left and above.
    """

    vocab_size: Count | tuple[Count, ...] | None = 512
    max_seq_len: Count = 240
    num_levels: Annotated[int, Field(ge=1, le=16)] = 4
    grid_width: Count = 20
    embed_dim: Width = 256
    num_heads: Width = 8
    num_layers: Depth = 6
    mlp_ratio: Width = 4
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    depth_layers: Depth = 2
    text_vocab_size: Count = 1000
    text_embed_dim: Width = 256
    text_layers: Depth = 4
    text_heads: Width = 4
    max_text_len: Count = 128
    view_dims: PatchNumbers = 0
    pick_dims: PatchNumbers = 0
    layout_labels: Annotated[int, Field(ge=0, le=255)] = 0
    textures: Annotated[int, Field(ge=0, le=50_000)] = 0
    around: bool = False

    @model_validator(mode="after")
    def _check(self) -> "TransformerModel":
        if bool(self.view_dims) != bool(self.pick_dims) or (
            self.view_dims and self.num_levels != 2
        ):
            raise ValueError("view_dims and pick_dims go together, with num_levels 2")
        if self.embed_dim % self.num_heads or self.text_embed_dim % self.text_heads:
            raise ValueError("embed_dim must be a multiple of num_heads (text_ likewise)")
        if self.max_seq_len % self.grid_width:
            raise ValueError("max_seq_len must be a multiple of grid_width")
        if isinstance(self.vocab_size, tuple) and len(self.vocab_size) != self.num_levels:
            raise ValueError("vocab_size wants one number, or one for each of num_levels")
        return self

    @property
    def vocab_sizes(self) -> tuple[int, ...]:
        """Codes of each level. Raises ValueError while the tokenizer has not said how many."""
        if self.vocab_size is None:
            raise ValueError("vocab_size is null: it is the tokenizer's")
        if isinstance(self.vocab_size, int):
            return (self.vocab_size,) * self.num_levels
        return self.vocab_size


class TransformerTraining(Training):
    """`caption_dropout`: share of captions dropped, which classifier-free guidance needs.
    `word_dropout`: share of words made unknown, so that unknown words of a prompt do no harm.
    `fine_share`: share of the positions on which the levels after the first are trained, drawn
    anew each step. `level_decay`: weight of each level relative to the one before it.
    `context_dropout`: share of the sequences of which a random part of the codes, mostly a large
    one, is hidden from the positions after it. Given all codes before it a position hardly needs
    the caption; with few it does, and so the caption is learned (the word dropout of Bowman et
    al. 2016, arXiv:1511.06349). `context_noise`: share of the sequences of which up to half of the
    codes are another picture's to the positions after them, as a sample's own mistakes would be
    (the exposure bias of Ranzato et al. 2016, arXiv:1511.06732). `first_weight`: how many positions
    the first one counts for, which alone decides the weather and the hue of what follows."""

    caption_dropout: Share = 0.1
    word_dropout: Share = 0.05
    context_dropout: Share = 0.0
    context_noise: Share = 0.0
    fine_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    level_decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    first_weight: Annotated[float, Field(ge=1)] = 1.0


class TransformerData(Section):
    """`layouts_dir` and `labels_checkpoint`, for a model with `layout_labels`: a layout of the same
    name for every picture, and what its colours stand for."""

    image_size: Size = (320, 192)
    data_dir: str = "data/images"
    captions_file: str = "data/captions.jsonl"
    vqgan_checkpoint: str = "runs/vqgan/best"
    layouts_dir: str = "data/layouts"
    labels_checkpoint: str = "runs/labels"


class TransformerConfig(Section):
    """Everything that `train-transformer` needs."""

    model: TransformerModel = TransformerModel()
    training: TransformerTraining = TransformerTraining()
    data: TransformerData = TransformerData()


class GenerateConfig(Section):
    """Defaults of `generate`; `top_k` null takes all codes, `palette` null keeps the colours."""

    temperature: NotNegative = 0.9
    top_k: Positive | None = 100
    top_p: Annotated[float, Field(gt=0, le=1)] | None = 0.6
    guidance: NotNegative = 1.0
    scale: Annotated[int, Field(ge=1, le=16)] = 1
    palette: str | None = None
    dither: Literal["none", "bayer"] = "none"
    vqgan: str | None = None
    transformer: str | None = None
    layout_model: str | None = None
    labels: str | None = None


Config = TypeVar("Config")


def load_config(
    kind: type[Config], path: Path | None, overrides: Mapping[str, Any] | None = None
) -> Config:
    """Settings from a YAML file (or the defaults), with `overrides` such as {"training.seed": 3}.

    Raises SceneError that names the file and the key.
    """
    values: Any = {}
    if path is not None:
        try:
            values = YAML(typ="safe").load(path.read_text(encoding="utf-8")) or {}
        except (OSError, UnicodeDecodeError) as error:
            raise SceneError(f"cannot read config {path}: {reason(error)}") from error
        except (YAMLError, RecursionError) as error:
            raise SceneError(f"{path} is not valid YAML: {reason(error)[:300]}") from error
        if not isinstance(values, dict):
            raise SceneError(f"{path}: want sections such as model, training and data")
    for key, value in (overrides or {}).items():
        section, name = key.split(".")
        block = values.get(section) or {}
        if isinstance(block, dict):
            values[section] = {**block, name: value}
    return parse_config(kind, values, str(path or "settings"))


def parse_config(kind: type[Config], values: Any, source: str) -> Config:
    """Check plain values against a model or dataclass. Raises SceneError that names `source`."""
    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        rest = error.error_count() - 1
        more = f" (and {rest} more)" if rest else ""
        message = first["msg"].removeprefix("Value error, ")
        raise SceneError(f"{source}: {key}: {message}{more}") from error
