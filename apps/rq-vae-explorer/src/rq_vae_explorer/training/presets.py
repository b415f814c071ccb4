"""Recipes that teach: settings with the lesson that they show. Pure data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Preset:
    """A named recipe; `settings` are fields of RunConfig and Hyper, the rest are defaults."""

    name: str
    title: str
    lesson: str  # what to look at, and what it shows
    settings: dict[str, Any] = field(default_factory=dict)
    steps: int = 2000  # when the lesson can be seen


PRESETS: tuple[Preset, ...] = (
    Preset(
        "default",
        "A healthy run",
        "K-means places the codes where the latents are, every level has its own losses, and a "
        "code that starves is restarted. All 32 codes stay in use, and the quantised pictures are "
        "within a few percent of the unquantised ones: the two-dimensional latent is the "
        "bottleneck, not the quantiser.",
    ),
    Preset(
        "plan",
        "The textbook start",
        "Codes start uniformly in the unit square, the losses see only the final sum, and Adam "
        "moves the codes. About half of the codes never win a single image, and level 1 is worse "
        "than coding the mean. Moving the codebook weight changes nothing: Adam divides it out.",
        {
            "network": "conv",
            "codebook_init": "uniform",
            "quantizer": "adam",
            "loss_scope": "final",
            "restart": False,
        },
    ),
    Preset(
        "collapse",
        "Collapse",
        "The same poor start on the fast network. Watch level 1: one or two codes take all of the "
        "images, the rest lie outside the cloud, hollow, and get no gradient because nothing "
        "chooses them. Perplexity of level 1 stays between 1 and 2 of 16, and its error is more "
        "than twice var(z).",
        {
            "codebook_init": "uniform",
            "quantizer": "adam",
            "loss_scope": "final",
            "restart": False,
        },
        1000,
    ),
    Preset(
        "fix",
        "The fix",
        "Start from the collapse and mend it live: press k-means now, then set the losses to "
        "per level, the codebook to its own gradient, and restarts on. Here all of it is on from "
        "the start, but the codes still begin in the unit square: within 250 steps they are all "
        "in use, and after 1,000 nothing tells this run from one that began with k-means.",
        {"codebook_init": "uniform"},
        1000,
    ),
    Preset(
        "restart-only",
        "Restarts alone do not save it",
        "Restarts on top of the losses of the final sum: dead codes are thrown back into the "
        "cloud until nearly all of them are in use. Yet the reconstruction is worse than in the "
        "collapse: the codes jump, and nothing asks level 1 to be a good code on its own. Full "
        "usage is not quality; a cure must fit the cause.",
        {
            "codebook_init": "uniform",
            "quantizer": "adam",
            "loss_scope": "final",
            "restart": True,
            "restart_threshold": 0.15,
        },
    ),
    Preset(
        "one-level",
        "One level of 32 codes",
        "As many codes as two levels of 16, but only 5 bits instead of 8: each image gets one of "
        "32 pictures, where two levels choose among 256 sums. Test MSE ends 7% higher.",
        {"num_levels": 1, "num_codes": 32},
    ),
    Preset(
        "two-levels",
        "Two levels of 16 codes",
        "Level 1 says which digit, level 2 how it is written. Look at the pairs: 256 pictures from "
        "32 stored vectors.",
        {"num_levels": 2, "num_codes": 16},
    ),
    Preset(
        "four-levels",
        "Four levels of 4 codes",
        "Also 8 bits, from only 16 stored vectors. Each level leaves about two fifths of the error "
        "that it got: see the chart “Error”, where the four curves are evenly spaced.",
        {"num_levels": 4, "num_codes": 4},
    ),
    Preset(
        "commitment-high",
        "Too strong a commitment",
        "The encoder is paid more for sitting on a code than for a good picture, so it shrinks the "
        "cloud: see the numbers on the axes. The commitment loss becomes tiny, but relative to "
        "var(z) the error is no better, and test MSE falls behind the healthy run: a low "
        "commitment loss is not a good model.",
        {"lambda_commit": 10.0},
        1000,
    ),
    Preset(
        "commitment-none",
        "No commitment",
        "Nothing holds the encoder near the codes. The cloud keeps growing, a thousandfold in "
        "var(z) and more, and the codes chase it. The pictures do not suffer while the codes keep "
        "up; turn the weight up and watch the cloud come back.",
        {"lambda_commit": 0.0},
    ),
    Preset(
        "ema",
        "Codes as moving averages",
        "Each code is the mean of the residuals that chose it, with a decay instead of a gradient: "
        "the codebook weight has no role here. In the chart “Motion” the codes go a fifth as far "
        "per step as under the gradient, for the same error. Lower the decay and they get nervous.",
        {"quantizer": "ema"},
    ),
    Preset(
        "frozen-codes",
        "Frozen codes",
        "The codebook weight is 0: the codes stand still where k-means put them, and commitment "
        "keeps the cloud around them. The relative error grows, on level 2 most; raise the weight, "
        "the codes move again and it falls.",
        {"lambda_codebook": 0.0},
        1000,
    ),
    Preset(
        "sinkhorn",
        "A fair share for every code",
        "The transport loss demands that all codes take equally many images, so that even codes "
        "that nobody chooses are pulled in. Perplexity rises to 14 or 15 of 16 without any "
        "restart, from the start that collapses otherwise.",
        {"codebook_init": "uniform", "restart": False, "lambda_sinkhorn": 1.0},
        1000,
    ),
    Preset(
        "dropout",
        "Level 1 that stands alone",
        "For half of the images the decoder sees a random number of levels. Pictures from level 1 "
        "alone get better (see the chart “Distortion”) and those from both levels no worse: the "
        "code can now be cut short, as in scalable codecs.",
        {"quantizer_dropout": 0.5},
    ),
    Preset(
        "rotation",
        "The rotation trick",
        "The gradient is turned and scaled with the vector instead of being copied straight "
        "through: compare the blue arrows. In this plane, where nothing collapses anyway, it "
        "brings nothing: fewer codes carry the load, and test MSE is 1 to 2% higher.",
        {"estimator": "rotation"},
    ),
    Preset(
        "wide-latent",
        "Eight latent dimensions",
        "With D = 8 and four levels test MSE falls by a third, and now the code is the bottleneck, "
        "not the latent: the gap between the unquantised curve and the coded one opens, from 2% "
        "to 8%. The plane shows the two first principal axes. (Bits used cannot exceed 10 "
        "here: they are counted on 1,000 test digits.)",
        {"latent_dim": 8, "num_levels": 4},
    ),
    Preset(
        "fashion",
        "Clothes instead of digits",
        "Fashion-MNIST (downloaded on first use): the codes sort by silhouette. See which level "
        "tells a shirt from a pullover.",
        {"data": "fashion_mnist"},
    ),
)


def find_preset(name: str) -> Preset:
    """The preset called `name`; ValueError lists the names."""
    for preset in PRESETS:
        if preset.name == name:
            return preset
    raise ValueError(f"unknown preset {name!r}; known are {', '.join(p.name for p in PRESETS)}")
