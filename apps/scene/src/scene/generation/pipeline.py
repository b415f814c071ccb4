"""Prompt to pictures: a tokenizer and a transformer that belong together, from checkpoints."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import numpy as np

from scene.checkpoints import (
    LoadedTransformer,
    fingerprint,
    load_codec,
    load_transformer,
    show_patches,
)
from scene.codec import PictureCodec
from scene.config import GenerateConfig
from scene.errors import SceneError
from scene.images import to_uint8
from scene.patches import PatchTree
from scene.transformer import SimpleTokenizer
from scene.transformer.tokenizer import SPECIAL

# Share of the words' log-odds that is added: they are no independent witnesses (tried: 0.1 to 0.4).
PULL = 0.2


def shipped(name: str) -> Path:
    """Folder of a model in the package: "tokenizer", "vqgan", "transformer" or "judge"."""
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
    """Draws pictures for prompts. Raises SceneError if the two models do not belong together."""

    def __init__(self, vqgan_folder: Path | None = None, transformer: Path | None = None) -> None:
        self.codec: PictureCodec = load_codec(vqgan_folder or shipped("tokenizer")).model
        self.text: LoadedTransformer = load_transformer(transformer or shipped("transformer"))
        self.codec_id = fingerprint(self.codec)
        if self.codec_id != self.text.vqgan:
            raise SceneError(
                f"the transformer was trained on the codes of tokenizer {self.text.vqgan}, "
                f"not of {self.codec_id}: give the pair that belongs together"
            )

        show_patches(self.text.model, self.text.config, self.codec)
        meanings = self.codec.meanings() if isinstance(self.codec, PatchTree) else None
        self._meanings = None if meanings is None else mx.array(meanings)  # (K, K, M)

    @property
    def model_id(self) -> str:
        """Names the pair in a picture's metadata."""
        return f"{self.codec_id}/{self.text.model.embed_dim}x{len(self.text.model.blocks)}"

    def unknown_words(self, prompt: str) -> list[str]:
        """Words of the prompt that the model never saw."""
        return self.text.tokenizer.unknown_words(prompt)

    def codes(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        sampling: Sampling,
        on_position: Callable[[int], None] | None = None,
    ) -> np.ndarray:
        """Codes int32 (B, h, w) or (B, h, w, L) for one prompt and seed each."""
        model = self.text.model
        tokens = model.generate(
            mx.array(self.text.tokenizer.encode_batch(prompts)),
            sampling.temperature,
            sampling.top_k,
            top_p=sampling.top_p,
            guidance=sampling.guidance,
            seeds=seeds,
            pull=self._pull(prompts),
            on_position=on_position,
        )
        grid = (-1, model.grid_width)
        return np.asarray(tokens).reshape(len(prompts), *grid, *tokens.shape[2:])

    def _pull(self, prompts: Sequence[str]) -> Callable[[mx.array], mx.array] | None:
        """What each prompt's words add to the logits of a branch's patches, if that is known of
        them: first codes int (B,) -> (B, K).

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
        return lambda branch: (meanings[branch] @ wishes[..., None])[..., 0]

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Codes -> uint8 (B, H, W, 3)."""
        return to_uint8(np.asarray(self.codec.decode(mx.array(codes))))

    def draw(
        self,
        prompts: Sequence[str],
        seeds: Sequence[int],
        sampling: Sampling,
        on_position: Callable[[int], None] | None = None,
    ) -> np.ndarray:
        """Pictures uint8 (B, H, W, 3) for one prompt and seed each."""
        return self.decode(self.codes(prompts, seeds, sampling, on_position))

    @property
    def positions(self) -> int:
        """Positions of one picture: the length of a progress bar."""
        return self.text.model.max_seq_len
