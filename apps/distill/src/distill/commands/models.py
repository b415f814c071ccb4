"""`distill models`: what models there are, from their headers alone."""

import argparse
from pathlib import Path

from distill.errors import ModelFileError
from distill.models.header import ModelHeader
from distill.models.persistence import list_models
from distill.shipped import SHIPPED_MODEL
from distill.training.export import health_in_words


def run(args: argparse.Namespace) -> int:
    """List the shipped model and those of a folder; 1 if one of them is damaged."""
    folders = [SHIPPED_MODEL.parent]
    if args.folder is not None:
        folders.append(Path(args.folder))
        if not folders[-1].is_dir():
            raise ModelFileError(f"{args.folder}: is not a folder")
    problems = 0
    for folder in folders:
        for listed in list_models(folder):
            if listed.header is None:
                print(f"unreadable: {listed.problem}\n")
                problems += 1
            else:
                print("\n".join(_describe(listed.path, listed.header)), end="\n\n")
    return 1 if problems else 0


def _describe(path: Path, header: ModelHeader) -> list[str]:
    m, c = header.metadata, header.vqvae
    rate = header.spectrogram.sample_rate / (header.spectrogram.hop_length * c.stride)
    lines = [
        f"{m.name}  [{m.sha256[:16]}]",
        f"  file      {path} ({path.stat().st_size / 1e6:.1f} MB)",
        f"  codes     {c.num_quantizers} levels of {c.codebook_size}, {rate:.1f} columns a second",
        f"  sound by  {m.synthesis.replace('_', '-')}; prior: {'yes' if header.prior else 'no'}",
        f"  learnt    {m.seconds_of_sound:.0f} s of sound, {len(m.trained_on)} files, "
        f"{len(m.held_out)} held out, {m.created}",
        f"  origin    {m.origin} ({m.licence})",
    ]
    return lines + [f"  {line}" for line in health_in_words(header.codebook_health)]
