"""Prompt to pictures: a tokenizer and a transformer that belong together, from checkpoints.

A transformer that draws by layouts has another one beside it that writes them: first it is drawn
what stands where, then how it looks (Gafni et al. 2022, arXiv:2203.13131).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import mlx.nn as nn
import numpy as np
from threadpoolctl import threadpool_limits

from scene.checkpoints import (
    LoadedTransformer,
    fingerprint,
    load_codec,
    load_labels,
    load_transformer,
    show_patches,
)
from scene.codec import PictureCodec
from scene.config import GenerateConfig
from scene.errors import SceneError
from scene.images import fit, open_image, to_uint8
from scene.layouts import LayoutCodec
from scene.patches import PatchTree
from scene.transformer import SimpleTokenizer
from scene.transformer.tokenizer import SPECIAL

# Share of the words' log-odds that is added: they are no independent witnesses (tried: 0 to 0.8).
PULL = 0.1
# So many drafts of each picture of patches that has a layout.
DRAFTS = 4

# Without guidance, or colder, nothing stands where several places are likely; with more of it, or
# warmer, moons fall apart (docs/scene.md has the figures).
LAYOUT_TEMPERATURE, LAYOUT_GUIDANCE, LAYOUT_TOP_P = 0.7, 1.5, 0.7
LAYOUT_STREAM = 1 << 40  # keeps the noise of a layout apart from that of its picture
LAYOUT_CANDIDATES = 4  # each with noise of its own, numbered in the bits above
ODD = 0.1  # probability under which a label is no part of a layout, if it can be helped
# Drawing multiplies a few rows at a time: a second thread costs more than it brings, and on a busy
# machine three times as much.
_ON_ONE_THREAD = threadpool_limits.wrap(limits=1, user_api="blas")


def shipped(name: str) -> Path:
    """Folder of a model in the package: "tokenizer", "labels", "layout", "transformer", "judge" or
    "vqgan"."""
    folder = Path(str(files("scene") / "shipped" / name))
    if not folder.is_dir():
        raise SceneError(f"this build ships no {name} model: train one and name its folder")
    return folder


_USUAL = GenerateConfig()


@dataclass(frozen=True)
class Sampling:
    """How codes are drawn; see `ImageTransformer.generate`."""

    temperature: float = _USUAL.temperature
    top_k: int | None = _USUAL.top_k
    top_p: float | None = _USUAL.top_p
    guidance: float = _USUAL.guidance


class Generator:
    """Draws pictures for prompts. Raises SceneError if the models do not belong together."""

    def __init__(
        self,
        vqgan_folder: Path | None = None,
        transformer: Path | None = None,
        layout_model: Path | None = None,
        labels: Path | None = None,
    ) -> None:
        """Folders of checkpoints, by default of those that ship; `labels` are read when a layout is
        a picture."""
        self.codec: PictureCodec = load_codec(vqgan_folder or shipped("tokenizer")).model
        self.text: LoadedTransformer = load_transformer(transformer or shipped("transformer"))
        self.codec_id = fingerprint(self.codec)
        if self.codec_id != self.text.vqgan:
            raise SceneError(
                f"the transformer was trained on the codes of tokenizer {self.text.vqgan}, "
                f"not of {self.codec_id}: give the pair that belongs together"
            )
        self.layouts = self._layout_model(layout_model) if self.text.layouts else None
        self._labels_folder = labels
        show_patches(self.text.model, self.text.config, self.codec)
        meanings = self.codec.meanings() if isinstance(self.codec, PatchTree) else None
        self._meanings = None if meanings is None else mx.array(meanings)  # (K, J, M)

    def _layout_model(self, folder: Path | None) -> LoadedTransformer:
        loaded = load_transformer(folder or shipped("layout"))
        if loaded.vqgan != self.text.layouts:
            raise SceneError(
                f"the transformer draws by layouts of the labels {self.text.layouts}, not "
                f"{loaded.vqgan}: give the --layout-model that belongs to it"
            )
        return loaded

    @cached_property
    def labels(self) -> LayoutCodec:
        """What the colours of layouts stand for. Raises SceneError if the transformer draws by no
        layouts, or by those of other labels."""
        if self.layouts is None:
            raise SceneError("the transformer draws by no layouts: leave --layout out")
        codec = load_labels(self._labels_folder or shipped("labels"))
        if fingerprint(codec) != self.text.layouts:
            raise SceneError("the labels are not those of the layout model: give its --labels")
        return codec

    def read_layout(self, path: Path) -> np.ndarray:
        """Labels int32 (N,) of a layout picture of any size, by its nearest colours."""
        width = self.text.model.grid_width
        height = self.text.model.max_seq_len // width
        return self.labels.name(fit(open_image(path), (width, height))).reshape(-1)

    @property
    def _models(self) -> list[LoadedTransformer]:
        """The transformers in the order in which they draw."""
        return [self.text] if self.layouts is None else [self.layouts, self.text]

    @property
    def model_id(self) -> str:
        """Names the models in a picture's metadata."""
        shapes = (f"{each.model.embed_dim}x{len(each.model.blocks)}" for each in self._models)
        return "/".join([self.codec_id, *shapes])

    def unknown_words(self, prompt: str) -> list[str]:
        """Words of the prompt that the model never saw."""
        return self.text.tokenizer.unknown_words(prompt)

    @_ON_ONE_THREAD
    def codes(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        sampling: Sampling,
        on_position: Callable[[int], None] | None = None,
        layouts: np.ndarray | None = None,
    ) -> np.ndarray:
        """Codes int32 (B, h, w) or (B, h, w, L) for one prompt and seed each, by `layouts` int
        (B, N) or by drawn ones; `on_position` is called `positions` times if they are drawn."""
        model = self.text.model
        if layouts is None:
            layouts = self.draw_layouts(prompts, seeds, on_position)
        heeded = layouts is not None and isinstance(self.codec, PatchTree)
        tokens = model.generate(
            mx.array(self.text.tokenizer.encode_batch(prompts)),
            sampling.temperature,
            sampling.top_k,
            top_p=sampling.top_p,
            guidance=sampling.guidance,
            seeds=seeds,
            pull=self._pull(prompts),
            layout=None if layouts is None else mx.array(layouts.astype(np.int32)),
            drafts=DRAFTS if heeded else 1,
            on_position=on_position,
        )
        grid = (-1, model.grid_width)
        return np.asarray(tokens).reshape(len(prompts), *grid, *tokens.shape[2:])

    @_ON_ONE_THREAD
    def draw_layouts(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        on_position: Callable[[int], None] | None = None,
    ) -> np.ndarray | None:
        """Labels int32 (B, N) of what stands where, if the transformer draws by layouts.

        Of several the first without an `ODD` label, or else the one whose oddest is least so:
        guidance puts the moon into the picture, and now and then half a moon beside it, which the
        model itself finds unlikely.
        """
        if self.layouts is None:
            return None
        model, count = self.layouts.model, len(prompts)
        text = mx.array(self.layouts.tokenizer.encode_batch([*prompts] * LAYOUT_CANDIDATES))
        drawn = model.generate(
            text,
            LAYOUT_TEMPERATURE,
            top_p=LAYOUT_TOP_P,
            guidance=LAYOUT_GUIDANCE,
            seeds=[
                seed ^ (LAYOUT_STREAM * (1 + 2 * number))
                for number in range(LAYOUT_CANDIDATES)
                for seed in seeds
            ],
            on_position=on_position,
        )
        nats = nn.losses.cross_entropy(model(text, drawn), drawn).max(axis=1)  # (4 B,)
        oddest = np.maximum(np.asarray(nats).reshape(-1, count), -np.log(ODD))
        best = oddest.argmin(axis=0)  # the first of those that are equal
        return np.asarray(drawn).reshape(-1, count, drawn.shape[1])[best, np.arange(count)]

    def _pull(self, prompts: Sequence[str]) -> mx.array | None:
        """What each prompt's words add to the logits of the patches of every branch, if that is
        known of them: (B, K, J).

        As in naive Bayes, p(patch | words) is about p(patch) times p(word | patch) / p(word) for
        every word: what the transformer has not learned of rare words is there to be counted.
        """
        meaning = self.codec.meaning if isinstance(self.codec, PatchTree) else None
        meanings = self._meanings
        if meaning is None or meanings is None:
            return None
        words = SimpleTokenizer(SPECIAL + len(meaning.words), vocabulary=meaning.words)
        said = [[n - SPECIAL for n in words.encode(text) if n >= SPECIAL] for text in prompts]
        wishes = mx.array(np.stack([PULL * meaning.wish(numbers) for numbers in said]))  # (B, M)
        return (meanings @ wishes.T).transpose(2, 0, 1)  # (B, K, J)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Codes -> uint8 (B, H, W, 3)."""
        return to_uint8(np.asarray(self.codec.decode(mx.array(codes))))

    def draw(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        sampling: Sampling,
        on_position: Callable[[int], None] | None = None,
        layouts: np.ndarray | None = None,
    ) -> np.ndarray:
        """Pictures uint8 (B, H, W, 3) for one prompt and seed each; see `codes`."""
        return self.decode(self.codes(prompts, seeds, sampling, on_position, layouts))

    @property
    def positions(self) -> int:
        """Positions of one picture, and of its layout: the length of a progress bar."""
        return sum(each.model.max_seq_len for each in self._models)
