"""Where each idea comes from: papers that the knobs link to."""

from __future__ import annotations

from typing import NamedTuple


class Source(NamedTuple):
    """A paper by short name and address."""

    title: str
    url: str


VQ_VAE = Source("van den Oord 2017", "https://arxiv.org/abs/1711.00937")
RQ_VAE = Source("Lee 2022", "https://arxiv.org/abs/2203.01941")
SOUNDSTREAM = Source("Zeghidour 2021", "https://arxiv.org/abs/2107.03312")
ROTATION = Source("Fifty 2024", "https://arxiv.org/abs/2410.06424")
SINKHORN = Source("Cuturi 2013", "https://arxiv.org/abs/1306.0895")
ADAM = Source("Kingma 2014", "https://arxiv.org/abs/1412.6980")


def cited(sentence: str, source: Source) -> str:
    """The sentence in Markdown with a link to its source."""
    return f"{sentence} [{source.title}]({source.url})"
