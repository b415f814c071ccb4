"""Prompt to pictures: a tokenizer and a transformer that belong together, from checkpoints.

A transformer that draws by layouts has another one beside it that writes them: first it is drawn
what stands where, then how it looks (Gafni et al. 2022, arXiv:2203.13131).
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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
    looks_for,
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

# Share of the words' log-odds that is added to those of patches: words are no independent witnesses
# where neighbours tell the same (tried: 0 to 0.8).
PULL = 0.1
# So many drafts of each picture of patches that has a layout.
DRAFTS = 3

# Without guidance, or colder, nothing stands where several places are likely; with more of it, or
# warmer, moons fall apart (docs/scene.md has the figures).
LAYOUT_TEMPERATURE, LAYOUT_GUIDANCE, LAYOUT_TOP_P = 0.7, 1.5, 0.7
LAYOUT_STREAM = 1 << 40  # keeps the noise of a layout apart from that of its picture
LAYOUT_CANDIDATES = 4  # at most; each with noise of its own, numbered in the bits above
ODD = 0.1  # probability under which a label is no part of a layout, if it can be helped
# Nats that the patches of a picture may lose in each other's company: with more, another one is
# drawn, and taken if it has not. Nights that are blue on one side and green on the other lose 50,
# most pictures and real scenes hardly any; captions of pairs that training kept apart cost many.
STRANGE = 12.0
SECOND_STREAM = 1 << 43  # keeps the noise of that one apart from all others
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
        self._text: LoadedTransformer = load_transformer(transformer or shipped("transformer"))
        self.codec_id = fingerprint(self.codec)
        if self.codec_id != self._text.vqgan:
            raise SceneError(
                f"the transformer was trained on the codes of tokenizer {self._text.vqgan}, "
                f"not of {self.codec_id}: give the pair that belongs together"
            )
        self.layouts = self._layout_model(layout_model) if self._text.layouts else None
        for each in self._models:
            each.model.settle()
        self._labels_folder = labels
        self._has_seen = False
        self._meanings: mx.array | None = None

    @contextmanager
    def _seeing(self) -> Iterator[None]:
        """Let the transformer have its look at the patches, once, while another core goes on."""
        if self._has_seen:
            yield
            return
        with ThreadPoolExecutor(1) as beside:
            looking = beside.submit(looks_for, self._text.config, self.codec)
            yield
        looks = looking.result()
        show_patches(self._text.model, looks)
        if looks is not None and looks.meanings is not None:
            self._meanings = mx.array(looks.meanings)  # (K, J, M)
        self._has_seen = True

    @property
    def text(self) -> LoadedTransformer:
        """The transformer that writes pictures; it has seen the patches."""
        with self._seeing():
            return self._text

    def _layout_model(self, folder: Path | None) -> LoadedTransformer:
        loaded = load_transformer(folder or shipped("layout"))
        if loaded.vqgan != self._text.layouts:
            raise SceneError(
                f"the transformer draws by layouts of the labels {self._text.layouts}, not "
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
        if fingerprint(codec) != self._text.layouts:
            raise SceneError("the labels are not those of the layout model: give its --labels")
        return codec

    def read_layout(self, path: Path) -> np.ndarray:
        """Labels int32 (N,) of a layout picture of any size, by its nearest colours."""
        height, width = self.grid
        return self.labels.name(fit(open_image(path), (width, height))).reshape(-1)

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of positions."""
        width = self._text.model.grid_width
        return self._text.model.max_seq_len // width, width

    @property
    def _models(self) -> list[LoadedTransformer]:
        """The transformers in the order in which they draw."""
        return [self._text] if self.layouts is None else [self.layouts, self._text]

    @property
    def model_id(self) -> str:
        """Names the models in a picture's metadata."""
        shapes = (f"{each.model.embed_dim}x{len(each.model.blocks)}" for each in self._models)
        return "/".join([self.codec_id, *shapes])

    def unknown_words(self, prompt: str) -> list[str]:
        """Words of the prompt that the model never saw."""
        return self._text.tokenizer.unknown_words(prompt)

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
        (B, N) or by drawn ones; `on_position` is called `positions` times if they are drawn.

        A picture whose patches are too `STRANGE` to each other is drawn once more.
        """
        with self._seeing():  # which layouts do without
            if layouts is None:
                layouts = self.draw_layouts(prompts, seeds, on_position)
        codes = self._codes(prompts, seeds, sampling, layouts, on_position)
        if layouts is not None and "company" in self._text.model:
            company = self._text.model.company
            again = np.flatnonzero(company.strangeness(codes, layouts) > STRANGE).tolist()
            if again:
                noise = [seeds[n] ^ SECOND_STREAM for n in again]
                others = self._codes([prompts[n] for n in again], noise, sampling, layouts[again])
                better = company.strangeness(others, layouts[again]) <= STRANGE
                codes[np.array(again)[better]] = others[better]
        return codes.reshape(len(prompts), *self.grid, *codes.shape[2:])

    def _codes(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        sampling: Sampling,
        layouts: np.ndarray | None,
        on_position: Callable[[int], None] | None = None,
    ) -> np.ndarray:
        """Codes int32 (B, N) or (B, N, L) as the transformer draws them."""
        model, tokenizer = self._text.model, self._text.tokenizer
        heeded = layouts is not None and isinstance(self.codec, PatchTree)
        tokens = model.generate(
            mx.array(tokenizer.encode_batch(prompts)),
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
        return np.array(tokens)

    @_ON_ONE_THREAD
    def draw_layouts(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        on_position: Callable[[int], None] | None = None,
    ) -> np.ndarray | None:
        """Labels int32 (B, N) of what stands where, if the transformer draws by layouts.

        One with an `ODD` label is drawn anew, and of several such the one whose oddest is least so
        is taken: guidance puts the moon into the picture, and now and then half a moon beside it,
        which the model itself finds unlikely.
        """
        if self.layouts is None:
            return None
        model, tokenizer = self.layouts.model, self.layouts.tokenizer
        layouts = np.zeros((len(prompts), model.max_seq_len), dtype=np.int32)
        oddest = np.full(len(prompts), np.inf)  # nats of the oddest label of each
        for number in range(LAYOUT_CANDIDATES):
            odd = np.flatnonzero(oddest > -np.log(ODD)).tolist()
            if not odd:
                break
            text = mx.array(tokenizer.encode_batch([prompts[place] for place in odd]))
            drawn = model.generate(
                text,
                LAYOUT_TEMPERATURE,
                top_p=LAYOUT_TOP_P,
                guidance=LAYOUT_GUIDANCE,
                seeds=[seeds[place] ^ (LAYOUT_STREAM * (1 + 2 * number)) for place in odd],
                on_position=None if number else on_position,
            )
            nats = np.asarray(nn.losses.cross_entropy(model(text, drawn), drawn).max(axis=1))
            better = nats < oddest[odd]
            places = np.array(odd)[better]
            layouts[places], oddest[places] = np.asarray(drawn)[better], nats[better]
        return layouts

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
        wishes = PULL * mx.array(np.stack([meaning.wish(numbers) for numbers in said]))  # (B, M)
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
