"""Do pictures show what was asked for? Prompts with known attributes, judged three ways.

For each prompt there is a real scene with the same attributes, its reconstruction through the
codes, and a sample drawn from the prompt alone. The judge's accuracy on the real scenes shows
its own error, that on reconstructions the ceiling of the generator.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import scene.blas  # noqa: F401  isort: skip  (before mlx)

import mlx.core as mx
import numpy as np

from scene.evaluation.borders import border_figures
from scene.evaluation.judge import Judge, accuracy
from scene.generation.pipeline import Generator, Sampling
from scene.synth import LABEL_COLOURS, caption, draw_scene, sample_attributes
from scene.training.loop import scalar
from scene.training.transformer import nll

FIRST_SEED = 3_000_000_000  # far from any seed that training uses
TOP = 4  # rows cut off above and below: 200 -> 192
BATCH = 8


@dataclass(frozen=True)
class Case:
    """One held-out prompt: what it asks for, and a real scene uint8 (H, W, 3) that shows it, with
    its layout uint8 (h, w, 3)."""

    seed: int
    prompt: str
    attributes: dict[str, str]
    pixels: np.ndarray
    layout: np.ndarray


def draw_cases(count: int, held_out: bool, on_case: Callable[[], None] | None = None) -> list[Case]:
    """Prompts that say all of their attributes; `held_out` takes the pairs kept from training."""
    cases = []
    for number in range(count):
        seed = FIRST_SEED + number + (1_000_000 if held_out else 0)
        rng = np.random.Generator(np.random.PCG64(seed))
        attributes = sample_attributes(rng, held_out=held_out)
        prompt = caption(attributes, rng, full=True)
        scene = draw_scene(seed, attributes)
        layout = LABEL_COLOURS[scene.layout]
        cases.append(Case(seed, prompt, attributes, scene.image[TOP:-TOP], layout))
        if on_case:
            on_case()
    return cases


@dataclass(frozen=True)
class Drawn:
    """Codes int (N, h, w, L) and pictures uint8 (N, H, W, 3)."""

    codes: np.ndarray
    pixels: np.ndarray


def sample_cases(
    generator: Generator,
    cases: Sequence[Case],
    sampling: Sampling,
    on_case: Callable[[], None] | None = None,
) -> Drawn:
    """One sample per prompt, with the case's number as its seed."""
    codes, drawn = [], []
    for start in range(0, len(cases), BATCH):
        part = cases[start : start + BATCH]
        seeds = range(start, start + len(part))
        indices = generator.codes([case.prompt for case in part], seeds, sampling)
        codes.append(indices.reshape(*indices.shape[:3], -1))
        drawn.append(generator.decode(indices))
        for _ in part:
            if on_case:
                on_case()
    return Drawn(np.concatenate(codes), np.concatenate(drawn))


def adherence_figures(
    judge: Judge, cases: Sequence[Case], reconstructed: np.ndarray, samples: np.ndarray
) -> dict[str, object]:
    """Judge's accuracy by attribute on real scenes, reconstructions and samples, and whether they
    show the grid of their codes."""
    wanted = [case.attributes for case in cases]
    scenes = np.stack([case.pixels for case in cases])
    real = accuracy(judge, scenes, wanted)
    drawn = accuracy(judge, samples, wanted)
    return {
        "prompts": len(cases),
        "real": real,
        "reconstructed": accuracy(judge, reconstructed, wanted),
        "samples": drawn,
        "samples_to_real": drawn["mean"] / real["mean"],
        "borders": {
            "real": border_figures(scenes),
            "reconstructed": border_figures(reconstructed),
            "samples": border_figures(samples),
        },
        "worst_attribute": min((v, k) for k, v in drawn.items() if k not in ("mean", "all")),
    }


def caption_gap(generator: Generator, cases: Sequence[Case], codes: np.ndarray) -> dict[str, float]:
    """Nats per code of real scenes under their own and under each other's captions, by their own
    layouts if the transformer draws by layouts."""
    model, tokenizer = generator.text.model, generator.text.tokenizer
    tokens = codes.reshape(len(cases), -1, codes.shape[-1])
    if model.num_levels == 1:
        tokens = tokens[..., 0]
    layouts = None
    if generator.layouts is not None:
        cells = np.stack([case.layout for case in cases])
        layouts = generator.labels.name(cells).reshape(len(cases), -1)
    sums = {"own": 0.0, "shuffled": 0.0}
    for start in range(0, len(cases), BATCH):
        part = mx.array(tokens[start : start + BATCH])
        for name, shift in (("own", 0), ("shuffled", 1)):
            chosen = [cases[(start + i + shift) % len(cases)] for i in range(len(part))]
            text = mx.array(tokenizer.encode_batch([case.prompt for case in chosen]))
            by = None if layouts is None else mx.array(layouts[start : start + BATCH])
            sums[name] += scalar(nll(model, text, part, by)) * len(part)
    own, shuffled = sums["own"] / len(cases), sums["shuffled"] / len(cases)
    return {"nats_own": own, "nats_shuffled": shuffled, "gap": shuffled - own}
