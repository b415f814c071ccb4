"""Training of the image transformer on codes that were made once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import numpy as np
from mlx.utils import tree_flatten
from PIL import Image

from scene.checkpoints import (
    MODEL,
    OPTIMIZER,
    PROGRESS,
    SETTINGS,
    build_transformer,
    fingerprint,
    flat_parameters,
    load_transformer,
    load_weights,
    looks_for,
    read_arrays,
    save_checkpoint,
    show_patches,
    transformer_documents,
    unflatten,
)
from scene.codec import PictureCodec
from scene.config import TransformerConfig
from scene.dataset import batch_indices
from scene.errors import SceneError
from scene.images import save_png, to_uint8
from scene.patches import PatchTree
from scene.training.batches import split
from scene.training.codes import Encoded, cut_files
from scene.training.distributed import ALONE, Processes
from scene.training.loop import SEED_STRIDE, StepReport, scalar
from scene.transformer import ImageTransformer, SimpleTokenizer
from scene.transformer.layout import UNKNOWN as UNKNOWN_LABEL
from scene.transformer.tokenizer import UNKNOWN

VALIDATION_PICTURES = 128
MOST_MISTAKEN = 0.5  # share of a sequence's codes
OF_SECOND_CODES = ("codes.1.weight", "depth.heads.1.weight", "depth.heads.1.bias")
SAMPLE_SEEDS = (0, 1)
SAMPLE_PROMPTS = (
    "A dark forest with twisted trees and moonlight filtering through",
    "A medieval castle on a hilltop at sunset",
    "A cozy tavern interior with a roaring fireplace",
    "A mysterious cave entrance with glowing crystals",
)


@dataclass(frozen=True)
class Layouts:
    """What stands where in each of N pictures: `codes` uint16 (N, h*w), `labels` their number,
    and `codec`, the fingerprint of what they stand for."""

    codes: np.ndarray
    labels: int
    codec: str


class TransformerTrainer:
    """Owns model, optimiser, captions and codes of one run; the loop calls it.

    `encoded` are N pictures, `captions` has N texts, `layouts` is uint16 (N, h*w) for a model that
    draws by layouts.
    """

    name = "transformer"

    def __init__(
        self,
        config: TransformerConfig,
        captions: list[str],
        encoded: Encoded,
        codec: PictureCodec,
        peers: Processes = ALONE,
        layouts: Layouts | None = None,
        start_from: Path | None = None,
        pictures: Sequence[Path] = (),
    ) -> None:
        """`peers`: the processes that share each batch; `start_from`: checkpoint whose weights and
        words the run begins with, of a model with or without layouts; `pictures`: the files of all
        N, whose textures are counted, or none if `load` is to tell what they were."""
        self.peers = peers
        self.config = config
        self.training = config.training
        self.captions = captions
        self.codes = codes = encoded.codes
        self.codec = codec
        self.layouts = layouts
        self._check_codes()
        self.fit_items, self.held_items = split(
            len(codes), self.training.validation_share, self.training.seed
        )
        if len(self.fit_items) < self.training.batch_size:
            raise SceneError(
                f"{len(self.fit_items)} training captions (of {len(codes)}) are fewer than "
                f"batch_size {self.training.batch_size}: lower batch_size or add pictures"
            )
        self.steps_per_epoch = len(self.fit_items) // self.training.batch_size
        model = config.model
        self.tokenizer = SimpleTokenizer.from_captions(
            (captions[i] for i in self.fit_items), model.text_vocab_size, model.max_text_len
        )
        mx.random.seed(self.training.seed)
        self.model = build_transformer(config)
        show_patches(self.model, looks_for(config, codec))
        if start_from:
            self._take_over(start_from)
        else:
            _start_embeddings(self.model, codec)
        exact = encoded.exact
        if self.layouts is not None and exact is not None and "sightings" in self.model:
            fit = self.fit_items
            self.model.sightings.record(codes[fit], exact[fit], self.layouts.codes[fit])
            self.model.meetings.record(codes[fit], exact[fit], model.grid_width)
            self.model.vicinity.record(codes[fit, :, 0], exact[fit])
            if "company" in self.model and pictures and isinstance(codec, PatchTree):
                cut = cut_files(codec, [pictures[item] for item in fit], config.data.image_size)
                self.model.company.record(zip(cut, self.layouts.codes[fit], strict=True))
        self.optimizer = optim.AdamW(
            self.training.learning_rate,
            betas=[0.9, 0.99],
            weight_decay=self.training.weight_decay,
            bias_correction=True,
        )
        self.optimizer.init(self.model.trainable_parameters())
        mx.eval(self.model.state, self.optimizer.state)
        peers.agree(self.model)

    def _check_codes(self) -> None:
        model, (_, positions, levels) = self.config.model, self.codes.shape
        expected = {
            "max_seq_len": (model.max_seq_len, positions),
            "num_levels": (model.num_levels, levels),
            "vocab_size": (model.vocab_sizes, self.codec.codebook_sizes),
            "grid_width": (model.grid_width, self.config.data.image_size[0] // 16),
        }
        for key, (asked, found) in expected.items():
            if asked != found:
                asked, found = _short(asked), _short(found)
                raise SceneError(f"model.{key} is {asked}, but the tokenizer's codes have {found}")
        labels = self.layouts.labels if self.layouts else 0
        if self.config.model.layout_labels != labels:
            raise SceneError(
                f"model.layout_labels is {self.config.model.layout_labels}, but there are "
                f"{labels} labels: set it to that, or give other --layouts and --labels"
            )

    def _take_over(self, folder: Path) -> None:
        """Begin with the weights and words of a trained transformer."""
        loaded = load_transformer(folder)
        grown_from = self.codec.grown_from if isinstance(self.codec, PatchTree) else None
        if loaded.vqgan not in (fingerprint(self.codec), grown_from):
            raise SceneError(f"{folder} was trained on the codes of another tokenizer")
        same_labels = self.layouts is not None and loaded.layouts == self.layouts.codec
        here = flat_parameters(self.model)
        counted = ("sightings.", "meetings.", "vicinity.", "company.")
        anew = counted if same_labels else (*counted, "layout.")
        there = {
            name: value
            for name, value in flat_parameters(loaded.model).items()
            if not name.startswith(anew)
        }
        if loaded.vqgan == grown_from:
            # In a grown tree two patches stand where one stood.
            there |= {name: mx.repeat(there[name], 2, axis=0) for name in OF_SECOND_CODES}
        new = ("layout.", "around.", *counted)
        fresh = {name for name in here if name.startswith(new)} - there.keys()
        if {name: value.shape for name, value in there.items()} != {
            name: value.shape for name, value in here.items() if name not in fresh
        }:
            raise SceneError(f"{folder} is a model of another shape: take its settings over")
        self.model.load_weights(list(there.items()), strict=False)
        self.tokenizer = loaded.tokenizer

    def _layout(self, items: np.ndarray, text: mx.array) -> mx.array | None:
        """Layouts int (B, N) of some items, none where the caption was dropped."""
        if self.layouts is None:
            return None
        labels = mx.array(self.layouts.codes[items].astype(np.int32))
        return mx.where((text > 0).any(axis=1, keepdims=True), labels, UNKNOWN_LABEL)

    def _tokens(self, items: np.ndarray) -> tuple[mx.array, mx.array]:
        """Caption ids (B, T) and codes (B, N) or (B, N, L) of some items."""
        text = mx.array(self.tokenizer.encode_batch([self.captions[i] for i in items]))
        codes = self.codes[items].astype(np.int32)
        return text, mx.array(codes[..., 0] if self.config.model.num_levels == 1 else codes)

    def train_step(self, step: int, learning_rate: float, done: float) -> StepReport:
        """One update on one batch."""
        rng = np.random.default_rng((self.training.seed, step))
        chosen = batch_indices(
            len(self.fit_items), self.training.batch_size, step, self.training.seed
        )
        items = self.fit_items[chosen]
        text, codes = self._tokens(items)
        text = self._drop(text, rng)
        layout = self._layout(items, text)
        mine = self.peers.share(self.training.batch_size)
        # Dropout differs between processes; alone, this is the seed that the loop has set.
        place = self.training.seed * SEED_STRIDE + step
        mx.random.seed(place * self.peers.size + self.peers.rank)
        self.model.train()
        count = max(1, round(codes.shape[1] * self.training.fine_share))
        fine = mx.array(np.sort(rng.permutation(codes.shape[1])[:count]).astype(np.int32))
        decay, first = self.training.level_decay, self.training.first_weight
        known = self._known(codes.shape[:2], rng)
        context = mistaken(codes, self.training.context_noise, rng)

        def objective(model: ImageTransformer) -> mx.array:
            seen = None if known is None else known[mine]
            by = None if layout is None else layout[mine]
            return weighted_nll(
                model, text[mine], codes[mine], fine, decay, seen, context[mine], by, first
            )

        loss, grads = nn.value_and_grad(self.model, objective)(self.model)
        grads, norm = optim.clip_grad_norm(self.peers.average(grads), self.training.clip_norm)
        self.optimizer.learning_rate = learning_rate
        self.optimizer.update(self.model, grads)
        mx.eval(self.model.state, self.optimizer.state, loss, norm)
        return StepReport(scalar(loss), {"gradient_norm": scalar(norm)})

    def _drop(self, text: mx.array, rng: np.random.Generator) -> mx.array:
        """Empty some captions and make some words unknown."""
        ids = np.array(text)
        words = ids > UNKNOWN
        ids[words & (rng.random(ids.shape) < self.training.word_dropout)] = UNKNOWN
        ids[rng.random(len(ids)) < self.training.caption_dropout] = 0
        return mx.array(ids)

    def _known(self, shape: tuple[int, ...], rng: np.random.Generator) -> mx.array | None:
        """Which codes (B, N) the model may look back at: most are hidden in some sequences."""
        if not self.training.context_dropout:
            return None
        chosen = rng.random((shape[0], 1)) < self.training.context_dropout
        hidden_share = np.sqrt(rng.random((shape[0], 1))) * chosen
        return mx.array(rng.random(shape) >= hidden_share)

    def validate(self) -> dict[str, float]:
        """Nats per code on held-out pictures with their own and with each other's captions."""
        self.model.eval()
        items = self.held_items[:VALIDATION_PICTURES]
        own, shuffled = [], []
        for start in range(0, len(items), self.training.batch_size):
            part = items[start : start + self.training.batch_size]
            others = np.roll(items, 1)[start : start + self.training.batch_size]
            text, codes = self._tokens(part)
            other_text, _ = self._tokens(others)
            for sums, words in ((own, text), (shuffled, other_text)):
                loss = nll(self.model, words, codes, self._layout(part, words))
                sums.append(scalar(loss) * len(part))
        loss, wrong = sum(own) / len(items), sum(shuffled) / len(items)
        return {"loss": loss, "loss_shuffled_captions": wrong}

    def draw_samples(self, path: Path) -> None:
        """The four classic prompts, one row each, the same seeds every time; by layouts held-out
        captions and their layouts."""
        rows = []
        grid_width = self.config.model.grid_width
        held = self.held_items[: len(SAMPLE_PROMPTS)]
        own = [(self.captions[item], item) for item in held]
        for prompt, item in own if self.layouts else [(text, -1) for text in SAMPLE_PROMPTS]:
            text = mx.array(self.tokenizer.encode_batch([prompt] * len(SAMPLE_SEEDS)))
            layout = self._layout(np.full(len(SAMPLE_SEEDS), item), text)
            tokens = self.model.generate(text, 0.9, 100, seeds=SAMPLE_SEEDS, layout=layout)
            grid = tokens.reshape(len(SAMPLE_SEEDS), -1, grid_width, *tokens.shape[2:])
            pictures = to_uint8(np.asarray(self.codec.decode(grid)))
            rows.append(np.concatenate(list(pictures), axis=1))
        save_png(path, Image.fromarray(np.concatenate(rows)))

    def save(self, folder: Path, progress: Mapping[str, object], full: bool) -> None:
        """Write a checkpoint; `full` adds the optimiser state that an exact resume needs."""
        arrays = {MODEL: flat_parameters(self.model)}
        if full:
            arrays[OPTIMIZER] = dict(tree_flatten({"optimizer": self.optimizer.state}))
        codec, by = fingerprint(self.codec), self.layouts.codec if self.layouts else None
        settings = transformer_documents(self.config, self.tokenizer, codec, by)
        save_checkpoint(folder, arrays, {SETTINGS: settings, PROGRESS: progress})

    def load(self, folder: Path) -> None:
        """Take up a full checkpoint."""
        load_weights(self.model, folder)
        self.optimizer.state = unflatten(read_arrays(folder, OPTIMIZER), "optimizer")
        mx.eval(self.optimizer.state)


def mistaken(codes: mx.array, share: float, rng: np.random.Generator) -> mx.array:
    """Codes int (B, N, ...) to look back at: in `share` of the sequences, up to half of them are
    those of another picture of the batch.

    A sample that has gone astray at one position is unlike any picture; a model that never saw such
    a thing follows it. So it learns to heed the caption and the other neighbours too.
    """
    if not share:
        return codes
    shape = (codes.shape[0], codes.shape[1])
    chosen = rng.random((shape[0], 1)) < share
    wrong = rng.random(shape) < MOST_MISTAKEN * rng.random((shape[0], 1)) * chosen
    wrong = wrong.reshape(*shape, *(1,) * (codes.ndim - 2))
    others = mx.concatenate([codes[-1:], codes[:-1]])
    return mx.where(mx.array(wrong), others, codes)


def nll(
    model: ImageTransformer, text: mx.array, codes: mx.array, layout: mx.array | None = None
) -> mx.array:
    """Mean negative log-likelihood of all codes, nats per code."""
    return nn.losses.cross_entropy(model(text, codes, layout), codes, reduction="mean")


def weighted_nll(
    model: ImageTransformer,
    text: mx.array,
    codes: mx.array,
    fine: mx.array,
    decay: float,
    known: mx.array | None = None,
    context: mx.array | None = None,
    layout: mx.array | None = None,
    first_weight: float = 1.0,
) -> mx.array:
    """Training loss: level l weighs decay^l; levels after the first only at positions `fine` (P,);
    the first position counts for `first_weight` of them.

    The first level decides what stands where, the last ones are close to noise and cost most of
    the time: the estimate stays unbiased for each level. Codes that are not `known` bool (B, N) are
    hidden from the positions after them, which see `context` in place of `codes` if it is given.
    """
    context = codes if context is None else context
    places = mx.arange(codes.shape[1])
    if model.num_levels == 1:
        logits = model.head(model.hidden(text, context[..., None], known, layout))
        return _over_places(nn.losses.cross_entropy(logits, codes), places, first_weight)
    x = model.hidden(text, context, known, layout)
    first = model.depth.logits(model.depth.begin(x), 0)  # (B, N, K)
    total = _over_places(nn.losses.cross_entropy(first, codes[..., 0]), places, first_weight)
    chosen = codes[:, fine]  # (B, P, L)
    touching = model.touching(context, known)
    beside = None if touching is None else touching[:, fine]  # (B, P, 32)
    logits = model.depth(x[:, fine], chosen, beside)[:, :, 1:]  # (B, P, L - 1, K)
    each = nn.losses.cross_entropy(logits, chosen[..., 1:])  # (B, P, L - 1)
    rest = _over_places(each, fine, first_weight)  # (L - 1,)
    weights = [decay**level for level in range(1, model.num_levels)]
    return (total + (mx.array(weights) * rest).sum()) / (1 + sum(weights))


def _over_places(each: mx.array, places: mx.array, first_weight: float) -> mx.array:
    """Mean of (B, P, ...) over pictures and positions, int (P,), of which the first weighs more."""
    weights = mx.where(places == 0, first_weight, 1.0)
    return mx.tensordot(weights / weights.sum(), each.mean(axis=0), axes=1)


def _short(sizes: int | tuple[int, ...]) -> str:
    """A size of all levels as one number."""
    levels = (sizes,) if isinstance(sizes, int) else sizes
    return " and ".join(map(str, levels if len(set(levels)) > 1 else levels[:1]))


def _start_embeddings(model: ImageTransformer, codec: PictureCodec) -> None:
    """Start code embeddings as a random projection of the code vectors: near codes start near."""
    books = codec.codebooks()
    width = books[0].shape[1]
    projection = mx.random.normal((width, model.embed_dim))
    projection = projection * (0.5 / (mx.sqrt(mx.var(books[0])) * width**0.5))
    for table, book in zip(model.codes, books, strict=True):
        table.weight = book @ projection
    if model.num_levels > 1:
        for table, book in zip(model.depth.codes, books[:-1], strict=True):
            table.weight = book @ projection
